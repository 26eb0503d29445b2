# SPDX-License-Identifier: LGPL-2.1-or-later
"""An API that does what no good server does, and a world that has it beside an OAuth server."""

import http.server
import sys
import threading

from harness.world import World

EMPTY_OBJECT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def reply(status, body=b"", *headers):
    """An answer in full; its length is told unless a header does so."""
    names = {header.partition(":")[0].lower() for header in headers}
    lines = [f"HTTP/1.1 {status} Said", *headers]
    if not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunks(file):
    """Those of a body in chunks (RFC 9112 section 7.1), until its end."""
    while length := int(file.readline(), 16):
        yield file.read(length)
        file.readline()
    file.readline()


class Api:
    """On loopback. It notes what it gets and answers with `reply`, or with what `script` returns for
    a handler; a script that sends by itself returns nothing. `keeps`: connections stay open;
    `reads`: bodies are read before the script is asked."""

    def __init__(self):
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def read_body(self):
                if self.headers.get("Transfer-Encoding") == "chunked":
                    return b"".join(chunks(self.rfile))
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))

            def answer(self):
                body = self.read_body() if api.reads else b""
                api.requests.append((self.command, self.path, dict(self.headers.items()), body))
                self.close_connection = not api.keeps
                self.wfile.write(api.script(self))

            do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = answer

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                if not isinstance(sys.exc_info()[1], ConnectionError):
                    super().handle_error(request, client_address)

        self.requests = []
        self.reply = EMPTY_OBJECT
        self.keeps = False
        self.reads = True
        self.server = Server(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self.server.server_port}/v1/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def script(self, _handler):
        return self.reply

    def answer_in_turn(self, *replies):
        """The last one stays."""
        left = list(replies)
        self.script = lambda _handler: left.pop(0) if len(left) > 1 else left[0]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class ApiWorld(World):
    """A world whose API is not the sandbox's when a case says `api=True`; the OAuth server is."""

    def __init__(self, api=False, **options):
        options.setdefault("account", "")
        self.api = Api() if api else None
        if api:
            options["provider"] = {"BaseUri": self.api.uri}
        super().__init__(**options)

    def __exit__(self, *failure):
        try:
            super().__exit__(*failure)
        finally:
            if self.api is not None:
                self.api.close()


def sent_headers(request):
    """A request's headers by their names in lower case."""
    return {name.lower(): value for name, value in request[2].items()}
