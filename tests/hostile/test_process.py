#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile input, the process: what the broker shows of secrets to logs, callers, other processes
and the disk, and what the environment can do to it."""

import contextlib
import json
import os
import pathlib
import re
import resource
import signal
import stat
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import browser, callers, procs, tap
from harness.broker import DEADLINE, NAME, SLOW, check_message
from harness.bus import BusError
from harness.cli import Cli
from harness.peer import Peer, answer, make_certificate
from harness.servers import CLIENT_SECRET, places, provider_text
from rows import add_rows, main

CANARY = "canary-4f1d9b77c2"
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def error_of(function, *arguments, **keywords):
    """The name of the error and its message."""
    try:
        function(*arguments, **keywords)
    except BusError as error:
        check_message(error.message)
        return error.name.rpartition(".")[2], error.message
    return "no error", ""


@contextlib.contextmanager
def peer_of(world):
    """Between the broker and its server."""
    peer = Peer(world.server.port)
    world.session.write_provider("tidio", provider_text(places(peer.uri)))
    try:
        yield peer
    finally:
        peer.close()


# Errors and logs


def failed_sign_in(world, peer, reply):
    """How a sign-in ends when the token endpoint says that: error and message."""
    peer.plan("/oauth/token", "answer", answer_with=reply)
    _page, end = world.sign_in(succeeds=False)
    return end["Error"].rpartition(".")[2], end["ErrorMessage"]


def hostile_answers():
    """What a token endpoint may say to have its words repeated."""
    words = f"{CANARY} https://evil.example/?code={CANARY}"
    bad = {"error": "invalid_request", "error_description": words,
           "error_uri": f"https://evil.example/?{CANARY}"}
    return (answer(400, json.dumps(bad)),
            answer(400, json.dumps({"error": f"{CANARY}?{CANARY}"})),
            answer(200, json.dumps({"access_token": f"{CANARY}\n", "token_type": "Bearer"})),
            answer(200, json.dumps({"access_token": "good", "token_type": CANARY})),
            answer(200, f'{{"access_token": "{CANARY}", {CANARY}'),
            answer(500, words, content_type="text/plain"),
            answer(302, headers={"Location": f"https://evil.example/?{CANARY}"}))


def every_error(world):
    messages = []
    with peer_of(world) as peer:
        for reply in hostile_answers():
            messages.append(failed_sign_in(world, peer, reply))
        broker = world.broker
        messages += [error_of(broker.token, CANARY), error_of(broker.sign_out, CANARY),
                     error_of(broker.call_api, "GET", f"//evil.example/?{CANARY}"),
                     error_of(broker.call_api, "GET", f"contacts?{CANARY}", account=CANARY),
                     error_of(broker.call_api, f"GET {CANARY}", "contacts"),
                     error_of(broker.token, f"{CANARY}?"), error_of(broker.sign_in, f"{CANARY}/"),
                     error_of(broker.sign_in, "new", provider=f"x?{CANARY}")]
    without = [name for name, _message in messages if name == "no error"]
    tap.equal(without, [], "calls that did not fail")
    # A name that the caller gave may come back to the caller.
    for name, message in messages[:len(hostile_answers())]:
        tap.lacks(message, CANARY, f"message of {name}")
    tap.lacks(world.session.log(world.broker.log_name), CANARY, "log")
    return "messages without it"


def forged_lines(world):
    """Words of the provider that would make lines of their own."""
    evil = f"invalid\n<6>forged line {CANARY}\x1b[2J\r\u0085\u2028"
    with peer_of(world) as peer:
        reply = answer(400, json.dumps({"error": evil, "error_description": evil}))
        _name, message = failed_sign_in(world, peer, reply)
        check_message(message)
        world.broker.stop()
    log = world.session.log(world.broker.log_name)
    tap.lacks(log, "forged line", "log")
    tap.check(all(c == "\n" or c >= " " for c in log), f"no control characters in {log!r}")
    return "one clean sentence"


def environment(world):
    """Everything that could make it talk, or take its TLS, its keyring or its code from it."""
    folder = world.session.root
    (folder / "priorities").write_text("[overrides]\ndisabled-version = tls1.2\n"
                                       "disabled-version = tls1.3\n")
    (folder / "modules").mkdir()
    world.broker.environment.update(
        G_MESSAGES_DEBUG="all", G_DBUS_DEBUG="all", SOUP_DEBUG="3", GIO_USE_TLS="dummy",
        SSLKEYLOGFILE=str(folder / "keys"), GIO_MODULE_DIR=str(folder / "modules"),
        GIO_EXTRA_MODULES=str(folder / "modules"), SOUP_SERVER_HTTP2="1",
        GNUTLS_SYSTEM_PRIORITY_FILE=str(folder / "priorities"), GNUTLS_DEBUG_LEVEL="99",
        G_TLS_GNUTLS_PRIORITY="NONE:+VERS-TLS1.1")
    world.broker.start()
    path = world.broker.sign_in()
    uri = world.broker.uri(path)
    address = browser.decide(uri)
    browser.fetch(address)
    tap.equal(world.broker.end_of(path)["State"], "done", "State")
    values = dict(browser.query(address))
    world.broker.call_api("GET", "contacts")
    for name in ("code", "state"):
        tap.lacks(world.session.log(world.broker.log_name), values[name], f"{name} in the log")
    peer = Peer(world.server.port, make_certificate(folder))
    peer.context.keylog_filename = str(folder / "peer-keys")
    world.server.write_provider(BaseUri=f"{peer.uri}v1/")
    name, _message = error_of(world.broker.call_api, "GET", "contacts")
    peer.close()
    tap.check("CLIENT_HANDSHAKE_TRAFFIC_SECRET" in (folder / "peer-keys").read_text(),
              "a handshake of TLS 1.3")
    tap.check(not (folder / "keys").exists(), "no file with the keys of TLS")
    tap.lacks(world.session.log(world.broker.log_name), "WRITE KEY", "the broker's log")
    return f"{name}, no keys written"


def other_keyring(world):
    """The back ends that libsecret would choose by the environment."""
    secret = world.session.root / "file-keyring"
    names = {"SECRET_BACKEND": "file", "SNAP_NAME": "x", "SECRET_FILE_TEST_PATH": str(secret),
             "SECRET_FILE_TEST_PASSWORD": "password",
             "SECRET_SERVICE_BUS_NAME": world.session.new_bus().unique_name}
    world.broker.environment.update(names)
    world.broker.start()
    world.sign_in()
    tap.equal(len(world.keyring.accounts()), 1, "items in the keyring")
    result = Cli(world.session, names).run("client", "set", "--client-id", "mine",
                                           data=b"a secret\n")
    tap.equal((result.code, len(world.keyring.items())), (0, 2), "status of client set, items")
    tap.check(not secret.exists(), "no keyring file")
    return "stored in the Secret Service"


# The disk


def keyring_item(world):
    world.broker.token(rejected=world.broker.token())
    found = world.keyring.items()
    tap.equal(len(found), 1, "items")
    attributes = found[0]["attributes"]
    tap.equal(sorted(attributes), ["account", "version", "xdg:schema"], "attributes")
    tap.equal((attributes["xdg:schema"], attributes["version"]), ("org.tidio.Auth.Account", "1"),
              "schema and version")
    tap.check(UUID.match(attributes["account"]), f"a UUID, not {attributes['account']}")
    tap.lacks(found[0]["label"], "my.account", "label")
    record = json.loads(found[0]["secret"])
    tap.equal((record["account"], record["provider"]), ("my.account", "tidio"), "record")
    tap.equal(record["access_token"], world.broker.token(), "token in the record")
    return "schema, version and an opaque id"


def damaged_items(world):
    """What another program may write over the account's item. It stays as it is, so that who has
    the old one can put it back."""
    item = world.keyring.accounts()[0]
    record = json.loads(item["secret"])
    seen = {}
    for what, secret in {
            "empty": b"",
            "a megabyte": b"x" * 1_000_000,
            "a megabyte and all of the record": json.dumps({**record, "x": "x" * 1_000_000}),
            "no UTF-8": b"\xff\xfe{}",
            "nested": '{"a":' * 100_000 + "1" + "}" * 100_000,
            "an array": "[]",
            "two records": item["secret"].decode() * 2,
            "a later version": json.dumps({**record, "version": record["version"] + 1}),
            "no version": json.dumps({**record, "version": None}),
            "a token with a header behind it":
                json.dumps({**record, "access_token": f"{CANARY}\r\nX: y"})}.items():
        data = secret.encode() if isinstance(secret, str) else secret
        world.broker.stop()
        world.keyring.set_secret(item["path"], data)
        world.broker.start()
        seen[what] = error_of(world.broker.token, "me")[0]
        tap.equal(world.keyring.secret(item["path"]), data, f"the secret that is {what}")
    world.broker.stop()
    world.keyring.set_secret(item["path"], item["secret"])
    world.broker.start()
    tap.equal(world.broker.token("me"), record["access_token"], "the token once it is put back")
    tap.equal(len(world.keyring.accounts()), 1, "items")
    words = set(seen.values())
    return f"{words.pop()} each time, left alone" if len(words) == 1 else str(seen)


def files(world):
    """A sign-in, a refresh, a call, a default account, a stop: then all files."""
    uri = world.broker.uri(path := world.broker.sign_in())
    address = browser.decide(uri)
    browser.fetch(address)
    world.broker.end_of(path)
    old = world.keyring.records()["tidio"]
    world.broker.set_default("tidio")
    world.broker.token(rejected=world.broker.token())
    world.broker.call_api("GET", "contacts")
    new = world.keyring.records()["tidio"]
    world.broker.stop()
    values = dict(browser.query(address))
    secrets = {CLIENT_SECRET, values["code"], values["state"], old["access_token"],
               old["refresh_token"], new["access_token"], new["refresh_token"]}
    seen = 0
    for path in world.session.root.rglob("*"):
        if not path.is_file() or "keyrings" in path.parts:
            continue
        seen += 1
        data = path.read_bytes()
        for secret in secrets:
            tap.check(secret.encode() not in data, f"no secret in {path.name}")
        if "tidio-auth" in path.parts and "config" not in path.parts:
            tap.equal(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, f"access of others to {path}")
    tap.check(seen > 3, "files")
    return "nothing outside the keyring"


# Provider files


def provider_files(world):
    """Each is taken or refused by who can change it; once it is mended the provider is back."""
    text = provider_text(places(world.server.uri))
    path = world.session.write_provider("tidio", text)
    seen = {}

    def look(what):
        name = error_of(world.broker.sign_in, what, provider="tidio")[0]
        if name == "no error":
            world.broker.cancel(world.broker.sign_in(what))
        seen[what] = name

    for mode in (0o600, 0o644, 0o664, 0o646):
        path.chmod(mode)
        look(f"mode-{mode:o}")
    path.chmod(0o644)
    # A group that is the user's own may write.
    expected = dict.fromkeys(("mode-600", "mode-644", "link"), "no error")
    own_group = path.stat().st_gid == path.stat().st_uid
    expected["mode-664"] = "no error" if own_group else "NotConfigured"
    expected.update(dict.fromkeys(("mode-646", "secret"), "NotConfigured"))
    file = path.rename(world.session.root / "elsewhere.conf")
    path.symlink_to(file)
    look("link")
    path.unlink()
    world.session.write_provider("tidio", text.replace("[Provider]",
                                                       f"[Provider]\nClientSecret={CANARY}"))
    seen["secret"], message = error_of(world.broker.sign_in, "secret", provider="tidio")
    tap.contains(message, "ClientSecret", "message")
    tap.lacks(message, CANARY, "message")
    world.session.write_provider("tidio", text)
    world.sign_in()
    tap.equal(seen, expected, "what came of them")
    return "refused where others can change it, and with a secret"


def provider_file_of_others(world):
    path = world.session.write_provider("tidio", provider_text(places(world.server.uri)))
    seen = []
    for owner, mode in ((0, 0o664), (65534, 0o644)):
        os.chown(path, owner, 65534)
        path.chmod(mode)
        seen.append(error_of(world.broker.sign_in, "me", provider="tidio")[0])
    os.chown(path, 0, 0)
    world.sign_in()
    return ", ".join(seen)


# Other processes


@contextlib.contextmanager
def all_at_work(world):
    """The broker, its helper with the browser it starts, and the command line: the process of the
    last one, and what the browser noted."""
    note = world.session.root / "browser-seen"
    script = world.session.root / "slow-browser"
    script.write_text(f"#!/bin/sh\numask > {note}.tmp\nmv {note}.tmp {note}\nexec sleep 60\n")
    script.chmod(0o755)
    world.broker.environment["BROWSER"] = f"{script} --wait"
    world.session.environment["TIDIO_CLIENT_SECRET"] = "not-of-the-caller"
    mask = os.umask(0o002)
    try:
        world.broker.start()
    finally:
        os.umask(mask)
    cli = Cli(world.session)
    command = cli.start("sign-in")
    world.bus.wait_for(note.exists, DEADLINE, "the browser", poll=True)
    yield command, note
    command.send_signal(signal.SIGINT)
    cli.finish(command)


def words_of_processes(world):
    with all_at_work(world) as (command, note):
        look_at_words(world.broker.process.pid, command, note)
    return "no secret"


def words_for_root(world):
    """Also of the broker itself."""
    with all_at_work(world):
        shown = procs.shown_words(world.broker.process.pid)
    tap.lacks(shown, CLIENT_SECRET.encode(), "what its processes show")
    tap.contains(shown, b"slow-browser", "what its processes show")
    return "no secret"


def look_at_words(broker, command, note):
    names = {pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
             for pid in procs.children(broker)}
    tap.equal(names, {"tidio-auth-open"}, "children of the broker")
    for pid in procs.children(broker):
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        tap.lacks(words, b"state=", "arguments of the helper")
        environ = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        for name in (b"TIDIO_CLIENT_", b"SOUP_FORCE_HTTP1"):
            tap.lacks(environ, name, "environment of the helper")
    tap.lacks(pathlib.Path(f"/proc/{command.pid}/cmdline").read_bytes(), b"state=",
              "arguments of the command")
    tap.equal(note.read_text().strip(), "0002", "file mode mask of the browser")
    tap.equal(procs.status(broker, "Umask"), "0077", "that of the broker")


def core_dumps(world):
    return [path for path in world.session.root.iterdir() if path.name.startswith("core")]


def crash(world):
    """Where a core dump is allowed and would be a file in the working directory."""
    limits = resource.getrlimit(resource.RLIMIT_CORE)

    def allow_core():
        tap.end_with_parent()
        # A shell lets what it runs in the background ignore it.
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (limits[1], limits[1]))

    # A sanitizer would catch the other one, and report it.
    number = signal.SIGQUIT if SLOW > 1 else signal.SIGSEGV
    common = world.session.spawn("common", ["sleep", "60"], preexec_fn=allow_core)
    world.bus.wait_for(lambda: procs.status(common.pid, "Name") == "sleep", DEADLINE, "it",
                       poll=True)
    common.send_signal(number)
    dumps = os.WCOREDUMP(os.waitpid(common.pid, 0)[1])
    tap.comment(f"LG-05a: a common process leaves {'a' if dumps else 'no'} core dump here")
    for path in core_dumps(world):
        path.unlink()
    process = world.session.spawn("crashing", [world.session.program], world.broker.environment,
                                  preexec_fn=allow_core)
    world.bus.wait_for_name(NAME, DEADLINE)
    world.broker.process = process
    world.sign_in()
    process.send_signal(number)
    status = os.waitpid(process.pid, 0)[1]
    world.broker.process = None
    tap.equal((os.WTERMSIG(status), os.WCOREDUMP(status)), (number, False), "signal, a core dump")
    tap.equal(core_dumps(world), [], "core dumps")
    tap.equal(limits[1] != 0, True, "a hard limit that allows one")
    return "no core dump"


def start_unprivileged(world, name, argv):
    return world.session.spawn(name, [*procs.WITHOUT_PRIVILEGES, *argv],
                               world.broker.environment)


def other_process(world):
    """Another program of the same user: memory, environment, open files, ptrace."""
    def allowed(pid):
        names = ("mem", "environ", "auxv", "fd/0", "maps", "smaps", "root/etc")
        seen = {name for name in names if procs.may_read(pid, name)}
        return seen | ({"ptrace"} if procs.may_trace(pid) else set())

    common = start_unprivileged(world, "common", ["sleep", "60"])
    world.bus.wait_for(lambda: procs.status(common.pid, "Name") == "sleep", DEADLINE, "it",
                       poll=True)
    tap.check({"environ", "maps"} <= allowed(common.pid), "the same of a common process is allowed")
    world.broker.process = start_unprivileged(world, "broker-alone", [world.session.program])
    world.bus.wait_for_name(NAME, DEADLINE)
    # A program with more privileges than the broker is closed to it, and so is nobody it knows.
    world.broker.own_bus = callers.Caller(
        world.session, [*procs.WITHOUT_PRIVILEGES, callers.PYTHON, callers.PROGRAM])
    world.sign_in()
    pid = world.broker.process.pid
    tap.equal(allowed(pid), set(), "what it may")
    tap.check(procs.may_read(pid, "status"), "how much memory it has may be read")
    return "refused"


def memory(world):
    """After a sign-in, a refresh and a call: where the secrets are kept. What libraries have left
    elsewhere is counted, and differs from run to run."""
    world.session.environment.pop("MALLOC_PERTURB_", None)
    world.broker.start()
    world.sign_in()
    world.broker.token(rejected=world.broker.token())
    world.broker.call_api("GET", "contacts")
    record = world.keyring.records()["tidio"]
    secrets = {"access token": record["access_token"], "refresh token": record["refresh_token"],
               "client secret": CLIENT_SECRET}
    counts = procs.find_in_memory(world.broker.process.pid, secrets.values())
    for name, secret in secrets.items():
        locked, elsewhere = counts[secret]
        tap.comment(f"{name}: {locked} times in locked memory, {elsewhere} times elsewhere")
        tap.check(locked > 0, f"{name} in locked memory")
    tap.check(int(procs.status(world.broker.process.pid, "VmLck").split()[0]) > 0, "locked memory")
    return "in locked memory"


ROOT = {"not_tried": None if os.geteuid() == 0 else "needs root"}
# AddressSanitizer locks nothing, and reserves terabytes.
PLAIN_ROOT = ROOT if SLOW == 1 else {"not_tried": "a sanitizer locks no memory"}

ROWS = [
    ("CF-03-a", "provider files that others can change, links, another's, one with a secret in it",
     provider_files, "refused where others can change it, and with a secret"),
    ("CF-03-b", "a provider file that root owns and another group can write to, and another user's",
     provider_file_of_others, "NotConfigured, NotConfigured", ROOT),
    ("LG-02", "every error a caller can cause, and a provider that wants its words repeated",
     every_error, "messages without it"),
    ("LG-03", "an error code of the provider with line breaks and terminal controls", forged_lines,
     "one clean sentence"),
    ("LG-04-a", "arguments and environment of helper and command line", words_of_processes,
     "no secret", {"start": False}),
    ("LG-04-b", "those of the broker and all it started, as root sees them", words_for_root,
     "no secret", {"start": False, **ROOT}),
    ("LG-05a", "a crash where core dumps are allowed", crash, "no core dump", {"start": False}),
    ("LG-05b", "another program of the user looks into the broker's process", other_process,
     "refused", {"start": False}),
    ("TL-07", "an environment that logs, and replaces TLS", environment, "Tls, no keys written",
     {"start": False}),
    ("ST-08", "what the keyring's item shows without its secret", keyring_item,
     "schema, version and an opaque id", {"account": "my.account"}),
    ("ST-05", "an item that is empty, large, nested, of a later version or otherwise no account",
     damaged_items, "StorageCorrupt each time, left alone", {"account": "me"}),
    ("ST-09", "all files after a sign-in, a refresh and a call", files,
     "nothing outside the keyring"),
    ("ST-10", "an environment that names another keyring", other_keyring,
     "stored in the Secret Service", {"start": False}),
    ("LG-06", "root reads the broker's memory: where tokens and secrets are kept", memory,
     "in locked memory", {"start": False, **PLAIN_ROOT}),
]
add_rows(ROWS)
main()
