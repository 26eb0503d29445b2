#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the project says of itself to desktops, software centres and packagers: valid, and the same
in all places. The arguments are the source folder, the desktop file and the metainfo file as they
are installed."""

import configparser
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))

# pylint: disable=wrong-import-position
from harness import tap

ROOT = TESTS.parent
DESKTOP, METAINFO = (str(pathlib.Path(name).resolve()) for name in sys.argv[2:4])


def run(*argv):
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise tap.Failure(f"{argv[0]} says:\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def desktop_entry():
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(DESKTOP, encoding="utf-8")
    return parser["Desktop Entry"]


def metainfo():
    return ET.parse(METAINFO).getroot()


@tap.case("MD-01", "the desktop file is valid, and in no menu")
def desktop_file(_world):
    tap.equal(run("desktop-file-validate", DESKTOP), "", "desktop-file-validate")
    entry = desktop_entry()
    tap.equal((entry["NoDisplay"], entry["Icon"]), ("true", "org.tidio.Auth"), "keys")


@tap.case("MD-02", "the metainfo file is valid, and names what is installed")
def metainfo_file(_world):
    run("appstreamcli", "validate", "--no-net", "--pedantic", METAINFO)
    root = metainfo()
    tap.equal(root.findtext("id"), "org.tidio.Auth", "id")
    tap.equal(sorted(one.text for one in root.findall("launchable")),
              ["org.tidio.Auth.desktop", "tidio-auth.service"], "launchable")


@tap.case("MD-03", "one version in all places")
def versions(_world):
    version = re.search(r"^  version: '(.*)',$", text_of("meson.build"), re.M).group(1)
    tap.equal({
        "NEWS": text_of("NEWS").split()[0],
        "metainfo": metainfo().find("releases/release").get("version"),
        "Debian": re.match(r"tidio-auth \((.*?)\)", text_of("data/debian/changelog")).group(1),
    }, dict.fromkeys(["NEWS", "metainfo", "Debian"], version), "versions")


@tap.case("MD-04", "the Debian package is built with what README.md has people install")
def build_depends(_world):
    told = re.search(r"^sudo apt-get install ((?:.*\\\n)*.*)$", text_of("README.md"), re.M).group(1)
    field = re.search(r"^Build-Depends:\n((?: .*\n)+)", text_of("data/debian/control"), re.M)[1]
    packages = {line.split()[0].rstrip(",") for line in field.splitlines() if "<" not in line}
    # A compiler is there whenever a package is built.
    tap.equal(packages - {"debhelper-compat"}, set(told.replace("\\\n", "").split()) - {"gcc"},
              "Build-Depends")


if (ROOT / ".git").exists():
    @tap.case("MD-05", "every file says whose it is and under which licence")
    def licences(_world):
        run("reuse", "lint")
else:
    # What was built cannot be told from what belongs to the sources there.
    tap.leave_out("MD-05", "licences are checked in a git repository only")


tap.main()
