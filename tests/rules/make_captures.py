"""Captures for the rules that the wire decides: for each rule some that must make it match, and some
that just miss. Everything in them is made here; nothing is stored.

    make_captures.py FOLDER     writes them all, to be looked at

CAPTURES maps the stem of a rule file to a list of (what it shows, expected verdict, packets).
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
import capture  # noqa: E402

START = 1_780_000_000 * 10**9
SECOND = 10**9
RESOLVER = (10, 0, 0, 53)
MATCH, POSSIBLE, NONE = "match", "possible", "none"

# Cipher suites that the TLS clients of common tools offer: what their JA4 has in its middle.
CIPHERS = {
    "go": "c02bc02fc02cc030cca9cca8c009c013c00ac014009c009d002f0035c012000a130113021303",
    "go_new": "c02bc02fc02cc030cca9cca8c009c013c00ac014130113021303",
    "python": "130213031301c02cc030c02bc02fcca9cca8c024c028c023c027009f009e006b006700ff",
    "curl": "130213031301c02cc030009fcca9cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039"
            "c009c0130033009d009c003d003c0035002f00ff",
    "node": "130213031301c02fc02bc030c02c009ec0270067c028006b00a3009fcca9cca8ccaac0afc0adc0a3c09f"
            "c05dc061c057c05300a2c0aec0acc0a2c09ec05cc060c056c052c024006ac0230040c00ac01400390038"
            "c009c01300330032009dc0a1c09dc051009cc0a0c09cc050003d003c0035002f00ff",
    "browser": "130113021303c02bc02fc02cc030cca9cca8c013c014009c009d002f0035",
}


class Wire:
    """Packets of several clients on one wire, in order of time."""

    def __init__(self):
        self.packets = []
        self.port = 40000

    def client(self, number):
        return 10, 0, 0, number

    def lookup(self, name, at=0, client=7, address=(203, 0, 113, 9)):
        self.port += 1
        labels = [x.encode() for x in name.rstrip(".").split(".")]
        ends = (self.client(client), self.port, RESOLVER, 53)
        back = (RESOLVER, 53, self.client(client), self.port)
        time = START + int(at * SECOND)
        self.packets += [
            capture.Packet(time, capture.udp(*ends, capture.dns_query(labels, self.port))),
            capture.Packet(time + 10**6,
                           capture.udp(*back, capture.dns_answer(labels, [address], self.port)))]
        return self

    def connect(self, at, client, port, server=(203, 0, 113, 9)):
        self.port += 1
        return capture.Connection(self.port, port, client=self.client(client), server=server,
                                  start=START + int(at * SECOND))

    def tls(self, name, tool="browser", up=2000, down=2000, at=0, client=7,
            server=(203, 0, 113, 9)):
        c = self.connect(at, client, 443, server)
        text = CIPHERS[tool]
        c.c(capture.client_hello(name.encode(), [int(text[i:i + 4], 16)
                                                 for i in range(0, len(text), 4)], [b"http/1.1"]))
        c.bulk(1, down).bulk(0, up)
        self.packets += c.close()
        return self

    def tls_twice(self, first, second, at=0, client=7):
        """A connection whose ClientHello is sent a second time with this name."""
        c = self.connect(at, client, 443)
        c.put(0, 0x18, 0, capture.client_hello(first.encode()))
        c.c(capture.client_hello(second.encode())).bulk(0, 2000)
        self.packets += c.close()
        return self

    def plain(self, size, down=0, at=0, client=7, server=(203, 0, 113, 9)):
        """A connection of a protocol that nobody knows, with exactly these bytes."""
        c = self.connect(at, client, 4433, server)
        c.bulk(0, size).bulk(1, down)
        self.packets += c.close()
        return self

    def http(self, method, host, path, agent, body=0, at=0, client=7, port=80):
        c = self.connect(at, client, port)
        c.c(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\n"
            f"Content-Length: {body}\r\n\r\n".encode() + bytes(body))
        c.s(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self.packets += c.close()
        return self

    def done(self):
        return sorted(self.packets, key=lambda p: p.time)


def wire():
    return Wire()


def times(count, every, step):
    """A wire on which step(wire, at) happens again and again."""
    w = Wire()
    for i in range(count):
        step(w, i * every)
    return w


def drive(path, other="login.microsoftonline.com"):
    def step(w, at):
        w.http("POST", other, "/consumers/oauth2/v2.0/token", "x", at=at)
        w.http("GET", "graph.microsoft.com", path, "x", at=at + 2)
    return step


def drive_tls(w, at):
    w.tls("login.microsoftonline.com", "python", at=at)
    w.tls("graph.microsoft.com", "python", at=at + 2)


APT40 = "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) " \
    "Chrome/36.0.1985.143 Safari/537.36"
BLOB = "0123456789abcdef" * 4
MB = 10**6

# Functions, so that only what is asked for is made.
CAPTURES = {
    "dns_client_anonfiles": lambda: [
        ("looked up", MATCH, wire().lookup("api.anonfiles.com")),
        ("no name below it", NONE, wire().lookup("anonfiles.com").lookup("www.anonfiles.org"))],
    "dns_client_mega": lambda: [
        ("looked up", MATCH, wire().lookup("gfs270n080.userstorage.mega.co.nz")),
        ("another server", NONE, wire().lookup("g.api.mega.co.nz"))],
    "dns_client_ufile": lambda: [
        ("looked up", MATCH, wire().lookup("UFILE.io")),
        ("another name", NONE, wire().lookup("file.io").lookup("ufile.example"))],
    "connection_mega": lambda: [
        ("server name", MATCH, wire().tls("g.api.mega.co.nz")),
        ("name from its own DNS answer", MATCH, wire().lookup("mega.nz").plain(3000, at=1)),
        ("another name", NONE, wire().tls("mega.nz.example.com")),
        ("looked up only", NONE, wire().lookup("mega.nz"))],
    "file_sharing_domain": lambda: [
        ("server name", MATCH, wire().tls("store1.gofile.io")),
        ("plain HTTP", MATCH, wire().http("PUT", "transfer.sh", "/x", "curl/8.5.0", 3000)),
        ("no boundary before the name", NONE, wire().tls("omega.nz")),
        ("an underscore is no boundary", NONE,
         wire().http("GET", "www.example.com", "/x_mega.nz_x", "curl/8.5.0"))],
    "large_transfer": lambda: [
        ("just enough, both ways", MATCH, wire().plain(1000, 104851358)),
        ("a byte too few", NONE, wire().plain(1000, 104851357)),
        ("inside to inside", NONE, wire().plain(110 * MB, server=(10, 9, 9, 9)))],
    "evasion": lambda: [
        ("a decoy before the hello", MATCH, wire().tls_twice("www.example.org", "mega.nz")),
        ("the same hello again", NONE, wire().tls_twice("mega.nz", "mega.nz"))],
    "dropbox_api": lambda: [
        ("server name", MATCH, wire().tls("content.dropboxapi.com")),
        ("plain HTTP", MATCH, wire().http("POST", "api.dropboxapi.com", "/2/x", "x")),
        ("the web site", NONE, wire().tls("www.dropbox.com"))],
    "suspicious_tld": lambda: [
        ("looked up", MATCH, wire().lookup("files.example.top")),
        ("another domain", NONE, wire().lookup("top.example.com"))],
    "apt40_dropbox_agent": lambda: [
        ("plain HTTP", MATCH, wire().http("POST", "api.dropbox.com", "/1/files", APT40, 500)),
        ("TLS", POSSIBLE, wire().tls("api.dropbox.com")),
        ("another browser", NONE,
         wire().http("POST", "api.dropbox.com", "/1/files", APT40.replace("/36.", "/37."), 500))],
    "rclone_user_agent": lambda: [
        ("plain HTTP", MATCH, wire().http("PUT", "dav.example", "/a", "rclone/v1.60.1", 900)),
        ("TLS of Go to a storage service", POSSIBLE, wire().tls("webdav.pcloud.com", "go")),
        ("TLS of a browser", NONE, wire().tls("webdav.pcloud.com")),
        ("another client", NONE, wire().http("PUT", "dav.example", "/a", "Go-http-client/1.1"))],
    "creepydrive_urls": lambda: [
        ("plain HTTP", MATCH, wire().http(
            "PUT", "graph.microsoft.com", "/v1.0/me/drive/root:/Uploaded/x.zip:/content", "x", 9)),
        ("TLS", POSSIBLE, wire().tls("graph.microsoft.com")),
        ("another folder", NONE, wire().http(
            "PUT", "graph.microsoft.com", "/v1.0/me/drive/root:/Files/x.zip:/content", "x", 9))],
    "creepydrive_sequence": lambda: [
        ("plain HTTP", MATCH, times(20, 3600, drive("/v1.0/me/drive/root:/Documents:/children"))),
        ("TLS", POSSIBLE, times(20, 600, drive_tls)),
        ("too few", NONE, times(19, 3600, drive("/v1.0/me/drive/root:/Documents:/children"))),
        ("another place", NONE, times(25, 600, drive("/v1.0/me/messages")))],
    "go_upload": lambda: [
        ("Go to a storage service", MATCH, wire().tls("webdav.pcloud.com", "go", 11 * MB)),
        ("a newer Go, three connections", MATCH, times(
            3, 60, lambda w, at: w.tls("content.dropboxapi.com", "go_new", 4 * MB, at=at))),
        ("a browser", NONE, wire().tls("webdav.pcloud.com", "browser", 11 * MB)),
        ("too little", NONE, wire().tls("webdav.pcloud.com", "go", 9 * MB))],
    "restic_over_http": lambda: [
        ("REST server", MATCH,
         wire().http("POST", "backup.example", "/r/data/" + BLOB, "x", 5000, port=8000)),
        ("a read", NONE, wire().http("GET", "backup.example", "/r/data/" + BLOB, "x", port=8000))],
    "storage_tool_upload": lambda: [
        ("Python to S3", MATCH, wire().tls("acme.s3.eu-west-1.amazonaws.com", "python", 11 * MB)),
        ("a browser", NONE, wire().tls("acme.s3.eu-west-1.amazonaws.com", "browser", 11 * MB)),
        ("too little", NONE, wire().tls("acme.s3.eu-west-1.amazonaws.com", "python", 9 * MB))],
    "azcopy_upload": lambda: [
        ("Go to a storage account", MATCH,
         wire().tls("acme.blob.core.windows.net", "go_new", 11 * MB)),
        ("a browser", NONE, wire().tls("acme.blob.core.windows.net", "browser", 11 * MB))],
    "azcopy_user_agent": lambda: [
        ("plain HTTP", MATCH,
         wire().http("PUT", "acme.blob.core.windows.net", "/c/b", "AzCopy/10.21.2", 500)),
        ("TLS of Go", POSSIBLE, wire().tls("acme.blob.core.windows.net", "go")),
        ("TLS of a browser", NONE, wire().tls("acme.blob.core.windows.net"))],
    "mega_client": lambda: [
        ("plain HTTP", MATCH, wire().http("POST", "gfs270n080.userstorage.mega.co.nz", "/ul/0",
                                          "MEGAcmd/1.6.3.0 (Linux) MegaClient/4.17.1", 900)),
        ("TLS", POSSIBLE, wire().tls("gfs270n080.userstorage.mega.co.nz")),
        ("a browser", NONE,
         wire().http("POST", "gfs270n080.userstorage.mega.co.nz", "/ul/0", "Mozilla/5.0", 900))],
    "s3_many_connections": lambda: [
        ("Python", MATCH, times(
            20, 20, lambda w, at: w.tls("acme.s3.eu-west-1.amazonaws.com", "python", at=at))),
        ("too few", NONE, times(
            19, 20, lambda w, at: w.tls("acme.s3.eu-west-1.amazonaws.com", "python", at=at))),
        ("a browser", NONE, times(
            30, 5, lambda w, at: w.tls("acme.s3.eu-west-1.amazonaws.com", at=at)))],
    "dropbox_api_tool": lambda: [
        ("Python", MATCH, wire().tls("content.dropboxapi.com", "python")),
        ("a browser", NONE, wire().tls("content.dropboxapi.com"))],
    "onedrive_webdav": lambda: [
        ("plain HTTP", MATCH, wire().http("PROPFIND", "d.docs.live.net", "/0123",
                                          "Microsoft-WebDAV-MiniRedir/10.0.19045")),
        ("TLS", POSSIBLE, wire().tls("d.docs.live.net")),
        ("another host", NONE, wire().tls("docs.live.net"))],
    "web_service_tool": lambda: [
        ("Go", MATCH, wire().tls("api.telegram.org", "go")),
        ("a browser", NONE, wire().tls("api.telegram.org"))],
    "web_service_new": lambda: [
        ("the first time", MATCH, wire().tls("api.telegram.org")),
        ("another name", NONE, wire().tls("www.telegram.org"))],
    "curl_upload_http": lambda: [
        ("plain HTTP", MATCH, wire().http("PUT", "transfer.sh", "/x.zip", "curl/8.5.0", 30000)),
        ("a download", NONE, wire().http("GET", "transfer.sh", "/x.zip", "curl/8.5.0"))],
    "curl_upload_tls": lambda: [
        ("curl", MATCH, wire().tls("bashupload.com", "curl", 400000)),
        ("a browser", NONE, wire().tls("bashupload.com", "browser", 400000)),
        ("no more than a request", NONE, wire().tls("bashupload.com", "curl", 2000))],
    "dropbox_api_program": lambda: [
        ("the program is unknown", POSSIBLE, wire().tls("content.dropboxapi.com")),
        ("another server", NONE, wire().tls("client.dropbox.com"))],
    "web_service_windows": lambda: [
        ("the program is unknown", POSSIBLE, wire().lookup("webhook.site")),
        ("another name", NONE, wire().lookup("www.telegram.org"))],
    "web_service_linux": lambda: [
        ("the program is unknown", POSSIBLE, wire().lookup("ipinfo.io")),
        ("another name", NONE, wire().lookup("ipinfo.example"))],
    "upload_tier_a": lambda: [
        ("two connections", MATCH, times(
            2, 600, lambda w, at: w.tls("store1.gofile.io", up=6 * MB, at=at))),
        ("too little", NONE, wire().tls("store1.gofile.io", up=9 * MB))],
    "upload_tier_b": lambda: [
        ("one connection", MATCH, wire().tls("webdav.pcloud.com", up=101 * MB)),
        ("too little", NONE, wire().tls("webdav.pcloud.com", up=99 * MB)),
        ("a download", NONE, wire().tls("webdav.pcloud.com", down=101 * MB))],
    "upload_tier_c": lambda: [
        ("one connection", MATCH, wire().tls("acme.blob.core.windows.net", up=501 * MB)),
        ("too little", NONE, wire().tls("acme.blob.core.windows.net", up=490 * MB))],
    "fan_out": lambda: [
        ("three services", MATCH, wire().tls("content.dropboxapi.com", up=11 * MB)
         .tls("webdav.pcloud.com", up=11 * MB, at=500).tls("store1.gofile.io", up=11 * MB, at=900)),
        ("two services", NONE, wire().tls("content.dropboxapi.com", up=11 * MB)
         .tls("api.dropboxapi.com", up=11 * MB, at=500)
         .tls("store1.gofile.io", up=11 * MB, at=900))],
}
for _name in "anonfiles", "mega", "ufile":
    CAPTURES["dns_query_" + _name] = CAPTURES["dns_client_" + _name]


def write(folder, stem):
    """Paths of the captures of a rule, as (what it shows, expected verdict, path)."""
    out = []
    for i, (what, expect, w) in enumerate(CAPTURES[stem]()):
        path = os.path.join(folder, f"{stem}.{i}.pcap")
        with open(path, "wb") as f:
            f.write(capture.pcap(w.done()))
        out.append((what, expect, path))
    return out


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name in sorted(CAPTURES):
        for row in write(sys.argv[1], name):
            print(*row, sep="\t")
