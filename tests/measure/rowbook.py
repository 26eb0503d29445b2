# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows of what is measured, each with its goals; and what came of them."""

import statistics

# How far a ratio strays when a thing is measured against itself.
NOISE = {"pinned": 0.05, "free": 0.15}

_rows = []


class Goal:
    """`key`: under which a round tells its value; `bound`: None for a figure that is told for
    comparison only; `exact`: a count or a size, for which noise is no excuse. Of several rounds the
    median counts, and of an exact one the worst."""

    def __init__(self, key, text, sense="", bound=None, unit="", exact=False):
        self.key = key
        self.text = text
        self.sense = sense
        self.bound = bound
        self.unit = unit
        self.exact = exact

    @property
    def wish(self):
        if self.bound is None:
            return "for comparison"
        return f"{self.sense} {show(self.bound)}{self.unit}"

    def _reaches(self, value, slack):
        if self.sense == ">=":
            return value >= self.bound * (1 - slack)
        return value <= self.bound * (1 + slack)

    def judge(self, values, where):
        """What is told of one goal in one place."""
        worst = min(values) if self.sense == ">=" else max(values)
        middle = worst if self.exact else statistics.median(values)
        word = ""
        if self.bound is not None:
            slack = 0 if self.exact else NOISE[where]
            word = "held" if self._reaches(middle, 0) else \
                "held within noise" if self._reaches(middle, slack) else "missed"
        return {"median": middle, "min": min(values), "max": max(values), "rounds": len(values),
                "result": word}


def at_least(key, text, bound, unit="", exact=False):
    return Goal(key, text, ">=", bound, unit, exact)


def at_most(key, text, bound, unit="", exact=False):
    return Goal(key, text, "<=", bound, unit, exact)


def told(key, text, unit=""):
    return Goal(key, text, unit=unit)


def row(name, title, *goals, once=False, free_rounds=None):
    """Registers a generator function: it is given the lab, prepares, and yields a function that
    measures one round, a dictionary by the keys of the goals; keys may be missing where a peer is.
    `once`: one round in one place, for what is counted or weighed; `free_rounds`: fewer on all
    processors, where a round takes long."""

    def register(function):
        _rows.append({"name": name, "title": title, "goals": goals, "once": once,
                      "free_rounds": free_rounds, "run": function})
        return function

    return register


def rows():
    return _rows


def show(value):
    """Three figures are enough for anybody."""
    if float(value).is_integer() and abs(value) < 1e6:
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"
