#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# nines show and nines schema: what is shown reads back, and says where it comes from.

load helpers

@test "what is shown reads back as the same values" {
    for design in guide-complete single-replica; do
        "$NINES" show -f configs/designs/$design.yaml --defaults >"$BATS_TEST_TMPDIR/want"
        for flag in --no-defaults --origins --defaults; do # comments change nothing
            "$NINES" show -f configs/designs/$design.yaml $flag >"$BATS_TEST_TMPDIR/a.yaml"
            "$NINES" show -f "$BATS_TEST_TMPDIR/a.yaml" --defaults |
                diff "$BATS_TEST_TMPDIR/want" -
        done
    done
}

@test "origins: file and line, --set, default" {
    printf 'controlPlane:\n  statefulSet:\n    highAvailability:\n      replicas: 1\n' | file a.yaml
    printf 'controlPlane:\n  coredns: {enabled: false}\n' | file b.yaml
    nines show -f "$BATS_TEST_TMPDIR/a.yaml" -f "$BATS_TEST_TMPDIR/b.yaml" --origins \
        --set controlPlane.statefulSet.resources.limits.memory=9Gi
    expect_code 0
    grep -Eq "replicas: 1 +# .*a.yaml:4$" "$BATS_TEST_TMPDIR/out"
    grep -Eq "enabled: false +# .*b.yaml:2$" "$BATS_TEST_TMPDIR/out"
    grep -Eq "memory: \"9Gi\" +# --set" "$BATS_TEST_TMPDIR/out"
    refute grep -q "# default" "$BATS_TEST_TMPDIR/out"
    nines show -f "$BATS_TEST_TMPDIR/a.yaml" --origins --defaults
    grep -q "# default" "$BATS_TEST_TMPDIR/out"
}

@test "nothing to show" {
    nines show
    expect_code 2
    nines show -f $stress
    expect_code 2
    err_has "it has no values"
    : | file empty.yaml
    nines show -f "$BATS_TEST_TMPDIR/empty.yaml"
    expect_code 0
    [ "$out" = "{}" ]
}

@test "schemas are the files of the source tree" {
    nines schema
    expect_code 0
    for name in $(cut -d' ' -f1 "$BATS_TEST_TMPDIR/out"); do
        "$NINES" schema "$name" | jq -e '."$schema"' >/dev/null
    done
    "$NINES" schema result | cmp - $schemas/nines-result-v1.schema.json
    nines schema results
    expect_code 2
    err_has 'did you mean "result"?'
}
