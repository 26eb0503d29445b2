# SPDX-License-Identifier: LGPL-2.1-or-later
"""A message bus for one guest, that says of the broker's owner what it is told to say."""

import os

from gi.repository import Gio, GLib

INTERFACE = Gio.DBusNodeInfo.new_for_xml("""<node><interface name="org.freedesktop.DBus">
  <method name="Hello"><arg type="s" direction="out"/></method>
  <method name="GetConnectionCredentials"><arg type="s" direction="in"/>
    <arg type="a{sv}" direction="out"/></method>
</interface></node>""").interfaces[0]


class LoneBus:
    """`calls`: what the guest called, of the bus or of others."""

    def __init__(self, folder, credentials):
        self.credentials = credentials
        self.calls = []
        self.guests = []
        self.server = Gio.DBusServer.new_sync(f"unix:path={os.fspath(folder)}/lone-bus",
                                              Gio.DBusServerFlags.NONE, Gio.dbus_generate_guid(),
                                              None, None)
        self.server.connect("new-connection", self._welcome)
        self.server.start()
        self.address = self.server.get_client_address()

    def _welcome(self, _server, connection):
        self.guests.append(connection)
        connection.register_object("/org/freedesktop/DBus", INTERFACE, self._answer, None, None)
        return True

    def _answer(self, _connection, _sender, _path, _interface, method, _arguments, invocation):
        self.calls.append(method)
        if method == "Hello":
            invocation.return_value(GLib.Variant("(s)", (":1.1",)))
        else:
            values = {name: GLib.Variant("u", value) for name, value in self.credentials.items()}
            invocation.return_value(GLib.Variant("(a{sv})", (values,)))

    def close(self):
        self.server.stop()
