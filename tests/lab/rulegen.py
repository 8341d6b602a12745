#!/usr/bin/python3
"""Writes Sigma rules like the public ones for log sources of the wire: lists of host names and parts of them,
ports, user agents and paths, with processes that the wire does not know.

    rulegen.py FOLDER COUNT [SEED]

The same as tests/bench/rules.c makes in memory.
"""
import os
import random
import sys

PARTS = ("ba cor da fi gen ho in ka lo mer net ok pro qua ri sta tor ul ver wa xo ya zen cloud data drop file send "
         "share up ack eft ing ond ust ale eri ito ome una").split()
ENDS = "com net org io ru xyz co nz top".split()
PER_FILE = 100


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def word(self, syllables):
        return "".join(self.r.choice(PARTS) for _ in range(syllables))

    def domain(self):
        return f"{self.word(self.r.randint(3, 5))}.{self.r.choice(ENDS)}"

    def names(self, field):
        how = self.r.choice(("contains", "endswith", "endswith"))
        dot = "." if how == "endswith" else ""
        return f"    {field}|{how}:\n" + "".join(f"      - '{dot}{self.domain()}'\n"
                                                for _ in range(self.r.randint(1, 12)))

    def process(self):
        return f"    Image|endswith: '\\{self.word(3)}.exe'\n"

    def connection(self):
        text = "  selection:\n    Initiated: 'true'\n"
        kind = self.r.randrange(4)
        if kind == 0:
            ports = "".join(f"      - {self.r.randint(1, 65535)}\n" for _ in range(2))
            return f"{text}    DestinationPort:\n{ports}{self.process()}  condition: selection\n"
        if kind == 1:
            net = f"{self.r.randint(1, 220)}.{self.r.randrange(256)}.0.0/16"
            return (f"{text}{self.process()}  filter_local:\n    DestinationIp|cidr:\n      - 127.0.0.0/8\n"
                    f"      - 10.0.0.0/8\n      - {net}\n  condition: selection and not 1 of filter_*\n")
        process = self.process() if self.r.randrange(2) else ""
        return f"{text}{self.names('DestinationHostname')}{process}  condition: selection\n"

    def dns(self, field):
        text = "  selection:\n" + self.names(field)
        if self.r.randrange(2):
            return (f"{text}  filter_main:\n    Image: null\n  filter_optional:\n{self.process()}"
                    "  condition: selection and not 1 of filter_*\n")
        return text + "  condition: selection\n"

    def http(self, agent, uri):
        lines = "".join(f"      - '{self.word(2)}/{self.r.randrange(10)}.{self.r.randrange(100)}'\n"
                        f"      - '/{self.word(3)}/'\n"
                        for _ in range(self.r.randint(1, 4)))
        return f"  selection:\n    {self.r.choice((agent, uri))}|contains|all:\n{lines}  condition: selection\n"

    def rule(self, number):
        source, body = self.r.choices((
            ("network_connection\n  product: windows", self.connection),
            ("dns_query\n  product: windows", lambda: self.dns("QueryName")), ("dns", lambda: self.dns("query")),
            ("proxy", lambda: self.http("c-useragent", "c-uri")),
            ("webserver", lambda: self.http("cs-user-agent", "cs-uri-query"))), (4, 3, 1, 1, 1))[0]
        return (f"title: Rule {number}\nid: 00000000-0000-4000-8000-{number:012}\nlogsource:\n  category: {source}\n"
                f"level: medium\ndetection:\n{body()}")


def write(folder, count, seed=1):
    os.makedirs(folder, exist_ok=True)
    maker = Maker(seed)
    for first in range(0, count, PER_FILE):
        rules = [maker.rule(n) for n in range(first, min(count, first + PER_FILE))]
        with open(os.path.join(folder, f"rules{first:05}.yml"), "w", encoding="utf-8") as f:
            f.write("---\n".join(rules))


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
