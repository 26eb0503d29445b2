# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows of the fault table: a fault at a step, what the caller and the server saw of it, and the
proof that the session is kept.

A row gets a world of its own. Its function makes the fault, asks, and returns what the caller saw;
what the server saw is counted meanwhile. Then everything is healed, and the account has to refresh
unseen, to be stored, and to refresh once more after a restart; nobody signs in, and the server has
seen no refresh token twice.
"""

import contextlib
import json
import time

from harness import browser, rowbook, tap
from harness.broker import DEADLINE, SLOW, check_message
from harness.bus import BusError
from harness.clocks import Clocks
from harness.logind import Logind
from harness.network import Network
from harness.peer import Peer
from harness.servers import Server, places, provider_text
from harness.world import World

# Rows wait most of the time.
WORKERS = 3
ACCOUNT = "tidio"
TOKEN = "/oauth/token"
GONE = ("org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.ServiceUnknown",
        "org.freedesktop.DBus.Error.NameHasNoOwner")


class FaultWorld(World):
    """A world with the peer before the server and, unless told otherwise, the faulty keyring.

    `rotation` is the server's; `clocks`: the broker's can be moved; `logind`: there is a system bus
    with one; `network`: or with a NetworkManager; `signed_in`: the account is there before the
    fault; `environment`: of the broker, besides what it needs."""

    def __init__(self, keyring="faulty", rotation=True, clocks=False, logind=False,
                 network=False, signed_in=True, environment=None):
        super().__init__(keyring=keyring, account=ACCOUNT if signed_in else None)
        self.rotation = rotation
        self.clocks = None
        self.logind = logind
        self.network = network
        self.peer = None
        self.old = ""
        # The machine's own would tell the broker of things that are no part of the row.
        nowhere = f"unix:path={self.session.root / 'run/system-bus'}"
        self.broker.environment["DBUS_SYSTEM_BUS_ADDRESS"] = nowhere
        self.broker.environment.update(environment or {})
        if clocks:
            self.clocks = Clocks(self.session)
            self.broker.environment.update(self.clocks.environment)

    def _begin(self):
        self.server = Server(self.session, **self.wanted)
        self.server.control(rotation=self.rotation)
        self.peer = Peer(self.server.port)
        self.use_provider()
        if self.logind:
            self.logind = Logind(self.session.start_bus("system-bus"))
        if self.network:
            self.network = Network(self.session, bus=self.session.start_bus("system-bus"))
        self.broker.start()
        if self.signed_in is not None:
            self.sign_in(self.signed_in)
            self.note_token()
        self.forget()

    def __exit__(self, kind, error, trace):
        try:
            super().__exit__(kind, error, trace)
        finally:
            self.peer.close()

    def use_provider(self, **keys):
        """The provider file; without keys it is whole."""
        self.session.write_provider("tidio", provider_text(places(self.peer.uri), **keys))

    def note_token(self):
        """The token that counts as the old one from now on."""
        self.old = self.broker.token(ACCOUNT)

    def forget(self):
        """Counts from here."""
        self.peer.forget()
        self.server.control(reset_counters=True)

    # Asking

    def ask(self, caller=None, **wishes):
        """Starts a GetToken that cannot be answered with the token there is."""
        wishes.setdefault("rejected", self.old)
        return (caller or self.broker).start_get_token(ACCOUNT, deadline=110.0, **wishes)

    def seen(self, pending):
        """What the caller saw, in words."""
        try:
            token, _expires_at, details = pending.result(115)
        except BusError as error:
            return self.name_error(error)
        which = "the old token" if token == self.old else "a new token"
        return which + (", degraded" if details["degraded"] else "")

    def name_error(self, error):
        if error.name in GONE or error.name.startswith("local."):
            return "no answer"
        check_message(error.message)
        return error.name.removeprefix("org.tidio.Auth.Error.")

    def outcome(self, **wishes):
        return self.seen(self.ask(**wishes))

    # Looking

    def newest_record(self):
        """Of all items of the account that can be read."""
        records = []
        for item in self.keyring.accounts():
            try:
                record = json.loads(item["secret"])
            except (ValueError, RecursionError):
                continue
            if isinstance(record, dict) and record.get("account") == ACCOUNT \
                    and record.get("version") == 1:
                records.append(record)
        return max(records, key=lambda one: (one["signed_in_at"], one["generation"]), default=None)

    def server_saw(self):
        """In words, since it was last forgotten."""
        counters = self.server.counters()
        parts = []
        asked = self.peer.seen(TOKEN) - counters["code_exchanges"]
        served = counters["refreshes"]
        if counters["code_exchanges"]:
            parts.append(plural(counters["code_exchanges"], "code exchange"))
        if asked and asked == served:
            parts.append(plural(served, "refresh", "es"))
        elif asked:
            parts.append(f"{plural(asked, 'request')}, {served or 'none'} served")
        if self.peer.seen("/v1/"):
            parts.append(plural(self.peer.seen("/v1/"), "API call"))
        if self.peer.seen("/oauth/revoke"):
            parts.append(plural(self.peer.seen("/oauth/revoke"), "revocation"))
        return ", ".join(parts) or "nothing"

    def api_status(self, token):
        return self.server.request("GET", "/v1/operators", headers={
            "Authorization": f"Bearer {token}"})[0]

    # Healing

    def heal(self):
        self.use_provider()
        self.peer.heal()
        for endpoint in ("token", "api", "revoke"):
            self.server.heal(endpoint)
        if self.clocks is not None:
            self.clocks.shift()
        if hasattr(self.keyring, "heal"):
            self.keyring.heal()
            self.keyring.unlock()
        if not self.broker.is_alive():
            self.broker.process = None
            self.broker.start()

    def prove_kept(self):
        """The fault is over: all goes on unseen."""
        self.refresh_unseen()
        self.bus.wait_for(lambda: self.broker.state(ACCOUNT) == "ready", DEADLINE,
                          "State ready", poll=True)
        self.broker.restart()
        self.refresh_unseen()
        counters = self.server.counters()
        tap.equal(counters["reuse"], 0, "refresh tokens the server saw twice")
        tap.check(counters["grants"] > 0, "a grant at the server")

    def refresh_unseen(self):
        current = self.ask(rejected="").result(115)[0]
        fresh = self.ask(rejected=current).result(115)[0]
        tap.check(fresh != current, "another token than the rejected one")
        tap.equal(self.api_status(fresh), 200, "what the API says to the new token")
        self.bus.wait_for(
            lambda: (self.newest_record() or {}).get("access_token") == fresh, DEADLINE,
            "the new token in the keyring", poll=True)

    # A sign-in whose browser waits for its page

    def start_sign_in(self, account=ACCOUNT):
        """Up to the redirect; its object's path, and the address the browser is sent to."""
        path = self.broker.sign_in(account)
        return path, browser.decide(self.broker.uri(path))


@contextlib.contextmanager
def within(seconds, what):
    """A promised end, with room for a slow machine."""
    start = time.monotonic()
    yield
    took = time.monotonic() - start
    tap.check(took <= seconds * SLOW, f"{what}: answered within {seconds} s, not {took:.1f} s")


def plural(count, noun, ending="s"):
    return f"{count} {noun}{ending if count != 1 else ''}"


TABLE = rowbook.RowBook("fault-rows")


def add_row(row_id, fault, step, function, caller, server, **options):
    """`caller` and `server`: what they must see; several: one of these."""

    @tap.case(row_id, f"{fault} | {step}", **options)
    def run(world):
        seen = {"id": row_id, "fault": fault, "step": step, "caller": "?", "server": "?",
                "kept": "NO"}
        try:
            seen["caller"] = function(world)
            seen["server"] = world.server_saw()
            check_seen(seen["caller"], caller, "what the caller saw")
            check_seen(seen["server"], server, "what the server saw")
            exchanges = world.server.counters()["code_exchanges"]
            world.heal()
            world.prove_kept()
            tap.equal(world.server.counters()["code_exchanges"], exchanges, "sign-ins afterwards")
            seen["kept"] = "yes"
        finally:
            TABLE.add(seen)


def check_seen(seen, expected, what):
    allowed = expected if isinstance(expected, tuple) else (expected,)
    words = " or ".join(repr(one) for one in allowed)
    tap.check(seen in allowed, f"{what}: {words}\nseen: {seen!r}")


def add_rows(rows):
    """Rows as tuples: id, fault, step, function, caller, server and perhaps options."""
    for row in rows:
        add_row(*row[:6], **(row[6] if len(row) > 6 else {}))


def main():
    tap.main(FaultWorld, workers=WORKERS)
