#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Forms of output beside table and JSON, what they share, and where they may be written.

load helpers

# same_tree YAML JSON: both files hold one tree.
same_tree() {
    /usr/bin/python3 -c '
import json, sys, yaml
a = yaml.safe_load(open(sys.argv[1], encoding="utf-8"))
b = json.load(open(sys.argv[2], encoding="utf-8"))
assert a == b, (a, b)
' "$1" "$2"
}

@test "YAML is the tree of the JSON" {
    nines run -f $stress --years 40 --reproducible -o yaml --export json="$BATS_TEST_TMPDIR/a.json"
    expect_code 0
    same_tree "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/a.json"
    nines compare $stress $crew --years 40 -o json --export yaml="$BATS_TEST_TMPDIR/b.yaml"
    same_tree "$BATS_TEST_TMPDIR/b.yaml" "$BATS_TEST_TMPDIR/out"
    nines exact -f $stress -o yaml --export json="$BATS_TEST_TMPDIR/c.json"
    same_tree "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/c.json"
    nines place -f tests/data/scheduler/case-001.json -o yaml
    cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/d.yaml"
    nines place -f tests/data/scheduler/case-001.json -o json
    same_tree "$BATS_TEST_TMPDIR/d.yaml" "$BATS_TEST_TMPDIR/out"
}

@test "YAML keeps odd names what they are" {
    for name in yes "1.5" "a: b" "- x" "#" "it's so" "~" "ü" " x " "null" "0x1f"; do
        sed "s/\"id\": \"[^\"]*\"/\"id\": \"$name\"/" $stress >"$BATS_TEST_TMPDIR/odd.json"
        nines run -f "$BATS_TEST_TMPDIR/odd.json" --years 2 --reproducible -o yaml \
            --export json="$BATS_TEST_TMPDIR/a.json"
        expect_code 0
        same_tree "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/a.json"
    done
}

# junit FILE: prints "suites cases failures errors skipped" and checks the counts.
junit() {
    /usr/bin/python3 - "$1" <<'PY'
import sys, xml.etree.ElementTree as ET
root = ET.parse(sys.argv[1]).getroot()
suites = root.findall("testsuite")
count = lambda what: len(root.findall(".//" + what))
for s in suites:
    assert int(s.get("tests")) == len(s.findall("testcase"))
    for attribute, what in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(s.get(attribute)) == len(s.findall(".//" + what))
print(len(suites), count("testcase"), count("failure"), count("error"), count("skipped"))
PY
}

@test "JUnit: passed, missed, not decided, never" {
    nines run -f $stress --years 400 --slo 50 -o junit
    expect_code 0
    [ "$(junit "$BATS_TEST_TMPDIR/out")" = "1 2 0 0 0" ]
    nines run -f $stress --years 40 --slo 99.99 -o junit
    expect_code 3
    [ "$(junit "$BATS_TEST_TMPDIR/out")" = "1 2 1 0 0" ]
    out_has "member fails"
    nines run -f $stress --years 2 --slo 94 --sure 80% -o junit
    expect_code 4
    [ "$(junit "$BATS_TEST_TMPDIR/out")" = "1 2 0 1 0" ]
    nines run -f $stress --years 40 --slo 99.99 --fail-on never -o junit
    expect_code 0
    [ "$(junit "$BATS_TEST_TMPDIR/out")" = "1 2 0 0 1" ]
    nines compare $stress $crew --years 40 --slo 99.99 -o junit
    expect_code 3
    [ "$(junit "$BATS_TEST_TMPDIR/out")" = "2 4 2 0 0" ]
}

@test "JUnit needs an objective" {
    nines run -f $stress -o junit
    expect_code 2
    err_has "--slo"
    nines compare $stress $crew --export junit="$BATS_TEST_TMPDIR/x"
    expect_code 2
    [ ! -e "$BATS_TEST_TMPDIR/x" ]
    nines exact -f $stress -o junit
    expect_code 2
}

@test "no output replaces what is read, and none is written twice" {
    cp $stress "$BATS_TEST_TMPDIR/mine.json"
    ln "$BATS_TEST_TMPDIR/mine.json" "$BATS_TEST_TMPDIR/link.json"
    for target in mine link; do
        nines run -f "$BATS_TEST_TMPDIR/mine.json" --export json="$BATS_TEST_TMPDIR/$target.json"
        expect_code 2
        err_has "it would be replaced"
        nines run -f "$BATS_TEST_TMPDIR/mine.json" --keep-years "$BATS_TEST_TMPDIR/$target.json"
        expect_code 2
        nines compare $crew "$BATS_TEST_TMPDIR/mine.json" --export csv="$BATS_TEST_TMPDIR/$target.json"
        expect_code 2
    done
    cmp $stress "$BATS_TEST_TMPDIR/mine.json"
    nines run -f $stress --export json="$BATS_TEST_TMPDIR/x" --export csv="$BATS_TEST_TMPDIR/x"
    expect_code 2
    err_has "written twice"
    [ ! -e "$BATS_TEST_TMPDIR/x" ]
}

@test "a missing directory is refused before anything is simulated" {
    nines run -f $rare --method crude --years 1e9 --export json="$BATS_TEST_TMPDIR/no/x"
    expect_code 1
    [ -z "$out" ]
    nines run -f $rare --method crude --years 1e9 --keep-years "$BATS_TEST_TMPDIR/no/x"
    expect_code 1
}

@test "where the time goes adds up, in run and in compare" {
    nines run -f $exact/published-tandem-C8.json --method splitting \
        --precision 20%
    expect_code 0
    awk '/Where the/ { on = 1; next } on && /%/ { for (i = 2; i <= NF; i++)
         if ($i == "%") sum += $(i - 1) } on && NF == 0 { on = 0 }
         END { exit !(sum >= 98 && sum <= 102) }' "$BATS_TEST_TMPDIR/out"
}

@test "causes of different systems are told apart by name" {
    nines compare $stress $exact/zones-3-as-3.json --years 2000 -o csv
    grep -o 'member[^,]*' "$BATS_TEST_TMPDIR/out" | sort -u >"$BATS_TEST_TMPDIR/names"
    nines compare $stress $exact/zones-3-as-3.json --years 2000
    refute grep -q '^  other  ' "$BATS_TEST_TMPDIR/out"
    while read -r name; do
        out_has "  $name"
    done <"$BATS_TEST_TMPDIR/names"
}

@test "narrow terminals: no line is wider, no interval is lost" {
    command -v script >/dev/null || skip "script(1) is not installed"
    for columns in 60 80; do
        script -qec "stty cols $columns; TERM=xterm NO_COLOR=1 $NINES run -f $stress --years 40" \
            /dev/null </dev/null | sed 's/.*\x1b\[K//' | tr -d '\r' |
            sed 's/█/#/g' >"$BATS_TEST_TMPDIR/narrow"
        grep -q "95 % sure" "$BATS_TEST_TMPDIR/narrow"
        awk -v most=$columns 'length($0) > most { print; bad = 1 }
            END { exit bad }' "$BATS_TEST_TMPDIR/narrow"
    done
}
