#!/usr/bin/python3
"""Compares what egret finds in captures with what tshark found in them.

    compare_truth.py EGRET CAPTURES TRUTH [--only TEXT] [--list] [--differences FILE]

For every capture of the folder CAPTURES with readings in TRUTH (CAPTURE.dns.tsv, .tls.tsv,
.quic.tsv, .quicref.tsv, .http.tsv, .flows.tsv; the first line names the columns), EGRET reads the capture and
its records are compared as distinct tuples:

    question    client, name, type                  of DNS
    answer      client, name, type, response code, addresses, canonical names
    tls, quic   client, server, server name
    http        client, server, host

and the bytes of its connections as truth_bytes.py says (.flows.tsv, lab-upload-truth.tsv).

The bounds below hold over all captures together. A tuple that only one side has must be listed in
tests/truth-differences.tsv (capture, kind, missing or extra, tuple, reason), and a line of that
list whose difference is gone must go. --list prints what is not listed, in that form.

What is read fairly, and why:
* Names are compared in the form of core/hostname.h. tshark writes odd bytes in octal or as C escapes,
  with the backslash doubled, and loses bytes from 0x80 on: such a byte matches any escapes. It does
  not tell a dot inside a label from one between labels: ours (\\046) matches both.
* DNS messages that tshark notes as mismatched, or that are not to port 53, mDNS questions and LLMNR are
  counted apart ("other"), without a bound: there is no one right reading of them, and tshark guesses
  protocols on odd ports. mDNS answers hold no question and are not compared. In the fuzzed capture it
  counts that the damage does no harm, not what is made of it.
* QUIC is wanted in version 1, version 2 and the drafts from 29 on; older ones may be found.
* The target of CONNECT or of an absolute URL and the Host field may differ: either name counts.
* AYIYA and CAPWAP tunnels and packets quoted in ICMP errors are not asked for, but may be found.
"""
import argparse
import collections
import ipaddress
import json
import os
import re
import subprocess
import sys
import tempfile

import truth_bytes

BOUNDS = {"question": 99.9, "answer": 99.9, "tls": 99.5, "quic": 99.0, "http": 99.5}
KINDS = list(BOUNDS) + ["other"]
BYTES = ["bytes", "body"]
NOT_ASKED_FOR = {"icmp", "ayiya", "capwap", "capwap.data"}
DAMAGED = {"nDPI__default__fuzz-2006-06-26-2594.pcap"}
# independent decryption of QUIC that names the outer addresses of a tunnel
OUTER_ADDRESSES = {"generated__enc-6in4.pcap"}
HERE = os.path.dirname(os.path.abspath(__file__))
DOMAINS = os.path.join(HERE, "..", "domains")

TYPES = {name: int(number) for name, number in (pair.split("=") for pair in """
A=1 NS=2 MD=3 MF=4 CNAME=5 SOA=6 MB=7 MG=8 MR=9 NULL=10 WKS=11 PTR=12 HINFO=13 MINFO=14 MX=15 TXT=16
RP=17 AFSDB=18 X25=19 ISDN=20 RT=21 NSAP=22 NSAP-PTR=23 SIG=24 KEY=25 PX=26 GPOS=27 AAAA=28 LOC=29
NXT=30 EID=31 NIMLOC=32 SRV=33 ATMA=34 NAPTR=35 KX=36 CERT=37 A6=38 DNAME=39 SINK=40 OPT=41 APL=42
DS=43 SSHFP=44 IPSECKEY=45 RRSIG=46 NSEC=47 DNSKEY=48 DHCID=49 NSEC3=50 NSEC3PARAM=51 TLSA=52 SMIMEA=53
HIP=55 NINFO=56 RKEY=57 TALINK=58 CDS=59 CDNSKEY=60 OPENPGPKEY=61 CSYNC=62 ZONEMD=63 SVCB=64 HTTPS=65
SPF=99 UINFO=100 UID=101 GID=102 UNSPEC=103 NID=104 L32=105 L64=106 LP=107 EUI48=108 EUI64=109 TKEY=249
TSIG=250 IXFR=251 AXFR=252 MAILB=253 MAILA=254 ANY=255 URI=256 CAA=257 AVC=258 DOA=259 AMTRELAY=260
TA=32768 DLV=32769""".split())}
RCODES = {name: i for i, name in enumerate(
    "NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE".split())}
C_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
LOST = "\ufffd"


def escape(b):
    c = chr(b).lower()
    return c if 0x20 < b < 0x7f and c != "\\" else "\\%03d" % b


def canonical(text):
    """tshark's name in our form; LOST stands for bytes that it lost."""
    if text == "<Root>":
        return "."
    text = text.replace("\\\\", "\\")
    out = []
    i = 0
    while i < len(text):
        octal = re.match(r"\\([0-3][0-7]{2})", text[i:])
        if octal:
            out.append(escape(int(octal[1], 8)))
            i += 4
        elif text[i] == "\\" and text[i + 1:i + 2] in C_ESCAPES:
            out.append(escape(C_ESCAPES[text[i + 1]]))
            i += 2
        elif text[i] == "\\" and text[i + 1:i + 2] == "\\":
            out.append(escape(0x5c))
            i += 2
        elif text[i] == LOST:
            out.append(LOST)
            i += 1
        else:
            out.extend(escape(b) for b in text[i].encode("utf-8"))
            i += 1
    name = "".join(out)
    return name[:-1] if len(name) > 1 and name.endswith(".") else name


def authority(text):
    """Host of an authority: no user, no port, no brackets."""
    text = text.strip().rsplit("@", 1)[-1]
    bracketed = re.match(r"\[([^\]]*)\]", text)
    if bracketed:
        return bracketed[1].lower()
    if text.count(":") == 1:
        text = text.split(":")[0]
    return canonical(text)


def address(text):
    a = ipaddress.ip_address(text)
    if a.version == 6 and a.ipv4_mapped:
        a = a.ipv4_mapped
    return str(a)


def addresses(items):
    return ",".join(sorted({address(x) for x in items if x}))


def whole(capture):
    """A copy with all packets on one interface has the reading of the original."""
    return re.sub(r"\.single-iface\.pcap$", ".pcapng", capture)


def rows(truth, capture, kind):
    return rows_of(os.path.join(truth, f"{whole(capture)}.{kind}.tsv"))


def rows_of(path):
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8", errors="replace") as f:
        names = f.readline().rstrip("\n").lstrip("#").split("\t")
        for line in f:
            if not line.startswith("#"):
                yield dict(zip(names, line.rstrip("\n").split("\t")))


class Reading:
    """Tuples by kind. `wanted` holds sets of alternatives; `allowed` may be found as well."""

    def __init__(self):
        self.wanted = collections.defaultdict(set)
        self.allowed = collections.defaultdict(set)

    def add(self, kind, asked_for, *alternatives):
        if asked_for:
            self.wanted[kind].add(frozenset(alternatives))
        self.allowed[kind].update(alternatives)


def truth_dns(truth, capture, r):
    for row in rows(truth, capture, "dns"):
        name = row["qname"]
        if not name or not row["qtype"] or row["dissector"] == "mdns" and row["qr"] == "R":
            continue
        plain = (row["dissector"] == "dns" and row["sport"] == "53" and not row["note"]
                 and (name == "<Root>" or not name.startswith("<")))
        asked_for = not NOT_ASKED_FOR & set(row["encap"].split(","))
        question = (address(row["client"]), canonical(name), row["qtype"])
        if row["qr"] == "R":
            cnames = ",".join(sorted({canonical(c) for c in row["cname"].split(",") if c}))
            found = addresses(row["a"].split(",") + row["aaaa"].split(","))
            t = question + (row["rcode"] or "0", found, cnames)
        else:
            t = question
        kind = "answer" if row["qr"] == "R" else "question"
        r.add(kind if plain else "other", asked_for, t)
        if not plain:
            r.allowed[kind].add(t)


def truth_quic(truth, capture, r):
    def modern(version):
        v = int(version.split("|")[0], 16) if version.startswith("0x") else 0
        return v in (1, 0x6b3343cf) or 0xff00001d <= v <= 0xff000022

    for row in rows(truth, capture, "quic"):
        if row["sni"]:
            asked_for = (row["kind"] == "CH" and modern(row["version"])
                         and not NOT_ASKED_FOR & set(row["encap"].split(",")))
            r.add("quic", asked_for,
                  (address(row["src"]), address(row["dst"]), canonical(row["sni"])))
    for row in rows(truth, capture, "quicref") if capture not in OUTER_ADDRESSES else ():
        if row["sni"]:
            r.add("quic", modern(row["version"]),
                  (address(row["src"]), address(row["dst"]), canonical(row["sni"])))


def truth_http(truth, capture, r):
    for row in rows(truth, capture, "http"):
        if row["kind"] != "http" or row["l4"] != "tcp" or row["in_tls"] != "0":
            continue
        names = [row["host"]] if row["host"] else []
        full = re.match(r"[a-z][a-z0-9+.-]*://([^/?#]*)", row["uri"], re.I)
        if row["method"] == "CONNECT" and not row["uri"].startswith("/"):
            names.append(row["uri"])
        elif full:
            names.append(full[1])
        ends = (address(row["client"]), address(row["server"]))
        asked_for = names and not NOT_ASKED_FOR & set(row["encap"].split(","))
        r.add("http", asked_for, *(ends + (authority(n),) for n in names))


def read_truth(truth, capture):
    r = Reading()
    if capture not in DAMAGED:
        truth_dns(truth, capture, r)
    for row in rows(truth, capture, "tls"):
        if row["sni"]:
            r.add("tls", not NOT_ASKED_FOR & set(row["encap"].split(",")),
                  (address(row["client"]), address(row["server"]), canonical(row["sni"])))
    truth_quic(truth, capture, r)
    truth_http(truth, capture, r)
    return r


def number(text, table, prefix):
    if text in table:
        return str(table[text])
    return text[len(prefix):] if text.startswith(prefix) else text


def found_dns(record, found):
    dns, ours = record["dns"], record["egret"]["dns"]
    name = dns["question"].get("name")
    if not name:
        return
    plain = ours["flavour"] == "dns" and record["destination"].get("port") == 53
    question = (address(record["source"]["ip"]), name,
                number(dns["question"]["type"], TYPES, "TYPE"))
    if ours["asked"]:
        found["question" if plain else "other"].add(question)
    if ours["answered"] and ours["flavour"] != "mdns":
        all_records = dns.get("answers", []) + ours.get("authority", []) + ours.get("additional", [])
        ips = addresses(a["data"] for a in all_records if a["type"] in ("A", "AAAA"))
        cnames = ",".join(sorted({a["data"] for a in all_records if a["type"] == "CNAME"}))
        found["answer" if plain else "other"].add(
            question + (number(dns["response_code"], RCODES, "RCODE"), ips, cnames))


def read_egret(egret, path, cache):
    """Tuples by kind, bytes, and what went wrong."""
    found = collections.defaultdict(set)
    told = truth_bytes.Bytes()
    p = subprocess.run([egret, "-r", path, "--records", "-", "-d", DOMAINS, "--cache", cache],
                       capture_output=True, timeout=300, check=False)
    trouble = None
    if p.returncode:
        last = p.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        trouble = f"exit status {p.returncode}: {' '.join(last)}"
    for line in p.stdout.splitlines():
        record = json.loads(line)
        kind = record["event"]["dataset"].removeprefix("egret.")
        ends = (address(record["source"]["ip"]), address(record["destination"]["ip"]))
        if kind == "dns":
            if os.path.basename(path) not in DAMAGED:
                found_dns(record, found)
        elif kind == "conn":
            told.take(record, address)
        elif kind in ("tls", "quic"):
            name = record["tls"].get("client", {}).get("server_name")
            if name:
                found[kind].add(ends + (name,))
        elif kind == "http":
            name = record.get("url", {}).get("domain")
            if name:
                found[kind].add(ends + (name,))
    return found, told, trouble, p.returncode < 0


def restore(reading, kind, found):
    """Puts the names we found for those of which tshark lost something."""
    def matched(t):
        if any(LOST in x for x in t):
            patterns = [re.compile(r"(?:\\\d{3})+".join(map(re.escape, re.split(LOST + "+", x))))
                        for x in t]
            return {f for f in found
                    if len(f) == len(t) and all(p.fullmatch(x) for p, x in zip(patterns, f))} or {t}
        return dotted.get(t, {t}) if t not in found else {t}

    dotted = collections.defaultdict(set)  # by what tshark makes of dots inside labels
    for f in found:
        if any("\\046" in x for x in f):
            dotted[tuple(x.replace("\\046", ".") for x in f)].add(f)
    reading.wanted[kind] = {frozenset().union(*map(matched, w)) for w in reading.wanted[kind]}
    reading.allowed[kind] = set().union(*map(matched, reading.allowed[kind]))


def text_of(t):
    return " ".join(x or "-" for x in t)


def compare(reading, found):
    """(kind, missing or extra, tuple as text), and the number wanted by kind."""
    differences = []
    wanted = {}
    for kind in KINDS:
        # what the truth counts apart may be found as ordinary DNS
        have = found[kind] | (found["question"] | found["answer"] if kind == "other" else set())
        restore(reading, kind, have)
        wanted[kind] = len(reading.wanted[kind])
        for w in reading.wanted[kind]:
            if not w & have:
                differences.append((kind, "missing", text_of(sorted(w)[0])))
        for f in found[kind] - reading.allowed[kind] - reading.allowed["other"]:
            differences.append((kind, "extra", text_of(f)))
    return sorted(differences), wanted


def compare_bytes(truth, capture, told):
    """The same, of connections' bytes."""
    if capture in DAMAGED:
        return [], {}
    flows = truth_bytes.read_flows(rows(truth, capture, "flows"), address, NOT_ASKED_FOR)
    compared, by_flow = truth_bytes.compare_flows(flows, told.told) if flows else (0, [])
    uploads, by_name = truth_bytes.compare_uploads(
        rows_of(os.path.join(truth, "lab-upload-truth.tsv")), capture, told.by_name, authority)
    found = [("bytes",) + d for d in by_flow] + [("body",) + d for d in by_name]
    return sorted(found), {"bytes": compared, "body": uploads}


def read_list(path):
    listed = {}
    if not os.path.exists(path):
        return listed
    with open(path, encoding="utf-8") as f:
        for i, line in enumerate(f, 1):
            if line.startswith("#") or not line.strip():
                continue
            fields = line.rstrip("\n").split("\t")
            if len(fields) != 5 or not fields[4].strip():
                sys.exit(f"{path}:{i}: not capture, kind, missing or extra, tuple, reason")
            listed[tuple(fields[:4])] = fields[4]
    return listed


def main():
    p = argparse.ArgumentParser()
    p.add_argument("egret")
    p.add_argument("captures")
    p.add_argument("truth")
    p.add_argument("--only", help="captures whose name holds this")
    p.add_argument("--list", action="store_true", help="print differences that are not listed")
    p.add_argument("--differences", default=os.path.join(HERE, "truth-differences.tsv"))
    a = p.parse_args()

    listed = read_list(a.differences)
    seen = set()
    wanted, missing, extra = (collections.Counter() for _ in range(3))
    unlisted = failed = 0
    readings = os.listdir(a.truth)
    captures = sorted(f for f in os.listdir(a.captures) if re.search(r"\.(pcap|pcapng)$", f))
    captures = [c for c in captures if not a.only or a.only in c]
    cache = tempfile.TemporaryDirectory()
    for capture in captures:
        found, told, trouble, crashed = read_egret(a.egret, os.path.join(a.captures, capture), cache.name)
        if trouble:
            print(f"{capture}: {trouble}")
        if not any(n.startswith(whole(capture) + ".") for n in readings):
            print(f"{capture}: no reading of it to compare with")
        failed += crashed
        for t in told.wrong_ids:
            print(f"{capture}: a wrong Community ID: {t}")
            failed += 1
        differences, n = compare(read_truth(a.truth, capture), found)
        wanted.update(n)
        of_bytes, n = compare_bytes(a.truth, capture, told)
        differences += of_bytes
        wanted.update(n)
        for kind, side, t in differences:
            (missing if side == "missing" else extra)[kind] += 1
            key = (capture, kind, side, t)
            seen.add(key)
            if key in listed or kind == "other" and side == "missing":
                continue
            unlisted += 1
            if a.list:
                print("\t".join(key + ("?",)))
            elif unlisted <= 40:
                print(f"not listed: {capture}: {kind} {side}: {t}")

    print(f"\n{len(captures)} captures\n{'kind':9} {'wanted':>7} {'found':>7} {'missing':>7} "
          f"{'extra':>6} {'found %':>8} {'bound':>6}")
    for kind in KINDS:
        found_n = wanted[kind] - missing[kind]
        share = 100 * found_n / wanted[kind] if wanted[kind] else 100.0
        bound = BOUNDS.get(kind)
        below = bound is not None and share < bound
        failed += below
        print(f"{kind:9} {wanted[kind]:7} {found_n:7} {missing[kind]:7} {extra[kind]:6} {share:8.2f} "
              f"{bound if bound else '-':>6}{'  below the bound' if below else ''}")
    for kind in BYTES:
        print(f"{kind:9} {wanted[kind]:7} compared, {missing[kind]} too few, {extra[kind]} too many")
    gone = [k for k in listed if k not in seen and k[0] in captures]
    for key in sorted(gone):
        print("listed, but gone: " + ": ".join(key))
    if unlisted:
        print(f"{unlisted} differences are not listed in {os.path.basename(a.differences)}")
    return 1 if unlisted or failed or gone or not captures else 0


if __name__ == "__main__":
    sys.exit(main())
