# SPDX-License-Identifier: LGPL-2.1-or-later
"""A caller on a message bus."""

import time

from gi.repository import Gio, GLib

from harness.variants import unpack

BUS = "org.freedesktop.DBus"
BUS_PATH = "/org/freedesktop/DBus"
# How GDBus sends its own error for a call that was given up: whoever gets it has the same again.
CANCELLED = "org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code19"


class BusError(Exception):
    """An error that came over the bus: its full name and its message."""

    def __init__(self, name, message):
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message

    @staticmethod
    def take(error):
        name = Gio.DBusError.get_remote_error(error)
        if name is None:
            name = f"local.{error.domain}.{error.code}"
        Gio.DBusError.strip_remote_error(error)
        return BusError(name, error.message)


class Pending:
    """A call under way; `result()` waits for its answer."""

    def __init__(self, bus):
        self.bus = bus
        self.value = None
        self.error = None
        self.done = False

    def finish(self, connection, result, _data):
        try:
            self.value = unpack(connection.call_finish(result))
        except GLib.Error as error:
            self.error = BusError.take(error)
        self.done = True

    def result(self, deadline=30.0):
        self.bus.wait_for(lambda: self.done, deadline, "the answer of a call")
        if self.error is not None:
            raise self.error
        return self.value


class Bus:
    """One connection, with calls that wait, calls that do not, and signals."""

    def __init__(self, address):
        flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                 | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
        self.connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.context = GLib.MainContext.default()

    def close(self):
        try:
            self.connection.close_sync(None)
        except GLib.Error as error:
            # The bus may be gone already, or go meanwhile.
            if not error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CLOSED):
                raise

    @property
    def unique_name(self):
        return self.connection.get_unique_name()

    def start_call(self, name, path, interface, method, arguments=None, deadline=60.0):
        pending = Pending(self)
        self.connection.call(name, path, interface, method, arguments, None,
                             Gio.DBusCallFlags.NONE, int(deadline * 1000), None, pending.finish,
                             None)
        return pending

    def call(self, name, path, interface, method, arguments=None, deadline=60.0):
        """Waits with the main loop running, so that signals arrive in order with answers."""
        return self.start_call(name, path, interface, method, arguments,
                               deadline).result(deadline + 5)

    def get(self, name, path, interface, prop):
        return self.call(name, path, "org.freedesktop.DBus.Properties", "Get",
                         GLib.Variant("(ss)", (interface, prop)))[0]

    def get_all(self, name, path, interface):
        return self.call(name, path, "org.freedesktop.DBus.Properties", "GetAll",
                         GLib.Variant("(s)", (interface,)))[0]

    def set(self, name, path, interface, prop, value):
        self.call(name, path, "org.freedesktop.DBus.Properties", "Set",
                  GLib.Variant("(ssv)", (interface, prop, value)))

    def ping_all(self):
        """Whoever is on this bus has the messages that were sent before it, and deals with them before
        any call that is made after it."""
        for name in self.call(BUS, BUS_PATH, BUS, "ListNames")[0]:
            if name.startswith(":") and name != self.unique_name:
                self.call(name, "/", "org.freedesktop.DBus.Peer", "Ping")

    def owner(self, name):
        """The unique name, or an empty string."""
        try:
            return self.call(BUS, BUS_PATH, BUS, "GetNameOwner", GLib.Variant("(s)", (name,)))[0]
        except BusError:
            return ""

    def process_of(self, name):
        return self.call(BUS, BUS_PATH, BUS, "GetConnectionUnixProcessID",
                         GLib.Variant("(s)", (name,)))[0]

    def wait_for_name(self, name, deadline, alive=lambda: True):
        """Until somebody owns the name; gives up early when `alive` says so."""
        seen = []
        watch = self.connection.signal_subscribe(
            BUS, BUS, "NameOwnerChanged", BUS_PATH, name, Gio.DBusSignalFlags.NONE,
            lambda *args: seen.append(args[5].unpack()))
        try:
            limit = time.monotonic() + deadline
            while not self.owner(name):
                if not alive():
                    raise RuntimeError(f"the owner of {name} ended before it was on the bus")
                if time.monotonic() > limit:
                    raise TimeoutError(f"waited {deadline} s for {name} on the bus")
                self._iterate(0.05)
        finally:
            self.connection.signal_unsubscribe(watch)

    def _iterate(self, seconds):
        """Waits for one event, at most that long."""
        fired = []
        source = GLib.timeout_source_new(max(1, int(seconds * 1000)))
        source.set_callback(lambda *_: fired.append(True) or False)
        source.attach(self.context)
        self.context.iteration(True)
        source.destroy()

    def wait_for(self, predicate, deadline, what, poll=False):
        """Runs the main loop until the predicate holds. `poll`: it depends on more than events of
        this connection."""
        limit = time.monotonic() + deadline
        while True:
            result = predicate()
            if result:
                return result
            rest = limit - time.monotonic()
            if rest <= 0:
                raise TimeoutError(f"waited {deadline} s for {what}")
            self._iterate(min(rest, 0.02) if poll else rest)

    def settle(self, seconds):
        """Runs the main loop that long: to see that something does not happen."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            self._iterate(limit - time.monotonic())

    def record(self, sender):
        """A list that grows with every signal of the sender: (path, interface, member, args)."""
        signals = []
        self.connection.signal_subscribe(
            sender, None, None, None, None, Gio.DBusSignalFlags.NONE,
            lambda _c, _s, path, interface, member, arguments, *_:
                signals.append((path, interface, member, arguments.unpack())))
        # The bus has the match rule once it answers the next call.
        self.owner(sender)
        return signals


def option(value):
    """A Python value as the variant an option of that kind has."""
    if isinstance(value, GLib.Variant):
        return value
    if isinstance(value, bool):
        return GLib.Variant("b", value)
    if isinstance(value, int):
        return GLib.Variant("u", value)
    if isinstance(value, str):
        return GLib.Variant("s", value)
    if isinstance(value, dict):
        return GLib.Variant("a{ss}", value)
    return GLib.Variant("as", list(value))


def options(values):
    """a{sv} of keyword arguments: open_browser=False is the option "open-browser"."""
    return {name.replace("_", "-"): option(value) for name, value in values.items()}
