# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the servers of the tests that are written in Python have in common: HTTP on loopback, and
the counters, switches and failures of /control."""

import http.server
import json
import signal
import socket
import sys
import threading
import time
import urllib.parse

HTML = [("Content-Type", "text/html; charset=utf-8")]
JSON = [("Content-Type", "application/json")]
# What a server that is told to fail says, if it is not told what.
WORDS = {400: '{"error":"invalid_grant"}', 401: '{"error":"invalid_client"}'}

CONTACTS = {"contacts": [{"id": "8d2f5b1e-7c34-4f0a-9b6d-3a1e5c7f9b20", "first_name": "Ada",
                          "email": "ada@example.com"}],
            "meta": {"cursor": None, "limit": 100}}
OPERATORS = {"operators": [{"id": "0c9a4e6d-2b18-4d7f-8e35-6f1b3d5a7c92", "name": "Grace"}]}


class Memory:
    """`SWITCHES`: attributes that /control sets; `ACTIONS`: methods that it calls with the value,
    named do_... ."""

    COUNTERS = ("authorize", "token", "code_exchanges", "refreshes", "reuse", "api", "revocations",
                "discovery", "device", "polls")
    SWITCHES = {"delay": 0, "account": "ada", "auto_allow": False}
    ACTIONS = ("fail", "reset_counters")

    def __init__(self):
        for name, value in self.SWITCHES.items():
            setattr(self, name, value)
        self.failures = {}
        self.do_reset_counters()

    def count(self, name):
        self.counters[name] += 1

    def count_grant(self, grant_type):
        kinds = {"authorization_code": "code_exchanges", "refresh_token": "refreshes",
                 "urn:ietf:params:oauth:grant-type:device_code": "polls"}
        if grant_type in kinds:
            self.count(kinds[grant_type])

    def report(self):
        return dict(self.counters)

    def take_failure(self, endpoint):
        failure = self.failures.get(endpoint)
        if failure is None or failure.get("count") == 0:
            return None
        if "count" in failure:
            failure["count"] -= 1
        return failure

    def control(self, wishes):
        for name in wishes:
            if name not in (*self.SWITCHES, *self.ACTIONS):
                raise ValueError(f"unknown key {name}")
        for name, value in wishes.items():
            if name in self.SWITCHES:
                setattr(self, name, value)
            elif value:
                getattr(self, f"do_{name}")(value)

    def do_fail(self, failure):
        self.failures[failure["endpoint"]] = dict(failure)

    def do_reset_counters(self, _value=True):
        self.counters = dict.fromkeys(self.COUNTERS, 0)


class Handler(http.server.BaseHTTPRequestHandler):
    """`answer`, to be written, answers every request but those to /control."""

    protocol_version = "HTTP/1.1"
    server_version = "test"

    def log_message(self, *_):
        pass

    @property
    def memory(self):
        return self.server.memory

    @property
    def where(self):
        """The path that is asked for."""
        return urllib.parse.urlsplit(self.path).path

    def query(self):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query,
                                           keep_blank_values=True))

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def form(self):
        return dict(urllib.parse.parse_qsl(self.body().decode(), keep_blank_values=True))

    def send(self, status, body="", headers=()):
        if isinstance(body, (dict, list)):
            body = json.dumps(dict(body))
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def fail_as_told(self, endpoint):
        time.sleep(self.memory.delay / 1000)
        with self.server.lock:
            failure = self.memory.take_failure(endpoint)
        if failure is None:
            return False
        body = failure.get("body", WORDS.get(failure["status"], "<html>out of order</html>"))
        self.send(failure["status"], body, failure.get("headers", {}).items())
        return True

    def control(self):
        if self.command == "POST":
            try:
                self.memory.control(json.loads(self.body()))
            except ValueError as error:
                self.send(400, {"error": str(error)}, JSON)
                return
        self.send(200, self.memory.report(), JSON)

    def handle_any(self):
        if self.where == "/control":
            with self.server.lock:
                self.control()
        else:
            self.answer()

    do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = handle_any


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.base = f"http://127.0.0.1:{self.server_port}"
        self.lock = threading.Lock()

    def process_request(self, request, client_address):
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().process_request(request, client_address)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def run(self):
        """Serves until SIGTERM ends the program."""
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        print(f"Listening on {self.base}/", flush=True)
        self.serve_forever()
