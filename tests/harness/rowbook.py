# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tables that several test programs fill, row by row, and one that runs last prints."""

import json
import os
import pathlib
import sys

BUILD = pathlib.Path(os.environ.get("MESON_BUILD_ROOT", "."))


class RowBook:
    """The rows of this program, line by line in a file of BUILD/<folder>. A run of chosen cases
    leaves that file alone."""

    def __init__(self, folder):
        self.path = BUILD / folder / (pathlib.Path(sys.argv[0]).stem + ".json")
        self.whole = not {"--only", "--list"} & set(sys.argv)
        if self.whole:
            self.path.parent.mkdir(exist_ok=True)
            self.path.unlink(missing_ok=True)

    def add(self, row):
        if self.whole:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


def read(folder, programs):
    """What these programs wrote, by id."""
    found = []
    for program in sorted(programs):
        path = BUILD / folder / f"{program.stem}.json"
        if path.exists():
            found += [json.loads(line) for line in path.read_text().splitlines()]
    return sorted(found, key=lambda row: row["id"])


def show(rows, columns, summary, name):
    """The table as comments, and in BUILD/<name>. `columns`: the title of each key."""
    widths = {key: max(len(title), *(len(row[key]) for row in rows))
              for key, title in columns.items()}
    lines = ["  ".join(title.ljust(widths[key]) for key, title in columns.items()),
             "  ".join("-" * widths[key] for key in columns)]
    lines += ["  ".join(row[key].ljust(widths[key]) for key in columns) for row in rows]
    lines.append(summary)
    text = "".join(line.rstrip() + "\n" for line in lines)
    (BUILD / name).write_text(text)
    print("".join(f"# {line}\n" for line in text.splitlines()), flush=True)
