#!/usr/bin/python3
"""What a record costs in the analyst with so many rules loaded: the CPU time of a replay with them less that
of one without, the least of several runs in turn, by the records told.

    record_cost.py EGRET CAPTURE [RULES [RUNS]]        (3000 rules, 5 runs)
"""
import os
import re
import resource
import subprocess
import sys
import tempfile

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def cpu(*command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, out.stdout + out.stderr


def main():
    egret, capture = sys.argv[1:3]
    count, runs = int(sys.argv[3]) if len(sys.argv) > 3 else 3000, int(sys.argv[4]) if len(sys.argv) > 4 else 5
    with tempfile.TemporaryDirectory() as folder:
        rules = os.path.join(folder, "rules")
        subprocess.run([sys.executable, os.path.join(TOP, "tests/lab/rulegen.py"), rules, str(count)], check=True,
                       stdout=subprocess.DEVNULL)
        common = [egret, "--domains", os.path.join(TOP, "domains"), "--cache", os.path.join(folder, "cache"),
                  "--json", "-r", capture]
        kinds = {"without": ["--rules="], "with": ["--rules", rules]}
        cpu(egret, "--check", "--rules", rules, *common[1:5])  # compiles once
        least, told = {}, ""
        for _ in range(runs):
            for name, options in kinds.items():
                seconds, told = cpu(*common, *options)
                least[name] = min(seconds, least.get(name, seconds))
    records = sum(int(n.replace(",", "")) for n in re.findall(r"([\d,]+) (?:dns|tls|quic|http|conn|flow)\b", told))
    print(told if not records else
          f"{os.path.basename(capture)}: {records} records; CPU {least['without']:.2f} s without rules, {least['with']:.2f} s "
          f"with {count}: {(least['with'] - least['without']) / records * 1e6:.2f} us a record")


if __name__ == "__main__":
    main()
