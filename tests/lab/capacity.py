#!/usr/bin/python3
"""How many packets a second egret takes without losing one, with one and with two workers, beside tcpdump on the
same traffic; and that a reload of 3,000 rules under load loses none.

    capacity.py [--seconds N] [--kind mix|dns|syn] [--scale N] [EGRET]      (default: ./egret, 3 s a try)

As root. Exits with 77 when it cannot be run here, with 1 when the reload lost packets.
"""
import argparse
import os
import re
import signal
import sys
import threading
import time

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
import rulegen  # noqa: E402
import program  # noqa: E402
from base import Failure, say, wait_until  # noqa: E402
from sensor import Live  # noqa: E402
from wire import Injector, Metrics, Wire, generate, settled  # noqa: E402

TOOLS = ("gcc", "ip", "tcpdump", "curl")
FIRST = 25_000  # packets a second that are tried first
STEPS = 4       # halvings between the last rate that was held and the first that was not
RULES = 3_000
SHARE = 0.5     # of what is held, as the load of the reload: its compiler wants a CPU as well


class Tcpdump:
    """tcpdump that writes nowhere."""

    def __init__(self, lab, net, injector):
        self.lab, self.net, self.injector = lab, net, injector

    def try_rate(self, capture, rate, seconds):
        log = self.lab.path("tcpdump.log")
        open(log, "w", encoding="ascii").close()
        p = self.lab.start("tcpdump", *self.net.inside("sensor"), "tcpdump", "-i", "span", "-n", "-B", "65536",
                           "-Z", "root", "-w", "/dev/null")
        text = lambda: open(log, encoding="ascii").read()  # noqa: E731
        wait_until("tcpdump", lambda: "listening on" in text())
        sent, took = self.injector.send(capture, rate, seconds)
        time.sleep(0.5)
        self.lab.stop(p, how=signal.SIGINT)
        # what it has not read yet when it is told to end is not lost
        dropped, received = (int(re.search(r"(\d+) packets " + word, text())[1])
                             for word in ("dropped by kernel", "received"))
        return sent, took, dropped + max(0, sent - received)


def lost_since(net, before, sent):
    """Packets that were sent, and of which egret says that they were lost, or says nothing."""
    after = settled(net, lambda m: m.processed() - before.processed() + m.lost() - before.lost() == sent)
    return max(after.lost() - before.lost(), sent - (after.processed() - before.processed()))


class Egret:
    def __init__(self, lab, net, injector, egret, name, workers, rules=None):
        self.net, self.injector = net, injector
        self.sensor = Live(lab, net.inside("sensor"), egret, name)
        self.sensor.start(workers=workers, rules=rules)

    def try_rate(self, capture, rate, seconds):
        before = Metrics(self.net)
        sent, took = self.injector.send(capture, rate, seconds)
        return sent, took, lost_since(self.net, before, sent)

    def end(self):
        wrong = self.sensor.end()
        if wrong:
            raise Failure("; ".join(wrong))


def most(what, tool, capture, seconds):
    """The highest rate without loss, in packets a second."""
    held, failed, rate = 0, None, FIRST
    for _ in range(20):
        sent, took, lost = tool.try_rate(capture, rate, seconds)
        real = int(sent / took)
        say(f"  {what}: {real:8} packets/s, {lost} of {sent} lost")
        if lost:
            failed = real
        else:
            held = max(held, real)
            if real < rate * 0.95:
                say(f"  {what}: the generator gives no more")
                break
        if failed and failed - held < held / 2 ** STEPS:
            break
        rate = int((held + failed) / 2) if failed else rate * 2
    return held


def reload_under_load(lab, net, injector, egret, capture, rate, seconds):
    """Packets lost while 3,000 rules are read, compiled and put in force."""
    folder = lab.path("generated")
    rulegen.write(folder, 10)
    e = Egret(lab, net, injector, egret, "reload", 1, rules=[folder])
    before = Metrics(net)
    result = []
    load = threading.Thread(target=lambda: result.append(injector.send(capture, rate, seconds)))
    load.start()
    time.sleep(1)
    rulegen.write(folder, RULES)
    began = time.monotonic()
    os.kill(e.sensor.process.pid, signal.SIGHUP)
    generation = before.sum("egret_reload_generation")
    wait_until("the new rules are in force",
               lambda: Metrics(net).sum("egret_reload_generation") > generation, limit=seconds)
    took = time.monotonic() - began
    load.join()
    sent = result[0][0]
    lost = lost_since(net, before, sent)
    rules = Metrics(net).sum("egret_loaded_rules")
    e.end()
    say(f"reload: {rules} rules after {took:.1f} s under {rate} packets/s: {lost} of {sent} lost")
    return lost if rules >= RULES else sent


def measure(lab, net, options):
    capture = generate(lab, options.kind, 42, options.scale)
    say(f"traffic: {os.path.getsize(capture) / 1e6:.0f} MB of made-up traffic ({options.kind}), again and again")
    egret = os.path.abspath(options.egret)
    injector = Injector(net, egret)
    figures = {"tcpdump -w /dev/null": most("tcpdump", Tcpdump(lab, net, injector), capture, options.seconds)}
    for workers in 1, 2:
        e = Egret(lab, net, injector, egret, f"workers{workers}", workers)
        figures[f"egret, {workers} worker{'s' * (workers > 1)}"] = most(f"egret {workers}", e, capture, options.seconds)
        e.end()
    for name, rate in figures.items():
        say(f"{name:22} {rate:9} packets/s without loss")
    rate = int(figures["egret, 1 worker"] * SHARE)
    return reload_under_load(lab, net, injector, egret, capture, rate, 40)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=3, help="of each try")
    parser.add_argument("--kind", choices=("mix", "dns", "syn"), default="mix", help="of the generated traffic")
    parser.add_argument("--scale", type=float, default=0.2, help="of the generated traffic; 1 is 1.2 GB")
    program.main(parser, TOOLS, Wire, measure)


if __name__ == "__main__":
    main()
