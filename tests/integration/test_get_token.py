#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""GetToken: from memory, from the Secret Service, refreshed, and when none of that works."""

import json
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

from harness import browser, tap
from harness.broker import DEADLINE, PATH, expect_error, error_name
from harness.bus import BusError
from harness.watching import Listener
from harness.world import World


def refreshed(world, account=""):
    """A token that was refreshed now: the current one was refused somewhere."""
    return world.broker.token(account, rejected=world.broker.token(account))


def answer(world, body, **more):
    """What the token endpoint says from now on, with status 200."""
    world.server.fail("token", 200, body=body, **more)


@tap.case("GT-01", "from memory: no request, the same token each time", account="")
def from_memory(world):
    tokens = {world.broker.token() for _ in range(5)}
    tap.equal(len(tokens), 1, "different tokens")
    tap.equal(world.server.counters()["token"], 1, "token requests, the sign-in's included")


@tap.case("GT-02", "after a restart: from the Secret Service, no request", account="")
def from_keyring(world):
    before = world.broker.get_token()
    world.broker.restart()
    tap.equal(world.broker.get_token(), before, "token after the restart")
    tap.equal(world.server.counters()["token"], 1, "token requests, the sign-in's included")


@tap.case("GT-03", "expires_in absent: expiry unknown, the token is used")
def no_expiry(world):
    world.server.control(lifetime=0)
    world.sign_in()
    text, expires_at, _details = world.broker.get_token()
    tap.equal(expires_at, 0, "expires_at")
    tap.equal(world.broker.account("tidio")["ExpiresAt"], 0, "property ExpiresAt")
    tap.equal(world.broker.token(), text, "second token")
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes")
    tap.check(refreshed(world) != text, "a refreshed token")


@tap.case("GT-04", "refresh token not rotated: the old one is kept and works again")
def not_rotated(world):
    world.server.control(rotation=False)
    world.sign_in()
    first = world.keyring.records()["tidio"]
    tokens = {first["access_token"], refreshed(world), refreshed(world)}
    tap.equal(len(tokens), 3, "different tokens")
    tap.equal(world.keyring.records()["tidio"]["refresh_token"], first["refresh_token"],
              "refresh token in the keyring")
    tap.equal(world.server.counters()["reuse"], 0, "reused refresh tokens")


@tap.case("GT-05", "rotated: stored before told, so kill -9 right after the answer loses nothing",
          account="")
def crash_safe(world):
    for _ in range(3):
        text = refreshed(world)
        world.broker.kill()
        tap.equal(world.keyring.records()["tidio"]["access_token"], text, "stored token")
        world.broker.start()
    refreshed(world)
    tap.equal(world.server.counters()["reuse"], 0, "reused refresh tokens")


@tap.case("GT-06", "rejected: the current token is refreshed, an old one is not", account="")
def rejected(world):
    first = world.broker.token()
    second = world.broker.token(rejected=first)
    tap.check(second != first, "another token than the rejected one")
    tap.equal(world.broker.token(rejected=first), second, "token after an old one was rejected")
    tap.equal(world.broker.token(rejected="never seen"), second, "token after a foreign one")
    tap.equal(world.server.counters()["refreshes"], 1, "refreshes")


@tap.case("GT-07", "min-validity: longer than what is left means a refresh")
def min_validity(world):
    world.server.control(lifetime=700)
    world.sign_in()
    first = world.broker.token(min_validity=600)
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes")
    world.server.control(lifetime=3600)
    second = world.broker.token(min_validity=701)
    tap.check(second != first, "a refreshed token")
    tap.equal(world.broker.token(min_validity=3000), second, "token that is valid long enough")
    tap.equal(world.server.counters()["refreshes"], 1, "refreshes")


@tap.case("GT-08", "min-validity longer than tokens live: one refresh per call, never a loop",
          account="")
def min_validity_beyond(world):
    text, expires_at, _details = world.broker.get_token(min_validity=86400)
    tap.check(text and expires_at, "a token")
    tap.equal(world.server.counters()["refreshes"], 1, "refreshes")


@tap.case("GT-09", "interactive with no account: a sign-in starts, the call waits for its end")
def interactive(world):
    signals = world.broker.record()
    pending = world.broker.start_get_token(interactive=True)
    path = find_sign_in(world, signals)
    tap.check(not pending.done, "the call still waits")
    browser.visit(world.broker.uri(path))
    tap.equal(pending.result()[0], world.keyring.records()["tidio"]["access_token"], "token")


def find_sign_in(world, signals):
    """The path of the sign-in that somebody else's call started."""
    def look():
        return [args[0] for _path, _interface, member, args in signals
                if member == "InterfacesAdded" and "org.tidio.Auth.SignIn" in args[1]]
    return world.bus.wait_for(look, DEADLINE, "a sign-in")[0]


@tap.case("GT-70", "interactive: the first program that joins its sign-in may complete it")
def interactive_completed(world):
    caller, first, second = (world.broker.other_caller() for _ in range(3))
    signals = world.broker.record()
    pending = caller.start_get_token(interactive=True)
    path = find_sign_in(world, signals)
    address = browser.decide(world.broker.uri(path))
    expect_error("NotAuthorized", first.complete, path, address)
    tap.equal([first.sign_in(), second.sign_in()], [path, path], "paths")
    for other in (caller, second):
        expect_error("NotAuthorized", other.complete, path, address)
    first.complete(path, address)
    tap.equal(pending.result()[0], world.keyring.records()["tidio"]["access_token"], "token")


@tap.case("GT-10", "interactive with a lost login: the sign-in is named by its end", account="")
def interactive_denied(world):
    world.server.control(revoke_grants=True)
    text = world.broker.token()
    expect_error("SignInRequired", world.broker.get_token, rejected=text)
    signals = world.broker.record()
    pending = world.broker.start_get_token(interactive=True)
    browser.visit(world.broker.uri(find_sign_in(world, signals)), "deny")
    expect_error("SignInDenied", pending.result)


@tap.case("GT-11", "interactive opens $BROWSER by itself", start=False)
def interactive_browser(world):
    program, notes = browser.install(world.session)
    world.broker.environment["BROWSER"] = str(program)
    world.broker.start()
    text = world.broker.token(interactive=True)
    tap.equal(world.keyring.records()["tidio"]["access_token"], text, "token")
    tap.contains(notes.read_text(), "/oauth/authorize?", "what the browser was given")


@tap.case("GT-12", "unknown options and wrong types are InvalidArgs", account="")
def bad_options(world):
    for wishes in ({"no_such": True}, {"interactive": "yes"}, {"min_validity": "60"},
                   {"min_validity": GLib.Variant("i", 60)}, {"rejected": 1}, {"timeout": 0},
                   {"timeout": 121}, {"min_validity": 86401},
                   {"timeout": GLib.Variant("v", GLib.Variant("u", 5))}):
        expect_error("InvalidArgs", world.broker.get_token, **wishes)
    tap.equal(world.broker.get_token(timeout=1, min_validity=0)[2]["type"], "Bearer", "type")


@tap.case("GT-13", "account ids that cannot be are InvalidArgs, unknown ones NoSuchAccount",
          account="")
def bad_accounts(world):
    for account in ("-x", ".x", "a b", "a/b", "ä", "x" * 65):
        expect_error("InvalidArgs", world.broker.get_token, account)
    for account in ("other", "x" * 64, "a@b.example"):
        message = expect_error("NoSuchAccount", world.broker.get_token, account)
        tap.contains(message, "tidio", "the choices")


@tap.case("GT-14", "several accounts and no default: NoSuchAccount names the choices")
def ambiguous(world):
    world.sign_in("work")
    world.sign_in("home")
    message = expect_error("NoSuchAccount", world.broker.get_token)
    for account in ("work", "home"):
        tap.contains(message, account, "the choices")
    message = expect_error("NoSuchAccount", world.broker.get_token, "wrok")
    tap.contains(message, "did you mean work", "a slip")
    longest = ("x" * 31 + "y", "x" * 64)
    for account in longest:
        world.sign_in(account)
    message = expect_error("NoSuchAccount", world.broker.get_token, longest[0][:-1])
    tap.check(f"did you mean {longest[0]}" in message and len(message) <= 200, message)
    tap.check(world.broker.token("work") != world.broker.token("home"), "different tokens")


@tap.case("GT-15", "invalid_grant: SignInRequired, told by State too, and kept over a restart",
          account="")
def login_ended(world):
    signals = world.broker.record()
    text = world.broker.token()
    world.server.control(revoke_grants=True)
    expect_error("SignInRequired", world.broker.get_token, rejected=text)
    tap.equal(world.broker.state("tidio"), "sign-in-required", "state")
    changed = [args[1]["State"] for _path, _interface, member, args in signals
               if member == "PropertiesChanged" and "State" in args[1]]
    tap.equal(changed[-1:], ["sign-in-required"], "PropertiesChanged of State")
    world.server.control(reset_counters=True)
    expect_error("SignInRequired", world.broker.get_token, rejected=text)
    tap.equal(world.server.counters()["refreshes"], 0, "requests with a refused refresh token")
    world.broker.restart()
    tap.equal(world.broker.state("tidio"), "sign-in-required", "state after a restart")
    world.sign_in("tidio")
    tap.equal(world.broker.state("tidio"), "ready", "state after a new sign-in")
    tap.check(world.broker.token() != text, "a new token")


def stored(world):
    """The account's record, but for the mark that a refresh was begun."""
    record = world.keyring.records()["tidio"]
    return {key: value for key, value in record.items() if key != "refresh_intent"}


def check_survives(world, short, make_trouble, heal=None):
    """The trouble gives that error, loses nothing, and once it is over tokens come again."""
    before = stored(world)
    make_trouble()
    # Refused, as the API does: the token cannot be answered from memory.
    names = short if isinstance(short, tuple) else (short,)
    try:
        result = world.broker.get_token(rejected=before["access_token"])
        raise tap.Failure(f"expected one of {names}\nseen a token of {len(result[0])} characters")
    except BusError as error:
        tap.check(error.name in [error_name(name) for name in names],
                  f"one of {names}, not {error}")
    tap.equal(stored(world), before, "what is stored")
    tap.check(world.broker.is_alive(), "the broker lives")
    (heal or (lambda: world.server.heal("token")))()
    text = world.broker.token(rejected=before["access_token"])
    tap.check(text != before["access_token"], "a refreshed token afterwards")
    tap.equal(world.keyring.records()["tidio"]["refresh_intent"], 0, "mark of a refresh under way")


@tap.case("GT-16", "503: ServerError, later fine", account="")
def server_error(world):
    check_survives(world, "ServerError", lambda: world.server.fail("token", 503))


@tap.case("GT-17", "429: RateLimited, later fine", account="")
def rate_limited(world):
    check_survives(world, "RateLimited", lambda: world.server.fail("token", 429))


@tap.case("GT-18", "invalid_client: ClientRejected, the login is kept", account="")
def client_rejected(world):
    check_survives(world, "ClientRejected", lambda: world.server.fail("token", 401))
    tap.equal(world.broker.state("tidio"), "ready", "state")


@tap.case("GT-19", "no answer in time: Timeout, later fine", account="")
def no_answer(world):
    old = world.broker.token()
    world.server.control(delay=3000)
    expect_error("Timeout", world.broker.get_token, rejected=old, timeout=1)
    world.server.control(delay=0)
    tap.check(world.broker.token(rejected=old) != old, "a refreshed token")
    tap.equal(world.server.counters()["reuse"], 0, "reused refresh tokens")


@tap.case("GT-20", "nobody listens: Network, the token there stays", account="")
def network_down(world):
    old = world.broker.token()
    world.server.process.terminate()
    world.server.process.wait()
    expect_error("Network", world.broker.get_token, rejected=old)
    tap.equal(world.broker.token(), old, "token that is still valid")


@tap.case("GT-21", "a failed refresh of a token that is still valid: degraded")
def degraded(world):
    world.server.control(lifetime=100)
    world.sign_in()
    old = world.broker.token()
    world.server.fail("token", 503)
    text, expires_at, details = world.broker.get_token(min_validity=600)
    tap.equal((text, details["degraded"]), (old, True), "token and degraded")
    tap.between(expires_at, time.time() + 50, time.time() + 100, "expires_at")
    tap.check(not world.broker.get_token()[2]["degraded"], "not degraded when it is long enough")


DEEP = "[" * 100000
GOOD = '"access_token":"aaaaaaaaaa","token_type":"Bearer"'
HOSTILE = (
    ("deep nesting", '{"access_token":' + DEEP),
    ("deep nesting in an unknown member", "{" + GOOD + ',"x":' + DEEP + "]" * 100000 + "}"),
    ("an empty body", ""),
    ("white space", "  \n"),
    ("HTML", "<html><body>Sign in to the Wi-Fi</body></html>"),
    ("an array", "[]"),
    ("null", "null"),
    ("two documents", "{" + GOOD + "}{" + GOOD + "}"),
    ("cut off", "{" + GOOD),
    ("no token", '{"token_type":"Bearer","expires_in":3600}'),
    ("a token that is a number", '{"access_token":5,"token_type":"Bearer"}'),
    ("a token that is null", '{"access_token":null,"token_type":"Bearer"}'),
    ("a token that is an object", '{"access_token":{},"token_type":"Bearer"}'),
    ("an empty token", '{"access_token":"","token_type":"Bearer"}'),
    ("a token with a line break", '{"access_token":"a\\r\\nX-Evil: 1","token_type":"Bearer"}'),
    ("a token with a NUL", '{"access_token":"a\\u0000b","token_type":"Bearer"}'),
    ("a token that is not ASCII", '{"access_token":"\\u00e4","token_type":"Bearer"}'),
    ("another token type", '{"access_token":"aaaaaaaaaa","token_type":"mac"}'),
    ("a huge answer", "{" + GOOD + ',"x":"' + "y" * 600000 + '"}'),
)


def add_hostile(number, what, body):
    @tap.case(f"GT-{number}", f"token answer with {what}: refused, nothing lost", account="")
    def hostile(world):
        check_survives(world, ("InvalidResponse", "ResponseTooLarge"),
                       lambda: answer(world, body))


for index, (kind_of_body, text_of_body) in enumerate(HOSTILE, 30):
    add_hostile(index, kind_of_body, text_of_body)


@tap.case("GT-50", "cosmetic defects never void an answer with a usable token", account="")
def cosmetic(world):
    for number, more in enumerate(('"expires_in":"soon"', '"expires_in":-1', '"expires_in":1e400',
                                   '"expires_in":99999999999999999999999', '"scope":5',
                                   '"refresh_token":null', '"unknown":{"a":[1,2]}',
                                   '"name":"Ann \\ud83d"', '"\\u0000":"Ann\\u0000"')):
        if number % 4 == 0:
            # Who rejects one token after the other would have to wait now.
            world.broker.restart()
        text = f"usable-token-{number}"
        body = json.dumps({"access_token": text, "token_type": "bearer"})[:-1] + "," + more + "}"
        answer(world, body)
        tap.equal(refreshed(world), text, f"token with {more}")
        tap.equal(world.broker.get_token()[1], 0 if "expires_in" in more else
                  world.broker.get_token()[1], "expires_at")
    world.server.heal("token")
    tap.check(len(refreshed(world)) > 30, "a token by the refresh token that was kept")


@tap.case("GT-51", "a caller that leaves does not stop a refresh", account="")
def caller_leaves(world):
    old = world.broker.token()
    world.server.control(delay=500)
    other = world.broker.other_caller()
    other.start_get_token(rejected=old)
    other.bus.connection.flush_sync(None)
    other.bus.close()
    text = world.broker.token(rejected=old)
    tap.check(text != old, "a refreshed token")
    tap.equal(world.server.counters()["refreshes"], 1, "refreshes")


@tap.case("GT-52", "details: scopes as granted")
def scopes(world):
    world.sign_in(scopes=["contacts:read", "operators:read"])
    details = world.broker.get_token()[2]
    tap.equal(sorted(details["scopes"]), ["contacts:read", "operators:read"], "scopes")
    tap.equal(sorted(world.broker.account("tidio")["Scopes"]),
              ["contacts:read", "operators:read"], "property Scopes")


@tap.case("GT-53", "no refresh token: SignInRequired once the token is spent", account="")
def no_refresh_token(world):
    world.keyring.set_secret(world.keyring.accounts()[0]["path"],
                             without_refresh_token(world))
    world.broker.restart()
    text = world.broker.token()
    expect_error("SignInRequired", world.broker.get_token, rejected=text)


def without_refresh_token(world):
    record = world.keyring.records()["tidio"]
    record.pop("refresh_token")
    return json.dumps(record).encode()


@tap.case("GT-57", "no refresh token: State tells that the token is over, without anybody asking")
def over_by_itself(world):
    answer(world, json.dumps({"access_token": "short-lived", "token_type": "Bearer",
                              "expires_in": 3}))
    listener = Listener(world.broker)
    start = time.monotonic()
    world.sign_in()
    listener.wait_for_state("tidio", "sign-in-required")
    tap.check(time.monotonic() - start >= 2, "not before its time")
    tap.equal(listener.states("tidio"), ["ready", "sign-in-required"], "states")
    world.server.heal("token")
    world.sign_in()
    listener.wait_for_state("tidio", "ready")


@tap.case("GT-54", "a damaged item: StorageCorrupt, and the broker lives",
          account="")
def damaged(world):
    world.sign_in("second")
    for item in world.keyring.accounts():
        if json.loads(item["secret"])["account"] == "tidio":
            world.keyring.set_secret(item["path"], b'{"account":"tidio","version":1,"access')
    world.broker.restart()
    tap.check(world.broker.token("second"), "the token of the other account")
    expect_error("StorageCorrupt", world.broker.token, "tidio")
    tap.equal(len(world.keyring.accounts()), 2, "items in the keyring: nothing is thrown away")


@tap.case("GT-60", "timeout holds while the keyring hangs, and while a person signs in", account="")
def time_out(world):
    expect_error("Timeout", world.broker.get_token, "somebody-new", interactive=True, timeout=1)
    world.broker.cancel(PATH + "/SignIns/1")
    text = world.broker.token()
    keyring = world.session.keyring.process
    keyring.send_signal(signal.SIGSTOP)
    try:
        expect_error("Timeout", world.broker.get_token, rejected=text, timeout=1)
    finally:
        keyring.send_signal(signal.SIGCONT)
    tap.check(world.broker.token() != "", "a token afterwards")


@tap.case("GT-69", "a provider file that is broken meanwhile: the token that is valid is served",
          account="")
def broken_file(world):
    token = world.broker.token()
    world.session.write_provider("tidio", "[Provider]\nNonsense=1\n")
    seen, _expires_at, details = world.broker.start_get_token(**{"min-validity": 86000}).result()
    tap.equal((seen, details["degraded"]), (token, True), "token, degraded")
    expect_error("NotConfigured", world.broker.token, rejected=token)


tap.main(World)
