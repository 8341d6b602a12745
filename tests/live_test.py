#!/usr/bin/python3
"""Live capture against real packets, in a network namespace of its own: exactly once, together, counted.

    live_test.py [LIVE_PROBE [INJECT]]        (default: tests/live_probe, tests/lab/inject)

As root; skipped (77) where network namespaces cannot be made.
"""
import collections
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "e2e"))
import capture  # noqa: E402

PROBE = os.path.abspath("tests/live_probe")
INJECT = os.path.abspath("tests/lab/inject")
DEMO = os.path.join(HERE, "captures", "demo.pcap")
NS = f"egret-live-{os.getpid()}"


def run(*command, check=True):
    return subprocess.run(command, check=check, capture_output=True, text=True, timeout=60)


def inside(*command, check=True):
    return run("ip", "netns", "exec", NS, *command, check=check)


# --- frames

MAC = b"\2\0\0\0\0\1\2\0\0\0\0\2"


def ip4(source, destination, protocol, payload, fragment=0, ident=1):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, fragment, 64, protocol, 0,
                       bytes(source), bytes(destination))
    total = sum(struct.unpack(">10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    return head[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + head[12:] + payload


def ip6(source, destination, protocol, payload):
    return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + \
        b"".join(b"\x20\x01\x0d\xb8" + bytes(12 - 4) + bytes(a) for a in (source, destination)) + payload


def ethernet(packet, kind=None):
    return MAC + struct.pack(">H", kind or (0x86DD if packet[0] >> 4 == 6 else 0x0800)) + packet


def datagram(sport, dport, payload):
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def kind_of(packet):
    return 0x86DD if packet[0] >> 4 == 6 else 0x0800


OUTER = ((192, 0, 2, 1), (192, 0, 2, 2))


def outer(protocol, payload, way):
    return ethernet(ip4(OUTER[way], OUTER[1 - way], protocol, payload))


WRAPS = {
    "plain": lambda p, way: ethernet(p),
    "vlan": lambda p, way: MAC + struct.pack(">HHH", 0x8100, 42, kind_of(p)) + p,
    "qinq": lambda p, way: MAC + struct.pack(">HHHHH", 0x88A8, 7, 0x8100, 42, kind_of(p)) + p,
    "mpls": lambda p, way: ethernet(b"\0\1\1\x40" + p, 0x8847),
    "vxlan": lambda p, way: outer(17, datagram(50000 + way, 4789, b"\x08" + bytes(3) + b"\0\0\x2a\0" +
                                               ethernet(p)), way),
    "geneve": lambda p, way: outer(17, datagram(50000, 6081, b"\1\0\x65\x58\0\0\x2a\0" + bytes(4) +
                                                ethernet(p)), way),
    "gtp": lambda p, way: outer(17, datagram(2152, 2152, struct.pack(">BBHI", 0x30, 255, len(p), way) + p),
                                way),
    "gre": lambda p, way: outer(47, struct.pack(">HHI", 0x2000, kind_of(p), 9) + p, way),
    "gre-ethernet": lambda p, way: outer(47, struct.pack(">HH", 0, 0x6558) + ethernet(p), way),
    "erspan-1": lambda p, way: outer(47, struct.pack(">HH", 0, 0x88BE) + ethernet(p), 0),
    "erspan-2": lambda p, way: outer(47, struct.pack(">HHIQ", 0x1000, 0x88BE, 5, 0x1001 << 48) + ethernet(p),
                                     0),
    "erspan-3": lambda p, way: outer(47, struct.pack(">HHI", 0x1000, 0x22EB, 5) + b"\x20" + bytes(11) +
                                     ethernet(p), 0),
    "ip-in-ip": lambda p, way: outer(41 if p[0] >> 4 == 6 else 4, p, way),
}
PAIRS = 60
TUNNELLED = sorted(WRAPS)


def conversation(wrap, pair, way, v6, number=0):
    """A frame of conversation `pair`, in one of its directions; its payload says all of this."""
    a, b = (10, 1, 0, 1 + pair), (10, 2, pair, 9)
    if way:
        a, b = b, a
    payload = f"{wrap} {pair} {way} {v6} {number} ".encode().ljust(80, b".")
    body = datagram(1000, 2000, payload)
    packet = ip6(a, b, 17, body) if v6 else ip4(a, b, 17, body)
    return WRAPS[wrap](packet, way)


def told(frame):
    """What conversation() wrote into the frame."""
    for name in TUNNELLED:
        at = frame.rfind(name.encode() + b" ")
        if at >= 0 and frame[at - 1:at] != b"-":
            words = frame[at:].split(b" ")
            return name, int(words[1]), int(words[2]), int(words[3]), int(words[4])
    return None


def conversations():
    return [conversation(w, pair, way, v6) for w in TUNNELLED for pair in range(PAIRS)
            for way in (0, 1) for v6 in (0, 1)]


# --- programs

class Probe:
    def __init__(self, *options, interface="cap"):
        self.process = subprocess.Popen(["ip", "netns", "exec", NS, PROBE, *map(str, options), interface],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.rest = b""  # read and not given out yet
        self.first = self.line()

    def line(self, seconds=10):
        """The next line it says within that time, or None."""
        until = time.monotonic() + seconds
        while b"\n" not in self.rest:
            if not select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))[0]:
                return None
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                return None
            self.rest += more
        text, self.rest = self.rest.split(b"\n", 1)
        return json.loads(text)

    def say(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        """What each member counted."""
        out, err = self.process.communicate(b"quit\n", timeout=30)
        if self.process.returncode:
            raise AssertionError(f"live_probe: {self.process.returncode}: {err.decode()}")
        return [m for m in map(json.loads, (self.rest + out).splitlines()) if "member" in m]

    def failure(self):
        self.process.wait(10)
        return self.process.stderr.read().decode()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for f in self.process.stdin, self.process.stdout, self.process.stderr:
            f.close()


class Live(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        run("ip", "netns", "add", NS)
        self.addCleanup(run, "ip", "netns", "del", NS, check=False)
        # nobody but the tests speaks here
        inside("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        self.cable()

    def cable(self):
        inside("ip", "link", "add", "name", "cap", "type", "veth", "peer", "name", "out")
        for name in "cap", "out":
            inside("ip", "link", "set", name, "up")

    def probe(self, *options, **more):
        p = Probe(*options, **more)
        self.addCleanup(p.kill)
        self.assertIsNotNone(p.first, "it did not open")
        return p

    def file(self, frames):
        path = os.path.join(self.folder, f"{len(os.listdir(self.folder))}.pcap")
        with open(path, "wb") as f:
            f.write(capture.pcap([capture.Packet(i * 1000, d) for i, d in enumerate(frames)]))
        return path

    def inject(self, frames, *options, interface="out"):
        path = frames if isinstance(frames, str) else self.file(frames)
        return json.loads(inside(INJECT, *map(str, options), interface, path).stdout)

    def captured(self, prefix, members):
        """The frames of each member."""
        found = []
        for i in range(members):
            path, frames = f"{prefix}.{i}.pcap", []
            with open(path, "rb") as f:
                blob = f.read()
            at = 24
            while at < len(blob):
                _, _, size, length = struct.unpack_from("<IIII", blob, at)
                frames.append(capture.Packet(0, blob[at + 16:at + 16 + size], length))
                at += 16 + size
            found.append(frames)
        return found

    def prefix(self):
        return os.path.join(self.folder, f"got{len(os.listdir(self.folder))}")

    def counted(self, members):
        for m in members:
            self.assertEqual(m["received"], m["frames"] + m["ring_lost"], m)

    # --- exactly once

    def test_each_frame_once_whatever_the_members(self):
        made = conversations()
        wanted = collections.Counter(p.data for p in capture.read(DEMO)) + collections.Counter(made)
        path = self.file(made)
        for members in 1, 2, 4:
            for spread in "inner", "hash":
                with self.subTest(members=members, spread=spread):
                    prefix = self.prefix()
                    p = self.probe("-m", members, "-s", spread, "-w", prefix)
                    self.inject(DEMO)
                    self.inject(path)
                    ends = p.end()
                    got = self.captured(prefix, members)
                    self.assertEqual(collections.Counter(f.data for m in got for f in m), wanted)
                    self.counted(ends)
                    self.assertEqual(sum(m["ring_lost"] + m["nic_lost"] for m in ends), 0)
                    self.assertTrue(all(m["frames"] for m in ends))
                    self.assertTrue(all(m["link"] == 1 and m["there"] for m in ends))

    def test_none_twice_while_the_members_open(self):
        """Under load, also from the moment the first socket exists; and none that is filtered out."""
        mine = [capture.udp((10, 0, i >> 8, i & 255), 9, (10, 9, 9, 9), 7777, struct.pack(">I", i))
                for i in range(60000)]
        others = [capture.udp((10, 0, i & 255, 1), 9, (10, 9, 9, 9), 8888, b"other") for i in range(60000)]
        path = self.file([f for pair in zip(mine, others) for f in pair])
        for _ in range(3):
            prefix = self.prefix()
            sender = subprocess.Popen(["ip", "netns", "exec", NS, INJECT, "-r", "40000", "out", path],
                                      stdout=subprocess.PIPE, text=True)
            time.sleep(0.2)
            p = self.probe("-m", 4, "-f", "udp dst port 7777", "-w", prefix)
            self.assertEqual(json.loads(sender.communicate()[0])["sent"], 120000)
            ends = p.end()
            numbers = [[struct.unpack(">I", f.data[42:46])[0] for f in m] for m in self.captured(prefix, 4)]
            found = [n for m in numbers for n in m]
            for m in self.captured(prefix, 4):
                self.assertTrue(all(f.data[36:38] == struct.pack(">H", 7777) for f in m))
            self.assertEqual(len(found), len(set(found)), "delivered twice")
            self.assertEqual(sum(m["ring_lost"] for m in ends), 0)
            begin = max(m[0] for m in numbers)
            self.assertLess(begin, 50000)
            self.assertEqual([n for n in sorted(found) if n >= begin], list(range(begin, 60000)))
            self.assertTrue(all(m == sorted(m) for m in numbers))

    def test_two_programs_do_not_share(self):
        made = conversations()
        a, b = self.probe("-m", 2), self.probe("-m", 2)
        self.inject(made)
        for p in a, b:
            self.assertEqual(sum(m["frames"] for m in p.end()), len(made))

    # --- both directions meet

    def meet(self, got):
        where, shares = {}, collections.Counter()
        for number, frames in enumerate(got):
            for f in frames:
                name, pair, _, v6, _ = told(f.data)
                shares[name, number] += 1
                self.assertEqual(where.setdefault((pair, v6), number), number, (name, pair, v6))
        return shares

    def test_directions_and_tunnels_of_one_pair_meet(self):
        for members in 2, 3, 4:
            with self.subTest(members=members):
                prefix = self.prefix()
                p = self.probe("-m", members, "-w", prefix)
                self.inject(conversations())
                p.end()
                shares = self.meet(self.captured(prefix, members))
                for name in TUNNELLED:
                    got = [shares[name, i] for i in range(members)]
                    self.assertEqual(sum(got), PAIRS * 4)
                    self.assertGreater(min(got), PAIRS * 4 / members / 3, name)

    def test_what_is_sent_meets_what_is_received(self):
        """A capture on the interface of a gateway: one direction comes in, the other one goes out."""
        prefix = self.prefix()
        p = self.probe("-m", 4, "-w", prefix)
        both = [[conversation(w, pair, way, v6) for w in TUNNELLED for pair in range(PAIRS) for v6 in (0, 1)]
                for way in (0, 1)]
        self.inject(both[0], "-t", interface="out")
        self.inject(both[1], "-t", interface="cap")
        p.end()
        shares = self.meet(self.captured(prefix, 4))
        self.assertEqual(sum(shares.values()), len(both[0]) * 2)

    def test_a_cut_datagram_stays_with_its_flow(self):
        """VXLAN whose outer packets are in fragments, in one direction: put together by the kernel."""
        frames = []
        for pair in range(40):
            whole = conversation("vxlan", pair, 1, 0)[14 + 20:]
            pieces = [(0x2000, whole[:64]), (64 // 8, whole[64:])]
            frames += [ethernet(ip4(*OUTER, 17, piece, word, 100 + pair)) for word, piece in pieces]
        frames += [conversation("vxlan", pair, 0, 0) for pair in range(40)]
        prefix = self.prefix()
        p = self.probe("-m", 4, "-w", prefix)
        self.inject(frames)
        p.end()
        got = self.captured(prefix, 4)
        self.assertEqual(sum(len(m) for m in got), 80)
        self.meet(got)

    # --- what is taken

    def test_filter(self):
        made = conversations()
        wanted = [f for f in made if told(f)[0] == "vlan"]
        for members in 1, 2:
            prefix = self.prefix()
            p = self.probe("-m", members, "-f", "vlan 42", "-w", prefix)
            self.inject(made)
            ends = p.end()
            got = [f.data for m in self.captured(prefix, members) for f in m]
            self.assertEqual(collections.Counter(got), collections.Counter(wanted))
            self.counted(ends)

    def test_snaplen(self):
        prefix = self.prefix()
        p = self.probe("-l", 60, "-w", prefix)
        made = conversations()
        self.inject(made)
        end = p.end()[0]
        self.assertEqual([(f.data, f.length) for f in self.captured(prefix, 1)[0]],
                         [(f[:60], len(f)) for f in made])
        self.assertEqual(end["cut"], len(made))

    def test_super_packets(self):
        """Segmentation offload: TCP packets of up to 64 KiB, taken whole."""
        other = NS + "-b"
        run("ip", "netns", "add", other)
        self.addCleanup(run, "ip", "netns", "del", other, check=False)
        inside("ip", "link", "set", "out", "netns", other)
        for ns, name, address in (NS, "cap", "10.5.0.1/24"), (other, "out", "10.5.0.2/24"):
            run("ip", "-n", ns, "addr", "add", address, "dev", name)
            run("ip", "-n", ns, "link", "set", name, "up")
        size = 4_000_000
        receive = ("import socket; s = socket.create_server(('10.5.0.1', 7000)); print(flush=True); "
                   "c = s.accept()[0]; n = 0\nwhile d := c.recv(1 << 20): n += len(d)\nprint(n)")
        send = ("import socket; c = socket.create_connection(('10.5.0.1', 7000)); "
                f"c.sendall(bytes({size})); c.close()")
        with subprocess.Popen(["ip", "netns", "exec", NS, "/usr/bin/python3", "-c", receive],
                              stdout=subprocess.PIPE, text=True) as server:
            self.addCleanup(server.kill)
            server.stdout.readline()
            prefix = self.prefix()
            p = self.probe("-m", 2, "-w", prefix, "-f", "tcp port 7000")
            run("ip", "netns", "exec", other, "/usr/bin/python3", "-c", send)
            self.assertEqual(int(server.stdout.readline()), size)
        ends = p.end()
        self.assertGreater(max(m["longest"] for m in ends), 20000)
        self.assertEqual(sum(m["cut"] for m in ends), 0)
        self.assertEqual(sorted(m["frames"] > 0 for m in ends), [False, True], "one connection, one member")
        payload = 0
        for m in self.captured(prefix, 2):
            for f in m:
                header = 14 + 20 + (f.data[14 + 20 + 12] >> 4) * 4
                payload += len(f.data) - header
        self.assertGreaterEqual(payload, size)

    # --- the interface

    def test_down_and_up(self):
        for members in 1, 3:
            p = self.probe("-m", members, "-e")
            self.inject(conversations())
            for _ in range(3):
                inside("ip", "link", "set", "cap", "down")
                time.sleep(0.1)
                inside("ip", "link", "set", "cap", "up")
            self.inject(conversations())
            ends = p.end()
            self.assertEqual(sum(m["frames"] for m in ends), 2 * len(conversations()))
            self.assertTrue(all(m["there"] for m in ends))

    def test_renamed(self):
        for members in 1, 2:
            p = self.probe("-m", members)
            # old kernels rename only what is down
            for new, back in ("span9", "cap"), ("span7", "cap"):
                inside("ip", "link", "set", "cap", "down")
                time.sleep(0.7)
                inside("ip", "link", "set", "cap", "name", new)
                time.sleep(0.7)
                inside("ip", "link", "set", new, "up")
                self.inject(conversations())
                inside("ip", "link", "set", new, "down")
                inside("ip", "link", "set", new, "name", back)
                inside("ip", "link", "set", back, "up")
                self.inject(conversations())
            ends = p.end()
            self.assertEqual(sum(m["frames"] for m in ends), 4 * len(conversations()))
            self.assertTrue(all(m["there"] for m in ends))

    def test_deleted(self):
        for members in 1, 2:
            p = self.probe("-m", members)
            self.inject(conversations())
            inside("ip", "link", "del", "cap")
            lines = [p.line(5) for _ in range(members)]
            self.assertEqual(sorted(line["gone"] for line in lines), list(range(members)))
            self.assertEqual(lines[0]["error"], "the interface is gone")
            ends = p.end()
            self.assertEqual(sum(m["frames"] for m in ends), len(conversations()))
            self.assertFalse(any(m["there"] for m in ends))
            self.counted(ends)
            self.cable()

    def test_deleted_after_it_was_down(self):
        """Which no event tells."""
        p = self.probe("-m", 2)
        inside("ip", "link", "set", "cap", "down")
        time.sleep(0.7)
        inside("ip", "link", "del", "cap")
        self.assertEqual(sorted(p.line(5)["gone"] for _ in range(2)), [0, 1])
        p.end()

    # --- what was lost

    def test_received_is_delivered_and_lost(self):
        frames = [capture.udp((10, 0, i >> 8, i & 255), 9, (10, 9, 9, 9), 7777, bytes(1400))
                  for i in range(4000)]
        for members in 1, 2:
            p = self.probe("-m", members, "-r", 512 << 10)
            p.say("pause")
            self.assertEqual(p.line(), {"paused": True})
            self.inject(frames)
            p.say("resume")
            time.sleep(0.2)
            self.inject(frames[:100])
            ends = p.end()
            self.counted(ends)
            self.assertEqual(sum(m["received"] for m in ends), 4100)
            self.assertTrue(all(m["ring_lost"] > 500 for m in ends), ends)
            self.assertTrue(all(m["frames"] > 100 for m in ends), ends)

    def test_what_the_driver_drops(self):
        """Frames larger than the receiver's MTU, by whatever name it has."""
        p = self.probe("-m", 2)
        inside("ip", "link", "set", "cap", "mtu", "500")
        inside("ip", "link", "set", "cap", "down")
        inside("ip", "link", "set", "cap", "name", "span9")
        inside("ip", "link", "set", "span9", "up")
        self.inject([capture.udp((10, 0, 0, 1), 9, (10, 9, 9, 9), 7, bytes(n)) for n in (100, 1000, 1100)],
                    "-t")
        ends = p.end()
        # each is tried again
        self.assertGreaterEqual(ends[0]["nic_dropped"], 2)
        self.assertEqual(ends[1]["nic_dropped"], 0)
        self.assertEqual([m["nic_lost"] for m in ends], [0, 0])
        self.assertEqual(sum(m["frames"] for m in ends), 1)

    # --- errors

    def refused(self, *options, **more):
        p = Probe(*options, **more)
        self.addCleanup(p.kill)
        self.assertIsNone(p.first)
        return p.failure()

    def test_refusals(self):
        self.assertIn("nowhere", self.refused(interface="nowhere"))
        self.assertIn("any", self.refused(interface="any"))
        self.assertIn("filter: ", self.refused("-m", 2, "-f", "host and port"))
        self.assertIn("members", self.refused("-m", 65))
        self.assertIn("snaplen", self.refused("-l", 300000))
        inside("ip", "link", "set", "cap", "down")
        self.assertIn("not up", self.refused("-m", 2))

    def test_most_members(self):
        p = self.probe("-m", 64, "-r", 1 << 20)
        self.inject(conversations())
        ends = p.end()
        self.assertEqual(sum(m["frames"] for m in ends), len(conversations()))
        self.assertGreater(sum(m["frames"] > 0 for m in ends), 32)


def possible():
    if os.geteuid() or run("ip", "netns", "add", NS, check=False).returncode:
        return False
    ok = not inside("ip", "link", "add", "name", "a", "type", "veth", "peer", "name", "b",
                    check=False).returncode
    run("ip", "netns", "del", NS, check=False)
    if not ok:
        return False
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        return False
    return True


if __name__ == "__main__":
    if len(sys.argv) > 1 and os.path.exists(sys.argv[1]):
        PROBE = os.path.abspath(sys.argv.pop(1))
    if len(sys.argv) > 1 and os.path.exists(sys.argv[1]):
        INJECT = os.path.abspath(sys.argv.pop(1))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # which cleans up
    if not shutil.which("ip") or not possible():
        print("skipped: needs root and network namespaces")
        sys.exit(77)
    unittest.main(verbosity=2)
