#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The main job, step by step, against the server named by the first argument, such as
sandbox or authlib."""

import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import browser, tap
from harness.broker import error_name, expect_error
from harness.servers import PROGRAMS
from harness.world import World

KIND = next((word for word in sys.argv[1:] if word in PROGRAMS), "sandbox")


def case(number, title, **options):
    return tap.case(f"JOB-{number}-{KIND}", title, **options)


@case(1, "sign-in: browser, code, tokens, account")
def sign_in(world):
    signals = world.broker.record()
    page, end = world.sign_in()
    tap.equal(page.status, 200, "status of the last page")
    tap.contains(page.body, "Authorization successful!", "the last page")
    tap.equal(end["Account"], "tidio", "account of the sign-in")
    tap.equal(world.broker.accounts(), ["tidio"], "accounts")
    tap.equal(world.broker.state("tidio"), "ready", "state")
    tap.equal(list(world.keyring.records()), ["tidio"], "accounts in the keyring")
    added = [one for one in signals if one[2] == "InterfacesAdded"
             and "org.tidio.Auth.Account" in one[3][1]]
    tap.equal(len(added), 1, "InterfacesAdded for the account")
    tap.equal(world.server.counters()["code_exchanges"], 1, "code exchanges")


@case(2, "token: a valid one, without a request", account="")
def token(world):
    text, expires_at, details = world.broker.get_token()
    tap.equal(text, world.keyring.records()["tidio"]["access_token"], "token")
    tap.between(expires_at, time.time() + 3500, time.time() + 3601, "expires_at")
    tap.equal((details["type"], details["degraded"]), ("Bearer", False), "details")
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes")


@case(3, "call: the API answers, the token stays inside", account="")
def call(world):
    status, body, details = world.broker.call_api("GET", "contacts")
    tap.equal(status, 200, "status")
    tap.check(json.loads(body)["contacts"], "contacts in the answer")
    tap.check(details["complete"], "complete")
    tap.contains(details["headers"]["content-type"], "application/json", "content-type")
    tap.equal(world.broker.call_api("GET", "/operators")[0], 200, "status of a second path")


@case(4, "expiry: the token is refreshed unseen")
def expiry(world):
    world.server.control(lifetime=1)
    world.sign_in()
    world.server.control(lifetime=3600)
    first = world.keyring.records()["tidio"]
    world.bus.settle(max(0, first["expires_at"] + 0.1 - time.time()))
    text, expires_at, _details = world.broker.get_token()
    tap.check(text != first["access_token"], "another token than the expired one")
    tap.check(expires_at > time.time() + 3000, "a fresh expiry")
    tap.equal(world.server.counters()["refreshes"], 1, "refreshes")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status with the new token")
    stored = world.keyring.records()["tidio"]
    tap.equal(stored["access_token"], text, "token in the keyring")
    tap.check(stored["refresh_token"] != first["refresh_token"], "a rotated refresh token")


@case(5, "401: one refresh, one retry", account="")
def unauthorized(world):
    world.server.control(expire_access_tokens=True, reset_counters=True)
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    counters = world.server.counters()
    tap.equal((counters["api"], counters["refreshes"]), (2, 1), "API calls and refreshes")


@case(6, "denial: a named error, the tokens there are stay", account="")
def denial(world):
    before = world.keyring.records()["tidio"]
    page, end = world.sign_in("tidio", decision="deny")
    tap.equal(page.status, 200, "status of the last page")
    tap.lacks(page.body, "successful", "the last page")
    tap.equal((end["State"], end["Error"]), ("failed", error_name("SignInDenied")), "end")
    tap.equal(world.keyring.records()["tidio"], before, "what is stored")
    tap.equal(world.broker.token(), before["access_token"], "token")


@case(7, "sign-out: revoked there, gone here", account="")
def sign_out(world):
    token_text = world.broker.token()
    tap.check(world.broker.sign_out(), "revoked")
    tap.equal(world.broker.accounts(), [], "accounts")
    tap.equal(world.keyring.accounts(), [], "items in the keyring")
    counters = world.server.counters()
    tap.equal(counters["grants"], 0, "grants alive at the server")
    tap.check(counters["revocations"] >= 1, "a revocation request")
    tap.equal(world.server.request("GET", "/v1/contacts",
                                   headers={"Authorization": f"Bearer {token_text}"})[0], 401,
              "status with the revoked token")
    expect_error("NoSuchAccount", world.broker.get_token)


@case(8, "50 callers at once on an expired token make one refresh", account="")
def single_flight(world):
    old = world.broker.token()
    world.broker.restart()
    world.server.control(expire_access_tokens=True, delay=200, reset_counters=True)
    callers = [world.broker.start_get_token(rejected=old) for _ in range(50)]
    tokens = {caller.result()[0] for caller in callers}
    tap.equal(len(tokens), 1, "different tokens")
    tap.check(old not in tokens, "another token than the rejected one")
    one_refresh(world)


@case(9, "20 API calls at once with an expired token make one refresh", account="")
def calls_at_once(world):
    world.server.control(expire_access_tokens=True, reset_counters=True)
    callers = [world.broker.start_call_api("GET", "contacts") for _ in range(20)]
    tap.equal({caller.result()[0] for caller in callers}, {200}, "statuses")
    one_refresh(world)


def one_refresh(world):
    """Also when those that might still be on their way have arrived."""
    world.bus.settle(0.6)
    counters = world.server.counters()
    tap.equal((counters["token"], counters["refreshes"], counters["reuse"]), (1, 1, 0),
              "token requests, refreshes and reused refresh tokens")


@case(10, "a public client signs in by PKCE alone, with form bodies", environment={},
          provider={"ClientId": "sandbox-public", "ClientAuthentication": "none",
                    "TokenRequestFormat": "form"})
def public_client(world):
    world.sign_in()
    first = world.broker.token()
    tap.check(world.broker.token(rejected=first) != first, "a refreshed token")
    tap.check(world.broker.sign_out(), "revoked")


@case(11, "a client with a secret signs in by HTTP Basic",
          provider={"ClientAuthentication": "basic", "TokenRequestFormat": "form"})
def basic_client(world):
    world.sign_in()
    first = world.broker.token()
    tap.check(world.broker.token(rejected=first) != first, "a refreshed token")
    tap.check(world.broker.sign_out(), "revoked")


@case(12, "a code taken from another sign-in is refused by the server")
def stolen_code(world):
    one = world.broker.sign_in("one")
    two = world.broker.sign_in("two")
    code = dict(browser.query(browser.decide(world.broker.uri(one))))["code"]
    callback = browser.decide(world.broker.uri(two))
    pairs = [(name, code if name == "code" else value) for name, value in browser.query(callback)]
    page = browser.fetch(browser.with_query(callback, pairs))
    tap.lacks(page.body, "successful", "the last page")
    end = world.broker.end_of(two)
    tap.equal((end["State"], end["Error"]), ("failed", error_name("SignInFailed")), "end")
    tap.equal(world.broker.accounts(), [], "accounts")
    world.broker.cancel(one)


tap.main(lambda **options: World(KIND, **options))
