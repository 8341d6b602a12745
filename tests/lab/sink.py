#!/usr/bin/env python3
"""What stands behind the lab's web servers: takes every upload, counts its bytes, keeps none of them.

Usage: sink.py LOG

Listens on 127.0.0.1:8000. Each request becomes one line of LOG, columns split by tabs:

    client  name  transport  method  path  bytes

"bytes" is the length of the body that arrived here, so it is the truth a sensor can be held against.
"transport" is quic (HTTP/3), tcp (HTTPS over TCP) or http (no encryption).

It knows as much WebDAV and S3 as clients need to put a file: after an upload rclone asks for the object's
size and hash. restic's protocol and MEGA's have files of their own.
"""
import email.utils
import hashlib
import http.server
import sys
import threading

import sink_mega
import sink_restic
import sink_s3

STORED = {}  # (name, path) -> (size, md5, time)
LOG_LOCK = threading.Lock()

MULTISTATUS = """<?xml version="1.0" encoding="utf-8"?>
<d:multistatus xmlns:d="DAV:"><d:response><d:href>{href}</d:href><d:propstat><d:prop>{prop}</d:prop>\
<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>
"""
FOLDER = "<d:resourcetype><d:collection/></d:resourcetype>"
FILE = ("<d:resourcetype/><d:getcontentlength>{size}</d:getcontentlength>"
        "<d:getlastmodified>{time}</d:getlastmodified>")


class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "lab"
    sys_version = ""

    def body_pieces(self):
        """Yields the body, whichever way its length is told."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left and (piece := self.rfile.read(min(left, 1 << 16))):
            left -= len(piece)
            yield piece

    def take(self, keep=None):
        """Reads the request's body and writes its line of the log. The body is added to `keep`."""
        size, digest = 0, hashlib.md5()
        for piece in self.body_pieces():
            size += len(piece)
            digest.update(piece)
            if keep is not None:
                keep += piece
        self.name = self.headers["Host"].split(":")[0]
        self.file = self.path.split("?")[0]
        client = self.headers["X-Forwarded-For"].split(",")[0].strip()
        transport = "http"
        if self.headers.get("X-Forwarded-Proto") == "https":
            transport = "quic" if self.headers.get("X-Lab-Proto", "").startswith("HTTP/3") else "tcp"
        with LOG_LOCK, open(sys.argv[1], "a", encoding="utf-8") as log:
            print(client, self.name, transport, self.command, self.file, size, sep="\t", file=log)
        return size, digest.hexdigest()

    def reply(self, status, text="", headers=()):
        body = text if isinstance(text, bytes) else text.encode()
        self.send_response(status)
        for key, value in headers:
            self.send_header(key, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def host(self):
        return self.headers.get("Host", "").split(":")[0]

    def restic(self):
        """Whether the request was for a repository of restic; then it has been answered."""
        if not self.host().endswith(".borgbase.com"):
            return False
        body = bytearray()
        self.take(body)
        status, answer, headers = sink_restic.answer(self.command, self.path, bytes(body), self.headers.get("Range"))
        self.reply(status, answer, headers.items())
        return True

    def mega(self):
        """The same for MEGA's API and its storage."""
        host, body = self.host(), bytearray()
        if host == "g.api.mega.co.nz":
            self.take(body)
            self.reply(200, sink_mega.api(bytes(body)), [("Content-Type", "application/json")])
        elif host.endswith(".userstorage.mega.co.nz") and sink_mega.awaited(self.path):
            size, _ = self.take()
            self.reply(200, sink_mega.take(self.path, size))
        else:
            return False
        return True

    def do_PUT(self):
        size, md5 = self.take()
        if sink_s3.put_part(self.path, size, md5):
            return self.reply(200, "", [("ETag", f'"{md5}"')])
        STORED[self.name, self.file] = (size, md5, email.utils.formatdate(usegmt=True))
        self.reply(201 if "webdav" in self.name else 200, "", [("ETag", f'"{md5}"')])

    def do_POST(self):
        if self.restic() or self.mega():
            return
        size, _ = self.take()
        answer, stored = sink_s3.post(self.path)
        if stored:
            STORED[self.name, self.file] = (*stored, email.utils.formatdate(usegmt=True))
        if answer:
            return self.reply(200, answer, [("Content-Type", "application/xml")])
        self.reply(200, f'{{"received": {size}}}\n', [
            ("Content-Type", "application/json"), ("Access-Control-Allow-Origin", "*")])

    def do_DELETE(self):
        if not self.restic():
            self.take()
            self.reply(204)

    def do_HEAD(self):
        if self.restic():
            return
        self.take()
        if (self.name, self.file) not in STORED:
            return self.reply(404)
        size, md5, time = STORED[self.name, self.file]
        self.send_response(200)
        for header in ("Content-Length", str(size)), ("ETag", f'"{md5}"'), ("Last-Modified", time):
            self.send_header(*header)
        self.end_headers()

    def do_GET(self):
        if self.restic():
            return
        self.take()
        if self.host().endswith(".digitaloceanspaces.com"):
            return self.reply(200, sink_s3.listing(self.path), [("Content-Type", "application/xml")])
        self.reply(404, "not here\n")

    def do_MKCOL(self):
        self.take()
        self.reply(201)

    def do_PROPFIND(self):
        self.take()
        if (self.name, self.file) in STORED:
            size, _, time = STORED[self.name, self.file]
            prop = FILE.format(size=size, time=time)
        elif self.file.endswith("/"):
            prop = FOLDER
        else:
            return self.reply(404)
        self.reply(207, MULTISTATUS.format(href=self.file, prop=prop), [("Content-Type", "application/xml")])

    def do_OPTIONS(self):
        self.take()
        self.reply(204, "", [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "*"),
                             ("Access-Control-Allow-Methods", "GET, POST, PUT")])

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    sink_mega.account()  # takes a moment
    http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Sink).serve_forever()
