# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands in the Secret Service, seen from outside by plain D-Bus calls."""

import json

from gi.repository import GLib

from harness.bus import BusError
from harness.variants import pack_secret

NAME = "org.freedesktop.secrets"
PATH = "/org/freedesktop/secrets"
SERVICE = "org.freedesktop.Secret.Service"
COLLECTION = "org.freedesktop.Secret.Collection"
ITEM = "org.freedesktop.Secret.Item"


class Keyring:
    def __init__(self, bus):
        self.bus = bus
        self.process = None
        self._session = None

    def _call(self, path, interface, method, signature, *arguments):
        variant = GLib.Variant(signature, arguments) if signature else None
        return self.bus.call(NAME, path, interface, method, variant)

    def session(self):
        if self._session is None:
            self._session = self._call(PATH, SERVICE, "OpenSession", "(sv)", "plain",
                                       GLib.Variant("s", ""))[1]
        return self._session

    def default(self):
        """Path of the default collection; "/": there is none."""
        try:
            return self._call(PATH, SERVICE, "ReadAlias", "(s)", "default")[0]
        except BusError:
            return "/"

    def lock(self, path=None):
        """That collection, or the default one."""
        self._call(PATH, SERVICE, "Lock", "(ao)", [path or self.default()])

    def unlock(self, path):
        """A collection that has no password."""
        self._call(PATH, SERVICE, "Unlock", "(ao)", [path])

    def is_locked(self):
        return self.bus.get(NAME, self.default(), COLLECTION, "Locked")

    def items(self, schema=None):
        """All items of all collections but the session's: path, label, attributes, secret."""
        found = []
        for collection in self.bus.get(NAME, PATH, SERVICE, "Collections"):
            if collection.endswith("/session"):
                continue
            for path in self.bus.get(NAME, collection, COLLECTION, "Items"):
                try:
                    properties = self.bus.get_all(NAME, path, ITEM)
                    attributes = properties["Attributes"]
                    if schema is None or attributes.get("xdg:schema") == schema:
                        secret = b"" if properties["Locked"] else self.secret(path)
                        found.append({"path": path, "label": properties["Label"],
                                      "attributes": attributes, "secret": secret,
                                      "locked": properties["Locked"]})
                except BusError as error:
                    # It went between the list and the look.
                    if "NoSuchObject" not in error.name and "UnknownMethod" not in error.name:
                        raise
        return found

    def secret(self, path):
        answer = self._call(path, ITEM, "GetSecret", "(o)", self.session())[0]
        return answer[2]

    def set_secret(self, path, secret):
        arguments = GLib.Variant.new_tuple(
            pack_secret(self.session(), secret, "application/json"))
        self.bus.call(NAME, path, ITEM, "SetSecret", arguments)

    def accounts(self):
        return self.items("org.tidio.Auth.Account")

    def clients(self):
        return self.items("org.tidio.Auth.Client")

    def records(self):
        """The accounts' records, by account id."""
        records = [json.loads(item["secret"]) for item in self.accounts()]
        return {record["account"]: record for record in records}

    def add(self, schema, attributes, secret, label="Tidio Auth"):
        properties = {
            "org.freedesktop.Secret.Item.Label": GLib.Variant("s", label),
            "org.freedesktop.Secret.Item.Attributes":
                GLib.Variant("a{ss}", {"xdg:schema": schema, **attributes}),
        }
        return self._call(self.default(), COLLECTION, "CreateItem", "(a{sv}(oayays)b)", properties,
                          (self.session(), b"", secret, "application/json"), False)[0]
