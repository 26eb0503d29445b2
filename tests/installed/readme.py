# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a document says: its blocks, tables and paths.

A block or table to be found stands right behind a comment that no reader sees, `<!-- KIND -->` or
`<!-- KIND: NAME -->`. In what a command prints, an ellipsis stands for anything.
"""

import re

BLOCK = re.compile(r"^<!-- (\w+): ([\w.-]+) -->\n```\w*\n(.*?)^```$", re.M | re.S)
TABLE = re.compile(r"^<!-- (\w+) -->\n((?:\|.*\n)+)", re.M)
FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.M | re.S)
SOURCE_PATH = re.compile(r"(?<![\w/.$-])(?:tests|src|data|po)/[\w./-]+|\]\(([^)#:]+)\)")


class Document:
    def __init__(self, path):
        self.text = path.read_text(encoding="utf-8")
        self.blocks = {(kind, name): text for kind, name, text in BLOCK.findall(self.text)}

    def names(self, kind):
        return [name for found, name in self.blocks if found == kind]

    def tables(self, kind):
        """Rows of all tables of the kind, as lists of cells; without their heads."""
        return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
                for found, text in TABLE.findall(self.text) if found == kind
                for line in text.splitlines()[2:]]

    def block_after(self, marker):
        """The fenced block behind a comment without a name."""
        rest = self.text.split(f"<!-- {marker} -->\n", 1)[1]
        return FENCE.match(rest).group(1)

    def source_paths(self):
        """Files of the source tree, as they are named or linked."""
        return sorted({(match.group(1) or match.group(0)).rstrip(".")
                       for match in SOURCE_PATH.finditer(self.text)})


def words(cell):
    """What stands in a cell as code."""
    return re.findall(r"`([^`]*)`", cell)


def matches(seen, expected):
    parts = [re.escape(part) for part in expected.strip("\n").split("…")]
    return re.fullmatch(".*".join(parts), seen.strip("\n"), re.S) is not None
