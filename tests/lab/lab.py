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
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "e2e")]
import capture  # noqa: E402
import verdict  # noqa: E402
from base import Failure, Run, missing, run, say, skip, wait_until  # noqa: E402
from clients import LOOKUPS, UPLOADS, VISITS, Clients  # noqa: E402
from sensor import Live, Replay  # noqa: E402
from services import Services  # noqa: E402
from topology import Topology, hosts, sweep  # noqa: E402

TOOLS = ("caddy", "chromium", "curl", "ethtool", "ip", "megatools", "nginx", "openssl", "rclone", "restic", "s3cmd", "tc",
         "tcpdump", "unbound")


class Datagrams:
    """Counts what comes to the cloud by QUIC: {(client, name): bytes of UDP payload}."""

    def __init__(self, lab, net, name):
        self.lab, self.path = lab, lab.path(name + ".pcap")
        self.process = lab.start("datagrams", *net.inside("cloud"), "tcpdump", "-i", "eth0", "-n", "-U", "-s", "96", "-B",
                                 "16384", "-Z", "root", "-w", self.path, "udp and dst port 443 and ip")
        wait_until("tcpdump", lambda: os.path.exists(self.path) and os.path.getsize(self.path))

    def end(self):
        time.sleep(0.3)
        self.lab.stop(self.process, how=signal.SIGINT)
        name = {h["ipv4"]: h["name"] for h in hosts()}
        out = {}
        for p in capture.read(self.path):
            source, destination = (".".join(map(str, p.data[i:i + 4])) for i in (26, 30))
            key = source, name.get(destination)
            out[key] = out.get(key, 0) + p.length - 14 - 20 - 8
        return out


def one_pass(lab, net, services, clients, sensor, name):
    """What is wrong with one run of all clients."""
    services.forget()
    datagrams = Datagrams(lab, net, name)
    sensor.start()
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
    for what, seconds in slow.items():
        if seconds is None:
            wrong.append(f"not found while it ran: {what}")
        else:
            say(f"found {seconds:.1f} s after its begin, while it ran: {what}")
    time.sleep(1.5)
    if isinstance(sensor, Live) and sensor.descriptors() > before + 2:
        wrong.append(f"{before} descriptors before, {sensor.descriptors()} after")
    wrong += sensor.end()
    truth = verdict.arrived(UPLOADS, services.received(), datagrams.end())
    findings = sensor.findings()
    wrong += verdict.volumes(UPLOADS, truth, verdict.by_findings(findings), verdict.by_records(UPLOADS, sensor.records()))
    wrong += verdict.false_words(UPLOADS, LOOKUPS, VISITS, findings)
    return wrong


def lab_run(lab, net, options):
    net.build()
    services = Services(lab, net)
    services.start()
    clients = Clients(lab, net, services)
    kind = Replay if options.replay else Live
    failed = 0
    for on in (True, False):
        name = f"offloads-{'on' if on else 'off'}"
        say(f"== {'replay' if options.replay else 'live'}, {name}")
        net.offload(on)
        sensor = kind(lab, net.inside("sensor"), os.path.abspath(options.egret), name)
        wrong = one_pass(lab, net, services, clients, sensor, name)
        for w in wrong:
            say(f"WRONG: {w}")
        failed += bool(wrong)
    say(f"{2 - failed} passed, {failed} failed")
    return failed


def has_live(egret):
    return "--interface" in subprocess.run([egret, "--help"], capture_output=True, text=True, timeout=10, check=False).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--live", action="store_true", help="egret on the interface (the default)")
    parser.add_argument("--replay", action="store_true", help="tcpdump on the interface, egret afterwards")
    parser.add_argument("--keep", action="store_true", help="keep the folder of the run")
    parser.add_argument("egret", nargs="?", default="./egret")
    options = parser.parse_args()
    if os.geteuid():
        skip("needs root")
    if missing(TOOLS):
        skip(f"not installed: {' '.join(missing(TOOLS))}")
    if not options.replay and not has_live(options.egret):
        options.replay = True
    sweep()
    lab, net = Run(), Topology()
    failed = True
    try:
        failed = lab_run(lab, net, options)
    except Failure as e:
        say(f"FAILED: {e}")
    finally:
        try:
            if failed:
                lab.logs()
        finally:
            lab.close(options.keep)
            net.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
