"""A daemon with the shim, on a veth pair in a network namespace of its own: as root only."""
import json
import os
import shutil
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
DEMO = os.path.join(TOP, "tests", "captures", "demo.pcap")
USER = "nobody"
CONFIG = """\
interfaces: [sensor]
domains: {folder}/domains
rules: {folder}/rules
cache: {folder}/cache
state: {folder}/state
state-interval: 1s
control.socket: {folder}/run/control
home-networks: [10.0.0.0/8, "fd77::/64"]
thresholds: {{A: 100k, B: 100k, C: 100k, D: never}}
tell.interval: 1s
ring-size: 4M
record-ring: 4M
workers: 2
user: {user}
"""
FILES = "findings.file: {folder}/log/findings\nrecords.file: {folder}/log/records\n"
METRICS = "metrics.listen: 127.0.0.1:9823\n"
FOLDERS = ("cache", "state", "log", "run")
STOPS = 10  # seconds within which it ends


def wait(condition, limit=10, pause=0.02):
    """What the condition says, or what it said last."""
    end = time.monotonic() + limit
    while True:
        said = condition()
        if said or time.monotonic() > end:
            return said
        time.sleep(pause)


def why_not():
    """None, or why no daemon can be run here."""
    if os.geteuid() != 0:
        return "needs root"
    if not shutil.which("ip"):
        return "needs ip"
    name = f"faults-try-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        return "no network namespaces here"
    subprocess.run(["ip", "netns", "del", name], check=False)
    return None


class Net:
    """tap ---- sensor"""

    def __init__(self):
        self.name = f"faults-{os.getpid()}"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.plug()
        self.ip("link", "set", "lo", "up")

    def ip(self, *words, check=True):
        subprocess.run(["ip", "-n", self.name, *words], check=check, capture_output=True)

    def plug(self):
        self.ip("link", "add", "tap", "type", "veth", "peer", "name", "sensor")
        self.ip("link", "set", "tap", "up")
        self.ip("link", "set", "sensor", "up")

    def unplug(self):
        self.ip("link", "del", "tap", check=False)

    def inside(self, *command):
        return ["ip", "netns", "exec", self.name, *command]

    def close(self):
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)


class Daemon:
    """One after the other: what is in its folder goes on."""

    def __init__(self, egret, net, folder, files=True, extra=""):
        self.egret, self.net, self.folder = egret, net, folder
        self.inject = os.path.join(os.path.dirname(egret), "tests", "lab", "inject")
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o755)
        for name, there in (("domains", "domains"), ("rules", "rules/wire")):
            shutil.copytree(os.path.join(TOP, there), self.path(name), dirs_exist_ok=True)
            for at, folders, names in os.walk(self.path(name)):
                for n in folders + names + ["."]:
                    os.chmod(os.path.join(at, n), 0o755)
        for name in FOLDERS:
            os.makedirs(self.path(name), exist_ok=True)
            os.chmod(self.path(name), 0o750)
            shutil.chown(self.path(name), USER)
        self.config = self.path("egret.yaml")
        self.configure((FILES if files else "") + extra)
        self.process = None

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def configure(self, more, base=CONFIG):
        with open(self.config, "w", encoding="utf-8") as f:
            f.write((base + more).format(folder=self.folder, user=USER))

    def start(self, environment=None, limit=20, before=None):
        """Whether it says that it is ready."""
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify = self.path("run", "notify")
        if os.path.exists(notify):
            os.unlink(notify)
        self.manager.bind(notify)
        os.chmod(notify, 0o777)
        self.manager.setblocking(False)
        self.log = open(self.path("stderr"), "w+b")
        env = [f"{k}={v}" for k, v in (environment or {}).items()]
        self.process = subprocess.Popen(self.net.inside("env", f"NOTIFY_SOCKET={notify}", *env, self.egret, "-c", self.config),
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=before,
                                        cwd=self.folder)
        return bool(wait(lambda: self.ended() or self.said("READY=1"), limit)) and not self.ended()

    def said(self, what):
        try:
            while True:
                if what.encode() in self.manager.recv(4096):
                    return True
        except BlockingIOError:
            # (that the manager is told may fail, too)
            return bool(self.ask("version"))

    def ended(self):
        return self.process.poll() is not None

    def ask(self, *words, limit=5):
        """The answer; "" when there is none."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(limit)
            try:
                s.connect(self.path("run", "control"))
                s.sendall((" ".join(words) + "\n").encode())
                answer = b""
                while piece := s.recv(1 << 16):
                    answer += piece
            except OSError:
                return ""
        return answer.decode(errors="replace")

    def asks(self, *words):
        """What JSON says; None when there is none."""
        head, _, text = self.ask("json", *words).partition("\n")
        return json.loads(text) if head == "ok" else None

    def send(self, rate=200_000, times=1, capture=DEMO):
        return subprocess.run(self.net.inside(self.inject, "-r", str(rate), "-n", str(times), "tap", capture),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0

    def signal(self, number):
        if not self.ended():
            self.process.send_signal(number)

    def stop(self, limit=STOPS):
        """Status (None: it does not end), and the seconds that took."""
        begin = time.monotonic()
        self.signal(signal.SIGTERM)
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            status = None
            self.process.kill()
            self.process.wait()
        self.manager.close()
        return status, time.monotonic() - begin

    def told(self):
        with open(self.path("stderr"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def tells(self, text, limit=10):
        return wait(lambda: text in self.told(), limit)

    def close(self):
        if self.process and not self.ended():
            self.process.kill()
            self.process.wait()
            self.manager.close()

    def findings(self):
        """{(rule, client, service)} of all files."""
        found = set()
        for name in sorted(os.listdir(self.path("log"))):
            if name.startswith("findings"):
                with open(self.path("log", name), "rb") as f:
                    for line in f:
                        try:
                            x = json.loads(line)
                            found.add((x["rule"]["id"], x["source"].get("ip"), x["egret"]["finding"].get("service")))
                        except (ValueError, KeyError):
                            pass
        return found
