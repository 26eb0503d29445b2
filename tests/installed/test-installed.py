#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installs the program into a folder of its own, uses it from there by D-Bus activation, and does
what README.md tells its readers to do. The first argument is the source folder."""

import configparser
import json
import math
import os
import pathlib
import re
import stat
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))

# pylint: disable=wrong-import-position
from gi.repository import Gio

from harness import browser, tap
from harness.broker import NAME, PATH
from harness.keyring import NAME as SECRETS
from harness.session import end
import catalogues
from readme import Document, matches, words
from tree import DEADLINE, Desk, install

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 and not sys.argv[1].startswith("--")
                    else TESTS.parent)
README = Document(ROOT / "README.md")

FILES = {
    "bin/git-credential-tidio", "bin/tidio-auth", "bin/tidio-auth-sandbox",
    "lib/systemd/user/tidio-auth.service",
    "libexec/tidio-auth-open-uri", "libexec/tidio-authd",
    "share/applications/org.tidio.Auth.desktop",
    "share/bash-completion/completions/tidio-auth",
    "share/dbus-1/interfaces/org.tidio.Auth.xml",
    "share/dbus-1/services/org.tidio.Auth.service",
    "share/doc/tidio-auth/providers/tidio-openapi.conf",
    "share/doc/tidio-auth/providers/tidio.conf",
    "share/fish/vendor_completions.d/tidio-auth.fish",
    "share/icons/hicolor/scalable/apps/org.tidio.Auth.svg",
    "share/icons/hicolor/symbolic/apps/org.tidio.Auth-symbolic.svg",
    *(f"share/locale/{language}/LC_MESSAGES/tidio-auth.mo" for language in catalogues.TAGS),
    "share/man/man1/git-credential-tidio.1", "share/man/man1/tidio-auth-sandbox.1",
    "share/man/man1/tidio-auth.1", "share/man/man3/org.tidio.Auth.3",
    "share/man/man5/tidio-auth-provider.5", "share/man/man8/tidio-authd.8",
    "share/metainfo/org.tidio.Auth.metainfo.xml",
    "share/tidio-auth/providers/sandbox.conf",
    "share/zsh/site-functions/_tidio-auth",
}
# What they are run with when they read from standard input.
INPUT = {"client": "the secret\n"}


def unit(path, repeats=False):
    """A file of keys; in one of systemd some keys stand several times."""
    parser = configparser.ConfigParser(interpolation=None, strict=not repeats)
    parser.optionxform = str
    parser.read(path)
    return parser


def follow(desk, name):
    """Runs a block of README.md and compares what comes with what README.md says."""
    merge = ("shows", name) in README.blocks
    _code, seen = desk.shell(README.blocks["run", name], merge, INPUT.get(name))
    expected = README.blocks.get(("shows" if merge else "prints", name), "")
    if desk.server is not None:
        expected = expected.replace("8700", str(desk.server.port))
    if expected and not matches(seen, expected):
        raise tap.Failure(f"README.md says of {name}:\n{expected}\nseen:\n{seen}")
    return seen


def write_file(desk, name):
    (desk.session.root / "work" / name).write_text(README.blocks["file", name])


@tap.case("IN-01", "what is installed, and nothing else")
def files(desk):
    seen = {str(path.relative_to(desk.prefix)) for path in desk.prefix.rglob("*")
            if not path.is_dir()}
    tap.equal(sorted(seen), sorted(FILES), "installed files")
    for name in FILES:
        runs = bool((desk.prefix / name).stat().st_mode & stat.S_IXOTH)
        tap.equal(runs, name.startswith(("bin/", "libexec/")), f"may be run: {name}")


@tap.case("IN-02", "the bus and systemd start the installed broker, as one service")
def services(desk):
    program = str(desk.prefix / "libexec/tidio-authd")
    service = unit(desk.prefix / "share/dbus-1/services/org.tidio.Auth.service")["D-BUS Service"]
    tap.equal(dict(service), {"Name": NAME, "Exec": program,
                              "SystemdService": "tidio-auth.service"}, "D-Bus service")
    user_unit = unit(desk.prefix / "lib/systemd/user/tidio-auth.service", repeats=True)["Service"]
    tap.equal((user_unit["Type"], user_unit["BusName"], user_unit["ExecStart"]),
              ("dbus", NAME, program), "systemd unit")


def members(node):
    return {interface.name: sorted(
        [(one.name, [arg.signature for arg in one.in_args], [arg.signature for arg in one.out_args])
         for one in interface.methods]
        + [(one.name, one.signature, int(one.flags)) for one in interface.properties], key=str)
            for interface in node.interfaces if interface.name.startswith(NAME)}


@tap.case("IN-03", "the broker has what the installed interface description says")
def interface(desk):
    text = (desk.prefix / "share/dbus-1/interfaces/org.tidio.Auth.xml").read_text()
    described = members(Gio.DBusNodeInfo.new_for_xml(text))
    tap.equal(sorted(described), [NAME, f"{NAME}.Account", f"{NAME}.SignIn"], "interfaces")
    live = desk.broker.call("Introspect", None, PATH, "org.freedesktop.DBus.Introspectable")[0]
    tap.equal(members(Gio.DBusNodeInfo.new_for_xml(live)), {NAME: described[NAME]}, "members")


@tap.case("IN-04", "a call starts the installed broker")
def activation(desk):
    tap.equal(desk.session.bus.owner(NAME), "", "owner before the call")
    tap.equal(desk.broker.get("Version"), 1, "Version")
    program = os.readlink(f"/proc/{desk.session.bus.process_of(NAME)}/exe")
    tap.equal(program, str(desk.prefix / "libexec/tidio-authd"), "program")


@tap.case("IN-05", "the sandbox's installed provider file is found")
def sandbox_provider(desk):
    path = desk.broker.sign_in("demo", provider="sandbox")
    uri = desk.broker.uri(path)
    tap.check(uri.startswith("http://127.0.0.1:8700/oauth/authorize?"), f"the sandbox's: {uri}")


@tap.case("IN-06", "README: versions, and how to tell a running bus")
def versions(desk):
    follow(desk, "version")
    follow(desk, "reload")


@tap.case("IN-07", "README: the command line against the sandbox", sandbox=True)
def command_line(desk):
    for name in ("sign-in", "call", "accounts", "exit"):
        follow(desk, name)
    desk.stop_broker()
    follow(desk, "accounts")
    follow(desk, "sign-out")


@tap.case("IN-08", "README: gdbus", sandbox=True)
def gdbus(desk):
    path = re.search(r"'(/[^']+)'", follow(desk, "gdbus-sign-in")).group(1)
    tap.equal(desk.broker.end_of(path)["State"], "done", "State")
    for name in ("gdbus-state", "gdbus-call", "gdbus-token"):
        follow(desk, name)


@tap.case("IN-09", "README: the Python, the C and the JavaScript example", sandbox=True)
def programs(desk):
    follow(desk, "sign-in")
    write_file(desk, "contacts.py")
    follow(desk, "python")
    write_file(desk, "contacts.js")
    follow(desk, "gjs")
    write_file(desk, "contacts.c")
    follow(desk, "c")


@tap.case("IN-10", "README: the order to the sandbox has an application refresh", sandbox=True)
def control(desk):
    follow(desk, "sign-in")
    order = README.block_after("control")
    tap.contains(order, "http://127.0.0.1:8700/control", "address")
    status, _body = desk.server.request("POST", "/control", re.search(r"-d '(.*?)'", order)[1],
                                        {"Content-Type": "application/json"})
    tap.equal(status, 200, "status")
    follow(desk, "call")
    tap.equal(desk.server.counters()["refreshes"], 1, "refreshes")


@tap.case("IN-11", "README: a client of one's own, in the keyring")
def client(desk):
    follow(desk, "client")
    tap.equal(json.loads(desk.session.keyring.clients()[0]["secret"])["client_secret"],
              "the secret", "secret")
    query = dict(browser.query(desk.broker.uri(desk.broker.sign_in("me"))))
    tap.equal((query["client_id"], query["redirect_uri"]),
              ("YOUR_CLIENT_ID", "http://localhost:3000/callback"), "authorization request")


@tap.case("IN-12", "README: the smallest provider file, and a bad one")
def providers(desk):
    desk.session.write_provider("mine", README.blocks["provider", "mine"])
    uri = desk.broker.uri(desk.broker.sign_in("mine", provider="mine"))
    tap.check(uri.startswith("https://login.example.com/authorize?"), f"the provider's: {uri}")
    query = dict(browser.query(uri))
    tap.equal((query["client_id"], query["code_challenge_method"]), ("desktop", "S256"), "query")
    follow(desk, "provider")


@tap.case("IN-13", "README: the table of keys is that of the built-in provider")
def provider_keys(desk):
    built_in = unit(desk.prefix / "share/doc/tidio-auth/providers/tidio.conf")
    keys = [words(row[0])[0] for row in README.tables("keys") if words(row[0])]
    tap.equal(sorted(keys), sorted(key for group in built_in.sections() for key in built_in[group]),
              "keys")


@tap.case("IN-14", "README: commands, their options and exit codes are those of --help")
def command_table(desk):
    rows = [words(row[0])[0] for row in README.tables("commands")]
    text = desk.shell("tidio-auth --help")[1]
    listed = re.findall(r"^  ([a-z-]+)  ", text.split("Commands:")[1].split("Exit codes")[0], re.M)
    tap.equal([row.split()[0] for row in rows], listed, "commands")
    for row in rows:
        described = desk.shell(f"tidio-auth {row.split()[0]} --help")[1]
        for option in re.findall(r"(?<!\w)--?[a-zA-Z][a-z-]*", row):
            tap.check(re.search(rf"(?<![\w-]){option}(?![\w-])", described),
                      f"{option} in the help of {row}")
        for option in re.findall(r"^  .*(--[a-z-]+)", described, re.M):
            short = re.search(rf"(-\w), {option}", described)
            tap.check(option in ("--help", "--version") or option in row
                      or (short and short[1] in row), f"{option} in README's row of {row}")


@tap.case("IN-15", "README: the sandbox's switches are those of --help")
def switches(desk):
    told = {word for row in README.tables("switches") for word in words(row[0])}
    text = desk.shell("tidio-auth-sandbox --help")[1]
    known = set(re.findall(r"^  (--[a-z-]+)", text, re.M)) - {"--version"}
    tap.equal(sorted(told), sorted(known), "switches")


UNITS = {"": 1, "bytes": 1, "s": 1, "KiB": 1024, "MiB": 1024 * 1024}


@tap.case("IN-31", "README: the limits are those of the sources")
def limits(_desk):
    defined = {}
    for path in sorted((ROOT / "src").glob("*/ta-*.[ch]")):
        for name, value in re.findall(r"^#define ([A-Z_]+) \(?([0-9]+(?: \* [0-9]+)*)\)?(?: |$)",
                                      path.read_text(), re.M):
            defined.setdefault(name, set()).add(math.prod(map(int, value.split(" * "))))
    rows = README.tables("limits")
    tap.check(len(rows) > 10, "README has the table")
    for what, limit, names in rows:
        number, _space, unit_name = limit.partition(" ")
        name = words(names)[0]
        tap.check(int(number) * UNITS[unit_name] in defined.get(name, ()),
                  f"{what}: {limit}, {name} is {defined.get(name)}")


@tap.case("IN-16", "README: the errors are those that are raised, in their groups")
def errors(_desk):
    source = (ROOT / "src/base/ta-error.c").read_text()
    raised = "".join(path.read_text() for folder in ("oauth", "io", "broker", "daemon")
                     for path in (ROOT / "src" / folder).glob("*.c"))
    known = [name for code, name in re.findall(r'NAME \((\w+), "(\w+)"\)', source)
             if re.search(rf"\bTA_ERROR_{code}\b", raised)]
    tap.equal([words(row[0])[0] for row in README.tables("errors")], known, "errors")


@tap.case("IN-17", "README and CONTRIBUTING: every file and folder they name is there")
def paths(desk):
    for document in (README, Document(ROOT / "CONTRIBUTING.md")):
        named = document.source_paths()
        tap.check(len(named) > 5, f"more than five paths, not {named}")
        for name in named:
            tap.check((ROOT / name).exists(), f"{name} in the source tree")
    for name in re.findall(r"/usr/local/([\w./-]+\w)|`(share/[\w./-]+)`", README.text):
        tap.check((desk.prefix / "".join(name)).exists(), f"{''.join(name)} below the prefix")


@tap.case("IN-18", "README: every block with a mark is run by a case")
def all_blocks(_desk):
    source = pathlib.Path(__file__).read_text(encoding="utf-8")
    for name in README.names("run") + README.names("file") + README.names("provider"):
        tap.check(f'"{name}"' in source, f"a case for {name}")


def register_language(language, tag):
    """The page and the notification come from a broker of that language."""

    @tap.case(f"IN-{tag}", f"in {tag}: page, notification, help, an error, times, tables",
              sandbox=True, language=language)
    def _case(desk):
        catalogue = catalogues.Catalogue(desk.prefix, language)
        catalogues.check_page(desk, catalogue, tag)
        catalogues.check_programs(desk, catalogue)
        catalogues.check_tables(desk, catalogue)
        catalogues.check_notification(desk, catalogue)


for _language, _tag in catalogues.TAGS.items():
    register_language(_language, _tag)


@tap.case("IN-19", "one, two, five and 21 accounts, in the words of each language", sandbox=True)
def numbers(desk):
    catalogues.check_numbers(desk, [catalogues.Catalogue(desk.prefix, one) for one in catalogues.TAGS])


@tap.case("IN-20", "an unknown language, and a locale without UTF-8: English", sandbox=True)
def no_language(desk):
    for environment in ({"LANGUAGE": "tlh"}, {"LANGUAGE": "de", "LC_ALL": "C", "LANG": "C"}):
        tap.contains(desk.shell("tidio-auth --help", **environment)[1], "\nCommands:\n", "help")


@tap.case("IN-21", "README: a program that finds a token, and git", sandbox=True)
def exec_and_git(desk):
    text = desk.server.provider_printed()
    follow(desk, "sign-in")
    follow(desk, "exec")
    desk.session.write_provider("sandbox", re.sub("(?m)^BaseUri=.*$",
                                                  "BaseUri=https://git.example.com/", text))
    seen = follow(desk, "git")
    follow(desk, "git-account")
    tap.equal(follow(desk, "git"), seen, "with the account chosen")


@tap.case("IN-22", "what the bus started ends with the session, a second keyring too")
def nothing_left(desk):
    bus = desk.session.bus
    desk.broker.get("Version")
    first = desk.session.keyring.process
    end(first)
    bus.wait_for(lambda: bus.owner(SECRETS) and bus.process_of(SECRETS) != first.pid, DEADLINE,
                 "another keyring", poll=True)
    pids = desk.session.activated()
    tap.check({bus.process_of(SECRETS), bus.process_of(NAME)} <= pids, f"both among {pids}")
    desk.session.close()
    tap.equal([pid for pid in pids if pathlib.Path(f"/proc/{pid}").exists()], [], "left behind")


def translations(message):
    """What each language that there is makes of it, as its file says."""
    found = {}
    for language in (ROOT / "po/LINGUAS").read_text().split():
        text = (ROOT / f"po/{language}.po").read_text()
        match = re.search(rf'^msgid "{message}"\nmsgstr "(.+)"$', text, re.M)
        if match:
            found[language] = match.group(1)
    return found


@tap.case("IN-23", "the program's name for desktops and software centres, in all languages")
def languages(desk):
    entry = unit(desk.prefix / "share/applications/org.tidio.Auth.desktop")["Desktop Entry"]
    wanted = {"": entry["Comment"], **translations(entry["Comment"])}
    tap.equal({key[len("Comment["):-1]: value for key, value in entry.items()
               if key.startswith("Comment")}, wanted, "Comment")
    summaries = ET.parse(desk.prefix / "share/metainfo/org.tidio.Auth.metainfo.xml")
    tap.equal({one.get("{http://www.w3.org/XML/1998/namespace}lang", ""): one.text
               for one in summaries.getroot().findall("summary")}, wanted, "summary")
    tap.equal(entry["Exec"], f"{desk.prefix}/bin/tidio-auth accounts", "Exec")


@tap.case("IN-24", "systemd has nothing to say against the unit")
def verified(desk):
    path = desk.prefix / "lib/systemd/user/tidio-auth.service"
    done = subprocess.run(["systemd-analyze", "--user", "--man=no", "verify", str(path)],
                          env=desk.session.environment, capture_output=True, text=True,
                          check=False)
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "systemd-analyze verify")


def main():
    tap.list_if_asked()
    with tempfile.TemporaryDirectory(prefix="tidio-auth-installed-") as folder:
        prefix = install(ROOT, folder)
        tap.main(lambda **options: Desk(prefix, **options))


main()
