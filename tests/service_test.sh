#!/bin/sh
# The units and what belongs to them, as far as their own tools can tell without a service manager:
# the units' exposure, their grammar and that of the drop-ins, the profile, rotation, the user. Parts
# whose tool is not there are left out and said so.
set -eu
srcdir=$(cd "${srcdir:-.}" && pwd)
contrib=$srcdir/contrib
build=$PWD/contrib/systemd
tmp=$(mktemp -d)
chmod 755 "$tmp"
trap 'rm -rf "$tmp"' EXIT
status=0

fail() {
	echo "FAIL: $*"
	status=1
}

have() {
	command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || { echo "without $1: $2 not looked at"; return 1; }
}
PATH=$PATH:/usr/sbin:/sbin

# Units that could be started: their program is there. Only these are searched for.
units=$tmp/units
mkdir -p "$units"
for u in egret.service egret@.service; do
	sed -E 's#=[^ ]*/bin/egret#=/bin/true#' "$build/$u" >"$units/$u"
	grep -q '^ExecStart=/bin/true' "$units/$u" || fail "$u starts something else"
	! grep '@[a-z]*@' "$build/$u" || fail "$u was not filled in"
done
# what either takes away is the sensor's eyes
! grep -E '^Private(Network|Users)=yes' "$build"/*.service || fail "no interfaces like this"

# exposure UNIT TENTHS: at most that much.
exposure() {
	SYSTEMD_UNIT_PATH=$units systemd-analyze security --offline=true --no-pager --threshold="$2" "$units/$1" \
		>"$tmp/exposure" 2>&1 || { grep -v '✓' "$tmp/exposure"; fail "$1 is exposed by more than $2 tenths"; }
	grep Overall "$tmp/exposure" || true
}

grammar() {
	# a machine without systemd as its manager has other units missing
	SYSTEMD_UNIT_PATH=$units: systemd-analyze verify --man=no "$units/$1" >"$tmp/grammar" 2>&1 || fail "$1: not valid"
	! grep -F "$1" "$tmp/grammar" || fail "$1: see above"
}

if have systemd-analyze "the units' exposure and grammar"; then
	version=$(systemd-analyze --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
	for u in egret.service egret@.service; do
		exposure "$u" 15
		grammar "$u"
	done
	mkdir "$units/egret.service.d"
	for drop in remote-sinks:16 affinity:16 control-group:16 apparmor:15 notify-reload:15; do
		name=${drop%:*}
		[ "$name" != notify-reload ] || [ "$version" -ge 253 ] || continue
		rm -f "$units/egret.service.d"/*
		cp "$contrib/systemd/egret-$name.conf" "$units/egret.service.d/$name.conf"
		grammar egret.service
		exposure egret.service "${drop#*:}"
	done
fi

if have systemd-sysusers "the user"; then
	mkdir -p "$tmp/root/etc"
	systemd-sysusers --root="$tmp/root" "$contrib/systemd/egret.sysusers" >"$tmp/sysusers" 2>&1 || {
		cat "$tmp/sysusers"
		fail "the user cannot be made"
	}
	grep -q '^egret:.*:/var/lib/egret:/usr/sbin/nologin$' "$tmp/root/etc/passwd" || fail "another user was made"
	if have systemd-tmpfiles "the folders" && [ "$(id -u)" = 0 ]; then
		systemd-tmpfiles --root="$tmp/root" --create "$contrib/systemd/egret.tmpfiles" || fail "no folders"
		for d in run lib cache log; do
			[ "$d" = run ] && folder=$tmp/root/run/egret || folder=$tmp/root/var/$d/egret
			[ "$(stat -c %a "$folder")" = 750 ] || fail "$folder has other rights"
		done
	fi
fi

if have apparmor_parser "the profile" && [ -e /etc/apparmor.d/abi/3.0 ]; then
	apparmor_parser --skip-kernel-load --skip-cache --base /etc/apparmor.d "$contrib/apparmor/egret" \
		>"$tmp/profile" 2>&1 || { cat "$tmp/profile"; fail "the profile is not valid"; }
fi

if have logrotate rotation; then
	# without the user: it need not be there
	sed '/su egret/d' "$contrib/logrotate/egret" >"$tmp/logrotate"
	chmod 644 "$tmp/logrotate"
	logrotate -d -s "$tmp/logrotate.state" "$tmp/logrotate" >"$tmp/rotation" 2>&1 || fail "logrotate cannot read it"
	! grep -i '^error' "$tmp/rotation" || fail "rotation"
fi

# What the unit allows is enough: lists and rules compile, the demonstration replays.
# (A sanitized build reports to stderr here, nobody may write to the folder of reports; to look for leaks it
# would have to trace itself, which the unit refuses.)
as_unit() {
	ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS= "$srcdir/tests/as_unit.py" "$units/egret.service" nobody "$@"
}
if [ "$(id -u)" = 0 ] && have systemd-analyze "the unit's filter" && have setpriv "the unit's filter" &&
	setpriv --reuid=65534 --clear-groups test -r ./egret -a -r "$srcdir/domains" 2>/dev/null; then
	as_unit ./egret --cache= --domains "$srcdir/domains" --rules "$srcdir/rules" -q \
		-r "$srcdir/tests/captures/demo.pcap" --threshold 100k --json >"$tmp/unit" 2>"$tmp/unit.err" || {
		cat "$tmp/unit.err"
		fail "egret does not run as the unit"
	}
	[ -s "$tmp/unit" ] || fail "nothing was found"
	! as_unit chown nobody /dev/null 2>/dev/null || fail "the unit's filter does not filter"
fi

# The configuration that is shipped is a good one.
./egret --check -q --cache= --domains "$srcdir/domains" --rules= -c "$contrib/egret.yaml" >"$tmp/check" 2>&1 || {
	cat "$tmp/check"
	fail "the shipped configuration"
}
exit $status
