#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fault rows: items that others delete, damage or double; start-up, sign-in and sign-out."""

import json
import pathlib
import signal
import sys
import threading
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

from harness import browser, tap
from harness.broker import DEADLINE, SLOW
from harness.bus import BusError
from harness.locks import OpenWatch, held, lock_path
from harness.peer import answer
from rows import ACCOUNT, TOKEN, add_rows, main, within
from steps import halted

SCHEMA = "org.tidio.Auth.Account"
RUBBISH = b"\x00\xffrubbish"
# The paths are below the broker's working directory.
FILE_BACKEND = {"SECRET_BACKEND": "file", "SNAP_NAME": "tidio",
                "SECRET_SERVICE_BUS_NAME": "org.tidio.Test.Nobody",
                "SECRET_FILE_TEST_PATH": "secret.file", "SECRET_FILE_TEST_PASSWORD": "x"}
DAMAGES = (
    ("empty", b""),
    ("no JSON", b"not JSON at all"),
    ("a NUL byte inside", b'{"version":1,\x00"account":"tidio"}'),
    ("1 MB of spaces", b" " * (1 << 20)),
    ("invalid UTF-8", b'{"version":1,"account":"\xff\xfe"}'),
    ("a newer version", b'{"version":99,"account":"tidio","provider":"tidio"}'),
    ("100,000 levels deep", b"[" * 100000),
)


def the_item(world):
    return world.keyring.accounts()[0]


# Items

DELETED = "Another program deleted the item of an account"
SEVERAL = "An account has several items in the keyring"


def count_logged(world, text):
    return world.session.log(world.broker.log_name).count(text)


def deleted(world):
    world.keyring.delete(the_item(world)["path"])
    seen = world.outcome()
    tap.equal(count_logged(world, DELETED), 1, "lines in the log")
    world.note_token()
    world.outcome()
    tap.equal(count_logged(world, DELETED), 1, "lines in the log, once it is there again")
    tap.equal(len(world.keyring.accounts()), 1, "items")
    return seen


def deleted_meanwhile(step):
    def run(world):
        with halted(world, step) as halt:
            world.keyring.delete(the_item(world)["path"])
            halt.go_on()
            return world.seen(halt.pending)
    return run


def damaged(rubbish):
    """The broker goes on with what it has in memory, and leaves the damaged item as it is."""
    def run(world):
        path = the_item(world)["path"]
        world.keyring.set_secret(path, rubbish)
        seen = world.outcome()
        tap.equal(world.keyring.secret(path), rubbish, "secret of the damaged item")
        tap.equal(len(world.keyring.accounts()), 2, "items, the damaged one included")
        return seen
    return run


def damaged_meanwhile(world):
    with halted(world, "request processed") as halt:
        world.keyring.set_secret(the_item(world)["path"], RUBBISH)
        halt.go_on()
        return world.seen(halt.pending)


def add_copy(world, **changes):
    """One more item of the account, with another record."""
    record = {**world.newest_record(), **changes}
    world.keyring.add(SCHEMA, {"account": str(uuid.uuid4()), "version": "1"},
                      json.dumps(record).encode())


def older_copy(world):
    """What an interrupted program may have left: a record whose refresh token is spent."""
    old = world.newest_record()
    world.outcome()
    world.note_token()
    add_copy(world, **{name: old[name] for name in ("access_token", "refresh_token",
                                                    "generation", "refreshed_at")})
    world.forget()


def doubled(world):
    older_copy(world)
    tap.equal(count_logged(world, SEVERAL), 0, "lines in the log before")
    seen = world.outcome()
    world.note_token()
    world.outcome()
    tap.equal(count_logged(world, SEVERAL), 1, "lines in the log")
    tap.equal(len(world.keyring.accounts()), 2, "items")
    return seen


def read_alone(world):
    """No item came or went since all were read: those of others are not read again. A client is
    looked for too, and there is none."""
    for number in range(5):
        add_copy(world, account=f"other-{number}")
    world.outcome()
    world.note_token()
    world.keyring.reset_counts()
    seen = world.outcome()
    counts = {method: world.keyring.count(method)
              for method in ("ReadAlias", "SearchItems", "GetSecrets", "Get", "SetSecret")}
    tap.equal(counts, {"ReadAlias": 1, "SearchItems": 6, "GetSecrets": 3, "Get": 9, "SetSecret": 2},
              "calls of the keyring")
    return seen


def doubled_at_start(world):
    older_copy(world)
    world.broker.restart()
    seen = world.seen(world.broker.start_get_token(ACCOUNT))
    tap.equal(count_logged(world, SEVERAL), 1, "lines in the log")
    tap.equal(len(world.keyring.accounts()), 2, "items")
    return seen


def typed(world):
    """A service that tells a secret with the content type it was stored with."""
    world.broker.stop()
    world.keyring.plan("GetSecrets", "typed", times=0)
    world.keyring.plan("GetSecret", "typed", times=0)
    world.broker.start()
    return world.outcome()


# Start-up

def other_backend(world):
    """What would make libsecret store somewhere else, as in a sandbox."""
    seen = world.outcome()
    world.broker.restart()
    tap.equal(world.broker.accounts(), [ACCOUNT], "accounts")
    tap.check(not (world.session.root / "secret.file").exists(), "no file with secrets")
    return seen


def started_with(method, fault, times=1, ask=True):
    """The next broker meets the fault while it loads the accounts."""
    def run(world):
        world.broker.stop()
        world.keyring.plan(method, fault, 1, times, RUBBISH if fault == "damage" else b"")
        world.broker.start()
        world.keyring.wait_for_reached()
        return world.outcome(timeout=1) if ask else "nothing"
    return run


def started_after_stall(world):
    """It goes on by itself when the keyring answers at last."""
    started_with("SearchItems", "stall", ask=False)(world)
    world.keyring.release()
    world.bus.wait_for(lambda: world.broker.accounts() == [ACCOUNT], DEADLINE, "the account",
                       poll=True)
    return world.outcome()


def started_locked(world):
    world.broker.stop()
    world.keyring.lock()
    world.broker.start()
    seen = world.outcome()
    world.keyring.unlock()
    world.bus.wait_for(lambda: world.broker.accounts() == [ACCOUNT], DEADLINE, "the account",
                       poll=True)
    return seen


def started_without(world):
    world.broker.stop()
    world.keyring.stop()
    world.broker.start()
    seen = world.outcome()
    world.keyring.start()
    world.bus.wait_for(lambda: world.broker.accounts() == [ACCOUNT], DEADLINE, "the account",
                       poll=True)
    return seen


def started_without_default(world):
    world.broker.stop()
    path = the_item(world)["path"]
    put_back = world.keyring.remove_default()
    world.broker.start()
    tap.equal(world.broker.accounts(), [ACCOUNT], "accounts")
    seen = world.outcome()
    tap.equal([item["path"] for item in world.keyring.accounts()], [path], "items")
    tap.equal(world.broker.state(ACCOUNT), "ready", "state")
    put_back()
    return seen


def started_damaged(world):
    """The item is put right again afterwards, as from a backup of the keyring."""
    item = the_item(world)
    world.keyring.set_secret(item["path"], RUBBISH)
    world.broker.restart()
    seen = world.outcome()
    tap.equal(world.keyring.secret(item["path"]), RUBBISH, "secret of the damaged item")
    world.keyring.set_secret(item["path"], item["secret"])
    world.broker.restart()
    return seen


# Sign-in and sign-out

class Visit:
    """A browser that waits for its last page, in a thread."""

    def __init__(self, uri):
        self.page = None
        self.thread = threading.Thread(target=self._run, args=(uri,), daemon=True)
        self.thread.start()

    def _run(self, uri):
        try:
            self.page = browser.fetch(uri)
        except OSError:
            pass

    def end(self, deadline=DEADLINE):
        self.thread.join(deadline)


def end_of_sign_in(world, path):
    end = world.broker.end_of(path)
    return end["State"] + (": " + end["Error"].rsplit(".", 1)[1] if end["Error"] else "")


def first_store(fault, times=1):
    """The first sign-in of all cannot be stored; the login counts all the same."""
    def run(world):
        path, uri = world.start_sign_in()
        world.keyring.plan("CreateItem", fault, 1, times, RUBBISH if fault == "damage" else b"")
        visit = Visit(uri)
        world.keyring.wait_for_reached()
        if fault == "stall":
            world.keyring.release()
        seen = end_of_sign_in(world, path)
        visit.end()
        world.note_token()
        return seen
    return run


def first_store_locked(world):
    path, uri = world.start_sign_in()
    world.keyring.lock()
    visit = Visit(uri)
    seen = end_of_sign_in(world, path)
    visit.end()
    world.note_token()
    return seen


def silent_user_info(world):
    """The provider takes its time for the code, then says nothing of the user: the page tells the
    end before it has waited half a minute."""
    world.use_provider(UserInfoPath="me")
    path, uri = world.start_sign_in()
    exchange = world.peer.plan(TOKEN, "hold")
    user_info = world.peer.plan("/v1/me", "stall")
    visit = Visit(uri)
    exchange.wait()
    world.clocks.shift(boot=24)
    with within(6, "the page"):
        exchange.release()
        user_info.wait()
        visit.end()
    user_info.release(False)
    tap.contains(visit.page.body, "Authorization successful!", "page")
    return end_of_sign_in(world, path)


def store_waits(world):
    """For another process, longer than a browser waits: the page does not say how it will end."""
    path, uri = world.start_sign_in()
    with held(lock_path(world.session)), within(40, "the page"):
        visit = Visit(uri)
        visit.end(40 * SLOW)
    tap.contains(visit.page.body, "Not finished yet", "page")
    return end_of_sign_in(world, path)


def stored_then_killed(world):
    """The item is there, but nobody has been told."""
    _path, uri = world.start_sign_in()
    world.keyring.plan("CreateItem", "act-stall")
    visit = Visit(uri)
    world.keyring.wait_for_reached()
    world.broker.kill()
    world.keyring.release(False)
    visit.end()
    return "no answer"


def signed_in_again(halt_at):
    """kill -9 in the middle of another sign-in of the same account: the login before it stays."""
    def run(world):
        path, uri = world.start_sign_in()
        if halt_at == "exchange":
            order = world.peer.plan("/oauth/token", "stall")
            visit = Visit(uri)
            order.wait()
        else:
            world.keyring.plan("SetSecret", "stall")
            visit = Visit(uri)
            world.keyring.wait_for_reached()
        world.broker.kill()
        if halt_at == "exchange":
            order.release(False)
        else:
            world.keyring.release(False)
        visit.end()
        tap.check(path, "a sign-in")
        return "no answer"
    return run


def ended_in_exchange(world):
    """SIGTERM while the code is exchanged: what the provider gives is stored before the end."""
    _path, uri = world.start_sign_in()
    order = world.peer.plan("/oauth/token", "hold")
    visit = Visit(uri)
    order.wait()
    process = world.broker.process
    process.send_signal(signal.SIGTERM)
    order.release()
    tap.equal(process.wait(DEADLINE), 0, "exit status")
    world.broker.process = None
    visit.end()
    tap.equal(len(world.keyring.accounts()), 1, "items")
    return "no answer"


def ended_waiting_for_lock(world):
    """SIGTERM while another process has the lock that a new sign-in needs: the old login stays."""
    _path, uri = world.start_sign_in()
    lock = lock_path(world.session)
    with held(lock):
        watch = OpenWatch(lock)
        visit = Visit(uri)
        watch.wait()
        process = world.broker.process
        process.send_signal(signal.SIGTERM)
        with within(5, "SIGTERM"):
            tap.equal(process.wait(DEADLINE), 0, "exit status")
        world.broker.process = None
        visit.end()
    return "no answer"


def denied_again(world):
    """Another sign-in of the same account ends badly."""
    _page, end = world.sign_in(ACCOUNT, "deny")
    return "failed: " + end["Error"].rsplit(".", 1)[1]


def says(world, subject):
    """The next question who signed in is answered so."""
    world.peer.plan("/v1/me", "answer", 1, answer(200, json.dumps({"sub": subject})))


def unreadable_again(subject, prompts):
    """A new broker cannot read the account, and when somebody has signed in the keyring is locked.
    Unless it is unlocked when it asks, nobody knows whose account that is."""
    def run(world):
        world.use_provider(UserInfoPath="me")
        says(world, "ada")
        world.sign_in(ACCOUNT)
        world.forget()
        world.broker.stop()
        before = world.newest_record()
        # No client is stored, so the secrets are the accounts' alone.
        world.keyring.plan("GetSecrets", "fail", 1, 0)
        world.broker.start()
        path, uri = world.start_sign_in()
        world.keyring.wait_for_reached()
        tap.equal(world.broker.accounts(), [], "accounts that the broker knows")
        world.keyring.heal()
        world.keyring.lock()
        world.keyring.set_prompts(prompts)
        says(world, subject)
        visit = Visit(uri)
        seen = end_of_sign_in(world, path)
        visit.end()
        if "WrongAccount" in seen:
            world.bus.wait_for(lambda: world.server.counters()["revocations"] == 2, DEADLINE,
                               "the other person's tokens given back", poll=True)
        world.keyring.unlock()
        world.bus.wait_for(lambda: world.broker.accounts() == [ACCOUNT], DEADLINE, "the account",
                           poll=True)
        tap.equal(len(world.keyring.accounts()), 1, "items")
        kept = world.newest_record() == before
        return f"{seen}; {'the old' if kept else 'a new'} record"
    return run


def exchange_fails(world):
    world.server.fail("token", 503, count=1)
    _page, end = world.sign_in(ACCOUNT, succeeds=False)
    return "failed: " + end["Error"].rsplit(".", 1)[1]


def sign_out(world):
    try:
        world.broker.sign_out(ACCOUNT)
    except BusError as error:
        return world.name_error(error)
    return "signed out"


def sign_out_locked(world):
    world.keyring.lock()
    return sign_out(world)


def sign_out_with(method, fault, times=1):
    def run(world):
        world.keyring.plan(method, fault, 1, times)
        return sign_out(world)
    return run


def sign_out_killed(world):
    order = world.peer.plan("/oauth/revoke", "stall")
    pending = world.broker.start_call("SignOut", GLib.Variant("(sa{sv})", (ACCOUNT, {})))
    world.bus.connection.flush_sync(None)
    order.wait()
    world.broker.kill()
    order.release(False)
    return world.seen(pending)


def rows():
    yield "IT-01", "item deleted", "idle", deleted, "a new token", "2 refreshes"
    yield ("IT-02", "item deleted", "request processed", deleted_meanwhile("request processed"),
           "a new token", "1 refresh")
    yield ("IT-03", "item deleted", "result write", deleted_meanwhile("result write"),
           "a new token", "1 refresh")
    for number, (what, rubbish) in enumerate(DAMAGES, 11):
        yield (f"IT-{number}", f"item damaged: {what}", "idle", damaged(rubbish), "a new token",
               "1 refresh")
    yield ("IT-18", "item damaged", "request processed", damaged_meanwhile, "a new token",
           "1 refresh")
    yield "IT-21", "two items, one older", "re-read", doubled, "a new token", "2 refreshes"
    yield ("IT-22", "two items, one older", "start-up load", doubled_at_start, "the old token",
           "nothing")
    yield ("IT-23", "secrets with their content type", "start-up load", typed, "a new token",
           "1 refresh")
    yield ("IT-24", "items of five other accounts", "re-read", read_alone, "a new token",
           "2 refreshes")
    yield from start_rows()
    yield from sign_in_rows()
    yield from sign_out_rows()


def start_rows():
    yield ("FI-01", "keyring stalls", "start-up load", started_with("SearchItems", "stall"),
           "Timeout", "nothing")
    yield ("FI-02", "keyring stalls, then answers", "start-up load", started_after_stall,
           "a new token", "1 refresh")
    yield ("FI-03", "keyring fails", "start-up load", started_with("GetSecrets", "fail", 0),
           "StorageUnavailable", "nothing")
    yield ("FI-04", "keyring dies", "start-up load", started_with("SearchItems", "die"),
           "StorageUnavailable", "nothing")
    yield ("FI-05", "keyring fails once", "start-up load", started_with("OpenSession", "fail"),
           "a new token", "1 refresh")
    yield ("FI-10", "environment asks for a file", "start-up load", other_backend, "a new token",
           "1 refresh", {"keyring": "unlocked", "environment": FILE_BACKEND})
    yield "FI-06", "keyring is locked", "start-up load", started_locked, "StorageLocked", "nothing"
    yield ("FI-07", "no Secret Service", "start-up load", started_without, "StorageUnavailable",
           "nothing")
    yield ("FI-08", "no default collection", "start-up load", started_without_default,
           "a new token", "1 refresh")
    yield "FI-09", "item damaged", "start-up load", started_damaged, "StorageCorrupt", "nothing"


def sign_in_rows():
    anew = {"signed_in": False}
    exchanged = "1 code exchange"
    yield ("FS-01", "keyring fails", "sign-in's first store", first_store("fail", 0), "done",
           exchanged, anew)
    yield ("FS-02", "keyring dies", "sign-in's first store", first_store("die"), "done",
           exchanged, anew)
    yield ("FS-03", "keyring stalls, then answers", "sign-in's first store", first_store("stall"),
           "done", exchanged, anew)
    yield ("FS-04", "keyring stores rubbish", "sign-in's first store", first_store("damage"),
           "done", exchanged, anew)
    yield ("FS-05", "keyring lies: not stored", "sign-in's first store", first_store("lie"),
           "done", exchanged, anew)
    yield ("FS-06", "keyring is locked", "sign-in's first store", first_store_locked,
           "done", exchanged, anew)
    yield ("FS-07", "kill -9", "sign-in's first store is done", stored_then_killed, "no answer",
           exchanged, anew)
    yield ("FS-08", "kill -9", "code exchange of another sign-in", signed_in_again("exchange"),
           "no answer", "1 request, none served")
    yield ("FS-09", "kill -9", "store of another sign-in", signed_in_again("store"), "no answer",
           exchanged)
    yield ("FS-12", "SIGTERM", "code exchange", ended_in_exchange, "no answer", exchanged, anew)
    yield ("FS-40", "SIGTERM, lock held by another process", "sign-in again: store",
           ended_waiting_for_lock, "no answer", exchanged)
    yield ("FS-13", "user info stalls", "sign-in, after a slow exchange", silent_user_info, "done",
           f"{exchanged}, 1 API call", {**anew, "clocks": True})
    yield ("FS-14", "another process has the lock", "sign-in's store", store_waits, "done",
           exchanged, anew)
    failed = "failed: StorageLocked; the old record"
    yield ("FS-15", "keyring unreadable, then locked", "store of another person's sign-in",
           unreadable_again("grace", "dismiss"), failed, f"{exchanged}, 1 API call")
    yield ("FS-16", "keyring unreadable, then locked", "store of the same person's sign-in",
           unreadable_again("ada", "dismiss"), failed, f"{exchanged}, 1 API call")
    yield ("FS-17", "keyring unreadable, then unlocked", "store of another person's sign-in",
           unreadable_again("grace", "accept"), "failed: WrongAccount; the old record",
           f"{exchanged}, 1 API call, 2 revocations")
    yield ("FS-18", "keyring unreadable, then unlocked", "store of the same person's sign-in",
           unreadable_again("ada", "accept"), "done; a new record", f"{exchanged}, 1 API call")
    yield ("FS-10", "user denies", "another sign-in", denied_again, "failed: SignInDenied",
           "nothing")
    yield ("FS-11", "503", "code exchange of another sign-in", exchange_fails,
           "failed: ServerError", "1 request, none served")


def sign_out_rows():
    yield "SO-01", "keyring is locked", "sign-out", sign_out_locked, "StorageLocked", "nothing"
    yield ("SO-02", "keyring fails", "sign-out", sign_out_with("SearchItems", "fail", 0),
           "StorageUnavailable", "nothing")
    yield ("SO-03", "keyring dies", "sign-out", sign_out_with("SearchItems", "die"),
           "StorageUnavailable", "nothing")
    yield ("SO-04", "kill -9", "sign-out, revocation not processed", sign_out_killed, "no answer",
           "1 revocation")


add_rows(rows())
main()
