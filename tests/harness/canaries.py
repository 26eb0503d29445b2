# SPDX-License-Identifier: LGPL-2.1-or-later
"""Looks for secrets where they must not be: logs, files, command lines, the bus.

Codes and tokens begin with a mark, so that every one of them is known, also those that were replaced
long ago; where a server cannot give them one, it is asked what it gave out. States and code challenges are learned from the
authorization URIs on the bus; a code verifier is known by its challenge.
"""

import base64
import contextlib
import hashlib
import itertools
import json
import os
import pathlib
import re
import urllib.parse

from harness import bus_watch
from harness.broker import check_message

# Of tokens, by what they are: src/sandbox, tests/authlib and tests/interop/oidc-provider.
MARKS = {f"{server}_{kind}_": kind for server in ("sandbox", "authlib", "node")
         for kind in ("code", "access", "refresh", "device")}
# So many characters of a secret are too many.
PIECE = 12
RUN = re.compile(rb"[A-Za-z0-9_.~-]{43,128}")
# So many states are looked for, of a case that makes a thousand: what tells one tells all.
STATES = 20
SECRET_SERVICE = "org.freedesktop.Secret."
# The type of a D-Bus message.
ERROR = 3
URI = re.compile(rb"https?://[^\0\s\"'<>]*[?&]state=[^\0\s\"'<>]*")


def _base64(text):
    """What is the same wherever the text stands in base64 or base64url."""
    data = text.encode()
    found = set()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + data).decode()
        inner = encoded[(offset * 8 + 5) // 6:(offset + len(data)) * 8 // 6]
        found |= {inner, inner.replace("+", "-").replace("/", "_")}
    return found


def forms(text):
    """A text as it may stand somewhere."""
    escaped = "".join(f"%{byte:02x}" for byte in text.encode())
    return {text, urllib.parse.quote(text, safe=""), urllib.parse.quote_plus(text), escaped,
            escaped.upper(), json.dumps(text)[1:-1], json.dumps(text)[1:-1].replace("/", "\\/"),
            text.encode().hex(), *_base64(text)}


def pieces(secret):
    """All forms of a secret, and all its pieces."""
    return {*forms(secret), *(secret[start:start + PIECE]
                              for start in range(len(secret) - PIECE + 1))}


def pieces_of(secrets):
    return {piece.encode() for secret in secrets for piece in pieces(secret)}


def has_any(data, texts):
    """Much faster than one regular expression for all of them."""
    return any(text in data for text in texts)


MARK = {form.encode() for mark in MARKS for form in forms(mark) if len(form) >= 8}


class Canaries:
    """`secrets`: whole secrets that are known besides those with a mark; `buses`: of each bus, one
    after the other, the messages; `plain_keyring`: the Secret Service offers no encrypted session.
    """

    def __init__(self, secrets, buses, plain_keyring=False):
        self.buses = buses
        self.plain_keyring = plain_keyring
        self.states = set()
        self.challenges = set()
        self._learn()
        self.known = pieces_of(secrets)
        self.state = pieces_of(self.states)

    def _learn(self):
        for blob in itertools.chain(*self.buses):
            for uri in URI.findall(blob):
                query = dict(urllib.parse.parse_qsl(uri.decode("ascii", "replace").partition("?")[2]))
                self.challenges.add(query.get("code_challenge"))
                if len(query["state"]) == 43 and len(self.states) < STATES:
                    self.states.add(query["state"])

    def _is_verifier(self, run):
        digest = base64.urlsafe_b64encode(hashlib.sha256(run).digest()).rstrip(b"=").decode()
        return digest in self.challenges

    def find(self, data, state=True):
        """(nullable): what stands in the data, said without repeating it."""
        if has_any(data, MARK):
            return "a code or token with a mark"
        if has_any(data, self.known):
            return "a secret"
        if state and has_any(data, self.state):
            return "a state"
        if self.challenges and any(map(self._is_verifier, set(RUN.findall(data)))):
            return "a code verifier"
        return None

    def find_outside_uri(self, data):
        """The state may stand in an authorization URI; nothing else may."""
        return self.find(data, state=False) or self.find(URI.sub(b"", data))

    def in_files(self, folder, left_out=()):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and not set(left_out) & set(path.parts):
                found = self.find(path.read_bytes())
                if found:
                    yield f"{found} in {path.relative_to(folder.parent)}"

    def in_processes(self, processes):
        """`processes`: from look_at_processes(). The harness itself puts the client secret into the
        environment."""
        for command, inherited in processes:
            name = command.split(b"\0")[0].decode(errors="replace")
            # A browser is given the authorization URI; no program of ours is.
            found = self.find(command) if "tidio-auth" in name else self.find_outside_uri(command)
            if found:
                yield f"{found} in the command line of {name}"
            if has_any(inherited, MARK):
                yield f"a code or token in the environment of {name}"

    def on_bus(self):
        """In messages of the broker, but for the token that GetToken answers and the state in an
        authorization URI."""
        for messages in self.buses:
            yield from self._on_one_bus(messages)

    def _on_one_bus(self, messages):
        brokers, token_calls = set(), set()
        for blob in messages:
            if b"NameOwnerChanged" in blob:
                _note_owner(blob, brokers)
            if b"GetToken" in blob:
                _note_call(blob, token_calls)
        errors = [blob for blob in messages if blob[1] == ERROR]
        for blob in errors + self._suspects(messages):
            yield from self._judge(blob, brokers, token_calls)

    def _suspects(self, messages):
        """Those in which there is something: most of thousands are sorted out together."""
        if not messages or not self.find(b"\0".join(messages)):
            return []
        middle = len(messages) // 2
        return messages if middle == 0 else (self._suspects(messages[:middle])
                                             + self._suspects(messages[middle:]))

    def _judge(self, blob, brokers, token_calls):
        message = bus_watch.parse(blob)
        if message is None or message.get_sender() not in brokers:
            return
        if self.plain_keyring and (message.get_interface() or "").startswith(SECRET_SERVICE):
            return
        what = f"{message.get_member() or message.get_error_name()} of the broker"
        if message.get_error_name() and message.get_error_name().startswith("org.tidio.Auth."):
            try:
                check_message(message.get_body().unpack()[0])
            except AssertionError as problem:
                yield f"{what}: {problem}"
        if (message.get_destination(), message.get_reply_serial()) in token_calls:
            blob = _without_token(blob)
        found = self.find_outside_uri(blob)
        if found:
            yield f"{found} in {what}"


def _note_owner(blob, brokers):
    message = bus_watch.parse(blob)
    if message is not None and message.get_member() == "NameOwnerChanged":
        changed, _old, new = message.get_body().unpack()
        if changed == "org.tidio.Auth" and new:
            brokers.add(new)


def _note_call(blob, calls):
    message = bus_watch.parse(blob)
    if message is not None and message.get_member() == "GetToken":
        calls.add((message.get_sender(), message.get_serial()))


def _without_token(blob):
    """A good answer's bytes but for its first string."""
    message = bus_watch.parse(blob)
    token = message.get_body().unpack()[0].encode() if message.get_error_name() is None else b"\0"
    return blob.replace(token, b"", 1)


def look_at_processes(pids):
    """Command line and environment of these processes and of all that they started and that still
    run."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            stat = pathlib.Path(f"/proc/{name}/stat").read_text(errors="replace")
            parents[int(name)] = int(stat.rpartition(")")[2].split()[1])
    found = set(pids)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    seen = []
    for pid in found:
        with contextlib.suppress(OSError):
            seen.append((pathlib.Path(f"/proc/{pid}/cmdline").read_bytes(),
                         pathlib.Path(f"/proc/{pid}/environ").read_bytes()))
    return seen
