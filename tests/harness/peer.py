# SPDX-License-Identifier: LGPL-2.1-or-later
"""An HTTP peer between the broker and a server, which breaks what it is told to break.

It passes each request on and each answer back, one request per connection, until an order says
otherwise. An order is for the next request whose path contains a text, and tells when it was met.
"""

import collections
import contextlib
import email.utils
import gzip
import select
import socket
import ssl
import struct
import subprocess
import threading
import time

from harness import tap
from harness.broker import SLOW

DEADLINE = 20.0 * SLOW
PORTAL = "<!DOCTYPE html><html><body><h1>Welcome to the Wi-Fi</h1>Press OK to go on</body></html>"


class Order:
    """A fault to come. Faults:

    reset-early   the connection is reset before the request is read
    reset         the request is read, then the connection is reset
    stall         the request is read and not passed on until released
    drop          the request is passed on, its answer is thrown away, the connection reset
    hold          the request is passed on, its answer is held back until released
    truncate      the request is passed on, half of its answer's body comes back
    drip          the request is passed on, the answer comes a few bytes at a time
    answer        the request is not passed on; `answer` comes back, or what it does itself: a
                  function of connection and request
    late-answer   the same, once it is released
    """

    def __init__(self, path, fault, times=1, answer=b""):
        self.path = path
        self.fault = fault
        self.left = times
        self.answer = answer
        self.reached = threading.Event()
        self.released = threading.Event()
        self.goes_on = True
        self.connection = None

    def wait(self):
        """Until a request has met it (and, with "hold", "drop" and "truncate", was served)."""
        if not self.reached.wait(DEADLINE):
            raise tap.Failure(f"no request met {self.fault} of {self.path}")
        return self

    def release(self, goes_on=True):
        """A held request or answer goes its way; or its connection is reset. The first time counts:
        who waits for it may look only after the second."""
        if not self.released.is_set():
            self.goes_on = goes_on
            self.released.set()

    def wait_until_left(self):
        """Until whoever made the stalled request has closed its connection. No TLS."""
        if not select.select([self.connection], [], [], DEADLINE)[0]:
            raise tap.Failure(f"the connection of the request to {self.path} stays open")
        with contextlib.suppress(ConnectionResetError):
            tap.equal(self.connection.recv(1, socket.MSG_PEEK), b"", "more of the request")


def answer(status, body="", headers=None, content_type="application/json", zipped=False):
    """An answer in full, for an order's `answer`."""
    data = body if isinstance(body, bytes) else body.encode()
    lines = {"Content-Type": content_type, **(headers or {})}
    if zipped:
        data = gzip.compress(data)
        lines["Content-Encoding"] = "gzip"
    lines.update({"Content-Length": str(len(data)), "Connection": "close"})
    head = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in lines.items())]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + data


def http_date(seconds):
    """The time in so many seconds, as a header spells it."""
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


def make_certificate(folder):
    """A certificate for 127.0.0.1 that nobody signed but itself: the path of key and all."""
    path = folder / "self-signed.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", str(path), "-out", str(path) + ".crt"], check=True,
                   capture_output=True)
    with open(path, "ab") as file, open(f"{path}.crt", "rb") as certificate:
        file.write(certificate.read())
    return path


def _reset(connection):
    """Closes with RST rather than FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _peek(connection):
    """The start of a request, which stays to be read. It comes in one piece from this machine."""
    return connection.recv(65536, socket.MSG_PEEK)


def _read_head(connection):
    """What came up to the empty line and a little more; empty: the other side went away."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    return data


def _read_message(connection):
    """A whole request: its length is given, or it has no body. Empty: it did not come."""
    data = _read_head(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            return b""
        body += more
    return head + b"\r\n\r\n" + body


def _path(data):
    """The path in a request's first line; empty: this is no request."""
    line, end, _ = data.partition(b"\r\n")
    words = line.split(b" ")
    return words[1].decode("ascii", "replace") if end and len(words) == 3 else ""


class Peer:
    """`target` is the port it passes requests on to; `certificate` makes it speak TLS."""

    def __init__(self, target, certificate=None):
        self.target = target
        self.orders = []
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.passed = collections.Counter()
        self.requests = []
        self.connections = set()
        self.accepted = 0
        self.context = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.listener = None
        self.port = 0
        self.up()
        scheme = "http" if certificate is None else "https"
        self.uri = f"{scheme}://127.0.0.1:{self.port}/"

    # What the tests turn

    def plan(self, path, fault, times=1, answer_with=b""):
        """The fault for the next request below that path; `times` 0: for all from now on."""
        order = Order(path, fault, times or None, answer_with)
        with self.lock:
            self.orders.append(order)
        return order

    def heal(self):
        """Forgets the orders; what is held goes on."""
        with self.lock:
            orders, self.orders = self.orders, []
        for order in orders:
            order.release()
        if self.listener is None:
            self.up()

    def up(self):
        """Listens, again on the port it had."""
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def down(self):
        """Nobody listens any more: connections are refused."""
        listener, self.listener = self.listener, None
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()

    def close(self):
        with self.lock:
            orders, self.orders = self.orders, []
            connections = list(self.connections)
        for order in orders:
            order.release(False)
        if self.listener is not None:
            self.down()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def seen(self, path):
        """How many requests came whose path starts so."""
        with self.lock:
            return sum(count for name, count in self.counts.items() if name.startswith(path))

    def bodies(self, path):
        """Of the requests whose path starts so, in their order."""
        with self.lock:
            return [request.partition(b"\r\n\r\n")[2].decode() for request in self.requests
                    if _path(request).startswith(path)]

    def forwarded(self, path):
        """How many of them reached the server."""
        with self.lock:
            return sum(count for name, count in self.passed.items() if name.startswith(path))

    def forget(self):
        """Counts from here."""
        with self.lock:
            self.counts.clear()
            self.passed.clear()
            self.requests.clear()
            self.accepted = 0

    # What runs in its threads

    def _accept(self, listener):
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            with self.lock:
                self.accepted += 1
                self.connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        plain = connection
        try:
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
            self._serve_one(connection)
        except (OSError, ssl.SSLError):
            pass
        finally:
            with self.lock:
                self.connections.discard(plain)
            connection.close()

    def _take_order(self, path):
        with self.lock:
            for order in self.orders:
                if order.path in path and order.left != 0:
                    if order.left is not None:
                        order.left -= 1
                    return order
        return None

    def _serve_one(self, connection):
        start = _peek(connection) if self.context is None else _read_message(connection)
        path = _path(start)
        if not path:
            if start:
                connection.sendall(answer(400, "Not HTTP", content_type="text/plain"))
            return
        order = self._take_order(path)
        fault = order.fault if order is not None else ""
        if fault != "reset-early":
            request = _read_message(connection) if self.context is None else start
        with self.lock:
            self.counts[path.split("?")[0]] += 1
            if fault != "reset-early":
                self.requests.append(request)
        if fault in ("reset-early", "reset"):
            _reset(connection)
            order.reached.set()
        elif fault in ("answer", "late-answer"):
            order.reached.set()
            if fault == "late-answer":
                order.released.wait()
            if callable(order.answer):
                order.answer(connection, request)
            else:
                connection.sendall(order.answer)
        elif fault == "stall":
            order.connection = connection
            order.reached.set()
            order.released.wait()
            if order.goes_on:
                connection.sendall(self._pass_on(path, request))
            else:
                _reset(connection)
        else:
            reply = self._pass_on(path, request)
            self._send_reply(connection, order, fault, reply)

    def _pass_on(self, path, request):
        """The server's whole answer."""
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n")
                 if not line.lower().startswith(b"connection:")]
        with socket.create_connection(("127.0.0.1", self.target)) as server:
            server.sendall(b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body)
            parts = []
            while part := server.recv(65536):
                parts.append(part)
        with self.lock:
            self.passed[path.split("?")[0]] += 1
        return b"".join(parts)

    def _send_reply(self, connection, order, fault, reply):
        if order is not None:
            order.reached.set()
        if fault == "hold":
            order.released.wait()
        if fault == "drop" or (fault == "hold" and not order.goes_on):
            _reset(connection)
        elif fault == "truncate":
            head, _, body = reply.partition(b"\r\n\r\n")
            connection.sendall(head + b"\r\n\r\n" + body[:len(body) // 2])
        elif fault == "drip":
            for start in range(0, len(reply), 16):
                connection.sendall(reply[start:start + 16])
                time.sleep(0.02)
        else:
            connection.sendall(reply)
