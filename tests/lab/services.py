"""The cloud: a resolver, web servers that answer for the names of hosts.tsv, and a sink behind them that
counts what arrives."""
import base64
import hashlib
import os
import shutil

from base import HERE, run, wait_until
from topology import RESOLVER, hosts

PAGES = os.path.join(HERE, "www")
DOWNLOADS = {  # what is too dull to be kept in the repository: name, path, bytes
    "www.example-news.test": {"3.bmp": 60_000},
    "cdn.example-news.test": {"1.bmp": 60_000, "2.bmp": 60_000, "style.css": 4_000},
    "video.example-stream.test": {f"segment{i}.bin": 700_000 for i in range(1, 5)},
    "www.dropbox.com": {"index.html": 80_000},
    "notmega.nz": {"index.html": 80_000},
    "ufile.io.example.com": {"index.html": 80_000},
    "dl.dropboxusercontent.com": {"shared.zip": 5_000_000},
    "deb.example-mirror.test": {"hello.deb": 3_000_000},
}


class Services:
    def __init__(self, lab, net):
        self.lab, self.net = lab, net
        self.log = lab.path("sink.log")
        self.spki = ""

    def openssl(self, *words):
        return run("openssl", *words, cwd=self.lab.folder)

    def certificates(self):
        """A throwaway authority, one key for all servers, one certificate a name."""
        for name in "ca", "leaf":
            self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + ".key")
        self.openssl("req", "-x509", "-new", "-key", "ca.key", "-subj", "/CN=egret lab throwaway CA", "-days", "30",
                     "-out", "ca.crt")
        for h in hosts():
            if h["server"] not in ("caddy", "nginx-tls"):
                continue
            name = h["name"]
            with open(self.lab.path("leaf.ext"), "w", encoding="ascii") as f:
                f.write(f"subjectAltName=DNS:{name}\nbasicConstraints=CA:FALSE\n")
            self.openssl("req", "-new", "-key", "leaf.key", "-subj", f"/CN={name[:64]}", "-out", "leaf.csr")
            self.openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                         "-days", "30", "-out", name + ".crt", "-extfile", "leaf.ext")
        self.openssl("pkey", "-in", "leaf.key", "-pubout", "-outform", "DER", "-out", "leaf.pub")
        with open(self.lab.path("leaf.pub"), "rb") as f:
            self.spki = base64.b64encode(hashlib.sha256(f.read()).digest()).decode()
        self.net.trust(self.lab.path("ca.crt"))

    def pages(self):
        shutil.copytree(PAGES, self.lab.path("www"))
        for name, files in DOWNLOADS.items():
            for path, size in files.items():
                path = self.lab.path("www", name, path)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as f:
                    f.write(os.urandom(size))

    def zone(self):
        lines = ["$TTL 300", ". SOA ns.lab. hostmaster.lab. 1 3600 600 86400 300", ". NS ns.lab.",
                 f"ns.lab. A {RESOLVER}", 'storage.googleapis.com. HTTPS 1 . alpn="h3,h2"']
        done = set()
        for h in hosts():
            name = h["name"]
            if h["alias"] != "-":
                lines.append(f"{name}. 60 CNAME {h['alias']}.")
                name = h["alias"]
            for kind, key in ("A", "ipv4"), ("AAAA", "ipv6"):
                if h[key] != "-" and (name, h[key]) not in done:
                    done.add((name, h[key]))
                    lines.append(f"{name}. {kind} {h[key]}")
        return "\n".join(lines) + "\n"

    def configure(self):
        with open(os.path.join(HERE, "unbound.conf"), encoding="utf-8") as f:
            unbound = f.read().replace("@RUN@", self.lab.folder)
        sites = ""
        for h in hosts():
            if h["server"] == "caddy":
                at = " ".join(a for a in (h["ipv4"], h["ipv6"]) if a != "-")
                sites += f"https://{h['name']} {{\n\tbind {at}\n\timport site {h['name']}\n}}\n"
        files = {"root.zone": self.zone(), "unbound.conf": unbound, "sites.caddy": sites, "sink.log": ""}
        for name, text in files.items():
            with open(self.lab.path(name), "w", encoding="utf-8") as f:
                f.write(text)
        shutil.copy(os.path.join(HERE, "nginx.conf"), self.lab.folder)

    def start(self):
        self.certificates()
        self.pages()
        self.configure()
        inside = self.net.inside("cloud")
        folder = self.lab.folder
        self.lab.start("unbound", *inside, "unbound", "-d", "-c", folder + "/unbound.conf")
        self.lab.start("sink", *inside, "/usr/bin/python3", os.path.join(HERE, "sink.py"), self.log)
        self.lab.start("nginx", *inside, "nginx", "-p", folder + "/", "-c", folder + "/nginx.conf")
        self.lab.start("caddy", *inside, "caddy", "run", "--config", os.path.join(HERE, "Caddyfile"), "--adapter",
                       "caddyfile")
        for url in ("https://www.dropbox.com/", "https://gfs270n080.userstorage.mega.co.nz/",
                    "http://wiki.corp.example/", "https://g.api.mega.co.nz/",
                    "https://dl.dropboxusercontent.com/shared.zip"):
            wait_until(f"no answer from {url}", lambda u=url: self.answers(u), pause=0.2)

    def answers(self, url):
        inside = self.net.inside("client11")
        status = run(*inside, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "3", url,
                     check=False, env=self.lab.bare)
        return status not in ("000", "502")

    def received(self):
        """What arrived so far: a list of (client, name, transport, method, path, bytes)."""
        with open(self.log, encoding="utf-8") as f:
            rows = [line.rstrip("\n").split("\t") for line in f if line.endswith("\n")]
        return [(*r[:5], int(r[5])) for r in rows]

    def arrived(self, client, name, transport):
        """Whether an upload of a browser has come to its end."""
        return any(r[:4] == (client, name, transport, "POST") for r in self.received())

    def forget(self):
        with open(self.log, "w", encoding="utf-8"):
            pass
