#!/bin/bash
# Asks tshark whether a capture of record-demo.sh holds what its truth file says, and nothing from elsewhere.
#
#   usage: tests/lab/check-demo.sh [CAPTURE [TRUTH]]      default: those in tests/captures
#
# Prints one line a check; exits 1 if one fails.
set -euo pipefail

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PCAP=${1:-$LAB/../captures/demo.pcap}
TRUTH=${2:-${PCAP%.pcap}.truth.tsv}
LIMIT=14000000                # bytes that the capture may have
FAILED=0

ok() { printf 'ok      %s\n' "$*"; }
bad() { printf 'FAILED  %s\n' "$*"; FAILED=1; }

# ask FILTER FIELD...: the fields of every packet that the filter lets through
ask() {
	local filter=$1 fields=() field
	shift
	for field; do fields+=(-e "$field"); done
	# a filter that tshark does not understand must not pass for "no such packet"
	tshark -n -r "$PCAP" -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE \
		-Y "$filter" -T fields "${fields[@]}" 2>"$TMP/tshark.err" ||
		{ cat "$TMP/tshark.err" >&2; exit 1; }
}

# some WHAT FILTER: there is such a packet
some() {
	local n
	n=$(ask "$2" frame.number | wc -l)
	if ((n > 0)); then ok "$1: $n packets"; else bad "$1: none ($2)"; fi
}

# none WHAT FILTER: there is no such packet
none() {
	local n
	n=$(ask "$2" frame.number | wc -l)
	if ((n == 0)); then ok "no $1"; else bad "$n packets: $1 ($2)"; fi
}

check_shape() {
	local size
	size=$(stat -c %s "$PCAP")
	if ((size <= LIMIT)); then ok "size $size"; else bad "size $size is over $LIMIT"; fi
	if [[ $(head -c 4 "$PCAP" | od -An -tx1) == " d4 c3 b2 a1" ]]; then ok "classic pcap"; else bad "not a classic pcap"; fi
	none "cut packets" 'frame.cap_len < frame.len'
	none "packets larger than a cable carries" 'frame.len > 1514'
	none "wrong checksums" 'tcp.checksum.status == 0 || udp.checksum.status == 0 || ip.checksum.status == 0'
	none "addresses from outside the lab" \
		'(ip && !(ip.src in {10.77.0.0/16, 198.51.100.0/24, 203.0.113.0/24} && ip.dst in {10.77.0.0/16, 198.51.100.0/24, 203.0.113.0/24})) || (ipv6 && !(ipv6.src in {fd77::/64, 2001:db8:77::/64} && ipv6.dst in {fd77::/64, 2001:db8:77::/64}))'
}

check_variety() {
	some "TLS 1.3 over TCP" 'tcp && tls.handshake.type == 2 && tls.handshake.extensions.supported_version == 0x0304'
	some "TLS 1.2 over TCP" 'tcp && tls.handshake.type == 2 && !tls.handshake.extensions.supported_version'
	some "QUIC Initials" 'quic.long.packet_type == 0'
	some "client hellos with ML-KEM" 'tls.handshake.extensions_key_share_group == 4588'
	some "client hellos with ECH (GREASE)" 'tls.handshake.extension.type == 65037'
	some "HTTP requests in the clear" 'http.request'
	some "rclone in the clear" 'http.user_agent contains "rclone/"'
	some "IPv6 over TCP" 'ipv6 && tcp'
	some "IPv6 over QUIC" 'ipv6 && quic'
	some "DNS over UDP" 'udp && dns.flags.response == 1'
	some "DNS over TCP" 'tcp && dns.flags.response == 1'
	some "DNS with a CNAME" 'dns.resp.type == 5'
	some "DNS HTTPS records" 'dns.resp.type == 65'
	some "DNS: no such name" 'dns.flags.rcode == 3'
	some "ARP" 'arp'
	some "a refused connection" 'tcp.flags.reset == 1 && tcp.seq == 1 && tcp.ack == 1 && tcp.len == 0'
}

# streams: one line for each stream whose name can be read: transport, stream, client, name
streams() {
	ask 'tls.handshake.type == 1' tcp.stream udp.stream ip.src ipv6.src tls.handshake.extensions_server_name |
		awk -F '\t' -v OFS='\t' '$5 != "" { print ($1 == "" ? "quic" : "tcp"), $1 $2, $3 $4, $5 }'
	ask 'http.request' tcp.stream ip.src ipv6.src http.host |
		awk -F '\t' -v OFS='\t' '{ print "http", $1, $2 $3, $4 }'
}

# sent: one line a packet with payload: tcp or udp, stream, sender, payload bytes
sent() {
	ask 'tcp.len > 0 || quic' tcp.stream udp.stream ip.src ipv6.src tcp.len udp.length |
		awk -F '\t' -v OFS='\t' '{ print ($1 == "" ? "udp" : "tcp"), $1 $2, $3 $4, ($5 == "" ? $6 - 8 : $5) }'
}

# check_truth: every line of the truth has streams of that name, and they carry that many bytes and not
# many more (headers and encryption take a few per cent)
check_truth() {
	local client name transport bytes _ seen
	streams | sort -u >"$TMP/streams"
	sent >"$TMP/sent"
	while IFS=$'\t' read -r client name transport bytes _; do
		if [[ $transport == dns ]]; then
			some "$client asks for $name" "ip.src == $client && dns.qry.name == \"$name\""
			continue
		fi
		seen=$(awk -F '\t' -v OFS='\t' -v client="$client" -v name="$name" -v transport="$transport" '
			NR == FNR {
				if ($1 == transport && $3 == client && $4 == name)
					mine[($1 == "quic" ? "udp" : "tcp") OFS $2] = 1
				next
			}
			$3 == client && ($1 OFS $2) in mine { sum += $4 }
			END { print sum + 0 }' "$TMP/streams" "$TMP/sent")
		if ((seen >= bytes && seen <= bytes + bytes / 10 + 20000)); then
			ok "$client -> $name ($transport): body $bytes, on the wire $seen"
		else
			bad "$client -> $name ($transport): body $bytes, on the wire $seen"
		fi
	done < <(grep -v '^#' "$TRUTH")
}

# tell_strangers: names that were asked for but are not ours, for information (browsers ask on their own)
tell_strangers() {
	ask 'dns.flags.response == 0' dns.qry.name | tr '[:upper:]' '[:lower:]' | sort | uniq -c | while read -r count name; do
		cut -f 1 "$LAB/hosts.tsv" | grep -qxF "$name" || printf 'note    looked up and unknown: %s (%s times)\n' "$name" "$count"
	done
}

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
check_shape
check_variety
check_truth
tell_strangers
exit "$FAILED"
