# SPDX-License-Identifier: LGPL-2.1-or-later
"""TCP ports of this machine: which are free, who listens where."""

import contextlib
import ipaddress
import socket

LISTEN = "0A"
# ESTABLISHED and CLOSE_WAIT
OPEN = ("01", "08")


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


def _sockets(port, families):
    """(address, state) of the sockets that are bound to that port."""
    for family in families:
        with open(f"/proc/net/{family}", encoding="ascii") as table:
            for line in list(table)[1:]:
                fields = line.split()
                address, number = fields[1].split(":")
                if int(number, 16) == port:
                    yield _address(address), fields[3]


def listening(port, families=("tcp", "tcp6")):
    """The addresses on which somebody listens on that port."""
    return [address for address, state in _sockets(port, families) if state == LISTEN]


def connected(port):
    """How many connections to whoever listens on that port are not closed at this end."""
    return sum(state in OPEN for _host, state in _sockets(port, ("tcp", "tcp6")))
