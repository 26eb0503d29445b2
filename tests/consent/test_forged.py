#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Answers to the broker's own calls, from programs that it did not call.

A bus brings an answer to whom it is addressed, whoever sends it. An xdg-dbus-proxy without the fix
of CVE-2026-94422 lets a sandboxed program send some; here the program is at the bus itself."""

import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

from harness import callers, tap
from harness.access_dialogs import DENIED, GRANTED, AccessDialogs
from harness.api import ApiWorld
from harness.broker import NAME, expect_error
from harness.permissions import Permissions

APP = "org.example.Forger"
# More than the broker makes calls in a case; so many at a time as the bus lets one make.
SERIALS = range(10, 600, 90)


class ForgedWorld(ApiWorld):
    """`app`: the broker as the program calls it that forges."""

    def __init__(self, **wishes):
        super().__init__(api=True, account="demo", **wishes)
        self.dialogs = AccessDialogs(self.session)
        self.permissions = Permissions(self.session)
        self.app = None

    def _begin(self):
        self.dialogs.install().start()
        self.permissions.start()
        super()._begin()
        self.app = callers.broker(self.session, callers.sandboxed(self.session, APP, proxy=False))

    def forge(self, body):
        """The program answers whatever the broker has asked anybody."""
        for first in SERIALS:
            self.app.bus.forge(self.bus.owner(NAME), first, first + SERIALS.step - 1, body)
        # They have come once the broker has answered what was sent after them.
        for bus in (self.app.bus, self.bus):
            bus.call(NAME, "/", "org.freedesktop.DBus.Peer", "Ping")


def check_nothing_done(world):
    tap.equal(world.permissions.get(APP, "demo"), None, "grant")
    tap.equal(world.api.requests, [], "requests")


@tap.case("FG-01", "the answer to a question to the user comes from the desktop, or from nobody")
def dialog(world):
    call = world.app.start_call_api("POST", "contacts", account="demo", interactive=True)
    question = world.dialogs.wait()
    world.forge(GLib.Variant("(ua{sv})", (GRANTED, {})))
    world.bus.settle(0.5)
    tap.check(not call.done, "the call waits")
    check_nothing_done(world)
    world.dialogs.answer(question, DENIED)
    expect_error("NotAuthorized", call.result)
    check_nothing_done(world)


@tap.case("FG-02", "what is granted is said by the permission store, or by nobody")
def grants(world):
    expect_error("InteractionRequired", world.app.call_api, "POST", "contacts", account="demo")
    world.permissions.process.send_signal(signal.SIGSTOP)
    call = world.app.start_call_api("POST", "contacts", account="demo")
    world.forge(GLib.Variant("(a{sas}v)", ({APP: ["token", "* /*"]}, GLib.Variant("y", 0))))
    world.bus.settle(0.5)
    tap.check(not call.done, "the call waits")
    world.permissions.process.send_signal(signal.SIGCONT)
    expect_error("InteractionRequired", call.result)
    check_nothing_done(world)


@tap.case("FG-03", "answers of a wrong type, or errors, do not reach who waits either")
def types(world):
    call = world.app.start_call_api("POST", "contacts", account="demo", interactive=True)
    question = world.dialogs.wait()
    world.forge(GLib.Variant("(s)", ("no",)))
    world.bus.settle(0.5)
    tap.check(not call.done and question.is_open, "the call waits")
    world.dialogs.answer(question, GRANTED)
    tap.equal(call.result()[0], 200, "status")


tap.main(ForgedWorld)
