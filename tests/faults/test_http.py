#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fault rows: the way to the provider breaks, or the provider itself, during a refresh.

Two callers ask at once and share the one request: to the first the token was refused somewhere, so
it gets the error; the second only wants a token that is valid for longer, so it gets the one there
is, marked as degraded.
"""

import json
import pathlib
import re
import signal
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap
from harness.broker import DEADLINE, expect_error
from harness.peer import PORTAL, Peer, answer, http_date, make_certificate
from harness.servers import CLIENT_ID, CLIENT_SECRET
from rows import ACCOUNT, TOKEN, add_rows, main, within

HTML = "text/html; charset=utf-8"
# Longer than what is left of the token, so that it takes a refresh.
LONG = 7200
# The broker's own deadline for a refresh is 30 s; the rest is for a slow machine.
PATIENCE = 40


def both(world):
    """What the two callers saw."""
    first = world.ask()
    second = world.broker.start_get_token(ACCOUNT, deadline=110.0, min_validity=LONG)
    return f"{world.seen(first)}; {world.seen(second)}"


def served(error):
    return f"{error}; the old token, degraded"


def broken(fault, **more):
    def run(world):
        order = world.peer.plan(TOKEN, fault, **more)
        seen = both(world)
        order.wait()
        return seen
    return run


def answered(status, body="{}", **more):
    def run(world):
        world.peer.plan(TOKEN, "answer", answer_with=answer(status, body, **more))
        return both(world)
    return run


def told_to_wait(world, status, function, *arguments, **wishes):
    """Who cannot wait that long learns how long it is, and the server sees nothing of it."""
    before = world.peer.seen("/")
    error = "RateLimited" if status == 429 else "ServerError"
    message = expect_error(error, function, *arguments, timeout=1, **wishes)
    tap.check(re.search(r"try again in [1-9]\d* seconds$", message), f"the seconds in {message!r}")
    tap.equal(world.peer.seen("/"), before, "requests the server has seen")


def asked_to_wait(status, value):
    """Nobody asks again before the time the provider named, not even after a sleep; then all is
    well."""
    def run(world):
        headers = {"Retry-After": value() if callable(value) else value}
        world.peer.plan(TOKEN, "answer", answer_with=answer(status, "{}", headers=headers))
        seen = both(world)
        world.logind.sleep_a_little()
        told_to_wait(world, status, world.broker.token, ACCOUNT, rejected=world.old)
        tap.equal(world.outcome(), "a new token", "what a caller gets who waits for it")
        return seen
    return run


def down(world):
    world.peer.down()
    return both(world)


def late(fault, goes_on):
    """The caller gives up first; what comes of the request counts nevertheless."""
    def run(world):
        order = world.peer.plan(TOKEN, fault)
        seen = world.outcome(timeout=1)
        order.wait().release(goes_on)
        if goes_on:
            world.bus.wait_for(lambda: world.peer.forwarded(TOKEN) > 0, DEADLINE,
                               "the request to be served", poll=True)
        return seen
    return run


def endpoint(uri):
    """Another token endpoint than the one there is."""
    def run(world):
        world.forget_servers()
        world.use_provider(TokenEndpoint=uri(world) + TOKEN.lstrip("/"))
        return both(world)
    return run


def self_signed(world):
    peer = Peer(world.server.port, make_certificate(world.session.root))
    world.forget_servers()
    world.use_provider(TokenEndpoint=peer.uri + TOKEN.lstrip("/"))
    seen = both(world)
    tap.check(peer.accepted > 0, "a connection")
    tap.equal(peer.seen("/"), 0, "requests sent to a server that nobody vouches for")
    peer.close()
    return seen


def stopped_server(world):
    """The server hangs as a whole, and answers when it goes on."""
    world.server.process.send_signal(signal.SIGSTOP)
    seen = world.outcome(timeout=1)
    world.server.process.send_signal(signal.SIGCONT)
    tap.equal(world.outcome(), "a new token", "the answer, late")
    return seen


def wrong_client(world):
    """invalid_client: the client's secret is wrong, which says nothing about the login."""
    world.broker.stop()
    right = world.broker.environment["TIDIO_CLIENT_SECRET"]
    world.broker.environment["TIDIO_CLIENT_SECRET"] = "wrong"
    world.broker.start()
    seen = both(world)
    tap.equal(world.broker.state(ACCOUNT), "ready", "state")
    world.broker.environment["TIDIO_CLIENT_SECRET"] = right
    world.broker.restart()
    return seen


def never_answered(world):
    """The broker's own deadline for a refresh counts, for a caller with more time."""
    order = world.peer.plan(TOKEN, "stall")
    with within(PATIENCE, "the refresh"):
        seen = world.outcome(timeout=100)
    order.release(False)
    return seen


def mended_client(world):
    """The client's secret is wrong, and is corrected while the broker runs."""
    client = {"provider": "tidio", "client_id": CLIENT_ID, "client_secret": "wrong"}
    world.broker.stop()
    for name in ("TIDIO_CLIENT_ID", "TIDIO_CLIENT_SECRET"):
        world.broker.environment.pop(name)
    path = world.keyring.add("org.tidio.Auth.Client", {"client": str(uuid.uuid4()), "version": "1"},
                             json.dumps(client).encode())
    world.broker.start()
    seen = world.outcome()
    client["client_secret"] = CLIENT_SECRET
    world.keyring.set_secret(path, json.dumps(client).encode())
    return f"{seen}; {world.outcome()}"


def oauth_error(status, error):
    return answered(status, json.dumps({"error": error}))


def rotated_elsewhere(world, **changes):
    """Another broker refreshes: at the server, and in the keyring."""
    record = world.newest_record()
    status, body = world.server.request(
        "POST", TOKEN, json.dumps({
            "grant_type": "refresh_token", "refresh_token": record["refresh_token"],
            "client_id": "sandbox-client", "client_secret": "sandbox-secret"}),
        {"Content-Type": "application/json"})
    tap.equal(status, 200, "the other broker's refresh")
    tokens = json.loads(body)
    record.update(access_token=tokens["access_token"], refresh_token=tokens["refresh_token"],
                  generation=record["generation"] + 1, **changes)
    world.keyring.set_secret(world.keyring.accounts()[0]["path"], json.dumps(record).encode())
    world.forget()


def refreshed_elsewhere(world):
    rotated_elsewhere(world)
    return world.outcome()


def refused_but_newer(world):
    """invalid_grant, but meanwhile the keyring has a newer record."""
    order = world.peer.plan(TOKEN, "late-answer",
                            answer_with=answer(400, json.dumps({"error": "invalid_grant"})))
    pending = world.ask()
    world.bus.connection.flush_sync(None)
    order.wait()
    rotated_elsewhere(world)
    order.release()
    seen = world.seen(pending)
    tap.equal(world.broker.state(ACCOUNT), "ready", "state")
    return seen


def again_and_again(world):
    """Three failures in a row: the waits grow, and nothing else does."""
    world.server.fail("token", 503, count=3)
    return ", ".join(world.outcome() for _ in range(4))


def api_answers(status, body="{}", times=1, **more):
    """The API's status is the caller's business."""
    def run(world):
        world.peer.plan("/v1/", "answer", times, answer(status, body, **more))
        return str(world.broker.call_api("GET", "operators", account=ACCOUNT)[0])
    return run


def api_asks_to_wait(value):
    """The same with the API; its host is the provider's as well."""
    def run(world):
        headers = {"Retry-After": value() if callable(value) else value}
        seen = api_answers(429, headers=headers)(world)
        world.logind.sleep_a_little()
        told_to_wait(world, 429, world.broker.call_api, "GET", "operators", account=ACCOUNT)
        told_to_wait(world, 429, world.broker.token, ACCOUNT, rejected=world.old)
        return f"{seen}, {world.broker.call_api('GET', 'operators', account=ACCOUNT)[0]}"
    return run


def api_breaks(fault):
    def run(world):
        world.peer.plan("/v1/", fault, 0)
        pending = world.broker.start_call_api("POST", "operators", "{}", ACCOUNT)
        return world.seen(pending)
    return run


def api_refuses(world):
    """401 to every token: one refresh, and then the status is told as it is."""
    world.server.fail("api", 401)
    statuses = [world.broker.call_api("GET", "operators", account=ACCOUNT)[0] for _ in range(3)]
    return ", ".join(str(status) for status in statuses)


def repaired_once(world):
    """A 401 is repaired by a refresh, but not again and again; half a minute later it is."""
    statuses = []
    for later in (0, 0, 31):
        world.clocks.shift(real=later, boot=later)
        world.server.control(expire_access_tokens=True)
        statuses.append(world.broker.call_api("GET", "operators", account=ACCOUNT)[0])
    return ", ".join(str(status) for status in statuses)


REFUSED = "1 request, none served"
CUT = "1 refresh"
GRACE = {"rotation": "grace"}
SLEEP = {"logind": True}
TOKENLESS = json.dumps({"token_type": "Bearer"})

ROWS = [
    ("FH-01", "connection refused", "request", down, served("Network"), "nothing"),
    ("FH-02", "reset before it is read", "request", broken("reset-early"), served("Network"),
     REFUSED),
    ("FH-03", "reset after it is read", "request", broken("reset"), served("Network"), REFUSED),
    ("FH-04", "stalls, the caller gives up", "request", late("stall", True), "Timeout", CUT),
    ("FH-05", "stalls, then reset", "request", late("stall", False), "Timeout", REFUSED),
    ("FH-06", "answer lost", "answer", broken("drop"), served("Network"), CUT, GRACE),
    ("FH-07", "answer cut short", "answer", broken("truncate"), served("Network"), CUT, GRACE),
    ("FH-08", "answer late, the caller gives up", "answer", late("hold", True), "Timeout", CUT),
    ("FH-09", "answer late, then lost", "answer", late("hold", False), "Timeout", CUT, GRACE),
    ("FH-10", "answer drop by drop", "answer", broken("drip"), "a new token; a new token", CUT),
    ("FH-11", "server hangs, later goes on", "answer", stopped_server, "Timeout", CUT),
    ("FH-12", "certificate signed by itself", "connection", self_signed, served("Tls"), "nothing"),
    ("FH-13", "no TLS where it should be", "connection",
     endpoint(lambda world: world.peer.uri.replace("http:", "https:")),
     served("Tls"), "nothing"),
    ("FH-14", "no such port", "connection", endpoint(lambda world: "http://127.0.0.1:1/"),
     served("Network"), "nothing"),
    ("FH-15", "no such host", "connection", endpoint(lambda world: "https://nowhere.invalid/"),
     served("Network"), "nothing"),
    ("FH-21", "408", "answer", answered(408), served("ServerError"), REFUSED),
    ("FH-22", "429", "answer", answered(429), served("RateLimited"), REFUSED),
    ("FH-23", "429, Retry-After: 6", "answer", asked_to_wait(429, "6"), served("RateLimited"),
     "2 requests, 1 served", SLEEP),
    ("FH-24", "429, Retry-After: a date", "answer", asked_to_wait(429, lambda: http_date(7)),
     served("RateLimited"), "2 requests, 1 served", SLEEP),
    ("FH-25", "500", "answer", answered(500), served("ServerError"), REFUSED),
    ("FH-26", "502 with HTML", "answer", answered(502, PORTAL, content_type=HTML),
     served("ServerError"), REFUSED),
    ("FH-27", "503", "answer", answered(503), served("ServerError"), REFUSED),
    ("FH-28", "503, Retry-After: 6", "answer", asked_to_wait(503, "6"), served("ServerError"),
     "2 requests, 1 served", SLEEP),
    ("FH-29", "504", "answer", answered(504), served("ServerError"), REFUSED),
    ("FH-30", "captive portal: 200 with HTML", "answer", answered(200, PORTAL, content_type=HTML),
     served("InvalidResponse"), REFUSED),
    ("FH-31", "captive portal: 302", "answer",
     answered(302, "", headers={"Location": "http://127.0.0.1:1/login"}),
     served("InvalidResponse"), REFUSED),
    ("FH-32", "400 with HTML", "answer", answered(400, PORTAL, content_type=HTML),
     served("InvalidResponse"), REFUSED),
    ("FH-33", "401 with HTML", "answer", answered(401, PORTAL, content_type=HTML),
     served("InvalidResponse"), REFUSED),
    ("FH-34", "answer compressed", "answer", answered(200, TOKENLESS, zipped=True),
     served("InvalidResponse"), REFUSED),
    ("FH-35", "200 without a token", "answer", answered(200, TOKENLESS),
     served("InvalidResponse"), REFUSED),
    ("FH-36", "200 with nothing", "answer", answered(200, ""), served("InvalidResponse"), REFUSED),
    ("FH-37", "invalid_client", "answer", wrong_client, served("ClientRejected"), REFUSED),
    ("FH-43", "no answer for 30 s", "answer", never_answered, "Timeout", REFUSED),
    ("FH-44", "invalid_client, then mended", "answer", mended_client,
     "ClientRejected; a new token", "2 requests, 1 served"),
    ("FH-38", "unauthorized_client", "answer", oauth_error(400, "unauthorized_client"),
     served("ClientRejected"), REFUSED),
    ("FH-39", "temporarily_unavailable", "answer", oauth_error(400, "temporarily_unavailable"),
     served("ServerError"), REFUSED),
    ("FH-40", "503 three times, then fine", "answer", again_and_again,
     "ServerError, ServerError, ServerError, a new token", "4 requests, 1 served"),
    ("FH-41", "another broker refreshed", "re-read", refreshed_elsewhere, "a new token",
     "nothing"),
    ("FH-42", "invalid_grant, a newer item is there", "answer", refused_but_newer, "a new token",
     "nothing"),
    ("RF-16", "API: 401 to every token", "API answer", api_refuses, "401, 401, 401",
     "1 refresh, 4 API calls"),
    ("AP-02", "API: 503", "API answer", api_answers(503), "503", "1 API call"),
    ("AP-03", "API: 429, Retry-After: 6", "API answer", api_asks_to_wait("6"), "429, 200",
     "2 API calls", SLEEP),
    ("AP-07", "API: 429, Retry-After: a date", "API answer",
     api_asks_to_wait(lambda: http_date(7)), "429, 200", "2 API calls", SLEEP),
    ("AP-08", "API: 401, and the next one too, and later", "API answer", repaired_once,
     "200, 401, 200", "2 refreshes, 5 API calls", {"clocks": True}),
    ("AP-04", "API: captive portal", "API answer", api_answers(200, PORTAL, content_type=HTML),
     "200", "1 API call"),
    ("AP-05", "API: connection reset", "API request", api_breaks("reset"), "Network",
     "1 API call"),
    ("AP-06", "API: 403 with HTML", "API answer", api_answers(403, PORTAL, content_type=HTML),
     "403", "1 API call"),
]

add_rows(ROWS)
main()
