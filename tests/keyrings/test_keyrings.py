#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The main job with each Secret Service there is on Debian, as it is installed there.

At the end stands a table of what worked with which; it is also put into keyring-table.txt in the
build folder.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import browser, tap
from harness.broker import DEADLINE, SLOW, expect_error
from harness.keyring import NAME
from harness.secret_services import KINDS, KeyringSession
from harness.watching import Listener
from harness.world import World

UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
# What KeePassXC shows of each entry, whoever made it.
KEEPASSXC_OWN = {"Notes", "Path", "Title", "URL", "UserName", "Uuid"}

ROWS = (
    ("gnome-keyring", "dbus-daemon"),
    ("gnome-keyring", "dbus-broker"),
    ("keepassxc", "dbus-daemon"),
    ("kwallet", "dbus-daemon"),
)
COLUMNS = ("sign-in", "token after restart", "refresh", "lock", "locked at start",
           "service restarts", "sign-out")
SESSIONS = 100 // SLOW
results = {}


class KeyringWorld(World):
    """A world with one of the Secret Services; account "tidio" is signed in unless it is None."""

    def __init__(self, row, account="", **options):
        self.row = row
        super().__init__(account=account, **options)

    def make_session(self, keyring):
        service, message_bus = self.row
        return KeyringSession(service, keyring, message_bus=message_bus)

    def record(self):
        records = self.keyring.records()
        tap.equal(list(records), ["tidio"], "accounts in the keyring")
        return records["tidio"]


def prompts_seen(signals):
    return [path for path, _interface, _member, _args in signals if "/prompt" in path]


def check_sign_in(world):
    """The item says nothing to those who look at it while it is locked."""
    tap.equal(world.broker.accounts(), ["tidio"], "accounts")
    items = world.keyring.accounts()
    tap.equal(len(items), 1, "items")
    tap.equal(items[0]["label"], "Tidio Auth", "label")
    attributes = {name: value for name, value in items[0]["attributes"].items()
                  if world.row[0] != "keepassxc" or name not in KEEPASSXC_OWN}
    tap.equal(set(attributes), {"xdg:schema", "account", "version"}, "names of the attributes")
    tap.equal((attributes["xdg:schema"], attributes["version"]), ("org.tidio.Auth.Account", "1"),
              "attributes")
    tap.check(UUID.match(attributes["account"]), f"a UUID, not {attributes['account']!r}")
    readable = json.dumps([items[0]["label"], items[0]["attributes"]])
    for secret in ("sandbox-client", "localhost", "127.0.0.1", "@"):
        tap.lacks(readable, secret, "what can be read without the password")
    tap.equal(world.broker.token(), world.record()["access_token"], "token")


def check_restart(world):
    """The token and the account come out of the keyring again."""
    token, account = world.broker.token(), world.broker.account("tidio")
    world.broker.restart()
    tap.equal(world.broker.account("tidio"), account, "properties")
    tap.equal(world.broker.token(), token, "token")
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes")


def check_refresh(world):
    """The item is changed in place, and nobody is asked whether it may."""
    before = world.keyring.accounts()[0]
    signals = world.bus.record(NAME)
    old = world.broker.token()
    new = world.broker.token(rejected=old)
    tap.check(new != old, "another token")
    tap.equal(world.record()["access_token"], new, "what is stored")
    after = world.keyring.accounts()[0]
    tap.equal((after["path"], after["attributes"]), (before["path"], before["attributes"]),
              "path and attributes of the item")
    tap.equal(prompts_seen(signals), [], "prompts")
    world.broker.restart()
    tap.equal(world.broker.token(), new, "token after a restart")


def check_lock(world):
    """Locked while the broker runs: what is in memory is given, nothing is refreshed."""
    listener = Listener(world.broker)
    token = world.broker.token()
    world.keyring.lock()
    listener.wait_for_state("tidio", "storage-locked")
    tap.equal(world.broker.token(), token, "token from memory")
    expect_error("StorageLocked", world.broker.get_token, rejected=token)
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes while locked")
    world.keyring.unlock()
    listener.wait_for_state("tidio", "ready")
    new = world.broker.token(rejected=token)
    tap.check(new != token, "a refreshed token")
    tap.equal(world.record()["access_token"], new, "what is stored")


def check_locked_at_start(world):
    """Locked when service and broker start: that is not "signed out"."""
    token = world.broker.token()
    world.broker.stop()
    world.session.restart_keyring(locked=True)
    world.broker.start()
    listener = Listener(world.broker)
    for account in ("", "tidio"):
        expect_error("StorageLocked", world.broker.get_token, account)
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes while locked")
    world.keyring.unlock()
    listener.wait_for_account("tidio")
    listener.wait_for_state("tidio", "ready")
    tap.equal(world.broker.token(), token, "token")
    tap.equal(world.record()["access_token"], token, "what is stored")


def check_service_restarts(world):
    """The Secret Service goes and comes back while the broker runs."""
    token = world.broker.token()
    world.session.stop_keyring()
    tap.equal(world.broker.token(), token, "token from memory")
    expect_error("StorageUnavailable", world.broker.get_token, rejected=token)
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes without a keyring")
    world.session.start_keyring()
    new = world.broker.token(rejected=token)
    tap.check(new != token, "a refreshed token")
    tap.equal(world.record()["access_token"], new, "what is stored")
    tap.equal(world.broker.state("tidio"), "ready", "state")


def check_sign_out(world):
    """Nothing stays, neither now nor after a restart."""
    tap.equal(world.broker.sign_out(), True, "revoked")
    tap.equal((world.broker.accounts(), world.keyring.accounts()), ([], []), "what is left")
    world.broker.restart()
    expect_error("NoSuchAccount", world.broker.get_token)


CHECKS = (check_sign_in, check_restart, check_refresh, check_lock, check_locked_at_start,
          check_service_restarts, check_sign_out)


def add_case(case_id, row, column, check):
    what = check.__doc__[0].lower() + check.__doc__[1:].rstrip(".")
    @tap.case(case_id, f"{row[0]} on {row[1]}, {column}: {what}", row=row)
    def run(world):
        results[row, column] = "fails"
        check(world)
        results[row, column] = "works"


for row_number, tried in enumerate(ROWS, 1):
    for number, (name, function) in enumerate(zip(COLUMNS, CHECKS), 1):
        add_case(f"KR-{row_number}{number}", tried, name, function)


@tap.case("KR-48", "kwallet: a wallet that the login opened is used without asking anybody",
          row=("kwallet", "dbus-daemon"))
def opened_by_login(world):
    token = world.broker.token()
    world.broker.stop()
    world.session.restart_keyring(locked=True)
    world.keyring.log_in()
    world.broker.start()
    tap.equal(world.broker.token(interactive=True), token, "token")
    tap.check(world.broker.token(rejected=token) != token, "a refreshed token")


@tap.case("KR-38", "keepassxc: somebody closes the broker's session with it: another is opened",
          row=("keepassxc", "dbus-daemon"))
def session_closed(world):
    token = world.broker.token()
    world.keyring.close_sessions()
    new = world.broker.token(rejected=token)
    tap.check(new != token, "a refreshed token")
    tap.equal(world.record()["access_token"], new, "what is stored")
    tap.equal(world.broker.state("tidio"), "ready", "state")


@tap.case("KR-39", "keepassxc: the session is closed before the first store: one item all the same",
          row=("keepassxc", "dbus-daemon"), account=None)
def session_closed_before_store(world):
    path = world.broker.sign_in()
    uri = world.broker.uri(path)
    world.keyring.close_sessions()
    page = browser.visit(uri)
    tap.equal(world.broker.end_of(path)["Error"], "", "error of the sign-in")
    tap.lacks(page.body, "not saved yet", "page")
    tap.equal(world.broker.state("tidio"), "ready", "state")
    tap.equal(len(world.keyring.accounts()), 1, "items")
    tap.equal(world.record()["access_token"], world.broker.token(), "what is stored")


@tap.case("KR-49", f"kwallet: {SESSIONS} sessions, of which it refuses or spoils one in a hundred",
          row=("kwallet", "dbus-daemon"))
def many_sessions(world):
    token = world.broker.token()
    for _ in range(SESSIONS):
        world.broker.restart()
        new = world.broker.token(rejected=token)
        tap.check(new != token, "a refreshed token")
        tap.equal(world.broker.state("tidio"), "ready", "state")
        token = new
    tap.equal(world.record()["access_token"], token, "what is stored")
    tap.equal(world.server.counters()["reuse"], 0, "reused refresh tokens")


@tap.case("KR-50", "kwallet: killed before it wrote to disk: it is given again what the broker has",
          row=("kwallet", "dbus-daemon"))
def killed_before_it_wrote(world):
    world.keyring.write()
    old = world.broker.token()
    new = world.broker.token(rejected=old)
    world.session.kill_keyring()
    world.session.start_keyring()
    stored = world.keyring.records()["tidio"]["access_token"]
    tap.check(stored in (old, new), "a record that can be read")
    world.bus.wait_for(lambda: world.record()["access_token"] == new, DEADLINE,
                       "the token to be stored again", poll=True)
    tap.equal(world.broker.state("tidio"), "ready", "state")
    world.broker.restart()
    tap.equal(world.broker.token(), new, "token after a restart")


def check_found_elsewhere(world):
    """The account lies in a keyring that is not the default one: it stays there."""
    path = world.keyring.accounts()[0]["path"]
    token = world.broker.token()
    for start in (lambda: None, world.broker.restart):
        start()
        tap.equal(world.broker.accounts(), ["tidio"], "accounts")
        tap.equal(world.broker.token(), token, "token")
        new = world.broker.token(rejected=token)
        tap.check(new != token, "a refreshed token")
        tap.equal([item["path"] for item in world.keyring.accounts()], [path], "items")
        tap.equal(world.record()["access_token"], new, "what is stored")
        tap.equal(world.broker.state("tidio"), "ready", "state")
        token = new
    tap.equal(world.server.counters()["reuse"], 0, "reused refresh tokens")
    check_sign_out(world)


@tap.case("KR-51", "gnome-keyring: another keyring became the default one: found where it lies",
          row=("gnome-keyring", "dbus-daemon"))
def other_default(world):
    made = world.keyring.create("Work")
    tap.equal(world.keyring.default(), made, "default keyring")
    check_found_elsewhere(world)


@tap.case("KR-52", "gnome-keyring: no keyring is the default one: found where it lies",
          row=("gnome-keyring", "dbus-daemon"))
def no_default(world):
    world.keyring.set_default("/")
    tap.equal(world.keyring.default(), "/", "default keyring")
    check_found_elsewhere(world)


@tap.case("KR-53", "gnome-keyring: another keyring became the default one, and the account's is "
          "locked: StorageLocked until it is unlocked", row=("gnome-keyring", "dbus-daemon"))
def locked_elsewhere(world):
    token = world.broker.token()
    world.broker.stop()
    old = world.keyring.default()
    world.keyring.create("Work")
    world.keyring.lock(old)
    world.broker.start()
    listener = Listener(world.broker)
    for account in ("", "tidio"):
        expect_error("StorageLocked", world.broker.get_token, account)
    world.keyring.unlock(old)
    listener.wait_for_account("tidio")
    tap.equal(world.broker.token(), token, "token")
    check_found_elsewhere(world)


def version_of_bus(program):
    done = subprocess.run([program, "--version"], check=True, stdout=subprocess.PIPE)
    return re.search(r"\d+(\.\d+)*", done.stdout.decode()).group()


def table():
    """The results, as the README has them."""
    lines = ["| " + " | ".join(("Secret Service", "bus", *COLUMNS)) + " |",
             "| " + " | ".join(["---"] * (len(COLUMNS) + 2)) + " |"]
    with KeyringSession(keyring="none") as session:
        for row in ROWS:
            service = KINDS[row[0]](session)
            cells = [f"{service.title} {service.version()}", f"{row[1]} {version_of_bus(row[1])}"]
            cells += [results.get((row, column), "not tried") for column in COLUMNS]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def report():
    text = table()
    for line in text.splitlines():
        print(f"# {line}")
    folder = os.environ.get("MESON_BUILD_ROOT")
    if folder:
        (pathlib.Path(folder) / "keyring-table.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        tap.main(KeyringWorld)
    finally:
        if "--only" not in sys.argv:
            report()
