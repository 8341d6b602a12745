"""Bytes of connections: egret's conn records beside tshark's sums of payload, for compare_truth.py.

tshark adds up the payload of every packet that a capture holds. egret tells what got across: by
sequence and acknowledgement numbers over TCP, each byte once; over UDP the payload without copies of a
packet within 2 ms. What is compared, per connection (protocol and both ends) and direction, is egret's
acknowledged and unacknowledged bytes, less those that it says were not captured. They must be tshark's

* exactly, where tshark found nothing retransmitted;
* else less by at most what it took for retransmitted (a sum over both directions);
* less by at most KEEP_ALIVES bytes more: a keep-alive repeats one byte, or sends one that is none, and
  tshark does not take it for a retransmission.

Beyond that a difference is listed with its reason, and so is every connection of which bytes were sent
that the capture does not hold. Not every flow has a conn record: attempts without payload, DNS over UDP
(its records are dns), and what nobody answered in UDP below four packets have none.

Of the captures made in a lab the bodies that the clients really sent are known: egret's bytes to a name
are at least these, and more by no more than heads, handshakes and framing (OVERHEAD; QUIC sends its own
acknowledgements and padding as payload).

The Community ID of every conn record is computed anew here.
"""
import base64
import collections
import hashlib
import ipaddress
import struct

KEEP_ALIVES = 4
# part of the body, and bytes of each connection beside it
OVERHEAD = {"tcp": (0.02, 8000), "udp": (0.1, 15000)}
PROTOCOLS = {"tcp": 6, "udp": 17}
# DNS over UDP, which dns records tell
DNS_PORTS = {53, 5353, 5355, 137}
# so many packets of one side are a flow worth a record, twice as many if each may be there twice
UNANSWERED = 2 * 4


def packed(end):
    return ipaddress.ip_address(end[0]).packed + struct.pack("!H", end[1])


def community_id(transport, a, b):
    """Version 1 with seed 0."""
    ends = sorted((packed(a)[:-2], packed(a)[-2:]) for a in (a, b))
    if len(ends[0][0]) != len(ends[1][0]):  # an IPv4 address within IPv6
        ends = sorted((b"\0" * 10 + b"\xff\xff" + ip if len(ip) == 4 else ip, port)
                      for ip, port in ends)
    data = (b"\0\0" + ends[0][0] + ends[1][0] + bytes([PROTOCOLS[transport], 0])
            + ends[0][1] + ends[1][1])
    return "1:" + base64.b64encode(hashlib.sha1(data).digest()).decode()


class Direction:
    def __init__(self):
        self.payload = self.packets = self.bytes = self.missed = 0


class Connection:
    """One pair of ends; connections that used it in turn are added up."""

    def __init__(self):
        self.sides = collections.defaultdict(Direction)  # by the end that sent
        self.retransmitted = 0
        self.asked_for = True


def key_of(transport, a, b):
    return (transport,) + tuple(sorted((a, b)))


def end_text(end):
    return f"{end[0]} {end[1]}"


class Bytes:
    """What egret told of one capture."""

    def __init__(self):
        self.told = {}
        self.by_name = collections.defaultdict(list)  # of (transport, up, down)
        self.wrong_ids = []

    def take(self, record, address):
        """A conn record."""
        source, destination, ours = record["source"], record["destination"], record["egret"]
        a, b = ((address(x["ip"]), x["port"]) for x in (source, destination))
        transport = record["network"]["transport"]
        if record["network"]["community_id"] != community_id(transport, a, b):
            self.wrong_ids.append(f"{transport} {end_text(a)} {end_text(b)}")
        if "end" not in record["event"]["type"]:
            return
        connection = self.told.setdefault(key_of(transport, a, b), Connection())
        for end, totals, way in ((a, source, "up"), (b, destination, "down")):
            side = connection.sides[end]
            side.bytes += totals["bytes"] + ours.get("unacked", {}).get(way, 0)
            side.missed += ours.get("missed", {}).get(way, 0)
        self.by_name[destination.get("domain")].append(
            (transport, source["bytes"], destination["bytes"]))


def read_flows(rows, address, not_asked_for):
    """tshark's sums, by key."""
    flows = collections.defaultdict(Connection)
    for row in rows:
        if row["l4"] not in PROTOCOLS or not row["cport"]:
            continue
        client = address(row["client"]), int(row["cport"])
        server = address(row["server"]), int(row["sport"])
        flow = flows[key_of(row["l4"], client, server)]
        for end, way in ((client, "up"), (server, "dn")):
            flow.sides[end].payload += int(row["pay_" + way])
            flow.sides[end].packets += int(row["pkts_" + way])
        flow.retransmitted += int(row["retrans_pay"])
        flow.asked_for &= not not_asked_for & set(row["encap"].replace("+", ",").split(","))
    return flows


def needs_record(key, flow):
    ends = list(flow.sides.values())
    if not any(s.payload for s in ends):
        return False
    if key[0] == "tcp":
        return True
    ports = {key[1][1], key[2][1]}
    answered = all(s.packets for s in ends) and len(ends) == 2
    return not ports & DNS_PORTS and (answered or sum(s.packets for s in ends) >= UNANSWERED)


def differences_of(key, flow, told):
    """(side, text) of one connection that both know."""
    less = 0
    for end, other in ((key[1], key[2]), (key[2], key[1])):
        ours, theirs = told.sides[end], flow.sides[end].payload
        text = f"{key[0]} {end_text(end)} {end_text(other)}"
        if ours.missed:
            yield "missing", f"{text} {ours.missed} not captured"
        have = ours.bytes - ours.missed
        less += theirs - have
        if have > theirs:
            yield "extra", f"{text} {have} of {theirs}"
    if less > flow.retransmitted + 2 * KEEP_ALIVES:
        yield "missing", f"{key[0]} {end_text(key[1])} {end_text(key[2])} {less} too few both ways"


def compare_flows(flows, told):
    """How many connections were compared, and (side, text) of each difference."""
    compared = 0
    found = []
    for key, flow in flows.items():
        if not flow.asked_for:
            continue
        if key in told:
            compared += 1
            found.extend(differences_of(key, flow, told[key]))
        elif needs_record(key, flow):
            found.append(("missing", f"{key[0]} {end_text(key[1])} {end_text(key[2])} no record"))
    for key in told.keys() - flows.keys():
        found.append(("extra", f"{key[0]} {end_text(key[1])} {end_text(key[2])} no flow"))
    return compared, found


def compare_uploads(rows, capture, by_name, canonical):
    """The same for the bodies that clients sent to names."""
    sent = collections.defaultdict(lambda: [0, 0])
    for row in rows:
        if capture == f"generated__{row['pcap']}.pcap":
            bodies = sent[canonical(row["name"])]
            bodies[0] += int(row["up_body"])
            bodies[1] += int(row["down_body"])
    found = []
    for name, bodies in sent.items():
        for i, way in enumerate(("up", "down")):
            connections = by_name.get(name, ())
            have = sum(c[1 + i] for c in connections)
            beside = sum(bodies[i] * OVERHEAD[c[0]][0] / len(connections) + OVERHEAD[c[0]][1]
                         for c in connections)
            if have < bodies[i]:
                found.append(("missing", f"{name} {way} {have} of {bodies[i]}"))
            elif have > bodies[i] + beside:
                found.append(("extra", f"{name} {way} {have} of {bodies[i]}"))
    return len(sent), found
