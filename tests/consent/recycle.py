#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A caller that ends while it is identified, and another process that gets its number at once.

Runs as the first process of a pid namespace, where the next number can be chosen. Its arguments: a
folder for the bus, and when the caller ends. It prints what the caller was taken for, and whether
its number was that of another process then.
"""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from identifier import Identifier, ToldBus

STEPS = {"before-look": "GetConnectionCredentials", "after-look": "GetConnectionUnixProcessID"}
LAST_PID = pathlib.Path("/proc/sys/kernel/ns_last_pid")


def start(argv=("sleep", "600"), **options):
    return subprocess.Popen(argv, **options)


def spawn(_name, argv, environment, **options):
    return start(argv, env={**os.environ, **environment}, **options)


def main():
    folder, step = sys.argv[1:]
    bus = ToldBus(folder)
    identifier = Identifier(spawn, bus.address)
    caller = start()
    others = []

    def recycle():
        caller.kill()
        caller.wait()
        LAST_PID.write_text(str(caller.pid - 1))
        others.append(start())

    bus.say(caller.pid)
    bus.before[STEPS[step]] = recycle
    if step == "before-look":
        # Whose number it was has left the bus meanwhile.
        bus.pid = None
    taken_for = identifier.identify(":1.2")
    print(taken_for, others[0].pid == caller.pid and others[0].poll() is None)


main()
