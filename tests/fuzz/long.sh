#!/bin/sh
# long.sh BUILD SECONDS [TARGET ...]: runs each fuzz target (or those named) of a --enable-fuzzers build
# that long, from the kept corpus and what earlier runs found (BUILD/corpus). Fails when one finds
# something. JOBS of them (default: one a CPU) run at one time. BUILD/ledger.tsv adds up what was run.
set -eu
build=$1
seconds=$2
shift 2
here=$(dirname "$0")
jobs=${JOBS:-$(nproc)}
failed=0
running=0
[ $# -gt 0 ] || for source in "$here"/fuzz_*.c; do
	set -- "$@" "$(basename "$source" .c)"
done
# short stacks and a small quarantine: what allocates much is twice as fast
export ASAN_OPTIONS="${ASAN_OPTIONS:-malloc_context_size=8:quarantine_size_mb=8:allocator_release_to_os_interval_ms=-1}"

dictionary() {
	case $1 in
	fuzz_lines | fuzz_event_line | fuzz_explain) echo json ;;
	fuzz_rules | fuzz_sigma_rule) echo yaml ;;
	fuzz_config) echo config ;;
	fuzz_control | fuzz_egretctl) echo words ;;
	fuzz_http | fuzz_sensor) echo http ;;
	esac
}

mkdir -p "$build/found"
for target in "$@"; do
	mkdir -p "$build/corpus/$target"
	kept="$here/corpus/$target"
	[ -d "$kept" ] || kept=
	words=$(dictionary "$target")
	# shellcheck disable=SC2086
	"$build/tests/fuzz/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 \
		-artifact_prefix="$build/found/$target-" -print_final_stats=1 ${words:+-dict="$here/dict/$words.dict"} \
		"$build/corpus/$target" $kept >"$build/found/$target.log" 2>&1 &
	running=$((running + 1))
	if [ "$running" -ge "$jobs" ]; then
		wait
		running=0
	fi
done
wait
for target in "$@"; do
	log="$build/found/$target.log"
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	[ -z "$runs" ] || printf '%s\t%s\t%s\n' "$target" "$runs" "$seconds" >>"$build/ledger.tsv"
	if [ -z "$runs" ] || ls "$build/found/$target-"* >/dev/null 2>&1; then
		echo "$target: found something"
		tail -n 40 "$log"
		failed=1
	else
		awk -v target="$target" -v runs="$runs" '$1 == target { n += $2; s += $3 }
			END { printf "%s: %d runs, nothing found; %.0f runs in %.1f h so far\n", target, runs, n, s / 3600 }' \
			"$build/ledger.tsv"
	fi
done
exit $failed
