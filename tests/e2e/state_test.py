#!/usr/bin/python3
"""One replay after the other with a state folder: what was learned goes on, what was found is told
once.

    state_test.py [EGRET]        (default: ./egret)
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE]
import capture  # noqa: E402
import program  # noqa: E402

EGRET = os.path.abspath("egret")
DEMO = os.path.join(TESTS, "captures", "demo.pcap")
LISTS = os.path.join(TESTS, "..", "domains")
RULES = os.path.join(TESTS, "..", "rules")
FIRST = "A client speaks to a web service that is often abused, for the first time in a week"
COUNT = """title: A look-up
id: look-up
name: look_up
level: informational
logsource:
    category: dns
detection:
    any:
        query|contains: '.'
    condition: any
---
title: Look-ups
id: look-ups
level: high
correlation:
    type: event_count
    rules: [look_up]
    timespan: 1d
    condition:
        gte: %d
"""


class State(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="egret-test-")
        self.addCleanup(self.folder.cleanup)
        packets = capture.read(DEMO)
        half = len(packets) // 2
        self.whole = DEMO
        self.halves = [self.write("first.pcap", capture.pcap(packets[:half])),
                       self.write("second.pcap", capture.pcap(packets[half:]))]
        self.none = self.write("none.pcap", capture.pcap([]))
        self.config = self.write("egret.yaml", f"state: {self.folder.name}/state\n".encode())

    def write(self, name, data):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def run_egret(self, path, rules, state=True):
        config = ["--config", self.config] if state else []
        r = subprocess.run([EGRET, "--domains", LISTS, "--rules", rules, "--cache", CACHE, *config,
                            "--json", "--quiet", "-r", path], capture_output=True, timeout=300)
        self.assertEqual((r.returncode, r.stderr), (0, b""))
        return [json.loads(line) for line in r.stdout.splitlines()]

    @staticmethod
    def of(findings, title):
        return {(f["source"]["ip"], f["event"]["id"]) for f in findings if f["rule"]["name"] == title}

    def test_the_first_time_is_told_once(self):
        whole = self.of(self.run_egret(self.whole, RULES, state=False), FIRST)
        self.assertGreater(len(whole), 3)
        parts = [self.of(self.run_egret(path, RULES), FIRST) for path in self.halves]
        self.assertEqual(parts[0] | parts[1], whole)
        self.assertFalse(parts[0] & parts[1])
        self.assertTrue(parts[0] and parts[1])
        self.assertFalse(self.of(self.run_egret(self.whole, RULES), FIRST))
        self.assertEqual(self.of(self.run_egret(self.whole, RULES, state=False), FIRST), whole)

    def test_a_count_goes_on(self):
        rules = self.write("count.yml", (COUNT % 1).encode())
        found = self.run_egret(self.whole, rules, state=False)
        total = max(e["value"] for f in found if f["rule"]["name"] == "Look-ups"
                    for e in f["egret"]["finding"]["evidence"])
        self.write("count.yml", (COUNT % total).encode())
        for path, expected in zip(self.halves, (0, 1)):
            found = self.run_egret(path, rules)
            self.assertEqual(len(self.of(found, "Look-ups")), expected, path)
        # another bound is another count
        self.write("count.yml", (COUNT % (total + 1)).encode())
        self.assertFalse(self.of(self.run_egret(self.whole, rules), "Look-ups"))

    def test_findings_are_those_of_the_run(self):
        rules = self.write("count.yml", (COUNT % 1).encode())
        self.assertTrue(self.of(self.run_egret(self.whole, rules), "Look-ups"))
        # but for the ledger, which sums up
        kinds = {f["egret"]["finding"]["kind"] for f in self.run_egret(self.none, rules)}
        self.assertTrue(kinds)
        self.assertLessEqual(kinds, {"upload", "name"})


if __name__ == "__main__":
    program.main(sys.modules[__name__])
