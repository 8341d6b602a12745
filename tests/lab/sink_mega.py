"""As much of MEGA's API as megatools needs to log in and put a file: one account, whose password is
PASSWORD, and whose keys are made when the sink starts. Files are taken and forgotten."""
import base64
import functools
import hashlib
import itertools
import json
import os
import subprocess
import time

PASSWORD = "lab"
USER = "labuser1234"
STORAGE = "http://gfs270n080.userstorage.mega.co.nz/ul/"
UPLOADS = {}  # number -> bytes still to come
NUMBERS = itertools.count(1)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def aes(key, data):
    """AES-128-ECB; the standard library has none."""
    data += b"\0" * (-len(data) % 16)
    return subprocess.run(["openssl", "enc", "-aes-128-ecb", "-nopad", "-K", key.hex()], input=data,
                          capture_output=True, check=True).stdout


def number(n):
    """A number the way OpenPGP writes it: its bits, then its bytes."""
    return n.bit_length().to_bytes(2, "big") + n.to_bytes((n.bit_length() + 7) // 8, "big")


def prime():
    out = subprocess.run(["openssl", "prime", "-generate", "-bits", "512", "-hex"], capture_output=True, check=True)
    return int(out.stdout.strip(), 16)


@functools.lru_cache(maxsize=1)
def account():
    salt, master = os.urandom(16), os.urandom(16)
    key = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), salt, 100000, 32)[:16]
    e = 17  # small, so that it is prime to (p-1)(q-1) soon
    while True:
        p, q = prime(), prime()
        if p != q and (p - 1) % e and (q - 1) % e:
            break
    n, d = p * q, pow(e, -1, (p - 1) * (q - 1))
    private = number(p) + number(q) + number(d) + number(pow(p, -1, q))
    session = int.from_bytes(b"\1" + os.urandom(n.bit_length() // 8 - 2), "big")
    return {"s": b64(salt), "k": b64(aes(key, master)), "privk": b64(aes(master, private)),
            "csid": b64(number(pow(session, e, n))), "pubk": b64(number(n) + number(e))}


def call(request):
    a, what = account(), request.get("a")
    if what == "us0":
        return {"v": 2, "s": a["s"]}
    if what == "us":
        return {"k": a["k"], "privk": a["privk"], "csid": a["csid"], "u": USER}
    if what == "ug":
        return {"u": USER, "email": "lab@example.com", "name": "Lab", **{k: a[k] for k in ("k", "privk", "pubk")}}
    if what == "f":
        return {"ok": [], "u": [], "f": [{"h": f"root{t}xxx", "p": "", "u": USER, "t": t, "a": "", "k": "", "ts": 1}
                                         for t in (2, 3, 4)]}
    if what == "uq":
        return {"mstrg": 1 << 40, "cstrg": 0}
    if what == "u":
        n = str(next(NUMBERS))
        UPLOADS[n] = request["s"]
        return {"p": STORAGE + n}
    if what == "p":
        return {"f": [{"h": "file0001", "t": 0, "p": request["t"], "u": USER, "a": n["a"], "k": f"{USER}:{n['k']}",
                       "s": 0, "ts": int(time.time())} for n in request["n"]]}
    return 0


def api(body):
    return json.dumps([call(r) for r in json.loads(body)])


def awaited(path):
    return path.split("/")[2:3] and path.split("/")[2] in UPLOADS


def take(path, size):
    """A piece of a file. The last one to come is answered with the file's handle."""
    n = path.split("/")[2]
    UPLOADS[n] -= size
    return os.urandom(36) if UPLOADS[n] <= 0 else b""
