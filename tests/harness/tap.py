# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cases and their report in the Test Anything Protocol.

A case is a function with an id. Each gets a fresh world, so that none depends on another; a world
that does not end well (a daemon that crashed, a sanitizer report) fails the case that used it.
"""

import contextlib
import ctypes
import io
import json
import os
import selectors
import signal
import sys
import time
import traceback

_cases = []
_named = []
_left_out = []
_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def end_with_parent():
    """In a new child: whatever ends the tests ends it too."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


class Failure(AssertionError):
    """What was expected and what was seen."""


def case(case_id, title, **options):
    """Registers a function as a case; the options are handed to the maker of its world."""

    def register(function):
        _cases.append((case_id, title, options, function))
        return function

    return register


def name(case_id):
    """An id besides those of the cases: of a row in a table that a case fills."""
    _named.append(case_id)


def leave_out(case_id, why):
    """A case that cannot be tried here: it counts for nothing, and the report says so."""
    _left_out.append((case_id, why))


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


def comment(text):
    for line in str(text).splitlines():
        print(f"# {line}")


def _explain(case_id, text):
    """To both outputs: test runners keep the one and show the other."""
    comment(text)
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


def _report(number, entry, make_world):
    """Runs a case and prints what came of it; whether it is well."""
    case_id, title, options, function = entry
    start = time.monotonic()
    problem, world = _run_one(make_world, options, function)
    took = time.monotonic() - start
    word = "ok" if problem is None else "not ok"
    print(f"{word} {number} - {case_id} {title}", flush=True)
    if took > 3:
        comment(f"{case_id} took {took:.1f} s")
    if problem is not None:
        logs = world.logs() if world is not None else ""
        _explain(case_id, f"{problem}\n{logs}".rstrip())
    sys.stdout.flush()
    return problem is None


def _work(chosen, make_world, todo, done):
    """In a child: takes case after case, and tells what each printed."""
    with os.fdopen(done, "w", encoding="utf-8") as results:
        while number := os.read(todo, 2):
            index = int.from_bytes(number, "big")
            sys.stdout = io.StringIO()
            well = _report(index + 1, chosen[index], make_world)
            print(json.dumps([index, well, sys.stdout.getvalue()]), file=results, flush=True)
    sys.stdout = sys.__stdout__


def _fork(chosen, make_world, workers):
    """The children, and the pipes on which they tell their results."""
    todo, hand_out = os.pipe()
    os.write(hand_out, b"".join(index.to_bytes(2, "big") for index in range(len(chosen))))
    os.close(hand_out)
    children = {}
    for _ in range(workers):
        results, done = os.pipe()
        child = os.fork()
        if child == 0:
            end_with_parent()
            _work(chosen, make_world, todo, done)
            sys.exit(0)
        os.close(done)
        children[child] = os.fdopen(results, encoding="utf-8")
    os.close(todo)
    return children


def _run_parallel(chosen, make_world, workers):
    """Prints the results in the order of the cases; which are well, by their numbers."""
    children = _fork(chosen, make_world, workers)
    results = {}
    passed = {}
    ready = selectors.DefaultSelector()
    for pipe in children.values():
        ready.register(pipe, selectors.EVENT_READ)
    printed = 0
    while ready.get_map():
        for key, _events in ready.select():
            line = key.fileobj.readline()
            if not line:
                ready.unregister(key.fileobj)
                continue
            index, well, text = json.loads(line)
            results[index] = text
            passed[index] = well
        while printed in results:
            print(results.pop(printed), end="", flush=True)
            printed += 1
    for child in children:
        os.waitpid(child, 0)
    return passed


def list_if_asked():
    """With "--list": prints all ids and ends the program. main() begins with it, and whoever has
    much to prepare does before."""
    if "--list" in sys.argv:
        print("\n".join([*(one[0] for one in (*_cases, *_left_out)), *_named]))
        sys.exit(0)


def main(make_world=no_world, at_end=None, workers=1):
    """Runs all cases, or those whose ids stand behind "--only"; ends the program. `at_end` is given
    a dictionary: for each case that ran, by its id, whether it passed. With workers, so many at a
    time: for cases that wait more than they work. "--list" prints all ids and runs nothing.

    SIGTERM, as from a test runner whose patience is over, unwinds like Ctrl-C: nothing stays."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    list_if_asked()
    chosen, left_out = _cases, _left_out
    if "--only" in sys.argv:
        wanted = sys.argv[sys.argv.index("--only") + 1].split(",")
        chosen = [one for one in _cases if one[0] in wanted]
        left_out = [one for one in _left_out if one[0] in wanted]
    print(f"1..{len(chosen)}", flush=True)
    for case_id, why in left_out:
        comment(f"not tried: {case_id}: {why}")
    if workers > 1:
        well = _run_parallel(chosen, make_world, workers)
    else:
        well = {number: _report(number + 1, entry, make_world)
                for number, entry in enumerate(chosen)}
    passed = {entry[0]: well.get(number, False) for number, entry in enumerate(chosen)}
    if at_end is not None:
        at_end(passed)
    sys.exit(0 if all(passed.values()) else 1)
