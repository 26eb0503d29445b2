# SPDX-License-Identifier: LGPL-2.1-or-later
"""Glewlwyd, an authorization server in C, as Debian packages it: started with a database of its own
and set up through its administration API, as its administrator would.

tests/setup unpacks the package and does not install it: an installed one is a service that starts
with the computer.
"""

import contextlib
import http.client
import json
import sqlite3
import subprocess
import urllib.parse

from authlib.jose import JsonWebKey

from harness import ports
from harness.servers import GLEWLWYD
from harness.session import wait_until

PACKAGE = GLEWLWYD.parent.parent.parent
MODULES = PACKAGE / "usr/lib/glewlwyd"
SCHEMA = PACKAGE / "usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"
PASSWORD = "password"
ACCOUNTS = ("ada", "grace")
SCOPES = ["openid", "contacts"]
API_CLIENT = ("api", "api-secret")

CONFIG = """port={port}
bind_address="127.0.0.1"
external_url="{base}"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="WARNING"
cookie_secure=0
cookie_domain="127.0.0.1"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{modules}/user"
client_module_path="{modules}/client"
user_auth_scheme_module_path="{modules}/scheme"
plugin_module_path="{modules}/plugin"
hash_algorithm="SHA512"
database={{ type="sqlite3"; path="{database}"; }};
"""


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def cookie(self):
        """What it sets, as it is to be sent back."""
        found = [value for name, value in self.headers if name.lower() == "set-cookie"]
        return "; ".join(one.split(";")[0] for one in found)


class Backend:
    """`redirect_uri`: the one, port and all, that its clients may use; `options`: dpop, nonce and
    par as strings and so on, see server.py."""

    def __init__(self, folder, base, redirect_uri, options):
        self.base = base
        self.redirect_uri = redirect_uri
        self.options = options
        self.key = JsonWebKey.generate_key("EC", "P-256", {"kid": "one", "alg": "ES256"},
                                           is_private=True)
        self.database = folder / "database"
        self.port = ports.free()
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            database.executescript(SCHEMA.read_text())
        config = folder / "config"
        config.write_text(CONFIG.format(port=self.port, base=base, modules=MODULES,
                                        database=self.database))
        self.process = subprocess.Popen([GLEWLWYD, "-c", config])

    def request(self, method, path, body=b"", headers=()):
        """To Glewlwyd itself; headers as pairs."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", urllib.parse.urlsplit(self.base).netloc)
            for name, value in headers:
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def _is_up(self):
        with contextlib.suppress(OSError):
            return self.request("GET", "/config").status
        if self.process.poll() is not None:
            raise RuntimeError("Glewlwyd did not start")
        return None

    def sign_in(self, account, password=PASSWORD):
        """The cookie of a session at Glewlwyd."""
        words = json.dumps({"username": account, "password": password}).encode()
        answer = self.request("POST", "/api/auth/", words, [("Content-Type", "application/json")])
        if answer.status != 200:
            raise RuntimeError(f"no session for {account}: {answer.status}")
        return answer.cookie()

    def tell(self, cookie, method, path, values):
        answer = self.request(method, path, json.dumps(values).encode(),
                              [("Content-Type", "application/json"), ("Cookie", cookie)])
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body}")

    def set_up(self):
        wait_until(self._is_up, 20, "Glewlwyd")
        admin = self.sign_in("admin")
        self.set_plugin("POST", "", admin)
        self.tell(admin, "POST", "/api/scope/", {"name": "contacts", "password_required": False})
        for account in ACCOUNTS:
            self.tell(admin, "POST", "/api/user/", {
                "username": account, "password": PASSWORD, "enabled": True,
                "scope": ["g_profile", *SCOPES]})
        for client_id, secret in (("sandbox-client", "sandbox-secret"), ("sandbox-public", None),
                                  ("odd client:+%", "odd secret:+%&=/"), API_CLIENT):
            self.tell(admin, "POST", "/api/client/", {
                "client_id": client_id, "confidential": secret is not None, "enabled": True,
                **({"client_secret": secret} if secret else {}), "scope": [],
                "redirect_uri": [self.redirect_uri],
                "token_endpoint_auth_method": ["client_secret_post", "client_secret_basic"],
                "authorization_type": ["code", "refresh_token", "device_authorization",
                                       "client_credentials"]})

    def set_plugin(self, method="PUT", name="oidc", cookie=None, lifetime=3600, rotation=True):
        dpop, par = self.options.dpop, self.options.par
        kinds = ("code", "refresh", "device", "client", "token", "implicit", "password", "none")
        parameters = {
            "iss": f"{self.base}/api/oidc",
            "jwks-private": json.dumps({"keys": [self.key.as_dict(is_private=True)]}),
            "default-kid": "one", "jwks-show": True, "jwt-type": "ecdsa", "jwt-key-size": "256",
            "subject-type": "public", "allow-non-oidc": True, "scope": [],
            "access-token-duration": lifetime, "refresh-token-duration": 86400,
            "code-duration": 60, "refresh-token-rolling": True,
            "refresh-token-one-use": "always" if rotation else "never",
            **{f"auth-type-{kind}-enabled": kind in kinds[:4] for kind in kinds},
            "auth-type-code-revoke-replayed": True,
            "pkce-allowed": True, "pkce-required": True, "pkce-method-plain-allowed": False,
            "introspection-revocation-allowed": True,
            "introspection-revocation-allow-target-client": True,
            "device-authorization-expiration": 600, "device-authorization-interval": 1,
            "oauth-as-iss-id": True,
            "oauth-par-allowed": par != "off", "oauth-par-required": par == "required",
            "oauth-par-duration": 60, "oauth-par-request_uri-prefix": "urn:glewlwyd:",
            "oauth-dpop-allowed": dpop != "off", "oauth-dpop-iat-duration": 60,
            "oauth-dpop-nonce-mandatory": self.options.nonce, "oauth-dpop-nonce-counter": 100,
            "resource-allowed": True, "resource-scope": {"contacts": [f"{self.base}/v1/"]},
        }
        cookie = cookie or self.sign_in("admin")
        self.tell(cookie, method, f"/api/mod/plugin/{name}", {
            "module": "oidc", "name": "oidc", "display_name": "oidc", "enabled": True,
            "order_rank": 0, "parameters": parameters})
        if method == "PUT":
            self.tell(cookie, "PUT", f"/api/mod/plugin/{name}/reset", {})

    def decide(self, account, client_id, scope):
        """The user allows the client all that it asks for; the cookie of that session."""
        cookie = self.sign_in(account)
        if client_id:
            self.tell(cookie, "PUT", f"/api/auth/grant/{urllib.parse.quote(client_id)}/",
                      {"scope": scope})
        return cookie

    def introspect(self, token):
        """What Glewlwyd says about an access token (RFC 7662)."""
        body = urllib.parse.urlencode({"token": token, "client_id": API_CLIENT[0],
                                       "client_secret": API_CLIENT[1]}).encode()
        answer = self.request("POST", "/api/oidc/introspect", body,
                              [("Content-Type", "application/x-www-form-urlencoded")])
        return json.loads(answer.body) if answer.status == 200 else {"active": False}

    def grants(self):
        """How many refresh tokens are good."""
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            return database.execute("SELECT count(*) FROM gpo_refresh_token "
                                    "WHERE gpor_enabled = 1").fetchone()[0]

    def revoke_grants(self):
        with contextlib.closing(sqlite3.connect(self.database)) as database, database:
            database.execute("UPDATE gpo_refresh_token SET gpor_enabled = 0")

    def stop(self):
        self.process.terminate()
        self.process.wait()
