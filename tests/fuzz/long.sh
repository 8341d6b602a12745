#!/bin/sh
# long.sh BUILD SECONDS: runs each fuzz target of a --enable-fuzzers build that long, from the kept
# corpus and what earlier runs found (BUILD/corpus). Fails when one finds something.
set -eu
build=$1
seconds=$2
here=$(dirname "$0")
jobs=$(nproc)
failed=0
running=0
mkdir -p "$build/found"
for source in "$here"/fuzz_*.c; do
	target=$(basename "$source" .c)
	mkdir -p "$build/corpus/$target"
	kept="$here/corpus/$target"
	[ -d "$kept" ] || kept=
	# shellcheck disable=SC2086
	"$build/tests/fuzz/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 \
		-artifact_prefix="$build/found/$target-" -print_final_stats=1 \
		"$build/corpus/$target" $kept >"$build/found/$target.log" 2>&1 &
	running=$((running + 1))
	if [ "$running" -ge "$jobs" ]; then
		wait
		running=0
	fi
done
wait
for source in "$here"/fuzz_*.c; do
	target=$(basename "$source" .c)
	log="$build/found/$target.log"
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	if [ -z "$runs" ] || ls "$build/found/$target-"* >/dev/null 2>&1; then
		echo "$target: found something"
		tail -n 40 "$log"
		failed=1
	else
		echo "$target: $runs runs, nothing found"
	fi
done
exit $failed
