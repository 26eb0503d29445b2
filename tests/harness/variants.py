# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secrets as D-Bus has them, without taking them apart byte by byte: a megabyte takes seconds."""

from gi.repository import GLib


def unpack(variant):
    """As Variant.unpack(), but byte arrays come as bytes."""
    kind = variant.get_type_string()
    if kind == "ay":
        return variant.get_data_as_bytes().get_data() or b""
    if kind == "v":
        return unpack(variant.get_variant())
    if "ay" not in kind and "v" not in kind:
        return variant.unpack()
    children = [unpack(variant.get_child_value(index)) for index in range(variant.n_children())]
    if kind[0] in "({":
        return tuple(children)
    return dict(children) if kind.startswith("a{") else children


def pack_bytes(data):
    return GLib.Variant.new_from_bytes(GLib.VariantType("ay"), GLib.Bytes.new(data), True)


def pack_secret(session, data, kind):
    """(oayays) of the Secret Service, in the clear."""
    return GLib.Variant.new_tuple(GLib.Variant("o", session), pack_bytes(b""), pack_bytes(data),
                                  GLib.Variant("s", kind))
