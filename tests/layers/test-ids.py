#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ids of all test cases, and of the rows of tables: each stands for one thing. Every program of
the build that reports cases is asked for its ids; it runs none of them."""

import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap

BUILD = pathlib.Path(os.environ.get("MESON_BUILD_ROOT", "."))


def ids_of(test):
    program, *arguments = test["cmd"]
    words = [*arguments, "--list"] if program.endswith(".py") else \
        ["-l", *(word for word in arguments if word != "--tap")]
    done = subprocess.run([program, *words], env={**os.environ, **test["env"]}, cwd=BUILD,
                          capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if not line.startswith(("#", "1.."))]
    tap.equal((done.returncode, bool(found)), (0, True),
              f"exit status of {test['name']}, whether it has cases ({done.stderr})")
    return found


@tap.case("IDS-1", "no id stands for two cases")
def different(_world):
    tests = [test for test in json.loads((BUILD / "meson-info/intro-tests.json").read_text())
             if test["protocol"] == "tap" and test["name"] != "ids"]
    owners = collections.defaultdict(list)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for test, ids in zip(tests, pool.map(ids_of, tests)):
            for one in ids:
                owners[one].append(test["name"])
    tap.equal({one: names for one, names in owners.items() if len(names) > 1}, {}, "shared ids")
    tap.comment(f"{len(owners)} ids of {len(tests)} programs")


tap.main()
