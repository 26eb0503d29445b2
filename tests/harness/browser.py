# SPDX-License-Identifier: LGPL-2.1-or-later
"""A browser without a window: fetches pages, presses a button of a form, follows redirects, keeps
cookies for the time of a visit.

Can also be run as a program: `browser.py allow|deny LOG URI` does what a browser does with a user
who presses that button, and notes the address in LOG.
"""

import html.parser
import http.client
import http.cookies
import sys
import urllib.parse


class Page:
    def __init__(self, uri, status, headers, body, cookies=()):
        self.uri = uri
        self.status = status
        self.headers = headers
        self.body = body
        self.cookies = cookies

    def location(self):
        return urllib.parse.urljoin(self.uri, self.headers["location"])


class _Forms(html.parser.HTMLParser):
    """The first form of a page: action, method, hidden inputs, inputs to fill in, buttons."""

    def __init__(self):
        super().__init__()
        self.action = None
        self.method = "get"
        self.hidden = []
        self.empty = []
        self.buttons = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = attributes.get("action", "")
            self.method = attributes.get("method", "get").lower()
        elif tag == "input" and attributes.get("type") == "hidden":
            self.hidden.append((attributes["name"], attributes.get("value", "")))
        elif tag == "input":
            self.empty.append(attributes.get("name"))
        elif tag == "button":
            self.buttons.append((attributes.get("name"), attributes.get("value")))


def fetch(uri, method="GET", body=None, headers=None, deadline=40.0):
    """One request, no redirect followed."""
    parts = urllib.parse.urlsplit(uri)
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=deadline)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        page = Page(uri, answer.status, received, answer.read().decode("utf-8", "replace"),
                    answer.headers.get_all("Set-Cookie") or [])
    finally:
        connection.close()
    if "/callback" in parts.path:
        _check_silence(page)
    return page


def _check_silence(page):
    """A page of the broker repeats nothing of its address: neither code nor state."""
    shown = page.body + str(page.headers)
    for name, value in query(page.uri):
        if len(value) >= 12 and (value in shown or urllib.parse.quote(value, safe="") in shown):
            raise AssertionError(f"the page repeats {name} of its address")


class Visit:
    """A browser that was sent to a server: it stays there as long as the server redirects to
    itself, and remembers that server's cookies."""

    def __init__(self, uri):
        self.origin = _origin(uri)
        self.cookies = {}
        self.page = self._go(uri)

    def _go(self, uri, method="GET", body=None, headers=None):
        page = self._fetch(uri, method, body, headers)
        while page.status in (302, 303) and _origin(page.location()) == self.origin:
            page = self._fetch(page.location())
        return page

    def _fetch(self, uri, method="GET", body=None, headers=None):
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        page = fetch(uri, method, body, {**(headers or {}), **({"Cookie": sent} if sent else {})})
        for line in page.cookies:
            for name, morsel in http.cookies.SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        self.cookies = {name: value for name, value in self.cookies.items() if value}
        return page

    def forms(self):
        forms = _Forms()
        forms.feed(self.page.body)
        return forms

    def submit(self, *fields):
        """Sends the page's form, with these fields besides the hidden ones."""
        forms = self.forms()
        body = urllib.parse.urlencode(forms.hidden + list(fields))
        self.page = self._go(urllib.parse.urljoin(self.page.uri, forms.action),
                             forms.method.upper(), body,
                             {"Content-Type": "application/x-www-form-urlencoded"})

    def press(self, decision):
        if ("decision", decision) not in self.forms().buttons:
            raise AssertionError(f"no button decision={decision} in the page:\n"
                                 f"{self.page.body[:2000]}")
        self.submit(("decision", decision))


def _origin(uri):
    return urllib.parse.urlsplit(uri)[:2]


def decide(uri, decision="allow"):
    """Opens the authorization page and presses a button: the address the browser is sent to."""
    browser = Visit(uri)
    if browser.page.status == 200:
        browser.press(decision)
    page = browser.page
    if page.status not in (302, 303):
        raise AssertionError(f"no redirect but {page.status} from the server:\n{page.body[:2000]}")
    return page.location()


def enter_code(uri, code, decision="allow"):
    """What a user does for a device (RFC 8628): types the code, says yes to what is asked, and
    decides; the last page."""
    browser = Visit(uri)
    for _page in range(5):
        forms = browser.forms()
        if browser.page.status != 200 or forms.action is None:
            break
        fields = [(name, code) for name in forms.empty if name == "user_code"]
        if ("decision", decision) in forms.buttons:
            fields.append(("decision", decision))
        browser.submit(*fields)
    return browser.page


def visit(uri, decision="allow"):
    """The whole way: the last page the user sees."""
    return fetch(decide(uri, decision))


def query(uri):
    """The parameters of an address, as a list of pairs."""
    return urllib.parse.parse_qsl(urllib.parse.urlsplit(uri).query, keep_blank_values=True)


def with_query(uri, pairs):
    """The address with other parameters."""
    parts = urllib.parse.urlsplit(uri)
    return urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode(pairs)))


def install(session, decision="allow", name="browser"):
    """A program for $BROWSER; returns its path and that of its notes."""
    program = session.root / name
    notes = session.root / f"{name}.notes"
    program.write_text(f'#!/bin/sh\nexec /usr/bin/python3 "{__file__}" {decision} "{notes}" "$1"\n')
    program.chmod(0o755)
    return program, notes


if __name__ == "__main__":
    with open(sys.argv[2], "a", encoding="utf-8") as log:
        log.write(sys.argv[3] + "\n")
    if sys.argv[1] != "look":
        visit(sys.argv[3], sys.argv[1])
