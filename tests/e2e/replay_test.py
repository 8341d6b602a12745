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
sys.path.insert(0, HERE)
import capture  # noqa: E402

TESTS = os.path.dirname(HERE)
EGRET = os.path.abspath("egret")
DEMO = os.path.join(TESTS, "captures", "demo.pcap")
LISTS = os.path.join(TESTS, "..", "domains")
VALIDATE = os.path.join(TESTS, "validate.py")
FINDINGS = os.path.join(TESTS, "..", "src", "output", "finding.schema.json")
CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def egret(*arguments, stdin=None, status=0):
    r = subprocess.run([EGRET, "--domains", LISTS, "--cache", CACHE, *arguments], input=stdin,
                       capture_output=True, timeout=300)
    if status is not None and r.returncode != status:
        raise AssertionError(f"exit status {r.returncode} of {arguments}: {r.stderr.decode()}")
    return r


def records(*arguments, stdin=None, status=0):
    out = egret("--records", "-", "--quiet", *arguments, stdin=stdin, status=status).stdout
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


class Explain(unittest.TestCase):
    def test_names(self):
        self.assertIn(b"MEGA", egret("--explain", "gfs270n138.userstorage.MEGA.co.nz.").stdout)
        self.assertIn(b"no service", egret("--explain", "omega.nz").stdout)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        EGRET = os.path.abspath(sys.argv.pop(1))
    with tempfile.TemporaryDirectory(prefix="egret-cache-") as CACHE:
        os.chmod(CACHE, 0o700)
        program = unittest.main(exit=False, verbosity=1)
        result = program.result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
