#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# nines run and nines compare on systems with known answers: forms of output, exit
# codes, sameness of bytes.

load helpers

json() {
    nines "$@" -o json
    cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/result.json"
}
query() {
    jq -e "$1" "$BATS_TEST_TMPDIR/result.json" >/dev/null ||
        { echo "not true: $1"; return 1; }
}

@test "JSON follows the published schema" {
    json run -f $stress --first-year
    expect_code 0
    valid $schemas/nines-result-v1.schema.json "$BATS_TEST_TMPDIR/result.json"
    json compare $stress $crew
    expect_code 0
    valid $schemas/nines-compare-v1.schema.json "$BATS_TEST_TMPDIR/result.json"
}

@test "--sensitivity: components and parameters, in the table and in JSON" {
    json run -f $exact/composite-vcluster-3nodes.json --sensitivity --years 2000
    expect_code 0
    valid $schemas/nines-result-v1.schema.json "$BATS_TEST_TMPDIR/result.json"
    query '.services[0].importance.lb.criticality | .low > 0.3 and .high < 0.8'
    query '[.services[0].importance[].trigger_share.estimate] | add | . - 1 | fabs < 1e-9'
    query '.services[0].elasticity_of_steady_unavailability["lb.failure"].high < 0'
    nines run -f $exact/composite-vcluster-3nodes.json --sensitivity --method biased
    grep -q "If it never broke" "$BATS_TEST_TMPDIR/out"
    grep -q "begins" "$BATS_TEST_TMPDIR/out"
    grep -q "lb.failure" "$BATS_TEST_TMPDIR/out"
    json run -f $crew --years 100
    query '.services[0].importance == null'
}

@test "a loss: mean time and chances" {
    json run -f $exact/loss-2copies.json --method biased
    expect_code 0
    valid $schemas/nines-result-v1.schema.json "$BATS_TEST_TMPDIR/result.json"
    query '.services[0] | .mean_time_to_loss_s.low < 1.2e12 and
           .prob_loss_10y.estimate > 9 * .prob_loss_1y.estimate'
    nines run -f $exact/loss-2copies.json --method biased
    grep -q "Mean time to loss" "$BATS_TEST_TMPDIR/out"
    grep -q "within 10 years" "$BATS_TEST_TMPDIR/out"
}

# Two interval widths are 3.9 standard errors: a false alarm in 10 000, for any seed.
@test "the estimate is within two intervals of the exact answer" {
    json run -f $stress --method crude
    truth=$(jq -r .answers.steady_unavailability $stress)
    query ".services[0].unavailability | (.estimate - $truth | fabs) < .high - .low"
}

@test "causes sum to the total" {
    for problem in $stress $crew $exact/zones-3-as-2-1.json; do
        json run -f $problem --years 2000
        query '.services[] | .downtime_min_per_year.estimate as $total |
               ([.causes[].downtime_min_per_year] | add) - $total |
               fabs < 1e-9 * $total'
        query '.services[] | [.causes[].share] | add | . > 0.999999 and . < 1.000001'
    done
}

@test "the same bytes for -j 1, 2 and 7, and for a repeated seed" {
    for j in 1 2 7 2; do
        nines run -f $stress -j $j -o json --reproducible
        cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/$j"
        nines run -f $stress -j $j
        cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/table-$j"
        cmp "$BATS_TEST_TMPDIR/1" "$BATS_TEST_TMPDIR/$j"
        cmp "$BATS_TEST_TMPDIR/table-1" "$BATS_TEST_TMPDIR/table-$j"
    done
    nines run -f $stress --seed 2 -o json --reproducible
    refute cmp -s "$BATS_TEST_TMPDIR/1" "$BATS_TEST_TMPDIR/out"
}

@test "a comparison has the same bytes for any number of threads" {
    for j in 1 3; do
        nines compare $stress $crew -j $j -o json --reproducible
        cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/$j"
    done
    cmp "$BATS_TEST_TMPDIR/1" "$BATS_TEST_TMPDIR/3"
}

@test "exit codes of an objective: met, missed, not known, switched off" {
    nines run -f $stress --slo 90
    expect_code 0
    out_has "SLO met:"
    nines run -f $stress --slo 99.9
    expect_code 3
    out_has "SLO missed:"
    nines run -f $stress --slo 99.9 --fail-on never
    expect_code 0
    nines run -f $stress --slo 93.8 --years 20
    expect_code 4
    out_has "SLO not decided:"
    nines compare $stress $crew --slo 93
    expect_code 0
    nines compare $stress $crew --slo 99.9
    expect_code 3
}

@test "an objective over a window" {
    json run -f $stress --slo 94/30d
    query '.slo.window_s == 2592000 and (.slo.budget_s - 155520 | fabs) < 1e-6'
}

@test "standard input is read, also twice" {
    cat $stress | { nines run -f - --years 20; expect_code 0; }
    cat $stress | { nines compare - $crew --years 20; expect_code 0; }
}

@test "CSV is well-formed" {
    nines compare $stress $crew -o csv
    expect_code 0
    /usr/bin/python3 - "$BATS_TEST_TMPDIR/out" <<'EOF'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
assert len(rows) > 10
for r in rows:
    assert None not in r and None not in r.values(), r
    assert float(r["low"]) <= float(r["estimate"]) <= float(r["high"]), r
assert {r["design"] for r in rows} == {"kofn-indep-2of3-stress", "kofn-crew1-2of3-stress"}
EOF
}

@test "exports are written beside the table" {
    to=$BATS_TEST_TMPDIR
    "$NINES" run -f $stress --export json="$to/a.json" --export csv="$to/a.csv" \
        --export markdown="$to/a.md" --keep-years "$to/years.csv" >"$to/table"
    valid $schemas/nines-result-v1.schema.json "$BATS_TEST_TMPDIR/a.json"
    grep -q "Downtime per year" "$BATS_TEST_TMPDIR/table"
    grep -q "^| --- |" "$BATS_TEST_TMPDIR/a.md"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/years.csv")" -gt 100 ]
    refute compgen -G "$BATS_TEST_TMPDIR/*.part"
}

@test "nothing seen is said with the rule of three" {
    nines run -f $rare --years 20000 --method crude
    expect_code 0
    out_has "none seen in 20 000 years; 95 % sure: fewer than one in"
}

@test "a difference is said in words" {
    nines compare $stress $crew
    expect_code 0
    out_has "worse"
    nines compare $stress $stress
    out_has "no difference shown"
    out_has "kofn-indep-2of3-stress-2"
}

@test "progress only when asked for on a pipe, and on stderr" {
    nines run -f $stress
    [ -z "$err" ]
    nines run -f $rare --years 20000 --progress plain
    refute grep -q simulating "$BATS_TEST_TMPDIR/out"
}
