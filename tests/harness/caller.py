#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program that calls others on the session bus as it is told, with one connection: the other end
of harness/callers.py, which says what the lines mean. It needs nothing of the harness, so that it
runs where there is little else.
"""

import json
import os
import socket
import sys

from gi.repository import Gio, GLib

BUS = "org.freedesktop.DBus"


class Caller:
    def __init__(self):
        self.loop = GLib.MainLoop()
        self.rest = b""
        self.forgers = []
        self.connection = Gio.DBusConnection.new_for_address_sync(
            os.environ["DBUS_SESSION_BUS_ADDRESS"],
            Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        self.connection.set_exit_on_close(False)

    def run(self):
        tell(hello=self.connection.get_unique_name())
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP,
                              self._read)
        self.loop.run()

    def _read(self, *_):
        data = os.read(0, 65536)
        if not data:
            self.loop.quit()
            return False
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            getattr(self, f"_{order.pop('do')}")(**order)
        return True

    # What it can be told

    def _call(self, number, target, arguments, timeout, files):
        body = None if arguments is None else _value(arguments)
        fds = Gio.UnixFDList.new()
        for text in files:
            with open(os.memfd_create("file"), "r+", encoding="utf-8") as file:
                file.write(text)
                file.seek(0)
                fds.append(file.fileno())
        self.connection.call_with_unix_fd_list(*target, body, None, Gio.DBusCallFlags.NONE,
                                               timeout, fds, None, self._answered, number)

    def _record(self, number, sender):
        self.connection.signal_subscribe(sender, None, None, None, None, Gio.DBusSignalFlags.NONE,
                                         self._signalled, number)

    def _forge(self, number, destination, first, last, value):
        self.forgers.append(Forger())
        self.forgers[-1].forge(destination, first, last, _value(value))
        tell(number=number, value=["()", "()"])

    def _answered(self, connection, result, number):
        try:
            value, fds = connection.call_with_unix_fd_list_finish(result)
        except GLib.Error as error:
            name = Gio.DBusError.get_remote_error(error) or f"local.{error.domain}.{error.code}"
            Gio.DBusError.strip_remote_error(error)
            tell(number=number, error=[name, error.message])
        else:
            tell(number=number, value=[value.get_type_string(), value.print_(True)],
                 files=[read(fd) for fd in (fds.steal_fds() if fds else ())])

    def _signalled(self, _connection, _sender, path, interface, member, arguments, number):
        tell(number=number, signal=[path, interface, member],
             value=[arguments.get_type_string(), arguments.print_(True)])


def read(fd):
    with open(fd, encoding="utf-8") as file:
        return file.read()


class Forger:
    """A connection that sends answers to calls which others got.

    Some proxies let pass what answers a call that the program got itself, whomever it goes to. So
    it calls itself, with serials of its choice, which have to grow.
    """

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(os.environ["DBUS_SESSION_BUS_ADDRESS"].removeprefix("unix:path="))
        self.lines = self.socket.makefile("rb")
        self.socket.sendall(b"\0AUTH EXTERNAL\r\n")
        self.lines.readline()
        self.socket.sendall(b"DATA\r\n")
        self.lines.readline()
        self.socket.sendall(b"BEGIN\r\n")
        self._send(Gio.DBusMessage.new_method_call(BUS, "/", BUS, "Hello"), 1)
        self.name = self._receive().get_body().unpack()[0]

    def forge(self, destination, first, last, body):
        for serial in range(first, last + 1):
            self._send(Gio.DBusMessage.new_method_call(self.name, "/", "org.example.App", "Forge"),
                       serial)
        calls = []
        while len(calls) <= last - first:
            message = self._receive()
            if message.get_message_type() == Gio.DBusMessageType.METHOD_CALL:
                calls.append(message.get_serial())
        for reply_serial in calls:
            answer = Gio.DBusMessage()
            answer.set_message_type(Gio.DBusMessageType.METHOD_RETURN)
            answer.set_destination(destination)
            answer.set_reply_serial(reply_serial)
            answer.set_body(body)
            last += 1
            self._send(answer, last)

    def _send(self, message, serial):
        message.set_serial(serial)
        self.socket.sendall(message.to_blob(Gio.DBusCapabilityFlags.NONE))

    def _receive(self):
        head = self.lines.read(16)
        rest = Gio.DBusMessage.bytes_needed(head) - len(head)
        return Gio.DBusMessage.new_from_blob(head + self.lines.read(rest),
                                             Gio.DBusCapabilityFlags.NONE)


def _value(pair):
    kind, text = pair
    return GLib.Variant.parse(GLib.VariantType(kind), text)


def tell(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    Caller().run()
