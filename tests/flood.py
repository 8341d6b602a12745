#!/usr/bin/python3
"""Floods that fill one table after the other: memory stays below what --check says, what had to make room is
counted, and the upload of 3 MB that goes on meanwhile is found.

    tests/flood.py [COUNT [KIND ...]]      COUNT of each (default 20000), piped: nothing is written to disk

Needs tests/flood and egret in the folder it is run in (a build). Under AddressSanitizer memory is not looked at.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

SOURCE = os.environ.get("srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
EGRET = os.path.abspath("egret")
FLOOD = os.path.abspath("tests/flood")
MIB = 1 << 20

RULES = """\
title: A name of the flood is looked up
id: 7d0f2a5c-7a0e-4a55-9a13-5b1f6d1c9f01
name: flood_lookup
status: test
logsource:
  category: dns
detection:
  selection:
    query|endswith:
      - '.flood.example'
      - '.example.net'
  condition: selection
level: low
---
title: A name of the flood again
id: 7d0f2a5c-7a0e-4a55-9a13-5b1f6d1c9f02
status: test
correlation:
  type: value_count
  rules:
    - flood_lookup
  group-by:
    - query
  timespan: 1d
  condition:
    field: src_ip
    gte: 3
  generate: true
level: low
"""

# kind of flood, with rules or not, and at 10 M what the summary must tell of
KINDS = {
    "flows": (False, ["Flows given up early"]),
    "attempts": (False, ["Flows given up early"]),
    "names": (False, ["Addresses whose names were forgotten"]),
    "unanswered": (False, ["DNS queries told as unanswered early"]),
    "heads": (False, ["Stream heads given up because of a bound"]),
    "quic": (False, []),
    "fragments": (False, ["Datagrams given up because of the bound"]),
    "clients": (False, ["made room in the ledger"]),
    "tenants": (False, ["that the detectors had no room for"]),
    "sites": (False, ["that the detectors had no room for"]),
    "groups": (True, ["Matches that correlations forgot"]),
    "findings": (True, ["Matches left out of the findings"]),
}
FULL = 5_000_000
failed = 0


def complain(text):
    global failed
    failed += 1
    print("FAIL:", text)


def command(folder, rules, *more):
    line = [EGRET, "--domains", os.path.join(SOURCE, "domains"), "--cache", os.path.join(folder, "cache")]
    return [*line, "--rules", os.path.join(folder, "rules.yml") if rules else "", *more]


def bounds(folder, rules, *more):
    """MiB: of a replay, of a daemon."""
    out = subprocess.run(command(folder, rules, "--check", *more), capture_output=True, text=True)
    if out.returncode:
        sys.exit(out.stderr)
    total = next(l for l in out.stdout.splitlines() if l.startswith("  total "))
    return [float(word) for word in total.split()[1:3]]


def run(folder, kind, count, rules):
    """Findings, summary, peak of the memory in MiB."""
    source = subprocess.Popen([FLOOD, {"findings": "names"}.get(kind, kind), str(count)], stdout=subprocess.PIPE)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        egret = subprocess.Popen(command(folder, rules, "-r", "-", "--json", "--threshold", "2M"),
                                 stdin=source.stdout, stdout=out, stderr=err)
        source.stdout.close()
        _, status, used = os.wait4(egret.pid, 0)
        egret.returncode = os.waitstatus_to_exitcode(status)
        source.wait()
        err.seek(0)
        summary = err.read().decode()
        if egret.returncode or source.returncode:
            complain(f"{kind}: exit status {egret.returncode} of egret, {source.returncode} of flood\n{summary}")
        out.seek(0)
        found = any(is_the_upload(line) for line in out)
    return found, summary, used.ru_maxrss / 1024


def is_the_upload(line):
    if b"10.9.9.9" not in line or b"MEGA" not in line.upper():
        return False
    f = json.loads(line)
    return f["source"]["ip"] == "10.9.9.9" and f["source"].get("bytes", 0) >= 3_000_000


def check(folder, kind, count, look):
    rules, told = KINDS[kind]
    start = time.monotonic()
    most = bounds(folder, rules)[0]
    found, summary, peak = run(folder, kind, count, rules)
    print(f"{kind:11} {count:9} {peak:7.0f} of {most:5.0f} MiB, {time.monotonic() - start:5.1f} s")
    for line in summary.splitlines():
        if any(word in line for word in ("forg", "given up", "made room", "left out", "no room", "early")):
            print("   ", line.strip())
    if not found:
        complain(f"{kind}: the upload is not found")
    if look and peak > most:
        complain(f"{kind}: {peak:.0f} MiB of at most {most:.0f}")
    for text in told if count >= FULL else []:
        if text not in summary:
            complain(f"{kind}: nothing told of: {text}")


def check_lines(folder, count, look):
    most = bounds(folder, True, "-e", "-")[0]
    source = subprocess.Popen([FLOOD, "lines", str(count)], stdout=subprocess.PIPE)
    egret = subprocess.Popen(command(folder, True, "-e", "-", "--json"), stdin=source.stdout,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    source.stdout.close()
    _, status, used = os.wait4(egret.pid, 0)
    egret.returncode = os.waitstatus_to_exitcode(status)
    source.wait()
    peak = used.ru_maxrss / 1024
    print(f"{'lines':11} {count:9} {peak:7.0f} of {most:5.0f} MiB")
    if egret.returncode:
        complain(f"lines: exit status {egret.returncode}")
    if look and peak > most:
        complain(f"lines: {peak:.0f} MiB of at most {most:.0f}")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    kinds = sys.argv[2:] or [*KINDS, "lines"]
    with open(EGRET, "rb") as f:
        look = b"__asan_init" not in f.read()
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "rules.yml"), "w") as f:
            f.write(RULES)
        os.mkdir(os.path.join(folder, "cache"), 0o700)
        for kind in kinds:
            if kind == "lines":
                check_lines(folder, count // 10, look)
            else:
                check(folder, kind, count, look)
    print(f"{'FAIL' if failed else 'PASS'}: tests/flood.py")
    return 1 if failed else 0


sys.exit(main())
