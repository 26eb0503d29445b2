#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls with a client id and secret instead of tokens, as to Tidio's documented API."""

import json
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap
from harness.broker import expect_error
from harness.cli import Cli
from harness.issuer import JSON, Issuer
from harness.world import World

ID, SECRET = "ci_1234", "cs_5678-secret"
ACCOUNT = "tidio-openapi"
TEXT = """[Provider]
Name=Stand-in for API keys

[Api]
BaseUri={uri}/
Authentication=openapi-key
Accept=application/json; version=1
"""
CONTACTS = {"contacts": []}
TOO_MANY = {"errors": [{"code": "too_many_requests",
                        "message": "You have reached the limit of allowed attempts"}]}


class KeyWorld(World):
    """A world with an API that takes keys. `client`: whether they are set."""

    def __init__(self, client=True, **options):
        self.api = Issuer()
        self.client = client
        super().__init__(server=False, start=False, **options)
        self.secrets |= {SECRET}

    def __enter__(self):
        super().__enter__()
        self.session.write_provider(ACCOUNT, TEXT.format(uri=self.api.uri))
        self.api.answer("/contacts", 200, CONTACTS)
        if self.client:
            self.set_client()
        self.broker.start()
        return self

    def __exit__(self, *failure):
        try:
            super().__exit__(*failure)
        finally:
            self.api.close()

    def set_client(self):
        result = Cli(self.session).run("client", "set", "--provider", ACCOUNT, "--client-id", ID,
                                       data=f"{SECRET}\n".encode())
        tap.equal(result.code, 0, f"exit status: {result}")

    def call(self, method="GET", path="contacts", body="", **wishes):
        return self.broker.call_api(method, path, body, account=ACCOUNT, **wishes)


def seconds_of(message):
    """How long it says to wait."""
    return int(re.search(r"try again in (\d+) seconds$", message)[1])


@tap.case("AK-01", "client set is all it takes", client=False)
def all_it_takes(world):
    tap.contains(expect_error("NotConfigured", world.call), "client set", "message")
    world.set_client()
    result = Cli(world.session).run("call", f"{ACCOUNT}:contacts")
    tap.equal((result.code, json.loads(result.out)), (0, CONTACTS), f"result: {result}")
    tap.equal(world.api.requests, [("GET", "/contacts", "")], "requests")
    headers = world.api.headers[0]
    tap.equal((headers["X-Tidio-Openapi-Client-Id"], headers["X-Tidio-Openapi-Client-Secret"],
               headers["Accept"], headers["Authorization"]),
              (ID, SECRET, "application/json; version=1", None), "headers")


@tap.case("AK-02", "body, content type and further headers go along")
def whole_request(world):
    world.api.answer("/contacts", 201, {"id": 1})
    status, body, _details = world.call("POST", "/contacts", '{"email":"a@example.com"}',
                                        headers={"X-Request-Id": "7"})
    tap.equal((status, json.loads(body)), (201, {"id": 1}), "answer")
    tap.equal(world.api.requests, [("POST", "/contacts", '{"email":"a@example.com"}')], "requests")
    tap.equal((world.api.headers[0]["Content-Type"], world.api.headers[0]["X-Request-Id"]),
              ("application/json", "7"), "headers")


@tap.case("AK-03", "errors are results, and nothing is tried again")
def errors(world):
    for status, code in ((401, "unauthorized"), (403, "forbidden"), (422, "validation")):
        told = {"errors": [{"code": code, "message": "no"}]}
        world.api.answer("/contacts", status, told)
        seen, body, _details = world.call()
        tap.equal((seen, json.loads(body)), (status, told), "answer")
    tap.equal(world.api.count("/contacts"), 3, "requests")
    result = Cli(world.session).run("call", f"{ACCOUNT}:contacts")
    tap.equal((result.code, json.loads(result.out), result.err),
              (22, told, "tidio-auth: The API answered HTTP 422: validation: no\n"), "command")


@tap.case("AK-04", "there are no tokens, and there is nobody to sign in")
def no_tokens(world):
    expect_error("NotSupported", world.broker.get_token, ACCOUNT)
    expect_error("NotSupported", world.broker.get_token, ACCOUNT, interactive=True)
    expect_error("NotSupported", world.broker.sign_in, ACCOUNT)
    expect_error("NotSupported", world.broker.sign_in, "other", provider=ACCOUNT)
    expect_error("NotSupported", world.broker.sign_in, "", provider=ACCOUNT)
    tap.equal(world.broker.accounts(), [], "accounts")


@tap.case("AK-05", "the keys go nowhere else")
def nowhere_else(world):
    stranger = Issuer()
    try:
        world.api.answer("/contacts", 302, Location=f"{stranger.uri}/contacts")
        tap.equal(world.call()[0], 302, "status")
        for path in (f"{stranger.uri}/contacts", f"//127.0.0.1/{stranger.uri[7:]}", "../contacts",
                     "a/../../contacts"):
            expect_error("PathNotAllowed", world.call, path=path)
        tap.equal(stranger.requests, [], "requests elsewhere")
    finally:
        stranger.close()


@tap.case("AK-06", "a call that is one too many takes another turn")
def another_turn(world):
    world.api.answers["/contacts"] = [(429, {"Retry-After": "1"}, "{}"), (200, JSON, CONTACTS)]
    tap.equal(world.call()[0], 200, "status")
    tap.equal(world.api.count("/contacts"), 2, "requests")


@tap.case("AK-07", "or is told how long to wait")
def too_long(world):
    world.api.answers["/contacts"] = (429, {"Retry-After": "600"}, "{}")
    for _call in range(2):
        tap.between(seconds_of(expect_error("RateLimited", world.call, timeout=5)), 590, 600,
                    "seconds")
    tap.equal(world.api.count("/contacts"), 1, "requests")


@tap.case("AK-13", "a caller's time ends, however short each wait is")
def no_end(world):
    world.api.answers["/contacts"] = (429, {"Retry-After": "1"}, "{}")
    expect_error("RateLimited", world.call, timeout=3)
    tap.between(world.api.count("/contacts"), 1, 4, "requests")


@tap.case("AK-08", "who has used up what there is waits for more")
def used_up(world):
    world.api.answers["/contacts"] = [
        (200, {**JSON, "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, CONTACTS),
        (200, {**JSON, "x-ratelimit-remaining": "9", "x-ratelimit-reset": "60"}, CONTACTS)]
    for _call in range(3):
        tap.equal(world.call()[0], 200, "status")
    tap.equal(world.api.count("/contacts"), 3, "requests")


@tap.case("AK-09", "or is told so, in whatever way the time is given")
def used_up_for_long(world):
    for tell in (lambda _now: 600, lambda now: now + 600, lambda now: (now + 600) * 1000):
        world.broker.restart()
        reset = str(tell(int(time.time())))
        world.api.answer("/contacts", 200, CONTACTS, **{"x-ratelimit-remaining": "0",
                                                        "x-ratelimit-reset": reset})
        tap.equal(world.call()[0], 200, "status")
        tap.between(seconds_of(expect_error("RateLimited", world.call)), 590, 602,
                    f"seconds, for {reset}")


@tap.case("AK-10", "many callers at once are spread, and none fails")
def many(world):
    world.api.answers["/contacts"] = [
        (200, {**JSON, "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, CONTACTS),
        *[(429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, "{}")] * 2,
        (200, JSON, CONTACTS)]
    tap.equal(world.call()[0], 200, "status")
    calls = [world.broker.start_call_api("GET", "contacts", account=ACCOUNT) for _ in range(5)]
    tap.equal([call.result()[0] for call in calls], [200] * 5, "statuses")
    tap.equal(world.api.count("/contacts"), 8, "requests")


@tap.case("AK-11", "a refusal without a time, as Tidio documents it, is taken for a short one")
def no_time(world):
    world.api.answers["/contacts"] = [(429, {**JSON, "x-ratelimit-limit": "10",
                                             "x-ratelimit-remaining": "0"}, TOO_MANY),
                                      (200, JSON, CONTACTS)]
    tap.equal(world.call()[0], 200, "status")


@tap.case("AK-12", "each project has its own limit")
def two_projects(world):
    world.session.write_provider("another", TEXT.format(uri=world.api.uri))
    Cli(world.session).run("client", "set", "--provider", "another", "--client-id", "ci_9",
                           data=f"{SECRET}\n".encode())
    world.api.answers["/contacts"] = [(429, {"Retry-After": "600"}, "{}"), (200, JSON, CONTACTS)]
    expect_error("RateLimited", world.call)
    tap.equal(world.broker.call_api("GET", "contacts", account="another")[0], 200, "status")


@tap.case("AK-14", "of two callers who have to wait, the one without the time for it is told so")
def patient_and_not(world):
    world.api.answers["/contacts"] = [
        (200, {**JSON, "x-ratelimit-remaining": "0", "x-ratelimit-reset": "4"}, CONTACTS),
        (200, JSON, CONTACTS)]
    tap.equal(world.call()[0], 200, "status")
    patient = world.broker.start_call_api("GET", "contacts", account=ACCOUNT, timeout=30)
    tap.between(seconds_of(expect_error("RateLimited", world.call, timeout=1)), 2, 4, "seconds")
    tap.equal(world.api.count("/contacts"), 1, "requests so far")
    tap.equal(patient.result()[0], 200, "status")
    tap.equal(world.api.count("/contacts"), 2, "requests")


tap.main(KeyWorld)
