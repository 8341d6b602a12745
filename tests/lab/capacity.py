#!/usr/bin/python3
"""How many packets a second egret takes without losing one, with one and with two workers, beside tcpdump and,
where it is found, Suricata on the same traffic; what a packet costs each of them at a common rate; and that a
reload of 3,000 rules under load loses none.

    capacity.py [--seconds N] [--kind mix|dns|syn] [--scale N] [--rate N] [--results FILE] [EGRET]
                                                                        (default: ./egret, 3 s a try)

As root. Exits with 77 when it cannot be run here, with 1 when the reload lost packets. EGRET_BENCH_SURICATA says
how Suricata is called (bench/README.md).
"""
import argparse
import collections
import os
import re
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "bench")]
import peers  # noqa: E402
import program  # noqa: E402
import rulegen  # noqa: E402
from base import Failure, say, wait_until  # noqa: E402
from results import Report, called, machine  # noqa: E402
from sensor import Live  # noqa: E402
from wire import Injector, Metrics, Wire, generate, settled  # noqa: E402

TOOLS = ("gcc", "ip", "tcpdump", "curl")
FIRST = 25_000  # packets a second that are tried first
STEPS = 4       # halvings between the last rate that was held and the first that was not
RULES = 3_000
SHARE = 0.5     # of what is held, as the load of the reload: its compiler wants a CPU as well
QUIET = 1.0     # seconds before traffic and after it
PACKETS = {"mix": 1_540_000, "dns": 2_290_000, "syn": 3_760_000}  # of generated traffic at scale 1

# sent: packets, in so many seconds; CPU seconds of the process from first to last, and before, of one idle second
Try = collections.namedtuple("Try", "sent took lost cpu idle mb")


def cpu_of(pid):
    """Seconds, of all threads that there are or were."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_of(pid):
    """MB."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) / 1024


class Watch:
    """What a process takes while traffic is sent."""

    def __init__(self, injector, pid):
        self.injector, self.pid = injector, pid
        before = cpu_of(pid)
        time.sleep(QUIET)
        self.idle = (cpu_of(pid) - before) / QUIET

    def send(self, capture, rate, seconds):
        before = cpu_of(self.pid)
        self.sent, self.took = self.injector.send(capture, rate, seconds)
        time.sleep(QUIET)
        self.cpu, self.mb = cpu_of(self.pid) - before, peak_of(self.pid)

    def result(self, lost):
        return Try(self.sent, self.took, lost, self.cpu, self.idle, self.mb)


class Started:
    """A program that is started for each try, and says when it ends what it lost."""

    def __init__(self, lab, net, injector):
        self.lab, self.net, self.injector = lab, net, injector

    def try_rate(self, capture, rate, seconds):
        log = self.lab.path(self.name + ".log")
        open(log, "w", encoding="ascii").close()
        p = self.lab.start(self.name, *self.net.inside("sensor"), *self.command())
        wait_until(self.name, lambda: p.poll() is not None or self.ready in self.log())
        if p.poll() is not None:
            raise Failure(f"{self.name} ended with status {p.returncode}")
        w = Watch(self.injector, p.pid)
        w.send(capture, rate, seconds)
        self.lab.stop(p, how=signal.SIGINT, limit=60)
        received, dropped = self.count()
        # what it has not read yet when it is told to end is not lost
        return w.result(dropped + max(0, w.sent - received))

    def log(self):
        with open(self.lab.path(self.name + ".log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def end(self):
        pass


class Tcpdump(Started):
    """tcpdump that writes nowhere."""
    name, title, ready = "tcpdump", "tcpdump -w /dev/null", "listening on"

    def command(self):
        return "tcpdump", "-i", "span", "-n", "-B", "65536", "-Z", "root", "-w", "/dev/null"

    def count(self):
        return tuple(int(re.search(r"(\d+) packets " + word, self.log())[1])
                     for word in ("received", "dropped by kernel"))


# as much memory for packets as egret and tcpdump have
AF_PACKET = """
af-packet:
  - interface: span
    threads: {threads}
    cluster-id: 99
    cluster-type: cluster_flow
    defrag: yes
    use-mmap: yes
    tpacket-v3: yes
    block-size: 1048576
    ring-size: 40000
"""


class Suricata(Started):
    """With the configuration of the benchmark, events and all."""
    name, ready = "suricata", "Engine started"

    def __init__(self, lab, net, injector, peer, threads):
        super().__init__(lab, net, injector)
        self.peer, self.folder = peer, lab.path("of-suricata")
        self.title = f"Suricata {peer.version('-V')}, {threads} thread{'s' * (threads > 1)}"
        self.config, self.rules = peers.suricata_files(self.folder)
        with open(self.config, "a", encoding="utf-8") as f:
            f.write(AF_PACKET.format(threads=threads))
        self.out = os.path.join(self.folder, "out")

    def command(self):
        os.makedirs(self.out, exist_ok=True)
        for name in os.listdir(self.out):
            os.unlink(os.path.join(self.out, name))
        return self.peer.command(self.folder, "-c", self.config, "-S", self.rules, "--af-packet=span", "-l", self.out,
                                 "--runmode", "workers")

    def count(self):
        with open(os.path.join(self.out, "stats.log"), encoding="utf-8") as f:
            said = dict(re.findall(r"^(\S+) +\| Total +\| (\d+)", f.read(), re.M))
        dropped = int(said.get("capture.kernel_drops", 0))
        # not what it was offered: what it has looked at
        return int(said.get("decoder.pkts", 0)) + dropped, dropped


def lost_since(net, before, sent):
    """Packets that were sent, and of which egret says that they were lost, or says nothing."""
    after = settled(net, lambda m: m.processed() - before.processed() + m.lost() - before.lost() == sent)
    return max(after.lost() - before.lost(), sent - (after.processed() - before.processed()))


class Egret:
    def __init__(self, lab, net, injector, egret, name, workers, rules=None):
        self.net, self.injector = net, injector
        self.name, self.title = f"egret {workers}", f"egret, {workers} worker{'s' * (workers > 1)}"
        self.sensor = Live(lab, net.inside("sensor"), egret, name)
        self.sensor.start(workers=workers, rules=rules)

    def try_rate(self, capture, rate, seconds):
        before = Metrics(self.net)
        w = Watch(self.injector, self.sensor.process.pid)
        w.send(capture, rate, seconds)
        return w.result(lost_since(self.net, before, w.sent))

    def end(self):
        wrong = self.sensor.end()
        if wrong:
            raise Failure("; ".join(wrong))


def most(tool, capture, seconds):
    """The highest rate without loss, in packets a second, and whether the generator gives no more."""
    held, failed, rate = 0, None, FIRST
    for _ in range(20):
        t = tool.try_rate(capture, rate, seconds)
        real = int(t.sent / t.took)
        say(f"  {tool.name}: {real:8} packets/s, {t.lost} of {t.sent} lost")
        if t.lost:
            failed = real
        else:
            held = max(held, real)
            if real < rate * 0.95:
                say(f"  {tool.name}: the generator gives no more")
                return held, True
        if failed and failed - held < held / 2 ** STEPS:
            break
        rate = int((held + failed) / 2) if failed else rate * 2
    return held, False


def row(tool, again, once, options):
    """What a tool can, and what a packet costs it: of traffic that it sees for the first time, since what comes
    again is mostly sent again to it, and cheap."""
    held, all_there_is = most(tool, again, options.seconds)
    t = tool.try_rate(once, options.rate, 1)
    say(f"  {tool.name}: {t.cpu:.2f} s of CPU for {t.sent} packets in {t.took:.1f} s")
    return held, [tool.title, f"{'at least ' * all_there_is}{held}", f"{int(t.sent / t.took)}",
                  f"{t.cpu / t.sent * 1e9:.0f}", f"{t.cpu / t.took * 100:.0f} %", f"{t.idle * 100:.0f} %", f"{t.lost}",
                  f"{t.mb:.0f}"]


HEADS = ["", "packets/s without loss", "at packets/s", "CPU ns a packet", "of a CPU", "idle", "lost", "peak MB"]


def reload_under_load(lab, net, injector, egret, capture, rate, seconds):
    """Packets lost while 3,000 rules are read, compiled and put in force; and that as a text."""
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
    return (lost if rules >= RULES else sent), \
        f"Reload: {rules} rules after {took:.1f} s under {rate} packets/s: {lost} of {sent} lost."


def tools(lab, net, injector, egret):
    """One after the other: each is ended before the next begins."""
    yield Tcpdump(lab, net, injector)
    for workers in 1, 2:
        yield Egret(lab, net, injector, egret, f"workers{workers}", workers)
    for peer in peers.peers_of("suricata"):
        for threads in 1, 2:
            yield Suricata(lab, net, injector, peer, threads)


def measure(lab, net, options):
    report, egret = Report(), os.path.abspath(options.egret)
    capture = generate(lab, options.kind, 42, options.scale)
    once = generate(lab, options.kind, 43, min(1, options.rate * 2 * options.seconds / PACKETS[options.kind]))
    report.say(machine(os.path.dirname(egret)) + f" Made-up traffic ({options.kind}) through a pair of veth: "
               f"{os.path.getsize(capture) / 1e6:.0f} MB again and again for {options.seconds} s a try, and "
               f"{os.path.getsize(once) / 1e6:.0f} MB once to see what a packet costs.")
    report.say()
    injector = Injector(net, egret)
    held, rows = {}, [HEADS]
    for tool in tools(lab, net, injector, egret):
        held[tool.title], cells = row(tool, capture, once, options)
        rows.append(cells)
        tool.end()
    report.table(rows)
    report.say("CPU is the process's own, in all its threads, and includes what it takes when idle; what the kernel "
               "does to deliver a packet is the sender's here. egret has our rules and writes records and findings "
               "to files, Suricata its 80 rules and events; tcpdump only takes packets.")
    report.say()
    try:
        lost, text = reload_under_load(lab, net, injector, egret, capture, int(held["egret, 1 worker"] * SHARE), 40)
        report.say(text)
    finally:
        if options.results:
            report.keep(options.results, called("./dev capacity", options, options.defaults))
    return lost


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=3, help="of each try")
    parser.add_argument("--kind", choices=("mix", "dns", "syn"), default="mix", help="of the generated traffic")
    parser.add_argument("--scale", type=float, default=0.2, help="of the traffic that is sent again and again; 1 is 1.2 GB")
    parser.add_argument("--rate", type=int, default=200_000, help="packets a second at which CPU is compared")
    parser.add_argument("--results", help="file of results whose part is replaced (bench/RESULTS.md)")
    parser.set_defaults(defaults=parser.parse_args([]))
    program.main(parser, TOOLS, Wire, measure)


if __name__ == "__main__":
    main()
