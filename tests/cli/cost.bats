#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# What a design costs a month: shares of nodes by requests, volumes by size, whole hosts.

load helpers

setup() {
    file host.yaml <<'EOF'
apiVersion: nines/v1
kind: Host
zones: [a, b, c]
nodePools:
  - {count: 1, capacity: {cpu: 4, memory: 16Gi}, price: 100/month}
storageClasses:
  - {name: gp3, provisioner: ebs.csi.aws.com, default: true}
controlPlanePrice: 50/month
EOF
    file one.yaml <<'EOF'
controlPlane:
  coredns: {enabled: false}
  statefulSet:
    resources: {requests: {cpu: 1, memory: 1Gi}}
    persistence: {volumeClaim: {enabled: true, size: 100G}}
EOF
    one=$BATS_TEST_TMPDIR/one.yaml
    host=$BATS_TEST_TMPDIR/host.yaml
    requests=controlPlane.statefulSet.resources.requests
    limits=controlPlane.statefulSet.resources.limits
}

# costs ARGS: the costs of each design, "pods volumes host", rounded to cents
costs() {
    nines compare -f "$one" -f "$host" --years 2 -o json "$@"
    jq -r '.designs[].design.cost_usd_per_month
        | [.pods, .volumes, .host] | map(. * 100 | round / 100) | join(" ")' \
        "$BATS_TEST_TMPDIR/out"
}

@test "a pod pays its larger share of an average node, a claim its size" {
    # a quarter of a node's cpu; 100 GB of gp3 at 0.08; three nodes and the control plane
    [ "$(costs --set-for "big:$requests.cpu=2")" = "25 8 350
50 8 350" ]
}

@test "limits count where nothing is requested" {
    costs --set "$requests.cpu=0" --set "$limits.cpu=2" --set-for "b:$limits.memory=4Gi" |
        head -1 >"$BATS_TEST_TMPDIR/costs"
    [ "$(cat "$BATS_TEST_TMPDIR/costs")" = "50 8 350" ]
}

@test "what a design costs more is said; whole hosts where hosts differ" {
    nines compare -f "$one" -f "$host" --years 2 --set-for "big:$requests.cpu=2"
    out_has "Cost per month"
    out_has 'big costs $25 a month more than one'
    nines compare -f "$one" -f "$host" --years 2 \
        --set-for "dear:host.nodePools[0].price=200/month"
    out_has 'dear costs $300 a month more than one (whole hosts)'
}

@test "systems have no price" {
    nines compare $stress $crew --years 20
    refute grep -q Cost "$BATS_TEST_TMPDIR/out"
    nines run -f $stress --years 20 -o json
    jq -e '.design.cost_usd_per_month == null' "$BATS_TEST_TMPDIR/out"
}
