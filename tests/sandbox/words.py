# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the cases share: the running program and words to talk to it with."""

import base64
import hashlib
import html.parser
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.parse

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else ""
REDIRECT = "http://127.0.0.1:4711/callback"
VERIFIER = "0123456789abcdefghijklmnopqrstuvwxyz-._~ABCDEF"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
CASES = []
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8"}


def case(function):
    CASES.append(function)
    return function


def challenge(verifier):
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.data = response.read()

    @property
    def json(self):
        return json.loads(self.data)

    @property
    def text(self):
        return self.data.decode()

    @property
    def redirect(self):
        """The redirect URI without its query, and the query."""
        uri = urllib.parse.urlsplit(self.headers["Location"])
        query = urllib.parse.parse_qs(uri.query, strict_parsing=True)
        return uri._replace(query="").geturl(), {k: v[0] for k, v in query.items()}


class Sandbox:
    """The program, on any free port, until the end of the block."""

    def __init__(self, *options):
        self.options = options
        self.lines = []
        self.arrived = threading.Condition()

    def __enter__(self):
        self.process = subprocess.Popen([PROGRAM, "--port", "0", *self.options], text=True,
                                        stdout=subprocess.PIPE, env=ENVIRONMENT)
        threading.Thread(target=self.read, daemon=True).start()
        self.port = int(re.search(r":(\d+)/$", self.wait_line("Listening on "))[1])
        return self

    def read(self):
        for line in self.process.stdout:
            with self.arrived:
                self.lines.append(line.rstrip("\n"))
                self.arrived.notify_all()

    def wait_line(self, start, after=0):
        def find():
            return next((line for line in self.lines[after:] if line.startswith(start)), None)

        with self.arrived:
            assert self.arrived.wait_for(find, 20), f"no line {start!r} in {self.lines}"
            return find()

    def __exit__(self, *exception):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(20)
        assert status == 0, f"exit status {status}"

    def request(self, method, target, body=None, headers=None, host="127.0.0.1"):
        connection = http.client.HTTPConnection(host, self.port, timeout=30)
        try:
            connection.request(method, target, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def authorize(self, method="GET", body=None, headers=None, **changes):
        fields = {"client_id": "sandbox-client", "redirect_uri": REDIRECT, "response_type": "code",
                  "state": "a state", **changes}
        query = urllib.parse.urlencode({k: v for k, v in fields.items() if v is not None})
        return self.request(method, "/oauth/authorize?" + query, body, headers)

    def decide(self, decision="allow", **changes):
        return self.authorize("POST", "decision=" + decision, {"Content-Type": FORM}, **changes)

    def code(self, **changes):
        return self.decide(**changes).redirect[1]["code"]

    def post(self, target, fields, as_json=True, headers=None):
        body = json.dumps(fields) if as_json else urllib.parse.urlencode(fields)
        return self.request("POST", target, body,
                            {"Content-Type": JSON if as_json else FORM, **(headers or {})})

    def exchange(self, code, as_json=True, headers=None, **changes):
        fields = {"grant_type": "authorization_code", "client_id": "sandbox-client",
                  "client_secret": "sandbox-secret", "code": code, "redirect_uri": REDIRECT,
                  **changes}
        fields = {k: v for k, v in fields.items() if v is not None}
        return self.post("/oauth/token", fields, as_json, headers)

    def refresh(self, token, as_json=True, headers=None, **changes):
        return self.exchange(None, as_json, headers, grant_type="refresh_token",
                             redirect_uri=None, refresh_token=token, **changes)

    def sign_in(self, **changes):
        return self.exchange(self.code(**changes)).json

    def revoke(self, token, as_json=True, **changes):
        return self.post("/oauth/revoke", {"client_id": "sandbox-client", "token": token,
                                           "client_secret": "sandbox-secret", **changes}, as_json)

    def api(self, token, target="/v1/contacts", method="GET", body=None, headers=None):
        return self.request(method, target, body,
                            {"Authorization": "Bearer " + token, **(headers or {})})

    def control(self, **changes):
        answer = self.post("/control", changes)
        assert answer.status == 200, answer.data
        return answer.json

    def counters(self):
        return self.request("GET", "/control").json


class Page(html.parser.HTMLParser):
    """What a page is made of."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words.append(data)


def same(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def refused(answer, status, error):
    same((answer.status, answer.json["error"]), (status, error))
    same(answer.headers["Cache-Control"], "no-store")


def run_program(*arguments, **options):
    return subprocess.run([PROGRAM, *arguments], text=True, capture_output=True, timeout=20,
                          env=ENVIRONMENT, **options)
