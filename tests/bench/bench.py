#!/usr/bin/python3
"""Times egret on large generated captures, beside a bare libpcap loop and what other programs are there.

    bench.py run BUILD FOLDER       what each program costs, and what it finds, on mix, dns and syn
    bench.py growth BUILD FOLDER    how cost grows with packets, flows, rules, names and workers
    bench.py records BUILD FOLDER   what a record costs in the analyst with 3,000 rules, on dns

    --scale F       of the captures (1: 1.8 GB of them); --runs N; --rules N; --kinds mix,dns,syn
    --peers no      without the others; --limit S: seconds that one of them may take a run
    --results FILE  what is told goes there as well, in the command's own part

BUILD is a build of egret; captures, generator, compiled rules and what programs write are kept in FOLDER. Programs
run in turn, each N times (slow ones of others once), and the least CPU time counts: ratios within one run last,
seconds are the machine's. Everything that a program tells it writes into files.
"""
import argparse
import glob
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "lab")]
import found  # noqa: E402
import growth  # noqa: E402
import peers  # noqa: E402
import rulegen  # noqa: E402
from measure import Row, in_turn  # noqa: E402
from results import Report, called, machine  # noqa: E402

DOMAINS, RULES = os.path.join(TOP, "domains"), os.path.join(TOP, "rules")
DEMO = os.path.join(TOP, "tests", "captures", "demo.pcap")
KINDS = ("mix", "dns", "syn")
RULE_COUNT = 3000  # generated ones, beside ours
RATIO = {"mix": 1.0, "dns": 6.0, "syn": 3.0}  # CPU of the whole job, of the bare loop's
RECORDS_RATIO = 13  # of dns with every record told: half of mercury's, where mercury is not there to ask
SURICATA_RATIO, MERCURY_RATIO = 1 / 8, 1 / 4  # of the whole job on mix and on dns, where they are there to ask
SYN_MB = 300
CALLED = {"run": "./dev bench", "growth": "./dev bench growth", "records": "./dev bench-rules"}
BARE, BARE64, WHOLE, RECORDS = "bare libpcap loop", "the same, 64 KiB buffer", "egret", "egret, each record as JSON"
NO_RULES, SENSOR, START = "egret without rules", "its sensor alone", "starting"


class Bench(Report):
    """What all measurements share: programs, captures, rules, and commands of egret."""

    def __init__(self, args):
        super().__init__()
        self.build, self.folder = os.path.abspath(args.build), os.path.abspath(args.folder)
        self.scale, self.runs, self.limit, self.rule_count = args.scale, args.runs, args.limit, args.rules
        self.egret, self.sensor = (os.path.join(self.build, p) for p in ("egret", "tests/bench/sensor"))
        self.cache = self.path("cache")
        os.makedirs(self.folder, exist_ok=True)
        self.gen, self.bare, self.cost = self.path("gen"), self.path("bare"), self.path("cost")
        self.compile(self.gen, glob.glob(os.path.join(HERE, "gen*.c")), "-lcrypto", "-lm")
        self.compile(self.bare, [os.path.join(HERE, "bare.c")], "-lpcap")
        self.compile(self.cost, [os.path.join(HERE, "cost.c")])

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def compile(self, program, sources, *libraries):
        newest = max(os.path.getmtime(s) for s in sources)
        if not os.path.exists(program) or os.path.getmtime(program) < newest:
            subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-o", program, *sorted(sources), *libraries], check=True)

    def capture(self, kind, scale=1.0):
        scale *= self.scale
        path = self.path(f"{kind}.pcap" if scale == 1 else f"{kind}-{scale:.6g}.pcap")
        # a generator that has changed makes others
        if not os.path.exists(path + ".truth.txt") or os.path.getmtime(path) < os.path.getmtime(self.gen):
            note(f"making {path}")
            subprocess.run([self.gen, kind, path, "42", repr(scale)], check=True, stdout=subprocess.DEVNULL)
        return path

    def forget(self, capture):
        for path in glob.glob(glob.escape(capture) + "*"):
            os.unlink(path)

    def rules(self, count=None):
        count = count or self.rule_count
        folder = self.path(f"rules-{count}")
        if not os.path.exists(folder):
            rulegen.write(folder, count)
        return folder

    def replay(self, capture, *options, rules=(), domains=DOMAINS):
        named = [o for r in rules for o in ("--rules", r)] or ["--rules="]
        return [self.egret, "--json", "--domains", domains, "--cache", self.cache, *named, *options, capture]

    def row(self, name, command, find=None):
        """One of ours: measured in every round. (Status 1: a truncated capture, say, is no failure here.)"""
        return Row(name, command, self.path("out", "ours"), find, statuses=(0, 1))

    def least(self, *commands, runs=None):
        """Of commands in turn."""
        rows = [self.row(c[0], c) for c in commands]
        in_turn(self.cost, rows, runs or self.runs)
        for r in rows:
            if r.failed:
                raise SystemExit(f"{' '.join(r.command)}: {r.failed}")
        return [r.least() for r in rows]

    def head(self, text):
        self.say(machine(self.build) + " " + text)
        self.say()


def note(text):
    """For whoever waits."""
    print(f"  … {text}", file=sys.stderr, flush=True)


def costs(rows, truth):
    bare, bare64 = rows[0].least().cpu, rows[1].least().cpu
    told = [["", "CPU s", "× bare", "× 64 KiB", "wall s", "peak MB", "M packets/s", "Gbit/s"]]
    for r in rows:
        c = r.least()
        if r.failed or not c:
            told.append([f"{r.name}: {r.failed}"] + [""] * 7)
            continue
        told.append([r.name, f"{c.cpu:.2f}", f"{c.cpu / bare:.2f}", f"{c.cpu / bare64:.2f}", f"{c.wall:.2f}",
                     f"{c.mb:.0f}", f"{truth.count['packets'] / c.wall / 1e6:.2f}",
                     f"{truth.count['wire_bytes'] * 8 / c.wall / 1e9:.2f}"])
    return told


def run_kind(b, kind, with_peers):
    """The rows of one kind of capture, by name."""
    capture = b.capture(kind)
    truth = found.Truth(capture)
    rules = (RULES, b.rules())
    records = b.path("out", "ours", "records")
    ours = [b.row(BARE, [b.bare, capture]), b.row(BARE64, [b.bare, capture, "65536"]),
            b.row(WHOLE, b.replay(capture, rules=rules), found.egret_findings(truth)),
            b.row(RECORDS, b.replay(capture, "--records", records, rules=rules), found.egret_records(truth)),
            b.row(NO_RULES, b.replay(capture), found.egret_findings(truth))]
    if os.path.exists(b.sensor):
        ours.append(b.row(SENSOR, [b.sensor, capture], found.records_told))
    others = list(peers.rows(kind, b.folder, capture, truth)) if with_peers else []
    start = b.row(START, b.replay(DEMO, rules=rules))
    in_turn(b.cost, [start] + ours + others, b.runs, b.limit, lambda text: note(f"{kind}: {text}"))
    for r in [start] + ours:
        if r.failed:
            raise SystemExit(f"{r.name}: {r.failed}")
    b.say(f"### {kind}: {truth.count['packets']} packets, {truth.count['wire_bytes'] / 1e6:.0f} MB, "
          f"{truth.count['flows']} flows")
    b.say()
    b.table(costs(ours + others, truth))
    b.say("Found:")
    b.say()
    b.table(found.table(kind, truth, [(r.name, r.found) for r in ours + others if r.found]))
    return truth, {r.name: r for r in [start] + ours + others}


def run_all(b, args):
    b.head(f"Least of {b.runs} runs in turn" + (f", captures × {b.scale:g}" if b.scale != 1 else "") + ".")
    b.say(f"egret does its whole job in each of its rows: records made and named, all detectors, our rules and "
          f"{b.rule_count} generated ones (but where it says without), findings written as JSON. Every program "
          "writes what it tells into files.")
    b.say()
    rules = (RULES, b.rules())
    note("compiling rules")
    b.least(b.replay(DEMO, rules=rules), runs=1)
    measured = {kind: run_kind(b, kind, args.peers != "no") for kind in args.kinds.split(",")}
    judge(b, measured)


def least_of(row, program):
    """CPU seconds of the cheapest version, None where there is none."""
    return min((r.least().cpu for name, r in row.items() if name.startswith(program) and r.least()), default=None)


def judge(b, measured):
    """The targets, met or not; and whether what was fast was complete."""
    rows = [["target", "reached", "", "of it for starting"]]

    def target(what, reached, most, form="{:.2f}", start=None):
        rows.append([f"{what} at most {form.format(most)}", form.format(reached),
                     "met" if reached <= most else "NOT met", "" if start is None else form.format(start)])

    for kind, (truth, row) in measured.items():
        bare, whole, start = row[BARE].least(), row[WHOLE].least(), row[START].least()
        target(f"{kind}: CPU, × bare,", whole.cpu / bare.cpu, RATIO[kind], start=start.cpu / bare.cpu)
        if kind == "mix" and (suricata := least_of(row, "Suricata")):
            target("mix: CPU, × Suricata,", whole.cpu / suricata, SURICATA_RATIO, "{:.3f}")
        if kind == "dns":
            told, mercury = row[RECORDS].least(), least_of(row, "mercury")
            if mercury:
                target("dns: CPU, × mercury,", whole.cpu / mercury, MERCURY_RATIO)
                target("dns: each record as JSON, CPU, × mercury,", told.cpu / mercury, 0.5)
            else:
                target("dns: each record as JSON, CPU, × bare,", told.cpu / bare.cpu, RECORDS_RATIO,
                       start=start.cpu / bare.cpu)
        if kind == "syn":
            target("syn: peak MB", whole.mb, SYN_MB, "{:.0f}")
        missed = [m for m in missing(truth, row[RECORDS].found) if m]
        rows.append([f"{kind}: everything found", "; ".join(missed) or "all", "NOT met" if missed else "met", ""])
    b.say("### Targets")
    b.say()
    b.table(rows)
    b.say("Wall time of the whole job, × that of the loop with 64 KiB: " + ", ".join(
        f"{kind} {row[WHOLE].least().wall / row[BARE64].least().wall:.2f}"
        for kind, (_, row) in measured.items()) + ".")


def missing(truth, f):
    c = truth.count
    # of mix and dns, a few are two of the same ports, one after the other: one flow to whoever looks
    again = c["flows"] // 1000 if truth.names else 0
    yield not c["flows"] - again <= f.flows <= c["flows"] and f"{f.flows} of {c['flows']} flows"
    if c["dns_queries"]:
        yield f.questions != c["dns_queries"] and f"{f.questions} of {c['dns_queries']} questions"
        yield f.answers != c["dns_responses"] and f"{f.answers} of {c['dns_responses']} answers"
    for kind, names in truth.names.items():
        yield f.names.get(kind, {}) != names and f"names of {found.bench_truth.KINDS[kind]}"
    exact = sum(f.uploads[k][0] == up and bool(f.uploads[k][1]) for k, up in truth.uploads.items() if k in f.uploads)
    yield exact != len(truth.uploads) and f"{exact} of {len(truth.uploads)} uploads, to the byte"


def records(b, args):
    """The CPU time of a replay with rules less that of one without, by the records made."""
    capture, rules = b.capture("dns"), (b.rules(),)
    b.head(f"Least of {b.runs} runs in turn, on dns" + (f" × {b.scale:g}" if b.scale != 1 else "") + ".")
    b.least(b.replay(DEMO, rules=rules), runs=1)
    rows = [b.row("with", b.replay(capture, rules=rules), found.of_summary),
            b.row("without", b.replay(capture), found.of_summary),
            b.row("start, with", b.replay(DEMO, rules=rules)), b.row("start, without", b.replay(DEMO))]
    in_turn(b.cost, rows, b.runs)
    cpu = {r.name: r.least().cpu for r in rows}
    made = sum(found.records_of(rows[0].found).values())
    more = cpu["with"] - cpu["start, with"] - cpu["without"] + cpu["start, without"]
    b.say(f"{made} records: {cpu['without']:.2f} s of CPU without rules, {cpu['with']:.2f} s with {b.rule_count} "
          f"({cpu['start, with']:.3f} s of it for starting): {more / made * 1e6:.2f} µs a record.")


def main():
    p = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    p.add_argument("command", choices=tuple(CALLED))
    p.add_argument("build")
    p.add_argument("folder")
    p.add_argument("--scale", type=float, default=1.0)
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--rules", type=int, default=RULE_COUNT)
    p.add_argument("--kinds", default=",".join(KINDS))
    p.add_argument("--peers", choices=("yes", "no"), default="yes")
    p.add_argument("--limit", type=float, default=300)
    p.add_argument("--results")
    args = p.parse_args()
    b = Bench(args)
    try:
        {"run": run_all, "growth": growth.measure, "records": records}[args.command](b, args)
    finally:
        subprocess.run(["rm", "-rf", b.path("out")], check=True)
    if args.results:
        defaults = p.parse_args([args.command, args.build, args.folder])
        b.keep(args.results, called(CALLED[args.command], args, defaults))


if __name__ == "__main__":
    main()
