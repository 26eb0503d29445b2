#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The broker against servers that nobody here wrote: a case for each flow and server that can.

Prints the table, and keeps it as interop-table.txt in the build folder. --upcoming: with the cases
of flows that the broker does not have yet.
"""

import functools
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
import table
from harness import browser, tap
from harness.broker import DEADLINE, error_name, expect_error
from harness.servers import PUBLIC_CLIENT_ID, Pool, Server
from harness.session import Session
from harness.world import World
from plain import Client

# Flows that the broker does not have yet: their cells are written and wait. When the broker has
# one, take its name out of here, and change the table in README.md.
UPCOMING = set()

# The provider file tells no endpoint: the metadata of the issuer do.
NO_ENDPOINTS = {"AuthorizationEndpoint": None, "TokenEndpoint": None, "RevocationEndpoint": None}
BY_ISSUER = {**NO_ENDPOINTS, "Issuer": "{issuer}"}
BY_TENANT = {**NO_ENDPOINTS, "Issuer": "{uri}tenant"}
SAYS_ISS = ("oidc-provider",)
CAN_SAY_NO = ("sandbox", "authlib", "oidc-provider")
ODD_CLIENT = {"TIDIO_CLIENT_ID": "odd client:+%", "TIDIO_CLIENT_SECRET": "odd secret:+%&=/"}

_flows = {}


def flow(name, **options):
    """The flow of a row. Options are those of its world; `only`: further ones for some server."""
    def register(function):
        _flows[name] = (function, options)
        return function
    return register


def end_is(end, short):
    tap.equal((end["State"], end["Error"]), ("failed", error_name(short)),
              f"end of the sign-in ({end['ErrorMessage']})")


def works(world, account="tidio"):
    """The account's token is good for the API."""
    tap.equal(world.broker.state(account), "ready", "state")
    tap.equal(world.broker.call_api("GET", "contacts", account=account)[0], 200, "status")


def refreshes(world, rounds=2):
    """Refreshes several times; the refresh tokens that were kept in between."""
    kept = [world.keyring.records()["tidio"]["refresh_token"]]
    for _round in range(rounds):
        old = world.broker.token()
        tap.check(world.broker.token(rejected=old) != old, "another token")
        works(world)
        kept.append(world.keyring.records()["tidio"]["refresh_token"])
    tap.equal(world.server.counters()["refreshes"], rounds, "refreshes")
    return kept


@flow("code")
def code(world):
    path = world.broker.sign_in()
    uri = world.broker.uri(path)
    tap.equal(dict(browser.query(uri))["code_challenge_method"], "S256", "challenge method")
    tap.contains(browser.visit(uri).body, "Authorization successful!", "page")
    tap.equal(world.broker.end_of(path)["State"], "done", "state")
    works(world)
    tap.equal(world.server.counters()["code_exchanges"], 1, "code exchanges")


@flow("denied", account="")
def denied(world):
    token = world.broker.token()
    page, end = world.sign_in("tidio", "deny")
    end_is(end, "SignInDenied")
    tap.lacks(page.body, "successful", "page")
    tap.equal(world.broker.token(), token, "token")


@flow("rotation", account="")
def rotation(world):
    tap.equal(len(set(refreshes(world))), 3, "different refresh tokens")


@flow("no-rotation", account="")
def no_rotation(world):
    world.server.control(rotation=False)
    tap.equal(len(set(refreshes(world))), 1, "different refresh tokens")


@flow("reuse", account="")
def reuse(world):
    stolen = refreshes(world, 1)[0]
    thief = Client(world.server)
    tap.equal(thief.refresh(stolen)[0], 400, "status for the thief")
    tap.check(world.server.counters()["reuse"] >= 1, "reuse seen")
    token = world.broker.token()
    expect_error("SignInRequired", world.broker.token, rejected=token)
    tap.equal(world.broker.state("tidio"), "sign-in-required", "state")
    world.sign_in("tidio")
    works(world)


@flow("revocation", account="")
def revocation(world):
    token = world.broker.token()
    tap.check(world.broker.sign_out(), "revoked")
    counters = world.server.counters()
    tap.equal(counters["grants"], 0, "grants alive at the server")
    tap.check(counters["revocations"] >= 1, "a revocation request")
    tap.equal(Client(world.server).get("v1/contacts", token).status, 401, "status")


@flow("form", provider={"TokenRequestFormat": "form"})
def form(world):
    whole_life(world)


@flow("json", provider={"TokenRequestFormat": "json"})
def json_bodies(world):
    whole_life(world)


@flow("body", provider={"ClientAuthentication": "body"})
def secret_in_body(world):
    whole_life(world)


@flow("basic", provider={"ClientAuthentication": "basic", "TokenRequestFormat": "form"},
      only={"oidc-provider": {"environment": ODD_CLIENT}})
def secret_by_basic(world):
    whole_life(world)


@flow("none", environment={}, provider={"ClientAuthentication": "none",
                                        "ClientId": PUBLIC_CLIENT_ID})
def no_secret(world):
    whole_life(world, revokes=world.server.kind != "glewlwyd")


def whole_life(world, revokes=True):
    """Sign-in, refresh, sign-out."""
    world.sign_in()
    works(world)
    first = world.broker.token()
    tap.check(world.broker.token(rejected=first) != first, "a refreshed token")
    works(world)
    tap.equal(world.broker.sign_out(), revokes, "revoked")
    tap.equal(world.server.counters()["grants"] == 0, revokes, "no grants alive at the server")


@flow("resource", provider={"Resource": "{uri}v1/"})
def resource(world):
    world.sign_in()
    for _round in range(2):
        seen = echo(world)
        tap.equal(seen["audience"], f"{world.server.uri}v1/", "audience of the token")
        world.broker.token(rejected=world.broker.token())


def echo(world):
    status, body, _details = world.broker.call_api("GET", "echo")
    tap.equal(status, 200, "status")
    return json.loads(body)


@flow("discovery", arguments=("--path", "/tenant"), provider=BY_TENANT,
      only={"glewlwyd": {"arguments": (), "provider": BY_ISSUER}})
def discovery(world):
    whole_life(world)
    tap.equal(world.server.counters()["discovery"], 1, "metadata read")


@flow("device", provider={"DeviceAuthorizationEndpoint": "{device}"})
def device(world):
    end = device_sign_in(world, "tidio", "allow")
    tap.equal((end["State"], end["ErrorMessage"]), ("done", ""), "end")
    works(world)
    first = world.broker.token()
    tap.check(world.broker.token(rejected=first) != first, "a refreshed token")
    if world.server.kind in CAN_SAY_NO:
        end_is(device_sign_in(world, "second", "deny"), "SignInDenied")


def device_sign_in(world, account, decision):
    path = world.broker.sign_in(account, flow="device")
    seen = world.bus.wait_for(lambda: with_code(world, path), DEADLINE, "a user code", poll=True)
    tap.contains(seen["VerificationUri"], world.server.uri, "VerificationUri")
    browser.enter_code(seen["VerificationUri"], seen["UserCode"], decision)
    return world.broker.end_of(path)


def with_code(world, path):
    seen = world.broker.sign_in_properties(path)
    tap.check(seen["State"] == "waiting", f"waiting: {seen['Error']} {seen['ErrorMessage']}")
    return seen if seen["UserCode"] else None


@flow("par", provider={"PushedAuthorizationRequestEndpoint": "{par}"})
def pushed(world):
    pushed_sign_in(world)


@flow("par-required", arguments=("--par", "required"), provider=BY_ISSUER)
def pushed_required(world):
    pushed_sign_in(world)
    world.server.fail("par", 503)
    end_is(world.broker.end_of(world.broker.sign_in("second")), "ServerError")
    tap.equal(world.server.counters()["authorize"], 1, "authorization requests: no fallback")


def pushed_sign_in(world):
    path = world.broker.sign_in()
    uri = world.broker.uri(path)
    tap.equal(sorted(dict(browser.query(uri))), ["client_id", "request_uri"], "parameters")
    browser.visit(uri)
    tap.equal(world.broker.end_of(path)["State"], "done", "state")
    works(world)
    tap.equal(world.server.counters()["par"], 1, "pushed requests")


@flow("iss", provider=BY_ISSUER)
def iss(world):
    world.sign_in()
    works(world)
    exchanges = world.server.counters()["code_exchanges"]
    for decision in ("allow", "deny") if world.server.kind in CAN_SAY_NO else ("allow",):
        path = world.broker.sign_in("second")
        address = browser.decide(world.broker.uri(path), decision)
        pairs = [(name, value) for name, value in browser.query(address) if name != "iss"]
        # What does not say in its metadata that it always names itself may leave it out.
        if world.server.kind in SAYS_ISS:
            page = browser.fetch(browser.with_query(address, pairs))
        else:
            page = browser.fetch(browser.with_query(address, [*pairs, ("iss", "http://h")]))
        tap.equal(page.status, 400, "status of the page")
        tap.lacks(page.body, "successful", "page")
        end_is(world.broker.end_of(path), "SignInFailed")
    tap.equal(world.server.counters()["code_exchanges"], exchanges, "code exchanges")


@flow("mix-up", provider=BY_ISSUER)
def mix_up(world):
    """The sign-in begins at one server; a page of that server sends the browser to another, whose
    code comes back."""
    honest = Server(world.session, "oidc-provider")
    path = world.broker.sign_in()
    uri = world.broker.uri(path)
    callback = browser.decide(uri.replace(world.server.places["authorize"],
                                          honest.places["authorize"]))
    tap.contains(callback, "code=", "the other server's answer")
    page = browser.fetch(callback)
    tap.lacks(page.body, "successful", "page")
    end_is(world.broker.end_of(path), "SignInFailed")
    for server in (world.server, honest):
        tap.equal(server.counters()["token"], 0, "token requests")
    tap.equal(world.broker.accounts(), [], "accounts")


@flow("dpop", arguments=("--dpop", "optional"), provider=BY_ISSUER)
def dpop(world):
    """The metadata lists the algorithm: it is used without being asked for."""
    bound(world)
    token = world.broker.token()
    tap.equal(Client(world.server).get("v1/contacts", token).status, 401, "status as a bearer")
    tap.check(world.broker.sign_out(), "revoked")


@flow("dpop-nonce", arguments=("--dpop", "required", "--nonce"),
      environment={}, provider={"Dpop": "required", "ClientAuthentication": "none",
                                "ClientId": PUBLIC_CLIENT_ID},
      only={"glewlwyd": {"arguments": ("--dpop", "optional", "--nonce")}})
def dpop_nonce(world):
    """The endpoints come from the file. A client without a secret: its refresh tokens are bound."""
    bound(world)
    world.server.control(new_api_nonce=True)
    works(world)
    tap.check(world.server.counters()["nonces"] >= 3, "nonces of the server, the API, and again")
    # The key is named in a pushed request too (section 10.1).
    world.server.write_provider(**{**world.provider, "PushedAuthorizationRequestEndpoint": "{par}"})
    world.broker.restart()
    world.sign_in("pushed")
    tap.equal(world.broker.get_token("pushed")[2]["type"], "DPoP", "type of the token")
    tap.check(world.server.counters()["par"] >= 1, "pushed requests")


def bound(world):
    world.sign_in()
    tap.equal(world.broker.get_token()[2]["type"], "DPoP", "type of the token")
    tap.equal(echo(world)["scheme"], "DPoP", "scheme")
    first = world.broker.token()
    tap.check(world.broker.token(rejected=first) != first, "a refreshed token")
    works(world)
    world.broker.restart()
    works(world)
    world.broker.token(rejected=world.broker.token())
    works(world)


@flow("id-token", provider={"Scopes": "openid contacts"})
def id_token(world):
    another_person(world)


@flow("user-info", provider={"Scopes": "openid contacts", "UserInfoPath": "userinfo"},
      only={"glewlwyd": {"provider": {"UserInfoPath": "userinfo"}}})
def user_info(world):
    another_person(world)


def another_person(world):
    world.sign_in("me")
    token = world.broker.token("me")
    world.server.control(account="grace")
    end_is(world.sign_in("me", succeeds=False)[1], "WrongAccount")
    tap.equal(world.broker.token("me"), token, "token")
    works(world, "me")
    world.sign_in("other")
    world.server.control(account="ada")
    world.sign_in("me")
    works(world, "me")


@tap.case("IO-json-refused-glewlwyd", "a server that reads no JSON is not asked otherwise",
          kind="glewlwyd", provider={"TokenRequestFormat": "json"})
@tap.case("IO-json-refused-oidc-provider", "a server that reads no JSON is not asked otherwise",
          kind="oidc-provider", provider={"TokenRequestFormat": "json"})
def json_refused(world):
    _page, end = world.sign_in(succeeds=False)
    tap.equal(end["State"], "failed", "state")
    tap.equal(world.server.counters()["token"], 1, "token requests")


@tap.case("IO-reuse-untold-glewlwyd", "a refusal without a word ends no login", kind="glewlwyd",
          account="")
def reuse_untold(world):
    stolen = refreshes(world, 1)[0]
    tap.equal(Client(world.server).refresh(stolen)[:2], (400, None), "answer to the thief")
    token = world.broker.token()
    expect_error("InvalidResponse", world.broker.token, rejected=token)
    tap.equal(world.broker.state("tidio"), "ready", "state")
    world.sign_in("tidio")
    works(world)


@tap.case("IO-table", "README.md has the table", server=False, keyring="none", start=False)
def table_in_readme(_world):
    expected = table.markdown(table.versions(), lambda row, _server: mark_of(row, True))
    tap.equal(table.without_heads(table.in_readme()), table.without_heads(expected),
              "table of README.md, but for the versions; interop-table.txt has it as it should be")


def mark_of(row, passed):
    if row in UPCOMING and "--upcoming" not in sys.argv:
        return "not yet"
    return "yes" if passed else "NO"


def register():
    for row, server in table.cells():
        function, options = _flows[row]
        options = {**options, **options.get("only", {}).get(server, {})}
        options.pop("only", None)
        if row not in UPCOMING or "--upcoming" in sys.argv:
            tap.case(table.case_id(row, server), table.ROWS[row], kind=server,
                     **options)(function)


def report(passed):
    if "--only" in sys.argv:
        return
    text = table.markdown(table.versions(), lambda row, server: mark_of(
        row, passed.get(table.case_id(row, server))))
    tap.comment(text)
    table.keep(text)


def make_world(pool, kind="sandbox", arguments=(), server=True, **options):
    """The servers of others take a while to start: they run on. The broker is new in each case."""
    if server and kind != "sandbox":
        server = pool.take(kind, arguments)
    return World(kind, server=server, arguments=arguments, **options)


register()
tap.list_if_asked()
with Session(keyring="none") as shared:
    tap.main(functools.partial(make_world, Pool(shared)), report)
