#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# nines report: one page, whole, without scripts and network, for one design and several.

load helpers

# page FILE: the checks that hold for every page
page() {
    /usr/bin/python3 - "$1" <<'PY'
import re, sys
from html.parser import HTMLParser
text = open(sys.argv[1], encoding="utf-8").read()
void = {"meta", "br", "rect", "path", "use", "circle", "feFlood", "feflood",
        "fecomposite", "link"}
class Page(HTMLParser):
    stack = []
    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "link", "iframe", "img"), tag
        for key, value in attributes:
            assert not (key in ("href", "src") and value.startswith("http")), value
        if tag not in void:
            self.stack.append(tag)
    def handle_endtag(self, tag):
        if tag not in void:
            assert self.stack and self.stack[-1] == tag, (tag, self.stack[-3:])
            self.stack.pop()
page = Page()
page.feed(text)
assert not page.stack, page.stack
assert text.startswith("<!DOCTYPE html>") and len(text) < 1 << 20
assert "prefers-color-scheme:dark" in text and "@media print" in text
print(text.count("<svg"))
PY
}

no_leftovers() {
    [ -z "$(find "$BATS_TEST_TMPDIR" -name 'nines-*' -o -name '*.part')" ]
}

@test "two systems: charts, table, differences, how to repeat it" {
    export TMPDIR=$BATS_TEST_TMPDIR
    nines report $stress $crew --slo 94 --years 100 -O "$BATS_TEST_TMPDIR/a.html"
    expect_code 0
    [ "$out" = "$BATS_TEST_TMPDIR/a.html" ]
    [ "$(page "$BATS_TEST_TMPDIR/a.html")" = 4 ]
    grep -q "<strong>misses</strong> the objective" "$BATS_TEST_TMPDIR/a.html"
    grep -q "nines report $stress $crew --slo 94 --years 100" "$BATS_TEST_TMPDIR/a.html"
    grep -q "<td>worse</td>" "$BATS_TEST_TMPDIR/a.html"
    no_leftovers
}

@test "compare leaves the same page beside its table" {
    export TMPDIR=$BATS_TEST_TMPDIR
    nines compare $stress $crew --slo 94 --years 100 --fail-on never \
        --report "$BATS_TEST_TMPDIR/c.html"
    expect_code 0
    [[ $out == *"Downtime per year"* ]]
    [ "$(page "$BATS_TEST_TMPDIR/c.html")" = 4 ]
    grep -q "nines compare $stress $crew --slo 94 --years 100" "$BATS_TEST_TMPDIR/c.html"
    no_leftovers
    nines compare $stress $crew --years 100 --report "$BATS_TEST_TMPDIR/no/c.html"
    expect_code 1
}

@test "one design: assumptions with sources, the design, what is left out" {
    nines report configs/designs/single-replica.yaml --catalog gcp --years 20 \
        --set controlPlane.coredns.enabled=false -O "$BATS_TEST_TMPDIR/b.html"
    expect_code 0
    page "$BATS_TEST_TMPDIR/b.html"
    for heading in "What was assumed" "How to repeat it" "What the model leaves out"; do
        grep -q "<h2>$heading</h2>" "$BATS_TEST_TMPDIR/b.html"
    done
    grep -q "coredns" "$BATS_TEST_TMPDIR/b.html"
}

@test "odd names are text, not markup; the same question gives the same page" {
    sed 's/"id": "[^"]*"/"id": "<b>\&amp; it'"'"'s<\/b>"/' $stress >"$BATS_TEST_TMPDIR/odd.json"
    for n in 1 2; do
        nines report "$BATS_TEST_TMPDIR/odd.json" --years 20 -j $n -q -O "$BATS_TEST_TMPDIR/c.html"
        expect_code 0
        [ -z "$out" ]
        page "$BATS_TEST_TMPDIR/c.html"
        sed 's/ -j [12]//' "$BATS_TEST_TMPDIR/c.html" >"$BATS_TEST_TMPDIR/c$n.html"
    done
    cmp "$BATS_TEST_TMPDIR/c1.html" "$BATS_TEST_TMPDIR/c2.html"
    refute grep -q "<b>" "$BATS_TEST_TMPDIR/c.html"
}

@test "refused before anything is simulated" {
    nines report $stress --years 1e9 --method crude
    expect_code 2
    err_has "-O FILE.html"
    nines report $stress --years 1e9 --method crude -O "$BATS_TEST_TMPDIR/no/x.html"
    expect_code 1
    cp $stress "$BATS_TEST_TMPDIR/mine.json"
    nines report "$BATS_TEST_TMPDIR/mine.json" -O "$BATS_TEST_TMPDIR/mine.json"
    expect_code 2
    "$(command -v env)" PATH=/nowhere "$NINES" report $stress --years 1e9 --method crude \
        -O "$BATS_TEST_TMPDIR/x.html" >/dev/null 2>"$BATS_TEST_TMPDIR/err" && code=0 || code=$?
    expect_code 1
    err_has "gnuplot is not on the PATH"
    [ ! -e "$BATS_TEST_TMPDIR/x.html" ]
}

@test "a full disk leaves no page" {
    export TMPDIR=$BATS_TEST_TMPDIR
    (ulimit -f 40; "$NINES" report $stress $crew --years 40 -O "$BATS_TEST_TMPDIR/y.html" \
        >/dev/null 2>"$BATS_TEST_TMPDIR/err") && code=0 || code=$?
    expect_code 1
    [ ! -e "$BATS_TEST_TMPDIR/y.html" ]
    no_leftovers
}
