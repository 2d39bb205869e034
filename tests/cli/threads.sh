#!/usr/bin/env bash
# Runs the program built with the thread sanitizer on several threads; a race makes
# it exit with 66. NINES names the program.
set -euo pipefail
export TSAN_OPTIONS="exitcode=66 halt_on_error=1"
for method in crude biased splitting; do
    "$NINES" run -f tests/data/exact/kofn-indep-2of3-stress.json --method $method \
        --years 50 -j 4 -o json >/dev/null
    echo "threads: $method clean"
done
