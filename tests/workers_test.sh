#!/bin/sh
# Findings of one worker and of several are the same, on our capture and, where they are, on real ones
# (unless EGRET_BRIEF is set).
set -eu
top=${srcdir:-.}
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT
failed=0
passed=0
found=0

findings() {
	tests/workers "$1" "$top/domains" "$top/rules" "$cache" "$2" 2>&1 | sort
}

real=${EGRET_SHARED:-/nonexistent}/pcaps
[ -z "${EGRET_BRIEF:-}" ] || real=/nonexistent
for capture in "$top/tests/captures/demo.pcap" $(find "$real" -type f -size -3M -name '*.pcap*' 2>/dev/null | sort); do
	findings 1 "$capture" >"$cache/one"
	found=$((found + $(wc -l <"$cache/one")))
	for n in 2 5; do
		findings $n "$capture" >"$cache/several"
		if cmp -s "$cache/one" "$cache/several"; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
			echo "$capture with $n workers:"
			diff "$cache/one" "$cache/several" | cut -c1-300 | head -n 20
		fi
	done
done
# (without findings nothing would be compared)
[ "$found" -gt 20 ] || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
