# SPDX-License-Identifier: LGPL-2.1-or-later
"""What rows are measured in: a stage that all share, stages of their own, and the peers."""

import contextlib

import peers
import rows
import rows_api
import stage as stages

# Those that register what is measured.
MODULES = (rows, rows_api)
# As many accounts as a person with everything may have.
ACCOUNTS = 10


class Lab:
    """`quick`: all in small, to see that it works; `share`: so much smaller still, where programs
    are slow; `places`: on one processor, on all, or both."""

    def __init__(self, quick=False, share=1, with_peers=True, places=("pinned", "free")):
        self.quick = quick
        self.share = share
        self.places = places
        self.with_peers = with_peers
        self.first = False
        self.oidc = None
        self.goa = False
        self.missing = []
        self._shared = None
        self._open = contextlib.ExitStack()
        self._row = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._row.close()
        self._open.close()

    def size(self, full, small):
        return max(1, small // self.share) if self.quick else full

    def stage(self):
        """The one with ten accounts, a keyring as most people have it, and the peers."""
        if self._shared is None:
            services = peers.goa_services() if self.with_peers else {}
            self._shared = self._open.enter_context(stages.Stage(ACCOUNTS, services))
            if self.with_peers:
                self._add_peers(services)
        return self._shared

    def open_stage(self, accounts):
        """One more, until the end of the row."""
        return self._row.enter_context(stages.Stage(accounts))

    def _add_peers(self, services):
        self.goa = bool(services)
        if self.goa:
            peers.add_goa_account(self._shared)
        else:
            self.missing.append("GNOME Online Accounts")
        if peers.OidcAgent.is_there():
            self.oidc = peers.OidcAgent(self._shared)
            self._open.callback(self.oidc.close)
        else:
            self.missing.append("oidc-agent")

    def measure(self, row, rounds):
        """For each place, what the rounds found: a dictionary of lists by the keys of the goals."""
        found = {}
        places = ["free"] if row["once"] else self.places
        stages.place(False)
        try:
            for measure_round in row["run"](self):
                for where in places:
                    stages.place(where == "pinned")
                    values = found.setdefault(where, {})
                    for number in range(self._rounds(row, where, rounds)):
                        self.first = number == 0
                        for key, value in measure_round().items():
                            values.setdefault(key, []).append(value)
        finally:
            stages.place(False)
            self._row.close()
        return found

    @staticmethod
    def _rounds(row, where, rounds):
        if row["once"]:
            return 1
        return min(rounds, row["free_rounds"] or rounds) if where == "free" else rounds
