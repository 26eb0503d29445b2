#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""OpenApi: bodies of any size and content, through pipes, in constant memory."""

import os
import pathlib
import select
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap
from harness.api import ApiWorld, chunks, reply, sent_headers
from harness.broker import SLOW, expect_error
from harness.bus import BusError
from harness.cli import Cli
from harness.procs import status
from harness.session import WRAPPER
from harness.streams import Feed, Sink, nothing, open_api, start_open_api
from harness.world import CREDENTIALS

MIB = 1 << 20
KEPT = 64 * 1024
# KiB while 512 MiB go through; a sanitizer keeps some of what was freed, here less than it would.
# Valgrind keeps more, with its notes on it: 66 MiB after 256 MiB, and 68 MiB after 512.
GROWTH = 4 * 1024 * (32 if WRAPPER else 16 if SLOW > 1 else 1)
LEAN = {**CREDENTIALS, **({"ASAN_OPTIONS": os.environ["ASAN_OPTIONS"] + ":quarantine_size_mb=16"}
                          if "ASAN_OPTIONS" in os.environ else {})}
BINARY = bytes(range(256)) * 16


class OpenWorld(ApiWorld):
    def open(self, method, path, body=b"", **wishes):
        return open_api(self.broker, method, path, body, **wishes)

    def refuse(self, method, path, body, **wishes):
        """The error of a call that must fail."""
        fd = os.dup(body)
        try:
            return start_open_api(self.broker, method, path, fd, **wishes).result(130)
        finally:
            os.close(fd)


def resident(pid, name):
    """KiB"""
    return int(status(pid, name).split()[0])


def left(writer):
    """Whether nobody has the other end of a pipe any more."""
    poll = select.poll()
    poll.register(writer, 0)
    return any(event & select.POLLERR for _fd, event in poll.poll(0))


def plain_file(data):
    file = tempfile.TemporaryFile()
    file.write(data)
    file.flush()
    file.seek(0)
    return file


def settled(count):
    """What a number is when it has stopped to grow."""
    last = None
    while (now := count()) != last or not now:
        last = now
        time.sleep(1)
    return last


@tap.case("OA-01", "a response of any bytes arrives exactly, with status and headers", api=True)
def binary(world):
    world.api.reply = reply(203, BINARY, "Content-Type: image/png", 'ETag: "x"', "Set-Cookie: a=b")
    code, body, details = world.open("GET", "contacts")
    tap.equal((code, body), (203, BINARY), "answer")
    tap.equal(details["headers"], {"content-type": "image/png", "etag": '"x"'}, "headers")
    tap.equal((details["size"], details["complete"]), (len(BINARY), False), "details")


@tap.case("OA-02", "a short body out of a pipe: sent with its length", api=True)
def short(world):
    for body in (b"x", BINARY, b"\0" * (KEPT - 1)):
        world.open("POST", "contacts", body, content_type="application/octet-stream")
        seen = world.api.requests[-1]
        tap.equal(seen[3], body, "body")
        tap.equal(sent_headers(seen)["content-length"], str(len(body)), "length")
        tap.equal(sent_headers(seen)["content-type"], "application/octet-stream", "type")


@tap.case("OA-03", "a longer one: in chunks, exactly", api=True)
def long(world):
    for size in (KEPT + 1, 3 * MIB + 7):
        body = os.urandom(size)
        world.open("PUT", "contacts", body)
        seen = world.api.requests[-1]
        tap.equal(seen[3] == body, True, f"{size} bytes arrived as they were")
        tap.equal(sent_headers(seen).get("transfer-encoding"), "chunked", "encoding")


@tap.case("OA-04", "a plain file: from where it stands, with its length; it stays there", api=True)
def from_file(world):
    with plain_file(b"skipped" + BINARY) as file:
        file.seek(7)
        pending = start_open_api(world.broker, "POST", "contacts", file.fileno())
        os.close(pending.result()[1])
        tap.equal(world.api.requests[-1][3], BINARY, "body")
        tap.equal(os.lseek(file.fileno(), 0, os.SEEK_CUR), 7, "position")


@tap.case("OA-05", "no body: none is sent, and GET and HEAD do not even look", api=True)
def none(world):
    for method in ("POST", "DELETE", "GET"):
        world.open(method, "contacts")
        headers = sent_headers(world.api.requests[-1])
        tap.equal(headers.get("content-length", "0"), "0", f"length of {method}")
        tap.check("transfer-encoding" not in headers and "content-type" not in headers,
                  f"no sign of a body: {headers}")
    reader, writer = os.pipe()
    for method in ("GET", "HEAD"):
        tap.equal(world.open(method, "contacts", os.dup(reader))[0], 200, method)
    os.close(reader)
    os.close(writer)


@tap.case("OA-06", "what is no body: InvalidArgs, and the descriptor is closed")
def not_a_body(world):
    reader, writer = os.pipe()
    device = os.open("/dev/zero", os.O_RDONLY)
    folder = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    for fd in (writer, device, folder):
        expect_error("InvalidArgs", world.refuse, "POST", "contacts", fd)
    for wishes in ({"no_such": True}, {"timeout": 0}):
        expect_error("InvalidArgs", world.refuse, "POST", "contacts", reader, **wishes)
    expect_error("PathNotAllowed", world.refuse, "POST", "https://evil.example/", reader)
    for fd in (reader, device, folder):
        os.close(fd)
    world.broker.bus.wait_for(lambda: left(writer), 20, "the broker to close the pipe", poll=True)
    os.close(writer)


@tap.case("OA-07", "a first 401: one refresh, and the short body is sent once more", api=True)
def repaired(world):
    world.api.answer_in_turn(reply(401, b"no"), reply(200, b"yes"))
    refreshes = world.server.counters()["refreshes"]
    tap.equal(world.open("POST", "contacts", BINARY)[:2], (200, b"yes"), "answer")
    tap.equal([one[3] for one in world.api.requests], [BINARY] * 2, "bodies")
    tap.equal(world.server.counters()["refreshes"], refreshes + 1, "refreshes")


@tap.case("OA-08", "a first 401 for a large file: the same, from its start", api=True)
def repaired_file(world):
    data = os.urandom(2 * MIB)
    world.api.answer_in_turn(reply(401, b"no"), reply(200, b"yes"))
    with plain_file(data) as file:
        code, fd, _details = start_open_api(world.broker, "PUT", "contacts",
                                            file.fileno()).result()
        tap.equal((code, Sink(fd).body()), (200, b"yes"), "answer")
    tap.check([one[3] for one in world.api.requests] == [data, data], "twice the same body")


@tap.case("OA-09", "a 401 for what cannot be sent again is the result, and is sent once", api=True)
def not_repaired(world):
    world.api.answer_in_turn(reply(401, b"no"), reply(200, b"yes"))
    tap.equal(world.open("POST", "contacts", os.urandom(MIB))[:2], (401, b"no"), "answer")
    tap.equal(len(world.api.requests), 1, "requests")
    tap.equal(world.open("POST", "contacts", b"{}")[:2], (200, b"yes"), "next call")


@tap.case("OA-10", "256 MiB each way, in constant memory", api=True, environment=LEAN)
def constant_memory(world):
    size = 256 * MIB
    block = os.urandom(MIB)
    world.api.reads = False
    seen = []

    def echo(handler):
        seen.append(sum(map(len, chunks(handler.rfile))))
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // MIB):
            handler.wfile.write(block)
        return b""

    world.api.script = echo
    pid = world.broker.process.pid
    before = resident(pid, "VmRSS")
    feed = Feed(block for _ in range(size // MIB))
    reader = feed.hand_over()
    pending = start_open_api(world.broker, "POST", "contacts", reader, timeout=120)
    os.close(reader)
    code, fd, details = pending.result(130)
    sink = Sink(fd, keep=False)
    sink.body(120)
    tap.equal((code, sink.length, details["size"]), (200, size, size), "answer")
    tap.equal(seen, [size], "bytes at the server")
    grown = resident(pid, "VmHWM") - before
    tap.comment(f"grown by at most {grown} KiB")
    tap.check(grown < GROWTH, f"less than {GROWTH} KiB more at the peak, not {grown} KiB")


@tap.case("OA-11", "a reader that does not read holds up nobody else", api=True)
def slow_reader(world):
    world.api.reply = reply(200, bytes(8 * MIB))
    stalled = [start_open_api(world.broker, "GET", "contacts", nothing()).result()
               for _ in range(3)]
    for _ in range(3):
        tap.equal(len(world.open("GET", "contacts")[1]), 8 * MIB, "length for another")
    world.broker.token()
    for _status, fd, _details in stalled:
        tap.equal(len(Sink(fd).body()), 8 * MIB, "length in the end")


@tap.case("OA-12", "a reader that leaves ends its own request, also while the server is silent",
          api=True)
def reader_leaves(world):
    gone = []

    def endless(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(1024))
        try:
            while handler.connection.recv(1):
                pass
        except ConnectionError:
            pass
        gone.append(True)
        return b""

    world.api.script = endless
    _status, fd, _details = start_open_api(world.broker, "GET", "contacts", nothing()).result()
    tap.equal(len(os.read(fd, 1024)), 1024, "what came")
    os.close(fd)
    world.broker.bus.wait_for(lambda: gone, 20, "the server to lose the connection", poll=True)


@tap.case("OA-13", "a caller that leaves before the response: the request is broken off", api=True)
def caller_leaves(world):
    asked, gone = threading.Event(), threading.Event()

    def silent(handler):
        asked.set()
        try:
            while handler.connection.recv(1):
                pass
        except ConnectionError:
            pass
        gone.set()
        return b""

    world.api.script = silent
    other = world.broker.other_caller()
    start_open_api(other, "POST", "contacts", nothing())
    world.broker.bus.wait_for(asked.is_set, 20, "the request", poll=True)
    other.bus.close()
    world.broker.bus.wait_for(gone.is_set, 20, "the server to lose the connection", poll=True)


@tap.case("OA-14", "a body that does not come: Timeout, and nothing was sent", api=True)
def no_body(world):
    reader, writer = os.pipe()
    expect_error("Timeout", world.refuse, "POST", "contacts", reader, timeout=1)
    tap.equal(world.api.requests, [], "requests")
    os.close(reader)
    os.close(writer)


@tap.case("OA-15", "a body that stops in the middle: Timeout; never taken for whole", api=True)
def stalled_body(world):
    world.api.reads = False
    ends = []

    def look(handler):
        try:
            while data := handler.connection.recv(1 << 16):
                ends.append(data[-5:])
        except ConnectionError:
            pass
        return b""

    world.api.script = look
    reader, writer = os.pipe()
    threading.Thread(target=lambda: os.write(writer, bytes(2 * KEPT)), daemon=True).start()
    expect_error("Timeout", world.refuse, "POST", "contacts", reader, timeout=1)
    world.broker.bus.wait_for(lambda: ends, 20, "the beginning", poll=True)
    tap.check(ends[-1] != b"0\r\n\r\n", "no last chunk was sent")
    os.close(reader)
    os.close(writer)


@tap.case("OA-16", "a caller that reads its own pipe meanwhile blocks nobody", api=True)
def racing_reader(world):
    reader, writer = os.pipe()
    done = threading.Event()

    def steal():
        os.set_blocking(reader, False)
        while not done.is_set():
            try:
                os.read(reader, 4096)
            except BlockingIOError:
                pass
            os.set_blocking(reader, True)
            os.set_blocking(reader, False)

    def feed():
        try:
            while not done.is_set():
                os.write(writer, b"x" * 100)
        except OSError:
            pass

    threads = [threading.Thread(target=one, daemon=True) for one in (steal, feed)]
    for thread in threads:
        thread.start()
    pending = start_open_api(world.broker, "POST", "contacts", reader, timeout=5)
    for _ in range(40):
        tap.check(world.broker.token(), "a token meanwhile")
    done.set()
    os.close(writer)
    try:
        os.close(pending.result(60)[1])
    except BusError:
        pass
    for thread in threads:
        thread.join(10)
    os.close(reader)


@tap.case("OA-17", "HTTP statuses are results; a redirect is not followed", api=True)
def statuses(world):
    for code in (204, 302, 403, 404, 500):
        headers = ("Location: https://evil.example/",) if code == 302 else ()
        world.api.reply = reply(code, b"" if code == 204 else b"why", *headers)
        tap.equal(world.open("GET", "contacts")[0], code, "status")
    tap.equal(len(world.api.requests), 5, "requests")


@tap.case("OA-18", "a caller that leaves in the middle: its body is not taken for whole", api=True)
def caller_leaves_in_body(world):
    world.api.reads = False
    received, gone = [], threading.Event()

    def look(handler):
        try:
            while data := handler.connection.recv(1 << 16):
                received.append(data[-5:])
        except ConnectionError:
            pass
        gone.set()
        return b""

    world.api.script = look
    other = world.broker.other_caller()
    reader, writer = os.pipe()
    start_open_api(other, "POST", "contacts", reader)
    os.close(reader)
    threading.Thread(target=lambda: os.write(writer, bytes(2 * KEPT)), daemon=True).start()
    other.bus.wait_for(lambda: received, 20, "the beginning", poll=True)
    other.bus.close()
    world.broker.bus.wait_for(gone.is_set, 20, "the server to lose the connection", poll=True)
    tap.check(received[-1] != b"0\r\n\r\n", "no last chunk was sent")
    world.broker.bus.wait_for(lambda: left(writer), 20, "the broker to close the pipe", poll=True)
    os.close(writer)


@tap.case("OA-19", "a file that becomes shorter meanwhile: Failed, and the network is not blamed",
          api=True)
def shrinking(world):
    world.api.reads = False
    with plain_file(b"") as file:
        file.truncate(64 * MIB)

        def shorten(handler):
            handler.rfile.read(MIB)
            file.truncate(2 * MIB)
            while handler.rfile.read(MIB):
                pass
            return b""

        world.api.script = shorten
        message = expect_error("Failed", world.refuse, "POST", "contacts", file.fileno())
        tap.contains(message, "shorter", "message")


@tap.case("OA-20", "a body that comes slowly has time for each part of it", api=True)
def slow_body(world):
    reader, writer = os.pipe()

    def trickle():
        for _ in range(8):
            os.write(writer, b"x")
            time.sleep(0.6)
        os.close(writer)

    threading.Thread(target=trickle, daemon=True).start()
    tap.equal(world.open("POST", "contacts", reader, timeout=3)[0], 200, "status")
    tap.equal(world.api.requests[0][3], b"x" * 8, "body")


def upload_twice(world, refusal, account=""):
    """A file that the server takes longer to read than the time-out is, refuses, and gets again."""
    size = 24 * MIB
    lengths = []

    def answer(handler):
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KEPT)
        length = 0
        while length < size:
            length += len(handler.rfile.read(MIB // 4))
            time.sleep(0 if lengths else 0.06)
        lengths.append(length)
        time.sleep(1.5)
        return refusal if len(lengths) == 1 else reply(200, b"yes")

    world.api.reads = False
    world.api.script = answer
    with plain_file(bytes(size)) as file:
        code, fd, _details = start_open_api(world.broker, "PUT", "contacts", file.fileno(), account,
                                            timeout=4).result(60)
    tap.equal((code, Sink(fd).body()), (200, b"yes"), "answer")
    tap.equal(lengths, [size] * 2, "bytes at the server")


@tap.case("OA-21", "a first 401 after an upload of longer than the time-out: repaired", api=True)
def repaired_late(world):
    upload_twice(world, reply(401, b"no"))


@tap.case("OA-22", "and an API with keys that wants fewer requests: sent again", api=True)
def refused_late(world):
    world.session.write_provider("keyed", "[Provider]\nName=Keys\n[Api]\n"
                                 f"BaseUri={world.api.uri}\nAuthentication=openapi-key\n")
    done = Cli(world.session).run("client", "set", "--provider", "keyed", "--client-id", "ci_1",
                                  data=b"cs_2\n")
    tap.equal(done.code, 0, f"exit status: {done}")
    upload_twice(world, reply(429, b"{}", "Retry-After: 1"), "keyed")


@tap.case("OA-23", "a server that does not read holds up the writer", api=True)
def slow_server(world):
    size = 64 * MIB
    go_on = threading.Event()
    lengths = []

    def wait(handler):
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KEPT)
        go_on.wait(60)
        lengths.append(sum(map(len, chunks(handler.rfile))))
        return reply(200)

    world.api.reads = False
    world.api.script = wait
    feed = Feed(bytes(MIB) for _ in range(size // MIB))
    reader = feed.hand_over()
    pending = start_open_api(world.broker, "POST", "contacts", reader, timeout=60)
    os.close(reader)
    taken = settled(lambda: feed.written)
    go_on.set()
    tap.equal(pending.result(130)[0], 200, "status")
    tap.equal(lengths, [size], "bytes at the server")
    tap.check(taken < size // 2, f"half of it was still to be written, not {size - taken} bytes")


@tap.case("OA-24", "a reader that does not read holds up the server", api=True)
def slow_client(world):
    size = 64 * MIB
    sent = []

    def pour(handler):
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KEPT)
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // KEPT):
            handler.wfile.write(bytes(KEPT))
            sent.append(KEPT)
        return b""

    world.api.script = pour
    _status, fd, _details = start_open_api(world.broker, "GET", "contacts", nothing()).result()
    taken = settled(lambda: sum(sent))
    tap.equal(len(Sink(fd).body()), size, "length in the end")
    tap.check(taken < size // 2, f"half of it was still to be sent, not {size - taken} bytes")


@tap.case("OA-25", "a server that hangs up in the middle: Network, and the writer learns of it",
          api=True)
def server_leaves(world):
    def leave(handler):
        handler.rfile.read(MIB)
        handler.connection.shutdown(socket.SHUT_RDWR)
        return b""

    world.api.reads = False
    world.api.script = leave
    feed = Feed(bytes(MIB) for _ in range(64))
    reader = feed.hand_over()
    pending = start_open_api(world.broker, "POST", "contacts", reader, timeout=60)
    os.close(reader)
    expect_error("Network", pending.result, 130)
    feed.join(20)
    tap.check(feed.broken, "the pipe was closed")
    tap.equal(len(world.api.requests), 1, "requests")


tap.main(OpenWorld)
