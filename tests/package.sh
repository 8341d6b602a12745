#!/bin/sh
# Debian's package: built, looked at by lintian, and installed, upgraded, removed and purged in a system
# of its own (a chroot below FOLDER; nothing is started there, and nothing outside is touched).
#
#   package.sh FOLDER
set -eu
cd "$(dirname "$0")/.."
top=$PWD
mkdir -p "$1"
folder=$(cd "$1" && pwd)
root=$folder/root

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# ---- built from what git knows, as it lies here ----
rm -rf "$folder/egret"
mkdir "$folder/egret"
git ls-files -z | tar --null -T - -c | tar -x -C "$folder/egret"
rm -f "$folder"/*.deb "$folder"/*.changes "$folder"/*.buildinfo
echo "building"
# the tests are ./dev test's
(cd "$folder/egret" && DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" DEB_BUILD_PROFILES=nocheck \
	dpkg-buildpackage -b -us -uc) >"$folder/build.log" 2>&1 || {
	tail -n 30 "$folder/build.log"
	fail "dpkg-buildpackage"
}
first=$(echo "$folder"/egret_[0-9]*.deb)
[ -f "$first" ] || fail "no package"
echo "lintian"
lintian --no-cfg --allow-root --fail-on error --display-info "$folder"/egret_*.changes ||
	fail lintian

# ---- the same one as a later version ----
rm -rf "$folder/later"
dpkg-deb -R "$first" "$folder/later"
version=$(sed -n 's/^Version: //p' "$folder/later/DEBIAN/control")
sed -i "s/^Version: .*/Version: $version+later/" "$folder/later/DEBIAN/control"
second=$folder/later.deb
dpkg-deb --root-owner-group -b "$folder/later" "$second" >/dev/null

# ---- a system ----
if [ ! -e "$root/etc/debian_version" ]; then
	. /etc/os-release
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/*$' | head -n 1)
	echo "making a system ($VERSION_CODENAME)"
	rm -rf "$root"
	debootstrap --variant=minbase "$VERSION_CODENAME" "$root" "${mirror:-http://deb.debian.org/debian}" \
		>"$folder/debootstrap.log" 2>&1 || {
		tail -n 5 "$folder/debootstrap.log"
		rm -rf "$root"
		echo "no system can be made: not installed"
		exit 77
	}
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
cp "$first" "$root/first.deb"
cp "$second" "$root/second.deb"
# nothing is started; what would have been is kept
cat >"$root/usr/sbin/policy-rc.d" <<-'EOF'
	#!/bin/sh
	echo "$*" >>/asked
	exit 101
EOF
chmod +x "$root/usr/sbin/policy-rc.d"

in_root() {
	unshare --mount --pid --fork --kill-child sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}

apt() {
	in_root apt-get -q -y --no-install-recommends -o Dpkg::Options::=--force-confold "$@" \
		>"$folder/apt.log" 2>&1 || {
		tail -n 30 "$folder/apt.log"
		fail "apt-get $*"
	}
	# a maintainer's script that fails softly says so
	! grep -iE 'egret.*(error|failed|cannot)' "$folder/apt.log" || fail "apt-get $*"
}

in_root dpkg --purge egret >/dev/null 2>&1 || true
echo "installing"
apt update
apt install systemd
mkdir -p "$root/run/systemd/system"
: >"$root/asked"
apt install /first.deb
in_root id egret >/dev/null || fail "no user"
for d in var/lib var/cache var/log run; do
	[ "$(in_root stat -c %U:%G:%a "/$d/egret")" = egret:egret:750 ] || fail "/$d/egret is not the user's"
done
grep -q '^egret.service start' "$root/asked" || fail "the service was not to be started"
[ -L "$root/etc/systemd/system/multi-user.target.wants/egret.service" ] || fail "the service is not enabled"
in_root egret --version >/dev/null || fail "the program does not start"
in_root setpriv --reuid=egret --regid=egret --clear-groups egret --check -q -c /etc/egret/egret.yaml \
	>"$folder/check.log" 2>&1 || { cat "$folder/check.log"; fail "egret --check of the installed configuration"; }
in_root test -n "$(in_root find /var/cache/egret -type f)" || fail "nothing was kept in the cache"
for f in usr/share/man/man8/egret.8.gz etc/logrotate.d/egret usr/lib/sysusers.d/egret.conf \
	usr/share/doc/egret/SECURITY.md.gz usr/share/egret/domains usr/share/egret/rules; do
	[ -e "$root/$f" ] || [ -e "$root/${f%.gz}" ] || fail "$f is missing"
done

echo "upgrading"
echo "# by hand" >>"$root/etc/egret/egret.yaml"
echo learned >"$root/var/lib/egret/state"
: >"$root/asked"
apt install /second.deb
[ "$(in_root dpkg-query -W -f '${Version}' egret)" = "$version+later" ] || fail "not upgraded"
grep -q '^# by hand' "$root/etc/egret/egret.yaml" || fail "the configuration was lost"
grep -q learned "$root/var/lib/egret/state" || fail "the state was lost"
grep -qE '^egret.service (restart|start|try-restart)' "$root/asked" || fail "the service was not to be restarted"

echo "removing"
apt remove egret
[ -e "$root/etc/egret/egret.yaml" ] && [ -e "$root/var/lib/egret/state" ] || fail "removing is no purge"
[ ! -e "$root/usr/bin/egret" ] || fail "the program is still there"
apt install /second.deb
echo "purging"
apt purge egret
left=$(in_root find / -xdev -path /proc -prune -o -name '*egret*' -print | grep -vE '^/(proc|sys)/' || true)
[ -z "$left" ] || fail "left behind: $left"
in_root getent passwd egret >/dev/null || fail "the user went"
rm -rf "$root/run/systemd/system"
echo "PASS: the package installs, upgrades and purges cleanly"
