#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Accounts on the bus and in the keyring, the default one, and the broker's own life."""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

from harness import browser, tap
from harness.broker import (ACCOUNT, DEADLINE, NAME, PATH, SIGN_IN, SLOW, account_path,
                            expect_error, error_name)
from harness.bus import BusError
from harness.world import World



def members(signals, member, interface):
    """The paths that came or went with that interface."""
    return [args[0] for _path, _interface, name, args in signals
            if name == member and interface in args[1]]


@tap.case("AC-01", "an account is an object: path, properties, InterfacesAdded")
def account_object(world):
    signals = world.broker.record()
    before = int(time.time())
    world.sign_in("my.account@home_1")
    path = account_path("my.account@home_1")
    tap.equal(path, f"{PATH}/Accounts/my_2eaccount_40home_5f1", "path")
    seen = world.broker.account("my.account@home_1")
    tap.equal((seen["Id"], seen["Provider"], seen["State"], seen["Scopes"], seen["RefreshedAt"]),
              ("my.account@home_1", "tidio", "ready", [], 0), "properties")
    tap.between(seen["SignedInAt"], before, time.time() + 1, "SignedInAt")
    tap.between(seen["ExpiresAt"], before + 3599, time.time() + 3601, "ExpiresAt")
    tap.equal(members(signals, "InterfacesAdded", ACCOUNT), [path], "InterfacesAdded")
    tap.check(path in world.broker.objects(), "the account among the managed objects")


@tap.case("AC-02", "accounts are there after a restart, before anybody asks for a token",
          account="work")
def after_restart(world):
    before = world.broker.account("work")
    world.broker.restart()
    tap.equal(world.broker.accounts(), ["work"], "accounts")
    tap.equal(world.broker.account("work"), before, "properties")


@tap.case("AC-03", "a refresh changes ExpiresAt and RefreshedAt with PropertiesChanged",
          account="")
def refresh_seen(world):
    world.server.control(lifetime=7200)
    signals = world.broker.record()
    world.broker.token(rejected=world.broker.token())

    def look():
        changed = {}
        for path, _interface, member, args in signals:
            if member == "PropertiesChanged" and path == account_path("tidio"):
                changed.update(args[1])
        return changed if "RefreshedAt" in changed else None

    changed = world.bus.wait_for(look, DEADLINE, "PropertiesChanged of RefreshedAt")
    tap.between(changed.get("ExpiresAt", 0), time.time() + 7100, time.time() + 7201, "ExpiresAt")
    tap.between(changed.get("RefreshedAt", 0), time.time() - 30, time.time() + 1, "RefreshedAt")


@tap.case("AC-04", "sign-out: InterfacesRemoved, the others stay")
def removed(world):
    world.sign_in("one")
    world.sign_in("two")
    signals = world.broker.record()
    world.broker.sign_out("one")
    tap.equal(members(signals, "InterfacesRemoved", ACCOUNT), [account_path("one")],
              "InterfacesRemoved")
    tap.equal(world.broker.accounts(), ["two"], "accounts")
    tap.equal(list(world.keyring.records()), ["two"], "accounts in the keyring")
    tap.check(world.broker.token(), "the token of the other")


@tap.case("AC-05", "sign-out without a revocation endpoint, or with one that fails: false, deleted",
          provider={"RevocationEndpoint": None}, account="")
def not_revoked(world):
    tap.equal(world.broker.sign_out(), False, "revoked")
    world.server.write_provider()
    world.sign_in()
    world.server.fail("revoke", 503)
    tap.equal(world.broker.sign_out(), False, "revoked")
    world.server.heal("revoke")
    world.sign_in()
    world.server.process.terminate()
    world.server.process.wait()
    tap.equal(world.broker.sign_out(), False, "revoked with the server down")
    tap.equal((world.broker.accounts(), world.keyring.accounts()), ([], []), "what is left")


@tap.case("AC-06", "sign-out of nobody, with options, of a bad id", account="")
def bad_sign_out(world):
    expect_error("NoSuchAccount", world.broker.sign_out, "other")
    expect_error("InvalidArgs", world.broker.sign_out, "-x")
    expect_error("InvalidArgs", world.broker.call, "SignOut",
                 GLib.Variant("(sa{sv})", ("", {"force": GLib.Variant("b", True)})))
    tap.equal(world.broker.accounts(), ["tidio"], "accounts")


@tap.case("AC-07", "DefaultAccount: empty at first, set, meant by the empty id, kept")
def default_account(world):
    tap.equal(world.broker.get("DefaultAccount"), "", "at first")
    world.sign_in("one")
    world.sign_in("two")
    expect_error("NoSuchAccount", world.broker.token)
    signals = world.broker.record()
    world.broker.set_default("two")
    tap.equal(world.broker.get("DefaultAccount"), "two", "DefaultAccount")
    changed = [args[1] for _path, _interface, member, args in signals
               if member == "PropertiesChanged"]
    tap.check({"DefaultAccount": "two"} in changed, "PropertiesChanged")
    tap.equal(world.broker.token(), world.broker.token("two"), "token")
    world.broker.restart()
    tap.equal(world.broker.get("DefaultAccount"), "two", "after a restart")
    tap.equal(world.broker.token(), world.broker.token("two"), "token after a restart")
    expect_error("NoSuchAccount", world.broker.set_default, "three")
    tap.equal(world.broker.get("DefaultAccount"), "two", "after a wrong one")
    world.broker.set_default("")
    expect_error("NoSuchAccount", world.broker.token)


@tap.case("AC-08", "signing the default account out clears it")
def default_signed_out(world):
    world.sign_in("one")
    world.sign_in("two")
    world.broker.set_default("two")
    world.broker.sign_out("")
    tap.equal(world.broker.accounts(), ["one"], "accounts")
    tap.equal(world.broker.get("DefaultAccount"), "", "DefaultAccount")
    tap.check(world.broker.token(), "the token of the only account")


@tap.case("AC-09", "Version is 1; unknown properties and read-only ones are refused",
          server=False, provider=None)
def properties(world):
    tap.equal(world.broker.get("Version"), 1, "Version")
    for prop in ("Version", "NoSuch"):
        try:
            world.bus.set(NAME, PATH, NAME, prop, GLib.Variant("u", 2))
            raise tap.Failure(f"{prop} could be set")
        except BusError:
            pass
    tap.equal(world.broker.get("Version"), 1, "Version")


@tap.case("AC-11", "the bus starts the broker when it is called", start=False, provider=None,
          server=False)
def activation(world):
    tap.equal(world.broker.get("Version"), 1, "Version")
    pid = world.bus.process_of(NAME)
    os.kill(pid, 15)
    world.bus.wait_for(lambda: not world.bus.owner(NAME), DEADLINE, "the end of it", poll=True)
    tap.equal(world.broker.get("Version"), 1, "Version after its end")
    os.kill(world.bus.process_of(NAME), 15)
    world.bus.wait_for(lambda: not world.bus.owner(NAME), DEADLINE, "the end of it", poll=True)


@tap.case("AC-13", "SIGTERM during a refresh: what the server gave is not lost", account="")
def term_during_refresh(world):
    old = world.broker.token()
    world.server.control(delay=500)
    world.broker.start_get_token(rejected=old)
    world.bus.wait_for(lambda: world.server.counters()["refreshes"] > 0 or None, DEADLINE,
                       "the refresh to be sent", poll=True)
    world.broker.stop(15 * SLOW)
    world.server.control(delay=0)
    world.broker.start()
    text = world.broker.token(rejected=old)
    tap.check(text != old, "a new token")
    tap.equal(world.server.counters()["reuse"], 0, "reused refresh tokens")


@tap.case("AC-17", "locked keyring: StorageLocked, nothing is lost, unlocking is enough",
          account="")
def locked(world):
    before = world.keyring.records()
    world.broker.stop()
    world.session.stop_keyring()
    world.session.start_keyring(locked=True)
    world.broker.start()
    expect_error("StorageLocked", world.broker.get_token)
    expect_error("StorageLocked", world.broker.call_api, "GET", "contacts")
    tap.check(world.broker.is_alive(), "the broker lives")
    world.broker.stop()
    world.session.stop_keyring()
    world.session.start_keyring(locked=False)
    world.broker.start()
    tap.equal(world.broker.token(), before["tidio"]["access_token"], "token afterwards")
    tap.equal(world.keyring.records(), before, "what is stored")


@tap.case("AC-18", "keyring locked while the broker runs: the token in memory is answered, nothing "
          "is sent that could not be stored", account="")
def locked_later(world):
    text = world.broker.token()
    world.keyring.lock()
    tap.equal(world.broker.token(), text, "token from memory")
    expect_error("StorageLocked", world.broker.get_token, rejected=text)
    tap.equal(world.server.counters()["refreshes"], 0, "refreshes")
    expect_error("StorageLocked", world.broker.sign_out)
    tap.equal(world.broker.accounts(), ["tidio"], "accounts")
    tap.equal(world.server.counters()["revocations"], 0, "revocations")


@tap.case("AC-19", "no Secret Service: StorageUnavailable, and the broker lives", keyring="none")
def no_keyring(world):
    end = world.broker.end_of(world.broker.sign_in(), 60)
    if end["State"] == "failed" and end["Uri"] == "":
        tap.equal(end["Error"], error_name("StorageUnavailable"), "error")
    expect_error("StorageUnavailable", world.broker.get_token, "tidio")
    tap.check(world.broker.is_alive(), "the broker lives")


@tap.case("AC-20", "the Secret Service comes later: the broker finds it", keyring="none")
def late_keyring(world):
    expect_error("StorageUnavailable", world.broker.get_token, "tidio")
    world.session.start_keyring(locked=False)
    world.sign_in()
    tap.equal(list(world.keyring.records()), ["tidio"], "accounts in the keyring")


@tap.case("AC-21", "the Secret Service restarts: tokens go on being stored", account="")
def keyring_restarts(world):
    for _ in range(5):
        world.session.stop_keyring()
        world.session.start_keyring(locked=False)
        text = world.broker.token(rejected=world.broker.token())
        tap.equal(world.keyring.records()["tidio"]["access_token"], text, "stored token")


@tap.case("AC-22", "objects that are not there, methods that are not there", account="")
def unknown(world):
    for path in (f"{PATH}/Accounts/none", f"{PATH}/SignIns/999", "/", f"{PATH}/Accounts"):
        try:
            world.bus.get(NAME, path, ACCOUNT, "Id")
            raise tap.Failure(f"a property of {path}")
        except BusError as error:
            tap.contains(error.name, "org.freedesktop.DBus.Error.", "error")
    try:
        world.broker.call("NoSuchMethod")
        raise tap.Failure("a method that is not there")
    except BusError as error:
        tap.contains(error.name, "UnknownMethod", "error")


@tap.case("AC-23", "wrong argument types on the bus are refused before they arrive", account="")
def wrong_types(world):
    for method, arguments in (("GetToken", GLib.Variant("(s)", ("",))),
                              ("GetToken", GLib.Variant("(ua{sv})", (1, {}))),
                              ("SignIn", None), ("CallApi", GLib.Variant("(s)", ("",)))):
        try:
            world.broker.call(method, arguments)
            raise tap.Failure(f"{method} took {arguments}")
        except BusError as error:
            tap.equal(error.name, error_name("InvalidArgs"), "error")


@tap.case("AC-24", "ended sign-ins stay readable by another caller, then accounts are their result",
          account="")
def late_reader(world):
    path = world.broker.sign_in("second")
    browser.visit(world.broker.uri(path))
    world.broker.end_of(path)
    other = world.broker.other_caller()
    tap.equal(other.sign_in_properties(path)["State"], "done", "state")
    tap.check(path in other.objects(), "the sign-in among the managed objects")
    tap.check(SIGN_IN in other.objects()[path], "its interface")


@tap.case("AC-25", "20 accounts: each has its own token, before and after a restart")
def many(world):
    names = [f"account-{number}" for number in range(20)]
    world.server.control(auto_allow=True)
    for name in names:
        world.sign_in(name)
    tokens = {name: world.broker.token(name) for name in names}
    tap.equal(len(set(tokens.values())), 20, "different tokens")
    world.broker.restart()
    tap.equal({name: world.broker.token(name) for name in names}, tokens, "after a restart")


@tap.case("AC-26", "a sign-out that fails forgets nothing that is not saved yet", account="")
def failed_sign_out(world):
    text = world.broker.token()
    world.server.control(delay=1500)
    refresh = world.broker.start_get_token(rejected=text)
    world.session.bus.wait_for(lambda: world.server.counters()["refreshes"] == 1, DEADLINE,
                               "the refresh at the server", poll=True)
    world.keyring.lock()
    newest = refresh.result()[0]
    world.server.control(delay=0)
    tap.equal(world.broker.state("tidio"), "unsaved", "state")
    expect_error("StorageLocked", world.broker.sign_out)
    tap.equal(world.broker.state("tidio"), "unsaved", "state after the sign-out")
    world.session.stop_keyring()
    world.session.start_keyring(locked=False)
    world.session.bus.wait_for(
        lambda: world.keyring.records()["tidio"]["access_token"] == newest, DEADLINE,
        "the newest tokens in the keyring", poll=True)
    world.broker.restart()
    tap.equal(world.broker.token(), newest, "token after a restart")
    tap.check(world.broker.token(rejected=newest) != newest, "a refresh afterwards")


@tap.case("AC-27", "BaseUri: what the provider file says now, without a change of the account",
          account="work")
def base_uri(world):
    tap.equal(world.broker.account("work")["BaseUri"], f"{world.server.uri}v1/", "BaseUri")
    world.server.write_provider(BaseUri="https://api.example.com/v2")
    tap.equal(world.broker.objects()[account_path("work")][ACCOUNT]["BaseUri"],
              "https://api.example.com/v2/", "after a change, among the managed objects")
    path = world.session.write_provider("tidio", "[Provider]\nColour=blue\n")
    tap.equal(world.broker.account("work")["BaseUri"], "", "with a bad file")
    path.unlink()
    tap.equal(world.broker.account("work")["BaseUri"], "https://api.tidio.com/v1/", "built in")
    world.server.write_provider("mine", ClientId="sandbox-public", ClientAuthentication="none")
    world.sign_in("other", provider="mine")
    tap.equal(world.broker.account("other")["BaseUri"], f"{world.server.uri}v1/", "of another")
    expect_read_only(world)


def expect_read_only(world):
    try:
        world.bus.set(NAME, account_path("work"), ACCOUNT, "BaseUri", GLib.Variant("s", "x"))
    except BusError as error:
        tap.check(error.name.endswith((".PropertyReadOnly", ".InvalidArgs")),
                  f"a refusal to write: {error.name}")
        return
    raise tap.Failure("expected BaseUri to be read-only")


tap.main(World)
