#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Wrong files: each gives file:line:column, what was expected, a hint, exit code 2 (or
# 1 when a file cannot be read).

load helpers

# in_tmp ARGS: runs in the temporary directory, so that messages hold short names.
in_tmp() {
    program=$PWD/${NINES#"$PWD/"}
    (cd "$BATS_TEST_TMPDIR" && "$program" "$@" >out 2>err) && code=0 || code=$?
    out=$(cat "$BATS_TEST_TMPDIR/out")
    err=$(cat "$BATS_TEST_TMPDIR/err")
}

replicas() {
    cat <<EOF
controlPlane:
  statefulSet:
    highAvailability:
      replicas: $1
EOF
}

@test "missing file" {
    in_tmp run -f missing.yaml
    expect_code 1
    golden missing-file.txt "$BATS_TEST_TMPDIR/err"
}

@test "broken YAML" {
    printf 'controlPlane:\n  statefulSet: [\n' | file broken.yaml
    in_tmp run -f broken.yaml
    expect_code 2
    err_has "broken.yaml:3:1: error: not valid YAML"
}

@test "unknown key: did you mean" {
    replicas 3 | sed s/replicas/replica/ | file prod.yaml
    in_tmp run -f prod.yaml
    expect_code 2
    golden unknown-key.txt "$BATS_TEST_TMPDIR/err"
}

@test "duplicate key" {
    { replicas 3; echo "      replicas: 5"; } | file prod.yaml
    in_tmp run -f prod.yaml
    expect_code 2
    golden duplicate-key.txt "$BATS_TEST_TMPDIR/err"
}

@test "replicas 0, -1, 1e9" {
    for n in 0 -1 1e9 1000000000; do
        replicas $n | file prod.yaml
        in_tmp run -f prod.yaml
        expect_code 2
        err_has "prod.yaml:4:17: error: controlPlane.statefulSet.highAvailability.replicas is $n"
    done
}

@test "--set with an unknown path and with no value" {
    replicas 1 | file prod.yaml
    in_tmp run -f prod.yaml --set controlPlane.statefulset.image=x
    expect_code 2
    err_has "statefulset"
    in_tmp run -f prod.yaml --set controlPlane
    expect_code 2
}

@test "a quoted value: the hint to drop the quotes only where that helps" {
    replicas '"3"' | file prod.yaml
    in_tmp run -f prod.yaml
    expect_code 2
    err_has "write it without quotes: 3"
    replicas '"many"' | file prod.yaml
    in_tmp run -f prod.yaml
    expect_code 2
    [[ $err != *"without quotes"* ]]
}

@test "unknown catalogue" {
    replicas 1 | file prod.yaml
    in_tmp run -f prod.yaml --catalog awz
    expect_code 2
    err_has "awz"
}

@test "a directory, an empty file, bytes that are no text" {
    in_tmp run -f .
    [ "$code" = 1 ]
    : | file empty.yaml
    in_tmp run -f empty.yaml --years 1
    expect_code 0
    [[ $out == *"no vCluster values given: the chart's defaults are assumed"* ]]
    head -c 3000 "$NINES" | file binary.yaml
    in_tmp run -f binary.yaml
    expect_code 2
    err_has "binary.yaml:"
}

@test "control characters in a file do not reach the terminal" {
    printf 'control\033[31mPlane: 1\n' | file evil.yaml
    in_tmp run -f evil.yaml
    expect_code 2
    refute grep -q $'\033' "$BATS_TEST_TMPDIR/err"
}

@test "a reliability system stands alone" {
    nines run -f $stress --set a=b
    expect_code 2
    err_has "it stands alone"
}

@test "colour: never on a pipe, always when asked, NO_COLOR and TERM obeyed" {
    nines run -f $stress --years 10
    refute grep -q $'\033' "$BATS_TEST_TMPDIR/out"
    nines run -f $stress --years 10 --color always
    grep -q $'\033' "$BATS_TEST_TMPDIR/out"
    NO_COLOR=1 nines run -f $stress --years 10 --color always
    grep -q $'\033' "$BATS_TEST_TMPDIR/out"
    nines run --color always --sede
    grep -q $'\033' "$BATS_TEST_TMPDIR/err"
    nines run --color never --sede
    refute grep -q $'\033' "$BATS_TEST_TMPDIR/err"
}

@test "colour on a terminal, unless NO_COLOR or TERM=dumb" {
    command -v script >/dev/null || skip "script(1) is not installed"
    run_tty() {
        script -qec "env $1 $NINES run -f $stress --years 10" /dev/null </dev/null
    }
    run_tty TERM=xterm | grep -q $'\033\[1m'
    run_tty "TERM=xterm NO_COLOR=1" | refute grep -q $'\033\[1m'
    run_tty TERM=dumb | refute grep -q $'\033'
}
