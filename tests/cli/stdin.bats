#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# A design on standard input: read once, shown in messages, used for several designs.

nines() { "${NINES:-build/nines}" "$@"; }

@test "a fault on standard input is shown with its line" {
    run bash -c 'printf "controlPlane:\n  statefulset: {}\n" |
                 "${NINES:-build/nines}" run -f - 2>&1'
    [ "$status" -eq 2 ]
    [[ "$output" == *"<stdin>:2:3: error: unknown key \"statefulset\""* ]]
    [[ "$output" == *"2 |   statefulset: {}"* ]]
    [[ "$output" == *"did you mean \"statefulSet\""* ]]
}

@test "several designs are made of one standard input" {
    run bash -c '"${NINES:-build/nines}" compare -f - --replicas 1,3 --years 2 \
                 --fail-on never --progress none -o json \
                 < configs/designs/guide-corrected.yaml 2>/dev/null |
                 jq -r ".. | .name? // empty" | sort -u'
    [ "$status" -eq 0 ]
    [[ "$output" == *"3 replicas"* ]]
}

@test "Node objects of kubectl and values may come from different pipes" {
    run bash -c 'printf "%s" "{\"kind\": \"List\", \"items\": [{\"kind\": \"Node\",
                 \"metadata\": {\"name\": \"n1\", \"labels\":
                 {\"kubernetes.io/hostname\": \"n1\"}}, \"status\": {\"allocatable\":
                 {\"cpu\": \"8\", \"memory\": \"32Gi\", \"pods\": \"110\",
                 \"ephemeral-storage\": \"100Gi\"}}}]}" |
                 "${NINES:-build/nines}" run -f configs/designs/single-replica.yaml -f - \
                 --years 2 --progress none --fail-on never 2>&1'
    [ "$status" -eq 0 ]
    [[ "$output" == *"1 zone, 1 node"* ]]
}
