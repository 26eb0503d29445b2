# SPDX-License-Identifier: LGPL-2.1-or-later
"""One world for many rows, one after the other, where a row leaves it as it found it.

It is made anew for other options and after a row that failed. After each row the broker must be
alive, and the logs clean; at the end it must end well.
"""

import contextlib
import sys

from harness import tap


class Shared:
    def __init__(self, make):
        self.make = make
        self.world = None
        self.options = None

    @contextlib.contextmanager
    def lend(self, **options):
        """For tap.main()."""
        if self.world is not None and options != self.options:
            self.end()
        if self.world is None:
            self.world, self.options = self.make(**options), options
            self.world.__enter__()
        try:
            yield self.world
            tap.check(self.world.broker.is_alive(), "the broker that was started last, alive")
            self.world._check_logs()  # pylint: disable=protected-access
        except BaseException:
            world, self.world = self.world, None
            world.__exit__(*sys.exc_info())
            raise

    def end(self, _passed=None):
        if self.world is not None:
            world, self.world = self.world, None
            world.__exit__(None, None, None)


def main(make):
    shared = Shared(make)
    tap.main(shared.lend, at_end=shared.end)
