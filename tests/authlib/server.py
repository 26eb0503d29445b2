#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An authorization server and API on loopback whose OAuth 2.0 is Debian's python3-authlib.

It decides with code that nobody of this project wrote; what stands here only carries HTTP to that
library and keeps its codes and tokens in memory. It takes the same clients, pages and /control
requests as tidio-auth-sandbox, so that one test runs against both.
"""

import html
import http.server
import json
import os
import secrets
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
from authlib.oauth2.rfc6749 import (AuthorizationCodeMixin, AuthorizationServer, ClientMixin,
                                    HttpRequest, ResourceProtector, TokenMixin, grants)
from authlib.oauth2.rfc6750 import BearerTokenGenerator, BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge

METHODS = ["client_secret_basic", "client_secret_post", "none"]
LOOPBACK = ("localhost", "127.0.0.1", "::1")

PAGE = """<!doctype html><html lang="en"><head><title>Authorize</title></head><body>
<h1>Allow {client}?</h1>
<form method="post" action="{action}">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form></body></html>
"""


class Client(ClientMixin):
    def __init__(self, client_id, secret):
        self.client_id = client_id
        self.secret = secret

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return scope or ""

    def check_redirect_uri(self, redirect_uri):
        uri = urllib.parse.urlsplit(redirect_uri)
        return uri.scheme == "http" and uri.hostname in LOOPBACK and not uri.fragment

    def check_client_secret(self, client_secret):
        return secrets.compare_digest(self.secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method, endpoint):
        return (method == "none") == (self.secret == "")

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type in ("authorization_code", "refresh_token")


class Code(AuthorizationCodeMixin):
    def __init__(self, code, request):
        self.code = code
        self.client_id = request.client_id
        self.redirect_uri = request.redirect_uri
        self.scope = request.scope
        self.code_challenge = request.data.get("code_challenge")
        self.code_challenge_method = request.data.get("code_challenge_method")

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope


class Token(TokenMixin):
    def __init__(self, answer, client_id):
        self.access_token = answer["access_token"]
        self.refresh_token = answer.get("refresh_token")
        self.scope = answer.get("scope", "")
        self.client_id = client_id
        lifetime = answer.get("expires_in", 3600)
        self.expires_at = time.time() + lifetime
        self.lifetime = lifetime
        self.access_revoked = False
        self.refresh_revoked = False

    def check_client(self, client):
        return self.client_id == client.client_id

    def get_scope(self):
        return self.scope

    def get_expires_in(self):
        return None

    def is_expired(self):
        return self.expires_at < time.time()

    def is_revoked(self):
        return self.access_revoked


class Memory:
    """Everything the server remembers, and the switches of /control."""

    COUNTERS = ("authorize", "token", "code_exchanges", "refreshes", "reuse", "api", "revocations")

    def __init__(self):
        self.clients = {one.client_id: one for one in (Client("sandbox-client", "sandbox-secret"),
                                                       Client("sandbox-public", ""))}
        self.codes = {}
        self.tokens = []
        self.lifetime = 3600
        self.rotation = True
        self.deny = False
        self.auto_allow = False
        self.delay = 0
        self.failures = {}
        self.reset()

    def reset(self):
        self.counters = dict.fromkeys(self.COUNTERS, 0)

    def count(self, name):
        self.counters[name] += 1

    def report(self):
        alive = [one for one in self.tokens if one.refresh_token and not one.refresh_revoked]
        return {**self.counters, "grants": len(alive)}

    def find(self, text, kinds=("access_token", "refresh_token")):
        for token in self.tokens:
            if any(getattr(token, kind) == text for kind in kinds):
                return token
        return None

    def take_failure(self, endpoint):
        failure = self.failures.get(endpoint)
        if failure is None or failure.get("count") == 0:
            return None
        if "count" in failure:
            failure["count"] -= 1
        return failure

    def control(self, wishes):
        known = {"lifetime", "rotation", "deny", "auto_allow", "delay", "fail",
                 "expire_access_tokens", "revoke_grants", "reset_counters"}
        for name in wishes:
            if name not in known:
                raise ValueError(name)
        for name in ("lifetime", "rotation", "deny", "auto_allow", "delay"):
            setattr(self, name, wishes.get(name, getattr(self, name)))
        if "fail" in wishes:
            self.failures[wishes["fail"]["endpoint"]] = dict(wishes["fail"])
        for token in self.tokens:
            token.access_revoked |= bool(wishes.get("expire_access_tokens"))
            token.refresh_revoked |= bool(wishes.get("revoke_grants"))
        if wishes.get("reset_counters"):
            self.reset()


class CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def save_authorization_code(self, code, request):
        self.server.memory.codes[code] = Code(code, request)

    def query_authorization_code(self, code, client):
        found = self.server.memory.codes.get(code)
        return found if found is not None and found.client_id == client.client_id else None

    def delete_authorization_code(self, authorization_code):
        del self.server.memory.codes[authorization_code.code]

    def authenticate_user(self, authorization_code):
        return "user"


class RefreshGrant(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    @property
    def INCLUDE_NEW_REFRESH_TOKEN(self):  # pylint: disable=invalid-name
        return self.server.memory.rotation

    def authenticate_refresh_token(self, refresh_token):
        token = self.server.memory.find(refresh_token, ("refresh_token",))
        if token is not None and token.refresh_revoked:
            self.server.memory.count("reuse")
            return None
        return token

    def authenticate_user(self, credential):
        return "user"

    def revoke_old_credential(self, credential):
        credential.refresh_revoked = self.server.memory.rotation


class Challenge(CodeChallenge):
    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token_string, token_type_hint):
        return self.server.memory.find(token_string)

    def revoke_token(self, token, request):
        token.access_revoked = True
        token.refresh_revoked = True


class Validator(BearerTokenValidator):
    def __init__(self, memory):
        super().__init__()
        self.memory = memory

    def authenticate_token(self, token_string):
        return self.memory.find(token_string, ("access_token",))


class Server(AuthorizationServer):
    def __init__(self, memory):
        super().__init__()
        self.memory = memory
        self.register_token_generator("default", BearerTokenGenerator(
            lambda **_: secrets.token_urlsafe(32), lambda **_: secrets.token_urlsafe(32),
            lambda *_: self.memory.lifetime))
        self.register_grant(CodeGrant, [Challenge(required=True)])
        self.register_grant(RefreshGrant)
        self.register_endpoint(Revocation)

    def query_client(self, client_id):
        return self.memory.clients.get(client_id)

    def save_token(self, token, request):
        self.memory.tokens.append(Token(token, request.client.client_id))

    def send_signal(self, name, *args, **kwargs):
        pass

    def create_oauth2_request(self, request):
        return request

    def handle_response(self, status, body, headers):
        return status, body, headers


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
            user = "user" if allowed and not memory.deny else None
            self.send(*self.server.oauth.create_authorization_response(request, user))
            return
        try:
            self.server.oauth.get_consent_grant(request)
        except OAuth2Error as error:
            self.send(*error())
            return
        page = PAGE.format(client=html.escape(request.client_id), action=html.escape(self.path))
        self.send(200, page, [("Content-Type", "text/html; charset=utf-8")])

    def token(self, form):
        self.memory.count("token")
        kind = {"authorization_code": "code_exchanges", "refresh_token": "refreshes"}
        if form.get("grant_type") in kind:
            self.memory.count(kind[form["grant_type"]])
        self.send(*self.server.oauth.create_token_response(self.oauth_request(form)))

    def revoke(self, form):
        self.memory.count("revocations")
        request = self.oauth_request(form)
        self.send(*self.server.oauth.create_endpoint_response("revocation", request))

    def api(self):
        self.memory.count("api")
        path = urllib.parse.urlsplit(self.path).path
        try:
            self.server.protector.validate_request(
                None, HttpRequest(self.command, self.path, None, self.headers))
        except OAuth2Error as error:
            self.send(*error())
            return
        kind = [("Content-Type", "application/json")]
        if path == "/v1/contacts":
            contact = {"id": str(uuid.uuid4()), "email": "ada@example.com", "first_name": "Ada"}
            self.send(200, {"contacts": [contact], "meta": {"cursor": None, "limit": 100}}, kind)
        elif path == "/v1/operators":
            self.send(200, {"operators": [{"id": str(uuid.uuid4()), "name": "Grace"}]}, kind)
        else:
            self.send(404, {"errors": [{"code": "not_found", "message": "No such path"}]}, kind)

    def control(self):
        if self.command == "POST":
            try:
                self.memory.control(json.loads(self.body()))
            except ValueError as error:
                self.send(400, {"error": f"unknown key {error}"})
                return
        self.send(200, self.memory.report(), [("Content-Type", "application/json")])

    def answer(self):
        path = urllib.parse.urlsplit(self.path).path
        if path == "/control":
            with self.server.lock:
                self.control()
            return
        endpoints = {"/oauth/authorize": (self.authorize, None),
                     "/oauth/token": (self.token, "token"),
                     "/oauth/revoke": (self.revoke, "revoke")}
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

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.memory = Memory()
        self.oauth = Server(self.memory)
        self.protector = ResourceProtector()
        self.protector.register_token_validator(Validator(self.memory))
        self.lock = threading.Lock()

    def process_request(self, request, client_address):
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().process_request(request, client_address)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    server = HttpServer()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"Listening on http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
