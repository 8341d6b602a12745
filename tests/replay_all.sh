#!/bin/sh
# replay_all.sh EGRET FOLDER: replays every capture of a folder and holds every line of its records
# against the schema. Fails when a run or a line does.
set -eu
egret=$1
folder=$2
here=$(dirname "$0")
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
failed=0
for f in "$folder"/*.pcap "$folder"/*.pcapng "$folder"/*.cap; do
	[ -e "$f" ] || continue
	status=0
	"$egret" --domains "$here/../domains" --records - --quiet "$f" >>"$lines" 2>/dev/null || status=$?
	# 1: the capture is damaged, as some of them are meant to be
	if [ "$status" -gt 1 ]; then
		echo "$f: exit status $status"
		failed=1
	fi
done
"$here/validate.py" --lines "$lines" || failed=1
exit $failed
