#!/usr/bin/python3
"""egret under ThreadSanitizer, with everything that makes its threads meet: traffic to two workers, reloads,
rotations, an interface that flaps and is replaced, a syslog server that dies, savings of the state, and people who
ask all the time. Every race that is reported is wrong.

    races.py [--rate PACKETS_A_SECOND] [--minutes N] [EGRET]      (default: 2 minutes, ./egret)

As root, with an egret that `./dev tsan` has built. The sandbox is off: it would keep the sanitizer from reading the
names of functions.
"""
import argparse
import os
import signal
import socket
import sys
import threading
import time

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
import program  # noqa: E402
import soak  # noqa: E402
from base import Failure, run, say  # noqa: E402
from wire import METRICS, Wire  # noqa: E402

EXTRA = """\
sandbox: no
rotate:
  size: 1M
  keep: 3
stats-interval: 1s
state-interval: 1s
"""
REPORT = "WARNING: ThreadSanitizer"
SLOW = ("no answer in time", "did not answer", "timed out", "Resource temporarily")  # as everything is, with it
SETTINGS = "halt_on_error=0 exitcode=0 second_deadlock_stack=1 report_thread_leaks=0"
QUESTIONS = (["status"], ["json", "status"], ["stats"], ["interfaces"], ["top", "50"], ["json", "top"], ["findings"],
             ["json", "findings"], ["flows", "all"], ["explain", "mega.nz"], ["audit"], ["sanctions"],
             ["log-level", "debug"], ["log-level", "info"], ["reopen"], ["reload"], ["help"],
             ["sanction", "MEGA", "--for", "1s", "--reason", "races"])


class Races(soak.Soak):
    def __init__(self, lab, net, options):
        super().__init__(lab, net, options)
        lab.bare["TSAN_OPTIONS"] = SETTINGS
        self.over = threading.Event()
        self.asked = self.slow = 0

    def people(self, begin):
        """Asks one thing after the other, and goes away without an answer now and then."""
        turn = begin
        while not self.over.is_set():
            words = QUESTIONS[turn % len(QUESTIONS)]
            try:
                if turn % 7 == 0:
                    with socket.socket(socket.AF_UNIX) as s:
                        s.connect(os.path.join(self.sensor.folder, "run", "control"))
                        s.sendall(" ".join(words).encode())
                else:
                    self.sensor.ask(*words)
                self.triage(turn)
                self.asked += 1
            except (Failure, OSError) as e:
                if any(s in str(e) for s in SLOW):
                    self.slow += 1
                elif not self.over.is_set() and not (words == ["reload"] and "broken.yml" in str(e)):
                    self.wrong.append(f"{' '.join(words)}: {e}")
            turn += 1
            time.sleep(0.05)

    def triage(self, turn):
        found = self.sensor.ask("json", "findings", "20")
        if found:
            finding = found[turn % len(found)]["event"]["id"]
            self.sensor.ask("findings", finding)
            self.sensor.ask("ack", finding, "seen") if turn % 2 else \
                self.sensor.ask("mute", finding, "--for", "1s", "--reason", "races")

    def scrape(self):
        while not self.over.is_set():
            for page in "metrics", "healthz":
                run(*self.net.inside("sensor"), "curl", "-sS", "--max-time", "10", f"http://{METRICS}/{page}",
                    check=False)
            time.sleep(0.2)

    def run(self):
        self.sink_lives(0)
        self.sensor.start(workers=2, rules=[self.rules], findings_more=f"  syslog: {soak.SYSLOG}\n", extra=EXTRA)
        threads = [threading.Thread(target=self.people, args=(n,)) for n in (0, 5)]
        threads.append(threading.Thread(target=self.scrape))
        for t in threads:
            t.start()
        try:
            self.go_on()
        finally:
            self.over.set()
            for t in threads:
                t.join()
        self.account("at the end")
        # a reload that runs, lines that wait, connections that are open
        os.kill(self.sensor.process.pid, signal.SIGHUP)
        ended = self.sensor.end()
        self.wrong += [w for w in ended if not w.startswith("processes left")]  # the sink's
        self.wrong += self.reports()

    def go_on(self):
        end, turn = time.monotonic() + 60 * self.options.minutes, 0
        while time.monotonic() < end or turn < 10:
            self.traffic(turn)
            for every, at, what in self.events():
                if turn % every == at % every:
                    what(turn)
                    self.count(what.__name__.replace("_", " "))
            turn += 1

    def reports(self):
        with open(self.lab.path("egret.log"), encoding="utf-8", errors="replace") as f:
            text = f.read()
        at = text.find(REPORT)
        if at >= 0:
            say(text[at:at + 40000])
        return [f"{text.count(REPORT)} reports of ThreadSanitizer"] if at >= 0 else []


def races(lab, net, options):
    soak.BURST = 3
    r = Races(lab, net, options)
    r.run()
    say("events: " + ", ".join(f"{n} {k}" for k, n in sorted(r.done.items())) +
        f", {r.asked} questions, {r.slow} without an answer in time")
    for w in r.wrong[:50]:
        say(f"WRONG: {w}")
    say(f"races: {'failed' if r.wrong else 'passed'}")
    return r.wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=3_000, help="packets a second")
    parser.add_argument("--minutes", type=float, default=2)
    program.main(parser, soak.TOOLS, Wire, races)


if __name__ == "__main__":
    main()
