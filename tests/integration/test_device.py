#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signing in with a code that is typed elsewhere (RFC 8628), and who it was that signed in."""

import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import qr, tap
from harness.broker import DEADLINE, error_name, expect_error
from harness.cli import Cli
from harness.issuer import Issuer
from harness.servers import CLIENT_ID
from harness.world import World

PENDING = (400, {"error": "authorization_pending"})
TOKENS = (200, {"access_token": "device-access", "refresh_token": "device-refresh",
                "token_type": "Bearer", "expires_in": 3600})
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class DeviceWorld(World):
    """A world whose provider gives device codes, and says who signed in, as it is told."""

    def __init__(self, keys=(), **options):
        self.issuer = Issuer()
        uri = self.issuer.uri
        super().__init__(provider={"DeviceAuthorizationEndpoint": f"{uri}/device",
                                   "TokenEndpoint": f"{uri}/token", **dict(keys)}, **options)

    def __exit__(self, *failure):
        try:
            super().__exit__(*failure)
        finally:
            self.issuer.close()

    def offer(self, *answers, **members):
        """What the token endpoint says, after what the device authorization endpoint does."""
        document = {"device_code": "device-code", "user_code": "WDJB-MJHT", "interval": 1,
                    "expires_in": 300, "verification_uri": f"{self.issuer.uri}/type", **members}
        self.issuer.answer("/device", 200,
                           {name: value for name, value in document.items() if value is not None})
        self.issuer.answer_in_turn("/token", *answers)

    def begin(self, account="", **wishes):
        return self.broker.sign_in(account, flow="device", **wishes)

    def with_code(self, path):
        def look():
            seen = self.broker.sign_in_properties(path)
            return seen if seen["UserCode"] or seen["State"] == "failed" else None
        return self.bus.wait_for(look, DEADLINE, "a user code", poll=True)

    def fails(self, short, *parts):
        end = self.broker.end_of(self.begin())
        tap.equal((end["State"], end["Error"]), ("failed", error_name(short)),
                  f"end of the sign-in ({end['ErrorMessage']})")
        for part in parts:
            tap.contains(end["ErrorMessage"], part, "message")


@tap.case("DE-01", "the code is shown, and the token endpoint asked until it has tokens",
          keys={"Scopes": "read write", "TokenRequestFormat": "form"})
def whole_way(world):
    complete = f"{world.issuer.uri}/type?user_code=WDJB-MJHT"
    world.offer(PENDING, (503, "<html>"), TOKENS, verification_uri_complete=complete)
    before = int(time.time())
    path = world.begin()
    seen = world.with_code(path)
    tap.equal((seen["State"], seen["UserCode"], seen["VerificationUri"], seen["Uri"]),
              ("waiting", "WDJB-MJHT", f"{world.issuer.uri}/type", complete), "properties")
    tap.between(seen["ExpiresAt"], before + 299, before + 310, "ExpiresAt")
    end = world.broker.end_of(path)
    tap.equal((end["State"], end["ErrorMessage"]), ("done", ""), "end")
    tap.equal(world.broker.token(), "device-access", "token")
    tap.equal(world.issuer.bodies("/device")[0],
              {"client_id": CLIENT_ID, "client_secret": "sandbox-secret", "scope": "read write"},
              "device authorization request")
    polls = world.issuer.bodies("/token")
    tap.equal(len(polls), 3, "questions")
    tap.equal((polls[0]["grant_type"], polls[0]["device_code"]), (GRANT, "device-code"), "question")


@tap.case("DE-02", "without a complete address Uri stays empty")
def no_complete(world):
    world.offer(TOKENS)
    seen = world.with_code(world.begin())
    tap.equal((seen["Uri"], seen["UserCode"]), ("", "WDJB-MJHT"), "Uri, UserCode")


@tap.case("DE-03", "the user says no")
def denied(world):
    world.offer(PENDING, (400, {"error": "access_denied"}))
    world.fails("SignInDenied")


@tap.case("DE-04", "nobody types the code in time, says the provider")
def expired(world):
    world.offer((400, {"error": "expired_token"}))
    world.fails("SignInTimeout")


@tap.case("DE-05", "nobody types the code in time, says the clock")
def timed_out(world):
    world.offer(PENDING, expires_in=1)
    world.fails("SignInTimeout")


@tap.case("DE-06", "cancelling stops the questions")
def cancelled(world):
    world.offer(PENDING)
    path = world.begin()
    world.with_code(path)
    world.broker.cancel(path)
    end = world.broker.end_of(path)
    tap.equal(end["Error"], error_name("SignInCancelled"), "error")
    tap.equal(world.broker.accounts(), [], "accounts")


@tap.case("DE-07", "a provider without it", keys={"DeviceAuthorizationEndpoint": None})
def not_there(world):
    world.fails("NotSupported", "DeviceAuthorizationEndpoint")


@tap.case("DE-08", "the code is not to be typed into a stranger's page")
def stranger(world):
    world.offer(TOKENS, verification_uri="https://stranger.example/type")
    world.fails("SignInFailed", "MetadataHosts")
    tap.equal(world.issuer.count("/token"), 0, "questions")


@tap.case("DE-09", "a refused request for a code is told")
def refused(world):
    world.issuer.answer("/device", 401, {"error": "invalid_client"})
    world.fails("ClientRejected")


@tap.case("DE-10", "it needs no redirect URI, so nobody waits for one",
          keys={"RedirectUri": "http://localhost:1/callback"})
def two_at_once(world):
    world.offer(PENDING)
    for account in ("one", "two"):
        path = world.begin(account)
        tap.equal(world.with_code(path)["State"], "waiting", "state")
        world.broker.cancel(path)


@tap.case("DE-11", "there is no address to complete it with")
def no_address(world):
    world.offer(PENDING)
    path = world.begin()
    world.with_code(path)
    expect_error("InvalidArgs", world.broker.complete, path,
                 "http://localhost:3000/callback?code=a&state=b")
    world.broker.cancel(path)


@tap.case("DE-12", "the command prints address and code, and waits")
def command(world):
    world.offer(PENDING, TOKENS)
    result = Cli(world.session).run("sign-in", "--device", "work")
    tap.equal(result.code, 0, f"exit status: {result}")
    tap.contains(result.out, f"Open {world.issuer.uri}/type and enter WDJB-MJHT", "output")
    tap.contains(result.out, "Signed in as work.", "output")


def on_terminal(world, uri, size=(40, 100), **environment):
    """What stands on a terminal after a sign-in whose address has the code in it."""
    world.offer(TOKENS, verification_uri_complete=uri)
    cli = Cli(world.session, environment)
    result = cli.on_terminal("sign-in", "--device", "work", size=size).finish()
    tap.equal(result.code, 0, f"exit status: {result}")
    tap.contains(result.out, uri, "terminal")
    return result.out


@tap.case("DE-19", "a terminal shows the address with the code as a picture; a camera reads it")
def picture(world):
    for uri in (f"{world.issuer.uri}/type?user_code=WDJB-MJHT",
                f"{world.issuer.uri}/type?user_code=" + "x" * 120):
        text = on_terminal(world, uri)
        for is_light in (False, True):
            tap.equal(qr.read(text, world.session.root, is_light), uri,
                      f"what is read, terminal light: {is_light}")
    text = on_terminal(world, uri, NO_COLOR="1")
    tap.lacks(text.replace("\033[K", ""), "\033[", "terminal with NO_COLOR")
    tap.equal(qr.read(text, world.session.root), uri, "what is read of a dark terminal")


@tap.case("DE-20", "without the code in the address, the picture has the address alone")
def plain_picture(world):
    world.offer(TOKENS)
    result = Cli(world.session).on_terminal("sign-in", "--device", "work", size=(24, 80)).finish()
    tap.equal(qr.read(result.out, world.session.root), f"{world.issuer.uri}/type", "what is read")


@tap.case("DE-21", "no picture where there is no room, no UTF-8, no terminal that draws, or a pipe")
def no_picture(world):
    uri = f"{world.issuer.uri}/type?user_code=WDJB-MJHT"
    tap.check(qr.lines_of(on_terminal(world, uri, (24, 80))), "a picture on 24 lines")
    for size, environment in (((12, 80), {}), ((40, 30), {}), ((40, 100), {"LC_ALL": "C"}),
                              (None, {})):
        text = on_terminal(world, uri, size, **environment)
        tap.equal(qr.lines_of(text), [], f"picture with {size} and {environment}")
    world.offer(TOKENS, verification_uri_complete=uri)
    result = Cli(world.session).run("sign-in", "--device", "work")
    tap.equal(qr.lines_of(result.out + result.err), [], "picture in a pipe")


@tap.case("ID-01", "another person is not let in", keys={
    "DeviceAuthorizationEndpoint": None, "TokenEndpoint": "{token}",
    "BaseUri": "{uri}v1/", "UserInfoPath": "me"})
def another_person(world):
    identify(world)
    world.issuer.answer("/v1/me", 200, {"sub": "ada"})
    world.sign_in("me")
    token = world.broker.token("me")
    world.issuer.answer("/v1/me", 200, {"sub": "grace"})
    _page, end = world.sign_in("me", succeeds=False)
    tap.equal((end["State"], end["Error"]), ("failed", error_name("WrongAccount")), "end")
    tap.equal(world.broker.token("me"), token, "token")
    tap.equal(world.broker.state("me"), "ready", "state")
    world.bus.wait_for(lambda: world.server.counters()["revocations"] >= 1, DEADLINE,
                       "the other person's tokens given back", poll=True)
    world.sign_in("other")


@tap.case("ID-02", "a provider that is to say who it is and does not: the account stays as it was", keys={
    "DeviceAuthorizationEndpoint": None, "TokenEndpoint": "{token}", "UserInfoPath": "me",
    "UserInfoMember": "id"})
def nobody_says(world):
    identify(world)
    world.issuer.answer("/v1/me", 200, {"id": 7})
    world.sign_in("me")
    tap.equal(world.keyring.records()["me"]["subject"], "7", "subject")
    before = world.keyring.records()["me"]
    for status, body in ((500, "<html>"), (200, {"sub": "8"}), (200, "<html>")):
        world.issuer.answer("/v1/me", status, body)
        error = world.sign_in("me", succeeds=False)[1]["Error"]
        tap.equal(error, error_name("InvalidResponse"), "error")
        tap.equal(world.keyring.records()["me"], before, "what is stored")
    world.issuer.answer("/v1/me", 200, {"id": 8})
    tap.equal(world.sign_in("me", succeeds=False)[1]["Error"], error_name("WrongAccount"), "error")


@tap.case("DE-13", "tokens that come after the end are given back", keys={
    "TokenRequestFormat": "form"})
def too_late(world):
    revocations = give_back_to_issuer(world)
    path = cancel_first(world, "new")
    tap.equal(revocations(), [("new-refresh", "refresh_token"), ("new-access", "access_token")],
              "what is given back, and in turn")
    seen = world.broker.sign_in_properties(path)
    tap.equal((seen["State"], seen["Error"]), ("failed", error_name("SignInCancelled")), "end")
    tap.equal(world.broker.accounts(), [], "accounts")


@tap.case("DE-18", "unless a login that is in use could end with them", keys={
    "TokenRequestFormat": "form"})
def too_late_for_more(world):
    world.offer(TOKENS)
    world.broker.end_of(world.begin("known"))
    revocations = give_back_to_issuer(world)
    cancel_first(world, "known")
    cancel_first(world, "new")
    tap.equal(world.broker.token("known"), "device-access", "token")
    world.broker.sign_out("known")
    tap.equal([token for token, _hint in revocations()], ["device-refresh", "device-access"],
              "what is given back")


def cancel_first(world, account):
    """A sign-in that is cancelled while the answer with its tokens is on the way."""
    cancelled_now = threading.Event()
    tokens = {"access_token": f"{account}-access", "refresh_token": f"{account}-refresh"}
    world.offer((200, lambda: cancelled_now.wait(DEADLINE) and tokens))
    asked = world.issuer.count("/token")
    path = world.begin(account)
    world.bus.wait_for(lambda: world.issuer.count("/token") > asked, DEADLINE, "a question",
                       poll=True)
    world.broker.cancel(path)
    tap.equal(world.broker.end_of(path)["Error"], error_name("SignInCancelled"), "error")
    cancelled_now.set()
    return path


def give_back_to_issuer(world):
    """What waits for the two requests that give tokens back."""
    world.server.write_provider(**{**world.provider,
                                   "RevocationEndpoint": f"{world.issuer.uri}/revoke"})
    world.issuer.answer("/revoke", 200)

    def wait():
        world.bus.wait_for(lambda: world.issuer.count("/revoke") == 2, DEADLINE,
                           "tokens given back", poll=True)
        return [(one["token"], one["token_type_hint"]) for one in world.issuer.bodies("/revoke")]
    return wait


@tap.case("DE-14", "an answer that no asking again will mend ends it")
def hopeless(world):
    for status, body, short in ((400, "<html>", "InvalidResponse"),
                                (200, "x" * (300 * 1024), "InvalidResponse"),
                                (400, {"error": "invalid_dpop_proof"}, "SignInFailed")):
        world.offer((status, body))
        world.fails(short)
    tap.equal(world.issuer.count("/token"), 3, "questions")


@tap.case("DE-15", "so does a server that cannot show who it is")
def no_certificate(world):
    world.server.write_provider(**{**world.provider, "TokenEndpoint":
                                   world.issuer.uri.replace("http:", "https:") + "/token"})
    world.offer(PENDING)
    world.fails("Tls")


@tap.case("DE-16", "a network that is away is waited for, ever longer")
def away(world):
    world.server.write_provider(**{**world.provider, "TokenEndpoint": "http://127.0.0.1:1/token"})
    world.offer(PENDING, expires_in=2)
    world.fails("SignInTimeout")


@tap.case("DE-17", "an interval as long as the code's life leaves one question")
def one_question(world):
    for interval in (6, 1000000000):
        world.offer(TOKENS, interval=interval, expires_in=6)
        tap.equal(world.broker.end_of(world.begin())["State"], "done", f"state: {interval}")
    for interval in (0, -1):
        world.offer(PENDING, TOKENS, interval=interval)
        tap.equal(world.broker.end_of(world.begin())["State"], "done", f"state: {interval}")


def identify(world):
    """The API is the issuer's."""
    world.server.write_provider(**{**world.provider, "BaseUri": f"{world.issuer.uri}/v1/"})


tap.main(DeviceWorld)
