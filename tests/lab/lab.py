#!/usr/bin/python3
"""Real clients upload to servers of ours that answer for the names of cloud services, a router mirrors their
traffic to egret, and what egret says is held against what the servers received. All of it in network
namespaces of its own; nothing leaves them.

    lab.py [--live | --replay] [--keep] [EGRET]      (default: ./egret, live)

As root. Exits with 77 when it cannot be run here.
"""
import argparse
import os
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "e2e")]
import capture  # noqa: E402
import program  # noqa: E402
import verdict  # noqa: E402
from base import run, say, wait_until  # noqa: E402
from clients import LOOKUPS, UPLOADS, VISITS, Clients  # noqa: E402
from sensor import Live, Replay  # noqa: E402
from services import Services  # noqa: E402
from topology import Topology, hosts  # noqa: E402

TOOLS = ("caddy", "chromium", "curl", "ethtool", "ip", "megatools", "nginx", "openssl", "rclone", "restic", "s3cmd",
         "tc", "tcpdump", "unbound")


QUIC = "(udp and dst port 443)"
HELLO = "(tcp dst port 443 and tcp[((tcp[12] & 0xf0) >> 2):2] = 0x1603)"
ML_KEM = 1500  # a hello with such a key, of 1184 bytes, is longer; one without is half of that


class Datagrams:
    """What comes to the cloud, where it comes: .bytes of UDP payload by QUIC and the longest TLS .hello, both by
    (client, name)."""

    def __init__(self, lab, net, name):
        self.lab, self.path = lab, lab.path(name + ".pcap")
        self.process = lab.start("datagrams", *net.inside("cloud"), "tcpdump", "-i", "eth0", "-n", "-U", "-s", "96",
                                 "-B", "16384", "-Z", "root", "-w", self.path, f"ip and ({QUIC} or {HELLO})")
        self.bytes, self.hello = {}, {}
        wait_until("tcpdump", lambda: os.path.exists(self.path) and os.path.getsize(self.path))

    def end(self):
        time.sleep(0.3)
        self.lab.stop(self.process, how=signal.SIGINT)
        name = {h["ipv4"]: h["name"] for h in hosts()}
        for p in capture.read(self.path):
            source, destination = (".".join(map(str, p.data[i:i + 4])) for i in (26, 30))
            key = source, name.get(destination)
            if p.data[23] == 17:
                self.bytes[key] = self.bytes.get(key, 0) + p.length - 14 - 20 - 8
            else:
                record = 34 + (p.data[46] >> 4) * 4
                length = int.from_bytes(p.data[record + 3:record + 5], "big")
                self.hello[key] = max(self.hello.get(key, 0), length)

    def check(self):
        """Chromium is here for its hello, which takes more than one segment."""
        return [f"the hello of {u.what} was of {self.hello.get((u.client, n), 0)} bytes"
                for u in UPLOADS if u.what == "Chromium, TCP" for n in u.names
                if self.hello.get((u.client, n), 0) < ML_KEM]


def one_pass(lab, net, services, clients, sensor, name, workers):
    """What is wrong with one run of all clients."""
    services.forget()
    datagrams = Datagrams(lab, net, name)
    sensor.start(workers=workers)
    wrong = sensor.check_confined()
    before = sensor.descriptors() if isinstance(sensor, Live) else 0
    for u in UPLOADS:
        u.begun = u.ended = 0.0
    slow = {}
    watchers = [threading.Thread(target=lambda u=u: slow.__setitem__(u.what, sensor.found_while(u)))
                for u in UPLOADS if u.slow and isinstance(sensor, Live)]
    for w in watchers:
        w.start()
    clients.all_at_once()
    for w in watchers:
        w.join()
    time.sleep(1.5)
    if isinstance(sensor, Live) and sensor.descriptors() > before + 2:
        wrong.append(f"{before} descriptors before, {sensor.descriptors()} after")
    wrong += sensor.end()
    if isinstance(sensor, Replay):
        slow = {u.what: sensor.found_in_time(u) for u in UPLOADS if u.slow}
    for what, seconds in sorted(slow.items()):
        if seconds is None:
            wrong.append(f"not found while it ran: {what}")
        else:
            say(f"found {seconds:.1f} s after its begin, while it ran: {what}")
    datagrams.end()
    wrong += datagrams.check()
    taken = verdict.bodies(UPLOADS, services.received())
    truth = verdict.arrived(UPLOADS, taken, datagrams.bytes)
    findings = sensor.findings()
    wrong += verdict.volumes(UPLOADS, taken, truth, verdict.by_findings(findings),
                             verdict.by_records(UPLOADS, sensor.records()))
    wrong += verdict.false_words(UPLOADS, LOOKUPS, VISITS, findings)
    return wrong


def lab_run(lab, net, options):
    net.build()
    services = Services(lab, net)
    services.start()
    clients = Clients(lab, net, services)
    kind = Replay if options.replay else Live
    failed = 0
    for on, workers in ((True, 1), (False, 2)):
        name = f"offloads-{'on' if on else 'off'}"
        say(f"== {'replay' if options.replay else 'live'}, {name}")
        net.offload(on)
        sensor = kind(lab, net.inside("sensor"), os.path.abspath(options.egret), name)
        wrong = one_pass(lab, net, services, clients, sensor, name, workers)
        for w in wrong:
            say(f"WRONG: {w}")
        failed += bool(wrong)
    say(f"{2 - failed} passed, {failed} failed")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--live", action="store_true", help="egret on the interface (the default)")
    parser.add_argument("--replay", action="store_true", help="tcpdump on the interface, egret afterwards")
    parser.add_argument("--keep", action="store_true", help="keep the folder of the run")
    program.main(parser, TOOLS, Topology, lab_run)


if __name__ == "__main__":
    main()
