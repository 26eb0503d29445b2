#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The translations are complete. The first argument is the source folder."""

import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 and not sys.argv[1].startswith("--")
                    else pathlib.Path(__file__).resolve().parent.parent.parent)
PO = ROOT / "po"

# Keyword and arguments as in `_`, `N_` and their kin: what marks a string for translation.
MARKED = re.compile(r"(?<!\w)(?:_|N_|C_|NC_|Q_|(?:g_)?d?c?n?p?gettext|g_dpgettext2?) \(")
KEYWORDS = ["_", "N_", "C_:1c,2", "NC_:1c,2", "Q_", "ngettext:1,2", "g_dngettext:2,3",
            "g_dpgettext2:2c,3"]
# In files of keys.
DESKTOP_KEYWORDS = ["Name", "Comment"]
ENTRY = re.compile(r'^(msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?) ((?:".*"\n?)+)', re.M)
PLACEHOLDER = re.compile(r"%(?:\d+\$)?[-+ #0']*(?:\*|\d+)?(?:\.\d+)?[a-zA-Z%]")
WORD = re.compile(r"(?<![\w-])--[a-z][a-z-]*|tidio-auth[\w.-]*|TIDIO_\w+|org\.tidio\.\w+"
                  r"|https?://[^\s%]+")


def lines_of(name):
    return [line for line in (PO / name).read_text(encoding="utf-8").splitlines()
            if line and not line.startswith("#")]


def languages():
    found = lines_of("LINGUAS")
    tap.check(found, "languages in LINGUAS")
    return found


def run(*argv):
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise tap.Failure(f"{argv[0]} says:\n{done.stderr}")
    return done.stdout


def unquote(lines):
    joined = "".join(re.findall(r'"(.*)"', lines))
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), joined)


def entries(text):
    """(context, message): all that is said for it; without the header."""
    found = {}
    for block in re.split(r"\n{2,}", text):
        parts = {key: unquote(lines) for key, lines in ENTRY.findall(block + "\n")}
        if parts.get("msgid"):
            found[parts.get("msgctxt"), parts["msgid"]] = parts
    return found


def extract():
    """What xgettext finds in the files of POTFILES now."""
    with tempfile.NamedTemporaryFile(suffix=".pot") as pot:
        run("xgettext", "--from-code=UTF-8", "--no-location",
            f"--files-from={PO / 'POTFILES'}", f"--output={pot.name}", "--keyword",
            *[f"--keyword={word}" for word in KEYWORDS + DESKTOP_KEYWORDS])
        return pathlib.Path(pot.name).read_text(encoding="utf-8")


def translated():
    for language in languages():
        yield language, entries((PO / f"{language}.po").read_text(encoding="utf-8"))


def pairs():
    """(language, message, translation)"""
    for language, messages in translated():
        for (_context, message), parts in messages.items():
            for name, value in parts.items():
                if name.startswith("msgstr"):
                    yield language, message, value


def report(problems):
    if problems:
        raise tap.Failure("\n".join(problems))


@tap.case("PO-01", "POTFILES names every file with a string to translate, and no other")
def potfiles(_world):
    marked = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "src").rglob("*.[ch]")
                    if MARKED.search(path.read_text(encoding="utf-8")))
    merged = [str(path.relative_to(ROOT)) for kind in ("desktop", "metainfo.xml")
              for path in (ROOT / "data").glob(f"*.{kind}.in")]
    tap.equal(sorted(lines_of("POTFILES")), sorted(marked + merged), "POTFILES")


@tap.case("PO-02", "LINGUAS names every translation, Polish and German among them")
def linguas(_world):
    tap.equal(sorted(languages()), sorted(path.stem for path in PO.glob("*.po")), "LINGUAS")
    tap.check({"pl", "de"} <= set(languages()), "pl and de")


@tap.case("PO-03", "no message is missing, and none is left over")
def complete(_world):
    wanted = set(entries(extract()))
    tap.check(len(wanted) > 50, f"more than 50 messages, not {len(wanted)}")
    problems = []
    for language, messages in translated():
        problems += [f"{language}.po lacks {key[1]!r}" for key in wanted - set(messages)]
        problems += [f"{language}.po has {key[1]!r}, which no source has"
                     for key in set(messages) - wanted]
    report(problems + [f"{language}.po does not translate {message!r}"
                       for language, message, value in pairs() if not value])


@tap.case("PO-04", "no entry is fuzzy or obsolete")
def current(_world):
    for language in languages():
        path = PO / f"{language}.po"
        tap.equal(run("msgattrib", "--only-fuzzy", "--no-wrap", str(path)), "",
                  f"fuzzy entries of {language}")
        tap.lacks(path.read_text(encoding="utf-8"), "\n#~ ", f"{language}.po")


@tap.case("PO-05", "msgfmt is content: header, formats, plural forms")
def formats(_world):
    for language in languages():
        run("msgfmt", "--check", "--check-format", "-o", "/dev/null", str(PO / f"{language}.po"))


@tap.case("PO-06", "a translation has the placeholders, in their order, and the line's end")
def placeholders(_world):
    report([f"{language}.po: {message!r} -> {value!r}" for language, message, value in pairs()
            if PLACEHOLDER.findall(value) != PLACEHOLDER.findall(message)
            or value.endswith("\n") != message.endswith("\n")
            or value[-1:].isspace() != message[-1:].isspace()
            or value[:1].isspace() != message[:1].isspace()])


@tap.case("PO-07", "a translation keeps what is typed: programs, options, variables, addresses")
def names(_world):
    report([f"{language}.po: {message!r} -> {value!r}" for language, message, value in pairs()
            if sorted(WORD.findall(value)) != sorted(WORD.findall(message))])


@tap.case("PO-08", "the pages name their own language")
def page_language(_world):
    for language, messages in translated():
        tap.equal(messages["language tag", "en"]["msgstr"], language.replace("_", "-"),
                  f"language tag of {language}.po")


tap.main()
