# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a caller learns by listening alone."""

from harness.broker import ACCOUNT, DEADLINE, account_path


class Listener:
    """Hears the broker from now on, and never asks it anything."""

    def __init__(self, broker):
        self.bus = broker.bus
        self.signals = broker.record()

    def added(self):
        """The ids of accounts that appeared."""
        return [args[1][ACCOUNT]["Id"] for _path, _interface, member, args in self.signals
                if member == "InterfacesAdded" and ACCOUNT in args[1]]

    def states(self, account):
        """Each State that the account was seen in, in order."""
        path = account_path(account)
        seen = []
        for signal_path, _interface, member, args in self.signals:
            if member == "InterfacesAdded" and args[0] == path:
                seen.append(args[1][ACCOUNT]["State"])
            elif member == "PropertiesChanged" and signal_path == path and "State" in args[1]:
                seen.append(args[1]["State"])
        return seen

    def wait_for_account(self, account):
        self.bus.wait_for(lambda: account in self.added(), DEADLINE,
                          f"account {account} to appear by itself")

    def wait_for_state(self, account, state):
        try:
            self.bus.wait_for(lambda: self.states(account)[-1:] == [state], DEADLINE, "it")
        except TimeoutError:
            raise TimeoutError(f"waited {DEADLINE} s for {account} to be {state} by itself, heard "
                               f"{self.states(account)}") from None
