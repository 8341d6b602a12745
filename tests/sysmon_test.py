#!/usr/bin/python3
"""Reads the events of Windows made of every kind of record, full, minimal, random and oversized:
each line is JSON with the fields of its event in their order and types, and marked as ours."""
import json
import os
import re
import subprocess
import sys

NULL = type(None)
HEAD = {"RuleName": str, "UtcTime": str, "ProcessGuid": NULL, "ProcessId": NULL}
FIELDS = {
    3: {**HEAD, "Image": NULL, "User": NULL, "Protocol": str, "Initiated": bool,
        "SourceIsIpv6": bool, "SourceIp": str, "SourceHostname": NULL, "SourcePort": int,
        "SourcePortName": str, "DestinationIsIpv6": bool, "DestinationIp": str,
        "DestinationHostname": str, "DestinationPort": int, "DestinationPortName": str},
    22: {**HEAD, "QueryName": str, "QueryStatus": str, "QueryResults": str, "Image": NULL,
         "User": NULL},
    3008: {"QueryName": str, "QueryType": int, "QueryOptions": NULL, "QueryStatus": int,
           "QueryResults": str},
}
SYSTEM = ["Provider", "EventID", "Version", "Level", "Task", "Opcode", "Keywords", "TimeCreated",
          "EventRecordID", "Correlation", "Execution", "Channel", "Computer", "Security"]


def pairs(items):
    keys = [k for k, _ in items]
    assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
    return dict(items)


def check(line, number):
    assert not re.search(rb"[\x00-\x1f\x7f]", line), "control characters"
    event = json.loads(line.decode("utf-8"), object_pairs_hook=pairs)["Event"]
    assert list(event) == ["#attributes", "System", "EventData"]
    system, data = event["System"], event["EventData"]
    assert list(system) == SYSTEM
    provider = system["Provider"]["#attributes"]
    assert provider["EventSourceName"] == "egret"
    assert system["Channel"] == provider["Name"] + "/Operational"
    assert system["EventRecordID"] == number
    fields = FIELDS[system["EventID"]]
    assert list(data) == list(fields)
    for name, kind in fields.items():
        assert type(data[name]) is kind, f"{name} is {data[name]!r}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z",
                        system["TimeCreated"]["#attributes"]["SystemTime"])
    if "UtcTime" in data:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", data["UtcTime"])
    if "QueryResults" in data:
        failed = int(data["QueryStatus"]) != 0
        empty = data["QueryResults"] in ("", "-")
        assert not failed or empty
    return system["EventID"]


def main():
    count = os.environ.get("RECORD_SAMPLES", "3000")
    out = subprocess.run(["./tests/record_samples", "sysmon", count], stdout=subprocess.PIPE,
                         check=True).stdout
    assert out.endswith(b"\n")
    seen = dict.fromkeys(FIELDS, 0)
    for number, line in enumerate(out[:-1].split(b"\n"), 1):
        try:
            seen[check(line, number)] += 1
        except (AssertionError, ValueError, KeyError, IndexError) as e:
            sys.exit(f"line {number}: {e!r}\n{line[:2000]!r}")
    assert seen[22] == seen[3008] > 10 and seen[3] > 10, seen


main()
