# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows of the table of hostile input: what was sent, and what happened.

A row gets a world of its own. Its function sends and returns in words what happened, which must be
one of the expected texts. The world then checks that no process crashed, that no log says so, and
that no secret stands in any of them. A row that cannot be tried where it is stands in the table
with the reason.
"""

from harness import rowbook, tap
from harness.world import World

# Rows wait most of the time.
WORKERS = 3
TABLE = rowbook.RowBook("hostile-rows")


def add_row(row_id, sent, function, *expected, not_tried=None, **options):
    """`expected`: what may happen; `not_tried`: why not, if so; the options are the world's."""
    if not_tried is not None:
        tap.leave_out(row_id, not_tried)
        TABLE.add({"id": row_id, "sent": sent, "happened": not_tried, "held": "not tried"})
        return

    @tap.case(row_id, sent, **options)
    def run(world):
        row = {"id": row_id, "sent": sent, "happened": "not told", "held": "NO"}
        try:
            row["happened"] = function(world)
            tap.check(row["happened"] in expected,
                      f"what happened: {' or '.join(expected)}\nseen: {row['happened']}")
            row["held"] = "yes"
        finally:
            TABLE.add(row)


def add_rows(rows):
    """Rows as tuples: id, what is sent, function, expected (a text or a tuple of them), and
    perhaps options."""
    for row_id, sent, function, expected, *options in rows:
        texts = expected if isinstance(expected, tuple) else (expected,)
        add_row(row_id, sent, function, *texts, **(options[0] if options else {}))


def add_group(group_id, title, prepare, rows, finish, **options):
    """Rows that share a world, because none of them may change anything: `prepare` makes from the
    world what each row's function gets, and `finish` shows in the end that it is as it was. A row
    holds only if that does. Rows as above, without options."""
    for row in rows:
        tap.name(row[0])

    @tap.case(group_id, title, **options)
    def run(world):
        told = [{"id": row[0], "sent": row[1], "happened": "not told", "held": "NO"}
                for row in rows]
        try:
            subject = prepare(world)
            for row, (_id, sent, function, expected) in zip(told, rows):
                row["happened"] = function(subject)
                tap.check(row["happened"] in (expected if isinstance(expected, tuple)
                                              else (expected,)),
                          f"what happened to {sent}: {expected}\nseen: {row['happened']}")
            finish(subject)
            for row in told:
                row["held"] = "yes"
        finally:
            for row in told:
                TABLE.add(row)


def main(make_world=World):
    tap.main(make_world, workers=WORKERS)
