#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who the broker takes a caller for: what its sandbox says, and nobody where that is not known."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

from identifier import DEADLINE, Identifier, ToldBus
from harness import callers, tap
from harness.broker import SANITIZER
from harness.procs import WITHOUT_PRIVILEGES
from harness.session import Session, end

READER = "sandboxed org.example.Reader"
UNIDENTIFIED = "unidentified"
INFO = callers.INFO.format(app_id="org.example.Reader")
MAX = 64 * 1024
PROGRAM_NAME = pathlib.Path(callers.PYTHON).resolve().name
RECYCLE = pathlib.Path(__file__).resolve().parent / "recycle.py"


class IdentityWorld:
    """A session without a broker, whose part the identifier has."""

    def __init__(self, told=False, privileged=True):
        self.session = Session(keyring="none")
        self.told = told
        self.privileged = privileged
        self.told_bus = None
        self.identifier = None

    def __enter__(self):
        self.session.__enter__()
        try:
            if self.told:
                self.told_bus = ToldBus(self.session.root)
            self.identifier = Identifier(
                self.session.spawn, self.told_bus and self.told_bus.address, self.privileged)
        except BaseException:
            self.session.close()
            raise
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                tap.equal(self.identifier.end(), 0, "exit status of the identifier")
                tap.equal(SANITIZER.search(self.session.log("identify")), None, "sanitizer report")
        finally:
            if self.told_bus is not None:
                self.told_bus.close()
            self.session.close()

    def logs(self):
        return self.session.last_logs()

    def taken_for(self, caller):
        return self.identifier.identify(caller.unique_name)

    def sandboxed(self, info):
        """What one is taken for that is at the bus itself."""
        return self.taken_for(callers.sandboxed(self.session, info=info, proxy=False))

    def start_program(self):
        """A program of the host, for a bus that is told of it."""
        return self.session.spawn("sleep", ["sleep", "600"])


def through(path):
    """Arguments of bwrap for that file of the host as /.flatpak-info."""
    return ["--ro-bind", path, "/.flatpak-info"]


# Who they are


@tap.case("WHO-01", "in a sandbox behind Flatpak's proxy: the application that the proxy is for")
def proxied(world):
    tap.equal(world.taken_for(callers.sandboxed(world.session, "org.example.Reader")), READER)
    tap.equal(world.taken_for(callers.sandboxed(world.session, "org.example.Other")),
              "sandboxed org.example.Other")


@tap.case("WHO-02", "in a sandbox at the bus itself, with processes numbered anew")
def unproxied(world):
    tap.equal(world.sandboxed(INFO), READER)


@tap.case("WHO-03", "of the host: the name of the program")
def host(world):
    tap.equal(world.taken_for(callers.host(world.session)), f"host {PROGRAM_NAME}")


@tap.case("WHO-04", "of the host in a unit, where there can be one: the unit's application")
def in_unit(world):
    units = {"app-gnome-org.example.My\\x2dReader-7.scope": "host org.example.My-Reader",
             "app-org.example.Reader@7.service": "host org.example.Reader",
             "other.service": f"host {PROGRAM_NAME}",
             "snap.example.app-7.scope": "sandboxed snap.example",
             "snap.Example.app-7.scope": UNIDENTIFIED}
    for unit, expected in units.items():
        if callers.has_cgroups():
            caller = callers.host(world.session, unit)
        else:
            caller, expected = callers.host(world.session), f"host {PROGRAM_NAME}"
        tap.equal(world.taken_for(caller), expected, unit)
        caller.close()


@tap.case("WHO-05", "without privileges too", privileged=False)
def without_privileges(world):
    tap.equal(world.taken_for(callers.sandboxed(world.session, "org.example.Reader")), READER)
    tap.equal(world.sandboxed(INFO), READER)


@tap.case("WHO-06", "a program of the user can forge an application's sandbox: that is no boundary")
def forged(world):
    tap.equal(world.taken_for(callers.forger(world.session, "org.example.Reader")), READER)


# Whom nobody knows


@tap.case("DB-03-ids", "a sandbox without a proper id: unidentified")
def bad_ids(world):
    for name in ("../../x", "", "org.example." + "a" * 300, "snap.example", "host/python3"):
        tap.equal(world.sandboxed(callers.INFO.format(app_id=name)), UNIDENTIFIED, name)
    for info in (callers.NOBODY, "", "org.example.Reader", INFO.encode() + b"\0", INFO + "broken"):
        tap.equal(world.sandboxed(info), UNIDENTIFIED, info)


@tap.case("DB-06-size", "/.flatpak-info of 64 KiB is read, a longer one is not: unidentified")
def sizes(world):
    def fill(size):
        return INFO + "#" * (size - len(INFO) - 1) + "\n"

    tap.equal(world.sandboxed(fill(MAX)), READER, "64 KiB")
    tap.equal(world.sandboxed(fill(MAX + 1)), UNIDENTIFIED, "a byte more")
    tap.equal(world.sandboxed(fill(10 * 1024 * 1024)), UNIDENTIFIED, "10 MB")


@tap.case("DB-06-kinds", "/.flatpak-info is no file but a FIFO or so: unidentified, at once")
def kinds(world):
    fifo = world.session.root / "fifo"
    os.mkfifo(fifo)
    good = world.session.root / "usual"
    good.write_text(INFO)
    tap.equal(world.sandboxed(through(good)), READER, "a file")
    tap.equal(world.sandboxed(through(fifo)), UNIDENTIFIED, "a FIFO that nobody writes to")
    # What was written stays in it for as long as somebody has it open.
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    fifo.write_text(INFO)
    tap.equal(world.sandboxed(through(fifo)), UNIDENTIFIED, "a FIFO with all of it in it")
    os.close(reader)
    tap.equal(world.sandboxed(["--dir", "/.flatpak-info"]), UNIDENTIFIED, "a folder")
    tap.equal(world.sandboxed(["--dev-bind", "/dev/zero", "/.flatpak-info"]), UNIDENTIFIED,
              "a device")


@tap.case("DB-06-link", "/.flatpak-info is a link to a good one: unidentified")
def link(world):
    good = world.session.root / "usual"
    good.write_text(INFO)
    tap.equal(world.sandboxed(["--ro-bind", good, "/usual", "--symlink", "usual",
                               "/.flatpak-info"]), UNIDENTIFIED)
    tap.equal(world.sandboxed(["--symlink", "nothing", "/.flatpak-info"]), UNIDENTIFIED,
              "a link to nothing")


@tap.case("DB-06-unreadable", "/.flatpak-info cannot be read: unidentified", privileged=False)
def unreadable(world):
    secret = world.session.root / "unreadable"
    secret.write_text(INFO)
    secret.chmod(0)
    tap.equal(world.sandboxed(through(secret)), UNIDENTIFIED)
    secret.chmod(0o400)
    tap.equal(world.sandboxed(through(secret)), READER, "when it can be read")


@tap.case("DB-06-root", "the caller's root cannot be looked at: unidentified", privileged=False)
def hidden_root(world):
    # The kernel shows nobody a process whose program cannot be read by whoever starts it: that is
    # env, without privileges already.
    program = world.session.root / "hidden"
    shutil.copyfile(pathlib.Path(callers.PYTHON).resolve(), program)
    environment = {"PYTHONHOME": "/usr"}
    argv = [*WITHOUT_PRIVILEGES, "env", program, callers.PROGRAM]
    unit = "app-org.example.Hidden-7.scope" if callers.has_cgroups() else None
    program.chmod(0o111)
    caller = callers.host(world.session, unit, argv, environment=environment)
    tap.equal(world.taken_for(caller), UNIDENTIFIED)
    caller.close()
    program.chmod(0o555)
    caller = callers.host(world.session, unit, argv, environment=environment)
    tap.equal(world.taken_for(caller), "host org.example.Hidden" if unit else "host hidden",
              "when it can be read")


@tap.case("WHO-07", "another user's, and what a bus says that cannot be: unidentified", told=True)
def other_user(world):
    bus = world.told_bus
    bus.say(world.start_program().pid)
    tap.equal(world.identifier.identify(":1.2"), "host sleep", "ours")
    good = dict(bus.credentials)
    asked = bus.count("GetConnectionUnixProcessID")
    changes = {"another user": {"UnixUserID": GLib.Variant("u", os.geteuid() + 1)},
               "no user": {"UnixUserID": None},
               "a user by name": {"UnixUserID": GLib.Variant("s", "root")},
               "no process": {"ProcessID": None},
               "process 0": {"ProcessID": GLib.Variant("u", 0)},
               "no number of a process": {"ProcessID": GLib.Variant("u", 2**32 - 1)},
               "a process by name": {"ProcessID": GLib.Variant("s", "1")}}
    for what, change in changes.items():
        bus.credentials = {name: value for name, value in {**good, **change}.items()
                           if value is not None}
        tap.equal(world.identifier.identify(":1.2"), UNIDENTIFIED, what)
    bus.credentials = None
    tap.equal(world.identifier.identify(":1.2"), UNIDENTIFIED, "an error")
    tap.equal(bus.count("GetConnectionUnixProcessID"), asked, "further questions")


@tap.case("WHO-08", "a snap: by the label that the kernel gave it", told=True)
def snaps(world):
    bus = world.told_bus
    pid = world.start_program().pid
    for label, expected in ((b"snap.example.app (enforce)\0", "sandboxed snap.example"),
                            (b"snap.example.app (complain)", "sandboxed snap.example"),
                            (b"snap.Example.app (enforce)\0", UNIDENTIFIED),
                            (b"snap.", UNIDENTIFIED),
                            (b"unconfined\0", "host sleep"),
                            (b"", "host sleep")):
        bus.say(pid, label=label)
        tap.equal(world.identifier.identify(":1.2"), expected, label)


# Who ends meanwhile


@tap.case("DB-05-ended", "the caller ends before or after the look at it: unidentified", told=True)
def ended(world):
    bus = world.told_bus
    for method in ("GetConnectionCredentials", "GetConnectionUnixProcessID"):
        program = world.start_program()
        bus.say(program.pid)
        bus.before = {method: lambda program=program: end(program)}
        tap.equal(world.identifier.identify(":1.2"), UNIDENTIFIED, f"at {method}")


@tap.case("DB-05-zombie", "the caller has ended and nobody has noticed: unidentified", told=True)
def zombie(world):
    program = world.start_program()
    world.told_bus.say(program.pid)
    program.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)
    tap.equal(world.identifier.identify(":1.2"), UNIDENTIFIED)


@tap.case("DB-05-left", "the connection is gone or another's afterwards: unidentified", told=True)
def left(world):
    bus = world.told_bus
    pid = world.start_program().pid
    for answer in (None, pid + 1, 0):
        bus.say(pid)
        bus.pid = answer
        tap.equal(world.identifier.identify(":1.2"), UNIDENTIFIED, answer)


@tap.case("DB-05-vanish", "sandboxed callers that vanish at any moment: never one of the host")
def vanish(world):
    seen = set()
    for _ in range(8):
        caller = callers.sandboxed(world.session, "org.example.Reader", proxy=False)
        name = caller.unique_name
        for _ in range(20):
            world.identifier.order("identify", name)
        caller.kill()
        for _ in range(20):
            world.identifier.order("identify", name)
        seen |= {world.identifier.answer()[1] for _ in range(40)}
    tap.check(UNIDENTIFIED in seen, f"some unidentified: {seen}")
    tap.check(seen <= {READER, UNIDENTIFIED}, f"none of the host: {seen}")
    tap.equal(world.identifier.identify(":1.99999"), UNIDENTIFIED, "nobody")


@tap.case("DB-06-recycled", "the caller's number is given to another process: unidentified")
def recycled(world):
    for step in ("before-look", "after-look"):
        folder = world.session.root / step
        folder.mkdir()
        done = subprocess.run(
            ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child",
             "--mount-proc", callers.PYTHON, RECYCLE, folder, step],
            env={**world.session.environment, "TIDIO_IDENTIFY": os.environ["TIDIO_IDENTIFY"]},
            capture_output=True, text=True, timeout=DEADLINE * 2, check=False)
        tap.equal(done.stdout, f"{UNIDENTIFIED} True\n", f"{step}: {done.stderr}")


# Kept for the next time


@tap.case("WHO-09", "one look for all who ask at once, and none for those who ask later", told=True)
def cached(world):
    bus = world.told_bus
    bus.say(world.start_program().pid)
    tap.equal(world.identifier.ask("peek", ":1.2"), "unknown", "before")
    for _ in range(5):
        world.identifier.order("lookup", ":1.2")
    tap.equal([world.identifier.answer() for _ in range(5)], [(":1.2", "host sleep")] * 5)
    tap.equal(bus.count("GetConnectionCredentials"), 1, "looks")
    messages = len(bus.calls)
    tap.equal(world.identifier.ask("peek", ":1.2"), "host sleep", "afterwards")
    tap.equal(world.identifier.ask("lookup", ":1.2"), "host sleep", "afterwards")
    tap.equal(len(bus.calls), messages, "messages to the bus")
    tap.equal(world.identifier.ask("lookup", ":1.3"), "host sleep", "another name")
    tap.equal(bus.count("GetConnectionCredentials"), 2, "looks")


@tap.case("WHO-10", "who could not be identified is looked at again", told=True)
def again(world):
    bus = world.told_bus
    bus.say(world.start_program().pid)
    bus.pid = None
    tap.equal(world.identifier.ask("lookup", ":1.2"), UNIDENTIFIED)
    tap.equal(world.identifier.ask("peek", ":1.2"), "unknown")
    bus.pid = bus.credentials["ProcessID"].unpack()
    tap.equal(world.identifier.ask("lookup", ":1.2"), "host sleep")


@tap.case("WHO-11", "who left the bus is forgotten, and only who left")
def forgotten(world):
    reader = callers.sandboxed(world.session, "org.example.Reader")
    other = callers.host(world.session)
    names = (reader.unique_name, other.unique_name)
    tap.equal(world.identifier.ask("lookup", names[0]), READER)
    tap.equal(world.identifier.ask("lookup", names[1]), f"host {PROGRAM_NAME}")
    reader.kill()
    # The bus tells who left before it answers a later question.
    tap.equal(world.identifier.identify(names[0]), UNIDENTIFIED)
    tap.equal(world.identifier.ask("peek", names[0]), "unknown")
    tap.equal(world.identifier.ask("peek", names[1]), f"host {PROGRAM_NAME}")


if __name__ == "__main__":
    tap.main(lambda **options: IdentityWorld(**options))
