#!/usr/bin/python3
"""Feeds lines of JSON to the egret that was built, with rules, and looks at what it finds.

    events_test.py [EGRET]        (default: ./egret)
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE, TESTS]
import program  # noqa: E402
import validate  # noqa: E402

EGRET = os.path.abspath("egret")
DEMO = os.path.join(TESTS, "captures", "demo.pcap")
LISTS = os.path.join(TESTS, "..", "domains")
with open(os.path.join(TESTS, "..", "src", "output", "finding.schema.json"), encoding="utf-8") as f:
    VALID = validate.Validator(json.load(f))

MEGA = """
title: A client asks for MEGA
id: 8f0c9a52-6f0a-4c0e-9d5c-0c1f1f6f2a01
level: low
tags: [attack.exfiltration, attack.t1567.002]
logsource: {product: windows, category: dns_query}
detection:
    selection:
        QueryName|contains: userstorage.mega.co.nz
    condition: selection
"""

BROWSER = """
title: Something other than a browser connects to MEGA
id: 8f0c9a52-6f0a-4c0e-9d5c-0c1f1f6f2a02
level: high
logsource: {product: windows, category: network_connection}
detection:
    selection:
        DestinationHostname|endswith: .mega.nz
    filter:
        Image|endswith: '\\\\chrome.exe'
    condition: selection and not filter
"""


def sysmon22(name, time="2026-11-24 10:00:00.000"):
    return {"Event": {"System": {"Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon"}},
                                 "EventID": 22, "Computer": "desk1",
                                 "Channel": "Microsoft-Windows-Sysmon/Operational"},
                      "EventData": {"RuleName": "-", "UtcTime": time, "QueryName": name,
                                    "QueryStatus": "0", "QueryResults": "::ffff:203.0.113.9;",
                                    "Image": r"C:\\Tools\\rclone.exe", "User": r"ACME\\ada"}}}


class Feed(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="egret-test-")
        self.addCleanup(shutil.rmtree, self.folder)

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def egret(self, *arguments, stdin=None, status=0):
        r = subprocess.run([EGRET, "--domains", LISTS, "--cache", CACHE,
                            *([] if "--check" in arguments else ["--quiet"]), *arguments],
                           input=stdin, capture_output=True, timeout=300)
        self.assertEqual(r.returncode, status, r.stderr.decode())
        return r

    def findings(self, rules, lines, *arguments, status=0):
        """The findings of rules (texts) over lines (objects, or texts as they are)."""
        paths = []
        for i, text in enumerate(rules):
            paths += ["--rules", self.file(f"rule{i}.yml", text)]
        data = "".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines)
        r = self.egret("-e", "-", "--json", *paths, *arguments, stdin=data.encode(), status=status)
        out = []
        for line in r.stdout.splitlines(keepends=True):
            what = validate.problem(line, VALID, lambda _: True)
            self.assertFalse(what, f"{what}: {line}")
            out.append(json.loads(line))
        self.errors = r.stderr.decode()
        return out

    def test_an_event_of_a_host_is_found_with_its_line_and_host(self):
        found = self.findings([MEGA], [sysmon22("example.com"),
                                       sysmon22("gfs270n123.userstorage.mega.co.nz")])
        self.assertEqual(len(found), 1)
        f = found[0]
        self.assertEqual(f["rule"]["name"], "A client asks for MEGA")
        self.assertEqual(f["egret"]["finding"]["lines"], [2])
        self.assertEqual(f["egret"]["finding"]["certainty"], "match")
        self.assertEqual(f["egret"]["finding"]["service"], "MEGA")
        self.assertEqual(f["host"]["name"], "desk1")
        self.assertEqual(f["user"]["name"], r"ACME\\ada")
        self.assertEqual(f["threat"]["technique"]["subtechnique"]["id"], ["T1567.002"])

    def test_many_matches_are_one_finding_unless_each_is_asked_for(self):
        lines = [sysmon22("a.userstorage.mega.co.nz")] * 3
        found = self.findings([MEGA], lines)
        self.assertEqual([f["egret"]["finding"]["lines"] for f in found], [[1, 2, 3]])
        found = self.findings([MEGA], lines, "--each")
        self.assertEqual([f["egret"]["finding"]["lines"] for f in found], [[1], [2], [3]])

    def test_a_line_that_is_no_json_is_told_and_the_rest_runs(self):
        found = self.findings([MEGA], ["{not json", sysmon22("a.userstorage.mega.co.nz"), "", "7"],
                              status=1)
        self.assertEqual([f["egret"]["finding"]["lines"] for f in found], [[2]])
        self.assertIn("-:1: ", self.errors)
        self.assertIn("-:4: ", self.errors)

    def test_as_says_what_a_bare_line_is(self):
        line = {"QueryName": "x.userstorage.mega.co.nz"}
        self.assertEqual(len(self.findings([MEGA], [line], "--as", "dns_query/windows")), 1)
        self.assertEqual(len(self.findings([MEGA], [line], "--as", "proxy")), 0)

    def test_a_broken_rule_is_told_and_the_others_load(self):
        bad = MEGA.replace("condition: selection", "condition: nothing").replace("2a01", "2a09")
        found = self.findings([bad, MEGA], [sysmon22("a.userstorage.mega.co.nz")], status=1)
        self.assertEqual(len(found), 1)
        self.assertIn("rule0.yml:", self.errors)

    def test_an_absent_field_of_a_host_is_absent_on_the_wire_it_is_unknown(self):
        line = {"DestinationHostname": "g.api.mega.nz", "Initiated": "true"}
        found = self.findings([BROWSER], [line], "--as", "network_connection/windows")
        self.assertEqual([f["egret"]["finding"]["certainty"] for f in found], ["match"])

    def joined(self, image, host_first):
        """The finding of BROWSER on a connection that both the wire and its host tell."""
        record = {"@timestamp": "2026-11-24T10:00:00.000000000Z", "ecs": {"version": "9.0.0"},
                  "event": {"kind": "event", "category": ["network"], "dataset": "egret.conn",
                            "type": ["connection", "start"], "start": "2026-11-24T10:00:00.000000000Z",
                            "end": "2026-11-24T10:00:00.000000000Z"},
                  "source": {"ip": "10.0.0.7", "port": 50000, "bytes": 0},
                  "destination": {"ip": "203.0.113.9", "port": 443, "bytes": 0,
                                  "domain": "g.api.mega.nz"},
                  "network": {"transport": "tcp", "iana_number": "6"},
                  "egret": {"flow_id": "0000000000000001", "sequence": 0, "name_source": "sni"}}
        host = {"Event": {"System": {"Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon"}},
                                     "EventID": 3, "Computer": "desk1",
                                     "Channel": "Microsoft-Windows-Sysmon/Operational"},
                          "EventData": {"UtcTime": "2026-11-24 10:00:01.000", "Image": image,
                                        "User": "ada", "Protocol": "tcp", "Initiated": "true",
                                        "SourceIp": "10.0.0.7", "SourcePort": 50000,
                                        "DestinationIp": "203.0.113.9", "DestinationPort": 443}}}
        found = self.findings([BROWSER], [host, record] if host_first else [record, host])
        return [f["egret"]["finding"]["certainty"] for f in found], found

    def test_what_the_host_tells_decides_what_the_wire_cannot_know(self):
        certainty, found = self.joined("C:\\rclone.exe", True)
        self.assertEqual(certainty, ["match"])
        self.assertEqual(found[0]["process"]["executable"], "C:\\rclone.exe")
        self.assertEqual(found[0]["user"]["name"], "ada")
        self.assertEqual(self.joined("C:\\Google\\chrome.exe", True)[0], [])

    def test_a_host_that_tells_later_completes_the_finding(self):
        certainty, found = self.joined("C:\\rclone.exe", False)
        self.assertEqual(certainty, ["possible"])
        self.assertEqual(found[0]["egret"]["finding"]["hangs_on"], ["Image"])
        self.assertEqual(found[0]["process"]["executable"], "C:\\rclone.exe")
        self.assertEqual(found[0]["host"]["name"], "desk1")

    def test_what_was_learned_outlives_a_restart(self):
        state = os.path.join(self.folder, "state")
        config = self.file("egret.yaml", f"state: {state}\n")
        once = self.egret("-c", config, "-t", "100k", "--json", "--rules=", DEMO).stdout
        again = self.egret("-c", config, "-t", "100k", "--json", "--rules=", DEMO).stdout

        def uploads(out):
            found = [json.loads(line) for line in out.splitlines()]
            return {f["event"]["id"]: f["source"]["bytes"] for f in found
                    if f["rule"]["id"] == "egret.upload"}
        self.assertGreater(len(uploads(once)), 5)
        self.assertEqual({k: 2 * v for k, v in uploads(once).items()}, uploads(again))
        with open(os.path.join(state, "egret.state"), "r+b") as f:
            f.seek(100)
            f.write(b"damage")
        r = self.egret("-c", config, "-t", "100k", "--json", "--rules=", DEMO, status=1)
        self.assertEqual(uploads(r.stdout), uploads(once))
        self.assertIn(b"egret.state", r.stderr)
        self.assertTrue(os.path.exists(os.path.join(state, "egret.state.bad")))

    def test_records_find_what_their_packets_find(self):
        rules = os.path.join(TESTS, "..", "rules")
        records = os.path.join(self.folder, "r.ndjson")
        direct = self.egret("--rules", rules, "-t", "100k", "--json", "--records", records, DEMO)
        fed = self.egret("--rules", rules, "-t", "100k", "--json", "-e", records)

        def told(out):
            found = [json.loads(line) for line in out.splitlines()]
            for f in found:
                f["egret"]["finding"].pop("lines", None)
                f["egret"]["finding"].pop("more_lines", None)
            return sorted(json.dumps(f, sort_keys=True) for f in found)
        self.assertEqual(told(direct.stdout), told(fed.stdout))
        self.assertGreater(len(told(fed.stdout)), 5)

    def test_explain_tells_why_condition_by_condition(self):
        rule = self.file("r.yml", MEGA)
        line = json.dumps(sysmon22("x.userstorage.mega.co.nz"))
        text = self.egret("--rules", rule, "--explain", line).stdout.decode()
        self.assertRegex(text, r"true +.*QueryName\|contains: userstorage.mega.co.nz")
        text = self.egret("--rules", rule, "--explain", json.dumps(sysmon22("a.b"))).stdout.decode()
        self.assertRegex(text, r"false +.*QueryName\|contains: userstorage.mega.co.nz")
        # of a record, the service of its name is known as in a run
        rule = self.file("s.yml", MEGA.replace("dns_query", "network_connection").replace(
            "QueryName|contains: userstorage.mega.co.nz", "egret.service: MEGA"))
        for line in self.egret("--records", "-", DEMO).stdout.splitlines():
            record = json.loads(line)
            if record["event"]["dataset"] == "egret.conn" and "mega.co.nz" in record[
                    "destination"].get("domain", "") and record["egret"]["sequence"] == 0:
                break
        text = self.egret("--rules", rule, "--explain", json.dumps(record)).stdout.decode()
        self.assertRegex(text, r"true +.*egret.service: MEGA")

    def test_check_says_what_the_wire_decides(self):
        text = self.egret("--rules", self.file("a.yml", MEGA), "--rules",
                          self.file("b.yml", BROWSER), "--check").stdout.decode()
        self.assertRegex(text, r"wire +A client asks for MEGA")
        self.assertRegex(text, r"in part +Something other than a browser.*hangs on Image")
        bad = self.file("c.yml", MEGA.replace("condition: selection", "condition: nothing"))
        self.egret("--rules", bad, "--check", status=1)

    def test_the_demo_is_found_right_by_the_rules_that_ship(self):
        rules = os.path.join(TESTS, "..", "rules")
        out = self.egret("--rules", rules, "-t", "never", "--strict", "--json", DEMO).stdout
        found = {}
        for f in map(json.loads, out.splitlines()):
            name = f["egret"]["finding"]["names"][0]["name"]
            found.setdefault(f["source"]["ip"] + " " + name, set()).add(f["rule"]["name"])
        for who, rule in (("10.77.0.12 content.dropboxapi.com", "A tool speaks to the Dropbox API"),
                          ("10.77.0.14 transfer.sh",
                           "curl uploads to a file sharing site over plain HTTP"),
                          ("fd77::14 bashupload.com", "curl uploads to a file sharing site"),
                          ("10.77.0.12 gfs270n080.userstorage.mega.co.nz", "Connection to MEGA"),
                          ("10.77.0.12 gfs270n080.userstorage.mega.co.nz",
                           "MEGA storage is looked up"),
                          ("10.77.0.13 store1.gofile.io",
                           "Connection to a file sharing or paste site")):
            self.assertIn(rule, found.get(who, ()), who)
        # what only browsed, and look-alikes, are none
        for who in found:
            for name in ("example-news.test", "example-stream.test", "notmega.nz",
                         "ufile.io.example.com", "corp.example"):
                self.assertNotIn(name, who)

    def test_events_of_the_wire_in_sysmons_shape_come_back(self):
        events = os.path.join(self.folder, "sysmon.ndjson")
        rules = self.file("r.yml", """
title: pCloud is looked up
id: 8f0c9a52-6f0a-4c0e-9d5c-0c1f1f6f2a03
level: low
logsource: {product: windows, category: dns_query}
detection:
    selection: {EventID: 22, QueryName|endswith: .pcloud.com, QueryStatus: '0'}
    condition: selection
---
title: pCloud is connected to, by what the wire cannot say
id: 8f0c9a52-6f0a-4c0e-9d5c-0c1f1f6f2a04
level: low
logsource: {product: windows, category: network_connection}
detection:
    selection: {Initiated: 'true', DestinationHostname|endswith: .pcloud.com}
    filter: {Image|endswith: \\pcloud.exe}
    condition: selection and not filter
---
title: pCloud is looked up, as DNS-Client tells
id: 8f0c9a52-6f0a-4c0e-9d5c-0c1f1f6f2a05
level: low
logsource: {product: windows, service: dns-client}
detection:
    selection: {EventID: 3008, QueryName|endswith: .pcloud.com}
    condition: selection
""")
        direct = self.egret("--rules", rules, "-t", "never", "--json", DEMO)
        self.egret("--records", events, "--format", "sysmon", DEMO)
        fed = self.egret("--rules", rules, "-t", "never", "--json", "-e", events)

        def told(out):
            found = [json.loads(line) for line in out.splitlines()]
            return sorted((f["rule"]["id"], f["source"]["ip"], f["egret"]["finding"]["certainty"],
                           f["egret"]["finding"]["matches"],
                           tuple(f["egret"]["finding"].get("hangs_on", ())))
                          for f in found if f["egret"]["finding"]["kind"] == "rule")
        self.assertEqual(told(direct.stdout), told(fed.stdout))
        self.assertEqual(len(told(fed.stdout)), 3)


if __name__ == "__main__":
    program.main(sys.modules[__name__])
