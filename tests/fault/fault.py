"""The page that tests/fault/shim.c obeys, and programs that run with the shim."""
import errno
import json
import mmap
import os
import struct
import subprocess

KINDS = ("alloc", "map", "read", "write", "open", "sync", "name", "thread", "socket", "send", "clock")
SHORT = 1000  # as an error: half of it is done
HOUR = 3600 * 10**9
# what may happen to a call of each kind
ERRORS = {
    "alloc": (errno.ENOMEM,),
    "map": (errno.ENOMEM,),
    "read": (errno.EIO, errno.EINTR, SHORT),
    "write": (errno.ENOSPC, errno.EIO, errno.EINTR, SHORT),
    "open": (errno.EMFILE, errno.EACCES),
    "sync": (errno.EIO, errno.ENOSPC),
    "name": (errno.ENOSPC, errno.EROFS),
    "thread": (errno.EAGAIN,),
    "socket": (errno.EMFILE, errno.ENOBUFS),
    "send": (errno.EPIPE, errno.ENOBUFS, errno.EINTR),
    "clock": (1,),
}
HEAD = struct.Struct("=Qqq")
PLAN = struct.Struct("=QQQQQQ")  # calls, hits, nth, many, rate, error
WHERE = 2048
SIZE = HEAD.size + len(KINDS) * PLAN.size + WHERE


def error_name(number):
    return "short" if number == SHORT else "jump" if number == 1 else errno.errorcode[number]


class Page:
    def __init__(self, path):
        self.path = path
        with open(path, "wb") as f:
            f.write(bytes(SIZE))
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), SIZE)

    def clear(self):
        self.map[:] = bytes(SIZE)

    @staticmethod
    def at(kind):
        return HEAD.size + KINDS.index(kind) * PLAN.size

    def plan(self, kind):
        return PLAN.unpack_from(self.map, self.at(kind))

    def calls(self, kind):
        return self.plan(kind)[0]

    def hits(self, kind=None):
        return self.plan(kind)[1] if kind else sum(self.plan(k)[1] for k in KINDS)

    def arm(self, kind, error, nth=0, many=0, rate=0):
        """The calls from the nth on fail, `many` of them; or one in `rate`."""
        struct.pack_into("=QQQQ", self.map, self.at(kind) + 16, nth, many, rate, error)

    def arm_now(self, kind, error, many=1 << 40):
        self.arm(kind, error, self.calls(kind) + 1, many)

    def disarm(self, kind):
        self.arm(kind, 0)

    def seed(self, number):
        struct.pack_into("=Q", self.map, 0, number)

    def clocks(self, wall=0, steady=0):
        """What they are ahead by, in ns."""
        struct.pack_into("=qq", self.map, 8, wall, steady)

    def where(self):
        """Who made the call that failed."""
        return self.map[SIZE - WHERE:].split(b"\0")[0].decode(errors="replace").splitlines()

    def close(self):
        self.map.close()
        os.unlink(self.path)


def environment(shim, page):
    return {"LD_PRELOAD": shim, "FAULT_PAGE": page.path}


def bad_lines(data):
    """What is not a whole line of JSON in these bytes."""
    bad = []
    for line in data.splitlines(keepends=True):
        try:
            if not line.endswith(b"\n"):
                raise ValueError("no end")
            json.loads(line)
        except ValueError as e:
            bad.append(f"{e}: {line[:60]!r}...{line[-30:]!r}")
    return bad


def addresses_to_lines(where, program):
    """Frames of the program itself as functions and lines, when addr2line is there."""
    name = os.path.basename(program)
    told = []
    for frame in where:
        module, _, rest = frame.partition("+")
        if module == name:
            try:
                r = subprocess.run(["addr2line", "-fse", program, rest.split()[0]], capture_output=True, text=True,
                                   check=False)
                told.append(r.stdout.replace("\n", " ").strip() or frame)
                continue
            except FileNotFoundError:
                pass
        told.append(frame)
    return told
