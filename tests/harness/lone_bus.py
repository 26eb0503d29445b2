# SPDX-License-Identifier: LGPL-2.1-or-later
"""A message bus for one guest, that says of the broker's owner what it is told to say. There is a
service manager too, which knows of another process; and what the broker is sent is noted."""

import os
import pathlib

from gi.repository import Gio, GLib

from harness import systemd
from harness.broker import NAME, PATH

BUS = """<node><interface name="org.freedesktop.DBus">
  <method name="Hello"><arg type="s" direction="out"/></method>
  <method name="AddMatch"><arg type="s" direction="in"/></method>
  <method name="GetNameOwner"><arg type="s" direction="in"/><arg type="s" direction="out"/></method>
  <method name="GetConnectionCredentials"><arg type="s" direction="in"/>
    <arg type="a{sv}" direction="out"/></method>
  <method name="ListQueuedOwners"><arg type="s" direction="in"/>
    <arg type="as" direction="out"/></method>
</interface></node>"""
BROKER = pathlib.Path(__file__).resolve().parents[2] / "data/org.tidio.Auth.xml"
OWNER = ":1.2"


class LoneBus:
    """`calls`: what the guest asked of the bus, and which properties of the manager; `sent`: what it
    sent to the broker. Nothing of `together` is answered before all of it is asked."""

    def __init__(self, folder, credentials, together=()):
        self.credentials = credentials
        self.together = set(together)
        self.calls = []
        self.sent = []
        self.waiting = []
        self.guests = []
        self.server = Gio.DBusServer.new_sync(f"unix:path={os.fspath(folder)}/lone-bus",
                                              Gio.DBusServerFlags.NONE, Gio.dbus_generate_guid(),
                                              None, None)
        self.server.connect("new-connection", self._welcome)
        self.server.start()
        self.address = self.server.get_client_address()

    def _welcome(self, _server, connection):
        self.guests.append(connection)
        for path, xml in (("/org/freedesktop/DBus", BUS), (systemd.UNIT_PATH, systemd.UNIT),
                          (systemd.UNIT_PATH, systemd.SERVICE), (PATH, BROKER.read_text())):
            interface = Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0]
            connection.register_object(path, interface, self._answer, None, None)
        return True

    def _answer(self, _connection, _sender, path, _interface, method, arguments, invocation):
        if path == PATH:
            self.sent.append(method)
            invocation.return_dbus_error(f"{NAME}.Error.Failed", "Thank you")
            return
        word = arguments[1] if method == "Get" else method
        self.calls.append(word)
        self.waiting.append((word, invocation))
        if word in self.together and not self.together <= set(self.calls):
            return
        for one, waiting in self.waiting:
            waiting.return_value(self._find(one))
        self.waiting = []

    def _find(self, word):
        """What is answered, if all that is asked for is asked together."""
        values = {name: GLib.Variant("u", value) for name, value in self.credentials.items()}
        return {"Hello": GLib.Variant("(s)", (":1.1",)),
                "GetNameOwner": GLib.Variant("(s)", (OWNER,)),
                "GetConnectionCredentials": GLib.Variant("(a{sv})", (values,)),
                "ListQueuedOwners": GLib.Variant("(as)", ([OWNER],)),
                "LoadState": GLib.Variant("(v)", (GLib.Variant("s", "loaded"),)),
                "MainPID": GLib.Variant("(v)", (GLib.Variant("u", 1),))}.get(word)

    def close(self):
        self.server.stop()
