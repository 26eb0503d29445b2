#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who asked: the ledger on the bus."""

import pathlib
import sys

from gi.repository import GLib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap
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


if __name__ == "__main__":
    tap.main(World)
