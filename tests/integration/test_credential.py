#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""git's credential helper: with the git that Debian has, and with what newer ones say."""

import json
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap
from harness.broker import DEADLINE, NAME
from harness.cli import Cli
from harness.world import World

OK, FAILED, USAGE, USER_NEEDED, NOT_NOW = 0, 1, 2, 3, 4
HOST = "api.example.com"
API = {"BaseUri": f"https://{HOST}/v1/"}
ASKED = f"protocol=https\nhost={HOST}\n"
NEW_GIT = "capability[]=authtype\ncapability[]=state\n" + ASKED


class CredentialWorld(World):
    """Its API is at an https address that nobody asks: only tokens are wanted."""

    def __init__(self, **options):
        super().__init__(**{"provider": API, **options})
        self.cli = Cli(self.session)

    def helper(self, action, text):
        data = text if isinstance(text, bytes) else text.encode()
        return self.cli.run("credential", action, data=data)

    def git(self, action, text=ASKED, **configuration):
        """`git credential` with the helper found by its name."""
        folder = self.session.root / "tmp/bin"
        if not folder.exists():
            folder.mkdir()
            (folder / "git-credential-tidio").symlink_to(self.cli.program)
        settings = {f"credential.https://{HOST}.helper": "tidio", **configuration}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        environment = {**self.cli.environment, "GIT_TERMINAL_PROMPT": "0",
                       "PATH": f"{folder}:{self.cli.environment['PATH']}"}
        return subprocess.run(["git", *options, "credential", action], input=text, text=True,
                              capture_output=True, cwd=self.session.root, env=environment,
                              timeout=DEADLINE * 3, check=False)

    def refreshes(self):
        return self.server.counters()["refreshes"]


def expect(result, code, out, err=None):
    tap.equal((result.code, result.out), (code, out), f"exit code and stdout of {result}")
    if err is not None:
        tap.contains(result.err, err, "stderr")
    elif code == OK:
        tap.equal(result.err, "", "stderr")
    return result


def lines(text):
    return dict(line.split("=", 1) for line in text.splitlines())


BAD = (b"", b"\n", b"protocol=https\n", f"host={HOST}\n".encode(), ASKED.encode()[:-1],
       ASKED.encode() + b"path", ASKED.encode() + b"path\n", ASKED.encode() + b"=x\n",
       ASKED.replace(HOST, f"{HOST}\rx").encode(), ASKED.replace(HOST, f"{HOST}\0x").encode(),
       ASKED.replace("\n", "\r\n").encode(), ASKED.encode() + b"path=\r\n",
       ASKED.encode() + b"host=evil.example\n", (ASKED + f"host={HOST}\n").encode(),
       ASKED.encode() + b"username=work\nusername=work\n",
       ASKED.encode() + b"path=" + b"x" * (1024 * 1024) + b"\n")


@tap.case("GC-01", "what is no request of git's gets no answer: 1", account="work")
def malformed(world):
    for text in BAD:
        result = expect(world.helper("get", text), FAILED, "")
        tap.check(result.err.startswith("tidio-auth: ") and result.err.count("\n") == 1,
                  f"one sentence about {text[:60]!r}: {result.err!r}")
        expect(world.helper("erase", text), FAILED, "")
    token = world.broker.token()
    seen = expect_token(world.helper("get", ASKED + "unknown=1\nunknown=2\nempty=\n"), token)
    tap.equal(sorted(seen), ["password", "password_expiry_utc", "username"], "lines")


def expect_token(result, token, account="work"):
    tap.equal((result.code, result.err), (OK, ""), f"exit code and stderr of {result}")
    seen = lines(result.out)
    tap.equal((seen["username"], seen["password"]), (account, token), "user name and password")
    return seen


@tap.case("GC-01-stored", "a stored token with a line break in it is no answer either",
          account="work")
def stored_line_break(world):
    world.broker.stop()
    item = world.keyring.accounts()[0]
    for bad in ("a\nhost=evil.example", "a\rb"):
        record = json.loads(item["secret"])
        record["access_token"] = bad
        world.keyring.set_secret(item["path"], json.dumps(record).encode())
        world.broker.start()
        result = world.helper("get", ASKED)
        tap.equal(result.out, "", f"stdout of {result}")
        tap.check(result.code != OK, f"a failure: {result}")
        world.broker.stop()
    world.keyring.set_secret(item["path"], item["secret"])
    world.broker.start()


@tap.case("GC-02", "only for the very host of the API, and over https", account="work")
def hosts(world):
    token = world.broker.token()
    for host in (HOST, HOST.upper(), f"{HOST}:443", f"{HOST.title()}:443"):
        expect_token(world.helper("get", f"protocol=https\nhost={host}\n"), token)
    for host in ("evil.example", f"{HOST}.evil.example", f"x.{HOST}", f"{HOST}.", f"{HOST}:8443",
                 f"{HOST}:443:443", f"me@{HOST}", f"{HOST}@evil.example", f"{HOST}/v1",
                 f"evil.example/{HOST}", f"evil.example#{HOST}", f"{HOST}\\evil.example", "",
                 "127.0.0.1", f"{world.server.host}:{world.server.port}"):
        expect(world.helper("get", f"protocol=https\nhost={host}\n"), OK, "")
    for protocol in ("http", "ftp", "HTTPS", "https:", ""):
        expect(world.helper("get", f"protocol={protocol}\nhost={HOST}\n"), OK, "")
    expect(world.helper("get", ASKED + "path=../../evil\n" + "username=nobody\n"), OK, "")


@tap.case("GC-02-loopback", "an API without TLS has no credential helper", provider={},
          account="work")
def loopback(world):
    for protocol in ("http", "https"):
        host = f"{world.server.host}:{world.server.port}"
        expect(world.helper("get", f"protocol={protocol}\nhost={host}\n"), OK, "")


@tap.case("GC-02-start", "what is not https does not even start the broker", start=False)
def broker_stays(world):
    expect(world.helper("get", f"protocol=http\nhost={HOST}\n"), OK, "")
    expect(world.helper("erase", ASKED), OK, "")
    expect(world.helper("store", ASKED), OK, "")
    tap.equal(world.bus.owner(NAME), "", "owner of the name")


@tap.case("GC-03", "store does nothing; erase has the token replaced and signs nobody out",
          account="work")
def store_and_erase(world):
    token = world.broker.token()
    known = f"{ASKED}username=work\n"
    expect(world.helper("store", f"{known}password=other\n"), OK, "")
    expect(world.helper("store", b"\0"), OK, "")
    tap.equal(world.broker.token(), token, "token after store")
    for other in (known, f"{known}password=other\n", f"{ASKED}username=nobody\npassword={token}\n",
                  f"protocol=https\nhost=evil.example\npassword={token}\n"):
        expect(world.helper("erase", other), OK, "")
    expect(world.helper("erase", f"{known}password=".encode() + b"\xff\xfe\n"), OK, "")
    tap.equal((world.broker.token(), world.refreshes()), (token, 0), "token and refreshes")
    expect(world.helper("erase", f"{known}password={token}\n"), OK, "")
    tap.check(world.broker.token() != token, "another token")
    tap.equal((world.refreshes(), world.broker.accounts()), (1, ["work"]), "refreshes, accounts")
    expect(world.helper("erase", f"{known}password={token}\n"), OK, "")
    tap.equal(world.refreshes(), 1, "refreshes for the same token again")


@tap.case("GC-04", "no secret as an option; no token on a terminal without --show", account="work")
def no_secret_option(world):
    result = world.cli.run("client", "set", "--client-id", "x", "--client-secret", "y")
    expect(result, USAGE, "", "--client-secret")
    token = world.broker.token()
    result = world.cli.on_terminal("token").finish()
    tap.equal(result.code, USAGE, "exit code on a terminal")
    tap.lacks(result.out, token, "terminal")


@tap.case("CD-01", "git of Debian: fill, approve, reject", account="work")
def real_git(world):
    token, expires_at, _details = world.broker.get_token()
    done = world.git("fill")
    tap.equal((done.returncode, done.stderr), (0, ""), f"exit code of {done}")
    seen = lines(done.stdout)
    tap.equal((seen["protocol"], seen["host"], seen["username"], seen["password"]),
              ("https", HOST, "work", token), "filled")
    tap.equal(world.helper("get", ASKED).out,
              f"username=work\npassword={token}\npassword_expiry_utc={expires_at}\n", "answer")
    done = world.git("approve", done.stdout)
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "approve")
    tap.equal(world.broker.token(), token, "token after approve")
    done = world.git("reject", f"{ASKED}username=work\npassword={token}\n")
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "reject")
    tap.equal((world.refreshes(), world.broker.accounts()), (1, ["work"]), "refreshes, accounts")
    tap.equal(lines(world.git("fill").stdout)["password"], world.broker.token(), "the next token")


@tap.case("CD-02", "git of Debian asks the next helper about other hosts", account="work")
def next_helper(world):
    answer = "!f() { echo username=other; echo password=pw; }; f"
    done = world.git("fill", "protocol=https\nhost=other.example\n",
                     **{"credential.helper": "tidio",
                        "credential.https://other.example.helper": answer})
    seen = lines(done.stdout)
    tap.equal((seen["username"], seen["password"]), ("other", "pw"), f"credential of {done}")


# What git sent to a helper, by version; {token} is the account's.
DIALOGUES = {
    # 2.46 and later, to a server that did not say what it takes
    NEW_GIT: "bearer",
    "capability[]=authtype\ncapability[]=state\nprotocol=https\n"
    f"host={HOST}\nwwwauth[]=Bearer realm=\"api\"\nwwwauth[]=Basic realm=\"api\"\n": "bearer",
    # a user name in the address
    f"capability[]=authtype\ncapability[]=state\n{ASKED}username=work\n": "bearer",
    # a server that takes passwords only
    f"{NEW_GIT}wwwauth[]=Basic realm=\"GitLab\"\n": "password",
    # 2.41 to 2.45
    f"{ASKED}wwwauth[]=Basic realm=\"api\"\n": "password",
    f"{ASKED}path=v1/team.git\nwwwauth[]=Bearer\n": "password",
}


@tap.case("CD-03", "newer versions of git: Bearer for those that announce it", account="work")
def dialogues(world):
    token, expires_at, _details = world.broker.get_token()
    bearer = ("capability[]=authtype\nauthtype=Bearer\nephemeral=1\nusername=work\n"
              f"credential={token}\npassword_expiry_utc={expires_at}\n")
    password = f"username=work\npassword={token}\npassword_expiry_utc={expires_at}\n"
    for asked, kind in DIALOGUES.items():
        expect(world.helper("get", asked), OK, bearer if kind == "bearer" else password)
    rejected = ("capability[]=authtype\nauthtype=Bearer\ncredential={}\nephemeral=1\n"
                f"protocol=https\nhost={HOST}\nusername=work\npassword_expiry_utc={expires_at}\n")
    expect(world.helper("store", rejected.format(token)), OK, "")
    expect(world.helper("erase", rejected.format("other")), OK, "")
    tap.equal(world.refreshes(), 0, "refreshes before")
    expect(world.helper("erase", rejected.format(token)), OK, "")
    tap.equal(world.refreshes(), 1, "refreshes after")


@tap.case("CD-04", "a server that does not say how long: no password_expiry_utc",
          arguments=("--lifetime", "0"), account="work")
def no_expiry(world):
    expect(world.helper("get", ASKED), OK,
           f"username=work\npassword={world.broker.token()}\n")


@tap.case("CD-05", "several accounts of a host: user name, default account, or a hint")
def several(world):
    for account in ("home", "work"):
        world.sign_in(account)
    tokens = {account: world.broker.token(account) for account in ("home", "work")}
    hint = expect(world.helper("get", ASKED), FAILED, "")
    tap.contains(hint.err, f"credential.https://{HOST}.username", "stderr")
    for account, token in tokens.items():
        expect_token(world.helper("get", f"{ASKED}username={account}\n"), token, account)
        seen = lines(world.git("fill", **{f"credential.https://{HOST}.username": account}).stdout)
        tap.equal(seen["password"], token, f"git's password of {account}")
    world.broker.set_default("home")
    expect_token(world.helper("get", ASKED), tokens["home"], "home")
    world.server.write_provider("other", BaseUri="https://other.example/",
                                ClientId="sandbox-public", ClientAuthentication="none")
    world.sign_in("third", provider="other")
    world.broker.set_default("third")
    expect(world.helper("get", ASKED), FAILED, "")
    expect_token(world.helper("get", "protocol=https\nhost=other.example\n"),
                 world.broker.token("third"), "third")


def end_login(world):
    """Its token is over and its login too."""
    expires_at = world.broker.get_token()[1]
    world.server.control(revoke_grants=True)
    world.bus.settle(max(0, expires_at + 0.1 - time.time()))


@tap.case("CD-06", "a login that ended: git is told to ask nobody else, and the user what to do",
          arguments=("--lifetime", "1"), account="work")
def login_ended(world):
    end_login(world)
    expect(world.helper("get", ASKED), USER_NEEDED, "quit=1\n", "sign in")
    done = world.git("fill")
    tap.check(done.returncode != 0, f"a failure: {done}")
    tap.contains(done.stderr, "told us to quit", "stderr of git")
    tap.contains(done.stderr, "tidio-auth: ", "stderr of git")


@tap.case("CD-07", "a server that is down: not now, and no other helper",
          arguments=("--lifetime", "1"), account="work")
def server_down(world):
    expires_at = world.broker.get_token()[1]
    world.server.fail("token", 503)
    world.bus.settle(max(0, expires_at + 0.1 - time.time()))
    expect(world.helper("get", ASKED), NOT_NOW, "quit=1\n")


@tap.case("CD-08", "nobody signed in: no answer; a locked keyring: no answer and a hint")
def nobody(world):
    expect(world.helper("get", ASKED), OK, "")
    world.sign_in("work")
    world.keyring.lock()
    world.broker.restart()
    result = world.helper("get", ASKED)
    tap.equal(result.code, USER_NEEDED, f"exit code of {result}")
    tap.contains(result.err, "tidio-auth: ", "stderr")
    tap.lacks(result.out, "password", "stdout")


@tap.case("CD-09", "no session bus: no answer and a hint, and git goes on", start=False)
def no_bus(world):
    world.cli.environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent/bus"
    expect(world.helper("get", ASKED), FAILED, "", "tidio-auth: ")
    done = world.git("fill", **{"credential.helper": "!f() { echo username=a; echo password=b; }; "
                                                     "f"})
    tap.equal(lines(done.stdout).get("password"), "b", f"password of {done}")


@tap.case("CD-10", "what git may want in the future is ignored; a person is told", start=False)
def other_actions(world):
    expect(world.helper("capability", ASKED), OK, "")
    expect(world.helper("refresh", b"\0"), OK, "")
    tap.equal(world.cli.run("credential").code, USAGE, "exit code without an action")
    tap.equal(world.cli.run("credential", "get", "get", data=b"").code, USAGE, "two actions")
    result = world.cli.on_terminal("credential", "gett").finish()
    tap.equal(result.code, USAGE, f"exit code of {result}")


@tap.case("CD-11", "the host is that of the provider file of now", account="work")
def other_host(world):
    token = world.broker.token()
    world.server.write_provider(BaseUri="https://new.example/v2")
    expect(world.helper("get", ASKED), OK, "")
    asked = "protocol=https\nhost=new.example\n"
    expect_token(world.helper("get", asked), token)
    world.session.write_provider("tidio", "[Provider]\nColour=blue\n")
    expect(world.helper("get", asked), OK, "")


tap.main(CredentialWorld)
