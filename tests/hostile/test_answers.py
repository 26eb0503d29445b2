#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows: what a token endpoint may answer, to the code of a sign-in and to a refresh. The account was
signed in before; each row tells whether that login survived."""

import json
import pathlib
import re
import sys
import urllib.parse
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
import shared
from answers import ACCOUNT, CANARY, TOKEN, AnswerWorld, address_of, edited
from harness import browser, tap
from harness.peer import PORTAL, Peer, answer
from harness.tap import check, equal, lacks
from rows import add_rows

LIVES = "the old login lives"
HTML = "text/html; charset=utf-8"
PAIR = {"access_token": f"{CANARY}-at", "refresh_token": f"{CANARY}-rt", "token_type": "Bearer",
        "expires_in": 3600}
GOOD = json.dumps(PAIR)
MEBIBYTE = 1024 * 1024


def told(sign_in, refresh, fate=LIVES):
    return f"sign-in: {sign_in}; refresh: {refresh}; {fate}"


# Nobody knows whether the provider replaced the refresh token when it answered with nonsense.
INVALID = told("InvalidResponse", "InvalidResponse, outcome unknown")
INVALID_STATUS = told("InvalidResponse", "InvalidResponse")


def both(world, answer_with, **keys):
    """A sign-in and a refresh that are answered so, each with one request."""
    seen = []
    for attempt in (world.try_sign_in, world.try_refresh):
        order = world.plan(answer_with(world) if callable(answer_with) else answer_with, **keys)
        before = len(world.peer.bodies(TOKEN))
        seen.append(attempt())
        check(order.reached.is_set(), "the answer was given")
        equal(len(world.peer.bodies(TOKEN)), before + 1, "token requests")
    return f"sign-in: {seen[0]}; refresh: {seen[1]}; {world.fate()}"


def said(status, body, **more):
    """The endpoint answers so."""
    return lambda world: both(world, answer(status, body, **more))


def granted(change):
    """The server grants, and the answer is changed on its way. What was granted goes on."""
    return lambda world: both(world, lambda _world: edited(world, change))


def with_members(**members):
    return granted(lambda pair: {**pair, **members})


def without(*names):
    return granted(lambda pair: {name: pair[name] for name in pair if name not in names})


def access_token(value):
    """In the place of a good one."""
    return said(200, json.dumps({**PAIR, "access_token": value}))


# TK-01, TK-02, TK-07: what is asked

def fields(request):
    """Method, headers in lower case, and body of a request."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {line.partition(":")[0].lower(): line.partition(": ")[2] for line in lines}
    return first.split(" ")[0], headers, body.decode()


def one_exchange(world, **keys):
    """The request of a sign-in that succeeds, and the parameters of its authorization request."""
    world.use_provider(**keys)
    world.peer.forget()
    path, uri, address = address_of(world)
    browser.fetch(address)
    equal(world.broker.end_of(path)["State"], "done", "state")
    equal(len(world.peer.requests), 1 + world.peer.seen("/oauth/authorize"), "requests")
    asked = dict(browser.query(uri))
    return *fields(world.peer.requests[-1]), asked, dict(browser.query(address))


def request_as_documented(world):
    method, headers, body, asked, answered = one_exchange(world)
    verifier = json.loads(body).pop("code_verifier")
    equal(method, "POST", "method")
    check(re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier), "a code verifier")
    equal(json.loads(body), {"grant_type": "authorization_code", "code": answered["code"],
                             "redirect_uri": asked["redirect_uri"], "code_verifier": verifier,
                             "client_id": "sandbox-client", "client_secret": "sandbox-secret"},
          "body")
    equal(headers["content-type"], "application/json", "content type")
    equal(sorted(headers), ["accept", "connection", "content-length", "content-type", "host",
                            "user-agent"], "headers")
    equal(headers["user-agent"], "tidio-auth", "user agent")
    return world.fate()


def form_as_configured(world):
    _method, headers, body, asked, answered = one_exchange(world, TokenRequestFormat="form")
    equal(headers["content-type"], "application/x-www-form-urlencoded", "content type")
    sent = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
    equal((sent["code"], sent["redirect_uri"]), (answered["code"], asked["redirect_uri"]), "body")
    return world.fate()


def hints(status, body, hint):
    """The message says what to look at."""
    def run(world):
        world.messages.clear()
        seen = both(world, answer(status, body))
        for message in world.messages:
            tap.contains(message, hint, "message")
        return seen
    return run


# TK-03, TK-04: without what a good answer has

def without_refresh(world, change):
    """A sign-in that cannot be refreshed: it is told once, and the token serves until it is
    refused."""
    world.plan(edited(world, change))
    before = world.session.log(world.broker.log_name).count("no refresh token")
    equal(world.try_sign_in(), "signed in", "sign-in")
    token = world.broker.token(ACCOUNT)
    world.use_provider()
    status = world.server.request("GET", "/v1/operators",
                                  headers={"Authorization": f"Bearer {token}"})[0]
    # What a refused token leaves, until somebody signs in.
    seen = world.try_refresh()
    logged = world.session.log(world.broker.log_name).count("no refresh token") - before
    world.use_provider()
    world.sign_in(ACCOUNT)
    world.fate()
    return f"signed in, API {status}, logged {logged}; refresh: {seen}"


def no_refresh_token(**members):
    def change(pair):
        del pair["refresh_token"]
        return {**pair, **members}
    return lambda world: without_refresh(world, change)


def scope_with_controls(world):
    """What goes to everybody who looks at the account has none of them."""
    before = world.broker.account(ACCOUNT)["Scopes"]
    world.plan(edited(world, lambda pair: {**pair, "scope": "a\x1b[2J\nb"}))
    seen = world.try_refresh()
    after = world.broker.account(ACCOUNT)["Scopes"]
    return f"refresh: {seen}, Scopes {'as before' if before == after else after}; {world.fate()}"


# TK-06: no answer

def unanswered(fault, goes_on=None):
    def run(world):
        seen = []
        for attempt in (world.try_sign_in, world.try_refresh):
            endpoint = world.use_provider()
            order = world.peer.plan(endpoint, fault)
            before = world.peer.seen(TOKEN)
            if goes_on is not None:
                order.release(goes_on)
            seen.append(attempt())
            order.wait()
            equal(world.peer.seen(TOKEN), before + 1, "requests")
        return f"sign-in: {seen[0]}; refresh: {seen[1]}; {world.fate()}"
    return run


# TK-10: answers without end

def peak(world):
    """Of the broker's memory, in bytes."""
    text = pathlib.Path(f"/proc/{world.broker.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", text).group(1)) * 1024


def flood(head, chunk, most):
    """Sends the chunk again and again, until the broker will have no more."""
    def send(connection, _request):
        left = most
        try:
            connection.sendall(head)
            while left > 0:
                connection.sendall(chunk)
                left -= len(chunk)
        except OSError:
            pass
    return send


def bounded(answer_with):
    """The answer, with the broker's memory before and after."""
    def run(world):
        before = peak(world)
        seen = both(world, lambda _world: answer_with() if callable(answer_with) else answer_with)
        grown = peak(world) - before
        check(grown < 16 * MEBIBYTE, f"less than 16 MiB more memory, not {grown / MEBIBYTE:.1f}")
        return seen
    return run


def zip_bomb():
    press = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = b"".join(press.compress(bytes(MEBIBYTE)) for _ in range(64)) + press.flush()
    return answer(200, data, headers={"Content-Encoding": "gzip"})


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LARGE = HEAD + b"Content-Length: 314572800\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"%x\r\n%s\r\n" % (MEBIBYTE, bytes(MEBIBYTE))


def large(head, chunk, most=300 * MEBIBYTE):
    """A `send` for each request."""
    return lambda: flood(head, chunk, most)


# TK-11: redirects

def redirected(status, elsewhere):
    """Nobody goes there, be it another host or the same one."""
    def run(world):
        other = Peer(world.server.port)
        target = (other.uri if elsewhere else world.peer.uri) + "elsewhere/token"
        seen = both(world, answer(status, GOOD, headers={"Location": target}))
        equal((other.accepted, world.peer.seen("/elsewhere")), (0, 0), "requests there")
        other.close()
        return seen
    return run


# TK-12: somebody else

def other_person(world):
    people = {"UserInfoPath": "me"}

    def is_now(name):
        world.peer.heal()
        world.use_provider(**people)
        world.peer.plan("/v1/me", "answer", 0, answer(200, json.dumps({"sub": name})))
    is_now("ada")
    equal(world.try_sign_in(), "signed in", "sign-in as ada")
    old = world.broker.token(ACCOUNT)
    is_now("eve")
    seen = world.try_sign_in()
    equal(world.broker.token(ACCOUNT), old, "the token afterwards")
    equal(world.broker.accounts(), [ACCOUNT], "accounts")
    return f"sign-in: {seen}; {world.fate()}"


# JS-08: what stands for no text, beside a good pair

def replaced(members):
    """The server gives another refresh token each time, and refuses the one of before: the login
    lives by what was in the answer."""
    def run(world):
        given = []

        def change(pair):
            given.append(pair["refresh_token"])
            return json.dumps(pair).encode()[:-1] + b"," + members + b"}"
        seen = granted(change)(world)
        equal(len(set(given)), 2, "refresh tokens in the answers")
        equal(json.loads(world.peer.bodies(TOKEN)[-1])["refresh_token"], given[-1],
              "the refresh token that is used afterwards")
        return seen
    return run


# JS-05: nothing of a bad token is kept

def bad_token(value):
    def run(world):
        seen = access_token(value)(world)
        for kept in world.record().values():
            lacks(str(kept), CANARY, "record in the keyring")
        return seen
    return run


# JS-06: what a server says goes nowhere as it is

def error_object(status, members, sign_in, refresh):
    def run(world):
        world.messages.clear()
        seen = said(status, json.dumps(members))(world)
        for text in (*world.messages, world.session.log(world.broker.log_name)):
            lacks(text, "\x1b", "text")
            lacks(text, CANARY, "text")
            lacks(text, "<6>", "text")
        return seen
    return run, told(sign_in, refresh)


def raw(text):
    """A JSON text as it is, in a good answer's place."""
    return said(200, text)


ACCEPTED = told("signed in", "a new token")

ROWS = [
    ("TK-01", "(the request of a sign-in)", request_as_documented, LIVES),
    ("TK-02-a", "(the request, with form configured)", form_as_configured, LIVES),
    ("TK-02-b", "415 with nothing", hints(415, "", "TokenRequestFormat"),
     told("SignInFailed", "Failed")),
    ("TK-02-c", "415 with HTML", said(415, PORTAL, content_type=HTML),
     told("SignInFailed", "Failed")),
    ("TK-02-d", "415 invalid_request", said(415, '{"error":"invalid_request"}'),
     told("SignInFailed", "Failed")),
    ("TK-03-a", "no expires_in", without("expires_in"), ACCEPTED),
    ("TK-03-b", "no scope", without("scope"), ACCEPTED),
    ("TK-03-c", "no token_type", without("token_type"), ACCEPTED),
    ("TK-03-d", "more members, nested", with_members(x={"a": [{"b": [1, 2, {"c": None}]}]}, y=None),
     ACCEPTED),
    ("TK-03-e", "no refresh_token", no_refresh_token(),
     "signed in, API 200, logged 1; refresh: SignInRequired"),
    *[(f"TK-03-{letter}", f"expires_in {json.dumps(value)}", with_members(expires_in=value),
       ACCEPTED)
      for letter, value in zip("fghijk", (None, "soon", -1, 0, [], 315360001))],
    *[(f"TK-03-{letter}", f"scope {json.dumps(value)}", with_members(scope=value), ACCEPTED)
      for letter, value in zip("lmno", (None, 7, ["read"], "r\u00e9ad"))],
    ("TK-03-p", "scope with ESC and LF", scope_with_controls,
     f"refresh: a new token, Scopes as before; {LIVES}"),
    *[(f"TK-04-{letter}", f"refresh_token {json.dumps(value)}",
       no_refresh_token(refresh_token=value),
       "signed in, API 200, logged 1; refresh: SignInRequired")
      for letter, value in zip("abcde", ("", None, 7, [], f"{CANARY}\r\nX: y"))],
    *[(f"TK-05-{letter}", f"token_type {value}", with_members(token_type=value), ACCEPTED)
      for letter, value in zip("abcg", ("Bearer", "bearer", "BEARER", None))],
    *[(f"TK-05-{letter}", f"token_type {json.dumps(value)}",
       said(200, json.dumps({**PAIR, "token_type": value})), INVALID)
      for letter, value in zip("defh", ("mac", "DPoP", 7, ""))],
    ("TK-06-a", "(connection reset)", unanswered("reset"),
     told("Network", "Network, outcome unknown")),
    ("TK-06-b", "(stalled, then reset)", unanswered("stall", False),
     told("Network", "Network, outcome unknown")),
    ("TK-06-c", "502 with HTML", said(502, PORTAL, content_type=HTML),
     told("ServerError", "ServerError, outcome unknown")),
    ("TK-07", "400 invalid_request: code_verifier not supported",
     hints(400, json.dumps({"error": "invalid_request",
                            "error_description": f"code_verifier not supported {CANARY}"}),
           "provider file"), told("SignInFailed", "Failed")),
    ("TK-08-a", "200 with a captive portal's HTML", said(200, PORTAL, content_type=HTML), INVALID),
    ("TK-08-b", "200 with nothing", said(200, ""), INVALID),
    ("TK-08-c", "204", said(204, ""), INVALID),
    ("TK-08-d", "null", raw("null"), INVALID),
    ("TK-08-e", "[]", raw("[]"), INVALID),
    ("TK-08-f", "{}", raw("{}"), INVALID),
    ("TK-08-g", "two documents", raw(GOOD + GOOD), INVALID),
    ("TK-08-h", "JSON and garbage", raw(GOOD + " x"), INVALID),
    ("TK-08-i", "JSON and NUL", raw(GOOD + "\0"), INVALID),
    ("TK-08-j", "gzip", said(200, GOOD, zipped=True), INVALID),
    ("TK-08-k", "JSON that breaks off", raw(GOOD[:-1]), INVALID),
    ("TK-08-l", "a token behind 400", said(400, GOOD), INVALID_STATUS),
    ("TK-10-a", "300 MB of body", bounded(large(LARGE, bytes(MEBIBYTE))), INVALID),
    ("TK-10-b", "300 MB in chunks", bounded(large(CHUNKED, CHUNK)), INVALID),
    ("TK-10-c", "gzip, 64 MiB unpacked", bounded(zip_bomb), INVALID),
    ("TK-10-d", "1xx without end",
     bounded(large(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100)), INVALID),
    ("TK-10-e", "a header of 65 KiB", bounded(answer(200, GOOD, headers={"X-Long": "a" * 66560})),
     INVALID),
    ("TK-10-f", "a header without end", bounded(large(HEAD + b"X-Long: ", b"a" * MEBIBYTE)),
     INVALID),
    ("TK-10-g", "headers without end", bounded(large(HEAD, b"X-Many: a\r\n" * 10000)), INVALID),
    *[(f"TK-11-{letter}", f"{status} to {'another' if elsewhere else 'the same'} host",
       redirected(status, elsewhere), INVALID)
      for letter, status, elsewhere in
      (("a", 302, True), ("b", 307, True), ("c", 308, True), ("d", 302, False), ("e", 307, False),
       ("f", 308, False))],
    ("TK-12", "(a token of another person)", other_person, f"sign-in: WrongAccount; {LIVES}"),
    ("JS-01-a", "100,000 arrays in each other", raw("[" * 100000 + "]" * 100000), INVALID),
    ("JS-01-b", "20,000 objects in each other", raw('{"a":' * 20000 + "1" + "}" * 20000), INVALID),
    ("JS-01-c", "depth 33 in a member", raw(GOOD[:-1] + ',"x":' + "[" * 32 + "]" * 32 + "}"),
     INVALID),
    ("JS-07-a", "10,001 values", raw(GOOD[:-1] + ',"x":[' + "{}," * 9994 + "{}]}"), INVALID),
    ("JS-07-b", "as many empty objects as 256 KiB have room for",
     bounded(answer(200, GOOD[:-1] + ',"x":[' + "{}," * 87000 + "{}]}")), INVALID),
    ("JS-01-d", "depth 32 in a member",
     granted(lambda pair: (json.dumps(pair)[:-1] + ',"x":' + "[" * 31 + "]" * 31 + "}").encode()),
     ACCEPTED),
    *[(f"JS-02-{letter}", f"expires_in {number}",
       granted(lambda pair, number=number: json.dumps({**pair, "expires_in": "N"}).replace(
           '"N"', number).encode()), ACCEPTED)
      for letter, number in zip("abc", ("1e400", "12345678901234567890123", "-0.5"))],
    *[(f"JS-02-{letter}", f"expires_in {number}",
       raw(GOOD.replace("3600", number)), INVALID)
      for letter, number in zip("defg", ("0x10", "010", "NaN", "+1"))],
    ("JS-03-a", "access_token twice", raw(GOOD[:-1] + f',"access_token":"{CANARY}-2"}}'), INVALID),
    ("JS-03-b", "access_token twice, once escaped",
     raw(GOOD[:-1] + f',"access_toke\\u006e":"{CANARY}-2"}}'), INVALID),
    ("JS-03-c", "refresh_token twice: the last one counts",
     granted(lambda pair: (f'{{"refresh_token":"{CANARY}-2",' + json.dumps(pair)[1:]).encode()),
     ACCEPTED),
    ("JS-03-d", "all but access_token twice",
     granted(lambda pair: ('{"token_type":"mac","expires_in":"soon","scope":7,"x":1,"x":2,'
                           + json.dumps(pair)[1:]).encode()), ACCEPTED),
    ("JS-04-a", "a byte order mark",
     granted(lambda pair: b"\xef\xbb\xbf" + json.dumps(pair).encode()), ACCEPTED),
    ("JS-04-b", "single quotes", raw(GOOD.replace('"', "'")), INVALID),
    ("JS-04-c", "var x =", raw(f"var x = {GOOD};"), INVALID),
    ("JS-04-d", "a comment in front", raw("/* */" + GOOD), INVALID),
    ("JS-04-e", "a comment behind", raw(GOOD + "// a"), INVALID),
    ("JS-04-f", "a comma behind", raw(GOOD[:-1] + ",}"), INVALID),
    ("JS-04-g", "UTF-16", said(200, GOOD.encode("utf-16")), INVALID),
    ("JS-04-h", "no UTF-8", said(200, GOOD.encode()[:-1] + b',"x":"\xff"}'), INVALID),
    ("JS-05-a", "access_token with CR LF and a header", bad_token(f"{CANARY}\r\nX: y"), INVALID),
    ("JS-05-b", "access_token with NUL", bad_token(f"{CANARY}\0"), INVALID),
    ("JS-05-c", "access_token with a space", bad_token(f"{CANARY} a"), INVALID),
    ("JS-05-d", "access_token with 0x7F", bad_token(f"{CANARY}\x7f"), INVALID),
    ("JS-05-e", "access_token with e acute", bad_token(f"{CANARY}\u00e9"), INVALID),
    ("JS-05-f", "access_token of 16,385 characters", bad_token(CANARY.ljust(16385, "a")), INVALID),
    ("JS-05-g", "access_token empty", bad_token(""), INVALID),
    ("JS-05-h", "access_token a number", bad_token(7), INVALID),
    ("JS-05-i", "access_token an array", bad_token([CANARY]), INVALID),
    ("JS-05-j", "access_token null", bad_token(None), INVALID),
    ("JS-08-a", "half an emoji in a member that nobody reads",
     replaced(b'"name":"Ann \\ud83d","x":["\\ude00"]'), ACCEPTED),
    ("JS-08-b", "NUL in a member that nobody reads",
     replaced(b'"name":"Ann\\u0000","\\u0000":"\\ud83d\\u0000"'), ACCEPTED),
    *[(f"JS-08-{letter}", f"refresh_token with {what}", no_refresh_token(refresh_token=value),
       "signed in, API 200, logged 1; refresh: SignInRequired")
      for letter, what, value in (("c", "half an emoji", f"{CANARY}\ud83d"),
                                  ("d", "NUL", f"{CANARY}\0"))],
    ("JS-08-e", "token_type with NUL", raw(GOOD[:-1] + ',"token_type":"Bearer\\u0000"}'), INVALID),
    ("JS-08-f", "scope with half an emoji", replaced(b'"scope":"read \\ud83d"'), ACCEPTED),
    ("JS-08-g", "access_token with half an emoji", bad_token(f"{CANARY}\ud83d"), INVALID),
    *[(f"JS-06-{letter}", sent, *error_object(status, members, sign_in, refresh))
      for letter, sent, status, members, sign_in, refresh in (
          ("a", "400, error an object", 400, {"error": {"message": CANARY}}, "InvalidResponse",
           "InvalidResponse"),
          ("b", "400, error of 10 kB", 400, {"error": CANARY * 1700}, "SignInFailed", "Failed"),
          ("c", "400, description with lines, escapes and %n%s", 400,
           {"error": "invalid_scope", "error_description": f"a\n<6>{CANARY}\x1b[31m%n%s"},
           "SignInFailed", "Failed"),
          ("d", "400, error with lines, escapes and %n%s", 400,
           {"error": f"a\n<6>{CANARY}\x1b[31m%n%s"}, "SignInFailed", "Failed"),
          ("e", "503, error an object", 503, {"error": {"message": CANARY}}, "ServerError",
           "ServerError, outcome unknown"),
          ("f", "401, error empty", 401, {"error": ""}, "SignInFailed", "Failed"))],
]

add_rows(ROWS)
shared.main(AnswerWorld)
