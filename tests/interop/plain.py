# SPDX-License-Identifier: LGPL-2.1-or-later
"""An OAuth client that does the least there is: to see what a server does, without the broker.

Proofs of possession are signed by Authlib, so that they are not our own idea of RFC 9449.
"""

import base64
import hashlib
import json
import secrets
import time
import urllib.parse

from authlib.jose import JsonWebKey, JsonWebSignature

from harness import browser, tap
from harness.servers import CLIENT_ID, CLIENT_SECRET

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
# Nobody listens there.
# Seconds. Glewlwyd takes no proof from its future, and the C library's time() that it reads begins
# a new second up to 4 ms later than Python's.
IAT_MARGIN = 1
REDIRECT_URI = "http://localhost:12345/callback"


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def digest(text):
    return encoded(hashlib.sha256(text.encode()).digest())


def claims(id_token):
    """What an id_token says; its signature is not looked at."""
    part = id_token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Prover:
    """A key of its own, and proofs with it."""

    def __init__(self):
        self.key = JsonWebKey.generate_key("EC", "P-256", is_private=True)
        self.nonce = None

    def proof(self, method, uri, token=None, **more):
        header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self.key.as_dict(is_private=False)}
        payload = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": uri.split("?")[0],
                   "iat": int(time.time()) - IAT_MARGIN}
        if token is not None:
            payload["ath"] = digest(token)
        if self.nonce is not None:
            payload["nonce"] = self.nonce
        text = json.dumps({**payload, **more})
        return JsonWebSignature().serialize_compact(header, text.encode(), self.key).decode()


class Client:
    def __init__(self, server, client_id=CLIENT_ID, secret=CLIENT_SECRET, prover=None):
        self.server = server
        self.client_id = client_id
        self.secret = secret
        self.prover = prover
        self.verifier = secrets.token_urlsafe(32)

    @property
    def redirect_uri(self):
        return self.server.peculiarities.get("RedirectUri", REDIRECT_URI)

    def uri(self, place):
        """The address of an endpoint, or of a path."""
        return self.server.places.get(place, self.server.uri + place)

    def request(self, **more):
        """The parameters of an authorization request; None leaves one out."""
        values = {"response_type": "code", "client_id": self.client_id, "scope": "contacts",
                  "redirect_uri": self.redirect_uri, "state": "a-state",
                  "code_challenge": digest(self.verifier), "code_challenge_method": "S256", **more}
        return {name: value for name, value in values.items() if value is not None}

    def answer(self, decision="allow", **more):
        """Where the browser is sent after the user's decision: the parameters of that address."""
        query = urllib.parse.urlencode(self.request(**more))
        return self.answer_to(f"{self.uri('authorize')}?{query}", decision)

    def answer_to(self, uri, decision="allow"):
        address = browser.decide(uri, decision)
        tap.equal(address.split("?")[0], self.redirect_uri, "where the browser is sent")
        return dict(browser.query(address))

    def post(self, place, **fields):
        """status, JSON body, headers"""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if self.prover is not None:
            headers["DPoP"] = self.prover.proof("POST", self.uri(place))
        secret = {"client_secret": self.secret} if self.secret else {}
        body = urllib.parse.urlencode({"client_id": self.client_id, **secret, **fields})
        page = browser.fetch(self.uri(place), "POST", body, headers)
        return page.status, json.loads(page.body) if page.body else None, page.headers

    def exchange(self, code, **more):
        fields = {"grant_type": "authorization_code", "code": code,
                  "redirect_uri": self.redirect_uri, "code_verifier": self.verifier, **more}
        return self.post("token", **fields)

    def sign_in(self, **more):
        """The token answer at the end of the whole way."""
        return self.succeeded(self.exchange(self.answer(**more)["code"]))

    def refresh(self, token):
        return self.post("token", grant_type="refresh_token", refresh_token=token)

    def poll(self, device_code):
        return self.post("token", grant_type=DEVICE_GRANT, device_code=device_code)

    def get(self, path, token, scheme="Bearer", proof=None):
        headers = {"Authorization": f"{scheme} {token}"}
        if self.prover is not None:
            headers["DPoP"] = proof or self.prover.proof("GET", self.uri(path), token)
        return browser.fetch(self.uri(path), headers=headers)

    @staticmethod
    def succeeded(answer, statuses=(200, 201)):
        tap.check(answer[0] in statuses, f"{statuses}, not {answer[:2]}")
        return answer[1]
