#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a provider says of itself (RFC 8414): read, kept, refused; and what depends on it: pushed
requests (RFC 9126)."""

import contextlib
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import browser, tap
from harness.broker import DEADLINE, SIGN_IN, expect_error
from harness.cli import Cli
from harness.issuer import JSON, OPENID, WELL_KNOWN, Issuer
from harness.issuer_world import IssuerWorld
from harness.servers import CLIENT_ID

@tap.case("DI-01", "one look at the metadata serves sign-in, refresh and sign-out")
def whole_life(world):
    world.sign_in()
    first = world.broker.token()
    tap.check(world.broker.token(rejected=first) != first, "another token")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    tap.check(world.broker.sign_out(), "revoked")
    tap.equal([request[:2] for request in world.issuer.requests], [("GET", WELL_KNOWN)], "requests")


@tap.case("DI-02", "OpenID Connect has its metadata elsewhere", publish=False)
def openid(world):
    world.publish(OPENID)
    world.sign_in()
    tap.equal([request[1] for request in world.issuer.requests], [WELL_KNOWN, OPENID], "paths")


@tap.case("DI-03", "what the file says counts", keys={"TokenEndpoint": "{token}"},
          members={"token_endpoint": "http://127.0.0.1:1/nowhere"})
def explicit(world):
    world.sign_in()


@tap.case("DI-04", "metadata moves no endpoint to another host",
          members={"token_endpoint": "http://localhost:1/token"})
def other_host(world):
    world.fails("NotConfigured", "token_endpoint", "MetadataHosts")
    world.fails("NotConfigured", "token_endpoint", "MetadataHosts")
    tap.equal(len(world.issuer.requests), 1, "looks at the metadata")
    tap.equal(world.server.counters()["authorize"], 0, "authorization requests")


@tap.case("DI-05", "unless the file lists it", keys={"MetadataHosts": "localhost"})
def listed_host(world):
    world.publish(token_endpoint=world.server.places["token"].replace("127.0.0.1", "localhost"))
    world.sign_in()


@tap.case("DI-06", "metadata of another issuer is refused", members={"issuer": "http://127.0.0.1"})
def other_issuer(world):
    world.fails("InvalidResponse", "another issuer")


@tap.case("DI-07", "a redirect is not followed", publish=False)
def redirect(world):
    world.publish("/elsewhere")
    world.issuer.answer(WELL_KNOWN, 302, Location="/elsewhere")
    world.fails("InvalidResponse", "302")
    tap.equal(world.issuer.count("/elsewhere"), 0, "requests")


@tap.case("DI-08", "a server out of order is waited for, and not asked at the other address")
def out_of_order(world):
    world.issuer.answer(WELL_KNOWN, 503)
    world.fails("ServerError")
    tap.equal(world.issuer.count(OPENID), 0, "requests")


@tap.case("DI-09", "a document without end is not read")
def endless(world):
    world.publish(more="x" * (1024 * 1024))
    world.fails("InvalidResponse")


@tap.case("DI-10", "nothing there", publish=False)
def nothing(world):
    world.fails("InvalidResponse", "404", "Issuer")


@tap.case("DI-11", "a broker that starts while the issuer is away serves what it has",
          account="tidio")
def away(world):
    token = world.broker.token()
    world.broker.restart()
    world.issuer.answer(WELL_KNOWN, 503, **{"Retry-After": "1"})
    tap.equal(world.broker.token(), token, "token")
    seen, _expires_at, details = world.broker.get_token(**{"min-validity": 86400})
    tap.equal((seen, details["degraded"]), (token, True), "token, degraded")
    world.publish()
    tap.check(world.broker.token(rejected=token, timeout=30) != token,
              "another token, once the issuer may be asked")
    tap.equal(world.broker.state("tidio"), "ready", "state")


@tap.case("DI-12", "metadata that cannot be had ends no login", account="tidio")
def wrong_ends_nothing(world):
    token = world.broker.token()
    world.broker.restart()
    world.issuer.answer(WELL_KNOWN, 200, "<html>")
    expect_error("InvalidResponse", world.broker.token, rejected=token)
    tap.equal(world.broker.state("tidio"), "ready", "state")


@tap.case("DI-16", "a request that must be pushed is pushed",
          members={"require_pushed_authorization_requests": True})
def pushed(world):
    world.publish(pushed_authorization_request_endpoint=f"{world.issuer.uri}/par")
    world.issuer.answer("/par", 201, {"request_uri": "urn:example:1", "expires_in": 60})
    path = world.broker.sign_in()
    tap.equal(dict(browser.query(world.broker.uri(path))),
              {"client_id": CLIENT_ID, "request_uri": "urn:example:1"}, "parameters")
    method, _path, body = world.issuer.requests[-1]
    fields = dict(browser.query(f"?{body}"))
    tap.equal(method, "POST", "method")
    tap.check({"state", "code_challenge", "redirect_uri", "client_secret"} <= set(fields),
              f"the request's fields, not {sorted(fields)}")
    world.broker.cancel(path)


@tap.case("DI-17", "or there is no sign-in",
          members={"require_pushed_authorization_requests": True})
def not_pushed(world):
    world.fails("NotConfigured", "PushedAuthorizationRequestEndpoint")


@tap.case("DI-18", "a refused push is told, and nothing else is tried",
          keys={"PushedAuthorizationRequestEndpoint": "{par}"})
def push_refused(world):
    world.server.write_provider(**{**world.provider, "PushedAuthorizationRequestEndpoint":
                                   f"{world.issuer.uri}/par"})
    for status, code, short in ((401, "invalid_client", "ClientRejected"),
                                (400, "invalid_request", "SignInFailed"),
                                (503, "", "ServerError")):
        world.issuer.answer("/par", status, {"error": code})
        world.fails(short)
    world.issuer.answer("/par", 200, "<html>")
    world.fails("InvalidResponse")
    tap.equal(world.server.counters()["authorize"], 0, "authorization requests")


@tap.case("DI-19", "a sign-in that is cancelled while the issuer is silent ends at once",
          publish=False)
def cancelled(world):
    path = world.broker.sign_in(**{"open-browser": False})
    world.broker.cancel(path)
    tap.equal(world.broker.end_of(path)["State"], "failed", "state")


# How long a response is good for: its headers, and the seconds that come of them.
LIFETIMES = [
    ({}, 3600),
    ({"Cache-Control": "max-age=100"}, 100),
    ({"Cache-Control": "max-age=1000", "Age": "900"}, 100),
    ({"Cache-Control": "public, max-age=7"}, 60),
    ({"Cache-Control": "no-store"}, 60),
    ({"Cache-Control": "max-age=100000000"}, 86400),
    ({"Expires": "0"}, 60),
]


@tap.case("DI-20", "metadata counts for as long as its response says, and no longer",
          account="tidio", headers={"Cache-Control": "max-age=60"}, clocks=True)
def lifetimes(world):
    now = 100
    for world.headers, seconds in LIFETIMES:
        world.publish()
        world.clocks.shift(boot=now)
        world.asked()
        world.refresh()
        world.clocks.shift(boot=now + seconds - 20)
        world.refresh()
        tap.equal(world.asked(), [WELL_KNOWN], f"requests while it counts: {world.headers}")
        now += seconds + 1
        world.clocks.shift(boot=now)
        world.refresh()
        tap.equal(world.asked(), [WELL_KNOWN], f"requests when it is over: {world.headers}")
        # What was just read again has the same lifetime.
        now += seconds + 1


@tap.case("DI-21", "an issuer that is away is taken at its old word for 300 s, once",
          account="tidio", headers={"Cache-Control": "max-age=100"}, clocks=True)
def stale(world):
    world.issuer.answer(WELL_KNOWN, 503)
    world.asked()
    world.clocks.shift(boot=1000)
    world.refresh()
    world.clocks.shift(boot=1000 + 280)
    world.refresh()
    tap.equal(world.asked(), [WELL_KNOWN], "requests within the time")
    for now in (1000 + 301, 1000 + 2000):
        world.clocks.shift(boot=now)
        token = world.broker.token()
        expect_error("ServerError", world.broker.token, rejected=token)
        tap.equal(world.asked(), [WELL_KNOWN], "requests after it")
    tap.equal(world.broker.state("tidio"), "ready", "state")
    world.publish()
    world.clocks.shift(boot=1000 + 4000)
    world.refresh()


@tap.case("DI-22", "metadata that is refused does not take the place of what was good",
          account="tidio", headers={"Cache-Control": "max-age=100"}, clocks=True)
def refused(world):
    now = 0
    for short, members in (("NotConfigured", {"token_endpoint": "http://localhost:1/token"}),
                           ("InvalidResponse", {"issuer": "http://127.0.0.1"}),
                           ("InvalidResponse", {"revocation_endpoint": 7})):
        world.publish(**members)
        world.clocks.shift(boot=now + 101)
        world.asked()
        world.refresh()
        world.refresh()
        tap.equal(world.asked(), [WELL_KNOWN], f"requests: {members}")
        world.clocks.shift(boot=now + 101 + 301)
        expect_error(short, world.broker.token, rejected=world.broker.token())
        world.publish()
        now += 1000
        world.clocks.shift(boot=now)
        world.refresh()


@tap.case("DI-23", "where there is nothing, the next address is tried", clocks=True,
          headers={"Cache-Control": "max-age=60"})
def nothing_at_the_first(world):
    world.publish(OPENID)
    world.sign_in()
    now = 0
    for answer in ((401,), (403,), (404, "{}"), (410,), (301, "", "/elsewhere"),
                   (302, "", WELL_KNOWN), (307, "", OPENID), (204,), (200, "<html>"), (200, ""),
                   (200, "[]"), (200, '"text"'), (200, '{"issuer":')):
        status, body, location = (*answer, "", "")[:3]
        world.issuer.answer(WELL_KNOWN, status, body,
                            **({"Location": location} if location else JSON))
        now += 1000
        world.clocks.shift(boot=now)
        world.asked()
        world.refresh()
        tap.equal(world.asked(), [WELL_KNOWN, OPENID], f"requests: {answer}")


@tap.case("DI-24", "where there is something wrong or nobody can say, it is not", publish=False)
def something_at_the_first(world):
    world.publish(OPENID)
    other = world.document(issuer="http://127.0.0.1")
    for short, status, body in (("InvalidResponse", 200, other), ("InvalidResponse", 200, {}),
                                ("InvalidResponse", 200, {"error": "not_found"}),
                                ("InvalidResponse", 200, world.document(token_endpoint=7)),
                                ("ServerError", 500, ""), ("ServerError", 503, ""),
                                ("ServerError", 408, ""), ("RateLimited", 429, ""),
                                ("Network", 0, "")):
        world.issuer.answer(WELL_KNOWN, status, body)
        world.fails(short)
        tap.equal(set(world.asked()), {WELL_KNOWN}, f"requests: {status} {body}")
    world.issuer.answer(WELL_KNOWN, 404)
    world.issuer.answer(OPENID, 503)
    world.fails("ServerError")


@tap.case("DI-25", "an issuer is asked once for all who wait")
def one_question(world):
    accounts = [f"account-{number}" for number in range(5)]
    for account in accounts:
        world.sign_in(account)
    tokens = {account: world.broker.token(account) for account in accounts}
    world.broker.restart()
    world.broker.accounts()
    world.asked()
    with world.issuer.held():
        pending = [world.broker.start_get_token(account, rejected=tokens[account])
                   for account in accounts for _ in range(4)]
        # A caller's messages are taken in their order.
        world.broker.accounts()
    new = {one.result()[0] for one in pending}
    tap.equal((len(new), new & set(tokens.values())), (5, set()), "new tokens, and old ones")
    tap.equal(world.asked(), [WELL_KNOWN], "requests")


def tokens(name):
    return {"access_token": f"access-{name}", "refresh_token": f"refresh-{name}",
            "token_type": "Bearer", "expires_in": 3600}


@tap.case("DI-26", "a token endpoint that is found to be closed is waited for like any other",
          headers={"Cache-Control": "max-age=60"}, publish=False, clocks=True)
def closed_endpoint(world):
    with contextlib.closing(Issuer()) as place:
        world.publish(token_endpoint=f"{place.uri}/token")
        place.answer("/token", 200, tokens("first"))
        world.sign_in()
        token = world.broker.token()
        place.answer("/token", 429, **{"Retry-After": "100"})
        expect_error("RateLimited", world.broker.token, rejected=token, timeout=1)
        place.answer("/token", 200, tokens("second"))
        # The metadata is over, so that only after a look at it can be seen that this endpoint
        # wants to be left alone for three seconds more.
        world.clocks.shift(boot=97)
        world.asked()
        with world.issuer.held():
            hasty = world.broker.start_get_token(rejected=token, timeout=1)
            patient = world.broker.start_get_token(rejected=token, timeout=20)
            served = world.broker.start_get_token(**{"min-validity": 3599})
            world.broker.accounts()
        seen, _expires_at, details = served.result()
        tap.equal((seen, details["degraded"]), (token, True), "token, degraded")
        tap.contains(expect_error("RateLimited", hasty.result), "try again in", "message")
        tap.equal(patient.result()[0], "access-second", "token")
        tap.equal((world.asked(), place.count("/token")), ([WELL_KNOWN], 3), "requests")


@tap.case("DI-27", "a pushed request is pushed again before its time is up",
          members={"require_pushed_authorization_requests": True}, keys={"TokenEndpoint": "{token}"})
def pushed_again(world):
    world.publish(pushed_authorization_request_endpoint=f"{world.issuer.uri}/par")
    world.issuer.answer_in_turn(
        "/par", (201, {"request_uri": "urn:example:1", "expires_in": 1}), (503, ""),
        (201, {"request_uri": "urn:example:2", "expires_in": 60}))
    command = Cli(world.session).start("sign-in", "--no-browser", "work")
    addresses = [command.stdout.readline().decode() for _address in range(2)]
    tap.equal([dict(browser.query(uri.strip()))["request_uri"] for uri in addresses],
              ["urn:example:1", "urn:example:2"], "addresses that are printed")
    path, = [path for path, found in world.broker.objects().items() if SIGN_IN in found]
    seen = world.broker.sign_in_properties(path)
    tap.equal((seen["State"], seen["Uri"]), ("waiting", addresses[1].strip()), "state, Uri")
    tap.between(seen["ExpiresAt"], int(time.time()) + 270, int(time.time()) + 300, "ExpiresAt")
    first, *others = world.issuer.bodies("/par")
    tap.equal(others, [first, first], "requests")
    browser.visit(browser.with_query(world.server.places["authorize"], list(first.items())))
    tap.equal(world.broker.end_of(path)["State"], "done", "state")
    tap.equal(command.wait(DEADLINE), 0, "exit status")


@tap.case("DI-30", "a provider that wants to be left alone is not sent a pushed request again",
          members={"require_pushed_authorization_requests": True}, keys={"TokenEndpoint": "{token}"})
def pushed_again_later(world):
    """It would be pushed again after a second; the provider says four."""
    times = []

    def answer(status, body, **headers):
        return status, {**JSON, **headers}, lambda: times.append(time.monotonic()) or body

    world.publish(pushed_authorization_request_endpoint=f"{world.issuer.uri}/par")
    world.issuer.answers["/par"] = [
        answer(201, {"request_uri": "urn:example:1", "expires_in": 1}),
        answer(429, {}, **{"Retry-After": "4"}),
        answer(201, {"request_uri": "urn:example:2", "expires_in": 600})]
    path = world.broker.sign_in("work")
    world.bus.wait_for(lambda: "urn%3Aexample%3A2" in world.broker.uri(path), DEADLINE,
                       "the second address", poll=True)
    tap.check(times[2] - times[1] > 3.9, f"four seconds between the requests: {times}")
    world.broker.cancel(path)


@tap.case("DI-31", "nor is another sign-in's pushed to it meanwhile",
          members={"require_pushed_authorization_requests": True}, keys={"TokenEndpoint": "{token}"})
def pushed_by_another(world):
    world.publish(pushed_authorization_request_endpoint=f"{world.issuer.uri}/par")
    world.issuer.answer("/par", 429, {}, **{"Retry-After": "100"})
    world.fails("RateLimited")
    world.fails("RateLimited")
    tap.equal(world.issuer.count("/par"), 1, "requests")


@tap.case("DI-28", "nor is it tried in another way where the answer makes no sense",
          members={"require_pushed_authorization_requests": True})
def push_without_sense(world):
    world.publish(pushed_authorization_request_endpoint=f"{world.issuer.uri}/par")
    for status, body in ((201, {"expires_in": 60}), (201, {"request_uri": "no URI"}), (302, "")):
        world.issuer.answer("/par", status, body)
        world.fails("InvalidResponse")
    tap.equal(world.server.counters()["authorize"], 0, "authorization requests")


@tap.case("DI-29", "nor is it pushed to where others may listen in",
          members={"require_pushed_authorization_requests": True,
                   "pushed_authorization_request_endpoint": "http://issuer.example/par"})
def pushed_in_the_open(world):
    world.fails("InvalidResponse", "pushed_authorization_request_endpoint")


tap.main(IssuerWorld)
