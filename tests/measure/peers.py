# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two programs of Debian that do the same job, each with an account that is signed in: GNOME Online
Accounts and oidc-agent. Where one is not installed, its figures are left out."""

import concurrent.futures
import json
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import time

from harness.api import Api, reply
from harness.servers import CLIENT_ID, CLIENT_SECRET
from harness.session import wait_until

GOA_NAME = "org.gnome.OnlineAccounts"
GOA_PROGRAM = pathlib.Path("/usr/libexec/goa-daemon")
GOA_CALL = (GOA_NAME, "/org/gnome/OnlineAccounts/Accounts/account_1",
            "org.gnome.OnlineAccounts.OAuth2Based", "GetAccessToken", "()")
# Of the provider Google: a part of the name of what it keeps in the keyring.
GOA_GENERATION = 11
GOA_ACCOUNT = """[Account account_1]
Provider=google
Identity=ada@example.com
PresentationIdentity=ada@example.com
MailEnabled=false
CalendarEnabled=true
ContactsEnabled=false
"""

# What oidc-agent asks for in any case.
SCOPES = "openid offline_access contacts"
PASSWORD = "password of a file"
# Seconds that no token lives for: it is refreshed in any case.
BEYOND = 86400


def goa_services():
    """What the bus has to know of before the session starts."""
    return {GOA_NAME: GOA_PROGRAM} if GOA_PROGRAM.exists() else {}


def add_goa_account(stage):
    """An account whose token is valid, as it would be in the keyring after a sign-in. There is no
    network here, so that it is never checked; it is the token that is asked for."""
    folder = stage.session.root / "config/goa-1.0"
    folder.mkdir(exist_ok=True)
    (folder / "accounts.conf").write_text(GOA_ACCOUNT)
    in_a_month = int((time.time() + 30 * 86400) * 1e6)
    secret = (f"{{'access_token': <'{'t' * 1024}'>, 'access_token_expires_at': <int64 {in_a_month}>, "
              "'refresh_token': <'r'>, 'password': <'p'>}")
    stage.keyring.add("org.gnome.OnlineAccounts",
                      {"goa-identity": f"google:gen{GOA_GENERATION}:account_1"},
                      secret.encode(), "GOA google credentials for identity account_1")


class OidcAgent:
    """oidc-agent with two accounts of the sandbox, "a" and "b". It wants to be told where what is
    by an issuer, which stands beside."""

    def __init__(self, stage):
        self.stage = stage
        self.socket = stage.session.root / "run/oidc-agent"
        self.environment = {"OIDC_SOCK": str(self.socket), "OIDC_PW": PASSWORD,
                            "OIDC_CONFIG_DIR": str(stage.session.root / "config/oidc-agent")}
        self.issuer = Api()
        server = stage.server.places
        issuer = self.issuer.uri.removesuffix("v1/")
        self.issuer.reply = reply(200, json.dumps({
            "issuer": issuer, "authorization_endpoint": server["authorize"],
            "token_endpoint": server["token"], "scopes_supported": ["openid", "offline_access"],
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
        }).encode(), "Content-Type: application/json")
        os.mkdir(self.environment["OIDC_CONFIG_DIR"], 0o700)
        stage.session.spawn("oidc-agent", ["oidc-agent", "--console", "--no-autoload",
                                           "--socket-path", self.socket], self.environment)
        wait_until(self.socket.exists, 10, "oidc-agent's socket")
        for account in ("a", "b"):
            self._add(account, issuer)

    @staticmethod
    def is_there():
        return shutil.which("oidc-agent") is not None and shutil.which("oidc-gen") is not None

    def close(self):
        self.issuer.close()

    def _add(self, account, issuer):
        token = self.stage.refresh_token(SCOPES)
        argv = ["oidc-gen", account, "--issuer", issuer, "--client-id", CLIENT_ID,
                "--client-secret", CLIENT_SECRET, "--rt", token, "--scope", "contacts",
                "--redirect-uri", "http://localhost:4242/callback", "--manual", "--pw-env=OIDC_PW",
                "--prompt=none", "--confirm-default"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60,
                              stdin=subprocess.DEVNULL,
                              env={**self.stage.session.environment, **self.environment})
        if done.returncode != 0:
            raise RuntimeError(f"oidc-gen: {done.stdout}{done.stderr}")

    def ask(self, account, min_valid=0):
        """(microseconds, token)"""
        request = {"request": "access_token", "account": account, "min_valid_period": min_valid,
                   "application_hint": "measure"}
        since = time.monotonic()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.socket))
            connection.settimeout(60)
            connection.sendall(json.dumps(request).encode())
            text = b""
            while not text.endswith(b"}"):
                part = connection.recv(65536)
                if not part:
                    break
                text += part
        answer = json.loads(text or b"{}")
        if answer.get("status") != "success":
            raise RuntimeError(f"oidc-agent: {answer}")
        return (time.monotonic() - since) * 1e6, answer["access_token"]

    def ask_at_once(self, clients, account):
        """When the last of so many was answered, in microseconds."""
        start = threading.Barrier(clients)

        def run(_number):
            start.wait()
            return self.ask(account)[0]

        with concurrent.futures.ThreadPoolExecutor(clients) as pool:
            return max(pool.map(run, range(clients)))

    def expire(self, account):
        self.stage.server.control(lifetime=1)
        self.ask(account, BEYOND)
        self.stage.server.control(lifetime=3600)
        limit = time.monotonic() + 1.1
        wait_until(lambda: time.monotonic() >= limit, 10, "the token to expire")

    def refresh(self, account):
        """How long one took, in microseconds."""
        return self.ask(account, BEYOND)[0]

    def ask_beside(self, account, other):
        """How long an answer takes while the other account is being refreshed."""
        server = self.stage.server
        asked = server.counters()["token"]
        thread = threading.Thread(target=self.refresh, args=(other,))
        thread.start()
        wait_until(lambda: server.counters()["token"] > asked, 10, "the refresh to be under way")
        took = self.ask(account)[0]
        thread.join()
        return took
