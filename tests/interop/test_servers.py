#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the servers of this suite do by themselves: without it, a cell of the suite could pass
against a server that does not do what the cell is about."""

import contextlib
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import browser, tap
from harness.servers import PUBLIC_CLIENT_ID, Server
from harness.session import Session
from plain import Client, Prover, claims

BOTH = ("authlib", "oidc-provider")


def on(case_id, title, kinds=BOTH, **options):
    """A case for each of these servers."""
    def register(function):
        for kind in kinds:
            tap.case(f"{case_id}-{kind}", title, kind=kind, **options)(function)
        return function
    return register


def refused(answer, error, statuses=(400, 401)):
    tap.check(answer[0] in statuses, f"{statuses}, not {answer[:2]}")
    tap.equal(answer[1]["error"], error, f"error in {answer[1]}")


@on("SV-01", "the metadata of an issuer with a path stands at one place",
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
        refused(client.exchange(seen["code"], code_verifier=""), "invalid_request")
    else:
        tap.equal(seen["error"], "invalid_request", "error of a request without a challenge")
    refused(client.exchange(client.answer()["code"], code_verifier="x" * 43), "invalid_grant")


@on("SV-03", "a code is good once, and for its client")
def code_once(place):
    client, public = Client(place.server), Client(place.server, PUBLIC_CLIENT_ID, "")
    public.verifier = client.verifier
    code = client.answer()["code"]
    refused(public.exchange(code), "invalid_grant")
    code = client.answer()["code"]
    client.succeeded(client.exchange(code))
    refused(client.exchange(code), "invalid_grant")


@on("SV-04", "the secret counts")
def secret(place):
    client = Client(place.server)
    code = client.answer()["code"]
    client.secret = "wrong"
    refused(client.exchange(code), "invalid_client")


@on("SV-05", "refresh tokens are replaced; a used one ends all of its sign-in")
def rotation(place):
    client = Client(place.server)
    first = client.sign_in()
    second = client.succeeded(client.refresh(first["refresh_token"]))
    tap.check(second["refresh_token"] != first["refresh_token"], "another refresh token")
    other = Client(place.server).sign_in()
    refused(client.refresh(first["refresh_token"]), "invalid_grant")
    refused(client.refresh(second["refresh_token"]), "invalid_grant")
    tap.equal(client.get("v1/contacts", second["access_token"]).status, 401, "status after that")
    tap.equal(client.get("v1/contacts", other["access_token"]).status, 200, "of another sign-in")
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
    tap.equal(client.post("oauth/revoke", token=tokens["refresh_token"])[0], 200, "status")
    refused(client.refresh(tokens["refresh_token"]), "invalid_grant")
    tap.equal(client.get("v1/contacts", tokens["access_token"]).status, 401, "status of the API")
    tap.equal(place.server.counters()["grants"], 0, "grants")


@on("SV-08", "a device waits, gets its tokens, or a no")
def device(place):
    client = Client(place.server, PUBLIC_CLIENT_ID, "")
    for decision in ("allow", "deny"):
        asked = client.succeeded(client.post("oauth/device", scope="contacts"))
        refused(client.poll(asked["device_code"]), "authorization_pending")
        browser.enter_code(asked["verification_uri"], asked["user_code"], decision)
        answer = client.poll(asked["device_code"])
        if decision == "deny":
            refused(answer, "access_denied")
        else:
            token = client.succeeded(answer)["access_token"]
            tap.equal(client.get("v1/contacts", token).status, 200, "status of the API")
    tap.equal(place.server.counters()["polls"], 4, "polls")


@on("SV-09", "a device that asks too often is told to slow down", kinds=["authlib"])
def slow_down(place):
    client = Client(place.server)
    asked = client.succeeded(client.post("oauth/device"))
    refused(client.poll(asked["device_code"]), "authorization_pending")
    refused(client.poll(asked["device_code"]), "slow_down")


@on("SV-10", "a pushed request is used once, and leads to a code", kinds=["oidc-provider"])
def pushed(place):
    client = Client(place.server)
    answer = client.succeeded(client.post("oauth/par", **client.request()))
    uri = client.uri(f"oauth/authorize?client_id={client.client_id}"
                     f"&request_uri={answer['request_uri']}")
    client.succeeded(client.exchange(client.answer_to(uri)["code"]))
    tap.equal(browser.fetch(uri).status, 400, "status the second time")
    tap.equal(place.server.counters()["par"], 1, "pushed requests")


@on("SV-11", "where pushed requests are required, no other is taken", kinds=["oidc-provider"],
    arguments=("--par", "required"))
def pushed_required(place):
    client = Client(place.server)
    found = json.loads(place.server.request("GET", "/.well-known/openid-configuration")[1])
    tap.check(found["require_pushed_authorization_requests"], "metadata that says so")
    tap.equal(client.answer().get("error"), "invalid_request", "error of a plain request")


@on("SV-12", "the answer names its issuer, also when it is a no", kinds=["oidc-provider"])
def issuer(place):
    client = Client(place.server)
    for decision in ("allow", "deny"):
        seen = client.answer(decision)
        tap.equal(seen.get("iss"), place.server.uri.rstrip("/"), f"iss in {seen}")


@on("SV-13", "a token bound to a key is good with its proofs only", kinds=["oidc-provider"],
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
    tap.equal(unbound["token_type"], "Bearer", "token type without a proof")


@on("SV-14", "where proofs are required, there is no token without", kinds=["oidc-provider"],
    arguments=("--dpop", "required"))
def bound_required(place):
    client = Client(place.server)
    tap.check(client.exchange(client.answer()["code"])[0] == 400, "400 without a proof")
    client.prover = Prover()
    tap.equal(client.sign_in()["token_type"], "DPoP", "token type")


@on("SV-15", "proofs need the nonces of the server and of the API", kinds=["oidc-provider"],
    arguments=("--dpop", "required", "--nonce"))
def nonces(place):
    client = Client(place.server, prover=Prover())
    code = client.answer()["code"]
    answer = client.exchange(code)
    refused(answer, "use_dpop_nonce")
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


@on("SV-16", "a token is for the resource that was named", kinds=["oidc-provider"])
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
    for account in ("ada", "grace"):
        place.server.control(account=account)
        client = Client(place.server)
        tokens = client.sign_in(scope="openid contacts")
        tap.equal(claims(tokens["id_token"])["sub"], account, "sub of the id_token")
        page = client.get("v1/userinfo", tokens["access_token"])
        tap.equal(json.loads(page.body)["sub"], account, "sub at the path")


@on("SV-18", "the switches of /control switch")
def control(place):
    server, client = place.server, Client(place.server)
    server.control(lifetime=7, auto_allow=True)
    tokens = client.sign_in()
    tap.equal(tokens["expires_in"], 7, "lifetime")
    server.fail("token", 503, count=1, headers={"Retry-After": "3"})
    status, _body, headers = raw_refresh(client, tokens)
    tap.equal((status, headers["retry-after"]), (503, "3"), "failure")
    server.control(expire_access_tokens=True)
    tap.equal(client.get("v1/contacts", tokens["access_token"]).status, 401, "status")
    server.control(revoke_grants=True)
    refused(client.refresh(tokens["refresh_token"]), "invalid_grant")
    server.control(auto_allow=False, deny=True)
    tap.equal(client.answer().get("error"), "access_denied", "error")
    status, _body = server.request("POST", "/control", '{"nonsense": 1}',
                                   {"Content-Type": "application/json"})
    tap.equal(status, 400, "status of an unknown switch")
    server.control(reset_counters=True)
    tap.equal(set(server.counters().values()), {0}, "counters")


def raw_refresh(client, tokens):
    """A refresh whose answer need not be JSON."""
    page = browser.fetch(client.uri("oauth/token"), "POST",
                         f"grant_type=refresh_token&refresh_token={tokens['refresh_token']}",
                         {"Content-Type": "application/x-www-form-urlencoded"})
    return page.status, page.body, page.headers


class Place:
    """Servers, each started once; every case finds its switches and counters as at the start."""

    SWITCHES = {"lifetime": 3600, "rotation": True, "deny": False, "auto_allow": False,
                "account": "ada", "revoke_grants": True, "reset_counters": True}

    def __init__(self, session):
        self.session = session
        self.running = {}
        self.server = None

    @contextlib.contextmanager
    def open(self, kind, arguments=()):
        key = (kind, arguments)
        if key not in self.running:
            self.running[key] = Server(self.session, kind, arguments)
        self.server = self.running[key]
        self.server.control(**self.SWITCHES)
        yield self

    def logs(self):
        return self.session.logs()


with Session(keyring="none") as shared:
    tap.main(Place(shared).open)
