# SPDX-License-Identifier: LGPL-2.1-or-later
"""The servers a broker can be tried against, behind one class."""

import http.client
import json
import os
import pathlib
import subprocess
import threading

from harness import ports
from harness.session import wait_until

TESTS = pathlib.Path(__file__).resolve().parent.parent

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"
PUBLIC_CLIENT_ID = "sandbox-public"

# How Tidio wants to be talked to, at another address.
DEFAULTS = {
    "Provider": {
        "Name": "Stand-in",
        "AuthorizationEndpoint": "{authorize}",
        "TokenEndpoint": "{token}",
        "RevocationEndpoint": "{revoke}",
        "RedirectUri": "http://localhost:0/callback",
        "TokenRequestFormat": "json",
        "ClientAuthentication": "body",
    },
    "Api": {"BaseUri": "{uri}v1/"},
}
API_KEYS = ("BaseUri", "Authentication", "Accept", "UserInfoPath", "UserInfoMember")

# Where a server has what, below its address.
ENDPOINTS = {"authorize": "oauth/authorize", "token": "oauth/token", "revoke": "oauth/revoke",
             "par": "oauth/par", "device": "oauth/device", "issuer": ""}
OTHER_ENDPOINTS = {
    "glewlwyd": {"authorize": "api/oidc/auth", "token": "api/oidc/token",
                 "revoke": "api/oidc/revoke", "par": "api/oidc/par",
                 "device": "api/oidc/device_authorization", "issuer": "api/oidc"},
}

# Where tests/setup unpacks what these servers are made of.
GLEWLWYD = TESTS / "interop" / "glewlwyd" / "root" / "usr" / "bin" / "glewlwyd"
NODE_SERVER = TESTS / "interop" / "oidc-provider"
PROGRAMS = {
    "sandbox": ["tidio-auth-sandbox", "--port", "0"],
    "authlib": [TESTS / "authlib" / "server.py"],
    "glewlwyd": [TESTS / "interop" / "glewlwyd" / "server.py"],
    "oidc-provider": [NODE_SERVER / "node_modules" / ".bin" / "node", NODE_SERVER / "server.mjs"],
}
# What a server wants otherwise than Tidio does.
PECULIARITIES = {
    "glewlwyd": {"TokenRequestFormat": "form", "Scopes": "contacts"},
    "oidc-provider": {"TokenRequestFormat": "form", "Scopes": "contacts"},
}
# Those whose codes and tokens have no mark. Of each its end is told, for a token that is signed
# begins as others do.
UNMARKED = ("glewlwyd",)
SECRET_END = 24
# Those that know an application by one redirect URI, port and all.
PINNED = ("glewlwyd",)


def places(uri, kind="sandbox"):
    """Where a server at an address has what."""
    return {"uri": uri, **{name: (uri + path).rstrip("/") for name, path in
                           OTHER_ENDPOINTS.get(kind, ENDPOINTS).items()}}


def program_of(kind):
    """What starts a server; the sandbox may be one that was just built."""
    program, *arguments = PROGRAMS[kind]
    if kind == "sandbox":
        program = os.environ.get("TIDIO_AUTH_SANDBOX", program)
    return [program, *arguments]


def provider_text(where, **keys):
    """A provider file; keys override, and None leaves one out. Values may name places in braces."""
    groups = {name: dict(values) for name, values in DEFAULTS.items()}
    for key, value in keys.items():
        groups["Api" if key in API_KEYS else "Provider"][key] = value
    lines = []
    for name, values in groups.items():
        lines.append(f"[{name}]")
        lines += [f"{key}={value.format(**where)}" for key, value in values.items()
                  if value is not None]
    return "\n".join(lines) + "\n"


class Server:
    """A running server: its address, its switches and what it counted."""

    def __init__(self, session, kind="sandbox", arguments=()):
        self.session = session
        self.kind = kind
        self.broken = set()
        self.told = 0
        self.peculiarities = dict(PECULIARITIES.get(kind, {}))
        if kind in PINNED:
            redirect_uri = f"http://localhost:{ports.free()}/callback"
            self.peculiarities["RedirectUri"] = redirect_uri
            arguments = [*arguments, "--redirect-uri", redirect_uri]
        self.process = session.spawn(f"{kind}-server", [*program_of(kind), *arguments],
                                     stdout=subprocess.PIPE)
        self.output = []
        self.uri = self._read_address()
        self.places = places(self.uri, kind)
        self.host, self.port = "127.0.0.1", int(self.uri.rstrip("/").rsplit(":", 1)[1])
        threading.Thread(target=self._drain, daemon=True).start()

    def _read_address(self):
        for line in self.process.stdout:
            text = line.decode()
            self.output.append(text)
            if text.startswith("Listening on "):
                return text.split()[2]
        raise RuntimeError(f"the {self.kind} server did not start")

    def _drain(self):
        """Keeps the pipe empty: a server must not wait for its reader."""
        for line in self.process.stdout:
            self.output.append(line.decode(errors="replace"))

    def provider_printed(self):
        """The provider file that the sandbox prints when it starts."""
        wait_until(lambda: any(line.startswith("Accept=") for line in self.output), 10,
                   "the sandbox's provider file")
        text = "".join(self.output)
        return text[text.index("[Provider]"):].rstrip() + "\n"

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def control(self, **wishes):
        status, body = self.request("POST", "/control", json.dumps(wishes),
                                    {"Content-Type": "application/json"})
        if status != 200:
            raise RuntimeError(f"/control said {status}: {body!r}")

    def fail(self, endpoint, status, **more):
        """The next answers of an endpoint; count=N: only so many."""
        self.broken.add(endpoint)
        self.control(fail={"endpoint": endpoint, "status": status, **more})

    def heal(self, endpoint):
        self.broken.discard(endpoint)
        self.control(fail={"endpoint": endpoint, "status": 500, "count": 0})

    def counters(self):
        return json.loads(self.request("GET", "/control")[1])

    def lend(self, session):
        """Provider files are written to that session from now on."""
        self.session = session
        self.told = len(self._given())
        return self

    def _given(self):
        if self.kind not in UNMARKED:
            return []
        return json.loads(self.request("GET", "/secrets")[1])["given"]

    def secrets(self):
        """Ends of the codes and tokens that it gave out since it was lent, if they have no mark."""
        return {one[-SECRET_END:] for one in self._given()[self.told:]}

    def write_provider(self, provider="tidio", **keys):
        keys = {**self.peculiarities, **keys}
        return self.session.write_provider(provider, provider_text(self.places, **keys))


class Pool:
    """Servers that are started once each, for cases that need none of their own: who takes one
    finds its switches and counters as at the start."""

    SWITCHES = {"lifetime": 3600, "rotation": True, "deny": False, "auto_allow": False,
                "account": "ada", "delay": 0, "revoke_grants": True, "reset_counters": True}
    WITHOUT = {"sandbox": ("account",), "glewlwyd": ("deny",)}

    def __init__(self, session):
        self.session = session
        self.running = {}

    def take(self, kind, arguments=()):
        key = (kind, tuple(arguments))
        if key not in self.running:
            self.running[key] = Server(self.session, kind, arguments)
        server = self.running[key]
        for endpoint in list(server.broken):
            server.heal(endpoint)
        server.control(**{name: value for name, value in self.SWITCHES.items()
                          if name not in self.WITHOUT.get(kind, ())})
        return server
