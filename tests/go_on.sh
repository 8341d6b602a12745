#!/bin/sh
# However often the lists and rules are loaded anew, and however often egret is started anew, the
# findings of a capture are those of one run: of the bundled one, and of real ones where they are
# (unless EGRET_BRIEF is set).
set -eu
src=${srcdir:-.}
shared=${EGRET_SHARED:-$src/../shared}
[ -z "${EGRET_BRIEF:-}" ] || shared=/nonexistent
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
captures=0
findings=0

# go MODE K
go() {
	./tests/go_on "$1" "$2" "$src/domains" "$src/rules" "$folder/cache" <"$folder/records"
}

for capture in "$src"/tests/captures/demo.pcap "$shared"/pcaps/*.pcap*; do
	[ -f "$capture" ] || continue
	# a damaged capture says so by its status
	./egret -q --domains "$src/domains" --rules "$src/rules" --cache "$folder/cache" \
		-r "$capture" --records "$folder/records" >/dev/null 2>&1 || [ $? = 1 ]
	lines=$(wc -l <"$folder/records")
	[ "$lines" -gt 1 ] || continue
	for mode in adopt restart; do
		go $mode 0 >"$folder/whole" 2>"$folder/error"
		# the bundled one at every record, others a few times
		every=1
		[ "$captures" = 0 ] || every=$((lines / 5 + 1))
		go $mode $every >"$folder/parts" 2>"$folder/error"
		cmp "$folder/whole" "$folder/parts" || {
			echo "$capture: $mode every $every of $lines records: other findings"
			diff "$folder/whole" "$folder/parts" | cut -c 1-1000 | head -20
			exit 1
		}
	done
	# the comparison itself can fail
	if [ "$captures" = 0 ]; then
		go forget 20 >"$folder/parts" 2>"$folder/error"
		cmp -s "$folder/whole" "$folder/parts" && exit 1
	fi
	captures=$((captures + 1))
	findings=$((findings + $(wc -l <"$folder/whole")))
done
[ "$findings" -gt 10 ]
echo "$captures passed, 0 failed ($findings findings)"
