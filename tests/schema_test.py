#!/usr/bin/python3
"""Holds the schema of records, the list of ECS names and the manual page against each other.

Every object of the schema is closed. Every field outside egret.* is in tests/ecs-fields.txt, and
that list has no other. man/egret-records.7 explains every field of every kind of record, under the
heading of its kind, and no other.
"""
import json
import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PACKETS = ("dns", "tls", "quic", "http", "conn", "flow")
KINDS = (*PACKETS, "stats")
ALL = "Every record but stats"
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


def paths(schema, node, prefix="", inner=False):
    """All leaves, and with `inner` objects too; an entry of a list has the path of the list."""
    node = resolve(schema, node)
    if "properties" in node:
        if inner:
            yield prefix
        for k, v in node["properties"].items():
            yield from paths(schema, v, f"{prefix}.{k}" if prefix else k, inner)
    elif "items" in node:
        yield from paths(schema, node["items"], prefix, inner)
    else:
        yield prefix


def manual(text):
    """Fields by kind, out of the lists below the headings."""
    fields = {k: set() for k in (*KINDS, "finding")}
    kinds, findings = (), False
    for line in text.splitlines():
        if line.startswith((".Sh", ".Ss")):
            title = line[4:].strip()
            words = re.split(r",? and |, ", title)
            kinds = PACKETS if title == ALL else words if set(words) <= set(KINDS) else ()
            findings = title == "FINDINGS"
        m = re.match(r"\.It Va (\S+)$", line)
        if m and findings:
            fields["finding"].add(m[1])
        elif m and not kinds:
            fail(f"the manual explains {m[1]} under a heading that names no kind")
        for k in kinds if m else ():
            if m[1] in fields[k]:
                fail(f"the manual explains {m[1]} twice for {k}")
            fields[k].add(m[1])
    return fields


def groups():
    """Of all counters."""
    found = set()
    for name, pattern in (("core/stats.def", r'^STAT\(\w+, "(\w+)"'),
                          ("daemon/figures.def", r'^FIGURE\("(\w+)"')):
        with open(os.path.join(TOP, "src", name), encoding="ascii") as f:
            found |= set(re.findall(pattern, f.read(), re.M))
    return found


def check_groups(schema):
    stats = schema["definitions"]["stats"]["properties"]["egret"]["properties"]["stats"]
    have = {k for k, v in stats["properties"].items()
            if v == {"$ref": "#/definitions/counters"}}
    if have != groups():
        fail(f"groups of counters and of the schema's stats differ: {have ^ groups()}")


def main():
    with open(os.path.join(TOP, "src/output/record.schema.json"), encoding="utf-8") as f:
        schema = json.load(f)
    with open(os.path.join(TOP, "tests/ecs-fields.txt"), encoding="utf-8") as f:
        ecs = [line.split("#")[0].strip() for line in f]
        ecs = [name for name in ecs if name]
    with open(os.path.join(TOP, "man/egret-records.7"), encoding="ascii") as f:
        explained = manual(f.read())

    closed(schema, "")
    check_groups(schema)
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
    for name in sorted(explained["finding"] - set(paths(finding, finding, inner=True))):
        fail(f"the manual explains {name} of findings, which their schema lacks")
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
