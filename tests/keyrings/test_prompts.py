#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""GNOME Keyring with locked collections, and somebody before its password dialog.

Every prompt is counted. "Cold" is a keyring that was locked when it started, "warm" one that was
locked later.
"""

import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import browser, tap
from harness.broker import expect_error, error_name
from harness.keyring import COLLECTION, NAME
from harness.watching import Listener
from prompt_world import OK, PromptWorld, asked, check_nothing_known

CALLERS = 20
# How long nobody is asked again who said no.
PAUSE = 30


def start_callers(world, **wishes):
    """Many interactive calls of as many callers, all of which the broker has got."""
    callers = [world.broker.other_caller() for _ in range(CALLERS)]
    pending = [caller.start_get_token(**wishes) for caller in callers]
    for caller in callers:
        caller.get("Version")
    return pending


@tap.case("KP-01", "cold, nobody may be asked: StorageLocked, never NoSuchAccount, nothing changes",
          account="", locked="cold")
def cold_not_interactive(world):
    before = world.keyring_file()
    check_nothing_known(world)
    for account in ("", "tidio", "other"):
        expect_error("StorageLocked", world.broker.get_token, account)
        expect_error("StorageLocked", world.broker.call_api, "GET", "contacts", account=account)
        expect_error("StorageLocked", world.broker.sign_out, account)
    expect_error("StorageLocked", world.broker.set_default, "tidio")
    check_nothing_known(world)
    asked(world)
    tap.equal(world.keyring_file(), before, "the keyring's file")
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes")
    world.keyring.unlock()
    tap.equal(world.broker.token(), world.token, "token afterwards")


@tap.case("KP-02", "warm, nobody may be asked: the token in memory, no refresh, no sign-out",
          account="", locked="warm")
def warm_not_interactive(world):
    before = world.keyring_file()
    tap.equal(world.broker.token(), world.token, "token from memory")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status of an API call")
    expect_error("StorageLocked", world.broker.get_token, rejected=world.token)
    expect_error("StorageLocked", world.broker.sign_out)
    asked(world)
    tap.equal(world.keyring_file(), before, "the keyring's file")
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes")
    tap.equal(world.broker.state("tidio"), "storage-locked", "state")


@tap.case("KP-03", "cold, interactive: one prompt, then the token", account="", locked="cold",
          prompts=[OK])
def cold_interactive(world):
    tap.equal(world.broker.token(interactive=True), world.token, "token")
    asked(world, "password")
    tap.equal(world.broker.state("tidio"), "ready", "state")


@tap.case("KP-04", "warm, interactive API call with a token that was refused: one prompt, one "
          "refresh", account="", locked="warm", prompts=[OK])
def warm_interactive(world):
    world.server.control(expire_access_tokens=True)
    tap.equal(world.broker.call_api("GET", "contacts", interactive=True)[0], 200, "status")
    asked(world, "password")
    tap.equal(world.server.counters()["refreshes"], 1, "refreshes")


@tap.case("KP-05", "a wrong password, then the right one: the dialog asks again, not the broker",
          account="", locked="cold", prompts=["ok:something else", OK])
def wrong_password(world):
    tap.equal(world.broker.token(interactive=True), world.token, "token")
    asked(world, "password", "password")


@tap.case("KP-06", f"cold, {CALLERS} interactive callers at once: one prompt for all", account="",
          locked="cold", prompts=["hang"])
def many_cold(world):
    pending = start_callers(world, interactive=True)
    world.prompter.wait_for(1)
    tap.check(not any(one.done for one in pending), "nobody answered yet")
    world.prompter.say(OK)
    tap.equal({one.result()[0] for one in pending}, {world.token}, "tokens")
    asked(world, "password")


@tap.case("KP-07", f"warm, {CALLERS} interactive callers whose token was refused: one prompt, one "
          "refresh", account="", locked="warm", prompts=["hang"])
def many_warm(world):
    pending = start_callers(world, interactive=True, rejected=world.token)
    world.prompter.wait_for(1)
    world.prompter.say(OK)
    tokens = {one.result()[0] for one in pending}
    tap.check(len(tokens) == 1 and world.token not in tokens, "one new token")
    asked(world, "password")
    tap.equal(world.server.counters()["refreshes"], 1, "refreshes")


@tap.case("KP-08", f"dismissed: StorageLocked for all {CALLERS}, nobody asked again for {PAUSE} s",
          account="", locked="cold", prompts=["hang", OK])
def dismissed(world):
    before = world.keyring_file()
    pending = start_callers(world, interactive=True)
    world.prompter.wait_for(1)
    world.prompter.say("cancel")
    for one in pending:
        expect_error("StorageLocked", one.result)
    expect_error("StorageLocked", world.broker.get_token, interactive=True)
    expect_error("StorageLocked", world.broker.call_api, "GET", "contacts", interactive=True)
    asked(world, "password")
    tap.equal(world.keyring_file(), before, "the keyring's file")
    world.bus.settle(PAUSE + 1)
    asked(world, "password")
    tap.equal(world.broker.token(interactive=True), world.token, "token after another prompt")
    asked(world, "password", "password")


@tap.case("KP-09", "a prompt nobody answers, cold: others are answered, and so is who has no time",
          account="", locked="cold", prompts=["hang"])
def unanswered_cold(world):
    pending = world.broker.start_get_token(interactive=True)
    world.prompter.wait_for(1)
    other = world.broker.other_caller()
    expect_error("StorageLocked", other.get_token)
    expect_error("StorageLocked", other.call_api, "GET", "contacts")
    expect_error("Timeout", other.get_token, interactive=True, timeout=1)
    tap.equal(other.get("Version"), 1, "Version")
    check_nothing_known(world)
    tap.check(not pending.done, "the one who asked still waits")
    world.prompter.say(OK)
    tap.equal(pending.result()[0], world.token, "token")
    asked(world, "password")


@tap.case("KP-10", "a prompt nobody answers, warm: others get what is in memory, or StorageLocked",
          account="", locked="warm", prompts=["hang"])
def unanswered_warm(world):
    pending = world.broker.start_get_token(interactive=True, rejected=world.token)
    world.prompter.wait_for(1)
    other = world.broker.other_caller()
    tap.equal(other.token(), world.token, "token from memory")
    tap.equal(other.call_api("GET", "contacts")[0], 200, "status of an API call")
    expect_error("StorageLocked", other.get_token, rejected=world.token)
    tap.check(not pending.done, "the one who asked still waits")
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes")
    world.prompter.say(OK)
    tap.check(pending.result()[0] != world.token, "a refreshed token")
    asked(world, "password")


@tap.case("KP-11", "SIGTERM while a prompt waits: the broker ends, nothing is lost", account="",
          locked="warm", prompts=["hang"])
def ended_while_asking(world):
    world.broker.start_get_token(interactive=True, rejected=world.token)
    world.prompter.wait_for(1)
    world.broker.stop()
    world.prompter.say("cancel")
    world.keyring.unlock()
    world.broker.start()
    tap.equal(world.broker.token(), world.token, "token")


@tap.case("KP-12", "unlocked from outside, cold: the accounts appear by themselves", account="",
          locked="cold")
def unlocked_cold(world):
    listener = Listener(world.broker)
    world.keyring.unlock()
    listener.wait_for_account("tidio")
    listener.wait_for_state("tidio", "ready")
    asked(world)
    tap.equal(world.broker.token(), world.token, "token")


@tap.case("KP-13", "locked and unlocked from outside, warm: State tells it by itself", account="")
def unlocked_warm(world):
    listener = Listener(world.broker)
    for _ in range(3):
        world.keyring.lock()
        listener.wait_for_state("tidio", "storage-locked")
        world.keyring.unlock()
        listener.wait_for_state("tidio", "ready")
    tap.equal(listener.states("tidio"), ["storage-locked", "ready"] * 3, "states")
    asked(world)


@tap.case("KP-14", "unlocked from outside while a prompt waits: all who wait are answered",
          account="", locked="cold", prompts=["hang"])
def unlocked_while_asking(world):
    pending = world.broker.start_get_token(interactive=True)
    world.prompter.wait_for(1)
    world.keyring.unlock()
    tap.equal(world.broker.token(), world.token, "token of another caller")
    world.prompter.say("cancel")
    tap.equal(pending.result()[0], world.token, "token of the one who asked")


@tap.case("KP-15", "the keyring dies while its prompt waits: StorageUnavailable; it may come back",
          account="", locked="cold", prompts=["hang"])
def dies_while_asking(world):
    pending = start_callers(world, interactive=True)
    world.prompter.wait_for(1)
    world.keyring.process.kill()
    world.keyring.process.wait()
    for one in pending:
        expect_error("StorageUnavailable", one.result)
    world.session.start_keyring()
    tap.equal(world.broker.token(), world.token, "token afterwards")


def sign_in_through_browser(world, account=""):
    """The end of a sign-in with a browser that says yes at once; what the browser was shown."""
    program, notes = browser.install(world.session)
    world.broker.stop()
    world.broker.environment["BROWSER"] = str(program)
    world.broker.start()
    end = world.broker.end_of(world.broker.sign_in(account, open_browser=True))
    return end, notes.read_text() if notes.exists() else ""


@tap.case("KP-20", "SignIn with a locked keyring, dismissed: StorageLocked, and no browser",
          account="", locked="cold", prompts=["cancel"])
def sign_in_dismissed(world):
    before = world.keyring_file()
    end, shown = sign_in_through_browser(world)
    tap.equal((end["State"], end["Error"]), ("failed", error_name("StorageLocked")), "end")
    tap.equal((end["Uri"], shown), ("", ""), "what a browser was to open")
    asked(world, "password")
    tap.equal(world.keyring_file(), before, "the keyring's file")


@tap.case("KP-21", "SignIn with a locked keyring: one prompt, then the browser, one item",
          account="", locked="cold", prompts=[OK])
def sign_in_unlocked(world):
    end, shown = sign_in_through_browser(world, "tidio")
    tap.equal((end["State"], end["ErrorMessage"]), ("done", ""), "end")
    tap.contains(shown, "/oauth/authorize?", "what the browser was given")
    asked(world, "password")
    tap.equal(list(world.keyring.records()), ["tidio"], "accounts in the keyring")
    tap.equal(len(world.keyring.accounts()), 1, "items")
    tap.check(world.broker.token() != world.token, "a new token")


@tap.case("KP-22", "the first store of all makes the default keyring, through the prompt",
          keyring="locked", prompts=[OK])
def first_store(world):
    tap.equal(world.keyring.default(), "/", "default collection at first")
    world.sign_in()
    asked(world, "new-password")
    label = world.bus.get(NAME, world.keyring.default(), COLLECTION, "Label")
    tap.equal(label, "Default keyring", "label of the default collection")
    token = world.broker.token()
    tap.equal(world.keyring.records()["tidio"]["access_token"], token, "what is stored")
    tap.equal(world.restart_and_get_token(), token, "token after a restart")


def check_unsaved(world, page, end, listener):
    """The login counts, the page tells the truth, and it is written as soon as it can be."""
    tap.equal((end["State"], end["Error"]), ("done", ""), "end")
    tap.contains(page.body, "not saved yet", "page")
    listener.wait_for_state("tidio", "unsaved")
    return world.broker.token()


@tap.case("KP-23", "no default keyring, and its password is refused: unsaved, saved once there is "
          "one", keyring="locked", prompts=["cancel"])
def first_store_dismissed(world):
    listener = Listener(world.broker)
    page, end = world.sign_in()
    token = check_unsaved(world, page, end, listener)
    asked(world, "new-password")
    world.keyring.create()
    listener.wait_for_state("tidio", "ready")
    asked(world, "new-password")
    tap.equal(world.restart_and_get_token(), token, "token after a restart")


def sign_in_and_lock(world):
    """A sign-in during which the keyring is locked: the last page, the end, who listened."""
    listener = Listener(world.broker)
    path = world.broker.sign_in()
    uri = world.broker.uri(path)
    world.keyring.lock()
    page = browser.visit(uri)
    return page, world.broker.end_of(path), listener


@tap.case("KP-24", "locked during a sign-in, dismissed: unsaved, stored by itself on unlock",
          prompts=["cancel"])
def locked_meanwhile(world):
    page, end, listener = sign_in_and_lock(world)
    token = check_unsaved(world, page, end, listener)
    asked(world, "password")
    world.keyring.unlock()
    listener.wait_for_state("tidio", "ready")
    tap.equal(world.keyring.records()["tidio"]["access_token"], token, "what is stored")
    asked(world, "password")
    tap.equal(world.restart_and_get_token(), token, "token after a restart")


@tap.case("KP-25", "locked during a sign-in, the right password: stored", prompts=[OK])
def locked_meanwhile_unlocked(world):
    page, end, _listener = sign_in_and_lock(world)
    tap.equal((end["State"], end["Error"]), ("done", ""), "end")
    tap.lacks(page.body, "not saved yet", "page")
    asked(world, "password")
    tap.equal(world.broker.state("tidio"), "ready", "state")
    token = world.broker.token()
    tap.equal(world.restart_and_get_token(), token, "token after a restart")


@tap.case("KP-26", "locked during a new sign-in of an account: the old item stays until then",
          account="", prompts=["cancel"])
def locked_meanwhile_again(world):
    page, end, listener = sign_in_and_lock(world)
    token = check_unsaved(world, page, end, listener)
    tap.check(token != world.token, "the new token is given")
    tap.equal(len(world.keyring.accounts()), 1, "items")
    world.keyring.unlock()
    listener.wait_for_state("tidio", "ready")
    tap.equal(len(world.keyring.accounts()), 1, "items")
    tap.equal(world.restart_and_get_token(), token, "token after a restart")


@tap.case("KP-27", "unsaved at SIGTERM: written if the keyring is unlocked in time",
          prompts=["cancel"])
def unsaved_at_exit(world):
    page, end, listener = sign_in_and_lock(world)
    token = check_unsaved(world, page, end, listener)
    world.broker.process.send_signal(signal.SIGTERM)
    world.keyring.unlock()
    world.broker.stop()
    world.broker.start()
    tap.equal(world.broker.token(), token, "token after a restart")


@tap.case("KP-30", "the default collection is not the login's: its own password counts",
          prompts=["ok:of work"])
def other_default(world):
    world.keyring.create("Work", "of work")
    world.sign_in()
    token = world.broker.token()
    world.keyring.lock()
    expect_error("StorageLocked", world.broker.get_token, rejected=token)
    asked(world)
    new = world.broker.token(rejected=token, interactive=True)
    asked(world, "password")
    tap.equal(world.keyring.records()["tidio"]["access_token"], new, "what is stored")


@tap.case("KP-31", "the default collection is deleted: nothing is risked, the token stays",
          account="")
def collection_deleted(world):
    world.keyring.delete()
    tap.equal(world.broker.token(), world.token, "token from memory")
    expect_error("StorageUnavailable", world.broker.get_token, rejected=world.token)
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes")
    asked(world)
    world.keyring.create()
    new = world.broker.token(rejected=world.token)
    tap.equal(world.keyring.records()["tidio"]["access_token"], new, "what is stored")
    tap.equal(world.restart_and_get_token(), new, "token after a restart")


@tap.case("KP-32", "the default collection is deleted: a sign-in makes it, through the prompt",
          account="", prompts=[OK])
def collection_made_again(world):
    world.keyring.delete()
    world.sign_in("tidio")
    asked(world, "new-password")
    token = world.broker.token()
    tap.equal(world.restart_and_get_token(), token, "token after a restart")


tap.main(PromptWorld)
