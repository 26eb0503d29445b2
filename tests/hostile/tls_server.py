# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server with TLS that counts each byte that comes out of it, and a proxy that notes each that
goes to it."""

import contextlib
import re
import socket
import ssl
import threading


def _listen(serve):
    """Serves each connection in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def accept():
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    return listener


def _close(listener):
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _copy(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class TlsServer:
    """Passes requests on to a port, one per connection, or answers each with `reply`; then it `ends`
    the TLS session, unless told otherwise."""

    def __init__(self, target, certificate, reply=None, ends=True):
        self.target = target
        self.reply = reply
        self.ends = ends
        self.show(certificate)
        self.listener = _listen(self._serve)
        self.port = self.listener.getsockname()[1]

    def show(self, certificate, oldest=ssl.TLSVersion.TLSv1_2, newest=None):
        """Another certificate and other versions from now on; counts from here."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if newest is not None and newest < ssl.TLSVersion.TLSv1_2:
            context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = oldest
        if newest is not None:
            context.maximum_version = newest
        context.load_cert_chain(certificate)
        self.context = context
        self.accepted = 0
        self.versions = []
        self.received = b""

    def close(self):
        _close(self.listener)

    def _serve(self, plain):
        self.accepted += 1
        with contextlib.suppress(OSError), contextlib.closing(plain):
            with self.context.wrap_socket(plain, server_side=True) as connection:
                self.versions.append(connection.version())
                if self.reply is None:
                    self._pass_on(connection)
                else:
                    self._answer(connection)

    def _answer(self, connection):
        """A request comes in one piece from this machine."""
        while data := connection.recv(65536):
            self.received += data
            connection.sendall(self.reply)
            if self.ends:
                connection.unwrap()
                return

    def _pass_on(self, connection):
        """The answer says that the connection ends with it, so that none is kept for later."""
        request = _read_request(connection)
        self.received += request
        if not request:
            return
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n")
                 if not line.lower().startswith(b"connection:")]
        with socket.create_connection(("127.0.0.1", self.target)) as server:
            server.sendall(b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body)
            while data := server.recv(65536):
                connection.sendall(data)


def _read_request(connection):
    """All of it; what came of it if the other side leaves."""
    data = b""
    while True:
        head, end, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if end and len(body) >= int(length.group(1) if length else 0):
            return data
        more = connection.recv(65536)
        if not more:
            return data
        data += more


class Proxy:
    """Answers CONNECT with a tunnel to `target`, or with `answer`; None: it closes."""

    def __init__(self, target, answer=b"HTTP/1.1 200 Connection established\r\n\r\n"):
        self.target = target
        self.answer = answer
        self.heads = []
        self.listener = _listen(self._serve)
        self.port = self.listener.getsockname()[1]

    def close(self):
        _close(self.listener)

    def _serve(self, connection):
        with contextlib.suppress(OSError), contextlib.closing(connection):
            head = b""
            while b"\r\n\r\n" not in head:
                more = connection.recv(65536)
                if not more:
                    return
                head += more
            self.heads.append(head)
            if self.answer is None:
                return
            connection.sendall(self.answer)
            if not self.answer.startswith(b"HTTP/1.1 200 "):
                return
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                threading.Thread(target=_copy, args=(server, connection), daemon=True).start()
                _copy(connection, server)
