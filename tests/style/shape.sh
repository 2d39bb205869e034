#!/usr/bin/env bash
# Checks size and shape: lines of at most 88 columns, functions of at most 60 lines,
# files of at most 600 lines. tests/style/exceptions.txt names those that may be
# longer, each with its own cap; caps may only shrink.
set -u
cd "$(dirname "$0")/../.." || exit 1
exceptions=tests/style/exceptions.txt
bad=0
cap_of() { # cap_of KIND NAME DEFAULT
    awk -v k="$1" -v n="$2" -v d="$3" '$1 == k && $2 == n {d = $3} END {print d}' $exceptions
}
mapfile -t sources < <(find sim models cli tests -name '*.[ch]' | sort)

# Columns are characters: the bytes that continue one in UTF-8 do not count.
long=$(LC_ALL=C awk '
    { gsub(/[\200-\277]/, "") }
    length($0) > 88 { print FILENAME ":" FNR ": line of " length($0) " columns" }
' "${sources[@]}")
[ -z "$long" ] || { echo "$long"; bad=1; }

for file in "${sources[@]}"; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 600 ] || {
        cap=$(cap_of file "$file" 600)
        [ "$lines" -le "$cap" ] || { echo "$file: $lines lines, at most $cap"; bad=1; }
    }
done

# A function body in K&R style opens with "{" and closes with "}" in column 1.
awk '
    /^\{/ { start = FNR; name = last; next }
    /^\}/ && start { if (FNR - start > 60) print FILENAME, name, FNR - start; start = 0 }
    /^[A-Za-z_].*\(/ { match($0, /[A-Za-z_0-9]+\(/); last = substr($0, RSTART, RLENGTH - 1) }
' "${sources[@]}" | while read -r file name lines; do
    cap=$(cap_of function "$file:$name" 60)
    [ "$lines" -le "$cap" ] || echo "$file: function $name has $lines lines, at most $cap"
done >"${TMPDIR:-/tmp}/nines-shape.$$"
if [ -s "${TMPDIR:-/tmp}/nines-shape.$$" ]; then cat "${TMPDIR:-/tmp}/nines-shape.$$"; bad=1; fi
rm -f "${TMPDIR:-/tmp}/nines-shape.$$"
[ $bad = 0 ] && echo "shape: clean"
exit $bad
