# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured about API calls."""

from harness.broker import NAME, PATH
from rowbook import at_least, at_most, row, told
from stage import TRIVIAL, memory

MB = 1_000_000
GIB = 1 << 30


@row("call-api", "CallApi, 1 KB",
     at_most("floor", "time ÷ (the trivial method + the request by a bare SoupSession)", 1.15),
     told("us", "median of a call", " µs"))
def call_api(lab):
    stage = lab.stage()
    calls = lab.size(800, 150)
    words = NAME, PATH, NAME, "CallApi", "('a0', 'GET', '1024', '', @a{sv} {})"

    def measure():
        trivial = stage.call(calls, TRIVIAL)
        bare = stage.run("fetch", "get", calls, f"{stage.api}1024")["median"]
        ours = stage.call(calls, words)
        return {"floor": ours / (trivial + bare), "us": ours}
    yield measure


def streams(lab, size, times):
    """A function that measures both directions, and how much memory the broker took meanwhile."""
    stage = lab.stage()

    def measure():
        # A new one has had no peak yet that would hide another.
        stage.end_broker()
        stage.run("stream", "get", 1, "a0", MB)
        pid = stage.pid
        before = memory(pid, "VmHWM")
        bare = stage.run("fetch", "read", times, f"{stage.api}{size}")["median"]
        ours = stage.run("stream", "get", times, "a0", size)["median"]
        bare_up = stage.run("fetch", "send", times, f"{stage.api}x", size)["median"]
        ours_up = stage.run("stream", "put", times, "a0", "x", size)["median"]
        return {"down": bare / ours, "up": bare_up / ours_up, "mb/s": size / ours,
                "kib": memory(pid, "VmHWM") - before}
    return measure


@row("open-api", "OpenApi, 1 MB",
     at_least("down", "throughput of a response ÷ a bare SoupSession's", 0.8),
     at_least("up", "throughput of a request ÷ a bare SoupSession's", 0.8),
     at_most("kib", "memory that the broker takes meanwhile", 4096, " KiB", exact=True),
     told("mb/s", "a response", " MB/s"))
def short_streams(lab):
    yield streams(lab, MB, lab.size(60, 10))


@row("open-api-1g", "OpenApi, 1 GiB",
     at_least("down", "throughput of a response ÷ a bare SoupSession's", 0.8),
     at_least("up", "throughput of a request ÷ a bare SoupSession's", 0.8),
     at_most("kib", "memory that the broker takes meanwhile", 4096, " KiB", exact=True),
     told("mb/s", "a response", " MB/s"), free_rounds=3)
def long_streams(lab):
    yield streams(lab, lab.size(GIB, GIB // 16), 1)
