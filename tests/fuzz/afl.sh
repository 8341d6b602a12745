#!/bin/sh
# afl.sh BUILD SECONDS TARGET ...: runs fuzz targets of a build by afl-clang-fast under AFL++, one after the
# other, from the kept corpus and what earlier runs found (BUILD/afl). Fails when one finds something,
# or nothing new to look into was found at all.
set -eu
build=$1
seconds=$2
shift 2
here=$(dirname "$0")
failed=0
# its advice for a machine that does nothing else is no reason to refuse
export AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1 AFL_AUTORESUME=1
for target in "$@"; do
	out="$build/afl/$target"
	stats="$out/default/fuzzer_stats"
	mkdir -p "$build/afl"
	afl-fuzz -i "$here/corpus/$target" -o "$out" -V "$seconds" -t 5000 -- "$build/tests/fuzz/$target" \
		>"$build/afl/$target.log" 2>&1 || true
	[ -f "$stats" ] || { tail -n 20 "$build/afl/$target.log"; failed=1; continue; }
	value() { sed -n "s/^$1 *: *//p" "$stats"; }
	echo "$target: $(value execs_done) runs, $(value corpus_count) inputs of $(value edges_found) edges," \
		"$(value saved_crashes) crashes, $(value saved_hangs) hangs; $(value target_mode)"
	[ "$(value saved_crashes)" = 0 ] && [ "$(value saved_hangs)" = 0 ] && [ "$(value edges_found)" -gt 50 ] ||
		failed=1
	case $(value target_mode) in *persistent*) ;; *) failed=1 ;; esac
done
exit $failed
