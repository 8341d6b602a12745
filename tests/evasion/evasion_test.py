#!/usr/bin/python3
"""Tricks by which a client hides an upload from a sensor, and what egret says to each: cases.py.

    evasion_test.py [-v] [EGRET] [WORD ...]        (default: ./egret, all cases)

For each case, what an analyst needs is still found, or the record or a counter says that it was
tried. Prints one line a case; with words, only of the cases whose titles have one of them.
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
sys.path[:0] = [HERE, os.path.join(HERE, "..")]
import cases  # noqa: E402
import validate  # noqa: E402
import wire  # noqa: E402

with open(validate.SCHEMA, encoding="utf-8") as schema:
    VALID = validate.Validator(json.load(schema))
with open(os.path.join(TOP, "src", "core", "stats.def"), encoding="utf-8") as stats:
    COUNTERS = {help_text: name for name, help_text in
                re.findall(r'^STAT\((\w+), "\w+", "(.*)"\)', stats.read(), re.M)}


class Result:
    """What egret said of one capture."""

    def __init__(self, egret, cache, frames, client):
        with tempfile.NamedTemporaryFile(suffix=".pcap") as f, tempfile.NamedTemporaryFile() as told:
            f.write(wire.pcap(frames))
            f.flush()
            r = subprocess.run([egret, "--domains", os.path.join(TOP, "domains"), "--rules=", "--cache", cache,
                                "-t", "1k", "-j", "-w", told.name, "-r", f.name], capture_output=True,
                               timeout=120, check=False)
            lines = told.read().splitlines(keepends=True)
        self.problems = [] if r.returncode == 0 else [f"exit status {r.returncode}: {r.stderr.decode()}"]
        for line in lines:
            what = validate.problem(line, VALID, lambda _: True)
            if what:
                self.problems.append(f"{what}: {line}")
        self.records = [json.loads(line) for line in lines]
        findings = [json.loads(line) for line in r.stdout.splitlines()]
        self.findings = [f for f in findings if f["source"]["ip"] == client]
        self.counts = {COUNTERS[text] for n, text in
                       re.findall(r"^ +([\d,]+)  (.*)$", r.stderr.decode(), re.M) if text in COUNTERS}
        self.flows = [x for x in self.of("conn") + self.of("flow") if x["source"]["ip"] == client and
                      x["network"].get("protocol") != "dns"]
        ends = [x for x in self.flows if "end" in x["egret"]]
        self.last = ends[-1] if ends else None

    def of(self, kind):
        return [x for x in self.records if x["event"]["dataset"] == "egret." + kind]

    def names(self, kind):
        if kind == "http":
            return {x["url"].get("domain") for x in self.of(kind)}
        if kind == "dns":
            return {x["dns"]["question"]["name"] for x in self.of(kind)}
        return {x["tls"]["client"].get("server_name") for x in self.of(kind)}

    def end(self, *path):
        x = self.last or {}
        for key in path:
            x = x.get(key, {})
        return x or None

    def every(self, *path):
        """All words that any record of the connections has there."""
        found = set()
        for x in self.flows:
            for key in path:
                x = x.get(key, {})
            found |= set(x)
        return found


def service(r, wanted):
    of_it = [f for f in r.findings if f["egret"]["finding"].get("service") == wanted]
    most = max((f["source"]["bytes"] for f in of_it), default=0)
    if most < cases.UPLOAD and not any(f["source"]["bytes"] >= 2000 for f in of_it):
        return f"{most} bytes to {wanted}"
    return None


def differs(what, got, wanted):
    return None if got == wanted else f"{what} {got}, not {wanted}"


def least(what, got, wanted):
    return None if wanted <= got else f"{what} {sorted(got)}, not {sorted(wanted)}"


# keyword of a case: what is compared; None is a problem that is none
EXPECTED = {
    "service": service,
    "up": lambda r, x: None if x is None else differs("bytes up", r.end("source", "bytes"), x),
    "name": lambda r, x: differs("name", r.end("destination", "domain") or r.end("destination", "address"), x)
    if not r.every("egret", "evasion") else least("names", all_names(r), {x}),
    "source": lambda r, x: differs("name source", r.end("egret", "name_source"), x),
    "missing": lambda r, x: differs("name missing", r.end("egret", "name_missing"), x)
    if x else None,
    "hides": lambda r, x: differs("hides", set(r.end("egret", "hides") or ()), x),
    "other": lambda r, x: least("other names", r.every("egret", "other_names"), x),
    "marks": lambda r, x: differs("marks", r.every("egret", "evasion"), x),
    "counts": lambda r, x: least("counters", r.counts, x),
    "tls": lambda r, x: differs("TLS names", r.names("tls"), x),
    "quic": lambda r, x: differs("QUIC names", r.names("quic"), x),
    "http": lambda r, x: differs("HTTP hosts", r.names("http"), x),
    "dns": lambda r, x: least("DNS names", r.names("dns"), x),
}


def all_names(r):
    return {x["destination"].get("domain") for x in r.flows} | r.every("egret", "other_names")


def run(egret, cache, case, verbose):
    title, make, expected = case
    expected = dict(expected)
    client = expected.pop("client", cases.CLIENT)
    try:
        talk = make()
        frames = talk if isinstance(talk, list) else talk.frames
        r = Result(egret, cache, frames, client)
    except Exception as e:  # pylint: disable=broad-except
        return [f"{type(e).__name__}: {e}"]
    problems = r.problems + [p for p in (EXPECTED[k](r, v) for k, v in expected.items()) if p]
    if verbose and problems:
        problems += [json.dumps(x) for x in r.records + r.findings] + [str(sorted(r.counts))]
    return problems


def main():
    words = sys.argv[1:]
    verbose = "-v" in words
    words = [w for w in words if w != "-v"]
    egret = os.path.abspath(words.pop(0) if words else "egret")
    chosen = [c for c in cases.CASES if not words or any(w in c[0] for w in words)]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="egret-cache-") as cache:
        os.chmod(cache, 0o700)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            first = run(egret, cache, chosen[0], verbose)  # fills the cache
            results = [first] + list(pool.map(lambda c: run(egret, cache, c, verbose), chosen[1:]))
    for (title, _, _), problems in zip(chosen, results):
        failed += bool(problems)
        print("FAIL" if problems else "ok  ", title)
        for p in problems:
            print("      ", p)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
