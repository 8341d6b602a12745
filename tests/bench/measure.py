"""CPU and wall seconds and peak memory of programs that run in turn."""
import collections
import os
import re
import signal
import subprocess

Cost = collections.namedtuple("Cost", "cpu wall mb")
SLOW = 10  # CPU seconds from which once is enough for what is no row of ours


class Row:
    """A program to be measured. `out`: a folder of its own, emptied before each run, where `stdout` and `stderr`
    are as well. `found`: reads what it wrote there. `rounds`: False when a slow one need not be repeated."""

    def __init__(self, name, command, out, found=None, rounds=True, statuses=(0,)):
        self.name, self.command, self.out, self.find = name, command, out, found
        self.rounds, self.statuses = rounds, statuses
        self.costs, self.found, self.failed = [], None, None

    def least(self):
        return Cost(*(f(x) for f, x in zip((min, min, max), zip(*self.costs)))) if self.costs else None

    def due(self, number):
        if self.failed:
            return False
        return self.rounds or number == 0 or self.least().cpu < SLOW

    def once(self, tool, limit=None):
        cost, why = run(tool, self.command, self.out, limit, self.statuses, bounded=not self.rounds)
        if cost:
            self.costs.append(cost)
        else:
            self.failed = why

    def look(self):
        """What it wrote. A program of others may write what we cannot read: then nothing is said of it."""
        if not self.find or self.failed or self.found:
            return
        try:
            self.found = self.find(self.out)
        except (KeyError, OSError, ValueError) as e:
            if self.rounds:
                raise
            self.find = None
            print(f"what {self.name} wrote was not understood: {e!r}", flush=True)


def empty(folder):
    subprocess.run(["rm", "-rf", folder], check=True)
    os.makedirs(folder)


def last_words(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        lines = [line.strip() for line in f if line.strip()]
    return lines[-1][:120] if lines else ""


def run(tool, command, out, limit=None, statuses=(0,), bounded=False):
    """(cost, None), or (None, why there is none). `tool`: cost.c as a program."""
    empty(out)
    # one that wants more than the machine has fails alone
    most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 4 // 5 if bounded else 0
    said = out + ".cost"
    with open(os.path.join(out, "stdout"), "wb") as o, open(os.path.join(out, "stderr"), "wb") as e:
        subprocess.run([tool, said, str(int(limit or 0)), str(most), *command], stdin=subprocess.DEVNULL, stdout=o,
                       stderr=e, start_new_session=True, check=True)
    with open(said, encoding="ascii") as f:
        status, cpu, wall, kb = (float(word) for word in f.read().split())
    if limit and status == 128 + signal.SIGKILL and wall > limit:
        return None, f"stopped after {limit:g} s"
    if status not in statuses:
        return None, f"exit status {status:g}: {last_words(os.path.join(out, 'stderr'))}"
    return Cost(cpu, wall, kb / 1024), None


def in_turn(tool, rows, runs, limit=None, tell=lambda text: None):
    """One round after the other, so that what else the machine does hits all. What a program found is read after
    its first run."""
    for number in range(runs):
        for row in rows:
            if not row.due(number):
                continue
            tell(f"{row.name}, run {number + 1}")
            row.once(tool, None if row.rounds else limit)
            row.look()
            empty(row.out)


def version(command):
    """The first thing that looks like one in what a program says."""
    try:
        p = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    m = re.search(r"\d+(\.\d+)+", p.stdout + p.stderr)
    return m[0] if m else ""
