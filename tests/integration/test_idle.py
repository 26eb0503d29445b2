#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A broker that nobody needs leaves, comes back when it is called, and loses nothing by it."""

import pathlib
import signal
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

from harness import tap
from harness.api import EMPTY_OBJECT, ApiWorld, reply
from harness.broker import DEADLINE, NAME, SIGN_IN, expect_error
from harness.notifications import Notifications
from harness.streams import Sink, nothing, start_open_api

IDLE_TIMEOUT = 1
# How long a broker is looked at that must not leave: it would have twice meanwhile.
LONG = 2.5 * IDLE_TIMEOUT


class IdleWorld(ApiWorld):
    """The broker runs anew, so that no sign-in is told of any more, and `timeout` counts. Whoever
    asked before is not on the bus any more."""

    def __init__(self, timeout=IDLE_TIMEOUT, **options):
        self.timeout = timeout
        super().__init__(**options)

    def _begin(self):
        super()._begin()
        self.configure(self.timeout)
        self.broker.restart()

    @property
    def bus_process(self):
        return next(one for one in self.session.processes if one.args[0] == "dbus-daemon")

    def configure(self, timeout):
        path = self.session.root / "config/tidio-auth/tidio-auth.conf"
        path.write_text(f"[Broker]\nIdleTimeout={timeout}\n")

    def expect_to_leave(self):
        self.bus.wait_for(lambda: not self.bus.owner(NAME), DEADLINE, "the broker to leave",
                          poll=True)
        if self.broker.process is not None:
            tap.equal(self.broker.process.wait(DEADLINE), 0, "exit status")

    def expect_to_stay(self, why):
        owner = self.bus.owner(NAME)
        tap.check(owner != "", f"a broker while there is {why}")
        self.bus.settle(LONG)
        tap.equal(self.bus.owner(NAME), owner, f"the broker while there is {why}")

    def expect_to_leave_after(self, why, end, *arguments):
        """It stays until the function was called."""
        self.expect_to_stay(why)
        end(*arguments)
        self.expect_to_leave()


def list_activity(broker):
    """Asked by somebody who leaves at once."""
    caller = broker.other_caller()
    entries = caller.call("GetActivity", GLib.Variant("(u)", (1000,)))[0]
    caller.bus.close()
    return entries


@tap.case("IDLE-01", "it leaves, and who calls finds everything as it was")
def comes_back(world):
    world.broker.set_default("tidio")
    world.broker.call_api("GET", "contacts")
    before = world.broker.token()
    world.expect_to_leave()
    world.broker.process = None
    tap.equal(world.broker.token(), before, "the token")
    tap.equal(world.broker.get("DefaultAccount"), "tidio", "the default account")
    calls = [one["what"] for one in list_activity(world.broker)]
    for what in ("sign-in", "token", "GET /contacts"):
        tap.contains(calls, what, "what was noted before")
    world.expect_to_leave()
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes")


@tap.case("IDLE-02", "IdleTimeout=0: it stays", timeout=0)
def stays(world):
    world.expect_to_stay("no time-out")


@tap.case("IDLE-03", "calls that the bus brings while it gives its name back are answered")
def nothing_is_lost(world):
    """The bus stands still meanwhile, at one moment after the other around the end of the time-out,
    and finds all of that at once."""
    owners = set()
    for step in range(12):
        world.broker.token()
        owners.add(world.bus.owner(NAME))
        world.bus.settle(IDLE_TIMEOUT - 0.01 + 0.005 * step)
        world.bus_process.send_signal(signal.SIGSTOP)
        calls = [world.broker.start_get_token() for _ in range(10)]
        calls += [world.broker.start_call_api("GET", "contacts")]
        world.bus.settle(0.1)
        world.bus_process.send_signal(signal.SIGCONT)
        for call in calls:
            call.result()
    # Much later than that it has left in any case.
    world.bus.settle(IDLE_TIMEOUT + 2)
    world.broker.token()
    owners.add(world.bus.owner(NAME))
    tap.check(len(owners) > 1, "that it left at least once")
    world.broker.process = None


@tap.case("IDLE-04", "calls without end, each a little after it would have left: none fails")
def tight(world):
    world.broker.process = None
    owners = set()
    for step in range(12):
        world.bus.settle(IDLE_TIMEOUT - 0.01 + 0.004 * step)
        for _ in range(10):
            world.broker.token()
        owners.add(world.bus.owner(NAME))
    # Much later than that it has left in any case.
    world.bus.settle(IDLE_TIMEOUT + 2)
    world.broker.token()
    owners.add(world.bus.owner(NAME))
    tap.check(len(owners) > 1, "that it left at least once")


@tap.case("IDLE-05", "a program follows the activity: it stays as long as that is there")
def followed(world):
    caller = world.broker.other_caller()
    caller.call("GetActivity", GLib.Variant("(u)", (0,)))
    world.expect_to_leave_after("a follower", caller.bus.close)


@tap.case("IDLE-06", "a program shows the accounts: it stays as long as that is there")
def shown(world):
    caller = world.broker.other_caller()
    caller.objects()
    world.expect_to_leave_after("a reader of all objects", caller.bus.close)


@tap.case("IDLE-07", "a program shows one account: it stays; one property alone is no reason")
def shown_alone(world):
    world.broker.state("tidio")
    world.broker.get("Version")
    world.expect_to_leave()
    world.broker.process = None
    caller = world.broker.other_caller()
    caller.account("tidio")
    world.expect_to_leave_after("a reader of an account", caller.bus.close)


@tap.case("IDLE-08", "a sign-in waits, or has ended a moment ago: it stays")
def signs_in(world):
    path = world.broker.sign_in()
    world.expect_to_stay("a sign-in")
    world.broker.cancel(path)
    world.bus.wait_for(lambda: world.broker.get("State", path, SIGN_IN) == "failed", DEADLINE,
                       "the end of the sign-in", poll=True)
    world.expect_to_stay("the end of a sign-in to be told")
    tap.equal(world.broker.get("State", path, SIGN_IN), "failed", "its state")


@tap.case("IDLE-09", "a call waits for its answer: it stays, and leaves afterwards", api=True)
def calls(world):
    held, may_go_on = [], threading.Event()

    def script(_handler):
        held.append(True)
        may_go_on.wait()
        return EMPTY_OBJECT
    world.api.script = script
    call = world.broker.start_call_api("GET", "contacts")
    world.bus.wait_for(lambda: held, DEADLINE, "the request", poll=True)
    world.expect_to_stay("a call")
    may_go_on.set()
    tap.equal(call.result()[0], 200, "status")
    world.expect_to_leave()


@tap.case("IDLE-10", "a stream is being read: it stays, and leaves afterwards", api=True)
def streams(world):
    size = 1024 * 1024
    world.api.reply = (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size) + b"x" * size
    status, fd, _details = start_open_api(world.broker, "GET", "contacts", nothing()).result()
    tap.equal(status, 200, "status")
    world.expect_to_stay("a stream")
    tap.equal(len(Sink(fd).body()), size, "length of the body")
    world.expect_to_leave()


@tap.case("IDLE-11", "a token is not stored yet: it stays, and leaves once it is")
def unsaved(world):
    old = world.broker.token()
    world.server.control(delay=1000)
    refresh = world.broker.start_get_token(rejected=old)
    world.bus.wait_for(lambda: world.server.counters()["refreshes"] == 1, DEADLINE, "the refresh",
                       poll=True)
    world.keyring.lock()
    new = refresh.result()[0]
    world.expect_to_stay("an unsaved token")
    tap.equal(world.broker.state("tidio"), "unsaved", "state")
    world.session.stop_keyring()
    world.session.start_keyring(locked=False)
    world.expect_to_leave()
    tap.equal(world.keyring.records()["tidio"]["access_token"], new, "the token in the keyring")


@tap.case("IDLE-16", "the keyring is locked: it stays with the token that nobody else can read now")
def locked(world):
    before = world.broker.token()
    world.keyring.lock()
    world.bus.wait_for(lambda: world.broker.state("tidio") == "storage-locked", DEADLINE,
                       "the broker to see it", poll=True)
    world.expect_to_stay("a token in a locked keyring")
    tap.equal(world.broker.token(), before, "the token")
    world.session.stop_keyring()
    world.session.start_keyring(locked=False)
    world.expect_to_leave()


@tap.case("IDLE-17", "somebody deleted what is stored: it is kept anew before the broker leaves")
def deleted(world):
    before = world.broker.token()
    path = world.keyring.accounts()[0]["path"]
    world.bus.call("org.freedesktop.secrets", path, "org.freedesktop.Secret.Item", "Delete", None)
    tap.equal(world.keyring.accounts(), [], "items")
    world.expect_to_leave()
    world.broker.process = None
    tap.equal(world.broker.token(), before, "the token of the next broker")


@tap.case("IDLE-18", "no Secret Service answers: it stays, for nobody can say what is stored")
def blind(world):
    world.broker.token()
    owner = world.bus.owner(NAME)
    world.session.stop_keyring()
    world.bus.settle(3 * IDLE_TIMEOUT)
    tap.equal(world.bus.owner(NAME), owner, "the broker")
    world.session.start_keyring()
    world.expect_to_leave()


@tap.case("IDLE-12", "a server asked for time: it stays, or the next broker would not know", api=True)
def told_to_wait(world):
    world.api.reply = reply(429, b"{}", "Retry-After: 60")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 429, "status")
    world.expect_to_stay("a time to be kept")
    expect_error("RateLimited", world.broker.call_api, "GET", "contacts", timeout=1)
    tap.equal(len(world.api.requests), 1, "requests")


@tap.case("IDLE-13", "a notification is to be seen: it stays, so that its buttons do something")
def notified(world):
    desktop = Notifications(world.session).start()
    old = world.broker.token()
    world.server.control(revoke_grants=True)
    expect_error("SignInRequired", world.broker.get_token, rejected=old)
    shown_one = desktop.wait()
    world.secrets.add(old)
    world.expect_to_leave_after("a notification", desktop.close, shown_one)


@tap.case("IDLE-14", "a file of the activity that cannot be written: it stays with what it has")
def unwritable(world):
    path = world.session.root / "state/tidio-auth/activity"
    path.unlink()
    path.mkdir()
    world.broker.token()
    world.expect_to_leave_after("activity that is nowhere else", path.rmdir)
    tap.contains(path.read_text(), "token", "the file")


def switches(pid):
    """How often its threads have gone to sleep so far: each time something had woken them."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        lines = (task / "status").read_text(encoding="utf-8").splitlines()
        total += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt"))
    return total


@tap.case("IDLE-15", "nothing is asked of it: nothing ever wakes it", timeout=0)
def silent(world):
    """After what is done a while later, which is that the activity goes to its file, and threads
    that GLib keeps for a while."""
    path = world.session.root / "state/tidio-auth/activity"
    pid = world.broker.process.pid
    world.broker.token()
    world.bus.wait_for(lambda: "token" in path.read_text(), DEADLINE, "the activity in its file",
                       poll=True)

    def was_silent():
        before = switches(pid)
        world.bus.settle(2 * LONG)
        return switches(pid) == before
    world.bus.wait_for(was_silent, 3 * DEADLINE, f"{2 * LONG} s without waking up", poll=True)


if __name__ == "__main__":
    tap.main(IdleWorld, workers=3)
