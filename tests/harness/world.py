# SPDX-License-Identifier: LGPL-2.1-or-later
"""A session with a server and a broker in it: what most cases need."""

import json
import pathlib

from harness import browser, canaries, tap
from harness.broker import SANITIZER, Broker
from harness.servers import CLIENT_ID, CLIENT_SECRET, Server
from harness.session import Session

CREDENTIALS = {"TIDIO_CLIENT_ID": CLIENT_ID, "TIDIO_CLIENT_SECRET": CLIENT_SECRET}
# A browser that opens and shows nothing.
NO_BROWSER = {"BROWSER": "/bin/true"}


class World:
    """`provider`: keys of the provider file for "tidio", None for no file; `account`: signed in
    before the case starts; `environment`: of the broker, instead of the client's credentials;
    `server`: False for none, or one that runs already and goes on after the case."""

    def __init__(self, kind="sandbox", keyring="unlocked", provider=(), account=None,
                 environment=None, arguments=(), start=True, server=True):
        self.session = self.make_session(keyring)
        self.wanted = {"kind": kind, "arguments": arguments}
        self.provider = None if provider is None else dict(provider)
        self.start = start
        self.borrowed = server if isinstance(server, Server) else None
        self.with_server = bool(server)
        self.signed_in = account
        environment = CREDENTIALS if environment is None else environment
        self.broker = Broker(self.session, {**NO_BROWSER, **environment})
        self.server = None
        self.secrets = {CLIENT_SECRET}

    def make_session(self, keyring):
        return Session(keyring=keyring)

    def __enter__(self):
        self.session.__enter__()
        try:
            self._begin()
        except BaseException:
            self.session.close()
            raise
        return self

    def _begin(self):
        if self.with_server:
            self.server = self.borrowed or Server(self.session, **self.wanted)
            self.server.lend(self.session)
            if self.provider is not None:
                self.server.write_provider(**self.provider)
        if self.start:
            self.broker.start()
        if self.signed_in is not None:
            self.sign_in(self.signed_in)

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                self._note_secrets()
                processes = canaries.look_at_processes(
                    process.pid for process in self.session.processes)
                self.broker.stop()
                if self.server is not None and self.borrowed is None:
                    self._stop_server()
                self._check_logs()
                self.check_canaries(self._find_canaries(processes))
        finally:
            self.session.close()

    @property
    def bus(self):
        return self.session.bus

    @property
    def keyring(self):
        return self.session.keyring

    def sign_in(self, account="", decision="allow", succeeds=True, **wishes):
        """A whole sign-in; returns the last page and the ended object's properties."""
        path = self.broker.sign_in(account, **wishes)
        page = browser.visit(self.broker.uri(path), decision)
        end = self.broker.end_of(path)
        if decision == "allow" and succeeds:
            tap.equal((end["State"], end["Error"], end["ErrorMessage"]), ("done", "", ""),
                      "end of the sign-in")
        return page, end

    def forget_servers(self):
        """The accounts as stored by a version that did not note who gave the tokens: their tokens
        may be shown at another address. Returns who gave them."""
        self.broker.stop()
        servers = []
        for item in self.keyring.accounts():
            record = json.loads(item["secret"])
            servers.append(record.pop("server"))
            self.keyring.set_secret(item["path"], json.dumps(record).encode())
        self.broker.start()
        return servers

    def _note_secrets(self):
        if self.server is not None:
            self.secrets |= self.server.secrets()
        if self.keyring is None or self.keyring.process.poll() is not None:
            return
        for item in self.keyring.accounts():
            try:
                record = json.loads(item["secret"])
            except (ValueError, RecursionError):
                continue
            self.secrets |= {record[name] for name in ("access_token", "refresh_token")
                             if record.get(name)}
            self.secrets |= {line for line in record.get("dpop_key", "").splitlines()
                             if not line.startswith("-----")}

    def _stop_server(self):
        self.server.process.terminate()
        tap.equal(self.server.process.wait(10), 0, "exit status of the server")

    def _check_logs(self):
        """No crash and no sanitizer report in what any program wrote."""
        for log in sorted((pathlib.Path(self.session.root) / "logs").iterdir()):
            text = log.read_text(errors="replace")
            found = SANITIZER.search(text)
            tap.check(found is None, f"no sanitizer report in {log.name}:\n{text[-6000:]}")

    def _find_canaries(self, processes):
        """Where secrets are that must not be there, in words."""
        buses = [watch.finish(self.bus) for watch in self.session.watches]
        search = canaries.Canaries(self.secrets, buses,
                                   plain_keyring=self.session.keyring_kind == "faulty")
        root = pathlib.Path(self.session.root)
        found = list(search.in_processes(processes)) + list(search.on_bus())
        for folder in ("logs", "home", "config", "state", "cache", "data", "tmp", "run"):
            found += search.in_files(root / folder, left_out=("keyrings", "chromedriver"))
        return found

    def check_canaries(self, found):
        tap.equal(found, [], "secrets where they must not be")

    def logs(self):
        return self.session.last_logs()
