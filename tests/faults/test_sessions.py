#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two sessions of one user with one keyring: what happens in one costs nobody a login."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import browser, tap
from harness.broker import DEADLINE
from harness.locks import lock_path
from harness.second_bus import SecondBroker
from rows import ACCOUNT, main
from steps import halted

# A callback is answered once the tokens are stored; what waits for a lock takes longer.
PAGE = DEADLINE * 4


def start_second(world):
    second = SecondBroker(world.session, world.broker.environment)
    second.start()
    return second


def sign_in(broker, account=ACCOUNT):
    """How it ended."""
    path = broker.sign_in(account)
    browser.visit(broker.uri(path), "allow")
    end = broker.end_of(path, PAGE)
    return end["State"] + (": " + end["Error"].rsplit(".", 1)[1] if end["Error"] else "")


def wait_for_state(world, state):
    world.bus.wait_for(lambda: world.broker.state(ACCOUNT) == state, DEADLINE, f"State {state}",
                       poll=True)


@tap.case("SE-01", "signed out in another session, then in again, which cannot be stored yet: kept")
def unsaved_after_sign_out(world):
    second = start_second(world)
    second.sign_out(ACCOUNT)
    tap.equal(world.keyring.accounts(), [], "items")
    path, uri = world.start_sign_in()
    world.keyring.set_prompts("dismiss")
    world.keyring.lock()
    browser.fetch(uri)
    tap.equal(world.broker.end_of(path)["State"], "done", "end of the sign-in")
    tap.equal(world.broker.state(ACCOUNT), "unsaved", "state")
    fresh = world.broker.token(ACCOUNT)
    world.keyring.unlock()
    wait_for_state(world, "ready")
    tap.equal(world.newest_record()["access_token"], fresh, "the token in the keyring")
    tap.equal(second.token(ACCOUNT), fresh, "the token in the other session")
    second.stop()
    world.prove_kept()


@tap.case("SE-02", "signed in again while a refresh is stored, and the lock cannot be had: kept")
def held_during_write(world):
    lock = lock_path(world.session)
    with halted(world, "result write") as halt:
        lock.unlink()
        lock.symlink_to("nowhere")
        tap.equal(sign_in(world.broker), "done", "end of the sign-in")
        fresh = world.broker.token(ACCOUNT)
        halt.go_on()
        tap.equal(halt.pending.result(60)[0], fresh, "what the caller of the refresh saw")
    lock.unlink()
    wait_for_state(world, "ready")
    tap.equal(world.broker.token(ACCOUNT), fresh, "the token afterwards")
    tap.equal(world.newest_record()["access_token"], fresh, "the token in the keyring")
    world.prove_kept()


if __name__ == "__main__":
    main()
