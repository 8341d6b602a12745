"""How cost grows: with packets, flows, rules, names and workers. What each of them costs is the figure to look at:
where it stays, growth is linear; what grows by none of them is in `start`."""
import os
import subprocess

import found
from measure import in_turn

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
RULES = os.path.join(TOP, "rules")
DOMAINS = os.path.join(TOP, "domains")
DEMO = os.path.join(TOP, "tests", "captures", "demo.pcap")
FLOWS_OF_SYN = 3_200_000
EXPANDED = """title: Names of a list
id: 00000000-0000-4000-8000-000000000001
logsource: {category: dns_query, product: windows}
level: medium
detection:
  selection:
    QueryName|expand|endswith: '.%service:Many%'
  condition: selection
"""


def first_start(b, **options):
    """CPU seconds of a start that compiles."""
    subprocess.run(["rm", "-rf", b.cache], check=True)
    return b.least(b.replay(DEMO, **options), runs=1)[0].cpu


def cost_and_start(b, capture, **options):
    """In turn: the start is a replay of the bundled capture, which has 2,000 packets."""
    return b.least(b.replay(capture, **options), b.replay(DEMO, **options))


def of_packets(b):
    rows = [["packets", "flows", "start s", "CPU s", "ns a packet", "peak MB"]]
    first_start(b, rules=(RULES,))
    for scale in 0.05, 0.2, 0.8:
        capture = b.capture("mix", scale)
        count = found.Truth(capture).count
        cost, start = cost_and_start(b, capture, rules=(RULES,))
        rows.append([f"{count['packets']}", f"{count['flows']}", f"{start.cpu:.3f}", f"{cost.cpu:.3f}",
                     f"{(cost.cpu - start.cpu) / count['packets'] * 1e9:.0f}", f"{cost.mb:.0f}"])
    b.say("Packets, of mix × 1, 4 and 16, with our rules:\n")
    b.table(rows)


def of_flows(b):
    rows = [["flows", "counted", "packets", "start s", "CPU s", "ns a flow", "peak MB"]]
    for flows in 10_000, 100_000, 1_000_000, 10_000_000:
        capture = b.capture("syn", flows / FLOWS_OF_SYN)
        count = found.Truth(capture).count
        row, start = b.row("", b.replay(capture), found.of_summary), b.row("", b.replay(DEMO))
        in_turn(b.cost, [row, start], b.runs)
        cost, start = row.least(), start.least()
        rows.append([f"{count['flows']}", row.found["flows"].split()[0].replace(",", ""), f"{count['packets']}",
                     f"{start.cpu:.3f}", f"{cost.cpu:.3f}", f"{(cost.cpu - start.cpu) / count['flows'] * 1e9:.0f}",
                     f"{cost.mb:.0f}"])
        b.forget(capture)
    b.say("Flows, each an attempt of a packet or two, without rules:\n")
    b.table(rows)


def of_rules(b):
    capture = b.capture("dns", 0.2)
    count = found.Truth(capture).count
    rows = [["rules", "first start s", "start s", "CPU s", "µs a DNS exchange", "peak MB"]]
    none, start = cost_and_start(b, capture)
    rows.append(["none", "", f"{start.cpu:.3f}", f"{none.cpu:.2f}",
                 f"{(none.cpu - start.cpu) / count['dns_queries'] * 1e6:.2f}", f"{none.mb:.0f}"])
    for number in 10, 100, 1000, 3000, 10_000:
        rules = (b.rules(number),)
        cold = first_start(b, rules=rules)
        cost, start = cost_and_start(b, capture, rules=rules)
        rows.append([f"{number}", f"{cold:.2f}", f"{start.cpu:.3f}", f"{cost.cpu:.2f}",
                     f"{(cost.cpu - start.cpu) / count['dns_queries'] * 1e6:.2f}", f"{cost.mb:.0f}"])
    b.say("Rules, on a fifth of dns; the first start compiles them:\n")
    b.table(rows)


def write_names(b, count):
    """A list of services with so many names, and a rule that looks for each of them."""
    path, rule = b.path("names.list"), b.path("names.yml")
    with open(path, "w", encoding="utf-8") as f:
        f.write("[Many]\ncategory cloud-storage\ntier B\n")
        f.writelines(f"web name-{i * 2654435761 % 2**32:08x}.example\n" for i in range(count))
    with open(rule, "w", encoding="utf-8") as f:
        f.write(EXPANDED)
    return path, rule


def of_names(b):
    capture = b.capture("dns", 0.2)
    count = found.Truth(capture).count
    for what in "in a list of services", "and the same in a rule, by a placeholder":
        rows = [["names", "first start s", "start s", "CPU s", "µs a DNS exchange", "peak MB"]]
        for number in 1000, 10_000, 100_000:
            number = max(10, int(number * min(1, b.scale * 10)))
            path, rule = write_names(b, number)
            options = {"domains": path, "rules": (rule,) if "rule" in what else ()}
            cold = first_start(b, **options)
            cost, start = cost_and_start(b, capture, **options)
            rows.append([f"{number}", f"{cold:.2f}", f"{start.cpu:.3f}", f"{cost.cpu:.2f}",
                         f"{(cost.cpu - start.cpu) / count['dns_queries'] * 1e6:.2f}", f"{cost.mb:.0f}"])
        b.say(f"Names {what}, on a fifth of dns:\n")
        b.table(rows)


def of_workers(b):
    program = os.path.join(b.build, "tests/workers")
    if not os.path.exists(program):
        return
    capture = b.capture("mix", 0.2)
    count = found.Truth(capture).count
    rows = [["workers", "CPU s", "ns a packet", "peak MB"]]
    command = lambda n, c: [program, str(n), DOMAINS, RULES, b.cache, c]  # noqa: E731
    b.least(command(1, DEMO), runs=1)
    for workers in 1, 2, 4:
        cost, start = b.least(command(workers, capture), command(workers, DEMO))
        rows.append([f"{workers}", f"{cost.cpu:.3f}", f"{(cost.cpu - start.cpu) / count['packets'] * 1e9:.0f}",
                     f"{cost.mb:.0f}"])
    b.say("Workers, each with its pipe to the analyst as the daemon has them, but all in one thread, on a fifth of "
          "mix: what it costs to divide the work. (What it gains, with threads and on an interface, `./dev capacity` "
          "measures.)\n")
    b.table(rows)


def measure(b, args):
    b.head(f"Least of {b.runs} runs" + (f", captures × {b.scale:g}" if b.scale != 1 else "") + ".")
    for part in of_packets, of_flows, of_rules, of_names, of_workers:
        part(b)
