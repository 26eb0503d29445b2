# SPDX-License-Identifier: LGPL-2.1-or-later
"""The desktop portal, as far as it opens addresses."""

from gi.repository import Gio, GLib

from harness.bus import BUS, BUS_PATH

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
REQUEST = "org.freedesktop.portal.Request"


class Portal:
    """Answers each request with `response`; with None, when it is told to."""

    INTERFACE = """<node><interface name="org.freedesktop.portal.OpenURI">
      <method name="OpenURI"><arg type="s" direction="in"/><arg type="s" direction="in"/>
      <arg type="a{sv}" direction="in"/><arg type="o" direction="out"/></method>
      </interface></node>"""

    def __init__(self, bus, response):
        self.bus = bus
        self.response = response
        self.opened = []
        self.requests = []
        interface = Gio.DBusNodeInfo.new_for_xml(self.INTERFACE).interfaces[0]
        bus.connection.register_object(PATH, interface, self.answer, None, None)
        bus.call(BUS, BUS_PATH, BUS, "RequestName", GLib.Variant("(su)", (NAME, 4)))

    def answer(self, _connection, sender, _path, _interface, _method, arguments, invocation):
        request = f"{PATH}/request/{sender[1:].replace('.', '_')}/t{len(self.opened)}"
        invocation.return_value(GLib.Variant("(o)", (request,)))
        self.requests.append((sender, request))
        if self.response is not None:
            respond(self.bus, self.requests[-1], self.response)
        self.opened.append(arguments.unpack()[1])


def respond(bus, request, response):
    """The signal that ends a request, from whatever connection."""
    bus.connection.emit_signal(*request, REQUEST, "Response",
                               GLib.Variant("(ua{sv})", (response, {})))
    bus.connection.flush_sync(None)
