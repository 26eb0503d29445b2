#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Completion in bash, zsh and fish: by the shells themselves."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

# pylint: disable=wrong-import-position
from harness import tap
from harness.broker import DEADLINE
from harness.cli import Cli, Terminal
from harness.world import World

FOLDER = ROOT / "data/completions"
COMMANDS = ["sign-in", "sign-out", "token", "call", "accounts", "default", "log", "watch",
            "client", "apps", "doctor", "exec", "credential"]
ACCOUNTS = ["home", "me@work"]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
# What readline cuts words at, besides blanks.
CUTS = re.compile(r"[@:=]+|[^@:=]+")
BASH = """source "$1"; shift
COMP_LINE=$1; COMP_POINT=${#1}; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_tidio_auth && printf '%s\\n' "${COMPREPLY[@]}"
"""


class CompletionWorld(World):
    """`tidio-auth` is in the PATH, two accounts are signed in."""

    def __init__(self, **options):
        super().__init__(**options)
        self.cli = Cli(self.session)
        folder = self.session.root / "tmp/bin"
        folder.mkdir()
        (folder / "tidio-auth").symlink_to(self.cli.program)
        self.environment = {**self.cli.environment,
                            "PATH": f"{folder}:{self.cli.environment['PATH']}"}

    def __enter__(self):
        super().__enter__()
        if self.start:
            for account in ACCOUNTS:
                self.sign_in(account)
            self.server.write_provider("other")
        return self

    def run(self, *words):
        done = subprocess.run(words, env=self.environment, cwd=self.session.root / "home",
                              capture_output=True, text=True, timeout=DEADLINE, check=False)
        tap.equal((done.returncode, done.stderr), (0, ""), f"exit code and stderr of {words}")
        return done.stdout

    def bash(self, line):
        """What is put in place of the last piece of the line, pieces being what readline makes."""
        pieces = [piece for word in line.split() for piece in CUTS.findall(word)]
        if line.endswith(" "):
            pieces.append("")
        text = self.run("bash", "--norc", "-c", BASH, "bash", FOLDER / "tidio-auth.bash", line,
                        *pieces)
        return sorted(text.splitlines()) if text.strip() else []

    def fish(self, line):
        text = self.run("fish", "--no-config", "-c",
                        f"source {FOLDER}/tidio-auth.fish; complete -C '{line}'")
        return sorted(row.split("\t")[0] for row in text.splitlines())

    def terminal(self, program, *arguments):
        """An interactive shell, for what only a terminal shows."""
        shell = Cli(self.session, {**self.environment, "PS1": "ready> ", "PROMPT": "ready> "})
        shell.program = program
        return Terminal(shell, arguments)


def options_of(world, command):
    """The long options that --help tells."""
    text = world.cli.run(*([command] if command else []), "--help").out
    return sorted(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", text, re.M))


NOTHING = {"server": False, "provider": None, "start": False, "keyring": "none"}


@tap.case("CM-01", "bash: commands, accounts, actions")
def bash_words(world):
    for line, expected in (
            ("tidio-auth ", COMMANDS), ("tidio-auth acc", ["accounts"]), ("tidio-auth x", []),
            ("tidio-auth token ", ACCOUNTS), ("tidio-auth token h", ["home"]),
            ("tidio-auth token --json h", ["home"]), ("tidio-auth token m", ["me@work"]),
            ("tidio-auth token me@", ["work"]), ("tidio-auth token me@w", ["work"]),
            ("tidio-auth sign-out me@x", []), ("tidio-auth default ", ACCOUNTS),
            ("tidio-auth exec h", ["home"]), ("tidio-auth accounts ", []),
            ("tidio-auth call ", ["home:", "me@work:"]), ("tidio-auth call home:con", []),
            ("tidio-auth call me@w", ["work:"]), ("tidio-auth call -X ", METHODS),
            ("tidio-auth call --request=P", ["--request=PATCH", "--request=POST",
                                             "--request=PUT"]),
            ("tidio-auth client s", ["set", "show"]),
            ("tidio-auth apps ", ["allow", "deny", "forget", "list"]),
            ("tidio-auth apps allow ", []), ("tidio-auth apps deny org.example.App h", ["home"]),
            ("tidio-auth credential ", ["erase", "get", "store"])):
        if line.endswith("--request=P"):
            expected = [word.split("=")[1] for word in expected]
        tap.equal(world.bash(line), sorted(expected), f"completion of {line!r}")


@tap.case("CM-02", "bash: providers, from files too")
def bash_providers(world):
    providers = ["other", "tidio", "tidio-openapi"]
    tap.equal(sorted(set(world.bash("tidio-auth sign-in --provider "))), providers, "providers")
    tap.equal(world.bash("tidio-auth sign-in --provider=o"), ["other"], "behind =")
    tap.equal(world.bash("tidio-auth client --provider oth"), ["other"], "of client")
    (world.session.root / "config/tidio-auth/providers/$(touch hole).conf").write_text("")
    tap.equal(sorted(set(world.bash("tidio-auth sign-in --provider "))), providers,
              "without a file whose name is none of a provider")
    tap.check(not (world.session.root / "home/hole").exists(), "nothing of a file name is run")


@tap.case("CM-03", "bash: exec goes on with commands and files")
def bash_exec(world):
    tap.check("printf" in world.bash("tidio-auth exec home -- print"), "printf behind --")
    tap.check("printf" in world.bash("tidio-auth exec -- print"), "printf without an account")
    tap.equal(world.bash("tidio-auth exec -- cat hom"), [], "left to readline")


@tap.case("CM-04", "bash: all options of every command, and no other", **NOTHING)
def bash_options(world):
    for command in COMMANDS:
        seen = [word.rstrip("=") for word in world.bash(f"tidio-auth {command} --")]
        tap.equal(sorted(seen), options_of(world, command), f"options of {command}")
    tap.equal(world.bash("tidio-auth -"), options_of(world, ""), "options of the program")
    tap.equal(world.bash("tidio-auth token --js"), ["--json"], "--js")


@tap.case("CM-05", "bash, as a user types it: an account with a sign that readline cuts at")
def bash_terminal(world):
    terminal = world.terminal("bash", "--norc", "--noprofile", "-i")
    terminal.read_until("ready> ")
    terminal.type(f"source {FOLDER}/tidio-auth.bash; echo sour''ced\n")
    terminal.read_until("sourced")
    terminal.type("tidio-auth default me\t")
    terminal.read_until("default me@work")
    terminal.type("\nexit\n")
    terminal.finish()
    tap.equal(world.broker.get("DefaultAccount"), "me@work", "DefaultAccount")


@tap.case("CM-06", "fish: commands, accounts, actions, providers")
def fish_words(world):
    for line, expected in (
            ("tidio-auth ", COMMANDS), ("tidio-auth acc", ["accounts"]),
            ("tidio-auth token ", ACCOUNTS), ("tidio-auth token m", ["me@work"]),
            ("tidio-auth default ", ACCOUNTS), ("tidio-auth call h", ["home:"]),
            ("tidio-auth call -X P", ["-XPATCH", "-XPOST", "-XPUT"]),
            ("tidio-auth client ", ["clear", "set", "show"]),
            ("tidio-auth credential ", ["erase", "get", "store"]),
            ("tidio-auth sign-in --provider o", ["other"])):
        expected = [word.removeprefix("-X") for word in expected]
        tap.equal(sorted(set(world.fish(line))), sorted(expected), f"completion of {line!r}")


@tap.case("CM-07", "fish: all options of every command, and no other", **NOTHING)
def fish_options(world):
    for command in COMMANDS:
        seen = [word.rstrip("=") for word in world.fish(f"tidio-auth {command} --")]
        tap.equal(sorted(set(seen)), options_of(world, command), f"options of {command}")


@tap.case("CM-08", "zsh, as a user types it: commands and accounts")
def zsh_terminal(world):
    terminal = world.terminal("zsh", "-f", "-i")
    terminal.read_until("ready> ")
    terminal.type(f"fpath=({FOLDER} $fpath); autoload -U compinit; compinit -u -D; "
                  "echo load''ed\n")
    terminal.read_until("loaded")
    terminal.type("tidio-auth defau\t")
    terminal.read_until("default")
    terminal.type("me\t")
    terminal.read_until("me@work")
    terminal.type("\nexit\n")
    terminal.finish()
    tap.equal(world.broker.get("DefaultAccount"), "me@work", "DefaultAccount")


@tap.case("CM-09", "zsh: all options of every command, and no other", **NOTHING)
def zsh_options(world):
    text = (FOLDER / "_tidio-auth").read_text(encoding="utf-8")
    arms = re.findall(r"^    ([a-z -]+(?: \| [a-z-]+)*)\)\n(.*?);;$", text, re.M | re.S)
    seen = {command: body for names, body in arms for command in names.split(" | ")}
    tap.equal(sorted(seen), sorted(COMMANDS), "commands")
    for command in COMMANDS:
        own = set(re.findall(r"(--[a-z-]+)", seen[command])) | {"--help", "--version"}
        tap.equal(sorted(own), options_of(world, command), f"options of {command}")


@tap.case("CM-10", "the commands are those of --help", **NOTHING)
def commands(world):
    text = world.cli.run("--help").out.split("Commands:")[1].split("Exit codes")[0]
    tap.equal(COMMANDS, re.findall(r"^  ([a-z-]+)  ", text, re.M), "commands")
    for name in ("tidio-auth.fish", "_tidio-auth"):
        source = (FOLDER / name).read_text(encoding="utf-8")
        for command in COMMANDS:
            tap.check(re.search(rf"['\"]{command}:", source), f"{command} in {name}")


@tap.case("CM-11", "no broker, no bus: commands all the same, no accounts, no message", **NOTHING)
def no_bus(world):
    world.environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent/bus"
    tap.equal(world.bash("tidio-auth token "), [], "accounts in bash")
    tap.equal(world.bash("tidio-auth tok"), ["token"], "commands in bash")
    tap.equal(world.fish("tidio-auth token "), [], "accounts in fish")


tap.main(CompletionWorld)
