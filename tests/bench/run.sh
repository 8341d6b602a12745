#!/bin/bash
# run.sh EGRET FOLDER: generates the large captures in FOLDER (2 GB) unless they are there, times
# egret beside the bare libpcap loop, in turn, and compares what it found with what was put in.
# Figures are the least of RUNS runs; the ratio is what lasts, the seconds are this machine's.
set -euo pipefail
egret=$(realpath "$1")
folder=$2
runs=${RUNS:-5}
here=$(dirname "$(realpath "$0")")

mkdir -p "$folder"
folder=$(realpath "$folder")
[ -x "$folder/gen" ] || gcc -O2 -D_GNU_SOURCE -o "$folder/gen" "$here"/gen*.c -lcrypto -lm
[ -x "$folder/bare" ] || gcc -O2 -o "$folder/bare" "$here/bare.c" -lpcap
for kind in mix dns syn; do
	[ -s "$folder/$kind.pcap.truth.txt" ] || "$folder/gen" "$kind" "$folder/$kind.pcap" 42 >/dev/null
done

# cpu NAME COMMAND...: user and system seconds, and peak MB, appended to NAME's figures
cpu() {
	local name=$1
	shift
	python3 - "$@" >>"$folder/figures.$name" <<-'PY'
	import os, resource, subprocess, sys
	subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
	u = resource.getrusage(resource.RUSAGE_CHILDREN)
	print(f"{u.ru_utime + u.ru_stime:.3f} {u.ru_maxrss / 1024:.0f}")
	PY
}

least() { sort -n "$folder/figures.$1" | awk 'NR == 1 { print $1 }'; }
peak() { awk '$2 > m { m = $2 } END { print m }' "$folder/figures.$1"; }

printf '%-5s %9s %12s %9s %7s %9s %9s\n' '' 'bare s' 'bare 64K s' 'egret s' 'ratio' 'records s' 'peak MB'
for kind in mix dns syn; do
	rm -f "$folder"/figures.*
	for _ in $(seq "$runs"); do
		cpu bare "$folder/bare" "$folder/$kind.pcap"
		cpu bare64 "$folder/bare" "$folder/$kind.pcap" 65536
		cpu egret "$egret" --quiet --cache "$folder/cache" "$folder/$kind.pcap"
		cpu records "$egret" --quiet --cache "$folder/cache" --records /dev/null "$folder/$kind.pcap"
	done
	printf '%-5s %9s %12s %9s %7s %9s %9s\n' "$kind" "$(least bare)" "$(least bare64)" "$(least egret)" \
		"$(awk -v a="$(least egret)" -v b="$(least bare)" 'BEGIN { printf "%.2f", a / b }')" \
		"$(least records)" "$(peak egret)"
done
for kind in mix dns; do
	echo "== what was found in $kind"
	/usr/bin/python3 "$here/../bench_truth.py" "$egret" "$folder/$kind.pcap"
done
