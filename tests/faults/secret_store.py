# SPDX-License-Identifier: LGPL-2.1-or-later
"""What secret_service.py is made of: its interfaces, its items, its orders."""

import fcntl
import json
import os
import time

NAME = "org.freedesktop.secrets"
ROOT = "/org/freedesktop/secrets"
SERVICE = "org.freedesktop.Secret.Service"
COLLECTION = "org.freedesktop.Secret.Collection"
ITEM = "org.freedesktop.Secret.Item"
PROMPT = "org.freedesktop.Secret.Prompt"
SESSION = "org.freedesktop.Secret.Session"
PROPERTIES = "org.freedesktop.DBus.Properties"
FAULTS = "org.tidio.Test.Faults"
FAULTS_PATH = "/org/tidio/Test/Faults"
NONE = "/"

XML = """<node>
<interface name="org.freedesktop.Secret.Service">
  <method name="OpenSession"><arg type="s" direction="in"/><arg type="v" direction="in"/>
    <arg type="v" direction="out"/><arg type="o" direction="out"/></method>
  <method name="CreateCollection"><arg type="a{sv}" direction="in"/><arg type="s" direction="in"/>
    <arg type="o" direction="out"/><arg type="o" direction="out"/></method>
  <method name="SearchItems"><arg type="a{ss}" direction="in"/><arg type="ao" direction="out"/>
    <arg type="ao" direction="out"/></method>
  <method name="Unlock"><arg type="ao" direction="in"/><arg type="ao" direction="out"/>
    <arg type="o" direction="out"/></method>
  <method name="Lock"><arg type="ao" direction="in"/><arg type="ao" direction="out"/>
    <arg type="o" direction="out"/></method>
  <method name="GetSecrets"><arg type="ao" direction="in"/><arg type="o" direction="in"/>
    <arg type="a{o(oayays)}" direction="out"/></method>
  <method name="ReadAlias"><arg type="s" direction="in"/><arg type="o" direction="out"/></method>
  <method name="SetAlias"><arg type="s" direction="in"/><arg type="o" direction="in"/></method>
  <property name="Collections" type="ao" access="read"/>
  <signal name="CollectionCreated"><arg type="o"/></signal>
  <signal name="CollectionDeleted"><arg type="o"/></signal>
  <signal name="CollectionChanged"><arg type="o"/></signal>
</interface>
<interface name="org.freedesktop.Secret.Collection">
  <method name="Delete"><arg type="o" direction="out"/></method>
  <method name="SearchItems"><arg type="a{ss}" direction="in"/>
    <arg type="ao" direction="out"/></method>
  <method name="CreateItem"><arg type="a{sv}" direction="in"/>
    <arg type="(oayays)" direction="in"/><arg type="b" direction="in"/>
    <arg type="o" direction="out"/><arg type="o" direction="out"/></method>
  <property name="Items" type="ao" access="read"/>
  <property name="Label" type="s" access="readwrite"/>
  <property name="Locked" type="b" access="read"/>
  <property name="Created" type="t" access="read"/>
  <property name="Modified" type="t" access="read"/>
  <signal name="ItemCreated"><arg type="o"/></signal>
  <signal name="ItemDeleted"><arg type="o"/></signal>
  <signal name="ItemChanged"><arg type="o"/></signal>
</interface>
<interface name="org.freedesktop.Secret.Item">
  <method name="Delete"><arg type="o" direction="out"/></method>
  <method name="GetSecret"><arg type="o" direction="in"/>
    <arg type="(oayays)" direction="out"/></method>
  <method name="SetSecret"><arg type="(oayays)" direction="in"/></method>
  <property name="Locked" type="b" access="read"/>
  <property name="Attributes" type="a{ss}" access="readwrite"/>
  <property name="Label" type="s" access="readwrite"/>
  <property name="Created" type="t" access="read"/>
  <property name="Modified" type="t" access="read"/>
</interface>
<interface name="org.freedesktop.Secret.Session">
  <method name="Close"/>
</interface>
<interface name="org.freedesktop.Secret.Prompt">
  <method name="Prompt"><arg type="s" direction="in"/></method>
  <method name="Dismiss"/>
  <signal name="Completed"><arg type="b"/><arg type="v"/></signal>
</interface>
<interface name="org.tidio.Test.Faults">
  <!-- At the nth call of the method from now on, and `times` - 1 more (0: from then on always):
       note    nothing, it is only told
       stall   no answer until Release
       act-stall  done, but no answer until Release
       fail    the D-Bus error `with`
       die     the process ends at once
       act-die    done, then the process ends without an answer
       lie     an answer as if it were done: nothing is stored, found or unlocked
       damage  what is stored, or told of a secret, is `with` instead
       typed   a secret is told with the content type it was stored with, where gnome-keyring
               says text/plain always
       lock    the collection is locked just before -->
  <method name="Plan"><arg name="method" type="s" direction="in"/>
    <arg name="fault" type="s" direction="in"/><arg name="nth" type="u" direction="in"/>
    <arg name="times" type="u" direction="in"/><arg name="with" type="ay" direction="in"/></method>
  <!-- Stalled calls: true: they are done and answered now; false: they get an error. -->
  <method name="Release"><arg name="go_on" type="b" direction="in"/></method>
  <!-- Forgets all orders; what stalls goes on, and prompts are answered. -->
  <method name="Heal"/>
  <!-- Says of all collections that they changed, not how. -->
  <method name="Touch"/>
  <method name="SetLocked"><arg type="b" direction="in"/></method>
  <!-- "accept", "dismiss", or "ignore": shown, but nobody answers. -->
  <method name="SetPrompts"><arg type="s" direction="in"/></method>
  <method name="Count"><arg name="method" type="s" direction="in"/>
    <arg type="u" direction="out"/></method>
  <method name="ResetCounts"/>
  <signal name="Reached"><arg name="method" type="s"/><arg name="fault" type="s"/></signal>
</interface>
</node>"""


class SecretError(Exception):
    """What the caller gets as a D-Bus error."""

    def __init__(self, name, message):
        super().__init__(message)
        self.name = name


def locked_error():
    return SecretError("org.freedesktop.Secret.Error.IsLocked", "The collection is locked")


def no_object():
    return SecretError("org.freedesktop.Secret.Error.NoSuchObject", "There is no such object")


class Store:
    """The document in the file. To be used inside `with`, which holds a lock over processes."""

    def __init__(self, path):
        self.path = path
        self.data = None
        self.lock = open(f"{path}.lock", "w", encoding="ascii")

    def __enter__(self):
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        try:
            with open(self.path, encoding="utf-8") as file:
                self.data = json.load(file)
        except FileNotFoundError:
            self.data = {"next": 1, "aliases": {"default": "login"}, "collections": {}}
            self.add_collection("login", "Login")
        return self

    def __exit__(self, *_):
        fcntl.flock(self.lock, fcntl.LOCK_UN)

    def save(self):
        draft = f"{self.path}.new"
        with open(draft, "w", encoding="utf-8") as file:
            json.dump(self.data, file, indent=1)
        os.rename(draft, self.path)

    def next_id(self):
        self.data["next"] += 1
        return str(self.data["next"] - 1)

    def add_collection(self, name, label):
        self.data["collections"][name] = {"label": label, "locked": False, "items": {},
                                          "created": int(time.time())}
        self.save()

    def collection_path(self, name):
        return f"{ROOT}/collection/{name}"

    def collection_paths(self):
        return [self.collection_path(name) for name in self.data["collections"]]

    def item_paths(self, name):
        return [f"{self.collection_path(name)}/{item}" for item in
                self.data["collections"][name]["items"]]

    def all_paths(self):
        return [*self.collection_paths(), *(path for name in self.data["collections"]
                                            for path in self.item_paths(name))]

    def names(self, path):
        """(collection, item or None) of an object path."""
        words = path.removeprefix(f"{ROOT}/collection/").split("/")
        return words[0], words[1] if len(words) > 1 else None

    def find(self, path):
        """(collection, item or None): the objects of a path."""
        name, item_name = self.names(path)
        collection = self.data["collections"].get(name)
        if collection is None:
            raise no_object()
        if item_name is None:
            return collection, None
        if item_name not in collection["items"]:
            raise no_object()
        return collection, collection["items"][item_name]

    def search(self, name, attributes):
        items = self.data["collections"][name]["items"]
        return [f"{self.collection_path(name)}/{item}" for item, values in items.items()
                if attributes.items() <= values["attributes"].items()]


class Orders:
    """Which fault is due at which call, and what was called how often."""

    def __init__(self):
        self.planned = []
        self.counts = {}

    def plan(self, method, fault, nth, times, extra):
        self.planned.append({"method": method, "fault": fault, "before": nth - 1,
                             "left": times or None, "with": extra})

    def forget(self):
        self.planned.clear()

    def due(self, method):
        """The order for this call; None: it goes its way."""
        self.counts[method] = self.counts.get(method, 0) + 1
        found = None
        for order in self.planned:
            if order["method"] != method or order["left"] == 0:
                continue
            if order["before"] > 0:
                order["before"] -= 1
            elif found is None:
                found = order
                if order["left"] is not None:
                    order["left"] -= 1
        return found
