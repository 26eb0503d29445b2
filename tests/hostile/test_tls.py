#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows: certificates, versions of TLS, additional authorities and proxies. The account was signed in
before; each row tells whether that login survived, and how much the server saw.

An additional authority is configured, so that a certificate of its is refused for nothing but what
the row says."""

import pathlib
import ssl
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
import shared
from answers import ACCOUNT, TOKEN, AnswerWorld
from gi.repository import Gio, GLib
from harness import tap
from harness.broker import DEADLINE, SLOW, expect_error
from harness.bus import BUS, BUS_PATH
from harness.certificates import Authority
from harness.peer import answer
from harness.servers import places
from rows import add_rows
from tls_server import Proxy, TlsServer

LIVES = "the old login lives"
NAME = "login.example.org"
TUNNEL = b"HTTP/1.1 200 OK\r\n\r\n"
PAC_RUNNER = Gio.DBusNodeInfo.new_for_xml("""<node><interface name="org.gtk.GLib.PACRunner">
  <method name="Lookup">
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="out"/>
  </method>
</interface></node>""").interfaces[0]
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
V = ssl.TLSVersion


class TlsWorld(AnswerWorld):
    """`proxy`: the desktop has one, for loopback too if it is up to the desktop; "pac": a script
    says which, and nobody can run it; "environment": http_proxy and its kin."""

    def __init__(self, proxy=None):
        super().__init__()
        self.authority = Authority(self.session.root)
        self.stranger = Authority(self.session.root, "Stranger")
        self.good = self.authority.issue("localhost", "127.0.0.1", NAME)
        self.proxy = None
        self.configure(self.authority.file)
        self.scripts = None
        self.kind = proxy
        self.host = None
        self.front = None

    def __exit__(self, kind, error, trace):
        try:
            super().__exit__(kind, error, trace)
        finally:
            for server in (self.front, self.proxy, self.scripts):
                if server is not None:
                    server.close()

    def use_proxy(self, kind):
        uri = f"http://127.0.0.1:{self.proxy.port}"
        if kind == "environment":
            self.broker.environment.update({
                "GIO_USE_PROXY_RESOLVER": "libproxy", "http_proxy": uri, "https_proxy": uri})
            return
        mode = "auto" if kind == "pac" else "manual"
        if kind == "pac":
            self.scripts = Scripts(
                self.session.environment["DBUS_SESSION_BUS_ADDRESS"])
        folder = self.session.root / "config/glib-2.0/settings"
        folder.mkdir(parents=True)
        folder.joinpath("keyfile").write_text(
            f"[system/proxy]\nmode='{mode}'\nautoconfig-url='{uri}/proxy.pac'\nignore-hosts=@as []\n"
            + "".join(f"[system/proxy/{scheme}]\nhost='127.0.0.1'\nport={self.proxy.port}\n"
                      for scheme in ("http", "https")))
        self.broker.environment.update({"GIO_USE_PROXY_RESOLVER": "gnome",
                                        "GSETTINGS_BACKEND": "keyfile",
                                        "XDG_CURRENT_DESKTOP": "GNOME"})

    def configure(self, path):
        """The additional authority from now on."""
        file = self.session.root / "config/tidio-auth/tidio-auth.conf"
        file.write_text("" if path is None else f"[Network]\nCaFile={path}\n")

    def _begin(self):
        if self.kind is not None:
            self.proxy = Proxy(None)
            self.use_proxy(self.kind)
        super()._begin()
        self.front = TlsServer(self.server.port, self.good)

    def origin(self):
        if self.host is None:
            return super().origin()
        return f"https://{self.host}" + ("" if self.host == NAME else f":{self.front.port}")

    def settle(self):
        """All is as it should be."""
        self.configure(self.authority.file)
        self.front.show(self.good)
        if self.proxy is not None:
            self.proxy.answer = TUNNEL
            self.proxy.target = self.front.port
        if self.scripts is not None:
            self.scripts.answer = f"http://127.0.0.1:{self.proxy.port}"

    def serve(self, certificate, host="localhost", **versions):
        """The account's token endpoint is at a server that shows this certificate."""
        self.settle()
        if host != self.host:
            self.host = host
            self.use_provider()
            self.sign_in(ACCOUNT)
        self.front.show(certificate, **versions)
        if self.proxy is not None:
            self.proxy.heads.clear()
        self.use_provider()
        return self.front

    def fate(self):
        self.settle()
        return super().fate()


class Scripts:
    """What runs scripts for proxies on a desktop; without an answer it is out of order. It has a
    thread of its own, as this one waits for pages that wait for it."""

    def __init__(self, address):
        self.asked = []
        self.answer = None
        self.context = GLib.MainContext()
        self.loop = GLib.MainLoop(self.context)
        ready = threading.Event()
        threading.Thread(target=self._run, args=(address, ready), daemon=True).start()
        tap.check(ready.wait(DEADLINE), "the service that runs scripts")

    def _run(self, address, ready):
        self.context.push_thread_default()
        bus = Gio.DBusConnection.new_for_address_sync(
            address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        bus.register_object("/org/gtk/GLib/PACRunner", PAC_RUNNER, self._lookup, None, None)
        bus.call_sync(BUS, BUS_PATH, BUS, "RequestName",
                      GLib.Variant("(su)", ("org.gtk.GLib.PACRunner", 4)), None,
                      Gio.DBusCallFlags.NONE, -1, None)
        ready.set()
        self.loop.run()

    def close(self):
        self.loop.quit()

    def _lookup(self, _bus, _sender, _path, _interface, _method, arguments, invocation):
        self.asked.append(arguments.unpack()[1])
        if self.answer is None:
            invocation.return_dbus_error("org.gtk.GLib.PACRunner.Error", "out of order")
        else:
            invocation.return_value(GLib.Variant("(as)", ([self.answer],)))


def told(seen, server, world):
    return f"{seen}, {len(server.received)} bytes; {world.fate()}"


def served(world, server, *versions):
    """What a refresh came to that was to succeed; the versions it may have been made with."""
    seen = world.try_refresh()
    tap.check(server.received.startswith(b"POST " + TOKEN.encode()), "the request, through TLS")
    tap.check(not versions or set(server.versions) == set(versions), f"not {server.versions}")
    return f"{seen}; {world.fate()}"


def certified(host="localhost", names=("localhost", "127.0.0.1"), by="authority", **wishes):
    """The server shows a certificate; a sign-in and a refresh."""
    def run(world):
        certificate = getattr(world, by).issue(*names, **wishes)
        server = world.serve(certificate, host)
        seen = f"{world.try_sign_in()}, {world.try_refresh()}"
        tap.check(server.accepted >= 1, "connections")
        return told(seen, server, world)
    return run


def trusted(host="localhost", names=("localhost", "127.0.0.1")):
    def run(world):
        server = world.serve(world.authority.issue(*names), host)
        return served(world, server)
    return run


def versions(oldest, newest):
    """Twice, should the first connection have been kept."""
    def run(world):
        server = world.serve(world.authority.issue("localhost"), oldest=oldest, newest=newest)
        seen = f"{world.try_sign_in()}, {world.try_sign_in()}"
        tap.check(set(server.versions) == {ssl_name(newest)}, f"handshakes: {server.versions}")
        return told(seen, server, world)
    return run


def ssl_name(version):
    return {V.TLSv1: "TLSv1", V.TLSv1_1: "TLSv1.1", V.TLSv1_2: "TLSv1.2",
            V.TLSv1_3: "TLSv1.3"}[version]


def modern(version):
    def run(world):
        server = world.serve(world.authority.issue("localhost"), oldest=version, newest=version)
        return served(world, server, ssl_name(version))
    return run


def both(world):
    return f"{world.try_sign_in()}, {world.try_refresh()}"


def plain(**keys):
    """The provider file has an address without TLS."""
    def run(world):
        before = world.peer.accepted
        world.use_provider(**keys)
        message = expect_error("NotConfigured", world.broker.sign_in, ACCOUNT)
        tap.contains(message, next(iter(keys)), "message")
        seen = world.try_refresh()
        tap.equal(world.peer.accepted, before, "connections")
        return f"NotConfigured, {seen}; {world.fate()}"
    return run


# Additional authorities

def authority_file(make):
    """`make`: its path, made in a folder."""
    def run(world):
        server = world.serve(world.authority.issue("localhost"))
        world.configure(make(world))
        seen = both(world)
        return told(seen, server, world)
    return run


def unusable(make):
    """Nothing can be sent, and that is said at once: at the start, and before a browser opens. What
    needs no network goes on."""
    def run(world):
        world.configure(make(world))
        world.broker.restart()
        log = world.session.log(world.broker.log_name)
        tap.contains(log, "tidio-auth.conf: key CaFile in [Network]", "log of the start")
        before = world.peer.accepted + world.front.accepted
        token = world.broker.token(ACCOUNT)
        message = expect_error("NotConfigured", world.broker.call_api, "GET", "operators",
                               account=ACCOUNT)
        seen = ["NotConfigured", world.try_refresh()]
        path = world.broker.sign_in(ACCOUNT)
        end = world.broker.end_of(path)
        tap.equal(end["Uri"], "", "address for a browser")
        seen.append(world.name(end["Error"], end["ErrorMessage"]))
        for text in (message, *world.messages[-2:]):
            tap.contains(text, "key CaFile in [Network]", "message")
        tap.equal(world.broker.token(ACCOUNT), token, "the token in memory")
        tap.equal(world.peer.accepted + world.front.accepted, before, "connections")
        return f"{', '.join(seen)}; {world.fate()}"
    return run


def written(data):
    def make(world):
        path = world.session.root / "ca.pem"
        path.write_bytes(data(world) if callable(data) else data)
        return path
    return make


def open_to_all(world):
    path = written(world.authority.file.read_bytes())(world)
    path.chmod(0o666)
    return path


# A body that breaks off inside of a TLS session that ends well

def broken_off(world):
    server = TlsServer(None, world.authority.issue("localhost"), reply=HEAD + b"5\r\nhello\r\n")
    world.use_provider(BaseUri=f"https://localhost:{server.port}/v1/")
    status, body, details = world.broker.call_api("GET", "operators", account=ACCOUNT)
    server.close()
    tap.equal((status, body), (200, "hello"), "answer")
    return f"{'whole' if details['complete'] else 'not whole'}; {world.fate()}"


def kept_alive(world):
    server = TlsServer(None, world.authority.issue("localhost"),
                       reply=HEAD + b"5\r\nhello\r\n0\r\n\r\n", ends=False)
    world.use_provider(BaseUri=f"https://localhost:{server.port}/v1/")
    seen = [world.broker.call_api("GET", "operators", account=ACCOUNT)[2]["complete"]
            for _ in range(3)]
    server.close()
    tap.equal(server.accepted, 1, "connections")
    return f"{'whole' if all(seen) else 'not whole'}; {world.fate()}"


# Proxies

def proxied(reply):
    """The provider is at a name that only the proxy knows."""
    def run(world):
        server = world.serve(world.authority.issue(NAME), NAME)
        world.proxy.answer = reply
        seen = world.try_refresh()
        check_heads(world)
        return told(seen, server, world)
    return run


def check_heads(world):
    """The proxy was asked, for the way and nothing else."""
    tap.check(world.proxy.heads, "the proxy was asked")
    for head in world.proxy.heads:
        tap.check(head.startswith(b"CONNECT " + NAME.encode()), f"CONNECT, not {head[:60]!r}")
        for word in (b"authorization", b"cookie", b"oauth", b"token"):
            tap.lacks(head.lower(), word, "what the proxy was told")


def tunnelled(world):
    """The request goes through, and an API call with its token too."""
    server = world.serve(world.authority.issue(NAME), NAME)
    seen = served(world, server)
    world.use_provider(BaseUri=f"https://{NAME}/v1/")
    status = world.broker.call_api("GET", "operators", account=ACCOUNT)[0]
    tap.contains(server.received, b"Authorization: Bearer ", "what the API was told")
    check_heads(world)
    return f"{seen}, API {status}"


def tunnelled_weakly(world):
    """What is asked of a server is asked of it behind a proxy."""
    server = world.serve(world.authority.issue(NAME), NAME, oldest=V.TLSv1_1, newest=V.TLSv1_1)
    seen = world.try_refresh()
    tap.check(server.versions, "a handshake")
    return told(seen, server, world)


def tunnelled_to_another(world):
    server = world.serve(world.authority.issue("other.example.org"), NAME)
    seen = world.try_refresh()
    tap.check(server.accepted, "a connection")
    return told(seen, server, world)


def unreachable_way(world):
    """It was asked for by the host, with nothing behind it."""
    server = world.serve(world.authority.issue(NAME), NAME)
    world.scripts.answer = None
    world.scripts.asked.clear()
    seen = world.try_refresh()
    tap.equal(world.scripts.asked, [f"https://{NAME}:443"], "what was asked of the script")
    return told(seen, server, world)


def past_proxy(world):
    """Loopback, by each of its names, with TLS and without."""
    for host in ("localhost", "127.0.0.1"):
        server = world.serve(world.authority.issue(host), host)
        served(world, server)
        tap.equal(world.proxy.heads, [], "what the proxy was asked")
    uri = world.peer.uri.replace("127.0.0.1", "localhost")
    world.use_provider(**{"BaseUri": places(uri)["uri"] + "v1/"})
    tap.equal(world.broker.call_api("GET", "operators", account=ACCOUNT)[0], 200, "status")
    tap.equal(world.proxy.heads, [], "what the proxy was asked")
    return world.fate()


REFUSED = f"Tls, Tls, 0 bytes; {LIVES}"
NOTHING = f"NotConfigured, NotConfigured, NotConfigured; {LIVES}"
MANUAL = {"proxy": "manual"}
ENVIRONMENT = {"proxy": "environment", "not_tried": None if SLOW == 1 else
               "what reads these variables is C++ and throws, which a sanitized C program does "
               "not survive"}
INVALID_GRANT = answer(400, '{"error":"invalid_grant"}')

ROWS = [
    ("TL-01-a", "signed by itself", certified(self_signed=True), REFUSED),
    ("TL-01-b", "expired", certified(starts=-3, ends=-1), REFUSED),
    ("TL-01-c", "not yet valid", certified(starts=1, ends=2), REFUSED),
    ("TL-01-d", "signed by a stranger", certified(by="stranger"), REFUSED),
    ("TL-02-a", "for another name", certified(names=("example.org", "127.0.0.1")), REFUSED),
    ("TL-02-b", "for a name, asked by address", certified("127.0.0.1", ("localhost",)), REFUSED),
    ("TL-02-c", "for another address", certified("127.0.0.1", ("127.0.0.2",)), REFUSED),
    ("TL-02-d", "for *.localhost", certified(names=("*.localhost",)), REFUSED),
    ("TL-03-a", "token endpoint without TLS",
     plain(TokenEndpoint="http://192.0.2.1/token"), f"NotConfigured, NotConfigured; {LIVES}"),
    ("TL-03-b", "API without TLS", plain(BaseUri="http://192.0.2.1/v1/"),
     f"NotConfigured, NotConfigured; {LIVES}"),
    ("TL-04-a", "TLS 1.0 alone", versions(V.TLSv1, V.TLSv1), REFUSED),
    ("TL-04-b", "TLS 1.1 alone", versions(V.TLSv1_1, V.TLSv1_1), REFUSED),
    ("TL-04-c", "TLS 1.0 to 1.1", versions(V.TLSv1, V.TLSv1_1), REFUSED),
    ("TL-04-d", "TLS 1.2 alone", modern(V.TLSv1_2), f"a new token; {LIVES}"),
    ("TL-04-e", "TLS 1.3 alone", modern(V.TLSv1_3), f"a new token; {LIVES}"),
    ("TL-04-f", "a chunked body that breaks off, TLS ends", broken_off, f"not whole; {LIVES}"),
    ("TL-04-g", "chunked bodies on one connection", kept_alive, f"whole; {LIVES}"),
    ("TL-05-a", "an additional authority, by name", trusted(), f"a new token; {LIVES}"),
    ("TL-05-b", "the same, by address", trusted("127.0.0.1"), f"a new token; {LIVES}"),
    ("TL-05-c", "no additional authority", authority_file(lambda world: None), REFUSED),
    ("TL-05-d", "another additional authority",
     authority_file(lambda world: world.stranger.file), REFUSED),
    ("TL-05-e", "CaFile: relative", unusable(lambda world: "Authority.pem"), NOTHING),
    ("TL-05-f", "CaFile: missing", unusable(lambda world: world.session.root / "none"), NOTHING),
    ("TL-05-g", "CaFile: a folder", unusable(lambda world: world.session.root), NOTHING),
    ("TL-05-h", "CaFile: empty", unusable(written(b"")), NOTHING),
    ("TL-05-i", "CaFile: no certificate", unusable(written(b"hello\n")), NOTHING),
    ("TL-05-j", "CaFile: a damaged one", unusable(written(
        lambda world: world.authority.file.read_bytes().replace(b"A", b"B"))), NOTHING),
    ("TL-05-k", "CaFile: anybody may change it", unusable(open_to_all), NOTHING),
    ("TL-06-a", "(proxy, loopback)", past_proxy, LIVES, MANUAL),
    ("TL-06-b", "(proxy, tunnel)", tunnelled, f"a new token; {LIVES}, API 200", MANUAL),
    ("TL-06-c", "(proxy, tunnel) TLS 1.1", tunnelled_weakly, f"Tls, 0 bytes; {LIVES}", MANUAL),
    ("TL-06-d", "(proxy, tunnel) another server", tunnelled_to_another, f"Tls, 0 bytes; {LIVES}",
     MANUAL),
    ("TL-06-e", "proxy: 407", proxied(
        answer(407, "", headers={"Proxy-Authenticate": "Basic realm=a"})),
     f"Network, 0 bytes; {LIVES}", MANUAL),
    ("TL-06-f", "proxy: 403 with HTML", proxied(answer(403, "<html>", content_type="text/html")),
     f"Network, 0 bytes; {LIVES}", MANUAL),
    ("TL-06-g", "proxy: 400 invalid_grant", proxied(INVALID_GRANT),
     f"Network, 0 bytes; {LIVES}", MANUAL),
    ("TL-06-h", "proxy: 302", proxied(answer(302, "", headers={"Location": "http://127.0.0.1:1/"})),
     f"Network, 0 bytes; {LIVES}", MANUAL),
    ("TL-06-i", "proxy: closes", proxied(None), f"Network, 0 bytes; {LIVES}", MANUAL),
    ("TL-06-j", "(script for proxies, which nobody runs)", unreachable_way,
     f"Network, 0 bytes; {LIVES}", {"proxy": "pac"}),
    ("TL-06-k", "(http_proxy, loopback)", past_proxy, LIVES, ENVIRONMENT),
    ("TL-06-l", "(http_proxy, tunnel)", tunnelled, f"a new token; {LIVES}, API 200", ENVIRONMENT),
]

add_rows(ROWS)
shared.main(TlsWorld)
