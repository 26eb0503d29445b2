#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A keyring of one message bus, lent to another.

`secrets_relay.py ADDRESS` owns org.freedesktop.secrets on the session bus and passes every call on
to the owner of that name on the bus at ADDRESS, and its signals back: what two sessions of one user
see who share a keyring. To the keyring all callers are one.
"""

import sys

from gi.repository import Gio, GLib

from secret_store import FAULTS, NAME, ROOT, XML

PATIENCE = 300_000


class Relay:
    def __init__(self, address):
        flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                 | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
        self.keyring = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        node = Gio.DBusNodeInfo.new_for_xml(XML)
        self.interfaces = [info for info in node.interfaces if info.name != FAULTS]
        self.paths = set()
        self.register(ROOT)
        self.keyring.signal_subscribe(NAME, None, None, None, None, Gio.DBusSignalFlags.NONE,
                                      self.on_signal)

    def register(self, path):
        """Stands for that object from now on. Which kind it is only the keyring knows."""
        if path in self.paths or not path.startswith(ROOT):
            return
        self.paths.add(path)
        for info in self.interfaces:
            self.bus.register_object(path, info, self.on_call, None, None)

    def learn(self, value):
        """Every object that is named anywhere in what the keyring said."""
        kind = value.get_type_string()
        if kind == "o":
            self.register(value.get_string())
        elif value.is_container() and ("o" in kind or "v" in kind):
            for index in range(value.n_children()):
                self.learn(value.get_child_value(index))

    def on_call(self, _bus, _sender, path, interface, method, parameters, invocation):
        self.keyring.call(NAME, path, interface, method, parameters, None,
                          Gio.DBusCallFlags.NONE, PATIENCE, None, self.on_answer, invocation)

    def on_answer(self, keyring, result, invocation):
        try:
            answer = keyring.call_finish(result)
        except GLib.Error as error:
            name = Gio.DBusError.get_remote_error(error) or "org.freedesktop.DBus.Error.Failed"
            Gio.DBusError.strip_remote_error(error)
            invocation.return_dbus_error(name, error.message)
            return
        self.learn(answer)
        invocation.return_value(answer)

    def on_signal(self, _keyring, _sender, path, interface, signal, parameters):
        self.learn(parameters)
        self.bus.emit_signal(None, path, interface, signal, parameters)


def main():
    relay = Relay(sys.argv[1])
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, 15, loop.quit)
    Gio.bus_own_name_on_connection(relay.bus, NAME, Gio.BusNameOwnerFlags.DO_NOT_QUEUE, None,
                                   lambda *_: loop.quit())
    loop.run()


if __name__ == "__main__":
    main()
