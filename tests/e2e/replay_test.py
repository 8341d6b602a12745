#!/usr/bin/python3
"""Replays captures with the egret that was built, the way a user would, and looks at what it says.

    replay_test.py [EGRET]        (default: ./egret)

Most tests use tests/captures/demo.pcap, which real clients made; what they really uploaded is in
demo.truth.tsv beside it.
"""
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE, TESTS]
import capture  # noqa: E402
import program  # noqa: E402
import validate  # noqa: E402

EGRET = os.path.abspath("egret")
DEMO = os.path.join(TESTS, "captures", "demo.pcap")
LISTS = os.path.join(TESTS, "..", "domains")
VALIDATE = os.path.join(TESTS, "validate.py")
FINDINGS = os.path.join(TESTS, "..", "src", "output", "finding.schema.json")
with open(validate.SCHEMA, encoding="utf-8") as schema:
    VALID = validate.Validator(json.load(schema))
CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def egret(*arguments, stdin=None, status=0):
    r = subprocess.run([EGRET, "--domains", LISTS, "--rules=", "--cache", CACHE, *arguments], input=stdin,
                       capture_output=True, timeout=300)
    if status is not None and r.returncode != status:
        raise AssertionError(f"exit status {r.returncode} of {arguments}: {r.stderr.decode()}")
    return r


def records(*arguments, stdin=None, status=0):
    """Every line of every test is held against the schema."""
    out = egret("--records", "-", "--quiet", *arguments, stdin=stdin, status=status).stdout
    for line in out.splitlines(keepends=True):
        what = validate.problem(line, VALID, lambda _: True)
        if what:
            raise AssertionError(f"{what}: {line}")
    return [json.loads(line) for line in out.splitlines()]


def findings(*arguments, status=0):
    out = egret("--json", "--quiet", *arguments, status=status).stdout
    return [json.loads(line) for line in out.splitlines()]


def truth():
    with open(os.path.join(TESTS, "captures", "demo.truth.tsv"), encoding="utf-8") as f:
        for line in f:
            if not line.startswith("#") and line.strip():
                client, name, transport, size, requests, kind = line.rstrip("\n").split("\t")
                if client != "client":
                    yield client, name, transport, int(size), kind


def uploads(lines):
    """Bytes up by client and name, from the records that end connections."""
    total = {}
    for r in lines:
        if "end" in r["egret"]:
            key = r["source"]["ip"], r["destination"].get("domain", "")
            total[key] = total.get(key, 0) + r["source"]["bytes"]
    return total


def told(lines):
    """What does not depend on how the packets were stored: all but numbers that count flows."""
    out = []
    for r in lines:
        r = json.loads(json.dumps(r))
        del r["egret"]["flow_id"]
        out.append(json.dumps(r, sort_keys=True))
    return sorted(out)


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="egret-test-")
        self.addCleanup(shutil.rmtree, self.folder)

    def file(self, name, data):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
        return path


class Demo(Folder):
    """The main job, on the bundled capture."""

    def test_every_upload_is_found_with_its_volume(self):
        found = {(f["source"]["ip"], n["name"]): f for f in findings("-t", "100k", DEMO)
                 if f["rule"]["id"] == "egret.upload" for n in f["egret"]["finding"]["names"]}
        wanted = [t for t in truth() if t[4] == "upload"]
        self.assertGreater(len(wanted), 5)
        for client, name, transport, size, _ in wanted:
            f = found.get((client, name))
            self.assertIsNotNone(f, f"{client} to {name}")
            # heads, handshake and record framing come on top; QUIC counts what is sent again
            self.assertGreaterEqual(f["source"]["bytes"], size)
            self.assertLess(f["source"]["bytes"], size * 1.04 + 10000, f"{client} to {name}")

    def test_nothing_else_is_found(self):
        listed = {(t[0], t[1]) for t in truth() if t[4] in ("upload", "lookup")}
        for f in findings("-t", "100k", DEMO):
            names = [n["name"] for n in f["egret"]["finding"]["names"]]
            # a name that was looked up over one family and used over the other is one service
            self.assertTrue(any(n == t[1] for n in names for t in listed), names)
        ordinary = {t[1] for t in truth() if t[4] == "ordinary"}
        text = egret("-t", "1k", DEMO).stdout.decode()
        for name in ordinary | {"notmega.nz", "ufile.io.example.com"}:
            self.assertNotIn(name, text)

    def test_default_thresholds_leave_small_uploads_alone(self):
        self.assertEqual([f for f in findings(DEMO) if f["rule"]["id"] == "egret.upload"], [])
        by_name = {n["name"] for f in findings(DEMO) for n in f["egret"]["finding"]["names"]}
        self.assertIn("anonfiles.com", by_name)

    def test_thresholds_by_tier(self):
        kinds = {f["egret"]["finding"]["tier"] for f in findings("-t", "A=never,B=1M,C=never", DEMO)
                 if f["rule"]["id"] == "egret.upload"}
        self.assertEqual(kinds, {"B"})

    def test_a_person_reads_a_table_and_a_summary(self):
        out = egret("-t", "100k", DEMO).stdout.decode()
        lines = out.splitlines()
        self.assertRegex(lines[0], r"^LEVEL +CLIENT +SERVICE +TIER +UPLOADED")
        self.assertRegex(out, r"\n\w+ +10\.77\.0\.12 +pCloud +B +4\.0\d MB ")
        self.assertRegex(out, r"read: +11,\d{3} packets")
        self.assertRegex(out, r"names: +100\.0 % of upload bytes")
        self.assertIsNone(CONTROL.search(out.encode()))

    def test_lines_are_valid(self):
        path = os.path.join(self.folder, "records")
        egret("--records", path, "--quiet", DEMO)
        with open(path, "rb") as f:
            lines = f.read()
        for arguments, data in (((), lines),
                                (("--schema", FINDINGS), egret("-j", "-q", "-t", "100k", DEMO).stdout)):
            r = subprocess.run([VALIDATE, *arguments], input=data, capture_output=True)
            self.assertEqual(r.returncode, 0, r.stdout.decode() + r.stderr.decode())

    def test_a_replay_gives_the_same_again(self):
        self.assertEqual(egret("-w", "-", "-q", DEMO).stdout, egret("-w", "-", "-q", DEMO).stdout)
        self.assertEqual(egret("-j", "-q", "-t", "100k", DEMO).stdout,
                         egret("-j", "-q", "-t", "100k", DEMO).stdout)

    def test_deltas_add_up_to_totals(self):
        totals, deltas = {}, {}
        for r in records(DEMO):
            if r["event"]["dataset"] in ("egret.conn", "egret.flow"):
                key = r["egret"]["flow_id"]
                deltas[key] = deltas.get(key, 0) + r["egret"]["delta"]["up"]
                totals[key] = r["source"]["bytes"]
        self.assertEqual(totals, deltas)


class Files(Folder):
    """The same packets in every file format give the same records."""

    @classmethod
    def setUpClass(cls):
        cls.packets = capture.read(DEMO)[:4000]
        cls.plain = capture.pcap(cls.packets)
        with tempfile.NamedTemporaryFile(suffix=".pcap") as f:
            f.write(cls.plain)
            f.flush()
            cls.wanted = told(records(f.name))
        assert len(cls.wanted) > 50

    def same(self, name, data):
        self.assertEqual(told(records("-r", self.file(name, data))), self.wanted)

    def test_big_endian(self):
        self.same("x.pcap", capture.pcap(self.packets, order=">"))

    def test_nanoseconds(self):
        self.same("x.pcap", capture.pcap(self.packets, nano=True))

    def test_pcapng_with_sections_and_interfaces(self):
        self.same("x.pcapng", capture.pcapng(self.packets))
        self.same("y.pcapng", capture.pcapng(self.packets, order=">"))

    def test_gzip(self):
        self.same("x.pcap.gz", gzip.compress(self.plain, 1))
        self.same("x", gzip.compress(capture.pcapng(self.packets), 1))

    def test_zstd(self):
        packed = subprocess.run(["zstd", "-1", "-c"], input=self.plain, capture_output=True).stdout
        self.same("x.pcap.zst", packed)

    def test_standard_input(self):
        self.assertEqual(told(records("-r", "-", stdin=self.plain)), self.wanted)
        self.assertEqual(told(records("-r", "-", stdin=gzip.compress(self.plain, 1))), self.wanted)

    def test_rotated_files_are_one_stream(self):
        step = 300
        for i in range(0, len(self.packets), step):
            # names that sort the wrong way round, in nested folders
            name = f"{i // step % 3}/part-{999 - i // step}.pcap"
            self.file("rotated/" + name, capture.pcap(self.packets[i:i + step]))
        self.assertEqual(told(records("-r", os.path.join(self.folder, "rotated"))), self.wanted)

    def test_two_taps_are_merged_in_time_order(self):
        paths = []
        for i in range(2):
            paths += ["-r", self.file(f"tap{i}.pcap", capture.pcap(self.packets[i::2]))]
        self.assertEqual(told(records(*paths)), self.wanted)

    def test_a_damaged_file_is_told_and_the_next_one_read(self):
        cut = self.file("a.pcap", capture.pcap(self.packets[:2000])[:-7])
        rest = self.file("b.pcap", capture.pcap(self.packets[2000:]))
        r = egret("-r", cut, "-r", rest, "-w", "-", "-q", status=1)
        self.assertIn(b"a.pcap", r.stderr)
        lines = [json.loads(x) for x in r.stdout.splitlines()]
        self.assertGreater(len(lines), 0.9 * len(self.wanted))
        self.assertGreater(max(x["@timestamp"] for x in lines), "2026-11-24T08:42:3")

    def test_what_is_no_capture_is_told(self):
        for data in (b"", b"hello, world\n", self.plain[:10], b"\x1f\x8b\x08"):
            r = egret("-r", self.file("x", data), status=None)
            self.assertIn(r.returncode, (1, 2))
            self.assertIn(b"/x", r.stderr)
        r = egret("-r", os.path.join(self.folder, "missing"), status=2)
        self.assertIn(b"missing", r.stderr)

    def test_filter(self):
        clients = {r["source"]["ip"] for r in records("-f", "host 10.77.0.12", DEMO)}
        self.assertEqual(clients, {"10.77.0.12"})
        self.assertIn(b"filter", egret("-f", "no such thing", DEMO, status=2).stderr)

    def test_wrong_options(self):
        for arguments in (["--no-such-option"], ["-t", "lots", DEMO], ["-t", "E=1", DEMO], []):
            r = egret(*arguments, status=2)
            self.assertTrue(r.stderr)
            self.assertFalse(r.stdout)
        self.assertIn(b"usage", egret("--help").stdout)
        self.assertRegex(egret("--version").stdout, rb"^egret \d")

    def test_output_that_cannot_be_written(self):
        r = egret("-w", os.path.join(self.folder, "no", "such", "folder"), DEMO, status=2)
        self.assertIn(b"folder", r.stderr)
        r = egret("-w", "/dev/full", DEMO, status=1)
        self.assertIn(b"/dev/full", r.stderr)
        self.assertIn(b"anonfiles.com", r.stdout)


class Counting(Folder):
    """A known upload, dropped, doubled, cut and seen from one side only."""

    CLIENT, SERVER_PORT = "10.77.0.12", 443

    @classmethod
    def setUpClass(cls):
        packets = [p for p in capture.read(DEMO)
                   if p.data[12:14] == b"\x08\x00" and p.data[23] == 6 and cls.is_upload(p)]
        assert len(packets) > 1000
        cls.packets = packets

    @classmethod
    def is_upload(cls, p):
        client = bytes(int(x) for x in cls.CLIENT.split("."))
        ports = {int.from_bytes(p.data[34:36], "big"), int.from_bytes(p.data[36:38], "big")}
        return client in (p.data[26:30], p.data[30:34]) and cls.SERVER_PORT in ports

    def count(self, packets):
        lines = records("-r", self.file("x.pcap", capture.pcap(packets)))
        return sum(uploads(lines).values())

    def test_views(self):
        true = self.count(self.packets)
        self.assertGreater(true, 5_000_000)
        one_side = capture.sent_by(self.packets, self.CLIENT)
        other_side = [p for p in self.packets if p not in set(one_side)]
        views = {
            "everything": (self.packets, 0),
            "half dropped": (capture.dropped(self.packets, .5, 1), .0005),
            # what is lost at a connection's ends cannot be known, and these are short ones: the
            # unit tests do the same to 100 MB
            "half dropped in bursts": (capture.dropped_in_bursts(self.packets, .5, 20, 2), .02),
            "only what the client sends": (one_side, 0),
            "only what the servers send": (other_side, 0.00001),
            "every packet twice": (capture.doubled(self.packets), 0),
            "cut to 96 bytes": (capture.cut(self.packets, 96), 0),
        }
        for name, (packets, error) in views.items():
            with self.subTest(name):
                self.assertLessEqual(abs(self.count(packets) - true), true * error, name)


class Hostile(Folder):
    """What the wire says never reaches a terminal or a log raw."""

    def test_names_are_escaped(self):
        client, server = (10, 0, 0, 1), (10, 0, 0, 2)
        evil = b"\x1b[31m\r\n\x00\x9b\xff.mega.nz"
        packets = [capture.Packet(10**18, capture.udp(client, 5000, server, 53, capture.dns_query(
            [b"\x1b]0;owned\x07", b"\x00\x7f.\\", b"mega", b"nz"])))]
        packets += capture.tcp_exchange(client, 5001, server, 443, capture.client_hello(evil),
                                        start=10**18)
        packets += capture.tcp_exchange(
            client, 5002, server, 80, b"GET /\x1b[2J HTTP/1.1\r\nHost: " + b"\x1b[5m.mega.nz" +
            b"\r\nUser-Agent: \x1b[6m\xff\xfe\r\n\r\n", start=10**18 + 10**9)
        path = self.file("x.pcap", capture.pcap(packets))
        for arguments in ((), ("-j",), ("-w", "-")):
            r = egret("-t", "1", *arguments, path)
            self.assertIsNone(CONTROL.search(r.stdout), r.stdout)
            self.assertIsNone(CONTROL.search(r.stderr), r.stderr)
            r.stdout.decode("utf-8")
        names = {r["dns"]["question"]["name"] for r in records(path) if "dns" in r}
        self.assertEqual(names, {"\\027]0;owned\\007.\\000\\127\\046\\092.mega.nz"})

    def test_a_dot_inside_a_label_makes_no_boundary(self):
        query = capture.dns_query([b"x.anonfiles.com"])
        path = self.file("x.pcap", capture.pcap([capture.Packet(10**18, capture.udp(
            (10, 0, 0, 1), 5000, (10, 0, 0, 2), 53, query))]))
        self.assertEqual(findings(path), [])

    def test_look_alikes(self):
        packets = []
        for i, name in enumerate((b"notmega.nz", b"omega.nz", b"ufile.io.evil.com", b"anonfiles.company",
                                  b"myufile.io", b"mega.nz.example.org")):
            packets += capture.tcp_exchange((10, 0, 0, 1), 5000 + i, (10, 0, 0, 2), 443,
                                            capture.client_hello(name), start=10**18 + i * 10**9)
        path = self.file("x.pcap", capture.pcap(packets))
        self.assertEqual(findings("-t", "1", path), [])
        self.assertEqual(len([r for r in records(path) if r["event"]["dataset"] == "egret.tls"]), 6)


class Protocols(Folder):
    """Connections that the tests write byte by byte."""

    HELLO = capture.client_hello(b"content.dropboxapi.com")
    SERVER_HELLO = b"\x16\3\3\0\x2a\2\0\0\x26\3\3" + bytes(range(32)) + b"\0\x13\1\0" + \
        b"\x14\3\3\0\1\1"

    def told(self, packets, *arguments):
        return records(*arguments, self.file("x.pcap", capture.pcap(packets)))

    def one(self, lines, dataset):
        found = [r for r in lines if r["event"]["dataset"] == "egret." + dataset]
        self.assertEqual(len(found), 1, f"{len(found)} {dataset} records")
        return found[0]

    def last(self, lines):
        return [r for r in lines if "end" in r["egret"]][-1]

    def hello_of(self, packets):
        return self.one(self.told(packets), "tls")["tls"]["client"]["server_name"]

    def test_a_hello_in_any_order(self):
        for size in (1, 7, 40, 1400):
            for order in (None, lambda p: -p[0], lambda p: p[0] * 7919 % 31):
                if size == 1 and order:
                    continue  # more pieces out of order than are kept
                c = capture.Connection(5000, 443)
                c.c(self.HELLO, size=size, order=order).s(self.SERVER_HELLO)
                self.assertEqual(self.hello_of(c.close()), "content.dropboxapi.com")

    def test_a_hello_over_several_records(self):
        message, out = self.HELLO[5:], b""
        for i in range(0, len(message), 11):
            part = message[i:i + 11]
            out += b"\x16\3\1" + len(part).to_bytes(2, "big") + part
        self.assertEqual(self.hello_of(capture.Connection(5000, 9999).c(out).close()),
                         "content.dropboxapi.com")

    def test_sent_twice_and_overlapping(self):
        c = capture.Connection(5000, 443)
        c.put(0, 0x18, 20, self.HELLO[20:60])
        c.put(0, 0x18, 0, self.HELLO[:40])
        c.put(0, 0x18, 10, self.HELLO[10:50])
        c.put(0, 0x18, 30, self.HELLO[30:])
        self.assertEqual(self.hello_of(c.packets), "content.dropboxapi.com")

    def test_a_lost_hello_says_why(self):
        c = capture.Connection(5000, 443)
        c.next[0] += 30
        c.c(self.HELLO[30:]).s(self.SERVER_HELLO)
        self.assertEqual(self.last(self.told(c.close()))["egret"]["name_missing"], "gap")
        c = capture.Connection(5000, 443, handshake=False)
        c.c(b"\x17\3\3\1\0" + bytes(256)).s(b"\x17\3\3\1\0" + bytes(256))
        r = self.last(self.told(c.close()))
        self.assertEqual(r["egret"]["name_missing"], "midstream")
        self.assertEqual(r["network"]["protocol"], "tls")

    def test_starttls(self):
        c = capture.Connection(5000, 25)
        c.s(b"220 mx ESMTP\r\n").c(b"EHLO me\r\n").s(b"250-mx\r\n250 STARTTLS\r\n")
        c.c(b"STARTTLS\r\n").s(b"220 go\r\n").c(self.HELLO).s(self.SERVER_HELLO)
        lines = self.told(c.close())
        self.assertEqual(self.one(lines, "tls")["egret"]["tls"]["starttls"], 1)
        self.assertEqual(self.last(lines)["destination"]["domain"], "content.dropboxapi.com")

    def test_a_proxys_bytes_count_for_the_target(self):
        c = capture.Connection(5000, 3128)
        c.c(b"CONNECT gfs1.userstorage.mega.co.nz:443 HTTP/1.1\r\nHost: proxy\r\n\r\n")
        c.s(b"HTTP/1.1 200 Connection established\r\n\r\n")
        c.c(self.HELLO.replace(b"content.dropboxapi.com", b"gfs1.userstorage.mega.nz"[:22]))
        c.c(bytes(50000))
        lines = self.told(c.close())
        r = self.one(lines, "http")
        self.assertTrue(r["egret"]["http"]["connect"])
        self.assertEqual(r["http"]["response"]["status_code"], 200)
        first = [x for x in lines if x["event"]["dataset"] == "egret.conn"][0]
        self.assertEqual(first["egret"]["name_source"], "proxy")
        self.assertEqual(first["destination"]["domain"], "gfs1.userstorage.mega.co.nz")
        self.assertEqual(self.last(lines)["egret"]["name_source"], "sni")
        self.assertEqual(self.one(lines, "tls")["tls"]["client"]["server_name"],
                         "gfs1.userstorage.mega")

    def test_a_refused_connect_names_no_tunnel(self):
        c = capture.Connection(5000, 3128)
        c.c(b"CONNECT mega.nz:443 HTTP/1.1\r\n\r\n").s(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
        c.c(b"GET http://www.example.com/ HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
        lines = self.told(c.close())
        self.assertEqual([r["url"]["domain"] for r in lines if "url" in r],
                         ["mega.nz", "www.example.com"])

    def test_socks(self):
        name = b"up.ufile.io"
        c = capture.Connection(5000, 1080)
        c.c(b"\5\1\0").s(b"\5\0").c(b"\5\1\0\3" + bytes([len(name)]) + name + b"\1\xbb")
        c.s(b"\5\0\0\1\0\0\0\0\0\0").c(bytes(range(1, 100)) * 20)
        r = self.last(self.told(c.close()))
        self.assertEqual((r["destination"]["domain"], r["egret"]["name_source"]), (name.decode(), "proxy"))
        c = capture.Connection(5001, 1080)
        c.c(b"\4\1\1\xbb\0\0\0\1me\0" + name + b"\0").s(b"\0\x5a" + bytes(6)).c(self.HELLO)
        r = self.last(self.told(c.close()))
        self.assertEqual((r["destination"]["domain"], r["egret"]["name_source"]),
                         ("content.dropboxapi.com", "sni"))

    def test_http_on_one_connection(self):
        put = b"PUT /a HTTP/1.1\r\nHost: transfer.sh\r\nContent-Length: 30000\r\n\r\n" + bytes(30000)
        chunked = b"POST /b HTTP/1.1\r\nHost: transfer.sh\r\nTransfer-Encoding: chunked\r\n\r\n" + \
            (b"400\r\n" + bytes(1024) + b"\r\n") * 9 + b"0\r\n\r\n"
        get = b"GET /c HTTP/1.1\r\nHost: transfer.sh\r\n\r\n"
        c = capture.Connection(5000, 8080)
        c.c(put).s(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nok\n")
        c.c(chunked).s(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok\n\r\n0\r\n\r\n")
        c.c(b"HEAD /h HTTP/1.1\r\nHost: transfer.sh\r\n\r\n" + get)  # pipelined
        c.s(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
        lines = [r for r in self.told(c.close()) if r["event"]["dataset"] == "egret.http"]
        self.assertEqual([(r["http"]["request"]["method"], r["url"]["original"],
                           r["http"]["response"]["status_code"]) for r in lines],
                         [("PUT", "/a", 201), ("POST", "/b", 200), ("HEAD", "/h", 200), ("GET", "/c", 404)])
        self.assertEqual(lines[0]["http"]["request"]["body"]["bytes"], 30000)
        # bodies may be missing from the capture, heads are found all the same
        packets = [p for p in c.packets if not (len(p.data) > 1400 and b"HTTP" not in p.data)]
        lost = [r for r in self.told(packets) if r["event"]["dataset"] == "egret.http"]
        self.assertEqual([r["url"]["original"] for r in lost if r["url"]["original"] != "/b"],
                         ["/a", "/h", "/c"])

    def test_another_host_on_the_same_connection(self):
        c = capture.Connection(5000, 80)
        for host in (b"transfer.sh", b"file.io"):
            c.c(b"POST / HTTP/1.1\r\nHost: " + host + b"\r\nContent-Length: 40000\r\n\r\n" + bytes(40000))
            c.s(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        path = self.file("x.pcap", capture.pcap(c.close()))
        found = {f["egret"]["finding"]["service"]: f["source"]["bytes"] for f in findings("-t", "1k", path)}
        self.assertEqual(set(found), {"transfer.sh", "file.io"})
        for size in found.values():
            self.assertLess(abs(size - 40000), 500)

    def test_dns_is_joined(self):
        client, resolver = (10, 0, 0, 1), (10, 0, 0, 53)
        def q(at, name, number, sport=5000):
            return capture.Packet(10**18 + at, capture.udp(client, sport, resolver, 53,
                                                           capture.dns_query(name, number)))
        def a(at, name, number, addresses=(), sport=5000, rcode=0):
            return capture.Packet(10**18 + at, capture.udp(
                resolver, 53, client, sport, capture.dns_answer(name, addresses, number, rcode)))
        name = [b"wWw", b"exAmple", b"com"]
        packets = [q(0, name, 7), q(5 * 10**6, name, 7), a(2 * 10**7, name, 7, [(1, 2, 3, 4)])]
        # many at once from one port, answered in another order
        for i in range(20):
            packets.append(q(10**8 + i, [b"n%d" % i, b"test"], 100 + i, 5353 - 1))
        for i in reversed(range(19)):
            packets.append(a(2 * 10**8 - i, [b"n%d" % i, b"test"], 100 + i, [(1, 1, 1, i)], 5353 - 1))
        packets.append(a(3 * 10**8, [b"never", b"asked"], 1, rcode=3, sport=6000))
        packets.append(q(3 * 10**10, [b"later"], 9))
        lines = [r for r in self.told(packets)]
        by = {r["dns"]["question"]["name"]: r for r in lines}
        self.assertEqual(len(lines), 23)
        r = by["www.example.com"]
        self.assertEqual((r["dns"]["resolved_ip"], r["egret"]["dns"]["rtt"]), (["1.2.3.4"], 2 * 10**7))
        for i in range(19):
            self.assertEqual(by[f"n{i}.test"]["dns"]["resolved_ip"], [f"1.1.1.{i}"])
        self.assertFalse(by["n19.test"]["egret"]["dns"]["answered"])
        self.assertEqual(by["never.asked"]["dns"]["response_code"], "NXDOMAIN")
        self.assertFalse(by["never.asked"]["egret"]["dns"]["asked"])

    def test_an_unnamed_upload_gets_the_name_that_was_looked_up(self):
        client, server = (10, 0, 0, 1), (203, 0, 113, 9)
        name = [b"up", b"ufile", b"io"]
        packets = [capture.Packet(10**18, capture.udp(client, 5000, (10, 0, 0, 53), 53,
                                                      capture.dns_query(name))),
                   capture.Packet(10**18 + 10**6, capture.udp(
                       (10, 0, 0, 53), 53, client, 5000, capture.dns_answer(name, [server])))]
        c = capture.Connection(5001, 4433, start=10**18 + 10**9)
        c.c(bytes([1]) * 60000)
        lines = self.told(packets + c.close())
        r = self.last(lines)
        self.assertEqual((r["destination"]["domain"], r["egret"]["name_source"]),
                         ("up.ufile.io", "dns_client"))
        # another client that asked nobody we saw: a weaker source, and said so
        c = capture.Connection(5001, 4433, client=(10, 0, 0, 2), start=10**18 + 10**9)
        r = self.last(self.told(packets + c.c(bytes([1]) * 60000).close()))
        self.assertEqual(r["egret"]["name_source"], "dns_any")

    def test_an_amsdu_holds_several_packets(self):
        def subframe(name, pad):
            ip = capture.udp((10, 0, 0, 1), 5000, (10, 0, 0, 53), 53,
                             capture.dns_query([name], len(name)))[14:]
            body = b"\xaa\xaa\3\0\0\0\x08\0" + ip
            out = bytes(12) + len(body).to_bytes(2, "big") + body
            return out + bytes(-len(out) % 4 if pad else 0)
        # QoS data, to the distribution system, A-MSDU present; 40 of them overfill a batch of 64
        head = b"\x88\1\0\0" + bytes(18) + b"\0\0" + b"\x80\0"
        packets, wanted = [], set()
        for i in range(40):
            names = [b"amsdu-%d-%d" % (i, k) for k in range(3)]
            wanted |= {n.decode() for n in names}
            packets.append(capture.Packet(10**18 + i * 10**6, head + b"".join(
                subframe(n, k < 2) for k, n in enumerate(names))))
        path = self.file("x.pcap", capture.pcap(packets, link=105))
        self.assertEqual({r["dns"]["question"]["name"] for r in records(path)}, wanted)

    def test_an_unknown_link_type_is_named(self):
        path = self.file("x.pcap", capture.pcap([capture.Packet(10**18, bytes(60))] * 3, link=147))
        self.assertRegex(egret(path).stdout, rb"3  Packets of unknown link type 147")

    def test_what_hides_names_is_told(self):
        c = capture.Connection(5000, 853)
        c.c(capture.client_hello(b"dns.quad9.net"))
        self.assertIn("dot", self.last(self.told(c.close()))["egret"]["hides"])
        c = capture.Connection(5000, 443)
        c.c(capture.client_hello(b"mozilla.cloudflare-dns.com"))
        self.assertIn("doh", self.last(self.told(c.close()))["egret"]["hides"])
        c = capture.Connection(5000, 443, server=(8, 8, 8, 8))
        c.c(capture.client_hello(b"www.example.com"))
        self.assertIn("doh", self.last(self.told(c.close()))["egret"]["hides"])


class Explain(unittest.TestCase):
    def test_names(self):
        self.assertIn(b"MEGA", egret("--explain", "gfs270n138.userstorage.MEGA.co.nz.").stdout)
        self.assertIn(b"no service", egret("--explain", "omega.nz").stdout)


if __name__ == "__main__":
    program.main(sys.modules[__name__])
