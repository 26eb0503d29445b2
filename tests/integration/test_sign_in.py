#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""SignIn: its object on the bus, the callback server and every way it can end."""

import base64
import contextlib
import hashlib
import http.client
import json
import pathlib
import re
import signal
import socket
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

from harness import browser, ports, tap
from harness.broker import DEADLINE, PATH, expect_error, error_name
from harness.portal import Portal
from harness.servers import CLIENT_ID, CLIENT_SECRET, PUBLIC_CLIENT_ID
from harness.world import CREDENTIALS, World

BASE64URL = re.compile(r"^[A-Za-z0-9_-]{43}$")


def failed(end, short):
    tap.equal((end["State"], end["Error"]), ("failed", error_name(short)),
              f"end of the sign-in ({end['ErrorMessage']})")


def start(world, account="", **wishes):
    """path, authorization URI"""
    path = world.broker.sign_in(account, **wishes)
    return path, world.broker.uri(path)


def callback_of(uri):
    """The redirect URI in an authorization URI."""
    return dict(browser.query(uri))["redirect_uri"]


def port_of(uri):
    return urllib.parse.urlsplit(callback_of(uri)).port


def raw(port, data, host="127.0.0.1"):
    """What the callback server says to these bytes."""
    with socket.create_connection((host, port), 10) as connection:
        answer = b""
        # It may hang up in the middle of nonsense.
        with contextlib.suppress(OSError):
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                answer += chunk
        return answer


def status_of(answer):
    return int(answer.split()[1]) if answer.startswith(b"HTTP/") else None


@tap.case("SI-01", "the authorization URI has exactly its parameters")
def parameters(world):
    path, uri = start(world)
    tap.equal(uri.split("?")[0], f"{world.server.uri}oauth/authorize", "endpoint")
    pairs = browser.query(uri)
    values = dict(pairs)
    tap.equal(sorted(name for name, _value in pairs),
              ["client_id", "code_challenge", "code_challenge_method", "redirect_uri",
               "response_type", "state"], "parameters")
    tap.equal((values["client_id"], values["response_type"], values["code_challenge_method"]),
              (CLIENT_ID, "code", "S256"), "fixed values")
    tap.check(BASE64URL.match(values["state"]), "a state of 43 characters")
    tap.check(BASE64URL.match(values["code_challenge"]), "a challenge of 43 characters")
    tap.check(re.match(r"^http://localhost:\d+/callback$", values["redirect_uri"]),
              f"a redirect URI at localhost, not {values['redirect_uri']}")
    tap.check(port_of(uri) != 0, "a real port")
    world.broker.cancel(path)


@tap.case("SI-02", "state and challenge are new each time; the challenge is that of the verifier")
def challenge(world):
    seen = set()
    for number in range(4):
        path, uri = start(world, f"account{number}")
        values = dict(browser.query(uri))
        seen |= {values["state"], values["code_challenge"]}
        world.broker.cancel(path)
        world.broker.end_of(path)
    tap.equal(len(seen), 8, "different values")
    verifier = base64.urlsafe_b64encode(hashlib.sha256(b"").digest()).decode()
    tap.check(verifier not in seen, "no constant challenge")


@tap.case("SI-03", "waiting, exchanging, done, told by PropertiesChanged; then it stays readable")
def states(world):
    signals = world.broker.record()
    before = time.time()
    path, uri = start(world)
    seen = world.broker.sign_in_properties(path)
    tap.equal((seen["Account"], seen["State"], seen["Error"], seen["ErrorMessage"]),
              ("tidio", "waiting", "", ""), "properties")
    tap.between(seen["ExpiresAt"], before + 299, time.time() + 301, "ExpiresAt")
    world.server.control(delay=100)
    browser.visit(uri)
    end = world.broker.end_of(path)
    tap.equal((end["State"], end["Uri"]), ("done", uri), "end")
    changes = [args[1]["State"] for where, _interface, member, args in signals
               if where == path and member == "PropertiesChanged" and "State" in args[1]]
    tap.equal(changes, ["exchanging", "done"], "changes of State")
    tap.check(re.match(rf"^{PATH}/SignIns/\d+$", path), f"a path below SignIns, not {path}")
    added = [args[0] for _path, _interface, member, args in signals if member == "InterfacesAdded"]
    tap.check(path in added, "InterfacesAdded for the sign-in")


@tap.case("SI-04", "deny: SignInDenied, a page that says so")
def deny(world):
    path, uri = start(world)
    page = browser.visit(uri, "deny")
    failed(world.broker.end_of(path), "SignInDenied")
    tap.equal(page.status, 200, "status")
    tap.lacks(page.body.lower(), "successful", "page")
    tap.equal(world.broker.accounts(), [], "accounts")
    tap.equal(world.server.counters()["token"], 0, "token requests")


@tap.case("SI-05", "wrong, missing, doubled or damaged state: 400, the sign-in goes on")
def wrong_state(world):
    path, uri = start(world)
    good = browser.decide(uri)
    values = dict(browser.query(good))
    state, code = values["state"], values["code"]
    base = callback_of(uri)
    for query in (f"code={code}", f"code={code}&state=", f"code={code}&state={'x' * 43}",
                  f"code={code}&state={state.swapcase()}", f"code={code}&state={state}%20",
                  f"code={code}&state={state}&state={state}", f"code={code}&code=x&state={state}",
                  f"code={code}&state={state}%00", f"code={code}&state=%zz", f"state={state}",
                  f"error=x&state={state}x", ""):
        page = browser.fetch(f"{base}?{query}")
        tap.equal(page.status, 400, f"status of {query.replace(state, 'STATE')}")
        tap.lacks(page.body, "successful", "page")
    tap.equal(world.server.counters()["token"], 0, "token requests")
    tap.equal(world.broker.sign_in_properties(path)["State"], "waiting", "state")
    tap.contains(browser.fetch(good).body, "Authorization successful!", "page of the good one")
    tap.equal(world.broker.end_of(path)["State"], "done", "state")


@tap.case("SI-06", "replay of the address: refused, one token request in all")
def replay(world):
    path, uri = start(world)
    address = browser.decide(uri)
    world.server.control(delay=300)
    first = Visitor(address)
    world.bus.wait_for(lambda: world.broker.sign_in_properties(path)["State"] == "exchanging",
                       DEADLINE, "the exchange", poll=True)
    tap.check(refused(address), "410 or no connection while the code is exchanged")
    tap.contains(first.body(), "Authorization successful!", "page of the first visit")
    world.broker.end_of(path)
    tap.check(refused(address), "410 or no connection afterwards")
    tap.equal(world.server.counters()["code_exchanges"], 1, "code exchanges")


class Visitor:
    """A request whose answer is read later."""

    def __init__(self, address):
        host, rest = address.split("//", 1)[1].split("/", 1)
        self.connection = http.client.HTTPConnection(host, timeout=30)
        self.connection.request("GET", "/" + rest)

    def body(self):
        text = self.connection.getresponse().read().decode()
        self.connection.close()
        return text


def refused(address):
    try:
        return browser.fetch(address).status == 410
    except ConnectionError:
        return True


@tap.case("SI-07", "cancel: SignInCancelled, the listener closes")
def cancel(world):
    path, uri = start(world)
    port = port_of(uri)
    tap.check(ports.listening(port), "a listener")
    world.broker.cancel(path)
    failed(world.broker.end_of(path), "SignInCancelled")
    wait_closed(world, port)
    world.broker.cancel(path)


def wait_closed(world, port):
    world.bus.wait_for(lambda: not ports.listening(port), 3, "the listener to close", poll=True)


@tap.case("SI-08", "port taken on 127.0.0.1: PortUnavailable, no browser", start=False)
def port_taken(world):
    program, notes = browser.install(world.session, "look")
    world.broker.environment["BROWSER"] = str(program)
    world.broker.start()
    with ports.taken("127.0.0.1") as port:
        world.server.write_provider(RedirectUri=f"http://localhost:{port}/callback")
        end = world.broker.end_of(world.broker.sign_in(open_browser=True))
    failed(end, "PortUnavailable")
    tap.contains(end["ErrorMessage"], str(port), "message")
    tap.check(not notes.exists(), "no browser")


@tap.case("SI-09", "port taken on [::1] alone: PortUnavailable for localhost")
def port_taken_v6(world):
    with ports.taken("::1") as port:
        world.server.write_provider(RedirectUri=f"http://localhost:{port}/callback")
        failed(world.broker.end_of(world.broker.sign_in()), "PortUnavailable")
        tap.check(not ports.listening(port, families=("tcp",)), "no listener on 127.0.0.1")


@tap.case("SI-10", "a pinned port: 127.0.0.1 and ::1, nothing else, only while it waits")
def pinned(world):
    port = ports.free()
    world.server.write_provider(RedirectUri=f"http://localhost:{port}/callback")
    tap.equal(ports.listening(port), [], "listeners before")
    path, uri = start(world)
    tap.equal(callback_of(uri), f"http://localhost:{port}/callback", "redirect URI")
    tap.equal(sorted(ports.listening(port)), ["127.0.0.1", "::1"], "listeners while it waits")
    tap.contains(browser.visit(uri).body, "Authorization successful!", "page")
    world.broker.end_of(path)
    wait_closed(world, port)


@tap.case("SI-11", "a pinned address literal listens on that alone")
def literal(world):
    port = ports.free()
    world.server.write_provider(RedirectUri=f"http://127.0.0.1:{port}/callback")
    path, uri = start(world)
    tap.equal(ports.listening(port), ["127.0.0.1"], "listeners")
    browser.visit(uri)
    tap.equal(world.broker.end_of(path)["State"], "done", "state")
    world.server.write_provider(RedirectUri="http://[::1]:0/callback")
    path, uri = start(world, "second")
    tap.equal(ports.listening(port_of(uri)), ["::1"], "listeners")
    tap.contains(browser.visit(uri).body, "Authorization successful!", "page")
    tap.equal(world.broker.end_of(path)["State"], "done", "state")


@tap.case("SI-12", "both families reach the same sign-in")
def families(world):
    for number, host in enumerate(("127.0.0.1", "::1")):
        path, uri = start(world, f"account{number}")
        address = browser.decide(uri)
        query = address.split("?", 1)[1]
        port = port_of(uri)
        answer = raw(port, f"GET /callback?{query} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"
                     .encode(), host)
        tap.equal(status_of(answer), 200, f"status by {host}")
        tap.equal(world.broker.end_of(path)["State"], "done", "state")


@tap.case("SI-13", "two accounts at once on ephemeral ports")
def two_at_once(world):
    one, uri_one = start(world, "one")
    two, uri_two = start(world, "two")
    tap.check(one != two and port_of(uri_one) != port_of(uri_two), "two sign-ins, two ports")
    browser.visit(uri_two)
    browser.visit(uri_one)
    for path in (one, two):
        tap.equal(world.broker.end_of(path)["State"], "done", "state")
    tap.equal(world.broker.accounts(), ["one", "two"], "accounts")


@tap.case("SI-14", "two accounts at once on one fixed port: SignInInProgress")
def one_port(world):
    world.server.write_provider(RedirectUri=f"http://localhost:{ports.free()}/callback")
    path, _uri = start(world, "one")
    expect_error("SignInInProgress", world.broker.sign_in, "two")
    world.broker.cancel(path)
    world.broker.end_of(path)
    path, uri = start(world, "two")
    browser.visit(uri)
    tap.equal(world.broker.end_of(path)["State"], "done", "state")


@tap.case("SI-15", "a second SignIn for the account joins the first")
def join(world):
    path, uri = start(world)
    tap.equal(world.broker.sign_in(), path, "path")
    tap.equal(world.broker.other_caller().sign_in("tidio"), path, "path for another caller")
    browser.visit(uri)
    world.broker.end_of(path)
    again = world.broker.sign_in()
    tap.check(again != path, "a new sign-in after the end")
    world.broker.cancel(again)


@tap.case("SI-16", "more than four sign-ins: Busy")
def busy(world):
    paths = [start(world, f"account{number}")[0] for number in range(4)]
    expect_error("Busy", world.broker.sign_in, "one-more")
    for path in paths:
        world.broker.cancel(path)
        world.broker.end_of(path)
    world.broker.cancel(world.broker.sign_in("one-more"))


@tap.case("SI-17", "exchange failed: a named error, the page does not say success")
def exchange_failed(world):
    for status, short in ((400, "SignInFailed"), (401, "ClientRejected"), (503, "ServerError")):
        world.server.fail("token", status)
        page, end = world.sign_in(succeeds=False)
        failed(end, short)
        tap.lacks(page.body, "successful", f"page after {status}")
    world.server.fail("token", 200, body="<html>")
    failed(world.sign_in(succeeds=False)[1], "InvalidResponse")
    tap.equal(world.broker.accounts(), [], "accounts")


@tap.case("SI-18", "network down at the exchange: Network")
def network_down(world):
    path, uri = start(world)
    address = browser.decide(uri)
    world.server.process.terminate()
    world.server.process.wait()
    page = browser.fetch(address)
    failed(world.broker.end_of(path), "Network")
    tap.lacks(page.body, "successful", "page")


@tap.case("SI-19", "no browser: BrowserFailed, the Uri stays readable", start=False)
def browser_failed(world):
    world.broker.environment["BROWSER"] = "/bin/false"
    world.broker.start()
    path = world.broker.sign_in(open_browser=True)
    end = world.broker.end_of(path)
    failed(end, "BrowserFailed")
    tap.contains(end["Uri"], "/oauth/authorize?", "Uri")
    wait_closed(world, port_of(end["Uri"]))


@tap.case("SI-20", "$BROWSER is given the Uri and its user signs in", start=False)
def browser_called(world):
    program, notes = browser.install(world.session)
    world.broker.environment["BROWSER"] = str(program)
    world.broker.start()
    path = world.broker.sign_in(open_browser=True)
    end = world.broker.end_of(path)
    tap.equal((end["State"], end["ErrorMessage"]), ("done", ""), "end")
    tap.equal(notes.read_text(), end["Uri"] + "\n", "what the browser was given")


@tap.case("SI-21", "the helper that opens the browser is not told the Uri by its arguments",
          start=False)
def helper_arguments(world):
    program = world.session.root / "browser"
    notes = world.session.root / "commands"
    program.write_text("#!/bin/sh\nfor f in /proc/[0-9]*/cmdline; do\n"
                       "  tr '\\0' ' ' < $f; echo\ndone > "
                       f"{notes}.new 2>/dev/null\nmv {notes}.new {notes}\n")
    program.chmod(0o755)
    world.broker.environment["BROWSER"] = str(program)
    world.broker.start()
    path = world.broker.sign_in(open_browser=True)
    world.bus.wait_for(notes.exists, DEADLINE, "the browser", poll=True)
    lines = [line for line in notes.read_text().splitlines() if "tidio-auth-open-uri" in line]
    for line in lines:
        tap.lacks(line, "authorize?", "arguments of the helper")
    world.broker.cancel(path)


@tap.case("SI-22", "the environment's client wins over the keyring's, which wins over the file's",
          environment={}, provider={"ClientId": "from-file"})
def client_order(world):
    path, uri = start(world)
    tap.equal(dict(browser.query(uri))["client_id"], "from-file", "client id")
    world.broker.cancel(path)
    world.keyring.add("org.tidio.Auth.Client", {"client": "1", "version": "1"}, json.dumps(
        {"provider": "tidio", "client_id": "from-keyring", "client_secret": "s"}).encode())
    world.broker.restart()
    path, uri = start(world)
    tap.equal(dict(browser.query(uri))["client_id"], "from-keyring", "client id")
    world.broker.cancel(path)
    world.broker.environment.update(TIDIO_CLIENT_ID=CLIENT_ID, TIDIO_CLIENT_SECRET=CLIENT_SECRET)
    world.broker.restart()
    path, uri = start(world)
    tap.equal(dict(browser.query(uri))["client_id"], CLIENT_ID, "client id")
    browser.visit(uri)
    tap.equal(world.broker.end_of(path)["State"], "done", "state")


@tap.case("SI-23", "the environment's client is for the provider tidio only")
def environment_scope(world):
    world.server.write_provider("other", ClientId=PUBLIC_CLIENT_ID, ClientAuthentication="none")
    path, uri = start(world, "account", provider="other")
    tap.equal(dict(browser.query(uri))["client_id"], PUBLIC_CLIENT_ID, "client id")
    browser.visit(uri)
    tap.equal(world.broker.end_of(path)["State"], "done", "state")
    tap.equal(world.broker.account("account")["Provider"], "other", "provider")


@tap.case("SI-24", "no client id anywhere: NotConfigured", environment={})
def no_client(world):
    end = world.broker.end_of(world.broker.sign_in())
    failed(end, "NotConfigured")
    tap.equal(end["Uri"], "", "Uri")


@tap.case("SI-25", "the built-in provider tidio asks for what the product says", provider=None)
def built_in(world):
    path = world.broker.sign_in()
    seen = world.broker.bus.wait_for(lambda: started(world, path), DEADLINE, "a Uri", poll=True)
    if seen["State"] == "failed":
        # Another program of this machine has the port that Tidio knows the application by.
        failed(seen, "PortUnavailable")
        tap.contains(seen["ErrorMessage"], "3000", "message")
        return
    values = dict(browser.query(seen["Uri"]))
    tap.equal(seen["Uri"].split("?")[0], "https://www.tidio.com/oauth/authorize", "endpoint")
    tap.equal(values["redirect_uri"], "http://localhost:3000/callback", "redirect URI")
    world.broker.cancel(path)


def started(world, path):
    seen = world.broker.sign_in_properties(path)
    return seen if seen["Uri"] or seen["State"] == "failed" else None


@tap.case("SI-26", "a bad provider file is named with its key, and disables that provider only")
def bad_provider(world):
    world.server.write_provider("good")
    for key, value in (("Nonsense", "1"), ("TokenEndpoint", "http://api.example.com/token"),
                       ("RedirectUri", "https://example.com/callback"), ("Pkce", "plain"),
                       ("TokenRequestFormat", "xml"), ("AuthorizationEndpoint", "file:///etc"),
                       ("AuthorizationEndpoint", "https://user@example.com/"),
                       ("TokenEndpoint", "https://example.com/#fragment"), ("BaseUri", "-x"),
                       ("Authentication", "digest")):
        world.server.write_provider("bad", **{key: value})
        message = expect_error("NotConfigured", world.broker.sign_in, "a", provider="bad")
        tap.contains(message, "bad.conf", "message")
        tap.contains(message, key, "message")
    (world.session.root / "config/tidio-auth/providers/bad.conf").write_bytes(b"\xff\x00 no file")
    tap.contains(expect_error("NotConfigured", world.broker.sign_in, "a", provider="bad"),
                 "bad.conf", "message")
    path, _uri = start(world, "b")
    world.broker.cancel(path)
    expect_error("NotConfigured", world.broker.sign_in, "a", provider="missing")


@tap.case("SI-27", "a provider file is picked up without a restart")
def reload(world):
    world.server.write_provider(Scopes="first")
    path, uri = start(world)
    tap.equal(dict(browser.query(uri))["scope"], "first", "scope")
    world.broker.cancel(path)
    world.broker.end_of(path)
    world.server.write_provider(Scopes="second third")
    path, uri = start(world)
    tap.equal(dict(browser.query(uri))["scope"], "second third", "scope")
    world.broker.cancel(path)


@tap.case("SI-28", "a query of the authorization endpoint is kept, values are encoded once")
def endpoint_query(world):
    world.server.write_provider(AuthorizationEndpoint="{uri}oauth/authorize?tenant=a%20b")
    scope = "a&redirect_uri=http://evil.example/"
    path, uri = start(world, scopes=[scope])
    pairs = browser.query(uri)
    tap.equal([value for name, value in pairs if name == "tenant"], ["a b"], "tenant")
    tap.equal([value for name, value in pairs if name == "scope"], [scope], "scope")
    tap.equal(len([1 for name, _value in pairs if name == "redirect_uri"]), 1, "redirect URIs")
    world.broker.cancel(path)


@tap.case("SI-29", "the page says success only after the tokens are stored")
def stored_first(world):
    path, uri = start(world)
    address = browser.decide(uri)
    world.server.control(delay=300)
    visitor = Visitor(address)
    tap.contains(visitor.body(), "Authorization successful!", "page")
    tap.equal(list(world.keyring.records()), ["tidio"], "accounts in the keyring")
    tap.equal(world.broker.end_of(path)["State"], "done", "state")


@tap.case("SI-30", "foreign Host headers: 421, malformed ones: 400")
def hosts(world):
    path, uri = start(world)
    port = port_of(uri)
    query = browser.decide(uri).split("?", 1)[1]
    for host, statuses in (("evil.example", (421,)), (f"evil.example:{port}", (421,)),
                           (f"localhost.evil.example:{port}", (421,)), ("localhost", (421,)),
                           (f"localhost:{port + 1}", (421,)), (f"localhost:{port}, evil",
                                                               (400, 421)), ("", (400,))):
        answer = raw(port, f"GET /callback?{query} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        tap.check(status_of(answer) in statuses, f"{statuses} for Host {host!r}, not {answer[:60]}")
    for head in ("", f"Host: localhost:{port}\r\nHost: localhost:{port}\r\n"):
        answer = raw(port, f"GET /callback?{query} HTTP/1.1\r\n{head}\r\n".encode())
        tap.equal(status_of(answer), 400, f"status for headers {head!r}")
    tap.equal(world.server.counters()["token"], 0, "token requests")
    tap.equal(world.broker.sign_in_properties(path)["State"], "waiting", "state")
    world.broker.cancel(path)


@tap.case("SI-31", "other methods and paths: 405 with Allow, 404; the sign-in goes on")
def methods(world):
    path, uri = start(world)
    port = port_of(uri)
    good = browser.decide(uri)
    for method in ("POST", "HEAD", "PUT", "OPTIONS", "DELETE", "TRACE"):
        page = browser.fetch(good, method)
        tap.equal((page.status, page.headers.get("allow")), (405, "GET"), f"answer to {method}")
    for target in ("/favicon.ico", "/", "/callback/", "/callbackx", "/CALLBACK"):
        tap.equal(browser.fetch(f"http://localhost:{port}{target}").status, 404,
                  f"status of {target}")
    for data, statuses in ((b"\x16\x03\x01\x02\x00", (400, None)),
                           (b"\0" * 65536, (400, 431, None)),
                           (b"GET /callback\r\n\r\n", (400, 505)),
                           (b"GET /callback HTTP/2.0\r\n\r\n", (505, 400)),
                           (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", (414, 400))):
        status = status_of(raw(port, data))
        tap.check(status in statuses, f"{statuses} for {data[:20]!r}, not {status}")
    tap.equal(world.server.counters()["token"], 0, "token requests")
    tap.equal(browser.fetch(good).status, 200, "status of the good one")
    tap.equal(world.broker.end_of(path)["State"], "done", "state")


@tap.case("SI-32", "every page has the same safe headers and nothing that was received")
def page_headers(world):
    path, uri = start(world)
    base = callback_of(uri)
    state = dict(browser.query(uri))["state"]
    pages = [browser.fetch(f"{base}?code=CANARY&state=CANARY"),
             browser.fetch(f"{base}x?CANARY"),
             browser.fetch(f"{base}?error=%3Cscript%3ECANARY&error_description=CANARY"
                           f"&state={state}")]
    for page in pages:
        tap.lacks(page.body, "CANARY", "page")
        tap.lacks(page.body, "<script", "page")
        tap.contains(page.headers["content-security-policy"], "default-src 'none'", "policy")
        for name, value in (("cache-control", "no-store"), ("referrer-policy", "no-referrer"),
                            ("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"),
                            ("content-type", "text/html; charset=utf-8")):
            tap.equal(page.headers.get(name), value, f"header {name}")
        for name in ("set-cookie", "server", "access-control-allow-origin", "location"):
            tap.check(name not in page.headers, f"no header {name}")
    end = world.broker.end_of(path)
    failed(end, "SignInFailed")
    tap.lacks(end["ErrorMessage"], "CANARY&", "message")


@tap.case("SI-33", "Complete by the caller that started it")
def complete(world):
    path, uri = start(world)
    address = browser.decide(uri)
    world.broker.complete(path, address)
    tap.equal(world.broker.end_of(path)["State"], "done", "state")
    tap.equal(world.broker.accounts(), ["tidio"], "accounts")


@tap.case("SI-34", "Complete by another caller, with another address or a wrong state is refused")
def complete_refused(world):
    path, uri = start(world)
    address = browser.decide(uri)
    expect_error("NotAuthorized", world.broker.other_caller().complete, path, address)
    for wrong in ("", "http://evil.example/callback?code=a&state=b", address.split("?")[0],
                  address.replace("/callback", "/other"), "x" * 100000):
        expect_error("InvalidArgs", world.broker.complete, path, wrong)
    pairs = [(name, "x" * 43 if name == "state" else value)
             for name, value in browser.query(address)]
    expect_error("SignInFailed", world.broker.complete, path, browser.with_query(address, pairs))
    tap.equal(world.broker.sign_in_properties(path)["State"], "waiting", "state")
    world.broker.complete(path, address)
    tap.equal(world.broker.end_of(path)["State"], "done", "state")
    expect_error("SignInFailed", world.broker.complete, path, address)


@tap.case("SI-35", "bad arguments of SignIn")
def bad_arguments(world):
    for wishes in ({"no_such": True}, {"open_browser": "no"}, {"provider": 1}, {"scopes": "a"},
                   {"flow": "fax"}, {"scopes": ["a b"]}, {"scopes": ["ä"]}):
        expect_error("InvalidArgs", world.broker.sign_in, "", **wishes)
    for account in ("-x", "a b", "x" * 65):
        expect_error("InvalidArgs", world.broker.sign_in, account)
    world.broker.cancel(world.broker.sign_in("tidio", flow="browser"))


@tap.case("SI-36", "the provider of an account that exists cannot be changed", account="")
def other_provider(world):
    world.server.write_provider("other")
    expect_error("InvalidArgs", world.broker.sign_in, "tidio", provider="other")
    path = world.broker.sign_in("tidio", provider="tidio")
    world.broker.cancel(path)


@tap.case("SI-37", "a second sign-in of an account replaces its tokens, and keeps one item",
          account="")
def again(world):
    first = world.broker.token()
    world.sign_in("tidio")
    tap.check(world.broker.token() != first, "another token")
    tap.equal(len(world.keyring.accounts()), 1, "items in the keyring")


@tap.case("SI-38", "16 idle connections do not keep the browser out")
def idle_connections(world):
    path, uri = start(world)
    idle = [socket.create_connection(("127.0.0.1", port_of(uri))) for _ in range(40)]
    for connection in idle[:20]:
        connection.sendall(b"GET /callback HTTP/1.1\r\n")
    tap.contains(browser.visit(uri).body, "Authorization successful!", "page")
    tap.equal(world.broker.end_of(path)["State"], "done", "state")
    for connection in idle:
        connection.close()


@tap.case("SI-39", "the request may come in pieces")
def pieces(world):
    path, uri = start(world)
    port = port_of(uri)
    query = browser.decide(uri).split("?", 1)[1]
    data = f"GET /callback?{query} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in data:
            connection.sendall(bytes([byte]))
        tap.contains(connection.recv(64), b" 200 ", "answer")
    tap.equal(world.broker.end_of(path)["State"], "done", "state")


@tap.case("SI-40", "what a browser fetches without its user is refused: 403, 503")
def fetched(world):
    path, uri = start(world)
    good = browser.decide(uri)
    for header, status in (({"Sec-Fetch-Mode": "no-cors"}, 403), ({"Sec-Fetch-Dest": "image"}, 403),
                           ({"Sec-Purpose": "prefetch"}, 503)):
        tap.equal(browser.fetch(good, headers=header).status, status, f"status for {header}")
    page = browser.fetch(good, headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})
    tap.equal(page.status, 200, "status of a navigation")
    tap.equal(world.broker.end_of(path)["State"], "done", "state")


@tap.case("SI-41", "without BROWSER the desktop portal opens the Uri",
          environment={**CREDENTIALS, "BROWSER": ""})
def portal(world):
    desktop = Portal(world.session.new_bus(), response=0)
    path = world.broker.sign_in(open_browser=True)
    world.bus.wait_for(lambda: desktop.opened, DEADLINE, "a call of the portal")
    tap.equal(desktop.opened, [world.broker.uri(path)], "what the portal was given")
    browser.visit(desktop.opened[0])
    tap.equal(world.broker.end_of(path)["State"], "done", "state")


@tap.case("SI-42", "a portal that cannot: BrowserFailed",
          environment={**CREDENTIALS, "BROWSER": ""})
def portal_fails(world):
    desktop = Portal(world.session.new_bus(), response=2)
    path = world.broker.sign_in(open_browser=True)
    world.bus.wait_for(lambda: desktop.opened, DEADLINE, "a call of the portal")
    failed(world.broker.end_of(path), "BrowserFailed")


@tap.case("SI-43", "with a display and no portal, xdg-open opens the Uri", start=False)
def xdg_open(world):
    program, notes = browser.install(world.session, name="xdg-open")
    world.broker.environment.update(BROWSER="", DISPLAY=":9",
                                    PATH=f"{program.parent}:/usr/bin:/bin")
    world.broker.start()
    path = world.broker.sign_in(open_browser=True)
    end = world.broker.end_of(path)
    tap.equal((end["State"], end["ErrorMessage"]), ("done", ""), "end")
    tap.equal(notes.read_text(), end["Uri"] + "\n", "what xdg-open was given")


@tap.case("SI-44", "several programs in BROWSER: the first that works", start=False)
def browsers(world):
    program, notes = browser.install(world.session)
    world.broker.environment["BROWSER"] = f"/nonexistent:/bin/false:{program} %s:/bin/false"
    world.broker.start()
    end = world.broker.end_of(world.broker.sign_in(open_browser=True))
    tap.equal((end["State"], end["ErrorMessage"]), ("done", ""), "end")
    tap.equal(len(notes.read_text().splitlines()), 1, "visits")


@tap.case("SI-45", "a running sign-in is not joined for another provider")
def join_other_provider(world):
    world.server.write_provider("other")
    path, _ = start(world, "me")
    for provider in ("other", "no-such-provider"):
        expect_error("InvalidArgs", world.broker.sign_in, "me", provider=provider)
    tap.equal(world.broker.sign_in("me", provider="tidio"), path, "path for its own provider")
    world.broker.cancel(path)


@tap.case("SI-46", "a keyring that hangs: SignIn answers, and no account of another provider is "
          "replaced", account="")
def other_provider_behind_a_hang(world):
    world.server.write_provider("other", ClientId=PUBLIC_CLIENT_ID, ClientAuthentication="none")
    before = world.keyring.records()
    world.broker.stop()
    keyring = world.session.keyring.process
    keyring.send_signal(signal.SIGSTOP)
    try:
        world.broker.start()
        path = world.broker.sign_in("tidio", provider="other", open_browser=False)
    finally:
        keyring.send_signal(signal.SIGCONT)
    page = browser.visit(world.broker.uri(path))
    tap.equal(world.broker.end_of(path)["State"], "failed", "state")
    tap.lacks(page.body, "Authorization successful!", "page")
    tap.equal(world.broker.account("tidio")["Provider"], "tidio", "provider")
    tap.equal(world.keyring.records(), before, "what is stored")
    world.bus.wait_for(lambda: world.server.counters()["revocations"] == 2, DEADLINE,
                       "the tokens of the other provider given back", poll=True)


@tap.case("SI-47", "both a code and an error with the right state: 400, SignInFailed, no request",
          account="")
def code_and_error(world):
    before = world.keyring.records()
    world.server.control(reset_counters=True)
    for complete in (False, True):
        path, uri = start(world)
        address = f"{browser.decide(uri)}&error=access_denied"
        if complete:
            world.broker.complete(path, address)
        else:
            tap.equal(browser.fetch(address).status, 400, "status of the page")
        failed(world.broker.end_of(path), "SignInFailed")
    tap.equal(world.server.counters()["token"], 0, "token requests")
    tap.equal(world.keyring.records(), before, "what is stored")


tap.main(World)
