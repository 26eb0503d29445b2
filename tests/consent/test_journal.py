#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who asked: what the journal is told, by a broker whose standard error is the journal."""

import json
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import journal, tap
from harness.broker import DEADLINE, NAME
from harness.session import WRAPPER
from harness.world import World


class JournalWorld(World):
    """The broker writes to a journal; `noted()` are the entries about who asked."""

    def __init__(self):
        super().__init__(start=False)
        self.entries = self.session.root / "logs/journal"
        self.entries.touch()

    def _begin(self):
        super()._begin()
        self.broker.process = self.session.spawn(
            "broker", [sys.executable, journal.__file__, self.entries, *WRAPPER, self.session.program],
            self.broker.environment)
        self.bus.wait_for_name(NAME, DEADLINE, self.broker.is_alive)

    def end_broker(self):
        """What runs it for us ends with it."""
        os.kill(self.bus.process_of(NAME), signal.SIGTERM)
        tap.equal(self.broker.process.wait(DEADLINE), 0, "exit status of the broker")

    def noted(self):
        return [fields for fields in map(json.loads, self.entries.read_text().splitlines())
                if "TIDIO_WHAT" in fields]


@tap.case("LE-30", "an entry has who asked for what in fields of their own")
def fields(world):
    world.sign_in("anna")
    world.broker.call_api("GET", "contacts?limit=1", account="anna")
    world.end_broker()
    found = next(one for one in world.noted() if one["TIDIO_WHAT"] == "GET /contacts")
    tap.equal({name: found[name] for name in found if name.startswith("TIDIO_")}
              | {"TIDIO_APP": bool(found["TIDIO_APP"])},
              {"TIDIO_APP": True, "TIDIO_TRUST": "host", "TIDIO_ACCOUNT": "anna",
               "TIDIO_WHAT": "GET /contacts", "TIDIO_RESULT": "200"}, "fields")
    tap.contains(found["MESSAGE"], found["TIDIO_APP"], "message")
    tap.contains(found["MESSAGE"], "GET /contacts", "message")
    tap.lacks(world.entries.read_text(), "limit=", "a query")


@tap.case("LE-31", "what is only counted is not noted again")
def once(world):
    world.sign_in("anna")
    for _ in range(20):
        world.broker.token("anna")
    world.end_broker()
    tokens = [one for one in world.noted() if one["TIDIO_WHAT"] == "token"]
    # A minute or two may end meanwhile.
    tap.between(len(tokens), 1, 4, "entries for twenty tokens")


if __name__ == "__main__":
    journal.enter_own_run()
    tap.main(JournalWorld)
