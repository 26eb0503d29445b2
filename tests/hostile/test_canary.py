#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether the search for secrets, which every case of every suite ends with, finds them: each row
puts one where it must not be. See tests/harness/canaries.py."""

import base64
import json
import pathlib
import subprocess
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

from harness import browser, tap
from harness.broker import ACCOUNT, SIGN_IN, account_path, options
from harness.bus_watch import parse
from harness.world import World
import rows

ODD_SECRET = 'Grüße "&" 100%/42 = ÿ'


class PlantedWorld(World):
    """A world in which something is to be found. `planted`: all that is."""

    def __init__(self, **wishes):
        super().__init__(**wishes)
        self.planted = []

    def check_canaries(self, found):
        tap.equal(found, self.planted, "what was found")

    def plant(self, data, folder="logs"):
        path = pathlib.Path(self.session.root) / folder / "planted"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())

    def expect(self, what, where="logs/planted"):
        self.planted.append(f"{what} in {where}")
        return "found"


def refresh_token(world):
    return world.keyring.records()["tidio"]["refresh_token"]


def plant_token(form, folder="logs", what="a code or token with a mark"):
    def run(world):
        world.plant(form(refresh_token(world)), folder)
        return world.expect(what, f"{folder}/planted")
    return run


def plant_replaced(what="a code or token with a mark"):
    """One that nobody has any more."""
    def run(world):
        before = refresh_token(world)
        world.broker.token(rejected=world.broker.token())
        tap.check(refresh_token(world) != before, "another refresh token")
        world.plant(before)
        return world.expect(what)
    return run


def plant_odd(form):
    def run(world):
        world.secrets.add(ODD_SECRET)
        world.plant(form(ODD_SECRET))
        return world.expect("a secret")
    return run


def sign_in(world):
    """The authorization URI and the address of its answer."""
    path = world.broker.sign_in()
    uri = world.broker.uri(path)
    address = browser.decide(uri)
    browser.fetch(address)
    world.broker.end_of(path)
    return uri, address


def plant_state(world):
    uri, _address = sign_in(world)
    world.plant("state is " + dict(browser.query(uri))["state"])
    return world.expect("a state")


def plant_code(what="a code or token with a mark"):
    def run(world):
        _uri, address = sign_in(world)
        world.plant("code is " + dict(browser.query(address))["code"])
        return world.expect(what)
    return run


def plant_verifier(world):
    """With a challenge that this row knows the verifier of."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    uri = f"http://127.0.0.1/?state=x&code_challenge={challenge}"
    world.bus.connection.emit_signal(None, "/", "org.tidio.Tests", "Uri",
                                     GLib.Variant("(s)", (uri,)))
    world.plant(f"verifier: {verifier}")
    return world.expect("a code verifier")


def plant_argument(world):
    """On the command line of a program that still runs at the end."""
    world.session.spawn("cat", ["sh", "-c", "read line", refresh_token(world)],
                        stdin=subprocess.PIPE)
    return world.expect("a code or token with a mark", "the command line of sh")


def plant_environment(world):
    world.session.spawn("cat", ["sh", "-c", "read line"], {"TOKEN": refresh_token(world)},
                        stdin=subprocess.PIPE)
    world.planted.append("a code or token in the environment of sh")
    return "found"


class Impostor:
    """Owns the broker's name once the broker is gone, and says what it must not say."""

    def __init__(self, world):
        world.broker.stop()
        self.bus = world.session.new_bus()
        self.bus.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                      "RequestName", GLib.Variant("(su)", ("org.tidio.Auth", 4)))

    def emit(self, text):
        self.bus.connection.emit_signal(
            None, account_path("tidio"), "org.freedesktop.DBus.Properties", "PropertiesChanged",
            GLib.Variant("(sa{sv}as)", (ACCOUNT, options({"Label": text}), [])))
        self.bus.connection.flush_sync(None)


def plant_signal(form, what="a code or token with a mark"):
    def run(world):
        text = form(refresh_token(world))
        Impostor(world).emit(text)
        return world.expect(what, "PropertiesChanged of the broker")
    return run


def plant_state_outside(world):
    """A state on the bus elsewhere than in an authorization URI."""
    uri, _address = sign_in(world)
    Impostor(world).emit(dict(browser.query(uri))["state"])
    return world.expect("a state", "PropertiesChanged of the broker")


def uri_is_allowed(world):
    """The state in the authorization URI, and the token that GetToken answers, are meant."""
    path = world.broker.sign_in()
    uri = world.broker.uri(path)
    tap.contains(uri, "state=", "uri")
    world.broker.cancel(path)
    seen = world.session.bus.get_all("org.tidio.Auth", path, SIGN_IN)["State"]
    token = world.broker.token()
    watch = world.session.watches[-1]
    world.bus.wait_for(lambda: any(token.encode() in message for message in watch.messages), 10,
                       "the answer on the bus", poll=True)
    answers = [parse(message) for message in watch.messages if token.encode() in message]
    tap.equal({answer.get_error_name() for answer in answers}, {None}, "answers")
    return f"{seen}, nothing found"


rows.add_rows([
    (f"CN-{number:02}", *row, {"account": ""}) for number, row in enumerate([
        ("a refresh token in a log", plant_token(str), "found"),
        ("the same in base64", plant_token(lambda t: base64.b64encode(f"ab{t}".encode())),
         "found"),
        ("the same in base64url, one byte on",
         plant_token(lambda t: base64.urlsafe_b64encode(f"abc{t}".encode())), "found"),
        ("the same percent-encoded, byte for byte",
         plant_token(lambda t: "".join(f"%{ord(c):02X}" for c in t)), "found"),
        ("the same in hexadecimal digits", plant_token(lambda t: t.encode().hex()), "found"),
        ("twelve characters of its end", plant_token(lambda t: f"({t[-12:]})", what="a secret"),
         "found"),
        ("a secret with odd characters", plant_odd(str), "found"),
        ("the same percent-encoded", plant_odd(lambda t: urllib.parse.quote(t, safe="")), "found"),
        ("the same JSON-escaped", plant_odd(json.dumps), "found"),
        ("the same in base64", plant_odd(lambda t: base64.b64encode(b"x" + t.encode())), "found"),
        ("a refresh token that was replaced", plant_replaced(), "found"),
        ("a code", plant_code(), "found"),
        ("a state", plant_state, "found"),
        ("a code verifier", plant_verifier, "found"),
        ("a refresh token in a file of the state folder", plant_token(str, "state"), "found"),
        ("the same in a temporary file", plant_token(str, "tmp"), "found"),
        ("the same on a command line", plant_argument, "found"),
        ("the same in an environment", plant_environment, "found"),
        ("the same in a signal of the broker", plant_signal(str), "found"),
        ("the same in base64", plant_signal(lambda t: base64.b64encode(t.encode()).decode()),
         "found"),
        ("a state in a signal", plant_state_outside, "found"),
        ("what is meant: a state in Uri, an access token from GetToken", uri_is_allowed,
         "failed, nothing found"),
    ], 1)])

def of(kind):
    return {"account": "", "kind": kind}


rows.add_rows([
    ("CN-31", "a refresh token of Authlib that was replaced", plant_replaced(), "found",
     of("authlib")),
    ("CN-32", "a code of Authlib", plant_code(), "found", of("authlib")),
    ("CN-33", "a refresh token of oidc-provider that was replaced", plant_replaced(), "found",
     of("oidc-provider")),
    ("CN-34", "a code of oidc-provider", plant_code(), "found", of("oidc-provider")),
    ("CN-35", "a refresh token of Glewlwyd that was replaced", plant_replaced("a secret"), "found",
     of("glewlwyd")),
    ("CN-36", "a code of Glewlwyd", plant_code("a secret"), "found", of("glewlwyd")),
])

rows.main(PlantedWorld)
