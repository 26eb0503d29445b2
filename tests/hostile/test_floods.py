#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Floods of calls: all of one is in the bus before the broker reads the first of it, and whatever the
broker asks the bus is answered behind it. A sanitizer keeps what is freed, so growth is not looked
at there."""

import collections
import contextlib
import itertools
import os
import pathlib
import resource
import signal
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import Gio, GLib

import rows
from harness import tap
from harness.broker import NAME, PATH, SLOW
from harness.bus import BUS, BUS_PATH
from raw import MIB, Field, Flags, MessagesWorld, RawCaller, call_arguments, token_arguments

ONE_WAY = 10000 if SLOW == 1 else 2000
LARGE = 16
# Of the unit.
FILES = 512


@contextlib.contextmanager
def halted(world):
    """The broker stands still meanwhile."""
    world.broker.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        world.broker.process.send_signal(signal.SIGCONT)


def pour(raw, message, count, descriptors=()):
    """Sends so many of it, until the bus has them all."""
    data = message.to_blob(Gio.DBusCapabilityFlags.UNIX_FD_PASSING)
    first = next(raw.numbers)
    for serial in range(first, first + count):
        raw.send_bytes(data[:8] + serial.to_bytes(4, sys.byteorder) + data[12:], descriptors)
    raw.numbers = itertools.count(first + count)
    tap.equal(raw.call("GetId", None, BUS, BUS_PATH, BUS), "answered", "what the bus says")


def collect(raw, count):
    """The results of so many, counted."""
    results = collections.Counter()
    while results.total() < count:
        answer = raw.receive()
        results[(answer.get_error_name() or "answered").rpartition(".")[2]] += 1
    return results


def flood(raw, world, message, count, descriptors=()):
    """Sends so many of it and lets the broker go on. The results of those that have one."""
    one_way = message.get_flags() & Flags.NO_REPLY_EXPECTED
    with halted(world):
        pour(raw, message, count, descriptors)
    return collect(raw, 0 if one_way else count)


def numbered(message):
    message.set_serial(1)
    return message


def one_way_flood(world):
    raw = RawCaller(world.session)
    raw.socket.settimeout(120)
    tap.equal(raw.call("GetToken", token_arguments()), "answered", "the call in front of them")
    before = world.memory("VmHWM")
    message = numbered(raw.message("GetToken", token_arguments()))
    message.set_flags(Flags.NO_REPLY_EXPECTED)
    flood(raw, world, message, ONE_WAY)
    tap.equal(raw.call("GetToken", token_arguments()), "answered", "the call behind them")
    grown = world.memory("VmHWM") - before
    tap.comment(f"DB-07-g: {grown // 1024} KiB more")
    if SLOW == 1:
        tap.between(grown, 0, 24 * MIB, "bytes that the broker grew by")
    world.expect_well()
    return "no more memory than for a few of them"


def large_flood(world):
    raw = RawCaller(world.session)
    raw.socket.settimeout(120)
    world.broker.token()
    before = world.memory("VmHWM")
    results = flood(raw, world, numbered(raw.message("CallApi", call_arguments("x" * 9 * MIB))),
                    LARGE)
    grown = world.memory("VmHWM") - before
    tap.comment(f"DB-07-h: {dict(results)}, {grown // MIB} MiB more")
    tap.check(results["Busy"] >= LARGE // 2, f"most are Busy: {dict(results)}")
    tap.equal(results["Busy"] + results["answered"], LARGE, "all have a result")
    if SLOW == 1:
        tap.between(grown, 0, 100 * MIB, "bytes that the broker grew by")
    world.expect_well()
    return "a few are made, the rest is Busy, and no more memory than for those"


def small_flood(world):
    for message in (("GetToken", token_arguments()),
                    ("GetManagedObjects", None, NAME, PATH, "org.freedesktop.DBus.ObjectManager")):
        raw = RawCaller(world.session)
        raw.socket.settimeout(120)
        results = flood(raw, world, numbered(raw.message(*message)), 600)
        tap.equal(dict(results), {"answered": 512, "Busy": 88}, f"results of {message[0]}")
    world.expect_well()
    return "512 wait until it is known, 88 are Busy"


def stream_call(raw, body):
    arguments = GLib.Variant("(sssha{sv})", ("", "POST", "contacts", 0, {}))
    message = numbered(raw.message("OpenApi", arguments))
    message.set_header(Field.NUM_UNIX_FDS, GLib.Variant("u", 1))
    message.set_unix_fd_list(Gio.UnixFDList.new_from_array([os.dup(body.fileno())]))
    return message


def descriptor_flood(world):
    resource.prlimit(world.broker.process.pid, resource.RLIMIT_NOFILE, (FILES, FILES))
    raw = RawCaller(world.session)
    raw.socket.settimeout(120)
    with tempfile.TemporaryFile() as body:
        results = flood(raw, world, stream_call(raw, body), FILES + 100, [body.fileno()])
    tap.comment(f"DB-07-k: {dict(results)}")
    tap.equal(set(results), {"answered", "Busy"}, "results")
    tap.check(results["Busy"] >= FILES, f"most are Busy: {dict(results)}")
    world.expect_well()
    return "a few are made, the rest is Busy"


def newcomer(world):
    with tempfile.TemporaryFile() as body:
        look = ("GetManagedObjects", None, NAME, PATH, "org.freedesktop.DBus.ObjectManager")
        kinds = ((lambda raw: numbered(raw.message("GetToken", token_arguments())), 600, ()),
                 (lambda raw: numbered(raw.message(*look)), 600, ()),
                 (lambda raw: stream_call(raw, body), 30, [body.fileno()]))
        for make, count, descriptors in kinds:
            greedy = [RawCaller(world.session) for _ in range(3)]
            late = RawCaller(world.session)
            with halted(world):
                for raw in greedy:
                    raw.socket.settimeout(120)
                    pour(raw, make(raw), count, descriptors)
                pour(late, make(late), 1, descriptors)
            tap.equal(dict(collect(late, 1)), {"answered": 1}, "the late one's result")
            seen = [dict(collect(raw, count)) for raw in greedy]
            tap.comment(f"DB-07-l: {seen}")
            for results in seen:
                tap.equal(set(results), {"answered", "Busy"}, "results of the greedy ones")
    world.expect_well()
    return "the late one is answered"


rows.add_rows([
    ("DB-07-g", f"{ONE_WAY:,} calls that want no answer", one_way_flood,
     "no more memory than for a few of them"),
    ("DB-07-h", f"{LARGE} calls of 9 MiB by a program that nobody knows yet", large_flood,
     "a few are made, the rest is Busy, and no more memory than for those"),
    ("DB-07-i", "600 calls of each kind by a program that nobody knows yet", small_flood,
     "512 wait until it is known, 88 are Busy"),
    ("DB-07-k", f"{FILES + 100} calls of OpenApi by a program that nobody knows yet, and {FILES} "
     "descriptors in all", descriptor_flood, "a few are made, the rest is Busy"),
    ("DB-07-l", "calls of one program while three that nobody knows yet have all places of such",
     newcomer, "the late one is answered"),
])

tap.main(MessagesWorld)
