#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What applications may do: the grants, and the question to the user where they do not say."""

import math
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from asker import READER, WRITER
from desk import Desk
from harness import tap
from harness.access_dialogs import DENIED, ENDED, GRANTED
from harness.bus import BUS, BUS_PATH, CANCELLED
from harness.notifications import DISMISSED, EXPIRED, emit
from harness.permissions import NAME as STORE
from harness.permissions import PATH as STORE_PATH
from gi.repository import Gio, GLib

READ = ["GET /*", "HEAD /*"]
ALL = ["* /*"]

# What each grant comes to when nobody may be asked: token, and three calls.
ASKED = ("GET /contacts", "GET /contacts/1", "POST /contacts")
MATRIX = (
    ([], ("NotAuthorized", "InteractionRequired", "InteractionRequired", "InteractionRequired")),
    (["deny"], ("NotAuthorized", "NotAuthorized", "NotAuthorized", "NotAuthorized")),
    (["token"], ("ok", "InteractionRequired", "InteractionRequired", "InteractionRequired")),
    (READ, ("NotAuthorized", "ok", "ok", "NotAuthorized")),
    (ALL, ("NotAuthorized", "ok", "ok", "ok")),
    (["GET /contacts/*"], ("NotAuthorized", "NotAuthorized", "ok", "NotAuthorized")),
    (["* /contacts"], ("NotAuthorized", "ok", "NotAuthorized", "ok")),
    (["token", "* /*"], ("ok", "ok", "ok", "ok")),
    (["token", "* /*", "deny"], ("NotAuthorized", "NotAuthorized", "NotAuthorized",
                                 "NotAuthorized")),
    (["of a later version"], ("NotAuthorized", "InteractionRequired", "InteractionRequired",
                              "InteractionRequired")),
)


def short(answer):
    """The last word of an error's name."""
    return answer.wait()[0].rpartition(".")[2] or "ok"


@tap.case("CO-01", "grant by grant, without interactive: a token and calls")
def matrix(desk):
    print(f"# {'grant':30} {'token':20} " + " ".join(f"{one:20}" for one in ASKED))
    for permissions, expected in MATRIX:
        desk.permissions.set(READER, "demo", *permissions)
        seen = [short(desk.asker.token(interactive=False))]
        seen += [short(desk.asker.call(*one.split(), interactive=False)) for one in ASKED]
        print(f"# {', '.join(permissions):30} " + " ".join(f"{one:20}" for one in seen))
        tap.equal(tuple(seen), expected, f"answers with {permissions}")
    tap.equal(desk.dialogs.shown, [], "dialogs")


@tap.case("CO-02", "an application's grant is of no use to another, or with another account")
def foreign(desk):
    desk.permissions.set(READER, "demo", "token", *ALL)
    desk.asker.call(interactive=False).ok()
    for strange in ({"app": WRITER}, {"app": "org.example.reader"}, {"app": READER + ".Other"},
                    {"app": ""}, {"account": "work"}, {"account": "Demo"}, {"trust": "host-less"}):
        name, _message = desk.asker.call(interactive=False, **strange).wait()
        tap.check(name.endswith(("NotAuthorized", "InteractionRequired")), f"{strange}: {name}")
        desk.asker.token(interactive=False, **strange).fails("NotAuthorized")
    desk.configure("[Callers]\nHost=ask\n")
    desk.asker.call(trust="host", interactive=False).fails("InteractionRequired")


@tap.case("CO-03", "reading: the dialog names application, account and permission; yes is kept")
def read(desk):
    wanted = desk.asker.call("GET", "/contacts/1")
    dialog = desk.dialogs.wait()
    tap.equal((dialog.app, dialog.parent, dialog.title),
              (READER, "", "Allow reading the account demo?"), "application and title")
    tap.equal(dialog.subtitle, f"{READER} wants to read all data of the account demo. It could "
              "not change anything.", "subtitle")
    tap.equal(dialog.body, "tidio-auth apps shows what you allowed and takes it back.", "body")
    tap.equal((dialog.options["deny_label"], dialog.options["grant_label"]), ("Deny", "Allow"),
              "labels")
    tap.equal(desk.permissions.of("demo"), {}, "grants before the answer")
    desk.dialogs.answer(dialog, GRANTED)
    wanted.ok()
    tap.equal(desk.permissions.of("demo"), {READER: READ}, "grants")
    desk.asker.call("HEAD", "/", interactive=False).ok()
    desk.asker.call("GET", "/operators").ok()
    tap.equal(len(desk.dialogs.shown), 1, "dialogs")


@tap.case("CO-04", "changing: a question of its own, whose yes covers reading too")
def change(desk):
    desk.permissions.set(READER, "demo", *READ, "token", "of a later version")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        desk.asker.call(method, interactive=False).fails("NotAuthorized")
    wanted = desk.asker.call("DELETE", "/contacts/1")
    dialog = desk.dialogs.wait()
    tap.equal(dialog.title, "Allow changing the account demo?", "title")
    tap.equal(dialog.subtitle, f"{READER} wants to read, change and delete all data of the account "
              "demo.", "subtitle")
    desk.dialogs.answer(dialog, GRANTED)
    wanted.ok()
    tap.equal(desk.permissions.get(READER, "demo"), ["token", "of a later version", *ALL], "grants")


def check_rest(message, seconds, since):
    """It says how much is left of so many seconds, which began after `since`."""
    rest = int(re.search(r"(\d+) seconds", message).group(1))
    tap.between(rest, seconds - math.ceil(time.monotonic() - since), seconds, "seconds to wait")


@tap.case("CO-05", "no: refused unasked for 60 s, and asked again after that")
def denial(desk):
    wanted = desk.asker.call()
    dialog = desk.dialogs.wait()
    since = time.monotonic()
    desk.dialogs.answer(dialog, DENIED)
    wanted.fails("NotAuthorized")
    check_rest(desk.asker.call().fails("NotAuthorized"), 60, since)
    desk.pass_time(30)
    for again in (desk.asker.call(), desk.asker.call("POST"), desk.asker.call(account="work"),
                  desk.asker.sign_in()):
        check_rest(again.fails("NotAuthorized"), 30, since)
    tap.equal(len(desk.dialogs.shown), 1, "dialogs within the minute")
    desk.pass_time(30)
    wanted = desk.asker.call()
    desk.dialogs.answer(desk.dialogs.wait(2), GRANTED)
    wanted.ok()


@tap.case("CO-06", "a dialog that is closed without an answer is a no")
def closed(desk):
    wanted = desk.asker.call()
    desk.dialogs.answer(desk.dialogs.wait(), ENDED)
    wanted.fails("NotAuthorized")
    desk.asker.call().fails("NotAuthorized")
    tap.equal(desk.permissions.of("demo"), {}, "grants")


@tap.case("CO-07", "one question per application in 30 s; before that, what is granted still works")
def interval(desk):
    since = time.monotonic()
    wanted = desk.asker.call()
    desk.dialogs.answer(desk.dialogs.wait(), GRANTED)
    wanted.ok()
    desk.asker.call().ok()
    check_rest(desk.asker.call("POST").fails("Busy"), 30, since)
    desk.asker.call(account="work").fails("Busy")
    desk.asker.sign_in().fails("Busy")
    tap.equal(len(desk.dialogs.shown), 1, "dialogs within 30 s")
    desk.pass_time(30)
    wanted = desk.asker.call("POST")
    desk.dialogs.answer(desk.dialogs.wait(2), GRANTED)
    wanted.ok()


@tap.case("CO-08", "two applications: one question at a time, each gets its own answer")
def turns(desk):
    first = desk.asker.call()
    one = desk.dialogs.wait()
    second = desk.asker.call(app=WRITER)
    desk.asker.settle()
    tap.equal([shown.app for shown in desk.dialogs.open()], [READER], "dialogs on the screen")
    desk.dialogs.answer(one, DENIED)
    first.fails("NotAuthorized")
    two = desk.dialogs.wait(2)
    tap.equal(two.app, WRITER, "the next one's application")
    desk.dialogs.answer(two, GRANTED)
    second.ok()
    tap.equal(desk.permissions.of("demo"), {WRITER: READ}, "grants")


@tap.case("CO-09", "an application that wants the same more than once: one question, one answer")
def joined(desk):
    wanted = [desk.asker.call("GET", f"/contacts/{number}") for number in range(20)]
    dialog = desk.dialogs.wait()
    desk.asker.settle()
    desk.asker.call("POST").fails("Busy")
    desk.dialogs.answer(dialog, GRANTED)
    for one in wanted:
        one.ok()
    tap.equal(len(desk.dialogs.shown), 1, "dialogs")


@tap.case("CO-10", "the question stays while anybody waits, and is taken away when nobody does")
def leaving(desk):
    first, second = desk.asker.call(), desk.asker.call()
    dialog = desk.dialogs.wait()
    desk.asker.settle()
    waiting = desk.asker.call(app=WRITER)
    desk.asker.settle()
    for one in (waiting, first):
        desk.asker.cancel(one)
        tap.equal(one.wait()[0], "cancelled", "answer to the one that left")
    tap.check(dialog.is_open, "the dialog to stay for the other one")
    desk.asker.cancel(second)
    desk.dialogs.wait_closed(dialog)
    tap.check(dialog.was_withdrawn, "Close")
    tap.equal(second.wait()[0], "cancelled", "answer to the last one")
    tap.equal(desk.permissions.of("demo"), {}, "grants")
    last = desk.asker.call(app="org.example.Next")
    tap.equal(desk.dialogs.wait(2).app, "org.example.Next", "the next dialog's application")
    desk.dialogs.answer(desk.dialogs.shown[1], GRANTED)
    last.ok()


@tap.case("CO-11", "eight questions wait at most")
def many(desk):
    wanted = [desk.asker.call(app=f"org.example.App{number}") for number in range(9)]
    desk.dialogs.wait()
    desk.asker.settle()
    desk.asker.call(app="org.example.App9").fails("Busy")
    for count in range(9):
        desk.dialogs.answer(desk.dialogs.wait(count + 1), GRANTED)
    for one in wanted:
        one.ok()


@tap.case("CO-12", "no dialogs: a notification with two buttons, and the one that allows allows",
          dialogs=False, notifications=True)
def notification(desk):
    wanted = desk.asker.call()
    one = desk.desktop.wait()
    tap.equal(one.summary, "Allow reading the account demo?", "summary")
    tap.equal(one.body, f"{READER} wants to read all data of the account demo. It could not "
              "change anything.\ntidio-auth apps shows what you allowed and takes it back.", "body")
    tap.equal(list(one.actions.items()), [("deny", "Deny"), ("allow", "Allow")], "actions")
    desk.desktop.press(one, "allow")
    wanted.ok()
    tap.equal(desk.permissions.of("demo"), {READER: READ}, "grants")


def add_refusal(number, what, act):
    @tap.case(f"CO-{number}", f"a notification: {what} is a no", dialogs=False, notifications=True)
    def refused(desk):
        wanted = desk.asker.call()
        act(desk.desktop, desk.desktop.wait())
        wanted.fails("NotAuthorized")
        desk.asker.call().fails("NotAuthorized")
        tap.equal(desk.permissions.of("demo"), {}, "grants")
        tap.equal(desk.desktop.open(), [], "what is on the screen")


add_refusal("13", "the other button", lambda desktop, one: desktop.press(one, "deny"))
add_refusal("14", "a click on the text", lambda desktop, one: desktop.press(one, "default"))
add_refusal("15", "dismissing it", lambda desktop, one: desktop.close(one, DISMISSED))
add_refusal("16", "its end", lambda desktop, one: desktop.close(one, EXPIRED))


@tap.case("CO-17", "a notification: another program's yes, and the yes to another one, are none",
          dialogs=False, notifications=True)
def forged(desk):
    wanted = desk.asker.call()
    one = desk.desktop.wait()
    forger = desk.session.new_bus()
    emit(forger, "ActionInvoked", one.id, "allow")
    emit(desk.desktop.bus, "ActionInvoked", one.id + 1, "allow")
    forger.ping_all()
    desk.asker.settle()
    tap.check(not wanted.is_there(), "no answer yet")
    desk.desktop.press(one, "deny")
    wanted.fails("NotAuthorized")
    forger.close()


@tap.case("CO-18", "no buttons: the notification says which command does it",
          dialogs=False, notifications=True)
def no_buttons(desk):
    desk.desktop.capabilities = ("body",)
    wanted = desk.asker.call()
    one = desk.desktop.wait()
    tap.equal(one.actions, {}, "actions")
    tap.contains(one.body, f"run: tidio-auth apps allow '{READER}' demo --call 'GET /*' "
                 "--call 'HEAD /*'", "body")
    desk.desktop.close(one)
    wanted.fails("NotAuthorized")


@tap.case("CO-19", "the portal's dialog cannot be had: a notification",
          notifications=True)
def fallback(desk):
    desk.dialogs.error = "org.freedesktop.DBus.Error.NotSupported"
    wanted = desk.asker.call()
    desk.desktop.press(desk.desktop.wait(), "allow")
    wanted.ok()


@tap.case("CO-20", "a backend that is listed and cannot be started: a notification",
          dialogs=False, notifications=True)
def absent_backend(desk):
    desk.dialogs.install()
    wanted = desk.asker.call()
    desk.desktop.press(desk.desktop.wait(), "allow")
    wanted.ok()


@tap.case("CO-21", "neither dialogs nor notifications: said so each time, until there are some",
          dialogs=False)
def nothing(desk):
    for _ in range(3):
        tap.contains(desk.asker.call().fails("InteractionRequired"), "tidio-auth apps allow",
                     "message")
    desk.desktop.start()
    wanted = desk.asker.call()
    desk.desktop.press(desk.desktop.wait(), "allow")
    wanted.ok()


@tap.case("CO-22", "the backend dies while it asks: no answer, no grant, and no second question")
def dying(desk):
    wanted = desk.asker.call()
    desk.dialogs.wait()
    desk.dialogs.die()
    wanted.fails("InteractionRequired")
    tap.equal(desk.permissions.of("demo"), {}, "grants")
    desk.asker.call().fails("Busy")


@tap.case("CO-23", "no permission store: refused, and the sentence says why", store=False)
def no_store(desk):
    for answer in (desk.asker.call(), desk.asker.call(interactive=False), desk.asker.token()):
        tap.contains(answer.fails("NotAuthorized"), "permission store", "message")
    tap.equal(desk.dialogs.shown, [], "dialogs")
    desk.asker.call(trust="host", app="program").ok()


def put_store(desk, answer):
    """Another permission store, whose every Lookup the function answers; its connection."""
    bus = desk.session.new_bus()
    interface = Gio.DBusNodeInfo.new_for_xml(
        f"<node><interface name='{STORE}'><method name='Lookup'><arg type='s' direction='in'/>"
        "<arg type='s' direction='in'/><arg type='as' direction='out'/></method></interface>"
        "</node>").interfaces[0]
    bus.connection.register_object(STORE_PATH, interface, lambda *call: answer(call[-1]), None,
                                   None)
    bus.call(BUS, BUS_PATH, BUS, "RequestName", GLib.Variant("(su)", (STORE, 4)))
    return bus


@tap.case("CO-24", "a permission store that answers nonsense allows nothing", store=False)
def bad_store(desk):
    bus = put_store(desk, lambda call: call.return_value(GLib.Variant("(as)", (ALL,))))
    desk.asker.call().fails("NotAuthorized")
    desk.asker.token().fails("NotAuthorized")
    bus.close()


@tap.case("CO-38", "a permission store that says the look was given up: refused like without one",
          store=False)
def store_gives_up(desk):
    bus = put_store(desk, lambda call: call.return_dbus_error(CANCELLED, "Over"))
    for answer in (desk.asker.call(), desk.asker.token()):
        tap.contains(answer.fails("NotAuthorized"), "permission store", "message")
    bus.close()


@tap.case("CO-25", "the permission store goes while the user is asked: the yes is not kept, nor used")
def store_dies(desk):
    wanted = desk.asker.call()
    dialog = desk.dialogs.wait()
    desk.permissions.process.terminate()
    desk.permissions.process.wait()
    desk.bus.wait_for(lambda: not desk.bus.owner(STORE), 20, "the store to be gone", poll=True)
    desk.dialogs.answer(dialog, GRANTED)
    wanted.fails("NotAuthorized")


@tap.case("CO-26", "a token: no sandboxed application has the user asked for one")
def token(desk):
    for permissions in ((), READ, ALL):
        desk.permissions.set(READER, "demo", *permissions)
        tap.contains(desk.asker.token().fails("NotAuthorized"), "--token", "message")
    desk.permissions.set(READER, "demo", "token")
    desk.asker.token(interactive=False).ok()
    tap.equal(desk.dialogs.shown, [], "dialogs")


@tap.case("CO-27", "denied for good: nobody is asked, not even for a sign-in")
def denied(desk):
    desk.permissions.set(READER, "demo", "deny")
    for answer in (desk.asker.call(), desk.asker.call("POST"), desk.asker.token(),
                   desk.asker.sign_in()):
        tap.contains(answer.fails("NotAuthorized"), "tidio-auth apps", "message")
    tap.equal(desk.dialogs.shown, [], "dialogs")


@tap.case("CO-28", "denied while the dialog is open, and then allowed in it: the last word counts")
def last_word(desk):
    wanted = desk.asker.call()
    dialog = desk.dialogs.wait()
    desk.permissions.set(READER, "demo", "deny")
    desk.dialogs.answer(dialog, GRANTED)
    wanted.ok()
    tap.equal(desk.permissions.get(READER, "demo"), READ, "grants")


@tap.case("CO-29", "who cannot be identified: refused, whatever is granted and configured")
def unidentified(desk):
    for app in ("", READER):
        desk.permissions.set(READER, "demo", "token", *ALL)
        desk.permissions.set(f"host/{app}", "demo", "token", *ALL)
        for answer in (desk.asker.call(app=app, trust="unidentified"),
                       desk.asker.token(app=app, trust="unidentified"),
                       desk.asker.sign_in(app=app, trust="unidentified")):
            answer.fails("NotAuthorized")
        tap.check(not desk.asker.is_open(app, "unidentified"), "not open to it")
    tap.check(not desk.asker.is_open(READER, "sandboxed"), "not open to a sandboxed application")
    tap.equal(desk.dialogs.shown, [], "dialogs")


@tap.case("CO-30", "programs of the host: allowed, as by default, without a question or a store",
          store=False)
def host_allowed(desk):
    for text in (None, "[Callers]\nHost=allow\n"):
        if text is not None:
            desk.configure(text)
        for app in ("program", ""):
            desk.asker.call("DELETE", app=app, trust="host").ok()
            desk.asker.token(app=app, trust="host", interactive=False).ok()
            desk.asker.sign_in(app=app, trust="host").ok()
            tap.check(desk.asker.is_open(app), "open to it")


@tap.case("CO-31", "programs of the host: Host=deny, from the next request on")
def host_denied(desk):
    desk.asker.call(app="program", trust="host").ok()
    desk.configure("[Callers]\nHost=deny\n")
    for answer in (desk.asker.call(app="program", trust="host"),
                   desk.asker.token(app="program", trust="host")):
        tap.contains(answer.fails("NotAuthorized"), "tidio-auth.conf", "message")
    tap.check(not desk.asker.is_open("program"), "not open to it")
    desk.permissions.set(READER, "demo", *ALL)
    desk.asker.call().ok()


@tap.case("CO-32", "programs of the host: Host=ask, calls and tokens, kept apart from sandboxed ones",
          configuration="[Callers]\nHost=ask\n")
def host_asked(desk):
    tap.check(not desk.asker.is_open("program"), "not open to it")
    desk.asker.call(app="program", trust="host", interactive=False).fails("InteractionRequired")
    desk.asker.token(app="program", trust="host", interactive=False).fails("InteractionRequired")
    wanted = desk.asker.token(app="program", trust="host")
    dialog = desk.dialogs.wait()
    tap.equal(dialog.title, "Give away a token of the account demo?", "title")
    tap.contains(dialog.subtitle, "program wants to have tokens of the account demo.", "subtitle")
    tap.equal(dialog.body, "This name is what the program calls itself; nobody vouches for it.",
              "body")
    desk.dialogs.answer(dialog, GRANTED)
    wanted.ok()
    desk.pass_time(30)
    wanted = desk.asker.call("POST", app="program", trust="host")
    desk.dialogs.answer(desk.dialogs.wait(2), GRANTED)
    wanted.ok()
    tap.equal(desk.permissions.of("demo"), {"host/program": ["token", *ALL]}, "grants")
    desk.asker.call(app="program", interactive=False).fails("InteractionRequired")
    desk.asker.call(app="", trust="host").fails("NotAuthorized")


@tap.case("CO-33", "a configuration that cannot be read lets no program of the host through",
          configuration="[Callers]\nHost=sometimes\n")
def bad_configuration(desk):
    for answer in (desk.asker.call(app="program", trust="host"),
                   desk.asker.token(app="program", trust="host")):
        tap.contains(answer.fails("NotConfigured"), "Host", "message")
    tap.check(not desk.asker.is_open("program"), "not open to it")


@tap.case("CO-34", "a sign-in: asked each time, and after a no refused for a minute")
def sign_in(desk):
    for count in (1, 2):
        wanted = desk.asker.sign_in()
        dialog = desk.dialogs.wait(count)
        tap.equal((dialog.app, dialog.title), (READER, "Sign in to the account demo?"), "title")
        tap.equal(dialog.subtitle, f"{READER} wants you to sign in to the account demo. The browser "
                  "opens for that.", "subtitle")
        desk.dialogs.answer(dialog, GRANTED)
        wanted.ok()
        desk.pass_time(30)
    wanted = desk.asker.sign_in()
    desk.dialogs.answer(desk.dialogs.wait(3), DENIED)
    wanted.fails("NotAuthorized")
    for _ in range(100):
        desk.asker.sign_in().fails("NotAuthorized")
    tap.equal(len(desk.dialogs.shown), 3, "dialogs")
    tap.equal(desk.permissions.of("demo"), {}, "grants")


@tap.case("CO-35", "a hundred sign-ins at once: one question", store=False)
def sign_ins(desk):
    wanted = [desk.asker.sign_in() for _ in range(100)]
    dialog = desk.dialogs.wait()
    desk.asker.settle()
    desk.dialogs.answer(dialog, GRANTED)
    for one in wanted:
        one.ok()
    tap.equal(len(desk.dialogs.shown), 1, "dialogs")


@tap.case("CO-36", "the end of the broker takes the question away, and all that wait for one")
def end(desk):
    first, second = desk.asker.call(), desk.asker.call(app=WRITER)
    dialog = desk.dialogs.wait()
    desk.asker.settle()
    desk.asker.close()
    for one in (first, second):
        one.fails("InteractionRequired")
    desk.dialogs.wait_closed(dialog)
    tap.check(dialog.was_withdrawn, "Close")
    desk.asker.call(app="org.example.Next").fails("InteractionRequired")
    tap.equal(len(desk.dialogs.shown), 1, "dialogs")


@tap.case("CO-37", "the end of the broker takes the notification away too",
          dialogs=False, notifications=True)
def end_notification(desk):
    wanted = desk.asker.call()
    one = desk.desktop.wait()
    desk.asker.close()
    wanted.fails("InteractionRequired")
    desk.desktop.wait_closed(one)
    tap.check(one.was_withdrawn, "CloseNotification")


tap.main(Desk, workers=4)
