# SPDX-License-Identifier: LGPL-2.1-or-later
"""A browser without a window: fetches pages, presses a button of a form, follows redirects.

Can also be run as a program: `browser.py allow|deny LOG URI` does what a browser does with a user
who presses that button, and notes the address in LOG.
"""

import html.parser
import http.client
import sys
import urllib.parse


class Page:
    def __init__(self, uri, status, headers, body):
        self.uri = uri
        self.status = status
        self.headers = headers
        self.body = body

    def location(self):
        return urllib.parse.urljoin(self.uri, self.headers["location"])


class _Forms(html.parser.HTMLParser):
    """The first form of a page: action, method, hidden inputs, buttons."""

    def __init__(self):
        super().__init__()
        self.action = None
        self.method = "get"
        self.hidden = []
        self.buttons = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = attributes.get("action", "")
            self.method = attributes.get("method", "get").lower()
        elif tag == "input" and attributes.get("type") == "hidden":
            self.hidden.append((attributes["name"], attributes.get("value", "")))
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
        return Page(uri, answer.status, received, answer.read().decode("utf-8", "replace"))
    finally:
        connection.close()


def press(page, decision):
    """What comes back when the button of that value is pressed."""
    forms = _Forms()
    forms.feed(page.body)
    if ("decision", decision) not in forms.buttons:
        raise AssertionError(f"no button decision={decision} in the page:\n{page.body[:2000]}")
    fields = urllib.parse.urlencode(forms.hidden + [("decision", decision)])
    return fetch(urllib.parse.urljoin(page.uri, forms.action), forms.method.upper(), fields,
                 {"Content-Type": "application/x-www-form-urlencoded"})


def decide(uri, decision="allow"):
    """Opens the authorization page and presses a button: the address the browser is sent to."""
    page = fetch(uri)
    if page.status == 200:
        page = press(page, decision)
    if page.status not in (302, 303):
        raise AssertionError(f"no redirect but {page.status} from the server:\n{page.body[:2000]}")
    return page.location()


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
