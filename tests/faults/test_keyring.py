#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fault rows: the keyring does not answer, dies, fails, lies or is locked during a refresh."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap
from harness.broker import DEADLINE, error_name
from harness.bus import CANCELLED
from rows import ACCOUNT, add_rows, main, within
from steps import halted, refused

RUBBISH = b"\x00\xffrubbish"
# What a call comes to when the intent cannot be stored, or the items not be read.
NO_STORE = "StorageUnavailable"
# More calls than that are a loop.
TRIES = 12
# The broker's own for a call is 20 s; the rest is for a slow machine.
PATIENCE = 30


def met(method, fault, nth=1, times=1, extra=RUBBISH, **wishes):
    """A refresh that meets the fault at that call of the keyring."""
    def run(world):
        world.keyring.plan(method, fault, nth, times, b"" if fault == "fail" else extra)
        pending = world.ask(**wishes)
        world.keyring.wait_for_reached()
        seen = world.seen(pending)
        if fault in ("die", "act-die"):
            world.keyring.wait_for_end()
        return seen
    return run


def met_long(method, nth=1):
    """The keyring hangs, and the caller has no hurry: the broker's own deadline counts."""
    def run(world):
        with within(PATIENCE, method):
            return met(method, "stall", nth, timeout=60)(world)
    return run


def saved_later(fault):
    """The token is given although it cannot be stored; State says so until it is stored."""
    def run(world):
        world.keyring.plan("SetSecret", fault, 2, 1 if "die" in fault else 0)
        seen = world.outcome()
        tap.equal(world.broker.state(ACCOUNT), "unsaved", "state")
        world.keyring.heal()
        world.bus.wait_for(lambda: world.broker.state(ACCOUNT) == "ready", DEADLINE * 4,
                           "the write to be tried again", poll=True)
        return seen
    return run


def locked_before(world):
    world.keyring.lock()
    seen = world.outcome()
    tap.equal(world.broker.state(ACCOUNT), "storage-locked", "state")
    return seen


def locked_with_valid_token(world):
    world.keyring.lock()
    return world.seen(world.broker.start_get_token(ACCOUNT))


def locked_with_short_token(world):
    """The token would have to be valid for longer than it is; it is told that it is not."""
    world.keyring.lock()
    return world.seen(world.broker.start_get_token(ACCOUNT, min_validity=7200))


def unlocks_by_itself(world):
    """State tells when it is over, without anybody asking."""
    locked_before(world)
    world.keyring.unlock()
    world.bus.wait_for(lambda: world.broker.state(ACCOUNT) == "ready", DEADLINE, "State ready",
                       poll=True)
    return world.outcome()


def locked_meanwhile(world):
    """Between the intent and the result."""
    with halted(world, "request processed") as halt:
        world.keyring.lock()
        halt.go_on()
        seen = world.seen(halt.pending)
    tap.equal(world.broker.state(ACCOUNT), "unsaved", "state")
    world.keyring.unlock()
    world.bus.wait_for(lambda: world.broker.state(ACCOUNT) == "ready", DEADLINE, "State ready",
                       poll=True)
    return seen


def prompted(mode, **wishes):
    def run(world):
        world.keyring.set_prompts(mode)
        world.keyring.lock()
        return world.outcome(interactive=True, **wishes)
    return run


def wait_for_ready(world):
    world.bus.wait_for(lambda: world.broker.state(ACCOUNT) == "ready", DEADLINE, "State ready",
                       poll=True)


def answered_late(world):
    """The one who asked has gone when the user types the password at last."""
    seen = prompted("ignore", timeout=1)(world)
    world.keyring.set_prompts("accept")
    wait_for_ready(world)
    return seen


def unlocked_elsewhere(world):
    """The prompt is still on the screen, but another program had the keyring unlocked."""
    seen = prompted("ignore", timeout=1)(world)
    world.keyring.unlock()
    wait_for_ready(world)
    return f"{seen}; {world.outcome()}"


def locked_at_refusal(world):
    """Before a refusal is believed the item is read again, which is not to be had now."""
    with refused(world) as halt:
        world.keyring.plan("SearchItems", "lock")
        halt.go_on()
        seen = world.seen(halt.pending)
    tap.equal(world.broker.state(ACCOUNT), "storage-locked", "state")
    return seen


def session_long(world):
    """A broker that starts gets no session with the keyring."""
    world.broker.stop()
    world.keyring.plan("OpenSession", "stall", 1, 0)
    world.broker.start()
    with within(PATIENCE, "OpenSession"):
        return world.outcome(timeout=60)


def create_long(world):
    """The item is gone, and the keyring makes no other."""
    world.keyring.delete(world.keyring.accounts()[0]["path"])
    return met_long("CreateItem")(world)


def no_default(world):
    path = world.keyring.accounts()[0]["path"]
    put_back = world.keyring.remove_default()
    seen = world.outcome()
    tap.equal([item["path"] for item in world.keyring.accounts()], [path], "items")
    tap.equal(world.broker.state(ACCOUNT), "ready", "state")
    put_back()
    return seen


def gone(world):
    """Nobody has the keyring's name any more."""
    world.keyring.stop()
    return world.outcome()


def gone_meanwhile(world):
    with halted(world, "request processed") as halt:
        world.keyring.stop()
        halt.go_on()
        seen = world.seen(halt.pending)
    tap.equal(world.broker.state(ACCOUNT), "unsaved", "state")
    world.keyring.start()
    world.bus.wait_for(lambda: world.broker.state(ACCOUNT) == "ready", DEADLINE, "State ready",
                       poll=True)
    return seen


def unsaved_at_exit(world):
    """The write is made good while the broker ends."""
    world.keyring.plan("SetSecret", "fail", 2, 2)
    seen = world.outcome()
    tap.equal(world.broker.state(ACCOUNT), "unsaved", "state")
    world.keyring.heal()
    world.broker.stop()
    return seen


def unsaved_at_exit_as_well(world):
    """The keyring fails for some seconds, and once more when the broker is asked to end; what is
    left of its time is enough."""
    # Calls 1 to 4: the intent, the result, two tries; the 5th comes with SIGTERM.
    world.keyring.plan("SetSecret", "fail", 2, 4)
    seen = world.outcome()
    world.note_token()
    world.bus.wait_for(lambda: world.keyring.count("SetSecret") >= 4, DEADLINE, "two more tries",
                       poll=True)
    world.broker.stop()
    tap.equal(world.newest_record()["access_token"], world.old, "the token in the keyring")
    return seen


def few_tries(world, method):
    tap.between(world.keyring.count(method), 1, TRIES, f"calls of {method}")


def claims(method, nth=1, name=CANCELLED, **wishes):
    """The keyring answers with an error of ours, which is not believed of others."""
    def run(world):
        world.keyring.reset_counts()
        world.keyring.plan(method, "fail", nth, 0, name.encode())
        seen = world.outcome(timeout=20, **wishes)
        few_tries(world, method)
        return seen
    return run


def claims_locked(method):
    def run(world):
        world.keyring.lock()
        return claims(method, interactive=True)(world)
    return run


def claims_at_start(world):
    """The broker begins with a look at all that is stored."""
    world.broker.stop()
    world.keyring.reset_counts()
    world.keyring.plan("SearchItems", "fail", 1, 0, CANCELLED.encode())
    world.broker.start()
    seen = world.outcome(timeout=20)
    few_tries(world, "SearchItems")
    return seen


def claims_unsaved(world):
    world.keyring.plan("SetSecret", "fail", 2, 0, CANCELLED.encode())
    seen = world.outcome()
    tap.equal(world.broker.state(ACCOUNT), "unsaved", "state")
    world.keyring.heal()
    wait_for_ready(world)
    return seen


def claims_changed(world):
    """A collection changed somehow, and the keyring does not say how: all is read again."""
    world.keyring.reset_counts()
    world.keyring.plan("Get", "fail", 1, 1, CANCELLED.encode())
    world.keyring.order("Touch")
    world.keyring.wait_for_reached()
    world.bus.wait_for(lambda: world.keyring.count("SearchItems"), DEADLINE, "a search", poll=True)
    return world.outcome()


ROWS = [
    ("FK-01", "keyring stalls", "re-read: ReadAlias", met("ReadAlias", "stall", timeout=1),
     "Timeout", "nothing"),
    ("FK-02", "keyring stalls", "re-read: SearchItems", met("SearchItems", "stall", timeout=1),
     "Timeout", "nothing"),
    ("FK-03", "keyring stalls", "re-read: GetSecrets", met("GetSecrets", "stall", timeout=1),
     "Timeout", "nothing"),
    ("FK-04", "keyring stalls for 20 s", "re-read: SearchItems", met_long("SearchItems"),
     NO_STORE, "nothing"),
    ("FK-05", "keyring fails", "re-read: ReadAlias", met("ReadAlias", "fail", times=0), NO_STORE,
     "nothing"),
    ("FK-06", "keyring fails", "re-read: SearchItems", met("SearchItems", "fail", times=0),
     NO_STORE, "nothing"),
    ("FK-07", "keyring fails once", "re-read: SearchItems", met("SearchItems", "fail"),
     "a new token", "1 refresh"),
    ("FK-08", "keyring fails", "re-read: GetSecrets", met("GetSecrets", "fail", times=0),
     NO_STORE, "nothing"),
    ("FK-09", "keyring dies", "re-read: SearchItems", met("SearchItems", "die"), NO_STORE,
     "nothing"),
    ("FK-10", "keyring lies: no items", "re-read: SearchItems", met("SearchItems", "lie"),
     "a new token", "1 refresh"),
    ("FK-11", "keyring lies: no secret", "re-read: GetSecrets", met("GetSecrets", "lie"),
     "a new token", "1 refresh"),
    ("FK-12", "keyring tells rubbish", "re-read: GetSecrets", met("GetSecrets", "damage"),
     "a new token", "1 refresh"),
    ("FK-13", "keyring is locked", "re-read", locked_before, "StorageLocked", "nothing"),
    ("FK-14", "keyring is locked", "token still valid", locked_with_valid_token, "the old token",
     "nothing"),
    ("FK-29", "keyring is locked", "token valid, but not for long", locked_with_short_token,
     "the old token, degraded", "nothing"),
    ("FK-15", "keyring is locked, then unlocked", "re-read", unlocks_by_itself, "a new token",
     "1 refresh"),
    ("FK-16", "keyring is locked, prompt dismissed", "re-read", prompted("dismiss"),
     "StorageLocked", "nothing"),
    ("FK-17", "keyring is locked, prompt answered", "re-read", prompted("accept"), "a new token",
     "1 refresh"),
    ("FK-18", "keyring is locked, prompt answered late", "re-read", answered_late, "Timeout",
     ("nothing", "1 refresh")),
    ("FK-28", "keyring is locked, unlocked by others", "re-read", unlocked_elsewhere,
     "Timeout; a new token", "1 refresh"),
    ("FK-19", "no default collection", "re-read", no_default, "a new token", "1 refresh"),
    ("FK-20", "no Secret Service", "re-read", gone, NO_STORE, "nothing"),
    ("FK-21", "keyring stalls", "intent write", met("SetSecret", "stall", timeout=1), "Timeout",
     "nothing"),
    ("FK-22", "keyring fails", "intent write", met("SetSecret", "fail", times=0), NO_STORE,
     "nothing"),
    ("FK-23", "keyring dies", "intent write", met("SetSecret", "die"), NO_STORE, "nothing"),
    ("FK-24", "keyring stores, then dies", "intent write", met("SetSecret", "act-die"), NO_STORE,
     "nothing"),
    ("FK-25", "keyring lies: not stored", "intent write", met("SetSecret", "lie"), "a new token",
     "1 refresh"),
    ("FK-26", "keyring stores rubbish", "intent write", met("SetSecret", "damage"), "a new token",
     "1 refresh"),
    ("FK-27", "keyring is locked", "intent write", met("SetSecret", "lock"), "StorageLocked",
     "nothing"),
    ("FK-31", "keyring stalls", "result write", met("SetSecret", "stall", 2, timeout=1),
     "Timeout", "1 refresh"),
    ("FK-32", "keyring fails", "result write", saved_later("fail"), "a new token", "1 refresh"),
    ("FK-33", "keyring dies", "result write", saved_later("die"), "a new token", "1 refresh"),
    ("FK-34", "keyring stores, then dies", "result write", saved_later("act-die"), "a new token",
     "1 refresh"),
    ("FK-35", "keyring lies: not stored", "result write", met("SetSecret", "lie", 2),
     "a new token", "1 refresh"),
    ("FK-36", "keyring stores rubbish", "result write", met("SetSecret", "damage", 2),
     "a new token", "1 refresh"),
    ("FK-37", "keyring is locked, then unlocked", "result write", locked_meanwhile, "a new token",
     "1 refresh"),
    ("FK-38", "keyring is gone, then back", "result write", gone_meanwhile, "a new token",
     "1 refresh"),
    ("FK-39", "keyring stalls for 20 s", "result write", met_long("SetSecret", 2), "a new token",
     "1 refresh"),
    ("FK-41", "keyring fails, at SIGTERM too", "result write", unsaved_at_exit_as_well,
     "a new token", "1 refresh"),
    ("FK-40", "keyring fails, then SIGTERM", "result write", unsaved_at_exit, "a new token",
     "1 refresh"),
    ("FK-42", "invalid_grant, keyring is locked", "second re-read", locked_at_refusal,
     "StorageLocked", "1 request, none served"),
    ("FK-43", "keyring stalls for 20 s", "start-up load: OpenSession", session_long, NO_STORE,
     "nothing"),
    ("FK-44", "keyring stalls for 20 s", "re-read: ReadAlias", met_long("ReadAlias"), NO_STORE,
     "nothing"),
    ("FK-45", "keyring stalls for 20 s", "re-read: GetSecrets", met_long("GetSecrets"), NO_STORE,
     "nothing"),
    ("FK-46", "keyring stalls for 20 s", "intent write: CreateItem", create_long, NO_STORE,
     "nothing"),
    ("FK-47", "keyring says Cancelled", "unlock: Unlock", claims_locked("Unlock"), NO_STORE,
     "nothing"),
    ("FK-48", "keyring says Cancelled", "unlock: Prompt", claims_locked("Prompt"), NO_STORE,
     "nothing"),
    ("FK-49", "keyring says Cancelled", "start-up load: SearchItems", claims_at_start, NO_STORE,
     "nothing"),
    ("FK-50", "keyring says Cancelled", "re-read: ReadAlias", claims("ReadAlias"), NO_STORE,
     "nothing"),
    ("FK-51", "keyring says Cancelled", "re-read: GetSecrets", claims("GetSecrets"), NO_STORE,
     "nothing"),
    ("FK-52", "keyring says Cancelled", "intent write", claims("SetSecret"), NO_STORE, "nothing"),
    ("FK-53", "keyring says Cancelled", "result write", claims_unsaved, "a new token",
     "1 refresh"),
    ("FK-54", "keyring says Cancelled", "a look at what changed", claims_changed, "a new token",
     "1 refresh"),
    ("FK-55", "keyring says NoSuchAccount", "re-read: SearchItems",
     claims("SearchItems", name=error_name("NoSuchAccount")), NO_STORE, "nothing"),
]

add_rows(ROWS)
main()
