#!/bin/sh
# Replays every capture of a folder, records written and thrown away; fails when one run fails.
set -eu
egret=$1
folder=$2
lists=$(dirname "$0")/../domains
failed=0
for f in "$folder"/*.pcap "$folder"/*.pcapng "$folder"/*.cap; do
	[ -e "$f" ] || continue
	status=0
	"$egret" --domains "$lists" --records /dev/null --quiet "$f" >/dev/null 2>&1 || status=$?
	# 1: the capture is damaged, as some of them are meant to be
	if [ "$status" -gt 1 ]; then
		echo "$f: exit status $status"
		failed=1
	fi
done
exit $failed
