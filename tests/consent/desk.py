# SPDX-License-Identifier: LGPL-2.1-or-later
"""A desktop on which a user may be asked: what the cases about consent need."""

import os
import pathlib

from harness import tap
from harness.access_dialogs import AccessDialogs
from harness.broker import SANITIZER
from harness.clocks import Clocks
from harness.notifications import Notifications
from harness.permissions import Permissions
from harness.session import Session
from asker import Asker

# Programs of the user's locale speak like this one.
ENGLISH = {"LANGUAGE": "en"}


class Desk:
    """`dialogs`: there is a portal backend that shows them; `notifications`: there is a server;
    `store`: there is a permission store; `configuration`: text of tidio-auth.conf."""

    def __init__(self, dialogs=True, notifications=False, store=True, configuration=None):
        self.session = Session(keyring="none")
        self.wanted = (dialogs, notifications, store)
        self.configuration = configuration
        self.dialogs = AccessDialogs(self.session)
        self.desktop = Notifications(self.session)
        self.permissions = Permissions(self.session)
        self.clocks = Clocks(self.session)
        self.asker = None

    def __enter__(self):
        self.session.__enter__()
        try:
            dialogs, notifications, store = self.wanted
            if dialogs:
                self.dialogs.install().start()
            if notifications:
                self.desktop.start()
            if store:
                self.permissions.start()
            if self.configuration is not None:
                self.configure(self.configuration)
            self.asker = Asker(self.session, {**self.clocks.environment, **ENGLISH})
        except BaseException:
            self.session.close()
            raise
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                self.asker.end()
                for log in sorted((pathlib.Path(self.session.root) / "logs").iterdir()):
                    text = log.read_text(errors="replace")
                    tap.check(SANITIZER.search(text) is None,
                              f"no sanitizer report in {log.name}:\n{text[-6000:]}")
        finally:
            self.session.close()

    @property
    def bus(self):
        return self.session.bus

    def logs(self):
        return self.session.last_logs()

    def configure(self, text):
        path = self.session.root / "config/tidio-auth/tidio-auth.conf"
        draft = path.with_suffix(".new")
        draft.write_text(text)
        os.replace(draft, path)

    def pass_time(self, seconds):
        self.clocks.shift(boot=self.clocks.boot + seconds)
