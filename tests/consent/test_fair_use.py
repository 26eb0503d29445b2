#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fair use: what one program asks for does not keep the others from being answered.

A connection has at most 128 calls unanswered, so the bus of the tests has it.
"""

import os
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import Gio, GLib

from harness import tap
from harness.api import EMPTY_OBJECT, ApiWorld
from harness.broker import DEADLINE, NAME, PATH, SLOW, expect_error, error_name
from harness.bus import BusError, Pending

PROPERTIES = "org.freedesktop.DBus.Properties"
EACH = 8
WAITING = 64
TOTAL = 32
MIB = 1024 * 1024
# At most, of the unit's 512, and more than before when it is over; a sanitizer keeps what was
# freed.
MEMORY = 200 * MIB * (4 if SLOW > 1 else 1)
SPARE = 32 * MIB * (12 if SLOW > 1 else 1)


class FairWorld(ApiWorld):
    """Its API answers a request for a path that starts with "held" when it is told to."""

    def __init__(self, **options):
        super().__init__(api=True, **options)
        self.held = 0
        self.most = 0
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.api.script = self.answer

    def __exit__(self, *failure):
        self.released.set()
        super().__exit__(*failure)

    def answer(self, handler):
        if "/held" not in handler.path:
            return EMPTY_OBJECT
        with self.lock:
            self.held += 1
            self.most = max(self.most, self.held)
        self.released.wait(60)
        with self.lock:
            self.held -= 1
        return EMPTY_OBJECT

    def wait_until_held(self, count):
        self.bus.wait_for(lambda: self.held == count, DEADLINE, f"{count} requests at the API",
                          poll=True)

    def requests_for(self, path):
        return sum(path in request[1] for request in self.api.requests)

    def memory(self, name="VmHWM"):
        """Of the broker, in bytes: the most so far, or now."""
        with open(f"/proc/{self.broker.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file
                        if line.startswith(f"{name}:"))


def hold(caller, count, **wishes):
    return [caller.start_call_api("GET", "held", deadline=120, timeout=100, **wishes)
            for _ in range(count)]


def count_results(calls, deadline=90):
    """How many ended how: by status, or by the error's name."""
    results = {}
    for call in calls:
        try:
            result = call.result(deadline)[0]
        except BusError as error:
            result = error.name.rpartition(".")[2]
        results[result] = results.get(result, 0) + 1
    return results


@tap.case("FU-01", "one sender: eight calls run, sixty-four wait, and the rest is Busy at once")
def one_sender(world):
    greedy = world.broker.other_caller()
    calls = hold(greedy, 120)
    world.bus.wait_for(lambda: sum(call.done for call in calls) == 120 - EACH - WAITING, DEADLINE,
                       "the calls without room to be answered", poll=True)
    world.wait_until_held(EACH)
    busy = [call for call in calls if call.done]
    tap.equal(count_results(busy), {"Busy": len(busy)}, "what was answered at once")
    tap.contains(busy[0].error.message, "8 calls", "message")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status for another")
    tap.equal(world.held, EACH, "requests at the API then")
    world.released.set()
    tap.equal(count_results(calls), {200: EACH + WAITING, "Busy": len(busy)}, "results")
    tap.equal(world.most, EACH, "most requests at a time")


@tap.case("DB-09", "a flood that does not end by itself: another sender is answered meanwhile")
def flood(world):
    greedy = world.broker.other_caller()
    seen = {"Busy": 0, "other": 0}
    running = []

    def renew():
        """Each answer is followed by the next call."""
        for call in [call for call in running if call.done]:
            running.remove(call)
            name = call.error.name if call.error else ""
            seen["Busy" if name == error_name("Busy") else "other"] += 1
        while len(running) < 110:
            running.append(greedy.start_call_api("GET", "contacts", timeout=100))

    for _ in range(5):
        call = world.broker.start_call_api("GET", "contacts", timeout=100)
        world.bus.wait_for(lambda: renew() or call.done, DEADLINE * 3, "the other's answer",
                           poll=True)
        tap.equal(call.result()[0], 200, "status")
        tap.check(len(running) > EACH, "the flood goes on")
    tap.check(seen["Busy"] > 0, "Busy for the greedy one")
    tap.comment(f"DB-09: the flood had {seen['Busy']} times Busy and {seen['other']} answers")
    results = count_results(running)
    tap.check(set(results) <= {200, "Busy"}, f"200 or Busy: {results}")


@tap.case("FU-02", "all senders together: thirty-two run, the others have their turn")
def all_senders(world):
    callers = [world.broker.other_caller() for _ in range(6)]
    calls = [call for caller in callers for call in hold(caller, EACH)]
    world.wait_until_held(TOTAL)
    world.released.set()
    tap.equal(count_results(calls), {200: 6 * EACH}, "results")
    tap.equal(world.most, TOTAL, "most requests at a time")


@tap.case("FU-03", "a caller that leaves: its places are free and what waited is not done")
def leaves(world):
    callers = [world.broker.other_caller() for _ in range(4)]
    for caller in callers:
        hold(caller, EACH + 5)
    world.wait_until_held(TOTAL)
    call = world.broker.start_call_api("GET", "held/other", deadline=120, timeout=100)
    callers[0].bus.close()
    world.bus.wait_for(lambda: world.requests_for("held/other"), DEADLINE, "the other's request",
                       poll=True)
    for caller in callers[1:]:
        caller.bus.close()
    world.released.set()
    tap.equal(call.result()[0], 200, "status")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status afterwards")
    tap.equal(world.requests_for("held"), TOTAL + 1, "requests that were made")


@tap.case("FU-04", "waiting for a place counts in the call's time: Timeout")
def timeout(world):
    greedy = world.broker.other_caller()
    calls = hold(greedy, EACH)
    world.wait_until_held(EACH)
    expect_error("Timeout", greedy.call_api, "GET", "contacts", timeout=1)
    tap.equal(world.requests_for("contacts"), 0, "requests of the one that waited")
    world.released.set()
    tap.equal(count_results(calls), {200: EACH}, "results")


@tap.case("FU-05", "calls that may wait for a person do not keep the others waiting")
def interactive(world):
    callers = [world.broker.other_caller() for _ in range(5)]
    calls = [call for caller in callers for call in hold(caller, EACH, interactive=True)]
    world.wait_until_held(TOTAL)
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status for another")
    tap.equal(callers[0].call_api("GET", "contacts")[0], 200, "status for one of them")
    world.released.set()
    tap.equal(count_results(calls), {200: 5 * EACH}, "results")


@tap.case("FU-06", "a token from memory needs no place")
def from_memory(world):
    greedy = world.broker.other_caller()
    calls = hold(greedy, 80)
    world.wait_until_held(EACH)
    for _ in range(5):
        tokens = [greedy.start_get_token() for _ in range(40)]
        tap.equal(len({token.result()[0] for token in tokens}), 1, "tokens")
    world.released.set()
    tap.equal(count_results(calls), {200: EACH + WAITING, "Busy": 80 - EACH - WAITING}, "results")


@tap.case("FU-07", "large bodies from one and from forty, a silent API: bounded memory, then less")
def bodies(world):
    world.api.reads = False
    before = world.memory()
    greedy = world.broker.other_caller()
    callers = [world.broker.other_caller() for _ in range(40)]
    calls = []
    for caller, size in [(greedy, 10)] * 16 + [(caller, 2) for caller in callers]:
        calls.append(caller.start_call_api("POST", "held", "x" * (size * MIB), deadline=120,
                                           timeout=100))
        # What was sent leaves this process before there is more of it.
        caller.bus.owner("org.tidio.Auth")
    world.broker.get("Version")
    most = world.memory()
    tap.comment(f"FU-07: {before // MIB} MiB before, {most // MIB} MiB at most")
    tap.check(most < MEMORY, f"less than {MEMORY // MIB} MiB: {most // MIB}")
    busy = sum(call.done for call in calls)
    tap.between(busy, 16 - 3, 16 - 2 + 40 - 10, "Busy at once")
    for caller in [greedy, *callers]:
        caller.bus.close()
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status afterwards")
    tap.comment(f"FU-07: {world.memory('VmRSS') // MIB} MiB afterwards")
    world.bus.wait_for(lambda: world.memory("VmRSS") < before + SPARE, DEADLINE,
                       "the memory to be free again", poll=True)


@tap.case("FU-08", "SignIn and SignOut without answer are bounded too")
def sign_ins(world):
    greedy = world.broker.other_caller()
    arguments = GLib.Variant("(sa{sv})", ("other", {"open-browser": GLib.Variant("b", False)}))
    calls = [greedy.start_call("SignIn", arguments) for _ in range(120)]
    results = count_results(calls)
    tap.check(set(results) <= {"/org/tidio/Auth/SignIns/2", "Busy"},
              f"one sign-in, or Busy: {results}")
    tap.equal(world.broker.sign_out("tidio"), True, "revoked")


@tap.case("FU-13", "a message with descriptors that no method takes goes no further", account="demo")
def descriptors(world):
    folder = f"/proc/{world.broker.process.pid}/fd"
    before = len(os.listdir(folder))
    orders = []
    for member, path, count in (("CallApi", PATH, 16), ("OpenApi", PATH, 2), ("GetToken", PATH, 1),
                                ("OpenApi", "/", 16), ("None", PATH, 1)):
        for _ in range(8):
            fds = Gio.UnixFDList.new()
            handles = [fds.append(0) for _ in range(count)]
            order = Pending(world.bus)
            world.bus.connection.call_with_unix_fd_list(
                NAME, path, NAME, member, GLib.Variant("(sssha{sv})", (
                    "demo", "GET", "held", handles[-1], {})), None, Gio.DBusCallFlags.NONE, 60_000,
                fds, None, order.finish, None)
            orders.append(order)
    for order in orders:
        expect_error("InvalidArgs", order.result)
    tap.check(len(os.listdir(folder)) <= before + 2, "no descriptors stay")
    tap.equal(world.api.requests, [], "requests")
    tap.check(world.broker.token("demo"), "a token")


@tap.case("FU-14", "messages larger than any body may be do not pile up", account="demo")
def large(world):
    text = GLib.Variant("(ss)", ("a" * 20 * MIB, "Id"))
    orders = [world.bus.start_call(NAME, f"{PATH}/Accounts/x", PROPERTIES, "Get", text)
              for _ in range(12)]
    for order in orders:
        expect_error("InvalidArgs", order.result)
    tap.check(world.memory() < 128 * MIB * (4 if SLOW > 1 else 1),
              f"the most memory: {world.memory() // MIB} MiB")


tap.main(FairWorld)
