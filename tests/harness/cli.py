# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line, run with pipes or on a terminal."""

import codecs
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from harness.broker import SANITIZER, SLOW

DEADLINE = 30.0 * SLOW


class Result:
    def __init__(self, code, out, err=""):
        self.code = code
        self.out = out
        self.err = err

    def __repr__(self):
        return f"exit {self.code}, stdout {self.out[:2000]!r}, stderr {self.err[:2000]!r}"


class Cli:
    def __init__(self, session, environment=None):
        self.session = session
        self.program = os.environ.get("TIDIO_AUTH", "tidio-auth")
        # Without one of these it would not have the broker open any.
        self.environment = {"BROWSER": "/bin/true", **session.environment, **(environment or {})}

    def start(self, *arguments, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen([self.program, *arguments], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.environment,
                                   cwd=self.session.root, **options)
        self.session.processes.append(process)
        return process

    def finish(self, process, data=None):
        out, err = process.communicate(data, timeout=DEADLINE)
        result = Result(process.returncode, out.decode(errors="surrogateescape"),
                        err.decode(errors="replace"))
        if SANITIZER.search(result.err):
            raise AssertionError(f"sanitizer report:\n{result.err}")
        return result

    def run(self, *arguments, data=None):
        """With pipes; `data` goes to standard input."""
        stdin = subprocess.DEVNULL if data is None else subprocess.PIPE
        return self.finish(self.start(*arguments, stdin=stdin), data)

    def on_terminal(self, *arguments, size=None):
        """`size`: rows and columns of the terminal; None: it does not say."""
        return Terminal(self, arguments, size)


class Terminal:
    """A run whose input and output are a terminal."""

    def __init__(self, cli, arguments, size=None):
        self.master, slave = pty.openpty()
        if size is not None:
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        self.process = subprocess.Popen(
            [cli.program, *arguments], stdin=slave, stdout=slave, stderr=slave,
            env={**cli.environment, "TERM": "xterm"}, cwd=cli.session.root,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        cli.session.processes.append(self.process)
        self.slave = slave
        self.text = ""
        # A character may come in two pieces.
        self.decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def read_until(self, part):
        limit = time.monotonic() + DEADLINE
        while part not in self.text:
            rest = limit - time.monotonic()
            if rest <= 0 or not self._read(rest):
                raise TimeoutError(f"waited for {part!r} on the terminal, got {self.text!r}")
        return self.text

    def _read(self, seconds):
        ready = select.select([self.master], [], [], min(seconds, 0.05))[0]
        if ready:
            data = os.read(self.master, 65536)
            self.text += self.decoder.decode(data)
            return True
        return self.process.poll() is None

    def type(self, text):
        os.write(self.master, text.encode())

    def finish(self):
        """The exit status, and all that stood on the terminal."""
        limit = time.monotonic() + DEADLINE
        while self.process.poll() is None:
            self._read(0.05)
            if time.monotonic() > limit:
                raise TimeoutError(f"the program did not end, got {self.text!r}")
        while select.select([self.master], [], [], 0)[0]:
            self.text += self.decoder.decode(os.read(self.master, 65536))
        os.close(self.master)
        os.close(self.slave)
        return Result(self.process.returncode, self.text)
