# SPDX-License-Identifier: LGPL-2.1-or-later
"""A screen of its own (Xvfb) with a notification server on it that people use (dunst)."""

import mmap
import os
import pathlib
import struct
import zlib

from gi.repository import GLib

from harness.notifications import NAME, PATH

DEADLINE = 30.0
ICONS = pathlib.Path(__file__).resolve().parent.parent.parent / "data/icons"
WIDTH, HEIGHT = 640, 240
CONTROL = "org.dunstproject.cmd0"
# Text in a colour that nothing else has.
TEXT = (0xff, 0xee, 0xdd)
DUNST = """[global]
    width = 560
    height = 200
    offset = 20x20
    origin = top-left
    font = DejaVu Sans 11
    format = "<b>%s</b>\\n%b"
    word_wrap = true
    frame_width = 2
    frame_color = "#8080ff"
    show_indicators = true
    dmenu = /bin/false
    icon_path = {icons}
    min_icon_size = 48
    max_icon_size = 48
[urgency_normal]
    background = "#202030"
    foreground = "#ffeedd"
    timeout = 0
[button]
    summary = "*"
    action_name = {button}
"""


class Screen:
    """`button`: the action that is chosen by press()."""

    def __init__(self, session, button="allow"):
        self.session = session
        self.folder = session.root / "screen"
        self.folder.mkdir()
        self.frame = self.folder / "Xvfb_screen0"
        self._start_x()
        config = self.folder / "dunstrc"
        config.write_text(DUNST.format(button=button, icons=ICONS))
        self.dunst = session.spawn("dunst", ["dunst", "-config", config],
                                   {"DISPLAY": self.display, "G_DEBUG": ""})
        session.bus.wait_for_name(NAME, DEADLINE, lambda: self.dunst.poll() is None)

    def _start_x(self):
        """On a display that is free; it tells which when it is ready."""
        read, write = os.pipe()
        xvfb = self.session.spawn(
            "xvfb", ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{WIDTH}x{HEIGHT}x24",
                     "-fbdir", self.folder, "-nolisten", "tcp", "-nolisten", "unix"],
            pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise RuntimeError(f"Xvfb did not start: {xvfb.poll()}")
        self.display = f":{number}"

    def pixels(self):
        """Rows of (red, green, blue), from the frame that the server keeps in a file (XWD)."""
        with open(self.frame, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as data:
            header = struct.unpack(">25I", data[:100])
            size, width, height, line, colours = (header[0], header[4], header[5], header[12],
                                                  header[19])
            start = size + 12 * colours
            rows = []
            for y in range(height):
                row = data[start + y * line:start + y * line + 4 * width]
                rows.append([(row[x + 2], row[x + 1], row[x]) for x in range(0, 4 * width, 4)])
        return rows

    def text_pixels(self):
        return sum(row.count(TEXT) for row in self.pixels())

    def wait_for_text(self):
        """Until something can be read on the screen."""
        self.session.bus.wait_for(lambda: self.text_pixels() > 500, DEADLINE, "text on the screen",
                                  poll=True)

    def save(self, name):
        """A picture in the build folder."""
        folder = pathlib.Path(os.environ["MESON_BUILD_ROOT"]) / "screenshots"
        folder.mkdir(exist_ok=True)
        rows = self.pixels()
        raw = b"".join(b"\0" + bytes(value for pixel in row for value in pixel) for row in rows)

        def chunk(kind, data):
            return (struct.pack(">I", len(data)) + kind + data
                    + struct.pack(">I", zlib.crc32(kind + data)))

        path = folder / f"{name}.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n"
                         + chunk(b"IHDR", struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0,
                                                      0, 0))
                         + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))
        return path

    # What a user does

    def press(self):
        self._control("NotificationAction", "(u)", 0)

    def close(self):
        self._control("NotificationCloseLast")

    def wait_empty(self):
        """Until no notification is there, and nothing can be read any more."""
        self.session.bus.wait_for(
            lambda: self.session.bus.get(NAME, PATH, CONTROL, "displayedLength") == 0
            and self.text_pixels() == 0, DEADLINE, "an empty screen", poll=True)

    def _control(self, method, kind=None, *arguments):
        self.session.bus.call(NAME, PATH, CONTROL, method,
                              None if kind is None else GLib.Variant(kind, arguments))
