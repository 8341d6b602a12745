"""The tricks: each case makes frames and says what must come out of them. evasion_test.py runs them.

A case returns a Talk, or a list of (time, frame), and the names of its function's keywords say what is
looked for, see EXPECTED in evasion_test.py.
"""
import struct

import quic
from wire import (ACK, FIN, PSH, RST, SERVER_HELLO, SYN, TCP, UDP, URG, Tcp, Udp, answer, dns_head,
                  dns_name, ethernet, extension, hello, hello_message, ip, ip4, ip6, packed, piece4, piece6,
                  pieces4, query, question, record, records, rr, server_hello, sni, tcp, udp, vector)

CLIENT, SERVER = "10.0.0.1", "203.0.113.9"
REAL, DECOY = b"gfs1.userstorage.mega.co.nz", b"www.example.org"
SAME = b"gfs1.userstorage.example.nz"  # a decoy as long as the real name
NAME, FALSE = REAL.decode(), DECOY.decode()
HELLO, LIE = hello(REAL), hello(DECOY)
LIE_SAME = hello(SAME)
UPLOAD = 50000
CASES = []


def case(title, **expected):
    def add(make):
        CASES.append((title, make, expected))
        return make
    return add


def upload(t, n=UPLOAD):
    """The server answers, the client sends n bytes, both close."""
    return t.s(SERVER_HELLO).c(bytes([0x17, 3, 3, 0x40, 0]) + b"u" * (n - 5)).close()


def mega(bytes_up=len(HELLO) + UPLOAD, **more):
    """The upload goes to MEGA's account, and the connection's bytes are these."""
    return dict(service="MEGA", up=bytes_up, name=NAME, **more)


# --- segments ------------------------------------------------------------------------------------

@case("segments: one byte each", **mega())
def _():
    return upload(Tcp(CLIENT).c(HELLO, size=1))


@case("segments: out of order, last first", **mega())
def _():
    return upload(Tcp(CLIENT).c(HELLO, size=17, order=lambda p: -p[0]))


@case("segments: one byte each, every second one first", **mega())
def _():
    return upload(Tcp(CLIENT).c(HELLO[:50], size=1, order=lambda p: (p[0] % 2 == 0, p[0])).c(HELLO[50:]))


@case("segments: upload in segments of one byte, shuffled", **mega(len(HELLO) + 2000))
def _():
    t = Tcp(CLIENT).c(HELLO).s(SERVER_HELLO)
    return t.c(b"u" * 2000, size=1, order=lambda p: (p[0] // 8, p[0] * 7919 % 31)).close()


@case("overlap: decoy first, real one over it", **mega(marks={"overlap"}, tls={NAME, SAME.decode()},
                                                     counts={"stream_overlaps"}))
def _():
    t = Tcp(CLIENT).seg(0, 0, LIE_SAME, ttl=3)
    return upload(t.c(HELLO))


@case("overlap: decoy of another length first", **mega(marks={"overlap"}, tls={NAME, FALSE}))
def _():
    return upload(Tcp(CLIENT).seg(0, 0, LIE, ttl=3).c(HELLO))


@case("overlap: longer decoy first", **mega(marks={"overlap"}, tls={NAME, "x" * 60 + ".example.org"}))
def _():
    return upload(Tcp(CLIENT).seg(0, 0, hello(b"x" * 60 + b".example.org")).c(HELLO))


@case("overlap: decoy of a few bytes first", **mega(marks={"overlap"}, tls={NAME, FALSE}))
def _():
    return upload(Tcp(CLIENT).seg(0, 0, LIE, ttl=3).c(HELLO, size=20))


@case("overlap: real one first, decoy over it", **mega(marks={"overlap"}))
def _():
    t = Tcp(CLIENT).seg(0, 0, HELLO).seg(0, 0, LIE_SAME)
    return upload(t.took(0, len(HELLO)))


@case("overlap: decoy over it after the acknowledgement", **mega(marks={"overlap"}))
def _():
    return upload(Tcp(CLIENT).c(HELLO).seg(0, 0, LIE_SAME))


@case("overlap: decoy over it after the server's answer", **mega(tls={NAME}))
def _():
    t = Tcp(CLIENT).c(HELLO).s(SERVER_HELLO).seg(0, 0, LIE_SAME)
    return t.c(b"u" * UPLOAD).close()


@case("overlap: the decoy's name alone, ahead of its hole", **mega(marks={"overlap"},
                                                                 counts={"stream_overlaps"}))
def _():
    at = HELLO.index(REAL)
    t = Tcp(CLIENT).seg(0, at, SAME + LIE_SAME[at + len(SAME):])
    return upload(t.c(HELLO, size=30))


@case("overlap: the real name ahead of its hole, the decoy behind it", **mega(marks={"overlap"}))
def _():
    at = HELLO.index(REAL)
    return upload(Tcp(CLIENT).seg(0, at, HELLO[at:]).seg(0, 0, LIE_SAME).c(HELLO))


@case("overlap: junk of one byte first", **mega(marks={"overlap"}))
def _():
    return upload(Tcp(CLIENT).seg(0, 0, b"X", ttl=3).c(HELLO))


@case("overlap: junk first, then the real one in small segments", **mega(marks={"overlap"}))
def _():
    return upload(Tcp(CLIENT).seg(0, 0, b"SSH-2.0-x\r\n" * 6, ttl=3).c(HELLO, size=7))


@case("overlap: a plain-text decoy request first, then TLS", **mega(marks={"overlap"}))
def _():
    lie = b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n"
    return upload(Tcp(CLIENT).seg(0, 0, lie, ttl=3).c(HELLO))


@case("overlap: sent again with the same bytes is no trick", **mega(marks=set(), tls={NAME}))
def _():
    t = Tcp(CLIENT).seg(0, 0, HELLO[:40]).seg(0, 0, HELLO[:40]).seg(0, 20, HELLO[20:80])
    return upload(t.seg(0, 30, HELLO[30:]).took(0, len(HELLO)).seg(0, 0, HELLO))


@case("overlap: retransmitted upload with other content is counted once", **mega())
def _():
    t = Tcp(CLIENT).c(HELLO).s(SERVER_HELLO).c(b"u" * UPLOAD)
    for at in range(0, UPLOAD, 1400):
        t.seg(0, len(HELLO) + at, b"v" * min(1400, UPLOAD - at))
    return t.close()


# --- checksums and TTL ---------------------------------------------------------------------------

@case("checksum: decoy with a wrong TCP checksum first", **mega(marks={"checksum"}, tls={NAME},
                                                              counts={"bad_transport_checksum"}))
def _():
    return upload(Tcp(CLIENT).seg(0, 0, LIE_SAME, wrong=True).c(HELLO))


@case("checksum: zero, which a card may leave, says nothing", **mega(marks={"overlap"}))
def _():
    return upload(Tcp(CLIENT).seg(0, 0, LIE_SAME, wrong=None).c(HELLO))


@case("checksum: large decoy with a wrong TCP checksum first", **mega(
    UPLOAD + len(hello(REAL, padding=900)), marks={"checksum"}, tls={NAME}))
def _():
    t = Tcp(CLIENT).seg(0, 0, hello(SAME, padding=900), wrong=True)
    return upload(t.c(hello(REAL, padding=900)))


@case("checksum: decoy over IPv6", client="2001:db8::1", **mega(marks={"checksum"}, tls={NAME}))
def _():
    t = Tcp("2001:db8::1", server="2001:db8::9").seg(0, 0, LIE_SAME, wrong=True)
    return upload(t.c(HELLO))


@case("checksum: all are wrong, so they say nothing", **mega(marks=set(), tls={NAME}))
def _():
    t = Tcp(CLIENT, opened=False)
    t.seg(0, -1, b"", SYN, wrong=True).seg(1, -1, b"", SYN | ACK, wrong=True).seg(0, 0, b"", ACK, wrong=True)
    return upload(t.c(HELLO, wrong=True))


@case("checksum: RST with a wrong one", **mega(marks={"checksum"}))
def _():
    t = Tcp(CLIENT).c(HELLO).seg(0, len(HELLO), b"", RST, wrong=True).wait(30)
    return upload(t)


@case("checksum: FINs with a wrong one, of both sides", **mega(marks={"checksum"}))
def _():
    t = Tcp(CLIENT).c(HELLO)
    t.seg(0, len(HELLO), b"", FIN | ACK, wrong=True).seg(1, 0, b"", FIN | ACK, wrong=True).wait(30)
    return upload(t)


@case("checksum: a SYN with a wrong one begins nothing", **mega(marks={"checksum"}))
def _():
    t = Tcp(CLIENT).c(HELLO)
    t.seg(0, 777777, b"", SYN, wrong=True).seg(1, 555555, b"", SYN | ACK, wrong=True)
    return upload(t)


@case("checksum: wrong one of the IP header", **mega(counts={"bad_ip_checksum"}, tls={NAME}))
def _():
    t = Tcp(CLIENT).seg(0, 0, LIE_SAME, wrap=lambda a, b, p, d, ttl: ip4(a, b, p, d, ttl, wrong=True))
    return upload(t.c(HELLO))


@case("ttl: decoy of a low one, real one after it", **mega(marks={"overlap"}, tls={NAME, SAME.decode()}))
def _():
    return upload(Tcp(CLIENT).seg(0, 0, LIE_SAME, ttl=1).c(HELLO))


# --- RST, FIN, SYN -------------------------------------------------------------------------------

@case("rst: out of the window", **mega())
def _():
    return upload(Tcp(CLIENT).c(HELLO).seg(0, 50_000_000, b"", RST))


@case("rst: in the window, and on it goes at once", **mega())
def _():
    return upload(Tcp(CLIENT).c(HELLO).seg(0, len(HELLO), b"", RST, ttl=2))


@case("rst: and on it goes a minute later", **mega(marks={"reset"}))
def _():
    return upload(Tcp(CLIENT).c(HELLO).seg(0, len(HELLO), b"", RST, ttl=2).wait(60))


@case("rst: forged for both sides, and on it goes a minute later", **mega(marks={"reset"}))
def _():
    t = Tcp(CLIENT).c(HELLO).seg(0, len(HELLO), b"", RST).seg(1, 0, b"", RST)
    return upload(t.wait(60))


@case("rst: before the hello, and on it goes a minute later", **mega())
def _():
    return upload(Tcp(CLIENT).seg(0, 0, b"", RST, ttl=2).wait(60).c(HELLO))


@case("fin: before the data", **mega())
def _():
    return upload(Tcp(CLIENT).seg(0, 0, b"", FIN | ACK, ttl=2).c(HELLO))


@case("fin: forged for both sides, and on it goes a minute later", **mega(marks={"reset"}))
def _():
    t = Tcp(CLIENT).c(HELLO).seg(0, len(HELLO), b"", FIN | ACK).seg(1, 0, b"", FIN | ACK)
    return upload(t.wait(60))


@case("pause: an hour of silence before the upload", **mega())
def _():
    return upload(Tcp(CLIENT).c(HELLO).s(SERVER_HELLO).wait(3600))


@case("syn: with the hello as its data", **mega())
def _():
    t = Tcp(CLIENT, opened=False).open(HELLO)
    return upload(t.took(0, len(HELLO)))


@case("syn: with a decoy as its data, which the server drops", **mega(marks={"overlap"},
                                                                    tls={NAME, SAME.decode()}))
def _():
    return upload(Tcp(CLIENT, opened=False).open(LIE_SAME).c(HELLO))


@case("syn: the answer has another acknowledgement first", **mega())
def _():
    t = Tcp(CLIENT, opened=False).seg(0, -1, b"", SYN)
    t.seg(1, -1, b"", SYN | ACK, ack=70000).seg(1, -1, b"", SYN | ACK).seg(0, 0, b"", ACK)
    return upload(t.c(HELLO))


@case("syn: a decoy SYN with another number first", **mega())
def _():
    return upload(Tcp(CLIENT, opened=False).seg(0, 4_000_000, b"", SYN).open().c(HELLO))


@case("syn: a SYN in the midst of the connection", **mega())
def _():
    return upload(Tcp(CLIENT).c(HELLO).seg(0, 123456, b"", SYN))


@case("syn: the client answers itself, to pass for the server", **mega())
def _():
    t = Tcp(CLIENT, opened=False).seg(0, -1, b"", SYN | ACK).open()
    return upload(t.c(HELLO))


@case("ports: used again at once by another connection", service="MEGA", up=len(HELLO) + UPLOAD, name=NAME,
      tls={NAME, FALSE})
def _():
    first = Tcp(CLIENT).c(LIE).s(SERVER_HELLO).close()
    again = Tcp(CLIENT, isn=(5_000_000, 7_000_000), start=first.time).c(HELLO)
    return first.frames + upload(again).frames


@case("ports: used again after a RST", service="MEGA", up=len(HELLO) + UPLOAD, name=NAME, tls={NAME, FALSE})
def _():
    first = Tcp(CLIENT).c(LIE).s(SERVER_HELLO)
    first.seg(0, first.sent[0], b"", RST)
    again = Tcp(CLIENT, isn=(5_000_000, 7_000_000), start=first.time).c(HELLO)
    return first.frames + upload(again).frames


@case("flags: data without ACK, with URG, with odd bits", **mega())
def _():
    t = Tcp(CLIENT).seg(0, 0, HELLO[:20], 0).seg(0, 20, HELLO[20:40], URG | PSH | ACK)
    return upload(t.seg(0, 40, HELLO[40:], PSH | ACK | 0xC0).took(0, len(HELLO)))


@case("options: data behind TCP options (MD5, timestamps)", **mega())
def _():
    t = Tcp(CLIENT)
    t.seg(0, 0, HELLO, options=b"\x13\x12" + bytes(16) + b"\1\1")
    return upload(t.took(0, len(HELLO)))


# --- IP ------------------------------------------------------------------------------------------

@case("ip: options in every packet", **mega())
def _():
    def wrap(a, b, p, d, ttl):
        return ip4(a, b, p, d, ttl, options=b"\x94\4\0\0" + b"\x83\7\4" + packed(b) + b"\0")
    return upload(Tcp(CLIENT).c(HELLO, wrap=wrap))


@case("ip: padding behind the packet is no payload", **mega())
def _():
    t = Tcp(CLIENT).c(HELLO)
    t.frames = [(time, f + b"\xee" * 18) for time, f in t.frames]
    return upload(t)


def fragmented(cut):
    """The hello's packet replaced by what `cut` makes of it; the upload follows."""
    t = Tcp(CLIENT)
    body = tcp(CLIENT, 40000, SERVER, 443, t.isn[0] + 1, t.isn[1] + 1, PSH | ACK, HELLO)
    for piece in cut(body):
        t.put(piece)
    return upload(t.took(0, len(HELLO)))


@case("fragments: of 8 bytes", **mega())
def _():
    return fragmented(lambda b: pieces4(ip4(CLIENT, SERVER, TCP, b), range(0, len(b), 8)))


@case("fragments: of 8 bytes, last first", **mega())
def _():
    return fragmented(lambda b: pieces4(ip4(CLIENT, SERVER, TCP, b), range(0, len(b), 8))[::-1])


@case("fragments: the same content twice is no trick", **mega(counts={"fragments_duplicated"}))
def _():
    def cut(b):
        p = pieces4(ip4(CLIENT, SERVER, TCP, b), range(0, len(b), 48))
        return [q for q in p for _ in range(2)]
    return fragmented(cut)


@case("fragments: overlapping with other content, decoy first", marks={"checksum"},
      counts={"fragments_overlapped"})
def _():
    lie = tcp(CLIENT, 40000, SERVER, 443, 1001, 9001, PSH | ACK, LIE_SAME)

    def cut(b):
        at = (20 + HELLO.index(REAL)) // 8 * 8
        return [piece4(CLIENT, SERVER, TCP, lie[at:], at, False), piece4(CLIENT, SERVER, TCP, b[at:], at, False),
                piece4(CLIENT, SERVER, TCP, b[:at], 0, True)]
    return fragmented(cut)


@case("fragments: overlapping with other content, decoy last", **mega(counts={"fragments_overlapped"}))
def _():
    lie = tcp(CLIENT, 40000, SERVER, 443, 1001, 9001, PSH | ACK, LIE_SAME)

    def cut(b):
        at = (20 + HELLO.index(REAL)) // 8 * 8
        return [piece4(CLIENT, SERVER, TCP, b[at:], at, False), piece4(CLIENT, SERVER, TCP, lie[at:], at, False),
                piece4(CLIENT, SERVER, TCP, b[:at], 0, True)]
    return fragmented(cut)


@case("fragments: one beyond 64 KiB", **mega(counts={"fragments_malformed"}))
def _():
    def cut(b):
        return [piece4(CLIENT, SERVER, TCP, bytes(1000), 65528, False, number=9),
                ip4(CLIENT, SERVER, TCP, b)]
    return fragmented(cut)


@case("fragments: that never end are given up", **mega(counts={"fragments_expired"}))
def _():
    t = Tcp(CLIENT)
    for n in range(20):
        t.put(piece4(CLIENT, SERVER, TCP, bytes(24), 0, True, number=100 + n))
    return upload(t.wait(60).c(HELLO))


C6, S6 = "2001:db8::1", "2001:db8::9"


def mega6(**more):
    return dict(mega(**more), client=C6)


def fragmented6(cut):
    t = Tcp(C6, server=S6)
    body = tcp(C6, 40000, S6, 443, t.isn[0] + 1, t.isn[1] + 1, PSH | ACK, HELLO)
    for piece in cut(body):
        t.put(piece)
    return upload(t.took(0, len(HELLO)))


@case("ipv6: atomic fragments", **mega6())
def _():
    return fragmented6(lambda b: [piece6(C6, S6, TCP, b, 0, False)])


@case("ipv6: fragments out of order behind extension headers", **mega6())
def _():
    chain = ((0, b"\0\1\4" + bytes(4)), (60, b"\0\1\4" + bytes(4)))
    return fragmented6(lambda b: [piece6(C6, S6, TCP, b[at:at + 16], at, at + 16 < len(b), before=chain)
                                  for at in reversed(range(0, len(b), 16))])


@case("ipv6: a long chain of extension headers", **mega6())
def _():
    chain = ((0, b"\0\1\4" + bytes(4)),) + ((60, b"\0\1\4" + bytes(4)),) * 40
    return fragmented6(lambda b: [ip6(C6, S6, TCP, b, chain=chain)])


@case("ipv6: fragments in fragments are refused", **mega6(counts={"ip_malformed"}))
def _():
    def cut(b):
        twice = ip6(C6, S6, TCP, b, chain=((44, b"\0\0\0\0\0\0\7"), (44, b"\0\0\0\0\0\0\x08")))
        return [twice, ip6(C6, S6, TCP, b)]
    return fragmented6(cut)


def in_tunnels(packet, n):
    for i in range(n):
        packet = ip4(f"192.0.2.{1 + i % 2}", f"192.0.2.{2 - i % 2}", 4, packet)
    return packet


@case("tunnels: nine deep", **mega())
def _():
    t = upload(Tcp(CLIENT).c(HELLO))
    t.frames = [(time, ethernet(in_tunnels(f[14:], 9))) for time, f in t.frames]
    return t


@case("tunnels: deeper than is followed are counted", counts={"nesting_exceeded"})
def _():
    t = upload(Tcp(CLIENT).c(HELLO))
    t.frames = [(time, ethernet(in_tunnels(f[14:], 20))) for time, f in t.frames]
    return t


@case("tunnels: GRE in VXLAN in GRE, VLAN tags between", **mega())
def _():
    def wrap(f):
        inner = f[:12] + b"\x81\0\0\5" + f[12:]
        gre = ip4("192.0.2.1", "192.0.2.2", 47, b"\0\0\x65\x58" + inner)
        vx = ip4("192.0.2.3", "192.0.2.4", UDP, udp("192.0.2.3", 5555, "192.0.2.4", 4789,
                                                    b"\x08\0\0\0\0\0\7\0" + ethernet(gre)))
        return ethernet(ip4("192.0.2.5", "192.0.2.6", 47, b"\0\0\x08\0" + vx))
    t = upload(Tcp(CLIENT).c(HELLO))
    t.frames = [(time, wrap(f)) for time, f in t.frames]
    return t


# --- TLS -----------------------------------------------------------------------------------------

@case("tls: hello in records of one byte", **mega(UPLOAD + 6 * len(hello_message(REAL))))
def _():
    return upload(Tcp(CLIENT).c(records(hello_message(REAL), 1)))


@case("tls: hello in records of one byte, segments of seven", **mega(UPLOAD + 6 * len(hello_message(REAL))))
def _():
    return upload(Tcp(CLIENT).c(records(hello_message(REAL), 1), size=7))


@case("tls: hello over records with alerts and CCS between", **mega(None))
def _():
    m = hello_message(REAL)
    return upload(Tcp(CLIENT).c(record(m[:30]) + record(b"\1\0", 21) + record(m[30:])))


@case("tls: empty records before and between", **mega(None))
def _():
    m = hello_message(REAL)
    return upload(Tcp(CLIENT).c(record(b"") + record(m[:9]) + record(b"") * 3 + record(m[9:])))


@case("tls: records of odd versions", **mega())
def _():
    return upload(Tcp(CLIENT).c(record(hello_message(REAL), version=b"\3\4")))


@case("tls: version 3.255 in the record", service="MEGA", up=len(HELLO) + UPLOAD)
def _():
    return upload(Tcp(CLIENT).c(record(hello_message(REAL), version=b"\3\xff")))


@case("tls: version 0.0 in the record", service="MEGA", up=len(HELLO) + UPLOAD)
def _():
    return upload(Tcp(CLIENT).c(record(hello_message(REAL), version=b"\0\0")))


@case("tls: another name in the hello after a HelloRetryRequest", **mega(
    None, marks={"names"}, tls={NAME, FALSE}))
def _():
    t = Tcp(CLIENT).c(LIE).s(server_hello(retry=True))
    return upload(t.c(record(b"\1", 20, b"\3\3") + HELLO))


@case("tls: the second hello after a HelloRetryRequest in pieces", **mega(
    None, marks={"names"}, tls={NAME, FALSE}))
def _():
    t = Tcp(CLIENT).c(LIE).s(server_hello(retry=True))
    return upload(t.c(record(b"\1", 20, b"\3\3") + HELLO, size=11))


@case("tls: the same name after a HelloRetryRequest is no trick", **mega(None, marks=set(), tls={NAME}))
def _():
    t = Tcp(CLIENT).c(HELLO).s(server_hello(retry=True))
    return upload(t.c(record(b"\1", 20, b"\3\3") + HELLO))


@case("tls: a second hello right behind the first", **mega(None, marks={"names"}))
def _():
    return upload(Tcp(CLIENT).c(LIE + HELLO))


@case("tls: a second hello in the first one's record", **mega(None, marks={"names"}))
def _():
    return upload(Tcp(CLIENT).c(record(hello_message(DECOY) + hello_message(REAL))))


@case("tls: hello of 16 KB", **mega(None))
def _():
    return upload(Tcp(CLIENT).c(hello(REAL, padding=15000)))


@case("tls: name at the end of 15 KB of extensions", **mega(None))
def _():
    front = b"".join(extension(0x7000 + i, bytes(1000)) for i in range(15))
    return upload(Tcp(CLIENT).c(hello(REAL, front=front), size=500, order=lambda p: p[0] // 500 ^ 1))


# --- server names --------------------------------------------------------------------------------

def named(name, **how):
    return upload(Tcp(CLIENT).c(hello(name, **how)))


@case("sni: upper case", **mega())
def _():
    return named(REAL.upper())


@case("sni: trailing dot", **mega(None))
def _():
    return named(REAL + b".")


@case("sni: blanks around it are not taken away", name="\\032" + NAME + "\\032")
def _():
    return named(b" " + REAL + b" ")


@case("sni: punycode stays punycode", name="xn--mnchen-3ya.example")
def _():
    return named(b"xn--mnchen-3ya.example")


@case("sni: raw UTF-8 is escaped", name="m\\195\\188nchen.example")
def _():
    return named("münchen.example".encode())


@case("sni: 255 bytes below a service's name", service="MEGA", up=None)
def _():
    return named(b"x" * 62 + b"." + b"y" * 62 + b"." + b"z" * 62 + b"." + b"w" * 58 + b"." + b"mega.nz")


@case("sni: 300 bytes, of which the end is lost", marks={"names"})
def _():
    return named((b"x" * 49 + b".") * 6 + b"mega.nz")


@case("sni: NUL inside", name="mega.nz\\000.example.org")
def _():
    return named(b"mega.nz\0.example.org")


@case("sni: NUL at the end", name="mega.nz\\000")
def _():
    return named(b"mega.nz\0")


@case("sni: a dot at the front, two dots inside", service="MEGA", up=None)
def _():
    return named(b"x..mega.nz")


@case("sni: list of two names, decoy first", **mega(None, marks={"names"}))
def _():
    return named(None, more=sni(DECOY, REAL))


@case("sni: list of two names, decoy last", **mega(None, marks={"names"}))
def _():
    return named(None, more=sni(REAL, DECOY))


@case("sni: a name of another type first", **mega(None))
def _():
    return named(None, more=sni(DECOY, REAL, kinds=(7, 0)))


@case("sni: two extensions, decoy first", **mega(None, marks={"names"}))
def _():
    return named(DECOY, more=sni(REAL))


@case("sni: two extensions, decoy last", **mega(None, marks={"names"}))
def _():
    return named(REAL, more=sni(DECOY))


@case("sni: two extensions of one name are no trick", **mega(None, marks=set()))
def _():
    return named(REAL, more=sni(REAL))


@case("sni: empty", hides={"no_sni"}, missing="no_sni")
def _():
    return named(b"")


@case("sni: an IPv4 literal", name="203.0.113.9")
def _():
    return named(b"203.0.113.9")


@case("sni: missing, ECH greased", hides={"ech", "no_sni"}, missing="ech")
def _():
    return named(None, more=extension(0xFE0D, bytes(200)))


@case("sni: missing, but the client has looked the address up", service="MEGA", up=None, name=NAME,
      source="dns_client", hides={"no_sni"})
def _():
    d = Udp(CLIENT, server="10.0.0.53").c(query(NAME)).s(answer(NAME, [SERVER]))
    return d.frames + upload(Tcp(CLIENT, start=d.time).c(hello(None))).frames


@case("sni: a decoy, and the client has looked the address up", name=FALSE, other={NAME})
def _():
    d = Udp(CLIENT, server="10.0.0.53").c(query(NAME)).s(answer(NAME, [SERVER]))
    return d.frames + upload(Tcp(CLIENT, start=d.time).c(LIE)).frames


# --- HTTP ----------------------------------------------------------------------------------------

BODY = b"Content-Length: %d\r\n\r\n" % UPLOAD + b"u" * UPLOAD
DONE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def web(head, dport=80, **how):
    return Tcp(CLIENT, dport).c(head + BODY, **how).s(DONE).close()


def host(name=REAL):
    return b"Host: " + name + b"\r\n"


@case("http: head in segments of one byte", service="MEGA", name=NAME, http={NAME})
def _():
    return Tcp(CLIENT, 80).c(b"PUT /a HTTP/1.1\r\n" + host() + b"\r\n", size=1).c(BODY).s(DONE).close()


@case("http: bare line feeds", service="MEGA", name=NAME, http={NAME})
def _():
    t = Tcp(CLIENT, 80).c(b"PUT /a HTTP/1.1\nHost: " + REAL + b"\nContent-Length: 50000\n\n" + b"u" * UPLOAD)
    return t.s(DONE).close()


@case("http: empty lines before the request", service="MEGA", name=NAME)
def _():
    return web(b"\r\n\n\r\nPUT /a HTTP/1.1\r\n" + host())


@case("http: Host folded over lines", service="MEGA", name=NAME)
def _():
    return web(b"PUT /a HTTP/1.1\r\nHost:\r\n\t " + REAL + b"\r\n")


@case("http: tabs, blanks and case", service="MEGA", name=NAME)
def _():
    return web(b"PUT \t /a \tHTTP/1.1\r\nhOsT\t:\t " + REAL.upper() + b" \t\r\n")


@case("http: Host with port, user and dot", service="MEGA", name=NAME)
def _():
    return web(b"PUT /a HTTP/1.1\r\n" + host(b"www.example.org@" + REAL + b".:8080"))


@case("http: two Host lines, decoy first", service="MEGA", marks={"names"}, http={NAME, FALSE})
def _():
    return web(b"PUT /a HTTP/1.1\r\n" + host(DECOY) + host())


@case("http: two Host lines, decoy last", service="MEGA", marks={"names"}, http={NAME, FALSE})
def _():
    return web(b"PUT /a HTTP/1.1\r\n" + host() + host(DECOY))


@case("http: absolute-form target, decoy in Host", service="MEGA", marks={"names"}, http={NAME, FALSE})
def _():
    return web(b"PUT http://" + REAL + b"/a HTTP/1.1\r\n" + host(DECOY))


@case("http: absolute-form target as decoy", service="MEGA", marks={"names"}, http={NAME, FALSE})
def _():
    return web(b"PUT http://www.example.org/a HTTP/1.1\r\n" + host())


@case("http: to a proxy, target and Host agree", service="MEGA", marks=set(), http={NAME})
def _():
    return web(b"PUT http://" + REAL + b":80/a HTTP/1.1\r\n" + host(), 3128)


@case("http: unknown method", service="MEGA", name=NAME)
def _():
    return web(b"FROBNICATE /a HTTP/1.1\r\n" + host())


@case("http: lower-case method, which is none", missing="protocol")
def _():
    return web(b"put /a HTTP/1.1\r\n" + host())


@case("http: Host behind 12 KB of other lines", service="MEGA", name=NAME)
def _():
    return web(b"PUT /a HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 100) for i in range(110)) + host())


@case("http: Host behind more lines than are kept", counts={"http_malformed"}, missing=None)
def _():
    return web(b"PUT /a HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 100) for i in range(300)) + host())


@case("http: decoy head first, real one over it", service="MEGA", marks={"overlap"}, http={NAME, SAME.decode()})
def _():
    head = b"PUT /a HTTP/1.1\r\n%sContent-Length: 50000\r\n\r\n"
    t = Tcp(CLIENT, 80).seg(0, 0, head % host(SAME), ttl=3)
    return t.c(head % host() + b"u" * UPLOAD).s(DONE).close()


@case("http: real head first, decoy over it", service="MEGA", marks={"overlap"})
def _():
    head = b"PUT /a HTTP/1.1\r\n%sContent-Length: 50000\r\n\r\n"
    t = Tcp(CLIENT, 80).c(head % host()).seg(0, 0, head % host(SAME), ttl=3)
    return t.c(b"u" * UPLOAD).s(DONE).close()


@case("http: a head sent again with the same bytes is no trick", service="MEGA", marks=set(), http={NAME})
def _():
    head = b"PUT /a HTTP/1.1\r\n%sContent-Length: 50000\r\n\r\n"
    t = Tcp(CLIENT, 80).c(head % host()).seg(0, 0, head % host(), ttl=3)
    return t.c(b"u" * UPLOAD).s(DONE).close()


@case("http: smuggled, two lengths", service="MEGA", http={NAME, FALSE})
def _():
    first = b"POST / HTTP/1.1\r\n" + host(DECOY) + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"
    t = Tcp(CLIENT, 80).c(first).c(b"PUT /a HTTP/1.1\r\n" + host() + BODY)
    return t.s(DONE * 2).close()


@case("http: smuggled, length and chunks", service="MEGA", http={NAME, FALSE})
def _():
    first = b"POST / HTTP/1.1\r\n" + host(DECOY) + \
        b"Content-Length: 60000\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    t = Tcp(CLIENT, 80).c(first + b"PUT /a HTTP/1.1\r\n" + host() + BODY)
    return t.s(DONE * 2).close()


@case("http: pipelined behind a decoy request", service="MEGA", http={NAME, FALSE})
def _():
    t = Tcp(CLIENT, 80).c(b"GET / HTTP/1.1\r\n" + host(DECOY) + b"\r\nPUT /a HTTP/1.1\r\n" + host() + BODY)
    return t.s(DONE * 2).close()


@case("proxy: CONNECT with another Host", service="MEGA", name=NAME)
def _():
    t = Tcp(CLIENT, 3128).c(b"CONNECT " + REAL + b":443 HTTP/1.1\r\n" + host(DECOY) + b"\r\n")
    return t.s(b"HTTP/1.1 200 Yes\r\n\r\n").c(b"\x99" * UPLOAD).close()


@case("proxy: CONNECT to an address, the name inside", service="MEGA", name=NAME)
def _():
    t = Tcp(CLIENT, 3128).c(b"CONNECT 203.0.113.9:443 HTTP/1.1\r\n\r\n").s(b"HTTP/1.1 200 Yes\r\n\r\n")
    return upload(t.c(HELLO))


@case("proxy: CONNECT in CONNECT", service="MEGA", name=NAME)
def _():
    t = Tcp(CLIENT, 3128).c(b"CONNECT a.example:80 HTTP/1.1\r\n\r\n").s(b"HTTP/1.1 200 Yes\r\n\r\n")
    t.c(b"CONNECT b.example:443 HTTP/1.1\r\n\r\n").s(b"HTTP/1.1 200 Yes\r\n\r\n")
    return upload(t.c(HELLO))


@case("proxy: SOCKS5 by name, in segments of one byte", service="MEGA", name=NAME)
def _():
    t = Tcp(CLIENT, 1080).c(b"\5\1\0", size=1).s(b"\5\0")
    t.c(b"\5\1\0\3" + vector(1, REAL) + b"\1\xbb", size=1).s(b"\5\0\0\1" + bytes(6))
    return t.c(b"\x99" * UPLOAD).close()


@case("proxy: SOCKS4a", service="MEGA", name=NAME)
def _():
    t = Tcp(CLIENT, 1080).c(b"\4\1\1\xbb\0\0\0\1me\0" + REAL + b"\0").s(b"\0\x5a" + bytes(6))
    return t.c(b"\x99" * UPLOAD).close()


@case("proxy: SOCKS5 inside of CONNECT", service="MEGA", name=NAME)
def _():
    t = Tcp(CLIENT, 3128).c(b"CONNECT a.example:1080 HTTP/1.1\r\n\r\n").s(b"HTTP/1.1 200 Yes\r\n\r\n")
    t.c(b"\5\1\0").s(b"\5\0").c(b"\5\1\0\3" + vector(1, REAL) + b"\1\xbb").s(b"\5\0\0\1" + bytes(6))
    return t.c(b"\x99" * UPLOAD).close()


# --- DNS -----------------------------------------------------------------------------------------

RESOLVER = "10.0.0.53"


def ask(*datagrams):
    d = Udp(CLIENT, server=RESOLVER)
    for side, data in datagrams:
        d.send(side, data)
    return d


@case("dns: a pointer to itself", counts={"dns_malformed"})
def _():
    return ask((0, dns_head(1, 0x100, 1) + question(b"\xc0\x0c")))


@case("dns: two pointers in a circle", counts={"dns_damaged"}, dns={"a.example"})
def _():
    return ask((0, query("a.example")), (1, dns_head(1, 0x8180, 1, 1) + question("a.example") +
                                         rr(b"\xc0\x1b", b"\xc0\x1b") + b"\xc0\x1b"))


@case("dns: a pointer forward", counts={"dns_malformed"})
def _():
    return ask((0, dns_head(1, 0x100, 1) + question(b"\xc0\x12") + dns_name("mega.nz")))


@case("dns: a name of more than 255 bytes", counts={"dns_malformed"})
def _():
    return ask((0, query(b"".join(vector(1, b"x" * 60) for _ in range(5)) + b"\0")))


@case("dns: a label of 64", counts={"dns_malformed"})
def _():
    return ask((0, query(b"\x40" + b"x" * 64 + b"\0")))


@case("dns: labels of 63, 255 bytes in all", dns={".".join(["x" * 63] * 3 + ["y" * 61])})
def _():
    return ask((0, query(".".join(["x" * 63] * 3 + ["y" * 61]))))


@case("dns: a name of many pointers", dns={"mega.nz"})
def _():
    name, at = dns_name("mega.nz"), 12
    return ask((0, query("mega.nz")), (1, dns_head(1, 0x8180, 1, 1) + question(name) +
                                       rr(struct.pack(">H", 0xC000 | at), packed(SERVER))))


@case("dns: mixed case and dots in labels", dns={"WwW\\046x.mega.nz".lower()})
def _():
    return ask((0, query(b"\5WwW.x\4MeGa\2nZ\0")))


@case("dns: two questions", dns={"a.example", "mega.nz"})
def _():
    return ask((0, dns_head(1, 0x100, 2) + question("a.example") + question("mega.nz")))


@case("dns: EDNS with a large option", dns={"mega.nz"})
def _():
    return ask((0, query("mega.nz", extra=1, more=b"\0" + struct.pack(">HHI", 41, 4096, 0) +
                         vector(2, b"\0\x0c" + vector(2, bytes(400))))))


@case("dns: on another port", dns={"mega.nz"})
def _():
    return Udp(CLIENT, 5300, server=RESOLVER).c(query("mega.nz")).s(answer("mega.nz", [SERVER]))


@case("dns: over TCP, several messages in segments of one byte", dns={"a.example", "mega.nz", "b.example"})
def _():
    t = Tcp(CLIENT, 53, server=RESOLVER)
    names = ("a.example", "mega.nz", "b.example")
    t.c(b"".join(vector(2, query(n, i)) for i, n in enumerate(names)), size=1)
    return t.s(b"".join(vector(2, answer(n, [SERVER], i)) for i, n in enumerate(names)), size=1).close()


@case("dns: over TCP, decoy question first, real one over it", dns={"mega.nz", "abc.org"},
      counts={"stream_overlaps"})
def _():
    t = Tcp(CLIENT, 53, server=RESOLVER)
    t.seg(0, 2, query("abc.org"), ttl=3)
    return t.c(vector(2, query("mega.nz"))).s(vector(2, answer("mega.nz", [SERVER]))).close()


def looked_up_then(d, server=SERVER, client=CLIENT):
    """An upload without a name of its own, after these DNS messages."""
    return d.frames + upload(Tcp(client, start=d.time + 10**9, server=server).c(hello(None))).frames


@case("dns: forged answers do not hide what was asked for", service="MEGA", name=NAME, source="dns_client")
def _():
    d = ask((1, answer(FALSE, [SERVER], 9)), (0, query(NAME)), (1, answer(NAME, [SERVER])),
            (1, answer(FALSE, [SERVER], 3)))
    return looked_up_then(d)


@case("dns: forged answer without a question is a guess", name=FALSE, source="dns_any",
      counts={"dns_unasked"})
def _():
    return looked_up_then(ask((1, answer(FALSE, [SERVER], 9))))


@case("dns: forged answer with the wrong ID", service="MEGA", name=NAME, source="dns_client")
def _():
    return looked_up_then(ask((0, query(NAME, 5)), (1, answer(NAME, [SERVER], 5)), (0, query(FALSE, 6)),
                              (1, answer(FALSE, [SERVER], 7))))


@case("dns: forged answer to another port", service="MEGA", name=NAME, source="dns_client")
def _():
    d = ask((0, query(NAME)), (1, answer(NAME, [SERVER])), (0, query(FALSE, 6)))
    return looked_up_then(d.send(1, answer(FALSE, [SERVER], 6), sport=40001))


@case("dns: forged answer from another server", service="MEGA", name=NAME, source="dns_client")
def _():
    d = ask((0, query(NAME)), (1, answer(NAME, [SERVER])), (0, query(FALSE, 6)))
    return looked_up_then(d.send(1, answer(FALSE, [SERVER], 6), server="10.0.0.66"))


@case("dns: forged answer before the question", service="MEGA", name=NAME, source="dns_client")
def _():
    return looked_up_then(ask((1, answer(FALSE, [SERVER], 6)), (0, query(NAME)), (1, answer(NAME, [SERVER]))))


@case("dns: forged answer too late", service="MEGA", name=NAME, source="dns_client")
def _():
    d = ask((0, query(NAME)), (1, answer(NAME, [SERVER])), (0, query(FALSE, 6)))
    return looked_up_then(d.wait(30).send(1, answer(FALSE, [SERVER], 6)))


@case("dns: forged answer with a wrong checksum", service="MEGA", name=NAME, source="dns_client")
def _():
    d = ask((0, query(NAME)), (1, answer(NAME, [SERVER])), (0, query(FALSE, 6)))
    return looked_up_then(d.send(1, answer(FALSE, [SERVER], 6), wrong=True))


@case("dns: an answer with a name unlike the question", service="MEGA", name=NAME, source="dns_client")
def _():
    d = ask((0, query(NAME)), (1, answer(NAME, [SERVER])), (0, query(FALSE, 6)),
            (1, answer(FALSE, [SERVER], 6, owner=dns_name("other.example"))))
    return looked_up_then(d)


@case("dns: an answer through CNAMEs", service="MEGA", name=NAME, source="dns_client")
def _():
    body = dns_head(1, 0x8180, 1, 3) + question(NAME) + rr(b"\xc0\x0c", dns_name("a.example"), 5) + \
        rr("a.example", dns_name("b.example"), 5) + rr("b.example", packed(SERVER))
    return looked_up_then(ask((0, query(NAME)), (1, body)))


@case("dns: another client's answer is a guess", name=NAME, source="dns_any", client="10.0.0.2")
def _():
    return looked_up_then(ask((0, query(NAME)), (1, answer(NAME, [SERVER]))), client="10.0.0.2")


# --- QUIC ----------------------------------------------------------------------------------------

ID, ID2 = b"\x83\x94\xc8\xf0\x3e\x51\x57\x08", b"\x11\x22\x33\x44\x55\x66\x77\x88"


def quic_upload(u):
    u.s(quic.handshake())
    for _ in range(40):
        u.c(quic.short(b"theirs", 1250))
    return u


def quic_hello(name=REAL, more=0):
    return hello_message(name, padding=more)


def quic_mega(**more):
    return dict(service="MEGA", name=NAME, **more)


@case("quic: version 1", **quic_mega(quic={NAME}))
def _():
    return quic_upload(Udp(CLIENT, 443).c(quic.initial(quic.crypto(quic_hello()), ID)))


@case("quic: version 2", **quic_mega(quic={NAME}))
def _():
    return quic_upload(Udp(CLIENT, 443).c(quic.initial(quic.crypto(quic_hello()), ID,
                                                       version=quic.VERSION_2)))


@case("quic: hello over packets, the last one first", **quic_mega(quic={NAME}))
def _():
    m, u = quic_hello(more=2500), Udp(CLIENT, 443)
    for n, at in enumerate((2000, 1000, 0)):
        u.c(quic.initial(quic.crypto(m[at:at + 1000], at), ID, number=n))
    return quic_upload(u)


@case("quic: CRYPTO frames of a few bytes, out of order, repeated", **quic_mega(quic={NAME}))
def _():
    m = quic_hello()
    cuts = [(i, m[i:i + 7]) for i in range(0, len(m), 5)]
    frames = b"".join(quic.crypto(part, at) + (b"\1" if at % 3 else b"\0") for at, part in
                      sorted(cuts, key=lambda c: c[0] * 7919 % 101))
    return quic_upload(Udp(CLIENT, 443).c(quic.initial(frames, ID)))


@case("quic: two Initials in one datagram", **quic_mega(quic={NAME}))
def _():
    m = quic_hello()
    return quic_upload(Udp(CLIENT, 443).c(quic.initial(quic.crypto(m[60:], 60), ID, size=600) +
                                          quic.initial(quic.crypto(m[:60]), ID, number=1, size=650)))


@case("quic: an Initial of an unknown version first", **quic_mega(quic={NAME}))
def _():
    other = bytearray(quic.initial(quic.crypto(quic_hello(DECOY)), ID))
    other[1:5] = b"\x1a\x2a\x3a\x4a"
    return quic_upload(Udp(CLIENT, 443).c(bytes(other)).c(quic.initial(quic.crypto(quic_hello()), ID2)))


@case("quic: a packet that nobody can decrypt first", **quic_mega(quic={NAME}, counts={"quic_undecryptable"}))
def _():
    junk = bytearray(quic.initial(quic.crypto(quic_hello(DECOY)), ID))
    junk[-1] ^= 1
    return quic_upload(Udp(CLIENT, 443).c(bytes(junk)).c(quic.initial(quic.crypto(quic_hello()), ID)))


@case("quic: after a Retry, with a token", **quic_mega(quic={NAME}))
def _():
    u = Udp(CLIENT, 443).c(quic.initial(quic.crypto(quic_hello(more=1500)[:1000]), ID))
    u.s(quic.retry(ID, b"newserver"))
    m = quic_hello(more=1500)
    u.c(quic.initial(quic.crypto(m[:1000]), b"newserver", token=b"token", number=1))
    return quic_upload(u.c(quic.initial(quic.crypto(m[1000:], 1000), b"newserver", token=b"token", number=2)))


@case("quic: decoy hello first, another with an id of its own", **quic_mega(
    quic={NAME, FALSE}, marks={"names"}))
def _():
    u = Udp(CLIENT, 443).c(quic.initial(quic.crypto(quic_hello(DECOY)), ID), ttl=3)
    return quic_upload(u.c(quic.initial(quic.crypto(quic_hello()), ID2)))


@case("quic: decoy hello first, another under the same id", **quic_mega(
    quic={NAME, SAME.decode()}, marks={"names"}))
def _():
    u = Udp(CLIENT, 443).c(quic.initial(quic.crypto(quic_hello(SAME)), ID), ttl=3)
    return quic_upload(u.c(quic.initial(quic.crypto(quic_hello()), ID, number=1)))


@case("quic: real hello first, a decoy behind it", **quic_mega(marks={"names"}))
def _():
    u = Udp(CLIENT, 443).c(quic.initial(quic.crypto(quic_hello()), ID))
    return quic_upload(u.c(quic.initial(quic.crypto(quic_hello(DECOY)), ID2), ttl=3))


@case("quic: decoy hello of two packets first", **quic_mega(quic={NAME, FALSE}, marks={"names"}))
def _():
    m, u = quic_hello(DECOY, more=1500), Udp(CLIENT, 443)
    u.c(quic.initial(quic.crypto(m[:1000]), ID)).c(quic.initial(quic.crypto(m[1000:], 1000), ID, number=1))
    m = quic_hello(more=1500)
    u.c(quic.initial(quic.crypto(m[:1000]), ID2)).c(quic.initial(quic.crypto(m[1000:], 1000), ID2, number=1))
    return quic_upload(u)


@case("quic: the hello sent again is no trick", **quic_mega(quic={NAME}, marks=set()))
def _():
    u = Udp(CLIENT, 443).c(quic.initial(quic.crypto(quic_hello()), ID)).wait(1)
    return quic_upload(u.c(quic.initial(quic.crypto(quic_hello()), ID, number=1)))


@case("quic: decoy with a wrong UDP checksum first", **quic_mega(quic={NAME}))
def _():
    u = Udp(CLIENT, 443).c(b"\x40junk").c(quic.initial(quic.crypto(quic_hello(DECOY)), ID), wrong=True)
    return quic_upload(u.c(quic.initial(quic.crypto(quic_hello()), ID2)))


@case("quic: another CRYPTO content at the same place", **quic_mega(marks={"overlap"}))
def _():
    m, lie = quic_hello(), quic_hello(SAME)
    u = Udp(CLIENT, 443).c(quic.initial(quic.crypto(lie[20:-20], 20), ID), ttl=3)
    return quic_upload(u.c(quic.initial(quic.crypto(m), ID, number=1)))
