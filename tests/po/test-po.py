#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The translations are complete. The first argument is the source folder."""

import gettext
import html.parser
import pathlib
import re
import subprocess
import sys
import tempfile
import unicodedata

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
# Which plural form is for 0, 1, 2, 3, 5, 11, 12, 21, 22, 25, 100, 101, 102, 103, 111 and 121.
COUNTS = [0, 1, 2, 3, 5, 11, 12, 21, 22, 25, 100, 101, 102, 103, 111, 121]
PLURALS = {
    "ar": "0123344444555344",
    "de": "1011111111111111",
    "es": "1011111111111111",
    "fr": "0011111111111111",
    "pl": "2011222212221122",
    "pt_BR": "0011111111111111",
    "uk": "2011222012201120",
    "zh_CN": "0000000000000000",
}
RIGHT_TO_LEFT = {"ar"}
# A help text has no line that a terminal of usual width would break.
LINE_MAX = 90

# What is told to the user is marked, or is a name of a program or a word of a protocol.
TOKEN = re.compile(r'/\*.*?\*/|#[^\n]*include[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\])+\'|\w+|[()]',
                   re.S)
MARKS = {"_", "N_", "C_", "NC_", "Q_", "ngettext", "g_dngettext", "g_dpgettext2"}
LOGS = {"g_debug", "g_message", "g_warning"}
PRINTS = {"g_print", "g_printerr", "printf", "fprintf", "fputs", "puts", "ta_cli_print",
          "ta_cli_warn", "g_set_error", "g_set_error_literal", "ta_cli_set_file_error"}
UNTRANSLATED = re.compile(r"tidio-auth(?:d|-sandbox)?\b[:\w ]*|^Authorization: |^quit=1$|%\w|\\n")
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


@tap.case("PO-02", "LINGUAS names every translation, and each language of PLURALS has one")
def linguas(_world):
    tap.equal(sorted(languages()), sorted(path.stem for path in PO.glob("*.po")), "LINGUAS")
    tap.equal(sorted(languages()), sorted(PLURALS), "languages")


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


def formula(language):
    text = (PO / f"{language}.po").read_text(encoding="utf-8")
    header = unquote(re.search(r'^msgstr ""\n((?:".*"\n)+)', text, re.M)[1])
    found = re.search(r"^Plural-Forms: nplurals=(\d+); plural=(.*);$", header, re.M)
    return int(found[1]), gettext.c2py(found[2])


def one_number_forms(language):
    """The plural forms that are for one number only, which they may spell out."""
    _count, form_of = formula(language)
    forms = [form_of(number) for number in range(1000)]
    return {f"msgstr[{form}]" for form in set(forms) if forms.count(form) == 1}


def same_shape(message, value):
    """Placeholders in their order, unless they are numbered, and blanks at both ends."""
    found, wanted = PLACEHOLDER.findall(value), PLACEHOLDER.findall(message)
    if any("$" in one for one in found):
        found = [re.sub(r"\d+\$", "", one) for one in
                 sorted(found, key=lambda one: int(re.search(r"\d+", one)[0]))]
    return (found == wanted
            and value.endswith("\n") == message.endswith("\n")
            and value.count("\n\n") == message.count("\n\n")
            and value[-1:].isspace() == message[-1:].isspace()
            and value[:1].isspace() == message[:1].isspace())


@tap.case("PO-06", "a translation has the placeholders, in their order, and the line's end")
def placeholders(_world):
    problems = []
    for language, messages in translated():
        spelled_out = one_number_forms(language)
        for (_context, message), parts in messages.items():
            for name, value in parts.items():
                bare = name in spelled_out and not PLACEHOLDER.search(value)
                if name.startswith("msgstr") and not bare and not same_shape(message, value):
                    problems.append(f"{language}.po: {message!r} -> {value!r}")
    report(problems)


@tap.case("PO-07", "a translation keeps what is typed: programs, options, variables, addresses")
def names(_world):
    report([f"{language}.po: {message!r} -> {value!r}" for language, message, value in pairs()
            if sorted(WORD.findall(value)) != sorted(WORD.findall(message))])


@tap.case("PO-08", "the pages name their own language")
def page_language(_world):
    for language, messages in translated():
        tap.equal(messages["language tag", "en"]["msgstr"], language.replace("_", "-"),
                  f"language tag of {language}.po")


@tap.case("PO-09", "each language's plural forms are for the right numbers")
def plurals(_world):
    for language in languages():
        count, form_of = formula(language)
        seen = "".join(str(form_of(number)) for number in COUNTS)
        tap.equal((seen, count), (PLURALS[language], int(max(PLURALS[language])) + 1), language)


def told(path):
    """(function, literal) of what is not marked for translation."""
    calls, last, joined = [], "", False
    found = []
    for token in TOKEN.findall(path.read_text(encoding="utf-8")):
        if token.startswith('"') and MARKS.isdisjoint(calls):
            if joined:
                found[-1][1] += token[1:-1]
            else:
                found.append([calls[-1] if calls else "", token[1:-1]])
        joined = token.startswith('"')
        if token == "(":
            calls.append(last)
        elif token == ")" and calls:
            calls.pop()
        last = token
    return found


def is_prose(function, literal):
    rest = UNTRANSLATED.sub("", literal)
    return (function not in LOGS and re.search(r"[A-Za-z]{2,} [a-z]{2,}", rest) is not None
            or function in PRINTS and re.search(r"[A-Za-z]{3,}", rest) is not None)


@tap.case("PO-10", "sources of what users read print no text that is not marked for translation")
def marked(_world):
    paths = {ROOT / name for name in lines_of("POTFILES") if name.endswith(".c")}
    report([f"{path.relative_to(ROOT)}: {literal!r}"
            for path in sorted(paths | set((ROOT / "src/cli").glob("*.c")))
            for function, literal in told(path) if is_prose(function, literal)])


class Words(html.parser.HTMLParser):
    """What a page says by itself."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_data(self, data):
        if re.search(r"\w", re.sub(r"\{\{\w+\}\}", "", data)):
            self.found.append(data)


@tap.case("PO-11", "the pages have no words but those that are put into them")
def pages(_world):
    for path in (ROOT / "data/pages").glob("*.html"):
        tap.equal(Words(path.read_text(encoding="utf-8")).found, [], path.name)


def width(line):
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 0
               if unicodedata.category(one) in ("Mn", "Cf") else 1 for one in line)


@tap.case("PO-12", "help texts of several lines fit a terminal")
def widths(_world):
    texts = [("a source", message) for _context, message in entries(extract())]
    texts += [(f"{language}.po", value) for language, _message, value in pairs()]
    report([f"{where}: {line!r} has {width(line)} columns"
            for where, text in texts if "\n" in text[:-1]
            for line in text.splitlines() if width(line) > LINE_MAX])


@tap.case("PO-13", "quotation marks, apostrophes and blanks are those of the language")
def typography(_world):
    wrong = {"de": r"[“](?=\w)|[«»]", "fr": r"[ \w][;?!](?:\s|$)|\w :(?:\s|$)|« | »|[“”]|\w'\w",
             "pl": r"[“«»]", "uk": r"[“”„]|\w'\w", "es": r"[“”„]|(?:^|[.:] )[^¿]*\?",
             "zh_CN": r"[\u4e00-\u9fff](?:[,;?!]|:$)|[„«»]", "ar": r"[\u0600-\u06ff][,;?]|[“”„]"}
    report([f"{language}.po: {value!r}" for language, message, value in pairs()
            if re.search(wrong.get(language, "$^"), value)
            and "\n" not in message[:-1]])


@tap.case("PO-14", "names are isolated in texts of a desktop that run from right to left")
def isolation(_world):
    """An id or a command between U+2068 and U+2069 does not turn the words around it about. In a
    terminal they would be copied with what is between them."""
    problems = []
    for language in RIGHT_TO_LEFT:
        text = (PO / f"{language}.po").read_text(encoding="utf-8")
        for block in re.split(r"\n{2,}", text)[1:]:
            on_desktop = re.search(r"^#: src/broker/", block, re.M)
            for key, value in ENTRY.findall(block + "\n"):
                outside = re.sub(r"\u2068[^\u2068\u2069]*\u2069", "", value) if on_desktop else value
                strange = r"[A-Za-z%]" if on_desktop else r"[\u2066-\u2069]"
                if key.startswith("msgstr") and re.search(strange, outside):
                    problems.append(f"{language}.po: {value.strip()}")
    report(problems)


tap.main()
