#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages made by hand, as no library would send them: ignored or refused, and nothing stays."""

import array
import collections
import itertools
import os
import pathlib
import signal
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import Gio, GLib

from harness import session as sessions
from harness import tap
from harness.broker import DEADLINE, INVALID_ARGS, NAME, PATH, SLOW
from harness.bus import BUS, BUS_PATH, options
from harness.world import World

MIB = 1024 * 1024
HUGE = 120 * MIB
# Those of a session bus, instead of the smaller ones that a bus has by itself.
LIMITS = "".join(f'<limit name="{name}">1000000000</limit>' for name in
                 ("max_incoming_bytes", "max_outgoing_bytes", "max_message_size",
                  "max_replies_per_connection"))
Field = Gio.DBusMessageHeaderField
Flags = Gio.DBusMessageFlags


class RawCaller:
    """A connection to the bus of which every byte is ours."""

    def __init__(self, session):
        self.numbers = itertools.count(1)
        self.data = b""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(str(session.root / "run/bus"))
        uid = str(os.geteuid()).encode().hex()
        self.socket.sendall(f"\0AUTH EXTERNAL {uid}\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n".encode())
        for _ in range(2):
            while b"\r\n" not in self.data:
                self.data += self.socket.recv(4096)
            self.data = self.data.partition(b"\r\n")[2]
        self.answer_to(self.send(self.message("Hello", None, BUS, BUS_PATH, BUS)))

    @staticmethod
    def message(method, arguments, name=NAME, path=PATH, interface=NAME):
        message = Gio.DBusMessage.new_method_call(name, path, interface, method)
        if arguments is not None:
            message.set_body(arguments)
        return message

    def send(self, message, descriptors=()):
        """The message's serial."""
        serial = next(self.numbers)
        message.set_serial(serial)
        if descriptors:
            attached = Gio.UnixFDList()
            for one in descriptors:
                attached.append(one)
            message.set_unix_fd_list(attached)
        data = message.to_blob(Gio.DBusCapabilityFlags.UNIX_FD_PASSING)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        sent = self.socket.sendmsg([data[:65536]], rights if descriptors else [])
        self.socket.sendall(memoryview(data)[sent:])
        return serial

    def receive(self):
        """The next message; None: the bus wants no more of us."""
        while len(self.data) < 16 or len(self.data) < Gio.DBusMessage.bytes_needed(self.data):
            try:
                more = self.socket.recv(65536)
            except ConnectionError:
                more = b""
            if not more:
                return None
            self.data += more
        size = Gio.DBusMessage.bytes_needed(self.data)
        message = Gio.DBusMessage.new_from_blob(self.data[:size],
                                                Gio.DBusCapabilityFlags.UNIX_FD_PASSING)
        self.data = self.data[size:]
        return message

    def answer_to(self, serial):
        """In a word: "answered", the name of the error, or "thrown off the bus"."""
        while True:
            message = self.receive()
            if message is None:
                return "thrown off the bus"
            if message.get_reply_serial() == serial:
                return message.get_error_name() or "answered"

    def call(self, *arguments, descriptors=()):
        return self.answer_to(self.send(self.message(*arguments), descriptors))


class MessagesWorld(World):
    def __init__(self, **options):
        super().__init__(account="", **options)

    def make_session(self, keyring):
        if LIMITS not in sessions.BUS_CONFIG:
            sessions.BUS_CONFIG = sessions.BUS_CONFIG.replace("<policy", f"{LIMITS}<policy", 1)
        return super().make_session(keyring)

    def memory(self, name="VmRSS"):
        """Of the broker, in bytes: now, or as "VmHWM" the most so far."""
        with open(f"/proc/{self.broker.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file
                        if line.startswith(f"{name}:"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.broker.process.pid}/fd"))

    def expect_well(self):
        """As if nothing had been."""
        tap.check(self.broker.is_alive(), "the broker runs")
        tap.check(self.broker.token(), "a token for another caller")


def token_arguments(**more):
    return GLib.Variant("(sa{sv})", ("", options(more)))


def call_arguments(body=""):
    return GLib.Variant("(ssssa{sv})", ("", "POST", "contacts", body, {}))


@tap.case("DB-07a", "a call that says it is a reply: no reply to anything")
def reply_serial(world):
    raw = RawCaller(world.session)
    for number in range(1, 60):
        message = raw.message("GetToken", token_arguments())
        message.set_header(Field.REPLY_SERIAL, GLib.Variant("u", number))
        result = raw.answer_to(raw.send(message))
        tap.check(result in ("answered", "thrown off the bus"), f"seen: {result}")
        if result != "answered":
            break
    tap.comment(f"DB-07a: {result}")
    world.expect_well()


@tap.case("DB-07b", "other arguments than the method has: InvalidArgs")
def signatures(world):
    raw = RawCaller(world.session)
    for method, arguments in (("GetToken", GLib.Variant("(i)", (1,))), ("GetToken", None),
                              ("GetToken", GLib.Variant("(sa{ss})", ("", {}))),
                              ("GetToken", GLib.Variant("(sa{sv}s)", ("", {}, ""))),
                              ("CallApi", token_arguments()),
                              ("SignIn", GLib.Variant("(oa{sv})", ("/", {}))),
                              ("GetActivity", GLib.Variant("(i)", (-1,)))):
        tap.equal(raw.call(method, arguments), INVALID_ARGS, f"answer of {method}")
    world.expect_well()


@tap.case("DB-07c", "strings of 120 MiB: InvalidArgs, and the memory of them is free again")
def huge(world):
    """All but one buffer of GDBus, which stays as large as the largest message was."""
    raw = RawCaller(world.session)
    raw.socket.settimeout(120)
    world.broker.token()
    before = world.memory()
    text = "x" * HUGE
    tap.equal(raw.call("CallApi", call_arguments(text)), INVALID_ARGS, "answer to a body")
    account = GLib.Variant("(sa{sv})", (text, {}))
    for method in ("GetToken", "SignIn", "SignOut"):
        tap.equal(raw.call(method, account), INVALID_ARGS, f"answer of {method}")
    world.bus.wait_for(lambda: world.memory() < before + HUGE + 32 * MIB * SLOW ** 2,
                       DEADLINE, "the memory to be free again", poll=True)
    tap.comment(f"DB-07c: {before // MIB} MiB before, {world.memory() // MIB} MiB after")
    world.expect_well()


@tap.case("DB-07d", "a dictionary of 100,000 entries: InvalidArgs")
def many_entries(world):
    raw = RawCaller(world.session)
    entries = ", ".join(f"'x{number}': <'y'>" for number in range(100000))
    headers = entries.replace("<", "").replace(">", "")
    for method, kind, text in (("GetToken", "(sa{sv})", f"('', {{{entries}}})"),
                               ("CallApi", "(ssssa{sv})",
                                f"('', 'GET', 'a', '', {{'headers': <{{{headers}}}>}})")):
        arguments = GLib.Variant.parse(GLib.VariantType(kind), text)
        tap.equal(raw.call(method, arguments), INVALID_ARGS, f"answer of {method}")
    world.expect_well()


@tap.case("DB-07e", "file descriptors nobody asked for: closed")
def descriptors(world):
    raw = RawCaller(world.session)
    world.broker.token()
    before = world.descriptors()
    with open("/dev/null", "rb") as file:
        for _ in range(20):
            for method, arguments, expected in (
                    ("GetToken", token_arguments(unknown="x"), INVALID_ARGS),
                    ("CallApi", GLib.Variant("(s)", ("",)), INVALID_ARGS),
                    ("GetActivity", GLib.Variant("(u)", (1,)), INVALID_ARGS)):
                tap.equal(raw.call(method, arguments, descriptors=[file.fileno()] * 10), expected,
                          f"answer of {method}")
    world.bus.wait_for(lambda: world.descriptors() <= before, DEADLINE,
                       "the descriptors to be closed", poll=True)
    world.expect_well()


@tap.case("DB-07f", "calls that want no answer: they get none")
def no_reply(world):
    raw = RawCaller(world.session)
    for method, arguments in (("GetToken", token_arguments()), ("CallApi", call_arguments()),
                              ("GetToken", token_arguments(unknown="x")),
                              ("SignOut", GLib.Variant("(sa{sv})", ("absent", {}))),
                              ("GetActivity", GLib.Variant("(u)", (5,)))):
        message = raw.message(method, arguments)
        message.set_flags(Flags.NO_REPLY_EXPECTED)
        raw.send(message)
    last = raw.send(raw.message("GetToken", token_arguments()))
    answered = []
    while not answered or answered[-1] != last:
        message = raw.receive()
        if message.get_reply_serial():
            answered.append(message.get_reply_serial())
    tap.equal(answered, [last], "serials that were answered")
    world.expect_well()


# Floods: all of one is in the bus before the broker reads the first of it, and whatever the broker
# asks the bus is answered behind it. A sanitizer keeps what is freed, so growth is not looked at.

ONE_WAY = 20000 if SLOW == 1 else 2000
LARGE = 16


def flood(raw, world, message, count):
    """Sends so many of it and lets the broker go on. The results of those that have one, counted."""
    data = message.to_blob(Gio.DBusCapabilityFlags.UNIX_FD_PASSING)
    first = next(raw.numbers)
    one_way = message.get_flags() & Flags.NO_REPLY_EXPECTED
    world.broker.process.send_signal(signal.SIGSTOP)
    try:
        for serial in range(first, first + count):
            raw.socket.sendall(data[:8] + serial.to_bytes(4, sys.byteorder) + data[12:])
        raw.numbers = itertools.count(first + count)
        tap.equal(raw.call("GetId", None, BUS, BUS_PATH, BUS), "answered", "what the bus says")
    finally:
        world.broker.process.send_signal(signal.SIGCONT)
    results = collections.Counter()
    while not one_way and results.total() < count:
        answer = raw.receive()
        results[(answer.get_error_name() or "answered").rpartition(".")[2]] += 1
    return results


def numbered(message):
    message.set_serial(1)
    return message


@tap.case("DB-07g", f"{ONE_WAY:,} calls that want no answer: no more memory than for a few of them")
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
    tap.comment(f"DB-07g: {grown // 1024} KiB more")
    if SLOW == 1:
        tap.between(grown, 0, 32 * MIB, "bytes that the broker grew by")
    world.expect_well()


@tap.case("DB-07h", f"{LARGE} calls of 9 MiB by a program that nobody knows yet: a few are made, "
          "the rest is Busy, and no more memory than for those")
def large_flood(world):
    raw = RawCaller(world.session)
    raw.socket.settimeout(120)
    world.broker.token()
    before = world.memory("VmHWM")
    results = flood(raw, world, numbered(raw.message("CallApi", call_arguments("x" * 9 * MIB))),
                    LARGE)
    grown = world.memory("VmHWM") - before
    tap.comment(f"DB-07h: {dict(results)}, {grown // MIB} MiB more")
    tap.check(results["Busy"] >= LARGE // 2, f"most are Busy: {dict(results)}")
    tap.equal(results["Busy"] + results["answered"], LARGE, "all have a result")
    if SLOW == 1:
        tap.between(grown, 0, 100 * MIB, "bytes that the broker grew by")
    world.expect_well()


@tap.case("DB-07i", "600 calls of each kind by a program that nobody knows yet: 512 may wait until "
          "it is known, the rest is Busy")
def small_flood(world):
    for message in (("GetToken", token_arguments()),
                    ("GetManagedObjects", None, NAME, PATH, "org.freedesktop.DBus.ObjectManager")):
        raw = RawCaller(world.session)
        raw.socket.settimeout(120)
        results = flood(raw, world, numbered(raw.message(*message)), 600)
        tap.equal(dict(results), {"answered": 512, "Busy": 88}, f"results of {message[0]}")
    world.expect_well()


@tap.case("DB-07j", "calls with a path or a body that none of their methods takes: InvalidArgs")
def large_for_nothing(world):
    raw = RawCaller(world.session)
    introspectable = "org.freedesktop.DBus.Introspectable"
    for what, message in (
            ("a path of 1 MiB", raw.message("Introspect", None, NAME, f"{PATH}/{'x' * MIB}",
                                            introspectable)),
            ("the same of our own interface", raw.message("GetToken", token_arguments(), NAME,
                                                          f"{PATH}/{'x' * MIB}")),
            ("a body of 1 MiB", raw.message("Introspect", GLib.Variant("(s)", ("x" * MIB,)), NAME,
                                            PATH, introspectable)),
            ("an account of 1 MiB", raw.message("SignOut",
                                                GLib.Variant("(sa{sv})", ("x" * MIB, {}))))):
        tap.equal(raw.answer_to(raw.send(message)), INVALID_ARGS, what)
    world.expect_well()


tap.main(MessagesWorld)
