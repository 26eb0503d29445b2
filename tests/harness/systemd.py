# SPDX-License-Identifier: LGPL-2.1-or-later
"""A user's service manager, as far as it knows the broker's unit."""

from gi.repository import Gio, GLib

from harness.bus import BUS, BUS_PATH

NAME = "org.freedesktop.systemd1"
UNIT_PATH = "/org/freedesktop/systemd1/unit/tidio_2dauth_2eservice"
UNIT = f"""<node><interface name="{NAME}.Unit"><property name="LoadState" type="s" access="read"/>
</interface></node>"""
SERVICE = f"""<node><interface name="{NAME}.Service"><property name="MainPID" type="u" access="read"/>
</interface></node>"""


class Systemd:
    """`load_state` and `main_pid` are what it says of the unit; `asked` grows."""

    def __init__(self, bus, load_state="loaded", main_pid=0):
        self.bus = bus
        self.load_state = load_state
        self.main_pid = main_pid
        self.asked = []
        for xml in (UNIT, SERVICE):
            interface = Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0]
            bus.connection.register_object(UNIT_PATH, interface, None, self._get, None)
        bus.call(BUS, BUS_PATH, BUS, "RequestName", GLib.Variant("(su)", (NAME, 4)))

    def _get(self, _connection, _sender, _path, _interface, prop):
        self.asked.append(prop)
        if prop == "LoadState":
            return GLib.Variant("s", self.load_state)
        return GLib.Variant("u", self.main_pid)
