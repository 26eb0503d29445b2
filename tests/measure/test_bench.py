#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests/bench measures, each row once and in small: what is counted and weighed holds here too,
and all figures are there. How long anything takes is not looked at."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
import report
import rowbook
from harness import tap
from lab import Lab

# Figures of other programs, which a test does not need.
OF_PEERS = ("goa", "oidc")
IS_SANITIZED = "ASAN_OPTIONS" in os.environ
SIZES = (" KiB", " kB")


# Of each row, what holds on any machine however busy it is.
JUDGED = {"growth": ["kib"], "expired": ["refreshes", "different"], "memory": ["idle", "growth"],
          "idle": ["wake-ups", "leaves", "same"], "open-api": ["kib"], "open-api-1g": ["kib"]}


def is_judged(row, goal):
    """A sanitizer keeps what was freed."""
    return goal.key in JUDGED.get(row["name"], ()) and not (IS_SANITIZED and goal.unit in SIZES)


def check(lab, row):
    found = lab.measure(row, 1)["free"]
    expected = {goal.key for goal in row["goals"] if goal.key not in OF_PEERS}
    tap.equal(set(found), expected, "what was measured")
    for goal in row["goals"]:
        if is_judged(row, goal):
            seen = goal.judge(found[goal.key], "free")
            tap.check(seen["result"] == "held", f"{goal.text} {goal.wish}, not {seen['max']}")
    for result in report.judge(row, {"free": found}):
        tap.comment(f"{result['goal']}: {rowbook.show(result['places']['free']['median'])}"
                    f"{result['unit']}")


def main():
    share = 10 if IS_SANITIZED else 1
    with Lab(quick=True, share=share, with_peers=False, places=("free",)) as lab:
        for number, row in enumerate(rowbook.rows(), 1):
            tap.case(f"BN-{number:02}", row["title"])(lambda _world, row=row: check(lab, row))
        tap.main()


if __name__ == "__main__":
    main()
