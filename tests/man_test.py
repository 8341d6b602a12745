#!/usr/bin/python3
"""Holds the manual pages against the program that was built.

    man_test.py [EGRET]        (default: ./egret, beside the pages that were built)

Every option of --help is in egret(8) with the same letters and words, and the other way round, and so
for egretctl(8) and every command with its words; every counter of stats.def and figures.def is in
egret-counters(7) with its meaning; pages name the folders of this build; mandoc, where installed,
finds nothing to complain about.
"""
import glob
import os
import re
import shutil
import subprocess
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
failures = []


def fail(text):
    failures.append(text)
    print(text)


def read(path):
    with open(path, encoding="ascii") as f:
        return f.read()


def page(name):
    """As built, or as it is kept."""
    return name if os.path.exists(name) else os.path.join(TOP, name)


def options_of_help(text):
    """Pairs of letter and word, one of which may be missing."""
    return {(m[1], m[2]) for m in re.finditer(r"^  +(?:-(\w), )?--([\w-]+)", text, re.M)}


def options_of_manual(text):
    found = set()
    for line in re.findall(r"^\.It (Fl .*)$", text, re.M):
        names = re.findall(r"\bFl (-?[\w-]+)", line)
        letters = [n for n in names if len(n) == 1]
        words = [n[1:] for n in names if n.startswith("-")]
        if len(letters) > 1 or len(words) != 1:
            fail(f"a manual: one word, and a letter if there is one, in: {line}")
        found.add((letters[0] if letters else None, words[0] if words else None))
    return found


def check_options(help_text, name, manual):
    have, explained = options_of_help(help_text), options_of_manual(manual)
    if len(have) < 5:
        fail(f"--help of {name} lists hardly any option")
    for letter, word in sorted(have - explained, key=str):
        fail(f"{name}(8) lacks -{letter}, --{word}")
    for letter, word in sorted(explained - have, key=str):
        fail(f"{name}(8) explains -{letter}, --{word}, which --help lacks")


def check_counters(stats, figures, manual):
    counters = re.findall(r'^STAT\((\w+), "\w+", "(.*)"\)$', stats, re.M)
    if len(counters) != stats.count("\nSTAT("):
        fail("stats.def has a line that is not STAT(name, \"group\", \"help\")")
    rows = re.findall(r'^FIGURE\("\w+", (\w+), .*, (?:NULL, NULL|"(\w+)", "\w+"), "(.*)"\)$', figures,
                      re.M)
    if len(rows) != figures.count("\nFIGURE("):
        fail("figures.def has a line of another form than the others")
    for name, label, text in rows:
        row = (name, f"{text} (by {label})" if label else text)
        if counters[-1] != row:
            counters.append(row)
    explained = re.findall(r"^\.It Va (\w+)\n(.*)\.$", manual, re.M)
    if counters != explained:
        fail(f"egret-counters(7) and the lists differ: {set(counters) ^ set(explained)}")


def words_of_manual(line):
    """What a command's line says, as commands.def writes it."""
    line = re.sub(r"\bOp (.*)$", r"[\1]", line).replace("Oo ", "[").replace(" Oc", "]")
    line = re.sub(r"\bFl -", "--", line)
    line = re.sub(r"\bAr (\w+)", lambda m: m[1].upper(), line)
    line = line.replace(" | ", "|").replace("Cm ", "").replace("NETWORK", "NET").replace("SPAN", "TIME")
    return line.strip()


def check_commands(definitions, manual):
    have = re.findall(r'^COMMAND\("([\w-]+)", \w+, "(.*?)", ".*"\)$', definitions, re.M)
    if len(have) != definitions.count("\nCOMMAND(") or len(have) < 15:
        fail("commands.def has a line of another form than the others")
    found = {m[1]: words_of_manual(m[2])
             for m in re.finditer(r"^\.It Ic ([\w-]+)(.*)$", manual, re.M)}
    for name, words in have:
        if name not in found:
            fail(f"egretctl(8) lacks {name}")
        elif found[name] != words:
            fail(f"egretctl(8) gives {name} the words {found[name]}, commands.def {words}")
    for name in sorted(set(found) - {name for name, _ in have}):
        fail(f"egretctl(8) explains {name}, which is none")


def check_keys(egret, manual):
    """The keys of --dump-config, those of maps joined by dots, are those of egret.yaml(5)."""
    r = subprocess.run([egret, "--dump-config", "--rules=", "--cache="], capture_output=True,
                       text=True, check=True)
    have, section = set(), ""
    for line in r.stdout.splitlines():
        m = re.match(r"(?:# )?( *)([\w.-]+):(?: |$)", line)
        if m and m[2] == "detectors":
            section = "detectors."
        elif m:
            have.add((section if m[1] else "") + m[2])
    explained = set(re.findall(r"^\.It Va ([\w.-]+)$", manual, re.M)) - {"lists"}
    if len(have) < 50 or have != explained:
        fail(f"egret.yaml(5) and --dump-config differ: {have ^ explained}")


def check_page(path):
    if re.search(r"@\w+@", read(path)):
        fail(f"{path}: something was not filled in")
    if shutil.which("mandoc"):
        r = subprocess.run(["mandoc", "-Tlint", "-W", "warning", path], capture_output=True,
                           text=True, check=False)
        if r.returncode or r.stdout:
            fail(r.stdout.strip() or r.stderr.strip())


def main():
    egret = sys.argv[1] if len(sys.argv) > 1 else "./egret"
    help_text = subprocess.run([egret, "--help"], capture_output=True, text=True, check=True).stdout
    check_options(help_text, "egret", read(page("man/egret.8")))
    egretctl = os.path.join(os.path.dirname(egret), "egretctl")
    check_options(subprocess.run([egretctl, "--help"], capture_output=True, text=True,
                                 check=True).stdout, "egretctl", read(page("man/egretctl.8")))
    check_commands(read(os.path.join(TOP, "src/daemon/commands.def")), read(page("man/egretctl.8")))
    check_counters(read(os.path.join(TOP, "src/core/stats.def")),
                   read(os.path.join(TOP, "src/daemon/figures.def")),
                   read(page("man/egret-counters.7")))
    check_keys(egret, read(page("man/egret.yaml.5")))
    lists = re.search(r"\S+/domains\b", help_text)
    if not lists or f"Pa {lists[0]}/" not in read(page("man/egret-domains.5")):
        fail("egret-domains(5) names another folder than --help")
    names = {os.path.relpath(p, d) for d in (".", TOP) for p in glob.glob(f"{d}/man/*.[1-9]")}
    for name in sorted(names):
        check_page(page(name))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
