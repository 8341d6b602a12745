"""QUIC packets of clients and servers up to the ClientHello (RFC 9000, RFC 9001, RFC 9369)."""
import hashlib
import hmac
import struct

import aes

VERSION_1, VERSION_2 = 1, 0x6B3343CF
SALT = {VERSION_1: "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
        VERSION_2: "0dede3def700a6db819381be6e269dcbf9bd2ed9"}
RETRY = {VERSION_1: ("be0c690b9f66575a1d766b54e368c84e", "461599d35d632bf2239825bb"),
         VERSION_2: ("8fb4b01b56ac48e260fbcbcead7ccc92", "d86969bc2d7c6d9990efb04a")}


def varint(n):
    if n < 64:
        return bytes([n])
    if n < 16384:
        return struct.pack(">H", n | 0x4000)
    return struct.pack(">I", n | 0x80000000)


def expand(secret, label, n):
    info = struct.pack(">H", n) + bytes([6 + len(label)]) + b"tls13 " + label + b"\0"
    return hmac.new(secret, info + b"\1", hashlib.sha256).digest()[:n]


def keys(version, cid):
    secret = hmac.new(bytes.fromhex(SALT[version]), cid, hashlib.sha256).digest()
    secret = expand(secret, b"client in", 32)
    word = b"quicv2 " if version == VERSION_2 else b"quic "
    return [expand(secret, word + what, n) for what, n in ((b"key", 16), (b"iv", 12), (b"hp", 16))]


def crypto(data, offset=0):
    return b"\6" + varint(offset) + varint(len(data)) + data


def initial(frames, dcid, key_cid=None, version=VERSION_1, number=0, token=b"", size=1200, scid=b"me"):
    """One Initial packet of a client, padded to `size` bytes."""
    key, iv, hp = keys(version, key_cid or dcid)
    head = bytes([0xC3 | (0x10 if version == VERSION_2 else 0)]) + struct.pack(">I", version) + \
        bytes([len(dcid)]) + dcid + bytes([len(scid)]) + scid + varint(len(token)) + token
    room = size - len(head) - 2 - 4 - 16
    frames += bytes(max(0, room - len(frames)))
    head += struct.pack(">H", 0x4000 | (len(frames) + 20)) + struct.pack(">I", number)
    nonce = iv[:4] + (int.from_bytes(iv[4:], "big") ^ number).to_bytes(8, "big")
    sealed = aes.seal(key, nonce, frames, head)
    mask = aes.block(aes.expand(hp), sealed[:16])
    at = len(head) - 4
    return bytes([head[0] ^ (mask[0] & 15)]) + head[1:at] + \
        bytes(a ^ b for a, b in zip(head[at:], mask[1:])) + sealed


def retry(odcid, scid, dcid=b"me", version=VERSION_1, token=b"token"):
    first = 0xC0 if version == VERSION_2 else 0xF0
    body = bytes([first]) + struct.pack(">I", version) + bytes([len(dcid)]) + dcid + \
        bytes([len(scid)]) + scid + token
    key, nonce = (bytes.fromhex(x) for x in RETRY[version])
    return body + aes.seal(key, nonce, b"", bytes([len(odcid)]) + odcid + body)


def handshake(dcid=b"me", scid=b"theirs"):
    """A datagram of a server that has taken the client's hello."""
    return bytes([0xE0]) + struct.pack(">I", VERSION_1) + bytes([len(dcid)]) + dcid + bytes([len(scid)]) + \
        scid + varint(400) + bytes(400)


def short(dcid, n=1200):
    return b"\x40" + dcid + b"\x5a" * n
