#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who asked: the ledger on the bus and in `tidio-auth log`."""

import json
import pathlib
import sys

from gi.repository import GLib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap
from harness.cli import Cli
from harness.world import World

NOON = 1_700_000_000
MEMBERS = ("time", "app", "trust", "account", "what", "result", "count")
ENTRIES = [
    (NOON, "editor", "host", "anna", "token", "ok", 3),
    (NOON + 100, "org.example.Contacts", "sandboxed", "anna", "GET /contacts", "200", 1),
    (NOON + 200, "", "unidentified", "", "sign-in", "NotAuthorized", 12),
]


def line(entry):
    moment, app, trust, account, what, result, count = entry
    return f"{moment}\t{count}\t{trust}\t{app}\t{account}\t{what}\t{result}\n"


def ledger_file(world):
    return world.session.root / "state/tidio-auth/activity"


def seed(world, text=None):
    """What an earlier broker left; starts the next one."""
    path = ledger_file(world)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(map(line, ENTRIES)).encode() if text is None else text)
    world.broker.start()


def activity(broker, most=1000):
    """The ledger as tuples, the newest first."""
    entries = broker.call("GetActivity", GLib.Variant("(u)", (most,)))[0]
    for entry in entries:
        tap.equal(set(entry), set(MEMBERS), "members of an entry")
    return [tuple(entry[name] for name in MEMBERS) for entry in entries]


@tap.case("LG-01", "GetActivity: the newest first, and not more than asked for", start=False,
          server=False)
def newest_first(world):
    seed(world)
    expected = ENTRIES[::-1]
    tap.equal(activity(world.broker), expected, "all")
    for most in (0, 1, 2, 3, 4, 2 ** 32 - 1):
        tap.equal(activity(world.broker, most), expected[:most], f"{most} at most")


@tap.case("LG-02", "the ledger is there after a restart, and its file is the user's alone",
          start=False, server=False)
def restart(world):
    seed(world)
    before = activity(world.broker)
    world.broker.restart()
    tap.equal(activity(world.broker), before, "the ledger")
    tap.equal(ledger_file(world).parent.stat().st_mode & 0o777, 0o700, "mode of the folder")


@tap.case("LG-03", "a damaged file costs what is damaged of it", start=False, server=False)
def damaged(world):
    seed(world, b"\0\xff\n" + line(ENTRIES[0]).encode() + b"[section]\n"
         + line(ENTRIES[1]).encode() + line(ENTRIES[2]).encode()[:-5])
    tap.equal([entry[:2] for entry in activity(world.broker)],
              [entry[:2] for entry in ENTRIES[::-1]], "what can be read")


@tap.case("LG-04", "log: lines with tabs for programs, the newest first", start=False,
          server=False)
def log_lines(world):
    seed(world)
    result = Cli(world.session, {"TZ": "UTC"}).run("log")
    tap.equal((result.code, result.err), (0, ""), f"log: {result}")
    tap.equal(result.out.splitlines(), [
        "2023-11-14T22:16:40+00:00\t\tunidentified\t\tsign-in\tNotAuthorized\t12",
        "2023-11-14T22:15:00+00:00\torg.example.Contacts\tsandboxed\tanna\tGET /contacts\t200\t1",
        "2023-11-14T22:13:20+00:00\teditor\thost\tanna\ttoken\tok\t3",
    ], "lines")


@tap.case("LG-05", "log --json: an array of what GetActivity says", start=False, server=False)
def log_json(world):
    seed(world)
    result = Cli(world.session).run("log", "--json")
    tap.equal((result.code, result.err), (0, ""), f"log: {result}")
    printed = json.loads(result.out)
    tap.equal([tuple(entry) for entry in printed], [MEMBERS] * 3, "members, in their order")
    tap.equal([tuple(entry.values()) for entry in printed], ENTRIES[::-1], "entries")


@tap.case("LG-06", "log on a terminal: a table, of 50 entries unless told otherwise", start=False,
          server=False)
def log_table(world):
    seed(world, "".join(line((NOON + number, "editor", "host", "anna", f"GET /{number}", "200", 1))
                        for number in range(70)).encode())
    cli = Cli(world.session, {"TZ": "UTC"})
    result = cli.on_terminal("log").finish()
    lines = result.out.splitlines()
    tap.equal((result.code, len(lines)), (0, 51), f"table: {result}")
    tap.equal(lines[:2], [
        "TIME                 PROGRAM  TRUST  ACCOUNT  WHAT     RESULT  COUNT",
        "2023-11-14 22:14:29  editor   host   anna     GET /69  200     1"], "table")
    for words, count in ((("-n", "1"), 2), (("-n", "60"), 61), (("--number=1000",), 71)):
        result = cli.on_terminal("log", *words).finish()
        tap.equal((result.code, len(result.out.splitlines())), (0, count), f"lines of {words}")
    tap.equal(len(cli.run("log").out.splitlines()), 70, "lines for a program")
    tap.equal(len(cli.run("log", "-n", "7").out.splitlines()), 7, "lines of -n 7")
    tap.equal(len(json.loads(cli.run("log", "-n", "7", "--json").out)), 7, "entries of -n 7 --json")


@tap.case("LG-07", "log: nothing yet, and wrong words", server=False)
def log_nothing(world):
    cli = Cli(world.session)
    result = cli.on_terminal("log").finish()
    tap.equal((result.code, result.out),
              (0, "tidio-auth: Nobody has asked for anything yet\r\n"), "nothing on a terminal")
    result = cli.run("log")
    tap.equal((result.code, result.out, result.err), (0, "", ""), "nothing for a program")
    tap.equal(json.loads(cli.run("log", "--json").out), [], "nothing as JSON")
    for words in (("-n", "0"), ("-n", "1001"), ("-n", "-1"), ("-n", "many"), ("-n", ""), ("-n",),
                  ("anna",), ("--jsn",)):
        result = cli.run("log", *words)
        tap.equal((result.code, result.out), (2, ""), f"log {words}: {result}")
        tap.contains(result.err, "tidio-auth log --help", f"log {words}")


@tap.case("LG-08", "log: what stands in the ledger does not move the cursor", start=False,
          server=False)
def log_clean(world):
    seed(world, line((NOON, "\x1b[2J\x9b\u202eeditor", "host", "anna", "GET /\x07", "200", 1)).encode())
    cli = Cli(world.session)
    for result in (cli.on_terminal("log").finish(), cli.run("log"), cli.run("log", "--json")):
        tap.equal(result.code, 0, f"log: {result}")
        found = [c for c in result.out if ord(c) < 0x20 and c not in "\r\n\t"
                 or 0x7f <= ord(c) <= 0x9f or c == "\u202e"]
        tap.equal(found, [], f"characters that do something: {result.out!r}")
        tap.contains(result.out, "editor", "the rest")


if __name__ == "__main__":
    tap.main(World)
