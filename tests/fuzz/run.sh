#!/bin/sh
# Runs every fuzz target over its kept corpus. Under libFuzzer, FUZZ_SECONDS (default 10) adds time.
set -eu
src=${srcdir:-.}
for corpus in "$src"/tests/fuzz/corpus/*/; do
	target=$(basename "$corpus")
	[ -x "tests/fuzz/$target" ] || continue
	"tests/fuzz/$target" "$corpus"
done
