"""The daemon with calls that fail: one life after the other, each with a fault somewhere in it."""
import errno
import os
import shutil
import signal
import subprocess
import time

import live
from fault import ERRORS, addresses_to_lines, bad_lines, environment, error_name

# Libraries that end badly when one of their own allocations fails, see doc/robustness.md.
KNOWN = {"alloc": ("libseccomp.so",)}
KINDS = ("alloc", "map", "read", "write", "open", "sync", "name", "thread", "socket", "send", "clock")


class LiveFaults:
    """`main`: the page, the shim, the options and the random numbers of fault_test.py."""

    def __init__(self, main):
        self.main, self.page, self.random = main, main.page, main.random
        self.net = live.Net()
        self.daemon = live.Daemon(main.egret, self.net, main.path("live"), extra=live.METRICS)
        self.kept = main.path("kept")
        self.early, self.calls, self.wanted = {}, {}, set()

    def close(self):
        self.daemon.close()
        self.net.close()

    def fresh(self):
        """State and cache of a good life, no outputs."""
        for name in live.FOLDERS:
            there = self.daemon.path(name)
            shutil.rmtree(there)
            if os.path.exists(self.kept) and name in ("state", "cache"):
                shutil.copytree(os.path.join(self.kept, name), there)
            os.makedirs(there, exist_ok=True)
            for at, _, names in os.walk(there):
                for n in [".", *names]:
                    shutil.chown(os.path.join(at, n), live.USER)
            os.chmod(there, 0o750)
        self.page.clear()

    def life(self, later=None):
        """Start, packets, a question, a reload, a rotation, a saved state, the end. (status, seconds it took to stop)"""
        d = self.daemon
        self.began = d.start(environment(self.main.shim, self.page), limit=8)
        if self.began:
            self.early = {k: self.page.calls(k) for k in KINDS}
            if later:
                later()
            d.send()
            d.ask("status")
            d.ask("json", "findings", "10")
            d.signal(signal.SIGHUP)
            if shutil.which("curl"):
                subprocess.run(self.net.inside("curl", "-s", "-m", "3", "http://127.0.0.1:9823/metrics"),
                               capture_output=True, check=False)
            for name in "findings", "records":
                path = d.path("log", name)
                if os.path.exists(path):
                    os.rename(path, path + ".1")
            d.signal(signal.SIGUSR1)
            d.ask("stats")
            d.send()
            live.wait(d.ended, 1.5)
        return d.stop()

    def state_is_known(self):
        """By a replay of nothing, as root."""
        d = self.daemon
        at = self.main.path("state-copy")
        shutil.rmtree(at, ignore_errors=True)
        shutil.copytree(d.path("state"), at)
        for where, _, names in os.walk(at):
            for n in [".", *names]:
                os.chown(os.path.join(where, n), 0, 0)
        config = self.main.path("known.yaml")
        with open(config, "w", encoding="utf-8") as f:
            f.write(f"state: {at}\n")
        r = subprocess.run([d.egret, "--cache", self.main.path("template", "cache"), "-d", d.path("domains"), "-R",
                            d.path("rules"), "-c", config, "-q", "-j", "-r", live.DEMO], capture_output=True, check=False)
        if r.returncode or r.stderr:
            return [f"the next start: status {r.returncode}: {r.stderr.decode()}"]
        return []

    def judge(self, status, took):
        d, wrong = self.daemon, []
        told = d.told().splitlines()
        if status is None:
            return [f"does not end within {live.STOPS} s of SIGTERM"]
        if status < 0:
            if any(name in frame for kind, names in KNOWN.items() for name in names for frame in self.page.where()
                   if self.page.hits(kind)):
                print(f"known: signal {-status} after {self.page.where()[1]}", flush=True)
                return []
            return [f"signal {-status}"]
        if not all(line.startswith("egret: ") for line in told):
            wrong.append("says what is no message")
        if status and not [line for line in told if "error" in line or "memory" in line or "warning" in line]:
            wrong.append(f"status {status} without a word")
        for name in sorted(os.listdir(d.path("log"))):
            with open(d.path("log", name), "rb") as f:
                wrong += [f"{name}: {bad}" for bad in bad_lines(f.read())]
        missing = self.wanted - d.findings()
        troubles = [line for line in told if "warning" in line or "error" in line]
        if status == 0 and self.began and not troubles and missing and not self.page.hits("clock"):
            wrong.append(f"found nothing of {sorted(missing, key=str)[:2]}, and nobody says why")
        return wrong + self.state_is_known()

    def trial(self, what, later=None):
        status, took = self.life(later)
        main = self.main
        main.trials += 1
        main.hit += self.page.hits() != 0
        wrong = self.judge(status, took)
        if main.options.verbose:
            print(f"daemon: {what}: {self.page.hits()} hits, status {status} in {took:.1f} s, {self.daemon.told()!r}",
                  flush=True)
        if not wrong:
            main.passed += 1
            return
        main.failures.append(("daemon", what))
        print(f"FAIL: daemon: {what}: {'; '.join(wrong[:3])}")
        print(f"      it said {self.daemon.told()[-600:]!r}")
        for frame in addresses_to_lines(self.page.where(), main.egret)[:10]:
            print(f"      {frame}")

    def measure(self):
        self.fresh()
        for _ in range(2):  # the first one compiles
            status, _ = self.life()
            if status != 0:
                raise SystemExit(f"FAIL: daemon: without a fault: status {status}: {self.daemon.told()}")
            shutil.rmtree(self.kept, ignore_errors=True)
            os.mkdir(self.kept)
            for name in "state", "cache":
                shutil.copytree(self.daemon.path(name), os.path.join(self.kept, name))
            self.wanted = self.daemon.findings()
            self.fresh()
        self.wanted = set()
        self.life()
        self.wanted = self.daemon.findings()
        self.calls = {k: self.page.calls(k) for k in KINDS}

    def one(self, kind):
        """A call of the start, or one of what comes after it."""
        error = self.random.choice(ERRORS[kind])
        # (nothing is interrupted for ever)
        many = 1 if self.random.random() < 0.6 or kind == "alloc" or error == errno.EINTR else self.random.choice((3, 1 << 40))
        self.fresh()
        after = self.calls[kind] - self.early[kind]
        text = f"{kind}, {many if many < 100 else 'all'} from {{}} on: {error_name(error)}"
        if self.early[kind] and (not after or self.random.random() < 0.5):
            nth = self.random.randint(1, self.early[kind])
            self.page.arm(kind, error, nth, many)
            self.trial(text.format(f"{nth} of {self.early[kind]} at the start"))
        elif after:
            nth = self.random.randint(1, after)
            self.trial(text.format(f"{nth} of {after} later"),
                       lambda: self.page.arm(kind, error, self.page.calls(kind) + nth, many))

    def at_random(self):
        seed = self.random.getrandbits(63)
        armed = []
        self.fresh()
        self.page.seed(seed)
        for kind in self.random.sample(KINDS, 4):
            error = self.random.choice(ERRORS[kind])
            rate = max(2, self.calls[kind] // self.random.randint(1, 4))
            self.page.arm(kind, error, rate=rate)
            armed.append(f"{kind} 1/{rate} {error_name(error)}")
        self.trial(f"seed {seed}: " + ", ".join(armed))

    def all(self, each):
        """`each`: lives with a fault of a kind."""
        begin, before = time.monotonic(), self.main.trials
        self.measure()
        kinds = [k for k in KINDS if not self.main.options.kind or k == self.main.options.kind]
        for _ in range(each):
            for kind in kinds:
                self.one(kind)
        if not self.main.options.kind:
            for _ in range(2 * each):
                self.at_random()
        print(f"daemon: {self.main.trials - before} lives in {time.monotonic() - begin:.0f} s, calls of one: " +
              ", ".join(f"{k} {self.calls[k]}" for k in KINDS), flush=True)
