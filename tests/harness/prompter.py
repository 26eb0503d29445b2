# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who sits before gnome-keyring's password dialog: tests/keyrings/mock-prompter.c."""

import os
import subprocess
import threading

DEADLINE = 20.0


class Prompter:
    """`steps`: what to do with the first prompts; a prompt with no step is dismissed."""

    def __init__(self, session, steps=()):
        self.bus = session.bus
        program = os.environ.get("TIDIO_AUTH_MOCK_PROMPTER")
        if program is None:
            raise RuntimeError("mock-prompter was not built: libgcr-3-dev is missing")
        self.process = session.spawn("prompter", [program, *steps], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE)
        first = self.process.stdout.readline().decode().split()
        if first[:1] != ["name"]:
            raise RuntimeError("the prompter did not start")
        self.name = first[1]
        self._lines = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.append(line.decode().strip())

    def say(self, step):
        """Answers the prompt that hangs, else is kept for the next one."""
        self.process.stdin.write(f"{step}\n".encode())
        self.process.stdin.flush()

    def prompts(self):
        """What was asked for so far: "password", "new-password" or "confirm", each time."""
        return [line.split()[1] for line in self._lines if line.startswith("prompt ")]

    def wait_for(self, count):
        self.bus.wait_for(lambda: len(self.prompts()) >= count, DEADLINE, f"prompt {count}",
                          poll=True)
