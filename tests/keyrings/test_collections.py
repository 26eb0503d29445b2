#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""GNOME Keyring with a locked collection that is not the default one, but has our items.

"Cold" is a collection that was locked when the keyring started, and of which no search tells; "warm"
one that was locked later.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap
from harness.broker import error_name, expect_error
from harness.cli import Cli
from harness.keyring import COLLECTION, NAME
from harness.servers import CLIENT_ID, CLIENT_SECRET
from harness.watching import Listener
from prompt_world import OK, PromptWorld, asked, check_nothing_known

CLIENT = {"provider": "tidio", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


def move_default(world, restart=True):
    """Another default collection than that of the account, which is locked as it was at the
    keyring's start; its path."""
    path = world.keyring.default()
    if restart:
        world.broker.stop()
    world.keyring.create("Another keyring")
    if restart:
        world.session.restart_keyring(locked=True)
        world.keyring.unlock()
        world.broker.start()
    return path


@tap.case("KP-33", "another collection, cold: StorageLocked, never NoSuchAccount", account="")
def hidden_not_interactive(world):
    path = move_default(world)
    check_nothing_known(world)
    for account in ("", "tidio", "other"):
        expect_error("StorageLocked", world.broker.get_token, account)
        expect_error("StorageLocked", world.broker.call_api, "GET", "contacts", account=account)
        expect_error("StorageLocked", world.broker.sign_out, account)
    expect_error("StorageLocked", world.broker.set_default, "tidio")
    asked(world)
    listener = Listener(world.broker)
    world.keyring.unlock(path)
    listener.wait_for_account("tidio")
    tap.equal(world.broker.token(), world.token, "token afterwards")
    expect_error("NoSuchAccount", world.broker.get_token, "other")


@tap.case("KP-34", "another collection, cold, interactive: one prompt, then the token", account="",
          prompts=[OK])
def hidden_interactive(world):
    move_default(world)
    tap.equal(world.broker.token(interactive=True), world.token, "token")
    asked(world, "password")
    tap.equal(world.broker.state("tidio"), "ready", "state")
    tap.equal(world.broker.token(rejected=world.token) != world.token, True, "a new token")
    tap.equal(len(world.keyring.accounts()), 1, "items")


@tap.case("KP-35", "another collection, cold, dismissed: StorageLocked; other accounts sign in",
          account="", prompts=["cancel"])
def hidden_dismissed(world):
    path = move_default(world)
    expect_error("StorageLocked", world.broker.get_token, "tidio", interactive=True)
    world.sign_in("other")
    token = world.broker.token("other")
    tap.equal(world.broker.state("other"), "ready", "state of the new account")
    expect_error("StorageLocked", world.broker.get_token, "tidio", interactive=True)
    asked(world, "password")
    tap.equal(world.broker.token("other", interactive=True), token, "token without a prompt")
    world.keyring.unlock(path)
    tap.equal(sorted(world.keyring.records()), ["other", "tidio"], "accounts in the keyring")


@tap.case("KP-40", "another collection, cold: signing in to a new account asks for none")
def hidden_not_asked_for(world):
    path = move_default(world)
    world.sign_in("other")
    asked(world)
    tap.equal(world.broker.state("other"), "ready", "state of the new account")
    tap.equal(world.bus.get(NAME, path, COLLECTION, "Locked"), True, "the other collection locked")


@tap.case("KP-36", "another collection, warm: storage-locked, nothing is sent nor deleted",
          account="")
def hidden_warm(world):
    path = move_default(world, restart=False)
    world.sign_in("other")
    listener = Listener(world.broker)
    world.keyring.lock(path)
    listener.wait_for_state("tidio", "storage-locked")
    tap.equal(world.broker.state("other"), "ready", "state of the account in the default keyring")
    expect_error("StorageLocked", world.broker.get_token, "tidio", rejected=world.token)
    expect_error("StorageLocked", world.broker.sign_out, "tidio")
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes")
    tap.equal(world.server.counters()["revocations"], 0, "revocations")
    world.keyring.unlock(path)
    listener.wait_for_state("tidio", "ready")
    tap.check(world.broker.token("tidio", rejected=world.token) != world.token, "a new token")
    tap.equal(len(world.keyring.accounts()), 2, "items")
    asked(world)


@tap.case("KP-37", "another collection, warm, interactive: one prompt, one refresh", account="",
          prompts=[OK])
def hidden_warm_interactive(world):
    path = move_default(world, restart=False)
    world.sign_in("other")
    listener = Listener(world.broker)
    world.keyring.lock(path)
    listener.wait_for_state("tidio", "storage-locked")
    token = world.broker.token("tidio", rejected=world.token, interactive=True)
    tap.check(token != world.token, "a new token")
    asked(world, "password")
    tap.equal(world.server.counters()["refreshes"], 1, "refreshes")
    listener.wait_for_state("tidio", "ready")


@tap.case("KP-41", "the account's keyring and one that has nothing of it are locked: one prompt",
          account="", prompts=[OK])
def unrelated_warm_interactive(world):
    other = world.keyring.create("Another keyring", alias="")
    listener = Listener(world.broker)
    world.keyring.lock(other)
    world.keyring.lock()
    listener.wait_for_state("tidio", "storage-locked")
    token = world.broker.token("tidio", rejected=world.token, interactive=True)
    tap.check(token != world.token, "a new token")
    asked(world, "password")
    tap.equal(world.server.counters()["refreshes"], 1, "refreshes")
    listener.wait_for_state("tidio", "ready")


@tap.case("KP-38", "another collection, warm, dismissed: StorageLocked, asked once", account="",
          prompts=["cancel"])
def hidden_warm_dismissed(world):
    path = move_default(world, restart=False)
    world.sign_in("other")
    listener = Listener(world.broker)
    world.keyring.lock(path)
    listener.wait_for_state("tidio", "storage-locked")
    expect_error("StorageLocked", world.broker.get_token, "tidio", rejected=world.token,
                 interactive=True)
    asked(world, "password")
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes")


def hide_client(world):
    """A client in a collection that is not the default one any more; the collection's path."""
    world.keyring.add("org.tidio.Auth.Client", {"client": "b1a0c1d2-0000-4000-8000-000000000000",
                                                "version": "1"}, json.dumps(CLIENT).encode())
    return move_default(world)


@tap.case("KP-39", "another collection has the client, cold: StorageLocked, never NotConfigured",
          environment={})
def hidden_client(world):
    path = hide_client(world)
    sign_in = world.broker.end_of(world.broker.sign_in("tidio"))
    tap.equal(sign_in["Error"], error_name("StorageLocked"), "error of the sign-in")
    world.keyring.unlock(path)
    world.sign_in("tidio")
    asked(world)


@tap.case("KP-42", "a client that was set anew while its keyring was locked: cleared in both",
          environment={})
def client_twice(world):
    path = hide_client(world)
    command = Cli(world.session)
    tap.equal(command.run("client", "set", "--client-id", CLIENT_ID, data=b"another-secret\n").code,
              0, "exit status of client set")
    world.keyring.unlock(path)
    tap.equal(len(world.keyring.clients()), 2, "clients in the keyring")
    tap.equal(command.run("client", "clear").code, 0, "exit status of client clear")
    tap.equal(world.keyring.clients(), [], "clients in the keyring")


tap.main(PromptWorld)
