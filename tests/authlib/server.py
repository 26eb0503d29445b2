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
import json
import os
import pathlib
import sys

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import HttpRequest
from authlib.oauth2.rfc8414 import get_well_known_url

from harness import httpd
from harness.httpd import HTML, JSON
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


class Handler(httpd.Handler):
    def form(self):
        """The body's parameters; Tidio's JSON becomes the form that the library reads."""
        if self.headers.get_content_type() == "application/json":
            return json.loads(self.body())
        return super().form()

    def oauth_request(self, form):
        return OAuth2Request(self.command, f"http://{self.headers['Host']}{self.path}", form,
                             self.headers)

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
        self.memory.count_grant(form.get("grant_type"))
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
        code = (form or self.query()).get("user_code", "")
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
        try:
            token = self.server.oauth.protector.validate_request(
                None, HttpRequest(self.command, self.path, None, self.headers))
        except OAuth2Error as error:
            self.send(*error())
            return
        answers = {"/v1/contacts": httpd.CONTACTS, "/v1/operators": httpd.OPERATORS,
                   "/v1/userinfo": {"sub": token.user}}
        if self.where in answers:
            self.send(200, answers[self.where], JSON)
        else:
            self.send(404, {"errors": [{"code": "not_found", "message": "No such path"}]}, JSON)

    def answer(self):
        endpoints = {"/oauth/authorize": (self.authorize, None),
                     "/oauth/token": (self.token, "token"),
                     "/oauth/revoke": (self.revoke, "revoke"),
                     "/oauth/device": (self.device, "device"),
                     "/device": (self.verify, None),
                     "/jwks": (self.keys, None),
                     self.server.well_known: (self.discover, "discovery")}
        if self.where in endpoints:
            form = self.form() if self.command == "POST" else {}
            handle, name = endpoints[self.where]
            if name is None or not self.fail_as_told(name):
                with self.server.lock:
                    handle(form)
        elif self.where.startswith("/v1/"):
            self.body()
            if not self.fail_as_told("api"):
                with self.server.lock:
                    self.api()
        else:
            self.send(404)


class HttpServer(httpd.Server):
    def __init__(self, path):
        super().__init__(Handler)
        self.memory = Memory()
        self.oauth = Server(self.memory, self.base, path)
        self.well_known = get_well_known_url(self.oauth.issuer)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--path", default="")
    HttpServer(parser.parse_args().path).run()


if __name__ == "__main__":
    main()
