# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every message on a message bus, as a monitor sees it: the bytes of each, without a look at most
of them."""

import os
import socket
import struct
import threading

from gi.repository import Gio, GLib

BUS = "org.freedesktop.DBus"
# What is kept of a long message.
KEPT = 256 * 1024
END = "org.tidio.Tests.End"


def _call(serial, interface, method, arguments=None):
    message = Gio.DBusMessage.new_method_call(BUS, "/org/freedesktop/DBus", interface, method)
    message.set_serial(serial)
    if arguments is not None:
        message.set_body(arguments)
    return message.to_blob(Gio.DBusCapabilityFlags.NONE)


class BusWatch:
    """`path`: of the bus's socket."""

    def __init__(self, path):
        self.messages = []
        self.ended = threading.Event()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(os.fspath(path))
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(b"\0AUTH EXTERNAL %s\r\n" % str(os.getuid()).encode().hex().encode())
        if not self.stream.readline().startswith(b"OK"):
            raise RuntimeError("the bus does not want the monitor")
        self.socket.sendall(b"BEGIN\r\n" + _call(1, BUS, "Hello")
                            + _call(2, f"{BUS}.Monitoring", "BecomeMonitor",
                                    GLib.Variant("(asu)", ([], 0))))
        while not self._is_reply_to(2):
            pass
        threading.Thread(target=self._read, daemon=True).start()

    def _next(self):
        """The bytes of a message; empty: the bus is gone."""
        head = self.stream.read(16)
        if len(head) < 16:
            return b""
        order = "<" if head[:1] == b"l" else ">"
        body, _serial, fields = struct.unpack(order + "4xIII", head)
        return head + self.stream.read((fields + 7) // 8 * 8 + body)

    def _is_reply_to(self, serial):
        blob = self._next()
        if not blob:
            raise RuntimeError("the bus is gone")
        message = Gio.DBusMessage.new_from_blob(blob, Gio.DBusCapabilityFlags.NONE)
        return message.get_reply_serial() == serial

    def _read(self):
        try:
            while (blob := self._next()) and END.encode() not in blob:
                self.messages.append(blob[:KEPT])
        except OSError:
            pass
        self.ended.set()

    def finish(self, bus):
        """All messages that were sent so far. `bus`: a connection to the same bus."""
        if not bus.connection.is_closed():
            bus.connection.emit_signal(None, "/", END, "End", None)
            bus.connection.flush_sync(None)
        if not self.ended.wait(20):
            raise TimeoutError("the monitor does not see the end")
        self.close()
        return self.messages

    def close(self):
        self.socket.close()


def parse(blob):
    """The message, or None if it was too long to be kept."""
    try:
        return Gio.DBusMessage.new_from_blob(blob, Gio.DBusCapabilityFlags.NONE)
    except GLib.Error:
        return None
