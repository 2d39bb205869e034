#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Trouble from outside: full disk, closed pipe, Ctrl-C, missing gnuplot. Exit code and
# message, and never half a file.

load helpers

no_leftovers() {
    [ -z "$(find "$BATS_TEST_TMPDIR" -name '*.part' -o -name 'half*')" ]
}

@test "full disk on standard output" {
    nines version
    "$NINES" run -f $stress --years 20 >/dev/full 2>"$BATS_TEST_TMPDIR/err" && code=0 || code=$?
    expect_code 1
    err_has "cannot write standard output: No space left on device"
    "$NINES" help >/dev/full 2>/dev/null && code=0 || code=$?
    expect_code 1
}

@test "full disk on an export: the table is printed, no file is left" {
    nines run -f $stress --years 20 --export json=/dev/full
    expect_code 1
    out_has "Availability"
    err_has "cannot write /dev/full"
    (ulimit -f 1; "$NINES" run -f $stress --keep-years "$BATS_TEST_TMPDIR/half.csv" \
        >/dev/null 2>"$BATS_TEST_TMPDIR/err") && code=0 || code=$?
    expect_code 1
    err_has "File too large"
    no_leftovers
}

@test "an export into a missing directory, and an old file that stays whole" {
    nines run -f $stress --years 20 --export json="$BATS_TEST_TMPDIR/no/where.json"
    expect_code 1
    err_has "No such file or directory"
    echo old >"$BATS_TEST_TMPDIR/old.json"
    (ulimit -f 1; "$NINES" run -f $stress --export json="$BATS_TEST_TMPDIR/old.json" \
        >/dev/null 2>/dev/null) && code=0 || code=$?
    expect_code 1
    [ "$(cat "$BATS_TEST_TMPDIR/old.json")" = old ]
    no_leftovers
}

@test "a closed pipe is an error, not a crash" {
    # true has gone long before these years are simulated
    "$NINES" run -f $rare --years 200000 --method crude -j 1 \
        > >(true) 2>"$BATS_TEST_TMPDIR/err" && code=0 || code=$?
    expect_code 1
    err_has "cannot write standard output: Broken pipe"
}

interrupt() {
    sig=$1
    shift
    "$NINES" "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" &
    pid=$!
    sleep 0.3
    kill -"$sig" $pid
    wait $pid && code=0 || code=$?
    out=$(cat "$BATS_TEST_TMPDIR/out")
    err=$(cat "$BATS_TEST_TMPDIR/err")
}

@test "Ctrl-C: partial result, marked, exit code 130" {
    for signal in INT TERM; do
        # background jobs of a script ignore SIGINT unless job control is on
        set -m
        interrupt $signal run -f $rare --years 1e9 --method crude -j 1
        set +m
        expect_code 130
        out_has "partial: interrupted"
        out_has "The interruption decided where to stop"
        out_has "Availability"
    done
}

@test "Ctrl-C in a comparison and in JSON" {
    set -m
    interrupt INT compare $rare $crew --years 1e9 --method crude -j 1 -o json
    set +m
    expect_code 130
    jq -e '.designs | length == 1 and .[0].partial' "$BATS_TEST_TMPDIR/out"
    valid $schemas/nines-compare-v1.schema.json "$BATS_TEST_TMPDIR/out"
}

@test "no gnuplot on the PATH: table first, then the message, exit code 1" {
    mkdir "$BATS_TEST_TMPDIR/bin"
    env=$(command -v env)
    "$env" PATH="$BATS_TEST_TMPDIR/bin" "$PWD/${NINES#"$PWD/"}" compare $stress $crew \
        --years 50 --charts "$BATS_TEST_TMPDIR/charts" \
        >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" && code=0 || code=$?
    expect_code 1
    err_has "gnuplot is not on the PATH"
    out_has "Downtime per year"
}

@test "a gnuplot that fails is reported with its last words" {
    mkdir "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\necho "out of ink" >&2\nexit 3\n' >"$BATS_TEST_TMPDIR/bin/gnuplot"
    chmod +x "$BATS_TEST_TMPDIR/bin/gnuplot"
    PATH="$BATS_TEST_TMPDIR/bin:$PATH" nines compare $stress $crew --years 50 \
        --charts "$BATS_TEST_TMPDIR/charts"
    expect_code 1
    err_has "gnuplot failed: out of ink"
    refute compgen -G "$BATS_TEST_TMPDIR/charts/*.svg"
    refute compgen -G "$BATS_TEST_TMPDIR/charts/*.png"
}

@test "a charts directory that cannot be made is refused before simulating" {
    : >"$BATS_TEST_TMPDIR/file"
    nines compare $stress $crew --charts "$BATS_TEST_TMPDIR/file/charts"
    expect_code 1
    [ -z "$out" ]
}
