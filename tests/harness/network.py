# SPDX-License-Identifier: LGPL-2.1-or-later
"""A NetworkManager that says whether the computer is online.

It stands on a message bus that a program under test takes for the system's.
"""

from gi.repository import Gio, GLib

from harness.bus import BUS, BUS_PATH

NAME = "org.freedesktop.NetworkManager"
PATH = "/org/freedesktop/NetworkManager"
INTERFACE = Gio.DBusNodeInfo.new_for_xml(f"""<node><interface name="{NAME}">
  <property name="Version" type="s" access="read"/>
  <property name="State" type="u" access="read"/>
  <property name="Connectivity" type="u" access="read"/>
  <property name="Metered" type="u" access="read"/>
</interface></node>""").interfaces[0]

# NMState and NMConnectivityState of its D-Bus interface.
OFFLINE = {"State": 20, "Connectivity": 1}
ONLINE = {"State": 70, "Connectivity": 4}


class Network:
    """`bus`: the system's, unless the session's is to be taken for it."""

    def __init__(self, session, online=True, bus=None):
        self.bus = bus or session.new_bus()
        self.values = dict(ONLINE if online else OFFLINE)
        self.bus.connection.register_object(PATH, INTERFACE, None, self._get, None)
        self.bus.call(BUS, BUS_PATH, BUS, "RequestName", GLib.Variant("(su)", (NAME, 4)))

    @staticmethod
    def environment(session):
        """Of the program that is to see this network."""
        return {"DBUS_SYSTEM_BUS_ADDRESS": session.environment["DBUS_SESSION_BUS_ADDRESS"]}

    def _get(self, _connection, _sender, _path, _interface, name):
        if name == "Version":
            return GLib.Variant("s", "1.42.4")
        return GLib.Variant("u", self.values.get(name, 0))

    def set_online(self, online):
        self.values = dict(ONLINE if online else OFFLINE)
        changed = {name: GLib.Variant("u", value) for name, value in self.values.items()}
        self.bus.connection.emit_signal(None, PATH, "org.freedesktop.DBus.Properties",
                                        "PropertiesChanged",
                                        GLib.Variant("(sa{sv}as)", (NAME, changed, [])))
        self.bus.connection.flush_sync(None)

    def reconnect(self):
        """Offline and online again; everybody on the bus has heard it."""
        self.set_online(False)
        self.set_online(True)
        self.bus.ping_all()
