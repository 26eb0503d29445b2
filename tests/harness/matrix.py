# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds and tests every configuration, and sums up. Used by tests/run."""

import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILDS = pathlib.Path(os.environ.get("TIDIO_AUTH_BUILD", ROOT / "build"))

SANITIZED = ["-Db_sanitize=address,undefined"]
# Each test runs once plain, and once sanitized unless it is about more than our programs, or measures
# them. The other two are for whoever wants to know what their compiler makes of it.
ONCE = [word for suite in ("bench", "browser", "interop", "people")
        for word in ("--no-suite", suite)]
# name: compiler, options, factor on the time-outs, tests
CONFIGURATIONS = {
    "gcc": ("gcc", ["-Db_coverage=true"], 1, []),
    "clang-sanitized": ("clang", [*SANITIZED, "-Db_lundef=false"], 3, ONCE),
    "gcc-sanitized": ("gcc", SANITIZED, 3, ONCE),
    "clang": ("clang", [], 1, []),
}
USUAL = ["gcc", "clang-sanitized"]

PROGRESS = re.compile(r"^\[\d+/\d+\] ")
RESULT = re.compile(r"^\s*(not ok|ok)\b(.*)$")
NOT_TRIED = re.compile(r"^# not tried: (.*)$")


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = 0
        # Tests and cases, as they say it themselves.
        self.failures = []
        # Cases that the place they run in does not allow, and why.
        self.not_tried = []

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def read(self, test):
        """Counts the cases of one test: TAP lines, or the test itself if it has none."""
        before = self.failed + self.skipped
        seen = 0
        for line in (test.get("stdout") or "").splitlines():
            if (match := NOT_TRIED.match(line)) is not None:
                self.not_tried.append(match.group(1))
            match = RESULT.match(line)
            if match is None:
                if re.match(r"^\s*1\.\.0\b", line):
                    self.skipped += 1
                continue
            seen += 1
            if re.search(r"#\s*(SKIP|TODO)\b", match.group(2), re.I):
                self.skipped += 1
            elif match.group(1) == "ok":
                self.passed += 1
                continue
            else:
                self.failed += 1
            self.failures.append(f"{test['name']}: {line.strip()}")
        good = test["result"] in ("OK", "EXPECTEDFAIL")
        if good and seen == 0 and self.failed + self.skipped == before:
            self.passed += 1
        elif test["result"] == "SKIP" and self.skipped + self.failed == before:
            self.skipped += 1
        elif not good and self.failed + self.skipped == before:
            self.failed += 1
            self.failures.append(f"{test['name']}: {test['result']}")


def environment(compiler):
    kept = {name: value for name, value in os.environ.items()
            if not name.endswith("SAN_OPTIONS") and "proxy" not in name.lower()
            and name not in ("CFLAGS", "LDFLAGS", "CPPFLAGS", "MESON_TESTTHREADS")}
    # Debian's own programs, whatever else of the same name is installed.
    return {**kept, "CC": compiler, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


def run_quietly(what, argv, env):
    """Shows the output only if it went wrong."""
    done = subprocess.run(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)
    if done.returncode != 0:
        lines = [line for line in done.stdout.splitlines() if not PROGRESS.match(line)]
        print("\n".join(lines)[-20000:])
        print(f"!! {what} failed", flush=True)
    return done.returncode == 0


def build(name, folder, env):
    shutil.rmtree(folder, ignore_errors=True)
    options = ["-Dwerror=true", *CONFIGURATIONS[name][1]]
    return run_quietly(f"{name}: setup", ["meson", "setup", *options, str(folder), str(ROOT)],
                       env) \
        and run_quietly(f"{name}: build", ["meson", "compile", "-C", str(folder)], env)


def test(name, folder, env):
    """Runs the suites; the tally of their cases. More at a time than a small machine has processors,
    because many wait."""
    subprocess.run(["meson", "test", "-C", str(folder), "--no-rebuild", "--print-errorlogs",
                    "--num-processes", "3", "--timeout-multiplier",
                    str(CONFIGURATIONS[name][2]), *CONFIGURATIONS[name][3]], env=env, check=False)
    tally = Tally()
    log = folder / "meson-logs" / "testlog.json"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    for line in lines:
        tally.read(json.loads(line))
    if not lines:
        tally.failed += 1
    return tally


def print_coverage(folder, env):
    print("\nLine coverage of src, in the plain gcc build:", flush=True)
    subprocess.run(["gcovr", "--root", str(ROOT), "--filter", f"{ROOT / 'src'}/",
                    "--exclude-unreachable-branches", "--gcov-ignore-parse-errors", str(folder)],
                   env=env, stderr=subprocess.DEVNULL, check=False)


def run_one(name):
    print(f"\n== {name}", flush=True)
    folder = BUILDS / name
    env = environment(CONFIGURATIONS[name][0])
    start = time.monotonic()
    tally = Tally()
    if build(name, folder, env):
        built = time.monotonic() - start
        tally = test(name, folder, env)
        print(f"{name}: built in {built:.0f} s, tested in "
              f"{time.monotonic() - start - built:.0f} s")
    else:
        tally.failed += 1
        tally.failures.append("setup or build")
    if name == "gcc":
        print_coverage(folder, env)
    return tally, time.monotonic() - start


def print_table(rows):
    print(f"\n{'configuration':<18}{'passed':>8}{'failed':>8}{'skipped':>9}{'not tried':>11}"
          f"{'seconds':>9}")
    for name, (tally, seconds) in rows.items():
        print(f"{name:<18}{tally.passed:>8}{tally.failed:>8}{tally.skipped:>9}"
              f"{len(tally.not_tried):>11}{seconds:>9.0f}")
    for name, (tally, _seconds) in rows.items():
        for text in tally.not_tried:
            print(f"not tried in {name}: {text}")
        for text in tally.failures:
            print(f"failed in {name}: {text}")


def main():
    names = sys.argv[1:] or USUAL
    unknown = [name for name in names if name not in CONFIGURATIONS]
    if unknown:
        print(f"tests/run: unknown configuration {unknown[0]}: one of "
              f"{', '.join(CONFIGURATIONS)}", file=sys.stderr)
        return 2
    BUILDS.mkdir(parents=True, exist_ok=True)
    with open(BUILDS / ".lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"tests/run: another run uses {BUILDS}: set TIDIO_AUTH_BUILD to a folder of "
                  "your own", file=sys.stderr)
            return 2
        rows = {name: run_one(name) for name in names}
    total = Tally()
    for tally, _seconds in rows.values():
        total.add(tally)
    print_table(rows)
    if total.skipped:
        print(f"{total.skipped} skipped: a skipped test counts as failed")
    failed = total.failed + total.skipped
    print(f"{total.passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
