#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which caller may do what: every method, for each class of callers and each grant.

The callers are programs; the permission store is the real one; the user answers portal dialogs.
"""

import itertools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

from harness import browser, callers, tap
from harness.access_dialogs import DENIED, GRANTED, AccessDialogs
from harness.api import ApiWorld
from harness.broker import DEADLINE, NAME, PATH, SIGN_IN, expect_error
from harness.bus import BusError, options
from harness.permissions import Permissions

READ = ["GET /*", "HEAD /*"]
ALL = ["* /*"]
NO_GRANT = ("NotAuthorized", "InteractionRequired")
_numbers = itertools.count(1)

# What is tried, by the names in the table. The calls are tried by CallApi, then by OpenApi, of
# which the same must come.
CALLS = ("GET /contacts", "GET /contacts/1", "POST /contacts")
COLUMNS = ("token", *CALLS, "SignIn", "own Cancel", "Cancel", "Complete", "SignOut", "GetActivity",
           "Diagnose")
ASKS = "InteractionRequired"
NO = "NotAuthorized"
# Class, its grant or the configuration's word for it, and what comes of each of the above.
ROWS = (
    ("sandboxed", [], (NO, ASKS, ASKS, ASKS, "asked", "ok", NO, NO, NO, NO, NO)),
    ("sandboxed", ["deny"], (NO, NO, NO, NO, NO, "-", NO, NO, NO, NO, NO)),
    ("sandboxed", ["token"], ("ok", ASKS, ASKS, ASKS, "asked", "ok", NO, NO, NO, NO, NO)),
    ("sandboxed", READ, (NO, "200", "200", NO, "asked", "ok", NO, NO, NO, NO, NO)),
    ("sandboxed", ["GET /contacts/*"], (NO, NO, "200", NO, "asked", "ok", NO, NO, NO, NO, NO)),
    ("sandboxed", ALL, (NO, "200", "200", "200", "asked", "ok", NO, NO, NO, NO, NO)),
    ("sandboxed", ["token", *ALL], ("ok", "200", "200", "200", "asked", "ok", NO, NO, NO, NO, NO)),
    ("host", "allow",
     ("ok", "200", "200", "200", "ok", "ok", "ok", NO, "NoSuchAccount", "ok", "ok")),
    ("host", "ask", (ASKS, ASKS, ASKS, ASKS, "ok", "ok", "ok", NO, "NoSuchAccount", "ok", "ok")),
    ("host", "deny", (NO, NO, NO, NO, "ok", "ok", "ok", NO, "NoSuchAccount", "ok", "ok")),
    ("unidentified", [], (NO, NO, NO, NO, NO, "-", NO, NO, NO, NO, NO)),
)


class AccessWorld(ApiWorld):
    """`store`: there is a permission store."""

    def __init__(self, store=True, account="demo", **wishes):
        super().__init__(api=True, account=account, **wishes)
        self.dialogs = AccessDialogs(self.session)
        self.permissions = Permissions(self.session)
        self.store = store

    def _begin(self):
        self.dialogs.install().start()
        if self.store:
            self.permissions.start()
        super()._begin()

    def configure(self, host):
        path = self.session.root / "config/tidio-auth/tidio-auth.conf"
        draft = path.with_suffix(".new")
        draft.write_text(f"[Callers]\nHost={host}\n")
        draft.rename(path)

    def caller(self, kind="sandboxed", app=None):
        """The broker as a new program of that class calls it, with its id."""
        app = app or f"org.example.App{next(_numbers)}"
        if kind == "sandboxed":
            bus = callers.sandboxed(self.session, app)
        else:
            bus = getattr(callers, kind)(self.session)
        broker = callers.broker(self.session, bus)
        broker.app = app
        return broker

    def answer(self, response, count=1):
        """What the user says to the dialog of that number."""
        dialog = self.dialogs.wait(count)
        self.dialogs.answer(dialog, response)
        return dialog


def outcome(function, *arguments, **keywords):
    """In one word, and the result."""
    try:
        result = function(*arguments, **keywords)
    except BusError as error:
        word = error.name.rpartition(".")[2]
        # How the bus says that there is no such object.
        return (NO if word in ("UnknownMethod", "UnknownObject") else word), None
    if isinstance(result, tuple) and isinstance(result[0], int):
        return str(result[0]), result
    return "ok", result


def start_open(caller, method, path, body="", account="demo", **wishes):
    """OpenApi of a caller that is a program."""
    arguments = GLib.Variant("(sssha{sv})", (account, method, path, 0, options(wishes)))
    return caller.bus.start_call(NAME, PATH, NAME, "OpenApi", arguments, files=(body,))


def start_sign_in(caller, account="demo", **wishes):
    """In a browser that shows nothing, unless told otherwise."""
    return caller.start_call("SignIn", GLib.Variant("(sa{sv})", (account, options(wishes))))


def waiting_sign_ins(world):
    return [path for path in world.broker.objects() if "/SignIns/" in path
            and world.broker.sign_in_properties(path)["State"] == "waiting"]


def try_sign_in(world, caller):
    """How SignIn goes, and Cancel of what it started."""
    shown = len(world.dialogs.shown)
    call = start_sign_in(caller)
    world.bus.wait_for(lambda: call.done or len(world.dialogs.shown) > shown, DEADLINE,
                       "an answer or a dialog", poll=True)
    was_asked = len(world.dialogs.shown) > shown
    if was_asked:
        tap.contains(world.dialogs.shown[-1].subtitle, caller.app, "the dialog")
        world.dialogs.answer(world.dialogs.shown[-1], GRANTED)
    word, result = outcome(call.result)
    if result is None:
        return word, "-"
    cancelled = outcome(caller.cancel, result[0])[0]
    tap.equal(world.broker.end_of(result[0])["Error"].rpartition(".")[2], "SignInCancelled", "end")
    return "asked" if was_asked else word, cancelled


def try_all(world, caller):
    """The words of a row, and those of the calls once more by OpenApi."""
    seen = [outcome(caller.get_token, "demo")[0]]
    for call in CALLS:
        seen.append(outcome(caller.call_api, *call.split(), account="demo")[0])
    opened = [outcome(start_open(caller, *call.split()).result)[0] for call in CALLS]
    seen += try_sign_in(world, caller)
    path = world.broker.sign_in("demo")
    complete = GLib.Variant("(s)", ("http://localhost/",))
    completed = outcome(caller.call, "Complete", complete, path, SIGN_IN)[0]
    seen += [outcome(caller.cancel, path)[0], completed]
    world.broker.cancel(path)
    seen.append(outcome(caller.sign_out, "absent")[0])
    seen.append(outcome(caller.call, "GetActivity", GLib.Variant("(u)", (1,)))[0])
    seen.append(outcome(caller.call, "Diagnose")[0])
    return tuple(seen), opened


@tap.case("AX-01", "every method, for each class and each grant")
def matrix(world):
    wrong = []
    tap.comment(f"{'class':12} {'grant':22} " + " ".join(f"{one:19}" for one in COLUMNS))
    for kind, grant, expected in ROWS:
        if kind == "host":
            world.configure(grant)
        caller = world.caller(kind)
        if grant and kind == "sandboxed":
            world.permissions.set(caller.app, "demo", *grant)
        seen, opened = try_all(world, caller)
        words = grant if isinstance(grant, str) else ", ".join(grant)
        tap.comment(f"{kind:12} {words:22} " + " ".join(f"{one:19}" for one in seen))
        tap.comment(f"{'by OpenApi':>35} " + " ".join(f"{one:19}" for one in ("", *opened)))
        wrong += [f"{kind} {words} {column}: {one}, not {other}"
                  for column, one, other in zip((*COLUMNS, *CALLS), (*seen, *opened),
                                                (*expected, *expected[1:4]), strict=True)
                  if one != other]
        world.configure("allow")
        caller.bus.close()
    tap.equal(wrong, [], "cells that are not as they should be")


@tap.case("DB-01", "no grant and an expired token: the user must be asked; if he denies, no; "
          "nothing is refreshed")
def no_grant(world):
    app = world.caller()
    world.server.control(expire_access_tokens=True)
    before = world.server.counters()
    expect_error("NotAuthorized", app.get_token, "demo")
    expect_error("InteractionRequired", app.call_api, "GET", "contacts", account="demo")
    call = app.start_call_api("GET", "contacts", account="demo", interactive=True)
    dialog = world.answer(DENIED)
    tap.contains(dialog.subtitle, app.app, "the dialog")
    tap.contains(dialog.subtitle, "demo", "the dialog")
    expect_error("NotAuthorized", call.result)
    expect_error("NotAuthorized", app.call_api, "GET", "contacts", account="demo", interactive=True)
    tap.equal(len(world.dialogs.shown), 1, "dialogs")
    tap.equal((world.server.counters(), world.api.requests), (before, []), "what was sent")


@tap.case("DB-02", "granted to read: nothing is changed, and no token given")
def only_read(world):
    app = world.caller()
    world.permissions.set(app.app, "demo", *READ)
    tap.equal(app.call_api("GET", "contacts", account="demo")[0], 200, "status")
    expect_error("NotAuthorized", app.call_api, "POST", "contacts", account="demo")
    expect_error("NotAuthorized", app.get_token, "demo")
    expect_error("NotAuthorized", app.get_token, "demo", interactive=True)
    tap.equal([one[0] for one in world.api.requests], ["GET"], "requests")
    tap.equal(world.dialogs.shown, [], "dialogs")


@tap.case("DB-03", "one application's grant is of no use to another")
def foreign_grant(world):
    granted = world.caller()
    world.permissions.set(granted.app, "demo", "token", *ALL)
    tap.equal(granted.call_api("GET", "contacts", account="demo")[0], 200, "status")
    for name in (granted.app + "x", granted.app.lower(), granted.app[:-1]):
        other = world.caller(app=name)
        expect_error("NotAuthorized", other.get_token, "demo")
        expect_error("InteractionRequired", other.call_api, "GET", "contacts", account="demo")
        other.bus.close()
    nobody = world.caller("unidentified")
    expect_error("NotAuthorized", nobody.get_token, "demo")
    tap.equal(len(world.api.requests), 1, "requests")


@tap.case("DB-08", "without a grant, an expired token and an ended login: not a request to anybody")
def nothing_sent(world):
    world.server.control(expire_access_tokens=True, revoke_grants=True)
    before = world.server.counters()
    for caller in (world.caller(), world.caller("unidentified")):
        for wishes in ({}, {"rejected": "x"}, {"min_validity": 86400}, {"interactive": True}):
            expect_error("NotAuthorized", caller.get_token, "demo", **wishes)
    tap.equal((world.server.counters(), world.api.requests), (before, []), "what was sent")
    tap.equal((world.broker.state("demo"), world.dialogs.shown), ("ready", []), "state, dialogs")


@tap.case("DB-10", "SignIn a hundred times: one sign-in, one dialog")
def many_sign_ins(world):
    app = world.caller()
    calls = [start_sign_in(app) for _ in range(100)]
    dialog = world.dialogs.wait()
    world.bus.wait_for(lambda: sum(call.done for call in calls) >= 28, DEADLINE,
                       "those without room to be answered", poll=True)
    world.dialogs.answer(dialog, GRANTED)
    results = {}
    for call in calls:
        word, result = outcome(call.result)
        word = result[0] if result else word
        results[word] = results.get(word, 0) + 1
    tap.comment(f"DB-10: {results}")
    paths = [word for word in results if word.startswith("/")]
    tap.equal(len(paths), 1, "sign-ins")
    tap.check(set(results) - set(paths) <= {"Busy", "InteractionRequired"}, f"the rest: {results}")
    tap.equal(len(world.dialogs.shown), 1, "dialogs")


@tap.case("AX-02", "what the user allows is done, and asked about once")
def consent(world):
    app = world.caller()
    call = app.start_call_api("GET", "contacts?limit=1", interactive=True)
    tap.contains(world.answer(GRANTED).subtitle, "demo", "the dialog")
    tap.equal(call.result()[0], 200, "status")
    tap.equal(app.call_api("GET", "contacts", account="demo")[0], 200, "status, by name")
    tap.equal(app.call_api("GET", "contacts", interactive=True)[0], 200, "status, once more")
    tap.equal(len(world.dialogs.shown), 1, "dialogs")
    tap.equal(world.permissions.get(app.app, "demo"), READ, "grant")


@tap.case("AX-03", "an account that is absent looks like one that is not granted")
def absent(world):
    world.sign_in("second-label")
    app = world.caller()

    def answers(account):
        seen = []
        for function, arguments in ((app.get_token, ()), (app.call_api, ("GET", "contacts")),
                                    (app.call_api, ("POST", "contacts")), (app.sign_out, ())):
            try:
                function(*arguments, account=account)
            except BusError as error:
                seen.append((error.name, error.message))
        return seen

    tap.equal(answers("demo"), answers("absent"), "answers")
    tap.equal(len(answers("demo")), 4, "errors")
    for account in ("", "demo", "absent"):
        for _name, message in answers(account):
            tap.lacks(message, "second-label", "message")
            tap.lacks(message, "demo", "message")
    world.permissions.set(app.app, "absent", *ALL)
    message = expect_error("NoSuchAccount", app.call_api, "GET", "contacts", account="absent")
    tap.lacks(message, "demo", "message")


@tap.case("AX-04", "another spelling of a path is not another grant")
def spellings(world):
    app = world.caller()
    world.permissions.set(app.app, "demo", "GET /contacts/*")
    tap.equal(app.call_api("GET", "contacts/1?x=/../a", account="demo")[0], 200, "status")
    tap.equal(app.call_api("GET", "/contacts/", account="demo")[0], 200, "status")
    for path in ("contacts", "%63ontacts/1", "Contacts/1", "operators?/contacts/1", "",
                 "operators/contacts/1", "contacts;/1"):
        expect_error("NotAuthorized", app.call_api, "GET", path, account="demo")
    for path in ("contacts/../operators", "contacts/%2e%2e/operators", "contacts/..;/operators",
                 "contacts%2f1", "//contacts/1"):
        expect_error("PathNotAllowed", app.call_api, "GET", path, account="demo")
    tap.equal([one[1] for one in world.api.requests], ["/v1/contacts/1?x=/../a", "/v1/contacts/"],
              "requests")


@tap.case("AX-05", "without a permission store: no, and the message says why", store=False)
def no_store(world):
    app = world.caller()
    for function in (lambda: app.call_api("GET", "contacts", account="demo"),
                     lambda: app.get_token("demo")):
        tap.contains(expect_error("NotAuthorized", function).lower(), "permission", "message")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status for a host program")


@tap.case("AX-06", "who asked for what is noted, with its result")
def ledger(world):
    app = world.caller()
    world.permissions.set(app.app, "demo", *READ)
    app.call_api("GET", "contacts/1?secret=x")
    expect_error("NotAuthorized", app.call_api, "POST", "contacts")
    expect_error("NotAuthorized", app.get_token, "demo")
    expect_error("NotAuthorized", app.sign_out, "demo")
    world.caller("unidentified").bus.close()
    nobody = world.caller("unidentified")
    expect_error("NotAuthorized", nobody.sign_in, "demo")
    host = world.caller("host")
    for _ in range(3):
        host.token()
    expect_error("NoSuchAccount", host.sign_out, "absent")
    entries = world.broker.call("GetActivity", GLib.Variant("(u)", (8,)))[0]
    seen = [(entry["app"] if entry["trust"] == "sandboxed" else "", entry["trust"],
             entry["account"], entry["what"], entry["result"], entry["count"])
            for entry in reversed(entries)][-7:]
    tap.equal(seen, [
        (app.app, "sandboxed", "demo", "GET /contacts/1", "200", 1),
        (app.app, "sandboxed", "demo", "POST /contacts", "NotAuthorized", 1),
        (app.app, "sandboxed", "demo", "token", "NotAuthorized", 1),
        (app.app, "sandboxed", "demo", "sign-out", "NotAuthorized", 1),
        ("", "unidentified", "demo", "sign-in", "NotAuthorized", 1),
        ("", "host", "demo", "token", "ok", 3),
        ("", "host", "", "sign-out", "NoSuchAccount", 1),
    ], "entries")


@tap.case("AX-07", "a sandboxed application does not join another's sign-in")
def joined(world):
    path = world.broker.sign_in("demo")
    app = world.caller()
    call = start_sign_in(app)
    world.answer(GRANTED)
    expect_error("SignInInProgress", call.result)
    world.broker.cancel(path)
    first = world.caller("host")
    path = first.sign_in("demo")
    tap.equal(world.broker.sign_in("demo"), path, "the sign-in that a host program joins")
    world.broker.cancel(path)


@tap.case("AX-08", "Host=ask: what a program of the host was granted counts, by its name")
def ask_host(world):
    host = world.caller("host")
    host.token()
    entry = world.broker.call("GetActivity", GLib.Variant("(u)", (1,)))[0][0]
    world.configure("ask")
    expect_error("InteractionRequired", host.call_api, "GET", "contacts")
    world.permissions.set(f"host/{entry['app']}", "demo", "token", *READ)
    tap.equal(host.call_api("GET", "contacts")[0], 200, "status")
    tap.check(host.token("demo"), "a token")
    expect_error("NotAuthorized", host.call_api, "POST", "contacts")
    world.configure("allow")
    tap.equal(host.call_api("POST", "contacts")[0], 200, "status with Host=allow")


@tap.case("AX-09", "a caller that leaves while the user is asked: the dialog goes, no grant")
def leaves(world):
    app = world.caller()
    app.start_call_api("GET", "contacts", account="demo", interactive=True)
    dialog = world.dialogs.wait()
    app.bus.kill()
    world.dialogs.wait_closed(dialog)
    tap.equal(world.permissions.get(app.app, "demo"), None, "grant")
    tap.equal(world.api.requests, [], "requests")


@tap.case("AX-10", "a provider's id may name a new account in the dialog: it is an id, no text")
def dialog_text(world):
    world.broker.sign_out("demo")
    app = world.caller()
    for provider in ("demo, which is safe", "x" * 65, "a\nb", "", "<b>"):
        expect_error("InvalidArgs", start_sign_in(app, "", provider=provider).result)
    tap.equal(world.dialogs.shown, [], "dialogs")
    call = start_sign_in(app, "", provider="absent")
    tap.contains(world.answer(GRANTED).subtitle, "absent", "the dialog")
    expect_error("NotConfigured", call.result)


@tap.case("AX-11", "OpenApi: asked about, granted, refused and noted like CallApi; a body that is "
          "refused goes nowhere")
def opened_calls(world):
    app = world.caller()
    before = world.server.counters()
    call = start_open(app, "POST", "contacts?secret=x", "a body", interactive=True)
    dialog = world.answer(DENIED)
    tap.contains(dialog.subtitle, app.app, "the dialog")
    tap.contains(dialog.subtitle, "demo", "the dialog")
    expect_error("NotAuthorized", call.result)
    tap.equal((world.server.counters(), world.api.requests), (before, []), "what was sent")
    reader = world.caller()
    call = start_open(reader, "GET", "contacts", interactive=True)
    world.answer(GRANTED, 2)
    tap.equal((call.result()[0], call.files), (200, ["{}"]), "answer")
    expect_error("NotAuthorized", start_open(reader, "POST", "contacts", "a body").result)
    expect_error("PathNotAllowed", start_open(reader, "GET", "../x").result)
    tap.equal([request[0] for request in world.api.requests], ["GET"], "requests")
    tap.equal(world.permissions.get(reader.app, "demo"), READ, "grant")
    entries = world.broker.call("GetActivity", GLib.Variant("(u)", (3,)))[0]
    tap.equal([(entry["app"], entry["account"], entry["what"], entry["result"])
               for entry in reversed(entries)],
              [(app.app, "demo", "POST /contacts", "NotAuthorized"),
               (reader.app, "demo", "GET /contacts", "200"),
               (reader.app, "demo", "POST /contacts", "NotAuthorized")], "entries")


def wait_for_sign_in(world):
    """Its path."""
    return world.bus.wait_for(lambda: waiting_sign_ins(world), DEADLINE, "a sign-in", poll=True)[0]


def signed_out_app(world):
    """One that was granted calls of an account, which is signed out."""
    app = world.caller()
    world.permissions.set(app.app, "demo", "token", *READ)
    world.broker.sign_out("demo")
    return app


def is_left_alone(world, app):
    """The user, though the account is signed out."""
    tap.equal(outcome(app.call_api, "GET", "contacts", account="demo", interactive=True)[0],
              "NoSuchAccount", "the next call")
    tap.equal(outcome(app.get_token, "demo", interactive=True)[0], "NoSuchAccount", "a token")
    tap.equal(waiting_sign_ins(world), [], "sign-ins")


@tap.case("AX-16", "an application that leaves, and comes back for an interactive call, opens the "
          "browser once")
def leaves_in_vain(world):
    app = signed_out_app(world)
    app.start_call_api("GET", "contacts", account="demo", interactive=True)
    path = wait_for_sign_in(world)
    app.bus.close()
    tap.equal(world.broker.end_of(path)["Error"].rpartition(".")[2], "SignInCancelled", "end")
    is_left_alone(world, world.caller(app=app.app))


@tap.case("AX-18", "an application that leaves, and comes back, has the keyring's password asked for "
          "once", keyring="faulty")
def leaves_prompt(world):
    app = world.caller()
    world.permissions.set(app.app, "demo", *READ)
    world.keyring.set_prompts("ignore")
    world.broker.stop()
    world.keyring.lock()
    world.broker.start()
    world.keyring.plan("Prompt", "note")
    world.keyring.plan("Dismiss", "note")
    app.start_call_api("GET", "contacts", account="demo", interactive=True)
    world.keyring.wait_for_reached()
    app.bus.close()
    tap.equal(world.keyring.wait_for_reached(2)[0], "Dismiss", "what comes next")
    again = world.caller(app=app.app)
    tap.equal(outcome(again.call_api, "GET", "contacts", account="demo", interactive=True)[0],
              "StorageLocked", "the next call")
    tap.equal(world.keyring.count("Prompt"), 1, "prompts")


@tap.case("AX-17", "a sign-in that the user allowed, and the token endpoint does not end: the "
          "browser is opened once")
def failed_in_vain(world):
    app = signed_out_app(world)
    world.server.write_provider(**world.provider, TokenEndpoint="http://127.0.0.1:9/token")
    call = app.start_call_api("GET", "contacts", account="demo", interactive=True)
    path = wait_for_sign_in(world)
    browser.visit(world.broker.uri(path))
    tap.equal((outcome(call.result)[0], world.broker.end_of(path)["State"]),
              ("Network", "failed"), "ends")
    is_left_alone(world, app)


@tap.case("AX-12", "interactive calls of a sandboxed application open the browser in vain once")
def in_vain(world):
    apps = [world.caller(), world.caller()]
    for app in apps:
        world.permissions.set(app.app, "demo", "token", *READ)
    world.broker.sign_out("demo")
    for app in apps:
        calls = [app.start_call_api("GET", "contacts", account="demo", interactive=True)
                 for _ in range(12)]
        world.broker.cancel(wait_for_sign_in(world))
        words = [outcome(call.result)[0] for call in calls]
        tap.equal(set(words), {"SignInCancelled", "NoSuchAccount"}, "ends of calls")
        is_left_alone(world, app)
    world.sign_in("demo")
    tap.equal(apps[0].call_api("GET", "contacts", account="demo", interactive=True)[0], 200,
              "status")


@tap.case("AX-13", "a sandboxed application does not lead the user to the provider itself: refused "
          "before anybody is asked, whatever it was granted")
def led(world):
    ways = ({"open_browser": False}, {"flow": "device"}, {"flow": "device", "open_browser": True},
            {"flow": "browser", "open_browser": False})
    plain, granted = world.caller(), world.caller()
    world.permissions.set(granted.app, "demo", "token", *ALL)
    for app in (plain, granted):
        for account in ("demo", "", "new"):
            for wishes in ways:
                message = expect_error("NotAuthorized", start_sign_in(app, account, **wishes).result)
                tap.contains(message, "leave out open-browser=false and flow=device", "message")
    nobody = world.caller("unidentified")
    for wishes in ways:
        message = expect_error("NotAuthorized", start_sign_in(nobody, **wishes).result)
        tap.lacks(message, "leave out", "message to one that is not identified")
    tap.equal(world.dialogs.shown, [], "dialogs")
    tap.equal(waiting_sign_ins(world), [], "sign-ins")
    host = world.caller("host")
    for wishes in ways:
        path = start_sign_in(host, **wishes).result()[0]
        world.broker.cancel(path)
    call = start_sign_in(plain, flow="browser", open_browser=True)
    world.answer(GRANTED)
    plain.cancel(call.result()[0])


@tap.case("AX-15", "a sandboxed application does not set the scopes that all share: refused before "
          "anybody is asked, whatever it was granted")
def shared_scopes(world):
    plain, granted = world.caller(), world.caller()
    world.permissions.set(granted.app, "demo", "token", *ALL)
    for app in (plain, granted):
        for account in ("demo", "", "new"):
            for scopes in ([], ["contacts:read"]):
                call = start_sign_in(app, account, scopes=scopes)
                tap.contains(expect_error("NotAuthorized", call.result), "leave out scopes",
                             "message")
    tap.equal(world.dialogs.shown, [], "dialogs")
    tap.equal(waiting_sign_ins(world), [], "sign-ins")
    host = world.caller("host")
    world.broker.cancel(start_sign_in(host, scopes=["contacts:read"]).result()[0])


@tap.case("AX-14", "a sandboxed application that may not join an interactive call's sign-in leaves "
          "it alone: it ends when that caller leaves")
def left_alone(world):
    host, app = world.caller("host"), world.caller()
    host.start_get_token("new", interactive=True)
    path = wait_for_sign_in(world)
    call = start_sign_in(app, "new")
    world.answer(GRANTED)
    expect_error("SignInInProgress", call.result)
    host.bus.close()
    tap.equal(world.broker.end_of(path)["Error"].rpartition(".")[2], "SignInCancelled", "end")


tap.main(AccessWorld)
