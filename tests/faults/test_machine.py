#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fault rows: lock files in the way, clocks that jump, sleep, callers that leave."""

import json
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

from harness import tap
from harness.broker import DEADLINE, SIGN_IN, expect_error
from harness.locks import OpenWatch, lock_path, start_holder
from harness.peer import answer
from harness.watching import Listener
from rows import ACCOUNT, TOKEN, add_rows, main, within
from steps import halted

TWO_DAYS = 2 * 86400
# Who waits for a lock waits for 15 s; the rest is for a slow machine.
LOCK_WAIT = 25


# Lock files

def with_holder(then):
    """Another process has the lock, and `then` happens to that process while we wait."""
    def run(world):
        path = lock_path(world.session)
        holder = start_holder(world.session, path)
        watch = OpenWatch(path)
        if then == "stopped":
            holder.send_signal(signal.SIGSTOP)
        pending = world.ask()
        world.bus.connection.flush_sync(None)
        watch.wait()
        if then == "killed":
            holder.kill()
        with within(LOCK_WAIT, "the lock"):
            seen = world.seen(pending)
        holder.kill()
        holder.wait()
        return seen
    return run


def lock_released(world):
    with halted(world, "before the lock") as halt:
        halt.go_on()
        return world.seen(halt.pending)


def lock_deleted(world):
    """Somebody cleans the folder while two wait for its file."""
    path = lock_path(world.session)
    with halted(world, "before the lock") as halt:
        path.unlink()
        halt.go_on()
        return world.seen(halt.pending)


def symlink(world):
    target = world.session.root / "home" / "precious"
    target.write_text("precious")
    path = lock_path(world.session)
    path.unlink(missing_ok=True)
    path.symlink_to(target)
    seen = world.outcome()
    tap.equal(target.read_text(), "precious", "the file the link points to")
    path.unlink()
    return seen


def open_to_all(world):
    path = lock_path(world.session)
    path.touch()
    path.chmod(0o666)
    return world.outcome()


def fifo_instead(world):
    path = lock_path(world.session)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    seen = world.outcome()
    path.unlink()
    return seen


def file_instead_of_folder(world):
    path = lock_path(world.session)
    path.unlink(missing_ok=True)
    path.parent.rmdir()
    path.parent.write_text("")
    seen = world.outcome()
    path.parent.unlink()
    return seen


def folder_gone(world):
    path = lock_path(world.session)
    path.unlink(missing_ok=True)
    path.parent.rmdir()
    return world.outcome()


# Callers

def leaves_at(step):
    """The only caller leaves the bus; the refresh ends without anybody."""
    def run(world):
        other = world.broker.other_caller()
        with halted(world, step, caller=other) as halt:
            other.bus.close()
            halt.go_on()
        world.bus.wait_for(
            lambda: world.newest_record()["access_token"] != world.old, DEADLINE,
            "the new token in the keyring", poll=True)
        return "nothing"
    return run


def one_of_two_leaves(world):
    other = world.broker.other_caller()
    with halted(world, "request processed", caller=other) as halt:
        pending = world.ask()
        other.bus.close()
        halt.go_on()
        return world.seen(pending)


def impatient(world):
    """Its time is over; the refresh goes on."""
    with halted(world, "request processed", timeout=1) as halt:
        seen = world.seen(halt.pending)
        halt.go_on()
    world.bus.wait_for(
        lambda: world.newest_record()["access_token"] != world.old, DEADLINE,
        "the new token in the keyring", poll=True)
    return seen


def leave(world, caller):
    """The broker knows of it afterwards."""
    name = caller.bus.unique_name
    caller.bus.close()
    world.bus.wait_for(lambda: not world.bus.owner(name), DEADLINE, "the caller to be gone",
                       poll=True)
    world.bus.ping_all()
    world.broker.get("Version")


def leaves_prompt(cold=False):
    """The user is not asked any more once nobody waits."""
    def run(world):
        world.keyring.set_prompts("ignore")
        if cold:
            world.broker.stop()
        world.keyring.lock()
        if cold:
            world.broker.start()
        world.keyring.plan("Prompt", "note")
        world.keyring.plan("Dismiss", "note")
        other = world.broker.other_caller()
        world.ask(other, interactive=True)
        world.keyring.wait_for_reached()
        other.bus.close()
        tap.equal(world.keyring.wait_for_reached(2)[0], "Dismiss", "what comes next")
        return "nothing"
    return run


def one_leaves_prompt(world):
    world.keyring.set_prompts("ignore")
    world.keyring.lock()
    world.keyring.plan("Prompt", "note")
    other = world.broker.other_caller()
    world.ask(other, interactive=True)
    world.keyring.wait_for_reached()
    pending = world.ask(interactive=True)
    world.broker.get("Version")
    leave(world, other)
    tap.equal(world.keyring.count("Dismiss"), 0, "prompts that were closed")
    world.keyring.set_prompts("accept")
    return world.seen(pending)


NEWCOMER = "newcomer"


def sign_in_state(world):
    """Of the one sign-in there is."""
    return [interfaces[SIGN_IN]["State"] for interfaces in world.broker.objects().values()
            if SIGN_IN in interfaces and interfaces[SIGN_IN]["Account"] == NEWCOMER]


def ask_for_newcomer(world, caller):
    pending = caller.start_get_token(NEWCOMER, deadline=110.0, interactive=True)
    world.bus.wait_for(lambda: sign_in_state(world) == ["waiting"], DEADLINE, "the sign-in",
                       poll=True)
    return pending


def leaves_sign_in(world):
    other = world.broker.other_caller()
    ask_for_newcomer(world, other)
    other.bus.close()
    world.bus.wait_for(lambda: sign_in_state(world) == ["failed"], DEADLINE, "the sign-in to end",
                       poll=True)
    return "nothing"


def wanted_sign_in(world):
    """Two wait, and one leaves; somebody else wants it, and the other leaves too."""
    others = [world.broker.other_caller() for _ in range(2)]
    for other in others:
        ask_for_newcomer(world, other)
        # Told once the keyring was looked into, which the call before it waited for too.
        expect_error("NoSuchAccount", other.get_token, "nobody")
    leave(world, others[0])
    tap.equal(sign_in_state(world), ["waiting"], "with one left")
    path = world.broker.sign_in(NEWCOMER)
    leave(world, others[1])
    tap.equal(sign_in_state(world), ["waiting"], "with nobody left but who started it by SignIn")
    world.broker.cancel(path)
    return "nothing"


def leaves_api_call(world):
    """Nobody waits for the API's answer any more."""
    order = world.peer.plan("/v1/", "stall")
    other = world.broker.other_caller()
    other.start_call_api("GET", "operators", account=ACCOUNT)
    other.bus.connection.flush_sync(None)
    order.wait()
    other.bus.close()
    order.wait_until_left()
    seen = str(world.broker.call_api("GET", "operators", account=ACCOUNT)[0])
    order.release()
    return seen


# Clocks

def plain(world):
    """A call that has nothing against the token there is, and one right after it."""
    seen = world.seen(world.broker.start_get_token(ACCOUNT, deadline=110.0))
    first = world.broker.token(ACCOUNT)
    tap.equal({world.broker.token(ACCOUNT) for _ in range(5)}, {first}, "tokens right after it")
    return seen


def jumped(restart=False, **shift):
    def run(world):
        if restart:
            world.broker.stop()
        to = {name: value - time.time() if value == 0 else value for name, value in shift.items()}
        world.clocks.shift(**to)
        if restart:
            world.broker.start()
        return plain(world)
    return run


def jumped_offline(restart=False, **shift):
    """The same without a network: whatever a token is worth then."""
    def run(world):
        world.peer.down()
        if restart:
            world.broker.stop()
        world.clocks.shift(**shift)
        if restart:
            world.broker.start()
        return world.seen(world.broker.start_get_token(ACCOUNT, deadline=110.0))
    return run


def there_and_back(world):
    """A clock that was wrong for a while; the network was not there either."""
    seen = jumped_offline(real=TWO_DAYS)(world)
    world.clocks.shift()
    again = world.seen(world.broker.start_get_token(ACCOUNT, deadline=110.0))
    return f"{seen}; {again}"


def jumped_meanwhile(**shift):
    """The clock is set while the answer is on its way."""
    def run(world):
        with halted(world, "request processed") as halt:
            world.clocks.shift(**shift)
            halt.go_on()
            return world.seen(halt.pending)
    return run


# Sleep

def slept(world):
    world.logind.prepare_for_sleep(True)
    world.clocks.shift(real=TWO_DAYS, boot=TWO_DAYS)
    world.logind.prepare_for_sleep(False)
    return plain(world)


def slept_meanwhile(world):
    """In the middle of a refresh; the connection survives."""
    with halted(world, "request processed") as halt:
        world.logind.prepare_for_sleep(True)
        world.clocks.shift(real=3600, boot=3600)
        world.logind.prepare_for_sleep(False)
        halt.go_on()
        return world.seen(halt.pending)


def ends_the_wait(world, event):
    """The event ends the wait that failures before it have brought about."""
    world.server.fail("token", 503)
    for _ in range(9):
        tap.equal(world.outcome(timeout=10), "ServerError", "a failure")
        event()
    world.outcome(timeout=10)
    world.server.heal("token")
    # After ten failures in a row the wait is one of minutes.
    seen = world.outcome(timeout=30)
    event()
    return f"{seen}; {world.outcome(timeout=30)}"


def slept_after_failures(world):
    return ends_the_wait(world, lambda: world.logind.prepare_for_sleep(False))


def online_after_failures(world):
    """NetworkManager says it by its properties alone."""
    return ends_the_wait(world, world.network.reconnect)


def online_but_told_to_wait(world):
    world.peer.plan(TOKEN, "answer", answer_with=answer(429, "{}", headers={"Retry-After": "4"}))
    world.outcome()
    world.network.reconnect()
    return world.outcome(timeout=1)


def slept_but_told_to_wait(world):
    """What the provider asked for holds over a short sleep."""
    world.peer.plan(TOKEN, "answer", answer_with=answer(429, "{}", headers={"Retry-After": "4"}))
    world.outcome()
    world.logind.prepare_for_sleep(True)
    world.logind.prepare_for_sleep(False)
    return world.outcome(timeout=1)


def odd_signal(world):
    """A PrepareForSleep that is none."""
    world.logind.bus.connection.emit_signal(
        None, "/org/freedesktop/login1", "org.freedesktop.login1.Manager", "PrepareForSleep",
        GLib.Variant("(s)", ("now",)))
    return world.outcome()


CLOCKS = {"clocks": True}
SLEEP = {"clocks": True, "logind": True}
ONE = "1 refresh"

ROWS = [
    ("LK-01", "lock held by a stopped process", "before the lock", with_holder("stopped"), "Busy",
     "nothing"),
    ("LK-02", "holder of the lock is killed", "before the lock", with_holder("killed"),
     "a new token", ONE),
    ("LK-03", "lock held for a while", "before the lock", lock_released, "a new token", ONE),
    ("LK-04", "lock file deleted while held", "before the lock", lock_deleted, "a new token", ONE),
    ("LK-05", "lock file is a symlink", "before the lock", symlink, "Failed", "nothing"),
    ("LK-06", "lock file is open to all (0666)", "before the lock", open_to_all,
     "a new token", ONE),
    ("LK-07", "lock file is a FIFO", "before the lock", fifo_instead, "Failed", "nothing"),
    ("LK-08", "no folder can be made for it", "before the lock", file_instead_of_folder,
     "Failed", "nothing"),
    ("LK-09", "its folder was deleted", "before the lock", folder_gone, "a new token", ONE),
    ("FC-01", "caller leaves", "before the lock", leaves_at("before the lock"), "nothing", ONE),
    ("FC-02", "caller leaves", "intent write", leaves_at("intent write"), "nothing", ONE),
    ("FC-03", "caller leaves", "request processed", leaves_at("request processed"), "nothing",
     ONE),
    ("FC-04", "caller leaves", "result write", leaves_at("result write"), "nothing", ONE),
    ("FC-05", "one of two callers leaves", "request processed", one_of_two_leaves, "a new token",
     ONE),
    ("FC-06", "caller has no more time", "request processed", impatient, "Timeout", ONE),
    ("FC-07", "caller leaves", "API call", leaves_api_call, "200", "2 API calls"),
    ("FC-08", "caller leaves", "prompt of the keyring", leaves_prompt(), "nothing", "nothing"),
    ("FC-09", "caller leaves", "prompt, accounts not read yet", leaves_prompt(cold=True),
     "nothing", "nothing"),
    ("FC-10", "one of two callers leaves", "prompt of the keyring", one_leaves_prompt,
     "a new token", ONE),
    ("FC-11", "caller leaves", "sign-in of another account", leaves_sign_in, "nothing",
     "nothing"),
    ("FC-12", "callers leave", "sign-in that is wanted", wanted_sign_in, "nothing", "nothing"),
    ("CK-01", "clock set 2 days forward", "idle", jumped(real=TWO_DAYS), "a new token", ONE,
     CLOCKS),
    ("CK-02", "clock set 2 days back", "idle", jumped(real=-TWO_DAYS),
     "the old token", "nothing", CLOCKS),
    ("CK-03", "clock set 2 days back", "start-up load", jumped(restart=True, real=-TWO_DAYS),
     "a new token", ONE, CLOCKS),
    ("CK-04", "clock set to 1970", "idle", jumped(real=0), "the old token", "nothing", CLOCKS),
    ("CK-05", "clock set to 1970", "start-up load", jumped(restart=True, real=0), "a new token",
     ONE, CLOCKS),
    ("CK-06", "clock 2 days forward, no network", "idle", jumped_offline(real=TWO_DAYS),
     "Network", "nothing", CLOCKS),
    ("CK-07", "clock 2 days back, no network", "start-up load",
     jumped_offline(restart=True, real=-TWO_DAYS), "the old token, degraded", "nothing",
     CLOCKS),
    ("CK-08", "clock 2 days forward, then right", "idle", there_and_back,
     "Network; the old token", "nothing", CLOCKS),
    ("CK-09", "clock set 2 days forward", "request processed", jumped_meanwhile(real=TWO_DAYS),
     "a new token", ONE, CLOCKS),
    ("CK-10", "clock set 2 days back", "request processed", jumped_meanwhile(real=-TWO_DAYS),
     "a new token", ONE, CLOCKS),
    ("CK-11", "2 days asleep, wall clock wrong", "idle", jumped(boot=TWO_DAYS), "a new token", ONE,
     CLOCKS),
    ("CK-12", "2 days asleep, no network", "idle", jumped_offline(boot=TWO_DAYS), "Network",
     "nothing", CLOCKS),
    ("SL-01", "2 days asleep", "idle", slept, "a new token", ONE, SLEEP),
    ("SL-02", "an hour asleep", "request processed", slept_meanwhile, "a new token", ONE, SLEEP),
    ("SL-03", "asleep after failures", "idle", slept_after_failures, "ServerError; a new token",
     "11 requests, 1 served", SLEEP),
    ("SL-04", "asleep after Retry-After", "idle", slept_but_told_to_wait, "RateLimited",
     "1 request, none served", SLEEP),
    ("NW-01", "network back after failures", "idle", online_after_failures,
     "ServerError; a new token", "11 requests, 1 served", {"network": True}),
    ("NW-02", "network back after Retry-After", "idle", online_but_told_to_wait, "RateLimited",
     "1 request, none served", {"network": True}),
    ("SL-05", "logind says nonsense", "idle", odd_signal, "a new token", ONE, SLEEP),
]

add_rows(ROWS)


@tap.case("CK-13", "no refresh token, and a wrong clock at the start: State follows it", clocks=True,
          logind=True)
def set_right(world):
    record = world.newest_record()
    del record["refresh_token"]
    world.broker.stop()
    world.keyring.set_secret(world.keyring.accounts()[0]["path"], json.dumps(record).encode())
    world.clocks.shift(real=TWO_DAYS)
    world.broker.start()
    tap.equal(world.broker.state(ACCOUNT), "sign-in-required", "State")
    listener = Listener(world.broker)
    world.clocks.shift()
    world.logind.prepare_for_sleep(False)
    listener.wait_for_state(ACCOUNT, "ready")
    tap.equal(world.broker.token(ACCOUNT), record["access_token"], "token")
    world.clocks.shift(real=TWO_DAYS)
    world.logind.prepare_for_sleep(False)
    listener.wait_for_state(ACCOUNT, "sign-in-required")
    tap.equal(listener.states(ACCOUNT), ["ready", "sign-in-required"], "States")


main()
