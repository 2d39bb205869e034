#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Breaks placement in many small ways, one at a time, and expects the tests to notice
# each: mutants.txt has one deliberate error a line. Works on copies in build/mutation;
# the checkout is not touched. Prints the survivors and fails if there are any.
set -euo pipefail
cd "$(dirname "$0")/../.."
top=$PWD
work=$top/build/mutation
cc=${CC:-gcc}
flags=(-std=c17 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -O1 -ffp-contract=off
    -DHAVE_INLINE -pthread)
libs=(-lyaml -ljansson -lm -pthread -lcriterion)

rm -rf "$work"
mkdir -p "$work/src/cli" "$work/obj" "$work/logs"
cp -r sim models "$work/src/"
cp cli/place_case.[ch] "$work/src/cli/"
mkdir -p "$work/src/tests"
cp -r tests/support tests/unit tests/oracle "$work/src/tests/"
ln -s "$top/tests/data" "$work/src/tests/data"
cd "$work/src"

sources=(models/kube/sched*.c models/kube/object.c models/kube/object_*.c
    models/kube/selector.c models/units.c models/design/doc*.c models/design/node.c
    sim/arena.c sim/err.c sim/check.c cli/place_case.c tests/support/cluster.c
    tests/unit/sched_oracles.c tests/oracle/sched_cases.c)
object_of() { echo "$work/obj/${1//\//_}.o"; }
compile() { "$cc" "${flags[@]}" -I. -c -o "$2" "$1"; }
export -f compile

objects=()
for s in "${sources[@]}"; do
    compile "$s" "$(object_of "$s")" &
    while [ "$(jobs -rp | wc -l)" -ge "${JOBS:-3}" ]; do wait -n; done
    objects+=("$(object_of "$s")")
done
wait

# One mutant: number, file, sed expression, description.
try_mutant() {
    local id=$1 file=models/kube/$2 expression=$3 about=$4 dir=$work/m$1 linked=()
    mkdir -p "$dir/models/kube"
    sed -e "$expression" "$file" > "$dir/$file"
    if cmp -s "$file" "$dir/$file"; then
        echo "stale: $2: $expression ($about)"
        return
    fi
    if ! "$cc" "${flags[@]}" -I. -c -o "$dir/mutant.o" "$dir/$file" 2> "$work/logs/$id"; then
        echo "does not compile: $2: $about"
        return
    fi
    for o in "${objects[@]}"; do
        if [ "$o" = "$(object_of "$file")" ]; then linked+=("$dir/mutant.o"); else linked+=("$o"); fi
    done
    "$cc" -o "$dir/test" "${linked[@]}" "${libs[@]}"
    if timeout 120 "$dir/test" -j1 > "$work/logs/$id" 2>&1; then
        echo "survived: $2: $about"
    fi
    rm -rf "$dir"
}

"$cc" -o "$work/test" "${objects[@]}" "${libs[@]}"
if ! "$work/test" -j2 > "$work/logs/original" 2>&1; then
    echo "mutation: the tests fail without any mutant; see $work/logs/original"
    exit 1
fi

n=0
while IFS=$'\t' read -r file expression about; do
    n=$((n + 1))
    try_mutant "$n" "$file" "$expression" "$about" >> "$work/bad" &
    while [ "$(jobs -rp | wc -l)" -ge "${JOBS:-3}" ]; do wait -n; done
done < <(grep -v '^#' "$top/tests/mutation/mutants.txt" | sed -e 's/ | /\t/; s/ | \([^|]*\)$/\t\1/')
wait
bad=$(wc -l < "$work/bad")
echo "mutation: $((n - bad)) of $n mutants caught"
if [ "$bad" -gt 0 ]; then
    cat "$work/bad"
    exit 1
fi
