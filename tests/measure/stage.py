# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where is measured: a session with a real keyring, servers on loopback, the broker with its
accounts, and the programs beside it that show what the same takes without one."""

import contextlib
import json
import os
import pathlib
import subprocess
import time
import urllib.parse
import uuid

from gi.repository import GLib

from harness import browser, procs
from harness.broker import NAME, PATH, Broker
from harness.cli import Cli
from harness.servers import CLIENT_ID, CLIENT_SECRET, Server
from harness.session import BUS_CONFIG, Session, wait_until

PROGRAMS = pathlib.Path(os.environ.get("MESON_BUILD_ROOT", ".")) / "tests" / "measure"
TRIVIAL = ("org.tidio.Trivial", "/org/tidio/Trivial", "org.tidio.Trivial", "GetToken", "('a0',)")
CPUS = sorted(os.sched_getaffinity(0))


def get_token(account="a0", options="{}"):
    """Words for the programs that call it."""
    return (NAME, PATH, NAME, "GetToken", f"('{account}', @a{{sv}} {options})")


# As /usr/share/dbus-1/session.conf has it: whatever is needed.
LIMITS = """  <limit name="max_completed_connections">100000</limit>
  <limit name="max_connections_per_user">100000</limit>
  <limit name="max_match_rules_per_connection">50000</limit>
  <limit name="max_replies_per_connection">50000</limit>
</busconfig>"""


class QuietSession(Session):
    """Nobody listens on its bus, and programs are as talkative as at home. `services`: what the bus
    starts besides the broker, by name."""

    bus_config = BUS_CONFIG.replace("</busconfig>", LIMITS)

    def __init__(self, services):
        self.services = services
        super().__init__(environment={"G_DEBUG": "", "BROWSER": "/bin/true"})

    def _start_bus(self):
        folder = self.root / "share/dbus-1/services"
        for name, program in {NAME: self.program, **self.services}.items():
            (folder / f"{name}.service").write_text(f"[D-BUS Service]\nName={name}\n"
                                                    f"Exec={program}\n")
        self.bus = self.start_bus("bus")


def _family(pid):
    return [pid] + [one for child in procs.children(pid) for one in _family(child)]


def place(pinned):
    """Puts this program and all that it started on one CPU, or on all."""
    for pid in _family(os.getpid()):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            for task in os.listdir(f"/proc/{pid}/task"):
                os.sched_setaffinity(int(task), CPUS[-1:] if pinned else CPUS)


class Stage:
    """`accounts`: that many, named a0, a1 and so on; all but the first are copies of its record."""

    def __init__(self, accounts=1, services=None):
        self.size = accounts
        self.session = QuietSession({"org.tidio.Trivial": PROGRAMS / "trivial",
                                     **(services or {})})
        self.broker = Broker(self.session, {"G_MESSAGES_DEBUG": ""})
        self.server = None
        self.api = None

    def __enter__(self):
        self.session.__enter__()
        try:
            self._begin()
        except BaseException:
            self.session.close()
            raise
        return self

    def __exit__(self, *_):
        self.session.close()

    client = CLIENT_ID, CLIENT_SECRET

    @property
    def bus(self):
        return self.session.bus

    @property
    def keyring(self):
        return self.session.keyring

    def _begin(self):
        self.server = Server(self.session)
        api = self.session.spawn("api", [PROGRAMS / "serve"], stdout=subprocess.PIPE)
        self.api = api.stdout.readline().decode().strip()
        self.server.write_provider(BaseUri=self.api)
        done = Cli(self.session).run("client", "set", "--client-id", CLIENT_ID,
                                     data=f"{CLIENT_SECRET}\n".encode())
        if done.code != 0:
            raise RuntimeError(f"tidio-auth client set: {done}")
        self.sign_in("a0")
        if self.size > 1:
            self._copy_account()

    def sign_in(self, account):
        path = self.broker.sign_in(account, provider="tidio", open_browser=False)
        browser.visit(self.broker.uri(path))
        seen = self.broker.end_of(path)
        if seen["State"] != "done":
            raise RuntimeError(f"sign-in: {seen['ErrorMessage']}")

    def refresh_token(self, scope=""):
        """One of the server's that the broker knows nothing of."""
        about = {"client_id": CLIENT_ID, "redirect_uri": "http://localhost:4242/callback"}
        uri = f"{self.server.places['authorize']}?" + urllib.parse.urlencode(
            {**about, "response_type": "code", "state": "s", "scope": scope})
        code = dict(browser.query(browser.decide(uri)))["code"]
        wishes = {**about, "client_secret": CLIENT_SECRET, "grant_type": "authorization_code",
                  "code": code}
        answer = self.server.request("POST", "/oauth/token", json.dumps(wishes),
                                     {"Content-Type": "application/json"})[1]
        return json.loads(answer)["refresh_token"]

    def _copy_account(self):
        """As if somebody had signed in that often: only the names differ. They lie in a keyring of
        their own, one without a password, for such a file can be written at once."""
        self.end_broker()
        record = self.keyring.records()["a0"]
        self.session.stop_keyring()
        lines = ["[keyring]", "display-name=many"]
        for number in range(1, self.size):
            text = json.dumps({**record, "account": f"a{number}"}).replace("\\", "\\\\")
            lines += [f"[{number}]", "item-type=0", "display-name=Tidio Auth", f"secret={text}"]
            attributes = {"xdg:schema": "org.tidio.Auth.Account", "account": uuid.uuid4(),
                          "version": 1}
            for index, (name, value) in enumerate(attributes.items()):
                lines += [f"[{number}:attribute{index}]", f"name={name}", "type=string",
                          f"value={value}"]
        (self.session.root / "data/keyrings/many.keyring").write_text("\n".join(lines) + "\n")
        self.session.start_keyring()
        self.keyring.unlock("/org/freedesktop/secrets/collection/many")

    # The broker; the bus starts it, so that it may leave and come back

    @property
    def pid(self):
        self.broker.get("Version")
        return self.bus.process_of(NAME)

    def end_broker(self):
        """Also of one that does not run."""
        if self.bus.owner(NAME):
            pid = self.pid
            os.kill(pid, 15)
            wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 20, "the broker to end")

    def start_anew(self):
        """A broker that was not asked yet for more refreshes than needed, with all accounts."""
        self.end_broker()
        self.broker.token(f"a{self.size - 1}")

    def refresh(self, account="a0"):
        return self.broker.token(account, rejected=self.broker.token(account))

    def expire(self, account="a0"):
        """Its token is one whose time is up, and the next one will live long."""
        self.server.control(lifetime=1)
        self.refresh(account)
        self.server.control(lifetime=3600)
        limit = self.broker.account(account)["ExpiresAt"]
        wait_until(lambda: time.time() >= limit, 10, "the token to expire")

    # The programs that measure

    def run(self, program, *words, environment=None):
        """What a program of this folder found, as a dictionary. Times in microseconds."""
        done = subprocess.run([str(PROGRAMS / program), *map(str, words)], capture_output=True,
                              text=True, check=False, cwd=self.session.root,
                              env={**self.session.environment, **(environment or {})})
        if done.returncode != 0:
            raise RuntimeError(f"{program} {' '.join(map(str, words))[:300]}: "
                               f"{done.stderr.strip()[:500]} {done.stdout.strip()}")
        return json.loads(done.stdout)

    def call(self, calls, words):
        """Median of calls one after the other."""
        return self.run("call", calls, *words)["median"]

    def effort(self, calls, words):
        """The same, and what one took of the service's processor time, in microseconds."""
        self.bus.call(*words[:4], GLib.Variant.parse(None, words[4], None, None))
        pid = self.bus.process_of(words[0])
        before = processor_time(pid)
        seen = self.run("call", calls, *words)
        return seen["median"], (processor_time(pid) - before) / 1000 / seen["n"]

    def crowd(self, clients, calls, words, *first):
        return self.run("crowd", clients, calls, *words, *first)


def rate(seen):
    return seen["n"] / seen["seconds"]


def memory(pid, name):
    """KiB, of /proc/PID/status"""
    return int(procs.status(pid, name).split()[0])


def private_dirty(pid):
    """KiB; for whoever may not look, what is nearly the same."""
    try:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except PermissionError:
        return memory(pid, "RssAnon")
    return int(text.split("Private_Dirty:")[1].split()[0])


def wake_ups(pid):
    """How often each of its threads was switched to so far."""
    counts = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        text = pathlib.Path(f"/proc/{pid}/task/{task}/status").read_text(encoding="ascii")
        counts[task] = sum(int(line.split()[1]) for line in text.splitlines()
                           if "ctxt_switches" in line)
    return counts


def count_since(before, after):
    """Wake-ups between two looks; a thread that is gone was woken for that."""
    return sum(count - before.get(task, 0) for task, count in after.items()) \
        + len(before.keys() - after.keys())


def processor_time(pid):
    """Nanoseconds so far, of all its threads."""
    return sum(int(pathlib.Path(f"/proc/{pid}/task/{task}/schedstat").read_text("ascii").split()[0])
               for task in os.listdir(f"/proc/{pid}/task"))
