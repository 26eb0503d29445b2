#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Secret Service that stalls, dies, fails or lies where it is told to.

`secret_service.py FILE` owns org.freedesktop.secrets on the session bus. Its items stand in FILE, a
JSON document that is read before each call and replaced after each change, so that a second
instance or a later one sees the same. Sessions are "plain" only.

Orders come over the interface org.tidio.Test.Faults of the same connection. Calls of whoever sent
an order are never counted and never met by a fault: the tests look at the items that way.
"""

import base64
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import Gio, GLib

from harness.variants import pack_secret, unpack
from secret_store import (COLLECTION, FAULTS, FAULTS_PATH, ITEM, NAME, NONE, PROMPT, PROPERTIES,
                          ROOT, SERVICE, SESSION, XML, Orders, SecretError, Store, locked_error)


def pack_secrets(secrets):
    """(a{o(oayays)}) of packed secrets by their paths."""
    entries = [GLib.Variant.new_dict_entry(GLib.Variant("o", path), secret)
               for path, secret in secrets.items()]
    kind = GLib.VariantType("{o(oayays)}")
    return GLib.Variant.new_tuple(GLib.Variant.new_array(kind, entries))


class Call:
    """A method call as it came, and its answer."""

    def __init__(self, arguments, invocation):
        (self.connection, self.sender, self.path, self.interface, self.method,
         parameters) = arguments
        self.arguments = unpack(parameters)
        self.invocation = invocation
        self.answered = False

    def answer(self, value):
        """None: there is nothing to say."""
        self.answered = True
        self.invocation.return_value(value)

    def refuse(self, error):
        self.answered = True
        self.invocation.return_dbus_error(error.name, str(error))


class Service:
    def __init__(self, path):
        self.store = Store(path)
        self.orders = Orders()
        self.node = Gio.DBusNodeInfo.new_for_xml(XML)
        self.registered = {}
        self.stalled = []
        self.prompts = {}
        self.shown = []
        self.ghosts = {}
        self.prompt_mode = "accept"
        self.typed = False
        self.testers = set()
        self.serial = 0
        self.connection = Gio.bus_get_sync(Gio.BusType.SESSION)
        self.register(ROOT, SERVICE)
        self.register(FAULTS_PATH, FAULTS)
        with self.store:
            self.register_all()

    # Objects on the bus

    def register(self, path, interface):
        info = self.node.lookup_interface(interface)
        self.registered[path] = self.connection.register_object(path, info, self.on_call, None,
                                                                None)

    def register_all(self):
        """Objects of the file that are not on the bus yet, or no longer in the file."""
        wanted = {path: ITEM if self.store.names(path)[1] else COLLECTION
                  for path in self.store.all_paths()}
        for path in wanted.keys() - self.registered.keys():
            self.register(path, wanted[path])
        for path in list(self.registered):
            if path.startswith(f"{ROOT}/collection/") and path not in wanted \
                    and path not in self.ghosts:
                self.connection.unregister_object(self.registered.pop(path))

    def emit(self, path, interface, signal, arguments, destination=None):
        self.connection.emit_signal(destination, path, interface, signal, arguments)

    def emit_properties(self, path, interface, values):
        self.emit(path, PROPERTIES, "PropertiesChanged",
                  GLib.Variant("(sa{sv}as)", (interface, values, [])))

    def emit_items(self, name):
        self.emit_properties(self.store.collection_path(name), COLLECTION,
                             {"Items": GLib.Variant("ao", self.store.item_paths(name))})

    # Calls

    def on_call(self, *arguments):
        call = Call(arguments[:6], arguments[6])
        if call.interface == FAULTS:
            self.testers.add(call.sender)
            self.run(call, self.order)
            return
        order = None
        if call.sender not in self.testers:
            order = self.orders.due(call.method)
        if order is None:
            self.run(call, self.act)
        else:
            self.meet(call, order)

    def run(self, call, function):
        """Does what is called and answers, unless it was answered already."""
        try:
            value = self.done(call, function)
        except SecretError as error:
            call.refuse(error)
        else:
            if not call.answered:
                call.answer(value)

    def done(self, call, function):
        with self.store:
            self.register_all()
            value = function(call)
            self.register_all()
        return value

    def meet(self, call, order):
        """The fault whose time has come."""
        fault = order["fault"]
        self.emit(FAULTS_PATH, FAULTS, "Reached", GLib.Variant("(ss)", (call.method, fault)))
        if fault == "stall":
            self.stalled.append(call)
        elif fault == "fail":
            call.refuse(SecretError(order["with"].decode() or "org.freedesktop.DBus.Error.Failed",
                                    "This call fails on order"))
        elif fault == "die":
            self.die()
        elif fault in ("act-die", "act-stall"):
            try:
                value = self.done(call, self.act)
            except SecretError:
                value = None
            if fault == "act-die":
                self.die()
            call.value = value
            self.stalled.append(call)
        elif fault == "lie":
            self.run(call, self.lie)
        elif fault == "damage":
            self.run(call, lambda call: self.damage(call, order["with"]))
        elif fault == "typed":
            self.typed = True
            self.run(call, self.act)
            self.typed = False
        else:
            if fault == "lock":
                with self.store:
                    self.set_locked(True)
            self.run(call, self.act)

    def die(self):
        self.connection.flush_sync(None)
        os._exit(70)

    def act(self, call):
        if call.interface == PROPERTIES:
            return self.act_properties(call)
        return getattr(self, f"do_{call.interface.rsplit('.', 1)[1]}_{call.method}")(call)

    def lie(self, call):
        """The answer of success, with nothing behind it."""
        if call.method == "CreateItem":
            return GLib.Variant("(oo)", (self.add_ghost(call), NONE))
        if call.method == "SearchItems" and call.interface == SERVICE:
            return GLib.Variant("(aoao)", ([], []))
        if call.method in ("Lock", "Unlock"):
            return GLib.Variant("(aoo)", (call.arguments[0], NONE))
        answers = {
            "SetSecret": None,
            "SearchItems": GLib.Variant("(ao)", ([],)),
            "GetSecrets": GLib.Variant("(a{o(oayays)})", ({},)),
            "ReadAlias": GLib.Variant("(o)", (NONE,)),
            "Delete": GLib.Variant("(o)", (NONE,)),
        }
        return answers[call.method]

    def add_ghost(self, call):
        """An item that can be looked at, but that no search and no later process finds."""
        name, _ = self.store.names(call.path)
        path = f"{self.store.collection_path(name)}/ghost{len(self.ghosts)}"
        self.ghosts[path] = self.new_item(call.arguments)
        self.register(path, ITEM)
        return path

    def damage(self, call, rubbish):
        if call.method in ("SetSecret", "CreateItem"):
            index = 0 if call.method == "SetSecret" else 1
            session, parameters, _secret, kind = call.arguments[index]
            arguments = list(call.arguments)
            arguments[index] = (session, parameters, rubbish, kind)
            call.arguments = tuple(arguments)
            return self.act(call)
        if call.method == "GetSecrets":
            return pack_secrets({path: pack_secret(call.arguments[1], rubbish, "text/plain")
                                 for path in call.arguments[0]})
        return GLib.Variant.new_tuple(pack_secret(call.arguments[0], rubbish, "text/plain"))

    # org.freedesktop.DBus.Properties

    def act_properties(self, call):
        if call.method == "GetAll":
            return GLib.Variant("(a{sv})", (self.properties(call.path),))
        if call.method == "Get":
            return GLib.Variant("(v)", (self.properties(call.path)[call.arguments[1]],))
        _collection, item = self.store.find(call.path)
        if item is not None and call.arguments[1] in ("Attributes", "Label"):
            item[call.arguments[1].lower()] = call.arguments[2]
            self.store.save()
        return None

    def properties(self, path):
        if path == ROOT:
            return {"Collections": GLib.Variant("ao", self.store.collection_paths())}
        if path in self.ghosts:
            return self.item_properties(self.ghosts[path], False)
        collection, item = self.store.find(path)
        if item is not None:
            return self.item_properties(item, collection["locked"])
        return {"Items": GLib.Variant("ao", self.store.item_paths(self.store.names(path)[0])),
                "Label": GLib.Variant("s", collection["label"]),
                "Locked": GLib.Variant("b", collection["locked"]),
                "Created": GLib.Variant("t", collection["created"]),
                "Modified": GLib.Variant("t", collection["created"])}

    def item_properties(self, item, locked):
        return {"Locked": GLib.Variant("b", locked),
                "Attributes": GLib.Variant("a{ss}", item["attributes"]),
                "Label": GLib.Variant("s", item["label"]),
                "Created": GLib.Variant("t", item["created"]),
                "Modified": GLib.Variant("t", item["modified"])}

    # org.freedesktop.Secret.Service and .Session

    def do_Service_OpenSession(self, call):
        if call.arguments[0] != "plain":
            raise SecretError("org.freedesktop.DBus.Error.NotSupported", "Only plain sessions")
        self.serial += 1
        path = f"{ROOT}/session/s{self.serial}"
        self.register(path, SESSION)
        return GLib.Variant("(vo)", (GLib.Variant("s", ""), path))

    def do_Session_Close(self, call):
        self.connection.unregister_object(self.registered.pop(call.path))

    def do_Service_ReadAlias(self, call):
        name = self.store.data["aliases"].get(call.arguments[0])
        known = name in self.store.data["collections"]
        return GLib.Variant("(o)", (self.store.collection_path(name) if known else NONE,))

    def do_Service_SetAlias(self, call):
        alias, path = call.arguments
        self.store.data["aliases"].pop(alias, None)
        if path != NONE:
            self.store.data["aliases"][alias] = self.store.names(path)[0]
        self.store.save()

    def do_Service_SearchItems(self, call):
        found = {False: [], True: []}
        for name, collection in self.store.data["collections"].items():
            # As gnome-keyring one that was not unlocked since it started.
            if collection.get("cold") and collection["locked"]:
                continue
            found[collection["locked"]] += self.store.search(name, call.arguments[0])
        return GLib.Variant("(aoao)", (found[False], found[True]))

    def do_Service_GetSecrets(self, call):
        paths, session = call.arguments
        secrets = {}
        for path in paths:
            collection, item = self.store.find(path)
            if not collection["locked"] and item is not None:
                secrets[path] = self.secret_of(item, session)
        return pack_secrets(secrets)

    def do_Service_CreateCollection(self, call):
        label = call.arguments[0].get(f"{COLLECTION}.Label", "Keyring")
        alias = call.arguments[1]

        def create():
            name = f"made{self.store.next_id()}"
            self.store.add_collection(name, label)
            if alias:
                self.store.data["aliases"][alias] = name
            self.store.save()
            self.register_all()
            path = self.store.collection_path(name)
            self.emit(ROOT, SERVICE, "CollectionCreated", GLib.Variant("(o)", (path,)))
            return GLib.Variant("o", path)

        return GLib.Variant("(oo)", (NONE, self.add_prompt(call, create, GLib.Variant("o", NONE))))

    def do_Service_Lock(self, call):
        self.set_locked(True)
        return GLib.Variant("(aoo)", (call.arguments[0], NONE))

    def do_Service_Unlock(self, call):
        paths = call.arguments[0]
        if not any(self.store.find(path)[0]["locked"] for path in paths):
            return GLib.Variant("(aoo)", (paths, NONE))

        def unlock():
            self.set_locked(False)
            return GLib.Variant("ao", paths)

        prompt = self.add_prompt(call, unlock, GLib.Variant("ao", []))
        return GLib.Variant("(aoo)", ([], prompt))

    def set_locked(self, locked):
        for name, collection in self.store.data["collections"].items():
            if collection["locked"] == locked:
                continue
            collection["locked"] = locked
            path = self.store.collection_path(name)
            self.emit_properties(path, COLLECTION, {"Locked": GLib.Variant("b", locked)})
            for item in self.store.item_paths(name):
                self.emit_properties(item, ITEM, {"Locked": GLib.Variant("b", locked)})
            self.emit(ROOT, SERVICE, "CollectionChanged", GLib.Variant("(o)", (path,)))
        self.store.save()

    # org.freedesktop.Secret.Prompt

    def add_prompt(self, call, accept, nothing):
        self.serial += 1
        path = f"{ROOT}/prompt/p{self.serial}"
        self.prompts[path] = (call.sender, accept, nothing)
        self.register(path, PROMPT)
        return path

    def do_Prompt_Prompt(self, call):
        self.shown.append(call.path)
        GLib.idle_add(self.answer_prompts)

    def answer_prompts(self):
        """As the person in front of the screen is minded to."""
        while self.shown and self.prompt_mode != "ignore":
            self.complete(self.shown.pop(), self.prompt_mode == "accept")

    def do_Prompt_Dismiss(self, call):
        GLib.idle_add(self.complete, call.path, False)

    def complete(self, path, accepted):
        if path not in self.prompts:
            return
        sender, accept, nothing = self.prompts.pop(path)
        with self.store:
            result = accept() if accepted else nothing
        self.emit(path, PROMPT, "Completed", GLib.Variant("(bv)", (not accepted, result)), sender)
        self.connection.unregister_object(self.registered.pop(path))

    # org.freedesktop.Secret.Collection

    def do_Collection_Delete(self, call):
        name, _ = self.store.names(call.path)
        self.store.find(call.path)
        del self.store.data["collections"][name]
        self.store.save()
        self.emit(ROOT, SERVICE, "CollectionDeleted", GLib.Variant("(o)", (call.path,)))
        return GLib.Variant("(o)", (NONE,))

    def do_Collection_SearchItems(self, call):
        name, _ = self.store.names(call.path)
        self.store.find(call.path)
        return GLib.Variant("(ao)", (self.store.search(name, call.arguments[0]),))

    def new_item(self, arguments):
        properties, secret, _replace = arguments
        now = int(time.time())
        return {"label": properties.get(f"{ITEM}.Label", ""),
                "attributes": properties.get(f"{ITEM}.Attributes", {}),
                "secret": base64.b64encode(secret[2]).decode(), "type": secret[3],
                "created": now, "modified": now}

    def do_Collection_CreateItem(self, call):
        collection, _item = self.store.find(call.path)
        if collection["locked"]:
            raise locked_error()
        name, _ = self.store.names(call.path)
        item = self.new_item(call.arguments)
        same = self.store.search(name, item["attributes"]) if call.arguments[2] else []
        path = same[0] if same else f"{call.path}/i{self.store.next_id()}"
        collection["items"][self.store.names(path)[1]] = item
        self.store.save()
        self.register_all()
        self.emit(call.path, COLLECTION, "ItemChanged" if same else "ItemCreated",
                  GLib.Variant("(o)", (path,)))
        self.emit_items(name)
        return GLib.Variant("(oo)", (path, NONE))

    # org.freedesktop.Secret.Item

    def secret_of(self, item, session):
        kind = item["type"] if self.typed else "text/plain"
        return pack_secret(session, base64.b64decode(item["secret"]), kind)

    def item_of(self, call):
        """(collection or None, item) of the call, if it may be read and written."""
        if call.path in self.ghosts:
            return None, self.ghosts[call.path]
        collection, item = self.store.find(call.path)
        if collection["locked"]:
            raise locked_error()
        return collection, item

    def do_Item_GetSecret(self, call):
        _collection, item = self.item_of(call)
        return GLib.Variant.new_tuple(self.secret_of(item, call.arguments[0]))

    def do_Item_SetSecret(self, call):
        collection, item = self.item_of(call)
        secret = call.arguments[0]
        item.update(secret=base64.b64encode(secret[2]).decode(), type=secret[3],
                    modified=int(time.time()))
        self.store.save()
        if collection is not None:
            self.emit(call.path.rsplit("/", 1)[0], COLLECTION, "ItemChanged",
                      GLib.Variant("(o)", (call.path,)))

    def do_Item_Delete(self, call):
        collection, _item = self.item_of(call)
        name, item_name = self.store.names(call.path)
        if collection is not None:
            del collection["items"][item_name]
        self.ghosts.pop(call.path, None)
        self.store.save()
        self.emit(self.store.collection_path(name), COLLECTION, "ItemDeleted",
                  GLib.Variant("(o)", (call.path,)))
        self.emit_items(name)
        return GLib.Variant("(o)", (NONE,))

    # org.tidio.Test.Faults

    def order(self, call):
        return getattr(self, f"order_{call.method}")(call)

    def order_Plan(self, call):
        method, fault, nth, times, extra = call.arguments
        self.orders.plan(method, fault, nth, times, extra)

    def order_Release(self, call):
        self.release(call.arguments[0])

    def release(self, go_on):
        stalled, self.stalled = self.stalled, []
        for one in stalled:
            GLib.idle_add(self.let_go, one, go_on)

    def let_go(self, call, go_on):
        if not go_on:
            call.refuse(SecretError("org.freedesktop.DBus.Error.Failed", "Stalled, then refused"))
        elif hasattr(call, "value"):
            call.answer(call.value)
        else:
            self.run(call, self.act)
        return False

    def order_Heal(self, _call):
        self.orders.forget()
        self.prompt_mode = "accept"
        GLib.idle_add(self.answer_prompts)
        self.release(True)

    def order_Touch(self, _call):
        for path in self.store.collection_paths():
            self.emit(ROOT, SERVICE, "CollectionChanged", GLib.Variant("(o)", (path,)))

    def order_SetLocked(self, call):
        self.set_locked(call.arguments[0])

    def order_SetPrompts(self, call):
        self.prompt_mode = call.arguments[0]
        GLib.idle_add(self.answer_prompts)

    def order_Count(self, call):
        return GLib.Variant("(u)", (self.orders.counts.get(call.arguments[0], 0),))

    def order_ResetCounts(self, _call):
        self.orders.counts.clear()


def main():
    service = Service(sys.argv[1])
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, 15, loop.quit)
    Gio.bus_own_name_on_connection(service.connection, NAME, Gio.BusNameOwnerFlags.DO_NOT_QUEUE,
                                   None, lambda *_: loop.quit())
    loop.run()


if __name__ == "__main__":
    main()
