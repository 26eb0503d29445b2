# SPDX-License-Identifier: LGPL-2.1-or-later
"""A world whose provider says of itself what it is."""

from harness import tap
from harness.broker import error_name
from harness.clocks import Clocks
from harness.issuer import WELL_KNOWN, Issuer
from harness.world import World

NO_ENDPOINTS = {"AuthorizationEndpoint": None, "TokenEndpoint": None, "RevocationEndpoint": None}


class IssuerWorld(World):
    """A world whose provider file has an issuer, and of the endpoints only what `keys` say.
    `members`: of the metadata, `headers`: with which it comes; `clocks`: the broker's can be
    moved."""

    def __init__(self, keys=(), members=(), headers=(), account=None, publish=True, clocks=False,
                 **options):
        self.issuer = Issuer()
        self.members = dict(members)
        self.headers = dict(headers)
        self.publishes = publish
        self.account = account
        super().__init__(provider={**NO_ENDPOINTS, "Issuer": self.issuer.uri, **dict(keys)},
                         **options)
        if clocks:
            self.clocks = Clocks(self.session)
            self.broker.environment.update(self.clocks.environment)

    def __enter__(self):
        super().__enter__()
        if self.publishes:
            self.publish()
        if self.account is not None:
            self.sign_in(self.account)
        return self

    def __exit__(self, *failure):
        try:
            super().__exit__(*failure)
        finally:
            self.issuer.close()

    def document(self, **members):
        return self.issuer.document(self.server, **{**self.members, **members})

    def publish(self, path=WELL_KNOWN, **members):
        self.issuer.publish(self.document(**members), path, **self.headers)

    def fails(self, short, *parts):
        """A sign-in ends without a browser."""
        end = self.broker.end_of(self.broker.sign_in())
        tap.equal((end["State"], end["Error"]), ("failed", error_name(short)),
                  f"end of the sign-in ({end['ErrorMessage']})")
        for part in parts:
            tap.contains(end["ErrorMessage"], part, "message")

    def refresh(self, account="", **wishes):
        """A token that has to be asked for."""
        old = self.broker.token(account)
        new = self.broker.token(account, rejected=old, **wishes)
        tap.check(new != old, "another token")
        return new

    def asked(self):
        """The paths since this was last called."""
        paths = [request[1] for request in self.issuer.requests]
        self.issuer.requests.clear()
        return paths
