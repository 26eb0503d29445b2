# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the Authlib server keeps: clients, codes, tokens, and the switches of /control."""

import secrets
import time
import urllib.parse

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE, DeviceCredentialDict

from harness import httpd

LOOPBACK = ("localhost", "127.0.0.1", "::1")
GRANT_TYPES = ("authorization_code", "refresh_token", DEVICE_CODE_GRANT_TYPE)


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
        return grant_type in GRANT_TYPES


class Code(AuthorizationCodeMixin):
    def __init__(self, code, request):
        self.code = code
        self.user = request.user
        self.client_id = request.client_id
        self.redirect_uri = request.redirect_uri
        self.scope = request.scope
        self.nonce = request.data.get("nonce")
        self.auth_time = int(time.time())
        self.code_challenge = request.data.get("code_challenge")
        self.code_challenge_method = request.data.get("code_challenge_method")

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return self.auth_time


class Token(TokenMixin):
    """`family`: shared by all that came, by refreshing, from one sign-in."""

    def __init__(self, answer, client_id, user, family):
        self.access_token = answer["access_token"]
        self.refresh_token = answer.get("refresh_token")
        self.scope = answer.get("scope", "")
        self.client_id = client_id
        self.user = user
        self.family = family
        self.expires_at = time.time() + answer.get("expires_in", 3600)
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


class Device(DeviceCredentialDict):
    """A device that waits for its user: decision is None, or the user and whether it was a yes."""

    decision = None
    polled_at = 0.0


class Memory(httpd.Memory):
    """Everything the server remembers, and the switches of /control."""

    SWITCHES = {**httpd.Memory.SWITCHES, "lifetime": 3600, "rotation": True, "deny": False}
    ACTIONS = (*httpd.Memory.ACTIONS, "expire_access_tokens", "revoke_grants")

    def __init__(self):
        super().__init__()
        self.clients = {one.client_id: one for one in (Client("sandbox-client", "sandbox-secret"),
                                                       Client("sandbox-public", ""))}
        self.codes = {}
        self.devices = {}
        self.tokens = []

    def report(self):
        alive = [one for one in self.tokens if one.refresh_token and not one.refresh_revoked]
        return {**self.counters, "grants": len(alive)}

    def find(self, text, kinds=("access_token", "refresh_token")):
        for token in self.tokens:
            if any(getattr(token, kind) == text for kind in kinds):
                return token
        return None

    def find_device(self, user_code):
        """The credential of a code that a user typed, or None."""
        for device in self.devices.values():
            if device.get_user_code() == user_code.strip().upper():
                return device
        return None

    def revoke_family(self, family):
        for token in self.tokens:
            if token.family is family:
                token.access_revoked = True
                token.refresh_revoked = True

    def do_expire_access_tokens(self, _value):
        for token in self.tokens:
            token.access_revoked = True

    def do_revoke_grants(self, _value):
        for token in self.tokens:
            token.refresh_revoked = True
