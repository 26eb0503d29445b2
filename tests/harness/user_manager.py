# SPDX-License-Identifier: LGPL-2.1-or-later
"""A session whose bus and broker are started by a systemd of its own, as on a desktop.

That needs root: the systemd has a cgroup of its own and sees no other (it would move to a place of
its choice whatever it finds beside itself), and a /run of its own, which says that the computer
was started by systemd.
"""

import os
import pathlib
import socket
import subprocess

from harness.bus import Bus
from harness.bus_watch import BusWatch
from harness.session import BUS_CONFIG, DEADLINE, Session, wait_until

SYSTEMD = "/lib/systemd/systemd"
STOCK = ("basic.target", "shutdown.target", "exit.target", "systemd-exit.service", "sockets.target",
         "timers.target", "paths.target", "app.slice", "session.slice", "background.slice")

# The first shell stays outside and cleans up; the arguments are the name of the cgroup and a file of
# certificates to be trusted, besides the program and what it is given.
START = r"""
name=$1 trusted=$2
shift 2
mount -t cgroup2 cgroup2 /sys/fs/cgroup
here=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/$name
mkdir "$here"
trap : TERM
(
  sh -c 'echo $PPID' > "$here/cgroup.procs"
  exec unshare --mount --cgroup sh -ec '
    umount /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    mount -t tmpfs tmpfs /run
    mkdir -p /run/systemd/system
    mount --bind "$0" /etc/ssl/certs/ca-certificates.crt
    exec "$@"' "$trusted" "$@"
) &
child=$!
wait $child || kill -TERM $child && wait $child || :
find "$here" -depth -type d -exec rmdir {} +
"""

SOCKET = """[Unit]
DefaultDependencies=no
[Socket]
ListenStream=%t/bus
"""
BUS_SERVICE = """[Unit]
DefaultDependencies=no
Requires=dbus.socket
[Service]
Type=notify
ExecStart=dbus-daemon --config-file={config} --nofork --nopidfile --address=systemd: --systemd-activation
StandardError=append:{log}
"""
DEFAULT_TARGET = """[Unit]
DefaultDependencies=no
Requires=dbus.socket
After=dbus.socket
"""
DROP_IN = """[Service]
StandardOutput=append:{log}
StandardError=append:{log}
"""
ACTIVATION = """[D-BUS Service]
Name=org.tidio.Auth
Exec=/bin/false
SystemdService=tidio-auth.service
"""


def is_possible():
    """Whether a systemd can be given what it needs."""
    probe = "mount -t cgroup2 cgroup2 /sys/fs/cgroup && test -w /sys/fs/cgroup"
    return os.geteuid() == 0 and os.access(SYSTEMD, os.X_OK) and subprocess.run(
        ["unshare", "--mount", "--cgroup", "sh", "-c", probe], capture_output=True,
        check=False).returncode == 0


def unit_text(program):
    """The installed unit, but with the program that was built."""
    path = pathlib.Path(os.environ["MESON_BUILD_ROOT"]) / "data/tidio-auth.service"
    lines = path.read_text().splitlines(keepends=True)
    return "".join(f"ExecStart={program}\n" if line.startswith("ExecStart=") else line
                   for line in lines)


def listens(path):
    """Whether somebody does at that socket: it is there a moment earlier."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


class ManagedSession(Session):
    """`trusted`: a function of the session that makes a file of certificates; `environment` is
    everybody's, the broker's too."""

    def __init__(self, trusted, **options):
        super().__init__(**options)
        self.trusted = trusted

    def _write_units(self):
        units = self.root / "units"
        units.mkdir()
        for name in STOCK:
            (units / name).symlink_to(f"/usr/lib/systemd/user/{name}")
        services = self.root / "share/dbus-1/services"
        config = self.root / "bus.conf"
        config.write_text(BUS_CONFIG.format(socket=self.root / "run/bus", services=services))
        (services / "org.tidio.Auth.service").write_text(ACTIVATION)
        (units / "dbus.socket").write_text(SOCKET)
        (units / "dbus.service").write_text(
            BUS_SERVICE.format(config=config, log=self.root / "logs/dbus-daemon"))
        (units / "default.target").write_text(DEFAULT_TARGET)
        (units / "tidio-auth.service").write_text(unit_text(self.program))
        drop_in = units / "tidio-auth.service.d"
        drop_in.mkdir()
        (drop_in / "log.conf").write_text(DROP_IN.format(log=self.root / "logs/broker-unit"))
        return units

    def _start_bus(self):
        units = self._write_units()
        self.environment["SYSTEMD_UNIT_PATH"] = str(units)
        self.manager = self.spawn(
            "systemd", ["unshare", "--mount", "sh", "-ec", START, "sh", self.root.name,
                        self.trusted(self), SYSTEMD, "--user", "--log-target=console"])
        path = self.root / "run/bus"
        wait_until(lambda: listens(path) or self.manager.poll() is not None, DEADLINE,
                   "systemd to listen for the bus")
        self.bus = Bus(self.environment["DBUS_SESSION_BUS_ADDRESS"])
        self.buses.append(self.bus)
        self.watches.append(BusWatch(path))

    def systemctl(self, *arguments):
        """What it prints."""
        done = subprocess.run(["systemctl", "--user", *arguments], env=self.environment,
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"systemctl {' '.join(arguments)}: {done.stderr}{done.stdout}")
        return done.stdout

    def property(self, name, unit="tidio-auth.service"):
        return self.systemctl("show", "--value", "-p", name, unit).strip()
