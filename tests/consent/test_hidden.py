#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What programs see of the broker's objects: those of the host all, others no account, by whatever
they read, ask or listen to."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

from harness import browser, callers, tap
from harness.access_dialogs import GRANTED, AccessDialogs
from harness.broker import (ACCOUNT, DEADLINE, NAME, OBJECT_MANAGER, PATH, SIGN_IN, account_path,
                            expect_error)
from harness.bus import BUS, BUS_PATH, BusError
from harness.world import World

PROPERTIES = "org.freedesktop.DBus.Properties"
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
PEER = "org.freedesktop.DBus.Peer"
UNKNOWN = "org.freedesktop.DBus.Error.UnknownMethod"
TURN = "org.tidio.Auth.Turn"

# What stands in no answer to them: the account's name, and the start of its path.
LABEL = "labelled@example.com"
MARK = "labelled"


class HiddenWorld(World):
    """Its user allows the sign-ins of sandboxed programs."""

    def __init__(self, **options):
        super().__init__(**options)
        self.dialogs = AccessDialogs(self.session)

    def _begin(self):
        self.dialogs.install().start()
        super()._begin()

    def allowed_sign_in(self, broker, account=""):
        """Started by that caller; its path."""
        shown = len(self.dialogs.shown)
        order = broker.start_call("SignIn", GLib.Variant("(sa{sv})", (account, {})))
        self.dialogs.answer(self.dialogs.wait(shown + 1), GRANTED)
        return order.result()[0]


def outsiders(world):
    """Programs that are not of the host, by what they are."""
    return {"sandboxed": callers.sandboxed(world.session),
            "sandboxed, at the bus itself": callers.sandboxed(world.session, proxy=False),
            "unidentified": callers.unidentified(world.session)}


def outcome(order):
    """What came of a call, as a text."""
    try:
        return repr(order.result())
    except BusError as error:
        return f"{error.name}: {error.message}"


def introspect(caller, path):
    return caller.call(NAME, path, INTROSPECTABLE, "Introspect")[0]


def looks(path):
    """All ways to ask an object something."""
    text = GLib.Variant("s", "")
    for interface in (ACCOUNT, NAME, "", "org.example.None"):
        yield path, PROPERTIES, "GetAll", GLib.Variant("(s)", (interface,))
        for prop in ("State", "None"):
            yield path, PROPERTIES, "Get", GLib.Variant("(ss)", (interface, prop))
            yield path, PROPERTIES, "Set", GLib.Variant("(ssv)", (interface, prop, text))
    for member in ("Get", "GetAll", "Set", "None"):
        yield path, PROPERTIES, member, None
    yield path, INTROSPECTABLE, "Introspect", None
    yield path, INTROSPECTABLE, "Introspect", GLib.Variant("(s)", ("",))
    yield path, OBJECT_MANAGER, "GetManagedObjects", None
    yield path, OBJECT_MANAGER, "GetManagedObjects", GLib.Variant("(s)", ("",))
    for interface in (PEER, SIGN_IN, "org.example.None"):
        for member in ("Ping", "Cancel", "None"):
            yield path, interface, member, None
            yield path, interface, member, GLib.Variant("(s)", ("",))


def answers(caller, path):
    """To all of these, the path itself left out."""
    orders = [caller.start_call(NAME, *look) for look in looks(path)]
    return [outcome(order).replace(path, "PATH") for order in orders]


def heard(caller, signals):
    """What the program has heard when it has the answer to this call."""
    caller.call(NAME, PATH, PEER, "Ping")
    return signals


# What is read


@tap.case("HD-01", "programs of the host see all of it", account=LABEL)
def host(world):
    caller = callers.host(world.session)
    path = account_path(LABEL)
    tap.contains(introspect(caller, f"{PATH}/Accounts"), MARK, "children")
    tap.contains(introspect(caller, PATH), '<node name="Accounts"/>', "children")
    tap.contains(introspect(caller, path), ACCOUNT, "interfaces")
    broker = callers.broker(world.session, caller)
    tap.equal(broker.accounts(), [LABEL], "accounts")
    tap.equal(broker.account(LABEL)["Id"], LABEL, "Id")
    broker.set_default(LABEL)
    tap.equal(caller.get_all(NAME, PATH, NAME), {"Version": 1, "DefaultAccount": LABEL},
              "properties")


@tap.case("HD-02", "others see the version, and no account by any call", account=LABEL)
def outside(world):
    world.broker.set_default(LABEL)
    for what, caller in outsiders(world).items():
        tap.equal(caller.get_all(NAME, PATH, NAME), {"Version": 1, "DefaultAccount": ""}, what)
        tap.equal(caller.get(NAME, PATH, NAME, "Version"), 1, what)
        tap.equal(caller.get(NAME, PATH, NAME, "DefaultAccount"), "", what)
        tap.equal(caller.call(NAME, PATH, OBJECT_MANAGER, "GetManagedObjects"), ({},), what)
        text = introspect(caller, PATH)
        tap.lacks(text, "<node name", what)
        for interface in (NAME, PROPERTIES, INTROSPECTABLE, PEER, OBJECT_MANAGER):
            tap.contains(text, f'<interface name="{interface}">', what)
        for path in ("/", "/org", "/org/tidio", PATH, f"{PATH}/Accounts", f"{PATH}/SignIns"):
            for look, answer in zip(looks(path), answers(caller, path)):
                tap.lacks(answer, MARK, f"{what}, {look}")


@tap.case("HD-03", "an account that is there answers them like one that is not", account=LABEL)
def guessed(world):
    running = world.broker.sign_in("other")
    hidden = [account_path(LABEL), running, f"{PATH}/Accounts", f"{PATH}/SignIns"]
    for what, caller in outsiders(world).items():
        nothing = answers(caller, account_path("none"))
        tap.check(all(MARK not in answer for answer in nothing), f"no label: {nothing}")
        for path in hidden:
            tap.equal(answers(caller, path), nothing, f"{what}, {path}")
        answer = outcome(caller.start_call(NAME, account_path(LABEL), PROPERTIES, "Get",
                                           GLib.Variant("(ss)", (ACCOUNT, "Id"))))
        tap.check(answer.startswith(f"{UNKNOWN}: ") and answer.endswith("no object at this path"),
                  f"what it is told: {answer}")
    tap.equal(world.broker.sign_in_properties(running)["State"], "waiting", "State of the sign-in")


@tap.case("HD-04", "others set nothing", account=LABEL)
def set_default(world):
    for caller in outsiders(world).values():
        broker = callers.broker(world.session, caller)
        for account in (LABEL, "none", "", "!"):
            expect_error("NotAuthorized", broker.set_default, account)
        expect_error("NotAuthorized", caller.set, NAME, PATH, NAME, "Version",
                     GLib.Variant("u", 2))
    tap.equal((world.broker.get("DefaultAccount"), world.broker.get("Version")), ("", 1),
              "properties")


# What is heard


def live(world):
    """All that makes signals; what they say."""
    world.sign_in(LABEL)
    world.sign_in("labelled-too")
    world.broker.set_default(LABEL)
    world.broker.token(LABEL, rejected=world.broker.token(LABEL))
    world.broker.cancel(world.broker.sign_in("labelled-third"))
    world.broker.sign_out(LABEL)


def listen(caller):
    """With rules that say what the program wants in every way there is; the list that grows."""
    signals = caller.record(NAME)
    everything = caller.record(caller.owner(NAME))
    for rule in (f"type='signal',path_namespace='{PATH}'", f"sender='{NAME}'",
                 "eavesdrop='true'", f"eavesdrop='true',type='signal',path_namespace='{PATH}'",
                 f"type='signal',interface='{PROPERTIES}',arg0='{ACCOUNT}'",
                 "type='signal',arg0path='/org/tidio/'"):
        # A proxy may refuse one.
        ask_bus(caller, "AddMatch", rule)
    return signals, everything


def ask_bus(caller, member, rule):
    try:
        caller.call(BUS, BUS_PATH, BUS, member, GLib.Variant("(s)", (rule,)))
    except BusError as error:
        tap.comment(f"{member} {rule}: {error}")


@tap.case("HD-05", "others hear nothing of accounts and sign-ins, whatever they listen to")
def signals_outside(world):
    listening = {"sandboxed": callers.sandboxed(world.session),
                 "unidentified": callers.unidentified(world.session)}
    lists = {what: listen(caller) for what, caller in listening.items()}
    # At the bus itself it may eavesdrop on what is meant for others; without that it hears nothing.
    direct = callers.sandboxed(world.session, proxy=False)
    lists["at the bus itself"] = direct.record(NAME), direct.record(direct.owner(NAME))
    listening["at the bus itself"] = direct
    host_caller = callers.host(world.session)
    own = host_caller.record(NAME)
    live(world)
    tap.check(any(MARK in repr(signal) for signal in heard(host_caller, own)), "the host hears")
    for what, caller in listening.items():
        for signals in lists[what]:
            found = [signal for signal in heard(caller, signals)
                     if MARK in repr(signal) or signal[0].startswith(PATH)]
            tap.equal(found, [], f"signals to {what}")


@tap.case("HD-06", "each program of the host hears all, once, in the order in which it happened")
def signals_host(world):
    lists = [(caller, caller.record(NAME)) for caller in
             (callers.host(world.session), callers.host(world.session), world.session.bus)]
    live(world)
    seen = [[signal for signal in heard(caller, signals) if signal[0].startswith(PATH)]
            for caller, signals in lists]
    tap.equal(seen[1], seen[0], "signals to the second")
    tap.equal(seen[2], seen[0], "signals to the third")
    told = [(member, arguments[0]) for path, _interface, member, arguments in seen[0]
            if path == PATH]
    tap.equal([one for one in told if one[0] != "PropertiesChanged"],
              [("InterfacesAdded", f"{PATH}/SignIns/1"),
               ("InterfacesAdded", account_path(LABEL)),
               ("InterfacesAdded", f"{PATH}/SignIns/2"),
               ("InterfacesAdded", account_path("labelled-too")),
               ("InterfacesAdded", f"{PATH}/SignIns/3"),
               ("InterfacesRemoved", account_path(LABEL))], "objects")
    states = [arguments[1]["State"] for path, _interface, _member, arguments in seen[0]
              if path.startswith(f"{PATH}/SignIns/") and "State" in arguments[1]]
    tap.equal(states, ["exchanging", "done", "exchanging", "done", "failed"], "states of sign-ins")
    defaults = [arguments[1].get("DefaultAccount") for path, _interface, member, arguments
                in seen[0] if path == PATH and member == "PropertiesChanged"]
    tap.equal(defaults, [LABEL, ""], "default accounts")


@tap.case("HD-07", "an answer does not come before the signals of what it did", account="one")
def signals_first(world):
    world.sign_in("two")
    for caller in (callers.host(world.session), callers.host(world.session)):
        signals = caller.record(NAME)
        broker = callers.broker(world.session, caller)
        for number in range(4):
            account = ("one", "two")[number % 2]
            broker.set_default(account)
            broker.get("Version")
            tap.equal(signals[-1][3][1], {"DefaultAccount": account}, "the last signal")
            text = broker.token(account)
            expires = broker.account(account)["ExpiresAt"]
            count = len(signals)
            tap.check(broker.token(account, rejected=text) != text, "another token")
            if broker.account(account)["ExpiresAt"] != expires:
                tap.check(len(signals) > count, "the account's signal")


@tap.case("HD-08", "forty programs hear it, and those that leave meanwhile do no harm", account=LABEL)
def many(world):
    buses = [world.session.new_bus() for _ in range(40)]
    lists = [bus.record(NAME) for bus in buses]
    for bus in buses[30:]:
        bus.close()
    world.broker.set_default(LABEL)
    for bus in buses[20:30]:
        bus.close()
    for bus, signals in list(zip(buses, lists))[:20]:
        told = [signal for signal in heard(bus, signals) if signal[0] == PATH]
        tap.equal([signal[3][1] for signal in told], [{"DefaultAccount": LABEL}], "signals")
        bus.close()
    tap.check(world.broker.is_alive(), "the broker lives")


# What is one's own


@tap.case("HD-09", "a sandboxed program sees and hears the sign-in that it started, no other",
          account=LABEL)
def own_sign_in(world):
    foreign = world.broker.sign_in("other")
    caller = callers.sandboxed(world.session, "org.example.Reader")
    broker = callers.broker(world.session, caller)
    signals = caller.record(NAME)
    path = world.allowed_sign_in(broker, "mine")
    tap.equal(list(broker.objects()), [path], "managed objects")
    tap.equal(broker.objects()[path][SIGN_IN]["Account"], "mine", "Account")
    tap.equal(broker.sign_in_properties(path)["State"], "waiting", "State")
    tap.contains(introspect(caller, path), SIGN_IN, "interfaces")
    tap.contains(introspect(caller, PATH), '<node name="SignIns"/>', "children")
    tap.lacks(introspect(caller, PATH), "Accounts", "children")
    number = path.rpartition("/")[2]
    text = introspect(caller, f"{PATH}/SignIns")
    tap.contains(text, f'<node name="{number}"/>', "children")
    tap.equal(text.count("<node name"), 1, "children")
    tap.equal(answers(caller, foreign), answers(caller, f"{PATH}/SignIns/99"), "another sign-in")
    browser.visit(world.broker.uri(path))
    tap.equal(broker.end_of(path)["State"], "done", "State")
    world.broker.cancel(foreign)
    heard(caller, signals)
    tap.equal({signal[0] for signal in signals}, {PATH, path}, "objects that it hears")
    tap.equal([signal[3][0] for signal in signals if signal[0] == PATH], [path], "what was added")
    tap.equal([signal[3][1]["State"] for signal in signals
               if signal[0] == path and "State" in signal[3][1]], ["exchanging", "done"], "states")
    tap.equal(broker.objects().keys(), {path}, "managed objects")


@tap.case("HD-10", "a sign-in that a sandboxed program started is hidden from another; both may "
          "cancel only their own")
def strangers(world):
    first, second = (callers.broker(world.session, callers.sandboxed(world.session, app_id))
                     for app_id in ("org.example.First", "org.example.Second"))
    paths = [world.allowed_sign_in(first, "one"), world.allowed_sign_in(second, "two")]
    for broker, path in ((first, paths[1]), (second, paths[0])):
        for call in (lambda broker=broker, path=path: broker.cancel(path),
                     lambda broker=broker, path=path: broker.complete(path, "http://localhost/"),
                     lambda broker=broker, path=path: broker.sign_in_properties(path)):
            try:
                call()
                raise tap.Failure(f"{path} answered a stranger")
            except BusError as error:
                tap.equal(error.name, UNKNOWN, "error")
    for path in paths:
        tap.equal(world.broker.sign_in_properties(path)["State"], "waiting", "State")
    first.cancel(paths[0])
    tap.equal(world.broker.end_of(paths[0])["Error"], "org.tidio.Auth.Error.SignInCancelled",
              "Error")
    tap.equal(world.broker.sign_in_properties(paths[1])["State"], "waiting", "State")


@tap.case("HD-14", "who started a sign-in hears, a minute after its end, that it is gone")
def gone(world):
    caller = callers.sandboxed(world.session, "org.example.First")
    stranger = callers.sandboxed(world.session, "org.example.Second")
    signals, others = caller.record(NAME), stranger.record(NAME)
    broker = callers.broker(world.session, caller)
    path = world.allowed_sign_in(broker)
    broker.cancel(path)
    last = (PATH, OBJECT_MANAGER, "InterfacesRemoved", (path, [SIGN_IN]))
    world.bus.wait_for(lambda: last in signals, 60 + DEADLINE, "the last signal", poll=True)
    tap.equal(signals[-1], last, "the last signal")
    tap.equal([signal for signal in heard(stranger, others) if signal[0].startswith(PATH)], [],
              "signals to another")
    tap.equal(broker.objects(), {}, "managed objects")


# What is sent in another way


@tap.case("HD-11", "calls of a program that is new to the broker are answered in their order",
          account="one")
def in_order(world):
    world.sign_in("two")
    for _ in range(5):
        for caller in (world.session.new_bus(), callers.host(world.session)):
            for account in ("one", "two"):
                orders = [caller.start_call(NAME, PATH, PROPERTIES, "Set", GLib.Variant(
                    "(ssv)", (NAME, "DefaultAccount", GLib.Variant("s", account))))]
                orders += [caller.start_call(NAME, PATH, PROPERTIES, "Get", GLib.Variant(
                    "(ss)", (NAME, "DefaultAccount"))) for _ in range(10)]
                tap.equal([order.result() for order in orders], [()] + [(account,)] * 10, "answers")
            caller.close()


@tap.case("HD-12", "programs that leave before they are answered do no harm", account=LABEL)
def vanish(world):
    for make in (callers.host, callers.sandboxed):
        for _ in range(3):
            caller = make(world.session)
            for _ in range(20):
                caller.start_call(NAME, PATH, OBJECT_MANAGER, "GetManagedObjects")
            caller.kill()
    tap.equal(world.broker.other_caller().accounts(), [LABEL], "accounts")
    sandboxed = callers.sandboxed(world.session)
    tap.equal(sandboxed.call(NAME, PATH, OBJECT_MANAGER, "GetManagedObjects"), ({},), "objects")


@tap.case("HD-13", "the signal that the broker sends to itself, from somebody else: nothing is let "
          "through", account=LABEL)
def forged_turn(world):
    sandboxed = callers.sandboxed(world.session, proxy=False)
    other = world.session.new_bus()
    orders = []
    for _ in range(20):
        orders.append(sandboxed.start_call(NAME, account_path(LABEL), PROPERTIES, "GetAll",
                                           GLib.Variant("(s)", (ACCOUNT,))))
        other.connection.emit_signal(world.bus.owner(NAME), PATH, TURN, "Next", None)
    for order in orders:
        try:
            tap.check(not order.result(DEADLINE), "an error")
        except BusError as error:
            tap.equal(error.name, UNKNOWN, "error")
    tap.equal(other.get_all(NAME, account_path(LABEL), ACCOUNT)["Id"], LABEL, "Id for the host")


# What is one's own, but not to be led by


HIDDEN = ("Uri", "UserCode", "VerificationUri")


def all_told(broker, path):
    """What its starter is told of a sign-in, in every way that there is to ask."""
    caller = broker.bus
    whole = [caller.get_all(NAME, path, SIGN_IN), broker.objects()[path][SIGN_IN]]
    whole.append({name: caller.get(NAME, path, SIGN_IN, name) for name in whole[0]})
    more = [look for look in looks(path) if look[2] not in ("Cancel", "Set")]
    more += [(path, PROPERTIES, "Get", GLib.Variant("(ss)", ("", name))) for name in HIDDEN]
    return whole, [outcome(caller.start_call(NAME, *look)) for look in more]


@tap.case("HD-15", "a sandboxed program is told how its sign-in goes, and in no way where the user "
          "signs in", account=LABEL)
def told_nothing_to_lead_by(world):
    own = world.session.bus.record(NAME)
    listening = [callers.sandboxed(world.session, "org.example.Filtered"),
                 callers.sandboxed(world.session, "org.example.Direct", proxy=False)]
    for caller in listening:
        broker = callers.broker(world.session, caller)
        lists = [caller.record(NAME), caller.record(caller.owner(NAME))]
        path = world.allowed_sign_in(broker, LABEL)
        uri = world.broker.uri(path)
        asked = dict(browser.query(uri))
        marks = [asked["state"], asked["code_challenge"], uri]
        tap.check(any(uri in repr(signal) for signal in own), "a program of the host hears the Uri")
        waiting, some = all_told(broker, path)
        browser.visit(uri)
        expires = world.broker.end_of(path)["ExpiresAt"]
        done, others = all_told(broker, path)
        for state, seen in ("waiting", waiting), ("done", done):
            tap.equal(seen, [{"Account": LABEL, "State": state, "Error": "", "ErrorMessage": "",
                              "ExpiresAt": expires, **dict.fromkeys(HIDDEN, "")}] * 3, "properties")
        for signals in lists:
            heard(caller, signals)
            tap.equal([signal[2] for signal in signals if signal[0] == PATH], ["InterfacesAdded"],
                      "signals of the object manager")
            changes = [signal[3][1] for signal in signals if signal[0] == path]
            tap.equal([change["State"] for change in changes if "State" in change],
                      ["exchanging", "done"], "states")
            tap.equal({change[name] for change in changes for name in HIDDEN if name in change},
                      {""}, "what was changed")
        everything = repr((waiting, some, done, others, lists))
        tap.equal([mark for mark in marks if mark in everything], [], "what it was told")
        tap.equal(world.broker.sign_in_properties(path)["Uri"], uri, "Uri for the host")


@tap.case("HD-16", "somebody else's answer to a sandboxed program's sign-in is not taken from it: the "
          "account stays the user's", account="work")
def fixation(world):
    before = world.broker.token("work"), world.keyring.records()
    app = callers.broker(world.session, callers.sandboxed(world.session, "org.example.Thief"))
    shown = len(world.dialogs.shown)
    for wishes in ({"open_browser": False}, {"flow": "device"}):
        expect_error("NotAuthorized", app.sign_in, "work", **wishes)
    tap.equal(len(world.dialogs.shown), shown, "dialogs")
    path = world.allowed_sign_in(app, "work")
    tap.equal(app.sign_in_properties(path)["Uri"], "", "the address that it could pass on")
    # Were it to know the address all the same, this is what it could bring.
    answer = browser.decide(world.broker.uri(path))
    message = expect_error("NotAuthorized", app.complete, path, answer)
    tap.contains(message, "leave it to the browser", "message")
    expect_error("NotAuthorized", world.broker.complete, path, answer)
    tap.equal(world.broker.sign_in_properties(path)["State"], "waiting", "State")
    tap.equal((world.broker.token("work"), world.keyring.records()), before, "what the account has")
    app.cancel(path)
    tap.equal(world.broker.end_of(path)["Error"], "org.tidio.Auth.Error.SignInCancelled", "Error")
    expect_error("NotAuthorized", app.complete, path, answer)
    tap.equal((world.broker.token("work"), world.keyring.records()), before, "what it has then")


@tap.case("HD-17", "a program of the host that joins a sandboxed program's sign-in takes it over")
def taken_over(world):
    caller = callers.sandboxed(world.session, "org.example.Starter")
    app = callers.broker(world.session, caller)
    signals = caller.record(NAME)
    path = world.allowed_sign_in(app, "work")
    stranger = world.broker.other_caller()
    expect_error("NotAuthorized", stranger.complete, path, "http://localhost/")
    tap.equal(world.broker.sign_in("work"), path, "the sign-in that is joined")
    tap.equal(stranger.sign_in("work"), path, "the same")
    expect_error("NotAuthorized", app.cancel, path)
    tap.equal(app.sign_in_properties(path)["State"], "waiting", "State")
    answer = browser.decide(world.broker.uri(path))
    for other in (app, stranger):
        expect_error("NotAuthorized", other.complete, path, answer)
    world.broker.complete(path, answer)
    tap.equal(world.broker.end_of(path)["State"], "done", "State")
    tap.equal((app.end_of(path)["State"], app.sign_in_properties(path)["Uri"]), ("done", ""),
              "what its starter sees")
    heard(caller, signals)
    tap.equal([signal[3][1]["State"] for signal in signals
               if signal[0] == path and "State" in signal[3][1]], ["exchanging", "done"],
              "states that its starter hears")
    tap.equal(world.broker.accounts(), ["work"], "accounts")
    other = callers.broker(world.session, callers.sandboxed(world.session, "org.example.Other"))
    path = world.allowed_sign_in(other, "other")
    tap.equal(stranger.sign_in("other"), path, "the sign-in that is joined")
    world.broker.cancel(path)
    tap.equal(other.end_of(path)["State"], "failed", "State after Cancel of the host")


# Cases wait most of the time.
tap.main(HiddenWorld, workers=3)
