#!/usr/bin/python3
"""Kills a capturing egret -9 at any moment, again and again, and starts it anew.

What was written has to be there: every line of findings whole, the state loaded each time, and the
ledger never below what it held when a state had been saved.

    kill.py [--times N] [EGRET]        as root; in a network namespace of its own
"""
import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DEMO = os.path.join(TOP, "tests", "captures", "demo.pcap")
SPACE = f"egret-kill-{os.getpid()}"
SKIP = 77

CONFIG = """interfaces: [sensor]
domains: {top}/domains
rules: {top}/rules/wire
cache: {folder}/cache
state: {folder}/state
state-interval: 1s
findings.file: {folder}/findings
control.socket: {folder}/control
home-networks: [10.0.0.0/8]
tell.interval: 1s
ring-size: 4M
record-ring: 4M
workers: 2
user: {user}
"""


def inside(*command):
    return ["ip", "netns", "exec", SPACE, *command]


class Killer:
    def __init__(self, egret, folder, user):
        self.egret, self.folder = egret, folder
        self.ctl = os.path.join(os.path.dirname(egret), "egretctl")
        self.inject = os.path.join(os.path.dirname(egret), "tests", "lab", "inject")
        self.log = open(os.path.join(folder, "log"), "w+b")
        self.wrong = []
        self.config = os.path.join(folder, "egret.yaml")
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(CONFIG.format(top=os.path.abspath(TOP), folder=folder, user=user))

    def path(self, name):
        return os.path.join(self.folder, name)

    def ask(self, *words):
        r = subprocess.run([self.ctl, "-s", self.path("control"), "--json", *words], capture_output=True,
                           timeout=20)
        return json.loads(r.stdout) if r.returncode == 0 and r.stdout else None

    def start(self):
        process = subprocess.Popen(inside(self.egret, "-c", self.config), stderr=self.log, stdout=self.log)
        until = time.monotonic() + 20
        while time.monotonic() < until and process.poll() is None:
            if os.path.exists(self.path("control")) and self.ask("version"):
                return process
            time.sleep(0.02)
        raise SystemExit(f"egret does not start:\n{self.told()}")

    def told(self):
        self.log.seek(0)
        return self.log.read().decode()

    def traffic(self):
        return subprocess.Popen(inside(self.inject, "-r", str(random.choice((4000, 20000, 200000))), "-n", "1",
                                       "tap", DEMO), stdout=subprocess.DEVNULL)

    def ledger(self):
        return {(u["client"], u["service"]): u["up"] for u in self.ask("top", "100") or []}

    def saved_since(self, moment):
        state = self.path("state/egret.state")
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if os.path.exists(state) and os.stat(state).st_mtime > moment:
                return
            time.sleep(0.02)
        self.wrong.append("no state was saved within 10 s")

    def once(self, careful):
        """careful: only after what is in the ledger now has been saved."""
        process = self.start()
        before = self.held
        now = self.ledger()
        for key, up in before.items():
            if now.get(key, 0) < up:
                self.wrong.append(f"{key}: {now.get(key, 0)} bytes after the restart, {up} had been saved")
        injected = self.traffic()
        if careful:
            injected.wait(20)
            time.sleep(1.5)  # (a record waits for the slowest worker)
            self.held = self.ledger()
            self.saved_since(time.time())
        else:
            time.sleep(random.uniform(0, 0.6))
            self.held = before
        process.send_signal(signal.SIGKILL)
        process.wait()
        injected.wait(20)

    def lines(self):
        found = {}
        with open(self.path("findings"), "rb") as f:
            text = f.read()
        for number, line in enumerate(text.splitlines(), 1):
            try:
                finding = json.loads(line)
                found[finding["event"]["id"]] = finding
            except (ValueError, KeyError) as e:
                self.wrong.append(f"line {number} of the findings is none: {e}")
        return found, text.count(b"\n")

    def run(self, times):
        self.held, kept, count = {}, {}, 0
        for i in range(times):
            self.once(careful=i % 10 == 0)
            found, lines = self.lines()
            if lines < count or not kept.keys() <= found.keys():
                self.wrong.append(f"kill {i}: findings that had been written are not there any more")
            kept, count = found, lines
        process = self.start()  # whose file was torn is mended by now
        known = self.ask("findings", "1000") or []
        process.send_signal(signal.SIGTERM)
        if process.wait(20) != 0:
            self.wrong.append(f"exit status {process.returncode}")
        if "set aside" in self.told():
            self.wrong.append("a state was refused")
        print(f"killed {times} times: {count} lines of {len(kept)} findings, "
              f"{len(known)} of them known to the last one started")
        if not kept or not known:
            self.wrong.append("nothing was found")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("egret", nargs="?", default="./egret")
    options = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("ip"):
        print("SKIP: needs root and ip")
        return SKIP
    folder = tempfile.mkdtemp(prefix="egret-kill-")
    os.chmod(folder, 0o777)
    try:
        subprocess.run(["ip", "netns", "add", SPACE], check=True)
        for words in ("link add tap type veth peer name sensor", "link set tap up", "link set sensor up"):
            subprocess.run(["ip", "-n", SPACE, *words.split()], check=True)
        for name in "state", "cache":
            os.mkdir(os.path.join(folder, name))
            shutil.chown(os.path.join(folder, name), "nobody")
        killer = Killer(os.path.abspath(options.egret), folder, "nobody")
        killer.run(options.times)
        for text in killer.wrong:
            print(f"WRONG: {text}")
        print(f"{0 if killer.wrong else 1} passed, {1 if killer.wrong else 0} failed")
        return 1 if killer.wrong else 0
    finally:
        subprocess.run(["ip", "netns", "del", SPACE], check=False)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
