#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile input, the unit: the broker does all it is for under the restrictions of its systemd unit,
and the browser that it opens has none of them."""

import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

from harness import browser, ports, procs, tap
from harness.broker import DEADLINE, NAME, SLOW, Broker, error_name
from harness.bus import BUS, BUS_PATH, BusError
from harness.cli import Cli
from harness.peer import Peer, make_certificate
from harness.portal import Portal
from harness.servers import places, provider_text
from harness.user_manager import ManagedSession, is_possible, unit_text
from harness.world import CREDENTIALS, World
from rows import add_rows, main

CONFINED = pathlib.Path(__file__).resolve().parent.parent / "harness/confined.py"
# What AddressSanitizer's leak check does is what the unit forbids.
WITHOUT_LEAK_CHECK = ({"ASAN_OPTIONS": os.environ["ASAN_OPTIONS"].replace("detect_leaks=1",
                                                                          "detect_leaks=0")}
                      if "ASAN_OPTIONS" in os.environ else {})


def install_browser(session):
    """One that also notes what it may not do."""
    program, notes = browser.install(session)
    lines = program.read_text().split("\n", 1)
    facts = session.root / "browser.status"
    program.write_text(f"{lines[0]}\ngrep -E 'NoNewPrivs|Seccomp:|Umask' /proc/self/status "
                       f"> '{facts}'\n{lines[1]}")
    return program, notes, facts


class ManagedWorld(World):
    """`managed`: systemd starts bus and broker. Else the broker is started by hand, by the program
    that applies its unit."""

    def __init__(self, managed):
        self.managed = managed
        super().__init__(start=False)
        self.broker.environment.update(WITHOUT_LEAK_CHECK)

    def make_session(self, keyring):
        if not self.managed:
            return super().make_session(keyring)
        session = ManagedSession(lambda one: f"{make_certificate(one.root)}.crt", keyring=keyring)
        program, self.notes, self.facts = install_browser(session)
        session.environment.update({**CREDENTIALS, **WITHOUT_LEAK_CHECK, "BROWSER": str(program)})
        if SLOW == 1:
            # The desktop's own, which loads libproxy.
            session.environment.pop("GIO_USE_PROXY_RESOLVER")
            session.environment["https_proxy"] = f"http://127.0.0.1:{ports.free()}"
        return session

    def start_confined(self):
        unit = self.session.root / "tidio-auth.service"
        unit.write_text(unit_text(self.session.program))
        self.broker.process = self.session.spawn(
            "confined", [CONFINED, unit, self.session.program], self.broker.environment)
        self.bus.wait_for_name(NAME, DEADLINE, self.broker.is_alive)


def verified(world):
    folder = world.session.root / "verify"
    folder.mkdir()
    (folder / "tidio-auth.service").write_text(unit_text(world.session.program))
    done = subprocess.run(["systemd-analyze", "--user", "verify", folder / "tidio-auth.service"],
                          env=world.session.environment, capture_output=True, text=True,
                          check=False)
    return f"exit {done.returncode}: {done.stderr}{done.stdout}".strip()


def check_restrictions(pid):
    seen = {name: procs.status(pid, name) for name in ("NoNewPrivs", "Seccomp", "Umask")}
    tap.equal(seen, {"NoNewPrivs": "1", "Seccomp": "2", "Umask": "0077"}, "restrictions")
    text = pathlib.Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
    limits = {line[:26].strip(): line[26:46].strip() for line in text.splitlines()}
    tap.equal((limits["Max core file size"], limits["Max open files"]), ("0", "512"), "limits")


def through_tls(world, peer, **keys):
    """The provider file: only the page of the browser comes without."""
    where = {**places(peer.uri), "authorize": world.server.places["authorize"]}
    world.session.write_provider("tidio", provider_text(where, **keys))


def work(world):
    """Tokens, a refresh, calls at once, the keyring, the default account."""
    broker = world.broker
    old = broker.token()
    tap.check(broker.token(rejected=old) != old, "a new token")
    calls = [broker.start_call_api("GET", "contacts") for _ in range(8)]
    tap.equal([call.result()[0] for call in calls], [200] * 8, "statuses")
    broker.set_default("tidio")
    broker.call_api("POST", "sandbox/echo", "x" * 1_000_000)


def use_proxy(world, peer, pid):
    """A proxy that is not there, asked for by the resolver that desktops have."""
    through_tls(world, peer, BaseUri="https://api.example/")
    try:
        world.broker.call_api("GET", "contacts")
    except BusError as error:
        tap.equal(error.name, error_name("Network"), "error through the proxy")
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    tap.contains(maps, "libproxy", "libraries")


def live(world):
    session = world.session
    peer = Peer(world.server.port, session.root / "self-signed.pem")
    through_tls(world, peer)
    result = Cli(session).run("sign-in")
    tap.equal((result.code, result.err.splitlines()[-1:] and "Signed in" in result.out), (0, True),
              f"command line: {result}")
    pid = int(session.property("MainPID"))
    tap.equal(world.bus.process_of(NAME), pid, "the unit's process")
    check_restrictions(pid)
    tap.equal(world.facts.read_text().split(), ["Umask:", "0022", "NoNewPrivs:", "0", "Seccomp:",
                                                "0"], "what the browser has")
    work(world)
    tap.check(peer.seen("/oauth/token") >= 2, "requests that came by TLS")
    if SLOW == 1:
        use_proxy(world, peer, pid)
    start = time.monotonic()
    session.systemctl("stop", "tidio-auth.service")
    tap.between(time.monotonic() - start, 0, 5 * SLOW, "seconds to the end")
    tap.equal((session.property("Result"), session.property("ExecMainStatus")), ("success", "0"),
              "end of the unit")
    tap.equal(Broker(session).token() != "", True, "a token from the next one")
    peer.close()
    return "signs in by TLS, refreshes, calls, ends"


def leaves(world):
    """systemd ends the unit when the name goes: calls that came before must be answered all the
    same. The bus stands still around the moment when the broker gives its name back, and finds all
    at once."""
    session = world.session
    (session.root / "config/tidio-auth/tidio-auth.conf").write_text("[Broker]\nIdleTimeout=1\n")
    world.sign_in()
    session.systemctl("stop", "tidio-auth.service")
    bus_process = world.bus.process_of(BUS)
    owners = set()
    # More often in ten seconds, and systemd would start it no more.
    for moment in (0.99, 1.02):
        world.broker.token()
        owners.add(world.bus.owner(NAME))
        world.bus.settle(moment)
        os.kill(bus_process, signal.SIGSTOP)
        calls = [world.broker.start_get_token() for _ in range(10)]
        calls += [world.broker.start_call_api("GET", "contacts")]
        world.bus.settle(0.1)
        os.kill(bus_process, signal.SIGCONT)
        for call in calls:
            call.result()
    # Much later than that it has left in any case.
    world.bus.settle(4)
    world.broker.token()
    owners.add(world.bus.owner(NAME))
    tap.check(len(owners) > 1, "that it left at least once")
    world.bus.wait_for(lambda: session.property("ActiveState") == "inactive", DEADLINE,
                       "the unit to be inactive", poll=True)
    tap.equal((session.property("Result"), session.property("ExecMainStatus")), ("success", "0"),
              "end of the unit")
    return "leaves, comes back, answers all"


def by_hand(world):
    world.broker.environment["BROWSER"] = str(install_browser(world.session)[0])
    world.start_confined()
    check_restrictions(world.broker.process.pid)
    desktop = Portal(world.session.new_bus(), response=0)
    path = world.broker.sign_in(open_browser=True)
    world.bus.wait_for(lambda: desktop.opened, DEADLINE, "a call of the portal")
    tap.check(not (world.session.root / "browser.status").exists(), "no browser with restrictions")
    browser.visit(desktop.opened[0])
    tap.equal(world.broker.end_of(path)["State"], "done", "State")
    work(world)
    world.broker.stop()
    return "signs in, refreshes, calls, ends"


def squatted(world):
    """Nobody has asked the manager for the unit yet: a question for it by its path loads it."""
    world.bus.wait_for_name("org.freedesktop.systemd1", DEADLINE)
    other = world.session.new_bus()
    other.call(BUS, BUS_PATH, BUS, "RequestName", GLib.Variant("(su)", (NAME, 0)))
    tap.equal(world.session.systemctl("list-units", "--all", "--no-legend", "tidio-auth.service"),
              "", "loaded units")
    result = Cli(world.session).run("default")
    tap.contains(result.err, "which is not that of tidio-auth.service", "stderr")
    return f"exit {result.code}"


ROWS = [
    ("UN-01", "systemd-analyze --user verify", verified, "exit 0:",
     {"managed": False}),
    ("UN-02", "limits and filter of the unit, applied by hand with libseccomp", by_hand,
     "signs in, refreshes, calls, ends", {"managed": False}),
    ("UN-03", f"the unit, under a live systemd --user{'' if SLOW == 1 else ', no proxy set'}", live,
     "signs in by TLS, refreshes, calls, ends",
     {"managed": True, "not_tried": None if is_possible() else
      "needs root, systemd and a cgroup of version 2 that may be written to"}),
    ("UN-04", "nobody needs it, under a live systemd --user", leaves,
     "leaves, comes back, answers all",
     {"managed": True, "not_tried": None if is_possible() else
      "needs root, systemd and a cgroup of version 2 that may be written to"}),
    ("UN-05", "another program has the name, under a live systemd --user that was not asked for the "
     "unit yet", squatted, "exit 5",
     {"managed": True, "not_tried": None if is_possible() else
      "needs root, systemd and a cgroup of version 2 that may be written to"}),
]
add_rows(ROWS)
main(ManagedWorld)
