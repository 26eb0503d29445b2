# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel shows of another process, and to whom."""

import os
import pathlib
import re
import subprocess

# Between two processes of root without their privileges the kernel judges as between two of any
# user.
WITHOUT_PRIVILEGES = (["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0
                      else [])
PTRACE_SEIZE = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
failed = libc.ptrace(0x4206, int(sys.argv[1]), None, None) < 0
sys.exit(ctypes.get_errno() if failed else 0)
"""


def run_as_same_user(argv):
    """Runs a program as the user who runs the tests, without privileges."""
    return subprocess.run([*WITHOUT_PRIVILEGES, *map(str, argv)], capture_output=True,
                          check=False)


def may_read(pid, name):
    """Whether another program of the user can read that file of /proc/PID."""
    return run_as_same_user(["head", "-c1", f"/proc/{pid}/{name}"]).returncode == 0


def may_trace(pid):
    return run_as_same_user(["/usr/bin/python3", "-c", PTRACE_SEIZE, pid]).returncode == 0


def status(pid, name):
    """A line of /proc/PID/status."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return re.search(rf"^{name}:\s*(.*)$", text, re.M).group(1)


def children(pid):
    """The processes that it started and that are there still."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[1]) == pid:
            found.append(int(path.parent.name))
    return found


def _family(pid):
    return [pid] + [one for child in children(pid) for one in _family(child)]


def shown_words(pid):
    """Arguments and environment of a process and of all it started, as root sees them."""
    parts = []
    for one in _family(pid):
        for name in ("cmdline", "environ"):
            try:
                parts.append(pathlib.Path(f"/proc/{one}/{name}").read_bytes())
            except OSError:
                pass
    return b"\0".join(parts)


def regions(pid):
    """(start, end, whether its pages are locked) of the memory that can be read. Needs root."""
    found = []
    text = pathlib.Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8")
    for line in text.splitlines():
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            here = (int(head[1], 16), int(head[2], 16)) if head else None
        elif line.startswith("VmFlags:") and here is not None:
            found.append((*here, "lo" in line.split()))
    return found


def find_in_memory(pid, texts):
    """How often each text stands in locked memory, and how often elsewhere. Needs root."""
    counts = {text: [0, 0] for text in texts}
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, locked in regions(pid):
            try:
                memory.seek(start)
                data = memory.read(end - start)
            except (OSError, ValueError, OverflowError):
                # The kernel's own pages.
                continue
            for text, count in counts.items():
                count[0 if locked else 1] += data.count(text.encode())
    return counts
