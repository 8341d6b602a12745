#!/usr/bin/python3
"""The bound that --check prints, over the ranges of the configuration: each key that sets memory moves it at both ends
of its range, and daemons at such ends stay below it, from the start through floods and reloads, and find the upload.

    tests/bounds_live.py [COUNT]      of each flood (default 20000); in the folder of a build

Daemons as root, in a network namespace of its own; left out where there can be none.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.abspath(os.environ.get("srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")))
EGRET, FLOOD, INJECT = (os.path.abspath(p) for p in ("egret", "tests/flood", "tests/lab/inject"))
NS = f"egret-bounds-{os.getpid()}"
INSIDE = ["ip", "netns", "exec", NS]
# what moves the bound by more than a measurement varies
MOVES = {
    "workers", "ring-size", "record-ring", "queue-size", "detectors.clients", "detectors.accounts",
    "detectors.windows", "detectors.labels", "detectors.tenants",
}
LIVE = {
    "the default": {},
    "all at their least": {
        "workers": 1, "ring-size": "1M", "record-ring": "1M", "snaplen": 256, "queue-size": "1M",
        "detectors.clients": 16, "detectors.accounts": 16, "detectors.windows": 16, "detectors.labels": 64,
        "detectors.tenants": 16,
    },
    "much of everything": {
        "workers": 4, "ring-size": "256M", "record-ring": "256M", "queue-size": "256M", "snaplen": 262144,
        "detectors.clients": 4000000, "detectors.accounts": 16000000, "detectors.windows": 4000000,
        "detectors.labels": 4000000, "detectors.tenants": 4000000,
    },
}
failed = 0


def check(good, what):
    global failed
    if not good:
        failed += 1
        print("FAIL:", what)


def size(text):
    number, unit = re.fullmatch(r"(\d+)([kMGT]?)", text).groups()
    return int(number) * {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}[unit]


def keys():
    """Every key with a numeric range: its ends."""
    out = {}
    with open(os.path.join(SOURCE, "src/daemon/config.def"), encoding="utf-8") as f:
        for key, rest in re.findall(r'^CONFIG\("([^"]+)", (?:NUMBER|SIZE), (.*)$', f.read(), re.M):
            ends = re.search(r'"(\d+[kMGT]?)-(\d+[kMGT]?)"', rest)
            if ends:
                out[key] = ends.groups()
    with open(os.path.join(SOURCE, "src/volume/settings.def"), encoding="utf-8") as f:
        for least, most, key in re.findall(r'^SETTING\(\w+, COUNT, [^,]+, ([^,]+), ([^,]+), "([^"]+)"', f.read(), re.M):
            out[f"detectors.{key}"] = (least, most)
    return out


class Place:
    def __init__(self, folder):
        self.folder = folder
        os.chmod(folder, 0o755)
        self.path = lambda name: os.path.join(folder, name)
        os.mkdir(self.path("cache"), 0o700)

    def config(self, values):
        more = ""
        nested = {}
        for key, value in values.items():
            outer, _, inner = key.partition(".")
            if inner:
                nested.setdefault(outer, {})[inner] = value
            else:
                more += f"{key}: {value}\n"
        for outer, inner in nested.items():
            more += f"{outer}: {json.dumps(inner)}\n"
        with open(self.path("egret.yaml"), "w", encoding="ascii") as f:
            f.write(f"interfaces: [taken]\nuser: ''\nsandbox: no\ndomains: {SOURCE}/domains\nrules: {SOURCE}/rules\n"
                    f"cache: {self.path('cache')}\nfindings.file: {self.path('findings')}\nstate: {self.path('state')}\n"
                    f"thresholds.A: 2M\n{more}")
        return self.path("egret.yaml")

    def bound(self, values):
        """MiB that a daemon may take."""
        out = subprocess.run([EGRET, "--check", "-c", self.config(values)], capture_output=True, text=True)
        check(out.returncode == 0, f"--check with {values}: {out.stderr}")
        total = [l for l in out.stdout.splitlines() if l.startswith("  total ")]
        return float(total[0].split()[2]) if total else 0


def ranges(place):
    place.bound({})  # compiles what it will find in the cache then
    default = place.bound({})
    for key, ends in keys().items():
        least, most = (place.bound({key: e}) for e in ends)
        if key in MOVES and key != "workers":
            check(least < most and least <= default <= most, f"{key}: {least}, {default} and {most} MiB")
        elif key == "workers":
            check(most > default, f"{key}: {default} and {most} MiB")
        else:
            check(abs(least - default) < 40 and abs(most - default) < 40, f"{key} moves the bound: {least}, {most}")


def status(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(rf"^{field}:\s+(\d+) kB", f.read(), re.M).group(1)) / 1024


def wait_for(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            check(False, f"not within {seconds} s: {what}")
            return
        time.sleep(0.1)


def has(path, text):
    try:
        with open(path, encoding="utf-8") as f:
            return text in f.read()
    except FileNotFoundError:
        return False


def live(place, name, values, captures):
    most = place.bound(values)
    log = place.path("log")
    for old in "log", "findings":
        if os.path.exists(place.path(old)):
            os.remove(place.path(old))
    shutil.rmtree(place.path("state"), ignore_errors=True)
    with open(log, "wb") as out:
        p = subprocess.Popen([*INSIDE, EGRET, "-c", place.config(values)], stdin=subprocess.DEVNULL, stdout=out,
                             stderr=out)
    try:
        wait_for("capturing", lambda: p.poll() is not None or has(log, "capturing on"))
        said = re.search(r"memory: at most (\d+) MiB", open(log, encoding="utf-8").read())
        check(said and abs(int(said.group(1)) - most) < most / 20 + 100, f"{name}: it says {said}, --check {most}")
        start = status(p.pid, "VmHWM")
        for capture in captures:
            subprocess.run([*INSIDE, INJECT, "-r", "50000", "given", capture], check=True, stdout=subprocess.DEVNULL)
            p.send_signal(signal.SIGHUP)
        wait_for("the upload", lambda: has(place.path("findings"), "10.9.9.9"))
        peak = status(p.pid, "VmHWM")
        print(f"{name:20} {start:7.0f} at the start, {peak:7.0f} of at most {most:7.0f} MiB")
        check(peak <= most, f"{name}: {peak:.0f} MiB of at most {most:.0f}")
        p.send_signal(signal.SIGTERM)
        check(p.wait(60) == 0, f"{name}: exit status {p.returncode}: {open(log, encoding='utf-8').read()}")
    finally:
        if p.poll() is None:
            p.kill()
            p.wait()


def namespace():
    return os.getuid() == 0 and subprocess.run(["ip", "netns", "add", NS], capture_output=True).returncode == 0


def main():
    count = sys.argv[1] if len(sys.argv) > 1 else "20000"
    with open(EGRET, "rb") as f:
        look = b"__asan_init" not in f.read()
    with tempfile.TemporaryDirectory(prefix="egret-bounds-") as folder:
        place = Place(folder)
        ranges(place)
        if not look or not namespace():
            print("no daemons here: a sanitized build, or no network namespace")
        else:
            try:
                subprocess.run([*INSIDE, "ip", "link", "add", "given", "type", "veth", "peer", "name", "taken"],
                               check=True)
                for end in "given", "taken":
                    subprocess.run([*INSIDE, "ip", "link", "set", end, "up"], check=True)
                captures = []
                for kind in "names", "heads", "clients":
                    captures.append(place.path(kind + ".pcap"))
                    with open(captures[-1], "wb") as f:
                        subprocess.run([FLOOD, "-e", kind, count], stdout=f, check=True)
                for name, values in LIVE.items():
                    live(place, name, values, captures)
            finally:
                subprocess.run(["ip", "netns", "del", NS], check=False)
    print(f"{'FAIL' if failed else 'PASS'}: tests/bounds_live.py")
    return 1 if failed else 0


sys.exit(main())
