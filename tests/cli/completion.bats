#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Shell completion and the manual page: made from the tables, so all flags are in them.

load helpers

commands() {
    "$NINES" help | sed -n 's/^  \([a-z]*\) .*/\1/p'
}

# complete WORDS...: what bash offers for the last word
complete_in_bash() {
    # shellcheck disable=SC1090 # made by the program
    source <("$NINES" completion bash)
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _nines
    echo "${COMPREPLY[*]}"
}

@test "bash: commands, flags, values, files" {
    [ "$(complete_in_bash nines comp)" = "compare completion" ]
    [ "$(complete_in_bash nines run --sl)" = "--slo" ]
    [ "$(complete_in_bash nines run -o j)" = "json junit" ]
    [ "$(complete_in_bash nines run --output y)" = "yaml" ]
    [ "$(complete_in_bash nines place --o)" = "--order --output" ]
    [ "$(complete_in_bash nines place -o y)" = "yaml" ]
    [ -z "$(complete_in_bash nines run -f '')" ]    # file names, by -o default
    [ -z "$(complete_in_bash nines run --years -)" ]
    [ "$(complete_in_bash nines completion z)" = "zsh" ]
    [ "$(complete_in_bash nines help exp)" = "explain" ]
}

@test "every command and every flag is in all three, and in the manual page" {
    for shell in bash zsh fish; do
        "$NINES" completion $shell >"$BATS_TEST_TMPDIR/$shell"
    done
    "$NINES" help --man | sed 's/\\-/-/g' >"$BATS_TEST_TMPDIR/man"
    for command in $(commands); do
        grep -q "nines $command" "$BATS_TEST_TMPDIR/man"
        for flag in $("$NINES" "$command" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE '[a-z-]{3,}$'); do
            name=${flag#--}
            for file in bash zsh fish man; do
                grep -qE -- "(--|-l )$name\b" "$BATS_TEST_TMPDIR/$file" ||
                    { echo "$command --$name is not in $file"; false; }
            done
        done
    done
}

@test "the scripts are scripts" {
    "$NINES" completion bash | bash -n
    if command -v zsh >/dev/null; then
        "$NINES" completion zsh >"$BATS_TEST_TMPDIR/zsh"
        zsh -n "$BATS_TEST_TMPDIR/zsh"
    fi
    if command -v fish >/dev/null; then
        "$NINES" completion fish >"$BATS_TEST_TMPDIR/fish"
        fish -n "$BATS_TEST_TMPDIR/fish"
    fi
}

@test "the manual page is roff without complaints" {
    command -v groff >/dev/null || skip "groff is not installed"
    "$NINES" help --man | groff -man -Tutf8 -ww -z 2>"$BATS_TEST_TMPDIR/err"
    [ ! -s "$BATS_TEST_TMPDIR/err" ]
}

@test "an unknown shell, and none" {
    nines completion
    expect_code 2
    err_has "bash|zsh|fish"
    nines completion tcsh
    expect_code 2
}
