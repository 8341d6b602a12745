"""What every part of the lab needs: commands with a time limit, processes that are ended with the run, a
folder for the run, and what is told when something fails."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LIMIT = 30  # seconds that a command may take when nobody says otherwise


class Failure(Exception):
    """The lab did not work, or egret did not."""


def say(text):
    print(text, flush=True)


def run(*command, limit=LIMIT, check=True, **more):
    """Runs a command to its end; returns its standard output."""
    try:
        r = subprocess.run(command, capture_output=True, timeout=limit, text=True, **more)
    except subprocess.TimeoutExpired as e:
        raise Failure(f"more than {limit} s: {' '.join(command)}") from e
    if check and r.returncode:
        raise Failure(f"{' '.join(command)}: exit status {r.returncode}\n{r.stdout}{r.stderr}")
    return r.stdout


def wait_until(what, condition, limit=LIMIT, pause=0.1):
    """Asks until the condition holds, and returns what it said."""
    end = time.monotonic() + limit
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Failure(f"after {limit} s: {what}")
        time.sleep(pause)


def missing(tools):
    return [t for t in tools if shutil.which(t) is None]


def skip(why):
    """The automake way to say that a test could not be run."""
    say(f"skipped: {why}")
    sys.exit(77)


class Run:
    """A folder, and processes, that are gone when it is left."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="egret-lab-")
        os.chmod(self.folder, 0o755)
        # nothing of the caller's proxies, certificates and settings may change what a client does
        self.bare = {"PATH": "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin", "HOME": self.folder,
                     "TMPDIR": self.folder, "LAB_RUN": self.folder, "LANG": "C.UTF-8", "TZ": "UTC"}
        self.processes = []
        for s in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(s, lambda number, _: sys.exit(128 + number))

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def start(self, name, *command, **more):
        """A process in a group of its own, that writes to NAME.log."""
        with open(self.path(name + ".log"), "ab") as log:
            p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                                 start_new_session=True, env={**self.bare, **more.pop("env", {})}, **more)
        self.processes.append(p)
        return p

    def stop(self, process, limit=10, how=signal.SIGTERM):
        """Ends a process and all of its group; returns its status."""
        try:
            if process.poll() is None:
                process.send_signal(how)
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
            if process in self.processes:
                self.processes.remove(process)

    def logs(self, most=40):
        """The ends of all logs, for whoever has to find out why."""
        for name in sorted(os.listdir(self.folder)):
            if name.endswith(".log"):
                with open(self.path(name), encoding="utf-8", errors="replace") as f:
                    lines = f.readlines()
                if lines:
                    say(f"--- {name}, the last {min(most, len(lines))} of {len(lines)} lines")
                    say("".join(lines[-most:]).rstrip())

    def close(self, keep=False):
        for p in list(self.processes):
            self.stop(p, limit=3)
        if keep:
            say(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
