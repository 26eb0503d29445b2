# SPDX-License-Identifier: LGPL-2.1-or-later
"""Asks for access in the name of any application: see ask.c."""

import itertools
import os
import subprocess

from harness.broker import DEADLINE, error_name
from harness import tap

READER = "org.example.Reader"
WRITER = "org.example.Writer"


class Answer:
    """What an order came to, once it is there."""

    def __init__(self, asker, tag):
        self.asker = asker
        self.tag = tag

    def is_there(self):
        return self.tag in self.asker.read()

    def wait(self):
        """The name of the error, "" for none, and its message."""
        self.asker.bus.wait_for(self.is_there, DEADLINE, f"the answer to {self.tag}", poll=True)
        words = self.asker.read()[self.tag]
        return ("", "") if words == ["ok"] else tuple(words)

    def ok(self):
        tap.equal(self.wait(), ("", ""), "answer")

    def fails(self, short):
        """With that error; its message."""
        name, message = self.wait()
        tap.equal(name, error_name(short), f"error name (message: {message})")
        return message


class Asker:
    def __init__(self, session, environment):
        self.bus = session.bus
        self.process = session.spawn("ask", [os.environ["TIDIO_CONSENT_ASK"]], environment,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.numbers = itertools.count(1)
        self.answers = {}
        self.text = b""

    def read(self):
        """The answers so far, by their tags."""
        self.text += self.process.stdout.read() or b""
        *lines, self.text = self.text.split(b"\n")
        for line in lines:
            tag, *words = line.decode().split("\t")
            self.answers[tag] = words
        if self.process.poll() is not None:
            raise RuntimeError(f"the asking program ended with {self.process.returncode}")
        return self.answers

    def order(self, *words):
        tag = f"t{next(self.numbers)}"
        self.process.stdin.write("\t".join([tag, *words]).encode() + b"\n")
        self.process.stdin.flush()
        return Answer(self, tag)

    def call(self, method="GET", path="/contacts", app=READER, account="demo", trust="sandboxed",
             interactive=True):
        """May it make this call?"""
        return self.order("check", trust, app, account, method, path,
                          "interactive" if interactive else "quiet")

    def token(self, app=READER, account="demo", trust="sandboxed", interactive=True):
        return self.call("-", "-", app, account, trust, interactive)

    def sign_in(self, app=READER, account="demo", trust="sandboxed"):
        return self.order("sign-in", trust, app, account)

    def is_open(self, app, trust="host"):
        return self.order("open", trust, app).wait() == ("", "")

    def cancel(self, answer):
        self.order("cancel", answer.tag).ok()

    def close(self):
        self.order("close").ok()

    def settle(self):
        """All that was wanted before was looked up: the permission store answers in turn."""
        self.call(app="org.example.Last", interactive=False).wait()

    def end(self):
        self.process.stdin.close()
        tap.equal(self.process.wait(DEADLINE), 0, "exit status of the asking program")
        self.process.stdout.close()
