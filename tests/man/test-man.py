#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manual pages: formatted without a warning, as complete as the programs, their examples run.

The arguments are the source folder and the page that is made of the interface description. A
comment in front of an example says what is done with it, `run: NAME` or `provider: ID`, one behind
it what is printed, where "..." stands for anything."""

import configparser
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))

# pylint: disable=wrong-import-position
from harness import tap
from harness.broker import DEADLINE
from harness.cli import Cli
from harness.permissions import Permissions
from harness.world import World

ROOT = TESTS.parent
MADE = pathlib.Path(sys.argv[2])
PAGES = {path.name: path for path in (*sorted((ROOT / "data/man").glob("*.[1-9]")), MADE)}
EXAMPLE = re.compile(r'(?:^\.\\" (\w+): ([\w-]+)\n\.PP\n)?^\.EX\n((?:.*\n)*?)\.EE\n'
                     r'(?:\.\\" prints: (.*)\n)?', re.M)
NOTHING = {"server": False, "provider": None, "start": False, "keyring": "none"}


class ManWorld(World):
    def __init__(self, **options):
        super().__init__(**options)
        self.cli = Cli(self.session)
        folder = self.session.root / "tmp/bin"
        folder.mkdir()
        for name, variable in (("tidio-auth", "TIDIO_AUTH"),
                               ("tidio-auth-sandbox", "TIDIO_AUTH_SANDBOX")):
            (folder / name).symlink_to(os.environ[variable])
        self.environment = {**self.cli.environment,
                            "PATH": f"{folder}:{self.cli.environment['PATH']}"}

    def shell(self, text):
        text = text.replace(":8700/", f":{self.server.port}/") if self.server else text
        done = subprocess.run(["sh", "-eu", "-c", text], env=self.environment,
                              cwd=self.session.root, capture_output=True, text=True,
                              timeout=DEADLINE, check=False)
        tap.equal((done.returncode, done.stderr), (0, ""), f"exit code and stderr of {text}")
        return done.stdout.strip()


def plain(text):
    """As a reader sees it, without what only makes letters bold."""
    text = re.sub(r"\\f[BIR]|\\&", "", text)
    return text.replace("\\-", "-").replace("\\(aq", "'").replace("\\(ga", "`").replace("\\e", "\\")


def text_of(name):
    return PAGES[name].read_text(encoding="utf-8")


def examples(name):
    """(what to do, its name, text, what it prints)"""
    return [(kind, key, plain(text), printed)
            for kind, key, text, printed in EXAMPLE.findall(text_of(name))]


def options_in(text):
    return set(re.findall(r"--[a-z][a-z-]*", plain(text)))


@tap.case("MN-01", "every page is formatted without a warning, in ASCII", **NOTHING)
def lint(_world):
    tap.equal(sorted(PAGES), ["org.tidio.Auth.3", "tidio-auth-provider.5", "tidio-auth-sandbox.1",
                              "tidio-auth.1", "tidio-authd.8"], "pages")
    for name, path in PAGES.items():
        done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z", path], capture_output=True,
                              text=True, check=False)
        tap.equal((done.returncode, done.stderr), (0, ""), f"what groff says of {name}")
        tap.check(text_of(name).isascii(), f"{name} in ASCII")
        title = re.search(r'^\.TH (\S+) (\d)', text_of(name), re.M)
        tap.equal(f"{plain(title[1])}.{title[2]}", name, "title")
        for section in ("NAME", "DESCRIPTION", "EXAMPLES"):
            tap.contains(text_of(name), f"\n.SH {section}\n", name)


@tap.case("MN-02", "tidio-auth(1): every command and option, and no other", **NOTHING)
def command_line(world):
    text = text_of("tidio-auth.1").split(".SH COMMANDS")[1].split('.SH "EXIT STATUS"')[0]
    parts = {plain(head).split()[0]: body
             for head, body in re.findall(r'^\.SS "(.*?)"\n(.*?)(?=^\.SS|\Z)', text, re.M | re.S)}
    listed = world.cli.run("--help").out.split("Commands:")[1].split("Exit codes")[0]
    tap.equal(list(parts), re.findall(r"^  ([a-z-]+)  ", listed, re.M), "commands")
    for command, body in parts.items():
        own = world.cli.run(command, "--help").out
        known = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", own, re.M)) - {"--help", "--version"}
        marked = set().union(*[options_in(line) for line in
                               re.findall(r"^\.TP\n(.*)$", body, re.M)])
        tap.equal(sorted(marked), sorted(known), f"options of {command}")


@tap.case("MN-03", "tidio-auth(1): the exit codes of README", **NOTHING)
def exit_codes(_world):
    part = text_of("tidio-auth.1").split('.SH "EXIT STATUS"')[1].split(".SH EXAMPLES")[0]
    told = re.findall(r"\d+", " ".join(re.findall(r"^\.BR? (.*)$", part, re.M)))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.split("| exit code | means |\n")[1].split("\n\n")[0]
    known = re.findall(r"\d+", " ".join(re.findall(r"^\| ([\d, ]+) \|", table, re.M)))
    tap.equal(told, known, "exit codes")


@tap.case("MN-04", "tidio-auth-sandbox(1): every switch, and no other", **NOTHING)
def sandbox(world):
    text = world.shell("tidio-auth-sandbox --help")
    told = text_of("tidio-auth-sandbox.1").split(".SH OPTIONS")[1].split(".SH EXAMPLES")[0]
    known = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", text, re.M))
    tap.equal(sorted(options_in(told)), sorted(known), "switches")


@tap.case("MN-05", "tidio-auth-provider(5): every key, and no other", **NOTHING)
def keys(_world):
    built_in = configparser.ConfigParser(interpolation=None)
    built_in.optionxform = str
    built_in.read(ROOT / "data/providers/tidio.conf")
    text = text_of("tidio-auth-provider.5")
    for group in built_in.sections():
        part = text.split(f'.SH "GROUP [{group}]"\n')[1].split(".SH ")[0]
        tap.equal(re.findall(r"^\.TP\n\.B (\S+)$", part, re.M), list(built_in[group]),
                  f"keys of {group}")


@tap.case("MN-06", "org.tidio.Auth(3): every interface, member and argument", **NOTHING)
def interfaces(_world):
    text = text_of("org.tidio.Auth.3")
    for interface in ET.parse(ROOT / "data/org.tidio.Auth.xml").getroot():
        part = text.split(f'.SH "INTERFACE {interface.get("name")}"\n')[1].split("\n.SH ")[0]
        heads = re.findall(r'^\.SS "(\w+)(?: \(|: )', part, re.M)
        tap.equal(sorted(heads), sorted(member.get("name") for member in interface), "members")
        tap.check(part.startswith(".PP\n"), f"text about {interface.get('name')}")
        for member in interface.findall("method"):
            body = part.split(f'.SS "{member.get("name")} (')[1].split(".SS ")[0]
            told = re.findall(r"^\.TP\n\.I (\S+)$", body, re.M)
            tap.equal(sorted(told), sorted(arg.get("name") for arg in member.findall("arg")),
                      f"arguments of {member.get('name')}")
        for member in interface:
            body = part.split(f'.SS "{member.get("name")}')[1].split(".SS ")[0]
            tap.contains(body, ".PP\n", f"text about {member.get('name')}")


@tap.case("MN-07", "every example is run, or read as a provider file", account="work")
def run_examples(world):
    Permissions(world.session).start()
    seen = []
    for name in PAGES:
        for kind, key, text, printed in examples(name):
            seen.append((kind, key))
            if kind == "provider":
                world.session.write_provider(key, text)
                uri = world.broker.uri(world.broker.sign_in(key, provider=key))
                tap.check(uri.startswith("https://login.example.com/authorize?"), f"Uri: {uri}")
                continue
            tap.equal(kind, "run", f"what to do with {text!r} of {name}")
            out = world.shell(text)
            pattern = ".*".join(re.escape(part) for part in printed.split("..."))
            tap.check(re.fullmatch(pattern, out, re.S), f"{printed!r} from {text!r}, not {out!r}")
    tap.equal(len(seen), len(set(seen)), f"each under a name of its own: {seen}")
    tap.equal(len(seen), sum(text_of(name).count("\n.EX\n") for name in PAGES), "examples")
    world.broker.call_api("GET", "contacts", account="work")
    tap.equal(world.server.counters()["refreshes"], 1, "refreshes after all tokens expired")
    tap.equal(world.shell("git config --global credential.https://git.example.com.helper"), "tidio",
              "git's setting")


@tap.case("MN-08", "what a page refers to is there", **NOTHING)
def references(_world):
    for name in PAGES:
        told = re.findall(r"^\.BR (\S+) \((\d)\),?$", text_of(name), re.M)
        tap.check(told, f"references in {name}")
        for page, section in told:
            page = f"{plain(page)}.{section}"
            tap.check(page in PAGES or page in ("flatpak.1", "git.1", "gdbus.1", "gitcredentials.7"),
                      f"{page}, which {name} refers to")


tap.main(ManWorld)
