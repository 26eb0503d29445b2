#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""CallApi: what may be sent, what comes back, and what a 401 does."""

import contextlib
import http.server
import json
import pathlib
import select
import socket
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

from harness import tap
from harness.broker import DEADLINE, expect_error
from harness.world import World


class Api:
    """An API on loopback that notes what it gets and answers with what it is told; for what no
    good server does."""

    def __init__(self):
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                api.requests.append((self.command, self.path, dict(self.headers.items()),
                                     self.rfile.read(length)))
                self.close_connection = True
                self.wfile.write(api.script(self))

            do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = answer

        self.requests = []
        self.reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.uri = f"http://127.0.0.1:{self.server.server_port}/v1/"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def script(self, _handler):
        return self.reply

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class ApiWorld(World):
    """A world whose API is not the sandbox's when a case says `api=True`; the OAuth server is."""

    def __init__(self, api=False, **options):
        options.setdefault("account", "")
        self.api = Api() if api else None
        if api:
            options["provider"] = {"BaseUri": self.api.uri}
        super().__init__(**options)

    def __exit__(self, *failure):
        try:
            super().__exit__(*failure)
        finally:
            if self.api is not None:
                self.api.close()

    def echo(self, method="POST", path="sandbox/echo", body="", **wishes):
        """What the sandbox's echo received."""
        status, text, _details = self.broker.call_api(method, path, body, **wishes)
        tap.equal(status, 200, "status")
        return json.loads(text)


def sent_headers(request):
    return {name.lower(): value for name, value in request[2].items()}


@tap.case("CA-01", "the token goes into the header once and nowhere else", api=True)
def bearer(world):
    tap.equal(world.broker.call_api("GET", "contacts?limit=10")[0], 200, "status")
    method, path, headers, body = world.api.requests[0]
    token = world.broker.token()
    tap.equal((method, path, body), ("GET", "/v1/contacts?limit=10", b""), "request")
    values = [value for name, value in headers.items() if name.lower() == "authorization"]
    tap.equal(values, [f"Bearer {token}"], "authorization headers")
    tap.lacks(path, token, "path")
    headers = sent_headers(world.api.requests[0])
    for name in ("cookie", "referer", "accept-encoding", "content-type"):
        tap.check(name not in headers, f"no header {name}")
    tap.equal(headers["accept"], "application/json", "accept")


@tap.case("CA-02", "401 twice: one refresh, one retry, the second 401 is data")
def unauthorized_twice(world):
    world.server.fail("api", 401)
    world.server.control(reset_counters=True)
    tap.equal(world.broker.call_api("GET", "contacts")[0], 401, "status")
    counters = world.server.counters()
    tap.equal((counters["api"], counters["refreshes"]), (2, 1), "API calls and refreshes")


@tap.case("CA-03", "401 and the refresh fails for the time being: the error of the refresh")
def unauthorized_no_refresh(world):
    world.server.control(expire_access_tokens=True)
    world.server.fail("token", 503)
    expect_error("ServerError", world.broker.call_api, "GET", "contacts")
    world.server.heal("token")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status afterwards")


@tap.case("CA-04", "401 and the login ended: SignInRequired")
def unauthorized_for_good(world):
    world.server.control(expire_access_tokens=True, revoke_grants=True)
    expect_error("SignInRequired", world.broker.call_api, "GET", "contacts")


@tap.case("CA-05", "403, 404, 429, 500 are data and refresh nothing")
def statuses(world):
    for status in (403, 404, 429, 500, 503):
        world.server.fail("api", status, count=1)
        tap.equal(world.broker.call_api("GET", "contacts")[0], status, "status")
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes")


@tap.case("CA-06", "429 in Tidio's form, with its headers in lower case")
def too_many(world):
    world.server.fail("api", 429, count=1)
    status, body, details = world.broker.call_api("GET", "contacts")
    tap.equal(status, 429, "status")
    tap.equal(json.loads(body)["errors"][0]["code"], "too_many_requests", "code")
    for name in ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining"):
        tap.check(name in details["headers"], f"header {name}")
    for name in details["headers"]:
        tap.equal(name, name.lower(), "header name")


@tap.case("CA-07", "methods: the six there are; anything else is InvalidArgs and not sent")
def methods(world):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        tap.equal(world.echo(method)["method"], method, "method")
    status, body, details = world.broker.call_api("HEAD", "contacts")
    tap.equal((status, body, details["complete"]), (200, "", True), "answer to HEAD")
    before = world.server.counters()["api"]
    for method in ("get", "", "CONNECT", "TRACE", "OPTIONS", "G ET", "GET\r\nX-Evil: 1", "POST "):
        expect_error("InvalidArgs", world.broker.call_api, method, "contacts")
    tap.equal(world.server.counters()["api"], before, "API calls")


@tap.case("CA-08", "paths that leave the base: PathNotAllowed and not sent")
def escapes(world):
    before = world.server.counters()["api"]
    for path in ("../oauth/token", "contacts/../../control", "..", "contacts/..", "./contacts",
                 "/../control", "%2e%2e/control", "%2E%2E/control", ".%2e/x", "contacts/%2e%2e/x",
                 "contacts%2f..%2fx", "contacts%2Fx", "contacts%5c..", "\\control", "contacts\\x",
                 "//evil.example/x", "/" * 3 + "x", "contacts//x", "https://evil.example/",
                 "http:/x", "@evil.example", ":443/", "v1@evil.example", "%252e%252e/x"):
        expect_error("PathNotAllowed", world.broker.call_api, "GET", path)
    tap.equal(world.server.counters()["api"], before, "API calls")


@tap.case("CA-09", "malformed paths: InvalidArgs and not sent")
def malformed(world):
    before = world.server.counters()["api"]
    for path in ("a b", "ä", "a%", "a%zz", "a%0d%0ab", "a%00", "a\nb", "a\tb", "a#b", "a<b", 'a"b',
                 "a?b c", "a" * 4097):
        expect_error("InvalidArgs", world.broker.call_api, "GET", path)
    tap.equal(world.server.counters()["api"], before, "API calls")


@tap.case("CA-10", "paths that are fine arrive as they were given", api=True)
def fine(world):
    for path in ("contacts", "/contacts", "", "/", "contacts?limit=10&x=a%20b",
                 "contacts/a%20b", "contacts?url=http://x.example/..//y", "contacts/a:b", "a.b/..c",
                 "contacts?x=..%2F%25", "a~b/c_d-e", "c?q='(x)'*"):
        world.broker.call_api("GET", path)
        tap.equal(world.api.requests[-1][1], "/v1/" + path.removeprefix("/"), "target")


@tap.case("CA-11", "headers: those allowed are sent, others are InvalidArgs")
def headers(world):
    seen = world.echo("GET", headers={"Accept": "text/plain", "X-Request-Id": "abc-1",
                                      "if-none-match": '"x"'})
    lower = {name.lower(): value for name, value in seen["headers"].items()}
    tap.equal((lower.get("accept"), lower.get("x-request-id")), ("text/plain", "abc-1"), "headers")
    before = world.server.counters()["api"]
    for name, value in (("Authorization", "Bearer x"), ("Host", "evil"), ("Cookie", "a=b"),
                        ("Content-Length", "5"), ("Transfer-Encoding", "chunked"),
                        ("X-Evil", "1"), ("", "x"), ("Accept ", "x"), ("Accept\r\nX", "x"),
                        ("Accept", "a\r\nX-Evil: 1"), ("Accept", "ä"), ("Accept", "x" * 1025),
                        ("Connection", "close"), ("Proxy-Authorization", "x"),
                        ("Content-Type", "text/plain")):
        expect_error("InvalidArgs", world.broker.call_api, "GET", "contacts",
                     headers={name: value})
    expect_error("InvalidArgs", world.broker.call_api, "GET", "contacts",
                 headers={"Accept": "a", "accept": "b"})
    tap.equal(world.server.counters()["api"], before, "API calls")


@tap.case("CA-12", "body and content type", api=True)
def content_type(world):
    world.broker.call_api("POST", "contacts", '{"a":1}')
    world.broker.call_api("POST", "contacts", "a=b",
                          content_type="application/x-www-form-urlencoded")
    world.broker.call_api("POST", "contacts", "")
    kinds = [(sent_headers(one).get("content-type"), one[3]) for one in world.api.requests]
    tap.equal(kinds, [("application/json", b'{"a":1}'),
                      ("application/x-www-form-urlencoded", b"a=b"), (None, b"")], "requests")
    for kind in ("", "text/plain\r\nX-Evil: 1", "ä", "nonsense", "a" * 2000):
        expect_error("InvalidArgs", world.broker.call_api, "POST", "contacts", "x",
                     content_type=kind)
    tap.equal(len(world.api.requests), 3, "requests")


@tap.case("CA-13", "a body of any text arrives exactly")
def body(world):
    for text in ('{"a":"ä€𝄞"}', "\n\t\u0001", "x" * 1000000):
        tap.equal(world.echo(body=text)["body"], text, "body")


@tap.case("CA-14", "a body over 10 MiB: InvalidArgs")
def body_too_large(world):
    expect_error("InvalidArgs", world.broker.call_api, "POST", "sandbox/echo",
                 "x" * (10 * 1024 * 1024 + 1))


@tap.case("CA-15", "a body that is not UTF-8: InvalidResponse that names OpenApi")
def binary(world):
    message = expect_error("InvalidResponse", world.broker.call_api, "GET", "sandbox/binary")
    tap.contains(message, "OpenApi", "message")


@tap.case("CA-16", "a NUL in the body cannot be a string: InvalidResponse", api=True)
def nul(world):
    world.api.reply = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na\0b"
    expect_error("InvalidResponse", world.broker.call_api, "GET", "contacts")


@tap.case("CA-17", "8 MiB are fine, one byte more is ResponseTooLarge")
def large(world):
    limit = 8 * 1024 * 1024
    status, text, details = world.broker.call_api("GET", f"sandbox/large?bytes={limit}")
    tap.equal((status, len(text), details["complete"]), (200, limit, True), "answer")
    expect_error("ResponseTooLarge", world.broker.call_api, "GET",
                 f"sandbox/large?bytes={limit + 1}")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status afterwards")


@tap.case("CA-18", "redirects are data: nothing is followed", api=True)
def redirects(world):
    other = Api()
    try:
        for status in (301, 302, 303, 307, 308):
            for target in (other.uri, "/v1/elsewhere", "file:///etc/passwd"):
                world.api.reply = (f"HTTP/1.1 {status} X\r\nLocation: {target}\r\n"
                                   "Content-Length: 0\r\n\r\n").encode()
                before = len(world.api.requests)
                seen, _body, details = world.broker.call_api("POST", "contacts", "{}")
                tap.equal((seen, details["headers"]["location"]), (status, target), "answer")
                tap.equal(len(world.api.requests), before + 1, "requests")
        tap.equal(other.requests, [], "requests elsewhere")
    finally:
        other.close()


@tap.case("CA-19", "an API that does not answer in time: Timeout")
def timeout(world):
    expect_error("Timeout", world.broker.call_api, "GET", "sandbox/slow?ms=5000", timeout=1)
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status afterwards")


@tap.case("CA-20", "other challenges than Bearer are not answered", api=True)
def challenges(world):
    for scheme in ("Basic", "Digest", "NTLM", "Negotiate"):
        world.api.requests.clear()
        world.api.reply = (f'HTTP/1.1 401 X\r\nWWW-Authenticate: {scheme} realm="x", nonce="y"\r\n'
                           "Content-Length: 0\r\n\r\n").encode()
        tap.equal(world.broker.call_api("GET", "contacts")[0], 401, "status")
        for request in world.api.requests:
            tap.check(sent_headers(request)["authorization"].startswith("Bearer "), "Bearer only")
        tap.check(len(world.api.requests) <= 2, "at most two requests")


@tap.case("CA-21", "cookies are neither kept nor handed on", api=True)
def cookies(world):
    world.api.reply = (b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}")
    details = world.broker.call_api("GET", "contacts")[2]
    tap.check("set-cookie" not in details["headers"], "no set-cookie")
    world.broker.call_api("GET", "contacts")
    tap.check("cookie" not in sent_headers(world.api.requests[1]), "no cookie sent")


@tap.case("CA-22", "a connection that breaks off: never complete, never sent twice", api=True)
def broken(world):
    world.api.reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    status, body_text, details = world.broker.call_api("GET", "contacts")
    tap.equal((status, body_text, details["complete"]), (200, "hello", False), "answer")
    world.api.requests.clear()
    world.api.reply = b""
    expect_error("Network", world.broker.call_api, "POST", "contacts", "{}")
    tap.equal(len(world.api.requests), 1, "requests")


@tap.case("CA-23", "a compressed answer that nobody asked for is not unpacked", api=True)
def compressed(world):
    world.api.reply = (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n"
                       b"\x1f\x8b\x08")
    expect_error("InvalidResponse", world.broker.call_api, "GET", "contacts")


@tap.case("CA-24", "options: unknown ones and wrong types are InvalidArgs")
def options(world):
    for wishes in ({"no_such": True}, {"headers": ["a"]}, {"content_type": 5}, {"timeout": 0},
                   {"timeout": 121}, {"interactive": "no"}, {"min_validity": 5},
                   {"headers": GLib.Variant("a{sv}", {})}):
        expect_error("InvalidArgs", world.broker.call_api, "GET", "contacts", **wishes)


@tap.case("CA-25", "an account by name, an unknown one, none at all")
def accounts(world):
    tap.equal(world.broker.call_api("GET", "contacts", account="tidio")[0], 200, "status")
    expect_error("NoSuchAccount", world.broker.call_api, "GET", "contacts", account="other")
    world.broker.sign_out("tidio")
    expect_error("NoSuchAccount", world.broker.call_api, "GET", "contacts")


@tap.case("CA-26", "creating a contact: 201 and what the API made of it")
def create(world):
    status, text, _details = world.broker.call_api(
        "POST", "contacts", json.dumps({"email": "ada@example.com", "first_name": "Ada"}))
    tap.equal(status, 201, "status")
    tap.contains(text, "ada@example.com", "body")


@tap.case("CA-27", "30 calls at once are all answered")
def many(world):
    callers = [world.broker.start_call_api("GET", "contacts") for _ in range(30)]
    tap.equal({caller.result()[0] for caller in callers}, {200}, "statuses")


@tap.case("CA-28", "a caller that leaves: its connection is closed, others go on", api=True)
def caller_leaves(world):
    arrived, left = threading.Event(), threading.Event()

    def script(handler):
        if handler.path.endswith("contacts"):
            return world.api.reply
        arrived.set()
        if select.select([handler.connection], [], [], DEADLINE)[0]:
            left.set()
        return b""

    world.api.script = script
    other = world.broker.other_caller()
    other.start_call_api("GET", "slow")
    other.bus.connection.flush_sync(None)
    tap.check(arrived.wait(DEADLINE), "the request")
    other.bus.close()
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    tap.check(left.wait(DEADLINE), "the broker left the connection")


@tap.case("CA-30", "interim answers without end: InvalidResponse, and nobody else waits", account="")
def interim_flood(world):
    with socket.create_server(("127.0.0.1", 0)) as server:
        def flood():
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                while True:
                    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

        thread = threading.Thread(target=flood, daemon=True)
        thread.start()
        world.server.write_provider(
            "tidio", BaseUri=f"http://127.0.0.1:{server.getsockname()[1]}/v1/")
        expect_error("InvalidResponse", world.broker.call_api, "GET", "contacts")
        thread.join(DEADLINE)
        tap.check(not thread.is_alive(), "the broker left the connection")


tap.main(ApiWorld)
