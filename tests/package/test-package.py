#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The release tarball, and the Debian packages that README.md has people build of it: what is in
them, what lintian says, and whether they work. The argument is the source folder.

A package's programs are used from where it is unpacked. Their only absolute paths are below
/usr/libexec, which the message bus and what it starts see as the package has it."""

import contextlib
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tarfile
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))
sys.path.insert(0, str(TESTS / "installed"))

# pylint: disable=wrong-import-position
from harness import tap
from harness.broker import NAME
from readme import Document
from tree import Desk, InstalledSession

ROOT = TESTS.parent
BUILD = os.environ["MESON_BUILD_ROOT"]
# What a packager has, whatever the tests run with; and what only takes time is left out.
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
         "HOME": os.environ.get("HOME", "/nonexistent"),
         "DEB_BUILD_OPTIONS": f"nocheck noautodbgsym noopt parallel={os.cpu_count()}"}
PACKAGES = {
    "tidio-auth": """
        usr/bin/git-credential-tidio
        usr/bin/tidio-auth
        usr/lib/systemd/user/tidio-auth.service
        usr/libexec/tidio-auth-open-uri
        usr/libexec/tidio-authd
        usr/share/applications/org.tidio.Auth.desktop
        usr/share/bash-completion/completions/tidio-auth
        usr/share/dbus-1/interfaces/org.tidio.Auth.xml
        usr/share/dbus-1/services/org.tidio.Auth.service
        usr/share/doc/tidio-auth/NEWS
        usr/share/doc/tidio-auth/README.md
        usr/share/doc/tidio-auth/changelog
        usr/share/doc/tidio-auth/copyright
        usr/share/doc/tidio-auth/providers/tidio-openapi.conf
        usr/share/doc/tidio-auth/providers/tidio.conf
        usr/share/fish/vendor_completions.d/tidio-auth.fish
        usr/share/icons/hicolor/scalable/apps/org.tidio.Auth.svg
        usr/share/icons/hicolor/symbolic/apps/org.tidio.Auth-symbolic.svg
        usr/share/lintian/overrides/tidio-auth
        usr/share/man/man1/git-credential-tidio.1
        usr/share/man/man1/tidio-auth.1
        usr/share/man/man3/org.tidio.Auth.3
        usr/share/man/man5/tidio-auth-provider.5
        usr/share/man/man8/tidio-authd.8
        usr/share/metainfo/org.tidio.Auth.metainfo.xml
        usr/share/zsh/vendor-completions/_tidio-auth
    """,
    "tidio-auth-sandbox": """
        usr/bin/tidio-auth-sandbox
        usr/share/doc/tidio-auth-sandbox/changelog
        usr/share/doc/tidio-auth-sandbox/copyright
        usr/share/man/man1/tidio-auth-sandbox.1
        usr/share/tidio-auth/providers/sandbox.conf
    """,
}


def run(*argv, cwd=None):
    done = subprocess.run(argv, cwd=cwd, env=CLEAN, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise tap.Failure(f"{shlex.join(argv)} failed:\n{done.stdout[-8000:]}")
    return done.stdout


def git(*argv):
    return run("git", "-C", str(ROOT), *argv)


class Release:
    """The tarball, unpacked; the packages made of it, unpacked over each other in `root`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.root = self.folder / "root"
        if git("status", "--porcelain", "--untracked-files=no"):
            tap.comment("the tarball is of the last commit, without what was changed since")
        run("meson", "dist", "-C", BUILD, "--no-tests", "--formats", "gztar", "--allow-dirty")
        version = re.search(r"^  version: '(.*)',$", (ROOT / "meson.build").read_text(), re.M)[1]
        self.tarball = pathlib.Path(BUILD) / f"meson-dist/tidio-auth-{version}.tar.gz"
        with tarfile.open(self.tarball) as tarball:
            tarball.extractall(self.folder)
        self.source = self.folder / f"tidio-auth-{version}"

    def build(self):
        run("sh", "-eu", "-c", Document(self.source / "README.md").blocks["package", "build"],
            cwd=self.source)
        for name in PACKAGES:
            run("dpkg-deb", "-x", str(self.package(name)), str(self.root))

    def package(self, name):
        return next(self.folder.glob(f"{name}_*.deb"))

    def logs(self):
        """Nothing that runs writes any."""
        return ""

    def inside(self):
        """What a program is started with, to see it as it is when it is installed."""
        return ["bwrap", "--dev-bind", "/", "/", "--bind", str(self.root / "usr/libexec"),
                "/usr/libexec", "--die-with-parent"]


class PackagedSession(InstalledSession):
    """What the bus starts sees the package, as the bus does."""

    def __init__(self, release):
        super().__init__(release.root / "usr")
        self.release = release

    def spawn(self, name, argv, environment=None, **options):
        if name == "dbus-daemon":
            argv = [*self.release.inside(), *argv]
        return super().spawn(name, argv, environment, **options)


class PackagedDesk(Desk):
    def __init__(self, release, **options):
        self.release = release
        super().__init__(release.root / "usr", **options)

    def make_session(self):
        return PackagedSession(self.release)


def contents(package):
    """path: mode and owner, without folders. Whether a text is compressed depends on its size."""
    found = {}
    for line in run("dpkg-deb", "-c", str(package)).splitlines():
        mode, owner, _size, _day, _time, path = line.split(maxsplit=5)
        if not path.endswith("/"):
            found[path.split(" -> ")[0].removeprefix("./").removesuffix(".gz")] = (mode, owner)
    return found


@tap.case("PK-01", "the tarball has what the repository has")
def tarball(release):
    with tarfile.open(release.tarball) as seen:
        names = sorted(one.name.partition("/")[2] for one in seen if not one.isdir())
    tap.equal(names, sorted(git("ls-tree", "-r", "-z", "--name-only", "HEAD").split("\0")[:-1]),
              "files")


@tap.case("PK-02", "the sources in the tarball pass their own checks")
def checks(release):
    source = release.source
    run("/usr/bin/python3", str(source / "tests/layers/test-layers.py"), str(source))


@tap.case("PK-03", "each package has what belongs to it, and nothing else")
def files(release):
    catalogues = {f"usr/share/locale/{language}/LC_MESSAGES/tidio-auth.mo"
                  for language in (release.source / "po/LINGUAS").read_text().split()}
    for name, paths in PACKAGES.items():
        seen = contents(release.package(name))
        wanted = set(paths.split()) | (catalogues if name == "tidio-auth" else set())
        tap.equal((sorted(wanted - set(seen)), sorted(set(seen) - wanted)), ([], []),
                  f"what {name} lacks, and what it should not have")
        for path, (mode, owner) in seen.items():
            runs = path.startswith(("usr/bin/", "usr/libexec/"))
            expected = "-rwxr-xr-x" if runs else "-rw-r--r--"
            expected = "lrwxrwxrwx" if mode[0] == "l" else expected
            tap.equal((mode, owner), (expected, "root/root"), f"mode and owner of {path}")


@tap.case("PK-04", "lintian has nothing to say")
def lintian(release):
    changes = next(release.folder.glob("*.changes"))
    tap.equal(run("lintian", "--allow-root", "--fail-on", "error,warning", str(changes)), "",
              "lintian")


@tap.case("PK-05", "systemd has nothing to say against the unit where the package puts it",
          desk=True)
def unit(desk):
    path = desk.prefix / "lib/systemd/user/tidio-auth.service"
    done = subprocess.run([*desk.release.inside(), "systemd-analyze", "--user", "--man=no", "verify",
                           str(path)], env=desk.session.environment, capture_output=True, text=True,
                          check=False)
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "systemd-analyze verify")


@tap.case("PK-06", "a call starts the broker of the package: signed in, called, signed out",
          desk=True, sandbox=True)
def works(desk):
    desk.shell("tidio-auth sign-in demo --provider sandbox")
    program = os.readlink(f"/proc/{desk.session.bus.process_of(NAME)}/exe")
    tap.check(program.endswith("/usr/libexec/tidio-authd"), f"the package's: {program}")
    tap.contains(desk.shell("tidio-auth call demo:contacts")[1], "ada.lovelace", "contacts")
    tap.contains(desk.shell("tidio-auth sign-out demo")[1], "revoked", "sign-out")


def main():
    tap.list_if_asked()
    with tempfile.TemporaryDirectory(prefix="tidio-auth-package-") as folder:
        release = Release(folder)
        release.build()
        tap.main(lambda desk=False, **options: PackagedDesk(release, **options) if desk
                 else contextlib.nullcontext(release))


main()
