#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line: outputs, exit codes, the terminal."""

import json
import pathlib
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import browser, tap
from harness.broker import DEADLINE, SIGN_IN, expect_error
from harness.cli import Cli
from harness.peer import Peer
from harness.servers import CLIENT_ID, CLIENT_SECRET, places, provider_text
from harness.world import World

OK, FAILED, USAGE, USER_NEEDED, NOT_NOW, NOT_ALLOWED, HTTP = 0, 1, 2, 3, 4, 5, 22
# What a terminal is sent before a line is written anew.
ERASE = "\r\033[K"
COMMANDS = ("sign-in", "sign-out", "token", "call", "accounts", "default", "log", "watch", "client",
            "doctor", "exec", "credential")


class CliWorld(World):
    """`decision`: what the user of $BROWSER presses; None: there is no browser."""

    def __init__(self, decision="allow", **options):
        super().__init__(**options)
        self.cli = Cli(self.session)
        program, self.notes = browser.install(self.session, decision or "look")
        self.broker.environment["BROWSER"] = str(program) if decision else "/bin/false"


def expect(result, code, out=None, err=None):
    """Checks the exit code, the whole output, and a part of the error text."""
    tap.equal(result.code, code, f"exit code of {result}")
    if out is not None:
        tap.equal(result.out, out, f"stdout of {result}")
    if err is not None:
        tap.contains(result.err, err, "stderr")
    if code not in (OK,):
        tap.contains(result.err, "tidio-auth: ", "stderr")
    return result


@tap.case("CLI-01", "sign-in: progress on stderr, the address on stdout, signed in")
def sign_in(world):
    result = expect(world.cli.run("sign-in"), OK)
    lines = result.out.splitlines()
    tap.contains(result.out, world.notes.read_text().strip(), "the address on stdout")
    tap.check(any(line.startswith(f"{world.server.uri}oauth/authorize?") for line in lines),
              f"the address alone on a line of {lines}")
    tap.equal(lines[-1], "Signed in as tidio.", "last line")
    tap.contains(result.err, "Waiting for the browser", "stderr")
    tap.equal(world.broker.accounts(), ["tidio"], "accounts")


@tap.case("CLI-02", "sign-in with account, provider and scopes")
def sign_in_options(world):
    world.server.write_provider("other", ClientId="sandbox-public", ClientAuthentication="none")
    expect(world.cli.run("sign-in", "work", "--provider", "other", "--scopes", "a b"), OK)
    seen = world.broker.account("work")
    tap.equal((seen["Provider"], sorted(seen["Scopes"])), ("other", ["a", "b"]), "account")


@tap.case("CLI-03", "sign-in denied: 3", decision="deny")
def denied(world):
    result = expect(world.cli.run("sign-in"), USER_NEEDED)
    tap.equal(len(result.err.strip().splitlines()[-1].split(": ", 1)), 2, "one sentence")
    tap.equal(world.broker.accounts(), [], "accounts")


@tap.case("CLI-04", "sign-in without a browser goes on with the address", decision=None)
def no_browser_here(world):
    process = world.cli.start("sign-in")
    # The first sign-in ends in BrowserFailed; the one after it waits for the user.
    address = world.bus.wait_for(lambda: second_address(world), DEADLINE, "a second sign-in",
                                 poll=True)
    browser.visit(address)
    result = world.cli.finish(process)
    tap.equal(result.code, OK, f"exit code of {result}")
    tap.contains(result.out, address, "stdout")
    tap.contains(result.out, "Signed in as tidio.", "stdout")


def second_address(world):
    found = [interfaces[SIGN_IN] for interfaces in world.broker.objects().values()
             if SIGN_IN in interfaces]
    waiting = [one["Uri"] for one in found if one["State"] == "waiting" and one["Uri"]]
    return waiting[0] if len(found) == 2 and waiting else None


def address_of(process):
    """The authorization address, as soon as the program prints it."""
    lines = []
    while True:
        line = process.stdout.readline().decode()
        if not line:
            raise tap.Failure(f"no address among {lines}")
        lines.append(line)
        if "/oauth/authorize?" in line:
            return line.strip()


def is_waiting(address):
    """Whether somebody listens for the browser's return."""
    redirect = dict(browser.query(address))["redirect_uri"]
    try:
        return browser.fetch(redirect).status == 400
    except ConnectionError:
        return False


@tap.case("CLI-05", "sign-in --no-browser opens none")
def no_browser(world):
    process = world.cli.start("sign-in", "--no-browser")
    address = address_of(process)
    tap.check(not world.notes.exists(), "no browser")
    browser.visit(address)
    tap.equal(world.cli.finish(process).code, OK, "exit code")


# Without any of the variables that say where a browser could show up.
NO_DISPLAY = {"BROWSER": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}


def headless(world, **environment):
    """A sign-in where there is no display: its process and the address, with what stood before."""
    world.cli.environment.update({**NO_DISPLAY, **environment})
    process = world.cli.start("sign-in")
    address = address_of(process)
    return process, address


@tap.case("CLI-05a", "without a display no browser is opened, and a word says so")
def no_display(world):
    process, address = headless(world)
    tap.check(not world.notes.exists(), "no browser")
    browser.visit(address)
    result = world.cli.finish(process)
    tap.equal(result.code, OK, "exit code")
    tap.contains(result.err, "no display here", "stderr")
    tap.check(not world.notes.exists(), "no browser until the end")


@tap.case("CLI-05b", "any of the three variables counts as a place for a browser")
def some_display(world):
    for name, value in (("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "wayland-0"),
                        ("BROWSER", "/bin/true")):
        world.cli.environment.update({**NO_DISPLAY, name: value})
        result = expect(world.cli.run("sign-in", name.lower()), OK)
        tap.lacks(result.err, "no display here", f"stderr with {name}")
        tap.lacks(result.err, "ssh", f"stderr with {name}")


@tap.case("CLI-05c", "the line for ssh leads to the port of the redirect URI, as the user came here",
          provider={"RedirectUri": "http://localhost:0/callback"})
def tunnel(world):
    for connection, destination in (
            ("192.0.2.7 51000 192.0.2.9 22", "@192.0.2.9"),
            ("2001:db8::7 51000 2001:db8::9 2222", "@2001:db8::9"),
            ("192.0.2.7 51000 $(reboot) 22", f"@{socket.gethostname()}"),
            ("", f"@{socket.gethostname()}")):
        process, address = headless(world, SSH_CONNECTION=connection)
        redirect = dict(browser.query(address))["redirect_uri"]
        port = int(redirect.split(":")[2].split("/")[0])
        process.send_signal(signal.SIGINT)
        result = world.cli.finish(process)
        line = next(line.strip() for line in result.err.splitlines() if "ssh" in line.split()[:1])
        words = line.split()
        tap.equal(words[:4], ["ssh", "-N", "-L", f"{port}:127.0.0.1:{port}"], "the command")
        tap.equal(words[4:-1], ["-p", "2222"] if "2222" in connection else [], "its port")
        tap.check(words[-1].endswith(destination), f"its destination: {words[-1]}")


@tap.case("CLI-06", "Ctrl-C cancels: 3, and the broker knows", decision="look")
def interrupt(world):
    process = world.cli.start("sign-in")
    address = address_of(process)
    process.send_signal(signal.SIGINT)
    expect(world.cli.finish(process), USER_NEEDED)
    world.bus.wait_for(lambda: not is_waiting(address), 5, "the listener to close", poll=True)


def asks_to_paste(world):
    """The terminal, and the authorization URI that stands on it."""
    terminal = world.cli.on_terminal("sign-in", "--no-browser")
    terminal.read_until("redirect_uri=")
    terminal.read_until("paste")
    return terminal, next(word for word in terminal.text.split() if "/oauth/authorize?" in word)


def expect_signed_in(terminal):
    result = terminal.finish()
    tap.equal(result.code, OK, f"exit code of {result}")
    tap.contains(result.out, "Signed in as tidio.", "terminal")


@tap.case("CLI-07", "on a terminal the address may be pasted; a wrong one is told and it waits")
def paste(world):
    terminal, address = asks_to_paste(world)
    callback = browser.decide(address)
    terminal.type("http://example.com/nothing\n")
    terminal.read_until("tidio-auth: ")
    terminal.type(callback + "\n")
    expect_signed_in(terminal)


@tap.case("CLI-30", "sign-in is killed: the next one goes on with the same address")
def killed(world):
    terminal, address = asks_to_paste(world)
    # By no signal that may be ignored, as that of a hang-up is under nohup.
    terminal.process.kill()
    terminal.process.wait(DEADLINE)
    terminal, same = asks_to_paste(world)
    tap.equal(same, address, "authorization URI")
    terminal.type(browser.decide(address) + "\n")
    expect_signed_in(terminal)


@tap.case("CLI-08", "token: alone on stdout", account="")
def token(world):
    text = world.broker.token()
    expect(world.cli.run("token"), OK, text + "\n")
    expect(world.cli.run("token", "tidio", "--min-validity", "10"), OK, text + "\n")
    expect(world.cli.run("token", "--header"), OK, f"Authorization: Bearer {text}\n")
    result = expect(world.cli.run("token", "--json"), OK)
    seen = json.loads(result.out)
    tap.equal((seen["access_token"], seen["token_type"], seen["degraded"], seen["scopes"]),
              (text, "Bearer", False, []), "JSON")
    tap.between(seen["expires_at"], time.time() + 3000, time.time() + 3601, "expires_at")


@tap.case("CLI-09", "token: refused on a terminal without --show", account="")
def token_on_terminal(world):
    text = world.broker.token()
    result = world.cli.on_terminal("token").finish()
    tap.equal(result.code, USAGE, f"exit code of {result}")
    tap.lacks(result.out, text, "terminal")
    result = world.cli.on_terminal("token", "--show").finish()
    tap.equal((result.code, result.out.split(ERASE)[-1].strip()), (OK, text),
              "exit code and terminal")


@tap.case("CLI-10", "token: nobody signed in 1, login ended 3, server down 4")
def token_errors(world):
    expect(world.cli.run("token"), FAILED, "")
    world.server.control(lifetime=1)
    world.sign_in()
    expires_at = world.broker.get_token()[1]
    world.bus.settle(max(0, expires_at + 0.1 - time.time()))
    world.server.fail("token", 503)
    expect(world.cli.run("token"), NOT_NOW, "")
    world.server.heal("token")
    world.server.control(revoke_grants=True)
    expect(world.cli.run("token"), USER_NEEDED, "")
    expect(world.cli.run("token", "other"), FAILED, "", "tidio")
    expect(world.cli.run("token", "--interactive"), OK)


@tap.case("CLI-11", "call: the body exactly, 0 for 2xx", account="")
def call(world):
    result = expect(world.cli.run("call", "contacts"), OK)
    tap.check(json.loads(result.out)["contacts"], "contacts")
    result = expect(world.cli.run("call", "tidio:contacts?limit=1"), OK)
    result = expect(world.cli.run("call", "sandbox/large?bytes=1000"), OK)
    tap.equal(len(result.out), 1000, "length: no newline is added")


@tap.case("CLI-12", "call: method, data, headers", account="")
def call_request(world):
    def echo(*arguments, data=None):
        return json.loads(expect(world.cli.run("call", "sandbox/echo", *arguments, data=data),
                                 OK).out)

    seen = echo("-d", '{"a":1}')
    tap.equal((seen["method"], seen["body"]), ("POST", '{"a":1}'), "request")
    tap.equal(echo("-X", "PUT", "-d", "x")["method"], "PUT", "method")
    tap.equal(echo("-d", "@-", data="ä€".encode())["body"], "ä€", "body from stdin")
    file = world.session.root / "body.json"
    file.write_text("[1]")
    tap.equal(echo("-d", f"@{file}")["body"], "[1]", "body from a file")
    headers = echo("-H", "X-Request-Id: abc", "-H", "Accept: text/plain")["headers"]
    lower = {name.lower(): value for name, value in headers.items()}
    tap.equal((lower["x-request-id"], lower["accept"]), ("abc", "text/plain"), "headers")


@tap.case("CLI-13", "call: -i shows status and headers, -o writes a file", account="")
def call_output(world):
    result = expect(world.cli.run("call", "-i", "contacts"), OK)
    head, body = result.out.replace("\r", "").split("\n\n", 1)
    tap.equal(head.splitlines()[0], "HTTP 200", "first line")
    tap.contains(head.lower(), "\ncontent-type: application/json", "headers")
    tap.check(json.loads(body)["contacts"], "contacts")
    file = world.session.root / "answer"
    expect(world.cli.run("call", "-o", str(file), "contacts"), OK, "")
    tap.check(json.loads(file.read_text())["contacts"], "contacts in the file")
    expect(world.cli.run("call", "-o", "/nonexistent/x", "contacts"), FAILED)


@tap.case("CLI-14", "call: 22 for an HTTP error, with its body, and what the API says of it",
          account="")
def call_http_error(world):
    result = expect(world.cli.run("call", "contacts/none"), HTTP)
    tap.equal(json.loads(result.out)["errors"][0]["code"], "contact_not_found", "body")
    tap.equal(result.err, "tidio-auth: The API answered HTTP 404: contact_not_found: "
                          "There is no such contact\n", "stderr")
    world.server.fail("api", 500, count=1, body="<html>out of order</html>")
    result = expect(world.cli.run("call", "contacts"), HTTP, "<html>out of order</html>")
    tap.equal(result.err, "tidio-auth: The API answered HTTP 500\n", "stderr")
    told = {"errors": [{"code": "a\nb", "message": "\x1b[2J" + "é" * 1000}]}
    world.server.fail("api", 422, count=1, body=json.dumps(told))
    result = expect(world.cli.run("call", "contacts"), HTTP, json.dumps(told))
    tap.check(len(result.err) < 250 and result.err.rstrip("\n").isprintable()
              and result.err.isascii(), f"a short line of printable ASCII: {result.err!r}")


@tap.case("CLI-15", "call: 5 for a path outside, 2 for bad arguments, 4 for a time-out",
          account="")
def call_errors(world):
    expect(world.cli.run("call", "../control"), NOT_ALLOWED, "")
    expect(world.cli.run("call", "//evil.example/"), NOT_ALLOWED, "")
    for arguments in ((), ("https://evil.example/",), ("a", "b"), ("a b",),
                      ("contacts", "-X", "get"), ("contacts", "-H", "x"),
                      ("contacts", "-H", "Authorization: x"), ("contacts", "--timeout", "0"),
                      ("contacts", "-H", "Accept: a", "-H", "accept: b"), ("contacts", "--no-such"),
                      ("contacts", "--timeout", "x")):
        expect(world.cli.run("call", *arguments), USAGE, "")
    expect(world.cli.run("call", "contacts", "-d", "@-", data=b"\xff"), USAGE, "")
    expect(world.cli.run("call", "contacts", "-d", "@/nonexistent"), FAILED, "")
    expect(world.cli.run("call", "sandbox/slow?ms=5000", "--timeout", "1"), NOT_NOW, "")
    expect(world.cli.run("call", "sandbox/binary"), FAILED, "", "OpenApi")


@tap.case("CLI-16", "call on a terminal ends with a line break", account="")
def call_on_terminal(world):
    result = world.cli.on_terminal("call", "sandbox/large?bytes=10").finish()
    tap.equal(result.code, OK, f"exit code of {result}")
    tap.check(result.out.endswith("\n"), "a line break at the end")


@tap.case("CLI-17", "accounts: a table, JSON, none")
def accounts(world):
    result = expect(world.cli.run("accounts", "--json"), OK)
    tap.equal(json.loads(result.out), [], "JSON without accounts")
    result = world.cli.run("accounts")
    tap.equal((result.code, result.out), (OK, ""), "table without accounts")
    tap.contains(result.err, "sign-in", "hint")
    world.sign_in("one")
    world.sign_in("two")
    world.broker.set_default("two")
    lines = expect(world.cli.run("accounts"), OK).out.splitlines()
    for title in ("ACCOUNT", "PROVIDER", "STATE", "EXPIRES"):
        tap.contains(lines[0], title, "title line")
    rows = {("one" if "one" in line else "two"): line for line in lines[1:]}
    tap.check("*" in rows["two"] and "*" not in rows["one"], f"* marks the default: {rows}")
    seen = {one["id"]: one for one in json.loads(
        expect(world.cli.run("accounts", "--json"), OK).out)}
    tap.equal(sorted(seen["two"]), ["default", "expires_at", "id", "missing_scopes", "provider",
                                    "refreshed_at", "requested_scopes", "scopes", "signed_in_at",
                                    "state"], "members")
    tap.equal((seen["one"]["default"], seen["two"]["default"], seen["one"]["state"]),
              (False, True, "ready"), "values")


@tap.case("CLI-18", "default: shows, sets, refuses, clears")
def default(world):
    expect(world.cli.run("default"), OK)
    world.sign_in("one")
    world.sign_in("two")
    expect(world.cli.run("default", "two"), OK)
    tap.equal(world.broker.get("DefaultAccount"), "two", "DefaultAccount")
    expect(world.cli.run("default"), OK, "two\n")
    expect(world.cli.run("default", "three"), FAILED)
    expect(world.cli.run("default", "one", "two"), USAGE)
    expect(world.cli.run("default", ""), OK)
    tap.equal(world.broker.get("DefaultAccount"), "", "DefaultAccount")


@tap.case("CLI-19", "sign-out says what became of the tokens")
def sign_out(world):
    expect(world.cli.run("sign-out"), FAILED)
    world.sign_in()
    tap.contains(expect(world.cli.run("sign-out"), OK).out, "Signed out.", "stdout")
    world.sign_in()
    world.server.fail("revoke", 503)
    result = expect(world.cli.run("sign-out", "tidio"), OK)
    tap.contains(result.out, "Signed out.", "stdout")
    tap.contains(result.out, "not", "what was not confirmed")
    tap.equal(world.broker.accounts(), [], "accounts")


@tap.case("CLI-20", "client: set from stdin, used by a sign-in, shown without secret, cleared",
          environment={})
def client(world):
    expect(world.cli.run("client", "show"), FAILED)
    expect(world.cli.run("client", "set", "--client-id", CLIENT_ID,
                         data=f"{CLIENT_SECRET}\r\n".encode()), OK)
    items = world.keyring.clients()
    tap.equal(len(items), 1, "items in the keyring")
    tap.equal(json.loads(items[0]["secret"]), {"provider": "tidio", "client_id": CLIENT_ID,
                                               "client_secret": CLIENT_SECRET}, "secret")
    tap.lacks(str(items[0]["attributes"]) + items[0]["label"], CLIENT_ID, "attributes and label")
    result = expect(world.cli.run("client", "show"), OK)
    tap.contains(result.out, CLIENT_ID, "stdout")
    tap.lacks(result.out + result.err, CLIENT_SECRET, "output")
    expect(world.cli.run("sign-in"), OK)
    expect(world.cli.run("client", "set", "--client-id", "second", data=b"\n"), OK)
    tap.equal(len(world.keyring.clients()), 1, "items in the keyring")
    tap.check("client_secret" not in json.loads(world.keyring.clients()[0]["secret"]), "no secret")
    expect(world.cli.run("client", "clear"), OK)
    tap.equal(world.keyring.clients(), [], "items in the keyring")


@tap.case("CLI-21", "client set on a terminal: no echo, also after Ctrl-C", start=False)
def client_on_terminal(world):
    terminal = world.cli.on_terminal("client", "set", "--client-id", CLIENT_ID)
    terminal.read_until(":")
    world.bus.wait_for(lambda: not terminal.echoes(), 5, "no echo", poll=True)
    terminal.type(CLIENT_SECRET + "\n")
    world.bus.wait_for(lambda: terminal.process.poll() is not None, 20, "the end", poll=True)
    tap.check(terminal.echoes(), "echo afterwards")
    result = terminal.finish()
    tap.equal(result.code, OK, f"exit code of {result}")
    tap.lacks(result.out, CLIENT_SECRET, "terminal")
    tap.equal(json.loads(world.keyring.clients()[0]["secret"])["client_secret"], CLIENT_SECRET,
              "secret")
    terminal = world.cli.on_terminal("client", "set", "--client-id", "other")
    terminal.read_until(":")
    world.bus.wait_for(lambda: not terminal.echoes(), 5, "no echo", poll=True)
    terminal.process.send_signal(signal.SIGINT)
    world.bus.wait_for(lambda: terminal.process.poll() is not None, 20, "the end", poll=True)
    tap.check(terminal.echoes(), "echo after Ctrl-C")
    tap.check(terminal.finish().code != OK, "no success")
    tap.equal(json.loads(world.keyring.clients()[0]["secret"])["client_id"], CLIENT_ID, "client")


@tap.case("CLI-22", "client set: bad secrets, bad usage", start=False)
def client_bad(world):
    for data in (b"a\0b\n", b"a\x07b\n", b"x" * 5000 + b"\n", b"\xff\xfe\n"):
        result = world.cli.run("client", "set", "--client-id", CLIENT_ID, data=data)
        tap.check(result.code in (FAILED, USAGE), f"1 or 2 for {data[:10]!r}, not {result}")
    for arguments in (("set",), ("show", "--client-id", "x"), (), ("drop",),
                      ("set", "--client-id", "x", "--client-secret", "y")):
        expect(world.cli.run("client", *arguments, data=b""), USAGE)
    tap.equal(world.keyring.clients(), [], "items in the keyring")


@tap.case("CLI-23", "--help, --version, unknown commands", server=False, provider=None,
          start=False)
def usage(world):
    result = expect(world.cli.run("--help"), OK)
    for command in COMMANDS:
        tap.contains(result.out, command, "help")
        own = expect(world.cli.run(command, "--help"), OK)
        tap.contains(own.out, f"tidio-auth {command}", "help of the command")
        expect(world.cli.run(command, "--version"), OK, result_of_version(world))
        expect(world.cli.run(command, "--no-such-option"), USAGE, "")
    for command in ("nonsense", "apps", "exec", "credential"):
        expect(world.cli.run(command), USAGE, "")
    tap.equal(world.cli.run().code, USAGE, "exit code without a command")


def result_of_version(world):
    result = expect(world.cli.run("--version"), OK)
    tap.contains(result.out, "0.1.0", "version")
    return result.out


@tap.case("CLI-24", "no session bus, no broker: 1 and what to do", server=False, provider=None,
          start=False)
def no_broker(world):
    world.cli.environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent/bus"
    expect(world.cli.run("token"), FAILED, "")
    expect(world.cli.run("accounts"), FAILED, "")
    world.cli.environment["DBUS_SESSION_BUS_ADDRESS"] = \
        world.session.environment["DBUS_SESSION_BUS_ADDRESS"]
    (world.session.root / "share/dbus-1/services/org.tidio.Auth.service").unlink()
    world.bus.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                   "ReloadConfig")
    expect(world.cli.run("token"), FAILED, "")


@tap.case("CLI-25", "the broker goes away during a sign-in: 1", decision="look")
def broker_gone(world):
    process = world.cli.start("sign-in")
    address_of(process)
    world.broker.kill()
    expect(world.cli.finish(process), FAILED)


@tap.case("CLI-26", "a locked keyring: 3 or 4 by the name of the error", account="")
def locked(world):
    text = world.broker.token()
    world.keyring.lock()
    expect(world.cli.run("token"), OK, text + "\n")
    world.broker.restart()
    for command in (("token",), ("call", "contacts"), ("exec", "--", "true")):
        expect(world.cli.run(*command), USER_NEEDED, "",
               "is locked: unlock it and try again, or run this with --interactive")
    result = expect(world.cli.run("token", "--interactive"), USER_NEEDED, "")
    tap.lacks(result.err, "--interactive", "stderr with it")
    expect(world.cli.run("accounts"), USER_NEEDED, "")
    expect(world.cli.run("accounts", "--json"), USER_NEEDED, "")


@tap.case("CLI-27", "a full disk or a closed pipe is noticed", account="")
def output_fails(world):
    with open("/dev/full", "wb") as full:
        process = subprocess.run([world.cli.program, "token"], stdout=full, stderr=subprocess.PIPE,
                                 env=world.cli.environment, timeout=30, check=False)
    tap.equal(process.returncode, FAILED, f"exit code ({process.stderr!r})")


@tap.case("CLI-31", "call: what could command a terminal is U+FFFD on one, and exact elsewhere",
          account="")
def call_commands_terminal(world):
    body = "\x1b]52;c;eA==\x07one\rtwo\r\n\tthree\x7f é\x9b2J \u200e\n"
    world.server.fail("api", 422, count=2, body=body)
    expect(world.cli.run("call", "contacts"), HTTP, body)
    result = world.cli.on_terminal("call", "contacts").finish()
    shown = "\ufffd]52;c;eA==\ufffdone\ufffdtwo\n\tthree\ufffd é\ufffd2J \u200e\n"
    tap.equal(result.code, HTTP, f"exit code of {result}")
    # The terminal adds a return to each line's end, and what a wait shows is taken back before.
    tap.contains(result.out.replace("\r", ""), shown, "terminal")


@tap.case("CLI-28", "on a terminal call says that it waits, and takes that back")
def waits(world):
    peer = Peer(world.server.port)
    try:
        world.session.write_provider("tidio", provider_text(places(peer.uri)))
        world.sign_in()
        order = peer.plan("contacts", "stall")
        terminal = world.cli.on_terminal("call", "contacts?limit=1")
        terminal.read_until("Waiting for the answer…")
        terminal.read_until(" left")
        order.release()
        result = terminal.finish()
    finally:
        peer.close()
    tap.equal(result.code, OK, f"exit code of {result}")
    tap.check(result.out.split(ERASE)[-1].startswith('{"contacts":'), f"the answer alone: {result}")


@tap.case("CLI-29", "token --interactive says in one plain line that it may wait for the user",
          account="", decision="look")
def waits_for_user(world):
    world.server.control(revoke_grants=True, expire_access_tokens=True)
    expect_error("SignInRequired", world.broker.token, rejected=world.broker.token())
    process = world.cli.start("token", "--interactive")
    tap.equal(process.stderr.readline().decode(),
              "Waiting; the browser or the keyring may ask you something…\n", "stderr")
    world.bus.wait_for(lambda: world.notes.exists() and world.notes.read_text().endswith("\n"),
                       DEADLINE, "the browser", poll=True)
    browser.visit(world.notes.read_text().strip(), "allow")
    result = expect(world.cli.finish(process), OK)
    tap.equal((result.out, result.err), (world.broker.token() + "\n", ""), "token and stderr")


tap.main(CliWorld)
