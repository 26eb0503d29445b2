#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tidio-auth exec: a program with a token in its environment."""

import json
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap
from harness.cli import Cli
from harness.world import World

FAILED, USAGE, USER_NEEDED, CANNOT_RUN, NO_COMMAND = 1, 2, 3, 126, 127
SEE = ("python3", "-c", "import json, os, sys; print(json.dumps({"
       "'token': os.environ.get('TIDIO_ACCESS_TOKEN'), 'arguments': sys.argv[1:], "
       "'pid': os.getpid()}))")
# Python itself ignores SIGPIPE, so it is another program that tells.
SIGNALS = ("grep", "SigIgn:", "/proc/self/status")


class ExecWorld(World):
    def __init__(self, **options):
        super().__init__(**options)
        self.cli = Cli(self.session)


def see(world, *words):
    """What the program saw that `exec` ran."""
    result = world.cli.run("exec", *words)
    tap.equal((result.code, result.err), (0, ""), f"exit code and stderr of {result}")
    return json.loads(result.out)


@tap.case("EX-01", "the token is in the environment, the arguments are as given", account="work")
def environment(world):
    token = world.broker.token()
    arguments = ["--", "--help", "-x", "a b", ""]
    for account in ((), ("work",)):
        seen = see(world, *account, "--", *SEE, *arguments)
        tap.equal((seen["token"], seen["arguments"]), (token, arguments), "token and arguments")
    seen = see(world, "--min-validity", "10", "work", "--", *SEE)
    tap.equal(seen["token"], token, "token with --min-validity")


def ignores_pipe(text):
    return bool(int(text.split()[1], 16) & 1 << signal.SIGPIPE - 1)


@tap.case("EX-02", "it becomes the command: process, input, exit code, signals", account="work")
def becomes(world):
    process = world.cli.start("exec", "--", *SEE)
    result = world.cli.finish(process)
    seen = json.loads(result.out)
    tap.equal(seen["pid"], process.pid, "process id")
    result = world.cli.run("exec", "--", *SIGNALS)
    tap.check(not ignores_pipe(result.out), f"SIGPIPE is not ignored: {result.out}")
    result = world.cli.run("exec", "--", "sh", "-c", "cat; exit 42", data=b"input")
    tap.equal((result.code, result.out), (42, "input"), "exit code and stdout")
    result = world.cli.run("exec", "--", "sh", "-c", "kill -TERM $$")
    tap.equal(result.code, -signal.SIGTERM, "the signal that ended it")


@tap.case("EX-03", "a signal that was ignored before stays ignored", account="work")
def ignored_signal(world):
    process = world.cli.start("exec", "--", *SIGNALS, restore_signals=False,
                              preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN))
    result = world.cli.finish(process)
    tap.check(ignores_pipe(result.out), f"SIGPIPE is ignored: {result.out}")


@tap.case("EX-04", "no token: its exit code, and nothing is run")
def no_token(world):
    note = world.session.root / "tmp/note"
    result = world.cli.run("exec", "--", "touch", str(note))
    tap.equal(result.code, FAILED, f"exit code of {result}")
    world.sign_in("work")
    world.keyring.lock()
    world.broker.restart()
    result = world.cli.run("exec", "--", "touch", str(note))
    tap.equal(result.code, USER_NEEDED, f"exit code of {result}")
    tap.contains(result.err, "tidio-auth: ", "stderr")
    tap.check(not note.exists(), "no command was run")


@tap.case("EX-05", "a command that is not there: 127; that cannot be run: 126", account="work")
def not_run(world):
    plain = world.session.root / "tmp/plain"
    plain.write_text("text")
    plain.chmod(0o644)
    for command, code in (("no-such-command", NO_COMMAND), ("/no/such/command", NO_COMMAND),
                          (str(plain), CANNOT_RUN), (str(world.session.root), CANNOT_RUN)):
        result = world.cli.run("exec", "--", command)
        tap.equal(result.code, code, f"exit code of {result}")
        tap.contains(result.err, f"tidio-auth: Could not run {command}", "stderr")


@tap.case("EX-06", "usage: no command, no --, two accounts", start=False)
def usage(world):
    for words in ((), ("--",), ("work",), ("work", "--"), ("work", "true"),
                  ("a", "b", "--", "true"), ("--min-validity", "x", "--", "true"),
                  ("--unknown", "--", "true")):
        result = world.cli.run("exec", *words)
        tap.equal(result.code, USAGE, f"exit code of {words}: {result}")
        tap.contains(result.err, "see tidio-auth exec --help", "stderr")
    result = world.cli.run("exec", "--help")
    tap.equal(result.code, 0, "exit code of --help")
    tap.contains(result.out, "TIDIO_ACCESS_TOKEN", "help")




tap.main(ExecWorld)
