#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a sign-in is granted: which scopes, of those it asked for, and whose they are."""

import base64
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import browser, tap
from harness.broker import DEADLINE, account_path, error_name
from harness.cli import Cli
from harness.issuer import Issuer
from harness.servers import CLIENT_ID
from harness.world import World

ASKED = ["contacts:read", "contacts:write"]
SCOPES = {"Scopes": " ".join(ASKED)}


class GrantWorld(World):
    """A world whose token endpoint says what it is told."""

    def __init__(self, keys=(), **options):
        self.issuer = Issuer()
        self.granted = 0
        super().__init__(provider={"TokenEndpoint": f"{self.issuer.uri}/token",
                                   **dict(keys)}, **options)

    def __exit__(self, *failure):
        try:
            super().__exit__(*failure)
        finally:
            self.issuer.close()

    def grant(self, **members):
        """What the next token answers say, besides tokens."""
        self.granted += 1
        self.issuer.answer("/token", 200, {
            "access_token": f"access-{self.granted}", "refresh_token": f"refresh-{self.granted}",
            "token_type": "Bearer", "expires_in": 3600, **members})

    def sign_in_with(self, account="me", succeeds=True, scopes=None, **members):
        """A sign-in that is granted that."""
        self.grant(**members)
        wishes = {} if scopes is None else {"scopes": scopes}
        return self.sign_in(account, succeeds=succeeds, **wishes)[1]

    def refresh(self, **members):
        """A refresh that is granted that; details of the new token."""
        token = self.broker.token("me")
        self.grant(**members)
        new, _expires_at, details = self.broker.get_token("me", rejected=token)
        tap.check(new != token, "a new token")
        return details

    def known(self):
        """Who signed in: what is stored of it, and where that comes from."""
        record = self.keyring.records()["me"]
        return record["subject_source"].replace(self.issuer.uri, "ISSUER"), record["subject"]

    def say(self, user):
        """What the API says of the user."""
        self.issuer.answer("/v1/me", 200, user)

    def write(self, **keys):
        """Other keys in the provider file; the API is the issuer's."""
        keys = {"BaseUri": f"{self.issuer.uri}/v1/", **keys}
        self.server.write_provider(**{**self.provider, **keys})

    def fails(self, short, **members):
        """A sign-in that is granted that, and changes nothing."""
        before = self.keyring.records()
        end = self.sign_in_with(succeeds=False, **members)
        tap.equal((end["State"], end["Error"]), ("failed", error_name(short)), "end")
        tap.equal(self.keyring.records(), before, "what is stored")

    def scopes(self):
        """As asked for, and as granted: on the bus and in the keyring. The token comes first: it
        waits for a broker that still reads the keyring, and the account is there then."""
        details = self.broker.get_token("me")[2]
        seen = self.broker.account("me")
        record = self.keyring.records()["me"]
        tap.equal((record["requested_scopes"], record["scopes"]),
                  (seen["RequestedScopes"], seen["Scopes"]), "what is stored")
        tap.equal(details["scopes"], seen["Scopes"], "details of the token")
        return seen["RequestedScopes"], seen["Scopes"]


@tap.case("SC-01", "an answer without scope grants what was asked for", keys=SCOPES)
def as_asked(world):
    world.sign_in_with()
    tap.equal(world.scopes(), (ASKED, ASKED), "scopes")
    world.sign_in_with(scopes=["other"])
    tap.equal(world.scopes(), (["other"], ["other"]), "scopes")
    world.sign_in_with(scopes=[])
    tap.equal(world.scopes(), ([], []), "scopes")


@tap.case("SC-02", "less is granted than was asked for: both are told, after a restart too",
          keys=SCOPES)
def narrowed(world):
    world.sign_in_with(scope="contacts:read")
    tap.equal(world.scopes(), (ASKED, ASKED[:1]), "scopes")
    world.broker.restart()
    tap.equal(world.scopes(), (ASKED, ASKED[:1]), "scopes")


@tap.case("SC-03", "the command says what was not granted", keys=SCOPES)
def command(world):
    cli = Cli(world.session)
    world.sign_in_with("whole")
    tap.equal(len(cli.run("accounts").out.splitlines()), 2, "lines")
    world.sign_in_with(scope="contacts:read other")
    lines = cli.run("accounts").out.splitlines()
    tap.equal(lines[3:], ["me: asked for but not granted: contacts:write"], "last lines")
    me, whole = json.loads(cli.run("accounts", "--json").out)
    tap.equal((me["requested_scopes"], me["scopes"], me["missing_scopes"]),
              (ASKED, ["contacts:read", "other"], ["contacts:write"]), "me")
    tap.equal((whole["requested_scopes"], whole["missing_scopes"]), (ASKED, []), "whole")


@tap.case("SC-04", "a new sign-in widens, and PropertiesChanged tells it", keys=SCOPES)
def widened_anew(world):
    world.sign_in_with(scope="contacts:read")
    signals = world.broker.record()
    wider = [*ASKED, "operators:read"]
    world.sign_in_with(scopes=wider, scope=" ".join(wider))
    tap.equal(world.scopes(), (wider, wider), "scopes")

    def look():
        changed = {}
        for path, _interface, member, args in signals:
            if member == "PropertiesChanged" and path == account_path("me"):
                changed.update(args[1])
        return changed if "RequestedScopes" in changed else None

    changed = world.bus.wait_for(look, DEADLINE, "PropertiesChanged of RequestedScopes")
    tap.equal((changed["RequestedScopes"], changed["Scopes"]), (wider, wider), "changes")


@tap.case("SC-05", "a refresh narrows: recorded, and the next without scope changes nothing",
          keys=SCOPES)
def refresh_narrows(world):
    world.sign_in_with()
    tap.equal(world.refresh(scope="contacts:write")["scopes"], ASKED[1:], "details")
    tap.equal(world.scopes(), (ASKED, ASKED[1:]), "scopes")
    world.refresh()
    tap.equal(world.scopes(), (ASKED, ASKED[1:]), "scopes")
    world.refresh(scope=" ".join(ASKED))
    tap.equal(world.scopes(), (ASKED, ASKED), "scopes")


@tap.case("SC-06", "a refresh that widens beyond the request: not shown, logged once", keys=SCOPES)
def refresh_widens(world):
    world.sign_in_with(scope="contacts:read extra")
    tap.equal(world.scopes(), (ASKED, ["contacts:read", "extra"]), "more than asked for, at once")
    for scope in ("contacts:read admin", "admin contacts:write"):
        details = world.refresh(scope=scope)
        tap.equal(details["scopes"], [scope.replace("admin", "").strip()], "details")
    tap.equal(world.scopes(), (ASKED, ["contacts:write"]), "scopes")
    log = world.session.log(world.broker.log_name)
    tap.equal(log.count("granted more scopes at a refresh"), 1, "lines that tell it")


@tap.case("SC-07", "a record that does not tell what was asked for", keys=SCOPES)
def without_request(world):
    world.sign_in_with(scope="contacts:read")
    world.broker.stop()
    item = world.keyring.accounts()[0]
    record = json.loads(item["secret"])
    del record["requested_scopes"], record["widened"]
    world.keyring.set_secret(item["path"], json.dumps(record).encode())
    world.broker.start()
    tap.equal(world.broker.state("me"), "ready", "state")
    seen = world.broker.account("me")
    tap.equal((seen["RequestedScopes"], seen["Scopes"]), ([], ASKED[:1]), "scopes")
    world.refresh(scope="contacts:read admin")
    tap.equal(world.scopes(), ([], ASKED[:1]), "scopes")


@tap.case("SC-08", "the end of the command's sign-in says what was not granted", keys=SCOPES,
          start=False)
def command_signs_in(world):
    program, _notes = browser.install(world.session)
    world.broker.environment["BROWSER"] = str(program)
    world.broker.start()
    cli = Cli(world.session)
    world.grant(scope="contacts:read")
    result = cli.run("sign-in", "me", "--scopes", "contacts:write contacts:read operators:read")
    tap.equal(result.code, 0, f"exit status: {result}")
    tap.contains(result.err, "not granted: contacts:write operators:read\n", "standard error")
    world.grant()
    tap.lacks(cli.run("sign-in", "me").err, "not granted", "standard error")


def id_token(subject, issuer="https://issuer.example"):
    """As a token endpoint gives it; nobody looks at the signature."""
    claims = {"iss": issuer, "aud": CLIENT_ID, "sub": subject, "exp": int(time.time()) + 600}
    encoded = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{encoded}.c2ln"


@tap.case("ID-03", "another member of the user info: the same person is let in, and known anew")
def other_member(world):
    world.write(UserInfoPath="me", UserInfoMember="id")
    world.say({"id": 7, "sub": "ada"})
    world.sign_in_with()
    tap.equal(world.known(), ("user_info ISSUER/v1/me#id", "7"), "who")
    world.write(UserInfoPath="me")
    world.sign_in_with()
    tap.equal(world.known(), ("user_info ISSUER/v1/me#sub", "ada"), "who")
    world.say({"id": 7, "sub": "grace"})
    world.fails("WrongAccount")


@tap.case("ID-04", "an ID token instead of user info, and back: the same person is let in")
def other_source(world):
    world.write(UserInfoPath="me")
    world.say({"sub": "ada"})
    world.sign_in_with(id_token=id_token("1"))
    tap.equal(world.known(), ("user_info ISSUER/v1/me#sub", "ada"), "who")
    world.write()
    world.sign_in_with(id_token=id_token("1"))
    tap.equal(world.known(), ("id_token https://issuer.example", "1"), "who")
    world.fails("WrongAccount", id_token=id_token("2"))
    world.sign_in_with(id_token=id_token("100", "https://other.example"))
    tap.equal(world.known(), ("id_token https://other.example", "100"), "who")
    world.write(UserInfoPath="me")
    world.sign_in_with()
    tap.equal(world.known(), ("user_info ISSUER/v1/me#sub", "ada"), "who")


@tap.case("ID-05", "an ID token that was asked for and does not come: the account stays as it was",
          keys={"Scopes": "openid"})
def asked_for(world):
    world.sign_in_with(id_token=id_token("1"))
    world.fails("InvalidResponse")
    world.fails("InvalidResponse", id_token="damaged")
    world.sign_in_with(scopes=["contacts:read"])
    tap.equal(world.known(), ("id_token https://issuer.example", "1"), "who")
    world.fails("WrongAccount", id_token=id_token("2"))


@tap.case("ID-06", "user info that cannot be had where an ID token told before: let in")
def silent_source(world):
    world.sign_in_with(id_token=id_token("1"))
    world.write(UserInfoPath="me")
    world.issuer.answer("/v1/me", 500)
    world.sign_in_with(id_token=id_token("2"))
    tap.equal(world.known(), ("id_token https://issuer.example", "1"), "who")


@tap.case("ID-07", "a subject with control characters: kept as it is, and what is stored can be read")
def control_characters(world):
    world.write(UserInfoPath="me")
    for character in ("\x01", "\x1f", "\x7f"):
        subject = f"ada{character}"
        world.say({"sub": subject})
        world.sign_in_with()
        world.refresh()
        token = world.broker.token("me")
        tap.equal((len(world.keyring.accounts()), world.known()[1]), (1, subject),
                  "items in the keyring, and the subject")
        world.broker.restart()
        tap.equal(world.broker.token("me"), token, "token after a restart")
        world.say({"sub": "ada"})
        world.fails("WrongAccount")
        world.broker.sign_out("me")


tap.main(GrantWorld)
