# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lock file of an account, as another broker would hold it, and who looks at it."""

import contextlib
import ctypes
import fcntl
import os
import select
import struct
import subprocess
import sys

from harness import tap
from harness.broker import SLOW

DEADLINE = 20.0 * SLOW
_LIBC = ctypes.CDLL(None, use_errno=True)
_IN_OPEN = 0x20
# Takes the lock, says so, and waits for the end of its input.
_HOLDER = """
import fcntl, struct, sys
file = open(sys.argv[1], "w")
fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0))
print("held", flush=True)
sys.stdin.read()
"""


def lock_path(session, account="tidio"):
    folder = session.root / "run" / "tidio-auth"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{account}.lock"


@contextlib.contextmanager
def held(path):
    """Holds the lock meanwhile."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0))
        yield
    finally:
        os.close(file)


def start_holder(session, path):
    """A process of its own that has the lock."""
    process = session.spawn("lock-holder", [sys.executable, "-c", _HOLDER, path],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    tap.equal(process.stdout.readline(), b"held\n", "what the holder of the lock says")
    return process


class OpenWatch:
    """Tells when somebody opens a file; to be made before."""

    def __init__(self, path):
        self.file = _LIBC.inotify_init1(os.O_CLOEXEC)
        if self.file < 0 or _LIBC.inotify_add_watch(self.file, os.fsencode(path), _IN_OPEN) < 0:
            raise OSError(ctypes.get_errno(), "inotify")

    def wait(self):
        if not select.select([self.file], [], [], DEADLINE)[0]:
            raise tap.Failure("nobody opened the lock file")
        os.close(self.file)
