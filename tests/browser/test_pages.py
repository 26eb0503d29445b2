#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every page, as people see it: in each language, light and dark, on large and small windows. What
can be measured is; pictures for the eye are kept in the build's "screenshots"."""

import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))

# pylint: disable=wrong-import-position
from harness import tap
from harness.browser import fetch
from harness.chromium import chromium
from harness.servers import CLIENT_ID
from harness.world import World

PO = TESTS.parent / "po"
PICTURES = pathlib.Path(os.environ.get("MESON_BUILD_ROOT", ".")) / "screenshots"
LANGUAGES = [line for line in (PO / "LINGUAS").read_text(encoding="utf-8").split("\n")
             if line and not line.startswith("#")]

# What follows the address of the callback; the last one leads elsewhere.
PAGES = {"done": "?done", "unsaved": "?unsaved", "pending": "?pending", "denied": "?denied",
         "failed": "?failed", "invalid": "?invalid", "used": "?used", "refused": "/elsewhere"}
SCHEMES = ("light", "dark")
# Width, height and zoom of windows. The narrowest is what WCAG 2.1 wants (1.4.10).
LOOKS = {"desktop": (1280, 800, 1), "phone": (360, 640, 1), "zoom": (1280, 800, 2),
         "narrow": (320, 480, 1)}
PASSED_AT_LEAST = 10
# A page whose status is an error is a complaint by itself.
STATUS = "the server responded with a status of 4"

DIRECTIONS = {"ar": "rtl"}
ALL_LOOKS = ("desktop-light", "desktop-dark", "phone-light", "phone-dark", "zoom-light")

# A language that is written from right to left, with so much of it as shows how a page looks.
FROM_THE_RIGHT = {
    "language tag\4en": "ar",
    "text direction\4ltr": "rtl",
    "Authorization successful!": "تم التفويض بنجاح!",
    "You are signed in. You can close this page and return to the application.":
        "لقد سجلت الدخول. يمكنك إغلاق هذه الصفحة والعودة إلى التطبيق.",
    "Never copy the address of this page to anybody.": "لا تنسخ عنوان هذه الصفحة لأي شخص أبدًا.",
}


def quote(text):
    return '"' + text.replace('"', '\\"') + '"'


def compile_catalog(folder, language, text):
    path = folder / language / "LC_MESSAGES/tidio-auth.mo"
    path.parent.mkdir(parents=True)
    subprocess.run(["msgfmt", "-o", str(path), "-"], input=text, text=True, check=True)


def made_up_catalog():
    entries = ['msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n']
    for message, translation in FROM_THE_RIGHT.items():
        context, _, message = message.rpartition("\4")
        entries.append((f"msgctxt {quote(context)}\n" if context else "")
                       + f"msgid {quote(message)}\nmsgstr {quote(translation)}\n")
    return "\n".join(entries)


def serve(world, language, catalog=None, name="locale"):
    """The address at which the callback server shows the pages in a language."""
    folder = world.session.root / name
    if catalog is not None:
        compile_catalog(folder, language, catalog)
    server = world.session.spawn("serve-pages", [os.environ["TIDIO_SERVE_PAGES"], folder],
                                 {"LANGUAGE": language}, stdout=subprocess.PIPE)
    with server.stdout as output:
        return output.readline().decode().strip()


def check_look(browser, name, looks):
    """Light and dark, in the narrowest window and in those that a picture is wanted of."""
    for scheme in SCHEMES:
        browser.prefer(scheme)
        for look in (*LOOKS,) if looks else ("narrow",):
            browser.resize(*LOOKS[look])
            tap.between(browser.too_wide(), -100, 0, f"too wide: {name}, {look}")
            if f"{look}-{scheme}" in looks:
                browser.keep_picture(PICTURES / f"page-{name}-{look}-{scheme}.png")
        problems, passed = browser.check_access()
        tap.equal(problems, [], f"what axe says of {name}, {scheme}")
        tap.check(passed >= PASSED_AT_LEAST, f"axe to have looked at {name}: {passed} rules")


def check_page(browser, uri, name, tag, direction, looks):
    """The page's heading."""
    heading = browser.open(uri + PAGES[name])
    tap.equal((browser.attribute("lang"), browser.attribute("dir")), (tag, direction),
              f"language and direction of {name}")
    tap.equal(browser.shapes(), 1, f"icons of {name}")
    check_look(browser, f"{name}-{tag}", looks)
    return heading


def read(uri):
    """Heading and text of a page."""
    html = fetch(uri).body
    return re.search("<h1>(.*)</h1>", html)[1], re.search("<p>(.*)</p>", html)[1]


def check_translation(world, browser, language, english):
    """All pages are translated. As they differ in nothing else, that of most words is looked at."""
    uri = serve(world, language, (PO / f"{language}.po").read_text(encoding="utf-8"))
    texts = {name: read(uri + rest) for name, rest in PAGES.items()}
    for name, (heading, _text) in texts.items():
        tap.check(heading not in english, f"{name} in the language {language}, not {heading}")
    longest = max(texts, key=lambda name: len("".join(texts[name])))
    check_page(browser, uri, longest, language.replace("_", "-"),
               DIRECTIONS.get(language, "ltr"), ("phone-light",))


def check_from_the_right(world, browser):
    uri = serve(world, "ar", made_up_catalog(), "made-up")
    heading = check_page(browser, uri, "done", "ar", "rtl", ("desktop-light", "phone-dark"))
    tap.equal(heading, FROM_THE_RIGHT["Authorization successful!"], "heading")


@tap.case("WP-01", "every page in every language", start=False, keyring="none", server=False)
def languages(world):
    with chromium(world.session) as browser:
        browser.bring_checker()
        uri = serve(world, "en")
        english = [check_page(browser, uri, name, "en", "ltr",
                              ALL_LOOKS if name in ("done", "unsaved") else ALL_LOOKS[:2])
                   for name in PAGES]
        tap.equal(english[0], "Authorization successful!", "heading")
        tap.equal(len(set(english)), len(PAGES), f"headings that differ: {english}")
        for language in LANGUAGES:
            check_translation(world, browser, language, english)
        check_from_the_right(world, browser)
        tap.equal([line for line in browser.complaints() if STATUS not in line], [],
                  "the browser's complaints")


@tap.case("WP-02", "the sandbox's pages", start=False, keyring="none")
def sandbox(world):
    query = {"client_id": CLIENT_ID, "redirect_uri": "http://127.0.0.1:3000/callback",
             "response_type": "code", "scope": "contacts:read contacts:write", "state": "state"}
    address = f"{world.server.uri}oauth/authorize?"
    with chromium(world.session) as browser:
        browser.bring_checker()
        heading = browser.open(address + urllib.parse.urlencode(query))
        tap.contains(heading, CLIENT_ID, "heading")
        check_look(browser, "sandbox-authorize", ALL_LOOKS)
        tap.equal(browser.complaints(), [], "the browser's complaints")
        browser.open(address + urllib.parse.urlencode({**query, "client_id": "other"}))
        check_look(browser, "sandbox-error", ALL_LOOKS)


tap.main(World)
