"""How a program of the lab goes: what it needs, its end, and what is told when something fails."""
import os
import sys

from base import Failure, Run, missing, say, skip
from topology import sweep


def main(parser, tools, make_net, work):
    """Calls work(lab, net, options), which returns whether something was wrong, and cleans up after it."""
    parser.add_argument("egret", nargs="?", default="./egret")
    options = parser.parse_args()
    if os.geteuid():
        skip("needs root")
    if missing(tools):
        skip(f"not installed: {' '.join(missing(tools))}")
    sweep()
    lab, net, failed = Run(), None, True
    try:
        net = make_net()
        failed = bool(work(lab, net, options))
    except Failure as e:
        say(f"FAILED: {e}")
    finally:
        try:
            if failed:
                lab.logs()
        finally:
            lab.close(getattr(options, "keep", False))
            if net:
                net.close()
    sys.exit(1 if failed else 0)
