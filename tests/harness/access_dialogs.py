# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of a desktop's portal backend that asks "may this application?".

It lives in the process of the tests and answers while they wait for something on a bus.
"""

from gi.repository import Gio, GLib

from harness.bus import BUS, BUS_PATH

NAME = "org.freedesktop.impl.portal.desktop.test"
PATH = "/org/freedesktop/portal/desktop"
ACCESS = "org.freedesktop.impl.portal.Access"
REQUEST = "org.freedesktop.impl.portal.Request"
INTERFACES = Gio.DBusNodeInfo.new_for_xml(f"""<node><interface name="{ACCESS}">
  <method name="AccessDialog">
    <arg type="o" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
    <arg type="a{{sv}}" direction="in"/>
    <arg type="u" direction="out"/><arg type="a{{sv}}" direction="out"/>
  </method>
</interface>
<interface name="{REQUEST}"><method name="Close"/></interface></node>""").interfaces
DEADLINE = 20.0

GRANTED, DENIED, ENDED = 0, 1, 2


class Dialog:
    """What was asked for, and whether it is still to be seen."""

    def __init__(self, arguments, invocation):
        (self.handle, self.app, self.parent, self.title, self.subtitle, self.body,
         self.options) = arguments
        self.invocation = invocation
        self.object = 0
        self.is_open = True
        self.was_withdrawn = False


class AccessDialogs:
    """`error`: each dialog is refused with it."""

    def __init__(self, session):
        self.session = session
        self.shown = []
        self.error = None
        self.bus = None

    def install(self, name=NAME, interfaces=ACCESS, file="test", use_in="test"):
        """The file that tells of the backend."""
        folder = self.session.root / "share/xdg-desktop-portal/portals"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{file}.portal").write_text(
            f"[portal]\nDBusName={name}\nInterfaces={interfaces}\nUseIn={use_in}\n")
        return self

    def start(self):
        self.bus = self.session.new_bus()
        self.bus.connection.register_object(PATH, INTERFACES[0], self._answer, None, None)
        reply = self.bus.call(BUS, BUS_PATH, BUS, "RequestName", GLib.Variant("(su)", (NAME, 4)))
        assert reply == (1,), reply
        return self

    def die(self):
        self.bus.close()

    def _answer(self, connection, _sender, _path, _interface, _method, arguments, invocation):
        if self.error is not None:
            invocation.return_dbus_error(self.error, "No")
            return
        dialog = Dialog(arguments.unpack(), invocation)
        dialog.object = connection.register_object(
            dialog.handle, INTERFACES[1], lambda *call: self._withdraw(dialog, call[-1]), None, None)
        self.shown.append(dialog)

    def _withdraw(self, dialog, invocation):
        dialog.was_withdrawn = True
        invocation.return_value(None)
        self.answer(dialog, ENDED)

    # What the desktop shows

    def open(self):
        return [one for one in self.shown if one.is_open]

    def wait(self, count=1):
        """Until so many have been shown in all; the last one."""
        self.session.bus.wait_for(lambda: len(self.shown) >= count, DEADLINE, f"dialog {count}")
        return self.shown[-1]

    def wait_closed(self, dialog):
        self.session.bus.wait_for(lambda: not dialog.is_open, DEADLINE, "a dialog to close")

    # What a user does

    def answer(self, dialog, response):
        dialog.is_open = False
        self.bus.connection.unregister_object(dialog.object)
        dialog.invocation.return_value(GLib.Variant("(ua{sv})", (response, {})))
