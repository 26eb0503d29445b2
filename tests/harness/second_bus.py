# SPDX-License-Identifier: LGPL-2.1-or-later
"""A second session of the same user: a bus and a broker of its own, the keyring, the home and the
runtime directory in common with the first."""

import pathlib

from harness.broker import SLOW, Broker
from harness.keyring import NAME

RELAY = pathlib.Path(__file__).resolve().parent.parent / "faults" / "secrets_relay.py"
DEADLINE = 20.0 * SLOW


class SecondBroker(Broker):
    """The broker on the second bus; to be started like any other."""

    def __init__(self, session, environment=None):
        bus = session.start_bus("second-bus")
        address = f"unix:path={session.root / 'run/second-bus'}"
        super().__init__(session, {**(environment or {}), "DBUS_SESSION_BUS_ADDRESS": address}, bus)
        relay = session.spawn("secrets-relay",
                              [RELAY, session.environment["DBUS_SESSION_BUS_ADDRESS"]],
                              {"DBUS_SESSION_BUS_ADDRESS": address})
        bus.wait_for_name(NAME, DEADLINE, lambda: relay.poll() is None)
