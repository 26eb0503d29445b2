# SPDX-License-Identifier: LGPL-2.1-or-later
"""A throw-away desktop session: directories, message bus and keyring of its own.

Nothing of the session the tests run in is used: home, XDG directories, bus address and keyring are
new, and all of it goes when the session ends. The bus knows one activatable service, the broker.
"""

import atexit
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from harness.bus import Bus
from harness.bus_watch import BusWatch
from harness.keyring import Keyring
from harness.tap import end_with_parent

# What the broker is started with in front, such as valgrind: for tests/valgrind.
WRAPPER = os.environ.get("TIDIO_TEST_WRAPPER", "").split()
PASSWORD = "keyring password"
DEADLINE = 20.0

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""

SERVICE = """[D-BUS Service]
Name=org.tidio.Auth
Exec={program}
"""

PASSED_THROUGH = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "MALLOC_PERTURB_",
                  "MESON_BUILD_ROOT", "TIDIO_AUTHD", "TIDIO_AUTH", "TIDIO_AUTH_SANDBOX")


class Session:
    """A session; `keyring` is "unlocked", "locked" (there is none yet, and no one to ask), "faulty"
    (see tests/faults) or "none"."""

    bus_config = BUS_CONFIG

    def __init__(self, program=None, keyring="unlocked", environment=None):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="tidio-auth-"))
        self.processes = []
        self.buses = []
        self.watches = []
        self.bus = None
        self.keyring = None
        # For an end from inside a callback of the main loop, which unwinds nothing.
        atexit.register(self.close)
        self.program = program or os.environ.get("TIDIO_AUTHD", "/bin/false")
        self.keyring_kind = keyring
        self._make_directories()
        self.environment = self._make_environment()
        self.environment.update(environment or {})

    def __enter__(self):
        try:
            self._start_bus()
            if self.keyring_kind != "none":
                self.start_keyring()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _make_directories(self):
        for name in ("home", "config/tidio-auth/providers", "data/keyrings", "state", "cache",
                     "tmp", "share/dbus-1/services", "logs"):
            (self.root / name).mkdir(parents=True)
        (self.root / "run").mkdir(mode=0o700)

    def _make_environment(self):
        environment = {name: os.environ[name] for name in PASSED_THROUGH if name in os.environ}
        environment.update({
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
            "XDG_CONFIG_HOME": str(self.root / "config"),
            "XDG_DATA_HOME": str(self.root / "data"),
            "XDG_STATE_HOME": str(self.root / "state"),
            "XDG_CACHE_HOME": str(self.root / "cache"),
            "XDG_RUNTIME_DIR": str(self.root / "run"),
            "XDG_DATA_DIRS": f"{self.root / 'share'}:/usr/share",
            "XDG_CONFIG_DIRS": str(self.root / "etc"),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.root / 'run/bus'}",
            "G_DEBUG": "fatal-warnings",
            # Another one throws C++ exceptions, which a sanitized C program does not survive.
            "GIO_USE_PROXY_RESOLVER": "dummy",
            "GIO_USE_VFS": "local",
            "GSETTINGS_BACKEND": "memory",
            "NO_AT_BRIDGE": "1",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
        })
        return environment

    def spawn(self, name, argv, environment=None, **options):
        """Starts a program of this session; its output is kept in the log of that name."""
        log = open(self.root / "logs" / name, "ab")
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", log)
        options.setdefault("preexec_fn", end_with_parent)
        process = subprocess.Popen([str(word) for word in argv], stderr=log, cwd=self.root,
                                   env={**self.environment, **(environment or {})}, **options)
        log.close()
        self.processes.append(process)
        return process

    def _start_bus(self):
        services = self.root / "share/dbus-1/services"
        (services / "org.tidio.Auth.service").write_text(SERVICE.format(
            program=" ".join([*WRAPPER, str(self.program)])))
        self.bus = self.start_bus("bus")
        self.watches.append(BusWatch(self.root / "run/bus"))

    def start_bus(self, name):
        """A message bus, the session's own or one more; a connection to it."""
        services = self.root / "share/dbus-1/services"
        config = self.root / f"{name}.conf"
        config.write_text(self.bus_config.format(socket=self.root / "run" / name, services=services))
        process = self.spawn(f"dbus-daemon-{name}",
                             ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile",
                              "--print-address"], stdout=subprocess.PIPE)
        address = process.stdout.readline().decode().strip()
        process.stdout.close()
        if not address:
            raise RuntimeError("dbus-daemon did not start")
        bus = Bus(address)
        self.buses.append(bus)
        return bus

    def kill_bus(self):
        """The session's bus is gone, and with it every connection to it."""
        process = next(one for one in self.processes if one.args[0] == "dbus-daemon")
        process.kill()
        process.wait()
        self.processes.remove(process)

    def revive_bus(self):
        """A new bus at the same address, with the keyring on it."""
        (self.root / "run/bus").unlink()
        self._start_bus()
        self.start_keyring()

    def start_keyring(self, locked=None):
        """Starts the keyring and waits until it is on the bus."""
        if self.keyring_kind == "faulty":
            self.keyring = self._start_faulty_keyring()
            return
        locked = self.keyring_kind == "locked" if locked is None else locked
        argv = ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
        if not locked:
            argv.append("--unlock")
        process = self.spawn("gnome-keyring", argv, {"G_DEBUG": ""}, stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL)
        process.stdin.write(b"" if locked else PASSWORD.encode())
        process.stdin.close()
        self.bus.wait_for_name("org.freedesktop.secrets", DEADLINE)
        self.keyring = Keyring(self.bus)
        self.keyring.process = process
        if not locked:
            self.bus.wait_for(lambda: self.keyring.default() != "/", DEADLINE,
                              "the keyring's default collection", poll=True)

    def _start_faulty_keyring(self):
        from harness.faulty_keyring import FaultyKeyring
        return FaultyKeyring(self)

    def stop_keyring(self):
        end(self.keyring.process)
        self.bus.wait_for(lambda: not self.bus.owner("org.freedesktop.secrets"), DEADLINE,
                          "the keyring to leave the bus", poll=True)
        self.keyring = None

    def new_bus(self):
        """Another connection, that is: another caller."""
        return Bus(self.environment["DBUS_SESSION_BUS_ADDRESS"])

    def write_provider(self, provider, text):
        path = self.root / "config/tidio-auth/providers" / f"{provider}.conf"
        draft = path.with_suffix(".new")
        draft.write_text(text)
        draft.rename(path)
        return path

    def log(self, name):
        path = self.root / "logs" / name
        return path.read_text(errors="replace") if path.exists() else ""

    def logs(self):
        parts = []
        for path in sorted((self.root / "logs").glob("*")):
            lines = path.read_text(errors="replace")[-8000:].splitlines()
            # What dbus-daemon says where it may not raise its own limits.
            text = "\n".join(line for line in lines if "Failed to set fd limit" not in line)
            if text.strip():
                parts.append(f"--- {path.name}\n{text}")
        return "\n".join(parts)

    def close(self):
        atexit.unregister(self.close)
        self._last_logs = self.logs()
        for process in reversed(self.processes):
            end(process)
        for bus in self.buses + self.watches:
            bus.close()
        # A browser's last child may still write.
        wait_until(self._is_gone, 5, f"{self.root} to be removed")

    def _is_gone(self):
        shutil.rmtree(self.root, ignore_errors=True)
        return not self.root.exists()

    def last_logs(self):
        return getattr(self, "_last_logs", None) or self.logs()


def end(process, deadline=10.0):
    """Ends a program that we started."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(deadline)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


def wait_until(predicate, deadline, what):
    """For what no event tells: looks often, and not longer than the deadline."""
    limit = time.monotonic() + deadline
    while True:
        result = predicate()
        if result:
            return result
        if time.monotonic() > limit:
            raise TimeoutError(f"waited {deadline} s for {what}")
        time.sleep(0.01)
