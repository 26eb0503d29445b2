# SPDX-License-Identifier: LGPL-2.1-or-later
"""The installed programs in each language. What they should say is looked up in the installed
catalogue, which must have another word for it than the source."""

import gettext
import html.parser
import re
import unicodedata

from harness import browser, tap
from harness.broker import expect_error
from harness.notifications import Notifications

# Languages, and what their pages say they are in.
TAGS = {
    "ar": "ar",
    "de": "de",
    "es": "es",
    "fr": "fr",
    "pl": "pl",
    "pt_BR": "pt-BR",
    "uk": "uk",
    "zh_CN": "zh-CN",
}
RIGHT_TO_LEFT = {"ar"}

ONE = "Name the account: there is %u, and it is not the default one"
MANY = "Name the account: there are %u, and none of them is the default one"
# With one account that is the one; the number is asked for where it is not.
NUMBERS = (2, 5, 21)


class Catalogue:
    def __init__(self, prefix, language):
        self.language = language
        self.messages = gettext.translation("tidio-auth", prefix / "share/locale", [language])

    def of(self, message):
        found = self.messages.gettext(message)
        tap.check(found != message, f"{message!r} in {self.language}")
        return found

    def of_number(self, number):
        found = self.messages.ngettext(ONE, MANY, number)
        tap.check(found not in (ONE, MANY), f"{MANY!r} in {self.language}")
        return found % number if "%" in found else found


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.attributes = {}
        self.words = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "html":
            self.attributes = dict(attrs)

    def handle_data(self, data):
        self.words.append(data)


def check_page(desk, catalogue, tag):
    page = Page(browser.visit(desk.broker.uri(desk.broker.sign_in("demo", provider="sandbox"))).body)
    direction = "rtl" if catalogue.language in RIGHT_TO_LEFT else "ltr"
    tap.equal((page.attributes.get("lang"), page.attributes.get("dir")), (tag, direction),
              "lang and dir of the page")
    for message in ("Authorization successful!",
                    "You are signed in. You can close this page and return to the application.",
                    "Never copy the address of this page to anybody."):
        tap.check(catalogue.of(message) in page.words, f"{message!r} among {page.words}")


def check_programs(desk, catalogue):
    for program, message in (
            ("tidio-auth", "Make an API call and print the answer"), ("tidio-auth", "Commands:"),
            ("tidio-auth-sandbox", "Deny each authorization at once, without a page"),
            (str(desk.prefix / "libexec/tidio-authd"),
             "The token broker org.tidio.Auth. The session bus starts it when it is needed.")):
        tap.contains(desk.shell(f"{program} --help")[1], catalogue.of(message), program)
    code, seen = desk.shell("tidio-auth tokn", merge=True)
    sentence = catalogue.of("Unknown command %s (did you mean %s)") % ("tokn", "token")
    sentence = catalogue.of("%s; see %s --help") % (sentence, "tidio-auth")
    tap.equal((code, seen), (2, f"tidio-auth: {sentence}\n"), "exit code and error")


def check_notification(desk, catalogue):
    """The one of a login that ended."""
    desktop = Notifications(desk.session)
    desktop.start()
    token = desk.broker.token("demo")
    desk.server.control(revoke_grants=True)
    expect_error("SignInRequired", desk.broker.get_token, "demo", rejected=token)
    one = desktop.wait()
    provider = re.search(r"(?m)^Name=(.*)$", desk.server.provider_printed())[1]
    tap.equal((one.summary, one.body),
              (catalogue.of("Sign in to %s again") % provider,
               catalogue.of("An application needs the account %s, and its login at %s has ended.")
               % ("demo", provider)), "summary and body")
    tap.check(catalogue.of("Later") in one.actions.values(), f"actions {one.actions}")


def width(text):
    """In cells of a terminal."""
    return sum(0 if unicodedata.category(one) in ("Mn", "Cf")
               else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def check_tables(desk, catalogue):
    """Columns stand below their titles, times and states are the same everywhere."""
    title, row = desk.shell("tidio-auth accounts")[1].splitlines()
    tap.check(re.fullmatch(r"\* demo +sandbox +ready +\d{4}-\d\d-\d\d \d\d:\d\d", row), f"row {row!r}")
    for message, cell in (("PROVIDER", "sandbox"), ("STATE", "ready")):
        before = title[:title.rindex(f"  {catalogue.of(message)}") + 2]
        tap.equal(width(before), row.index(cell), f"column of {message} in {title!r}")
    tap.contains(title, catalogue.of("EXPIRES"), "titles")


def check_numbers(desk, catalogues):
    """The accounts of one session, more and more of them."""
    names = [f"account{number}" for number in range(1, max(NUMBERS) + 1)]
    for number, name in enumerate(names, 1):
        path = desk.broker.sign_in(name, provider="sandbox")
        browser.visit(desk.broker.uri(path))
        tap.equal(desk.broker.end_of(path)["State"], "done", f"sign-in of {name}")
        if number in NUMBERS:
            for catalogue in catalogues:
                seen = desk.shell("tidio-auth apps deny org.example.App", merge=True,
                                  LANGUAGE=catalogue.language)
                tap.equal(seen, (1, f"tidio-auth: {catalogue.of_number(number)}\n"),
                          f"{number} accounts in {catalogue.language}")
