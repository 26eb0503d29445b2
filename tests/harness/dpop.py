# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server that binds tokens to keys (RFC 9449), in front of one that does not.

Two listeners on loopback, one for the token endpoint and one for the API, so that they are two
servers to a client. What they get is checked with the JOSE of Debian's python3-authlib, which
nobody of this project wrote, and with the rules of RFC 9449 section 4.3; then it is handed on to
the server behind as if it were about Bearer tokens.
"""

import base64
import hashlib
import http.client
import http.server
import json
import re
import secrets
import threading
import time
import urllib.parse

from authlib.jose import JsonWebKey, JsonWebSignature
from authlib.jose.errors import JoseError

# A proof is taken if it was made so many seconds ago, or from now.
SKEW = 5
NONCE = re.compile(r"[!#-\[\]-~]+")
NOT_HANDED_ON = ("host", "content-length", "connection", "authorization", "dpop")


class Refusal(Exception):
    """What is wrong with a request: an error code and why."""


class Proof:
    """A proof that was checked."""

    def __init__(self, text, method, uri, access_token=None):
        try:
            header = json.loads(decode(text.split(".")[0]))
        except ValueError:
            raise Refusal("invalid_dpop_proof", "the header is not JSON") from None
        self.header = header
        expect(sorted(header), ["alg", "jwk", "typ"], "members of the header")
        expect((header["typ"], header["alg"]), ("dpop+jwt", "ES256"), "typ and alg")
        expect(sorted(header["jwk"]), ["crv", "kty", "x", "y"], "members of the key")
        expect((header["jwk"]["kty"], header["jwk"]["crv"]), ("EC", "P-256"), "kind of key")
        key = JsonWebKey.import_key(header["jwk"])
        try:
            signed = JsonWebSignature(["ES256"]).deserialize_compact(text.encode(), key)
        except JoseError as error:
            raise Refusal("invalid_dpop_proof", f"the signature: {error}") from None
        self.thumbprint = key.thumbprint()
        self.claims = json.loads(signed["payload"])
        self._check(method, uri, access_token)

    def _check(self, method, uri, access_token):
        names = {"jti", "htm", "htu", "iat"} | ({"ath"} if access_token else set())
        expect(set(self.claims) - {"nonce"}, names, "claims")
        expect(self.claims["htm"], method, "htm")
        expect(self.claims["htu"], uri, "htu")
        expect(type(self.claims["iat"]), int, "type of iat")
        if abs(self.claims["iat"] - time.time()) > SKEW:
            raise Refusal("invalid_dpop_proof", f"iat {self.claims['iat']}")
        expect(len(self.claims["jti"]) >= 16, True, "a long jti")
        if access_token:
            digest = hashlib.sha256(access_token.encode()).digest()
            expect(self.claims["ath"],
                   base64.urlsafe_b64encode(digest).decode().rstrip("="), "ath")

    @property
    def nonce(self):
        return self.claims.get("nonce")


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def expect(seen, expected, what):
    if seen != expected:
        raise Refusal("invalid_dpop_proof", f"{what}: {seen!r}, not {expected!r}")


class Listener(http.server.ThreadingHTTPServer):
    """One of the two: `nonce` is what it gives and, while `demands` is set, wants."""

    daemon_threads = True

    def __init__(self, front, name):

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                self.close_connection = True
                front.answer(self, self.server)

            do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = answer

        super().__init__(("127.0.0.1", 0), Handler)
        self.name = name
        self.uri = f"http://127.0.0.1:{self.server_port}/"
        self.demands = False
        self.nonce = None
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def renew(self):
        """A new nonce, which is wanted from now on."""
        self.demands = True
        self.nonce = secrets.token_urlsafe(12)
        return self.nonce


class Front:
    """`find_server` gives the one behind. What it saw is in `proofs` and `requests`; what was wrong
    in `refusals`. `scripts` has answers that are given instead of looking."""

    def __init__(self, find_server):
        self.find_server = find_server
        self.lock = threading.RLock()
        self.proofs = []
        self.requests = []
        self.refusals = []
        self.seen = set()
        self.bound = {}
        self.token_type = "DPoP"
        self.demands_proofs = True
        self.scripts = {"token": [], "api": []}
        self.token = Listener(self, "token")
        self.api = Listener(self, "api")

    def close(self):
        for listener in (self.token, self.api):
            listener.shutdown()
            listener.server_close()

    def provider_keys(self):
        """What a provider file says for token requests and API calls to come here."""
        return {"TokenEndpoint": f"{self.token.uri}oauth/token?tenant=1",
                "BaseUri": f"{self.api.uri}v1/"}

    def of(self, name):
        """The proofs that one of the two got."""
        return [proof for where, proof in self.proofs if where == name]

    def thumbprints(self):
        return {proof.thumbprint for _where, proof in self.proofs}

    def reset(self):
        self.proofs.clear()
        self.requests.clear()

    # Answering, in the listeners' threads

    def answer(self, handler, listener):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        with self.lock:
            status, headers, text = self._answer(handler, listener, body)
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(text)

    def _answer(self, handler, listener, body):
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.requests.append((listener.name, handler.command, handler.path, headers, body))
        if self.scripts[listener.name]:
            return self.scripts[listener.name].pop(0)
        try:
            token = self._check(handler, listener, headers, body)
        except Refusal as refusal:
            return self._refuse(listener, *refusal.args)
        answer = self._hand_on(handler, headers, body, token)
        if listener.nonce is not None:
            answer[1].append(("DPoP-Nonce", listener.nonce))
        return answer

    def _check(self, handler, listener, headers, body):
        """The access token that goes with the request; None at the token endpoint."""
        count = len(handler.headers.get_all("DPoP") or [])
        token = self._read_token(listener, headers)
        if count == 0 and not self.demands_proofs:
            return token
        if count != 1:
            raise Refusal("invalid_dpop_proof", f"{count} headers")
        uri = f"http://{handler.headers['Host']}{urllib.parse.urlsplit(handler.path).path}"
        proof = Proof(handler.headers["DPoP"], handler.command, uri, token)
        self.proofs.append((listener.name, proof))
        if proof.claims["jti"] in self.seen:
            raise Refusal("invalid_dpop_proof", "jti was used before")
        self.seen.add(proof.claims["jti"])
        if listener.demands and proof.nonce != listener.nonce:
            raise Refusal("use_dpop_nonce", "")
        self._check_binding(proof, token, body)
        return token

    def _read_token(self, listener, headers):
        if listener is self.token:
            return None
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme != ("DPoP" if self.demands_proofs else "Bearer"):
            raise Refusal("invalid_token", f"scheme {scheme!r}")
        return token

    def _check_binding(self, proof, token, body):
        """An access token, or a refresh token, goes with the key it was given to."""
        used = token or form_of(body).get("refresh_token")
        if used is not None and self.bound.get(used) != proof.thumbprint:
            raise Refusal("invalid_token" if token else "invalid_grant", "another key")

    def _refuse(self, listener, code, why):
        if code != "use_dpop_nonce":
            self.refusals.append((listener.name, code, why))
        headers = [("Content-Type", "application/json")]
        if listener.nonce is not None:
            headers.append(("DPoP-Nonce", listener.nonce))
        if listener is self.api:
            headers.append(("WWW-Authenticate", f'DPoP error="{code}", algs="ES256"'))
        return (401 if listener is self.api else 400, headers,
                json.dumps({"error": code}).encode())

    def _hand_on(self, handler, headers, body, token):
        kept = {name: value for name, value in headers.items() if name not in NOT_HANDED_ON}
        if token is not None:
            kept["authorization"] = f"Bearer {token}"
        elif "authorization" in headers:
            kept["authorization"] = headers["authorization"]
        server = self.find_server()
        connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
        try:
            connection.request(handler.command, handler.path, body, kept)
            answer = connection.getresponse()
            text = answer.read()
            shown = [(name, value) for name, value in answer.getheaders()
                     if name.lower() in ("content-type", "www-authenticate", "retry-after")]
            if token is None and answer.status == 200:
                text = self._bind(text)
            return answer.status, shown, text
        finally:
            connection.close()

    def _bind(self, text):
        granted = json.loads(text)
        if self.proofs:
            for name in ("access_token", "refresh_token"):
                self.bound[granted[name]] = self.proofs[-1][1].thumbprint
        granted["token_type"] = self.token_type
        return json.dumps(granted).encode()


def form_of(body):
    """The parameters of a token request, in either format."""
    try:
        return dict(json.loads(body))
    except ValueError:
        return dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace")))
