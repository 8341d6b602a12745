#!/usr/bin/python3
"""Compares egret's records of a large generated capture with what its generator put in.

    bench_truth.py EGRET CAPTURE [--records FILE]

Beside CAPTURE lie CAPTURE.names.tsv (kind D, T, Q or H, name, count), CAPTURE.uploads.tsv (one
line a flow: payload both ways) and CAPTURE.truth.txt (totals). EGRET reads the capture, unless its
records are in a file already.

For each kind: distinct names and how often each was seen. Every name must be found as often as it
was put in, and no other. For each upload: the bytes of the flow's last conn record against the
true payload, by 5-tuple; they must be equal. Exit status 1 otherwise.
"""
import argparse
import collections
import json
import os
import statistics
import subprocess
import sys
import tempfile

DOMAINS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "domains")
KINDS = {"D": "DNS questions", "T": "TLS names", "Q": "QUIC names", "H": "HTTP hosts"}


def table(path):
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as f:
        for line in f:
            yield line.rstrip("\n").split("\t")


class Found:
    def __init__(self):
        self.names = {k: collections.Counter() for k in KINDS}
        self.flows = {}  # 5-tuple -> last conn record's (name, up, down, method)
        self.records = collections.Counter()
        self.answered = self.finals = self.total_up = 0

    def take(self, r):
        kind = r["event"]["dataset"].removeprefix("egret.")
        self.records[kind] += 1
        if kind == "dns":
            ours = r["egret"]["dns"]
            self.answered += ours["answered"]
            if ours["asked"]:
                self.names["D"][r["dns"]["question"].get("name", "")] += 1
        elif kind in ("tls", "quic"):
            name = r["tls"].get("client", {}).get("server_name")
            if name:
                self.names["T" if kind == "tls" else "Q"][name] += 1
        elif kind == "http":
            name = r.get("url", {}).get("domain")
            if name:
                self.names["H"][name] += 1
        elif kind == "conn" and "end" in r["egret"]:
            s, d = r["source"], r["destination"]
            self.finals += 1
            self.total_up += s["bytes"]
            key = (s["ip"], str(s.get("port", 0)), d["ip"], str(d.get("port", 0)))
            self.flows[key] = (d.get("domain"), s["bytes"], d["bytes"], r["egret"]["method"]["up"])


def read(args):
    found = Found()
    if args.records:
        with open(args.records, "rb") as f:
            for line in f:
                found.take(json.loads(line))
        return found, 0
    with tempfile.TemporaryDirectory() as cache, subprocess.Popen(
            [args.egret, "-r", args.capture, "--records", "-", "-d", DOMAINS, "--cache", cache],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as p:
        for line in p.stdout:
            found.take(json.loads(line))
    if p.returncode:
        print(f"exit status {p.returncode}")
    return found, p.returncode


def compare_names(args, found):
    bad = 0
    truth = {k: collections.Counter() for k in KINDS}
    for kind, name, count in table(args.capture + ".names.tsv"):
        truth[kind][name] += int(count)
    print(f"{'':14} {'names':>8} {'found':>8} {'extra':>6} {'found %':>8}   {'times':>9} {'found':>9} "
          f"{'ratio':>7}")
    for kind, title in KINDS.items():
        want, have = truth[kind], found.names[kind]
        if not want and not have:
            continue
        both, extra = want.keys() & have.keys(), have.keys() - want.keys()
        times, got = sum(want.values()), sum(have.values())
        print(f"{title:14} {len(want):8} {len(both):8} {len(extra):6} "
              f"{100 * len(both) / max(1, len(want)):8.3f}   {times:9} {got:9} "
              f"{got / max(1, times):7.4f}")
        differ = [n for n in want.keys() | have.keys() if want[n] != have[n]]
        bad += len(differ)
        for name in sorted(differ)[:5]:
            print(f"    {name}: {want[name]} put in, {have[name]} found")
    return bad


def compare_uploads(args, found):
    ratios, bad = [], 0
    lines = table(args.capture + ".uploads.tsv")
    next(lines, None)
    for proto, client, cport, server, sport, name, up, down in lines:
        flow = found.flows.get((client, cport, server, sport))
        what = None
        if not flow:
            what = "no conn record"
        else:
            ratios.append(flow[1] / int(up))
            if flow[0] != name:
                what = f"named {flow[0]}"
            elif (flow[1], flow[2]) != (int(up), int(down)):
                what = f"{flow[1]} up by {flow[3]}, {flow[2]} down; true: {up}, {down}"
        if what:
            bad += 1
            if bad <= 5:
                print(f"    {proto} {client}:{cport} {server}:{sport} {name}: {what}")
    if ratios:
        print(f"uploads        {len(ratios):8} found, bytes up to the true ones: least {min(ratios):.6f}, "
              f"median {statistics.median(ratios):.6f}, greatest {max(ratios):.6f}; {bad} differ")
    return bad


def main():
    p = argparse.ArgumentParser()
    p.add_argument("egret")
    p.add_argument("capture")
    p.add_argument("--records", help="records that were written before")
    args = p.parse_args()
    found, failed = read(args)
    bad = compare_names(args, found) + compare_uploads(args, found)
    truth = {}
    if os.path.exists(args.capture + ".truth.txt"):
        with open(args.capture + ".truth.txt", encoding="utf-8") as f:
            truth = dict(line.split() for line in f if len(line.split()) == 2)
    print(f"records        {dict(found.records)}")
    print(f"answers        {found.answered} of {truth.get('dns_responses', '?')}; connections ended "
          f"{found.finals} of {truth.get('flows', '?')} flows, {found.total_up} bytes up")
    return 1 if bad or failed else 0


if __name__ == "__main__":
    sys.exit(main())
