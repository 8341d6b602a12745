"""A test program of test cases that run egret: the one named on the command line, with a cache of their own."""
import os
import sys
import tempfile
import unittest


def main(module):
    """Sets EGRET (if one is named) and CACHE in the module, runs its cases, and says how many passed."""
    if len(sys.argv) > 1:
        module.EGRET = os.path.abspath(sys.argv.pop(1))
    with tempfile.TemporaryDirectory(prefix="egret-cache-") as module.CACHE:
        os.chmod(module.CACHE, 0o700)
        result = unittest.main(module, exit=False, verbosity=1).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
