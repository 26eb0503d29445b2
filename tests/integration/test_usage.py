#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line for people and for scripts: slips, JSON that stays, no colours in files."""

import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap
from harness.cli import Cli
from harness.permissions import Permissions
from harness.world import World

OK, USAGE = 0, 2
STRING, NUMBER, BOOLEAN, STRINGS = "string", "number", "boolean", "array of strings"


class UsageWorld(World):
    def __init__(self, **options):
        super().__init__(**options)
        self.cli = Cli(self.session)


NOTHING = {"server": False, "provider": None, "start": False, "keyring": "none"}
SLIPS = (
    (("tokn",), "did you mean token"),
    (("docter",), "did you mean doctor"),
    (("acounts",), "did you mean accounts"),
    (("signin",), "did you mean sign-in"),
    (("token", "--jsno"), "did you mean --json"),
    (("token", "--min-validty=10"), "did you mean --min-validity"),
    (("call", "--tiemout", "3", "x"), "did you mean --timeout"),
    (("accounts", "--versoin"), "did you mean --version"),
    (("client", "sett", "--client-id", "x"), "did you mean set"),
    (("client", "cler"), "did you mean clear"),
    (("apps", "alow"), "did you mean allow"),
)
STRANGERS = (("x",), ("frobnicate",), ("x" * 100,), ("",), ("token", "--x"),
             ("token", "--frobnicate"), ("token", "--" + "x" * 100), ("token", "-q"),
             ("client", "frobnicate"), ("client", "s"), ("client",))


@tap.case("US-01", "a slip is told with what may have been meant: 2", **NOTHING)
def slips(world):
    for words, hint in SLIPS:
        result = world.cli.run(*words)
        tap.equal((result.code, result.out), (USAGE, ""), f"exit code and stdout of {words}")
        tap.contains(result.err, f"({hint})", f"stderr of {words}")
        tap.equal(result.err.count("\n"), 1, f"lines of {words}: {result.err}")


@tap.case("US-02", "what is like nothing else has no suggestion", **NOTHING)
def strangers(world):
    for words in STRANGERS:
        result = world.cli.run(*words)
        tap.equal((result.code, result.out), (USAGE, ""), f"exit code and stdout of {words}")
        tap.lacks(result.err, "did you mean", f"stderr of {words}")


def kind_of(value):
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, str):
        return STRING
    if isinstance(value, int):
        return NUMBER
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return STRINGS
    raise tap.Failure(f"an unexpected value: {value!r}")


def documented(command):
    """Rows of README's table of that command's JSON."""
    text = (pathlib.Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    rows = text.split(f"<!-- json: {command} -->\n", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {name.strip("`"): kind for name, kind, _meaning in cells}


@tap.case("US-03", "JSON has the members that README names, always all of them", account="work")
def json_members(world):
    for one in json.loads(world.cli.run("doctor", "--json").out):
        tap.equal({name: kind_of(value) for name, value in one.items()}, documented("doctor"),
                  "members of doctor --json")
    token = json.loads(world.cli.run("token", "--json").out)
    tap.equal({name: kind_of(value) for name, value in token.items()}, documented("token"),
              "members of token --json")
    world.sign_in("other", scopes=["a"])
    accounts = json.loads(world.cli.run("accounts", "--json").out)
    tap.equal([one["id"] for one in accounts], ["other", "work"], "accounts")
    for one in accounts:
        tap.equal({name: kind_of(value) for name, value in one.items()}, documented("accounts"),
                  "members of accounts --json")


@tap.case("US-04", "JSON is the same in every language", account="work")
def json_language(world):
    for command in ("token", "accounts"):
        plain = world.cli.run(command, "--json").out
        world.cli.environment.update({"LANGUAGE": "de:pl", "LANG": "C.UTF-8"})
        tap.equal(world.cli.run(command, "--json").out, plain, f"{command} --json")


@tap.case("US-05", "no control characters in a pipe, with or without NO_COLOR, CLICOLOR_FORCE",
          account="work")
def no_colours(world):
    for settings in ({}, {"NO_COLOR": "1"}, {"CLICOLOR_FORCE": "1", "TERM": "xterm-256color"}):
        world.cli.environment.update(settings)
        for words in ((), ("--help",), ("accounts",), ("accounts", "--json"), ("default",),
                      ("call", "contacts"), ("sign-out", "nobody"), ("token", "--help")):
            result = world.cli.run(*words)
            seen = [c for c in result.out + result.err if c < " " and c not in "\n\t"]
            tap.equal(seen, [], f"control characters of {words}")


@tap.case("US-06", "NO_COLOR on a terminal: none there either", account="work")
def no_colour_on_terminal(world):
    world.cli.environment["NO_COLOR"] = "1"
    for words in (("accounts",), ("--help",), ("token", "nobody", "--show")):
        tap.lacks(world.cli.on_terminal(*words).finish().out, "\x1b[", f"terminal of {words}")


def in_manual(command):
    """The members that the manual page's section on JSON names."""
    text = (pathlib.Path(__file__).resolve().parents[2] / "data/man/tidio-auth.1").read_text(
        encoding="utf-8").split("\n.SH JSON\n", 1)[1].split("\n.SH ", 1)[0]
    entry = text.split(f"\n.TP\n.B {command}\n", 1)[1].split("\n.TP\n", 1)[0]
    listed = re.sub(r"\([^)]*\)", "", entry.split(":", 1)[1])
    return set(re.findall(r"[a-z_]+", listed))


@tap.case("US-07", "the manual page names the members of all JSON", account="work")
def manual(world):
    Permissions(world.session).start().set("org.example.App", "work", "* /*")
    for command in ("token", "accounts", "log", "apps list", "doctor"):
        seen = json.loads(world.cli.run(*command.split(), "--json").out)
        one = seen[0] if isinstance(seen, list) else seen
        tap.equal(set(one), in_manual(command), f"members of {command} --json")


@tap.case("US-08", "a terminal shows that it goes on, and for how long it may", provider={
    "RedirectUri": "http://localhost:0/callback"})
def progress(world):
    terminal = world.cli.on_terminal("sign-in", "--provider", "tidio", "work")
    for turn in "|/-\\":
        terminal.read_until(f"{turn} Waiting for the browser")
    terminal.read_until(" left")
    terminal.type("\x03")
    tap.equal(terminal.finish().code, 3, "exit code")


tap.main(UsageWorld)
