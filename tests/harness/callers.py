# SPDX-License-Identifier: LGPL-2.1-or-later
"""Callers of the broker that are programs of their own, of each class that it tells apart.

    caller = callers.sandboxed(world.session, "org.example.Reader")     # as Flatpak runs it
    caller = callers.sandboxed(world.session, info="[Runtime]\\n")       # nobody knows who it is
    caller = callers.unidentified(world.session)                        # the same
    caller = callers.host(world.session)
    caller = callers.host(world.session, unit="app-org.example.Reader-7.scope")

A caller is used like a Bus (call, get, get_all, set, record, wait_for, unique_name ...), so
`callers.broker(world.session, caller)` is a whole Broker whose calls come from that program:

    reader = callers.broker(world.session, callers.sandboxed(world.session, "org.example.Reader"))
    expect_error("NotAuthorized", reader.get_token)
    signals = reader.bus.record(NAME)           # what it is shown, from now on
    reader.bus.call(NAME, PATH, "org.freedesktop.DBus.Introspectable", "Introspect")
    reader.bus.kill()                           # it vanishes, whatever it waits for

Each has one connection to the bus for as long as it runs; it ends with the session or by close().
What file descriptors in an answer lead to is read to its end, into `files` of the call.

A sandboxed program has the system read-only, folders of its own, and `/.flatpak-info`. Its bus is
xdg-dbus-proxy, which lets it talk to the broker only and runs in a sandbox too, of the whole file
system and the same `/.flatpak-info`: that is how Flatpak does it, and it is the proxy's process
that the bus knows as the caller's. With `proxy=False` it is at the bus itself. It works for every
user who may make user namespaces.

How it is driven: one JSON object per line, `do` an order on its standard input, and what came of it
with the same `number` on its standard output. Values are pairs of a D-Bus type and GVariant text.
"""

import contextlib
import itertools
import json
import os
import pathlib
import subprocess

from gi.repository import GLib

from harness import broker as brokers
from harness.bus import Bus, BusError, Pending
from harness.session import end
from harness.variants import unpack

PROGRAM = pathlib.Path(__file__).resolve().parent / "caller.py"
PYTHON = "/usr/bin/python3"
DEADLINE = 20.0 * brokers.SLOW
INFO = """[Application]
name={app_id}
runtime=runtime/org.example.Platform/x86_64/1

[Instance]
instance-id=1
"""
NOBODY = "[Runtime]\nruntime=runtime/org.example.Platform/x86_64/1\n"

# Its arguments: a folder to mount at, the cgroup's name below our own, the program. For others the
# program stays where it was: the mount is its own.
IN_CGROUP = """
mount -t cgroup2 cgroup2 "$1"
here=$1$(sed -n 's/^0:://p' /proc/self/cgroup)/$2
mkdir -p "$here"
echo $$ > "$here/cgroup.procs"
shift 2
exec "$@"
"""
REMOVE_CGROUP = """
mount -t cgroup2 cgroup2 "$1"
cd "$1$(sed -n 's/^0:://p' /proc/self/cgroup)"
rmdir -p "$2"
"""
_numbers = itertools.count(1)


class _Order(Pending):
    """A call that the program was told to make. `files`: the texts that came with the answer."""

    files = ()

    def take(self, answer):
        if "error" in answer:
            self.error = BusError(*answer["error"])
        else:
            self.value = unpack(_variant(answer["value"]))
            self.files = answer.get("files", [])
        self.done = True


class Caller(Bus):
    """`argv`: runs PROGRAM, in whatever; `at_end`: called when it has ended."""

    # It is the program that has a connection.
    # pylint: disable-next=super-init-not-called
    def __init__(self, session, argv, at_end=lambda: None, **options):
        self.session = session
        self.context = GLib.MainContext.default()
        self.connection = None
        self.name = ""
        self.numbers = itertools.count(1)
        self.takers = {}
        self.rest = b""
        self.at_end = at_end
        self.process = session.spawn(f"caller-{next(_numbers)}", argv, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, **options)
        session.buses.append(self)
        self.watch = GLib.unix_fd_add_full(
            GLib.PRIORITY_DEFAULT, self.process.stdout.fileno(),
            GLib.IOCondition.IN | GLib.IOCondition.HUP, self._read)
        self.wait_for(lambda: self.name or self.watch is None, DEADLINE, "a caller on the bus")
        if not self.name:
            raise RuntimeError("the caller ended before it was on the bus")

    @property
    def unique_name(self):
        return self.name

    def start_call(self, name, path, interface, method, arguments=None, deadline=60.0, files=()):
        """`files`: texts, of which the call has a file descriptor each."""
        # It is a Bus that can do more.
        # pylint: disable=arguments-differ
        order = _Order(self)
        number = self._expect(order.take)
        self._tell(do="call", number=number, target=[name, path, interface, method],
                   arguments=_text(arguments), timeout=int(deadline * 1000), files=files)
        return order

    def record(self, sender):
        signals = []
        number = self._expect(lambda answer: signals.append(
            (*answer["signal"], _variant(answer["value"]).unpack())))
        self._tell(do="record", number=number, sender=sender)
        # The bus has the match rule once it answers the next call.
        self.owner(sender)
        return signals

    def forge(self, destination, first, last, body):
        """Sends answers to calls with these serials that somebody else made to others."""
        order = _Order(self)
        number = self._expect(order.take)
        self._tell(do="forge", number=number, destination=destination, first=first, last=last,
                   value=_text(body))
        order.result(DEADLINE)

    def kill(self):
        """It is gone from the bus, in the middle of whatever it did."""
        self.process.kill()
        self.close()
        self.session.bus.wait_for(lambda: not self.session.bus.owner(self.name), DEADLINE,
                                  "the caller to leave the bus", poll=True)

    def close(self):
        if self.process.stdin.closed:
            return
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        end(self.process)
        if self.watch is not None:
            GLib.source_remove(self.watch)
            self.watch = None
        self.process.stdout.close()
        self.at_end()

    def _expect(self, take):
        number = next(self.numbers)
        self.takers[number] = take
        return number

    def _tell(self, **order):
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()

    def _read(self, descriptor, _condition):
        data = os.read(descriptor, 65536)
        if not data:
            self.watch = None
            return False
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            answer = json.loads(line)
            if "hello" in answer:
                self.name = answer["hello"]
            else:
                self.takers[answer["number"]](answer)
        return True


def _text(variant):
    return None if variant is None else [variant.get_type_string(), variant.print_(True)]


def _variant(pair):
    kind, text = pair
    return GLib.Variant.parse(GLib.VariantType(kind), text)


def broker(session, caller):
    """The broker, as that caller calls it."""
    return brokers.Broker(session, bus=caller)


# Those without a sandbox


def host(session, unit=None, argv=(PYTHON, PROGRAM), **options):
    """A program of the host. `unit`: the systemd unit that its cgroup stands for, if there can be
    one here, see has_cgroups()."""
    if unit is None:
        return Caller(session, argv, **options)
    folder = session.root / f"cgroup-{next(_numbers)}"
    folder.mkdir()
    where = f"{session.root.name}.slice/user@{os.getuid()}.service/app.slice/{unit}"

    def remove():
        _in_mounts(REMOVE_CGROUP, folder, where, check=True)

    return Caller(session, ["unshare", "--mount", "sh", "-ec", IN_CGROUP, "sh", folder, where,
                            *argv], at_end=remove, **options)


def has_cgroups():
    """Whether cgroups can be made: root can, where the hierarchy is not read-only."""
    probe = 'mount -t cgroup2 cgroup2 "$1" && test -w "$1"'
    return os.geteuid() == 0 and _in_mounts(probe, "/mnt").returncode == 0


def _in_mounts(script, *arguments, check=False):
    return subprocess.run(["unshare", "--mount", "sh", "-ec", script, "sh", *map(str, arguments)],
                          capture_output=True, check=check)


def forger(session, app_id="org.example.App"):
    """A program of the host that passes itself off as a sandboxed one: nothing is kept from it."""
    with _info_arguments(INFO.format(app_id=app_id)) as (arguments, descriptors):
        return Caller(session, ["bwrap", *_whole_root(session), *arguments, "--", PYTHON, PROGRAM],
                      pass_fds=descriptors)


# Those in one


def sandboxed(session, app_id="org.example.App", info=None, proxy=True, talk=(brokers.NAME,),
              show=()):
    """A program as Flatpak runs it. `info`: instead of what /.flatpak-info says of the id, its text
    or arguments for bwrap; `show`: folders it can read besides the system's."""
    info = INFO.format(app_id=app_id) if info is None else info
    path = session.root / "run/bus"
    line = None
    if proxy:
        path, line = _start_proxy(session, info, talk)
    with _info_arguments(info) as (arguments, descriptors):
        argv = ["bwrap", *_own_root(session, path, show), *arguments, "--", PYTHON, PROGRAM]
        try:
            return Caller(session, argv, pass_fds=descriptors,
                          at_end=line.close if line else lambda: None)
        except BaseException:
            if line:
                line.close()
            raise


def unidentified(session, **options):
    """A sandbox that does not say whose it is."""
    return sandboxed(session, info=NOBODY, **options)


@contextlib.contextmanager
def _info_arguments(info):
    """What makes /.flatpak-info, and the descriptors that bwrap is to inherit for it."""
    if not isinstance(info, (str, bytes)):
        yield list(info), []
        return
    with open(os.memfd_create("flatpak-info"), "wb") as file:
        file.write(info.encode() if isinstance(info, str) else info)
        file.flush()
        file.seek(0)
        yield ["--perms", "0600", "--file", file.fileno(), "/.flatpak-info"], [file.fileno()]


def _start_proxy(session, info, talk):
    """Where it listens, and what keeps it: it ends when that is closed."""
    path = session.root / "run" / f"proxy-{next(_numbers)}"
    ours, its = os.pipe()
    # The proxy watches its end for ours being closed; it writes when it listens.
    with _info_arguments(info) as (arguments, descriptors), open(its, "wb") as written:
        session.spawn(path.name,
                      ["bwrap", *_whole_root(session), *arguments, "--", "xdg-dbus-proxy",
                       f"--fd={its}", session.environment["DBUS_SESSION_BUS_ADDRESS"], path,
                       "--filter", *(f"--talk={name}" for name in talk)],
                      pass_fds=[its, *descriptors])
        written.flush()
    line = open(ours, "rb", buffering=0)
    if not line.read(1):
        line.close()
        raise RuntimeError("xdg-dbus-proxy did not start")
    return path, line


def _whole_root(session):
    """A new root with all that stands in the old one."""
    argv = ["--unshare-user", "--die-with-parent"]
    for entry in sorted(os.scandir("/"), key=lambda entry: entry.name):
        if entry.is_symlink():
            argv += ["--symlink", os.readlink(entry.path), entry.path]
        elif entry.is_dir():
            argv += ["--bind", entry.path, entry.path]
    return [*argv, "--bind", session.root, session.root]


def _own_root(session, bus, show):
    """A new root with the system, and a home, a /tmp and a /run of its own."""
    argv = ["--unshare-user", "--unshare-pid", "--die-with-parent", "--proc", "/proc", "--dev",
            "/dev", "--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc"]
    for name in ("bin", "lib", "lib32", "lib64", "sbin"):
        if os.path.islink(f"/{name}"):
            argv += ["--symlink", os.readlink(f"/{name}"), f"/{name}"]
        elif os.path.isdir(f"/{name}"):
            argv += ["--ro-bind", f"/{name}", f"/{name}"]
    argv += ["--tmpfs", "/tmp", "--tmpfs", "/run"]
    for name in ("home", "config", "data", "state", "cache", "tmp", "run"):
        argv += ["--dir", session.root / name]
    for folder in (PROGRAM.parent, *show):
        argv += ["--ro-bind", folder, folder]
    return [*argv, "--bind", bus, session.root / "run/bus", "--chdir", session.root]
