#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# nines place: conformance cases by jq, the guide's complete design on hosts that are too
# small in different ways, plain objects, what-ifs, refusals.

load helpers

guide=configs/designs/guide-complete.yaml

# host_of ZONES...: one node of 16 cpu in each zone named, as kubectl prints nodes.
host_of() {
    local i=0
    echo "apiVersion: v1"
    echo "kind: List"
    echo "items:"
    for zone in "$@"; do
        i=$((i + 1))
        cat <<EOF
- apiVersion: v1
  kind: Node
  metadata:
    name: n$i
    labels: {kubernetes.io/hostname: n$i, topology.kubernetes.io/zone: $zone}
  status:
    allocatable: {cpu: "16", memory: 64Gi, pods: "110", ephemeral-storage: 100Gi}
EOF
    done
}

@test "a conformance case: one line of jq compares it" {
    for id in case-001 case-034 case-049 preemption/case-002; do
        file=tests/data/scheduler/$id.json
        nines place -f $file -o json
        expect_code 0
        jq -e --slurpfile got "$BATS_TEST_TMPDIR/out" \
            '(.expected | del(.pods[].rawScores)) == $got[0]' $file
    done
}

@test "the guide's complete design on three nodes in three zones" {
    host_of a b c >"$BATS_TEST_TMPDIR/host.yaml"
    nines place -f $guide -f "$BATS_TEST_TMPDIR/host.yaml"
    expect_code 0
    out_has "8 placed, 0 pending"
}

@test "on two nodes the third replica lacks a node: anti-affinity" {
    host_of a b >"$BATS_TEST_TMPDIR/host.yaml"
    nines place -f $guide -f "$BATS_TEST_TMPDIR/host.yaml"
    expect_code 3
    out_has "guide-complete-2 stays Pending"
    out_has "2 node(s) didn't match pod anti-affinity rules"
    out_has "guide-complete-0 runs on this host"
}

@test "a zone lost: the volume, and not the number of nodes, keeps a replica pending" {
    host_of a b c >"$BATS_TEST_TMPDIR/host.yaml"
    nines place -f $guide -f "$BATS_TEST_TMPDIR/host.yaml" --without c
    expect_code 3
    out_has "If zone c is lost now"
    out_has "its volume"
    out_has "is in zone c"
    out_has "volume node affinity conflict"
}

@test "headroom counts copies and proves how many nodes may go" {
    nines place -f $guide --headroom -o json
    expect_code 0
    jq -e '.headroom.proved and (.headroom.nodesThatMayBeLost | type == "number")
           and (.headroom.copies | length > 0)' "$BATS_TEST_TMPDIR/out"
}

@test "plain objects: bound pods stay, others are placed by priority" {
    {
        host_of a b
        cat <<'EOF'
---
{apiVersion: v1, kind: Pod, metadata: {name: old}, spec: {nodeName: n1, priority: 9, containers: [{name: c, image: i, resources: {requests: {cpu: 15}}}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: low}, spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 10}}}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: high}, spec: {priority: 5, containers: [{name: c, image: i, resources: {requests: {cpu: 10}}}]}}
EOF
    } >"$BATS_TEST_TMPDIR/objects.yaml"
    nines place -f "$BATS_TEST_TMPDIR/objects.yaml" -o json
    expect_code 3
    jq -e '.bindings == {"default/high": "n2"}
           and .pods[1].message == "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod."' \
        "$BATS_TEST_TMPDIR/out"
    nines place -f "$BATS_TEST_TMPDIR/objects.yaml" --pod low --order low,high
    expect_code 3 # high comes later and evicts it
    out_has "low goes to n2 (zone b)"
    out_has "A more important pod then takes its place"
}

@test "a design may come through a pipe" {
    nines place -f $guide -o json
    jq -S .bindings "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/file.json"
    cat $guide | nines place -f - --all -o json
    jq -e '.bindings | length == 8' "$BATS_TEST_TMPDIR/out"
}

@test "what is wrong is pointed at" {
    printf 'apiVersion: v1\nkind: Node\nmetadata: {name: a}\nstatus: {allocatable: {cpu: -2}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\n' \
        >"$BATS_TEST_TMPDIR/bad.yaml"
    nines place -f "$BATS_TEST_TMPDIR/bad.yaml"
    expect_code 2
    err_has "bad.yaml:4:29"
    err_has "negative"
    nines place -f $guide --pod nobody
    expect_code 2
    nines place -f $guide --without nowhere
    expect_code 2
    nines place
    expect_code 2
}
