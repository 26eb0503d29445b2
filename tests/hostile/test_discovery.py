#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile rows: what an issuer says of itself, and how."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap
from harness.issuer import OPENID, WELL_KNOWN
from harness.issuer_world import IssuerWorld
from rows import add_rows, main

PLACES = {WELL_KNOWN: "RFC 8414", OPENID: "OpenID"}
# Where a good document is that must not be found.
ELSEWHERE = "/elsewhere"


def outcome(world):
    """How a sign-in ends, and where it asked on the way."""
    path = world.broker.sign_in()
    end = world.broker.end_of(path)
    asked = ", ".join(PLACES.get(place, place) for place in world.asked())
    tap.equal(end["Uri"], "", "the authorization URI")
    counters = world.server.counters()
    tap.equal((counters["authorize"], counters["token"]), (0, 0), "requests to the server")
    return f"{end['Error'].rpartition('.')[2]}; asked: {asked}"


def document(**members):
    """Such a document; behind it there is a good one that must not be asked for."""
    def run(world):
        world.publish(OPENID)
        world.publish(**members)
        return outcome(world)
    return run


def moved(status, location):
    """The document is said to be elsewhere."""
    def run(world):
        world.publish(ELSEWHERE)
        world.issuer.answer(WELL_KNOWN, status, Location=location.format(uri=world.issuer.uri))
        world.issuer.answer(OPENID, status, Location=location.format(uri=world.issuer.uri))
        return outcome(world)
    return run


def endpoint(uri):
    """Where the browser is to go; in braces, the issuer's own address."""
    def run(world):
        return document(authorization_endpoint=uri.format(uri=world.issuer.uri))(world)
    return run


def deep(world):
    world.issuer.answer(WELL_KNOWN, 200, '{"issuer":' + "[" * 100_000)
    return outcome(world)


REFUSED = "InvalidResponse; asked: RFC 8414"
NOT_ALLOWED = "NotConfigured; asked: RFC 8414"
BOTH = "InvalidResponse; asked: RFC 8414, OpenID"

ROWS = [
    ("CF-01a", "metadata of another issuer", document(issuer="https://evil.example"), REFUSED),
    ("CF-01b", "metadata of no issuer", document(issuer=None), REFUSED),
    ("CF-01c", "an issuer and more of it", document(issuer=["http://127.0.0.1"]), REFUSED),
    ("CF-01d", "a token endpoint at http://", document(token_endpoint="http://evil.example/t"),
     REFUSED),
    ("CF-01e", "a revocation endpoint at http://",
     document(revocation_endpoint="http://evil.example/r"), REFUSED),
    ("CF-01f", "a redirect", moved(302, ELSEWHERE), BOTH),
    ("CF-01g", "a redirect, permanent and absolute", moved(308, "{uri}" + ELSEWHERE), BOTH),
    ("CF-01h", "a redirect to a file", moved(301, "file:///etc/passwd"), BOTH),
    ("CF-01i", "a redirect to itself", moved(302, WELL_KNOWN), BOTH),
    ("CF-01j", "a redirect from each address to the other", moved(302, OPENID), BOTH),
    ("CF-01k", "a document of 5 MB", document(more="x" * 5_000_000), REFUSED),
    ("CF-01l", "a document nested 100000 deep", deep, BOTH),
    ("CF-02a", "an endpoint on another host", endpoint("http://localhost:1/a"), NOT_ALLOWED),
    ("CF-02b", "an endpoint on another host over https", endpoint("https://evil.example/a"),
     NOT_ALLOWED),
    ("CF-02c", "a host that begins like the right one",
     endpoint("https://127.0.0.1.evil.example/a"), NOT_ALLOWED),
    ("CF-02d", "a host with a command behind it", endpoint("https://127.0.0.1;id/a"), NOT_ALLOWED),
    ("CF-02e", "the right host as user info", endpoint("https://127.0.0.1@evil.example/a"),
     REFUSED),
    ("CF-02f", "file:///", endpoint("file:///etc/passwd"), REFUSED),
    ("CF-02g", "javascript:", endpoint("javascript:alert(1)"), REFUSED),
    ("CF-02h", "data:", endpoint("data:text/html,x"), REFUSED),
    ("CF-02i", "an option, -e", endpoint("-e"), REFUSED),
    ("CF-02j", "an option in front of the endpoint", endpoint("--x={uri}/a"), REFUSED),
    ("CF-02k", "a command behind it, with ;", endpoint("{uri}/a; touch x"), REFUSED),
    ("CF-02l", "a command in it, with backticks", endpoint("{uri}/`touch`"), REFUSED),
    ("CF-02m", "a line end", endpoint("{uri}/a\r\nX: y"), REFUSED),
    ("CF-02n", "a backslash", endpoint("http://127.0.0.1\\@evil.example/a"), REFUSED),
    ("CF-02o", "nothing", endpoint(""), REFUSED),
]


add_rows([(*row, {"publish": False}) for row in ROWS])
main(IssuerWorld)
