# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program as `meson install` leaves it, and a session that finds it there."""

import contextlib
import os
import pathlib
import signal
import subprocess

from harness import browser, tap
from harness.broker import NAME, Broker
from harness.bus import BUS, BUS_PATH, Bus, BusError
from harness.servers import Server
from harness.session import Session, wait_until

# The bus looks for services where the environment says, as in a session of a desktop.
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <standard_session_servicedirs/>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
DEADLINE = 60


def run(*argv):
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("DESTDIR", "CFLAGS", "LDFLAGS")}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, errors="replace",
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)} failed:\n{done.stdout[-8000:]}\n{done.stderr}")
    return done.stdout


def install(source, folder):
    """Configures, builds and installs it without its tests; the prefix."""
    prefix = pathlib.Path(folder) / "prefix"
    build = pathlib.Path(folder) / "build"
    run("meson", "setup", f"--prefix={prefix}", "--libdir=lib", "--buildtype=debug",
        "-Dtests=false", str(build), str(source))
    run("meson", "install", "-C", str(build))
    return prefix


class InstalledSession(Session):
    def __init__(self, prefix):
        super().__init__()
        program, self.browser_notes = browser.install(self)
        (self.root / "work").mkdir()
        self.environment.update({
            "PATH": f"{prefix / 'bin'}:/usr/bin:/bin",
            "XDG_DATA_DIRS": f"{prefix / 'share'}:/usr/share",
            "BROWSER": str(program),
        })

    def _start_bus(self):
        config = self.root / "bus.conf"
        config.write_text(BUS_CONFIG.format(socket=self.root / "run/bus"))
        process = self.spawn("dbus-daemon", ["dbus-daemon", f"--config-file={config}", "--nofork",
                                             "--nopidfile", "--print-address"],
                             stdout=subprocess.PIPE)
        address = process.stdout.readline().decode().strip()
        process.stdout.close()
        if not address:
            raise RuntimeError("dbus-daemon did not start")
        self.bus = Bus(address)
        self.buses.append(self.bus)

    def activated(self):
        """The processes that the bus started: the broker, and what the desktop has for others. They
        are no children of ours."""
        ours = {os.getpid(), *(process.pid for process in self.processes)}
        found = set()
        for name in self.bus.call(BUS, BUS_PATH, BUS, "ListNames")[0]:
            with contextlib.suppress(BusError):
                found.add(self.bus.process_of(name))
        return found - ours

    def close(self):
        """Not all of them end with their bus. A broker that still runs when the keyring ends has the
        bus start another one, which would be left behind."""
        pids = ()
        with contextlib.suppress(BusError):
            pids = self.activated() if self.bus is not None else ()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        for pid in pids:
            wait_until(lambda pid=pid: not pathlib.Path(f"/proc/{pid}").exists(), DEADLINE,
                       f"process {pid} to end")
        super().close()


class Desk:
    """A user's desk: the installed programs, and the sandbox as its provider if wanted."""

    def __init__(self, prefix, sandbox=False, language=None):
        self.prefix = prefix
        self.session = self.make_session()
        if language is not None:
            self.session.environment["LANGUAGE"] = language
        self.broker = Broker(self.session)
        self.with_sandbox = sandbox
        self.server = None

    def make_session(self):
        return InstalledSession(self.prefix)

    def __enter__(self):
        self.session.__enter__()
        try:
            if self.with_sandbox:
                self._start_sandbox()
        except BaseException:
            self.session.close()
            raise
        return self

    def __exit__(self, *_):
        try:
            self.stop_broker()
        finally:
            self.session.close()

    def _start_sandbox(self):
        os.environ["TIDIO_AUTH_SANDBOX"] = str(self.prefix / "bin/tidio-auth-sandbox")
        # The harness reads what it prints, in English.
        language = self.session.environment.pop("LANGUAGE", "")
        self.server = Server(self.session)
        self.session.environment["LANGUAGE"] = language
        self.session.write_provider("sandbox", self.server.provider_printed())

    def stop_broker(self):
        """The bus started it, so it is not our child."""
        bus = self.session.bus
        if bus.owner(NAME):
            os.kill(bus.process_of(NAME), signal.SIGTERM)
            bus.wait_for(lambda: not bus.owner(NAME), DEADLINE, "the broker to end", poll=True)

    def shell(self, text, merge=False, data=None, **environment):
        """Runs commands as the user would; (exit code, stdout, with `merge` stderr too)."""
        if self.server is not None:
            text = text.replace("8700", str(self.server.port))
        done = subprocess.run(
            ["sh", "-eu", "-c", text], cwd=self.session.root / "work", input=data,
            env={**self.session.environment, **environment}, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge else subprocess.PIPE, text=True, errors="replace",
            timeout=DEADLINE, check=False)
        if done.returncode != 0 and not merge:
            raise tap.Failure(f"the command failed with {done.returncode}:\n{text}\n"
                              f"{done.stdout}\n{done.stderr}")
        return done.returncode, done.stdout

    def logs(self):
        return self.session.last_logs()
