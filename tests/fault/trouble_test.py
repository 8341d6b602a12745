#!/usr/bin/python3
"""Every trouble that egret(8) has a word about under FAULTS goes as it says there.

    trouble_test.py [EGRET [SHIM]]

The daemon in network and mount namespaces of its own, so as root; else, and where these cannot be had, 77.
Cases that need the shim are left out where nothing can be preloaded (sanitizers).
"""
import json
import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "e2e")]
import capture  # noqa: E402
import fault  # noqa: E402
import live  # noqa: E402
from fault_test import SKIP, usable  # noqa: E402

EGRET, SHIM, FOLDER, NO_SHIM = "./egret", "tests/fault/shim.so", None, None
JOURNAL = "/run/systemd/journal"


def as_root(mode):
    return lambda path: os.chmod(path, mode)


class Trouble(unittest.TestCase):
    def setUp(self):
        self.folder = os.path.join(FOLDER, self.id().rsplit(".", 1)[-1])
        self.net = live.Net()
        self.addCleanup(self.net.close)

    def daemon(self, extra="", files=True):
        d = live.Daemon(EGRET, self.net, self.folder, files=files, extra=extra)
        cache = os.path.join(FOLDER, "cache")
        if os.path.exists(cache):
            shutil.rmtree(d.path("cache"))
            shutil.copytree(cache, d.path("cache"))
            for at, _, names in os.walk(d.path("cache")):
                for n in [".", *names]:
                    shutil.chown(os.path.join(at, n), live.USER)
        self.addCleanup(d.close)
        return d

    def started(self, extra="", files=True, **more):
        d = self.daemon(extra, files)
        self.assertTrue(d.start(**more), d.told())
        return d

    def keep_cache(self, d):
        cache = os.path.join(FOLDER, "cache")
        if not os.path.exists(cache):
            shutil.copytree(d.path("cache"), cache)

    def stops(self, d, status=0):
        got, took = d.stop()
        self.assertEqual(got, status, d.told())
        self.assertLess(took, live.STOPS)
        return took

    def refuses(self, d, *texts):
        """It does not start, and says why in one line."""
        self.assertFalse(d.start(), d.told())
        self.assertEqual(d.process.wait(10), 2, d.told())
        d.manager.close()
        lines = [x for x in d.told().splitlines() if "error: " in x or not x.startswith("egret: ")]
        self.assertEqual(len(lines), 1, lines)
        for text in texts:
            self.assertIn(text, lines[0])

    def whole(self, d, name="findings"):
        """The lines, each of them JSON."""
        path = d.path("log", name)
        if not os.path.exists(path):
            return []
        with open(path, "rb") as f:
            data = f.read()
        self.assertEqual(fault.bad_lines(data), [])
        return data.splitlines()

    def tells(self, d, text, limit=10):
        self.assertTrue(d.tells(text, limit), f"{text!r} is not in: {d.told()}")

    def finds(self, d, limit=10):
        """Traffic is sent, and findings of it are in the file."""
        before, end = len(self.whole_now(d)), time.monotonic() + limit
        while time.monotonic() < end:
            self.assertTrue(d.send())  # (connections that it takes for the ones before are no news)
            if live.wait(lambda: len(d.findings()) > 3 and len(self.whole_now(d)) > before, 3):
                return
        self.fail(d.told())

    @staticmethod
    def whole_now(d):
        try:
            with open(d.path("log", "findings"), "rb") as f:
                return [x for x in f if x.endswith(b"\n")]
        except FileNotFoundError:
            return []

    def status(self, d):
        return d.asks("status")

    def outlet(self, d, name):
        return next(o for o in self.status(d)["outputs"] if o["name"] == name)


def mount(case, *words):
    subprocess.run(["mount", *words], check=True)
    case.addCleanup(subprocess.run, ["umount", "-l", words[-1]], check=False, capture_output=True)


class Disk(Trouble):
    def small(self, d, name, size="2m"):
        mount(self, "-t", "tmpfs", "-o", f"size={size},mode=0750,uid={shutil._get_uid(live.USER)}", "none", d.path(name))

    def fill(self, d, name):
        with open(d.path(name, "filler"), "wb", buffering=0) as f:
            try:
                while f.write(bytes(4096)):
                    pass
            except OSError:
                pass

    def free(self, d, name):
        os.unlink(d.path(name, "filler"))

    def test_full_for_lines(self):
        """Reported once, nothing torn, and what waited is written when there is room."""
        d = self.daemon()
        self.small(d, "log")
        self.assertTrue(d.start(), d.told())
        self.keep_cache(d)
        self.finds(d)
        self.fill(d, "log")
        d.send()
        self.tells(d, "records.file: " + d.path("log", "records") + ": No space left on device")
        self.whole(d)
        self.assertTrue(self.outlet(d, "records.file")["failing"])
        self.free(d, "log")
        self.tells(d, "records.file: works again after", 30)
        self.assertIn("no line was lost", d.told())
        self.stops(d)
        self.assertGreater(len(self.whole(d, "records")), 150)
        self.assertEqual(d.told().count("records.file: " + d.path("log", "records") + ": No space"), 1)

    def test_full_at_the_end(self):
        """What cannot be written any more is counted; the status says so; it does not wait for ever."""
        d = self.daemon()
        self.small(d, "log")
        self.assertTrue(d.start(), d.told())
        self.fill(d, "log")
        d.send()
        self.tells(d, "No space left on device")
        self.stops(d, 1)
        self.tells(d, "lines could not be written any more")
        self.whole(d), self.whole(d, "records")

    def test_full_for_state(self):
        """The one before stays, and the next one that fits replaces it."""
        d = self.daemon()
        self.small(d, "state", "8m")
        self.assertTrue(d.start(), d.told())
        state = d.path("state", "egret.state")
        self.assertTrue(live.wait(lambda: os.path.exists(state)))
        self.fill(d, "state")
        self.tells(d, "the state cannot be written: No space left on device")
        self.assertTrue(os.path.getsize(state))
        left = [x for x in os.listdir(d.path("state")) if x.endswith(".part")]
        self.assertEqual(left, [])
        self.free(d, "state")
        now = time.time()
        self.assertTrue(live.wait(lambda: os.stat(state).st_mtime > now))
        self.finds(d)
        self.stops(d)
        self.assertTrue(d.start())
        self.assertNotIn("set aside", d.told())
        self.stops(d)

    def test_full_for_the_cache(self):
        """Nothing is kept, all the rest works."""
        d = self.daemon()
        shutil.rmtree(d.path("cache"))
        os.mkdir(d.path("cache"))
        self.small(d, "cache", "64k")
        self.assertTrue(d.start(), d.told())
        self.finds(d)
        self.stops(d)

    def test_read_only_state(self):
        """Loaded, never saved, and said so once and again."""
        d = self.started()
        self.finds(d)
        self.stops(d)
        mount(self, "--bind", d.path("state"), d.path("state"))
        mount(self, "-o", "remount,bind,ro", d.path("state"))
        before = os.stat(d.path("state", "egret.state")).st_mtime
        self.assertTrue(d.start(), d.told())
        self.assertTrue(d.asks("findings", "10"), "the findings of before are not known")
        self.tells(d, d.path("state") + ": no file can be made: Read-only file system")
        self.assertGreater(self.status(d)["state"]["failures"], 0)
        self.stops(d, 1)
        self.assertEqual(os.stat(d.path("state", "egret.state")).st_mtime, before)

    def log_is_removed(self, extra):
        d = self.started(extra)
        self.finds(d)
        time.sleep(1.2)  # (it looks once a second)
        shutil.rmtree(d.path("log"))
        d.send()
        self.tells(d, "records: cannot be opened again: No such file or directory", 20)
        os.mkdir(d.path("log"))
        shutil.chown(d.path("log"), live.USER)
        d.send()
        return d

    def test_folder_of_logs_is_removed(self):
        """Told; as soon as there is a folder again lines go on in it."""
        d = self.log_is_removed("sandbox: no\n")
        self.assertTrue(live.wait(lambda: os.path.exists(d.path("log", "records")) and
                                  os.path.exists(d.path("log", "findings")), 25), d.told())
        self.finds(d)
        self.stops(d)
        self.assertTrue(self.whole(d, "records"))

    def test_folder_of_logs_is_removed_under_the_sandbox(self):
        """Landlock holds the folder that was there, not its name: another one needs a restart."""
        d = self.log_is_removed("")
        if not self.status(d)["sandbox"]["landlock_abi"]:
            self.skipTest("no Landlock in this kernel")
        self.tells(d, "cannot be opened again: Permission denied", 20)
        self.stops(d)
        self.assertTrue(d.start(), d.told())
        self.finds(d)
        self.stops(d)


class Files(Trouble):
    def test_unreadable_at_the_start(self):
        """One line, status 2."""
        d = self.daemon()
        for name, path in (("egret.yaml", d.config), ("domains", d.path("domains", "paste.list")),
                           ("rules", d.path("rules"))):
            with self.subTest(name):
                before = os.stat(path).st_mode
                os.chmod(path, 0o000)
                if name == "egret.yaml":
                    # root reads everything: what is read again as its user is not
                    os.chmod(path, before)
                    os.rename(path, path + ".away")
                    self.refuses(d, path, "No such file")
                    os.rename(path + ".away", path)
                else:
                    self.refuses(d, path, "Permission denied")
                os.chmod(path, before)
        self.assertTrue(d.start(), d.told())
        self.stops(d)

    def test_unreadable_at_a_reload(self):
        """The old ones stay, the reason is told, and the next reload may go well."""
        d = self.started()
        failures = 0
        for path in d.config, d.path("domains", "paste.list"), d.path("rules", "connection_mega.yml"):
            with self.subTest(path):
                before = os.stat(path).st_mode
                os.chmod(path, 0o000)
                answer = d.ask("reload", limit=20)
                failures += 1
                self.assertTrue(answer.startswith("error"), answer)
                self.assertIn(f"{path}", answer)
                self.assertIn("Permission denied", answer)
                self.tells(d, "not reloaded, the old rules stay in force: ")
                os.chmod(path, before)
        self.finds(d)
        self.assertEqual(d.ask("reload", limit=20).split("\n")[0], "ok")
        self.stops(d)

    def test_broken_at_a_reload(self):
        d = self.started()
        with open(d.path("domains", "paste.list"), "a", encoding="utf-8") as f:
            f.write("[Broken\n")
        answer = d.ask("reload", limit=20)
        self.assertIn("paste.list:", answer)
        self.finds(d)
        self.stops(d)

    def test_damaged_state(self):
        """Cut short or with another byte, anywhere: set aside and kept, told, and the run goes on."""
        d = self.started()
        self.finds(d)
        self.stops(d)
        with open(d.path("state", "egret.state"), "rb") as f:
            good = f.read()
        folder = os.path.join(self.folder, "replayed")
        os.mkdir(folder, 0o700)
        config = os.path.join(self.folder, "replay.yaml")
        with open(config, "w", encoding="utf-8") as f:
            f.write(f"state: {folder}\n")
        none = os.path.join(self.folder, "none.pcap")
        with open(none, "wb") as f:
            f.write(capture.pcap([]))
        lists = os.path.join(self.folder, "short.list")
        with open(lists, "w", encoding="utf-8") as f:
            f.write("[Shelf]\ncategory cloud-storage\ntier B\nweb shelf.example\n")
        places = sorted({*range(0, 64, 7), *range(64, len(good), max(1, len(good) // 12)), len(good) - 1})
        for at in places:
            for what, data in (("cut", good[:at]), ("changed", good[:at] + bytes([good[at] ^ 0x20]) + good[at + 1:])):
                with self.subTest(at=at, what=what):
                    path = os.path.join(folder, "egret.state")
                    with open(path, "wb") as f:
                        f.write(data)
                    r = subprocess.run([EGRET, "--cache=", "-d", lists, "--rules=", "-c", config, "-q", "-j", none],
                                       capture_output=True, text=True, check=False)
                    self.assertEqual((r.returncode, len(r.stderr.splitlines())), (1, 1), r.stderr)
                    self.assertIn("(kept as egret.state.bad)", r.stderr)
                    with open(os.path.join(folder, "egret.state.bad"), "rb") as f:
                        self.assertEqual(f.read(), data)
        # the same in the daemon, which starts all the same
        with open(d.path("state", "egret.state"), "wb") as f:
            f.write(good[:len(good) // 2])
        self.assertTrue(d.start(), d.told())
        self.tells(d, "what was learned before is set aside")
        self.stops(d)

    def test_descriptors(self):
        """With ever more of them: one line and status 2, until there are enough."""
        d = self.daemon()
        started = None
        for n in (4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 64):
            def limit(n=n):
                resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))
            if d.start(before=limit, limit=5):
                started = n
                self.finds(d)
                self.stops(d)
                break
            self.assertTrue(d.told(), f"{n}: nothing is said")
            running = not d.ended()  # with something that it goes on without
            status, _ = d.stop()
            self.assertIn(status, (0, 1) if running else (1, 2), d.told())
        self.assertIsNotNone(started, d.told())


class Others(Trouble):
    def listen(self, path, kind=socket.SOCK_DGRAM):
        s = socket.socket(socket.AF_UNIX, kind)
        s.bind(path)
        os.chmod(path, 0o777)
        s.settimeout(0.5)
        return s

    @staticmethod
    def receive(s, until, limit=15):
        got, end = [], time.monotonic() + limit
        while len(got) < until and time.monotonic() < end:
            try:
                got.append(s.recv(1 << 16))
            except (TimeoutError, ConnectionError):
                pass
        return got

    def comes_and_goes(self, extra, path, name):
        """Not there at the start; there; dies; comes back. Nothing is lost."""
        d = self.daemon(extra, files=False)
        self.assertTrue(d.start(), d.told())
        d.send()
        self.tells(d, f"{name}: {path}: ")
        there = self.listen(path)
        lines = self.receive(there, 4)
        self.assertGreaterEqual(len(lines), 4, d.told())
        self.tells(d, f"{name}: works again after")
        self.assertIn("no line was lost", d.told())
        there.close()
        os.unlink(path)
        d.send()
        self.assertTrue(live.wait(lambda: self.outlet(d, name)["failing"]), d.told())
        there = self.listen(path)
        self.assertTrue(self.receive(there, 1), d.told())
        while self.receive(there, 1, limit=3):
            pass
        self.assertEqual([self.outlet(d, name)[k] for k in ("lost", "queued")], [0, 0])
        stop = threading.Event()  # what is told at the end is taken as well
        taking = threading.Thread(target=lambda: [self.receive(there, 1, 0.1) for _ in iter(stop.is_set, True)])
        taking.start()
        self.addCleanup(taking.join)
        self.addCleanup(stop.set)
        self.stops(d)
        stop.set()
        taking.join()
        there.close()

    def test_syslog(self):
        path = os.path.join(self.folder, "run", "syslog")
        self.comes_and_goes(f"findings.syslog: {path}\n", path, "findings.syslog")

    def test_journal(self):
        if not os.path.isdir("/run/systemd"):
            self.skipTest("no /run/systemd to mount upon")
        mount(self, "-t", "tmpfs", "none", "/run/systemd")
        os.makedirs(JOURNAL)
        self.comes_and_goes("findings.journal: yes\n", JOURNAL + "/socket", "findings.journal")

    def test_the_end_with_dead_sinks(self):
        """All at once, not one after the other."""
        d = self.daemon(f"findings.file: {self.folder}/log/fifo\nrecords.file: {self.folder}/log/fifo2\n"
                        "findings.syslog: tcp://127.0.0.1:5514\n"
                        f"records.syslog: {self.folder}/run/none\n", files=False)
        readers = []
        for name in "fifo", "fifo2":
            os.mkfifo(d.path("log", name))
            shutil.chown(d.path("log", name), live.USER)
            readers.append(os.open(d.path("log", name), os.O_RDONLY | os.O_NONBLOCK))
        self.assertTrue(d.start(), d.told())
        for _ in range(3):
            d.send()
        time.sleep(1)
        took = self.stops(d, 1)
        self.tells(d, "lines could not be written any more")
        self.assertLess(took, 7.5)
        for r in readers:
            os.close(r)

    def test_control_socket_is_taken(self):
        d = self.daemon()
        path = d.path("run", "control")
        other = socket.socket(socket.AF_UNIX)
        other.bind(path)
        os.chmod(path, 0o777)
        other.listen()
        self.refuses(d, path, "somebody listens there already")
        other.close()
        os.unlink(path)
        with open(path, "w", encoding="ascii"):
            pass
        self.refuses(d, path, "is no socket")
        os.unlink(path)
        # of one that was killed
        other = socket.socket(socket.AF_UNIX)
        other.bind(path)
        other.close()
        shutil.chown(path, live.USER)
        self.assertTrue(d.start(), d.told())
        self.assertTrue(d.ask("version"))
        self.stops(d)

    def test_metrics_port_is_taken(self):
        d = self.daemon(live.METRICS)
        code = "import socket, time; s = socket.create_server(('127.0.0.1', 9823)); print(1, flush=True); time.sleep(60)"
        other = subprocess.Popen(self.net.inside(sys.executable, "-c", code), stdout=subprocess.PIPE)
        try:
            other.stdout.readline()
            self.refuses(d, "127.0.0.1:9823: cannot listen: Address already in use")
        finally:
            other.kill()
            other.wait()
            other.stdout.close()
        self.assertFalse(os.path.exists(d.path("run", "control")))
        self.assertTrue(d.start(), d.told())
        self.stops(d)


class Interface(Trouble):
    def test_it_is_not_there(self):
        d = self.daemon()
        self.net.unplug()
        self.refuses(d, "sensor: ")

    def test_it_goes_away_and_comes_back(self):
        d = self.started()
        self.finds(d)
        self.net.unplug()
        self.tells(d, "waiting for it to come back")
        self.net.plug()
        self.tells(d, "sensor: captured on again")
        self.finds(d)
        self.net.ip("link", "set", "sensor", "down")
        time.sleep(0.5)
        self.net.ip("link", "set", "sensor", "up")
        live.wait(lambda: self.status(d)["interfaces"][0]["up"])
        self.finds(d)
        self.net.ip("link", "set", "sensor", "down")
        self.net.ip("link", "set", "sensor", "name", "renamed")
        self.net.ip("link", "set", "renamed", "up")
        time.sleep(1.5)
        self.finds(d, 15)
        self.stops(d)


class Clock(Trouble):
    def setUp(self):
        if NO_SHIM:
            self.skipTest(NO_SHIM)
        super().setUp()
        self.page = fault.Page(os.path.join(FOLDER, "page"))
        self.addCleanup(self.page.close)

    def shimmed(self):
        d = self.started(environment=fault.environment(SHIM, self.page))
        return d

    def healthy(self, d):
        self.assertFalse(d.ended(), d.told())
        s = self.status(d)
        self.assertTrue(s)
        self.assertNotIn("no progress", json.dumps(s))

    def jump(self, wall, steady=0):
        d = self.shimmed()
        self.finds(d)
        self.page.clocks(wall, steady)
        time.sleep(2)
        self.finds(d)
        self.healthy(d)
        state = d.path("state", "egret.state")
        now = os.stat(state).st_mtime
        self.assertTrue(live.wait(lambda: os.stat(state).st_mtime > now), "no state is saved any more")
        self.page.clocks()
        time.sleep(2)
        self.finds(d)
        self.healthy(d)
        self.stops(d)
        self.assertTrue(d.start(), d.told())
        self.assertNotIn("set aside", d.told())
        self.assertTrue(d.asks("findings", "10"))
        self.stops(d)

    def test_an_hour_back(self):
        self.jump(-fault.HOUR)

    def test_an_hour_on(self):
        self.jump(fault.HOUR)

    def test_stopped_for_an_hour(self):
        d = self.shimmed()
        self.finds(d)
        d.signal(signal.SIGSTOP)
        time.sleep(0.5)
        self.page.clocks(fault.HOUR, fault.HOUR)
        d.signal(signal.SIGCONT)
        live.wait(lambda: "no progress" not in json.dumps(self.status(d)), 5)
        self.healthy(d)
        self.finds(d)
        self.stops(d)


class Packets(unittest.TestCase):
    def replay(self, packets):
        path = os.path.join(FOLDER, "times.pcap")
        with open(path, "wb") as f:
            f.write(capture.pcap(packets))
        r = subprocess.run([EGRET, "--cache", os.path.join(FOLDER, "cache-replay"), "-d",
                            os.path.join(live.TOP, "domains"), "--rules=", "-t", "100k", "--json", "-r", path],
                           capture_output=True, text=True, check=False)
        self.assertEqual(r.returncode, 0, r.stderr)
        up = {}
        for line in r.stdout.splitlines():
            x = json.loads(line)
            up[x["source"]["ip"], x["egret"]["finding"]["service"]] = x["source"]["bytes"]
        return up, r.stderr

    def test_time_goes_back(self):
        """By an hour, in the midst of a capture: every upload is there with its bytes, and that it was so is told."""
        packets = capture.read(live.DEMO)
        half = len(packets) // 2
        usual, _ = self.replay(packets)
        for by, counted in ((1, False), (60, False), (3000, False), (7200, True)):
            moved = packets[:half] + [capture.Packet(p.time - by * 10**9, p.data, p.length) for p in packets[half:]]
            found, told = self.replay(moved)
            self.assertEqual(found.keys(), usual.keys())
            # a connection that ran at that moment goes on as another one then, without its name
            other = [key for key, up in usual.items() if found[key] != up]
            self.assertLessEqual(len(other), counted, other)
            self.assertEqual("clock went back by more than an hour" in told, counted, told)
            self.assertIn("uploads:  11.0 MB", told)


def main():
    global EGRET, SHIM, FOLDER, NO_SHIM
    if sys.argv[1:2] == ["--inside"]:
        del sys.argv[1]
    else:
        why = live.why_not() or (None if shutil.which("unshare") else "needs unshare")
        if why:
            print(f"SKIP: {why}")
            return SKIP
        # what is mounted here is nobody else's, and goes with us
        os.execvp("unshare", ["unshare", "-m", "--propagation", "private", sys.executable, os.path.abspath(__file__),
                              "--inside", *sys.argv[1:]])
    names = [a for a in sys.argv[1:] if a.startswith("-") or re.match(r"[A-Z][a-z]+(\.|$)", a)]
    paths = [a for a in sys.argv[1:] if a not in names]
    with tempfile.TemporaryDirectory(prefix="egret-trouble-", ignore_cleanup_errors=True) as FOLDER:
        os.chmod(FOLDER, 0o755)
        os.mkdir(os.path.join(FOLDER, "cache-replay"), 0o700)
        EGRET = os.path.abspath(paths[0] if paths else EGRET)
        NO_SHIM = usable(EGRET, os.path.abspath(paths[1] if paths[1:] else SHIM), FOLDER)
        if not NO_SHIM:
            shutil.copy(os.path.abspath(paths[1] if paths[1:] else SHIM), os.path.join(FOLDER, "shim.so"))
            SHIM = os.path.join(FOLDER, "shim.so")
        result = unittest.main(argv=[sys.argv[0], *names], exit=False, verbosity=2).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
