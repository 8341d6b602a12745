#!/usr/bin/python3
"""Which lines and branches of each source file inputs of the fuzz targets reach.

    coverage.py BUILD [CORPUS ...]   BUILD: a build with clang's coverage (./dev coverage). CORPUS: folders of
                                     a folder a target, beside the kept ones
    coverage.py --tests BUILD        the same of the unit tests of such a build
    coverage.py --show BUILD FILE    the lines of FILE that the last run did not reach

Prints a table, and what is under LEAST below it.
"""
import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
LEAST = 90  # percent of lines
# rooms and files that read what others wrote; the rest hands on what these have read
PARSERS = re.compile(r"^(base/(cursor|yaml|utf8|str|bytes)|core/(addr|date|hostname|networks|state|tuple)|"
                     r"capture/(pcap|ng_|reader|stream|raw|unpack|merge|source|file_list)|decode/|flow/|proto/|"
                     r"sensor/|names/|services/domain_(list|near)|event/|sigma/|volume/detectors_state|"
                     r"detect/(\w+_state|join|hunt|host_view|triage)|"
                     r"daemon/(config|size|words|control_parse|command|explain|question))")


def tool(name):
    for candidate in (name + "-14", name):
        for folder in os.environ["PATH"].split(":"):
            if os.access(os.path.join(folder, candidate), os.X_OK):
                return candidate
    sys.exit(f"coverage.py: {name} is missing (package llvm-14)")


def run_all(build, programs):
    """programs: (program, arguments). Returns the merged profile and those that ran."""
    raw = os.path.join(build, "raw")
    os.makedirs(raw, exist_ok=True)
    for old in glob.glob(os.path.join(raw, "*")):
        os.remove(old)
    ran = []
    for program, arguments in programs:
        name = os.path.basename(program)
        environment = dict(os.environ, LLVM_PROFILE_FILE=f"{raw}/{name}-%p.profraw", srcdir=SOURCE)
        done = subprocess.run([program] + arguments, env=environment, cwd=build, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            print(f"{name}: status {done.returncode}: {done.stderr[-300:]}", file=sys.stderr)
        ran.append(program)
    profile = os.path.join(build, "coverage.profdata")
    subprocess.run([tool("llvm-profdata"), "merge", "-sparse", "-o", profile] +
                   glob.glob(os.path.join(raw, "*.profraw")), check=True)
    with open(os.path.join(build, "coverage.programs"), "w", encoding="ascii") as f:
        f.write("\n".join(ran))
    return profile, ran


def objects(ran):
    return [ran[0]] + [a for p in ran[1:] for a in ("-object", p)]


def per_file(profile, ran):
    out = subprocess.run([tool("llvm-cov"), "export", "-summary-only", f"-instr-profile={profile}"] +
                         objects(ran), capture_output=True, text=True, check=True).stdout
    files = {}
    for f in json.loads(out)["data"][0]["files"]:
        name = os.path.realpath(os.path.join(SOURCE, f["filename"]))
        src = os.path.join(SOURCE, "src") + "/"
        if name.startswith(src):
            files[name[len(src):]] = f["summary"]
    return files


def table(files):
    rooms, low = {}, []
    for name, s in sorted(files.items()):
        if not name.endswith(".c") or not PARSERS.match(name):
            continue
        lines, branches = s["lines"], s["branches"]
        percent = 100 * lines["covered"] / lines["count"]
        taken = 100 * branches["covered"] / branches["count"] if branches["count"] else 100
        print(f"{name:34} {lines['covered']:5}/{lines['count']:<5} {percent:6.1f} % lines {taken:6.1f} % branches")
        room = rooms.setdefault(name.split("/")[0], [0, 0])
        room[0] += lines["covered"]
        room[1] += lines["count"]
        if percent < LEAST:
            low.append(f"{name} {percent:.1f} %")
    print()
    for room, (covered, count) in rooms.items():
        print(f"{room + '/':12} {100 * covered / count:6.1f} %")
    covered, count = (sum(r[i] for r in rooms.values()) for i in (0, 1))
    print(f"{'together':12} {100 * covered / count:6.1f} % of {count} lines")
    print(f"\nunder {LEAST} %: " + (", ".join(low) or "none"))


def show(build, name):
    with open(os.path.join(build, "coverage.programs"), encoding="ascii") as f:
        ran = f.read().split()
    out = subprocess.run([tool("llvm-cov"), "show", f"-instr-profile={build}/coverage.profdata"] + objects(ran),
                         capture_output=True, text=True, check=True).stdout
    parts = re.split(r"^(/\S+):$", out, flags=re.M)
    for path, text in zip(parts[1::2], parts[2::2]):
        if path.endswith("/src/" + name):
            print("\n".join(line for line in text.splitlines() if re.match(r" *\d+\| *0\|", line)))


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--show":
        show(os.path.abspath(sys.argv[2]), sys.argv[3])
        return
    tests = sys.argv[1:2] == ["--tests"]
    arguments = sys.argv[2:] if tests else sys.argv[1:]
    if not arguments:
        sys.exit(__doc__)
    build = os.path.abspath(arguments[0])
    if tests:
        programs = [(f"{build}/tests/unit/unit", ["-j1"])]
    else:
        corpora = [os.path.join(HERE, "corpus")] + [os.path.abspath(c) for c in arguments[1:]]
        names = sorted(os.path.basename(p)[:-2] for p in glob.glob(f"{HERE}/fuzz_*.c"))
        programs = [(f"{build}/tests/fuzz/{n}",
                     [f"{c}/{n}" for c in corpora if os.path.isdir(f"{c}/{n}")]) for n in names]
    table(per_file(*run_all(build, programs)))


if __name__ == "__main__":
    main()
