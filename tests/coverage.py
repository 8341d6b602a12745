#!/usr/bin/python3
"""Writes rules/COVERAGE.md from what the rules say of themselves and from their tests.

    coverage.py --write     writes it
    coverage.py [--check]   fails when it is not what would be written, when one of the rules of
                            T1567.002 has no rule of ours, or when tests are missing
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "rules")]
import make_captures  # noqa: E402
import rule_files  # noqa: E402

OUTPUT = os.path.join(rule_files.RULES, "COVERAGE.md")
WORDS = {"wire": "wire", "visible-http": "visible HTTP", "stand-in": "stand-in on the wire",
         "host-event": "host event", "cloud-event": "cloud event"}
ON_THE_WIRE = ("wire", "visible-http", "stand-in")
# how a rule of this class has to be decided, by one of ours at least
CLASSES = {"a": ("wire",), "a*": ("visible-http",), "b": ("stand-in", "wire", "possible"),
           "c": ("host-event", "cloud-event")}
LEAST = 2  # events that must match, and near misses

HEAD = """# The rules of T1567.002 and ours

Made by `tests/coverage.py` from the rules and their tests, and held against them by `make check`:
edit those, not this.

ATT&CK's technique T1567.002, exfiltration to cloud storage, is what {count} public rules look for. Each
is here as a rule in our own words, and each rule is tested: with events that must match and near
misses that must not (`tests/rules/`), and with captures where the wire decides.

How a rule is decided:

* **wire**: what is on the wire is all that the rule asks for
* **visible HTTP**: exactly where HTTP can be read; over TLS the host name makes a possible match
* **stand-in on the wire**: the original asks for a program or a command line, which no wire shows; a
  signal that such a program leaves on the wire stands in
* **host event**, **cloud event**: from logs of hosts (Sysmon, Security, PowerShell and others) and of
  cloud services, read with `egret -e`; where only the program is missing on the wire, a possible
  match there
"""


def tests(rule):
    """(must match or be possible, must not, captures that match, captures that do not)"""
    cases = rule_files.cases(rule.stem)
    must = sum(c.expect != "none" for c in cases)
    kinds = make_captures.CAPTURES.get(rule.stem)
    shown = [expect != "none" for _, expect, _ in kinds()] if kinds else []
    return must, len(cases) - must, sum(shown), len(shown) - sum(shown)


def problems(rules, originals, counts):
    by_id = {o.id: o for o in originals}
    for rule in rules:
        must, miss, shown, missed = counts[rule.stem]
        if must < LEAST or miss < LEAST:
            yield f"{rule.file}: {must} events that must match and {miss} near misses"
        if rule.how in ON_THE_WIRE and not (shown and missed):
            yield f"{rule.file}: no capture of both kinds"
        for covered in rule.covers:
            if covered not in by_id:
                yield f"{rule.file}: covers {covered}, which is not in originals.tsv"
    for o in originals:
        how = {r.how for r in rules if o.id in r.covers}
        # a rule for hosts that the wire decides but for the program
        how |= {"possible" for r in rules if o.id in r.covers and counts[r.stem][2]}
        if not how & set(CLASSES[o.kind]):
            yield f"{o.title}: no rule of ours is decided by {' or '.join(CLASSES[o.kind])}"


def cell(text):
    return text.replace("|", "\\|")


def described(rule, counts):
    must, miss, shown, missed = counts[rule.stem]
    text = f"[{rule.stem}]({os.path.relpath(rule.file, 'rules')})"
    events = f"{must} + {miss}"
    return text, events, f"{shown} + {missed}" if shown else "–"


def decided(rule, counts):
    possible = rule.how == "host-event" and counts[rule.stem][2]
    return WORDS[rule.how] + ("; a possible match on the wire" if possible else "")


def table(originals, rules, counts, number):
    out = ["| | rule | by | decided by | our rule | events | captures |",
           "|--:|---|---|---|---|---|---|"]
    order = list(WORDS)
    for o in originals:
        first = True
        ours = [r for r in rules if o.id in r.covers]
        for r in sorted(ours, key=lambda r: (order.index(r.how), r.stem)):
            text, events, shown = described(r, counts)
            start = f"| {number} | {cell(o.title)} | {o.vendor} |" if first else "| | | |"
            out.append(f"{start} {decided(r, counts)} | {text} | {events} | {shown} |")
            first = False
        number += 1
    return out


def text(rules, originals, counts):
    listed = [o for o in originals if o.set != "later"]
    later = [o for o in originals if o.set == "later"]
    out = [HEAD.format(count=len(listed)),
           "Events and captures are counted as those that must be found + near misses.\n",
           f"## All {len(listed)}\n", *table(listed, rules, counts, 1),
           "\n## Tagged later\n", *table(later, rules, counts, len(listed) + 1),
           "\n## Our own\n", "| rule | level | what it finds | events | captures |",
           "|---|---|---|---|---|"]
    for r in rules:
        if not r.covers:
            name, events, shown = described(r, counts)
            out.append(f"| {name} | {r.level} | {cell(r.title)} | {events} | {shown} |")
    out += ["\n## What could not be said\n",
            "What an original asks for and our rule cannot see or say, rule by rule:\n"]
    out += [f"* [{r.stem}]({os.path.relpath(r.file, 'rules')}): {r.lacks}" for r in rules if r.lacks]
    total = [sum(counts[r.stem][i] for r in rules) for i in range(4)]
    out.append(f"\n{len(rules)} rules, {total[0]} events that must be found, {total[1]} near misses; "
               f"{total[2]} captures that must be found, {total[3]} near misses.")
    return "\n".join(out) + "\n"


def main(write):
    rules, originals = rule_files.rules(), rule_files.originals()
    counts = {r.stem: tests(r) for r in rules}
    wrong = list(problems(rules, originals, counts))
    new = text(rules, originals, counts)
    if not write:
        try:
            with open(OUTPUT, encoding="utf-8") as f:
                if f.read() != new:
                    wrong.append("rules/COVERAGE.md is not what the rules and tests say: "
                                 "run tests/coverage.py --write")
        except FileNotFoundError:
            wrong.append("rules/COVERAGE.md is missing: run tests/coverage.py --write")
    else:
        with open(OUTPUT, "w", encoding="utf-8") as f:
            f.write(new)
    for w in wrong:
        print(w)
    passed = len(rules) + len(originals) - len(wrong)
    print(f"{max(passed, 0)} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--check"], ["--write"]):
        sys.exit(__doc__)
    sys.exit(main("--write" in sys.argv))
