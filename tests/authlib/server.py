#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An authorization server and API on loopback whose OAuth 2.0 is Debian's python3-authlib.

It decides with code that nobody of this project wrote; what stands here only carries HTTP to that
library and keeps its codes and tokens in memory. It takes the same clients, pages and /control
requests as tidio-auth-sandbox, so that one test runs against both.

    server.py [--path /PATH]     the path of the issuer
"""

import argparse
import html
import http.server
import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.parse
import uuid

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

# pylint: disable=wrong-import-position
from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import HttpRequest
from authlib.oauth2.rfc8414 import get_well_known_url
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE

from memory import Memory
from oauth import Server

PAGE = """<!doctype html><html lang="en"><head><title>Authorize</title></head><body>
<h1>Allow {client}?</h1>
<form method="post" action="{action}">{fields}
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form></body></html>
"""
CODE_FIELD = '<input name="user_code" value="{code}">'
DONE = "<!doctype html><html lang=\"en\"><title>Done</title><h1>Go back to your device</h1></html>"
HTML = [("Content-Type", "text/html; charset=utf-8")]
JSON = [("Content-Type", "application/json")]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "authlib"

    def log_message(self, *_):
        pass

    def send(self, status, body="", headers=()):
        if isinstance(body, (dict, list)):
            body = json.dumps(dict(body))
        data = body.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    @property
    def memory(self):
        return self.server.memory

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def form(self):
        """The body's parameters; Tidio's JSON becomes the form that the library reads."""
        data = self.body()
        if self.headers.get_content_type() == "application/json":
            return json.loads(data)
        return dict(urllib.parse.parse_qsl(data.decode(), keep_blank_values=True))

    def oauth_request(self, form):
        return OAuth2Request(self.command, f"http://{self.headers['Host']}{self.path}", form,
                             self.headers)

    def fail_as_told(self, endpoint):
        time.sleep(self.memory.delay / 1000)
        with self.server.lock:
            failure = self.memory.take_failure(endpoint)
        if failure is None:
            return False
        words = {400: '{"error":"invalid_grant"}', 401: '{"error":"invalid_client"}'}
        body = failure.get("body", words.get(failure["status"], "<html>out of order</html>"))
        self.send(failure["status"], body, failure.get("headers", {}).items())
        return True

    def authorize(self, form):
        memory = self.memory
        request = self.oauth_request(form)
        if self.command == "GET":
            memory.count("authorize")
        allowed = form.get("decision") == "allow" or memory.auto_allow
        if self.command == "POST" or memory.auto_allow or memory.deny:
            user = memory.account if allowed and not memory.deny else None
            self.send(*self.server.oauth.create_authorization_response(request, user))
            return
        try:
            self.server.oauth.get_consent_grant(request)
        except OAuth2Error as error:
            self.send(*error())
            return
        self.send(200, PAGE.format(client=html.escape(request.client_id), fields="",
                                   action=html.escape(self.path)), HTML)

    def token(self, form):
        self.memory.count("token")
        kind = {"authorization_code": "code_exchanges", "refresh_token": "refreshes",
                DEVICE_CODE_GRANT_TYPE: "polls"}
        if form.get("grant_type") in kind:
            self.memory.count(kind[form["grant_type"]])
        self.send(*self.server.oauth.create_token_response(self.oauth_request(form)))

    def revoke(self, form):
        self.memory.count("revocations")
        request = self.oauth_request(form)
        self.send(*self.server.oauth.create_endpoint_response("revocation", request))

    def device(self, form):
        """RFC 8628 section 3.1: a device asks for a code."""
        self.memory.count("device")
        request = self.oauth_request(form)
        self.send(*self.server.oauth.create_endpoint_response("device_authorization", request))

    def verify(self, form):
        """The page where the user of a device types its code."""
        given = form or dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        code = given.get("user_code", "")
        device = self.memory.find_device(code)
        if device is None or "decision" not in form:
            field = CODE_FIELD.format(code=html.escape(code))
            self.send(200, PAGE.format(client="the device", fields=field, action="/device"), HTML)
            return
        allowed = form["decision"] == "allow" and not self.memory.deny
        device.decision = (self.memory.account, allowed)
        self.send(200, DONE, HTML)

    def discover(self, _form):
        self.memory.count("discovery")
        self.send(200, self.server.oauth.metadata(), JSON)

    def keys(self, _form):
        self.send(200, {"keys": [self.server.oauth.key.as_dict(is_private=False)]}, JSON)

    def api(self):
        self.memory.count("api")
        path = urllib.parse.urlsplit(self.path).path
        try:
            token = self.server.oauth.protector.validate_request(
                None, HttpRequest(self.command, self.path, None, self.headers))
        except OAuth2Error as error:
            self.send(*error())
            return
        contact = {"id": str(uuid.uuid4()), "email": "ada@example.com", "first_name": "Ada"}
        answers = {
            "/v1/contacts": {"contacts": [contact], "meta": {"cursor": None, "limit": 100}},
            "/v1/operators": {"operators": [{"id": contact["id"], "name": "Grace"}]},
            "/v1/userinfo": {"sub": token.user},
        }
        if path in answers:
            self.send(200, answers[path], JSON)
        else:
            self.send(404, {"errors": [{"code": "not_found", "message": "No such path"}]}, JSON)

    def control(self):
        if self.command == "POST":
            try:
                self.memory.control(json.loads(self.body()))
            except ValueError as error:
                self.send(400, {"error": f"unknown key {error}"})
                return
        self.send(200, self.memory.report(), JSON)

    def answer(self):
        path = urllib.parse.urlsplit(self.path).path
        if path == "/control":
            with self.server.lock:
                self.control()
            return
        endpoints = {"/oauth/authorize": (self.authorize, None),
                     "/oauth/token": (self.token, "token"),
                     "/oauth/revoke": (self.revoke, "revoke"),
                     "/oauth/device": (self.device, "device"),
                     "/device": (self.verify, None),
                     "/jwks": (self.keys, None),
                     self.server.well_known: (self.discover, "discovery")}
        if path in endpoints:
            form = self.form() if self.command == "POST" else {}
            handle, name = endpoints[path]
            if name is None or not self.fail_as_told(name):
                with self.server.lock:
                    handle(form)
        elif path.startswith("/v1/"):
            self.body()
            if not self.fail_as_told("api"):
                with self.server.lock:
                    self.api()
        else:
            self.send(404)

    do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = answer


class HttpServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, path):
        super().__init__(("127.0.0.1", 0), Handler)
        self.memory = Memory()
        self.oauth = Server(self.memory, f"http://127.0.0.1:{self.server_port}", path)
        self.well_known = get_well_known_url(self.oauth.issuer)
        self.lock = threading.Lock()

    def process_request(self, request, client_address):
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().process_request(request, client_address)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--path", default="")
    server = HttpServer(parser.parse_args().path)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"Listening on http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
