#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A provider file that changes under its accounts: what runs ends by the old one, and what one
server gave is never shown to another."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import browser, tap
from harness.broker import ACCOUNT, DEADLINE, account_path, expect_error
from harness.issuer import WELL_KNOWN, Issuer
from harness.issuer_world import IssuerWorld
from harness.servers import CLIENT_ID, Server

TOKENS = {"access_token": "later-access", "refresh_token": "later-refresh", "token_type": "Bearer",
          "expires_in": 3600}


class TwoServers(IssuerWorld):
    """A world with a second issuer, `other`, that has all endpoints of its own and notes who comes.
    `by_issuer`: whether the provider file names issuers or endpoints."""

    def __init__(self, by_issuer=True, keys=(), account="tidio", **options):
        self.other = Issuer()
        self.by_issuer = by_issuer
        if not by_issuer:
            keys = {"Issuer": None, "AuthorizationEndpoint": "{authorize}",
                    "TokenEndpoint": "{token}", "RevocationEndpoint": "{revoke}", **dict(keys)}
        super().__init__(keys=keys, account=account, **options)
        self.other.publish({"issuer": self.other.uri,
                            **{f"{name}_endpoint": f"{self.other.uri}/{name}"
                               for name in ("authorization", "token", "revocation")}})

    def __exit__(self, *failure):
        try:
            super().__exit__(*failure)
        finally:
            self.other.close()

    def switch(self):
        """The provider file names the other server."""
        uri = self.other.uri
        keys = {"Issuer": uri} if self.by_issuer else {"TokenEndpoint": f"{uri}/token",
                                                       "RevocationEndpoint": f"{uri}/revocation"}
        self.server.write_provider(**{**self.provider, **keys, "BaseUri": f"{uri}/v1/"})

    def switch_back(self):
        self.server.write_provider(**self.provider)

    def other_saw_nothing(self):
        """But that somebody wants to know what it is."""
        tap.equal([one for one in self.other.requests if one != ("GET", WELL_KNOWN, "")], [],
                  "requests to the other server")

    def refuses(self, token):
        """Nobody gets a token, and nobody is asked."""
        before = self.server.counters()
        for wishes in ({}, {"rejected": token}, {"min-validity": 86400}):
            expect_error("SignInRequired", self.broker.get_token, **wishes)
        expect_error("SignInRequired", self.broker.call_api, "GET", "contacts")
        tap.equal(self.broker.state("tidio"), "sign-in-required", "state")
        self.other_saw_nothing()
        tap.equal(self.server.counters(), before, "requests to the server")


def detached(world):
    token = world.broker.token()
    stored = world.keyring.records()["tidio"]
    world.switch()
    world.refuses(token)
    world.broker.restart()
    world.broker.accounts()
    world.bus.wait_for(lambda: world.broker.accounts() == ["tidio"], DEADLINE, "the account",
                       poll=True)
    world.refuses(token)
    tap.equal(world.keyring.records()["tidio"], stored, "the stored record")
    world.switch_back()
    tap.equal(world.broker.token(), token, "token, with the file as it was")
    tap.equal(world.broker.state("tidio"), "ready", "state")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    world.refresh()


@tap.case("DT-01", "another issuer gets nothing of what the first one gave")
def other_issuer(world):
    detached(world)


@tap.case("DT-02", "without an issuer, a token endpoint on another host counts the same",
          by_issuer=False)
def other_endpoint(world):
    detached(world)


def states(signals):
    """What was told of the account's state."""
    return [arguments[1]["State"] for path, _interface, member, arguments in signals
            if path == account_path("tidio") and member == "PropertiesChanged"
            and "State" in arguments[1]]


@tap.case("DT-03", "who listens is told of both changes")
def told(world):
    signals = world.broker.record()
    world.switch()
    expect_error("SignInRequired", world.broker.token)
    world.switch_back()
    world.broker.token()
    world.broker.accounts()
    world.bus.wait_for(lambda: len(states(signals)) >= 2, DEADLINE, "two changes of the state")
    tap.equal(states(signals), ["sign-in-required", "ready"], "states")


@tap.case("DT-04", "other endpoints may move")
def same_issuer(world):
    world.server.write_provider(**{**world.provider, "RevocationEndpoint":
                                   f"{world.other.uri}/revocation"})
    world.refresh()
    tap.equal(world.broker.state("tidio"), "ready", "state")


@tap.case("DT-05", "signing out deletes here, and shows the other server nothing")
def signed_out(world):
    world.switch()
    tap.equal(world.broker.sign_out("tidio"), False, "revoked")
    tap.equal(world.keyring.accounts(), [], "stored accounts")
    world.other_saw_nothing()


@tap.case("DT-06", "signing in at the new server makes the account ready, whoever that is there",
          keys={"UserInfoPath": "me", "BaseUri": None}, account=None)
def signed_in_anew(world):
    world.provider["BaseUri"] = f"{world.issuer.uri}/v1/"
    world.switch_back()
    world.issuer.answer("/v1/me", 200, {"sub": "ada"})
    world.sign_in("tidio")
    old = world.keyring.records()["tidio"]
    second = Server(world.session)
    world.other.publish(world.other.document(second))
    world.other.answer("/v1/me", 200, {"sub": "7"})
    world.switch()
    expect_error("SignInRequired", world.broker.token)
    world.sign_in("tidio")
    new = world.keyring.records()["tidio"]
    tap.equal((old["subject"], new["subject"], old["server"], new["server"]),
              ("ada", "7", world.issuer.uri, world.other.uri), "subjects and servers")
    tap.equal(world.broker.state("tidio"), "ready", "state")
    world.refresh()
    tap.equal(second.counters()["refreshes"], 1, "refreshes at the second server")


@tap.case("DT-07", "an account that was stored without its server takes the one it refreshes at",
          by_issuer=False)
def stored_without(world):
    token = world.broker.token()
    tap.equal([f"{server}/" for server in world.forget_servers()], [world.server.uri], "servers")
    tap.equal(world.broker.token(), token, "token")
    token = world.refresh()
    tap.equal(f"{world.keyring.records()['tidio']['server']}/", world.server.uri, "server")
    world.switch()
    world.refuses(token)


@tap.case("DT-08", "a refresh that runs ends by the file it began with",
          keys={"TokenEndpoint": None})
def running_refresh(world):
    token = world.broker.token()
    world.broker.restart()
    slow = world.issuer
    world.publish(token_endpoint=f"{slow.uri}/token")
    slow.answer("/token", 200, TOKENS)
    with slow.held("/token"):
        pending = world.broker.start_get_token(rejected=token)
        world.bus.wait_for(lambda: slow.count("/token"), DEADLINE, "the refresh", poll=True)
        world.switch()
    tap.equal(pending.result()[0], TOKENS["access_token"], "token")
    tap.equal(world.keyring.records()["tidio"]["refresh_token"], TOKENS["refresh_token"],
              "stored refresh token")
    world.secrets.discard(TOKENS["access_token"])
    world.refuses(TOKENS["access_token"])


@tap.case("DT-09", "so does a sign-in")
def running_sign_in(world):
    path = world.broker.sign_in("tidio")
    uri = world.broker.uri(path)
    world.switch()
    browser.visit(uri)
    tap.equal(world.broker.end_of(path)["State"], "done", "state of the sign-in")
    tap.equal(world.keyring.records()["tidio"]["server"], world.issuer.uri, "server")
    world.refuses("")


@tap.case("DT-10", "another session signed in at the new server")
def signed_in_elsewhere(world):
    world.broker.token()
    world.switch()
    item = world.keyring.accounts()[0]
    record = json.loads(item["secret"])
    record.update(server=world.other.uri, generation=record["generation"] + 1,
                  signed_in_at=record["signed_in_at"] + 1, **{
                      name: TOKENS[name] for name in ("access_token", "refresh_token")})
    world.keyring.set_secret(item["path"], json.dumps(record).encode())
    tap.equal(world.broker.token(), TOKENS["access_token"], "token")
    tap.equal(world.bus.get("org.tidio.Auth", account_path("tidio"), ACCOUNT, "State"), "ready",
              "state")


@tap.case("DT-11", "another client id than at the sign-in: nobody is asked, and the login is kept")
def other_client(world):
    token = world.broker.token()
    stored = world.keyring.records()["tidio"]
    tap.equal(stored["client_id"], CLIENT_ID, "client_id that is stored")
    before = world.server.counters()
    world.broker.stop()
    world.broker.environment["TIDIO_CLIENT_ID"] = "another-client"
    world.broker.start()
    tap.check(world.broker.get_token(min_validity=86400)[2]["degraded"], "the token there is")
    for _ in range(2):
        message = expect_error("ClientRejected", world.broker.get_token, rejected=token)
        tap.contains(message, "another client id", "message")
    tap.equal((world.server.counters(), world.keyring.records()["tidio"]), (before, stored),
              "requests to the server, and the stored record")
    tap.equal(world.broker.state("tidio"), "ready", "state")
    world.broker.stop()
    world.broker.environment["TIDIO_CLIENT_ID"] = CLIENT_ID
    world.broker.start()
    tap.check(world.broker.token(rejected=token) != token, "a new token with the first one")


@tap.case("DT-12", "a login whose client id was not noted is refreshed, and notes it")
def unknown_client(world):
    world.broker.stop()
    item = world.keyring.accounts()[0]
    record = json.loads(item["secret"])
    del record["client_id"]
    world.keyring.set_secret(item["path"], json.dumps(record).encode())
    world.broker.start()
    world.broker.token(rejected=record["access_token"])
    tap.equal(world.keyring.records()["tidio"]["client_id"], CLIENT_ID, "client_id that is stored")


tap.main(TwoServers)
