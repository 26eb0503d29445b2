# SPDX-License-Identifier: LGPL-2.1-or-later
"""What came of it: for the eye, for README.md, for programs."""

import datetime
import os
import pathlib
import re
import subprocess

from rowbook import show

PACKAGES = ("libglib2.0-0", "libsoup-3.0-0", "libsecret-1-0", "dbus-daemon", "gnome-keyring",
            "gnome-online-accounts", "oidc-agent-cli")
PLACES = ("pinned", "free")


def judge(row, found):
    """A list of what is known of each goal that was measured: by places, and the word that counts,
    which is that of one processor where there are both."""
    results = []
    for goal in row["goals"]:
        places = {where: goal.judge(values[goal.key], where)
                  for where, values in found.items() if values.get(goal.key)}
        if places:
            counts = places.get("pinned") or places["free"]
            results.append({"goal": goal.text, "wish": goal.wish, "unit": goal.unit,
                            "places": places, "result": counts["result"]})
    return results


def _spread(result, where):
    seen = result["places"].get(where)
    if seen is None:
        return ""
    unit = result["unit"]
    if seen["rounds"] == 1 or seen["min"] == seen["max"]:
        return f"{show(seen['median'])}{unit}"
    return f"{show(seen['median'])}{unit} ({show(seen['min'])} to {show(seen['max'])})"


def print_row(row, results, seconds):
    print(f"\n{row['title']}  [{row['name']}, {seconds:.0f} s]")
    for result in results:
        print(f"  {result['goal']}: {result['wish']}")
        for where in PLACES:
            if where in result["places"]:
                word = result["places"][where]["result"]
                print(f"    {'once' if row['once'] else where:<8}{_spread(result, where):<36}{word}",
                      flush=True)


def machine():
    """The figures hold for this one."""
    text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    model = re.search(r"^model name\s*:\s*(.*)$", text, re.M)
    about = {"date": datetime.date.today().isoformat(),
             "cpu": model.group(1) if model else os.uname().machine,
             "processors": len(os.sched_getaffinity(0)), "kernel": os.uname().release,
             "versions": {}}
    for package in PACKAGES:
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package],
                              capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout:
            about["versions"][package] = done.stdout
    return about


def markdown(about, measured):
    """The table of README.md."""
    lines = [f"{about['date']}, {about['cpu']}, {about['processors']} processors, Linux "
             f"{about['kernel']}; " + ", ".join(f"{name} {version}" for name, version
                                                in about["versions"].items()) + ".", "",
             "| what | goal | on one processor | on all | |",
             "| --- | --- | --- | --- | --- |"]
    for row, results, _seconds in measured:
        title = row["title"]
        for result in results:
            wish = result["goal"] if result["wish"] == "for comparison" \
                else f"{result['goal']} {result['wish']}"
            lines.append(f"| {title} | {wish} | {_spread(result, 'pinned')} "
                         f"| {_spread(result, 'free')} | {result['result']} |")
            title = ""
    return "\n".join(lines)


def as_object(about, measured, failed, missing):
    rows = [{"row": row["name"], "title": row["title"], "seconds": round(seconds, 1),
             "goals": results} for row, results, seconds in measured]
    return {**about, "rows": rows, "failed": failed, "not_installed": missing}
