#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Every command line that the documentation or a --help shows is run, in a directory with
# files of the names it uses. Runs are cut short; what is tested is that the words are
# understood.

load helpers

setup_file() {
    export work=$BATS_FILE_TMPDIR/work
    mkdir -p "$work/bin" "$work/tests"
    root=$PWD
    program=$(realpath "${NINES:-build/nines}")
    for name in vcluster prod base a b; do
        cp configs/designs/guide-corrected.yaml "$work/$name.yaml"
    done
    cp configs/designs/single-replica.yaml "$work/c.yaml"
    cp configs/designs/guide-complete.yaml "$work/three.yaml"
    cp configs/designs/embedded-etcd.yaml "$work/five.yaml"
    cp configs/hosts/three-zones.yaml "$work/host.yaml"
    # the system that docs/model/blocks.md shows, without its weibull part, to be solved
    sed -n '/^kind: System/,/^up:/p' docs/model/blocks.md |
        sed 's/{dist: [a-z]*, mean: \([0-9a-z]*\),.*}/\1/' >"$work/system.yaml"
    cp "$work/system.yaml" "$work/small.yaml"
    cp tests/data/exact/kofn-crew1-2of3.json "$work/problem.json"
    cp tests/data/exact/kofn-crew1-2of3.json "$work/system.json"
    cp tests/data/scheduler/case-001.json "$work/case.json"
    {
        printf 'apiVersion: v1\nkind: List\nitems:\n'
        for zone in a b c; do
            cat <<EOF
- apiVersion: v1
  kind: Node
  metadata:
    name: n$zone
    labels: {kubernetes.io/hostname: n$zone, topology.kubernetes.io/zone: $zone}
  status:
    capacity: {cpu: "16", memory: 64Gi, pods: "110", ephemeral-storage: 100Gi}
    allocatable: {cpu: "16", memory: 64Gi, pods: "110", ephemeral-storage: 100Gi}
EOF
        done
    } >"$work/nodes.yaml"
    cat >"$work/pods.yaml" <<'EOF'
apiVersion: v1
kind: Pod
metadata: {name: p}
spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 1}}}]}
EOF
    # nines, cut short; kubectl, and what else stands in the pipes
    cat >"$work/bin/nines" <<EOF
#!/bin/bash
case "\$1 \$*" in
    *--method*) ;;
    run* | compare* | report*) set -- "\$@" --years 1 --method crude ;;
esac
exec "$program" "\$@"
EOF
    printf '#!/bin/sh\ncat nodes.yaml\n' >"$work/bin/kubectl"
    printf '#!/bin/sh\ncat >/dev/null\n' >"$work/bin/man"
    cp "$work/bin/man" "$work/bin/check-jsonschema"
    chmod +x "$work"/bin/*
    cd "$root" || return 1
}

# try LINE: runs it there; any answer will do, an error will not
try() {
    local line=$1
    (cd "$work" && HOME=$work PATH=$work/bin:$PATH timeout 60 bash -o pipefail -c "$line" \
        >/dev/null 2>"$BATS_TEST_TMPDIR/err" </dev/null) && code=0 || code=$?
    case $code in
        0 | 3 | 4) ;;
        *)
            echo "exit code $code: $line"
            cat "$BATS_TEST_TMPDIR/err"
            return 1
            ;;
    esac
}

# The lines of a page that call nines: indented by four spaces, comments cut off.
lines_of() {
    sed -n 's/^    \(\(build\/\)\?nines .*\|[a-z].*| nines .*\|source .*nines.*\)$/\1/p' "$@" |
        sed 's/ \+# .*//; s/^build\///'
}

# The examples of a command's --help.
examples_of() {
    "$NINES" "$1" --help | sed -n '/^Examples/,/^$/p' | tail -n +2 | sed 's/^ *//; /^$/d'
}

@test "what the pages and --help show" {
    mkdir -p "$work/.zfunc" "$work/.config/fish/completions"
    {
        lines_of README.md docs/cli/*.md docs/model/*.md docs/*.md
        for command in $("$NINES" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
            examples_of "$command"
        done
    } | sed 's/  */ /g' | sort -u >"$BATS_TEST_TMPDIR/lines"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/lines")" -gt 40 ]
    while read -r line; do
        try "$line"
    done <"$BATS_TEST_TMPDIR/lines"
}

@test "every command has a page, and every page a command" {
    "$NINES" help | sed -n 's/^  \([a-z]*\) .*/\1/p' | sort >"$BATS_TEST_TMPDIR/commands"
    (cd docs/cli && printf '%s\n' *.md | sed 's/\.md$//' | sort) |
        diff "$BATS_TEST_TMPDIR/commands" -
}

@test "every flag of run, compare, place and report stands in a page" {
    for command in run compare place report exact show; do
        for flag in $("$NINES" $command --help | grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' |
            grep -oE '[a-z-]{3,}$'); do
            cat docs/flags.md docs/cli/*.md | grep -qE -- "$flag\b" ||
                { echo "$command $flag stands nowhere"; bad=1; }
        done
    done
    [ -z "${bad:-}" ]
}

@test "links between pages lead somewhere" {
    for page in README.md docs/*.md docs/*/*.md; do
        grep -oE '\]\([^)#:]+' "$page" | sed 's/^](//' | while read -r target; do
            [ -e "$(dirname "$page")/$target" ] || { echo "$page: $target"; exit 1; }
        done
    done
}
