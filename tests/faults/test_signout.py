#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sign-outs that meet something else: nothing is left behind, neither here nor at the provider."""

import json
import pathlib
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

from harness import tap
from harness.broker import DEADLINE, error_name
from harness.bus import BusError
from harness.locks import OpenWatch, held, lock_path
from harness.second_bus import SecondBroker
from harness.servers import CLIENT_ID, places, provider_text
from rows import ACCOUNT, main, within
from steps import halted

REVOKE = "/oauth/revoke"
# The broker gives up after 10 s; the rest is for a slow machine.
PATIENCE = 20


def check_gone(world):
    tap.equal(world.broker.accounts(), [], "accounts")
    tap.equal(world.keyring.accounts(), [], "items")
    world.broker.restart()
    tap.equal(world.broker.accounts(), [], "accounts after a restart")


def await_beginning(world):
    """Until the sign-out has begun: from then on nobody gets a token."""
    def is_refused():
        try:
            world.broker.token(ACCOUNT)
        except BusError as error:
            return error.name == error_name("NoSuchAccount")
        return False
    world.bus.wait_for(is_refused, DEADLINE, "the sign-out to begin", poll=True)


@tap.case("RF-15", "during a refresh: it waits for its end, what came of it is revoked, not given")
def during_refresh(world):
    with halted(world, "request processed") as halt:
        pending = world.broker.start_call("SignOut", GLib.Variant("(sa{sv})", (ACCOUNT, {})))
        await_beginning(world)
        halt.go_on()
        tap.equal(world.seen(halt.pending), "NoSuchAccount", "what the caller saw")
        tap.equal(pending.result(60), (True,), "revoked")
    counters = world.server.counters()
    tap.equal((world.server_saw(), counters["grants"], counters["reuse"]),
              ("1 refresh, 2 revocations", 0, 0), "what the server saw, grants left, reuse")
    check_gone(world)


@tap.case("SO-05", "the refresh token is revoked first, then the access token")
def order_of_tokens(world):
    record = world.newest_record()
    tap.equal(world.broker.sign_out(ACCOUNT), True, "revoked")
    bodies = world.peer.bodies(REVOKE)
    tap.equal(len(bodies), 2, "revocations")
    for body, name in zip(bodies, ("refresh_token", "access_token")):
        tap.contains(body, record[name], f"revocation of the {name}")
    check_gone(world)


@tap.case("SO-06", "a provider that does not answer is given up, and the login deleted")
def never_answered(world):
    order = world.peer.plan(REVOKE, "stall", 0)
    with within(PATIENCE, "sign-out"):
        tap.equal(world.broker.sign_out(ACCOUNT), False, "revoked")
    order.release(False)
    check_gone(world)


@tap.case("SO-07", "two items of one account: both go")
def doubled(world):
    old = world.newest_record()
    world.outcome()
    record = {**world.newest_record(), **{name: old[name] for name in (
        "access_token", "refresh_token", "generation", "refreshed_at")}}
    world.keyring.add("org.tidio.Auth.Account", {"account": str(uuid.uuid4()), "version": "1"},
                      json.dumps(record).encode())
    world.broker.restart()
    tap.equal(len(world.keyring.accounts()), 2, "items")
    tap.equal(world.broker.sign_out(ACCOUNT), True, "revoked")
    check_gone(world)


@tap.case("SO-13", "an item of an earlier login at another provider: given back there, not confirmed")
def other_login(world):
    world.session.write_provider("other", provider_text(places(world.peer.uri), ClientId=CLIENT_ID))
    record = world.newest_record()
    earlier = {**record, "provider": "other", "access_token": "earlier-access",
               "refresh_token": "earlier-refresh", "signed_in_at": record["signed_in_at"] - 1000}
    world.keyring.add("org.tidio.Auth.Account", {"account": str(uuid.uuid4()), "version": "1"},
                      json.dumps(earlier).encode())
    world.broker.restart()
    tap.equal(world.broker.account(ACCOUNT)["Provider"], "tidio", "the login that counts")
    tap.equal(world.broker.sign_out(ACCOUNT), False, "revoked")
    given = (record["refresh_token"], record["access_token"], "earlier-refresh", "earlier-access")
    world.bus.wait_for(lambda: all(any(token in body for body in world.peer.bodies(REVOKE))
                                   for token in given), DEADLINE, "what is given back", poll=True)
    check_gone(world)


@tap.case("SO-12", "signed out in another session while it is unsaved here: it does not come back")
def unsaved_elsewhere(world):
    second = SecondBroker(world.session, world.broker.environment)
    second.start()
    world.keyring.plan("SetSecret", "fail", 2, 0)
    tap.equal(world.outcome(), "a new token", "what the caller saw")
    second.sign_out(ACCOUNT)
    world.keyring.heal()
    world.bus.wait_for(lambda: not world.broker.accounts(), DEADLINE * 4,
                       "the account to be gone here too", poll=True)
    tap.equal(second.accounts(), [], "accounts there")
    second.stop()
    check_gone(world)


def start_sign_out(world):
    """On its way to the broker before anything else."""
    pending = world.broker.start_call("SignOut", GLib.Variant("(sa{sv})", (ACCOUNT, {})))
    world.bus.connection.flush_sync(None)
    return pending


def check_kept(world):
    """Nothing was done: one item, nothing revoked, and all goes on after a restart."""
    tap.equal(world.server_saw(), "nothing", "what the server saw")
    tap.equal(len(world.keyring.accounts()), 1, "items")
    world.broker.start()
    tap.equal(world.outcome(), "a new token", "what a caller sees afterwards")


@tap.case("SO-08", "SIGTERM while the provider does not answer: deleted at once, and answered")
def ended_while_revoking(world):
    order = world.peer.plan(REVOKE, "stall", 0)
    pending = start_sign_out(world)
    order.wait()
    world.broker.stop()
    tap.equal(pending.result(5), (False,), "revoked")
    order.release(False)
    tap.equal(world.keyring.accounts(), [], "items")
    world.broker.start()
    tap.equal(world.broker.accounts(), [], "accounts after a restart")


@tap.case("SO-09", "SIGTERM while another process has the lock: an error, and nothing is done")
def ended_while_waiting(world):
    path = lock_path(world.session)
    with held(path):
        watch = OpenWatch(path)
        pending = start_sign_out(world)
        watch.wait()
        world.broker.stop()
        tap.equal(world.seen(pending), "Busy", "what the caller saw")
    check_kept(world)


@tap.case("SO-10", "SIGTERM while the accounts are being read: an error, and nothing is done")
def ended_while_loading(world):
    world.broker.stop()
    world.keyring.plan("SearchItems", "stall", 1, 0)
    world.broker.start()
    pending = start_sign_out(world)
    world.broker.get("Version")
    world.broker.stop()
    tap.equal(world.seen(pending), "Busy", "what the caller saw")
    world.keyring.heal()
    check_kept(world)


@tap.case("SO-11", "SIGTERM while the keyring does not delete: an error, and the item is there")
def ended_while_deleting(world):
    world.keyring.plan("Delete", "stall", 1, 0)
    pending = start_sign_out(world)
    world.keyring.wait_for_reached()
    world.broker.stop()
    tap.equal(world.seen(pending), "Busy", "what the caller saw")
    world.keyring.release(False)
    tap.equal(len(world.keyring.accounts()), 1, "items")
    world.broker.start()
    tap.equal(world.broker.accounts(), [ACCOUNT], "accounts after a restart")
    world.keyring.heal()
    world.broker.sign_out(ACCOUNT)
    check_gone(world)


main()
