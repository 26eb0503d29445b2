# SPDX-License-Identifier: LGPL-2.1-or-later
"""A desktop's notification server, made to be watched and to misbehave.

It lives in the process of the tests and answers while they wait for something on a bus.
"""

from gi.repository import Gio, GLib

from harness.bus import BUS, BUS_PATH

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
INTERFACE = Gio.DBusNodeInfo.new_for_xml(f"""<node><interface name="{NAME}">
  <method name="GetCapabilities"><arg type="as" direction="out"/></method>
  <method name="Notify">
    <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
    <arg type="a{{sv}}" direction="in"/><arg type="i" direction="in"/>
    <arg type="u" direction="out"/>
  </method>
  <method name="CloseNotification"><arg type="u" direction="in"/></method>
</interface></node>""").interfaces[0]

ALL = ("actions", "body", "body-markup", "persistence")
DEADLINE = 20.0

EXPIRED, DISMISSED, CLOSED = 1, 2, 3


class Notification:
    """What Notify said, and whether it is still to be seen."""

    def __init__(self, number, arguments):
        (self.app, self.replaces, self.icon, self.summary, self.body, actions, self.hints,
         self.timeout) = arguments
        self.id = number
        self.actions = dict(zip(actions[::2], actions[1::2]))
        self.is_open = True
        self.was_withdrawn = False


def emit(bus, member, number, value, destination=None):
    """A signal as a notification server sends it, from whatever connection."""
    kind = "(us)" if member == "ActionInvoked" else "(uu)"
    bus.connection.emit_signal(destination, PATH, NAME, member,
                               GLib.Variant(kind, (number, value)))
    bus.connection.flush_sync(None)


class Notifications:
    """`capabilities`: what it says it can do. `mute`: methods it does not answer. `failing`: methods
    it answers with an error. `calls`: the methods that were called, in their order."""

    def __init__(self, session):
        self.session = session
        self.capabilities = ALL
        self.mute = set()
        self.held = []
        self.failing = set()
        self.calls = []
        self.shown = []
        self.bus = None

    def start(self):
        """A new server: its ids begin anew."""
        self.bus = self.session.new_bus()
        self.last_id = 0
        self.bus.connection.register_object(PATH, INTERFACE, self._answer, None, None)
        reply = self.bus.call(BUS, BUS_PATH, BUS, "RequestName", GLib.Variant("(su)", (NAME, 4)))
        assert reply == (1,), reply
        return self

    def die(self):
        self.bus.close()
        for one in self.open():
            one.is_open = False
        self.session.bus.wait_for(lambda: not self.session.bus.owner(NAME), DEADLINE,
                                  "the notification server to be gone", poll=True)

    def _answer(self, _connection, _sender, _path, _interface, method, arguments, invocation):
        self.calls.append(method)
        if method in self.mute:
            self.held.append((method, arguments, invocation))
        elif method in self.failing:
            invocation.return_dbus_error("org.example.Error.No", "No")
        else:
            self._obey(method, arguments, invocation)

    def _obey(self, method, arguments, invocation):
        if method == "GetCapabilities":
            invocation.return_value(GLib.Variant("(as)", (self.capabilities,)))
        elif method == "Notify":
            self.last_id += 1
            self.shown.append(Notification(self.last_id, arguments.unpack()))
            invocation.return_value(GLib.Variant("(u)", (self.last_id,)))
        else:
            self._close(arguments.unpack()[0])
            invocation.return_value(None)

    def _close(self, number):
        for one in self.open():
            if one.id == number:
                one.is_open = False
                one.was_withdrawn = True
                if not self.bus.connection.is_closed():
                    emit(self.bus, "NotificationClosed", number, CLOSED)

    # What the desktop shows

    def open(self):
        return [one for one in self.shown if one.is_open]

    def wait(self, count=1):
        """Until so many have been shown in all; the last one."""
        self.session.bus.wait_for(lambda: len(self.shown) >= count, DEADLINE,
                                  f"notification {count}")
        return self.shown[-1]

    def wait_called(self, method):
        self.session.bus.wait_for(lambda: method in self.calls, DEADLINE, method)

    def wake(self):
        """Does what was asked for while it was mute, and is mute no more."""
        self.mute = set()
        held, self.held = self.held, []
        for call in held:
            self._obey(*call)

    def wait_closed(self, one):
        self.session.bus.wait_for(lambda: not one.is_open, DEADLINE, "a notification to close")

    # What a user does

    def press(self, one, key):
        """As the servers of real desktops do: the action, and then it is gone."""
        emit(self.bus, "ActionInvoked", one.id, key)
        self.close(one, DISMISSED)

    def close(self, one, reason=DISMISSED):
        one.is_open = False
        emit(self.bus, "NotificationClosed", one.id, reason)
