# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clocks of a program that the tests can move: see tests/faults/clock-shift.c."""

import os
import struct


class Clocks:
    """To be made before the program starts, which gets `environment`."""

    def __init__(self, session):
        self.path = session.root / "clock-shift"
        self.path.write_bytes(bytes(16))
        self.boot = 0
        library = os.environ["TIDIO_CLOCK_SHIFT"]
        sanitizer = os.environ.get("ASAN_OPTIONS", "")
        self.environment = {"LD_PRELOAD": library, "CLOCK_SHIFT_FILE": str(self.path)}
        if sanitizer:
            # The library stands before the sanitizer's own.
            self.environment["ASAN_OPTIONS"] = f"{sanitizer}:verify_asan_link_order=0"

    def shift(self, real=0, boot=0):
        """So many seconds from now on, against the true clocks. The boot clock never goes back."""
        self.boot = max(self.boot, boot)
        boot = self.boot
        with open(self.path, "r+b") as file:
            file.write(struct.pack("=qq", int(real), int(boot)))
