# SPDX-License-Identifier: LGPL-2.1-or-later
"""QR codes in the text of a terminal: what a camera that is held before it would read."""

import re
import subprocess

ZBAR = ("zbarimg", "--quiet", "--raw", "--nodbus")
# What is drawn, in the upper and in the lower half of a character.
HALVES = {" ": (0, 0), "\u2580": (1, 0), "\u2584": (0, 1), "\u2588": (1, 1)}
CONTROLS = re.compile("\033\\[[0-9;]*[A-Za-z]")
# Pixels per module.
SCALE = 6


def lines_of(text):
    """The lines that have nothing but half blocks in them, without what moves or colours."""
    plain = [CONTROLS.sub("", line) for line in text.replace("\r", "").split("\n")]
    return [line for line in plain if line.strip(" ") and set(line) <= set(HALVES)]


def rows_of(text, light_terminal=False):
    """Rows of brightnesses, 0 to 255: what is drawn has the foreground's, the rest the
    background's, which are the terminal's own unless the text sets them."""
    drawn, left = (0, 255) if light_terminal else (255, 0)
    if "\033[97;40m" in text:
        drawn, left = 255, 0
    rows = []
    for line in lines_of(text):
        for half in (0, 1):
            rows.append([drawn if HALVES[c][half] else left for c in line])
    return rows


def read(text, folder, light_terminal=False):
    """What the code says, or an empty string: none can be read. Around it is the terminal."""
    rows = rows_of(text, light_terminal)
    if not rows:
        return ""
    around = 255 if light_terminal else 0
    width = len(rows[0]) + 8
    empty = [[around] * width] * 4
    framed = [*empty, *([around] * 4 + row + [around] * 4 for row in rows), *empty]
    lines = [" ".join(str(value) for value in row for _ in range(SCALE))
             for row in framed for _ in range(SCALE)]
    image = folder / "terminal.pgm"
    image.write_text(f"P2 {width * SCALE} {len(lines)} 255\n" + "\n".join(lines) + "\n",
                     encoding="ascii")
    done = subprocess.run([*ZBAR, image], check=False, capture_output=True, text=True)
    return done.stdout.strip()
