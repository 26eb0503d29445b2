#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile input, the bus: programs that take the broker's name, wait for it, or send signals in the
name of others; and what happens when bus or broker go."""

import os
import pathlib
import signal
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import Gio, GLib

from harness import browser, bus_watch, ports, tap
from harness.broker import DEADLINE, NAME, PATH, SIGN_IN, SLOW
from harness.bus import BUS, BUS_PATH, CANCELLED
from harness.cli import Cli
from harness.lone_bus import LoneBus
from harness.peer import Peer
from harness.portal import Portal, respond
from harness.servers import CLIENT_SECRET, places, provider_text
from harness.systemd import Systemd
from rows import add_rows, main

REPLACE, DO_NOT_QUEUE = 2, 4
OWNER, IN_QUEUE, EXISTS = 1, 2, 3
KEYRING = "org.freedesktop.secrets"
MARK = "org.tidio.Tests.Mark"
NOT_ALLOWED = 5

# Each of the commands that ask the broker something.
COMMANDS = (("sign-in", "me"), ("sign-out",), ("token",), ("call", "contacts", "-d", "{}"),
            ("accounts",), ("default",))


def request_name(bus, flags):
    return bus.call(BUS, BUS_PATH, BUS, "RequestName", GLib.Variant("(su)", (NAME, flags)))[0]


def server_port(uri):
    return urllib.parse.urlsplit(dict(browser.query(uri))["redirect_uri"]).port


# The name


def replaced(world):
    other = world.session.new_bus()
    seen = [request_name(other, REPLACE | DO_NOT_QUEUE), request_name(other, REPLACE)]
    tap.equal(world.bus.process_of(NAME), world.broker.process.pid, "owner")
    return {(EXISTS, IN_QUEUE): "refused, then queued"}.get(tuple(seen), seen)


def queued(world):
    """The bus gives the name to who waited, and the log and the command line say so."""
    other = world.session.new_bus()
    tap.equal(request_name(other, 0), IN_QUEUE, "place")
    result = Cli(world.session).run("default")
    tap.equal(result.code, 0, "exit code")
    tap.contains(result.err, "Another program waits for the broker's name", "stderr")
    world.broker.stop()
    tap.equal(world.bus.owner(NAME), other.unique_name, "owner")
    tap.contains(world.session.log(world.broker.log_name),
                 f"{other.unique_name} waited for the name {NAME}", "log")
    return "told by the command line and in the log"


def nobody_queued(world):
    tap.lacks(Cli(world.session).run("default").err, "Another program", "stderr")
    world.broker.stop()
    tap.lacks(world.session.log(world.broker.log_name), "waited", "log")
    return "nothing is said"


def second_instance(world):
    process = world.session.spawn("second", [world.session.program], world.broker.environment)
    tap.equal(process.wait(DEADLINE), 3, "exit status")
    tap.check(world.broker.is_alive(), "the first one lives")
    tap.equal(world.broker.get("Version"), 1, "Version")
    return "3, the first stays"


class Squatter:
    """Has the name, and a member for each that the broker has; counts what it is asked. It answers
    with an error, but `signs_in`: a sign-in waits."""

    sign_in = f"{PATH}/SignIns/1"
    values = {"Version": ("u", 1), "ExpiresAt": ("x", 0), "State": ("s", "waiting")}

    def __init__(self, world, error="org.tidio.Auth.Error.Failed", signs_in=False):
        self.bus = world.session.new_bus()
        self.error = error
        self.signs_in = signs_in
        self.asked = []
        text = (pathlib.Path(__file__).resolve().parents[2] / "data/org.tidio.Auth.xml").read_text()
        for path, name in ((PATH, NAME), (self.sign_in, SIGN_IN)):
            interface = Gio.DBusNodeInfo.new_for_xml(text).lookup_interface(name)
            self.bus.connection.register_object(path, interface, self._answer, self._get, None)
        tap.equal(request_name(self.bus, DO_NOT_QUEUE), OWNER, "the squatter's name")

    def _answer(self, _connection, _sender, _path, _interface, method, _arguments, invocation):
        self.asked.append(method)
        if self.signs_in and method == "SignIn":
            invocation.return_value(GLib.Variant("(o)", (self.sign_in,)))
        else:
            invocation.return_dbus_error(self.error, "Thank you")

    def _get(self, _connection, _sender, _path, _interface, prop):
        self.asked.append(prop)
        return GLib.Variant(*self.values.get(prop, ("s", "")))


def run_cli(world, *arguments, **environment):
    """With the main loop, in which squatter and service manager live."""
    cli = Cli(world.session, environment)
    process = cli.start(*arguments)
    world.bus.wait_for(lambda: process.poll() is not None, DEADLINE, "the command's end", poll=True)
    return cli.finish(process)


def squatted(world):
    squatter = Squatter(world)
    process = world.session.spawn("late", [world.session.program], world.broker.environment)
    world.bus.wait_for(lambda: process.poll() is not None, DEADLINE, "its end", poll=True)
    tap.equal(process.returncode, 3, "exit status of the broker")
    tap.contains(world.session.log("late"), f"is that of process {os.getpid()}", "log")
    systemd = Systemd(world.session.new_bus())
    for command in COMMANDS:
        result = run_cli(world, *command)
        tap.equal((result.code, result.out), (NOT_ALLOWED, ""), f"{command}: exit code, stdout")
        tap.contains(result.err, f"belongs to process {os.getpid()}, which is not that of "
                     "tidio-auth.service", f"{command}: stderr")
    tap.equal(squatter.asked, [], "what the squatter was asked")
    tap.check(systemd.asked, "the service manager was asked")
    return "broker 3, commands 5, nothing sent"


def squatted_unmanaged(world):
    """Nobody knows which program is the broker: what the README says is not protected."""
    squatter = Squatter(world)
    tap.equal(run_cli(world, "token").code, 1, "exit code without a service manager")
    systemd = Systemd(world.session.new_bus(), load_state="masked")
    tap.equal(run_cli(world, "token").code, 1, "exit code with the unit masked")
    tap.check(systemd.asked, "the service manager was asked")
    tap.equal(squatter.asked, ["GetToken"] * 2, "what the squatter was asked")
    return "asked"


def managed(world):
    """The process that the service manager names is the broker."""
    systemd = Systemd(world.session.new_bus(), main_pid=world.broker.process.pid)
    result = run_cli(world, "token")
    tap.equal(sorted(systemd.asked), ["LoadState", "MainPID"], "what it was asked")
    tap.equal((result.code, result.err), (0, ""), "exit code, stderr")
    return "a token"


def run_on_lone_bus(world, credentials, expected, **how):
    """Exit code of a command, on a bus that says so of the broker's owner."""
    bus = LoneBus(world.session.root / "run", credentials, **how)
    result = run_cli(world, "token", DBUS_SESSION_BUS_ADDRESS=bus.address)
    bus.close()
    tap.contains(result.err, expected, "stderr")
    tap.check("GetConnectionCredentials" in bus.calls, f"it was asked: {bus.calls}")
    tap.equal(bus.sent, [], "what the owner was sent")
    return result.code


def other_user(world):
    """The bus says that the name's owner is another user, or not who it is."""
    seen = [run_on_lone_bus(world, credentials, "belongs to another user's program")
            for credentials in ({"UnixUserID": os.getuid() + 1, "ProcessID": 1}, {"ProcessID": 1})]
    return "5, nothing sent" if seen == [NOT_ALLOWED] * 2 else seen


def given_up(world):
    """It says of calls that they were given up: to the command line that is an error like others."""
    Squatter(world, CANCELLED)
    result = run_cli(world, "watch")
    tap.contains(result.err, "Thank you", "stderr")
    return f"exit {result.code}"


def cancel_given_up(world):
    squatter = Squatter(world, CANCELLED, signs_in=True)
    cli = Cli(world.session)
    process = cli.start("sign-in", "me", "--no-browser")
    world.bus.wait_for(lambda: "State" in squatter.asked, DEADLINE, "the sign-in", poll=True)
    process.send_signal(signal.SIGINT)
    world.bus.wait_for(lambda: process.poll() is not None, DEADLINE, "the command's end", poll=True)
    result = cli.finish(process)
    tap.equal(squatter.asked.count("Cancel"), 1, "calls of Cancel")
    tap.contains(result.err, "Thank you", "stderr")
    return f"exit {result.code}"


def asked_at_once(world):
    """Nothing is answered before all is asked: one round trip, and then it is known."""
    questions = ("GetConnectionCredentials", "GetNameOwner", "ListQueuedOwners", "LoadState",
                 "MainPID")
    code = run_on_lone_bus(world, {"UnixUserID": os.getuid(), "ProcessID": os.getpid()},
                           f"belongs to process {os.getpid()}", together=questions)
    return "5, nothing sent" if code == NOT_ALLOWED else code


# Signals in the name of others


class Monitor:
    """The calls that the broker made."""

    def __init__(self, world):
        self.world = world
        self.messages = world.session.watches[0].messages
        self.broker = world.bus.owner(NAME)

    def calls(self):
        """How many, before it answered this."""
        self.world.broker.get("Version")
        mark = f"t{len(self.messages)}"
        forge(self.world.bus, f"/{mark}", MARK, mark, None)
        self.world.bus.wait_for(lambda: any(MARK.encode() in one and mark.encode() in one
                                            for one in self.messages), DEADLINE, "it", poll=True)
        seen = [message for message in map(bus_watch.parse, list(self.messages)) if message]
        return sum(message.get_sender() == self.broker
                   and message.get_message_type() == Gio.DBusMessageType.METHOD_CALL
                   for message in seen)


def forge(bus, path, interface, member, arguments):
    bus.connection.emit_signal(None, path, interface, member, arguments)
    bus.connection.flush_sync(None)


def forge_all(world, bus):
    """What the Secret Service and the bus could say, from somebody else."""
    collection = world.keyring.default()
    changed = ("org.freedesktop.Secret.Collection", {"Locked": GLib.Variant("b", True)}, [])
    forge(bus, collection, "org.freedesktop.DBus.Properties", "PropertiesChanged",
          GLib.Variant("(sa{sv}as)", changed))
    for member in ("CollectionDeleted", "CollectionCreated", "CollectionChanged"):
        forge(bus, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service", member,
              GLib.Variant("(o)", (collection,)))
    owner = world.bus.owner(KEYRING)
    for name in (KEYRING, NAME, owner, world.bus.unique_name):
        forge(bus, BUS_PATH, BUS, "NameOwnerChanged",
              GLib.Variant("(sss)", (name, owner, "")))
    forge(bus, "/org/freedesktop/secrets/prompt/p1", "org.freedesktop.Secret.Prompt", "Completed",
          GLib.Variant("(bv)", (True, GLib.Variant("s", ""))))


def forged(world):
    """A call waits meanwhile: its caller is said to be gone too."""
    peer = Peer(world.server.port)
    world.session.write_provider("tidio", provider_text(places(peer.uri)))
    world.sign_in("tidio")
    order = peer.plan("/oauth/token", "hold")
    old = world.broker.token()
    pending = world.broker.start_get_token(rejected=old)
    world.bus.wait_for(order.reached.is_set, DEADLINE, "the refresh", poll=True)
    monitor = Monitor(world)
    other = world.session.new_bus()
    # Whoever asks for the first time is looked up.
    other.get(NAME, PATH, NAME, "Version")
    before = monitor.calls()
    forge_all(world, other)
    # The broker has them before it has this.
    other.get(NAME, PATH, NAME, "Version")
    tap.equal(monitor.calls(), before, "calls that the broker made for them")
    tap.equal(world.broker.state("tidio"), "ready", "State")
    order.release()
    tap.check(pending.result()[0] != old, "a new token for who waited")
    before = monitor.calls()
    world.keyring.lock()
    world.bus.wait_for(lambda: monitor.calls() > before, DEADLINE,
                       "calls after a signal of the keyring's own", poll=True)
    peer.close()
    return "ignored"


def forged_portal(world):
    """Somebody else says that the browser is open; then the portal says that it is not."""
    world.broker.environment["BROWSER"] = ""
    world.broker.start()
    desktop = Portal(world.session.new_bus(), response=None)
    path = world.broker.sign_in(open_browser=True)
    world.bus.wait_for(lambda: desktop.opened, DEADLINE, "a call of the portal")
    other = world.session.new_bus()
    respond(other, desktop.requests[0], 0)
    helper = desktop.requests[0][0]
    other.call(helper, "/", "org.freedesktop.DBus.Peer", "Ping")
    respond(desktop.bus, desktop.requests[0], 2)
    return world.broker.end_of(path)["Error"].rpartition(".")[2]


# A monitor


def secrets_seen(messages, broker, secrets):
    """Where secrets stand in what the broker sent and got, in words."""
    calls, found = {}, set()
    for blob in messages:
        message = bus_watch.parse(blob)
        tap.check(message is not None, "a message that is kept whole")
        member = message.get_member()
        if message.get_message_type() == Gio.DBusMessageType.METHOD_CALL:
            calls[message.get_sender(), message.get_serial()] = member
        if not {broker, NAME} & {message.get_sender(), message.get_destination()}:
            continue
        where = member or "answer of " + calls.get(
            (message.get_destination(), message.get_reply_serial()), "nothing")
        found |= {f"{name} in {where}" for name, secret in secrets if secret.encode() in blob}
    return found


def monitored(world):
    """Everything that has to do with tokens, with somebody listening."""
    monitor = Monitor(world)
    path = world.broker.sign_in()
    address = browser.decide(world.broker.uri(path))
    browser.fetch(address)
    tap.equal(world.broker.end_of(path)["State"], "done", "State")
    secrets = [("code", dict(browser.query(address))["code"]), ("client secret", CLIENT_SECRET)]
    for _ in range(2):
        record = world.keyring.records()["tidio"]
        secrets += [(name, record[name.replace(" ", "_")])
                    for name in ("access token", "refresh token")]
        world.broker.token(rejected=world.broker.token())
    tap.equal(len({secret for _name, secret in secrets}), len(secrets), "different secrets")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status")
    world.broker.accounts()
    world.bus.get_all(NAME, path, SIGN_IN)
    tap.check(world.broker.sign_out(), "revoked")
    monitor.calls()
    return ", ".join(sorted(secrets_seen(list(monitor.messages), monitor.broker, secrets)))


# The end


def term_during_sign_in(world):
    port = server_port(world.broker.uri(world.broker.sign_in()))
    tap.check(ports.listening(port), "a listener")
    world.broker.stop()
    tap.equal(ports.listening(port), [], "listeners")
    return "ends, the port is closed"


def bus_dies(world):
    port = server_port(world.broker.uri(world.broker.sign_in()))
    tap.check(ports.listening(port), "a listener")
    process, world.broker.process = world.broker.process, None
    start = time.monotonic()
    world.session.kill_bus()
    code = process.wait(DEADLINE)
    tap.between(time.monotonic() - start, 0, 5 * SLOW, "seconds to the end")
    tap.equal((code, ports.listening(port)), (1, []), "exit status, listeners")
    # It ends with the bus too.
    world.keyring.process.wait(DEADLINE)
    return "ends, the port is closed"


NO_SERVER = {"server": False, "provider": None}
add_rows([
    ("DB-11a", "RequestName with REPLACE_EXISTING by another program", replaced,
     "refused, then queued", NO_SERVER),
    ("DB-11b", "a second broker", second_instance, "3, the first stays", NO_SERVER),
    ("DB-11c", "another program queues for the name", queued,
     "told by the command line and in the log", NO_SERVER),
    ("DB-11d", "nobody queues", nobody_queued, "nothing is said", NO_SERVER),
    ("DB-12a", "another program has the name first, systemd knows the unit", squatted,
     "broker 3, commands 5, nothing sent", {**NO_SERVER, "start": False}),
    ("DB-12b", "the same where nobody knows the unit, or it is masked", squatted_unmanaged,
     "asked", {**NO_SERVER, "start": False}),
    ("DB-12c", "the broker is the unit's process", managed, "a token", {"account": ""}),
    ("DB-12d", "another user has the name", other_user, "5, nothing sent",
     {**NO_SERVER, "start": False}),
    ("DB-12e", "what has the name says that a look at the activity was given up", given_up, "exit 1",
     {**NO_SERVER, "start": False}),
    ("DB-12f", "the same of Cancel", cancel_given_up, "exit 1", {**NO_SERVER, "start": False}),
    ("DB-12g", "bus and service manager answer nothing before they were asked everything",
     asked_at_once, "5, nothing sent", {**NO_SERVER, "start": False}),
    ("DB-13a", "signals of bus and keyring, from somebody else", forged, "ignored"),
    ("DB-13b", "the portal's answer, from somebody else", forged_portal, "BrowserFailed",
     {"start": False}),
    ("DB-14a", "SIGTERM during a sign-in", term_during_sign_in, "ends, the port is closed"),
    ("DB-14b", "the session bus dies during a sign-in", bus_dies, "ends, the port is closed"),
    ("DB-15", "a monitor during sign-in, refreshes, an API call, a look at all, sign-out", monitored,
     "access token in GetToken, access token in answer of GetToken"),
])

main()
