#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two sessions of one user with one keyring: what happens in one costs nobody a login."""

import fcntl
import json
import pathlib
import sys
import threading
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import browser, tap
from harness.broker import DEADLINE, expect_error
from harness.locks import OpenWatch, held, lock_path
from harness.peer import answer
from harness.second_bus import SecondBroker
from rows import ACCOUNT, main
from steps import halted

OTHER = "work"
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


def says(world, subject):
    """The next question who signed in is answered so."""
    world.peer.plan("/v1/me", "answer", 1, answer(200, json.dumps({"sub": subject})))


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


@tap.case("SE-03", "an account that another session signed in: its token, without a sign-in")
def signed_in_elsewhere(world):
    second = start_second(world)
    expect_error("NoSuchAccount", world.broker.token, OTHER)
    tap.equal(sign_in(second, OTHER), "done", "end of the sign-in")
    tap.equal(world.broker.token(OTHER), second.token(OTHER), "the token in both sessions")
    tap.equal(world.broker.accounts(), [ACCOUNT, OTHER], "accounts")
    second.stop()


@tap.case("SE-04", "an account that is another person's in another session: WrongAccount, untouched")
def other_person_elsewhere(world):
    world.use_provider(UserInfoPath="me")
    second = start_second(world)
    says(world, "ada")
    path = world.broker.sign_in(OTHER)
    uri = browser.decide(world.broker.uri(path))
    tap.equal(sign_in(second, OTHER), "done", "end of the sign-in there")
    theirs = second.token(OTHER)
    says(world, "bob")
    browser.fetch(uri)
    error = world.broker.end_of(path)["Error"]
    tap.equal(error, "org.tidio.Auth.Error.WrongAccount", "end of the sign-in here")
    tap.equal(len(world.keyring.accounts()), 2, "items")
    tap.equal({world.broker.token(OTHER), second.token(OTHER)}, {theirs}, "tokens")
    second.stop()


@tap.case("SE-05", "an account that is not known here, keyring locked: nobody knows, StorageLocked")
def unknown_while_locked(world):
    second = start_second(world)
    expect_error("NoSuchAccount", world.broker.token, OTHER)
    tap.equal(sign_in(second, OTHER), "done", "end of the sign-in")
    second.stop()
    world.keyring.lock()
    expect_error("StorageLocked", world.broker.token, OTHER)
    expect_error("StorageLocked", world.broker.sign_out, OTHER)
    world.keyring.unlock()
    tap.check(world.broker.token(OTHER) != "", "a token once it is unlocked")


@tap.case("SE-06", "unsaved in another session because the keyring is locked: it can be unlocked here")
def locked_elsewhere(world):
    second = start_second(world)
    tap.equal(second.token(ACCOUNT), world.old, "the token in the keyring")
    world.keyring.plan("SetSecret", "fail", 2, 0)
    fresh = world.broker.token(ACCOUNT, rejected=world.old)
    world.keyring.lock()
    world.keyring.heal()
    tap.equal(world.broker.state(ACCOUNT), "unsaved", "state of the first")
    expect_error("StorageLocked", second.token, ACCOUNT, rejected=world.old)
    world.keyring.set_prompts("accept")
    seen = second.start_get_token(ACCOUNT, rejected=world.old, interactive=True, deadline=110.0)
    tap.equal(seen.result(115)[0], fresh, "the token of the second, once it is unlocked")
    tap.equal(world.keyring.count("Prompt"), 1, "prompts")
    tap.equal(world.server_saw(), "1 refresh", "what the server saw")
    wait_for_state(world, "ready")
    second.stop()
    world.prove_kept()

@tap.case("SE-07", "the lock file is another one while something is unsaved: that is waited for")
def lock_replaced(world):
    lock = lock_path(world.session)
    other = lock.with_suffix(".new")
    world.keyring.plan("SetSecret", "fail", 2, 0)
    fresh = world.broker.token(ACCOUNT, rejected=world.old)
    tap.equal(world.broker.state(ACCOUNT), "unsaved", "state")
    with held(other):
        watch = OpenWatch(other)
        other.rename(lock)
        watch.wait()
        world.keyring.heal()
        world.bus.settle(1)
        tap.equal(world.broker.state(ACCOUNT), "unsaved", "state while another process has it")
    wait_for_state(world, "ready")
    tap.equal(world.newest_record()["access_token"], fresh, "the token in the keyring")
    world.prove_kept()


@tap.case("SE-08", "a sign-in waits for the lock of a refresh that cannot be stored, and gets it")
def lock_left(world):
    path, uri = world.start_sign_in()
    with halted(world, "request processed") as halt:
        watch = OpenWatch(lock_path(world.session))
        visit = threading.Thread(target=browser.fetch, args=(uri,), daemon=True)
        visit.start()
        watch.wait()
        # Once more after the first failure, through another session.
        world.keyring.plan("SetSecret", "fail", 1, 2)
        world.keyring.reset_counts()
        halt.go_on()
        tap.equal(world.broker.end_of(path)["State"], "done", "end of the sign-in")
        visit.join(DEADLINE)
        tap.equal(world.seen(halt.pending), "a new token", "what the caller of the refresh saw")
    tap.equal(world.keyring.count("SetSecret"), 3, "writes of the result, twice, and the sign-in")
    wait_for_state(world, "ready")
    world.prove_kept()


def change_keyring(world, change):
    """Behind the back of the Secret Service, between two of its calls."""
    path = world.session.root / "secrets.json"
    with open(f"{path}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        data = json.loads(path.read_text(encoding="utf-8"))
        change(data)
        path.write_text(json.dumps(data), encoding="utf-8")


def add_copy(world, **members):
    """An item with the record of the account, some members of it changed."""
    text = json.dumps({**world.newest_record(), **members})
    world.keyring.add("org.tidio.Auth.Account", {"account": str(uuid.uuid4()), "version": "1"},
                      text.encode())


@tap.case("SE-09", "two items of one generation, and each session took another one: no token twice")
def twins(world):
    def reverse(data):
        login = data["collections"]["login"]
        login["items"] = dict(reversed(login["items"].items()))

    add_copy(world)
    world.keyring.plan("SetSecret", "fail", 1, 2)
    tap.equal(world.outcome(), "StorageUnavailable", "a refresh that ends before its request")
    change_keyring(world, reverse)
    second = start_second(world)
    fresh = second.token(ACCOUNT, rejected=world.old)
    tap.equal(world.broker.token(ACCOUNT, rejected=world.old), fresh, "the token in both sessions")
    tap.equal(world.server.counters()["reuse"], 0, "refresh tokens seen twice")
    second.stop()


@tap.case("SE-10", "refreshed in another session, then its collection does not say that it is locked")
def silent_collection(world):
    def move(data):
        collections = data["collections"]
        collections["old"] = {"label": "Old", "locked": False, "created": 1,
                              "items": collections["login"]["items"]}
        collections["login"]["items"] = {}

    change_keyring(world, move)
    add_copy(world, account=OTHER)
    tap.equal(world.outcome(), "a new token", "a refresh")
    world.note_token()
    second = start_second(world)
    fresh = second.token(ACCOUNT, rejected=world.old)
    change_keyring(world, lambda data: data["collections"]["old"].update(locked=True, cold=True))
    for nth in range(1, 16):
        world.keyring.plan("Get", "fail", nth)
        tap.contains(("StorageLocked", "StorageUnavailable"), world.outcome(), f"without Get {nth}")
        world.keyring.heal()
    change_keyring(world, lambda data: data["collections"]["old"].update(locked=False))
    tap.equal(world.broker.token(ACCOUNT, rejected=world.old), fresh, "the token in both sessions")
    tap.equal(world.server.counters()["reuse"], 0, "refresh tokens seen twice")
    second.stop()


@tap.case("SE-11", "signed out in another session, which did not wait for a slow refresh: signed out")
def out_during_refresh(world):
    second = start_second(world)
    second.token(ACCOUNT)
    with halted(world, "request processed") as halt:
        tap.check(second.sign_out(ACCOUNT), "revoked there")
        halt.go_on()
        tap.equal(world.seen(halt.pending), "NoSuchAccount", "what the caller of the refresh saw")
    tap.equal(world.broker.accounts(), [], "accounts")
    tap.equal(world.keyring.accounts(), [], "items")
    second.stop()


@tap.case("SE-12", "signed out in another session, in again and out again: signed out here")
def out_in_and_out(world):
    second = start_second(world)
    second.token(ACCOUNT)
    second.sign_out(ACCOUNT)
    tap.equal(sign_in(second), "done", "end of the sign-in")
    second.sign_out(ACCOUNT)
    tap.equal(world.outcome(), "NoSuchAccount", "what is seen here")
    tap.equal(world.broker.accounts(), [], "accounts")
    tap.equal(world.keyring.accounts(), [], "items")
    second.stop()


if __name__ == "__main__":
    main()
