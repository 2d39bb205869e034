#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# nines compare --charts: four pictures, twice, with what is needed to draw them again.

load helpers

setup_file() {
    export charts=$BATS_FILE_TMPDIR/deep/er
    "${NINES:-build/nines}" compare tests/data/exact/kofn-indep-2of3-stress.json \
        tests/data/exact/kofn-crew1-2of3-stress.json --slo 94 --charts "$charts" \
        --fail-on never >/dev/null
}

@test "each chart has SVG, PNG, gnuplot file and data" {
    for name in downtime causes years ladder; do
        for end in svg png gp dat; do
            [ -s "$charts/$name.$end" ]
        done
        [ "$(tail -c 8 "$charts/$name.png" | head -c 4)" = IEND ]
    done
    [ -s "$charts/style.gp" ]
}

@test "SVGs are XML, described, for light and dark, without fixed size" {
    for name in downtime causes years ladder; do
        /usr/bin/python3 - "$charts/$name.svg" <<'EOF'
import sys, xml.etree.ElementTree as ET
text = open(sys.argv[1], encoding="utf-8").read()
root = ET.fromstring(text)
ns = "{http://www.w3.org/2000/svg}"
assert root.get("role") == "img" and root.get("viewBox")
assert root.find(ns + "desc").text.strip()
assert "prefers-color-scheme: dark" in text
assert "rgb(" not in text and "scale(0.00)" not in text
# no rule for all text: the colours of text are its groups', and each has its pair
assert "text:not" not in text
for group in root.iter(ns + "g"):
    color = group.get("fill")
    if group.find(ns + "text") is not None and color.startswith("#"):
        assert '[fill="%s"]' % color in text or color in ("#ffffff", "#24292e"), color
EOF
    done
}

@test "the left gnuplot file draws the chart again, from anywhere" {
    cp -r "$charts" "$BATS_TEST_TMPDIR/moved"
    rm "$BATS_TEST_TMPDIR"/moved/*.png
    (cd "$BATS_TEST_TMPDIR/moved" && gnuplot years.gp)
    [ -s "$BATS_TEST_TMPDIR/moved/years.png" ]
}

@test "the same seed gives the same charts" {
    "$NINES" compare $stress $crew --slo 94 --charts "$BATS_TEST_TMPDIR/again" \
        --fail-on never -j 1 >/dev/null
    for name in downtime causes years ladder; do
        cmp "$charts/$name.dat" "$BATS_TEST_TMPDIR/again/$name.dat"
        cmp "$charts/$name.svg" "$BATS_TEST_TMPDIR/again/$name.svg"
    done
}

@test "odd names do not break the drawing" {
    cp $stress "$BATS_TEST_TMPDIR/a.json"
    sed "s/\"id\": \"kofn-crew1-2of3-stress\"/\"id\": \"it's <b>\\\\\"100%\\\\\"<\/b> \\\\\\\\ {x}_y\"/" \
        $crew >"$BATS_TEST_TMPDIR/b.json"
    nines compare "$BATS_TEST_TMPDIR/a.json" "$BATS_TEST_TMPDIR/b.json" --years 50 \
        --charts "$BATS_TEST_TMPDIR/odd"
    expect_code 0
    out_has "it's <b>"
    /usr/bin/python3 -c '
import sys, xml.etree.ElementTree as ET
ET.parse(sys.argv[1])' "$BATS_TEST_TMPDIR/odd/downtime.svg"
}

@test "rare designs: rungs around them only, no curve where there is nothing to see" {
    nines compare $rare $exact/kofn-indep-4of7.json --precision 20% \
        --charts "$BATS_TEST_TMPDIR/rare"
    expect_code 0
    [ -s "$BATS_TEST_TMPDIR/rare/ladder.svg" ]
    [ ! -e "$BATS_TEST_TMPDIR/rare/years.svg" ]
    refute grep -q '"99 %"' "$BATS_TEST_TMPDIR/rare/ladder.dat"
}

@test "two systems with different causes: every part of the bars is drawn" {
    nines compare $stress $exact/zones-3-as-3.json --years 500 \
        --charts "$BATS_TEST_TMPDIR/two"
    expect_code 0
    # the parts of each row end where its total says
    awk '/total text/ { total = 1; next } /^#/ || NF == 0 { next }
         !total { end[$3] = $2 > end[$3] ? $2 : end[$3] }
         total { if (end[$1] < 0.98 * $3 || end[$1] > 1.02 * $3) exit 1 }' \
        "$BATS_TEST_TMPDIR/two/causes.dat"
}
