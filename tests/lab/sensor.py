"""egret on the span interface: live, or as a replay of what tcpdump took there."""
import datetime
import json
import os
import pwd
import signal
import socket
import time

from base import ROOT, Failure, run, wait_until

CONFIG = """\
domains: [{root}/domains]
rules: {rules}
home-networks: [10.0.0.0/8, "fd77::/64"]
thresholds: {{A: 1M, B: 1M, C: 1M, D: never}}
cache: {folder}/cache
"""
LIVE = """\
interfaces: [span]
user: {user}
state: {folder}/state
workers: {workers}
findings:
  file: {folder}/log/findings.ndjson
{findings_more}records:
  file: {folder}/log/records.ndjson
control:
  socket: {folder}/run/control
metrics:
  listen: 127.0.0.1:9823
tell:
  interval: 1s
"""
FOLDERS = ("cache", "state", "log", "run")


def lines(path):
    """Every whole line of a file of JSON lines."""
    try:
        with open(path, "rb") as f:
            return [json.loads(line) for line in f if line.endswith(b"\n")]
    except FileNotFoundError:
        return []


def user():
    """Who egret becomes: the service's user where it is installed, else nobody."""
    for name in "egret", "nobody":
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    raise Failure("there is neither a user egret nor a user nobody")


class Sensor:
    def __init__(self, lab, inside, egret, name):
        self.lab, self.inside, self.egret = lab, inside, egret
        self.folder = lab.path(name)
        self.user = user()
        self.process = None
        for f in FOLDERS:
            os.makedirs(os.path.join(self.folder, f))
            os.chown(os.path.join(self.folder, f), self.user.pw_uid, self.user.pw_gid)
        self.findings_file = os.path.join(self.folder, "log", "findings.ndjson")
        self.records_file = os.path.join(self.folder, "log", "records.ndjson")

    def configure(self, text, rules=None, **more):
        path = os.path.join(self.folder, "egret.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.format(root=ROOT, folder=self.folder, user=self.user.pw_name,
                                rules=json.dumps(rules or [ROOT + "/rules"]), **more))
        return path

    def findings(self):
        return lines(self.findings_file)

    def records(self):
        return lines(self.records_file)


class Live(Sensor):
    """The daemon, started as root, that becomes its user and shuts itself in."""

    def start(self, workers=1, rules=None, findings_more="", extra=""):
        """Waits for READY=1, as a service manager does."""
        config = self.configure(CONFIG + LIVE + extra, rules=rules, workers=workers, findings_more=findings_more)
        path = os.path.join(self.folder, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            os.chmod(path, 0o777)
            manager.settimeout(0.2)
            self.process = self.lab.start("egret", *self.inside, self.egret, "-c", config, env={"NOTIFY_SOCKET": path})
            wait_until("egret is ready", lambda: self.alive() and self.ready(manager), limit=30, pause=0)

    @staticmethod
    def ready(manager):
        try:
            return b"READY=1" in manager.recv(4096)
        except TimeoutError:
            return False

    def alive(self):
        if self.process.poll() is not None:
            raise Failure(f"egret ended with status {self.process.returncode}")
        return True

    def ask(self, *words):
        """One question on the control socket; the answer as text, or as what its JSON says."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(os.path.join(self.folder, "run", "control"))
            s.sendall((" ".join(words) + "\n").encode())
            answer = b""
            while piece := s.recv(1 << 16):
                answer += piece
        head, _, text = answer.decode().partition("\n")
        if head != "ok":
            raise Failure(f"egret says to {' '.join(words)}: {head} {text}")
        return json.loads(text) if words[0] == "json" else text

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident(self):
        """kB"""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return int(next(line for line in f if line.startswith("VmRSS")).split()[1])

    def confined(self):
        """What the kernel says of the running process: {name: value}."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)

    def check_confined(self):
        s = self.confined()
        wrong = []
        if str(self.user.pw_uid) not in s["Uid"].split() or "0" in s["Uid"].split():
            wrong.append(f"it runs as {s['Uid']}")
        if s["NoNewPrivs"] != "1":
            wrong.append("new privileges are possible")
        if s["Seccomp"] != "2":
            wrong.append("no seccomp filter")
        raw = 1 << 13  # CAP_NET_RAW
        for kind, most in ("CapEff", raw), ("CapPrm", raw), ("CapInh", 0), ("CapBnd", raw), ("CapAmb", raw):
            if int(s[kind], 16) & ~most:
                wrong.append(f"{kind} is {s[kind]}")
        return wrong

    def found_while(self, upload):
        """Waits for a finding of an upload until it is over; the seconds it took."""
        while not upload.begun or time.time() < (upload.ended or time.time() + 1):
            for f in self.findings():
                if uploads_of(f) == (upload.client, upload.service):
                    return time.time() - upload.begun
            time.sleep(0.1)
        return None

    def end(self):
        """Stops it the way a service manager does. What is wrong with how it went."""
        wrong = []
        status = self.lab.stop(self.process, limit=15, how=signal.SIGTERM)
        if status != 0:
            wrong.append("it did not stop within 15 s" if status is None else f"exit status {status} on SIGTERM")
        left = run(*self.inside[:2], "pids", self.inside[3], check=False).split()
        if left:
            wrong.append(f"processes left: {left}")
        if os.path.exists(os.path.join(self.folder, "run", "control")):
            wrong.append("the control socket is left")
        return wrong


class Replay(Sensor):
    """tcpdump while it happens, egret afterwards."""

    def start(self, **_):
        self.capture = os.path.join(self.folder, "span.pcap")
        self.process = self.lab.start("tcpdump", *self.inside, "tcpdump", "-i", "span", "-n", "-U", "-B", "65536", "-Z",
                                      "root", "-w", self.capture)
        wait_until("tcpdump", lambda: os.path.exists(self.capture) and os.path.getsize(self.capture))
        time.sleep(0.3)

    def check_confined(self):
        return []

    def end(self):
        time.sleep(0.5)
        self.lab.stop(self.process, how=signal.SIGINT)
        config = self.configure(CONFIG)
        out = run(self.egret, "-r", self.capture, "-c", config, "--json", "--quiet", "--records", self.records_file,
                  limit=120, env=self.lab.bare)
        with open(self.findings_file, "w", encoding="utf-8") as f:
            f.write(out)
        return []

    def found_in_time(self, upload):
        """Whether the records of an upload told of a megabyte before it was over, in the time of its packets."""
        for r in self.records():
            if r["event"]["dataset"] == "egret.flow" and r["source"]["ip"] == upload.client and \
                    r["destination"].get("domain") in upload.names and r["source"]["bytes"] > 1_000_000:
                at = datetime.datetime.fromisoformat(r["@timestamp"][:26] + "+00:00").timestamp()
                return at - upload.begun if at < upload.ended - 0.5 else None
        return None


def uploads_of(finding):
    """(client, service) of a finding of volume, else None."""
    if finding["rule"]["id"] != "egret.upload":
        return None
    return finding["source"].get("ip"), finding["egret"]["finding"].get("service")
