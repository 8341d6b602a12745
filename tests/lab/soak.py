#!/usr/bin/python3
"""egret for hours, with everything that happens to a daemon in months: changing traffic, reloads, rotations, an
interface that goes down, goes away and comes back, a syslog server that dies. Memory has to stay flat,
descriptors the same, and every packet accounted for.

    soak.py [--rate PACKETS_A_SECOND] [HOURS] [EGRET]      (default: 1 hour, ./egret)

As root. Prints a line a minute and a summary; exits with 1 when something is wrong.
"""
import argparse
import glob
import os
import signal
import statistics
import sys
import time

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
import rulegen  # noqa: E402
import program  # noqa: E402
from base import run, say, wait_until  # noqa: E402
from sensor import Live, lines  # noqa: E402
from wire import Injector, Metrics, Wire, generate, settled  # noqa: E402

TOOLS = ("gcc", "ip", "curl", "zstd")
BURST = 10     # seconds of traffic between two looks
GROWTH = 1.10  # of resident memory, from the second third of the time to the last
EXTRA = """\
rotate:
  size: 4M
  keep: 0
stats-interval: 10s
state-interval: 30s
"""
SYSLOG = "tcp://127.0.0.1:5514"
SINK = """\
import socket
s = socket.create_server(("127.0.0.1", 5514))
while True:
    c, _ = s.accept()
    while c.recv(65536):
        pass
"""
KINDS = (("mix", 0.05), ("dns", 0.02), ("mix", 0.05), ("syn", 0.02))


class Soak:
    def __init__(self, lab, net, options):
        self.lab, self.net, self.options = lab, net, options
        self.rules = lab.path("generated")
        rulegen.write(self.rules, 200)
        self.sensor = Live(lab, net.inside("sensor"), os.path.abspath(options.egret), "soak")
        self.injector = Injector(net, options.egret)
        self.sink = None
        self.samples = []  # (seconds, resident kB, descriptors)
        self.wrong = []
        self.done = {}
        self.sent = 0
        self.capture = None

    def count(self, what):
        self.done[what] = self.done.get(what, 0) + 1

    # --- what happens -----------------------------------------------------------------------------

    def traffic(self, turn):
        """New connections, names and hosts every few bursts."""
        if turn % 3 == 0:
            if self.capture:
                os.unlink(self.capture)
            kind, scale = KINDS[turn // 3 % len(KINDS)]
            self.capture = generate(self.lab, kind, turn + 1, scale)
        self.sent += self.injector.send(self.capture, self.options.rate, BURST)[0]

    def reload(self, turn):
        rulegen.write(self.rules, 200 + turn % 7 * 50, seed=turn)
        before = Metrics(self.net).sum("egret_reload_generation")
        os.kill(self.sensor.process.pid, signal.SIGHUP)
        wait_until("a reload", lambda: Metrics(self.net).sum("egret_reload_generation") > before)

    def broken_reload(self, _):
        """A rule that is none: what is in force stays."""
        path = os.path.join(self.rules, "broken.yml")
        with open(path, "w", encoding="utf-8") as f:
            f.write("title: [broken\n")
        os.kill(self.sensor.process.pid, signal.SIGHUP)
        time.sleep(3)
        os.unlink(path)

    def rotation(self, _):
        """The way logrotate does it: move away, then SIGUSR1."""
        for f in self.sensor.findings_file, self.sensor.records_file:
            if os.path.exists(f):
                os.rename(f, f"{f}.moved{time.time_ns()}")
        os.kill(self.sensor.process.pid, signal.SIGUSR1)
        wait_until("files made anew", lambda: os.path.exists(self.sensor.records_file))

    def flap(self, _):
        self.net.ip("sensor", "link", "set", "span", "down")
        time.sleep(2)
        self.net.ip("sensor", "link", "set", "span", "up")
        self.reading()

    def replug(self, _):
        """The interface is gone, and another one comes under its name."""
        self.net.unplug()
        time.sleep(3)
        self.net.plug()
        self.reading()

    def reading(self):
        wait_until("egret reads the interface again", lambda: Metrics(self.net).sum("egret_interface_up") == 1)
        time.sleep(0.5)

    def sink_dies(self, _):
        if self.sink:
            self.lab.stop(self.sink, limit=2)
        self.sink = None

    def sink_lives(self, _):
        if not self.sink:
            self.sink = self.lab.start("syslog", *self.net.inside("sensor"), "/usr/bin/python3", "-c", SINK)

    def events(self):
        """(every so many turns, at which of them, what)"""
        return ((2, 1, self.reload), (7, 5, self.broken_reload), (5, 2, self.rotation), (6, 3, self.flap),
                (8, 4, self.replug), (9, 6, self.sink_dies), (9, 8, self.sink_lives))

    # --- what has to hold -------------------------------------------------------------------------

    def sums(self, m):
        """What has to be the same, and is once egret has taken all that came: (what, one, other)."""
        ring, card = (m.sum(f"egret_interface_{where}_lost_packets_total") for where in ("ring", "nic"))
        return (("packets sent = received + lost by the card", self.sent, m.received() + card),
                ("received = processed + lost in the ring", m.received(), m.processed() + ring),
                ("packets of workers = packets of counters", m.processed(), m.sum("egret_capture_packets_total")),
                ("records of workers = records of the analyst", m.sum("egret_worker_records_total"),
                 m.sum("egret_analyst_records_total")))

    def account(self, when):
        """Every packet and every record is somewhere."""
        m = settled(self.net, lambda m: all(a == b for _, a, b in self.sums(m)))
        self.wrong += [f"{when}: {what}: {a} and {b}" for what, a, b in self.sums(m) if a != b]
        return m.lost()

    def sample(self, seconds):
        m = Metrics(self.net)
        self.samples.append((seconds, self.sensor.resident(), self.sensor.descriptors()))
        return m

    def written(self):
        """Lines in all files of records, rotated and moved ones too, against what egret says it wrote."""
        for _ in range(5):
            before, there, after = self.said(), self.count_lines(), self.said()
            if before == there == after:
                return
            time.sleep(1)
        # connections end and are told while millions of lines are counted
        if not before <= there <= after:
            self.wrong.append(f"{before} to {after} lines of records said to be written, {there} are there")

    def said(self):
        return settled(self.net).of("egret_outlet_lines_total", "outlet", "records.file")

    def count_lines(self):
        there = 0
        for path in glob.glob(os.path.join(os.path.dirname(self.sensor.records_file), "records*")):
            if path.endswith(".zst"):
                there += run("zstd", "-dcq", path, limit=60).count("\n")
            else:
                with open(path, "rb") as f:
                    there += f.read().count(b"\n")
        return there

    def judge(self):
        third = len(self.samples) // 3
        middle = max(s[1] for s in self.samples[third:2 * third])
        last = max(s[1] for s in self.samples[2 * third:])
        if last > middle * GROWTH:
            self.wrong.append(f"resident memory grew: at most {middle} kB in the second third, {last} kB in the last")
        # (a file is open for a moment now and then: what leaks stays)
        early, late = (statistics.median(s[2] for s in part) for part in (self.samples[:third], self.samples[2 * third:]))
        if late > early:
            self.wrong.append(f"descriptors: {early} in the first third, {late} in the last")
        return middle, last, early, late

    def run(self):
        self.sink_lives(0)
        self.sensor.start(workers=2, rules=[self.rules], findings_more=f"  syslog: {SYSLOG}\n", extra=EXTRA)
        begin, end = time.monotonic(), time.monotonic() + self.options.hours * 3600
        turn, told = 0, 0
        while time.monotonic() < end or turn < 10:
            self.traffic(turn)
            for every, at, what in self.events():
                if turn % every == at % every:
                    what(turn)
                    self.count(what.__name__.replace("_", " "))
            lost = self.account(f"turn {turn}")
            m = self.sample(time.monotonic() - begin)
            if time.monotonic() - told > 60:
                told = time.monotonic()
                _, kb, files = self.samples[-1]
                say(f"{self.samples[-1][0]:7.0f} s  {self.sent:10} packets  {lost} lost  "
                    f"{m.sum('egret_analyst_records_total'):9} records  {kb / 1000:.0f} MB  {files} descriptors  "
                    f"generation {m.sum('egret_reload_generation')}")
            turn += 1
        self.written()
        middle, last, early, late = self.judge()
        self.sink_dies(0)
        self.wrong += self.sensor.end()
        say("events: " + ", ".join(f"{n} {k}" for k, n in sorted(self.done.items())))
        say(f"memory: at most {middle / 1000:.0f} MB in the second third, {last / 1000:.0f} MB in the last; "
            f"descriptors: {early}, {late}; packets: {self.sent}, "
            f"findings: {len(lines(self.sensor.findings_file))} in the last file")


def soak(lab, net, options):
    s = Soak(lab, net, options)
    s.run()
    for w in s.wrong[:50]:
        say(f"WRONG: {w}")
    say(f"soak: {'failed' if s.wrong else 'passed'}")
    return s.wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=15_000, help="packets a second")
    parser.add_argument("hours", nargs="?", type=float, default=1)
    program.main(parser, TOOLS, Wire, soak)


if __name__ == "__main__":
    main()
