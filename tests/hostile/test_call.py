#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile rows: callers who want the broker to send a token elsewhere or say more than they may,
and an API that answers as no API should."""

import contextlib
import gzip
import pathlib
import socket
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap
from harness.api import EMPTY_OBJECT, Api, ApiWorld, reply, sent_headers
from harness.broker import DEADLINE, SLOW, check_message
from harness.bus import BusError
from rows import add_rows, main

MIB = 1024 * 1024
# How much more memory an answer may take than the one before it.
GROWTH = 16 * MIB * SLOW
EVIL = "evil.example"


class CallWorld(ApiWorld):
    def __init__(self, api=True, **options):
        super().__init__(api, **options)

    def call(self, method="GET", path="contacts", body="", **wishes):
        """What came of a call, in words: the status, or the error's name."""
        try:
            status, _, details = self.broker.call_api(method, path, body, **wishes)
        except BusError as error:
            check_message(error.message)
            return error.name.rpartition(".")[2]
        return f"{status}" if details["complete"] else f"{status}, not complete"

    def requests(self):
        """How many the API got, in words."""
        count = len(self.api.requests)
        return f"{count or 'no'} request{'' if count == 1 else 's'}"

    def refreshes(self):
        count = self.server.counters()["refreshes"]
        return f"{count or 'no'} refresh{'' if count == 1 else 'es'}"

    def is_well(self):
        """It goes on: the next call is answered."""
        self.api.script = lambda _handler: EMPTY_OBJECT
        tap.equal(self.call(), "200", "the next call")

    def memory(self):
        """The most that the broker had so far, in bytes."""
        with open(f"/proc/{self.broker.process.pid}/status", encoding="ascii") as file:
            return int(file.read().split("VmHWM:")[1].split()[0]) * 1024

    @contextlib.contextmanager
    def little_memory(self):
        """What happens here takes no more than GROWTH."""
        before = self.memory()
        yield
        growth = self.memory() - before
        tap.check(growth < GROWTH, f"memory grows by less than {GROWTH} bytes, not {growth}")


# What a caller asks for


def bearer(world):
    seen = world.call(path="contacts?limit=10")
    request = world.api.requests[0]
    token = world.broker.token()
    tap.equal(request[:2], ("GET", "/v1/contacts?limit=10"), "request")
    values = [value for name, value in request[2].items() if name.lower() == "authorization"]
    tap.equal(values, [f"Bearer {token}"], "authorization headers")
    tap.lacks(request[1] + str(request[3]), token, "target and body")
    headers = sent_headers(request)
    tap.equal(sorted(headers), ["accept", "authorization", "connection", "host", "user-agent"],
              "headers")
    tap.equal(headers["accept"], "application/json", "accept")
    return f"{seen}, {world.requests()}"


def each(*calls):
    """What comes of each of the calls, which are methods and paths or wishes."""
    def run(world):
        seen = {world.call(**call) for call in calls}
        return f"{' or '.join(sorted(seen))}, {world.requests()}"
    return run


def paths(*texts):
    return each(*[{"path": text} for text in texts])


def headers(*pairs):
    return each(*[{"headers": {name: value}} for name, value in pairs])


def configured(**keys):
    """The provider file says it."""
    def run(world):
        world.server.write_provider("tidio", **keys)
        return f"{world.call()}, {world.requests()}"
    return run


def too_much(world):
    return f"{world.call('POST', body='x' * (10 * MIB + 1))}, {world.requests()}"


# What the API answers


def answers(*replies, method="GET", body=""):
    """The answers, one after the other; what a call makes of them."""
    def run(world):
        world.api.answer_in_turn(*replies)
        with world.little_memory():
            seen = world.call(method, body=body)
        seen = f"{seen}; {world.requests()}, {world.refreshes()}"
        world.is_well()
        return seen
    return run


def statuses(*codes):
    """Each of them, told as it is."""
    def run(world):
        seen = set()
        for status in codes:
            world.api.reply = reply(status)
            tap.equal(world.call(), f"{status}", "status")
            seen.add(world.requests())
            world.api.requests.clear()
        return f"the status, {' or '.join(sorted(seen))} each, {world.refreshes()}"
    return run


def same_bytes_again(world):
    world.api.answer_in_turn(reply(401), EMPTY_OBJECT)
    seen = world.call("POST", body='{"a":"\u00e4"}')
    first, second = world.api.requests
    tap.equal((first[:2], first[3]), (second[:2], second[3]), "request")
    tap.check(sent_headers(first)["authorization"] != sent_headers(second)["authorization"],
              "another token")
    return f"{seen}; {world.requests()}, {world.refreshes()}"


def redirects(make_targets, methods=("GET", "POST")):
    """All kinds of redirects, to each target; how often anybody else was asked."""
    def run(world):
        other = Api()
        seen = set()
        for status in (301, 302, 303, 307, 308):
            for target in make_targets(world, other):
                for method in methods:
                    world.api.reply = reply(status, b"", f"Location: {target}")
                    before = len(world.api.requests)
                    told, _, details = world.broker.call_api(method, "contacts")
                    tap.equal((told, details["headers"]["location"]), (status, target), "answer")
                    seen.add(len(world.api.requests) - before)
        other.close()
        tap.equal(other.requests, [], "requests elsewhere")
        return f"the status, {' or '.join(str(count) for count in sorted(seen))} request each"
    return run


def challenged(status, name, *schemes):
    """Each scheme alone, and all at once; what was sent in answer."""
    def run(world):
        seen = set()
        for asked in (*[[scheme] for scheme in schemes], schemes):
            world.api.reply = reply(status, b"", *[f'{name}: {scheme} realm="x", nonce="y"'
                                                   for scheme in asked])
            seen.add(world.call())
        for request in world.api.requests:
            sent = sent_headers(request)
            tap.check(sent["authorization"].startswith("Bearer "), "Bearer only")
            tap.check("proxy-authorization" not in sent, "nothing for a proxy")
        return f"{' or '.join(sorted(seen))}; {world.requests()}, {world.refreshes()}"
    return run


def told_to_go_elsewhere(world):
    """Headers that some clients act upon."""
    other = Api()
    world.api.reply = reply(
        401, b"{}", f'WWW-Authenticate: Bearer resource_metadata="{other.uri}"',
        f'Link: <{other.uri}>; rel="preload"', f"Refresh: 0; url={other.uri}",
        f'Alt-Svc: http/1.1="{urllib.parse.urlsplit(other.uri).netloc}"',
        f"Content-Location: {other.uri}", "Strict-Transport-Security: max-age=1000",
        "Set-Cookie: a=b; Path=/", "Server: x", 'ETag: "x"', "X-RateLimit-Limit: 5")
    status, _, details = world.broker.call_api("GET", "contacts")
    world.broker.call_api("GET", "contacts")
    other.close()
    tap.equal(other.requests, [], "requests elsewhere")
    for request in world.api.requests:
        tap.check("cookie" not in sent_headers(request), "no cookie")
    return f"{status}; {', '.join(sorted(details['headers']))}"


def endless(world, start, piece, count):
    """The start, and then pieces until the broker has had enough."""
    sent = []

    def script(handler):
        handler.connection.sendall(start)
        for _ in range(count):
            handler.connection.sendall(piece)
            sent.append(piece)
        return b""

    world.api.script = script
    with world.little_memory():
        seen = world.call(timeout=20)
    tap.check(len(sent) < count, "the broker breaks off")
    world.is_well()
    return seen


def flood(start, piece, count=100):
    return lambda world: endless(world, start, piece, count)


def bomb(*header):
    """64 MiB that are 64 KiB on the wire; packed once for the client or once for the way."""
    def run(world):
        packed = gzip.compress(b" " * (64 * MIB))
        if "chunked" in header[0]:
            packed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
        world.api.reply = reply(200, packed, *header)
        with world.little_memory():
            seen = world.call()
        world.is_well()
        return seen
    return run


def drip(start):
    """One byte at a time, for as long as somebody reads them."""
    def run(world):
        left = threading.Event()

        def script(handler):
            handler.connection.sendall(start)
            with contextlib.suppress(OSError):
                while True:
                    handler.connection.sendall(b"a")
                    time.sleep(0.05)
            left.set()
            return b""

        world.api.script = script
        seen = world.call(timeout=1)
        tap.check(left.wait(DEADLINE), "the broker leaves the connection")
        world.is_well()
        return seen
    return run


def second_answer_behind(world):
    """What stands behind an answer is no answer to the next request."""
    world.api.keeps = True
    world.api.answer_in_turn(EMPTY_OBJECT + reply(299, b"not asked for"), EMPTY_OBJECT)
    return f"{world.call()}; {world.call()}"


def interim_flood(world):
    """Interim answers without end, which keep nobody else waiting."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def send():
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                while True:
                    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        world.server.write_provider(
            "tidio", BaseUri=f"http://127.0.0.1:{server.getsockname()[1]}/v1/")
        seen = world.call()
        thread.join(DEADLINE)
        tap.check(not thread.is_alive(), "the broker left the connection")
    return seen


def reset(method, kept=False):
    """The request is read and its connection reset, perhaps one that was good before."""
    def run(world):
        world.api.keeps = kept
        if kept:
            tap.equal(world.call(), "200", "the call before")
            world.api.requests.clear()

        def script(handler):
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                          b"\1\0\0\0\0\0\0\0")
            handler.connection.close()
            raise ConnectionAbortedError

        world.api.script = script
        seen = world.call(method, body="{}" if method != "GET" else "")
        return f"{seen}; {world.requests()}"
    return run


# Callers who leave


def leaves(body, start=b"", reads=True):
    """Another caller leaves once its request is there and the start of the answer, if any, is sent.
    Other calls are answered meanwhile, and its connection is closed."""
    def run(world):
        arrived, is_gone, left = threading.Event(), threading.Event(), threading.Event()
        unread = []

        def script(handler):
            if handler.path.endswith("contacts"):
                return EMPTY_OBJECT
            handler.connection.sendall(start)
            arrived.set()
            is_gone.wait(DEADLINE)
            with contextlib.suppress(ConnectionError):
                while more := handler.connection.recv(MIB):
                    unread.append(len(more))
            left.set()
            return b""

        world.api.script = script
        world.api.reads = reads
        # Else the kernel may take all of what nobody reads.
        world.api.server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        other = world.broker.other_caller()
        other.start_call_api("POST", "slow", body)
        other.bus.connection.flush_sync(None)
        tap.check(arrived.wait(DEADLINE), "the request")
        seen = world.call()
        other.bus.close()
        is_gone.set()
        tap.check(left.wait(DEADLINE), "the broker leaves the connection")
        tap.check(not unread or sum(unread) < len(body), "the request is broken off")
        return f"{seen} for the other; {world.requests()}"
    return run


def others_are_answered(world):
    """Three calls that the API lets wait; then one of somebody else."""
    released = threading.Event()
    arrived = threading.Semaphore(0)

    def script(handler):
        if handler.path.endswith("slow"):
            arrived.release()
            released.wait(2 * DEADLINE)
        return EMPTY_OBJECT

    world.api.script = script
    other = world.broker.other_caller()
    calls = [other.start_call_api("GET", "slow") for _ in range(3)]
    for _ in calls:
        tap.check(arrived.acquire(timeout=DEADLINE), "the request")
    seen = world.call(timeout=10)
    released.set()
    return f"{seen}; {', '.join(str(call.result()[0]) for call in calls)}"


# What goes into an authorization request


def asks(scopes=None, **keys):
    """The parameters of the address, each of which must stand there once."""
    def run(world):
        world.server.write_provider("tidio", **keys)
        wishes = {} if scopes is None else {"scopes": scopes}
        uri = urllib.parse.urlsplit(world.broker.uri(world.broker.sign_in("other", **wishes)))
        fields = urllib.parse.parse_qsl(uri.query, strict_parsing=True)
        names = [name for name, _value in fields]
        tap.equal(len(set(names)), len(names), f"names that stand once in {names}")
        tap.equal(uri.fragment, "", "fragment")
        tap.check(dict(fields)["redirect_uri"].startswith("http://localhost:"), "redirect_uri")
        return "; ".join(f"{name} {value}" for name, value in fields if name in ("scope", "x"))
    return run


BAD = "InvalidArgs, no requests"
OUTSIDE = "PathNotAllowed, no requests"
ONCE = "1 request, no refreshes"
SCOPES = f"a&redirect_uri=https://{EVIL}/ b#c d=e %26f"

ROWS = [
    ("CA-01", "GET contacts?limit=10", bearer, "200, 1 request"),
    ("CA-02-1", "401, then 200", answers(reply(401), EMPTY_OBJECT), "200; 2 requests, 1 refresh"),
    ("CA-02-2", "401 and 401", answers(reply(401)), "401; 2 requests, 1 refresh"),
    ("CA-02-3", "401 to a POST, then 200", same_bytes_again, "200; 2 requests, 1 refresh"),
    ("CA-03-1", "403 insufficient_scope",
     answers(reply(403, b"", 'WWW-Authenticate: Bearer error="insufficient_scope"')),
     f"403; {ONCE}"),
    ("CA-03-2", "403, 404, 429, 500, 503", statuses(403, 404, 429, 500, 503),
     "the status, 1 request each, no refreshes"),
    ("CA-04", "methods get, CONNECT, TRACE, OPTIONS, none, with spaces, with a header",
     each(*[{"method": text} for text in ("get", "CONNECT", "TRACE", "OPTIONS", "", "G ET", "POST ",
                                          "GET\n", "GET\r\nX-Evil: 1")]), BAD),
    ("CA-06-1", "paths with another host, user, port, scheme",
     paths(f"https://{EVIL}/", f"//{EVIL}/x", f"///{EVIL}/x", f"@{EVIL}", f"/@{EVIL}", ":443/",
           "/:443/", f"v1@{EVIL}", f"/v1@{EVIL}", "http:/x", "javascript:x"), OUTSIDE),
    ("CA-06-2", "paths with dot segments, plain and encoded",
     paths("../oauth/token", "contacts/../../control", "..", "contacts/..", "./contacts",
           "/../control", "%2e%2e/control", "%2E%2E/control", ".%2e/x", "contacts/%2e%2e/x",
           "%252e%252e/x", "contacts%2f..%2fx", "contacts%2Fx", "..;/x", "..%3b/x", "a/..;b=c/x",
           "contacts/..?a=b"), OUTSIDE),
    ("CA-06-3", "paths with backslashes and empty segments",
     paths("\\control", "contacts\\x", "..\\x", "\\\\" + EVIL, "/\\" + EVIL, "contacts%5c..",
           "contacts%5C..", "contacts?a=\\", "contacts//x", "contacts//"), OUTSIDE),
    ("CA-08", "BaseUri is http to another host", configured(BaseUri="http://api.tidio.com/v1/"),
     "NotConfigured, no requests"),
    ("CA-09-1", "paths that are no URI's, or with CR, LF, NUL",
     paths("a b", "ä", "a%", "a%z", "a%zz", "a%0d%0ab", "a%0Ab", "a%00", "a\nb", "a\rb", "a\tb",
           "a#b", "a<b", 'a"b', "a[b]", "a?b c", "a?%0a", "a\x7f", "a" * 4097), BAD),
    ("CA-09-2", "headers that nobody but the broker sets",
     headers(("Authorization", "Bearer x"), ("Host", EVIL), ("Cookie", "a=b"),
             ("Content-Length", "5"), ("Transfer-Encoding", "chunked"), ("Connection", "close"),
             ("Content-Type", "text/plain"), ("Proxy-Authorization", "x"), ("DPoP", "x"),
             ("Accept-Encoding", "gzip"), ("Range", "bytes=0-"), ("Expect", "100-continue"),
             ("Upgrade", "websocket"), ("X-Forwarded-For", "x"), ("X-Evil", "1")), BAD),
    ("CA-09-3", "header names and values with more behind them",
     headers(("", "x"), ("Accept ", "x"), ("Accept:", "x"), ("Accept\r\nX-Evil", "1"),
             ("Accept", "a\r\nX-Evil: 1"), ("Accept", "a\n"), ("Accept", "a\tb"),
             ("Accept", "ä"), ("Accept", "x" * 1025)), BAD),
    ("CA-09-4", "content types with more behind them",
     each(*[{"method": "POST", "body": "x", "content_type": text}
            for text in ("", "nonsense", "text/plain\n", "text/plain\r\nX-Evil: 1",
                         "text/plain; charset=utf-8\n", "a/b; boundary=x", "ä", "ä/b",
                         "a/" + "b" * 2000)]), BAD),
    ("CA-09-5", "a header twice, in two spellings",
     each({"headers": {"Accept": "a", "accept": "b"}}), BAD),
    ("CA-09-6", "a body of 10 MiB and a byte", too_much, BAD),
    ("CA-10-1", "redirects to another server",
     redirects(lambda world, other: [other.uri]), "the status, 1 request each"),
    ("CA-10-2", "redirects to another path and to the OAuth server",
     redirects(lambda world, other: ["/v1/elsewhere", world.server.uri], ("POST",)),
     "the status, 1 request each"),
    ("CA-10-3", "redirects to files, scripts and nowhere",
     redirects(lambda world, other: ["file:///etc/passwd", "javascript:alert(1)", ""], ("GET",)),
     "the status, 1 request each"),
    ("CA-11-1", "401 that asks for Basic, Digest, NTLM and Negotiate",
     challenged(401, "WWW-Authenticate", "Basic", "Digest", "NTLM", "Negotiate"),
     "401; 6 requests, 1 refresh"),
    ("CA-11-2", "407 that asks for Basic, Digest and NTLM",
     challenged(407, "Proxy-Authenticate", "Basic", "Digest", "NTLM"),
     "407; 4 requests, no refreshes"),
    ("CA-12", "BaseUri with a user", configured(BaseUri="http://u:p@127.0.0.1:1/v1/"),
     "NotConfigured, no requests"),
    ("CA-13-01", "a body of 8 MiB and a byte", answers(reply(200, b"x" * (8 * MIB + 1))),
     f"ResponseTooLarge; {ONCE}"),
    ("CA-13-02", "the same in chunks",
     answers(reply(200, b"800001\r\n" + b"x" * (8 * MIB + 1) + b"\r\n0\r\n\r\n",
                   "Transfer-Encoding: chunked")), f"ResponseTooLarge; {ONCE}"),
    ("CA-13-03", "a body in chunks without end",
     flood(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
           b"100000\r\n" + b"x" * MIB + b"\r\n"), "ResponseTooLarge"),
    ("CA-13-04", "64 MiB packed into 64 KiB", bomb("Content-Encoding: gzip"), "InvalidResponse"),
    ("CA-13-05", "the same, packed for the way", bomb("Transfer-Encoding: gzip, chunked"),
     "Network"),
    ("CA-13-06", "50 MiB of headers",
     flood(b"HTTP/1.1 200 OK\r\n", b"X-A: a\r\n" * (MIB // 8), 50), "InvalidResponse"),
    ("CA-13-07", "a header of 50 MiB", flood(b"HTTP/1.1 200 OK\r\nX-A: ", b"a" * MIB, 50),
     "InvalidResponse"),
    ("CA-13-08", "a body byte by byte", drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"),
     "Timeout"),
    ("CA-13-09", "a header byte by byte", drip(b"HTTP/1.1 200 OK\r\nX-A: "), "Timeout"),
    ("CA-13-10", "a body in chunks that breaks off",
     answers(reply(200, b"5\r\nhello\r\n", "Transfer-Encoding: chunked")),
     f"200, not complete; {ONCE}"),
    ("CA-13-11", "a number in chunks that breaks off",
     answers(reply(200, b"2\r\n12\r\n", "Transfer-Encoding: chunked")),
     f"200, not complete; {ONCE}"),
    ("CA-13-12", "JSON in chunks that breaks off behind it",
     answers(reply(200, b"2\r\n{}\r\n", "Transfer-Encoding: chunked")), f"200; {ONCE}"),
    ("CA-13-13", "Content-Length is too large",
     answers(reply(200, b"{}", "Content-Length: 100")), f"Network; {ONCE}"),
    ("CA-13-14", "Content-Length is too small",
     answers(reply(200, b'{"a":1}', "Content-Length: 2")), f"200; {ONCE}"),
    ("CA-13-15", "a second answer behind the first", second_answer_behind, "200; 200"),
    ("CA-13-16", "two lengths",
     answers(reply(200, b"{}{}", "Content-Length: 2", "Content-Length: 4")),
     f"InvalidResponse; {ONCE}"),
    ("CA-13-17", "a length and chunks",
     answers(reply(200, b"2\r\n{}\r\n0\r\n\r\n", "Content-Length: 5",
                   "Transfer-Encoding: chunked")),
     f"200; {ONCE}"),
    ("CA-13-18", "a length below zero", answers(reply(200, b"{}", "Content-Length: -1")),
     f"Network; {ONCE}"),
    # libsoup takes it for the last chunk, so it counts as that if the connection stands.
    ("CA-13-19", "a chunk of 2^64 bytes",
     answers(reply(200, b"10000000000000000\r\n{}\r\n", "Transfer-Encoding: chunked")),
     (f"200; {ONCE}", f"200, not complete; {ONCE}")),
    ("CA-13-20", "interim answers without end", interim_flood, "InvalidResponse"),
    ("CA-13-21", "a NUL in the body", answers(reply(200, b"a\0b")), f"InvalidResponse; {ONCE}"),
    ("CA-13-22", "101 for another protocol",
     answers(reply(101, b"", "Upgrade: websocket", "Connection: Upgrade")), f"Network; {ONCE}"),
    ("CA-13-23", "no HTTP", answers(b"SSH-2.0-OpenSSH_9.2\r\n"), f"Network; {ONCE}"),
    ("CA-14", "headers that tell to go elsewhere, to remember and more", told_to_go_elsewhere,
     "401; etag, link, x-ratelimit-limit"),
    ("CA-15-1", "POST, read, then reset", reset("POST"), "Network; 1 request"),
    ("CA-15-2", "POST, read, then closed", answers(b"", method="POST", body="{}"),
     f"Network; {ONCE}"),
    ("CA-15-3", "POST on a kept connection, read, then reset", reset("POST", True),
     "Network; 1 request"),
    ("CA-15-4", "PUT the same", reset("PUT", True), "Network; 1 request"),
    ("CA-15-5", "DELETE the same", reset("DELETE", True), "Network; 1 request"),
    ("CA-15-6", "GET the same", reset("GET", True), "Network; 2 requests"),
    ("CA-16-1", "a caller leaves while its body is sent", leaves("x" * (10 * MIB), reads=False),
     "200 for the other; 2 requests"),
    ("CA-16-2", "a caller leaves before the answer", leaves(""), "200 for the other; 2 requests"),
    ("CA-16-3", "a caller leaves in the middle of the answer",
     leaves("", b"HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n" + b"x" * 4000000),
     "200 for the other; 2 requests"),
    ("CA-16-4", "three calls that the API lets wait", others_are_answered, "200; 200, 200, 200"),
    ("BR-02-1", "scopes of a provider file with & # = %",
     asks(Scopes=SCOPES), f"scope {SCOPES}", {"account": None}),
    ("BR-02-2", "scopes of a caller the same",
     asks(SCOPES.split()), f"scope {SCOPES}", {"account": None}),
    ("BR-02-3", "an authorization endpoint with a query",
     asks(AuthorizationEndpoint=f"{{authorize}}?x=%26redirect_uri%3Dhttps://{EVIL}/"),
     f"x &redirect_uri=https://{EVIL}/",
     {"account": None}),
]

add_rows(ROWS)
main(CallWorld)
