#!/usr/bin/python3
"""egretctl, the metrics and the dashboard, against a daemon without packets (tests/control_daemon).

Answers and exit statuses of egretctl; the text format of /metrics, line by line, and by promtool
where it is found; every metric that the dashboard asks for is one of them.
"""
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LISTS = """[Shelf]
category cloud-storage
tier B
web shelf.example
[Drop]
category file-sharing
tier A
web drop.example
"""
counts = [0, 0]


def check(good, what):
    counts[0 if good else 1] += 1
    if not good:
        print(f"FAIL: {what}")


class Daemon:
    def __init__(self, folder):
        self.socket = os.path.join(folder, "control")
        lists = os.path.join(folder, "services.list")
        with open(lists, "w", encoding="ascii") as f:
            f.write(LISTS)
        self.process = subprocess.Popen(["./tests/control_daemon", self.socket, lists],
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def ctl(self, *words, status=0, **more):
        r = subprocess.run(["./egretctl", "-s", self.socket, *words], capture_output=True,
                           text=True, timeout=30, check=False, **more)
        check(r.returncode == status, f"egretctl {words}: status {r.returncode}: {r.stderr}")
        return r.stderr if status else r.stdout

    def json(self, *words):
        return json.loads(self.ctl("--json", *words))

    def get(self, path, method="GET"):
        url = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        try:
            with urllib.request.urlopen(url, timeout=10) as r:
                return r.status, r.headers, r.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.headers, e.read().decode()


def try_answers(d):
    check("eth1" in d.ctl("status"), "status")
    check(d.json("status")["interfaces"][0]["name"] == "eth0", "status as JSON")
    check(d.json("stats", "capture")[0]["counter"] == "packets", "stats")
    check("10.0.0.1" in d.ctl("top"), "top")
    check([u["service"] for u in d.json("top", "1")] == ["Shelf"], "top 1")
    check([u["service"] for u in json.loads(d.ctl("top", "1", "--json"))] == ["Shelf"],
          "--json behind the command")
    found = d.json("findings")
    check(len(found) == 2, "findings")
    one = next(f["event"]["id"] for f in found if f["egret"]["finding"]["service"] == "Shelf")
    check("Shelf, tier B" in d.ctl("findings", one), "one finding")
    check(one in d.ctl("mute", one, "--for", "7d", "--reason", 'the "backup" \\ of --json'), "mute")
    check(d.json("audit")[0]["reason"] == 'the "backup" \\ of --json', "quoting there and back")
    check(d.json("audit")[0]["user"] == os.getuid(), "who said so")
    check("muted" in d.ctl("findings"), "a finding that is muted")
    d.ctl("unmute", one)
    check(d.json("sanction", "Shelf", "--reason", "--json")["number"] > 0, "a reason is a reason")
    check(d.json("sanctions")[0]["reason"] == "--json", "sanctions")
    check(d.ctl("explain", '{"a": "b c"}') == '[{"a": "b c"}]\n', "explain a line")


def try_errors(d):
    check("no command frob" in d.ctl("frob", status=1), "a command that is none")
    check("no space left" in d.ctl("reopen", status=1), "a command that fails")
    check("no such number" in d.ctl("-n", "0", "status", status=2), "a count of 0")
    check("no such number" in d.ctl("-d", "x", "status", status=2), "a delay that is none")
    check("no command" in d.ctl(status=2), "no command")
    check("control character" in d.ctl("explain", "a\nb", status=2), "two lines")
    check("too long" in d.ctl("explain", "x" * 70000, status=2), "an endless word")
    check("does not run" in Daemon.ctl(type("Nobody", (), {"socket": d.socket + "x"})(), "status",
                                       status=2), "no daemon")
    check("too long" in Daemon.ctl(type("Nobody", (), {"socket": "/" + "x" * 200})(), "status",
                                   status=2), "a path that is too long")
    help_text = d.ctl("--help")
    for command in commands():
        check(f"\n  {command}" in help_text, f"--help lacks {command}")
        check(f"\n{command}" in "\n" + d.ctl("help"), f"help lacks {command}")
    check(d.ctl("--version").startswith("egretctl "), "--version")
    with open("/dev/full", "wb") as full:
        r = subprocess.run(["./egretctl", "-s", d.socket, "stats"], stdout=full,
                           stderr=subprocess.PIPE, check=False)
    check(r.returncode == 2, "an output that is full")


def try_reload(d):
    """Others are served while one waits."""
    first = subprocess.Popen(["./egretctl", "-s", d.socket, "reload"], stdout=subprocess.PIPE,
                             text=True)
    check("eth1" in d.ctl("status"), "status while a reload goes on")
    check(first.poll() is None, "the reload goes on")
    check(first.communicate(timeout=10)[0] == "reloaded\n" and first.returncode == 0, "reload")
    check("second time" in d.ctl("reload", status=1), "a reload that fails says why")


def try_terminal(d):
    """`top` in a terminal repeats itself over what was there."""
    main, side = pty.openpty()
    p = subprocess.Popen(["./egretctl", "-s", d.socket, "-d", "0.1", "top"], stdout=side)
    os.close(side)
    seen = b""
    while seen.count(b"\x1b[H") < 3:
        seen += os.read(main, 4096)
    check(p.poll() is None, "top goes on until it is interrupted")
    p.terminate()
    p.wait()
    os.close(main)
    check(seen.startswith(b"\x1b[2J\x1b[H") and b"\x1b[K" in seen and b"\x1b[J" in seen, "a live top")
    once = d.ctl("-n", "3", "-d", "0.1", "top", "1")
    check(once.count("CLIENT") == 3 and "\x1b" not in once, "three times, into a pipe")


def commands():
    with open(os.path.join(TOP, "src/daemon/commands.def"), encoding="ascii") as f:
        found = re.findall(r'^COMMAND\("([a-z-]+)"', f.read(), re.M)
    check(len(found) > 15, "commands.def")
    return found


def try_completion():
    with open(os.path.join(TOP, "contrib/completion/egretctl"), encoding="ascii") as f:
        words = set(re.findall(r"[a-z-]+", f.read()))
    for command in commands():
        check(command in words, f"completion lacks {command}")
    options = re.findall(r"(?<![\w-])--[a-z][a-z-]+", subprocess.run(["./egret", "--help"], capture_output=True,
                                                      text=True, check=True).stdout)
    with open(os.path.join(TOP, "contrib/completion/egret"), encoding="ascii") as f:
        text = f.read()
    for option in sorted(set(options)):
        check(re.search(option + r"\b", text), f"completion lacks {option}")
    if shutil.which("bash"):
        script = ('. "$1"; COMP_WORDS=(egretctl -s x f); COMP_CWORD=3; _egretctl; '
                  'echo "${COMPREPLY[*]}"')
        r = subprocess.run(["bash", "-c", script, "-",
                            os.path.join(TOP, "contrib/completion/egretctl")],
                           capture_output=True, text=True, check=False)
        check(r.stdout.split() == ["findings", "flows"], f"completion: {r.stdout} {r.stderr}")


SAMPLE = re.compile(r'^([a-z_][a-z0-9_]*)(?:\{([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"\})? (\S+)$')


def families(text):
    """Names and types, after a look at every line."""
    kinds, seen, name, kind = {}, set(), None, None
    check(text.endswith("\n") and text.isascii(), "ASCII that ends with a newline")
    last = None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split(" ", 3)[2]
            check(len(line.split(" ", 3)) == 4, f"{name} has no help")
            check(name not in kinds, f"{name} stands twice")
            kind = None
        elif line.startswith("# TYPE "):
            check(line.split(" ")[2] == name, f"type without help: {line}")
            kind = kinds[name] = line.split(" ")[3]
            check(kind in ("counter", "gauge", "histogram"), line)
            check((kind == "counter") == name.endswith("_total"), f"{name} is a {kind}")
            last = None
        else:
            m = SAMPLE.match(line)
            if not m:
                check(False, f"no sample: {line}")
                continue
            base = re.sub("_(bucket|sum|count)$", "", m[1]) if kind == "histogram" else m[1]
            check(base == name, f"{line} stands under {name}")
            check((m[1], m[2], m[3]) not in seen, f"{line} stands twice")
            seen.add((m[1], m[2], m[3]))
            value = float(m[4])
            check(value >= 0, line)
            if m[1].endswith("_bucket"):
                bound = float(m[3].replace("+Inf", "inf"))
                check(last is None or (last[0] < bound and last[1] <= value), f"order: {line}")
                last = (bound, value)
            elif kind == "histogram" and m[1].endswith("_count"):
                check(last[0] == float("inf") and last[1] == value, f"count: {line}")
    return kinds


def dashboard_metrics(kinds):
    with open(os.path.join(TOP, "contrib/grafana/egret.json"), encoding="ascii") as f:
        board = json.load(f)
    found = set()

    def walk(node):
        if isinstance(node, dict):
            for key, value in node.items():
                if key in ("expr", "query", "definition") and isinstance(value, str):
                    found.update(re.findall(r"\b(?:egret|process)_\w+", value))
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(board)
    check(len(found) > 20, "the dashboard asks for hardly anything")
    for name in sorted(found):
        base = re.sub("_(bucket|sum|count)$", "", name)
        check(name in kinds or kinds.get(base) == "histogram", f"the dashboard asks for {name}")
    ids = [p["id"] for p in board["panels"]]
    check(len(ids) == len(set(ids)), "panels with the same id")


def try_metrics(d):
    status, headers, text = d.get("/metrics")
    check(status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4"),
          "/metrics")
    kinds = families(text)
    with open(os.path.join(TOP, "src/core/stats.def"), encoding="ascii") as f:
        check(len(kinds) > len(re.findall(r"^STAT\(", f.read(), re.M)) + 40, "counters are missing")
    dashboard_metrics(kinds)
    promtool = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if promtool:
        r = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True,
                           text=True, check=False)
        check(r.returncode == 0 and not r.stdout + r.stderr, f"promtool: {r.stdout}{r.stderr}")
    else:
        print("promtool is not installed: only our own look at the format")
    check(d.get("/metrics", "HEAD")[2] == "", "HEAD")
    check(d.get("/healthz")[::2] == (200, "ok\n"), "/healthz")
    d.ctl("log-level", "error")
    check(d.get("/healthz")[::2] == (503, "made ill\n"), "/healthz of an ill one")
    check(d.get("/")[0] == 404, "404")
    check(d.get("/metrics", "POST")[0] >= 400, "POST")


def main():
    with tempfile.TemporaryDirectory() as folder:
        d = Daemon(folder)
        try:
            try_answers(d)
            try_errors(d)
            try_reload(d)
            try_terminal(d)
            try_metrics(d)
            try_completion()
            check(d.ctl("stop") == "stopping\n", "stop")
            check(d.process.wait(timeout=10) == 0, "its end")
            check(not os.path.exists(d.socket), "the socket is gone")
        finally:
            if d.process.poll() is None:
                d.process.kill()
    print(f"{counts[0]} passed, {counts[1]} failed")
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
