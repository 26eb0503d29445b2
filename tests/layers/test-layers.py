#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shape of the sources: layers, purity, sizes, names.

The first argument is the source folder. What stands in a comment or a string is not looked at,
except where the rule is about lines.
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 and not sys.argv[1].startswith("--")
                    else pathlib.Path(__file__).resolve().parent.parent.parent)
SRC = ROOT / "src"

# A folder may include itself and these.
MAY_INCLUDE = {
    "base": set(),
    "oauth": {"base"},
    "io": {"oauth", "base"},
    "broker": {"io", "oauth", "base"},
    "daemon": {"broker", "io", "oauth", "base"},
    "cli": {"base"},
    "sandbox": {"base", "oauth"},
    "opener": set(),
}
# `client set` writes to the Secret Service itself, so that no secret crosses the bus.
EXCEPTIONS = {
    "cli/ta-command-client.c": {"io/ta-store.h", "io/ta-client-store.h",
                                  "io/ta-process.h"},
}
PURE = ("base", "oauth")
IMPURE = re.compile(
    r"\b(g_bus_\w+|GDBusConnection|g_dbus_connection_\w+|GFile\b|g_file_\w+|GSocket\w*|g_socket_\w+"
    r"|Soup\w+|soup_\w+|Secret(?:Service|Item|Collection)\w*|secret_(?:service|item|password)_\w+"
    r"|g_get_real_time|g_get_monotonic_time|g_date_time_new_now\w*|time\s*\(|clock_gettime"
    r"|gettimeofday|getrandom|g_random_\w+|g_uuid_string_random|rand\s*\(|g_getenv|g_setenv|getenv"
    r"|g_get_environ|g_get_user_\w+|g_get_home_dir|fopen|fread|open\s*\(|read\s*\(|write\s*\("
    r"|g_main_\w+|g_timeout_\w+|g_idle_\w+|GTask|GThread|g_thread_\w+)")
# Only this of the bus is allowed: the names that errors have there.
ALLOWED = re.compile(r"g_dbus_error_\w+")

FUNCTION_LINES = 50
FILE_LINES_WISHED = 300
FILE_LINES = 350
COLUMNS = 100


def sources(*folders):
    for folder in folders or MAY_INCLUDE:
        yield from sorted((SRC / folder).glob("*.[ch]"))


def name_of(path):
    return str(path.relative_to(SRC))


def lines_of(path):
    return path.read_text(encoding="utf-8").splitlines()


def blank_out(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def code_of(path):
    """The text without comments, strings and character constants; lines stay where they are."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, blank_out, path.read_text(encoding="utf-8"), flags=re.S)


def includes_of(path):
    """What a file includes of ours, as folder/file."""
    found = []
    for name in re.findall(r'^#include "([^"]+)"', path.read_text(encoding="utf-8"), re.M):
        if "/" in name:
            found.append(name)
        elif (path.parent / name).exists():
            found.append(f"{path.parent.name}/{name}")
    return found


def functions_of(path):
    """(name, first line, length of the body's and head's lines) in GNU style: the name begins a
    line, the body stands between braces in the first column."""
    found = []
    name, first = None, 0
    for number, line in enumerate(code_of(path).splitlines(), 1):
        head = re.match(r"^([A-Za-z_]\w*) \(", line)
        if head:
            name, first = head.group(1), number
        elif line.startswith("}") and name is not None:
            found.append((name, first, number - first + 1))
            name = None
        elif line and not line[0].isspace() and line[0] not in "{)":
            name = None
    return found


def is_static(path, first):
    return re.match(r"^static\b", lines_of(path)[first - 2]) is not None


def report(problems):
    if problems:
        raise tap.Failure("\n".join(problems))


@tap.case("LY-01", "an include points down")
def directions(_world):
    problems = []
    for path in sources():
        folder = path.parent.name
        for name in includes_of(path):
            target = name.split("/")[0]
            if target != folder and target not in MAY_INCLUDE[folder] \
                    and name not in EXCEPTIONS.get(name_of(path), ()):
                problems.append(f"{name_of(path)} includes {name}")
    report(problems)


@tap.case("LY-17", "every folder of src has its place in the table")
def folders(_):
    found = {path.name for path in SRC.iterdir() if path.is_dir()}
    tap.equal(found, set(MAY_INCLUDE), "folders")


@tap.case("LY-02", "no include cycle, and no two modules that include each other")
def cycles(_world):
    graph = {}
    for path in sources():
        module = name_of(path)[:-2]
        graph.setdefault(module, set()).update(
            name[:-2] for name in includes_of(path) if name[:-2] != module)
    problems = []
    done = set()

    def walk(module, trail):
        if module in trail:
            problems.append(" -> ".join(trail[trail.index(module):] + [module]))
            return
        if module in done:
            return
        for target in sorted(graph.get(module, ())):
            walk(target, trail + [module])
        done.add(module)

    for module in sorted(graph):
        walk(module, [])
    report(problems)


@tap.case("LY-03", "base and oauth name no bus, file, clock, random, environment or main loop")
def purity(_world):
    problems = []
    for path in sources(*PURE):
        for number, line in enumerate(code_of(path).splitlines(), 1):
            for match in IMPURE.finditer(line):
                before = line[:match.start()]
                if not ALLOWED.fullmatch(match.group(0)) and not before.endswith("_"):
                    problems.append(f"{name_of(path)}:{number}: {match.group(0)}")
    report(problems)


@tap.case("LY-04", f"functions have at most {FUNCTION_LINES} lines")
def function_length(_world):
    report([f"{name_of(path)}:{first}: {name} has {length} lines"
            for path in sources() for name, first, length in functions_of(path)
            if length > FUNCTION_LINES])


@tap.case("LY-05", "functions are about a dozen lines: the median says so")
def median_length(_world):
    lengths = sorted(length for path in sources() for _name, _first, length in functions_of(path))
    tap.check(len(lengths) > 100, f"more than 100 functions, not {len(lengths)}")
    median = lengths[len(lengths) // 2]
    tap.check(median <= 20, f"a median of at most 20 lines, not {median}")


@tap.case("LY-06", f"files have at most {FILE_LINES} lines")
def file_length(_world):
    lengths = {name_of(path): len(lines_of(path)) for path in sources()}
    for name, length in lengths.items():
        if FILE_LINES_WISHED < length <= FILE_LINES:
            print(f"# {name} has {length} lines")
    report([f"{name} has {length} lines" for name, length in lengths.items()
            if length > FILE_LINES])


@tap.case("LY-07", "no goto")
def no_goto(_world):
    report([f"{name_of(path)}:{number}" for path in sources()
            for number, line in enumerate(code_of(path).splitlines(), 1)
            if re.search(r"\bgoto\b", line)])


@tap.case("LY-08", "no variable at file level that can change, but for what GObject needs")
def no_globals(_world):
    problems = []
    for path in sources():
        for number, line in enumerate(code_of(path).splitlines(), 1):
            if not re.match(r"^(static |extern )?[A-Za-z_][\w ]*[ *]\w+(\[[^\]]*\])*( = .*)?[;{]?$",
                            line) or "(" in line or not re.search(r"[;=]", line):
                continue
            if re.match(r"^(typedef|struct|enum|union|return|G_)\b", line) \
                    or re.search(r"\bconst\b", line) \
                    or re.match(r"^static (guint signals|GParamSpec \*properties)\[", line):
                continue
            problems.append(f"{name_of(path)}:{number}: {line.strip()}")
    report(problems)


@tap.case("LY-09", "no mutable static inside a function, but for the once of an error quark")
def no_hidden_globals(_world):
    report([f"{name_of(path)}:{number}: {line.strip()}" for path in sources()
            for number, line in enumerate(code_of(path).splitlines(), 1)
            if re.match(r"^\s+static (?!const\b|gsize quark = 0;)", line)])


@tap.case("LY-10", "the first line is the SPDX line")
def licences(_world):
    problems = [name_of(path) for path in sources()
                if lines_of(path)[0] != "/* SPDX-License-Identifier: LGPL-2.1-or-later */"]
    for path in ROOT.glob("src/**/meson.build"):
        if path.read_text(encoding="utf-8").splitlines()[0] \
                != "# SPDX-License-Identifier: LGPL-2.1-or-later":
            problems.append(str(path.relative_to(ROOT)))
    report(problems)


@tap.case("LY-11", f"no tab, no white space at line ends, at most {COLUMNS} columns")
def lines(_world):
    problems = []
    for path in sources():
        for number, line in enumerate(lines_of(path), 1):
            if "\t" in line or line != line.rstrip() or len(line) > COLUMNS:
                problems.append(f"{name_of(path)}:{number}: {line[:60]!r}")
    report(problems)


@tap.case("LY-12", "the file name, or the singular of it, is the prefix of its public functions")
def prefixes(_world):
    problems = []
    for path in sources():
        if path.suffix != ".c":
            continue
        prefix = path.stem.replace("-", "_")
        for name, first, _length in functions_of(path):
            nouns = (prefix, prefix.removesuffix("s"))
            if name != "main" and not is_static(path, first) and name != prefix \
                    and not name.startswith(tuple(f"{noun}_" for noun in nouns)):
                problems.append(f"{name_of(path)}:{first}: {name}")
    report(problems)


@tap.case("LY-13", "every header guards itself and is included by its own .c first")
def headers(_world):
    problems = []
    for path in sources():
        if path.suffix == ".h" and "#pragma once" not in path.read_text(encoding="utf-8"):
            problems.append(f"{name_of(path)} has no #pragma once")
        own = path.with_suffix(".h")
        if path.suffix == ".c" and own.exists():
            first = re.search(r'^#include (.*)$', path.read_text(encoding="utf-8"), re.M)
            if first.group(1) not in (f'"{own.name}"', f'"{own.parent.name}/{own.name}"'):
                problems.append(f"{name_of(path)} includes {first.group(1)} first")
    report(problems)


@tap.case("LY-14", "no word that marks unfinished work, no code that is commented out")
def unfinished(_world):
    problems = []
    for path in sources():
        text = path.read_text(encoding="utf-8")
        for word in ("TODO", "FIXME", "XXX", "HACK"):
            if re.search(rf"\b{word}\b", text):
                problems.append(f"{name_of(path)}: {word}")
        for comment in re.findall(r"/\*(.*?)\*/", text, re.S):
            if re.search(r";\s*$", comment.strip()) and "\n" not in comment:
                problems.append(f"{name_of(path)}: {comment.strip()[:60]}")
        if re.search(r"^#if 0\b", text, re.M):
            problems.append(f"{name_of(path)}: #if 0")
    report(problems)


@tap.case("LY-15", "char and int, not gchar and gint")
def types(_world):
    report([f"{name_of(path)}:{number}: {match.group(0)}" for path in sources()
            for number, line in enumerate(code_of(path).splitlines(), 1)
            for match in re.finditer(r"\bg(char|int|float|double)\b", line)])


@tap.case("LY-18", "no call takes something out of a task and the task itself away")
def order(_world):
    """The order in which arguments are evaluated is the compiler's."""
    report([f"{name_of(path)}: {match.group(0)}" for path in sources()
            for statement in re.split(r"[;{}]", code_of(path))
            for match in re.finditer(r"g_task_get_\w+ \((\w+)\)", statement)
            if f"g_steal_pointer (&{match.group(1)})" in statement])


@tap.case("LY-16", "every layer is there and has sources")
def complete(_world):
    report([folder for folder in MAY_INCLUDE if not list((SRC / folder).glob("*.c"))])


tap.main()
