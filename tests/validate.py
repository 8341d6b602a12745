#!/usr/bin/python3
"""Validates lines of JSON against the schema of records.

    validate.py [--schema FILE] [--shapes N] [--every N] [FILE ...]

Reads standard input without files. Prints the first offending lines and a count; exit status 1 when
there was one, 2 when there was nothing to validate.

A line must be one JSON object in valid UTF-8, without duplicate keys and without control characters.
With --shapes N, for large captures, only the first N lines of each distinct shape (the line without
its numbers and its strings that are no short words) are parsed, and every line whose number is a
multiple of --every (default 100); of the others only the bytes are looked at.

The schema's chain of conditions is walked here, once a dataset, and each branch compiled for
itself: a condition that fails inside the compiled validator costs more than all the rest.
"""
import argparse
import json
import os
import re
import sys

import fastjsonschema

HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMA = os.path.join(HERE, "..", "src", "output", "record.schema.json")
SHOWN = 10
VALUES = re.compile(rb'("(?:[a-z_]{1,12}"|[^"\\]*":))|"(?:[^"\\]|\\.)*"|[0-9]+')
CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")


def no_duplicates(pairs):
    d = dict(pairs)
    if len(d) != len(pairs):
        raise ValueError("a key stands twice")
    return d


class Validator:
    """The schema as it stands, with the branch picked by event.dataset."""

    def __init__(self, schema):
        self.schema = schema
        self.branches = {}

    def branch(self, dataset):
        node = self.schema
        while "if" in node:
            want = node["if"]["properties"]["event"]["properties"]["dataset"]["const"]
            node = node["then"] if dataset == want else node["else"]
        whole = {k: v for k, v in self.schema.items() if k not in ("if", "then", "else")}
        outer = fastjsonschema.compile(whole)
        inner = fastjsonschema.compile(dict(node, definitions=self.schema["definitions"]))
        return outer, inner

    def __call__(self, value):
        event = value.get("event") if isinstance(value, dict) else None
        dataset = event.get("dataset") if isinstance(event, dict) else None
        if not isinstance(dataset, str):
            raise ValueError("event.dataset is missing")
        if dataset not in self.branches:
            self.branches[dataset] = self.branch(dataset)
        for validate in self.branches[dataset]:
            validate(value)


def problem(line, validate, worth):
    if CONTROL.search(line):
        return "a control character"
    if not line.endswith(b"}\n"):
        return "not one object and a newline"
    if not worth(line):
        return None
    try:
        validate(json.loads(line.decode("utf-8"), object_pairs_hook=no_duplicates))
    except fastjsonschema.JsonSchemaException as e:
        return str(e)
    except ValueError as e:
        return str(e)
    return None


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--schema", default=SCHEMA)
    p.add_argument("--shapes", type=int, default=0)
    p.add_argument("--every", type=int, default=100)
    p.add_argument("--lines", action="store_true", help="print how many lines were read")
    p.add_argument("files", nargs="*")
    a = p.parse_args()
    with open(a.schema, encoding="utf-8") as f:
        validate = Validator(json.load(f))
    seen = {}
    lines = bad = checked = 0

    def worth(line):
        nonlocal checked
        if a.shapes:
            s = hash(VALUES.sub(rb"\1", line))
            seen[s] = seen.get(s, 0) + 1
            if seen[s] > a.shapes and lines % a.every:
                return False
        checked += 1
        return True

    for name in a.files or ["-"]:
        with open(name, "rb") if name != "-" else os.fdopen(0, "rb") as f:
            for line in f:
                lines += 1
                what = problem(line, validate, worth)
                if what is None:
                    continue
                bad += 1
                if bad <= SHOWN:
                    print(f"{name}:{lines}: {what}\n\t{ascii(line[:400].decode('latin-1'))}")
    if a.lines or bad:
        print(f"{lines} lines, {checked} of them held against the schema, {bad} bad")
    return 1 if bad else 2 if lines == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
