#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program that opens the browser: it is done in time, and nothing opens one later."""

import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import Gio, GLib

from harness import browser, tap
from harness.bus import BUS, BUS_PATH
from harness.portal import Portal
from harness.session import Session

URI = "https://login.example.com/authorize?state=x"
OPENER = pathlib.Path(os.environ["TIDIO_AUTHD"]).parent / "tidio-auth-open-uri"
UNTIL = "TIDIO_AUTH_OPEN_UNTIL"
MANAGER = "org.freedesktop.systemd1"
MANAGER_PATH = "/org/freedesktop/systemd1"
DEADLINE = 60.0
INTERFACE = Gio.DBusNodeInfo.new_for_xml(f"""<node><interface name="{MANAGER}.Manager">
  <method name="StartTransientUnit"><arg type="s" direction="in"/><arg type="s" direction="in"/>
    <arg type="a(sv)" direction="in"/><arg type="a(sa(sv))" direction="in"/>
    <arg type="o" direction="out"/></method>
  <method name="StopUnit"><arg type="s" direction="in"/><arg type="s" direction="in"/>
    <arg type="o" direction="out"/></method>
</interface></node>""").interfaces[0]


class Systemd:
    """A service manager that starts nothing. With `answers` it says at least that it is about to,
    and how that ended if `result` is given."""

    def __init__(self, session, answers=True, result=None):
        self.bus = session.new_bus()
        self.answers = answers
        self.result = result
        self.started = []
        self.stopped = []
        self.bus.connection.register_object(MANAGER_PATH, INTERFACE, self._answer, None, None)
        self.bus.call(BUS, BUS_PATH, BUS, "RequestName", GLib.Variant("(su)", (MANAGER, 4)))

    def _answer(self, _connection, _sender, _path, _interface, method, arguments, invocation):
        unit, _mode, *rest = arguments.unpack()
        if method == "StopUnit":
            self.stopped.append(unit)
            invocation.return_value(GLib.Variant("(o)", (f"{MANAGER_PATH}/job/2",)))
            return
        self.started.append((unit, dict(rest[0])))
        if self.answers:
            invocation.return_value(GLib.Variant("(o)", (f"{MANAGER_PATH}/job/1",)))
        if self.result is not None:
            self.bus.connection.emit_signal(
                None, MANAGER_PATH, f"{MANAGER}.Manager", "JobRemoved",
                GLib.Variant("(uoss)", (1, f"{MANAGER_PATH}/job/1", unit, self.result)))


def start(session, **environment):
    """The opener, with the address given to it; without a browser unless told otherwise."""
    process = session.spawn("opener", [OPENER], {"BROWSER": "", **environment},
                            stdin=subprocess.PIPE)
    process.stdin.write(URI.encode())
    process.stdin.close()
    return process


def start_in_unit(session, **environment):
    """As if the broker's unit had started it."""
    return start(session, SYSTEMD_EXEC_PID=str(os.getpid()), **environment)


def wait_for_end(session, process):
    session.bus.wait_for(lambda: process.poll() is not None, DEADLINE, "the opener's end", poll=True)
    return process.returncode


def milliseconds():
    return int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1000)


@tap.case("OP-01", "in a unit: systemd starts it once more, outside, with the time that is left")
def handed_over(session):
    systemd = Systemd(session, result="done")
    before = milliseconds()
    tap.equal(wait_for_end(session, start_in_unit(session)), 0, "exit status")
    (_unit, properties), = systemd.started
    tap.equal(bytes(properties["StandardInputData"]).decode(), URI, "what it is given")
    (name, _, value), = [one.partition("=") for one in properties["Environment"]]
    tap.equal(name, UNTIL, "variable")
    tap.between(int(value), before, milliseconds() + 8000, "the end, on the monotonic clock")
    tap.equal(systemd.stopped, [], "units that were stopped")


@tap.case("OP-02", "a job that never ends is stopped before the opener gives up")
def never_started(session):
    systemd = Systemd(session)
    tap.equal(wait_for_end(session, start_in_unit(session)), 1, "exit status")
    session.bus.wait_for(lambda: systemd.stopped, DEADLINE, "StopUnit")
    tap.equal(systemd.stopped, [systemd.started[0][0]], "the unit that was stopped")


@tap.case("OP-03", "a systemd that does not answer: the portal has time left, and is asked once")
def no_answer(session):
    systemd = Systemd(session, answers=False)
    portal = Portal(session.new_bus(), 0)
    tap.equal(wait_for_end(session, start_in_unit(session)), 0, "exit status")
    tap.equal(portal.opened, [URI], "what the portal was given")
    session.bus.wait_for(lambda: systemd.stopped, DEADLINE, "StopUnit")


@tap.case("OP-04", "started by systemd too late: it opens nothing")
def too_late(session):
    portal = Portal(session.new_bus(), 0)
    program, notes = browser.install(session)
    process = start(session, BROWSER=str(program), **{UNTIL: str(milliseconds())})
    tap.equal(wait_for_end(session, process), 1, "exit status")
    tap.equal((notes.exists(), portal.opened), (False, []), "a browser, what the portal was given")


@tap.case("OP-05", "in time: it opens the browser, which is not told the time")
def in_time(session):
    notes = session.root / "notes"
    program = session.root / "browser"
    program.write_text(f'#!/bin/sh\necho "$1 ${{{UNTIL}-unset}}" > {notes}\n')
    program.chmod(0o755)
    process = start(session, BROWSER=str(program), **{UNTIL: str(milliseconds() + 60000)})
    tap.equal(wait_for_end(session, process), 0, "exit status")
    tap.equal(notes.read_text(), f"{URI} unset\n", "what the browser was given")


@tap.case("OP-06", "many programs that fail: none is begun that there is no time to wait for")
def slow_programs(session):
    program = session.root / "slow"
    program.write_text("#!/bin/sh\nsleep 0.7\nexit 1\n")
    program.chmod(0o755)
    last, notes = browser.install(session)
    process = start(session, BROWSER=":".join([str(program)] * 16 + [str(last)]))
    tap.equal(wait_for_end(session, process), 1, "exit status")
    tap.check(not notes.exists(), "no browser once the time is over")


tap.main(lambda: Session(keyring="none"))
