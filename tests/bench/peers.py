"""Other programs that read captures, where they are found.

EGRET_BENCH_<PROGRAM> (EGRET_BENCH_SURICATA, EGRET_BENCH_NDPIREADER, ...) says how to call one, or, with semicolons
between, several versions: a path, or `chroot ROOT suricata`, whose ROOT then sees the captures at the same path,
in a mount namespace that is gone with the program. An empty value leaves the program out.
"""
import os
import shlex
import shutil
import subprocess

import found
from measure import Row, version

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = os.pathsep.join(("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
                        "/opt/zeek/bin"))
INTO_ROOT = ('mkdir -p "$1$2" && mount --bind "$2" "$1$2" || exit 127; '
             'mount -t proc proc "$1/proc" 2>/dev/null; shift 2; exec "$@"')


class Peer:
    """How a program is called: `prefix` and, if it is in a root of its own, what shows it a folder."""

    def __init__(self, program, prefix):
        self.program, self.prefix = program, prefix
        self.root = prefix[1] if len(prefix) > 2 and os.path.basename(prefix[0]) == "chroot" else None

    def command(self, folder, *arguments):
        if not self.root:
            return [*self.prefix, *arguments]
        return ["unshare", "-m", "sh", "-c", INTO_ROOT, "sh", self.root.rstrip("/"), folder, *self.prefix, *arguments]

    def version(self, option):
        return version([*self.prefix, option]) if option else ""


def peers_of(program):
    wanted = os.environ.get("EGRET_BENCH_" + program.upper())
    if wanted is None:
        path = shutil.which(program, path=os.environ.get("PATH", "") + os.pathsep + PATH)
        return [Peer(program, [path])] if path else []
    return [Peer(program, shlex.split(w)) for w in wanted.split(";") if w.strip()]


def in_shell(script, *arguments):
    return ["sh", "-c", script, "sh", *arguments]


def suricata_files(folder):
    """Configuration and rules, where a root of its own sees them."""
    to = os.path.join(folder, "suricata")
    os.makedirs(to, exist_ok=True)
    for name in "suricata.yaml", "suricata.rules":
        shutil.copy(os.path.join(HERE, name), to)
    return os.path.join(to, "suricata.yaml"), os.path.join(to, "suricata.rules")


# name, program, option that tells the version, kinds of captures, command of (peer, folder, capture, out),
# command that shows what it wrote (not timed), reader of it

def suricata(p, folder, capture, out):
    config, rules = suricata_files(folder)
    return p.command(folder, "-c", config, "-S", rules, "-r", capture, "-l", out, "--runmode", "single")


def mercury(p, folder, capture, out):
    return p.command(folder, "-r", capture, "-f", os.path.join(out, "mercury.json"), "--reassembly", "--metadata",
                     "--dns-json", "--select=tls.client_hello,quic,http.request,dns")


def ndpi(p, folder, capture, out):
    return p.command(folder, "-q", "-i", capture, "-C", os.path.join(out, "flows.csv"))


def passivedns(p, folder, capture, out):
    return p.command(folder, "-r", capture, "-l", os.path.join(out, "answers"), "-L", os.path.join(out, "nxdomain"))


def dnscap(p, folder, capture, out):
    return p.command(folder, "-g", "-r", capture)


def zeek(p, folder, capture, out):
    return in_shell('cd "$1" && shift && exec "$@"', out,
                    *p.command(folder, "-C", "-r", capture, "LogAscii::use_json=T"))


def tshark(p, folder, capture, out):
    fields = [word for name in found.TSHARK_FIELDS for word in ("-e", name)]
    return p.command(folder, "-n", "-r", capture, "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", *fields)


def softflowd(p, folder, capture, out):
    return p.command(folder, "-d", "-r", capture, "-m", "100000000")


def nfpcapd(p, folder, capture, out):
    return p.command(folder, "-r", capture, "-w", out)


def argus(p, folder, capture, out):
    return p.command(folder, "-A", "-r", capture, "-w", os.path.join(out, "argus"))


def tcpdump(p, folder, capture, out):
    return p.command(folder, "-r", capture, "-w", "/dev/null", "-Z", "root")


def show_argus(p, out):
    return ["ra", "-n", "-r", os.path.join(out, "argus"), "-c", ",", "-s", "proto", "saddr", "sport", "daddr", "dport",
            "sappbytes", "dappbytes"]


def show_nfpcapd(p, out):
    return ["nfdump", "-R", out, "-q", "-N", "-6", "-o", "fmt:%sa,%sp,%da,%dp,%byt"]


ALL, NAMES = ("mix", "dns", "syn"), ("mix", "dns")
PEERS = (
    ("tcpdump -w", "tcpdump", "--version", ALL, tcpdump, None, None),
    ("mercury", "mercury", "--version", ALL, mercury, None, found.mercury),
    ("Suricata with 80 rules", "suricata", "-V", ALL, suricata, None, found.suricata),
    ("zeek", "zeek", "--version", ALL, zeek, None, found.zeek),
    ("ndpiReader", "ndpiReader", "-h", ALL, ndpi, None, found.ndpi),
    ("dnscap -g", "dnscap", "-V", NAMES, dnscap, None, found.dnscap),
    ("passivedns", "passivedns", "-V", NAMES, passivedns, None, found.passivedns),
    ("tshark -T fields", "tshark", "--version", NAMES, tshark, None, found.tshark),
    ("softflowd", "softflowd", "-h", ALL, softflowd, None, found.softflowd),
    ("nfpcapd", "nfpcapd", "-V", ALL, nfpcapd, show_nfpcapd, found.nfpcapd),
    ("argus", "argus", "-h", ALL, argus, show_argus, found.argus),
)


def shown(show, peer, read):
    """A reader of what another command makes of it."""
    def reader(out):
        with open(os.path.join(out, "stdout"), "wb") as o:
            subprocess.run(show(peer, out), stdin=subprocess.DEVNULL, stdout=o, stderr=subprocess.DEVNULL, check=False)
        return read(out)
    return reader if show else read


def rows(kind, folder, capture, truth):
    """A row for each that is found and reads this kind of capture."""
    for name, program, option, kinds, command, show, read in PEERS:
        if kind not in kinds:
            continue
        for number, peer in enumerate(peers_of(program)):
            out = os.path.join(folder, "out", f"{program}{number}")
            said = peer.version(option)
            word, *rest = name.split(" ", 1)
            yield Row(" ".join(filter(None, [word, said, *rest])), command(peer, folder, capture, out), out,
                      shown(show, peer, read(truth)) if read else None, rounds=False)
