#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Diagnose and `tidio-auth doctor`: each check both well and not, by faults from outside; what a
report must not have in it; and that nothing is changed by looking."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import Gio, GLib

from harness import ports, tap
from harness.broker import DEADLINE, NAME, PATH, expect_error
from harness.bus import BUS, BUS_PATH
from harness.certificates import Authority
from harness.cli import Cli
from harness.locks import held, lock_path
from harness.peer import Peer, answer, http_date, make_certificate
from harness.servers import CLIENT_ID, CLIENT_SECRET, Server, places, provider_text
from harness.world import World

RESULTS = ("ok", "warning", "error", "skipped")
# What is said of every host, and of every provider.
HOST = ("version", "environment", "configuration", "locks", "store", "accounts", "loopback-ipv4",
        "loopback-ipv6", "name", "prompter", "browser", "keyring")
PROVIDER = ("provider", "callback", "client", "route", "server", "tls", "clock")
CLIENT = ("session-bus", "display", "activation", "broker", "client-version")
# An account whose name is somebody's address, to be looked for in reports.
ADDRESS = "ada@example.com"
# Long enough for a whole diagnosis on a busy machine.
PATIENCE = 60.0


class DoctorWorld(World):
    """Between the broker and the server stands a peer, which a case can break."""

    def __init__(self, **options):
        super().__init__(**options)
        self.cli = Cli(self.session)
        self.peer = None
        self.sockets = []

    def _begin(self):
        self.server = Server(self.session)
        self.peer = Peer(self.server.port)
        self.write_provider()
        if self.start:
            self.broker.start()
        if self.signed_in is not None:
            self.sign_in(self.signed_in)

    def __exit__(self, kind, error, trace):
        try:
            super().__exit__(kind, error, trace)
        finally:
            self.peer.close()
            for one in self.sockets:
                one.close()

    def write_provider(self, **keys):
        self.session.write_provider("tidio", provider_text(places(self.peer.uri), **keys))

    def start_diagnosis(self):
        return self.broker.start_call("Diagnose", None, deadline=PATIENCE)

    def diagnose(self):
        return self.take(self.start_diagnosis().result(PATIENCE)[0])

    def take(self, rows):
        """{id: (result, sentence)}, once all rows are as every answer has them."""
        checks = {}
        for check, result, sentence in rows:
            tap.check(check not in checks, f"{check} once")
            tap.check(result in RESULTS, f"a known result: {result}")
            tap.check(0 < len(sentence) <= 200 and all(" " <= c <= "~" for c in sentence),
                      f"a sentence of printable ASCII: {sentence!r}")
            tap.check(not sentence.endswith("."), f"no full stop: {sentence!r}")
            checks[check] = (result, sentence)
        self.expect_discreet(json.dumps(checks))
        return checks

    def expect_discreet(self, text):
        """Nothing in it tells who or where somebody is."""
        for word in (ADDRESS, "example.com", "127.0.0.1:", CLIENT_ID, CLIENT_SECRET,
                     str(self.session.root), socket.gethostname() + ".", *self.secrets):
            tap.lacks(text, word, "report")

    def expect(self, check, result, part=""):
        """Diagnoses, and looks at one of the checks; all of them."""
        checks = self.diagnose()
        tap.check(check in checks, f"{check} among {sorted(checks)}")
        tap.equal(checks[check][0], result, f"{check}: {checks[check][1]}")
        tap.contains(checks[check][1], part, check)
        return checks

    def listen(self, port, host="127.0.0.1"):
        one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.sockets.append(one)
        one.bind((host, port))
        one.listen()
        return one


def states(checks):
    return {check: result for check, (result, _sentence) in checks.items()}


@tap.case("DO-01", "all is well: every check is there, in its order", account="work")
def well(world):
    checks = world.diagnose()
    tap.equal(list(checks), [*HOST, *(f"{one}/tidio" for one in PROVIDER)], "ids")
    seen = states(checks)
    wrong = {check: checks[check] for check, result in seen.items() if result == "error"}
    tap.equal(wrong, {}, "errors")
    for check in ("version", "configuration", "loopback-ipv4", "locks", "store", "accounts", "name",
                  "browser", "keyring", "provider/tidio", "callback/tidio", "client/tidio",
                  "server/tidio", "clock/tidio"):
        tap.equal(seen[check], "ok", f"{check}: {checks[check][1]}")
    for check in ("tls/tidio", "route/tidio"):
        tap.equal(seen[check], "skipped", f"{check}: {checks[check][1]}")
    tap.contains(checks["version"][1], "tidio-authd ", "version")


@tap.case("DO-02", "nothing is changed, opened or sent but one request without a token",
          account="work")
def harmless(world):
    world.peer.forget()
    before = [(item["path"], item["secret"]) for item in world.keyring.items()]
    folder = sorted(str(path) for path in world.session.root.rglob("*")
                    if "logs" not in path.parts and "tmp" not in path.parts)
    signals = world.broker.record()
    world.diagnose()
    tap.equal([request.split(b"\r\n")[0] for request in world.peer.requests],
              [b"HEAD / HTTP/1.1"], "requests")
    for word in (b"authorization", b"cookie", b"dpop"):
        tap.lacks(world.peer.requests[0].lower(), word, "request")
    tap.equal([(item["path"], item["secret"]) for item in world.keyring.items()], before, "items")
    tap.equal(sorted(str(path) for path in world.session.root.rglob("*")
                     if "logs" not in path.parts and "tmp" not in path.parts), folder, "files")
    tap.equal(signals, [], "signals")


@tap.case("DO-03", "no Secret Service; then one that fails while it is used", account="work")
def no_keyring(world):
    world.session.stop_keyring()
    checks = world.expect("keyring", "error", "no Secret Service")
    tap.equal(checks["client/tidio"][0], "skipped", "client")
    tap.equal(checks["prompter"][0], "skipped", "prompter")
    world.session.start_keyring()
    world.expect("keyring", "ok")


@tap.case("DO-04", "a locked keyring: nobody is asked, and looking at it is no failure",
          account="work")
def locked(world):
    before = world.expect("store", "ok", "Nothing has failed")["store"]
    world.keyring.lock()
    checks = world.expect("keyring", "warning", "is locked: unlock it")
    tap.equal(checks["client/tidio"][0], "skipped", f"client: {checks['client/tidio'][1]}")
    tap.check(world.keyring.is_locked(), "still locked")
    first = world.diagnose()["store"]
    tap.equal(world.diagnose()["store"][0], first[0], f"{first}, which was {before}")


@tap.case("DO-04b", "the keyring's last failure, until it works again", keyring="faulty",
          account="work")
def store(world):
    world.expect("store", "ok", "Nothing has failed")
    token = world.broker.token("work")
    world.keyring.plan("SearchItems", "fail", times=100)
    expect_error("StorageUnavailable", world.broker.token, "work", rejected=token)
    world.expect("store", "warning", "nothing has worked in it since: ")
    world.keyring.heal()
    world.broker.token("work", rejected=token)
    world.expect("store", "ok", "The keyring works")


@tap.case("DO-05", "a Secret Service without a default keyring", keyring="locked")
def empty(world):
    world.expect("keyring", "warning", "no default keyring")


@tap.case("DO-06", "a Secret Service that hangs: an answer all the same", keyring="faulty")
def silent(world):
    world.keyring.plan("ReadAlias", "stall", times=100)
    checks = world.expect("keyring", "error", "does not answer as it should")
    tap.equal(checks["client/tidio"][0], "skipped", "client")


@tap.case("DO-07", "the port that sign-ins come back to: free, taken, one of the broker's own")
def port(world):
    number = ports.free()
    world.write_provider(RedirectUri=f"http://localhost:{number}/callback")
    world.expect("callback/tidio", "ok", f"Port {number} is free")
    path = world.broker.sign_in("work")
    world.broker.uri(path)
    world.expect("callback/tidio", "skipped", "while a sign-in runs")
    world.broker.cancel(path)
    world.broker.end_of(path)
    other = world.listen(number)
    world.expect("callback/tidio", "error", f"Port {number}")
    other.close()
    world.expect("callback/tidio", "ok")


@tap.case("DO-08", "a server whose name DNS does not know")
def unknown_host(world):
    world.write_provider(TokenEndpoint="https://tidio.invalid/token",
                         AuthorizationEndpoint="https://tidio.invalid/authorize")
    checks = world.expect("route/tidio", "error", "DNS")
    for check in ("server/tidio", "tls/tidio", "clock/tidio"):
        tap.equal(checks[check][0], "skipped", check)
    tap.equal(checks["api-server/tidio"][0], "ok", "the API, on another server")
    tap.lacks(json.dumps(checks), "tidio.invalid", "report")


@tap.case("DO-09", "a server that refuses, is out of order, or says something else than HTTP")
def ill_server(world):
    world.peer.plan("/", "answer", 1, answer(503))
    world.expect("server/tidio", "warning", "HTTP 503")
    world.peer.plan("/", "answer", 1, b"SSH-2.0-OpenSSH_9.2\r\n")
    world.expect("server/tidio", "error")
    world.peer.down()
    checks = world.expect("server/tidio", "error", "cannot be reached")
    tap.equal(checks["clock/tidio"][0], "skipped", "clock")
    world.peer.heal()
    world.expect("server/tidio", "ok")


@tap.case("DO-10", "a server that hangs: an answer all the same, one for all who ask meanwhile")
def hanging(world):
    order = world.peer.plan("/", "stall", 0)
    first = world.start_diagnosis()
    order.wait()
    others = [world.broker.other_caller() for _ in range(3)]
    later = [one.start_call("Diagnose", None, deadline=PATIENCE) for one in others]
    # While it runs, everything else does.
    tap.check(world.broker.get("Version") == 1, "a property")
    rows = first.result(PATIENCE)[0]
    tap.equal(world.take(rows)["server/tidio"][0], "error", "server")
    tap.contains(world.take(rows)["server/tidio"][1], "did not answer in time", "server")
    for pending in later:
        tap.equal(pending.result(PATIENCE)[0], rows, "what the others are told")
    tap.equal(world.peer.seen("/"), 1, "requests")


@tap.case("DO-11", "a caller that leaves harms nobody, and the next diagnosis is a new one")
def leaves(world):
    order = world.peer.plan("/", "stall", 1)
    leaver = world.broker.other_caller()
    leaver.start_call("Diagnose", None)
    order.wait()
    leaver.bus.close()
    order.release()
    world.expect("server/tidio", "ok")
    world.expect("server/tidio", "ok")


@tap.case("DO-12", "a certificate that nobody trusts")
def certificate(world):
    secure = Peer(world.server.port, make_certificate(world.session.root))
    try:
        world.session.write_provider("tidio", provider_text(places(secure.uri)))
        checks = world.expect("tls/tidio", "error", "no certificate that this computer trusts")
        tap.equal(checks["server/tidio"][0], "ok", "server")
        tap.equal(checks["clock/tidio"][0], "skipped", "clock")
    finally:
        secure.close()


@tap.case("DO-13", "the clock: off by an hour, by a minute, by nothing; no date at all")
def clock(world):
    for seconds, result, part in ((3600, "error", "seconds behind"),
                                  (-3600, "error", "seconds ahead of"),
                                  (-120, "warning", "seconds ahead of"), (0, "ok", "")):
        world.peer.plan("/", "answer", 1, answer(200, headers={"Date": http_date(seconds)}))
        world.expect("clock/tidio", result, part)
    world.peer.plan("/", "answer", 1, answer(200))
    world.expect("clock/tidio", "skipped", "does not say")


@tap.case("DO-14", "no client id; an id without a secret; both", environment={})
def client(world):
    world.expect("client/tidio", "error", "tidio-auth client set")
    world.write_provider(ClientId="from-the-file")
    world.expect("client/tidio", "warning", "no secret")
    world.write_provider(ClientId="from-the-file", ClientAuthentication="none")
    world.expect("client/tidio", "ok", "A client id is set")


@tap.case("DO-15", "a provider file with a mistake; a provider of one's own besides")
def provider_file(world):
    world.write_provider(Nonsense="yes")
    checks = world.expect("provider/tidio", "error", "Nonsense")
    tap.check("server/tidio" not in checks, "no server without a file")
    world.write_provider()
    world.session.write_provider("other", provider_text(places(world.peer.uri)))
    checks = world.expect("provider/other", "ok")
    tap.equal(checks["provider/tidio"][0], "ok", "the first one")
    tap.equal(checks["client/other"][0], "error", "its client")


@tap.case("DO-16", "tidio-auth.conf with a mistake: nothing can be sent, and it says why")
def configuration(world):
    file = world.session.root / "config/tidio-auth/tidio-auth.conf"
    world.expect("configuration", "ok")
    file.write_text("[Network]\nCaFile=/nonexistent/authority.pem\n")
    checks = world.expect("configuration", "error", "CaFile")
    tap.equal(checks["server/tidio"][0], "error", "server")
    tap.lacks(json.dumps(checks), "/nonexistent", "report")
    file.unlink()
    world.expect("configuration", "ok")


@tap.case("DO-17", "lock files: one that is left, one that is held, something else in the place")
def locks(world):
    path = lock_path(world.session, "left")
    path.write_text("")
    world.expect("locks", "ok", "0 are held")
    with held(path):
        world.expect("locks", "ok", "1 are held")
    path.unlink()
    path.symlink_to("/dev/null")
    world.expect("locks", "error", "1 lock files")
    path.unlink()
    world.expect("locks", "ok")


@tap.case("DO-18", "something else where the folder of lock files belongs", start=False)
def lock_folder(world):
    folder = lock_path(world.session).parent
    folder.rmdir()
    folder.symlink_to(world.session.root / "tmp")
    world.broker.start()
    world.expect("locks", "error", "XDG_RUNTIME_DIR")


@tap.case("DO-19", "no means to open a browser, then xdg-open on a display",
          start=False)
def browser(world):
    tools = world.session.root / "bin"
    tools.mkdir()
    del world.broker.environment["BROWSER"]
    world.broker.environment["PATH"] = str(tools)
    world.broker.start()
    checks = world.expect("browser", "warning", "--no-browser")
    tap.equal(checks["environment"][0], "warning", "environment")
    world.broker.stop()
    (tools / "xdg-open").symlink_to("/bin/true")
    world.broker.environment["WAYLAND_DISPLAY"] = "wayland-0"
    world.broker.start()
    checks = world.expect("browser", "ok", "xdg-open")
    tap.equal(checks["environment"][0], "ok", "environment")


@tap.case("DO-20", "another program waits for the name")
def queue(world):
    world.expect("name", "ok")
    other = world.session.new_bus()
    other.call(BUS, BUS_PATH, BUS, "RequestName", GLib.Variant("(su)", (NAME, 0)))
    world.expect("name", "warning", "waits for the name")
    other.close()
    world.bus.wait_for(lambda: len(world.bus.call(BUS, BUS_PATH, BUS, "ListQueuedOwners",
                                                  GLib.Variant("(s)", (NAME,)))[0]) == 1,
                       DEADLINE, "the other one to be gone", poll=True)
    world.expect("name", "ok")


@tap.case("DO-21", "accounts: none, all ready, one whose login ended; by number and not by name",
          account=ADDRESS)
def accounts(world):
    world.expect("accounts", "ok", "1 of 1 accounts ready")
    world.server.control(revoke_grants=True, expire_access_tokens=True)
    token = world.broker.token(ADDRESS)
    expect_error("SignInRequired", world.broker.token, ADDRESS, rejected=token)
    world.expect("accounts", "warning", "0 of 1 accounts ready: see tidio-auth accounts")
    world.broker.sign_out(ADDRESS)
    world.expect("accounts", "skipped", "Nobody is signed in")


@tap.case("DO-22", "a proxy that lets nobody through", start=False)
def proxy(world):
    listener = world.listen(0)
    number = listener.getsockname()[1]
    folder = world.session.root / "config/glib-2.0/settings"
    folder.mkdir(parents=True)
    folder.joinpath("keyfile").write_text(
        "[system/proxy]\nmode='manual'\nignore-hosts=@as []\n"
        f"[system/proxy/https]\nhost='127.0.0.1'\nport={number}\n")
    world.broker.environment.update({"GIO_USE_PROXY_RESOLVER": "gnome",
                                     "GSETTINGS_BACKEND": "keyfile",
                                     "XDG_CURRENT_DESKTOP": "GNOME"})
    world.write_provider(TokenEndpoint="https://tidio.invalid/token",
                         AuthorizationEndpoint="https://tidio.invalid/authorize")
    listener.close()
    world.broker.start()
    checks = world.expect("route/tidio", "ok", "A proxy is asked")
    tap.equal(checks["server/tidio"][0], "error", f"server: {checks['server/tidio'][1]}")
    tap.contains(checks["server/tidio"][1], "proxy", "server")


@tap.case("DO-23", "a server that asked to be left alone is", account="work")
def left_alone(world):
    world.peer.plan("/oauth/token", "answer", 1, answer(429, headers={"Retry-After": "600"}))
    token = world.broker.token("work")
    expect_error("RateLimited", world.broker.token, "work", rejected=token)
    world.peer.forget()
    world.expect("server/tidio", "skipped", "left alone")
    tap.equal(world.peer.seen("/"), 0, "requests")


@tap.case("DO-24", "a program that asks for the keyring's password: none, then one")
def prompter(world):
    world.expect("prompter", "warning", "gcr-prompter")
    other = world.session.new_bus()
    other.call(BUS, BUS_PATH, BUS, "RequestName",
               GLib.Variant("(su)", ("org.gnome.keyring.SystemPrompter", 0)))
    world.expect("prompter", "ok")
    other.close()


@tap.case("DO-25", "an installation without the program that opens browsers", start=False)
def no_helper(world):
    world.session.program = shutil.copy(world.session.program, world.session.root / "tidio-authd")
    world.broker.start()
    world.expect("browser", "error", "install Tidio Auth again")


def no_loopback(world):
    script = world.session.root / "authd"
    script.write_text(f'#!/bin/sh\nexec unshare --net "{world.session.program}"\n',
                      encoding="utf-8")
    script.chmod(0o700)
    world.session.program = script
    world.broker.start()
    checks = world.expect("loopback-ipv4", "error", "127.0.0.1")
    tap.equal(checks["loopback-ipv6"][0], "warning", "IPv6")
    tap.equal(checks["server/tidio"][0], "error", "server")


@tap.case("DO-27", "a provider file that turns PKCE off: a warning, and nothing where it does not")
def pkce(world):
    world.session.write_provider("other", provider_text(places(world.peer.uri), Pkce="S256"))
    world.write_provider(Pkce="none")
    checks = world.expect("pkce/tidio", "warning", "Pkce=none")
    tap.check("pkce/other" not in checks, "nothing of the other one")
    tap.equal([one for one in checks if one.endswith("/tidio")][:4],
              ["provider/tidio", "callback/tidio", "pkce/tidio", "client/tidio"], "order")
    tap.contains(world.cli.run("doctor").out, " pkce/tidio ", "what doctor prints")
    world.write_provider()
    tap.check("pkce/tidio" not in world.diagnose(), "nothing any more")


@tap.case("DO-28", "authorities besides the system's: named by their file, without its folder")
def authorities(world):
    file = world.session.root / "config/tidio-auth/tidio-auth.conf"
    tap.check("ca-file" not in world.diagnose(), "nothing without CaFile")
    folder = world.session.root / "private"
    folder.mkdir()
    data = Authority(folder).file.read_bytes()
    for name, shown in (("company.pem", "company.pem"), ("\u00e9\u001b[2J", "???[2J"),
                        ("n" * 240, "n" * 80)):
        (folder / name).write_bytes(data)
        file.write_text(f"[Network]\nCaFile={folder / name}\n")
        checks = world.expect("ca-file", "ok", f"those in {shown} are trusted")
        tap.lacks(checks["ca-file"][1], "private", "report")
        tap.equal(checks["configuration"][0], "ok", "configuration")
    tap.equal(list(checks)[2:4], ["configuration", "ca-file"], "order")
    tap.contains(world.cli.run("doctor").out, " ca-file ", "what doctor prints")
    file.unlink()
    tap.check("ca-file" not in world.diagnose(), "nothing any more")


# A user would need another user namespace for it, in which the broker recognizes nobody.
if os.geteuid() == 0:
    tap.case("DO-26", "a computer whose loopback device is down", start=False)(no_loopback)
else:
    tap.leave_out("DO-26", "only root can take the network away from the broker alone")


@tap.case("DO-30", "doctor prints a table of its own checks and the broker's: 0", account=ADDRESS)
def doctor(world):
    result = world.cli.run("doctor")
    tap.equal((result.code, result.err), (0, ""), f"exit code and stderr: {result}")
    rows = [re.match(r"(ok|warning|error|skipped) +(\S+) +(\S.*)$", line)
            for line in result.out.splitlines()]
    tap.check(all(rows), f"rows: {result.out}")
    tap.equal([row.group(2) for row in rows],
              [*CLIENT, *HOST, *(f"{one}/tidio" for one in PROVIDER)], "ids")
    tap.equal(len({row.start(3) for row in rows}), 1, "columns that sentences begin at")
    tap.lacks(result.out, "\033", "output")
    world.expect_discreet(result.out)


@tap.case("DO-31", "doctor --json: objects with the same members; 1 if there is an error",
          account=ADDRESS)
def doctor_json(world):
    world.peer.down()
    result = world.cli.run("doctor", "--json")
    tap.equal(result.code, 1, f"exit code: {result}")
    tap.contains(result.err, "tidio-auth: 1 check failed", "stderr")
    rows = json.loads(result.out)
    for row in rows:
        tap.equal(sorted(row), ["id", "result", "text"], "members")
    tap.equal({row["id"]: row["result"] for row in rows}["server/tidio"], "error", "server")
    world.expect_discreet(result.out)


@tap.case("DO-32", "doctor in colours on a terminal, without them where NO_COLOR is set")
def colors(world):
    world.peer.down()
    result = world.cli.on_terminal("doctor").finish()
    tap.equal(result.code, 1, "exit code")
    for color, word in ((32, "ok"), (31, "error"), (33, "warning"), (90, "skipped")):
        tap.contains(result.out, f"\033[{color}m{word}\033[0m", "terminal")
    plain = Cli(world.session, {"NO_COLOR": "1"}).on_terminal("doctor").finish()
    tap.lacks(plain.out, "\033[", "terminal with NO_COLOR")


@tap.case("DO-33", "doctor without a bus, and without a broker that can be started", start=False)
def nobody(world):
    lost = Cli(world.session, {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
                               "BROWSER": ""})
    result = lost.run("doctor", "--json")
    tap.equal(result.code, 1, f"exit code: {result}")
    rows = {row["id"]: row["result"] for row in json.loads(result.out)}
    tap.equal(rows, {"session-bus": "error", "display": "warning"}, "checks")
    service = world.session.root / "share/dbus-1/services/org.tidio.Auth.service"
    service.unlink()
    world.bus.call(BUS, BUS_PATH, BUS, "ReloadConfig")
    result = world.cli.run("doctor", "--json")
    tap.equal(result.code, 1, f"exit code: {result}")
    rows = {row["id"]: (row["result"], row["text"]) for row in json.loads(result.out)}
    tap.equal(sorted(rows), ["activation", "broker", "display", "session-bus"], "checks")
    tap.equal(rows["activation"][0], "warning", "activation")
    tap.contains(rows["broker"][1], "cannot be started", "broker")


@tap.case("DO-33c", "doctor without a bus does not say what address it tried", start=False)
def no_address(world):
    lost = Cli(world.session, {"DBUS_SESSION_BUS_ADDRESS": f"tcp {ADDRESS}\033[31m"})
    for arguments in ((), ("--json",)):
        result = lost.run("doctor", *arguments)
        tap.equal(result.code, 1, f"exit code: {result}")
        for text in (result.out, result.err):
            tap.lacks(text, ADDRESS, "report")
            tap.check(text.replace("\n", "").isprintable(), f"printable text: {text!r}")


@tap.case("DO-33b", "doctor with a broker that stands still: that is told, and what to do")
def stopped(world):
    world.broker.process.send_signal(signal.SIGSTOP)
    try:
        result = world.cli.run("doctor", "--json")
    finally:
        world.broker.process.send_signal(signal.SIGCONT)
    tap.equal(result.code, 1, f"exit code: {result}")
    rows = {row["id"]: (row["result"], row["text"]) for row in json.loads(result.out)}
    tap.equal(rows["broker"][0], "error", "broker")
    tap.contains(rows["broker"][1], "systemctl --user stop tidio-auth.service", "remedy")
    tap.check("version" not in rows, "nothing of the broker's own")


@tap.case("DO-34", "doctor says if a display is there, and if the broker is of another version")
def display(world):
    rows = json.loads(Cli(world.session, {"DISPLAY": ":7"}).run("doctor", "--json").out)
    rows = {row["id"]: row["result"] for row in rows}
    tap.equal((rows["display"], rows["client-version"]), ("ok", "ok"), "checks")
    world.broker.stop()
    other = OldBroker(world.session)
    process = world.cli.start("doctor", "--json")
    world.bus.wait_for(lambda: process.poll() is not None, DEADLINE, "the end of it", poll=True)
    rows = json.loads(world.cli.finish(process).out)
    tap.equal({row["id"]: row["result"] for row in rows}["client-version"], "warning", "checks")
    other.bus.close()


@tap.case("DO-35", "doctor prints whatever the broker says as text", start=False)
def text(world):
    other = OldBroker(world.session, "tidio-authd\033[2J\a\n\u009b31m")
    process = world.cli.start("doctor")
    world.bus.wait_for(lambda: process.poll() is not None, DEADLINE, "the end of it", poll=True)
    out = world.cli.finish(process).out
    tap.contains(out, "tidio-authd?[2J???31m\n", "report")
    tap.check(out.replace("\n", "").isprintable(), f"printable text: {out!r}")
    other.bus.close()


class OldBroker:
    """A broker of another version, as far as doctor can see."""

    def __init__(self, session, version="tidio-authd 0.0.1 runs with GLib 2.74.6"):
        self.bus = session.new_bus()
        self.version = version
        interface = Gio.DBusNodeInfo.new_for_xml(f"""<node><interface name="{NAME}">
          <method name="Diagnose"><arg type="a(sss)" direction="out"/></method>
        </interface></node>""").interfaces[0]
        self.bus.connection.register_object(PATH, interface, self._answer, None, None)
        self.bus.call(BUS, BUS_PATH, BUS, "RequestName", GLib.Variant("(su)", (NAME, 4)))

    def _answer(self, _bus, _sender, _path, _interface, _method, _arguments, invocation):
        rows = [("version", "ok", self.version)]
        invocation.return_value(GLib.Variant("(a(sss))", (rows,)))


if __name__ == "__main__":
    tap.main(DoctorWorld, workers=3)
