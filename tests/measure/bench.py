# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures the broker against what its own stack can do at best, and against its peers, all in one
run on one machine. Used by tests/bench, which builds before.

Each round measures all sides of a row, one right after the other, and gives one ratio; the median of
the rounds counts, on one processor, where figures stray least. Ends with 0 when all was measured,
whatever it was, and with 1 when a row could not be."""

import argparse
import json
import os
import pathlib
import signal
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
import report
import rowbook
from lab import Lab


def parse_words():
    names = [row["name"] for row in rowbook.rows()]
    parser = argparse.ArgumentParser(
        prog="tests/bench", description="Measures the broker against what its own stack can do at "
                                        "best, and against its peers.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"only these: {', '.join(names)}")
    parser.add_argument("--rounds", type=int, metavar="N", help="default 10, with --quick 1")
    parser.add_argument("--json", metavar="FILE", help="writes all figures there")
    parser.add_argument("--markdown", action="store_true", help="prints the table of README.md")
    parser.add_argument("--quick", action="store_true",
                        help="everything once and in small: it works, the figures mean little")
    words = parser.parse_args()
    for name in words.rows:
        if name not in names:
            parser.error(f"there is no row {name}: one of {', '.join(names)}")
    words.rounds = words.rounds or (1 if words.quick else 10)
    return words


def run_all(words, lab):
    """(what was measured, the rows that could not be)"""
    measured, failed = [], []
    for row in rowbook.rows():
        if words.rows and row["name"] not in words.rows:
            continue
        since = time.monotonic()
        try:
            found = lab.measure(row, words.rounds)
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc()
            print(f"\n{row['title']}  [{row['name']}]: could not be measured", flush=True)
            failed.append(row["name"])
            continue
        results = report.judge(row, found)
        measured.append((row, results, time.monotonic() - since))
        report.print_row(*measured[-1])
    return measured, failed


def print_sum(measured, failed, missing):
    words = [result["result"] for _row, results, _seconds in measured for result in results]
    print(f"\n{words.count('held')} goals held, {words.count('held within noise')} within noise, "
          f"{words.count('missed')} missed, {len(failed)} rows not measured")
    for name in missing:
        print(f"{name} is not installed: left out")


def main():
    words = parse_words()
    # As Ctrl-C does: nothing stays.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    about = report.machine()
    load = os.getloadavg()[0]
    print(f"{about['cpu']}, {about['processors']} processors, load {load:.1f}"
          + (": others work here, so the figures stray" if load > 0.5 else ""))
    with Lab(words.quick) as lab:
        measured, failed = run_all(words, lab)
        missing = lab.missing
    if words.markdown:
        print("\n" + report.markdown(about, measured))
    if words.json:
        text = json.dumps(report.as_object(about, measured, failed, missing), indent=2)
        pathlib.Path(words.json).write_text(text + "\n", encoding="utf-8")
    print_sum(measured, failed, missing)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
