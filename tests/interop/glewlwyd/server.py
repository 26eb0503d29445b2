#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Glewlwyd behind what the tests need besides it: an API that its tokens are for, a login page with
the buttons of the other servers, and /control.

All of OAuth is Glewlwyd's: requests to /api/ go to it as they are, and its answers come back as
they are. What it gave out it tells at /secrets, the oldest first, because its codes and tokens have
no mark to know them by.

    server.py --redirect-uri URI [--dpop off|optional] [--nonce] [--par off|optional|required]

--nonce: proofs (RFC 9449) need the nonces of Glewlwyd and those of the API.
"""

import argparse
import html
import json
import os
import pathlib
import secrets
import sys
import tempfile
import time
import urllib.parse

INTEROP = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(INTEROP), str(INTEROP.parent)]

# pylint: disable=wrong-import-position
from authlib.jose import JsonWebKey, JsonWebSignature
from authlib.jose.errors import JoseError

from backend import Backend
from harness import httpd
from harness.httpd import HTML, JSON
from plain import digest

MEMORY_DISK = "/dev/shm"

PAGE = """<!doctype html><html lang="en"><head><title>Authorize</title></head><body>
<h1>Allow {client}?</h1>
<form method="post">{field}
<button name="decision" value="allow">Allow</button>
</form></body></html>
"""
CODE_FIELD = '<input name="user_code">'
ENDPOINTS = {
    "/api/oidc/auth": ("authorize", None),
    "/api/oidc/token": ("token", "token"),
    "/api/oidc/revoke": ("revocations", "revoke"),
    "/api/oidc/par": ("par", "par"),
    "/api/oidc/device_authorization": ("device", "device"),
    "/api/oidc/.well-known/openid-configuration": ("discovery", "discovery"),
}
SECRETS = ("access_token", "refresh_token", "id_token", "device_code")
HOP_BY_HOP = ("host", "content-length", "connection", "transfer-encoding")


class Refusal(Exception):
    def __init__(self, code="invalid_token"):
        super().__init__(code)
        self.code = code


class Memory(httpd.Memory):
    COUNTERS = (*httpd.Memory.COUNTERS, "par", "proofs", "nonces")
    SWITCHES = {**httpd.Memory.SWITCHES, "lifetime": 3600, "rotation": True}
    ACTIONS = (*httpd.Memory.ACTIONS, "new_api_nonce", "revoke_grants")

    def __init__(self, backend):
        super().__init__()
        self.backend = backend
        self.proofs = set()
        self.given = []
        self.do_new_api_nonce()

    def do_new_api_nonce(self, _value=True):
        self.api_nonce = secrets.token_urlsafe(16)

    def do_revoke_grants(self, _value):
        self.backend.revoke_grants()

    def control(self, wishes):
        before = (self.lifetime, self.rotation)
        super().control(wishes)
        if (self.lifetime, self.rotation) != before:
            self.backend.set_plugin(lifetime=self.lifetime, rotation=self.rotation)

    def report(self):
        return {**self.counters, "grants": self.backend.grants()}


class Handler(httpd.Handler):
    @property
    def backend(self):
        return self.memory.backend

    def note_secrets(self, answer):
        headers = {name.lower(): value for name, value in answer.headers}
        found = {}
        if headers.get("location", "").startswith(self.backend.redirect_uri):
            query = urllib.parse.urlsplit(headers["location"]).query
            found["code"] = dict(urllib.parse.parse_qsl(query)).get("code")
        elif self.where in ENDPOINTS and headers.get("content-type", "").startswith(JSON[0][1]):
            body = json.loads(answer.body)
            found = {name: body.get(name) for name in SECRETS}
        with self.server.lock:
            self.memory.given += [value for value in found.values() if value]

    def forward(self):
        """To Glewlwyd and back."""
        counter, endpoint = ENDPOINTS.get(self.where, (None, None))
        body = self.body()
        form = dict(urllib.parse.parse_qsl(body.decode()))
        with self.server.lock:
            if counter is not None and not (counter == "authorize" and "g_continue" in self.path):
                self.memory.count(counter)
            if counter == "token":
                self.memory.count_grant(form.get("grant_type"))
            if "DPoP" in self.headers:
                self.memory.count("proofs")
        if endpoint is not None and self.fail_as_told(endpoint):
            return
        kept = [(name, value) for name, value in self.headers.items()
                if name.lower() not in HOP_BY_HOP]
        answer = self.backend.request(self.command, self.path, body, kept)
        self.note_secrets(answer)
        self.send(answer.status, answer.body, [(name, value) for name, value in answer.headers
                                               if name.lower() not in HOP_BY_HOP])
        if b"use_dpop_nonce" in answer.body:
            self.memory.count("nonces")

    def log_in(self):
        """The page that Glewlwyd sends the browser to: who is it, and what may the client do?"""
        form = self.form() if self.command == "POST" else {}
        asked = self.query()
        wants_code = asked.get("prompt") == "device"
        if asked.get("prompt") == "deviceComplete":
            self.send(200, "<!doctype html><title>Done</title>", HTML)
        elif "decision" not in form and not self.memory.auto_allow:
            self.send(200, PAGE.format(client=html.escape(asked.get("client_id", "the device")),
                                       field=CODE_FIELD if wants_code else ""), HTML)
        else:
            cookie = self.backend.decide(self.memory.account, asked.get("client_id"),
                                         asked.get("scope", ""))
            target = asked["callback_url"]
            more = f"code={form.get('user_code', '')}&g_continue" if wants_code else "g_continue"
            target += ("&" if "?" in target else "?") + more
            self.send(302, "", [("Location", target), ("Set-Cookie", f"{cookie}; Path=/")])

    def check_proof(self, token, key):
        """RFC 9449 section 4.3: the request's proof is one for this token, here and now."""
        try:
            signed = JsonWebSignature(algorithms=["ES256"]).deserialize_compact(
                self.headers.get("DPoP", ""),
                lambda header, _payload: JsonWebKey.import_key(header["jwk"]))
            header, proof = signed["header"], json.loads(signed["payload"])
        except (JoseError, KeyError, ValueError) as error:
            raise Refusal from error
        seen = (header.get("typ"), proof.get("htm"), proof.get("htu"), proof.get("ath"),
                JsonWebKey.import_key(header["jwk"]).thumbprint())
        if seen != ("dpop+jwt", self.command, self.server.base + self.where, digest(token), key):
            raise Refusal
        if self.backend.options.nonce and proof.get("nonce") != self.memory.api_nonce:
            self.memory.count("nonces")
            raise Refusal("use_dpop_nonce")
        if abs(time.time() - proof.get("iat", 0)) > 60 or proof.get("jti") in self.memory.proofs:
            raise Refusal
        self.memory.proofs.add(proof.get("jti"))

    def authenticate(self):
        """What is known about the request's token."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        known = self.backend.introspect(token) if token else {"active": False}
        key = known.get("cnf", {}).get("jkt")
        if not known["active"] or scheme.lower() != ("dpop" if key else "bearer"):
            raise Refusal
        if key:
            self.check_proof(token, key)
        return {**known, "scheme": "DPoP" if key else "Bearer"}

    def api(self):
        self.memory.count("api")
        try:
            known = self.authenticate()
        except Refusal as refusal:
            scheme = "DPoP" if "DPoP" in self.headers else "Bearer"
            self.send(401, {"errors": [{"code": refusal.code, "message": "Not with this token"}]},
                      [*JSON, ("WWW-Authenticate", f'{scheme} error="{refusal.code}"'),
                       ("DPoP-Nonce", self.memory.api_nonce)])
            return
        echo = {"method": self.command, "path": self.where, "scope": known.get("scope", ""),
                "audience": known.get("aud"), "scheme": known["scheme"]}
        answers = {"/v1/contacts": httpd.CONTACTS, "/v1/operators": httpd.OPERATORS,
                   "/v1/echo": echo, "/v1/userinfo": {"sub": known.get("sub")}}
        if self.where in answers:
            self.send(200, answers[self.where], JSON)
        else:
            self.send(404, {"errors": [{"code": "not_found", "message": "No such path"}]}, JSON)

    def answer(self):
        if self.where.startswith("/v1/"):
            self.body()
            if not self.fail_as_told("api"):
                with self.server.lock:
                    self.api()
        elif self.where == "/secrets":
            self.send(200, {"given": self.memory.given}, JSON)
        elif self.where == "/login.html":
            self.log_in()
        elif self.where.startswith("/api/oidc/"):
            self.forward()
        else:
            self.send(404)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--redirect-uri", required=True)
    parser.add_argument("--dpop", default="off")
    parser.add_argument("--par", default="optional")
    parser.add_argument("--nonce", action="store_true")
    options = parser.parse_args()
    server = httpd.Server(Handler)
    # In memory, if there is such a place: Glewlwyd waits for the disk at each of its many changes.
    with tempfile.TemporaryDirectory(dir=MEMORY_DISK if os.path.isdir(MEMORY_DISK) else None,
                                     prefix="tidio-auth-") as folder:
        backend = Backend(pathlib.Path(folder), server.base, options.redirect_uri, options)
        try:
            backend.set_up()
            server.memory = Memory(backend)
            server.run()
        finally:
            backend.stop()


if __name__ == "__main__":
    main()
