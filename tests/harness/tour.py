# SPDX-License-Identifier: LGPL-2.1-or-later
"""The main job, shown step by step with plain commands. Used by tests/try."""

import ast
import contextlib
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

# pylint: disable=wrong-import-position
from harness.servers import Server
from harness.session import Session

BUILD = pathlib.Path(os.environ.get("TIDIO_AUTH_BUILD", ROOT / "build")) / "try"
LIFETIME = 5
PATIENCE = 300
CALL = ["gdbus", "call", "--session", "--dest", "org.tidio.Auth", "--object-path"]
TOKEN = re.compile(r"\b[A-Za-z0-9_-]{40,}\b")
COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


class StepFailed(Exception):
    """What went wrong, for the reader."""


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def shorten(text):
    """Tokens are not for the eyes; long answers neither."""
    text = TOKEN.sub(lambda match: match.group(0)[:6] + "…", text.strip("\n"))
    return text if len(text) <= 600 else text[:600] + " …"


def quote(word):
    """As a person would: double quotes around single ones."""
    if "'" in word and not set(word) & set('"$`\\!'):
        return f'"{word}"'
    return shlex.quote(word)


class Tour:
    def __init__(self, session):
        self.session = session
        self.steps = 0

    def step(self, title):
        self.steps += 1
        print(f"\n{paint('1', f'{self.steps}. {title}')}", flush=True)

    def say(self, text):
        print(f"   {text}", flush=True)

    def show_command(self, argv):
        print(paint("36", f"   $ {' '.join(quote(word) for word in argv)}"), flush=True)

    def run(self, argv, secret=True):
        """Shows a command and its output; the output."""
        self.show_command(argv)
        done = subprocess.run(argv, env=self.environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        shown = shorten(done.stdout) if secret else done.stdout.strip()
        for line in shown.splitlines():
            print(f"   {line}", flush=True)
        if done.returncode != 0:
            raise StepFailed(f"the command ended with status {done.returncode}")
        return done.stdout

    def environment(self):
        folders = [str(BUILD / "src" / name) for name in ("cli", "sandbox")]
        return {**self.session.environment,
                "PATH": ":".join(folders + [self.session.environment["PATH"]])}

    def call(self, method, *arguments, path="/org/tidio/Auth"):
        return self.run([*CALL, path, "--method", method, *arguments])

    def check(self, condition, problem):
        if not condition:
            raise StepFailed(problem)

    def good(self, text):
        print(paint("32", f"   ✓ {text}"), flush=True)


def quietly(tour, argv):
    """Shows the command; its output only if it fails."""
    tour.show_command(argv)
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    environment.update(PATH="/usr/sbin:/usr/bin:/sbin:/bin")
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=environment, check=False)
    if done.returncode != 0:
        print(done.stdout[-8000:])
        raise StepFailed("the build failed")


def build(tour):
    tour.step("Build")
    if not (BUILD / "build.ninja").exists():
        quietly(tour, ["meson", "setup", str(BUILD), str(ROOT)])
    quietly(tour, ["meson", "compile", "-C", str(BUILD)])
    tour.good("built")


def start_sandbox(tour):
    tour.step("Start the sandbox, a stand-in for Tidio, and tell the broker about it")
    tour.say(f"Its access tokens live {LIFETIME} seconds, so that you can see one refreshed.")
    program = BUILD / "src/sandbox/tidio-auth-sandbox"
    tour.show_command(["tidio-auth-sandbox", "--port", "0", "--lifetime", str(LIFETIME)])
    os.environ["TIDIO_AUTH_SANDBOX"] = str(program)
    sandbox = Server(tour.session, arguments=["--lifetime", str(LIFETIME)])
    text = sandbox.provider_printed()
    path = tour.session.write_provider("sandbox", text)
    tour.say(f"Listening on {sandbox.uri}")
    tour.say(f"The provider file it printed now stands in {path}")
    tour.good("the sandbox runs")
    return sandbox


def property_of(tour, path, name):
    argv = [*CALL, path, "--method", "org.freedesktop.DBus.Properties.Get",
            "org.tidio.Auth.SignIn", name]
    done = subprocess.run(argv, env=tour.environment(), stdout=subprocess.PIPE, text=True,
                          check=True)
    return re.search(r"<'(.*)'>", done.stdout, re.S).group(1)


def wait_for_end(tour, path):
    """done, or why not."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        state = property_of(tour, path, "State")
        if state == "done":
            return
        if state == "failed":
            raise StepFailed(property_of(tour, path, "ErrorMessage"))
        time.sleep(0.2)
    raise StepFailed("nobody signed in")


def has_display():
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_page(tour, uri):
    """The user's own browser, else one without a window, else a person does it."""
    if has_display() and shutil.which("xdg-open"):
        tour.show_command(["xdg-open", uri])
        done = subprocess.run(["xdg-open", uri], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
        if done.returncode == 0:
            tour.say("Your browser shows the sandbox's page: press Allow there.")
            return
    elif shutil.which("chromium") and shutil.which("chromedriver"):
        from harness.chromium import chromium
        tour.say("There is no display here, so a Chromium without a window opens the page.")
        with chromium(tour.session) as browser:
            tour.say(f"It shows: {browser.open(uri)}")
            tour.say("It presses Allow.")
            tour.say(f"It shows: {browser.press('allow')}")
        return
    tour.say("Open this page and press Allow there:")
    tour.say(uri)


def sign_in(tour):
    tour.step("Sign in")
    answer = tour.call("org.tidio.Auth.SignIn", "demo",
                       "{'provider': <'sandbox'>, 'open-browser': <false>}")
    path = re.search(r"'(/org/tidio/Auth/SignIns/\d+)'", answer).group(1)
    uri = tour.run([*CALL, path, "--method", "org.freedesktop.DBus.Properties.Get",
                    "org.tidio.Auth.SignIn", "Uri"])
    open_page(tour, re.search(r"<'(.*)'>", uri).group(1))
    wait_for_end(tour, path)
    tour.run(["tidio-auth", "accounts"])
    tour.good("signed in; the tokens are in the keyring")


def get_token(tour):
    """token, expires_at"""
    answer = tour.call("org.tidio.Auth.GetToken", "demo", "{}")
    match = re.match(r"\('([^']+)', (?:int64 )?(\d+), ", answer)
    tour.check(match is not None, "the answer has no token")
    return match.group(1), int(match.group(2))


def call_api(tour):
    tour.step("Call the API; the token stays inside the broker")
    answer = tour.call("org.tidio.Auth.CallApi", "demo", "GET", "contacts?limit=1", "", "{}")
    tour.check(re.match(r"\(uint32 200,|\(200,", answer), "the API did not answer 200")
    tour.good("200")


def refresh(tour, old, expires_at):
    tour.step("Wait until that token is expired, and ask again")
    rest = max(1, int(expires_at - time.time()) + 1)
    tour.run(["sleep", str(rest)])
    new, _expires_at = get_token(tour)
    tour.check(new != old, "the same token came again")
    tour.good("another token: it was refreshed unseen")


def sign_out(tour):
    tour.step("Sign out")
    answer = tour.call("org.tidio.Auth.SignOut", "demo", "{}")
    tour.check(ast.literal_eval(answer.strip().replace("true", "True").replace("false", "False"))
               == (True,), "the tokens were not revoked")
    listed = tour.run(["tidio-auth", "accounts", "--json"])
    tour.check(listed.strip() == "[]" or listed.split() == ["[", "]"], "the account is still there")
    tour.good("revoked at the provider, deleted from the keyring")


def keep_open(tour):
    print("\nThe session is open until you press Ctrl-C. In another terminal:")
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        print(paint("36", f"   $ export {name}={shlex.quote(tour.session.environment[name])}"))
    print(paint("36", f"   $ export PATH={shlex.quote(str(BUILD / 'src/cli'))}:$PATH"), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


def show(keep):
    session = Session(program=BUILD / "src/daemon/tidio-authd",
                      environment={"BROWSER": "/bin/false"})
    tour = Tour(session)
    build(tour)
    tour.step("Start a session of its own: message bus and keyring")
    with session:
        tour.show_command(["export", "DBUS_SESSION_BUS_ADDRESS="
                           + session.environment["DBUS_SESSION_BUS_ADDRESS"]])
        tour.good("a private bus, and an unlocked keyring on it; your own are not touched")
        try:
            start_sandbox(tour)
            sign_in(tour)
            tour.step("Get a token")
            token, expires_at = get_token(tour)
            tour.good("a token that is valid now")
            call_api(tour)
            refresh(tour, token, expires_at)
            if keep:
                keep_open(tour)
            sign_out(tour)
        except StepFailed:
            print(session.logs())
            raise
    print(paint("1;32", "\nAll of it worked."))


def main():
    unknown = [word for word in sys.argv[1:] if word != "--keep"]
    if unknown:
        print("usage: tests/try [--keep]", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        show("--keep" in sys.argv)
    except StepFailed as problem:
        print(paint("31", f"   ✗ {problem}"))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
