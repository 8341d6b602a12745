#!/usr/bin/python3
"""Runs a program as systemd would run a unit, as far as that goes without systemd: user, capabilities,
file mode mask, system calls, address families, no memory both writable and executable.

    as_unit.py UNIT USER PROGRAM [ARGUMENT ...]        (as root)

Folders, mounts and IP addresses are left as they are.
"""
import ctypes
import errno
import os
import pwd
import re
import socket
import subprocess
import sys

ALLOW = 0x7FFF0000
EQ, MASKED_EQ = 4, 7
WRITE, EXECUTE = 2, 4


def refuse(number):
    return 0x00050000 | number


class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def settings(unit):
    """Key → values in order; of a key that is set several times all of them."""
    found = {}
    with open(unit, encoding="utf-8") as f:
        for line in f:
            m = re.match(r"([A-Z]\w+)=(.*)", line)
            if m:
                found.setdefault(m.group(1), []).append(m.group(2))
    return found


def members(name, known={}):
    """The system calls of a set, or the one call."""
    if not name.startswith("@"):
        return {name}
    if name not in known:
        text = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter", name], check=True,
                              capture_output=True, text=True).stdout
        words = [w.strip() for w in text.splitlines()[1:] if w.strip() and not w.strip().startswith("#")]
        known[name] = set().union(*(members(w) for w in words))
    return known[name]


def calls(lines):
    """What the lines of an allowlist leave."""
    fine = set(members("@default"))
    for line in lines:
        away = line.startswith("~")
        for word in line.lstrip("~").split():
            fine = fine - members(word) if away else fine | members(word)
    return fine


class Filter:
    def __init__(self):
        self.seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self.seccomp.seccomp_init.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.seccomp.seccomp_init(ctypes.c_uint32(refuse(errno.EPERM))))

    def add(self, action, name, *comparisons):
        number = self.seccomp.seccomp_syscall_resolve_name(name.encode())
        array = (Comparison * max(len(comparisons), 1))(*comparisons)
        status = self.seccomp.seccomp_rule_add_array(
            self.context, ctypes.c_uint32(action), number, ctypes.c_uint(len(comparisons)), array)
        # not of this machine, or not known to the library
        if status and status not in (-errno.EDOM, -errno.EINVAL, -errno.EFAULT):
            raise OSError(-status, name)

    def load(self):
        status = self.seccomp.seccomp_load(self.context)
        if status:
            raise OSError(-status, "seccomp_load")


def confine(unit):
    s = settings(unit)
    f = Filter()
    fine = calls(s["SystemCallFilter"])
    special = {"socket", "mmap", "mprotect"}
    for name in sorted(fine - special):
        f.add(ALLOW, name)
    families = {getattr(socket, w) for w in " ".join(s["RestrictAddressFamilies"]).split()}
    for family in range(46):
        f.add(ALLOW if family in families else refuse(errno.EAFNOSUPPORT), "socket",
              Comparison(0, EQ, family, 0))
    both = WRITE | EXECUTE
    for value in (0, WRITE, EXECUTE):
        f.add(ALLOW, "mmap", Comparison(2, MASKED_EQ, both, value))
    # the loader has to be able to load the program
    f.add(ALLOW, "mprotect", Comparison(2, MASKED_EQ, EXECUTE, 0))
    os.umask(int(s["UMask"][0], 8))
    f.load()


def main():
    if sys.argv[1] == "--inner":
        unit, *command = sys.argv[2:]
        confine(unit)
        os.execvp(command[0], command)
    unit, user, *command = sys.argv[1:]
    wanted = settings(unit)["AmbientCapabilities"][0].lower().removeprefix("cap_")
    only = f"-all,+{wanted}"
    os.execvp("setpriv", ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups",
                          f"--inh-caps={only}", f"--ambient-caps={only}", f"--bounding-set={only}",
                          "--no-new-privs", sys.executable, os.path.abspath(__file__), "--inner", unit, *command])


if __name__ == "__main__":
    main()
