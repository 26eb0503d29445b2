# SPDX-License-Identifier: LGPL-2.1-or-later
"""TCP ports of this machine: which are free, who listens where."""

import contextlib
import ipaddress
import socket

LISTEN = "0A"


def _bind(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def free():
    """A port that is free on 127.0.0.1 and on ::1."""
    while True:
        with _bind("127.0.0.1", 0) as one:
            port = one.getsockname()[1]
            try:
                _bind("::1", port).close()
                return port
            except OSError:
                continue


@contextlib.contextmanager
def taken(host):
    """A port that somebody has on that address, and that is free on the other one."""
    port = free()
    with _bind(host, port):
        yield port


def _address(text):
    """An address as the kernel prints it: words of the machine's byte order."""
    raw = b"".join(bytes.fromhex(text[i:i + 8])[::-1] for i in range(0, len(text), 8))
    return str(ipaddress.ip_address(raw))


def listening(port, families=("tcp", "tcp6")):
    """The addresses on which somebody listens on that port."""
    found = []
    for family in families:
        with open(f"/proc/net/{family}", encoding="ascii") as table:
            for line in list(table)[1:]:
                fields = line.split()
                address, number = fields[1].split(":")
                if fields[3] == LISTEN and int(number, 16) == port:
                    found.append(_address(address))
    return found
