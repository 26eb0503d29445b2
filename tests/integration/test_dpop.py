#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""DPoP (RFC 9449): proofs at the token endpoint and the API, nonces, and what is refused."""

import base64
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from authlib.jose import JsonWebKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from harness import browser, tap
from harness.broker import DEADLINE, error_name, expect_error
from harness.cli import Cli
from harness.dpop import Front
from harness.world import World

CHALLENGE = 'DPoP error="use_dpop_nonce"'


class DpopWorld(World):
    """A world whose token endpoint and API want proofs. `dpop`: what the provider file says."""

    def __init__(self, dpop="required", keys=(), **options):
        self.front = Front(lambda: self.server)
        provider = {**self.front.provider_keys(), "Dpop": dpop, **dict(keys)}
        super().__init__(provider=provider, **options)

    def __exit__(self, *failure):
        try:
            super().__exit__(*failure)
        finally:
            self.front.close()

    def key(self, account="tidio"):
        return self.keyring.records()[account]["dpop_key"]

    def set_dpop(self, value):
        self.server.write_provider(**{**self.provider, "Dpop": value})

    def counts(self):
        """Requests at the token endpoint and at the API."""
        seen = [request[0] for request in self.front.requests]
        return seen.count("token"), seen.count("api")


def thumbprint_of(pem):
    """Of a stored key, by another library than the broker's."""
    public = load_pem_private_key(pem.encode(), None).public_key().public_numbers()
    return JsonWebKey.import_key({"kty": "EC", "crv": "P-256", "x": encode(public.x),
                                  "y": encode(public.y)}).thumbprint()


def encode(number):
    """As RFC 7518 section 6.2 does."""
    data = number.to_bytes(32, "big")
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def all_taken(world):
    tap.equal(world.front.refusals, [], "what the server had to refuse")


@tap.case("DP-01", "sign-in: the code is exchanged with a proof, the token is of type DPoP")
def sign_in(world):
    path = world.broker.sign_in()
    uri = world.broker.uri(path)
    browser.visit(uri)
    tap.equal(world.broker.end_of(path)["State"], "done", "state")
    proof, = world.front.of("token")
    tap.equal(sorted(proof.claims), ["htm", "htu", "iat", "jti"], "claims")
    tap.equal(dict(browser.query(uri))["dpop_jkt"], proof.thumbprint, "dpop_jkt of the page")
    record = world.keyring.records()["tidio"]
    tap.equal(record["token_type"], "DPoP", "type in the keyring")
    tap.equal(thumbprint_of(record["dpop_key"]), proof.thumbprint, "key in the keyring")
    text, _expires_at, details = world.broker.get_token()
    tap.equal((text, details["type"]), (record["access_token"], "DPoP"), "token and type")
    all_taken(world)


@tap.case("DP-02", "API: scheme DPoP, a proof of its own for each call, with the token's hash",
          account="")
def api(world):
    for method, path in (("GET", "contacts?limit=1"), ("GET", "/operators"),
                         ("POST", "sandbox/echo"), ("PUT", "sandbox/echo?a=b%2Fc"),
                         ("DELETE", "sandbox/echo"), ("GET", "contacts?limit=1")):
        status, _body, _details = world.broker.call_api(method, path)
        tap.check(status < 300 or status == 405, f"{method} {path}: {status}")
    proofs = world.front.of("api")
    tap.equal(len(proofs), 6, "proofs")
    tap.equal(len({proof.claims["jti"] for proof in proofs}), 6, "different jti")
    tap.equal(world.front.thumbprints(), {thumbprint_of(world.key())}, "keys")
    token = world.broker.token()
    for request in world.front.requests[1:]:
        tap.equal(request[3]["authorization"], f"DPoP {token}", "Authorization")
        tap.equal(request[2].count(token), 0, "tokens in the path")
    all_taken(world)


@tap.case("DP-03", "a nonce at the token endpoint: one more request, the code is not spent")
def nonce_at_sign_in(world):
    nonce = world.front.token.renew()
    world.sign_in()
    first, second = world.front.of("token")
    tap.equal((first.nonce, second.nonce), (None, nonce), "nonces")
    tap.check(first.claims["jti"] != second.claims["jti"], "another jti")
    bodies = [request[4] for request in world.front.requests]
    tap.equal(bodies[0], bodies[1], "body of the repeated request")
    tap.equal(world.server.counters()["code_exchanges"], 1, "code exchanges")
    all_taken(world)


@tap.case("DP-04", "the newest nonce of each server is used, also one that came with success",
          account="")
def newest_nonce(world):
    world.front.api.renew()
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    tap.equal(world.counts(), (1, 2), "requests")
    old = world.front.api.nonce
    world.front.api.nonce = "newer-nonce"
    world.front.api.demands = False
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    world.front.api.demands = True
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    tap.equal([proof.nonce for proof in world.front.of("api")], [None, old, old, "newer-nonce"],
              "nonces")
    world.front.token.renew()
    world.broker.token(rejected=world.broker.token())
    tap.equal([proof.nonce for proof in world.front.of("token")],
              [None, None, world.front.token.nonce], "nonces at the token endpoint")
    all_taken(world)


@tap.case("DP-05", "a nonce at the API: the call is repeated whole, the token is not refreshed",
          account="")
def nonce_at_api(world):
    world.front.reset()
    nonce = world.front.api.renew()
    status, body, _details = world.broker.call_api("POST", "sandbox/echo", '{"a":1}',
                                                   headers={"X-Request-Id": "7"})
    tap.equal((status, json.loads(body)["body"]), (200, '{"a":1}'), "status and body")
    tap.equal([proof.nonce for proof in world.front.of("api")], [None, nonce], "nonces")
    one, two = world.front.requests
    tap.equal((one[1:3], one[4]), (two[1:3], two[4]), "method, path and body")
    tap.equal((one[3]["x-request-id"], two[3]["x-request-id"]), ("7", "7"), "header")
    all_taken(world)


@tap.case("DP-06", "an API that always wants another nonce: two requests, then the 401 is data",
          account="")
def endless_nonces_at_api(world):
    world.front.reset()
    for number in range(4):
        world.front.scripts["api"].append(
            (401, [("WWW-Authenticate", CHALLENGE), ("DPoP-Nonce", f"nonce-{number}")], b"{}"))
    tap.equal(world.broker.call_api("GET", "contacts")[0], 401, "status")
    tap.equal(world.counts(), (0, 2), "requests")


@tap.case("DP-07", "an API that wants a nonce and gives none: one request, no refresh", account="")
def no_nonce(world):
    for nonces in ([], [("DPoP-Nonce", "a b")], [("DPoP-Nonce", "a"), ("DPoP-Nonce", "b")],
                   [("DPoP-Nonce", "n" * 1025)], [("DPoP-Nonce", 'a"b')]):
        world.front.reset()
        world.front.scripts["api"].append((401, [("WWW-Authenticate", CHALLENGE), *nonces], b"{}"))
        tap.equal(world.broker.call_api("GET", "contacts")[0], 401, "status")
        tap.equal(world.counts(), (0, 1), f"requests with {nonces}")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    tap.equal(world.front.of("api")[-1].nonce, None, "nonce")
    all_taken(world)


@tap.case("DP-08", "a token endpoint that always wants another nonce: two requests, nothing lost",
          account="")
def endless_nonces_at_token(world):
    world.front.reset()
    before = world.keyring.records()["tidio"]
    for number in range(2):
        world.front.scripts["token"].append(
            (400, [("Content-Type", "application/json"), ("DPoP-Nonce", f"nonce-{number}")],
             b'{"error":"use_dpop_nonce"}'))
    message = expect_error("Failed", world.broker.get_token, rejected=before["access_token"])
    tap.contains(message, "use_dpop_nonce", "message")
    tap.equal(world.counts(), (2, 0), "requests")
    tap.equal(world.keyring.records()["tidio"], before, "what is stored")
    tap.equal(world.broker.state("tidio"), "ready", "state")
    tap.check(world.broker.token(rejected=before["access_token"]) != before["access_token"],
              "a refreshed token")
    all_taken(world)


@tap.case("DP-09", "refresh: the same key, rotated tokens stay bound to it", account="")
def refresh(world):
    key = world.key()
    for _ in range(3):
        old = world.broker.token()
        text, _expires_at, details = world.broker.get_token(rejected=old)
        tap.check(text != old, "another token")
        tap.equal(details["type"], "DPoP", "type")
        tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    tap.equal(world.key(), key, "key in the keyring")
    tap.equal(world.front.thumbprints(), {thumbprint_of(key)}, "keys")
    tap.equal(world.server.counters()["reuse"], 0, "reused refresh tokens")
    all_taken(world)


@tap.case("DP-10", "401: one refresh and one retry, also where nonces are wanted on the way",
          account="")
def unauthorized(world):
    world.server.control(expire_access_tokens=True)
    world.front.reset()
    world.front.api.renew()
    world.front.token.renew()
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    tap.equal(world.counts(), (2, 3), "requests")
    tap.equal([proof.nonce for proof in world.front.of("api")],
              [None] + 2 * [world.front.api.nonce], "nonces")
    tokens = [request[3]["authorization"] for request in world.front.requests
              if request[0] == "api"]
    tap.check(tokens[0] == tokens[1] != tokens[2], "the second token is another one")
    tap.equal(world.server.counters()["refreshes"], 1, "refreshes")
    all_taken(world)


@tap.case("DP-11", "a nonce that ran out between two tokens is asked for once per token",
          account="")
def nonce_per_token(world):
    world.front.reset()
    challenge = [("WWW-Authenticate", CHALLENGE)]
    invalid = [("WWW-Authenticate", 'DPoP error="invalid_token"')]
    world.front.scripts["api"] += [(401, [*challenge, ("DPoP-Nonce", "one")], b""),
                                   (401, invalid, b""),
                                   (401, [*challenge, ("DPoP-Nonce", "two")], b"")]
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    tap.equal(world.counts(), (1, 4), "requests")
    tap.equal(world.front.of("api")[-1].nonce, "two", "last nonce")


@tap.case("DP-12", "a Bearer answer where binding is required: refused, nothing is stored")
def bearer_at_sign_in(world):
    for kind in ("Bearer", "bearer"):
        world.front.token_type = kind
        page, end = world.sign_in(succeeds=False)
        tap.lacks(page.body, "successful", "the last page")
        tap.equal((end["State"], end["Error"]), ("failed", error_name("InvalidResponse")), "end")
        tap.contains(end["ErrorMessage"], "binding was required", "message")
        tap.equal(world.keyring.accounts(), [], "items in the keyring")
    given_back(world, 4)


def given_back(world, count):
    world.bus.wait_for(lambda: world.server.counters()["revocations"] == count, DEADLINE,
                       "the unfit tokens given back", poll=True)


@tap.case("DP-13", "a Bearer answer to a refresh: refused, the token that is there stays",
          account="")
def bearer_at_refresh(world):
    before = world.broker.token()
    world.front.token_type = "Bearer"
    message = expect_error("InvalidResponse", world.broker.get_token, rejected=before)
    tap.contains(message, "binding was required", "message")
    text, _expires_at, details = world.broker.get_token()
    tap.equal((text, details["type"]), (before, "DPoP"), "token and type")
    tap.equal(world.keyring.records()["tidio"]["token_type"], "DPoP", "type in the keyring")


@tap.case("DP-14", "a DPoP answer where nothing was proven: refused", dpop="none")
def unasked(world):
    world.front.demands_proofs = False
    for dpop in ("none", "auto"):
        world.set_dpop(dpop)
        _page, end = world.sign_in(succeeds=False)
        tap.equal((end["State"], end["Error"]), ("failed", error_name("InvalidResponse")), "end")
    tap.equal(world.front.proofs, [], "proofs")
    tap.equal(world.keyring.accounts(), [], "items in the keyring")
    given_back(world, 4)


@tap.case("DP-15", "the type counts in any spelling, and is given out as the RFC spells it")
def spelling(world):
    for kind in ("dpop", "DPOP"):
        world.front.token_type = kind
        world.sign_in()
        tap.equal(world.broker.get_token()[2]["type"], "DPoP", "type")
        tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    all_taken(world)


@tap.case("DP-16", "restart and crash: the same key, no request for it", account="")
def restart(world):
    before = world.broker.get_token()
    key = world.key()
    world.broker.restart()
    tap.equal(world.broker.get_token(), before, "token after the restart")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    world.broker.kill()
    world.broker.start()
    tap.check(world.broker.token(rejected=before[0]) != before[0], "a refreshed token")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    tap.equal(world.key(), key, "key")
    tap.equal(world.front.thumbprints(), {thumbprint_of(key)}, "keys")
    all_taken(world)


@tap.case("DP-17", "every sign-in has a key of its own; two accounts do not share one")
def own_keys(world):
    world.sign_in("one")
    first = world.key("one")
    world.sign_in("two")
    world.sign_in("one")
    keys = {first, world.key("one"), world.key("two")}
    tap.equal(len(keys), 3, "different keys")
    for account in ("one", "two"):
        world.front.reset()
        tap.equal(world.broker.call_api("GET", "contacts", account=account)[0], 200, "status")
        tap.equal(world.front.thumbprints(), {thumbprint_of(world.key(account))}, "keys")
    all_taken(world)


@tap.case("DP-18", "the key is in no log, file, property or answer", start=False)
def secrecy(world):
    world.broker.environment.update(G_MESSAGES_DEBUG="all", G_DBUS_DEBUG="all", SOUP_DEBUG="3",
                                    GNUTLS_DEBUG_LEVEL="9")
    world.broker.start()
    world.front.token.renew()
    world.sign_in()
    world.broker.call_api("GET", "contacts")
    world.broker.token(rejected=world.broker.token())
    number = load_pem_private_key(world.key().encode(), None).private_numbers().private_value
    forms = [line for line in world.key().splitlines() if not line.startswith("-----")]
    forms += [encode(number), f"{number:064x}", f"{number:064X}"]
    world.secrets |= set(forms)
    shown = json.dumps([world.broker.account("tidio"), world.broker.get_token()])
    for form in forms:
        tap.lacks(shown, form, "properties and token")
        tap.lacks(str(world.front.requests), form, "requests")
    for folder in ("home", "config", "state", "cache", "data", "run"):
        for path in (world.session.root / folder).rglob("*"):
            if path.is_file() and "keyrings" not in path.parts:
                data = path.read_bytes()
                tap.check(not any(form.encode() in data for form in forms),
                          f"no key in {path.name}")
    all_taken(world)


@tap.case("DP-19", "invalid_dpop_proof: told with its likely cause, the login is kept", account="")
def refused_proof(world):
    before = world.broker.token()
    world.front.scripts["token"].append((400, [("Content-Type", "application/json")],
                                         b'{"error":"invalid_dpop_proof"}'))
    message = expect_error("Failed", world.broker.get_token, rejected=before)
    tap.contains(message, "clock", "message")
    tap.equal(world.broker.state("tidio"), "ready", "state")
    tap.check(world.broker.token(rejected=before) != before, "a refreshed token")


@tap.case("DP-20", "a damaged key: SignInRequired, no request, and a sign-in mends it", account="")
def damaged_key(world):
    record = world.keyring.records()["tidio"]
    item, = world.keyring.accounts()
    world.broker.stop()
    damaged = {**record, "dpop_key": record["dpop_key"].replace("M", "N")}
    world.keyring.set_secret(item["path"], json.dumps(damaged).encode())
    world.broker.start()
    world.front.reset()
    tap.equal(world.broker.token(), record["access_token"], "token")
    expect_error("SignInRequired", world.broker.get_token, rejected=record["access_token"])
    expect_error("SignInRequired", world.broker.call_api, "GET", "contacts")
    tap.equal(world.front.requests, [], "requests")
    tap.equal(world.keyring.records()["tidio"], damaged, "what is stored")
    world.sign_in()
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")


@tap.case("DP-21", "binding is required later: no refresh without a key, a sign-in makes one",
          dpop="none")
def required_later(world):
    world.front.demands_proofs = False
    world.front.token_type = "Bearer"
    world.sign_in()
    before = world.broker.token()
    world.set_dpop("required")
    world.front.reset()
    expect_error("SignInRequired", world.broker.get_token, rejected=before)
    tap.equal(world.front.requests, [], "requests")
    world.front.demands_proofs = True
    world.front.token_type = "DPoP"
    world.sign_in()
    tap.equal(world.broker.get_token()[2]["type"], "DPoP", "type")
    all_taken(world)


@tap.case("DP-22", "binding is given up later: a bound login goes on with its key", account="")
def given_up_later(world):
    world.set_dpop("none")
    old = world.broker.token()
    tap.equal(world.broker.get_token(rejected=old)[2]["type"], "DPoP", "type")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    all_taken(world)
    world.front.token_type = "Bearer"
    expect_error("InvalidResponse", world.broker.get_token, rejected=world.broker.token())
    tap.equal(world.broker.get_token()[2]["type"], "DPoP", "type after a Bearer answer")


@tap.case("DP-23", "a public client with form bodies: its refresh token is bound by the key alone",
          environment={}, keys={"ClientId": "sandbox-public", "ClientAuthentication": "none",
                                "TokenRequestFormat": "form"})
def public_client(world):
    world.front.token.renew()
    world.sign_in()
    old = world.broker.token()
    tap.check(world.broker.token(rejected=old) != old, "a refreshed token")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    all_taken(world)


@tap.case("DP-24", "30 calls at once, with nonces that change: each has a proof of its own",
          account="")
def many(world):
    world.front.reset()
    world.front.api.renew()
    calls = [world.broker.start_call_api("GET", "contacts") for _ in range(30)]
    tap.equal({call.result()[0] for call in calls}, {200}, "statuses")
    tap.equal(len({proof.claims["jti"] for proof in world.front.of("api")}),
              len(world.front.of("api")), "different jti")
    tap.check(len(world.front.of("api")) <= 60, "at most two requests for each")
    all_taken(world)


@tap.case("DP-25", "command line: the header names the type, call is the way to use it",
          account="")
def command_line(world):
    cli = Cli(world.session)
    text = world.broker.token()
    result = cli.run("token", "--header")
    tap.equal((result.code, result.out), (0, f"Authorization: DPoP {text}\n"), "token --header")
    tap.contains(result.err, "tidio-auth call", "stderr")
    result = cli.run("token", "--json")
    tap.equal((json.loads(result.out)["token_type"], result.err), ("DPoP", ""), "token --json")
    result = cli.run("call", "contacts")
    tap.equal((result.code, "contacts" in json.loads(result.out)), (0, True), "call")
    all_taken(world)


@tap.case("DP-29", "git is not given a token that it has no key for", account="",
          keys={"BaseUri": "https://api.example.com/v1/"})
def credential(world):
    result = Cli(world.session).run("credential", "get",
                                    data=b"protocol=https\nhost=api.example.com\n")
    tap.equal((result.code, result.out), (1, ""), f"exit code and stdout of {result}")
    tap.contains(result.err, "tidio-auth call", "stderr")
    all_taken(world)


@tap.case("DP-26", "sign-out revokes; the key goes with the account", account="")
def sign_out(world):
    tap.check(world.broker.sign_out(), "revoked")
    tap.equal(world.keyring.accounts(), [], "items in the keyring")
    tap.equal(world.server.counters()["grants"], 0, "grants alive at the server")


@tap.case("DP-27", "iat is the time of the request, and not ahead of a clock that is a little slow",
          account="")
def issued_at(world):
    world.front.reset()
    start = int(time.time())
    world.broker.call_api("GET", "contacts")
    proof, = world.front.of("api")
    tap.between(proof.claims["iat"], start - 1, int(time.time()) - 1, "iat")


@tap.case("DP-28", "a pushed request names the key of the sign-in")
def pushed(world):
    world.server.write_provider(**{**world.provider, "PushedAuthorizationRequestEndpoint":
                                   f"{world.front.token.uri}oauth/par"})
    world.front.scripts["token"] = [
        (201, [], b'{"request_uri": "urn:example:1", "expires_in": 60}')]
    path = world.broker.sign_in()
    tap.contains(world.broker.uri(path), "urn%3Aexample%3A1", "Uri")
    request = browser.query(f"?{world.front.requests[0][-1].decode()}")
    browser.visit(browser.with_query(world.server.places["authorize"], request))
    tap.equal(world.broker.end_of(path)["State"], "done", "state")
    tap.equal(world.front.thumbprints(), {dict(request)["dpop_jkt"]}, "keys")


tap.main(DpopWorld)
