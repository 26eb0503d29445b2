# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program that identifies callers (identify.c), and a bus that says of them what it is told."""

import os
import subprocess

from gi.repository import Gio, GLib

from harness.broker import SLOW
from harness.procs import WITHOUT_PRIVILEGES

DEADLINE = 20.0 * SLOW
PROGRAM = os.environ.get("TIDIO_IDENTIFY", "/bin/false")


class Identifier:
    """Its answers are lines of trust and id. `address`: of another bus than the session's;
    `privileged`: as root, if the tests are root's."""

    def __init__(self, spawn, address=None, privileged=True):
        self.context = GLib.MainContext.default()
        self.lines = []
        self.rest = ""
        environment = {} if address is None else {"DBUS_SESSION_BUS_ADDRESS": address}
        argv = [PROGRAM] if privileged else [*WITHOUT_PRIVILEGES, PROGRAM]
        self.process = spawn("identify", argv, environment, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, self.process.stdout.fileno(),
                              GLib.IOCondition.IN | GLib.IOCondition.HUP, self._read)

    def _read(self, descriptor, _condition):
        data = os.read(descriptor, 65536).decode()
        *lines, self.rest = (self.rest + data).split("\n")
        self.lines += lines
        return bool(data)

    def order(self, what, name):
        self.process.stdin.write(f"{what} {name}\n".encode())
        self.process.stdin.flush()

    def answer(self):
        """(name, "TRUST ID") of the next line."""
        late = []
        source = GLib.timeout_source_new(int(DEADLINE * 1000))
        source.set_callback(lambda *_: late.append(True) or False)
        source.attach(self.context)
        while not self.lines and not late:
            self.context.iteration(True)
        source.destroy()
        if not self.lines:
            raise TimeoutError(f"no answer within {DEADLINE} s")
        name, _space, application = self.lines.pop(0).partition(" ")
        return name, application.rstrip()

    def ask(self, what, name):
        self.order(what, name)
        return self.answer()[1]

    def identify(self, name):
        return self.ask("identify", name)

    def end(self):
        """Its exit status."""
        self.process.stdin.close()
        return self.process.wait(DEADLINE)


class ToldBus:
    """`credentials` (GVariants by their names) and `pid` (a number) are what it says of every
    connection; None is an error. `before`: by method, what is done before it answers. `calls`
    grows."""

    INTERFACE = Gio.DBusNodeInfo.new_for_xml("""<node><interface name="org.freedesktop.DBus">
      <method name="Hello"><arg type="s" direction="out"/></method>
      <method name="AddMatch"><arg type="s" direction="in"/></method>
      <method name="RemoveMatch"><arg type="s" direction="in"/></method>
      <method name="GetConnectionCredentials"><arg type="s" direction="in"/>
        <arg type="a{sv}" direction="out"/></method>
      <method name="GetConnectionUnixProcessID"><arg type="s" direction="in"/>
        <arg type="u" direction="out"/></method>
    </interface></node>""").interfaces[0]

    def __init__(self, folder):
        self.credentials = {}
        self.pid = None
        self.before = {}
        self.calls = []
        self.guests = []
        self.server = Gio.DBusServer.new_sync(f"unix:path={os.fspath(folder)}/told-bus",
                                              Gio.DBusServerFlags.NONE, Gio.dbus_generate_guid(),
                                              None, None)
        self.server.connect("new-connection", self._welcome)
        self.server.start()
        self.address = self.server.get_client_address()

    def say(self, pid, uid=None, label=None):
        """What a bus says of a process of this user."""
        self.pid = pid
        self.credentials = {"ProcessID": GLib.Variant("u", pid),
                            "UnixUserID": GLib.Variant("u", os.geteuid() if uid is None else uid)}
        if label is not None:
            self.credentials["LinuxSecurityLabel"] = GLib.Variant("ay", label)

    def count(self, method):
        return self.calls.count(method)

    def _welcome(self, _server, connection):
        self.guests.append(connection)
        connection.register_object("/org/freedesktop/DBus", self.INTERFACE, self._answer, None,
                                   None)
        return True

    def _answer(self, _connection, _sender, _path, _interface, method, _arguments, invocation):
        self.calls.append(method)
        self.before.get(method, lambda: None)()
        answer = {"Hello": ":1.1", "AddMatch": (), "RemoveMatch": (),
                  "GetConnectionCredentials": self.credentials,
                  "GetConnectionUnixProcessID": self.pid}[method]
        if answer is None:
            invocation.return_dbus_error("org.freedesktop.DBus.Error.NameHasNoOwner", "no owner")
        elif answer == ():
            invocation.return_value(None)
        else:
            kind = {"Hello": "(s)", "GetConnectionCredentials": "(a{sv})",
                    "GetConnectionUnixProcessID": "(u)"}[method]
            invocation.return_value(GLib.Variant(kind, (answer,)))

    def close(self):
        self.server.stop()
