#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fair use of OpenApi, whose calls last as long as somebody reads, and of file descriptors."""

import os
import pathlib
import resource
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import Gio, GLib

from harness import tap
from harness.api import EMPTY_OBJECT, ApiWorld, reply
from harness.broker import DEADLINE, NAME, PATH, SLOW, error_name
from harness.bus import Pending, options
from harness.streams import Sink, nothing, start_open_api

EACH = 8
WAITING = 16
TOTAL = 32
MIB = 1 << 20
# The most that the bus takes in one message.
FILES_EACH = 16
# Of the unit.
FILES = 512
# So many answers of 8 MiB may be read at a time, in less than this.
FIT = 16
MEMORY = 320 * MIB * (4 if SLOW > 1 else 1)


class StreamWorld(ApiWorld):
    """Its answers to `large` do not fit into a pipe. The broker may have as many descriptors as the
    unit lets it."""

    def __init__(self, **wishes):
        super().__init__(api=True, **wishes)
        self.api.script = lambda handler: reply(200, bytes(8 * MIB) if "large" in handler.path
                                                else b"{}")

    def _begin(self):
        super()._begin()
        resource.prlimit(self.broker.process.pid, resource.RLIMIT_NOFILE, (FILES, FILES))

    def memory(self):
        """Of the broker, the most so far."""
        with open(f"/proc/{self.broker.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.broker.process.pid}/fd"))


def start(caller, count, **wishes):
    fd = nothing()
    try:
        return [start_open_api(caller, "GET", "large", fd, timeout=100, **wishes)
                for _ in range(count)]
    finally:
        os.close(fd)


def start_with_files(caller, member, arguments, count):
    """A call whose message has that many descriptors."""
    fds = Gio.UnixFDList.new()
    with tempfile.TemporaryFile() as file:
        for _ in range(count):
            fds.append(file.fileno())
    pending = Pending(caller.bus)
    caller.bus.connection.call_with_unix_fd_list(
        NAME, PATH, NAME, member, arguments, None, Gio.DBusCallFlags.NONE, 120_000, fds, None,
        lambda connection, result, _data: pending.finish(connection, result, None), None)
    return pending


@tap.case("FU-09", "streams that nobody reads, interactive or not: calls of others go on")
def unread(world):
    callers = [world.broker.other_caller() for _ in range(TOTAL // EACH)]
    kinds = ({}, {"interactive": True})
    streams = []
    for wishes in kinds:
        calls = [call for caller in callers for call in start(caller, EACH, **wishes)]
        streams.append([call.result()[1] for call in calls])
    for wishes, fds in zip(kinds, streams):
        tap.equal(world.broker.call_api("GET", "contacts", timeout=5)[0], 200, "status")
        call = world.broker.start_call_api("GET", "contacts", interactive=True)
        tap.equal(call.result(DEADLINE)[0], 200, "status, interactive")
        tap.equal(callers[0].call_api("GET", "contacts", timeout=5)[0], 200, "status for one")
        waiting = start(world.broker, 1, **wishes)[0]
        tap.check(not waiting.done, "one more waits")
        os.close(fds.pop())
        fds.append(waiting.result()[1])
        tap.equal(len(Sink(fds.pop()).body()), 8 * MIB, "length of the body")
        for fd in fds:
            os.close(fd)


@tap.case("FU-10", "one sender's streams: eight run, sixteen wait, the rest is Busy at once")
def one_sender(world):
    greedy = world.broker.other_caller()
    calls = start(greedy, 40)
    world.bus.wait_for(lambda: sum(call.done for call in calls) == 40 - WAITING, DEADLINE,
                       "those without room to be answered", poll=True)
    words = [call.error.name.rpartition(".")[2] if call.error else call.value[0]
             for call in calls if call.done]
    tap.equal((words.count(200), words.count("Busy")), (EACH, 40 - EACH - WAITING), "answers")
    other = start(world.broker, 1)[0].result()
    tap.equal(other[0], 200, "status for another")
    tap.equal(len(Sink(other[1]).body()), 8 * MIB, "length of the body")
    greedy.bus.close()
    for call in calls:
        if call.value:
            os.close(call.value[1])


@tap.case("FU-11", "sixteen descriptors in each message of calls that last: closed at once")
def many_descriptors(world):
    before = world.descriptors()
    greedy = world.broker.other_caller()
    stalled = threading.Event()
    world.api.script = lambda handler: ("held" in handler.path and stalled.wait(60) and b""
                                        ) or EMPTY_OBJECT
    for member, body in [("CallApi", ""), ("OpenApi", FILES_EACH - 1)] * 36:
        arguments = GLib.Variant(f"(sss{'s' if body == '' else 'h'}a{{sv}})",
                                 ("", "GET", "held", body, options({"timeout": 100})))
        start_with_files(greedy, member, arguments, FILES_EACH)
        greedy.get("Version")
    tap.comment(f"FU-11: {before} descriptors before, {world.descriptors()} then")
    tap.check(world.descriptors() < before + 160, "they are closed")
    other = world.broker.other_caller()
    tap.equal(other.call_api("GET", "contacts", timeout=10)[0], 200, "status for another")
    greedy.bus.close()
    stalled.set()


@tap.case("FU-15", "large answers to all at once: bounded memory, and the rest is Busy")
def answers(world):
    """Each stops shortly before its end until it is decided which of them have room."""
    size = 8 * MIB - 1
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {size}\r\n\r\n"
    stalled = threading.Event()

    def script(handler):
        handler.wfile.write(head.encode() + b"x" * (size - 1))
        stalled.wait(60)
        return b"x"

    world.api.script = script
    callers = [world.broker.other_caller() for _ in range(TOTAL // EACH)]
    calls = [caller.start_call_api("GET", "contacts", deadline=120, timeout=100)
             for caller in callers for _ in range(EACH)]
    world.bus.wait_for(lambda: sum(call.done for call in calls) == TOTAL - FIT, DEADLINE,
                       "those without room to be answered", poll=True)
    most = world.memory()
    tap.comment(f"FU-15: {most // MIB} MiB at most until then")
    tap.check(most < MEMORY, f"the most memory: {most // MIB} MiB")
    busy = [call.error for call in calls if call.done]
    tap.equal({error and error.name for error in busy}, {error_name("Busy")}, "errors")
    stalled.set()
    tap.equal({call.result()[0] for call in calls if call.error is None}, {200}, "statuses")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status afterwards")


@tap.case("FU-12", "callers that leave while OpenApi waits for whatever: the broker goes on")
def leave(world):
    def leaves_after(wait, method="GET"):
        before = len(world.api.requests)
        caller = world.broker.other_caller()
        fd = nothing()
        start_open_api(caller, method, "held", fd, timeout=100)
        os.close(fd)
        wait(before)
        caller.bus.close()
        tap.equal(world.broker.get("Version"), 1, "the broker's version")
        tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status for another")

    def wait_for_request(before):
        world.bus.wait_for(lambda: len(world.api.requests) > before, DEADLINE, "the request",
                           poll=True)

    def wait_for_its_turn(_before):
        world.broker.get("Version")
        time.sleep(0.3)

    def wait_for_refresh(before):
        wait_for_request(before)
        time.sleep(0.5)

    stalled = threading.Event()
    world.api.script = lambda handler: ("held" in handler.path and stalled.wait(60) and b""
                                        ) or EMPTY_OBJECT
    for method in ("GET", "POST"):
        leaves_after(wait_for_request, method)
        leaves_after(lambda _before: None, method)
    stalled.set()
    world.api.script = lambda _handler: reply(429, b"", "Retry-After: 3")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 429, "status")
    world.api.script = lambda _handler: EMPTY_OBJECT
    leaves_after(wait_for_its_turn)
    world.server.control(delay=1500)
    world.api.script = lambda handler: reply(401) if "held" in handler.path else EMPTY_OBJECT
    leaves_after(wait_for_refresh)
    world.server.control(delay=0)


tap.main(StreamWorld)
