# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Secret Service of tests/faults, with what it can be ordered to do."""

import pathlib

from gi.repository import GLib

from harness.broker import SLOW
from harness.bus import BusError
from harness.keyring import NAME, PATH, SERVICE, Keyring

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "faults" / "secret_service.py"
FAULTS = "org.tidio.Test.Faults"
FAULTS_PATH = "/org/tidio/Test/Faults"
DEADLINE = 20.0 * SLOW


class FaultyKeyring(Keyring):
    """A keyring that does not work when told so. Its items survive its end."""

    def __init__(self, session):
        super().__init__(session.bus)
        self.own_session = session
        self.reached = []
        # The name is written out: signals of every later process count as well.
        self.bus.connection.signal_subscribe(
            NAME, FAULTS, "Reached", FAULTS_PATH, None, 0,
            lambda *args: self.reached.append(args[5].unpack()))
        self.start()

    def start(self):
        """Starts it, or starts it again; what it was ordered before is forgotten."""
        self.process = self.own_session.spawn(
            "faulty-keyring", [PROGRAM, self.own_session.root / "secrets.json"])
        self._session = None
        self.reached.clear()
        process = self.process
        self.bus.wait_for_name(NAME, DEADLINE, lambda: process.poll() is None)
        # The first order makes this connection one that meets no faults.
        self.order("ResetCounts")
        return self

    def stop(self):
        """Leaves the bus, as when the desktop ends it."""
        self.process.terminate()
        self.wait_for_end()

    def wait_for_end(self):
        """After an order to die."""
        self.process.wait(DEADLINE)
        self.bus.wait_for(lambda: not self.bus.owner(NAME), DEADLINE, "the keyring to be gone",
                          poll=True)

    def is_alive(self):
        return self.process.poll() is None

    def order(self, method, signature=None, *arguments):
        variant = GLib.Variant(signature, arguments) if signature else None
        return self.bus.call(NAME, FAULTS_PATH, FAULTS, method, variant)

    def plan(self, method, fault, nth=1, times=1, extra=b""):
        """The fault at the nth call of the method from now, `times` in a row (0: for ever)."""
        self.order("Plan", "(ssuuay)", method, fault, nth, times, extra)

    def wait_for_reached(self, count=1):
        """Until so many faults have met a call since the start; the latest: method, fault."""
        self.bus.wait_for(lambda: len(self.reached) >= count, DEADLINE, "a fault to be met")
        return self.reached[count - 1]

    def release(self, go_on=True):
        self.order("Release", "(b)", go_on)

    def heal(self):
        """Works again as it should: starts it if it has died."""
        if not self.is_alive():
            self.start()
        self.order("Heal")

    def set_locked(self, locked):
        """As if somebody else locked it, or unlocked it with the right password."""
        self.order("SetLocked", "(b)", locked)

    def lock(self):
        self.set_locked(True)

    def unlock(self):
        self.set_locked(False)

    def set_prompts(self, mode):
        """What the person does whom a prompt asks: "accept", "dismiss" or "ignore"."""
        self.order("SetPrompts", "(s)", mode)

    def count(self, method):
        """How often others have called that method."""
        return self.order("Count", "(s)", method)[0]

    def reset_counts(self):
        self.order("ResetCounts")

    def remove_default(self):
        """Takes the alias away; returns what puts it back."""
        path = self.default()
        self._call(PATH, SERVICE, "SetAlias", "(so)", "default", "/")
        return lambda: self._call(PATH, SERVICE, "SetAlias", "(so)", "default", path)

    def delete(self, path):
        try:
            self._call(path, "org.freedesktop.Secret.Item", "Delete", None)
        except BusError as error:
            if "NoSuchObject" not in error.name:
                raise
