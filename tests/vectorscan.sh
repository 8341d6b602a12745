#!/bin/sh
# Vectorscan in Hyperscan's place. Debian's packages of the two cannot be installed side by side, so
# Vectorscan's are unpacked in a folder.
#
#   vectorscan.sh get FOLDER             fetches and unpacks the packages; 77 when they cannot be had
#   vectorscan.sh check HYPERSCAN BUILD  holds the build with it against the one with Hyperscan
set -eu

get() {
	mkdir -p "$1/packages"
	cd "$1"
	if ! ls packages/libvectorscan5_*.deb packages/libvectorscan-dev_*.deb >/dev/null 2>&1; then
		(cd packages && apt-get -q download libvectorscan5 libvectorscan-dev) >get.log 2>&1 || {
			echo "Vectorscan's packages cannot be had:"
			tail -n 3 get.log
			exit 77
		}
	fi
	for package in packages/*.deb; do
		dpkg-deb -x "$package" root
	done
	# one name for the library, whatever the architecture
	ln -sfn "$(dirname "$(find "$PWD/root" -name libhs.so.5)")" lib
}

unequal() {
	echo "with Vectorscan otherwise: $1"
	exit 1
}

check() {
	here=$(cd "$(dirname "$0")" && pwd)
	library=$(ldd "$2/egret" | awk '$1 == "libhs.so.5" { print $3 }')
	case $(readlink -f "$library") in
	"$(readlink -f "$2".root)"/*) echo "$library" ;;
	*) unequal "the library is $library" ;;
	esac
	make -s -C "$2" tests/unit/unit
	srcdir=$here/.. "$2/tests/unit/unit" --filter '@(match|domain|size|analyst|sigma)*/*' >"$2/unit.log" 2>&1 ||
		{ tail -n 40 "$2/unit.log"; unequal "unit tests"; }
	grep -E 'Synthesis: Tested: [1-9]' "$2/unit.log"
	for options in --quiet '--quiet --json' '--quiet --records -'; do
		for build in "$1" "$2"; do
			# shellcheck disable=SC2086
			"$build/egret" --domains "$here/../domains" --cache= --threshold 100k $options \
				"$here/captures/demo.pcap" >"$2/$(basename "$build").found" 2>"$2/errors" ||
				{ cat "$2/errors"; unequal "egret $options"; }
		done
		[ -s "$2/$(basename "$1").found" ] || unequal "nothing found"
		cmp "$2/$(basename "$1").found" "$2/$(basename "$2").found" || unequal "egret $options"
	done
	echo "the same findings and records of the bundled capture"
}

command=$1
shift
case $command in
get | check) "$command" "$@" ;;
*) exit 2 ;;
esac
