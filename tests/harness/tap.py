# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cases and their report in the Test Anything Protocol.

A case is a function with an id. Each gets a fresh world, so that none depends on another; a world
that does not end well (a daemon that crashed, a sanitizer report) fails the case that used it.
"""

import contextlib
import signal
import sys
import time
import traceback

_cases = []


class Failure(AssertionError):
    """What was expected and what was seen."""


def case(case_id, title, **options):
    """Registers a function as a case; the options are handed to the maker of its world."""

    def register(function):
        _cases.append((case_id, title, options, function))
        return function

    return register


def check(condition, what):
    if not condition:
        raise Failure(f"expected: {what}")


def equal(seen, expected, what="value"):
    if seen != expected:
        raise Failure(f"{what}\nexpected: {expected!r}\nseen:     {seen!r}")


def contains(text, part, what="text"):
    if part not in text:
        raise Failure(f"{what}\nexpected to contain: {part!r}\nseen: {text!r}")


def lacks(text, part, what="text"):
    if part in text:
        raise Failure(f"{what}\nexpected not to contain: {part!r}")


def between(seen, low, high, what="value"):
    if not low <= seen <= high:
        raise Failure(f"{what}\nexpected: {low!r} to {high!r}\nseen:     {seen!r}")


def _comment(text):
    for line in str(text).splitlines():
        print(f"# {line}")


def _explain(case_id, text):
    """To both outputs: test runners keep the one and show the other."""
    _comment(text)
    if not sys.stdout.isatty():
        print(f"{case_id}: {text}", file=sys.stderr, flush=True)


def _run_one(make_world, options, function):
    """(None or the lines that say what went wrong, the world)"""
    world = None
    try:
        with make_world(**options) as world:
            function(world)
    except Failure as failure:
        last = traceback.extract_tb(failure.__traceback__)
        here = [frame for frame in last if frame.name == function.__name__]
        where = f" (line {here[-1].lineno})" if here else ""
        return f"{failure}{where}", world
    except Exception:  # pylint: disable=broad-except
        return traceback.format_exc(), world
    return None, world


@contextlib.contextmanager
def no_world():
    yield None


def main(make_world=no_world):
    """Runs all cases, or those whose ids stand behind "--only"; ends the program.

    SIGTERM, as from a test runner whose patience is over, unwinds like Ctrl-C: nothing stays."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = _cases
    if "--only" in sys.argv:
        wanted = sys.argv[sys.argv.index("--only") + 1].split(",")
        chosen = [one for one in _cases if one[0] in wanted]
    print(f"1..{len(chosen)}", flush=True)
    failed = 0
    for number, (case_id, title, options, function) in enumerate(chosen, 1):
        start = time.monotonic()
        problem, world = _run_one(make_world, options, function)
        took = time.monotonic() - start
        word = "ok" if problem is None else "not ok"
        print(f"{word} {number} - {case_id} {title}", flush=True)
        if took > 3:
            _comment(f"{case_id} took {took:.1f} s")
        if problem is not None:
            failed += 1
            logs = world.logs() if world is not None else ""
            _explain(case_id, f"{problem}\n{logs}".rstrip())
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
