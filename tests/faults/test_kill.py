#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fault rows: the broker is killed or asked to end, at each step."""

import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap
from harness.broker import SLOW, expect_error
from rows import ACCOUNT, add_rows, main
from steps import STEPS, halted, refused, rotation_at

# After SIGTERM, or the end of the bus.
# Without a limit of its own the broker would wait for 20 and more.
END = 5.0 * SLOW
# What a call may come to when the broker ends under it and nothing goes on.
CUT_SHORT = ("no answer", "Failed", "Busy", "Timeout", "Network", "StorageUnavailable")


def end_of(process):
    try:
        return process.wait(END)
    except subprocess.TimeoutExpired:
        raise tap.Failure(f"the broker did not end within {END} s") from None


def killed_at(step):
    def run(world):
        with halted(world, step) as halt:
            world.broker.kill()
            halt.give_up()
            return world.seen(halt.pending)
    return run


def ended_at(step, goes_on):
    """SIGTERM; what halts the broker goes on right after that, or never."""
    def run(world):
        process = world.broker.process
        with halted(world, step) as halt:
            process.send_signal(signal.SIGTERM)
            if goes_on:
                halt.go_on()
            code = end_of(process)
            halt.give_up()
            tap.equal(code, 0, "exit status")
            world.broker.process = None
            return world.seen(halt.pending)
    return run


def killed_after(world):
    seen = world.outcome()
    world.broker.kill()
    return seen


def killed_at_refusal(world):
    """Refused, and the item is being read once more."""
    with refused(world) as halt:
        world.keyring.plan("SearchItems", "stall")
        halt.go_on()
        world.keyring.wait_for_reached()
        world.broker.kill()
        world.keyring.release(False)
        return world.seen(halt.pending)


def killed_unsaved(world):
    """The result is not stored, and is being tried again."""
    world.keyring.plan("SetSecret", "fail", 2)
    world.keyring.plan("SetSecret", "stall", 3)
    seen = world.outcome()
    world.keyring.wait_for_reached(2)
    world.broker.kill()
    world.keyring.release(False)
    return seen


def killed_idle(world):
    world.broker.kill()
    return "nothing"


def ended_idle(world):
    world.broker.stop(END)
    return "nothing"


def killed_loading(world):
    """The next broker is killed as well, while it reads the keyring."""
    world.broker.stop()
    world.keyring.plan("SearchItems", "stall")
    process = world.session.spawn("broker-loading", [world.session.program],
                                  world.broker.environment)
    world.keyring.wait_for_reached()
    process.kill()
    process.wait()
    world.keyring.release(False)
    return "nothing"


def ended_loading(world):
    world.broker.stop()
    world.keyring.plan("SearchItems", "stall")
    process = world.session.spawn("broker-loading", [world.session.program],
                                  world.broker.environment)
    world.keyring.wait_for_reached()
    process.send_signal(signal.SIGTERM)
    tap.equal(end_of(process), 0, "exit status")
    world.keyring.release(False)
    return "nothing"


def killed_twice(world):
    """With the intent stored by one that died, another one dies at the same place."""
    for _ in range(2):
        with halted(world, "request sent") as halt:
            world.broker.kill()
            halt.give_up()
            seen = world.seen(halt.pending)
        world.broker.start()
    return seen


def stopped_at(step):
    """SIGSTOP, as a debugger or a freezer of processes does it, and SIGCONT."""
    def run(world):
        process = world.broker.process
        with halted(world, step) as halt:
            process.send_signal(signal.SIGSTOP)
            halt.go_on()
            process.send_signal(signal.SIGCONT)
            return world.seen(halt.pending)
    return run


def bus_dies(world):
    """The broker ends with its bus; the desktop starts another bus and everything on it."""
    process = world.broker.process
    with halted(world, "request processed") as halt:
        world.session.kill_bus()
        halt.go_on()
        code = end_of(process)
        tap.check(code >= 0, f"an orderly end, not signal {-code}")
        seen = world.seen(halt.pending)
    world.broker.process = None
    world.session.revive_bus()
    return seen


def sent(step):
    """What the server has seen when a refresh stands there."""
    if STEPS.index(step) < STEPS.index("request sent"):
        return "nothing"
    return "1 request, none served" if step == "request sent" else "1 refresh"


def rows():
    for number, step in enumerate(STEPS, 1):
        yield (f"KL-{number:02}", "kill -9", step, killed_at(step), "no answer", sent(step),
               {"rotation": rotation_at(step)})
    yield "KL-09", "kill -9", "token given", killed_after, "a new token", "1 refresh"
    yield "KL-10", "kill -9", "idle", killed_idle, "nothing", "nothing"
    yield "KL-11", "kill -9", "start-up load", killed_loading, "nothing", "nothing"
    yield ("KL-12", "kill -9, twice", "request sent", killed_twice, "no answer",
           "2 requests, none served")
    yield ("KL-14", "kill -9", "second re-read, after invalid_grant", killed_at_refusal,
           "no answer", "1 request, none served")
    yield ("KL-15", "kill -9", "result written once more", killed_unsaved, "a new token",
           "1 refresh", {"rotation": "grace"})
    for number, step in enumerate(STEPS, 1):
        yield (f"TE-{number:02}", "SIGTERM, nothing goes on", step, ended_at(step, False),
               CUT_SHORT, sent(step), {"rotation": rotation_at(step)})
    for number, step in enumerate(("request processed", "result write", "result written"), 9):
        yield (f"TE-{number:02}", "SIGTERM, all goes on", step, ended_at(step, True),
               (*CUT_SHORT, "a new token"), "1 refresh")
    yield "TE-12", "SIGTERM", "idle", ended_idle, "nothing", "nothing"
    yield "TE-13", "SIGTERM", "start-up load", ended_loading, "nothing", "nothing"
    for number, step in enumerate(("request processed", "result write"), 1):
        yield (f"SP-{number:02}", "SIGSTOP, later SIGCONT", step, stopped_at(step), "a new token",
               "1 refresh")
    yield "BD-01", "session bus dies", "request processed", bus_dies, "no answer", "1 refresh", \
        {"rotation": "grace"}


@tap.case("KL-13", "kill -9, request processed, a server without grace: says what ended the login")
def killed_without_grace(world):
    with halted(world, "request processed") as halt:
        world.broker.kill()
        halt.give_up()
        tap.equal(world.seen(halt.pending), "no answer", "what the caller saw")
    world.broker.start()
    tap.equal(world.broker.token(ACCOUNT), world.old, "the token that is still valid")
    message = expect_error("SignInRequired", world.broker.token, ACCOUNT, rejected=world.old)
    tap.contains(message, "an earlier refresh was interrupted", "message")
    tap.equal(world.broker.state(ACCOUNT), "sign-in-required", "state")


add_rows(rows())
main()
