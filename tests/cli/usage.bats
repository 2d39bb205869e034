#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Help, unknown words, values out of range: messages and exit codes.

load helpers

@test "no command: the overview" {
    nines
    expect_code 0
    sed '/^  [a-z]/d' "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/frame"
    golden overview-frame.txt "$BATS_TEST_TMPDIR/frame"
    # every row of the table, and nothing that does not exist
    sed -n 's/^CLI_COMMAND([A-Z]*, \([a-z]*\),.*/\1/p' cli/commands.def | sort \
        >"$BATS_TEST_TMPDIR/rows"
    sed -n 's/^  \([a-z]*\)  .*/\1/p' "$BATS_TEST_TMPDIR/out" | sort |
        diff "$BATS_TEST_TMPDIR/rows" -
}

@test "help, --help and -h of a command are one text" {
    for command in run compare; do
        nines help $command
        expect_code 0
        golden "help-$command.txt" "$BATS_TEST_TMPDIR/out"
        cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/first"
        nines $command --help
        cmp "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/out"
        nines $command -f x.yaml -h
        cmp "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/out"
    done
}

@test "every listed command has a help page and a page in docs/cli" {
    nines help
    for command in $(sed -n 's/^  \([a-z]*\)  .*/\1/p' "$BATS_TEST_TMPDIR/out"); do
        nines help "$command"
        expect_code 0
        out_has Examples
        [ -f "docs/cli/$command.md" ]
    done
}

@test "unknown command and flag: did you mean" {
    nines rnu
    expect_code 2
    golden unknown-command.txt "$BATS_TEST_TMPDIR/err"
    nines run --sede 3
    expect_code 2
    golden unknown-flag.txt "$BATS_TEST_TMPDIR/err"
}

@test "flags are written in full" {
    nines run --prec 5%
    expect_code 2
    err_has "unknown flag --prec"
}

@test "values are checked before anything is simulated" {
    check() {
        want=$1
        shift
        nines run -f $stress "$@"
        expect_code 2
        err_has "$want"
        [ -z "$out" ]
    }
    check '--slo: "100" is not an objective' --slo 100
    check '--slo: "99.99/3" is not an objective' --slo 99.99/3
    check 'did you mean 99.99?' --slo 0.9999
    check '--seed: "-1"' --seed -1
    check '--seed must be below 2^53' --seed 9007199254740992
    check '--precision: "0"' --precision 0
    check '--sure: "120%"' --sure 120%
    check '--jobs must be from 1 to 256' -j 0
    check '--max-time: "60"' --max-time 60
    check '--years: "1e"' --years 1e
    check '--years: "nan"' --years nan
    check '--color: "maybe"' --color maybe
    check '--output: "xml"' -o xml
    check '--export: "json"' --export json
    check '--method: "magic"' --method magic
    check 'has no service "sistem"' --service sistem
    check '"x" is not a flag' x
    check 'unknown flag --file-on' --file-on
}

@test "a flag without its value" {
    nines run -f
    expect_code 2
    err_has "-f needs a value"
}

@test "no design" {
    nines run
    expect_code 2
    err_has "no design: say which with -f FILE"
    nines compare
    expect_code 2
    err_has "no designs: name their files"
    nines compare $stress
    expect_code 2
    err_has "only one design"
}

@test "line-up of a comparison is checked" {
    nines compare $stress $crew --replicas 3,5
    expect_code 2
    err_has "--replicas varies one design"
    for list in 0,3 3,x 3,,5 100 ''; do
        nines compare -f $stress --replicas "$list"
        expect_code 2
        err_has "--replicas"
    done
    nines compare $stress $crew --set-for other:a=b
    expect_code 2
    err_has 'there is no design "other"'
    nines compare $stress $crew --set-for ab
    expect_code 2
    err_has "is not NAME:PATH=VALUE"
    nines compare $stress $crew --baseline other
    expect_code 2
    err_has '--baseline: there is no design "other"'
}

@test "version names the program first" {
    nines version
    expect_code 0
    head -1 "$BATS_TEST_TMPDIR/out" | grep -Eq '^nines [0-9]+\.[0-9]+\.[0-9]+$'
    nines --version
    expect_code 0
}

@test "doctor: every check passes, the rules of the model are listed" {
    nines doctor
    expect_code 0
    out_has "published words"
    out_has "R1   done"
    refute grep -q FAILED "$BATS_TEST_TMPDIR/out"
}

@test "doctor without gnuplot warns and goes on" {
    "$(command -v env)" PATH=/nowhere "$NINES" doctor --no-coverage \
        >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" && code=0 || code=$?
    expect_code 0
    out_has "gnuplot is not on the PATH; only charts need it"
}

@test "explain: keys, figures with their source, services, and unknown words" {
    nines explain
    expect_code 0
    nines explain host.nodePools
    expect_code 0
    out_has "nodePools[].count"
    nines explain zone.major.rate --catalog gcp
    expect_code 0
    out_has "gcp: "
    for service in api-read api-write control-loop dns data; do
        nines explain $service
        expect_code 0
    done
    nines explain causes
    expect_code 0
    out_has "host DNS outage"
    nines explain "planned roll-out"
    expect_code 0
    out_has "rollout.rate"
    nines explain "host DNS outge"
    expect_code 2
    err_has 'did you mean "host DNS outage"?'
    nines explain hots
    expect_code 2
    err_has 'did you mean "host"?'
    nines explain host.xyz
    expect_code 2
}
