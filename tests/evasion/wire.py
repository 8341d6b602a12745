"""Frames for the evasion tests, with right checksums unless a trick wants wrong ones."""
import socket
import struct

MAC = b"\2\0\0\0\0\1\2\0\0\0\0\2"
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
TCP, UDP, FRAGMENT = 6, 17, 44


def pcap(frames):
    """A capture of (time in ns, frame) pairs."""
    out = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)]
    for time, data in frames:
        out.append(struct.pack("<IIII", time // 10**9, time % 10**9, len(data), len(data)) + data)
    return b"".join(out)


def total(data):
    if len(data) % 2:
        data += b"\0"
    n = sum(struct.unpack(f">{len(data) // 2}H", data))
    while n > 0xFFFF:
        n = (n & 0xFFFF) + (n >> 16)
    return ~n & 0xFFFF


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def with_sum(source, destination, protocol, data, at, wrong):
    """The transport header's checksum filled in at that offset; wrong: another one, or None for zero."""
    a, b = packed(source), packed(destination)
    pseudo = a + b + struct.pack(">IBBBB" if len(a) == 16 else ">BBH", *(
        (len(data), 0, 0, 0, protocol) if len(a) == 16 else (0, protocol, len(data))))
    check = total(pseudo + data) or 0xFFFF
    if wrong is None:
        return data
    return data[:at] + struct.pack(">H", check ^ (0x5555 if wrong else 0)) + data[at + 2:]


def tcp(source, sport, destination, dport, seq, ack, flags, data=b"", wrong=False, options=b"",
        window=65535):
    head = struct.pack(">HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                       (20 + len(options)) << 2, flags, window, 0, 0) + options
    return with_sum(source, destination, TCP, head + data, 16, wrong)


def udp(source, sport, destination, dport, data, wrong=False):
    head = struct.pack(">HHHH", sport, dport, 8 + len(data), 0)
    return with_sum(source, destination, UDP, head + data, 6, wrong)


def ip4(source, destination, protocol, data, ttl=64, options=b"", number=0, fragment=0, wrong=False):
    head = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + len(data), number,
                       fragment, ttl, protocol, 0) + packed(source) + packed(destination) + options
    return head[:10] + struct.pack(">H", total(head) ^ (0x5555 if wrong else 0)) + head[12:] + data


def ip6(source, destination, protocol, data, ttl=64, chain=()):
    """`chain` holds extension headers as (number, bytes without the next header's number)."""
    numbers = [n for n, _ in chain] + [protocol]
    body = b"".join(bytes([numbers[i + 1]]) + rest for i, (_, rest) in enumerate(chain)) + data
    return struct.pack(">IHBB", 0x60000000, len(body), numbers[0], ttl) + \
        packed(source) + packed(destination) + body


def ip(source, destination, protocol, data, ttl=64):
    return (ip6 if ":" in source else ip4)(source, destination, protocol, data, ttl)


def ethernet(packet):
    return MAC + (b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00") + packet


def pieces4(packet, cuts, more_last=False, number=7):
    """An IPv4 packet in fragments that begin at these payload offsets (multiples of 8)."""
    source, destination = (socket.inet_ntoa(packet[a:a + 4]) for a in (12, 16))
    data, out = packet[20:], []
    for i, start in enumerate(cuts):
        end = cuts[i + 1] if i + 1 < len(cuts) else len(data)
        more = 0x2000 if end < len(data) or more_last else 0
        out.append(piece4(source, destination, packet[9], data[start:end], start, more, number))
    return out


def piece4(source, destination, protocol, data, start, more, number=7):
    return ip4(source, destination, protocol, data, number=number,
               fragment=start // 8 | (0x2000 if more else 0))


def piece6(source, destination, protocol, data, start, more, number=7, before=()):
    rest = struct.pack(">BHI", 0, start | bool(more), number)
    return ip6(source, destination, protocol, data, chain=tuple(before) + ((FRAGMENT, rest),))


class Talk:
    """Frames in order of time: 1 ms apart unless told otherwise."""

    def __init__(self, client, server="203.0.113.9", start=10**18):
        self.client, self.server = client, server
        self.time = start
        self.frames = []

    def put(self, packet, step=10**6):
        self.frames.append((self.time, ethernet(packet)))
        self.time += step

    def wait(self, seconds):
        self.time += int(seconds * 10**9)
        return self


class Tcp(Talk):
    """A TCP connection. Offsets of `seg` count from the first payload byte of that side."""

    def __init__(self, client, dport=443, sport=40000, isn=(1000, 9000), opened=True, **how):
        super().__init__(client, **how)
        self.ports = sport, dport
        self.isn = isn
        self.sent = [0, 0]
        if opened:
            self.open()

    def seg(self, side, at, data=b"", flags=PSH | ACK, ack=None, ttl=64, step=10**6, wrap=None, **how):
        ends = (self.client, self.ports[0], self.server, self.ports[1])
        if side:
            ends = ends[2:] + ends[:2]
        ack = self.sent[1 - side] if ack is None else ack
        body = tcp(*ends, self.isn[side] + 1 + at, self.isn[1 - side] + 1 + ack if flags & ACK else 0,
                   flags, data, **how)
        packet = (wrap or ip)(ends[0], ends[2], TCP, body, ttl)
        self.put(packet, step)
        return self

    def open(self, data=b""):
        self.seg(0, -1, data, SYN)
        self.seg(1, -1, b"", SYN | ACK)
        return self.seg(0, 0, b"", ACK)

    def say(self, side, data, size=1400, order=None, **how):
        """In segments, in this order of their numbers, acknowledged by the other side."""
        parts = [(i, data[i:i + size]) for i in range(0, len(data), size)]
        for i, part in (sorted(parts, key=order) if order else parts):
            self.seg(side, self.sent[side] + i, part, **how)
        return self.took(side, len(data))

    def took(self, side, n):
        """The other side has n more bytes."""
        self.sent[side] += n
        return self.seg(1 - side, self.sent[1 - side], b"", ACK)

    def c(self, data, **how):
        return self.say(0, data, **how)

    def s(self, data, **how):
        return self.say(1, data, **how)

    def close(self):
        for side in 0, 1:
            self.seg(side, self.sent[side], b"", FIN | ACK)
            self.sent[side] += 1
        self.seg(0, self.sent[0], b"", ACK)
        self.sent = [n - 1 for n in self.sent]
        return self


class Udp(Talk):
    def __init__(self, client, dport=53, sport=40000, **how):
        super().__init__(client, **how)
        self.ports = sport, dport

    def send(self, side, data, step=10**6, sport=None, server=None, ttl=64, **how):
        there = server or self.server
        ends = (self.client, sport or self.ports[0], there, self.ports[1])
        if side:
            ends = ends[2:] + ends[:2]
        self.put(ip(ends[0], ends[2], UDP, udp(*ends, data, **how), ttl), step)
        return self

    def c(self, data, **how):
        return self.send(0, data, **how)

    def s(self, data, **how):
        return self.send(1, data, **how)


# --- TLS -----------------------------------------------------------------------------------------

def vector(size, data):
    return len(data).to_bytes(size, "big") + data


def extension(kind, data):
    return struct.pack(">H", kind) + vector(2, data)


def sni(*names, kinds=None):
    entries = b"".join(bytes([kinds[i] if kinds else 0]) + vector(2, n) for i, n in enumerate(names))
    return extension(0, vector(2, entries))


def hello_message(name, more=b"", session=b"", front=b"", padding=0):
    """A ClientHello with that name, or (None) without one, or with those extension bytes."""
    ext = front
    if isinstance(name, bytes):
        ext += sni(name) if len(name) < 65000 else b""
    ext += extension(16, vector(2, vector(1, b"h2"))) + extension(43, vector(1, b"\3\4\3\3")) + more
    if padding:
        ext += extension(21, bytes(padding))
    body = b"\3\3" + bytes(range(32)) + vector(1, session) + vector(2, b"\x13\1\xc0\x2f") + b"\1\0" + \
        vector(2, ext)
    return b"\1" + vector(3, body)


def record(message, kind=22, version=b"\3\1"):
    return bytes([kind]) + version + vector(2, message)


def records(message, size, **how):
    return b"".join(record(message[i:i + size], **how) for i in range(0, len(message), size))


def hello(name, **how):
    return record(hello_message(name, **how))


def server_hello(retry=False):
    random = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c") if retry \
        else bytes(range(1, 33))
    ext = extension(43, b"\3\4") + extension(51, b"\0\x17")
    return record(b"\2" + vector(3, b"\3\3" + random + b"\0\x13\1\0" + vector(2, ext)), version=b"\3\3")


SERVER_HELLO = server_hello() + record(b"\1", 20, b"\3\3")


# --- DNS -----------------------------------------------------------------------------------------

def dns_name(text):
    return b"".join(vector(1, label) for label in text.encode().split(b".") if label) + b"\0"


def dns_head(number, flags, *counts):
    return struct.pack(">HHHHHH", number, flags, *(tuple(counts) + (0,) * (4 - len(counts))))


def question(name, kind=1):
    return (name if isinstance(name, bytes) else dns_name(name)) + struct.pack(">HH", kind, 1)


def query(name, number=1, kind=1, more=b"", extra=0):
    return dns_head(number, 0x0100, 1, 0, 0, extra) + question(name, kind) + more


def rr(owner, data, kind=1, ttl=300):
    return (owner if isinstance(owner, bytes) else dns_name(owner)) + struct.pack(">HHI", kind, 1, ttl) + \
        vector(2, data)


def answer(name, addresses, number=1, owner=b"\xc0\x0c"):
    body = b"".join(rr(owner, packed(a), 28 if ":" in a else 1) for a in addresses)
    return dns_head(number, 0x8180, 1, len(addresses)) + question(name) + body
