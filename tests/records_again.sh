#!/bin/sh
# The records of the bundled capture, and of real ones where they are, written, read and written
# again: the same bytes.
set -eu
src=${srcdir:-.}
shared=${EGRET_SHARED:-$src/../shared}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
captures=0
for capture in "$src"/tests/captures/demo.pcap "$shared"/pcaps/*.pcap*; do
	[ -f "$capture" ] || continue
	# a damaged capture says so by its status
	./egret -q --domains "$src/domains" --cache "$folder/cache" -r "$capture" --records "$folder/first" \
		>/dev/null 2>&1 || [ $? = 1 ]
	./tests/records_again <"$folder/first" >"$folder/second"
	cmp "$folder/first" "$folder/second" || {
		echo "$capture: not the same"
		exit 1
	}
	captures=$((captures + 1))
done
[ -s "$folder/first" ] || [ "$captures" -gt 1 ]
# the comparison itself can fail
sed 's/"port":4/"port":5/' "$folder/first" | ./tests/records_again | cmp -s "$folder/first" - && {
	echo "a change went unnoticed"
	exit 1
}
echo "$captures passed, 0 failed"
