#!/usr/bin/python3
"""egret with calls of the system that fail: memory, files, threads, clocks; one at a time, and at random.

    fault_test.py [--all] [--seed N] [--only TEXT] [--trials N] [EGRET [SHIM]]

Each trial is one run. It must end by itself within a time limit and without a signal; when its status is
not 0 it must have said why, in lines that begin with "egret: "; what it wrote must be whole lines of JSON;
when it says nothing, nothing may be missing; and the next run must know the state folder, or say what of
it it does not. Without --all a sample is run; the seed that is printed repeats it.
"""
import argparse
import errno
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE]
import fault_live  # noqa: E402
import live  # noqa: E402
from fault import ERRORS, KINDS, Page, addresses_to_lines, bad_lines, environment, error_name  # noqa: E402

DEMO = os.path.join(TOP, "tests", "captures", "demo.pcap")
SKIP = 77
LIMIT = 30  # seconds for a run
LIST = "[Shelf]\ncategory cloud-storage\ntier B\nweb shelf.example\nweb /x[0-9]+\\.shelf\\.test/\n"
RULE = """title: A look-up
id: look-up
logsource:
    category: dns
detection:
    any:
        query|contains|all: [mega, nz]
    odd:
        query|re: '^(?=.*g)[a-z.]+$'
    many:
        query|endswith: [.example, .test, .nz]
    condition: any or odd and many
"""


class Job:
    """A way to run egret, in a folder of its own that starts as a copy of a template."""

    def __init__(self, name, words, kinds, files=("out",), lines=True):
        self.name, self.words, self.kinds = name, words, kinds
        self.files = files  # of JSON lines, all of them
        self.lines = lines
        self.calls, self.wanted = {}, {}


def jobs(folder):
    lists = ["-d", f"{folder}/domains"]
    rules = ["-R", f"{folder}/rules"]
    cached = ["--cache", "cache", "-c", "egret.yaml"]
    files = ("alloc", "map", "read", "write", "open", "sync", "name", "thread")
    return [
        Job("replay", [*cached, *lists, *rules, "-j", "-q", "-t", "100k", "-w", "records", "-r", DEMO],
            (*files, "clock"), ("out", "records")),
        Job("replay.gz", [*cached, *lists, "--rules=", "-j", "-q", "-t", "100k", "-w", "records", "-r",
                          f"{folder}/demo.gz", "-r", f"{folder}/demo.zst"], ("alloc", "read", "open"),
            ("out", "records")),
        Job("table", [*cached, *lists, *rules, "-t", "100k", "-r", DEMO], ("alloc", "write"), (), False),
        Job("records out", [*cached, *lists, *rules, "-j", "-q", "-w", "-", "-r", DEMO], ("write",)),
        Job("events", [*cached, *lists, *rules, "-j", "-q", "-t", "100k", "-e", f"{folder}/records.gz"], files),
        Job("events each", ["--cache", "cache", *lists, *rules, "--each", "-q", "-e", f"{folder}/records.gz"],
            ("write",)),
        Job("check", [*cached, *lists, *rules, "--check"], files, (), False),
        Job("explain name", [*cached, *lists, *rules, "--explain", "g.api.mega.co.nz"], ("alloc", "write", "open"),
            (), False),
        Job("explain line", [*cached, *lists, *rules, "--explain", '{"EventID": 22, "QueryName": "mega.nz"}'],
            ("alloc", "write"), (), False),
        Job("dump", [*cached, *lists, *rules, "--dump-config"], ("alloc", "write"), (), False),
        Job("compile", ["--cache=", "-d", f"{folder}/small.list", "-R", f"{folder}/small.yml", "--check"],
            ("alloc", "map", "thread"), (), False),
    ]


# of what --check says of memory, the program's own is measured: never twice the same
MEASURED = re.compile(rb"^(  (?:program, lists, rules|the same, reloaded|allocator, stacks, libraries|total) ) .*$", re.M)


class Faults:
    def __init__(self, egret, shim, folder, options):
        self.egret, self.folder, self.options = egret, folder, options
        self.shim = os.path.join(folder, "shim.so")
        shutil.copy(shim, self.shim)
        self.page = Page(os.path.join(folder, "page"))
        self.random = random.Random(options.seed)
        self.failures, self.trials, self.hit, self.passed = [], 0, 0, 0
        self.good_states = set()
        self.template = os.path.join(folder, "template")
        self.work = os.path.join(folder, "work")
        self.make_template()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def make_template(self):
        os.makedirs(self.path("template", "cache"), mode=0o700)
        for name in "domains", "rules":
            shutil.copytree(os.path.join(TOP, name if name == "domains" else "rules/wire"), self.path(name))
        for name, text in (("small.list", LIST), ("small.yml", RULE),
                           ("template/egret.yaml", "state: state\nhome-networks: [10.0.0.0/8]\n")):
            with open(self.path(name), "w", encoding="utf-8") as f:
                f.write(text)
        with open(self.path("demo.gz"), "wb") as f:
            subprocess.run(["gzip", "-nc", DEMO], stdout=f, check=True)
        subprocess.run(["zstd", "-q", DEMO, "-o", self.path("demo.zst")], check=True)
        # a state to be loaded, a cache to be used, records to be read
        self.work = self.template
        replay = jobs(self.folder)[0]
        for _ in range(2):
            status, err = self.run(replay)
            if status or err:
                raise SystemExit(f"without a fault: status {status}: {err}")
        with open(self.path("records.gz"), "wb") as f:
            subprocess.run(["gzip", "-nc", self.path("template", "records")], stdout=f, check=True)
        for name in "out", "records":
            os.unlink(os.path.join(self.template, name))
        self.work = self.path("work")

    def run(self, job, faulty=True):
        """Status (None: it hangs) and what it said."""
        env = {"PATH": os.environ["PATH"], "TZ": "UTC", "LC_ALL": "C"}
        if faulty:
            env |= environment(self.shim, self.page)
        with open(os.path.join(self.work, "out"), "wb") as out:
            try:
                r = subprocess.run([self.egret, *job.words], stdout=out, stderr=subprocess.PIPE, cwd=self.work,
                                   stdin=subprocess.DEVNULL, env=env, timeout=LIMIT, check=False)
            except subprocess.TimeoutExpired:
                return None, ""
        return r.returncode, r.stderr.decode(errors="replace")

    def fresh(self):
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.template, self.work)
        self.page.clear()

    def content(self, name):
        try:
            with open(os.path.join(self.work, name), "rb") as f:
                return MEASURED.sub(rb"\1", f.read())
        except FileNotFoundError:
            return b""

    def know_state(self, job):
        """The next run knows what is there."""
        state = self.content("state/egret.state")
        if not state or state in self.good_states:
            return [] if state or self.content("state/egret.state.bad") else ["the state is gone"]
        status, err = self.run(self.jobs[0], faulty=False)
        if status != 0 or err:
            return [f"the next start: status {status}: {err}"]
        self.good_states.add(state)
        return []

    def judge(self, job, status, err):
        wrong = []
        if status is None:
            return [f"no end within {LIMIT} s"]
        if status < 0:
            return [f"signal {-status}"]
        lines = [line for line in err.splitlines() if not line.startswith("{")]
        if lines != err.splitlines():  # findings, beside records
            wrong += [f"stderr: {bad}" for bad in bad_lines(b"".join(
                line.encode() + b"\n" for line in err.splitlines() if line not in lines))]
        if status and not lines:
            wrong.append(f"status {status} without a word")
        if len(lines) > 4 + self.page.hits() or not all(line.startswith("egret: ") for line in lines):
            wrong.append(f"says {err!r}")
        for name in job.files:
            wrong += [f"{name}: {bad}" for bad in bad_lines(self.content(name))]
        if status == 0 and not lines and not self.page.hits("clock"):
            for name in job.wanted:
                if self.content(name) != job.wanted[name]:
                    wrong.append(f"{name} is another, and nobody says so")
        if "egret.yaml" in job.words:
            wrong += self.know_state(job)
        return wrong

    def trial(self, job, what):
        status, err = self.run(job)
        self.trials += 1
        hit = self.page.hits()
        self.hit += hit != 0
        where = self.page.where()
        wrong = self.judge(job, status, err)
        if self.options.verbose:
            print(f"{job.name}: {what}: {hit} hits, status {status}, {err!r}")
        if not wrong:
            self.passed += 1
            return
        self.failures.append((job.name, what))
        print(f"FAIL: {job.name}: {what}: {'; '.join(wrong[:3])}")
        if err:
            print(f"      it said {err[:300]!r}")
        for frame in addresses_to_lines(where, self.egret)[:10]:
            print(f"      {frame}")
        sys.stdout.flush()

    def measure(self, job):
        """What a run without a fault does, and how many calls of each kind it makes."""
        self.fresh()
        status, err = self.run(job)
        if status != 0 or [e for e in err.splitlines() if e[:1] != "{" and not e.startswith("egret: ")]:
            print(f"FAIL: {job.name}: without a fault: status {status}, {err!r}")
            self.failures.append((job.name, "none"))
        job.calls = {k: self.page.calls(k) for k in KINDS}
        names = {*job.files, "out"} if job.name != "table" else ()
        job.wanted = {n: self.content(n) for n in names}
        if "egret.yaml" in job.words:
            self.know_state(job)

    def sample(self, calls, most):
        """Numbers of calls: all, or the first and last ones and some between."""
        if calls <= most:
            return range(1, calls + 1)
        edge = most // 5
        middle = self.random.sample(range(edge + 1, calls - edge + 1), most - 2 * edge)
        return [*range(1, edge + 1), *sorted(middle), *range(calls - edge + 1, calls + 1)]

    def one_by_one(self, job, kind):
        most = self.options.trials
        errors = ERRORS[kind]
        for nth in self.sample(job.calls[kind], most):
            for error in errors if self.options.all else [self.random.choice(errors)]:
                # a full disk stays full
                for many in (1, 1 << 40) if error in (errno.ENOSPC, errno.EMFILE) and self.options.all else (1,):
                    self.fresh()
                    self.page.arm(kind, error, nth, many)
                    self.trial(job, f"{kind} {nth} of {job.calls[kind]}{' and on' if many > 1 else ''}: "
                                    f"{error_name(error)}")

    def at_random(self, job):
        for _ in range(self.options.trials):
            seed = self.random.getrandbits(63)
            self.fresh()
            self.page.seed(seed)
            armed = []
            for kind in job.kinds:
                error = self.random.choice(ERRORS[kind])
                rate = max(2, job.calls[kind] // self.random.randint(1, 3))
                self.page.arm(kind, error, rate=rate)
                armed.append(f"{kind} 1/{rate} {error_name(error)}")
            self.trial(job, f"seed {seed}: " + ", ".join(armed))

    def all(self):
        self.jobs = jobs(self.folder)
        begin = time.monotonic()
        for job in self.jobs:
            if self.options.only and self.options.only not in job.name and job is not self.jobs[0]:
                continue
            self.measure(job)
            if self.options.only and self.options.only not in job.name:
                continue
            before = self.trials
            for kind in job.kinds:
                if not self.options.kind or kind == self.options.kind:
                    self.one_by_one(job, kind)
            if not self.options.kind:
                self.at_random(job)
            print(f"{job.name}: {self.trials - before} runs, calls of one: " +
                  ", ".join(f"{k} {job.calls[k]}" for k in job.kinds), flush=True)
        self.all_live()
        print(f"{self.trials} runs, {self.hit} of them with a fault, in {time.monotonic() - begin:.0f} s")


    def all_live(self):
        why = live.why_not()
        if why or not self.options.lives or self.options.only not in (None, "daemon"):
            print(f"no daemon: {why or 'not asked for'}")
            return
        faults = fault_live.LiveFaults(self)
        try:
            faults.all(self.options.lives)
        finally:
            faults.close()


def usable(egret, shim, folder):
    """None, or why it cannot be run here."""
    if not os.path.exists(shim):
        return f"{shim} is not built"
    with open(egret, "rb") as f:
        program = f.read()
        if b"__asan_init" in program or b"__tsan_init" in program:
            return "sanitizers bring an allocator of their own, which a preloaded one would not get between"
    for tool in "gzip", "zstd":
        if not shutil.which(tool):
            return f"{tool} is not installed"
    page = Page(os.path.join(folder, "try"))
    subprocess.run([egret, "--version"], env=environment(shim, page), stdout=subprocess.DEVNULL, check=False)
    counted = page.calls("alloc")
    page.close()
    return None if counted else "nothing can be preloaded here"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--all", action="store_true", help="all errors, many calls")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--only", metavar="TEXT", help="jobs with this in their name")
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--trials", type=int, help="most calls of a kind that fail in turn")
    parser.add_argument("--lives", type=int, help="of the daemon, for each kind of call (as root)")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("egret", nargs="?", default="./egret")
    parser.add_argument("shim", nargs="?", default="tests/fault/shim.so")
    o = parser.parse_args()
    o.trials = o.trials or (150 if o.all else 2)
    if o.lives is None:
        o.lives = 20 if o.all else 0
    with tempfile.TemporaryDirectory(prefix="egret-fault-") as folder:
        os.chmod(folder, 0o755)
        egret, shim = os.path.abspath(o.egret), os.path.abspath(o.shim)
        why = usable(egret, shim, folder)
        if why:
            print(f"SKIP: {why}")
            return SKIP
        print(f"seed {o.seed}")
        f = Faults(egret, shim, folder, o)
        f.all()
        print(f"{f.passed} passed, {len(f.failures)} failed")
        return 1 if f.failures else 0


if __name__ == "__main__":
    sys.exit(main())
