# SPDX-License-Identifier: LGPL-2.1-or-later
"""A caller of which every byte is ours, and the world of messages that no library would send."""

import array
import itertools
import os
import socket

from gi.repository import Gio, GLib

from harness import tap
from harness.broker import DEADLINE, NAME, PATH
from harness.bus import BUS, BUS_PATH, options
from harness.world import World

MIB = 1024 * 1024
# Those of a session bus, instead of the smaller ones that a bus has by itself.
LIMITS = "".join(f'<limit name="{name}">1000000000</limit>' for name in
                 ("max_incoming_bytes", "max_outgoing_bytes", "max_message_size",
                  "max_replies_per_connection", "max_incoming_unix_fds",
                  "max_outgoing_unix_fds"))
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
        self.send_bytes(message.to_blob(Gio.DBusCapabilityFlags.UNIX_FD_PASSING), descriptors)
        return serial

    def send_bytes(self, data, descriptors=()):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        sent = self.socket.sendmsg([data[:65536]], rights if descriptors else [])
        self.socket.sendall(memoryview(data)[sent:])

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
        session = super().make_session(keyring)
        session.bus_config = session.bus_config.replace("<policy", f"{LIMITS}<policy", 1)
        return session

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
