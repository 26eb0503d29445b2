# SPDX-License-Identifier: LGPL-2.1-or-later
"""A world in which a token endpoint answers as it is told, and what became of it in words.

The account is signed in at the real server. The peer before it answers what a row wants, each time
at an address of its own: an endpoint that failed is not asked again for a while.
"""

import itertools
import json

from harness import browser, tap
from harness.broker import DEADLINE, check_message
from harness.bus import BusError
from harness.peer import Peer
from harness.servers import Server, places, provider_text
from harness.world import World

ACCOUNT = "tidio"
TOKEN = "/oauth/token"
# Stands in every token that is made up here.
CANARY = "CANARY"


class AnswerWorld(World):
    def __init__(self):
        super().__init__(account=ACCOUNT)
        self.secrets.add(CANARY)
        self.numbers = itertools.count()
        self.peer = None
        self.messages = []
        self.n_rejected = 0

    def _begin(self):
        self.server = Server(self.session)
        self.peer = Peer(self.server.port)
        self.use_provider()
        self.broker.start()
        self.sign_in(self.signed_in)

    def __exit__(self, kind, error, trace):
        try:
            super().__exit__(kind, error, trace)
        finally:
            self.peer.close()

    def origin(self):
        """Where the token endpoint is: an account stays with that."""
        return self.peer.uri.rstrip("/")

    def use_provider(self, **keys):
        """The provider file, with a token endpoint of this row; its path and query."""
        endpoint = f"{TOKEN}?row={next(self.numbers)}"
        keys.setdefault("TokenEndpoint", self.origin() + endpoint)
        self.session.write_provider("tidio", provider_text(places(self.peer.uri), **keys))
        return endpoint

    def plan(self, answer, times=0, **keys):
        """The next token requests are answered so."""
        endpoint = self.use_provider(**keys)
        return self.peer.plan(endpoint, "answer", times, answer)

    def name(self, error_name, message):
        check_message(message)
        tap.lacks(message, CANARY, "error message")
        self.messages.append(message)
        return error_name.rpartition(".")[2]

    def try_sign_in(self):
        """A sign-in to the account there is, in words."""
        page, end = self.sign_in(ACCOUNT, succeeds=False)
        tap.lacks(page.body, CANARY, "page")
        if end["State"] == "done":
            return "signed in"
        return self.name(end["Error"], end["ErrorMessage"])

    def try_refresh(self):
        """In words; the token there is counts as refused somewhere."""
        old = self.broker.token(ACCOUNT)
        try:
            self.n_rejected += 1
            token = self.broker.token(ACCOUNT, rejected=old)
        except BusError as error:
            return self.name(error.name, error.message) + self.doubt()
        return "the old token" if token == old else "a new token"

    def record(self):
        return json.loads(self.keyring.accounts()[0]["secret"])

    def doubt(self):
        """Whether the refresh is noted as one whose outcome nobody knows."""
        return ", outcome unknown" if self.record().get("refresh_intent") else ""

    def fate(self):
        """Whether the login of before goes on unseen."""
        self.peer.heal()
        self.use_provider()
        tap.equal(self.broker.state(ACCOUNT), "ready", "state")
        exchanges = self.server.counters()["code_exchanges"]
        token = self.broker.token(ACCOUNT, rejected=self.broker.token(ACCOUNT))
        self.n_rejected += 1
        status, _body = self.server.request("GET", "/v1/operators",
                                            headers={"Authorization": f"Bearer {token}"})
        tap.equal((status, self.server.counters()["code_exchanges"]), (200, exchanges),
                  "what the API says to the refreshed token, and sign-ins meanwhile")
        # One broker does not replace one token after the other for long.
        if self.n_rejected >= 3:
            self.n_rejected = 0
            self.broker.restart()
        return "the old login lives"


def edited(world, change):
    """An answer of the real server, changed: `change` gets its members and returns them, or the
    text."""

    def answer(connection, request):
        head, _, body = request.partition(b"\r\n\r\n")
        kind = [line.partition(b":")[2].strip().decode() for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-type:")]
        _status, text = world.server.request("POST", TOKEN, body, {"Content-Type": kind[0]})
        changed = change(json.loads(text))
        data = changed if isinstance(changed, bytes) else json.dumps(changed).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close"
                           b"\r\nContent-Length: %d\r\n\r\n%s" % (len(data), data))
    return answer


def address_of(world):
    """Up to the redirect: the sign-in, its authorization URI and where the browser is sent."""
    path = world.broker.sign_in(ACCOUNT)
    uri = world.broker.uri(path, DEADLINE)
    return path, uri, browser.decide(uri)
