#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command "apps": what applications may do, seen and set in the desktop's permission store."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from asker import READER, WRITER, Asker
from harness import tap
from harness.bus import BUS, BUS_PATH
from harness.cli import Cli
from harness.permissions import NAME as STORE
from harness.permissions import Permissions
from harness.world import World
from gi.repository import GLib


class Apps(World):
    """A world with a permission store and the command line; without a broker unless told so."""

    def __init__(self, broker=False, store=True, **options):
        options.setdefault("keyring", "unlocked" if broker else "none")
        super().__init__(start=broker, server=broker, **options)
        self.has_store = store
        self.permissions = Permissions(self.session)
        self.cli = Cli(self.session)

    def _begin(self):
        if self.has_store:
            self.permissions.start()
        super()._begin()

    def run(self, *arguments, code=0):
        result = self.cli.run("apps", *arguments)
        tap.equal(result.code, code, f"exit code of apps {' '.join(arguments)}: {result}")
        if code == 0:
            tap.equal(result.err, "", "stderr")
        else:
            tap.equal(result.out, "", "stdout")
            tap.check(result.err.startswith("tidio-auth: "), f"a sentence: {result.err!r}")
        return result.out if code == 0 else result.err


@tap.case("APP-01", "allow, list, deny and forget, with no broker there or started")
def course(world):
    tap.equal(world.run("allow", READER, "demo"),
              f"{READER} may do this with the account demo: * /*\n", "allow")
    tap.equal(world.permissions.of("demo"), {READER: ["* /*"]}, "in the store")
    tap.equal(world.run("deny", READER, "demo"), f"{READER} may do nothing with the account demo.\n", "deny")
    tap.equal(world.permissions.of("demo"), {READER: ["deny"]}, "in the store")
    tap.equal(world.run("forget", READER, "demo"), f"What {READER} may do with the account demo is forgotten.\n", "forget")
    tap.equal(world.permissions.accounts(), [], "accounts in the store")
    tap.equal(world.bus.owner("org.tidio.Auth"), "", "owner of the broker's name")


ALLOWED = (
    ((), ["* /*"]),
    (("--token",), ["token"]),
    (("--call", "GET /contacts*"), ["GET /contacts*"]),
    (("--call", "GET /*", "--call", "HEAD /*"), ["GET /*", "HEAD /*"]),
    (("--token", "--call", "* /*"), ["* /*", "token"]),
)


@tap.case("APP-02", "allow: what the options say, in place of what was there")
def allow(world):
    for options, expected in ALLOWED:
        out = world.run("allow", READER, "demo", *options)
        tap.equal(world.permissions.get(READER, "demo"), expected, f"after {options}")
        tap.contains(out, ", ".join(expected), "output")
    world.run("allow", "host/program", "demo")
    world.run("allow", "snap.reader", "work")
    tap.equal(sorted(world.permissions.of("demo")), ["host/program", READER], "applications of demo")
    tap.equal(world.permissions.of("work"), {"snap.reader": ["* /*"]}, "applications of work")


@tap.case("APP-03", "list: a table and JSON, in the order of applications and accounts")
def listed(world):
    result = world.cli.run("apps", "list")
    tap.equal((result.code, result.out), (0, ""), "an empty list")
    tap.contains(result.err, "No application", "stderr")
    tap.equal(json.loads(world.run("list", "--json")), [], "an empty list as JSON")
    world.permissions.set(WRITER, "demo", "deny")
    world.permissions.set(READER, "work", "GET /*", "HEAD /*")
    world.permissions.set(READER, "demo", "token")
    tap.equal(world.run("list"),
              "APPLICATION         ACCOUNT  PERMISSIONS\n"
              "org.example.Reader  demo     token\n"
              "org.example.Reader  work     GET /*, HEAD /*\n"
              "org.example.Writer  demo     deny\n", "table")
    tap.equal(json.loads(world.run("list", "--json")),
              [{"app": READER, "account": "demo", "permissions": ["token"]},
               {"app": READER, "account": "work", "permissions": ["GET /*", "HEAD /*"]},
               {"app": WRITER, "account": "demo", "permissions": ["deny"]}], "JSON")


@tap.case("APP-04", "list: whatever another program put there does nothing to the terminal")
def strange(world):
    evil = "\033]0;x\a\n\u202e"
    world.permissions.set("app" + evil, "demo" + evil, "GET /" + evil)
    out = world.run("list")
    tap.equal(out.count("\n"), 2, "lines")
    tap.check(all(c == "\n" or " " <= c <= "~" for c in out), f"plain text: {out!r}")
    tap.equal(json.loads(world.run("list", "--json"))[0]["app"], "app" + evil, "in JSON")


@tap.case("APP-05", "forget: only what is named, and an error for what is not known")
def forget(world):
    world.permissions.set(READER, "demo", "token")
    world.permissions.set(WRITER, "demo", "token")
    world.permissions.set(READER, "work", "token")
    world.run("forget", READER, "demo")
    tap.equal(world.permissions.of("demo"), {WRITER: ["token"]}, "of demo")
    tap.equal(world.permissions.of("work"), {READER: ["token"]}, "of work")
    for app, account in ((READER, "demo"), ("org.example", "demo"), (WRITER, "other")):
        tap.contains(world.run("forget", app, account, code=1), "apps list", "message")


@tap.case("APP-06", "no account named: the default one, or the only one", broker=True,
          account="demo")
def default_account(world):
    world.run("allow", READER)
    tap.equal(world.permissions.of("demo"), {READER: ["* /*"]}, "with one account")
    world.sign_in("work")
    tap.contains(world.run("allow", READER, code=1), "there are 2", "message")
    world.broker.set_default("work")
    world.run("deny", READER, "")
    tap.equal(world.permissions.of("work"), {READER: ["deny"]}, "with a default account")
    world.run("forget", READER)
    tap.equal(world.permissions.accounts(), ["demo"], "accounts in the store")


@tap.case("APP-11", "no account named and none there: told to sign in", broker=True)
def no_account(world):
    tap.contains(world.run("allow", READER, code=1), "tidio-auth sign-in", "message")


USAGE = (
    (), ("show",), ("allow",), ("deny",), ("forget",), ("list", READER), ("allow", READER, "a", "b"),
    ("allow", ""), ("allow", "a b"), ("allow", "a\nb"), ("allow", "a" * 256),
    *((action, name) for action in ("allow", "deny")
      for name in ("reader", "org.example", "host/", "host/a/b", "snap.", "snap.UPPER", "-x.y.z")),
    ("allow", READER, "a/b"), ("allow", READER, "-"), ("allow", READER, "a" * 65),
    ("allow", READER, "demo", "--json"), ("deny", READER, "demo", "--token"),
    ("forget", READER, "demo", "--call", "GET /*"), ("list", "--token"),
    *(("allow", READER, "demo", "--call", call)
      for call in ("", "token", "deny", "GET", "GET contacts", "get /contacts", "GET /a*b",
                   "GET /a?b", "GET  /a", "GET /a b", "TRACE /a")),
)


@tap.case("APP-07", "a wrong command line: exit 2, and nothing is changed")
def usage(world):
    for arguments in USAGE:
        tap.contains(world.run(*arguments, code=2), "see tidio-auth apps --help", "message")
    tap.equal(world.permissions.accounts(), [], "accounts in the store")
    tap.contains(world.cli.run("apps", "--help").out, "host/NAME", "help")


@tap.case("APP-07b", "a grant to what can be no application is forgotten all the same")
def forget_strange(world):
    world.permissions.set("reader", "demo", "* /*")
    world.run("forget", "reader", "demo")
    tap.equal(world.permissions.of("demo"), {}, "grants")


@tap.case("APP-08", "no permission store: exit 1, and the sentence says so", store=False)
def no_store(world):
    for arguments in (("list",), ("allow", READER, "demo"), ("deny", READER, "demo"),
                      ("forget", READER, "demo")):
        tap.contains(world.run(*arguments, code=1), "permission store", "message")


@tap.case("APP-09", "a permission store that another program is in place of: an error, no crash",
          store=False)
def mute_store(world):
    bus = world.session.new_bus()
    bus.call(BUS, BUS_PATH, BUS, "RequestName", GLib.Variant("(su)", (STORE, 4)))
    process = world.cli.start("apps", "list")
    world.bus.wait_for(lambda: process.poll() is not None, 20, "the end of the command", poll=True)
    result = world.cli.finish(process)
    tap.equal((result.code, result.out), (1, ""), "exit code and output")
    bus.close()


@tap.case("APP-10", "the broker heeds what the command sets, from the next request on")
def heeded(world):
    asker = Asker(world.session, {})
    asker.call(interactive=False).fails("InteractionRequired")
    world.run("allow", READER, "demo", "--call", "GET /contacts*")
    asker.call("GET", "/contacts/1", interactive=False).ok()
    asker.call("POST", interactive=False).fails("NotAuthorized")
    asker.token().fails("NotAuthorized")
    world.run("allow", READER, "demo", "--token")
    asker.token(interactive=False).ok()
    world.run("deny", READER, "demo")
    asker.call().fails("NotAuthorized")
    world.run("forget", READER, "demo")
    asker.call(interactive=False).fails("InteractionRequired")
    asker.end()


tap.main(Apps, workers=4)
