"""The lab's network, where every box is a network namespace lab-PID-NAME:

    client11 ... client14 --- lan [router] wan --- cloud: DNS, HTTPS, HTTP/3, HTTP
    10.77.0.11 ...  .14       |                    10.77.1.53 and the addresses of hosts.tsv
    fd77::11 ... ::14         | tc mirrors what "lan" takes and gives
                              mirror --- span [sensor]

The router's side of the clients is a bridge; it knows no way to anywhere else.
"""
import glob
import os
import re
import shutil

from base import HERE, run

CLIENTS = (11, 12, 13, 14)
RESOLVER = "10.77.1.53"
OFFLOADS = ("tso", "gso", "gro", "tx", "rx")


def hosts():
    """hosts.tsv as dictionaries."""
    keys = ("name", "ipv4", "ipv6", "alias", "server", "kind")
    with open(os.path.join(HERE, "hosts.tsv"), encoding="utf-8") as f:
        return [dict(zip(keys, line.rstrip("\n").split("\t"))) for line in f if not line.startswith("#")]


def sweep():
    """Removes what a lab left behind that was killed."""
    for line in run("ip", "netns", "list").splitlines():
        m = re.match(r"lab-(\d+)-\w+", line)
        if m and not os.path.exists(f"/proc/{m[1]}"):
            remove(m[0])


def remove(namespace):
    for pid in run("ip", "netns", "pids", namespace, check=False).split():
        try:
            os.kill(int(pid), 9)
        except ProcessLookupError:
            pass
    run("ip", "netns", "del", namespace, check=False)
    shutil.rmtree(f"/etc/netns/{namespace}", ignore_errors=True)


class Topology:
    def __init__(self, boxes=()):
        self.prefix = f"lab-{os.getpid()}-"
        self.cables = []
        self.boxes = []
        for b in boxes:
            self.box(b)

    def box(self, name):
        run("ip", "netns", "add", self.prefix + name)
        self.boxes.append(name)
        self.ip(name, "link", "set", "lo", "up")

    def inside(self, name):
        """What goes before a command to run it in a box."""
        return ("ip", "netns", "exec", self.prefix + name)

    def ip(self, name, *words):
        run("ip", "-n", self.prefix + name, *words)

    def tc(self, name, *words):
        run("tc", "-n", self.prefix + name, *words)

    def cable(self, a, a_name, b, b_name):
        run("ip", "link", "add", a_name, "netns", self.prefix + a, "type", "veth", "peer", "name", b_name, "netns",
            self.prefix + b)
        for end in (a, a_name), (b, b_name):
            self.ip(end[0], "link", "set", end[1], "up")
            self.cables.append(end)

    def offload(self, on):
        """With it, packets are up to 64 kB long and their checksums are left open, as a card would have it."""
        for box, name in self.cables:
            if name not in ("mirror", "span"):
                words = (w for o in OFFLOADS for w in (o, "on" if on else "off"))
                run(*self.inside(box), "ethtool", "-K", name, *words)

    def build(self):
        for b in ("router", "cloud", "sensor", *(f"client{i}" for i in CLIENTS)):
            self.box(b)
        self.ip("router", "link", "add", "lan", "type", "bridge")
        for words in (("link", "set", "lan", "up"), ("addr", "add", "10.77.0.1/24", "dev", "lan"),
                      ("addr", "add", "fd77::1/64", "dev", "lan", "nodad"),
                      ("route", "add", "unreachable", "default"), ("-6", "route", "add", "unreachable", "default")):
            self.ip("router", *words)
        run(*self.inside("router"), "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        for i in CLIENTS:
            self.client(i)
        self.cloud()
        self.cable("router", "mirror", "sensor", "span")
        self.mirror()

    def client(self, i):
        box = f"client{i}"
        self.cable(box, "eth0", "router", f"port{i}")
        self.ip("router", "link", "set", f"port{i}", "master", "lan")
        self.ip(box, "addr", "add", f"10.77.0.{i}/24", "dev", "eth0")
        self.ip(box, "addr", "add", f"fd77::{i}/64", "dev", "eth0", "nodad")
        self.ip(box, "route", "add", "default", "via", "10.77.0.1")
        self.ip(box, "-6", "route", "add", "default", "via", "fd77::1")
        # "ip netns exec" puts these over /etc
        etc = f"/etc/netns/{self.prefix}{box}"
        os.makedirs(etc + "/ssl/certs")
        with open(etc + "/resolv.conf", "w", encoding="ascii") as f:
            f.write(f"nameserver {RESOLVER}\n")

    def trust(self, authority):
        """Every client takes the certificates of this authority, and of nobody else."""
        for i in CLIENTS:
            shutil.copy(authority, f"/etc/netns/{self.prefix}client{i}/ssl/certs/ca-certificates.crt")

    def cloud(self):
        self.cable("cloud", "eth0", "router", "wan")
        self.ip("router", "addr", "add", "10.77.1.1/24", "dev", "wan")
        self.ip("router", "addr", "add", "2001:db8:77::1/64", "dev", "wan", "nodad")
        self.ip("cloud", "addr", "add", RESOLVER + "/24", "dev", "eth0")
        self.ip("cloud", "route", "add", "10.77.0.0/24", "via", "10.77.1.1")
        for net in "198.51.100.0/24", "203.0.113.0/24":
            self.ip("router", "route", "add", net, "via", RESOLVER)
        for a in sorted({h["ipv4"] for h in hosts()} - {"-"}):
            self.ip("cloud", "addr", "add", a + "/32", "dev", "eth0")
        for a in sorted({h["ipv6"] for h in hosts()} - {"-"}):
            self.ip("cloud", "addr", "add", a + "/64", "dev", "eth0", "nodad")
        self.ip("cloud", "-6", "route", "add", "fd77::/64", "via", "2001:db8:77::1")

    def mirror(self):
        """Both directions of "lan" go to "mirror", and so to the sensor."""
        self.tc("router", "qdisc", "add", "dev", "lan", "clsact")
        for way in "ingress", "egress":
            self.tc("router", "filter", "add", "dev", "lan", way, "protocol", "all", "u32", "match", "u32", "0", "0",
                    "action", "mirred", "egress", "mirror", "dev", "mirror")

    def close(self):
        for b in self.boxes:
            remove(self.prefix + b)
        # a folder is left when its namespace could not be made
        for left in glob.glob(f"/etc/netns/{self.prefix}*"):
            shutil.rmtree(left, ignore_errors=True)
