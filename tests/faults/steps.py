# SPDX-License-Identifier: LGPL-2.1-or-later
"""Steps of a refresh at which the broker can be halted, in their order.

before the lock       another process has the lock file
re-read               the keyring does not answer the search
intent write          the intent is not stored yet
intent written        it is, but the keyring has not said so
request sent          the server has not got it yet
request processed     it has; its answer is held back
result write          the new record is not stored yet
result written        it is, but the keyring has not said so
"""

import contextlib
import json

from harness.locks import OpenWatch, held, lock_path
from harness.peer import answer

STEPS = ("before the lock", "re-read", "intent write", "intent written", "request sent",
         "request processed", "result write", "result written")
# With the answer lost here, only a server with grace still honours what is stored.
NEED_GRACE = ("request processed", "result write")

_KEYRING = {"re-read": ("SearchItems", "stall", 1), "intent write": ("SetSecret", "stall", 1),
            "intent written": ("SetSecret", "act-stall", 1),
            "result write": ("SetSecret", "stall", 2),
            "result written": ("SetSecret", "act-stall", 2)}
_PEER = {"request sent": "stall", "request processed": "hold"}


def rotation_at(step):
    """What the server has to be like for a session to survive a death at this step."""
    return "grace" if step in NEED_GRACE else True


class Halt:
    """The broker stands at the step: the call that made it go there, and the way on."""

    def __init__(self, pending, go_on, give_up):
        self.pending = pending
        self.go_on = go_on
        self.give_up = give_up


@contextlib.contextmanager
def refused(world, **wishes):
    """A refresh that is going to get invalid_grant, though the server has not seen it."""
    order = world.peer.plan("/oauth/token", "late-answer",
                            answer_with=answer(400, json.dumps({"error": "invalid_grant"})))
    pending = world.ask(**wishes)
    world.bus.connection.flush_sync(None)
    order.wait()
    yield Halt(pending, order.release, order.release)


@contextlib.contextmanager
def halted(world, step, **wishes):
    """A refresh that has come to that step and no further."""
    with contextlib.ExitStack() as stack:
        if step == "before the lock":
            path = lock_path(world.session)
            release = stack.enter_context(contextlib.ExitStack())
            release.enter_context(held(path))
            watch = OpenWatch(path)
            pending = world.ask(**wishes)
            world.bus.connection.flush_sync(None)
            watch.wait()
            yield Halt(pending, release.close, release.close)
        elif step in _KEYRING:
            method, fault, nth = _KEYRING[step]
            world.keyring.plan(method, fault, nth)
            pending = world.ask(**wishes)
            world.keyring.wait_for_reached()
            yield Halt(pending, world.keyring.release, lambda: world.keyring.release(False))
        else:
            order = world.peer.plan("/oauth/token", _PEER[step])
            pending = world.ask(**wishes)
            world.bus.connection.flush_sync(None)
            order.wait()
            yield Halt(pending, order.release, lambda: order.release(False))
