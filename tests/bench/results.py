"""bench/RESULTS.md: the last results, one part a command, with the machine and the date."""
import os
import platform
import re
import subprocess
import time

ORDER = ("./dev bench", "./dev bench growth", "./dev bench-rules", "./dev capacity")
HEAD = """# The last runs of the benchmarks

Each part is written anew by the command that it is called after; [README.md](README.md) says what is measured.

"""


def first_of(path, key):
    try:
        with open(path, encoding="utf-8") as f:
            return next((line.split(":", 1)[1].strip() for line in f if line.startswith(key)), "unknown")
    except OSError:
        return "unknown"


def compiler(build):
    """As the Makefile of a build has it."""
    with open(os.path.join(build, "Makefile"), encoding="utf-8") as f:
        said = dict(re.findall(r"^(CC|CFLAGS) = (.*)$", f.read(), re.M))
    cc = said.get("CC", "cc").split()
    try:
        name = subprocess.run([*cc, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError):
        name = cc[0]
    return f"{name}, {said.get('CFLAGS', '')}".rstrip(", ")


def machine(build):
    memory = int(first_of("/proc/meminfo", "MemTotal").split()[0]) / 2 ** 20
    return (f"{time.strftime('%Y-%m-%d')}; {first_of('/proc/cpuinfo', 'model name')}, {os.cpu_count()} CPUs, "
            f"{memory:.0f} GB, Linux {platform.release()}, {compiler(build)}; load when begun "
            f"{os.getloadavg()[0]:.1f}.")


def called(command, options, defaults):
    """With the options that are not what they are anyway."""
    more = [f"--{k} {v:g}" if isinstance(v, float) else f"--{k} {v}" for k, v in vars(options).items()
            if v != getattr(defaults, k, v) and k not in ("results", "egret")]
    return " ".join([command, *more])


class Report:
    """Lines for the terminal, and for the file of results."""

    def __init__(self):
        self.lines = []

    def say(self, text=""):
        print(text, flush=True)
        self.lines.append(text)

    def table(self, rows):
        """Of rows of texts, the first the heads."""
        width = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]

        def line(cells):
            return "| " + " | ".join(c.ljust(w) if i == 0 else c.rjust(w)
                                     for i, (c, w) in enumerate(zip(cells, width))) + " |"
        self.say(line(rows[0]))
        self.say("|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":" for i, w in enumerate(width)) + "|")
        for row in rows[1:]:
            self.say(line(row))
        self.say()

    def keep(self, path, command):
        """Replaces the command's part of the file of results."""
        title = "## " + command.split(" --")[0]
        parts = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                for part in re.split(r"(?m)^(?=## )", f.read())[1:]:
                    parts[part.split("\n", 1)[0]] = part.rstrip() + "\n"
        parts[title] = f"{title}\n\nCommand: `{command}`. " + "\n".join(self.lines).rstrip() + "\n"
        order = ["## " + c for c in ORDER]
        with open(path, "w", encoding="utf-8") as f:
            f.write(HEAD + "\n".join(parts[t] for t in order if t in parts))
