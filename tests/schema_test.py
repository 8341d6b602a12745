#!/usr/bin/python3
"""Holds the schema of records, the list of ECS names and the manual page against each other.

Every object of the schema is closed. Every field outside egret.* is in tests/ecs-fields.txt, and
that list has no other. man/egret-records.7 explains every field of every kind of record, under the
heading of its kind, and no other; and every field of findings under theirs.
"""
import json
import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PACKETS = ("dns", "tls", "quic", "http", "conn", "flow")
KINDS = (*PACKETS, "stats")
ALL = "Every record but stats"
FINDINGS = "FINDINGS"
failures = []


def fail(text):
    failures.append(text)
    print(text)


def resolve(schema, node):
    while "$ref" in node:
        node = schema["definitions"][node["$ref"].rsplit("/", 1)[1]]
    return node


def closed(node, where):
    if isinstance(node, dict):
        if node.get("type") == "object" and node.get("additionalProperties") is not False:
            fail(f"the schema is open at {where}")
        for k, v in node.items():
            closed(v, f"{where}/{k}")
    elif isinstance(node, list):
        for i, v in enumerate(node):
            closed(v, f"{where}/{i}")


def paths(schema, node, prefix=""):
    """All leaves; an entry of a list has the path of the list."""
    node = resolve(schema, node)
    if "properties" in node:
        for k, v in node["properties"].items():
            yield from paths(schema, v, f"{prefix}.{k}" if prefix else k)
    elif "items" in node:
        yield from paths(schema, node["items"], prefix)
    else:
        yield prefix


def manual(text):
    """Fields by kind, out of the lists below the headings."""
    fields = {k: set() for k in (*KINDS, FINDINGS)}
    kinds = ()
    for line in text.splitlines():
        if line.startswith((".Sh", ".Ss")):
            title = line[4:].strip()
            words = re.split(r",? and |, ", title)
            kinds = PACKETS if title == ALL else words if set(words) <= set(fields) else ()
        m = re.match(r"\.It Va (\S+)$", line)
        if m and not kinds:
            fail(f"the manual explains {m[1]} under a heading that names no kind")
        for k in kinds if m else ():
            if m[1] in fields[k]:
                fail(f"the manual explains {m[1]} twice for {k}")
            fields[k].add(m[1])
    return fields


def main():
    with open(os.path.join(TOP, "src/output/record.schema.json"), encoding="utf-8") as f:
        schema = json.load(f)
    with open(os.path.join(TOP, "tests/ecs-fields.txt"), encoding="utf-8") as f:
        ecs = [line.split("#")[0].strip() for line in f]
        ecs = [name for name in ecs if name]
    with open(os.path.join(TOP, "man/egret-records.7"), encoding="ascii") as f:
        explained = manual(f.read())

    closed(schema, "")
    top = set(schema["properties"])
    used = set()
    for kind in KINDS:
        branch = schema["definitions"]["flow" if kind == "conn" else kind]
        have = set(paths(schema, branch))
        used |= have
        for name in sorted({p.split(".")[0] for p in have} - top):
            fail(f"{name} of {kind} is not among the properties at the top")
        for name in sorted(have - explained[kind]):
            fail(f"the manual lacks {name} of {kind}")
        for name in sorted(explained[kind] - have):
            fail(f"the manual explains {name} of {kind}, which the schema lacks")
    with open(os.path.join(TOP, "src/output/finding.schema.json"), encoding="utf-8") as f:
        finding = json.load(f)
    closed(finding, "finding")
    have = set(paths(finding, finding))
    for name in sorted(have - explained[FINDINGS]):
        fail(f"the manual lacks {name} of findings")
    for name in sorted(explained[FINDINGS] - have):
        fail(f"the manual explains {name} of findings, which the schema lacks")
    foreign = {p for p in used if not p.startswith("egret.")}
    for name in sorted(foreign - set(ecs)):
        fail(f"{name} is no ECS field of tests/ecs-fields.txt")
    for name in sorted(set(ecs) - foreign):
        fail(f"tests/ecs-fields.txt lists {name}, which the schema lacks")
    if ecs != sorted(set(ecs)):
        fail("tests/ecs-fields.txt is not sorted, or has a name twice")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
