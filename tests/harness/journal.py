#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a program whose standard error is the journal, where there is no journald: it takes the
place of it, which needs a /run of its own. Arguments: a file for the entries, the program and its
arguments. It ends when the program does.

An entry becomes a line of that file: a JSON object of its fields."""

import contextlib
import json
import os
import pathlib
import selectors
import socket
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness.tap import end_with_parent

FOLDER = "/run/systemd/journal"
OWN_RUN = "TIDIO_OWN_RUN"


def enter_own_run():
    """Starts the running Python program once more, with all it was told, where /run is its own and
    has the journal's folder. All that it starts is there too, so that the broker can look at its
    callers as ever: for a user this is a user namespace."""
    if OWN_RUN not in os.environ:
        os.environ[OWN_RUN] = "1"
        os.execvp("bwrap", ["bwrap", "--dev-bind", "/", "/", "--tmpfs", "/run", "--dir", FOLDER,
                            "--die-with-parent", sys.executable, *sys.argv])


def parse(datagram):
    """The fields of journald's native protocol: NAME=value, or NAME, a length and a value."""
    fields = {}
    while datagram:
        line, datagram = datagram.split(b"\n", 1)
        name, sign, value = line.partition(b"=")
        if not sign:
            length = struct.unpack("<Q", datagram[:8])[0]
            value, datagram = datagram[8:8 + length], datagram[8 + length + 1:]
        fields[name.decode()] = value.decode()
    return fields


def note(journal, entries):
    """Writes down what has come; nothing is not an error."""
    with contextlib.suppress(BlockingIOError):
        while True:
            datagram = journal.recv(1 << 20, socket.MSG_DONTWAIT)
            print(json.dumps(parse(datagram)), file=entries, flush=True)


def serve(journal, stream, entries):
    """Until the program has closed its standard error."""
    ready = selectors.DefaultSelector()
    ready.register(journal, selectors.EVENT_READ)
    ready.register(stream, selectors.EVENT_READ)
    is_open = True
    while is_open:
        for key, _events in ready.select():
            if key.fileobj is stream:
                data = stream.recv(1 << 16)
                os.write(2, data)
                is_open = bool(data)
        note(journal, entries)


def main():
    path, *argv = sys.argv[1:]
    for name in ("socket", "stdout"):
        pathlib.Path(FOLDER, name).unlink(missing_ok=True)
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journal.bind(f"{FOLDER}/socket")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(f"{FOLDER}/stdout")
    listener.listen()
    error = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    error.connect(f"{FOLDER}/stdout")
    stream = listener.accept()[0]
    process = subprocess.Popen(argv, stderr=error, preexec_fn=end_with_parent)
    error.close()
    with open(path, "a", encoding="utf-8") as entries:
        serve(journal, stream, entries)
    sys.exit(process.wait())


if __name__ == "__main__":
    main()
