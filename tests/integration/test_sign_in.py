#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""SignIn: its object on the bus, and every way it can end. What hostile programs do to its callback
server stands in tests/hostile."""

import json
import pathlib
import re
import signal
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import browser, ports, tap
from harness.broker import DEADLINE, PATH, SIGN_IN, expect_error, error_name
from harness.peer import Peer
from harness.portal import Portal
from harness.servers import (CLIENT_ID, CLIENT_SECRET, PUBLIC_CLIENT_ID, places,
                             provider_text)
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


def wait_closed(world, port):
    world.bus.wait_for(lambda: not ports.listening(port), 3, "the listener to close", poll=True)


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


@tap.case("SI-20", "$BROWSER is given the Uri and its user signs in", start=False)
def browser_called(world):
    program, notes = browser.install(world.session)
    world.broker.environment["BROWSER"] = str(program)
    world.broker.start()
    path = world.broker.sign_in(open_browser=True)
    end = world.broker.end_of(path)
    tap.equal((end["State"], end["ErrorMessage"]), ("done", ""), "end")
    tap.equal(notes.read_text(), end["Uri"] + "\n", "what the browser was given")


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
                       ("TokenRequestFormat", "xml"),
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


@tap.case("SI-51", "a slip in a provider's name is answered with the name that was meant")
def similar_provider(world):
    world.server.write_provider("example")
    for slip, words in (("tidoi", "did you mean tidio"), ("exampel", "did you mean example"),
                        ("elsewhere", "put its file into")):
        tap.contains(expect_error("NotConfigured", world.broker.sign_in, "a", provider=slip),
                     words, "message")


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
    tap.contains(browser.fetch(address).body, "Authorization successful!", "page")
    tap.equal(list(world.keyring.records()), ["tidio"], "accounts in the keyring")
    tap.equal(world.broker.end_of(path)["State"], "done", "state")


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


@tap.case("SI-52", "who started it is gone: the first program that joins it then may complete it")
def complete_taken_over(world):
    first = world.broker.other_caller()
    path = first.sign_in()
    tap.equal(world.broker.sign_in(), path, "the sign-in that is joined")
    address = browser.decide(world.broker.uri(path))
    expect_error("NotAuthorized", world.broker.complete, path, address)
    name = first.bus.unique_name
    first.bus.close()
    world.bus.wait_for(lambda: not world.bus.owner(name), DEADLINE, "it to be gone", poll=True)
    expect_error("NotAuthorized", world.broker.complete, path, address)
    tap.equal(world.broker.sign_in(), path, "the same")
    stranger = world.broker.other_caller()
    tap.equal(stranger.sign_in(), path, "the same for a third one")
    expect_error("NotAuthorized", stranger.complete, path, address)
    world.broker.complete(path, address)
    tap.equal(world.broker.end_of(path)["State"], "done", "state")


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


@tap.case("SI-41", "without BROWSER the desktop portal opens the Uri",
          environment={**CREDENTIALS, "BROWSER": ""})
def portal(world):
    desktop = Portal(world.session.new_bus(), response=0)
    path = world.broker.sign_in(open_browser=True)
    world.bus.wait_for(lambda: desktop.opened, DEADLINE, "a call of the portal")
    tap.equal(desktop.opened, [world.broker.uri(path)], "what the portal was given")
    browser.visit(desktop.opened[0])
    tap.equal(world.broker.end_of(path)["State"], "done", "state")


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


@tap.case("SI-47", "Complete with both a code and an error: SignInFailed, no request", account="")
def code_and_error(world):
    before = world.keyring.records()
    world.server.control(reset_counters=True)
    path, uri = start(world)
    world.broker.complete(path, f"{browser.decide(uri)}&error=access_denied")
    failed(world.broker.end_of(path), "SignInFailed")
    tap.equal(world.server.counters()["token"], 0, "token requests")
    tap.equal(world.keyring.records(), before, "what is stored")


@tap.case("SI-48", "Complete after the end: SignInFailed, no request", account="")
def complete_too_late(world):
    path, uri = start(world)
    address = browser.decide(uri)
    world.broker.cancel(path)
    tap.equal(world.broker.end_of(path)["Error"], error_name("SignInCancelled"), "error")
    exchanges = world.server.counters()["code_exchanges"]
    expect_error("SignInFailed", world.broker.complete, path, address)
    tap.equal(world.server.counters()["code_exchanges"], exchanges, "code exchanges")


@tap.case("SI-49", "of many that ended the last 32 stay readable")
def many_ended(world):
    paths = []
    for _ in range(40):
        path, _uri = start(world)
        world.broker.cancel(path)
        paths.append(path)
    kept = [path for path, found in world.broker.objects().items() if SIGN_IN in found]
    tap.equal(sorted(kept), sorted(paths[-32:]), "objects")


@tap.case("SI-50", "API calls that hang do not keep a sign-in waiting", account="")
def hanging_calls(world):
    peer = Peer(world.server.port)
    world.session.write_provider("tidio", provider_text(places(peer.uri)))
    world.forget_servers()
    order = peer.plan("/v1/", "hold", 8)
    pending = [world.broker.start_call_api("GET", "contacts", account="tidio") for _ in range(8)]
    order.wait()
    world.sign_in("another")
    order.release()
    tap.equal({one.result(90)[0] for one in pending}, {200}, "statuses")
    peer.close()


tap.main(World)
