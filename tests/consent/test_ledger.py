#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who asked: the ledger on the bus, in `tidio-auth log` and in `tidio-auth watch`."""

import json
import os
import pathlib
import select
import signal
import sys
import time

from gi.repository import GLib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import callers, tap
from harness.broker import DEADLINE, NAME, PATH, error_name, expect_error
from harness.bus import BusError
from harness.cli import Cli
from harness.world import World

NOON = 1_700_000_000
MEMBERS = ("time", "app", "trust", "account", "what", "result", "count")
ENTRIES = [
    (NOON, "editor", "host", "anna", "token", "ok", 3),
    (NOON + 100, "org.example.Contacts", "sandboxed", "anna", "GET /contacts", "200", 1),
    (NOON + 200, "", "unidentified", "", "sign-in", "NotAuthorized", 12),
]


def line(entry):
    moment, app, trust, account, what, result, count = entry
    return f"{moment}\t{count}\t{trust}\t{app}\t{account}\t{what}\t{result}\n"


def ledger_file(world):
    return world.session.root / "state/tidio-auth/activity"


def seed(world, text=None):
    """What an earlier broker left; starts the next one."""
    path = ledger_file(world)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(map(line, ENTRIES)).encode() if text is None else text)
    world.broker.start()


def activity(broker, most=1000):
    """The ledger as tuples, the newest first."""
    entries = broker.call("GetActivity", GLib.Variant("(u)", (most,)))[0]
    for entry in entries:
        tap.equal(set(entry), set(MEMBERS), "members of an entry")
    return [tuple(entry[name] for name in MEMBERS) for entry in entries]


class Watch:
    """`tidio-auth watch`, line by line."""

    def __init__(self, world, *arguments):
        self.cli = Cli(world.session)
        self.process = self.cli.start("watch", *arguments)
        self.rest = b""
        self.seen = []

    def line(self):
        limit = time.monotonic() + DEADLINE
        while b"\n" not in self.rest:
            left = limit - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise TimeoutError(f"waited for a line of watch, after {self.seen}")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise tap.Failure(f"watch ended: {self.finish()}, after {self.seen}")
            self.rest += data
        text, self.rest = self.rest.split(b"\n", 1)
        self.seen.append(text.decode())
        return self.seen[-1]

    def finish(self):
        return self.cli.finish(self.process)

    def until(self, **members):
        """The next event that has them."""
        while True:
            event = json.loads(self.line())
            now = time.time()
            tap.between(event["time"], now - 3600, now + 60, "time of an event")
            if members.items() <= event.items():
                return event

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        result = self.finish()
        tap.equal((result.code, result.err), (0, ""), "end of watch by Ctrl-C")


@tap.case("LE-01", "GetActivity: the newest first, and not more than asked for", start=False,
          server=False)
def newest_first(world):
    seed(world)
    expected = ENTRIES[::-1]
    tap.equal(activity(world.broker), expected, "all")
    for most in (0, 1, 2, 3, 4, 2 ** 32 - 1):
        tap.equal(activity(world.broker, most), expected[:most], f"{most} at most")


@tap.case("LE-02", "the ledger is there after a restart, and its file is the user's alone",
          start=False, server=False)
def restart(world):
    seed(world)
    before = activity(world.broker)
    world.broker.restart()
    tap.equal(activity(world.broker), before, "the ledger")
    tap.equal(ledger_file(world).parent.stat().st_mode & 0o777, 0o700, "mode of the folder")


@tap.case("LE-03", "a damaged file costs what is damaged of it", start=False, server=False)
def damaged(world):
    seed(world, b"\0\xff\n" + line(ENTRIES[0]).encode() + b"[section]\n"
         + line(ENTRIES[1]).encode() + line(ENTRIES[2]).encode()[:-5])
    tap.equal([entry[:2] for entry in activity(world.broker)],
              [entry[:2] for entry in ENTRIES[::-1]], "what can be read")


@tap.case("LE-04", "log: lines with tabs for programs, the newest first", start=False,
          server=False)
def log_lines(world):
    seed(world)
    result = Cli(world.session, {"TZ": "UTC"}).run("log")
    tap.equal((result.code, result.err), (0, ""), f"log: {result}")
    tap.equal(result.out.splitlines(), [
        "2023-11-14T22:16:40+00:00\t\tunidentified\t\tsign-in\tNotAuthorized\t12",
        "2023-11-14T22:15:00+00:00\torg.example.Contacts\tsandboxed\tanna\tGET /contacts\t200\t1",
        "2023-11-14T22:13:20+00:00\teditor\thost\tanna\ttoken\tok\t3",
    ], "lines")


@tap.case("LE-05", "log --json: an array of what GetActivity says", start=False, server=False)
def log_json(world):
    seed(world)
    result = Cli(world.session).run("log", "--json")
    tap.equal((result.code, result.err), (0, ""), f"log: {result}")
    printed = json.loads(result.out)
    tap.equal([tuple(entry) for entry in printed], [MEMBERS] * 3, "members, in their order")
    tap.equal([tuple(entry.values()) for entry in printed], ENTRIES[::-1], "entries")


@tap.case("LE-06", "log on a terminal: a table, of 50 entries unless told otherwise", start=False,
          server=False)
def log_table(world):
    seed(world, "".join(line((NOON + number, "editor", "host", "anna", f"GET /{number}", "200", 1))
                        for number in range(70)).encode())
    cli = Cli(world.session, {"TZ": "UTC"})
    result = cli.on_terminal("log").finish()
    lines = result.out.splitlines()
    tap.equal((result.code, len(lines)), (0, 51), f"table: {result}")
    tap.equal(lines[:2], [
        "TIME                 PROGRAM  TRUST  ACCOUNT  WHAT     RESULT  COUNT",
        "2023-11-14 22:14:29  editor   host   anna     GET /69  200     1"], "table")
    for words, count in ((("-n", "1"), 2), (("-n", "60"), 61), (("--number=1000",), 71)):
        result = cli.on_terminal("log", *words).finish()
        tap.equal((result.code, len(result.out.splitlines())), (0, count), f"lines of {words}")
    tap.equal(len(cli.run("log").out.splitlines()), 70, "lines for a program")
    tap.equal(len(cli.run("log", "-n", "7").out.splitlines()), 7, "lines of -n 7")
    tap.equal(len(json.loads(cli.run("log", "-n", "7", "--json").out)), 7, "entries of -n 7 --json")


@tap.case("LE-07", "log: nothing yet, and wrong words", server=False)
def log_nothing(world):
    cli = Cli(world.session)
    result = cli.on_terminal("log").finish()
    tap.equal((result.code, result.out),
              (0, "tidio-auth: Nobody has asked for anything yet\r\n"), "nothing on a terminal")
    result = cli.run("log")
    tap.equal((result.code, result.out, result.err), (0, "", ""), "nothing for a program")
    tap.equal(json.loads(cli.run("log", "--json").out), [], "nothing as JSON")
    for words in (("-n", "0"), ("-n", "1001"), ("-n", "-1"), ("-n", "many"), ("-n", ""), ("-n",),
                  ("anna",), ("--jsn",)):
        result = cli.run("log", *words)
        tap.equal((result.code, result.out), (2, ""), f"log {words}: {result}")
        tap.contains(result.err, "tidio-auth log --help", f"log {words}")


@tap.case("LE-08", "log: what stands in the ledger does not move the cursor", start=False,
          server=False)
def log_clean(world):
    seed(world, line((NOON, "\x1b[2J\x9b\u202eeditor", "host", "anna", "GET /\x07", "200", 1)).encode())
    cli = Cli(world.session)
    for result in (cli.on_terminal("log").finish(), cli.run("log"), cli.run("log", "--json")):
        tap.equal(result.code, 0, f"log: {result}")
        found = [c for c in result.out if ord(c) < 0x20 and c not in "\r\n\t"
                 or 0x7f <= ord(c) <= 0x9f or c == "\u202e"]
        tap.equal(found, [], f"characters that do something: {result.out!r}")
        tap.contains(result.out, "editor", "the rest")


@tap.case("LE-09", "watch --json: the life of an account and of the broker")
def watch_events(world):
    watch = Watch(world, "--json")
    watch.until(event="broker", state="running")
    world.sign_in("anna")
    watch.until(event="sign-in", account="anna", state="waiting", error="")
    watch.until(event="sign-in", account="anna", state="done", error="")
    seen = [json.loads(text) for text in watch.seen]
    tap.check({"event": "account", "account": "anna", "change": "added", "state": "ready"}.items()
              <= next(one for one in seen if one["event"] == "account").items(),
              f"the account, before the sign-in is done: {seen}")
    world.broker.get_token("anna", rejected=world.broker.token("anna"))
    watch.until(event="account", account="anna", change="refreshed", state="")
    _page, end = world.sign_in("bert", decision="deny")
    tap.equal(end["State"], "failed", "a sign-in that was denied")
    watch.until(event="sign-in", account="bert", state="failed", error="SignInDenied")
    world.broker.sign_out("anna")
    watch.until(event="account", account="anna", change="removed", state="")
    world.broker.stop()
    watch.until(event="broker", state="stopped")
    world.broker.start()
    watch.until(event="broker", state="running")
    watch.interrupt()


@tap.case("LE-10", "watch: lines for people; the broker is not started for it", start=False,
          server=False)
def watch_lines(world):
    watch = Watch(world)
    text = watch.line()
    tap.equal(text[8:], "  broker    stopped", "line without a broker")
    time.strptime(text[:8], "%H:%M:%S")
    tap.equal(world.bus.owner(NAME), "", "owner of the name")
    world.broker.start()
    tap.equal(watch.line()[8:], "  broker    running", "line with a broker")
    watch.interrupt()
    result = Cli(world.session).run("watch", "anna")
    tap.equal((result.code, result.out), (2, ""), f"watch anna: {result}")


@tap.case("LE-11", "watch: a session bus that ends is an error", server=False)
def watch_without_bus(world):
    watch = Watch(world, "--json")
    watch.until(event="broker", state="running")
    world.session.kill_bus()
    watch.until(event="broker", state="stopped")
    result = watch.finish()
    tap.equal((result.code, result.out), (1, ""), f"watch: {result}")
    tap.contains(result.err, "The session bus ended", "what it says")
    world.broker.process.wait(DEADLINE)
    world.broker.process = None
    world.session.revive_bus()
    world.broker.start()

@tap.case("LE-12", "64 programs may follow the activity; one that leaves makes room", server=False)
def many_followers(world):
    followers = [world.broker.other_caller() for _ in range(64)]
    for one in followers:
        activity(one, 1)
        activity(one, 1)
    late = world.broker.other_caller()
    expect_error("Busy", activity, late, 1)
    followers[7].bus.close()

    def is_let_in():
        try:
            activity(late, 1)
        except BusError as error:
            tap.equal(error.name, error_name("Busy"), "error name")
            return False
        return True

    world.bus.wait_for(is_let_in, DEADLINE, "room", poll=True)
    for one in followers:
        one.bus.close()
    late.bus.close()

def program(entry):
    """What is told of the program that asked, and what it asked for."""
    _moment, app, trust, account, what, result, count = entry
    return (bool(app), trust, account, what, result, count)


@tap.case("LE-20", "who asked: tokens and API calls, with their results and without queries",
          account="anna")
def recorded(world):
    broker = world.broker
    start = int(time.time())
    broker.token("anna")
    broker.call_api("GET", "contacts?email=canary%40example.com", account="anna")
    broker.call_api("GET", "/no/such/path?x=1", account="anna")
    seen = [entry for entry in activity(broker) if entry[4] != "sign-in"]
    tap.equal([program(entry) for entry in seen], [
        (True, "host", "anna", "GET /no/such/path", "404", 1),
        (True, "host", "anna", "GET /contacts", "200", 1),
        (True, "host", "anna", "token", "ok", 1)], "the ledger")
    tap.check(all(start <= entry[0] <= time.time() for entry in seen), f"times: {seen}")
    broker.restart()
    tap.equal([entry for entry in activity(broker) if entry[4] != "sign-in"], seen,
              "the ledger after a restart")
    for text in (ledger_file(world).read_text(), world.session.log("broker-1")):
        tap.lacks(text, "email=", "a query")
        tap.lacks(text, "canary%40", "a query")


@tap.case("LE-21", "who asked: the default account stands there by its name", account="anna")
def default_account(world):
    world.broker.token("")
    tap.equal([entry[3] for entry in activity(world.broker) if entry[4] == "token"], ["anna"],
              "accounts")


@tap.case("LE-22", "who asked: the same within a minute is counted, and stays where it is",
          account="anna")
def counted(world):
    for _ in range(50):
        world.broker.token("anna")
        world.broker.call_api("GET", "contacts", account="anna")
    seen = [entry for entry in activity(world.broker) if entry[4] != "sign-in"]
    tap.equal(sum(entry[6] for entry in seen if entry[4] == "token"), 50, "tokens")
    tap.equal(sum(entry[6] for entry in seen if entry[4] == "GET /contacts"), 50, "calls")
    # A minute or two may end meanwhile.
    tap.check(len(seen) <= 8, f"few entries: {seen}")
    tap.equal(seen, sorted(seen, key=lambda entry: -entry[0]), "the newest first")


@tap.case("LE-23", "who asked: what failed", account="anna")
def failed(world):
    expect_error("NoSuchAccount", world.broker.token, "bert")
    expect_error("PathNotAllowed", world.broker.call_api, "GET", "../elsewhere", account="anna")
    results = {entry[5] for entry in activity(world.broker)}
    tap.check("NoSuchAccount" in results, f"a refused token in {results}")


@tap.case("LE-24", "watch: who asks, as it happens, and once for many", account="anna")
def watch_activity(world):
    watch = Watch(world, "--json")
    watch.until(event="broker", state="running")
    for _ in range(5):
        world.broker.call_api("GET", "contacts?limit=1", account="anna")
    world.broker.token("anna")
    event = watch.until(event="activity", what="GET /contacts")
    tap.equal(tuple(event), ("event", *MEMBERS), "members, in their order")
    tap.equal((event["trust"], event["account"], event["result"], event["count"]),
              ("host", "anna", "200", 1), "the activity")
    watch.until(event="activity", account="anna", what="token", result="ok")
    tap.equal(sum("GET /contacts" in text for text in watch.seen), 1, "lines for five calls")
    watch.interrupt()


@tap.case("LE-25", "Activity goes to those who called GetActivity and to nobody else",
          account="anna")
def signal_for_followers(world):
    stranger = world.broker.other_caller()
    follower = world.broker.other_caller()
    unasked = stranger.record()
    asked = follower.record()
    tap.equal(activity(follower, 0), [], "no entry")
    world.broker.call_api("GET", "contacts", account="anna")
    follower.bus.wait_for(lambda: any(one[2] == "Activity" for one in asked), DEADLINE,
                          "the signal")
    path, interface, _member, arguments = next(one for one in asked if one[2] == "Activity")
    tap.equal((path, interface, set(arguments[0])), (PATH, NAME, set(MEMBERS)), "the signal")
    # What was broadcast before this answer is there with it.
    stranger.get("Version")
    tap.equal([one for one in unasked if one[2] == "Activity"], [], "signals to a stranger")


@tap.case("LE-27", "who asked: a sandboxed program by the name that its sandbox vouches for; it may "
          "not look", account="anna")
def sandboxed(world):
    reader = callers.broker(world.session, callers.sandboxed(world.session, "org.example.Reader"))
    shown = reader.record()
    expect_error("NotAuthorized", reader.token, "anna")
    expect_error("NotAuthorized", activity, reader)
    seen = [entry[1:] for entry in activity(world.broker) if entry[2] != "host"]
    tap.equal(seen, [("org.example.Reader", "sandboxed", "anna", "token", "NotAuthorized", 1)],
              "the ledger")
    world.broker.call_api("GET", "contacts", account="anna")
    # What was sent to it before this answer is there with it.
    reader.get("Version")
    tap.equal([one for one in shown if one[2] == "Activity"], [], "signals to it")


if __name__ == "__main__":
    tap.main(World)
