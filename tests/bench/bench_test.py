#!/usr/bin/python3
"""The benchmark itself, on tiny captures: it runs, egret finds all that was put in, what other programs write is
read, and each command replaces only its own part of the results. As a test: in the build's folder."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE]
import found  # noqa: E402
import measure  # noqa: E402
from results import Report  # noqa: E402

passed = failed = 0


def check(condition, what):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {what}")


def cells(text, title):
    """Rows by name of the table that follows a line."""
    rows = {}
    for line in text[text.index(title):].splitlines()[1:]:
        if line.startswith("|"):
            first, *rest = [c.strip() for c in line.strip("|").split("|")]
            rows[first] = rest
        elif rows:
            break
    return rows


def run_tiny(folder):
    results = os.path.join(folder, "RESULTS.md")
    with open(results, "w", encoding="utf-8") as f:
        f.write("# Old\n\n## ./dev bench\n\nold figures\n\n## ./dev capacity\n\nkept figures\n")
    options = "--scale 0.002 --runs 1 --rules 50 --peers no --kinds mix,syn --results".split()
    p = subprocess.run([os.path.join(HERE, "bench.py"), "run", ".", folder, *options, results],
                       capture_output=True, text=True)
    check(p.returncode == 0, f"bench.py ends with {p.returncode}\n{p.stdout}{p.stderr}")
    if p.returncode:
        return
    with open(results, encoding="utf-8") as f:
        kept = f.read()
    check("old figures" not in kept and "kept figures" in kept, "only the own part of the results is replaced")
    check(kept.index("## ./dev bench\n") < kept.index("## ./dev capacity"), "parts keep their order")
    check("--scale 0.002 --runs 1 --rules 50" in kept, "the command is told with its options")
    goals = cells(p.stdout, "### Targets")
    for kind in "mix", "syn":
        check(goals.get(f"{kind}: everything found", [])[:2] == ["all", "met"], f"all is found in {kind}: {goals}")
    told = cells(p.stdout[p.stdout.index("### mix"):], "Found:")
    put, ours = told["put in"], told["egret, each record as JSON"]
    check(put[:7] == ours[:7] and int(put[3]) > 20, f"what was put in and what was found differ: {put} {ours}")
    cost = cells(p.stdout, "### syn")
    check(cost["bare libpcap loop"][1] == "1.00" and float(cost["egret"][4]) > 1, f"costs: {cost}")


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.write(text)


def make_truth(folder):
    write(folder, "t.truth.txt", "packets 9\nwire_bytes 900\nflows 3\ndns_queries 2\ndns_responses 1\nrule_tls 1\n")
    write(folder, "t.names.tsv", "D\tone.example\t2\nT\ttwo.example\t1\nQ\tthree.example\t1\nH\tfour.example\t1\n")
    write(folder, "t.uploads.tsv", "proto\tclient\tcport\tserver\tsport\tname\tpayload_up\tpayload_down\n"
          "tls\t2001:db8::1\t1000\t2001:db8::2\t443\ttwo.example\t500\t10\n")
    return found.Truth(os.path.join(folder, "t"))


def readers(folder):
    """Of programs that need not be installed."""
    truth = make_truth(folder)
    full = "2001:0db8:0000:0000:0000:0000:0000:000"
    events = [{"event_type": "dns", "dns": {"type": "query", "rrname": "one.example"}},
              {"event_type": "dns", "dns": {"type": "request", "queries": [{"rrname": "One.example"}]}},
              {"event_type": "dns", "dns": {"type": "answer", "rrname": "one.example"}},
              {"event_type": "quic", "flow_id": 2, "quic": {"version": "1"}},
              {"event_type": "quic", "flow_id": 2, "quic": {"sni": "three.example"}},
              {"event_type": "tls", "flow_id": 1, "tls": {"sni": "two.example"}},
              {"event_type": "http", "flow_id": 3, "http": {"hostname": "other.example"}},
              {"event_type": "alert"},
              {"event_type": "flow", "flow_id": 1, "src_ip": full + "1", "src_port": 1000, "dest_ip": full + "2",
               "dest_port": 443, "flow": {"bytes_toserver": 550}}]
    write(folder, "eve.json", "".join(json.dumps(e) + "\n" for e in events))
    f = found.suricata(truth)(folder)
    check((f.questions, f.answers, f.flows, f.note) == (2, 1, 1, "1 of 1 alerts"), f"Suricata: {vars(f)}")
    check((f.distinct("D"), f.times("T"), f.times("Q"), f.times("H")) == (1, "1", "1", "0 (+1)"), "Suricata's names")
    check(f.told_uploads() == "1, 1 named; bytes × 1.100 (1.100 to 1.100)", f.told_uploads())
    write(folder, "mercury.json", "".join(json.dumps(r) + "\n" for r in (
        {"tls": {"client": {"server_name": "two.example"}}, "protocol": 6},
        {"tls": {"client": {"server_name": "three.example"}}, "protocol": 17},
        {"http": {"request": {"host": "four.example"}}}, {"dns": {"response": {}}},
        {"dns": {"query": {"question": [{"name": "one.example."}]}}})))
    f = found.mercury(truth)(folder)
    check((f.times("T"), f.times("Q"), f.times("H"), f.questions, f.answers) == ("1", "1", "1", 1, 1), "mercury")
    write(folder, "answers", "1.0||10.0.0.1||10.0.0.2||IN||one.example.||A||192.0.2.1||60||1\n")
    check(found.passivedns(truth)(folder).distinct("D") == 1, "passivedns")
    write(folder, "conn.log", json.dumps({"uid": "C1", "id.orig_h": "2001:db8::1", "id.orig_p": 1000, "id.resp_p": 443,
                                          "id.resp_h": "2001:db8::2", "orig_bytes": 500}) + "\n")
    write(folder, "ssl.log", json.dumps({"uid": "C1", "server_name": "two.example"}) + "\n")
    f = found.zeek(truth)(folder)
    check((f.flows, f.times("T"), f.told_uploads()[:10]) == (1, "1", "1, 1 named"), "Zeek")


def limits(folder):
    """One that takes too long, too much memory, or fails, is told so; and memory is the program's own."""
    tool = os.path.join(folder, "cost")
    subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-o", tool, os.path.join(HERE, "cost.c")], check=True)
    out = os.path.join(folder, "out")
    check(measure.run(tool, ["sleep", "5"], out, limit=1) == (None, "stopped after 1 s"), "a limit of time")
    cost, why = measure.run(tool, ["sh", "-c", "echo no good >&2; exit 3"], out)
    check(cost is None and why == "exit status 3: no good", f"a failure: {why}")
    large = bytearray(100_000_000)
    cost, _ = measure.run(tool, ["sleep", "0"], out)
    check(cost.mb < 50 < len(large), f"sleep takes {cost.mb:.0f} MB")


def main():
    if not shutil.which("gcc"):
        print("skipped: no gcc")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        readers(folder)
        limits(folder)
        run_tiny(folder)
        report = Report()
        report.lines = ["figures"]
        report.keep(os.path.join(folder, "new.md"), "./dev bench growth")
        with open(os.path.join(folder, "new.md"), encoding="utf-8") as f:
            check("## ./dev bench growth\n\nCommand: `./dev bench growth`. figures\n" in f.read(), "a new file")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
