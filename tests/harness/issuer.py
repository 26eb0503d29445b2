# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server that says of itself where the server behind it has what (RFC 8414), as told.

It does whatever a server could do wrong there, which the real servers of the interop tests do not.
"""

import contextlib
import http.server
import json
import socket
import threading
import urllib.parse

WELL_KNOWN = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"
JSON = {"Content-Type": "application/json"}


class Issuer:
    """`answers`: path to (status, headers, body), a body that is no text being told as JSON, and one
    that is a function being called for it; or a list of such, one after the other, of which the
    last stays; a status of 0 closes the connection. `requests`: method, path and body of each that
    came; `headers`: theirs."""

    def __init__(self):
        self.answers = {}
        self.held_path = None
        self.open = threading.Event()
        self.open.set()
        self.requests = []
        self.headers = []
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                issuer.headers.append(self.headers)
                issuer.requests.append((self.command, self.path, body))
                if issuer.held_path in (None, self.path):
                    issuer.open.wait(30)
                status, headers, text = issuer.next_answer(self.path)
                text = text() if callable(text) else text
                if status == 0:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                data = (text if isinstance(text, str) else json.dumps(text)).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = answer

        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.httpd.daemon_threads = True
        self.uri = f"http://127.0.0.1:{self.httpd.server_port}"
        self.thread = threading.Thread(target=self.httpd.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def next_answer(self, path):
        answer = self.answers.get(path, (404, {}, "nothing here"))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return answer

    @contextlib.contextmanager
    def held(self, path=None):
        """No answer goes out meanwhile, or none of that path."""
        self.held_path = path
        self.open.clear()
        try:
            yield
        finally:
            self.open.set()

    def close(self):
        self.httpd.shutdown()
        self.httpd.server_close()

    def document(self, server, **members):
        """What is true of the server behind; members override, and None leaves one out."""
        document = {"issuer": self.uri, "authorization_endpoint": server.places["authorize"],
                    "token_endpoint": server.places["token"],
                    "revocation_endpoint": server.places["revoke"], **members}
        return {name: value for name, value in document.items() if value is not None}

    def publish(self, document, path=WELL_KNOWN, **headers):
        self.answers[path] = (200, {**JSON, **headers}, document)

    def answer(self, path, status, body="", **headers):
        self.answers[path] = (status, headers or JSON, body)

    def answer_in_turn(self, path, *answers):
        """Each of them a status and a body."""
        self.answers[path] = [(status, JSON, body) for status, body in answers]

    def bodies(self, path):
        """The fields of each request to a path."""
        return [dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
                for _method, seen, body in self.requests if seen == path]

    def count(self, path):
        return sum(urllib.parse.urlsplit(one[1]).path == path for one in self.requests)
