"""The shipped rules and their test cases, as the tests and the coverage table want them.

Rule files are read just far enough for that: by lines, in the one layout that they all have. Whether
they are sound YAML and sound Sigma is for egret to say.
"""
import json
import os
import re
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
RULES = os.path.join(TOP, "rules")
ORIGINALS = os.path.join(HERE, "originals.tsv")
# how a rule is decided
HOW = ("wire", "visible-http", "stand-in", "host-event", "cloud-event")
EXPECT = ("match", "possible", "none")


class Rule:
    """One file: the document that makes findings, which is the last one and says how it is decided."""

    def __init__(self, path):
        self.path = path
        self.file = os.path.relpath(path, TOP)
        self.stem = os.path.splitext(os.path.basename(path))[0]
        with open(path, encoding="utf-8") as f:
            documents = re.split(r"(?m)^---\n", f.read())
        self.ids = [re.search(r"(?m)^id: (\S+)$", d).group(1) for d in documents]
        self.correlation = len(documents) > 1
        main = documents[-1]
        self.id = self.ids[-1]
        self.title = re.search(r"(?m)^title: (.*)$", main).group(1).strip("'").replace("''", "'")
        self.level = re.search(r"(?m)^level: (\S+)$", main).group(1)
        custom = main[main.index("\ncustom:\n"):]
        self.how = re.search(r"(?m)^        how: (\S+)$", custom).group(1)
        self.covers = re.findall(r"(?m)^            - (\S+)$", custom)
        lacks = re.search(r"(?m)^        lacks: \|\n((?:            .*\n)+)", custom)
        self.lacks = " ".join(lacks.group(1).split()) if lacks else ""
        self.related = re.findall(r"(?m)^    - id: (\S+)\n      type: derived$", main)
        self.tags = re.findall(r"(?m)^    - (attack\.\S+)$", main)

    def problems(self):
        for i in self.ids:
            if uuid.UUID(i).version != 4:
                yield f"{i} is no UUID of version 4"
        if self.how not in HOW:
            yield f"how: {self.how} is none of {', '.join(HOW)}"
        if "attack.exfiltration" not in self.tags or "attack.t1567.002" not in self.tags:
            yield "a tag of T1567.002 is missing"
        if sorted(self.related) != sorted(c for c in self.covers if len(c) == 36):
            yield "related and covers differ"


def rules():
    found = []
    for folder, _, files in sorted(os.walk(RULES)):
        found += [Rule(os.path.join(folder, f)) for f in sorted(files) if f.endswith(".yml")]
    return found


class Case:
    def __init__(self, text):
        c = json.loads(text)
        self.name, self.expect, self.events = c.pop("case"), c.pop("expect"), c.pop("events")
        self.source = c.pop("as", None)
        self.repeat, self.every = c.pop("repeat", 1), c.pop("every", 0)
        self.count = c.pop("count", None)
        if c or self.expect not in EXPECT or not self.events:
            raise ValueError(f"{self.name}: not understood: {c or self.expect}")


def cases(stem):
    path = os.path.join(HERE, stem + ".ndjson")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return [Case(line) for line in f]


class Original:
    def __init__(self, line):
        self.id, self.vendor, self.title, self.kind, self.set = line.rstrip("\n").split("\t")


def originals():
    with open(ORIGINALS, encoding="utf-8") as f:
        lines = [line for line in f if not line.startswith("#")]
    return [Original(line) for line in lines[1:]]
