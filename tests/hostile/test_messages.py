#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages made by hand, as no library would send them: ignored or refused, and nothing stays."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from gi.repository import GLib

import rows
from harness import tap
from harness.broker import DEADLINE, INVALID_ARGS, NAME, PATH, SLOW
from raw import MIB, Field, Flags, MessagesWorld, RawCaller, call_arguments, token_arguments

HUGE = 120 * MIB


def reply_serial(world):
    raw = RawCaller(world.session)
    for number in range(1, 60):
        message = raw.message("GetToken", token_arguments())
        message.set_header(Field.REPLY_SERIAL, GLib.Variant("u", number))
        result = raw.answer_to(raw.send(message))
        tap.check(result in ("answered", "thrown off the bus"), f"seen: {result}")
        if result != "answered":
            break
    world.expect_well()
    return result


def signatures(world):
    raw = RawCaller(world.session)
    for method, arguments in (("GetToken", GLib.Variant("(i)", (1,))), ("GetToken", None),
                              ("GetToken", GLib.Variant("(sa{ss})", ("", {}))),
                              ("GetToken", GLib.Variant("(sa{sv}s)", ("", {}, ""))),
                              ("CallApi", token_arguments()),
                              ("SignIn", GLib.Variant("(oa{sv})", ("/", {}))),
                              ("GetActivity", GLib.Variant("(i)", (-1,)))):
        tap.equal(raw.call(method, arguments), INVALID_ARGS, f"answer of {method}")
    world.expect_well()
    return "InvalidArgs"


def huge(world):
    """All but one buffer of GDBus, which stays as large as the largest message was."""
    raw = RawCaller(world.session)
    raw.socket.settimeout(120)
    world.broker.token()
    before = world.memory()
    text = "x" * HUGE
    tap.equal(raw.call("CallApi", call_arguments(text)), INVALID_ARGS, "answer to a body")
    account = GLib.Variant("(sa{sv})", (text, {}))
    for method in ("GetToken", "SignIn", "SignOut"):
        tap.equal(raw.call(method, account), INVALID_ARGS, f"answer of {method}")
    world.bus.wait_for(lambda: world.memory() < before + HUGE + 32 * MIB * SLOW ** 2,
                       DEADLINE, "the memory to be free again", poll=True)
    tap.comment(f"DB-07-c: {before // MIB} MiB before, {world.memory() // MIB} MiB after")
    world.expect_well()
    return "InvalidArgs, the memory is free again"


def many_entries(world):
    raw = RawCaller(world.session)
    entries = ", ".join(f"'x{number}': <'y'>" for number in range(100000))
    headers = entries.replace("<", "").replace(">", "")
    for method, kind, text in (("GetToken", "(sa{sv})", f"('', {{{entries}}})"),
                               ("CallApi", "(ssssa{sv})",
                                f"('', 'GET', 'a', '', {{'headers': <{{{headers}}}>}})")):
        arguments = GLib.Variant.parse(GLib.VariantType(kind), text)
        tap.equal(raw.call(method, arguments), INVALID_ARGS, f"answer of {method}")
    world.expect_well()
    return "InvalidArgs"


def descriptors(world):
    raw = RawCaller(world.session)
    world.broker.token()
    before = world.descriptors()
    with open("/dev/null", "rb") as file:
        for _ in range(20):
            for method, arguments, expected in (
                    ("GetToken", token_arguments(unknown="x"), INVALID_ARGS),
                    ("CallApi", GLib.Variant("(s)", ("",)), INVALID_ARGS),
                    ("GetActivity", GLib.Variant("(u)", (1,)), INVALID_ARGS)):
                tap.equal(raw.call(method, arguments, descriptors=[file.fileno()] * 10), expected,
                          f"answer of {method}")
    world.bus.wait_for(lambda: world.descriptors() <= before, DEADLINE,
                       "the descriptors to be closed", poll=True)
    world.expect_well()
    return "InvalidArgs, the descriptors are closed"


def no_reply(world):
    raw = RawCaller(world.session)
    for method, arguments in (("GetToken", token_arguments()), ("CallApi", call_arguments()),
                              ("GetToken", token_arguments(unknown="x")),
                              ("SignOut", GLib.Variant("(sa{sv})", ("absent", {}))),
                              ("GetActivity", GLib.Variant("(u)", (5,)))):
        message = raw.message(method, arguments)
        message.set_flags(Flags.NO_REPLY_EXPECTED)
        raw.send(message)
    last = raw.send(raw.message("GetToken", token_arguments()))
    answered = []
    while not answered or answered[-1] != last:
        message = raw.receive()
        if message.get_reply_serial():
            answered.append(message.get_reply_serial())
    world.expect_well()
    return "only the call behind them is answered" if answered == [last] else f"answers: {answered}"


def large_for_nothing(world):
    raw = RawCaller(world.session)
    introspectable = "org.freedesktop.DBus.Introspectable"
    for what, message in (
            ("a path of 1 MiB", raw.message("Introspect", None, NAME, f"{PATH}/{'x' * MIB}",
                                            introspectable)),
            ("the same of our own interface", raw.message("GetToken", token_arguments(), NAME,
                                                          f"{PATH}/{'x' * MIB}")),
            ("a body of 1 MiB", raw.message("Introspect", GLib.Variant("(s)", ("x" * MIB,)), NAME,
                                            PATH, introspectable)),
            ("a body of 1 MiB for CallApi where it is not",
             raw.message("CallApi", call_arguments("x" * MIB), NAME, f"{PATH}/x")),
            ("an account of 1 MiB", raw.message("SignOut",
                                                GLib.Variant("(sa{sv})", ("x" * MIB, {}))))):
        tap.equal(raw.answer_to(raw.send(message)), INVALID_ARGS, what)
    with open("/dev/null", "rb") as file:
        arguments = GLib.Variant("(sssha{sv})", ("", "GET", "contacts", 0, {}))
        message = raw.message("OpenApi", arguments, NAME, f"{PATH}/x")
        tap.equal(raw.answer_to(raw.send(message, [file.fileno()])), INVALID_ARGS,
                  "a descriptor for OpenApi where it is not")
    world.expect_well()
    return "InvalidArgs"


rows.add_rows([
    ("DB-07-a", "a call that says it is a reply", reply_serial,
     ("answered", "thrown off the bus")),
    ("DB-07-b", "other arguments than the method has", signatures, "InvalidArgs"),
    ("DB-07-c", "strings of 120 MiB", huge, "InvalidArgs, the memory is free again"),
    ("DB-07-d", "a dictionary of 100,000 entries", many_entries, "InvalidArgs"),
    ("DB-07-e", "file descriptors nobody asked for", descriptors,
     "InvalidArgs, the descriptors are closed"),
    ("DB-07-f", "calls that want no answer", no_reply, "only the call behind them is answered"),
    ("DB-07-j", "calls with a path or a body that none of their methods takes", large_for_nothing,
     "InvalidArgs"),
])

tap.main(MessagesWorld)
