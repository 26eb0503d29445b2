# SPDX-License-Identifier: LGPL-2.1-or-later
"""The permission store of the desktop's portals: the real one."""

from gi.repository import GLib

from harness.bus import BusError

NAME = "org.freedesktop.impl.portal.PermissionStore"
PATH = "/org/freedesktop/impl/portal/PermissionStore"
PROGRAM = "/usr/libexec/xdg-permission-store"
TABLE = "tidio-auth"
DEADLINE = 20.0


class Permissions:
    """As `flatpak permissions` and others use it."""

    def __init__(self, session):
        self.session = session
        self.process = None

    def start(self):
        # It warns of what it does itself when the last permission of an object is deleted.
        self.process = self.session.spawn("permission-store", [PROGRAM], {"G_DEBUG": ""})
        self.session.bus.wait_for_name(NAME, DEADLINE, lambda: self.process.poll() is None)
        return self

    def call(self, method, kind, *arguments):
        return self.session.bus.call(NAME, PATH, NAME, method, GLib.Variant(kind, arguments))

    def set(self, app, account, *permissions):
        self.call("SetPermission", "(sbssas)", TABLE, True, account, app, list(permissions))

    def accounts(self):
        return sorted(self.call("List", "(s)", TABLE)[0])

    def of(self, account):
        """Applications and their permissions."""
        try:
            return self.call("Lookup", "(ss)", TABLE, account)[0]
        except BusError as error:
            if error.name != "org.freedesktop.portal.Error.NotFound":
                raise
            return {}

    def get(self, app, account):
        """A list, None if the application is not known."""
        return self.of(account).get(app)
