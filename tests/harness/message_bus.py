# SPDX-License-Identifier: LGPL-2.1-or-later
"""dbus-broker as the session's bus.

Its usual launcher needs systemd and a journal. A bus needs neither: dbus-broker is given a socket
to listen on, and a policy, by whoever holds the other end of its controller's socket, and that is
this program. There is no activation then: who is to be on the bus is started by hand.
"""

import os
import socket

from gi.repository import Gio, GLib

BROKER = "org.bus1.DBus.Broker"
BROKER_PATH = "/org/bus1/DBus/Broker"
LISTENER_PATH = "/org/bus1/DBus/Listener/0"
MACHINE_ID = "0123456789abcdef0123456789abcdef"

# Connections, names, sending and receiving, as the launcher of version 33 hands them over.
_RULES = "(bta(btbs)a(btssssuutt)a(btssssuutt))"
_POLICY = f"(a(u{_RULES})a(buu{_RULES})a(ss)bs)"
_ANY_USER = 0xFFFFFFFF
_ANY_MESSAGE = (True, 1, "", "", "", "", 0, 0, 0, 2**64 - 1)
_ALL_ALLOWED = (True, 1, [(True, 1, True, "")], [_ANY_MESSAGE], [_ANY_MESSAGE])


class DBusBroker:
    """Starts one that listens at `path`; the bus ends with the process or with this object."""

    def __init__(self, session, path):
        here, there = socket.socketpair()
        here.setblocking(False)
        there.setblocking(False)
        with there:
            self.process = session.spawn(
                "dbus-broker", ["dbus-broker", "--controller", there.fileno(), "--machine-id",
                                MACHINE_ID], pass_fds=[there.fileno()])
        stream = Gio.Socket.new_from_fd(here.detach()).connection_factory_create_connection()
        self.controller = Gio.DBusConnection.new_sync(
            stream, None, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT, None, None)
        self.controller.set_exit_on_close(False)
        self._listen(path)

    def _listen(self, path):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.fspath(path))
            listener.listen(128)
            listener.setblocking(False)
            handles = Gio.UnixFDList.new()
            handle = handles.append(listener.fileno())
            policy = GLib.Variant(_POLICY, ([(_ANY_USER, _ALL_ALLOWED)], [], [], False, ""))
            self.controller.call_with_unix_fd_list_sync(
                None, BROKER_PATH, BROKER, "AddListener",
                GLib.Variant("(ohv)", (LISTENER_PATH, handle, policy)), None,
                Gio.DBusCallFlags.NONE, -1, handles, None)
