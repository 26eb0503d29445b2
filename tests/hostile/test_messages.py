#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages made by hand, as no library would send them: ignored or refused, and nothing stays."""

import array
import itertools
import os
import pathlib
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
                 ("max_incoming_bytes", "max_outgoing_bytes", "max_message_size"))
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

    def memory(self):
        with open(f"/proc/{self.broker.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:"))

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


tap.main(MessagesWorld)
