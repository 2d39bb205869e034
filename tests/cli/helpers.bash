# SPDX-License-Identifier: GPL-3.0-or-later
# Shared by the command line tests. NINES names the program; tests run from the root
# of the repository and write into $BATS_TEST_TMPDIR only. Expectations lie beside the
# tests in expected/; ACCEPT=1 rewrites them.
# shellcheck shell=bash disable=SC2034 # the tests that load this use its variables

NINES=${NINES:-build/nines}
exact=tests/data/exact
stress=$exact/kofn-indep-2of3-stress.json # 5 % down: answered in milliseconds
crew=$exact/kofn-crew1-2of3-stress.json
rare=$exact/kofn-indep-3of5.json          # 1e-10: a crude run never ends by itself
schemas=configs/schema
export LC_ALL=C
unset NO_COLOR COLUMNS

# Runs the program; stdout, stderr and the exit code are kept apart.
nines() {
    "$NINES" "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" && code=0 || code=$?
    out=$(cat "$BATS_TEST_TMPDIR/out")
    err=$(cat "$BATS_TEST_TMPDIR/err")
}

# expect_code N: the last run ended so; otherwise shows what it said.
expect_code() {
    if [ "$code" != "$1" ]; then
        echo "exit code $code, expected $1"
        echo "stdout: $out"
        echo "stderr: $err"
        return 1
    fi
}

# The last run wrote this fixed text to stderr (or stdout).
err_has() {
    grep -qF -- "$1" "$BATS_TEST_TMPDIR/err" || { echo "stderr: $err"; return 1; }
}
out_has() {
    grep -qF -- "$1" "$BATS_TEST_TMPDIR/out" || { echo "stdout: $out"; return 1; }
}

# golden NAME FILE: FILE equals expected/NAME, or becomes it with ACCEPT=1.
golden() {
    if [ -n "${ACCEPT:-}" ]; then
        cp "$2" "tests/cli/expected/$1"
    fi
    diff -u "tests/cli/expected/$1" "$2"
}

# A file in the temporary directory, from stdin.
file() {
    cat >"$BATS_TEST_TMPDIR/$1"
}

# valid SCHEMA FILE: Debian's python3-jsonschema checks it.
valid() {
    /usr/bin/python3 -c '
import json, sys, jsonschema
def no(x): raise ValueError("not JSON: " + x)
schema = json.load(open(sys.argv[1]))
jsonschema.validate(json.load(open(sys.argv[2]), parse_constant=no), schema)
' "$1" "$2"
}

# refute COMMAND...: it must fail. (A bare "! command" is no test: bats goes on.)
refute() {
    if "$@"; then
        echo "did not fail: $*"
        return 1
    fi
}
