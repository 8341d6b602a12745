"""What programs found in a generated capture, held against what its generator put in.

Names are counted as often as they were told, by kind: D (questions of DNS), T (TLS), Q (QUIC) and H (HTTP).
"""
import collections
import csv
import glob
import ipaddress
import json
import os
import re
import statistics
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")]
import bench_truth  # noqa: E402


def address(text):
    """In one form: some programs write IPv6 addresses with all their zeros."""
    return str(ipaddress.ip_address(text)) if ":" in text else text


class Truth:
    def __init__(self, capture):
        with open(capture + ".truth.txt", encoding="utf-8") as f:
            self.count = {k: int(v) for k, v in (line.split() for line in f if len(line.split()) == 2)}
        self.names = collections.defaultdict(collections.Counter)
        for kind, name, times in bench_truth.table(capture + ".names.tsv"):
            self.names[kind][name] += int(times)
        lines = bench_truth.table(capture + ".uploads.tsv")
        next(lines, None)
        # client, port, server, port -> payload that the client sent
        self.uploads = {(address(c), cp, address(s), sp): int(up) for _, c, cp, s, sp, _, up, _ in lines}
        self.alerts = sum(self.count.get("rule_" + k, 0) for k in ("dns", "tls", "quic", "http"))


class Found:
    """None: the program tells nothing of the kind."""

    def __init__(self, truth):
        self.truth = truth
        self.names = {}
        self.questions = self.answers = self.flows = self.uploads = None
        self.note = ""

    def name(self, kind, name, times=1):
        self.names.setdefault(kind, collections.Counter())[name.lower().rstrip(".")] += times

    def asked(self, name):
        self.questions = (self.questions or 0) + 1
        self.name("D", name)

    def answered(self):
        self.answers = (self.answers or 0) + 1

    def flow(self):
        self.flows = (self.flows or 0) + 1

    def upload(self, key, up, name):
        """`key`: client, port, server, port as texts."""
        if self.uploads is None:
            self.uploads = {}
        if not self.truth.uploads:
            return
        key = (address(key[0]), str(key[1]), address(key[2]), str(key[3]))
        if key in self.truth.uploads:
            before, named = self.uploads.get(key, (0, ""))
            self.uploads[key] = before + int(up), named or name

    # as texts

    def distinct(self, kind):
        return len(self.names[kind].keys() & self.truth.names[kind].keys()) if kind in self.names else None

    def times(self, kind):
        """Those that were put in, and in brackets what was not, or not so often."""
        if kind not in self.names:
            return ""
        extra = (self.names[kind] - self.truth.names[kind]).total()
        return f"{(self.names[kind] & self.truth.names[kind]).total()}" + (f" (+{extra})" if extra else "")

    def told_uploads(self):
        if not self.uploads:
            return "" if self.uploads is None else "0"
        ratios = sorted(up / self.truth.uploads[k] for k, (up, _) in self.uploads.items())
        named = sum(bool(n) for _, n in self.uploads.values())
        return (f"{len(ratios)}, {named} named; bytes × {statistics.median(ratios):.3f} "
                f"({ratios[0]:.3f} to {ratios[-1]:.3f})")


def text(number):
    return "" if number is None else str(number)


def json_lines(path):
    with open(path, "rb") as f:
        for line in f:
            if line.startswith(b"{"):
                yield json.loads(line)


# egret

def of_summary(out):
    """The lines of the summary that are not of findings, by their first words."""
    with open(os.path.join(out, "stderr"), encoding="utf-8") as f:
        return {m[1]: m[2] for m in (re.match(r"(\w+): +(.*)", line) for line in f) if m}


def records_of(summary):
    return {k: int(n.replace(",", "")) for n, k in re.findall(r"(\d[\d,]*) (\w+)", summary["records"])}


def egret_findings(truth):
    def read(out):
        f = Found(truth)
        said = of_summary(out)
        f.flows = int(said["flows"].split()[0].replace(",", ""))
        with open(os.path.join(out, "stdout"), "rb") as lines:
            findings = sum(1 for _ in lines)
        made = ", ".join(f"{n} {k}" for k, n in records_of(said).items() if n)
        f.note = f"{findings} findings; records made: {made or 'none'}"
        return f
    return read


def egret_records(truth):
    """Compared name by name and upload by upload, as tests/bench_truth.py does."""
    def read(out):
        f = egret_findings(truth)(out)
        told = bench_truth.Found()
        for r in json_lines(os.path.join(out, "records")):
            told.take(r)
        for kind, names in told.names.items():
            if names or truth.names[kind]:
                f.names[kind] = names
        f.questions = told.names["D"].total()
        f.answers = told.answered
        f.uploads = {}
        for key, (name, up, _, _) in told.flows.items():
            f.upload(key, up, name)
        f.note = "as above"
        return f
    return read


# the others

def suricata(truth):
    def read(out):
        f = Found(truth)
        alerts, name = 0, {}
        for e in json_lines(os.path.join(out, "eve.json")):
            kind = e["event_type"]
            if kind == "dns":
                d = e["dns"]
                if d["type"] in ("query", "request"):
                    f.asked(d["rrname"] if "rrname" in d else (d.get("queries") or [{}])[0].get("rrname", ""))
                else:
                    f.answered()
            elif kind in ("tls", "quic", "http"):
                n = e[kind].get("hostname" if kind == "http" else "sni")
                if n:
                    f.name({"tls": "T", "quic": "Q", "http": "H"}[kind], n)
                    name[e["flow_id"]] = n
            elif kind == "alert":
                alerts += 1
            elif kind == "flow":
                f.flow()
                if truth.uploads:
                    f.upload((e["src_ip"], e.get("src_port", 0), e["dest_ip"], e.get("dest_port", 0)),
                             e["flow"]["bytes_toserver"], name.get(e["flow_id"]))
        f.note = f"{alerts} of {truth.alerts} alerts"
        return f
    return read


def mercury(truth):
    def read(out):
        f = Found(truth)
        for r in json_lines(os.path.join(out, "mercury.json")):
            client = r.get("tls", {}).get("client", {})
            if client.get("server_name"):
                f.name("Q" if r.get("protocol") == 17 else "T", client["server_name"])
            host = r.get("http", {}).get("request", {}).get("host")
            if host:
                f.name("H", host)
            dns = r.get("dns", {})
            if "query" in dns:
                f.asked((dns["query"].get("question") or [{}])[0].get("name", ""))
            elif "response" in dns:
                f.answered()
        return f
    return read


def ndpi(truth):
    """A line a flow."""
    kinds = {"TLS": "T", "QUIC": "Q", "HTTP": "H", "DNS": "D"}

    def read(out):
        f = Found(truth)
        with open(os.path.join(out, "flows.csv"), encoding="utf-8", errors="replace", newline="") as lines:
            for r in csv.DictReader(lines):
                f.flow()
                name = r.get("server_name_sni")
                kind = kinds.get(r["ndpi_proto"].split(".")[0])
                if name and kind:
                    f.name(kind, name)
                if truth.uploads:
                    f.upload((r["src_ip"], r["src_port"], r["dst_ip"], r["dst_port"]), r["c_to_s_goodput_bytes"], name)
        return f
    return read


def passivedns(truth):
    """A name once, with the answers."""
    def read(out):
        f = Found(truth)
        for path in "answers", "nxdomain":
            if os.path.exists(os.path.join(out, path)):
                with open(os.path.join(out, path), encoding="utf-8", errors="replace") as lines:
                    for line in lines:
                        part = line.split("||")
                        if len(part) > 4:
                            f.name("D", part[4])
        return f
    return read


def dnscap(truth):
    flags, question = re.compile(r"\tdns \w+,\w+,\d+,?(\S*)"), re.compile(r"\t1 ([^,]+),IN,")

    def read(out):
        f, response = Found(truth), False
        with open(os.path.join(out, "stderr"), encoding="utf-8", errors="replace") as lines:
            for line in lines:
                m = flags.match(line)
                if m:
                    response = "qr" in m[1].split("|")
                    if response:
                        f.answered()
                    else:
                        f.questions = (f.questions or 0) + 1
                elif m := question.match(line):
                    f.name("D", m[1])
        return f
    return read


def zeek(truth):
    """Logs as JSON, several files."""
    def read(out):
        f, name = Found(truth), {}
        for log, kind, field in ("ssl", "T", "server_name"), ("quic", "Q", "server_name"), ("http", "H", "host"):
            for path in glob.glob(os.path.join(out, log + ".log")):
                for r in json_lines(path):
                    if r.get(field):
                        f.name(kind, r[field])
                        name[r["uid"]] = r[field]
        for path in glob.glob(os.path.join(out, "dns.log")):
            for r in json_lines(path):
                f.asked(r.get("query", ""))
                if "rcode" in r:
                    f.answered()
        for path in glob.glob(os.path.join(out, "conn.log")):
            for r in json_lines(path):
                f.flow()
                if truth.uploads:
                    f.upload((r["id.orig_h"], r["id.orig_p"], r["id.resp_h"], r["id.resp_p"]), r.get("orig_bytes", 0),
                             name.get(r["uid"]))
        return f
    return read


TSHARK_FIELDS = ("udp.srcport", "dns.flags.response", "dns.qry.name", "tls.handshake.extensions_server_name",
                 "http.host")


def tshark(truth):
    def read(out):
        f = Found(truth)
        with open(os.path.join(out, "stdout"), encoding="utf-8", errors="replace") as lines:
            for line in lines:
                udp, response, asked, server, host = line.rstrip("\n").split("\t")
                if response in ("1", "True"):
                    f.answered()
                elif response:
                    f.asked(asked)
                for kind, names in ("Q" if udp else "T", server), ("H", host):
                    for n in names.split(",") if names else ():
                        f.name(kind, n)
        return f
    return read


def argus(truth):
    """What ra prints: proto, saddr, sport, daddr, dport, sappbytes, dappbytes. Who opened it is not always right."""
    def read(out):
        f = Found(truth)
        with open(os.path.join(out, "stdout"), encoding="utf-8", errors="replace") as lines:
            for line in lines:
                part = line.split(",")
                if len(part) < 7 or part[0] not in ("tcp", "udp"):
                    continue
                f.flow()
                if truth.uploads:
                    f.upload(part[1:5], part[5] or 0, None)
                    f.upload(part[3:5] + part[1:3], part[6] or 0, None)
        return f
    return read


def nfpcapd(truth):
    """What nfdump prints: sa, sp, da, dp, bytes; a record each direction."""
    def read(out):
        f = Found(truth)
        with open(os.path.join(out, "stdout"), encoding="utf-8", errors="replace") as lines:
            for line in lines:
                part = [p.strip() for p in line.split(",")]
                if len(part) != 5:
                    continue
                f.flow()
                if truth.uploads:
                    f.upload(part[:4], part[4], None)
        f.note = "a flow is one direction"
        return f
    return read


def softflowd(truth):
    def read(out):
        f = Found(truth)
        with open(os.path.join(out, "stderr"), encoding="utf-8", errors="replace") as e, \
                open(os.path.join(out, "stdout"), encoding="utf-8", errors="replace") as o:
            m = re.search(r"Flows expired: (\d+)", e.read() + o.read())
        f.flows = int(m[1]) if m else None
        return f
    return read


def records_told(out):
    """tests/bench/sensor"""
    f = Found(None)
    with open(os.path.join(out, "stdout"), encoding="utf-8") as o:
        f.note = o.read().strip() + ", looked at by nobody"
    return f


def table(kind, truth, rows):
    """Of (name, found) pairs, as texts: what was put in first."""
    heads = {"mix": ["", "DNS names", "questions", "answers", "TLS", "QUIC", "HTTP", "flows", "uploads", "beside"],
             "dns": ["", "names", "questions", "answers", "flows", "beside"],
             "syn": ["", "flows", "beside"]}[kind]
    c = truth.count
    put = {"DNS names": len(truth.names["D"]), "questions": c["dns_queries"], "answers": c["dns_responses"],
           "flows": c["flows"], "uploads": len(truth.uploads), "beside": ""}
    put["names"] = put["DNS names"]
    put.update({t: truth.names[k].total() for t, k in (("TLS", "T"), ("QUIC", "Q"), ("HTTP", "H"))})
    told = [heads, ["put in"] + [text(put[h]) for h in heads[1:]]]
    for name, f in rows:
        cell = {"questions": text(f.questions), "answers": text(f.answers), "flows": text(f.flows), "beside": f.note}
        if f.truth:
            cell.update({"DNS names": text(f.distinct("D")), "TLS": f.times("T"), "QUIC": f.times("Q"),
                         "HTTP": f.times("H"), "uploads": f.told_uploads()})
            cell["names"] = cell["DNS names"]
        told.append([name] + [cell.get(h, "") for h in heads[1:]])
    return told
