#!/usr/bin/env python3
"""A host's chatter: looks up names that exist, names that do not, and other types, until it is ended."""
import itertools
import random
import socket
import struct
import time

NAMES = ("www.example-news.test", "cdn.example-news.test", "no-such-host.example-news.test", "wpad.corp.example",
         "_ldap._tcp.corp.example", "wiki.corp.example", "anonfiles.com", "omega.nz.example.com", "mega.nz.example.com",
         "notmega.nz", "14.0.77.10.in-addr.arpa")
TYPES = (1, 28, 65, 16, 33, 12)


def query(name, kind):
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.split("."))
    head = struct.pack(">HHHHHH", random.randrange(65536), 0x100, 1, 0, 0, 0)
    return head + labels + b"\0" + struct.pack(">HH", kind, 1)


def main():
    with open("/etc/resolv.conf", encoding="ascii") as f:
        resolver = f.read().split()[1]
    for i in itertools.count():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.5)
            s.sendto(query(NAMES[i % len(NAMES)], TYPES[i // len(NAMES) % len(TYPES)]), (resolver, 53))
            try:
                s.recv(2048)
            except TimeoutError:
                pass
        time.sleep(0.1)


if __name__ == "__main__":
    main()
