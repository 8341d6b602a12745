#!/bin/bash
# Records tests/captures/demo.pcap: real clients, in network namespaces of our own, against local servers
# that answer for the names of cloud services. Nothing leaves the namespaces.
#
#   usage: sudo tests/lab/record-demo.sh [DIRECTORY]      default: tests/captures
#
# Written for Debian 12. Packages:
#   caddy chromium curl dnsutils ethtool iproute2 nginx-light openssl python3 rclone tcpdump tshark unbound
#
# The lab, where every box is a network namespace:
#
#   clients 10.77.0.11 ... 10.77.0.14 --- lan [router] wan --- server: DNS, HTTPS, HTTP
#           fd77::11 ... fd77::14                       \
#                                                        tcpdump listens on "wan"
#
# hosts.tsv lists the names, their addresses and what stands behind each. What each client does is told in
# the function "scenario" at the end. Running it again replaces the capture; byte counts stay the same,
# times, keys and random contents do not.
set -Eeuo pipefail

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
OUT=$(realpath -m "${1:-$LAB/../captures}")
NS=egret-demo                 # every namespace is called egret-demo-SOMETHING
CLIENTS=(11 12 13 14)
RESOLVER=10.77.1.53
PAUSE=1                       # seconds that a client waits before each step
RUN=                          # scratch directory of this run

say() { printf '%s\n' "record-demo: $*" >&2; }
die() { say "$*"; exit 1; }

# inside NAMESPACE COMMAND...: runs a command in one of the lab's namespaces, with a bare environment: the
# caller's proxies, certificate bundles and settings must not change what a client does
inside() { ip netns exec "$NS-$1" env -i "${BARE[@]}" "${@:2}"; }

# become NAMESPACE COMMAND...: the same, for "become ... &": $! is then the command itself
become() { exec ip netns exec "$NS-$1" env -i "${BARE[@]}" "${@:2}"; }

# hosts: the lines of hosts.tsv that are not comments
hosts() { grep -v '^#' "$LAB/hosts.tsv"; }

# wait_until SECONDS COMMAND...: tries the command until it succeeds
wait_until() {
	local tries=$(($1 * 5))
	shift
	until "$@" >"$RUN/wait.out" 2>&1; do
		((tries-- > 0)) || { cat "$RUN/wait.out" >&2; die "gave up waiting for: $*"; }
		sleep 0.2
	done
}

# --- before and after ------------------------------------------------------------------------------------

check_tools() {
	local tool missing=()
	((EUID == 0)) || die "must run as root: it makes network namespaces"
	for tool in caddy chromium curl dig ethtool ip nginx openssl python3 rclone tcpdump tshark unbound; do
		command -v "$tool" >/dev/null || missing+=("$tool")
	done
	((${#missing[@]} == 0)) || die "not installed: ${missing[*]} (packages are listed at the top of this script)"
}

# remove_lab: ends the processes in our namespaces and removes these; also what an earlier run left behind
remove_lab() {
	local name pids
	for name in $(ip netns list | awk -v p="$NS-" 'index($1, p) == 1 { print $1 }'); do
		pids=$(ip netns pids "$name")
		# shellcheck disable=SC2086  # a list of numbers
		[[ -z $pids ]] || kill -KILL $pids 2>/dev/null || true
		ip netns del "$name" || true
	done
	rm -rf "/etc/netns/$NS"-*
}

finish() {
	local status=$?
	trap - EXIT
	remove_lab
	if ((status != 0)) && [[ -n $RUN ]]; then
		say "failed; logs are kept in $RUN"
	else
		rm -rf "$RUN"
	fi
	exit "$status"
}

# --- the network -----------------------------------------------------------------------------------------

# cable NAMESPACE INTERFACE NAMESPACE INTERFACE: a virtual cable whose packets are as on a real one
# (without offloads: no 64 kB segments, no checksums left open)
cable() {
	ip link add "$2" netns "$NS-$1" type veth peer name "$4" netns "$NS-$3"
	local end
	for end in "$1 $2" "$3 $4"; do
		# shellcheck disable=SC2086  # namespace and interface are two words
		set -- $end
		inside "$1" ethtool -K "$2" tso off gso off gro off tx off rx off >/dev/null
		inside "$1" ip link set "$2" up
	done
}

make_network() {
	local name i
	for name in router server "${CLIENTS[@]}"; do
		ip netns add "$NS-$name"
		inside "$name" ip link set lo up
	done

	inside router ip link add lan type bridge
	inside router ip link set lan up
	inside router ip addr add 10.77.0.1/24 dev lan
	inside router ip addr add fd77::1/64 dev lan nodad
	inside router sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	# whatever is not of the lab ends here
	inside router ip route add unreachable default
	inside router ip -6 route add unreachable default

	for i in "${CLIENTS[@]}"; do
		cable "$i" eth0 router "port$i"
		inside router ip link set "port$i" master lan
		inside "$i" ip addr add "10.77.0.$i/24" dev eth0
		inside "$i" ip addr add "fd77::$i/64" dev eth0 nodad
		inside "$i" ip route add default via 10.77.0.1
		inside "$i" ip -6 route add default via fd77::1
		mkdir -p "/etc/netns/$NS-$i"
		echo "nameserver $RESOLVER" >"/etc/netns/$NS-$i/resolv.conf"
	done

	cable server eth0 router wan
	inside router ip addr add 10.77.1.1/24 dev wan
	inside router ip addr add 2001:db8:77::1/64 dev wan nodad
	inside server ip addr add "$RESOLVER/24" dev eth0
	inside server ip route add 10.77.0.0/24 via 10.77.1.1
	inside router ip route add 198.51.100.0/24 via "$RESOLVER"
	inside router ip route add 203.0.113.0/24 via "$RESOLVER"
	hosts | cut -f 2 | grep -v '^-$' | sort -u | while read -r i; do
		inside server ip addr add "$i/32" dev eth0
	done
	hosts | cut -f 3 | grep -v '^-$' | sort -u | while read -r i; do
		inside server ip addr add "$i/64" dev eth0 nodad
	done
	inside server ip -6 route add fd77::/64 via 2001:db8:77::1
}

# --- the servers -----------------------------------------------------------------------------------------

# make_zone: the resolver's root zone, from hosts.tsv
make_zone() {
	cat <<-'EOF'
		$TTL 300
		. SOA ns.lab. hostmaster.lab. 1 3600 600 86400 300
		. NS ns.lab.
		ns.lab. A 10.77.1.53
		storage.googleapis.com. HTTPS 1 . alpn="h3,h2"
		example-news.test. TXT "v=spf1 -all"
	EOF
	hosts | awk -F '\t' '
		$4 != "-"            { print $1 ". 60 CNAME " $4 "."; $1 = $4 }
		seen[$1 "/" $2]++ == 0 && $2 != "-" { print $1 ". A " $2 }
		seen[$1 "/" $3]++ == 0 && $3 != "-" { print $1 ". AAAA " $3 }'
}

# make_certificates: a throwaway authority, one key for all servers, one certificate a name
make_certificates() {
	local name
	{
		openssl ecparam -name prime256v1 -genkey -noout -out ca.key
		openssl ecparam -name prime256v1 -genkey -noout -out leaf.key
		openssl req -x509 -new -key ca.key -subj "/CN=egret lab throwaway CA" -days 3650 -out ca.crt
		for name in $(hosts | awk -F '\t' '$5 == "caddy" || $5 == "nginx-tls" { print $1 }'); do
			openssl req -new -key leaf.key -subj "/CN=${name:0:64}" -out leaf.csr
			openssl x509 -req -in leaf.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -out "$name.crt" \
				-extfile <(printf 'subjectAltName=DNS:%s\nbasicConstraints=CA:FALSE\n' "$name")
		done
	} 2>openssl.log
	# how Chromium is told to trust that key
	SPKI=$(openssl pkey -in leaf.key -pubout -outform DER | openssl dgst -sha256 -binary | base64)
}

# picture: a bitmap of 160 x 120 random dots, 58 kB
picture() {
	printf 'BM\x36\xe1\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\xa0\0\0\0\x78\0\0\0\x01\0\x18\0'
	head -c 24 /dev/zero
	head -c 57600 /dev/urandom
}

# make_pages: the pages of www/ and what is too dull to be kept in the repository
make_pages() {
	local i
	cp -r "$LAB/www" .
	mkdir -p www/{cdn.example-news.test,www.dropbox.com,notmega.nz,ufile.io.example.com}
	mkdir -p www/deb.example-mirror.test/pool
	for i in 1 2; do picture >"www/cdn.example-news.test/$i.bmp"; done
	picture >www/www.example-news.test/3.bmp
	for i in {1..60}; do echo "p.c$i { margin: ${i}px; color: #0$((i % 10))f }"; done \
		>www/cdn.example-news.test/style.css
	for i in {1..4}; do head -c 90000 /dev/urandom >"www/video.example-stream.test/segment$i.bin"; done
	for i in www.dropbox.com notmega.nz ufile.io.example.com; do
		{ echo "<!doctype html><title>$i</title><pre>"; head -c 60000 /dev/urandom | base64; } >"www/$i/index.html"
	done
	head -c 250000 /dev/urandom >www/deb.example-mirror.test/pool/hello_2.10-3_amd64.deb
}

# make_payloads: what the clients upload; sizes are decimal, so that they are easy to recognize
make_payloads() {
	local size
	mkdir -p up
	for size in 150000 300000 400000 500000 800000 1000000 4000000; do
		head -c "$size" /dev/urandom >"up/$size"
	done
}

start_servers() {
	make_zone >root.zone
	sed "s|@RUN@|$RUN|" "$LAB/unbound.conf" >unbound.conf
	cp "$LAB/nginx.conf" .
	hosts | awk -F '\t' '$5 == "caddy" {
		addresses = $2 " " $3
		gsub(/ ?- ?/, "", addresses)
		print "https://" $1 " {\n\tbind " addresses "\n\timport site " $1 "\n}"
	}' >sites.caddy

	become server unbound -d -c "$RUN/unbound.conf" >unbound.out 2>&1 &
	become server python3 "$LAB/sink.py" "$RUN/sink.log" >sink.out 2>&1 &
	become server nginx -p "$RUN/" -c "$RUN/nginx.conf" >nginx.out 2>&1 &
	become server caddy run --config "$LAB/Caddyfile" --adapter caddyfile >caddy.out 2>&1 &
	disown -a

	# one request to each of them, before the recording begins
	wait_until 20 fetch 11 https://www.dropbox.com/
	wait_until 20 fetch 11 --tls-max 1.2 https://gfs270n080.userstorage.mega.co.nz/ -X POST
	wait_until 20 fetch 11 http://wiki.corp.example/
	: >sink.log
}

# --- the recording ---------------------------------------------------------------------------------------

start_recording() {
	become router tcpdump -i wan -n -U -B 65536 -Z root -w demo.pcap \
		'arp or net 10.77.0.0/16 or net fd77::/64' 2>tcpdump.log &
	RECORDER=$!
	wait_until 10 grep -q 'listening on' tcpdump.log
	inside router ip neigh flush dev wan   # so that the capture has its ARP
}

stop_recording() {
	sleep 1
	kill -INT "$RECORDER"
	wait "$RECORDER" || true
	grep -q '^0 packets dropped by kernel' tcpdump.log || die "tcpdump lost packets: $(cat tcpdump.log)"
}

# --- the clients -----------------------------------------------------------------------------------------

# fetch CLIENT CURL-ARGUMENTS...
fetch() {
	sleep "$PAUSE"
	inside "$1" curl -sS --fail --cacert ca.crt -o /dev/null --max-time 60 "${@:2}"
}

# copy CLIENT RCLONE-ARGUMENTS...
copy() {
	sleep "$PAUSE"
	inside "$1" rclone --config /dev/null --ca-cert ca.crt --retries 1 copyto "${@:2}" 2>>rclone.log
}

# ask CLIENT DIG-ARGUMENTS...
ask() {
	sleep "$PAUSE"
	inside "$1" dig +tries=1 "${@:2}" >>dig.log
}

# What Chromium looks up on its own, whatever the options; the names of the scenario go by DNS.
NO_CHATTER='MAP *.google.com ~NOTFOUND, MAP update.googleapis.com ~NOTFOUND'

# browse CLIENT NAME SERVER-LOG-PATTERN [CHROMIUM-ARGUMENTS...]: opens https://NAME/ in a new Chromium and
# closes it once a line of sink.log matches
browse() {
	local client=$1 name=$2 pattern=$3 browser
	sleep "$PAUSE"
	say "chromium of 10.77.0.$client opens https://$name/"
	become "$client" chromium --headless --no-sandbox --disable-gpu --no-first-run \
		--user-data-dir="$RUN/chromium-$name" --disable-background-networking --disable-component-update \
		--disable-default-apps --disable-sync --disable-domain-reliability --no-pings \
		--host-resolver-rules="$NO_CHATTER" --ignore-certificate-errors-spki-list="$SPKI" "${@:4}" "https://$name/" >>chromium.log 2>&1 &
	browser=$!
	wait_until 90 grep -qP "$pattern" sink.log
	sleep 1
	kill "$browser"
	wait "$browser" || true
}

# over_quic NAME: the Chromium option that makes it use HTTP/3 from the first request on
over_quic() { echo "--origin-to-force-quic-on=$1:443"; }

# 10.77.0.11: an ordinary day, nothing of which may be flagged
ordinary_user() {
	browse 11 www.example-news.test '\tmetrics.example-news.test\ttcp\tPOST\t'
	browse 11 video.example-stream.test '\tquic\tPOST\t/watched\t' "$(over_quic video.example-stream.test)"
	fetch 11 -4 --http2 https://www.example-news.test/
	fetch 11 --http2 https://www.dropbox.com/
	fetch 11 --http1.1 https://notmega.nz/
	fetch 11 --http1.1 https://ufile.io.example.com/
	fetch 11 --http2 --data "comment=$(head -c 2000 /dev/urandom | base64 -w0)" https://ufile.io.example.com/comment
	fetch 11 -4 http://deb.example-mirror.test/pool/hello_2.10-3_amd64.deb
	fetch 11 -6 http://deb.example-mirror.test/pool/hello_2.10-3_amd64.deb
	fetch 11 http://wiki.corp.example/
	fetch 11 --data 'page=Meeting+room&text=Ask+at+the+desk' http://wiki.corp.example/edit
	# a large upload, but to the office's own file server
	fetch 11 --upload-file up/500000 http://files.corp.example/team/holiday-pictures.zip
	# a port where nobody listens
	fetch 11 http://www.example-news.test:8080/ 2>/dev/null || true
	ask 11 no-such-host.example-news.test
	ask 11 example-news.test TXT +tcp
	ask 11 storage.googleapis.com HTTPS
	ask 11 -x 198.51.100.10
}

# 10.77.0.12: uploads over TCP
tcp_uploader() {
	copy 12 up/4000000 :webdav:Backups/projects.tar \
		--webdav-url https://webdav.pcloud.com --webdav-vendor other
	fetch 12 --http1.1 --data-binary @up/800000 -H 'Content-Type: application/octet-stream' \
		-H 'Dropbox-API-Arg: {"path":"/minutes.zip"}' https://content.dropboxapi.com/2/files/upload
	fetch 12 --tls-max 1.2 --data-binary @up/500000 -H 'Content-Type: application/octet-stream' \
		https://gfs270n080.userstorage.mega.co.nz/ul/example/0
}

# 10.77.0.13: uploads with a browser, over QUIC and over TCP
browser_uploader() {
	browse 13 storage.googleapis.com '\tstorage.googleapis.com\tquic\tPOST\t' "$(over_quic storage.googleapis.com)"
	browse 13 store1.gofile.io '\tstore1.gofile.io\ttcp\tPOST\t'
}

# 10.77.0.14: a machine that scripts run on
script_host() {
	fetch 14 --upload-file up/300000 http://transfer.sh/core.gz
	copy 14 up/150000 :webdav:notes.zip --webdav-url http://webdav.4shared.com --webdav-vendor other
	copy 14 up/1000000 :s3:acme-backups/weekly/db.dump --s3-provider AWS --s3-region eu-west-1 \
		--s3-access-key-id example --s3-secret-access-key example --s3-no-check-bucket \
		--s3-force-path-style=false
	fetch 14 -6 --http2 --upload-file up/400000 https://bashupload.com/logs.tgz
	ask 14 anonfiles.com
}

scenario() {
	ordinary_user
	tcp_uploader
	browser_uploader
	script_host
}

# --- the truth -------------------------------------------------------------------------------------------

write_truth() {
	cat <<-EOF
		# What demo.pcap holds, as counted by the servers of the lab; written by tests/lab/record-demo.sh.
		#
		# Clients: $(inside 11 chromium --version 2>/dev/null | grep -o 'Chromium [0-9.]*'), $(curl --version | grep -o '^curl [0-9.]*'), $(rclone version | sed -n '1s/^rclone v/rclone /p')
		#
		# client     the address that sent it
		# name       the host that it was sent to
		# transport  tcp: HTTPS over TCP; quic: HTTP/3; http: not encrypted; dns: only looked up
		# bytes      sum of the request bodies (PUT, POST) that arrived; headers and encryption come on top
		# requests   how many bodies that were
		# kind       upload: to be found; ordinary: to stay quiet; lookup: the name alone is the finding
		#
		# client	name	transport	bytes	requests	kind
	EOF
	awk -F '\t' -v OFS='\t' '
		NR == FNR { if ($0 !~ /^#/) kind[$1] = $6; next }
		$4 !~ /^(PUT|POST)$/ { next }
		{
			key = $1 OFS $2 OFS $3
			if (!(key in bytes)) { order[++n] = key; name[key] = $2 }
			bytes[key] += $6
			requests[key]++
		}
		END {
			for (i = 1; i <= n; i++)
				print order[i], bytes[order[i]], requests[order[i]], kind[name[order[i]]]
		}' "$LAB/hosts.tsv" sink.log
	printf '10.77.0.14\tanonfiles.com\tdns\t0\t0\tlookup\n'
}

main() {
	check_tools
	remove_lab
	trap finish EXIT
	trap 'say "line $LINENO failed: $BASH_COMMAND"' ERR
	trap 'exit 1' INT TERM HUP
	RUN=$(mktemp -d /tmp/egret-demo.XXXXXX)
	chmod 755 "$RUN"
	BARE=(PATH="$PATH" HOME="$RUN" TMPDIR="$RUN" LAB_RUN="$RUN" LANG=C.UTF-8 TZ=UTC)
	cd "$RUN"

	say "building the lab in $RUN"
	make_network
	make_certificates
	make_pages
	make_payloads
	start_servers

	say "recording"
	start_recording
	scenario
	stop_recording
	write_truth >demo.truth.tsv

	"$LAB/check-demo.sh" demo.pcap demo.truth.tsv
	mkdir -p "$OUT"
	install -m 644 demo.pcap demo.truth.tsv "$OUT"
	say "wrote $OUT/demo.pcap and $OUT/demo.truth.tsv"
}

main
