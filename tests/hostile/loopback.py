# SPDX-License-Identifier: LGPL-2.1-or-later
"""Talking to a callback server byte by byte, as a browser never does, and as another user."""

import base64
import concurrent.futures
import contextlib
import hashlib
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import urllib.parse

from harness import browser, ports, tap
from harness.broker import DEADLINE
from harness.session import wait_until

# Headers of every page, besides Content-Length and the content security policy.
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "connection": "close",
}
CLOSED = "closed without an answer"
SUCCESS = b"Authorization successful!"


class Answer:
    """What came back: `status` is None if the connection was closed without an answer."""

    def __init__(self, data):
        head, _, self.body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1]) if data else None
        self.headers = [tuple(line.split(": ", 1)) for line in lines]

    def header(self, name):
        return dict((key.lower(), value) for key, value in self.headers).get(name)

    def told(self):
        return CLOSED if self.status is None else str(self.status)

    def check(self):
        """The page is ours: no header more or less than it must have, and nothing that a page of
        our own sentences has no need of."""
        if self.status is None:
            return
        names = sorted(name.lower() for name, _value in self.headers if name.lower() != "date")
        allow = ["allow"] if self.status == 405 else []
        tap.equal(names, sorted([*HEADERS, "content-length", "content-security-policy", *allow]),
                  "header names")
        for name, value in HEADERS.items():
            tap.equal(self.header(name), value, f"header {name}")
        if self.status == 405:
            tap.equal(self.header("allow"), "GET", "header allow")
        self._check_body()

    def _check_body(self):
        page = self.body.decode()
        if page:
            tap.equal(int(self.header("content-length")), len(self.body), "content-length")
            style = re.search(r"<style>(.*?)</style>", page, re.S).group(1)
            digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
            tap.equal(self.header("content-security-policy"),
                      f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
                      "form-action 'none'; frame-ancestors 'none'", "policy")
        for part in ("http", "src=", "href", "<script", "CANARY", "evil"):
            tap.lacks(page, part, "page")


def read_all(connection):
    """What comes until the end; a reset is an end too."""
    data = b""
    with contextlib.suppress(ConnectionError):
        while chunk := connection.recv(65536):
            data += chunk
    return data


def close_at_once(connection):
    """Without the rest that the kernel keeps of a connection for a minute."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Login:
    """A sign-in that waits for its callback; the browser has the good address already."""

    def __init__(self, world, account="", **wishes):
        self.world = world
        self.path = world.broker.sign_in(account, **wishes)
        self.uri = world.broker.uri(self.path)
        self.good = browser.decide(self.uri)
        parts = urllib.parse.urlsplit(self.good)
        self.port, self.host, self.query = parts.port, parts.netloc, parts.query
        values = dict(browser.query(self.good))
        self.state, self.code = values["state"], values["code"]
        self.requests = world.server.counters()["token"]

    def request(self, method="GET", target=None, query=None, version="HTTP/1.1", host=None,
                headers=(), lines=()):
        """The genuine request, but for what is given. `host` may be "" for an empty one, or False
        for none; `lines` are raw."""
        target = target or f"/callback?{self.query if query is None else query}"
        host = self.host if host is None else host
        parts = [f"{method} {target} {version}"]
        parts += [f"Host: {host}"] if host is not False else []
        parts += [f"{name}: {value}" for name, value in dict(headers).items()]
        return "\r\n".join([*parts, *lines, "", ""]).encode("latin-1")

    def connect(self, address="127.0.0.1"):
        return socket.create_connection((address, self.port), DEADLINE)

    def send(self, data, address="127.0.0.1"):
        """The answer to these bytes and the end behind them."""
        with self.connect(address) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            answer = Answer(read_all(connection))
        answer.check()
        return answer

    def load(self):
        """The status of the genuine callback; 0 if there is no whole answer."""
        with contextlib.suppress(OSError), self.connect() as connection:
            connection.sendall(self.request())
            data = read_all(connection)
            return Answer(data).status if b"\r\n\r\n" in data else 0
        return 0

    def properties(self):
        return self.world.broker.sign_in_properties(self.path)

    def end(self):
        return self.world.broker.end_of(self.path)

    def end_words(self):
        """The state or the error it ended with."""
        end = self.end()
        return end["Error"].rpartition(".")[2] or end["State"]

    def new_requests(self):
        """At the token endpoint since the start."""
        return self.world.server.counters()["token"] - self.requests

    def change(self):
        """What changed, in words: nothing may, before the callback came."""
        if self.new_requests():
            return "a token request"
        state = self.properties()["State"]
        return "nothing changed" if state == "waiting" else f"the sign-in is {state}"

    def refused(self, data, address="127.0.0.1"):
        """What came of bytes that are not the callback."""
        return f"{self.send(data, address).told()}, {self.change()}"

    def complete(self, **changes):
        """The genuine callback, and what it ends in."""
        answer = self.send(self.request(**changes))
        tap.equal(answer.status, 200, "status of the genuine callback")
        tap.contains(answer.body, SUCCESS, "page of the genuine callback")
        tap.equal(self.end_words(), "done", "end of the sign-in")
        tap.equal(self.new_requests(), 1, "token requests")
        return "signed in"

    def wait_closed(self):
        """The promised 2 s, and a little for the machine."""
        wait_until(lambda: not ports.listening(self.port), 3, "the listener to close")


ASK = """import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 20) as connection:
    connection.sendall(sys.stdin.buffer.read())
    while chunk := connection.recv(65536):
        sys.stdout.buffer.write(chunk)
"""
# Connects without a pause, and keeps the last 64 connections.
CROWD = """import collections, socket, sys
held = collections.deque(maxlen=64)
while True:
    one = socket.socket()
    one.setblocking(False)
    one.connect_ex(("127.0.0.1", int(sys.argv[1])))
    held.append(one)
    if len(held) == 64 and not sys.stdout.closed:
        print("ready", flush=True)
        sys.stdout.close()
"""
HOLD = """import socket, sys
with socket.create_server((sys.argv[1], int(sys.argv[2])), family=socket.AF_INET6):
    print("ready", flush=True)
    sys.stdin.read()
"""


def other_user():
    """Words before a command that let another user run it; None where we have none to offer."""
    if os.geteuid() == 0:
        return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    words = ["unshare", "--map-root-user", "--map-auto", "setpriv", "--reuid=1", "--regid=1",
             "--clear-groups"]
    if shutil.which("newuidmap") and subprocess.run([*words, "true"], check=False,
                                                    capture_output=True).returncode == 0:
        return words
    return None


def python_of_other_user(program, *arguments):
    return [*other_user(), sys.executable, "-I", "-c", program, *map(str, arguments)]


def ask_as_other_user(login, data, address="127.0.0.1"):
    argv = python_of_other_user(ASK, address, login.port)
    done = subprocess.run(argv, input=data, capture_output=True, check=True, timeout=DEADLINE,
                          cwd="/")
    answer = Answer(done.stdout)
    answer.check()
    return answer


def in_parallel(count, workers, function):
    """Runs function(0) to function(count - 1) on threads; the caller goes on meanwhile."""
    pool = concurrent.futures.ThreadPoolExecutor(workers)
    futures = [pool.submit(function, number) for number in range(count)]
    pool.shutdown(wait=False)
    return futures


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
