# SPDX-License-Identifier: LGPL-2.1-or-later
"""The broker as its callers see it."""

import os
import re
import signal
import subprocess

from gi.repository import GLib

from harness import tap
from harness.bus import BusError, options
from harness.session import WRAPPER

NAME = "org.tidio.Auth"
PATH = "/org/tidio/Auth"
ACCOUNT = "org.tidio.Auth.Account"
SIGN_IN = "org.tidio.Auth.SignIn"
OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
INVALID_ARGS = "org.freedesktop.DBus.Error.InvalidArgs"

SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|UndefinedBehavior")
# A sanitized program is several times slower, one in valgrind even more.
SLOW = 20 if WRAPPER else 3 if "ASAN_OPTIONS" in os.environ else 1
DEADLINE = 20.0 * SLOW


def account_path(account):
    escaped = "".join(c if c.isascii() and c.isalnum() else "".join(f"_{b:02x}" for b in c.encode())
                      for c in account)
    return f"{PATH}/Accounts/{escaped}"


def error_name(short):
    """The full name: "InvalidArgs" is the bus's own."""
    return INVALID_ARGS if short == "InvalidArgs" else f"org.tidio.Auth.Error.{short}"


def check_message(message):
    """What every error text of the broker keeps to."""
    tap.check(message and len(message) <= 200, f"a message of 1 to 200 characters: {message!r}")
    tap.check(all(" " <= c <= "~" for c in message), f"printable ASCII: {message!r}")
    tap.check(not re.search(r"https?://\S*\?", message), f"no URI with a query: {message!r}")


class Broker:
    """A caller of the broker; also starts and stops the program."""

    def __init__(self, session, environment=None, bus=None):
        self.session = session
        # All that it can be made to say, so that a secret in it would show.
        self.environment = {"G_MESSAGES_DEBUG": "all", **(environment or {})}
        if "ASAN_OPTIONS" in os.environ:
            # GLib's own allocator keeps what was lost reachable, and what was freed in use.
            self.environment["G_SLICE"] = "always-malloc"
        self.own_bus = bus
        self.process = None
        self.runs = 0

    @property
    def bus(self):
        return self.own_bus or self.session.bus

    # The program

    def start(self):
        self.runs += 1
        self.log_name = f"broker-{self.runs}"
        self.process = self.session.spawn(self.log_name, [*WRAPPER, self.session.program],
                                          self.environment)
        process = self.process
        self.bus.wait_for_name(NAME, DEADLINE, lambda: process.poll() is None)
        return self

    def stop(self, deadline=5.0 * SLOW):
        """SIGTERM: it ends well and soon."""
        if self.process is None:
            return
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(deadline)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise tap.Failure(f"the broker did not end within {deadline} s of SIGTERM") from None
        tap.equal(code, 0, "exit status of the broker")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None
        self.bus.wait_for(lambda: not self.bus.owner(NAME), DEADLINE, "the name to be free",
                          poll=True)

    def restart(self):
        self.stop()
        return self.start()

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def cpu_seconds(self):
        """What the process has used so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            words = file.read().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def other_caller(self):
        return Broker(self.session, bus=self.session.new_bus())

    # Methods

    def start_call(self, method, arguments, path=PATH, interface=NAME, deadline=60.0):
        return self.bus.start_call(NAME, path, interface, method, arguments, deadline)

    def call(self, method, arguments=None, path=PATH, interface=NAME, deadline=60.0):
        return self.start_call(method, arguments, path, interface, deadline).result(deadline + 5)

    def sign_in(self, account="", **wishes):
        """Starts one, without a browser unless told otherwise; its path."""
        wishes.setdefault("open_browser", False)
        return self.call("SignIn", GLib.Variant("(sa{sv})", (account, options(wishes))))[0]

    def sign_out(self, account=""):
        return self.call("SignOut", GLib.Variant("(sa{sv})", (account, {})))[0]

    def start_get_token(self, account="", deadline=60.0, **wishes):
        return self.start_call("GetToken", GLib.Variant("(sa{sv})", (account, options(wishes))),
                               deadline=deadline)

    def get_token(self, account="", **wishes):
        """access token, expires_at, details"""
        return self.start_get_token(account, **wishes).result()

    def token(self, account="", **wishes):
        return self.get_token(account, **wishes)[0]

    def start_call_api(self, method, path, body="", account="", deadline=60.0, **wishes):
        arguments = GLib.Variant("(ssssa{sv})", (account, method, path, body, options(wishes)))
        return self.start_call("CallApi", arguments, deadline=deadline)

    def call_api(self, method, path, body="", account="", **wishes):
        """status, body, details"""
        return self.start_call_api(method, path, body, account, **wishes).result(90)

    # Properties

    def get(self, prop, path=PATH, interface=NAME):
        return self.bus.get(NAME, path, interface, prop)

    def account(self, account):
        return self.bus.get_all(NAME, account_path(account), ACCOUNT)

    def state(self, account):
        return self.bus.get(NAME, account_path(account), ACCOUNT, "State")

    def sign_in_properties(self, path):
        return self.bus.get_all(NAME, path, SIGN_IN)

    def set_default(self, account):
        self.bus.set(NAME, PATH, NAME, "DefaultAccount", GLib.Variant("s", account))

    def objects(self):
        return self.call("GetManagedObjects", None, PATH, OBJECT_MANAGER)[0]

    def accounts(self):
        return sorted(interfaces[ACCOUNT]["Id"] for interfaces in self.objects().values()
                      if ACCOUNT in interfaces)

    def record(self):
        return self.bus.record(NAME)

    # The course of a sign-in

    def uri(self, path, deadline=DEADLINE):
        """The authorization URI, once the client is known."""
        def look():
            seen = self.sign_in_properties(path)
            if seen["State"] == "failed":
                raise BusError(seen["Error"], seen["ErrorMessage"])
            return seen["Uri"]
        return self.bus.wait_for(look, deadline, "the authorization URI", poll=True)

    def end_of(self, path, deadline=DEADLINE):
        """Waits until the sign-in ended; its properties."""
        def look():
            seen = self.sign_in_properties(path)
            return seen if seen["State"] in ("done", "failed") else None
        seen = self.bus.wait_for(look, deadline, "the end of the sign-in", poll=True)
        if seen["Error"]:
            check_message(seen["ErrorMessage"])
        return seen

    def cancel(self, path):
        self.call("Cancel", None, path, SIGN_IN)

    def complete(self, path, redirect_uri):
        self.call("Complete", GLib.Variant("(s)", (redirect_uri,)), path, SIGN_IN)


def expect_error(short, function, *arguments, **keywords):
    """Runs the function, which must fail with that error; its message."""
    try:
        result = function(*arguments, **keywords)
    except BusError as error:
        given = f"{arguments} {keywords}"
        tap.equal(error.name, error_name(short),
                  f"error name (message: {error.message}) for {given[:300]}")
        if error.name != INVALID_ARGS:
            check_message(error.message)
        return error.message
    given = f"{arguments} {keywords}"
    raise tap.Failure(f"expected the error {short} for {given[:300]}\n"
                      f"seen the result: {str(result)[:300]}")


def settle_until(predicate, bus, deadline=DEADLINE, what="it"):
    return bus.wait_for(predicate, deadline, what, poll=True)
