#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the fault table: the rows of all programs that made some. Runs after them."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

# pylint: disable=wrong-import-position
from harness import rowbook, tap

ENOUGH = 60
COLUMNS = {"id": "row", "fault": "fault", "step": "step", "caller": "the caller saw",
           "server": "the server saw", "kept": "session kept"}


@tap.case("FT-01", f"the fault table has at least {ENOUGH} rows, and every session is kept")
def table(_world):
    found = rowbook.read("fault-rows", HERE.glob("test_*.py"))
    tap.check(found, "rows: run the whole suite, as in meson test --suite faults")
    kept = sum(row["kept"] == "yes" for row in found)
    rowbook.show(found, COLUMNS, f"{len(found)} rows, {kept} kept", "fault-table.txt")
    lost = [row["id"] for row in found if row["kept"] != "yes"]
    tap.equal(lost, [], "rows whose session is not kept")
    tap.check(len(found) >= ENOUGH, f"at least {ENOUGH} rows, not {len(found)}")
    tap.equal(len({row["id"] for row in found}), len(found), "different ids")


tap.main()
