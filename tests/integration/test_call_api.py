#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""CallApi: what may be sent, what comes back, and what a 401 does."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import Gio, GLib

from harness import tap
from harness.api import ApiWorld, sent_headers
from harness.broker import NAME, expect_error
from harness.bus import BUS
from harness.bus_watch import parse


class CallWorld(ApiWorld):
    def echo(self, method="POST", path="sandbox/echo", body="", **wishes):
        """What the sandbox's echo received."""
        status, text, _details = self.broker.call_api(method, path, body, **wishes)
        tap.equal(status, 200, "status")
        return json.loads(text)


@tap.case("API-01", "401 and the refresh fails for the time being: the error of the refresh")
def unauthorized_no_refresh(world):
    world.server.control(expire_access_tokens=True)
    world.server.fail("token", 503)
    expect_error("ServerError", world.broker.call_api, "GET", "contacts")
    world.server.heal("token")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status afterwards")


@tap.case("API-02", "401 and the login ended: SignInRequired")
def unauthorized_for_good(world):
    world.server.control(expire_access_tokens=True, revoke_grants=True)
    expect_error("SignInRequired", world.broker.call_api, "GET", "contacts")


@tap.case("API-03", "429 in Tidio's form, with its headers in lower case")
def too_many(world):
    world.server.fail("api", 429, count=1)
    status, body, details = world.broker.call_api("GET", "contacts")
    tap.equal(status, 429, "status")
    tap.equal(json.loads(body)["errors"][0]["code"], "too_many_requests", "code")
    for name in ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining"):
        tap.check(name in details["headers"], f"header {name}")
    for name in details["headers"]:
        tap.equal(name, name.lower(), "header name")


@tap.case("API-04", "methods: the six there are")
def methods(world):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        tap.equal(world.echo(method)["method"], method, "method")
    status, body, details = world.broker.call_api("HEAD", "contacts")
    tap.equal((status, body, details["complete"]), (200, "", True), "answer to HEAD")


@tap.case("API-05", "paths that are fine arrive as they were given", api=True)
def fine(world):
    for path in ("contacts", "/contacts", "", "/", "contacts?limit=10&x=a%20b",
                 "contacts/a%20b", "contacts?url=http://x.example/..//y", "contacts/a:b", "a.b/..c",
                 "contacts?x=..%2F%25", "a~b/c_d-e", "c?q='(x)'*"):
        world.broker.call_api("GET", path)
        tap.equal(world.api.requests[-1][1], "/v1/" + path.removeprefix("/"), "target")


@tap.case("API-06", "headers that are allowed are sent")
def headers(world):
    given = {"Accept": "text/plain", "X-Request-Id": "abc-1", "if-none-match": '"x"',
             "If-Match": "*", "IF-MODIFIED-SINCE": "Tue, 24 Nov 2026 00:00:00 GMT",
             "Accept-Language": "pl, de;q=0.5", "Idempotency-Key": "x" * 1024}
    seen = world.echo("GET", headers=given)
    lower = {name.lower(): value for name, value in seen["headers"].items()}
    for name, value in given.items():
        tap.equal(lower.get(name.lower()), value, name)


@tap.case("API-07", "body and content type", api=True)
def content_type(world):
    world.broker.call_api("POST", "contacts", '{"a":1}')
    world.broker.call_api("POST", "contacts", "a=b",
                          content_type="application/x-www-form-urlencoded")
    world.broker.call_api("POST", "contacts", "")
    kinds = [(sent_headers(one).get("content-type"), one[3]) for one in world.api.requests]
    tap.equal(kinds, [("application/json", b'{"a":1}'),
                      ("application/x-www-form-urlencoded", b"a=b"), (None, b"")], "requests")


@tap.case("API-08", "a body of any text arrives exactly")
def body(world):
    for text in ('{"a":"ä€𝄞"}', "\n\t\u0001", "x" * 1000000):
        tap.equal(world.echo(body=text)["body"], text, "body")


@tap.case("API-09", "a body that is not UTF-8: InvalidResponse that names OpenApi")
def binary(world):
    message = expect_error("InvalidResponse", world.broker.call_api, "GET", "sandbox/binary")
    tap.contains(message, "OpenApi", "message")


@tap.case("API-10", "an answer of 8 MiB is fine")
def large(world):
    limit = 8 * 1024 * 1024
    status, text, details = world.broker.call_api("GET", f"sandbox/large?bytes={limit}")
    tap.equal((status, len(text), details["complete"]), (200, limit, True), "answer")


@tap.case("API-11", "an API that does not answer in time: Timeout")
def timeout(world):
    expect_error("Timeout", world.broker.call_api, "GET", "sandbox/slow?ms=5000", timeout=1)
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status afterwards")


@tap.case("API-12", "options: unknown ones and wrong types are InvalidArgs")
def options(world):
    for wishes in ({"no_such": True}, {"headers": ["a"]}, {"content_type": 5}, {"timeout": 0},
                   {"timeout": 121}, {"interactive": "no"}, {"min_validity": 5},
                   {"headers": GLib.Variant("a{sv}", {})}):
        expect_error("InvalidArgs", world.broker.call_api, "GET", "contacts", **wishes)


@tap.case("API-13", "an account by name, an unknown one, none at all")
def accounts(world):
    tap.equal(world.broker.call_api("GET", "contacts", account="tidio")[0], 200, "status")
    expect_error("NoSuchAccount", world.broker.call_api, "GET", "contacts", account="other")
    world.broker.sign_out("tidio")
    expect_error("NoSuchAccount", world.broker.call_api, "GET", "contacts")


@tap.case("API-14", "creating a contact: 201 and what the API made of it")
def create(world):
    status, text, _details = world.broker.call_api(
        "POST", "contacts", json.dumps({"email": "ada@example.com", "first_name": "Ada"}))
    tap.equal(status, 201, "status")
    tap.contains(text, "ada@example.com", "body")


@tap.case("API-15", "30 calls at once are all answered")
def many(world):
    callers = [world.broker.start_call_api("GET", "contacts") for _ in range(30)]
    tap.equal({caller.result()[0] for caller in callers}, {200}, "statuses")


@tap.case("API-16", "the bus is asked who a caller is, once, and not again whether it is still there")
def no_other_message(world):
    caller = world.broker.other_caller()
    for _ in range(4):
        caller.call_api("GET", "contacts")
    broker = world.bus.owner(NAME)
    seen = [message for message in map(parse, world.session.watches[0].finish(world.bus)) if message]
    calls = [index for index, message in enumerate(seen) if message.get_member() == "CallApi"]

    def asked_since(index):
        return [message.get_member() for message in seen[index:]
                if message.get_sender() == broker and message.get_destination() == BUS
                and message.get_message_type() == Gio.DBusMessageType.METHOD_CALL]
    tap.equal(len(calls), 4, "calls")
    tap.equal(sorted(asked_since(calls[0])),
              ["AddMatch", "GetConnectionCredentials", "GetConnectionUnixProcessID"],
              "what the bus was asked since the first call")
    tap.equal(asked_since(calls[1]), [], "what it was asked since the second call")


tap.main(CallWorld)
