#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks tidio-auth-sandbox from outside. Prints TAP; the argument is the program."""

import sys
import traceback

sys.dont_write_bytecode = True

import cases_program  # noqa: E402, F401 (cases count in the order of these lines)
import cases_authorize  # noqa: E402, F401
import cases_token  # noqa: E402, F401
import cases_api  # noqa: E402, F401
import cases_control  # noqa: E402, F401
from words import CASES  # noqa: E402


def main():
    names = [f"SB-{number:02}" for number in range(1, len(CASES) + 1)]
    if "--list" in sys.argv:
        print("\n".join(names))
        return 0
    print(f"1..{len(CASES)}", flush=True)
    failed = 0
    for number, function in enumerate(CASES, 1):
        name = f"{number} - {names[number - 1]} {function.__name__.replace('_', ' ')}"
        try:
            function()
            print("ok", name, flush=True)
        except Exception:
            failed += 1
            print("not ok", name)
            trace = traceback.format_exc().splitlines()
            print("\n".join("# " + line for line in trace), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
