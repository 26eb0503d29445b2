#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile rows of the callback server: what web pages, other users and broken programs may send to
it, and that the sign-in goes on unless the genuine callback came."""

import contextlib
import os
import pathlib
import resource
import shlex
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

# pylint: disable=wrong-import-position
import loopback
import rows
from harness import browser, ports, tap
from harness.broker import DEADLINE, SLOW, expect_error
from harness.bus import BusError
from harness.clocks import Clocks
from harness.issuer import Issuer
from harness.portal import Portal
from harness.session import wait_until
from harness.world import CREDENTIALS, World
from loopback import CLOSED, SUCCESS, Login

HERE = pathlib.Path(__file__).resolve().parent
UNCHANGED = "400, nothing changed"


NO_ENDPOINTS = {"AuthorizationEndpoint": None, "TokenEndpoint": None, "RevocationEndpoint": None}


class CallbackWorld(World):
    """`alarm_rate`: the broker's alarms ring so many times as soon; `metadata`: the provider has
    an issuer, which says this of the server besides where it is."""

    def __init__(self, alarm_rate=None, metadata=None, **wishes):
        self.issuer = None
        self.metadata = metadata
        if metadata is not None:
            self.issuer = Issuer()
            wishes["provider"] = {**NO_ENDPOINTS, "Issuer": self.issuer.uri}
        super().__init__(**wishes)
        if alarm_rate is not None:
            self.broker.environment.update(Clocks(self.session).environment,
                                           CLOCK_TIMER_RATE=str(alarm_rate))


    def _begin(self):
        super()._begin()
        if self.issuer is not None:
            self.issuer.publish(self.issuer.document(self.server, **self.metadata))

    def __exit__(self, *failure):
        try:
            super().__exit__(*failure)
        finally:
            if self.issuer is not None:
                self.issuer.close()


def configure(world, text):
    (world.session.root / "config/tidio-auth/tidio-auth.conf").write_text(text)


def add_probes(group_id, title, *probes):
    """Rows of one sign-in. A probe: what is sent, the bytes as a function of the sign-in, and the
    answers that may come; afterwards the genuine callback completes the sign-in."""

    def probe(make, statuses):
        expected = tuple(f"{status}, nothing changed" for status in statuses)
        return lambda login: login.refused(make(login)), expected

    group = []
    for number, (sent, make, *statuses) in enumerate(probes):
        function, expected = probe(make, statuses)
        group.append((f"{group_id}-{chr(ord('a') + number)}", sent, function, expected))
    rows.add_group(group_id, f"{title}: refused, and the sign-in survives", Login, group,
                   Login.complete)


def query(text):
    """A request with that query, in which CODE and STATE are the good ones."""
    return lambda login: login.request(query=text.replace("CODE", login.code)
                                       .replace("STATE", login.state))


def request(**changes):
    """A request with these changes; PORT in them is the port, QUERY the good query."""

    def make(login):
        def fill(value):
            if isinstance(value, str):
                return (value.replace("NEXT", str(login.port + 1)).replace("PORT", str(login.port))
                        .replace("QUERY", login.query).replace("HOST", login.host))
            return [fill(one) for one in value] if isinstance(value, list) else value
        return login.request(**{name: fill(value) for name, value in changes.items()})

    return make


# The genuine callback


def genuine(address, **changes):
    def run(world):
        login = Login(world)
        answer = login.send(login.request(**changes), address)
        tap.contains(answer.body, SUCCESS, "page")
        return f"{answer.status}, {login.end_words()}, {login.new_requests()} token request"

    return run


def genuine_encoded(world):
    login = Login(world)
    answer = login.send(query("%63ode=CODE&%73tate=STATE")(login))
    return f"{answer.status}, {login.end_words()}, {login.new_requests()} token request"


def single_bytes(world):
    login = Login(world)
    with login.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in login.request():
            connection.sendall(bytes([byte]))
        answer = loopback.Answer(loopback.read_all(connection))
    answer.check()
    return f"{answer.status}, {login.end_words()}"


def genuine_with_extras(world):
    login = Login(world)
    answer = login.send(login.request(query=login.query + "&redirect=https://evil.example/"
                                      "&next=//evil.example&return_to=https%3A%2F%2Fevil.example"))
    tap.check(answer.header("location") is None, "no Location")
    return f"{answer.status}, {login.end_words()}"


rows.add_rows([
    ("CB-01-a", "GET of the redirect URI with code and state", genuine("127.0.0.1"),
     "200, done, 1 token request"),
    ("CB-01-b", "the same to [::1]", genuine("::1"), "200, done, 1 token request"),
    ("CB-01-c", "the same in HTTP/1.0", genuine("127.0.0.1", version="HTTP/1.0"),
     "200, done, 1 token request"),
    ("CB-01-d", "the same with all that a browser tells", genuine("127.0.0.1", headers={
        "User-Agent": "Mozilla/5.0", "Accept": "text/html", "Accept-Encoding": "gzip, br",
        "Cookie": "CANARY=1", "Range": "bytes=0-", "Referer": "https://evil.example/",
        "Connection": "keep-alive", "Upgrade-Insecure-Requests": "1",
        "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1",
        "Sec-Fetch-Dest": "document"}), "200, done, 1 token request"),
    ("CB-01-e", "the same with the name of the state encoded", genuine_encoded,
     "200, done, 1 token request"),
    ("CB-02", "the same, byte by byte", single_bytes, "200, done"),
    ("CB-21", "further parameters that name addresses", genuine_with_extras, "200, done"),
])


add_probes(
    "CB-03", "a state that is not the good one",
    ("no state", query("code=CODE"), 400),
    ("an empty state", query("code=CODE&state="), 400),
    ("another state", query(f"code=CODE&state={'x' * 43}"), 400),
    ("the state in the other case", lambda login: login.request(
        query=f"code={login.code}&state={login.state.swapcase()}"), 400),
    ("the state with a space behind", query("code=CODE&state=STATE%20"), 400),
    ("the state and NUL", query("code=CODE&state=STATE%00"), 400),
    ("the state and NUL and more", query("code=CODE&state=STATE%00junk"), 400),
    ("the state twice", query("code=CODE&state=STATE&state=STATE"), 400),
    ("the state and another", query("code=CODE&state=STATE&state=x"), 400),
    ("another and the state", query("code=CODE&state=x&state=STATE"), 400),
    ("the code twice", query("code=CODE&code=x&state=STATE"), 400),
    ("another, and the state by an encoded name", query("code=CODE&state=x&%73tate=STATE"), 400),
    ("the state, and another by an encoded name", query("code=CODE&state=STATE&%73tate=x"), 400),
    ("a bad escape", query("code=CODE&state=%zz"), 400),
    ("half an escape", query("code=CODE&state=STATE%4"), 400),
    ("an error with another state", query("error=access_denied&state=STATEx"), 400),
    ("the state without a code", query("state=STATE"), 400),
    ("no parameter", query(""), 400),
    ("no query", request(target="/callback"), 400),
    ("the state, but longer than any line", query(f"code=CODE&state=STATE{'x' * 9000}"), 414))


# Replay


def replay_meanwhile(world):
    login = Login(world)
    world.server.control(delay=300)
    with login.connect() as connection:
        connection.sendall(login.request())
        world.bus.wait_for(lambda: login.properties()["State"] == "exchanging", DEADLINE,
                           "the exchange", poll=True)
        again = login.send(login.request())
        first = loopback.Answer(loopback.read_all(connection))
    first.check()
    return (f"{again.told()} for the second, {first.status} for the first, {login.end_words()}, "
            f"{login.new_requests()} token request")


def replay_afterwards(world):
    login = Login(world)
    login.complete()
    try:
        told = login.send(login.request()).told()
    except ConnectionRefusedError:
        told = "refused"
    return f"{told}, {login.new_requests()} token request"


rows.add_rows([
    ("CB-04-a", "the good address again while the code is exchanged", replay_meanwhile,
     "410 for the second, 200 for the first, done, 1 token request"),
    ("CB-04-b", "the good address again afterwards", replay_afterwards,
     ("refused, 1 token request", "410, 1 token request")),
])


# Wrong states in masses: fewer where a sanitizer makes them slow. It also keeps what is freed.

WRONG_STATES = 10000 if SLOW == 1 else 1000


def wrong_states(world):
    login = Login(world)
    pid = world.broker.process.pid
    refused = login.request(query=f"code=x&state={'x' * 43}")

    def send(_number):
        connection = login.connect()
        connection.sendall(refused)
        status = loopback.Answer(loopback.read_all(connection)).status
        loopback.close_at_once(connection)
        return status

    for number in range(100):
        send(number)
    before, cpu, start = loopback.resident_kib(pid), world.broker.cpu_seconds(), time.monotonic()
    futures = loopback.in_parallel(WRONG_STATES, 16, send)
    tap.equal(login.change(), "nothing changed", "what the bus says meanwhile")
    statuses = {future.result() for future in futures}
    tap.check(world.broker.cpu_seconds() - cpu < time.monotonic() - start, "less than one core")
    if SLOW == 1:
        tap.between(loopback.resident_kib(pid) - before, -before, 20 * 1024, "growth in KiB")
    return f"{sorted(statuses)}, {login.change()}, {login.complete()}"


rows.add_row("CB-06", f"{WRONG_STATES:,} wrong states over 16 connections"
             f"{'' if SLOW == 1 else ', growth not looked at'}", wrong_states,
             "[400], nothing changed, signed in")


add_probes(
    "CB-09", "a foreign Host",
    ("Host: evil.example", request(host="evil.example"), 421),
    ("Host: evil.example and the port", request(host="evil.example:PORT"), 421))

add_probes(
    "CB-10", "a Host like the good one, or none",
    ("Host: localhost.evil.example", request(host="localhost.evil.example:PORT"), 421),
    ("Host: 127.0.0.1.evil.example", request(host="127.0.0.1.evil.example:PORT"), 421),
    ("Host: localhost and a dot", request(host="localhost.:PORT"), 421),
    ("Host without port", request(host="localhost"), 421),
    ("Host with the next port", request(host="localhost:NEXT"), 421),
    ("Host: 127.0.0.1, where localhost was asked for", request(host="127.0.0.1:PORT"), 421),
    ("Host: 0", request(host="0:PORT"), 421),
    ("Host: [::ffff:127.0.0.1]", request(host="[::ffff:127.0.0.1]:PORT"), 421),
    ("Host with a user", request(host="evil@localhost:PORT"), 400),
    ("Host with a list", request(host="localhost:PORT, evil"), 400),
    ("Host with a port that is no number", request(host="localhost:x"), 400),
    ("an empty Host", request(host=""), 400),
    ("no Host", request(host=False), 400),
    ("no Host in HTTP/1.0", request(host=False, version="HTTP/1.0"), 400),
    ("two Hosts", request(lines=["Host: evil.example"]), 400),
    ("the good Host twice", request(lines=["Host: HOST"]), 400),
    ("an absolute target", request(target="http://HOST/callback?QUERY"), 400),
    ("an absolute target of another host", request(target="http://evil.example/callback?QUERY"),
     400))


# Errors from the provider


def error_of(text):
    """A row for an account that has tokens already."""

    def run(world):
        before = world.keyring.records()
        login = Login(world, "tidio")
        answer = login.send(query(text)(login))
        tap.check(SUCCESS not in answer.body, "no page of success")
        told = login.end_words()
        message = login.properties()["ErrorMessage"]
        tap.lacks(message, "<", "message")
        tap.lacks(message, "CANARY", "message")
        tap.equal(world.keyring.records(), before, "what is stored")
        world.broker.token("tidio")
        return f"{answer.status}, {told}, {login.new_requests()} token requests"

    return run


def denied_newcomer(world):
    login = Login(world)
    answer = login.send(query("error=access_denied&state=STATE")(login))
    return (f"{answer.status}, {login.end_words()}, {login.new_requests()} token requests, "
            f"{len(world.broker.accounts())} accounts")


HAS_TOKENS = {"account": ""}
SCRIPT = "%3Cscript%3Ealert(1)%3C/script%3E"
rows.add_rows([
    ("CB-12-b", "error=access_denied for a new account", denied_newcomer,
     "200, SignInDenied, 0 token requests, 0 accounts"),
    ("CB-12-a", "error=access_denied", error_of("error=access_denied&state=STATE"),
     "200, SignInDenied, 0 token requests", HAS_TOKENS),
    ("CB-13-a", "an error that is a script, encoded",
     error_of(f"error={SCRIPT}&error_description=%22%3E%3Cimg%20src=CANARY%3E&state=STATE"),
     "200, SignInFailed, 0 token requests", HAS_TOKENS),
    ("CB-13-b", "an error that is a script, as it is",
     error_of("error=<script>alert(1)</script>&error_description=\"><img/src=CANARY>&state=STATE"),
     "200, SignInFailed, 0 token requests", HAS_TOKENS),
    ("CB-13-c", "an error of several lines and 8,000 characters",
     error_of(f"error=a%0d%0aCANARY{'x' * 8000}&state=STATE"),
     "200, SignInFailed, 0 token requests", HAS_TOKENS),
])


# Mix-up (RFC 9207): ISSUER in the query is the right one, and UPPER that in capitals.


def from_issuer(text):
    def run(world):
        login = Login(world)
        answer = login.send(query(text.replace("ISSUER", world.issuer.uri)
                                  .replace("UPPER", world.issuer.uri.upper()))(login))
        told = login.end_words()
        tap.equal(SUCCESS in answer.body, told == "done", "a page of success")
        return f"{answer.status}, {told}, {login.new_requests()} token requests"

    return run


MAY_SAY = {"metadata": {}}
SAYS = {"metadata": {"authorization_response_iss_parameter_supported": True}}
FAILED = "400, SignInFailed, 0 token requests"
rows.add_rows([
    ("CB-14", "a code and an error with the good state",
     error_of("code=CODE&error=access_denied&state=STATE"), FAILED, HAS_TOKENS),
    ("CB-15-a", "iss of another server", from_issuer(
        "code=CODE&state=STATE&iss=http://127.0.0.1:1"), FAILED, SAYS),
    ("CB-15-b", "iss of another server, with an error", from_issuer(
        "error=access_denied&state=STATE&iss=http://127.0.0.1:1"), FAILED, SAYS),
    ("CB-16-a", "no iss from a server that says it", from_issuer("code=CODE&state=STATE"), FAILED,
     SAYS),
    ("CB-16-b", "an error without iss from a server that says it", from_issuer(
        "error=access_denied&state=STATE"), FAILED, SAYS),
    ("CB-16-c", "an empty iss from a server that says it", from_issuer(
        "code=CODE&state=STATE&iss="), FAILED, SAYS),
    ("CB-16-d", "the right iss from a server that says it", from_issuer(
        "code=CODE&state=STATE&iss=ISSUER"), "200, done, 1 token requests", SAYS),
    ("CB-17-a", "the right iss from a server that need not say it", from_issuer(
        "code=CODE&state=STATE&iss=ISSUER"), "200, done, 1 token requests", MAY_SAY),
    ("CB-17-b", "iss of another server, from one that need not say it", from_issuer(
        "code=CODE&state=STATE&iss=http://127.0.0.1:1"), FAILED, MAY_SAY),
    ("CB-17-c", "iss with a slash behind", from_issuer(
        "code=CODE&state=STATE&iss=ISSUER/"), FAILED, MAY_SAY),
    ("CB-17-d", "iss in the other case", from_issuer(
        "code=CODE&state=STATE&iss=UPPER"), FAILED, MAY_SAY),
])


add_probes(
    "CB-18", "what is no GET",
    ("HEAD", request(method="HEAD"), 405),
    ("POST", request(method="POST"), 405),
    ("POST with a form", lambda login: login.request(
        "POST", headers={"Content-Length": len(login.query)}) + login.query.encode(), 405),
    ("PUT", request(method="PUT"), 405),
    ("DELETE", request(method="DELETE"), 405),
    ("OPTIONS with an Origin", request(method="OPTIONS", headers={
        "Origin": "https://evil.example", "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Private-Network": "true"}), 405),
    ("TRACE", request(method="TRACE"), 405),
    ("CONNECT", request(method="CONNECT", target="localhost:PORT"), 400),
    ("get", request(method="get"), 405),
    ("G\\x01T", request(method="G\x01T"), 400),
    ("the preface of HTTP/2", lambda login: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ("a TLS ClientHello", lambda login: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", CLOSED),
    ("64 KiB of zeros", lambda login: bytes(65536), 431, CLOSED),
    ("nothing", lambda login: b"", CLOSED))


# Pages


def constant_pages(world):
    """Each page twice, for requests that have nothing in common but the reason. Answer.check()
    looks at headers and words."""
    login = Login(world)
    seen = set()
    for one, other in (
            (query("code=CANARY1&state=CANARY2"), query("state=evil")),
            (request(target="/CANARY"), request(target="/favicon.ico?evil")),
            (request(method="CANARY"), request(method="PUT", headers={"Cookie": "CANARY=evil"})),
            (request(host="evil.example"), request(host="CANARY.example:1"))):
        first, second = login.send(one(login)), login.send(other(login))
        tap.equal((first.status, first.body), (second.status, second.body), "page")
        seen.add(first.status)
    pages = []
    for end in ("error=access_denied&state=STATE", "error=access_denied&error_uri=CANARY&state="
                "STATE", "code=CODE&state=STATE", "state=STATE&CANARY=evil&code=CODE"):
        answer = login.send(query(end)(login))
        login.end()
        pages.append((answer.status, answer.body))
        login = Login(world)
    tap.equal(pages[0], pages[1], "page of denial")
    tap.equal(pages[2], pages[3], "page of success")
    tap.check(pages[0] != pages[2], "different pages")
    return f"{sorted(seen)} and both ends: constant, and nothing that was received"


rows.add_row("CB-20", "requests with marks in every part", constant_pages,
             "[400, 404, 405, 421] and both ends: constant, and nothing that was received")


# Connections


def slow_loris(world):
    """The promise is five seconds from the beginning; a little more for the machine."""
    login = Login(world)
    start = time.monotonic()
    slow = {login.connect(): None for _ in range(16)}
    for one in slow:
        one.settimeout(0.01)
    sent = 0
    while None in slow.values() and time.monotonic() - start < 10:
        if time.monotonic() - start >= sent:
            sent += 1
            for one in (one for one, end in slow.items() if end is None):
                send_if_open(one, login.request()[sent:sent + 1])
        for one in (one for one, end in slow.items() if end is None):
            if has_ended(one):
                slow[one] = time.monotonic() - start
    tap.check(None not in slow.values(), "all are closed")
    tap.between(max(slow.values()), 1, 5 + SLOW, "seconds until the last one was closed")
    for one in slow:
        one.close()
    return f"closed in time, {login.complete()}"


def send_if_open(connection, data):
    with contextlib.suppress(ConnectionError):
        connection.sendall(data)


def has_ended(connection):
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def deaf(world):
    """Whoever does not read its page does not keep a connection either."""
    login = Login(world)
    connections = []
    for number in range(32):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        connection.connect(("127.0.0.1", login.port))
        connection.sendall(login.request(query="state=x") if number % 2 else
                           login.request(target="/x"))
        connections.append(connection)
    wait_until(lambda: not ports.connected(login.port), 10 * SLOW,
               "the broker to close what it answered")
    for connection in connections:
        connection.close()
    return f"closed in time, {login.complete()}"


def half_open(world):
    """Connections beyond all bounds, while the broker may have 256 files."""
    login = Login(world)
    pid = world.broker.process.pid
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (256, 256))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(5000, limits[1] - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    try:
        connections = []
        for number in range(count):
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex(("127.0.0.1", login.port))
            connections.append(connection)
            if number % 250 == 0:
                tap.equal(login.properties()["State"], "waiting", "what the bus says meanwhile")
        wait_until(lambda: is_idle(world.broker), DEADLINE, "the broker to be idle")
        for connection in connections:
            loopback.close_at_once(connection)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    return f"{login.change()}, {login.complete()}"


def flood(world):
    """Whose browser gets no page reloads it, as people do."""
    login = Login(world)
    argv = [sys.executable, "-I", "-c", loopback.CROWD, str(login.port)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as crowd_process:
        try:
            tap.equal(crowd_process.stdout.readline(), b"ready\n", "the crowd")
            loads = next((number for number in range(1, 51) if login.load() == 200), None)
            tap.check(loads, "the page comes after a few loads")
            end = login.end_words()
        finally:
            crowd_process.kill()
    tap.comment(f"CB-23-b: the page came with load {loads}")
    return f"{end}, {login.new_requests()} token request"


def is_idle(broker):
    """No busy loop: most of a moment it does nothing."""
    before = broker.cpu_seconds()
    time.sleep(0.2)
    return broker.cpu_seconds() - before < 0.1


def crowd(world):
    """The seventeenth takes the place of the first, and only of that."""
    login = Login(world)
    idle = []
    for _ in range(17):
        connection = login.connect()
        connection.sendall(b"GET /callback HTTP/1.1\r\n")
        idle.append(connection)
    tap.equal(loopback.read_all(idle[0]), b"", "what the first one got")
    for connection in idle[1:]:
        connection.settimeout(0.01)
    left = sum(not has_ended(connection) for connection in idle[1:])
    done = login.complete()
    for connection in idle:
        connection.close()
    return f"the first is closed, {left} stay, {done}"


rows.add_rows([
    ("CB-22-a", "16 connections that send one byte a second", slow_loris,
     "closed in time, signed in"),
    ("CB-22-b", "requests by programs that never read", deaf, "closed in time, signed in"),
    ("CB-22-c", "17 connections without a request", crowd,
     "the first is closed, 16 stay, signed in"),
    ("CB-23", "5,000 connections without a request, with 256 files", half_open,
     "nothing changed, signed in"),
    ("CB-23-b", "connections without a request and without a pause, while the browser comes", flood,
     "done, 1 token request"),
])


# Addresses and ports


def other_address(world):
    login = Login(world)
    listening = sorted(ports.listening(login.port))
    told = []
    for address in ("127.0.0.2", "127.255.255.254"):
        try:
            login.connect(address).close()
            told.append("connected")
        except ConnectionRefusedError:
            told.append("refused")
    return f"listens on {' and '.join(listening)}; {', '.join(told)}; {login.complete()}"


def sign_in_on(world, port):
    """What a sign-in on a port that is taken ends in."""
    program, notes = browser.install(world.session, "look")
    world.broker.environment["BROWSER"] = str(program)
    world.broker.restart()
    before = world.broker.token("tidio")
    world.server.write_provider(RedirectUri=f"http://localhost:{port}/callback")
    end = world.broker.end_of(world.broker.sign_in("tidio", open_browser=True))
    tap.contains(end["ErrorMessage"], str(port), "message")
    tap.check(not notes.exists(), "no browser")
    tap.equal(world.broker.token("tidio"), before, "token")
    return end["Error"].rpartition(".")[2]


def port_taken(world):
    with ports.taken("127.0.0.1") as port:
        told = sign_in_on(world, port)
        tap.equal(ports.listening(port), ["127.0.0.1"], "who listens")
    return told


def port_taken_v6(world):
    port = ports.free()
    if loopback.other_user() is None:
        with ports.taken("::1") as port:
            told = sign_in_on(world, port)
            tap.equal(ports.listening(port), ["::1"], "who listens")
        return f"{told}, by this user"
    argv = loopback.python_of_other_user(loopback.HOLD, "::1", port)
    with subprocess.Popen(argv, cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        tap.equal(holder.stdout.readline(), b"ready\n", "who takes the port")
        told = sign_in_on(world, port)
        tap.equal(ports.listening(port), ["::1"], "who listens")
        holder.stdin.close()
    return f"{told}, by another user"


def has_begun(world, path):
    """Whether the sign-in came to its address, when it did or has ended."""
    def look():
        seen = world.broker.sign_in_properties(path)
        return seen if seen["Uri"] or seen["State"] == "failed" else None
    return world.bus.wait_for(look, DEADLINE, "the address", poll=True)["State"] == "waiting"


def few_descriptors(world):
    """With one more descriptor each time: as long as not both addresses can be had, nobody listens
    on one alone, where another user could take the other."""
    pid = world.broker.process.pid
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    port = ports.free()
    world.server.write_provider(RedirectUri=f"http://localhost:{port}/callback")
    # Who calls is known by then.
    expect_error("NoSuchAccount", world.broker.get_token)
    seen = []
    for limit in range(8, 64):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, limits[1]))
        try:
            path = world.broker.sign_in()
            if has_begun(world, path):
                break
            seen.append(world.broker.end_of(path)["Error"].rpartition(".")[2])
        except BusError as error:
            seen.append(error.name.rpartition(".")[2])
        tap.equal(ports.listening(port), [], f"who listens, with {limit} descriptors")
    listening = sorted(ports.listening(port))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
    address = browser.decide(world.broker.uri(path))
    tap.contains(browser.fetch(address).body, SUCCESS.decode(), "page")
    return f"{seen[-1]}, then {' and '.join(listening)}: {world.broker.end_of(path)['State']}"


def works(words):
    """Whether they can run a command."""
    return subprocess.run([*words, "true"], check=False, capture_output=True).returncode == 0


OTHER_NETWORK = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]


def only_ipv4(_world):
    """In a network of its own, whose loopback device has no IPv6 address."""
    done = subprocess.run([*OTHER_NETWORK, sys.executable, HERE / "only_ipv4.py"], check=False,
                          capture_output=True, text=True, timeout=60 * SLOW)
    tap.equal(done.returncode, 0, f"exit status ({done.stdout}{done.stderr})")
    return done.stdout.splitlines()[-1]


NO_WORLD = {"keyring": "none", "server": False, "start": False,
            "not_tried": None if works(OTHER_NETWORK) else "this user may not make networks"}
rows.add_rows([
    ("CB-25", "connections to other addresses of this computer", other_address,
     "listens on 127.0.0.1 and ::1; refused, refused; signed in"),
    ("CB-26", "the port taken on 127.0.0.1", port_taken, "PortUnavailable", HAS_TOKENS),
    ("CB-27", "the port taken on [::1]", port_taken_v6,
     ("PortUnavailable, by another user", "PortUnavailable, by this user"), HAS_TOKENS),
    ("CB-28", "no IPv6", only_ipv4,
     "localhost: 127.0.0.1 alone, signed in; [::1]: PortUnavailable", NO_WORLD),
    ("CB-37", "no descriptor left for [::1]", few_descriptors,
     "PortUnavailable, then 127.0.0.1 and ::1: done"),
])


# The end of the listener


def after(end, account="tidio"):
    """A row: `end` ends a sign-in of an account that has tokens; the listener closes."""

    def run(world):
        before = world.broker.token(account)
        login = Login(world, account)
        end(login)
        told = login.end_words()
        login.wait_closed()
        kept = world.broker.token(account) == before
        return f"{told}, closed, {'the old token' if kept else 'a new token'}"

    return run


def cancel_twice(login):
    for _ in range(2):
        login.world.broker.cancel(login.path)


def leave(world):
    """SignIn returns at once, so that its caller need not stay."""
    caller = world.broker.other_caller()
    path = caller.sign_in("")
    caller.bus.close()
    world.bus.ping_all()
    page = browser.visit(world.broker.uri(path))
    tap.contains(page.body, SUCCESS.decode(), "page")
    end = world.broker.end_of(path)
    return f"the sign-in goes on: {end['State']}"


def nobody_comes(world):
    start = time.monotonic()
    login = Login(world)
    tap.between(login.properties()["ExpiresAt"] - time.time(), 290, 300, "seconds that are told")
    told = login.end_words()
    tap.check(time.monotonic() - start > 1, "not before the time")
    login.wait_closed()
    return f"{told}, closed"


rows.add_rows([
    ("CB-29-a", "success", after(lambda login: login.send(login.request())),
     "done, closed, a new token", HAS_TOKENS),
    ("CB-29-b", "denial",
     after(lambda login: login.send(query("error=access_denied&state=STATE")(login))),
     "SignInDenied, closed, the old token", HAS_TOKENS),
    ("CB-29-c", "Cancel, twice", after(cancel_twice),
     "SignInCancelled, closed, the old token", HAS_TOKENS),
    ("CB-29-d", "nobody for five minutes, which pass 200 times as fast", nobody_comes,
     "SignInTimeout, closed", {"alarm_rate": 200}),
    ("CB-29-e", "the caller leaves", leave, "the sign-in goes on: done"),
])


def many_addresses(world):
    """Four at a time."""
    seen = set()
    for _ in range(ADDRESSES // 4):
        running = [world.broker.sign_in(f"account{number}") for number in range(4)]
        for path in running:
            values = dict(browser.query(world.broker.uri(path)))
            tap.equal(values["code_challenge_method"], "S256", "method")
            for name in ("state", "code_challenge"):
                tap.check(len(values[name]) == 43 and BASE64URL.issuperset(values[name]),
                          f"{name} of 43 characters of base64url")
                seen.add(values[name])
            world.broker.cancel(path)
    return "all different" if len(seen) == 2 * ADDRESSES else f"{len(seen)} of {2 * ADDRESSES}"


ADDRESSES = 1000 if SLOW == 1 else 100
BASE64URL = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
rows.add_row("CB-31", f"{ADDRESSES:,} authorization requests: state and challenge", many_addresses,
             "all different")


add_probes(
    "CB-33", "heads beyond the bounds or without form",
    ("a head of 33 KiB", request(lines=[f"X{number}: {'x' * 1000}" for number in range(33)]), 431),
    ("a head of 33 KiB without end", lambda login: b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5633,
     431, CLOSED),
    ("a request line of 9 KiB", request(target=f"/callback?QUERY&x={'x' * 9000}"), 414),
    ("101 header lines", request(lines=["X: y"] * 100), 431),
    ("a folded header", request(lines=["X: y", " z"]), 400),
    ("line feeds alone", lambda login: login.request().replace(b"\r\n", b"\n"), CLOSED),
    ("one line feed alone", request(lines=["X: y\nZ: z"]), 400),
    ("NUL in a header", request(lines=["X: y\0z"]), 400),
    ("a header without colon", request(lines=["X"]), 400),
    ("a space before the colon", request(lines=["X : y"]), 400),
    ("no end, and then the end of the connection", lambda login: login.request()[:-2], CLOSED),
    ("no version", lambda login: f"GET /callback?{login.query}\r\n\r\n".encode(), 400),
    ("HTTP/2.0", request(version="HTTP/2.0"), 505),
    ("HTTP/0.9", request(version="HTTP/0.9"), 505))

add_probes(
    "CB-34", "what a browser does without its user",
    ("Sec-Purpose: prefetch", request(headers={"Sec-Purpose": "prefetch"}), 503),
    ("Sec-Purpose: prefetch;prerender", request(headers={
        "Sec-Purpose": "prefetch;prerender", "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document"}), 503),
    ("Purpose: prefetch", request(headers={"Purpose": "prefetch"}), 503),
    ("X-Moz: prefetch", request(headers={"X-Moz": "prefetch"}), 503),
    ("a script's fetch", request(headers={"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}),
     403),
    ("an image", request(headers={"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}), 403),
    ("a frame", request(headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}), 403),
    ("both, by turns", request(headers={"Sec-Fetch-Mode": "navigate"},
                               lines=["Sec-Fetch-Mode: cors"]), 403))

add_probes(
    "CB-36", "other paths, and bodies",
    ("/favicon.ico", request(target="/favicon.ico"), 404),
    ("/", request(target="/"), 404),
    ("the path and a slash", request(target="/callback/?QUERY"), 404),
    ("a longer path", request(target="/callbackx?QUERY"), 404),
    ("the path in the other case", request(target="/CALLBACK?QUERY"), 404),
    ("the path encoded", request(target="/call%62ack?QUERY"), 404),
    ("the path with dots", request(target="/a/../callback?QUERY"), 404),
    ("Content-Length: 5", lambda login: login.request(headers={"Content-Length": "5"}) + b"hello",
     413),
    ("Transfer-Encoding: chunked", lambda login: login.request(
        headers={"Transfer-Encoding": "chunked"}) + b"0\r\n\r\n", 413),
    ("both", lambda login: login.request(headers={
        "Content-Length": "0", "Transfer-Encoding": "chunked"}) + b"0\r\n\r\n", 413))


# Other users


WHO = "user 65534 of this computer" if os.geteuid() == 0 else "another user of a namespace"
ANOTHER = {"not_tried": None if loopback.other_user() else
           "no other user at hand; unit-peer-uid has recorded tables"}


def other_user(make=Login.request, address="127.0.0.1"):
    def run(world):
        login = Login(world)
        answer = loopback.ask_as_other_user(login, make(login), address)
        return f"{answer.told()} for {WHO}, {login.change()}, {login.complete()}"

    return run


def other_user_allowed(world):
    configure(world, "[Callback]\nCheckPeer=false\n")
    login = Login(world)
    answer = loopback.ask_as_other_user(login, login.request())
    return f"{answer.told()} for {WHO}, {login.end_words()}"


def gone(leave_connection):
    """A program that is gone by the time it is looked at. What comes behind it waits its turn."""

    def run(world):
        login = Login(world)
        world.broker.process.send_signal(signal.SIGSTOP)
        try:
            connection = login.connect()
            connection.sendall(login.request())
            leave_connection(connection)
        finally:
            world.broker.process.send_signal(signal.SIGCONT)
        return f"{login.refused(login.request(target='/x'))}, {login.complete()}"

    return run


WITHOUT_TABLES = ["unshare", "--mount", *([] if os.geteuid() == 0 else
                                          ["--map-current-user", "--keep-caps"]),
                  "sh", "-c", 'mount -t tmpfs none /proc/$$/net && exec "$@"', "sh"]
HIDING = {"start": False,
          "not_tried": None if works(WITHOUT_TABLES) else "this user may not mount"}


def no_tables(world):
    """Where the kernel does not say who is there."""
    program = world.session.root / "broker"
    program.write_text(f"#!/bin/sh\nexec {shlex.join(WITHOUT_TABLES)} {world.session.program}\n")
    program.chmod(0o755)
    world.session.program = program
    world.broker.start()
    login = Login(world)
    tap.equal(login.refused(login.request(query="state=x")), UNCHANGED, "a wrong state")
    refused = {login.refused(login.request()) for _ in range(2)}
    told = world.session.log(world.broker.log_name).count("set CheckPeer=false")
    world.broker.cancel(login.path)
    configure(world, "[Callback]\nCheckPeer=false\n")
    return f"{' or '.join(refused)}, told {told} time; with CheckPeer=false {Login(world).complete()}"


def bad_configuration(world):
    configure(world, "[Callback]\nCheckPeer=perhaps\n")
    end = world.broker.end_of(world.broker.sign_in())
    tap.contains(end["ErrorMessage"], "CheckPeer", "message")
    return end["Error"].rpartition(".")[2]


rows.add_rows([
    ("CB-35-a", "the good address by another user's program", other_user(),
     f"403 for {WHO}, nothing changed, signed in", ANOTHER),
    ("CB-35-b", "the same to [::1]", other_user(address="::1"),
     f"403 for {WHO}, nothing changed, signed in", ANOTHER),
    ("CB-35-c", "the same with the name of the state encoded",
     other_user(query("%63ode=CODE&%73tate=STATE")),
     f"403 for {WHO}, nothing changed, signed in", ANOTHER),
    ("CB-35-d", "the good address by another user, with CheckPeer=false", other_user_allowed,
     f"200 for {WHO}, done", ANOTHER),
    ("CB-35-e", "the good address by a program that closes at once", gone(socket.socket.close),
     "404, nothing changed, signed in"),
    ("CB-35-f", "the good address by a program that resets at once",
     gone(loopback.close_at_once), "404, nothing changed, signed in"),
    ("CB-35-g", "the good address where the kernel tells nothing of sockets", no_tables,
     "403, nothing changed, told 1 time; with CheckPeer=false signed in", HIDING),
    ("CB-35-h", "CheckPeer=perhaps", bad_configuration, "NotConfigured"),
])


# The browser


BAD_ADDRESSES = (
    "file:///etc/passwd", "javascript:alert(1)", "-x", "http://example.com/authorize",
    "https://user:password@example.com/authorize", "https://example.com/\\nauthorize", "$(id)",
    "https://example.com/" + "a" * 9000)


def prepare_opener(world):
    """The world, and the notes of a browser that says what it was given."""
    program, notes = browser.install(world.session, "look")
    world.broker.environment["BROWSER"] = str(program)
    world.broker.start()
    return world, notes


def bad_address(address):
    def run(subject):
        world, notes = subject
        world.server.write_provider("bad", AuthorizationEndpoint=address.replace("{", "{{"))
        message = expect_error("NotConfigured", world.broker.sign_in, "a", provider="bad",
                               open_browser=True)
        tap.contains(message, "AuthorizationEndpoint", "message")
        return f"NotConfigured, {'a browser' if notes.exists() else 'no browser'}"

    return run


def good_address(subject):
    world, notes = subject
    path = world.broker.sign_in("b", open_browser=True)
    wait_until(lambda: notes.exists() and notes.read_text().endswith("\n"), DEADLINE,
               "what the browser was given")
    tap.equal(notes.read_text(), world.broker.uri(path) + "\n", "what the browser was given")
    world.broker.cancel(path)


rows.add_group(
    "BR-01", "authorization endpoints that are none", prepare_opener,
    [(f"BR-01-{chr(ord('a') + number)}", f"AuthorizationEndpoint={address[:40]}",
      bad_address(address), "NotConfigured, no browser")
     for number, address in enumerate(BAD_ADDRESSES)],
    good_address, start=False)


def no_browser(world):
    """The sign-in ends; its address stays to be read, but nobody listens."""
    start = time.monotonic()
    path = world.broker.sign_in(open_browser=True)
    end = world.broker.end_of(path)
    tap.between(time.monotonic() - start, 0, 10 + SLOW, "seconds until the end")
    tap.contains(end["Uri"], "/oauth/authorize?", "Uri")
    tap.lacks(world.session.log(world.broker.log_name), "authorize?", "log of the broker")
    port = int(dict(browser.query(end["Uri"]))["redirect_uri"].split(":")[2].split("/")[0])
    wait_until(lambda: not ports.listening(port), 3, "the listener to close")
    return end["Error"].rpartition(".")[2]


class HangingPortal(Portal):
    """It takes the call, and that is all."""

    def answer(self, *_call):
        self.opened.append(None)


def with_portal(make_portal):
    def run(world):
        desktop = make_portal(world.session.new_bus(), 2)
        told = no_browser(world)
        return f"{told}, {len(desktop.opened)} call of the portal"

    return run


@contextlib.contextmanager
def stopped_opener(world):
    """A browser that stops the program that started it; the file that says it did. None of the two
    stays."""
    program = world.session.root / "browser"
    reached = world.session.root / "reached"
    program.write_text(f"#!/bin/sh\nkill -STOP $PPID\necho $PPID $$ > {reached}.new\n"
                       f"mv {reached}.new {reached}\nexec sleep 60\n")
    program.chmod(0o755)
    world.broker.environment["BROWSER"] = str(program)
    world.broker.start()
    try:
        yield reached
    finally:
        pids = reached.read_text().split() if reached.exists() else ()
        for pid, name in zip(pids, ("tidio-auth-open-uri", "sleep")):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if name in pathlib.Path(f"/proc/{pid}/cmdline").read_text():
                    os.kill(int(pid), signal.SIGKILL)


def opener_hangs(world):
    with stopped_opener(world):
        return no_browser(world)


def opener_hangs_and_cancel(world):
    with stopped_opener(world) as reached:
        path = world.broker.sign_in(open_browser=True)
        wait_until(reached.exists, DEADLINE, "the browser")
        world.broker.cancel(path)
        return world.broker.end_of(path)["Error"].rpartition(".")[2]


def arguments(world):
    """A browser that notes what everybody may read of the program that started it."""
    program = world.session.root / "browser"
    notes = world.session.root / "opener"
    program.write_text(f"#!/bin/sh\ncat /proc/$PPID/cmdline /proc/$PPID/environ > {notes}.new\n"
                       f"mv {notes}.new {notes}\n")
    program.chmod(0o755)
    world.broker.environment["BROWSER"] = str(program)
    world.broker.start()
    path = world.broker.sign_in(open_browser=True)
    wait_until(notes.exists, DEADLINE, "the browser")
    told = notes.read_text(errors="replace")
    for name in ("cmdline", "environ"):
        # Only root may read the broker's environment.
        with contextlib.suppress(PermissionError):
            path_of_broker = pathlib.Path(f"/proc/{world.broker.process.pid}") / name
            told += path_of_broker.read_text(errors="replace")
    tap.contains(told, "tidio-auth-open-uri\0", "arguments of the opener")
    address = "authorize" in told or world.broker.uri(path) in told
    world.broker.cancel(path)
    return "the address" if address else "no address"


NO_PROGRAM = {"environment": {**CREDENTIALS, "BROWSER": ""}}
rows.add_rows([
    ("BR-03-a", "no program, no portal, no display", no_browser, "BrowserFailed", NO_PROGRAM),
    ("BR-03-b", "a program that fails", no_browser, "BrowserFailed",
     {"environment": {**CREDENTIALS, "BROWSER": "/bin/false"}}),
    ("BR-03-c", "a portal that cannot", with_portal(Portal),
     "BrowserFailed, 1 call of the portal", NO_PROGRAM),
    ("BR-03-d", "a portal that hangs", with_portal(HangingPortal),
     "BrowserFailed, 1 call of the portal", NO_PROGRAM),
    ("BR-03-e", "an opener that hangs", opener_hangs, "BrowserFailed", {"start": False}),
    ("BR-03-f", "an opener that hangs, and Cancel", opener_hangs_and_cancel, "SignInCancelled",
     {"start": False}),
    ("BR-04", "a look at arguments and environment of broker and opener", arguments, "no address",
     {"start": False}),
])


rows.main(CallbackWorld)
