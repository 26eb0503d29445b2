#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the servers of this suite do by themselves: without it, a cell of the suite could pass
against a server that does not do what the cell is about."""

import contextlib
import json
import pathlib
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import browser, tap
from harness.servers import PUBLIC_CLIENT_ID, Pool
from harness.session import Session
from plain import Client, Prover, claims

ALL = ("authlib", "glewlwyd", "oidc-provider")
WITH_PATHS = ("authlib", "oidc-provider")
WITH_NO = ("authlib", "oidc-provider")
LARGE = ("glewlwyd", "oidc-provider")


def on(case_id, title, kinds=ALL, **options):
    """A case for each of these servers."""
    def register(function):
        for kind in kinds:
            tap.case(f"{case_id}-{kind}", title, kind=kind, **options)(function)
        return function
    return register


# What Glewlwyd says instead of what the RFCs say: None stands for an empty body.
IN_OTHER_WORDS = {"invalid_grant": (400, 403, "invalid_code", None),
                  "invalid_client": (403, "unauthorized_client")}


def refused(client, answer, error):
    status, body, _headers = answer
    seen = body and body["error"]
    words = IN_OTHER_WORDS.get(error) if client.server.kind == "glewlwyd" else None
    tap.check(status in (words or (400, 401)), f"status of a refusal, not {status} {body}")
    tap.check(seen in (words or ()) or seen == error, f"{error}, not {status} {body}")


@on("SV-01", "the metadata of an issuer with a path stands at one place", kinds=WITH_PATHS,
    arguments=("--path", "/tenant"))
def metadata(place):
    right = {"authlib": "/.well-known/oauth-authorization-server/tenant",
             "oidc-provider": "/tenant/.well-known/openid-configuration"}
    for path in (*right.values(), "/.well-known/oauth-authorization-server",
                 "/.well-known/openid-configuration"):
        status, body = place.server.request("GET", path)
        if path != right[place.server.kind]:
            tap.equal(status, 404, f"status of {path}")
            continue
        found = json.loads(body)
        tap.equal(found["issuer"], f"{place.server.uri}tenant", "issuer")
        tap.contains(found["token_endpoint"], "/oauth/token", "token endpoint")
    tap.equal(place.server.counters()["discovery"], 1, "metadata read")


@on("SV-02", "no code without a challenge, no token without its verifier")
def pkce(place):
    client = Client(place.server, PUBLIC_CLIENT_ID, "")
    seen = client.answer(code_challenge=None, code_challenge_method=None)
    if "code" in seen:
        refused(client, client.exchange(seen["code"], code_verifier=""), "invalid_request")
    else:
        tap.equal(seen["error"], "invalid_request", "error of a request without a challenge")
    code = client.answer()["code"]
    refused(client, client.exchange(code, code_verifier="x" * 43), "invalid_grant")


@on("SV-03", "a code is good once, and for its client")
def code_once(place):
    client, public = Client(place.server), Client(place.server, PUBLIC_CLIENT_ID, "")
    public.verifier = client.verifier
    code = client.answer()["code"]
    refused(public, public.exchange(code), "invalid_grant")
    code = client.answer()["code"]
    client.succeeded(client.exchange(code))
    refused(client, client.exchange(code), "invalid_grant")


@on("SV-04", "the secret counts")
def secret(place):
    client = Client(place.server)
    code = client.answer()["code"]
    client.secret = "wrong"
    refused(client, client.exchange(code), "invalid_client")


@on("SV-05", "refresh tokens are replaced; a used one ends all of its sign-in")
def rotation(place):
    client = Client(place.server)
    first = client.sign_in()
    second = client.succeeded(client.refresh(first["refresh_token"]))
    tap.check(second["refresh_token"] != first["refresh_token"], "another refresh token")
    other = Client(place.server)
    spared = other.sign_in()
    refused(client, client.refresh(first["refresh_token"]), "invalid_grant")
    refused(client, client.refresh(second["refresh_token"]), "invalid_grant")
    client.succeeded(other.refresh(spared["refresh_token"]))
    if place.server.kind != "glewlwyd":
        tap.equal(client.get("v1/contacts", second["access_token"]).status, 401, "status")
        tap.check(place.server.counters()["reuse"] >= 1, "reuse counted")


@on("SV-06", "without rotation a refresh token is good for ever")
def no_rotation(place):
    place.server.control(rotation=False)
    client = Client(place.server)
    first = client.sign_in()["refresh_token"]
    for _round in range(2):
        seen = client.succeeded(client.refresh(first))
        tap.check(seen.get("refresh_token", first) == first, "the same refresh token, or none")


@on("SV-07", "a revoked token is dead")
def revocation(place):
    client = Client(place.server)
    tokens = client.sign_in()
    for name in ("refresh_token", "access_token"):
        tap.equal(client.post("revoke", token=tokens[name])[0], 200, "status")
    refused(client, client.refresh(tokens["refresh_token"]), "invalid_grant")
    tap.equal(client.get("v1/contacts", tokens["access_token"]).status, 401, "status of the API")
    tap.equal(place.server.counters()["grants"], 0, "grants")


@on("SV-08", "a device waits, and gets its tokens")
def device(place):
    client = Client(place.server, PUBLIC_CLIENT_ID, "")
    asked = client.succeeded(client.post("device", scope="contacts"))
    refused(client, client.poll(asked["device_code"]), "authorization_pending")
    browser.enter_code(asked["verification_uri"], asked["user_code"])
    token = client.succeeded(client.poll(asked["device_code"]))["access_token"]
    tap.equal(client.get("v1/contacts", token).status, 200, "status of the API")
    tap.equal(place.server.counters()["polls"], 2, "polls")


@on("SV-09", "a device whose user says no is told", kinds=WITH_NO)
def device_denied(place):
    client = Client(place.server)
    asked = client.succeeded(client.post("device", scope="contacts"))
    browser.enter_code(asked["verification_uri"], asked["user_code"], "deny")
    refused(client, client.poll(asked["device_code"]), "access_denied")


@on("SV-19", "a device that asks too often is told to slow down", kinds=("authlib", "glewlwyd"))
def slow_down(place):
    client = Client(place.server)
    asked = client.succeeded(client.post("device", scope="contacts"))
    refused(client, client.poll(asked["device_code"]), "authorization_pending")
    refused(client, client.poll(asked["device_code"]), "slow_down")


@on("SV-10", "a pushed request is used once, and leads to a code", kinds=LARGE)
def pushed(place):
    client = Client(place.server)
    answer = client.succeeded(client.post("par", **client.request()))
    uri = (f"{client.uri('authorize')}?client_id={client.client_id}"
           f"&request_uri={answer['request_uri']}")
    client.succeeded(client.exchange(client.answer_to(uri)["code"]))
    tap.check(browser.fetch(uri).status in (400, 403), "a refusal the second time")
    tap.equal(place.server.counters()["par"], 1, "pushed requests")


@on("SV-11", "where pushed requests are required, no other is taken", kinds=LARGE,
    arguments=("--par", "required"))
def pushed_required(place):
    client = Client(place.server)
    page = browser.fetch(f"{client.uri('issuer')}/.well-known/openid-configuration")
    tap.check(json.loads(page.body)["require_pushed_authorization_requests"], "what metadata say")
    query = urllib.parse.urlencode(client.request())
    page = browser.fetch(f"{client.uri('authorize')}?{query}")
    if page.status != 403:
        tap.contains(page.location(), "error=invalid_request", "where another is sent")


@on("SV-12", "the answer names its issuer, also when it is an error", kinds=LARGE)
def issuer(place):
    client = Client(place.server)
    for more in ({}, {"resource": "https://other.example/"}):
        seen = client.answer(**more)
        tap.equal("error" in seen, bool(more), f"an error, or none in {seen}")
        tap.equal(seen.get("iss"), place.server.places["issuer"], f"iss in {seen}")


@on("SV-13", "a token bound to a key is good with its proofs only", kinds=LARGE,
    arguments=("--dpop", "optional"))
def bound(place):
    client = Client(place.server, PUBLIC_CLIENT_ID, "", Prover())
    tokens = client.sign_in()
    tap.equal(tokens["token_type"], "DPoP", "token type")
    token = tokens["access_token"]
    good = client.prover.proof("GET", client.uri("v1/echo"), token)
    page = client.get("v1/echo", token, "DPoP", good)
    tap.equal((page.status, json.loads(page.body)["scheme"]), (200, "DPoP"), "answer")
    tap.equal(client.get("v1/echo", token, "DPoP", good).status, 401, "status of a replay")
    tap.equal(client.get("v1/echo", token, "Bearer").status, 401, "status of a bearer")
    for wrong in (client.prover.proof("POST", client.uri("v1/echo"), token),
                  client.prover.proof("GET", client.uri("v1/contacts"), token),
                  client.prover.proof("GET", client.uri("v1/echo"), "another token"),
                  client.prover.proof("GET", client.uri("v1/echo"), token, iat=1),
                  Prover().proof("GET", client.uri("v1/echo"), token)):
        tap.equal(client.get("v1/echo", token, "DPoP", wrong).status, 401, "status")
    client.succeeded(client.refresh(tokens["refresh_token"]))
    unbound = Client(place.server).sign_in()
    tap.equal(unbound["token_type"].lower(), "bearer", "token type without a proof")


@on("SV-14", "where proofs are required, there is no token without", kinds=("oidc-provider",),
    arguments=("--dpop", "required"))
def bound_required(place):
    client = Client(place.server)
    tap.check(client.exchange(client.answer()["code"])[0] == 400, "400 without a proof")
    client.prover = Prover()
    tap.equal(client.sign_in()["token_type"], "DPoP", "token type")


@on("SV-15", "proofs need the nonces of the server and of the API", kinds=LARGE,
    arguments=("--dpop", "optional", "--nonce"))
def nonces(place):
    client = Client(place.server, prover=Prover())
    code = client.answer()["code"]
    answer = client.exchange(code)
    refused(client, answer, "use_dpop_nonce")
    client.prover.nonce = answer[2]["dpop-nonce"]
    token = client.succeeded(client.exchange(code))["access_token"]
    page = client.get("v1/contacts", token, "DPoP")
    tap.equal(page.status, 401, "status with the other nonce")
    tap.contains(page.headers["www-authenticate"], "use_dpop_nonce", "challenge")
    client.prover.nonce = page.headers["dpop-nonce"]
    tap.equal(client.get("v1/contacts", token, "DPoP").status, 200, "status")
    place.server.control(new_api_nonce=True)
    tap.equal(client.get("v1/contacts", token, "DPoP").status, 401, "status with the old nonce")
    tap.equal(place.server.counters()["nonces"], 3, "nonces asked for")


@on("SV-16", "a token is for the resource that was named", kinds=LARGE)
def resource(place):
    client = Client(place.server)
    named = client.uri("v1/")
    token = client.sign_in(resource=named)["access_token"]
    seen = json.loads(client.get("v1/echo", token).body)
    tap.equal(seen["audience"], named, "audience")
    seen = client.answer(resource="https://other.example/")
    tap.equal(seen.get("error"), "invalid_target", f"error in {seen}")


@on("SV-17", "it says who signed in, in the id_token and at a path")
def identity(place):
    seen = []
    for account in ("ada", "grace", "ada"):
        place.server.control(account=account)
        client = Client(place.server)
        tokens = client.sign_in(scope="openid contacts", nonce=f"nonce-{len(seen)}")
        page = client.get("v1/userinfo", tokens["access_token"])
        said = claims(tokens["id_token"])
        tap.equal(said["nonce"], f"nonce-{len(seen)}", "nonce")
        tap.equal(json.loads(page.body)["sub"], said["sub"], "sub at the path")
        seen.append(said["sub"])
    tap.check(seen[0] == seen[2] != seen[1], f"one sub for each person, not {seen}")


@on("SV-18", "the switches of /control switch")
def control(place):
    server, client = place.server, Client(place.server)
    server.control(lifetime=7, auto_allow=True)
    tokens = client.sign_in()
    tap.equal(tokens["expires_in"], 7, "lifetime")
    server.fail("token", 503, count=1, headers={"Retry-After": "3"})
    status, _body, headers = raw_refresh(client, tokens)
    tap.equal((status, headers["retry-after"]), (503, "3"), "failure")
    status, _body = server.request("POST", "/control", '{"nonsense": 1}',
                                   {"Content-Type": "application/json"})
    tap.equal(status, 400, "status of an unknown switch")


@on("SV-20", "a server can be made to forget, and its user to say no", kinds=WITH_NO)
def forget(place):
    server, client = place.server, Client(place.server)
    tokens = client.sign_in()
    server.control(expire_access_tokens=True)
    tap.equal(client.get("v1/contacts", tokens["access_token"]).status, 401, "status")
    server.control(revoke_grants=True)
    refused(client, client.refresh(tokens["refresh_token"]), "invalid_grant")
    tap.equal(client.answer("deny").get("error"), "access_denied", "error")
    server.control(deny=True)
    tap.equal(client.answer().get("error"), "access_denied", "error")
    server.control(reset_counters=True)
    tap.equal(set(server.counters().values()), {0}, "counters")


def raw_refresh(client, tokens):
    """A refresh whose answer need not be JSON."""
    page = browser.fetch(client.uri("token"), "POST",
                         f"grant_type=refresh_token&refresh_token={tokens['refresh_token']}",
                         {"Content-Type": "application/x-www-form-urlencoded"})
    return page.status, page.body, page.headers


class Place:
    """A server, and what its program says."""

    def __init__(self, session):
        self.session = session
        self.pool = Pool(session)
        self.server = None

    @contextlib.contextmanager
    def open(self, kind, arguments=()):
        self.server = self.pool.take(kind, arguments)
        yield self

    def logs(self):
        return self.session.logs()


tap.list_if_asked()
with Session(keyring="none") as shared:
    tap.main(Place(shared).open)
