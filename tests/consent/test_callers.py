#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The callers that the other tests of this folder call from: what the bus and the kernel know of
each, and that each is a whole caller."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

from harness import callers, tap
from harness.broker import DEADLINE, NAME, PATH
from harness.bus import BUS, BUS_PATH, BusError
from harness.world import World

PEER = "org.freedesktop.DBus.Peer"


def process_of(world, caller):
    """(name of the program, its /.flatpak-info or an empty text) as the bus has the caller"""
    process = pathlib.Path(f"/proc/{world.bus.process_of(caller.unique_name)}")
    info = process / "root/.flatpak-info"
    return (process / "exe").readlink().name, info.read_text() if info.exists() else ""


@tap.case("CO-CA-01", "behind a proxy in a sandbox: the bus knows the proxy, which says who it is")
def proxied(world):
    caller = callers.sandboxed(world.session, "org.example.Reader")
    program, info = process_of(world, caller)
    tap.equal(program, "xdg-dbus-proxy", "program")
    tap.contains(info, "[Application]\nname=org.example.Reader\n")


@tap.case("CO-CA-02", "in a sandbox at the bus itself: the bus knows the program in it")
def unproxied(world):
    caller = callers.sandboxed(world.session, "org.example.Reader", proxy=False)
    program, info = process_of(world, caller)
    tap.check(program.startswith("python3"), f"python, not {program}")
    tap.contains(info, "[Application]\nname=org.example.Reader\n")


@tap.case("CO-CA-03", "of the host, and of nobody known")
def others(world):
    tap.equal(process_of(world, callers.host(world.session))[1], "", "/.flatpak-info")
    tap.equal(process_of(world, callers.unidentified(world.session))[1], callers.NOBODY,
              "/.flatpak-info")


@tap.case("CO-CA-04", "from the cgroup of a systemd unit, where there can be one")
def in_unit(world):
    unit = "app-org.example.Reader-7.scope" if callers.has_cgroups() else None
    caller = callers.host(world.session, unit)
    pid = world.bus.process_of(caller.unique_name)
    groups = pathlib.Path(f"/proc/{pid}/cgroup").read_text()
    tap.equal("/app.slice/app-org.example.Reader-7.scope\n" in groups, unit is not None,
              f"whether it is in the unit: {groups}")
    tap.equal(process_of(world, caller)[1], "", "/.flatpak-info")


@tap.case("CO-CA-05", "each calls the broker, gets values and errors, and has its signals")
def whole(world):
    for caller in (callers.host(world.session), callers.sandboxed(world.session),
                   callers.unidentified(world.session)):
        reader = callers.broker(world.session, caller)
        tap.check(reader.get("Version"), "a version")
        text = caller.call(NAME, PATH, "org.freedesktop.DBus.Introspectable", "Introspect")[0]
        tap.contains(text, f'<interface name="{NAME}">')
        try:
            caller.call(NAME, PATH, PEER, "Nothing",
                        GLib.Variant("(sv)", ("ä", GLib.Variant("as", []))))
        except BusError as error:
            tap.contains(error.name, "org.freedesktop.DBus.Error.UnknownMethod")
        else:
            raise tap.Failure("an answer to a method that there is not")
        signals = caller.record(BUS)
        owner = world.broker.bus.owner(NAME)
        world.broker.stop()
        gone = (BUS_PATH, BUS, "NameOwnerChanged", (NAME, owner, ""))
        caller.wait_for(lambda: gone in signals, DEADLINE, "the signal that the broker left")
        world.broker.start()


@tap.case("CO-CA-06", "through the proxy it reaches the broker and nobody else")
def filtered(world):
    caller = callers.sandboxed(world.session)
    try:
        caller.call("org.freedesktop.secrets", "/org/freedesktop/secrets", PEER, "Ping")
    except BusError as error:
        tap.contains(error.name, "org.freedesktop.DBus.Error.")
    else:
        raise tap.Failure("an answer of the keyring")
    caller.call(NAME, PATH, PEER, "Ping")


@tap.case("CO-CA-07", "one that is killed is gone from the bus")
def killed(world):
    for caller in (callers.host(world.session), callers.sandboxed(world.session)):
        name = caller.unique_name
        caller.kill()
        tap.equal(world.bus.owner(name), "", "owner of its name")


if __name__ == "__main__":
    tap.main(lambda **options: World(server=False, provider=None, **options))
