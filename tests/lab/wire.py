"""Two boxes and a cable: generated traffic goes in at one end, a sensor listens at the other, and every packet
is counted in between."""
import glob
import json
import os
import re
import struct
import time

from base import ROOT, Failure, run
from topology import Topology

METRICS = "127.0.0.1:9823"


class Wire(Topology):
    def __init__(self):
        super().__init__()
        for b in "source", "sensor":
            self.box(b)
            # nobody speaks on the cable but the generator
            run(*self.inside(b), "sysctl", "-qw",
                *(f"net.ipv6.conf.{which}.disable_ipv6=1" for which in ("default", "all")))
        self.plug()

    def plug(self):
        self.cable("source", "inject", "sensor", "span")
        for box, name in ("source", "inject"), ("sensor", "span"):
            self.ip(box, "link", "set", name, "arp", "off")

    def unplug(self):
        self.ip("sensor", "link", "del", "span")
        self.cables.clear()

    def sent(self):
        """Packets that went into the cable since it was plugged in."""
        out = run("ip", "-n", self.prefix + "source", "-s", "link", "show", "inject")
        return int(re.search(r"TX:.*\n\s*\d+\s+(\d+)", out)[1])


def generate(lab, kind, seed, scale):
    """A capture of made-up traffic (tests/bench/gen.c)."""
    gen = lab.path("gen")
    if not os.path.exists(gen):
        sources = glob.glob(os.path.join(ROOT, "tests/bench/gen*.c"))
        run("gcc", "-O2", "-D_GNU_SOURCE", "-o", gen, *sources, "-lcrypto", "-lm", limit=120)
    path = lab.path(f"{kind}-{seed}.pcap")
    run(gen, kind, path, str(seed), str(scale), limit=120)
    for extra in glob.glob(path + ".*"):
        os.unlink(extra)
    return path


class Injector:
    """Sends a capture on the cable (tests/lab/inject.c)."""

    def __init__(self, net, egret):
        self.net = net
        self.program = os.path.join(os.path.dirname(os.path.abspath(egret)), "tests", "lab", "inject")
        self.frames = {}

    def send(self, capture, rate, seconds):
        """At so many packets a second, for about so long; returns packets sent and the seconds it took."""
        key = capture, os.stat(capture).st_mtime_ns
        if key not in self.frames:
            with open(capture, "rb") as f:
                self.frames[key] = frames(f)
        loops = max(1, round(rate * seconds / self.frames[key]))
        out = run(*self.net.inside("source"), self.program, "-n", str(loops), "-r", str(rate), "inject", capture,
                  limit=4 * seconds + 60)
        said = json.loads(out)
        if said["refused"]:
            raise Failure(f"frames that the cable does not take: {out}")
        return said["sent"], said["seconds"]


def frames(f):
    """How many a capture of ours holds."""
    f.seek(24)
    n = 0
    while head := f.read(16):
        f.seek(struct.unpack("<I", head[8:12])[0], os.SEEK_CUR)
        n += 1
    return n


class Metrics:
    """What egret says of itself, as Prometheus would hear it."""

    def __init__(self, net):
        text = run(*net.inside("sensor"), "curl", "-sS", "--fail", "--max-time", "10", f"http://{METRICS}/metrics")
        self.value = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                key, _, number = line.rpartition(" ")
                self.value[key] = float(number)

    def sum(self, name):
        """Over all labels."""
        return int(sum(v for k, v in self.value.items() if k == name or k.startswith(name + "{")))

    def of(self, name, label, value):
        return int(self.value[f'{name}{{{label}="{value}"}}'])

    def received(self):
        return self.sum("egret_interface_received_packets_total")

    def lost(self):
        return self.sum("egret_interface_ring_lost_packets_total") + self.sum("egret_interface_nic_lost_packets_total")

    def processed(self):
        return self.sum("egret_worker_packets_total")


def settled(net, all_there=lambda _: False, limit=30):
    """The metrics once all is there, or once nothing has changed for some time: egret looks at itself twice a
    second, and later on a busy machine."""
    seen, since = None, time.monotonic()
    end = since + limit
    while True:
        time.sleep(0.3)
        m = Metrics(net)
        now = m.received(), m.lost(), m.processed(), m.sum("egret_analyst_records_total"), \
            m.sum("egret_outlet_lines_total")
        if now != seen:
            seen, since = now, time.monotonic()
        if all_there(m) or time.monotonic() - since > 5 or time.monotonic() > end:
            return m
