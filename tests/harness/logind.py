# SPDX-License-Identifier: LGPL-2.1-or-later
"""logind as far as it tells of suspends, on a system bus of the tests' own."""

from gi.repository import GLib

from harness.bus import BUS, BUS_PATH

NAME = "org.freedesktop.login1"
DO_NOT_QUEUE = 4


class Logind:
    def __init__(self, bus):
        self.bus = bus
        bus.call(BUS, BUS_PATH, BUS, "RequestName", GLib.Variant("(su)", (NAME, DO_NOT_QUEUE)))

    def prepare_for_sleep(self, going):
        """True before the machine sleeps, False when it is awake again. Whoever is on this bus has
        the signal before it has any call that is made after this."""
        self.bus.connection.emit_signal(None, "/org/freedesktop/login1",
                                        "org.freedesktop.login1.Manager", "PrepareForSleep",
                                        GLib.Variant("(b)", (going,)))
        self.bus.ping_all()

    def sleep_a_little(self):
        """And awake again."""
        self.prepare_for_sleep(True)
        self.prepare_for_sleep(False)
