#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A sign-in in a real browser. Pictures of the pages are kept in the build's "screenshots"."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import ports, tap
from harness.broker import error_name
from harness.chromium import chromium
from harness.world import World

PICTURES = pathlib.Path(os.environ.get("MESON_BUILD_ROOT", ".")) / "screenshots"


def go_through(world, decision):
    """Heading and text of the last page, and the ended sign-in."""
    path = world.broker.sign_in()
    uri = world.broker.uri(path)
    with chromium(world.session) as browser:
        browser.open(uri)
        tap.contains(browser.text(), "sandbox", "the sandbox's page")
        browser.keep_picture(PICTURES / "authorize.png")
        heading = browser.press(decision)
        browser.keep_picture(PICTURES / f"{decision}.png")
        text = browser.text()
        left = browser.driver.get_cookies()
    tap.equal(left, [], "cookies")
    return heading, text, world.broker.end_of(path)


@tap.case("WB-01", "Allow: the page says success, the account is there")
def allow(world):
    heading, _text, end = go_through(world, "allow")
    tap.equal(heading, "Authorization successful!", "heading")
    tap.equal((end["State"], end["ErrorMessage"]), ("done", ""), "end")
    tap.equal(world.broker.accounts(), ["tidio"], "accounts")
    tap.equal(world.broker.call_api("GET", "contacts")[0], 200, "status of an API call")


@tap.case("WB-02", "Deny: the page says so, SignInDenied, no account")
def deny(world):
    heading, text, end = go_through(world, "deny")
    tap.contains(heading, "denied", "heading")
    tap.lacks(text, "successful", "page")
    tap.equal((end["State"], end["Error"]), ("failed", error_name("SignInDenied")), "end")
    tap.equal(world.broker.accounts(), [], "accounts")


@tap.case("WB-04", "the keyring refuses: the page says that it is not saved yet", keyring="faulty")
def unsaved(world):
    world.keyring.plan("CreateItem", "fail", times=0)
    heading, _text, end = go_through(world, "allow")
    tap.equal(heading, "Signed in, but not saved yet", "heading")
    tap.equal((end["State"], end["ErrorMessage"]), ("done", ""), "end")


@tap.case("WB-05", "an old tab, loaded again while another sign-in waits at its address",
          provider={"RedirectUri": f"http://localhost:{ports.free()}/callback"})
def old_tab(world):
    first = world.broker.sign_in()
    with chromium(world.session) as browser:
        browser.open(world.broker.uri(first))
        browser.press("allow")
        world.broker.end_of(first)
        second = world.broker.sign_in("work")
        browser.driver.refresh()
        tap.equal(browser.heading(), "This page is not part of a sign-in", "heading")
        browser.open(world.broker.uri(second))
        tap.equal(browser.press("allow"), "Authorization successful!", "heading")
    tap.equal(world.broker.end_of(second)["State"], "done", "end")


@tap.case("WB-03", "$BROWSER is the real one: its own program opens the page", start=False)
def own_program(world):
    """The address goes through the helper and a shell to Chromium, which shows the page."""
    program = world.session.root / "browser"
    page = world.session.root / "page.html"
    program.write_text(
        "#!/bin/sh\n"
        f'chromium --headless --no-sandbox --disable-gpu --no-first-run --no-proxy-server '
        f'--disable-background-networking --user-data-dir="{world.session.root}/profile" '
        f'--dump-dom "$1" > "{page}.new" && mv "{page}.new" "{page}"\n')
    program.chmod(0o755)
    world.broker.environment["BROWSER"] = str(program)
    world.server.control(auto_allow=True)
    world.broker.start()
    end = world.broker.end_of(world.broker.sign_in(open_browser=True), 60)
    tap.equal((end["State"], end["ErrorMessage"]), ("done", ""), "end")
    world.bus.wait_for(page.exists, 60, "the page", poll=True)
    tap.contains(page.read_text(), "Authorization successful!", "page")


tap.main(World)
