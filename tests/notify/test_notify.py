#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The notification about a login that ended: when there is one, what it says, when it goes."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import browser, ports, tap
from harness.broker import DEADLINE, SIGN_IN, expect_error, settle_until
from harness.bus import BusError
from harness.clocks import Clocks
from harness.network import Network
from harness.notifications import EXPIRED, Notifications, emit
from harness.screen import Screen
from harness.servers import PUBLIC_CLIENT_ID
from harness.world import World

REMOTE = {"AuthorizationEndpoint": "https://login.example.com/authorize",
          "TokenEndpoint": "https://login.example.com/token"}


class Desktop(World):
    """A world with a notification server, and with accounts whose logins have ended.

    `accounts`: those, of provider "tidio"; nobody has asked for their tokens since. The account
    "canary", of another provider, is always among them: asked last, it shows that all that was to
    be shown before was shown."""

    def __init__(self, accounts=("demo",), served=True, network=None, decision="allow",
                 clocks=False, **wishes):
        super().__init__(start=False, **wishes)
        self.names = (*accounts, "canary")
        self.served = served
        self.online = network
        self.decision = decision
        self.desktop = Notifications(self.session)
        self.network = None
        self.clocks = None
        if clocks:
            self.clocks = Clocks(self.session)
            self.broker.environment.update(self.clocks.environment)
        self.tokens = {}

    def _begin(self):
        if self.served:
            self.desktop.start()
        if self.online is not None:
            self.network = Network(self.session, self.online)
            self.broker.environment.update(Network.environment(self.session))
        program, self.notes = browser.install(self.session, self.decision)
        self.broker.environment["BROWSER"] = str(program)
        super()._begin()
        self.server.write_provider("other", ClientId=PUBLIC_CLIENT_ID, ClientAuthentication="none")
        self.broker.start()
        for name in self.names:
            self.sign_in(name, provider="other" if name == "canary" else "tidio")
            self.tokens[name] = self.broker.token(name)
        self.lose()

    def lose(self):
        """The provider ends all logins; the broker is not told."""
        self.secrets |= set(self.tokens.values())
        self.server.control(revoke_grants=True)

    def ask(self, account="demo"):
        """What an application does that must not disturb the user."""
        return expect_error("SignInRequired", self.broker.get_token, account,
                            rejected=self.tokens[account])

    def ask_api(self, account="demo"):
        return expect_error("SignInRequired", self.broker.call_api, "GET", "contacts",
                            account=account)

    def expect_no_more(self, count=0):
        """There were so many so far, and there comes none but the canary's."""
        self.ask("canary")
        last = self.desktop.wait(count + 1)
        tap.contains(last.body, "canary", "the next notification")
        tap.equal(len(self.desktop.shown), count + 1, "notifications, the canary's included")

    def expect_no_sign_in(self):
        """None but those that signed the accounts in."""
        started = sum(SIGN_IN in interfaces for interfaces in self.broker.objects().values())
        tap.equal(started, len(self.names), "sign-ins")


@tap.case("NT-01", "none while nobody asks, not even about a login known to have ended")
def unasked(world):
    world.expect_no_more()
    world.broker.restart()
    tap.equal(world.broker.state("canary"), "sign-in-required", "state after the restart")
    tap.equal(world.broker.state("demo"), "ready", "state of the one that nobody asked for")
    world.expect_no_more(1)


@tap.case("NT-02", "GetToken without interactive: one, which says what it is about and no secret")
def get_token(world):
    world.ask()
    one = world.desktop.wait()
    tap.equal((one.app, one.replaces, one.icon), ("Tidio Auth", 0, "org.tidio.Auth"), "identity")
    tap.equal(one.summary, "Sign in to Stand-in again", "summary")
    tap.equal(one.body,
              "An application needs the account demo, and its login at Stand-in has ended.", "body")
    tap.equal(one.actions, {"default": "Sign in", "sign-in": "Sign in", "later": "Later"}, "actions")
    tap.equal((one.hints, one.timeout), ({"urgency": 1, "desktop-entry": "org.tidio.Auth"}, 0),
              "hints and time-out")
    stored = world.keyring.records()["demo"]
    for secret in (world.tokens["demo"], stored["access_token"], stored["refresh_token"]):
        tap.lacks(json.dumps([one.summary, one.body, one.actions]), secret, "texts")


@tap.case("NT-03", "CallApi without interactive: one")
def call_api(world):
    world.ask_api()
    tap.contains(world.desktop.wait().body, "account demo,", "body")
    world.expect_no_more(1)


@tap.case("NT-04", "twenty more requests, and twenty at once: still one")
def many(world):
    pending = [world.broker.start_get_token("demo", rejected=world.tokens["demo"])
               for _ in range(20)]
    for one in pending:
        expect_error("SignInRequired", one.result)
    for _ in range(10):
        world.ask()
        world.ask_api()
    world.expect_no_more(1)


@tap.case("NT-05", "two accounts: one each, and each goes by itself", accounts=("demo", "work"))
def two(world):
    world.ask()
    first = world.desktop.wait(1)
    world.ask("work")
    second = world.desktop.wait(2)
    tap.contains(first.body, "account demo,", "first body")
    tap.contains(second.body, "account work,", "second body")
    world.sign_in("work")
    world.desktop.wait_closed(second)
    tap.check(first.is_open, "the other one to stay")
    world.ask()
    world.expect_no_more(2)


def add_sign_in(number, what, key):
    @tap.case(f"NT-{number}", f"{what} opens the browser; what ends there well is the end of it")
    def sign_in(world):
        world.ask()
        one = world.desktop.wait()
        world.desktop.press(one, key)
        settle_until(lambda: world.broker.state("demo") == "ready", world.bus,
                     what="the account ready")
        tap.contains(world.notes.read_text(), "/oauth/authorize?", "what the browser was given")
        tap.check(world.broker.token("demo") != world.tokens["demo"], "a new token")
        world.expect_no_more(1)


add_sign_in("06", "Sign in", "sign-in")
add_sign_in("50", "a click on the notification itself", "default")


@tap.case("NT-07", "Sign in, on a server that leaves the notification: it is withdrawn",
          decision="look")
def withdrawn_by_action(world):
    world.ask()
    one = world.desktop.wait()
    emit(world.desktop.bus, "ActionInvoked", one.id, "sign-in")
    world.desktop.wait_closed(one)
    tap.check(one.was_withdrawn, "CloseNotification")
    settle_until(world.notes.exists, world.bus, what="the browser")
    world.ask()
    world.expect_no_more(1)


@tap.case("NT-08", "Later: closed, and no more however often applications ask")
def later(world):
    world.ask()
    one = world.desktop.wait()
    emit(world.desktop.bus, "ActionInvoked", one.id, "later")
    world.desktop.wait_closed(one)
    tap.check(one.was_withdrawn, "CloseNotification")
    for _ in range(5):
        world.ask()
        world.ask_api()
    world.expect_no_more(1)
    world.expect_no_sign_in()


def add_closed(number, what, reason):
    @tap.case(f"NT-{number}", f"{what}: the same as Later")
    def closed(world):
        world.ask()
        world.desktop.close(world.desktop.wait(), reason)
        for _ in range(5):
            world.ask()
            world.ask_api()
        world.expect_no_more(1)
        world.expect_no_sign_in()


add_closed("09", "dismissed", 2)
add_closed("10", "expired", EXPIRED)


@tap.case("NT-11", "a sign-in by other means: withdrawn once it runs, none while it does")
def other_means(world):
    world.ask()
    one = world.desktop.wait()
    path = world.broker.sign_in("demo")
    world.desktop.wait_closed(one)
    tap.check(one.was_withdrawn, "CloseNotification")
    world.ask()
    world.expect_no_more(1)
    browser.visit(world.broker.uri(path))
    world.broker.end_of(path)
    tap.equal(world.broker.state("demo"), "ready", "state")


@tap.case("NT-39", "the provider file names another server, and then the old one again: withdrawn")
def detached(world):
    world.server.write_provider(TokenEndpoint="http://127.0.0.1:9/token")
    expect_error("SignInRequired", world.broker.get_token, "demo")
    one = world.desktop.wait()
    tap.contains(one.body, "account demo,", "body")
    world.server.write_provider()
    tap.equal(world.broker.token("demo"), world.tokens["demo"], "token")
    world.desktop.wait_closed(one)
    tap.check(one.was_withdrawn, "CloseNotification")


@tap.case("NT-12", "signing out withdraws it")
def sign_out(world):
    world.ask()
    one = world.desktop.wait()
    world.broker.sign_out("demo")
    world.desktop.wait_closed(one)
    tap.check(one.was_withdrawn, "CloseNotification")
    expect_error("NoSuchAccount", world.broker.get_token, "demo")
    world.expect_no_more(1)


@tap.case("NT-13", "interactive calls show none: they open the browser", decision="deny")
def interactive(world):
    token = world.tokens["demo"]
    expect_error("SignInDenied", world.broker.get_token, "demo", rejected=token, interactive=True)
    expect_error("SignInDenied", world.broker.call_api, "GET", "contacts", account="demo",
                 interactive=True)
    tap.check(world.notes.exists(), "a browser")
    world.expect_no_more()


@tap.case("NT-14", "an interactive call that cannot sign in shows none either",
          accounts=("demo", "work"))
def interactive_in_vain(world):
    world.server.write_provider(RedirectUri=f"http://127.0.0.1:{ports.free()}/callback")
    path = world.broker.sign_in("work")
    expect_error("SignInInProgress", world.broker.get_token, "demo",
                 rejected=world.tokens["demo"], interactive=True)
    world.expect_no_more()
    world.broker.cancel(path)


@tap.case("NT-15", "denied in the browser: that is a no, as Later is", decision="deny")
def denied(world):
    world.ask()
    signals = world.broker.record()
    world.desktop.press(world.desktop.wait(), "sign-in")
    wait_failed(world, signals)
    world.ask()
    world.expect_no_more(1)


@tap.case("NT-16", "a sign-in that fails without the user: told again when asked again",
          decision="no-such-button")
def failed(world):
    world.ask()
    one = world.desktop.wait()
    world.server.write_provider(RedirectUri="http://example.com/")
    world.desktop.press(one, "sign-in")
    world.ask()
    world.server.write_provider()
    world.ask()
    two = world.desktop.wait(2)
    tap.contains(two.body, "account demo,", "body after a sign-in that could not start")
    signals = world.broker.record()
    world.desktop.press(two, "sign-in")
    wait_failed(world, signals)
    world.ask()
    tap.contains(world.desktop.wait(3).body, "account demo,", "body after a failed browser")
    world.expect_no_more(3)


def wait_failed(world, signals):
    """Until a sign-in failed."""
    settle_until(lambda: [args for _path, _interface, member, args in signals
                          if member == "PropertiesChanged" and args[1].get("State") == "failed"],
                 world.bus, what="the end of the sign-in")


@tap.case("NT-17", "signed in and lost again: told again, even after Later")
def lost_again(world):
    world.ask()
    world.desktop.press(world.desktop.wait(), "later")
    world.ask()
    world.sign_in("demo")
    world.tokens["demo"] = world.broker.token("demo")
    world.lose()
    world.ask()
    tap.contains(world.desktop.wait(2).body, "account demo,", "body")
    world.expect_no_more(2)


@tap.case("NT-18", "expired with nothing to refresh it: told, and withdrawn by the next sign-in")
def not_refreshable(world):
    world.server.fail("token", 200, body=json.dumps(
        {"access_token": "short-lived-token", "token_type": "Bearer", "expires_in": 3600}))
    world.sign_in("demo")
    world.server.heal("token")
    world.tokens["demo"] = "short-lived-token"
    world.ask()
    one = world.desktop.wait()
    world.keyring.lock()
    settle_until(lambda: world.broker.state("demo") == "storage-locked", world.bus,
                 what="another state that is no end")
    world.session.stop_keyring()
    world.session.start_keyring(locked=False)
    world.ask()
    world.expect_no_more(1)
    tap.check(one.is_open, "it is still to be seen")
    world.sign_in("demo")
    world.desktop.wait_closed(one)


@tap.case("NT-19", "locked keyring: none; unlocked: at the next request",
          accounts=("demo", "work"))
def locked(world):
    world.ask()
    world.desktop.wait()
    world.broker.restart()
    tap.equal(world.broker.state("demo"), "sign-in-required", "state before locking")
    world.keyring.lock()
    tap.check(world.keyring.is_locked(), "a locked keyring")
    for _ in range(3):
        try:
            raise tap.Failure(f"seen a token: {world.broker.token('demo')[:3]}...")
        except BusError as error:
            tap.check(error.name.endswith(("SignInRequired", "StorageLocked")), f"not {error}")
    # This asks the keyring too, and later.
    expect_error("StorageLocked", world.broker.sign_out, "work")
    tap.equal(len(world.desktop.shown), 1, "notifications")
    world.session.stop_keyring()
    world.session.start_keyring(locked=False)
    world.ask()
    tap.contains(world.desktop.wait(2).body, "account demo,", "body")
    world.expect_no_more(2)


@tap.case("NT-20", "offline: none but of a provider on this computer; online: at the next request",
          network=False)
def offline(world):
    world.ask()
    world.desktop.wait()
    world.server.write_provider(**REMOTE)
    world.broker.restart()
    world.ask()
    world.expect_no_more(1)
    world.network.set_online(True)
    world.ask()
    tap.contains(world.desktop.wait(3).body, "account demo,", "body")


@tap.case("NT-21", "no notification server: nothing breaks; once there is one, it is used",
          served=False)
def absent(world):
    for _ in range(5):
        world.ask()
        world.ask_api()
    world.desktop.start()
    world.ask()
    tap.contains(world.desktop.wait().body, "account demo,", "body")
    world.expect_no_more(1)


@tap.case("NT-22", "the server dies and another starts: asked again, shown again; ids are its own")
def server_restarts(world):
    world.ask()
    first = world.desktop.wait()
    world.desktop.die()
    world.ask()
    world.desktop.start()
    world.ask()
    second = world.desktop.wait(2)
    tap.equal(second.id, first.id, "id at the other server")
    world.desktop.press(second, "sign-in")
    settle_until(lambda: world.broker.state("demo") == "ready", world.bus, what="the account ready")


@tap.case("NT-23", "signals of anybody but the server are ignored, and so are foreign ids")
def forged(world):
    world.ask()
    one = world.desktop.wait()
    forger = world.session.new_bus()
    target = world.bus.owner("org.tidio.Auth")
    for destination in (None, target):
        for key in ("sign-in", "later"):
            emit(forger, "ActionInvoked", one.id, key, destination)
        emit(forger, "NotificationClosed", one.id, 2, destination)
    # Whoever has had an answer to a call has had its earlier signals delivered.
    forger.call("org.tidio.Auth", "/", "org.freedesktop.DBus.Peer", "Ping")
    for number in (0, one.id + 1, 2 ** 32 - 1):
        emit(world.desktop.bus, "ActionInvoked", number, "sign-in")
        emit(world.desktop.bus, "NotificationClosed", number, 2)
    world.ask()
    world.expect_no_more(1)
    tap.check(one.is_open, "it is still to be seen")
    world.expect_no_sign_in()
    world.sign_in("demo")
    world.desktop.wait_closed(one)
    tap.check(one.was_withdrawn, "it was still known")


@tap.case("NT-24", "an action it does not have opens nothing")
def unknown_action(world):
    world.ask()
    world.desktop.press(world.desktop.wait(), "default; rm -rf /")
    world.ask()
    world.expect_no_more(1)
    world.expect_no_sign_in()


@tap.case("NT-51", "on a screen, by a server that people use: read, pressed, gone", served=False)
def on_screen(world):
    screen = Screen(world.session, button="sign-in")
    world.ask()
    screen.wait_for_text()
    tap.comment(screen.save("reminder"))
    screen.press()
    screen.wait_empty()
    settle_until(lambda: world.broker.state("demo") == "ready", world.bus, what="the account ready")


HOSTILE = 'R&D <b>"x"</b> %s'


@tap.case("NT-25", "markup in the provider's name is shown, not obeyed",
          provider={"Name": HOSTILE}, accounts=("demo", "work"))
def markup(world):
    world.ask()
    one = world.desktop.wait()
    tap.equal(one.summary, f"Sign in to {HOSTILE} again", "summary, which never is markup")
    tap.contains(one.body, "R&amp;D &lt;b&gt;&quot;x&quot;&lt;/b&gt; %s", "body")
    tap.lacks(one.body, "<", "body")
    world.desktop.capabilities = ("actions", "body")
    world.ask("work")
    tap.contains(world.desktop.wait(2).body, HOSTILE, "body without markup")


@tap.case("NT-26", "a server without actions: none are sent, the text says what to run")
def no_actions(world):
    world.desktop.capabilities = ("body",)
    world.ask()
    one = world.desktop.wait()
    tap.equal(one.actions, {}, "actions")
    tap.equal(one.body.split("\n")[1:], ["To sign in, run: tidio-auth sign-in demo"], "last line")
    world.sign_in("demo")
    world.desktop.wait_closed(one)


@tap.case("NT-27", "a server that never answers Notify hangs nothing and is not asked twice",
          accounts=("demo", "work"))
def mute_notify(world):
    world.desktop.mute = {"Notify"}
    for _ in range(5):
        world.ask()
        world.ask_api()
    world.desktop.wait_called("Notify")
    # The deadline of this one is later than that of the first.
    world.desktop.mute = {"GetCapabilities"}
    world.ask("work")
    world.bus.wait_for(lambda: world.desktop.calls.count("GetCapabilities") == 2, DEADLINE,
                       "the second account's call")
    world.desktop.mute = set()
    ask_until_shown(world, "work")
    world.ask()
    world.expect_no_more(1)
    world.sign_in("demo")


def ask_until_shown(world, account):
    def look():
        world.ask(account)
        return world.desktop.shown
    settle_until(look, world.bus, what="a notification")


@tap.case("NT-28", "a server that hangs altogether is given nothing; once it answers, all is well")
def mute(world):
    world.desktop.mute = {"GetCapabilities"}
    for _ in range(5):
        world.ask()
    world.desktop.wait_called("GetCapabilities")
    world.desktop.mute = set()
    ask_until_shown(world, "demo")
    world.expect_no_more(1)


@tap.case("NT-29", "a withdrawal while Notify is under way reaches what it shows")
def late_withdrawal(world):
    world.desktop.mute = {"Notify"}
    world.ask()
    world.desktop.wait_called("Notify")
    world.sign_in("demo")
    world.desktop.wake()
    one = world.desktop.wait()
    world.desktop.wait_closed(one)
    tap.check(one.was_withdrawn, "CloseNotification")


@tap.case("NT-30", "a withdrawal before the server said what it can do: nothing is shown")
def early_withdrawal(world):
    world.desktop.mute = {"GetCapabilities"}
    world.ask()
    world.desktop.wait_called("GetCapabilities")
    world.sign_in("demo")
    world.desktop.wake()
    world.expect_no_more()


@tap.case("NT-31", "a server that answers with errors: nothing breaks, asked again later")
def failing(world):
    for method in ("GetCapabilities", "Notify"):
        world.desktop.failing = {method}
        world.ask()
        world.ask_api()
    world.desktop.failing = {"CloseNotification"}
    world.ask()
    one = world.desktop.wait()
    world.sign_in("demo")
    world.desktop.wait_called("CloseNotification")
    tap.check(one.is_open and world.broker.is_alive(), "the broker lives")


@tap.case("NT-32", "a server that hangs does not hold up the end", accounts=("demo", "work"))
def end_while_mute(world):
    world.desktop.mute = {"Notify"}
    world.ask()
    world.desktop.wait_called("Notify")
    world.desktop.mute = {"GetCapabilities"}
    world.ask("work")
    world.broker.stop()


@tap.case("NT-33", "the broker ends: its notification goes, since nobody would hear the answer")
def end(world):
    world.ask()
    one = world.desktop.wait()
    world.broker.stop()
    world.desktop.wait_closed(one)
    tap.check(one.was_withdrawn, "CloseNotification")


@tap.case("NT-40", "the broker is killed: the next one takes its notification away; one per account")
def killed(world):
    world.ask()
    one = world.desktop.wait()
    # The broker has learnt the id. A ping alone does not say so: GDBus answers it in another thread.
    world.desktop.bus.ping_all()
    world.broker.get("Version")
    world.broker.kill()
    tap.check(one.is_open, "the notification outlives the broker")
    world.broker.start()
    world.desktop.wait_closed(one)
    tap.check(one.was_withdrawn, "CloseNotification")
    world.ask()
    other = world.desktop.wait(2)
    tap.equal(world.desktop.open(), [other], "notifications on the screen")
    world.broker.restart()
    world.desktop.calls.clear()
    world.ask()
    world.desktop.wait(3)
    tap.lacks(world.desktop.calls, "CloseNotification", "calls for what is gone already")


@tap.case("NT-41", "another broker tries to start: it leaves the notification of this one alone")
def second_broker(world):
    world.ask()
    one = world.desktop.wait()
    second = world.session.spawn("second-broker", [world.session.program],
                                 world.broker.environment)
    world.bus.wait_for(lambda: second.poll() is not None, DEADLINE, "the other one to end",
                       poll=True)
    tap.equal(second.returncode, 3, "its exit status")
    tap.check(one.is_open, "the notification is still there")
    world.desktop.press(one, "later")


@tap.case("NT-34", "the provider file is damaged: none, since no sign-in could succeed")
def no_provider(world):
    world.ask()
    world.desktop.wait()
    path = world.server.write_provider()
    world.broker.restart()
    path.write_text("[Provider]\n")
    world.ask()
    world.expect_no_more(1)
    world.server.write_provider()
    world.ask()
    tap.contains(world.desktop.wait(3).body, "account demo,", "body")


DAY = 24 * 60 * 60


def say_later(world):
    """Until the broker has heard it."""
    world.ask()
    one = world.desktop.wait()
    emit(world.desktop.bus, "ActionInvoked", one.id, "later")
    world.desktop.wait_closed(one)


def state_file(world):
    return world.session.root / "state/tidio-auth/settings.conf"


@tap.case("NT-35", "Later holds for the next broker too, and what says so is no secret")
def later_kept(world):
    say_later(world)
    world.broker.restart()
    world.ask()
    world.expect_no_more(1)
    world.broker.kill()
    world.broker.start()
    world.ask_api()
    world.expect_no_more(2)
    tap.equal(state_file(world).stat().st_mode & 0o777, 0o600, "mode of the file")
    for secret in world.tokens.values():
        tap.lacks(state_file(world).read_text(), secret, "what is kept")


@tap.case("NT-36", "Later holds for a day of the boot clock, wherever the wall clock is set",
          clocks=True)
def later_and_clocks(world):
    say_later(world)
    for count, days in enumerate((3, -30, 5000), 1):
        world.clocks.shift(real=days * DAY)
        world.broker.restart()
        world.ask()
        world.expect_no_more(count)
    world.clocks.shift(boot=DAY + 60)
    world.broker.restart()
    world.ask()
    tap.contains(world.desktop.wait(5).body, "account demo,", "body a day later")


@tap.case("NT-37", "Later after the computer was started anew: a day at most, by the wall clock",
          clocks=True)
def later_and_boot(world):
    say_later(world)
    world.broker.set_default("demo")
    lines = [line if not line.startswith("Boot=") else "Boot=another"
             for line in state_file(world).read_text().splitlines()]
    for count, days in enumerate((0, -30), 1):
        state_file(world).write_text("\n".join(lines))
        world.clocks.shift(real=days * DAY)
        world.broker.restart()
        world.ask()
        world.expect_no_more(count)
    world.clocks.shift(real=-30 * DAY, boot=DAY + 60)
    world.ask()
    tap.contains(world.desktop.wait(4).body, "account demo,", "body, the clock still set back")
    world.clocks.shift(real=2 * DAY)
    world.broker.restart()
    world.ask()
    tap.contains(world.desktop.wait(5).body, "account demo,", "body two days later")
    tap.equal(world.broker.get("DefaultAccount"), "demo", "what else is kept")


@tap.case("NT-38", "Later, then signed in by another broker and lost again: told again")
def later_and_lost_again(world):
    say_later(world)
    world.broker.restart()
    world.sign_in("demo")
    world.broker.restart()
    world.tokens["demo"] = world.broker.token("demo")
    world.lose()
    world.ask()
    tap.contains(world.desktop.wait(2).body, "account demo,", "body")


tap.main(Desktop)
