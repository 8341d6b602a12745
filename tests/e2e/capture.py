"""Capture files as lists of packets: read, rewritten, cut, dropped, doubled, for the replay tests."""
import random
import struct


class Packet:
    __slots__ = ("time", "data", "length")  # ns, captured bytes, length on the wire

    def __init__(self, time, data, length=None):
        self.time, self.data = time, data
        self.length = len(data) if length is None else length


def read(path):
    """Packets of a little-endian, microsecond pcap file."""
    with open(path, "rb") as f:
        blob = f.read()
    packets, at = [], 24
    while at < len(blob):
        s, us, captured, length = struct.unpack_from("<IIII", blob, at)
        packets.append(Packet(s * 10**9 + us * 1000, blob[at + 16:at + 16 + captured], length))
        at += 16 + captured
    return packets


def pcap(packets, order="<", nano=False, link=1):
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for p in packets:
        s, ns = divmod(p.time, 10**9)
        out.append(struct.pack(order + "IIII", s, ns if nano else ns // 1000, len(p.data), p.length))
        out.append(p.data)
    return b"".join(out)


def pcapng(packets, order="<", link=1):
    """Two sections; the second one has its packets on its second interface, in nanoseconds."""
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        n = len(body) + 12
        return struct.pack(order + "II", kind, n) + body + struct.pack(order + "I", n)

    section = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    micro = block(1, struct.pack(order + "HHI", link, 0, 0))
    nano = block(1, struct.pack(order + "HHIHHB3xHH", link, 0, 65535, 9, 1, 9, 0, 0))
    half = len(packets) // 2
    out = [section, micro]
    for i, p in enumerate(packets):
        if i == half:
            out += [section, block(1, struct.pack(order + "HHI", 113, 0, 96)), nano]
        stamp = p.time // 1000 if i < half else p.time
        out.append(block(6, struct.pack(order + "IIIII", 0 if i < half else 1, stamp >> 32,
                                        stamp & 0xFFFFFFFF, len(p.data), p.length) + p.data))
    return b"".join(out)


def dropped(packets, share, seed):
    r = random.Random(seed)
    return [p for p in packets if r.random() >= share]


def dropped_in_bursts(packets, share, mean, seed):
    """Alternates runs kept and runs lost, so that `share` is lost in bursts of this mean length."""
    r, out, lost, left = random.Random(seed), [], False, 0.0
    for p in packets:
        if left <= 0:
            lost = not lost
            left = r.expovariate(1 / (mean if lost else mean * (1 - share) / share))
        left -= 1
        if not lost:
            out.append(p)
    return out


def doubled(packets):
    return [q for p in packets for q in (p, Packet(p.time + 20000, p.data, p.length))]


def cut(packets, snaplen):
    return [Packet(p.time, p.data[:snaplen], p.length) for p in packets]


def sent_by(packets, address):
    """Packets over Ethernet and IPv4 from that address."""
    wanted = bytes(int(x) for x in address.split("."))
    return [p for p in packets if p.data[12:14] == b"\x08\x00" and p.data[26:30] == wanted]


# frames of our own, for names that no client would send

def ethernet(ip):
    return b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\x00" + ip


def ipv4(source, destination, protocol, payload):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0,
                       bytes(source), bytes(destination))
    total = sum(struct.unpack(">10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    check = ~(total + (total >> 16)) & 0xFFFF
    return head[:10] + struct.pack(">H", check) + head[12:] + payload


def udp(source, sport, destination, dport, payload):
    return ethernet(ipv4(source, destination, 17,
                         struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload))


def tcp(source, sport, destination, dport, seq, ack, flags, payload=b""):
    return ethernet(ipv4(source, destination, 6, struct.pack(
        ">HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags, 65535, 0, 0)
        + payload))


def tcp_exchange(client, sport, server, dport, request, reply=b"", start=0):
    """Packets of a connection that carries one request and one reply."""
    c, s = (client, sport, server, dport), (server, dport, client, sport)
    n, m = len(request), len(reply)
    frames = [tcp(*c, 100, 0, 2), tcp(*s, 900, 101, 0x12), tcp(*c, 101, 901, 0x10),
              tcp(*c, 101, 901, 0x18, request), tcp(*s, 901, 101 + n, 0x18, reply),
              tcp(*c, 101 + n, 901 + m, 0x11), tcp(*s, 901 + m, 102 + n, 0x11),
              tcp(*c, 102 + n, 902 + m, 0x10)]
    return [Packet(start + i * 10**6, f) for i, f in enumerate(frames)]


class Connection:
    """A TCP connection that a test writes turn by turn: c(bytes), s(bytes)."""

    def __init__(self, sport, dport, client=(10, 0, 0, 1), server=(203, 0, 113, 9), start=10**18,
                 handshake=True):
        self.ends = (client, sport, server, dport), (server, dport, client, sport)
        self.next = [101, 901]
        self.time = start
        self.packets = []
        if handshake:
            self.put(0, 2, -1)
            self.put(1, 0x12, -1)
            self.put(0, 0x10)

    def put(self, side, flags, shift=0, payload=b"", step=10**6):
        self.packets.append(Packet(self.time, tcp(
            *self.ends[side], self.next[side] + shift, self.next[1 - side], flags, payload)))
        self.time += step

    def say(self, side, payload, size=1400, order=None):
        """In segments of `size`, in the order of the sort key `order`."""
        pieces = [(i, payload[i:i + size]) for i in range(0, len(payload), size)]
        for i, piece in sorted(pieces, key=order) if order else pieces:
            self.put(side, 0x18, i, piece)
        self.next[side] += len(payload)
        self.put(1 - side, 0x10)
        return self

    def bulk(self, side, size, piece=60000):
        """Payload of that many bytes, of which only the heads of the packets were captured."""
        while size:
            n = min(size, piece)
            self.put(side, 0x18, payload=bytes(n))
            p = self.packets[-1]
            self.packets[-1] = Packet(p.time, p.data[:54], p.length)
            self.next[side] += n
            self.put(1 - side, 0x10)
            size -= n
        return self

    def c(self, payload, **how):
        return self.say(0, payload, **how)

    def s(self, payload, **how):
        return self.say(1, payload, **how)

    def close(self):
        for side in 0, 1:
            self.put(side, 0x11)
            self.next[side] += 1
        self.put(0, 0x10)
        return self.packets


def dns_answer(name, addresses, number=1, rcode=0, ttl=300):
    query = dns_query(name, number)
    return query[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1, len(addresses), 0, 0) + query[12:] + \
        b"".join(b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, ttl, 4) + bytes(a) for a in addresses)


def dns_query(name, number=1, kind=1):
    labels = b"".join(bytes([len(x)]) + x for x in name) + b"\0"
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack(">HH", kind, 1)


def client_hello(name, ciphers=(0xC02F,), alpn=()):
    """A small but whole TLS 1.2 ClientHello record with this server name, bytes as they are."""
    sni = struct.pack(">HBH", len(name) + 3, 0, len(name)) + name
    extensions = struct.pack(">HH", 0, len(sni)) + sni
    if alpn:
        names = b"".join(bytes([len(a)]) + a for a in alpn)
        extensions += struct.pack(">HHH", 16, len(names) + 2, len(names)) + names
    suites = b"".join(struct.pack(">H", c) for c in ciphers)
    body = b"\3\3" + bytes(32) + b"\0" + struct.pack(">H", len(suites)) + suites + b"\1\0" + \
        struct.pack(">H", len(extensions)) + extensions
    message = b"\1" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\3\1" + struct.pack(">H", len(message)) + message
