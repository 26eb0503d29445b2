#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the fault table: the rows of all programs that made some. Runs after them."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap

BUILD = pathlib.Path(os.environ["MESON_BUILD_ROOT"])
ENOUGH = 60
COLUMNS = {"id": "row", "fault": "fault", "step": "step", "caller": "the caller saw",
           "server": "the server saw", "kept": "session kept"}


def rows():
    found = []
    for program in sorted(pathlib.Path(__file__).resolve().parent.glob("test_*.py")):
        path = BUILD / "fault-rows" / f"{program.stem}.json"
        if path.exists():
            found += [json.loads(line) for line in path.read_text().splitlines()]
    return sorted(found, key=lambda row: row["id"])


def print_table(found):
    """As comments, and to a file."""
    widths = {name: max(len(title), *(len(row[name]) for row in found))
              for name, title in COLUMNS.items()}
    lines = ["  ".join(title.ljust(widths[name]) for name, title in COLUMNS.items()),
             "  ".join("-" * widths[name] for name in COLUMNS)]
    lines += ["  ".join(row[name].ljust(widths[name]) for name in COLUMNS) for row in found]
    lines.append(f"{len(found)} rows, {sum(row['kept'] == 'yes' for row in found)} kept")
    text = "".join(line.rstrip() + "\n" for line in lines)
    (BUILD / "fault-table.txt").write_text(text)
    print("".join(f"# {line}\n" for line in text.splitlines()), flush=True)


@tap.case("FT-01", f"the fault table has at least {ENOUGH} rows, and every session is kept")
def table(_world):
    found = rows()
    tap.check(found, "rows: run the whole suite, as in meson test --suite faults")
    print_table(found)
    lost = [row["id"] for row in found if row["kept"] != "yes"]
    tap.equal(lost, [], "rows whose session is not kept")
    tap.check(len(found) >= ENOUGH, f"at least {ENOUGH} rows, not {len(found)}")
    tap.equal(len({row["id"] for row in found}), len(found), "different ids")


tap.main()
