# SPDX-License-Identifier: LGPL-2.1-or-later
"""A world with GNOME Keyring and somebody before its password dialog."""

from harness import tap
from harness.secret_services import PASSWORD, KeyringSession
from harness.watching import Listener
from harness.world import World

OK = f"ok:{PASSWORD}"


class PromptWorld(World):
    """`prompts`: what to do with them; `locked`: "cold" or "warm", once the account, if there is to
    be one, is signed in."""

    def __init__(self, prompts=(), locked=None, **options):
        self.prompts = prompts
        self.locked = locked
        super().__init__(**options)

    def make_session(self, keyring):
        return KeyringSession(keyring=keyring, prompts=self.prompts)

    @property
    def prompter(self):
        return self.session.prompter

    def _begin(self):
        super()._begin()
        self.token = self.broker.token() if self.signed_in is not None else None
        if self.locked == "cold":
            self.broker.stop()
            self.session.restart_keyring(locked=True)
            self.broker.start()
        elif self.locked == "warm":
            listener = Listener(self.broker)
            self.keyring.lock()
            listener.wait_for_state("tidio", "storage-locked")

    def keyring_file(self):
        return (self.session.root / "data/keyrings/login.keyring").read_bytes()

    def restart_and_get_token(self):
        self.broker.restart()
        return self.broker.token()


def asked(world, *kinds):
    """These prompts there were, and no other."""
    world.prompter.wait_for(len(kinds))
    tap.equal(world.prompter.prompts(), list(kinds), "prompts")


def check_nothing_known(world):
    """Either no account, or one of which is said that it is locked."""
    for account in world.broker.accounts():
        tap.equal(world.broker.state(account), "storage-locked", f"state of {account}")
