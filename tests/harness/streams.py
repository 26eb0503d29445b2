# SPDX-License-Identifier: LGPL-2.1-or-later
"""OpenApi as its callers see it: bodies that go through pipes."""

import os
import threading

from gi.repository import Gio, GLib

from harness.broker import NAME, PATH
from harness.bus import BusError, Pending, options


class OpenPending(Pending):
    """`value`: status, descriptor to read the body from, details."""

    def finish(self, connection, result, _data):
        try:
            reply, fds = connection.call_with_unix_fd_list_finish(result)
            status, handle, details = reply.unpack()
            self.value = status, fds.steal_fds()[handle], details
        except GLib.Error as error:
            self.error = BusError.take(error)
        self.done = True


def start_open_api(broker, method, path, fd, account="", **wishes):
    """The descriptor stays the caller's."""
    pending = OpenPending(broker.bus)
    fds = Gio.UnixFDList.new()
    handle = fds.append(fd)
    arguments = GLib.Variant("(sssha{sv})",
                             (account, method, path, handle, options(wishes)))
    broker.bus.connection.call_with_unix_fd_list(
        NAME, PATH, NAME, "OpenApi", arguments, None, Gio.DBusCallFlags.NONE, 120_000, fds, None,
        pending.finish, None)
    return pending


def nothing():
    """A pipe that is at its end."""
    reader, writer = os.pipe()
    os.close(writer)
    return reader


class Feed(threading.Thread):
    """Writes blocks into a pipe, as fast as they are taken, and closes it. `written`: bytes that
    were; `broken`: the reader left."""

    def __init__(self, blocks):
        super().__init__(daemon=True)
        self.reader, self.writer = os.pipe()
        self.blocks = blocks
        self.written = 0
        self.broken = False
        self.start()

    def run(self):
        try:
            for block in self.blocks:
                view = memoryview(block)
                while view:
                    n = os.write(self.writer, view)
                    self.written += n
                    view = view[n:]
        except BrokenPipeError:
            self.broken = True
        finally:
            os.close(self.writer)

    def hand_over(self):
        """The descriptor to give away; whoever does closes it."""
        reader, self.reader = self.reader, None
        return reader


class Sink(threading.Thread):
    """Reads a pipe to its end."""

    def __init__(self, fd, keep=True):
        super().__init__(daemon=True)
        self.fd = fd
        self.keep = keep
        self.parts = []
        self.length = 0
        self.start()

    def run(self):
        while block := os.read(self.fd, 1 << 20):
            self.length += len(block)
            if self.keep:
                self.parts.append(block)
        os.close(self.fd)

    def body(self, deadline=60):
        self.join(deadline)
        if self.is_alive():
            raise TimeoutError(f"a body did not end in {deadline} s, after {self.length} bytes")
        return b"".join(self.parts)


def open_api(broker, method, path, body=b"", account="", **wishes):
    """status, body, details; the body may be bytes or a descriptor, which is closed."""
    feed = None
    if isinstance(body, bytes):
        feed = Feed([body] if body else [])
        body = feed.hand_over()
    pending = start_open_api(broker, method, path, body, account, **wishes)
    os.close(body)
    status, fd, details = pending.result(130)
    return status, Sink(fd).body(), details
