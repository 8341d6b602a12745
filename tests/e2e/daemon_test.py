#!/usr/bin/python3
"""The daemon as whoever installs it meets it: what it says of mistakes, how it starts, what it answers, how it ends.

    daemon_test.py [EGRET]        (default: ./egret, with ./egretctl beside it)

As root, in a network namespace of its own; skipped (77) where there can be none.
"""
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE]
import program  # noqa: E402

EGRET = os.path.abspath("egret")
CACHE = None
LISTS = os.path.join(TESTS, "..", "domains")
NS = f"egret-daemon-{os.getpid()}"
INSIDE = ["ip", "netns", "exec", NS]
NOBODY = pwd.getpwnam("nobody")
RULE = """title: Rule {n}
id: 00000000-0000-4000-8000-{n:012}
logsource: {{category: dns}}
detection:
  name: {{query|re: '^[a-z]{{3,9}}{n}[0-9]+\\.(example|test)$'}}
  condition: name
"""


def sh(*command, check=True):
    return subprocess.run(command, check=check, capture_output=True, text=True, timeout=60)


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s")
        time.sleep(0.01)


class Daemon(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="egret-daemon-")
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        self.log = os.path.join(self.folder, "said")
        for name in "log", "run", "cache":
            os.mkdir(self.path(name))
            os.chown(self.path(name), NOBODY.pw_uid, NOBODY.pw_gid)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def config(self, text):
        path = self.path("egret.yaml")
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        return path

    def whole(self, more="", interfaces="[lo]", rules="[]"):
        return self.config(f"interfaces: {interfaces}\nuser: nobody\ndomains: {LISTS}\nrules: {rules}\n"
                           f"cache: {self.path('cache')}\n"
                           f"findings: {{file: {self.path('log', 'findings')}}}\n"
                           f"records: {{file: {self.path('log', 'records')}}}\n"
                           f"control: {{socket: {self.path('run', 'control')}}}\n{more}")

    def refused(self, *words, before=()):
        """It does not start. What it says."""
        r = subprocess.run([*INSIDE, *before, EGRET, *words], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(r.returncode, 2, r.stderr)
        return r.stderr

    def begin(self, *words, before=()):
        with open(self.log, "ab") as log:
            p = subprocess.Popen([*INSIDE, *before, EGRET, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(self.kill, p)
        return p

    def start(self, *words, before=()):
        p = self.begin(*words, before=before)
        self.wait(p, "capturing on")
        return p

    def said(self):
        with open(self.log, encoding="utf-8") as f:
            return f.read()

    def wait(self, p, text):
        def heard():
            self.assertIsNone(p.poll(), self.said())
            return text in self.said()
        wait_for(heard)

    @staticmethod
    def kill(p):
        if p.poll() is None:
            p.kill()
        p.wait()

    def stop(self, p, seconds=30):
        p.send_signal(signal.SIGTERM)
        self.assertEqual(p.wait(seconds), 0, self.said())

    def ctl(self, *words, status=0):
        r = sh(os.path.join(os.path.dirname(EGRET), "egretctl"), "-s", self.path("run", "control"), *words, check=False)
        self.assertEqual(r.returncode, status, r.stdout + r.stderr)
        return r.stderr if status else r.stdout

    # --- mistakes

    def test_what_is_wrong_with_a_configuration_is_told_with_its_line(self):
        self.assertIn("/nowhere.yaml: No such file", self.refused("-c", "/nowhere.yaml"))
        self.assertIn("sets no interfaces", self.refused("-c", self.config("workers: 2\n")))
        self.assertIn("egret.yaml:2: ", self.refused("-c", self.config("interfaces: [lo\nworkers: 2\n")))
        for text in ("allow: {clients: [10.0.0.0/99]}", "filter: host and", "metrics: {listen: here}",
                     "findings: {syslog: here}", "workers: many"):
            path = self.config(f"interfaces: [lo]\n{text}\n")
            self.assertIn("egret.yaml:2: ", self.refused("-c", path))
            r = sh(EGRET, "--check", "--quiet", "--cache=", "--rules=", "-d", LISTS, "-c", path, check=False)
            self.assertEqual(r.returncode, 1, "and a service does not get that far")
            self.assertIn("egret.yaml:2: ", r.stderr)

    def test_interfaces_that_cannot_be(self):
        self.assertIn("lo is there twice", self.refused("-c", self.whole(interfaces="[lo, lo]")))
        # the first one was opened, and is closed again (a sanitizer would tell)
        said = self.refused("-c", self.whole(interfaces="[lo, nowhere]"))
        self.assertIn("nowhere: No such device", said)
        self.assertEqual(said.count("No such device"), 1)

    # --- how it starts

    def test_signals_while_it_loads(self):
        os.mkdir(self.path("rules"))
        for n in range(150):
            with open(self.path("rules", f"{n}.yml"), "w", encoding="ascii") as f:
                f.write(RULE.format(n=n))
        p = self.begin("-c", self.whole(rules=f"[{self.path('rules')}]"))
        self.wait(p, "sandbox: ")
        self.assertNotIn("capturing", self.said())
        p.send_signal(signal.SIGUSR1)
        p.send_signal(signal.SIGHUP)
        self.wait(p, "capturing on")
        self.wait(p, "are read again")
        self.stop(p)

    def test_with_a_part_of_the_cpus(self):
        """As below a unit's CPUAffinity=, or in a container."""
        last = max(os.sched_getaffinity(0))
        p = self.start("-c", self.whole("workers: 3\naffinity: yes\n"), before=("taskset", "-c", str(last)))
        for task in os.listdir(f"/proc/{p.pid}/task"):
            self.assertEqual(os.sched_getaffinity(int(task)), {last})
        self.stop(p)
        os.unlink(self.log)
        p = self.start("-c", self.whole(), before=("taskset", "-c", str(last)))
        self.assertIn("with 1 worker\n", self.said())
        self.stop(p)

    # --- what it answers

    def test_reopened_is_said_when_it_is_done(self):
        p = self.start("-c", self.whole("stats-interval: 1s\n"))
        wait_for(lambda: os.path.getsize(self.path("log", "records")))
        for n in range(5):
            os.rename(self.path("log", "records"), self.path(f"moved{n}"))
            self.assertEqual(self.ctl("reopen"), "reopened\n")
            self.assertTrue(os.path.exists(self.path("log", "records")))
            size = os.path.getsize(self.path(f"moved{n}"))
            time.sleep(1.2)
            self.assertEqual(os.path.getsize(self.path(f"moved{n}")), size, "nothing comes after the answer")
            self.assertGreater(os.path.getsize(self.path("log", "records")), 0)
        os.chown(self.path("log"), 0, 0)
        os.rename(self.path("log", "records"), self.path("moved"))
        self.assertIn("Permission denied", self.ctl("reopen", status=1))
        os.chown(self.path("log"), NOBODY.pw_uid, NOBODY.pw_gid)
        self.assertEqual(self.ctl("--json", "reopen"), '{"done":"reopened"}\n')
        self.stop(p)
        lines = 0
        for path in [self.path("log", "records"), self.path("moved")] + [self.path(f"moved{n}") for n in range(5)]:
            with open(path, encoding="utf-8") as f:
                lines += len([json.loads(line) for line in f])
        self.assertGreater(lines, 5)

    def test_what_waits_for_a_restart_is_told(self):
        p = self.start("-c", self.whole())
        self.whole("workers: 2\nlog-level: warning\n")
        self.assertEqual(self.ctl("reload"), "reloaded\n")
        self.assertIn("changed, but waits for a restart: workers\n", self.said())
        self.stop(p)

    def test_a_rule_that_breaks_is_named(self):
        os.mkdir(self.path("rules"))
        rule = self.path("rules", "one.yml")
        with open(rule, "w", encoding="ascii") as f:
            f.write(RULE.format(n=1))
        p = self.start("-c", self.whole(rules=f"[{self.path('rules')}]"))
        with open(rule, "w", encoding="ascii") as f:
            f.write(RULE.format(n=1).replace("condition: name", "condition: nobody"))
        self.assertRegex(self.ctl("reload", status=1), r"more rules are refused than before: .*one\.yml:\d+: ")
        self.stop(p)


def possible():
    if os.geteuid() or not shutil.which("ip") or sh("ip", "netns", "add", NS, check=False).returncode:
        return False
    return not sh("ip", "-n", NS, "link", "set", "lo", "up", check=False).returncode


if __name__ == "__main__":
    if not possible():
        print("skipped: needs root and network namespaces")
        sys.exit(77)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # which cleans up
    try:
        program.main(sys.modules[__name__])
    finally:
        sh("ip", "netns", "del", NS, check=False)
