#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The question to the user on a screen, by a notification server that people use. Pictures of it
are kept in the build folder, in `screenshots`."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from asker import READER
from desk import Desk
from harness import tap
from harness.screen import Screen


def see(desk, screen, wanted, name):
    screen.wait_for_text()
    tap.check(not wanted.is_there(), "no answer before the user's")
    print(f"# {screen.save(name)}")


@tap.case("CO-50", "Allow: it is allowed, and the question is gone", dialogs=False)
def allow(desk):
    screen = Screen(desk.session)
    wanted = desk.asker.call()
    see(desk, screen, wanted, "consent-read")
    screen.press()
    wanted.ok()
    screen.wait_empty()
    tap.equal(desk.permissions.of("demo"), {READER: ["GET /*", "HEAD /*"]}, "grants")


@tap.case("CO-51", "Deny: refused, and the question is gone", dialogs=False)
def deny(desk):
    screen = Screen(desk.session, button="deny")
    wanted = desk.asker.call("DELETE", "/contacts/1")
    see(desk, screen, wanted, "consent-change")
    screen.press()
    wanted.fails("NotAuthorized")
    screen.wait_empty()
    tap.equal(desk.permissions.of("demo"), {}, "grants")


@tap.case("CO-52", "closed: refused", dialogs=False)
def close(desk):
    screen = Screen(desk.session)
    wanted = desk.asker.sign_in(account="work")
    see(desk, screen, wanted, "consent-sign-in")
    screen.close()
    wanted.fails("NotAuthorized")
    screen.wait_empty()


@tap.case("CO-53", "nobody waits any more: the question goes", dialogs=False,
          configuration="[Callers]\nHost=ask\n")
def leave(desk):
    screen = Screen(desk.session)
    wanted = desk.asker.token(app="program", trust="host")
    see(desk, screen, wanted, "consent-token")
    desk.asker.cancel(wanted)
    screen.wait_empty()
    wanted.wait()


tap.main(Desk)
