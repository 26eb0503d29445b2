#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the table of hostile input: the rows of all programs that made some. Runs after them."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

# pylint: disable=wrong-import-position
from harness import rowbook, tap

COLUMNS = {"id": "row", "sent": "what was sent", "happened": "what happened", "held": "held"}


@tap.case("HT-01", "the table of hostile input: every row that was tried holds")
def table(_world):
    programs = list(HERE.glob("test_*.py"))
    found = rowbook.read("hostile-rows", programs)
    tap.check(found, "rows: run the whole suite, as in meson test --suite hostile")
    ids = {word: [row["id"] for row in found if row["held"] == word]
           for word in ("yes", "NO", "not tried")}
    rowbook.show(found, COLUMNS, f"{len(found)} rows, {len(ids['yes'])} held, "
                 f"{len(ids['not tried'])} not tried", "hostile-table.txt")
    tap.equal(ids["NO"], [], "rows that do not hold")
    tap.equal(sum(map(len, ids.values())), len(found), "rows that are one of that")
    tap.equal(len({row["id"] for row in found}), len(found), "different ids")


tap.main()
