# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which flows are tried with which servers: the table of the interop suite.

A cell that a server cannot do has a footnote that says why; one whose flow the broker does not have
yet is marked as such. There is no other way for a cell to be without a case.
"""

import json
import os
import pathlib
import subprocess

import authlib

from harness.servers import GLEWLWYD, NODE_SERVER, program_of

SERVERS = ("sandbox", "authlib", "glewlwyd", "oidc-provider")

# In the order of the table.
ROWS = {
    "code": "code and PKCE (RFC 6749, 7636)",
    "denied": "the user says no",
    "rotation": "refresh, refresh token replaced",
    "no-rotation": "refresh, refresh token kept",
    "reuse": "reuse of a refresh token ends the login",
    "revocation": "revocation (RFC 7009)",
    "form": "form bodies",
    "json": "JSON bodies",
    "body": "client secret in the body",
    "basic": "client secret by HTTP Basic",
    "none": "client without a secret",
    "resource": "resource indicators (RFC 8707)",
    "discovery": "metadata (RFC 8414, OpenID Connect)",
    "device": "device sign-in (RFC 8628)",
    "par": "pushed requests (RFC 9126)",
    "par-required": "pushed requests required",
    "iss": "`iss` in the answer (RFC 9207)",
    "mix-up": "mix-up of two servers refused",
    "dpop": "DPoP (RFC 9449)",
    "dpop-nonce": "DPoP with nonces",
    "id-token": "another person refused: `id_token`",
    "user-info": "another person refused: a path that tells",
}

SMALL = "The sandbox stands in for Tidio as it is documented, and that is without this."
LIBRARY = "Authlib does not have it in this version."
FORMS = ("It reads forms only, as RFC 6749 says. A case of its own sees that the refusal is told "
         "and nothing else is tried.")
CANNOT = {
    **{("sandbox", row): SMALL for row in (
        "resource", "discovery", "device", "par", "par-required", "iss", "mix-up", "dpop",
        "dpop-nonce", "id-token", "user-info")},
    **{("authlib", row): LIBRARY for row in (
        "resource", "par", "par-required", "iss", "mix-up", "dpop", "dpop-nonce")},
    ("glewlwyd", "denied"): "Its users cannot say no: its login page stays until they say yes.",
    ("glewlwyd", "reuse"): "It ends the login, and then refuses with an empty answer, from which "
                           "nobody can tell. A case of its own sees that the broker keeps what it "
                           "has and says so.",
    ("glewlwyd", "id-token"): "It gives an id_token only where a `nonce` was sent, which OpenID "
                              "Connect leaves to the client; the broker sends none.",
    ("glewlwyd", "json"): FORMS,
    ("oidc-provider", "json"): FORMS,
}
# What is to be known about a cell that has a case.
REMARKS = {
    ("authlib", "json"): "Authlib reads forms; the test server around it makes one from JSON.",
    ("glewlwyd", "none"): "It lets no client without a secret revoke its tokens; signing out says "
                          "so.",
}

README = pathlib.Path(__file__).resolve().parent.parent.parent / "README.md"
MARKER = "<!-- interop -->\n"


def case_id(row, server):
    return f"IO-{row}-{server}"


def cells():
    """Those that have a case: row and server."""
    return [(row, server) for row in ROWS for server in SERVERS if (server, row) not in CANNOT]


def versions():
    """Names of the servers as they head the table, with the versions at hand."""
    sandbox = subprocess.run([program_of("sandbox")[0], "--version"], capture_output=True, text=True,
                             check=True).stdout.split()[-1]
    node = subprocess.run([program_of("oidc-provider")[0], "--version"], capture_output=True,
                          text=True, check=True).stdout.strip().lstrip("v")
    package = json.loads((NODE_SERVER / "node_modules/oidc-provider/package.json").read_text())
    glewlwyd = subprocess.run([GLEWLWYD, "--version"], capture_output=True, text=True,
                              check=True).stdout.strip()
    return {"sandbox": f"sandbox {sandbox}", "authlib": f"Authlib {authlib.__version__}",
            "glewlwyd": f"Glewlwyd {glewlwyd}",
            "oidc-provider": f"oidc-provider {package['version']}, node {node}"}


def markdown(heads, mark):
    """The table and its footnotes; `mark` tells what the cell of a row and server says."""
    notes = list(dict.fromkeys([*CANNOT.values(), *REMARKS.values()]))

    def cell(row, server):
        key = (server, row)
        text = "-" if key in CANNOT else mark(row, server)
        note = CANNOT.get(key) or REMARKS.get(key)
        return f"{text} ({notes.index(note) + 1})" if note else text

    lines = [f"| flow | {' | '.join(heads[server] for server in SERVERS)} |",
             "| --- |" + " --- |" * len(SERVERS)]
    lines += [f"| {title} | {' | '.join(cell(row, server) for server in SERVERS)} |"
              for row, title in ROWS.items()]
    lines.append("")
    lines += [f"{number}. {note}" for number, note in enumerate(notes, 1)]
    return "\n".join(lines) + "\n"


def keep(text):
    """Into the build folder, for people and for README.md."""
    folder = os.environ.get("MESON_BUILD_ROOT")
    if folder:
        (pathlib.Path(folder) / "interop-table.txt").write_text(text, encoding="utf-8")


def without_heads(text):
    """A table without its first line, which tells versions."""
    return text.split("\n", 1)[1].strip()


def in_readme():
    """The table that stands there, up to the next headline."""
    return README.read_text(encoding="utf-8").split(MARKER, 1)[1].split("\n#", 1)[0]
