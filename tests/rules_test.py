#!/usr/bin/python3
"""Holds every shipped rule against the events and captures that it must find, and those that it must
not: tests/rules/README.md explains them.

    rules_test.py [EGRET] [RULE ...]        (default: ./egret, all rules)
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "rules")]
import make_captures  # noqa: E402
import rule_files  # noqa: E402

EGRET = os.path.abspath("egret")
LISTS = os.path.join(rule_files.TOP, "domains")
START = 1_780_000_000  # s since 1970: when the events of a case begin
RANK = {"none": 0, "possible": 1, "match": 2}


def run(*arguments, stdin=None, status=0):
    r = subprocess.run([EGRET, "--domains", LISTS, "--cache", CACHE, "-q", *arguments],
                       input=stdin, capture_output=True, timeout=300)
    if r.returncode != status:
        raise AssertionError(f"exit status {r.returncode} of {arguments}: {r.stderr.decode()}")
    return r.stdout


def findings(rule, *arguments, stdin=None):
    """(certainty, lines) of each finding of the rule."""
    out = run("--rules", rule.path, "--each", "--json", *arguments, stdin=stdin)
    found = [json.loads(line) for line in out.splitlines()]
    return [(f["egret"]["finding"]["certainty"], f["egret"]["finding"].get("lines", []))
            for f in found if f["rule"]["id"] == rule.id]


def stamp(seconds, form):
    whole, part = divmod(round(seconds * 1000), 1000)
    return time.strftime(form, time.gmtime(whole)) + f".{part:03d}"


def fill(value, number, at):
    """$TIME, $UTC and $EPOCH (each with +SECONDS) and $N in the texts of an event."""
    if isinstance(value, dict):
        return {k: fill(v, number, at) for k, v in value.items()}
    if isinstance(value, list):
        return [fill(v, number, at) for v in value]
    if not isinstance(value, str):
        return value
    m = re.fullmatch(r"\$(TIME|UTC|EPOCH)(?:\+([0-9.]+))?", value)
    if not m:
        return value.replace("$N", str(number))
    moment = at + float(m.group(2) or 0)
    return {"TIME": lambda: stamp(moment, "%Y-%m-%dT%H:%M:%S") + "Z",
            "UTC": lambda: stamp(moment, "%Y-%m-%d %H:%M:%S"),
            "EPOCH": lambda: moment}[m.group(1)]()


def lines(case, start=START):
    """The events of a case, as lines; in order of the repetitions."""
    return [json.dumps(fill(e, i + 1, start + i * case.every))
            for i in range(case.repeat) for e in case.events]


def verdict(found, first=None, last=None):
    """The best certainty among the findings that name a line from first to last."""
    best = "none"
    for certainty, where in found:
        if (first is None or any(first <= n <= last for n in where)) and \
                RANK[certainty] > RANK[best]:
            best = certainty
    return best


class Rules(unittest.TestCase):
    """One test a rule; they are added below."""

    def events_together(self, rule, cases):
        """Cases of one rule without correlation cannot touch each other: one run a log source."""
        for source in sorted({c.source or "" for c in cases}):
            data, places = [], []
            for c in cases:
                if (c.source or "") == source:
                    more = lines(c, START + len(places) * 86400)
                    places.append((c, len(data) + 1, len(data) + len(more)))
                    data += more
            found = findings(rule, "-e", "-", *(["--as", source] if source else []),
                             stdin="".join(x + "\n" for x in data).encode())
            for c, first, last in places:
                with self.subTest(c.name):
                    self.assertEqual(verdict(found, first, last), c.expect, c.name)

    def events_apart(self, rule, cases):
        for c in cases:
            with self.subTest(c.name):
                found = findings(rule, "-e", "-", *(["--as", c.source] if c.source else []),
                                 stdin="".join(x + "\n" for x in lines(c)).encode())
                self.assertEqual(verdict(found), c.expect, c.name)
                if c.count is not None:
                    self.assertEqual(len(found), c.count, c.name)

    def captures(self, rule):
        with tempfile.TemporaryDirectory(prefix="egret-captures-") as folder:
            for what, expect, path in make_captures.write(folder, rule.stem):
                with self.subTest(what):
                    self.assertEqual(verdict(findings(rule, "-r", path)), expect, what)

    def hold(self, rule):
        self.assertEqual(list(rule.problems()), [])
        cases = rule_files.cases(rule.stem)
        if rule.correlation:
            self.events_apart(rule, cases)
        else:
            self.events_together(rule, cases)
        if rule.stem in make_captures.CAPTURES:
            self.captures(rule)

    def test_all_load_and_none_is_there_twice(self):
        seen = {}
        for rule in ALL:
            for key in [*rule.ids, rule.stem]:
                self.assertNotIn(key, seen, rule.file)
                seen[key] = rule
        run("--check", "--rules", rule_files.RULES)

    def test_every_test_has_its_rule(self):
        stems = {rule.stem for rule in ALL}
        self.assertLessEqual(set(make_captures.CAPTURES), stems)
        kept = {f[:-7] for f in os.listdir(rule_files.HERE) if f.endswith(".ndjson")}
        self.assertLessEqual(kept, stems)


def add(rule):
    setattr(Rules, "test_" + rule.stem, lambda self: self.hold(rule))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments and os.access(arguments[0], os.X_OK) and os.path.isfile(arguments[0]):
        EGRET = os.path.abspath(arguments.pop(0))
    ALL = rule_files.rules()
    for one in ALL:
        if not arguments or one.stem in arguments:
            add(one)
    with tempfile.TemporaryDirectory(prefix="egret-cache-") as CACHE:
        os.chmod(CACHE, 0o700)
        program = unittest.main(argv=sys.argv[:1], exit=False, verbosity=1)
    bad = {str(getattr(t, "test_case", t)) for t, _ in
           program.result.failures + program.result.errors}
    print(f"{program.result.testsRun - len(bad)} passed, {len(bad)} failed")
    sys.exit(1 if bad else 0)
