#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""To be run in a network of its own: takes IPv6 from it, signs in, and prints how that went."""

import fcntl
import pathlib
import socket
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import browser, ports
from harness.world import World

# linux/sockios.h, net/if.h
SIOCGIFINDEX, SIOCDIFADDR = 0x8933, 0x8936
SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914
IFF_UP = 1
NAME = b"lo"


def make_network():
    """The loopback device, with IPv4 alone."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ask:
        request = fcntl.ioctl(ask, SIOCGIFFLAGS, struct.pack("16sh14x", NAME, 0))
        flags = struct.unpack("16sh14x", request)[1] | IFF_UP
        fcntl.ioctl(ask, SIOCSIFFLAGS, struct.pack("16sh14x", NAME, flags))
        index = struct.unpack("16si12x", fcntl.ioctl(ask, SIOCGIFINDEX,
                                                      struct.pack("16s16x", NAME)))[1]
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as ask:
        address = socket.inet_pton(socket.AF_INET6, "::1")
        fcntl.ioctl(ask, SIOCDIFADDR, struct.pack("=16sIi", address, 128, index))


def sign_in_by_name(world):
    path = world.broker.sign_in()
    address = browser.decide(world.broker.uri(path))
    listening = ports.listening(int(address.split(":")[2].split("/")[0]))
    page = browser.fetch(address)
    end = world.broker.end_of(path)["State"]
    done = end == "done" and "Authorization successful!" in page.body
    return f"{' and '.join(listening)} alone, {'signed in' if done else end}"


def sign_in_by_address(world):
    world.server.write_provider(RedirectUri="http://[::1]:0/callback")
    end = world.broker.end_of(world.broker.sign_in("other"))
    return end["Error"].rpartition(".")[2] or end["State"]


make_network()
with World() as one:
    print(f"localhost: {sign_in_by_name(one)}; [::1]: {sign_in_by_address(one)}")
