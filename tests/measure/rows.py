# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured about tokens, activation, memory and idleness."""

import contextlib
import os
import statistics
import time

import peers
from harness.broker import NAME
from harness.bus import BusError
from rowbook import at_least, at_most, row, told
from stage import TRIVIAL, count_since, get_token, memory, private_dirty, rate, wake_ups

GOA = "GNOME Online Accounts"
# Longer than a token lives: it is refreshed in any case, as long as no caller asks for that too
# often.
FORCED = "{'min-validity': <uint32 86400>}"
IN_A_ROW = 4


@row("get-token", "GetToken from memory, one client",
     at_least("trivial", "rate ÷ that of a trivial GDBus method", 0.95),
     at_least("goa", f"rate ÷ that of {GOA}", 4),
     told("raw", "rate ÷ the trivial method's, by a client that is a bare socket"),
     told("cpu", "processor time of the broker ÷ that of the trivial service"),
     told("us", "median of a call", " µs"))
def one_client(lab):
    stage = lab.stage()
    calls = lab.size(1500, 200)

    def measure():
        trivial, least = stage.effort(calls, TRIVIAL)
        ours, work = stage.effort(calls, get_token())
        bare = stage.crowd(1, calls, TRIVIAL)["median"] / stage.crowd(
            1, calls, get_token())["median"]
        found = {"trivial": trivial / ours, "raw": bare, "cpu": work / least, "us": ours}
        if lab.goa:
            found["goa"] = stage.call(calls // 5, peers.GOA_CALL) / ours
        return found
    yield measure


@row("get-token-64", "GetToken from memory, 64 clients",
     at_least("trivial", "rate ÷ that of the trivial method", 0.95),
     at_least("goa", f"rate ÷ that of {GOA}", 15),
     at_most("p99", "p99 ÷ median", 3))
def many_clients(lab):
    stage = lab.stage()
    calls = lab.size(6000, 1000)

    def measure():
        trivial = stage.crowd(64, calls, TRIVIAL)
        ours = stage.crowd(64, calls, get_token())
        found = {"trivial": rate(ours) / rate(trivial), "p99": ours["p99"] / ours["median"]}
        if lab.goa:
            found["goa"] = rate(ours) / rate(stage.crowd(64, calls // 15, peers.GOA_CALL))
        return found
    yield measure


@row("growth", "With 1, 100 and 1,024 accounts",
     at_least("100", "rate with 100 ÷ rate with 1", 0.95),
     at_least("1024", "rate with 1,024 ÷ rate with 1", 0.95),
     at_most("kib", "private memory per account", 8, " KiB", exact=True))
def growth(lab):
    stages = [lab.open_stage(accounts) for accounts in (1, 100, lab.size(1024, 200))]
    calls = lab.size(1500, 200)
    for stage in stages:
        # Answered once all are loaded.
        stage.broker.token(f"a{stage.size - 1}")
    most = stages[-1]
    kib = (private_dirty(most.pid) - private_dirty(stages[0].pid)) / (most.size - 1)

    def measure():
        one, hundred, many = [
            stage.call(calls, get_token(f"a{stage.size - 1}")) for stage in stages]
        return {"100": one / hundred, "1024": one / many, "kib": kib}
    yield measure


@row("expired", "GetToken, 64 callers on an expired token",
     at_most("refreshes", "refreshes", 1, exact=True),
     at_most("different", "answers unlike the first", 0, exact=True),
     at_most("ms", "last answer, after what one refresh takes", 10, " ms"),
     told("last", "last answer", " ms"),
     told("oidc", "oidc-agent's last answer", " ms"))
def expired(lab):
    stage = lab.stage()
    other = get_token("a1")[-1]

    def burst(clients):
        stage.expire()
        before = stage.server.counters()["refreshes"]
        seen = stage.crowd(clients, clients, get_token(), other)
        return seen, stage.server.counters()["refreshes"] - before

    def measure():
        stage.start_anew()
        alone = burst(1)[0]
        seen, refreshes = burst(64)
        found = {"refreshes": refreshes, "different": seen["different"],
                 "ms": (seen["max"] - alone["max"]) / 1000, "last": seen["max"] / 1000}
        if lab.oidc and lab.first:
            lab.oidc.expire("a")
            found["oidc"] = lab.oidc.ask_at_once(64, "a") / 1000
        return found
    yield measure


@row("refresh", "Forced refresh, one at a time",
     at_most("floor", "time ÷ (the POST by bare libsoup + two keyring writes + the trivial method)",
             1.1),
     told("ms", "time", " ms"), told("oidc", "oidc-agent's", " ms"))
def refresh(lab):
    stage = lab.stage()
    words = stage.server.places["token"], *stage.client
    turns = lab.size(3, 1)
    times = turns * IN_A_ROW

    def force():
        stage.start_anew()
        return stage.call(IN_A_ROW, get_token("a0", FORCED))

    def measure():
        before = stage.server.counters()["refreshes"]
        ours = statistics.median(force() for _ in range(turns))
        # Each turn has one that is not counted.
        if stage.server.counters()["refreshes"] - before != times + turns:
            raise RuntimeError("a call was answered without a refresh")
        post = stage.run("fetch", "refresh", times, *words, stage.refresh_token())["median"]
        write = stage.run("keyring", "write", times)["median"]
        trivial = stage.call(100, TRIVIAL)
        found = {"floor": ours / (post + 2 * write + trivial), "ms": ours / 1000}
        if lab.oidc and lab.first:
            found["oidc"] = lab.oidc.refresh("a") / 1000
        return found
    yield measure


@row("beside", "Cached GetToken of account B while A refreshes for 2 s",
     at_most("idle", "time ÷ its time when nothing else happens", 1.2),
     told("oidc", "oidc-agent's time meanwhile", " ms"))
def beside(lab):
    stage = lab.stage()
    calls = lab.size(800, 200)

    def measure():
        stage.start_anew()
        idle_time = stage.call(calls, get_token("a1"))
        stage.server.control(delay=2000)
        pending = stage.broker.start_get_token("a0", rejected=stage.broker.token("a0"))
        # It is on its way once a later call is answered.
        stage.broker.token("a1")
        # As many as there is time for.
        meanwhile = stage.call(max(20, min(calls, int(1e6 / idle_time))), get_token("a1"))
        found = {"idle": meanwhile / idle_time}
        pending.result()
        if lab.oidc and lab.first:
            found["oidc"] = lab.oidc.ask_beside("b", "a") / 1000
        stage.server.control(delay=0)
        return found
    yield measure


@row("activation", "First GetToken of a broker that was not running",
     at_most("floor", "time ÷ (activation of the trivial service + a first keyring lookup)", 1.1),
     at_most("goa", f"time ÷ {GOA}'s", 0.4),
     told("ms", "time", " ms"))
def activation(lab):
    stage = lab.stage()
    times = lab.size(3, 2)

    def measure():
        ours = stage.run("activate", times, *get_token())["median"]
        trivial = stage.run("activate", times, *TRIVIAL)["median"]
        lookup = stage.run("keyring", "first", times)["median"]
        found = {"floor": ours / (trivial + lookup), "ms": ours / 1000}
        if lab.goa:
            found["goa"] = ours / stage.run("activate", times, *peers.GOA_CALL)["median"]
        return found
    yield measure


@row("command", "tidio-auth token, whole process",
     at_most("gdbus", "time ÷ that of gdbus call of the same", 0.8),
     told("ms", "time", " ms"))
def command(lab):
    stage = lab.stage()
    times = lab.size(25, 5)
    gdbus = ["gdbus", "call", "--session", "--dest", NAME, "--object-path", get_token()[1],
             "--method", f"{NAME}.GetToken", "a0", "{}"]

    def measure():
        ours = stage.run("spawn", times, os.environ["TIDIO_AUTH"], "token", "a0")["median"]
        return {"gdbus": ours / stage.run("spawn", times, *gdbus)["median"], "ms": ours / 1000}
    yield measure


@row("memory", "Memory with 10 accounts",
     at_most("idle", "private dirty when idle", 2500, " kB", exact=True),
     at_most("growth", "growth over a million calls", 256, " KiB", exact=True),
     told("late", "of it, over the second half of them", " KiB"),
     told("calls", "calls that were made"),
     told("goa", f"{GOA}: private dirty when idle", " kB"), once=True)
def weight(lab):
    stage = lab.stage()
    stage.end_broker()
    for number in range(10):
        stage.broker.token(f"a{number}")
    found = {"idle": private_dirty(stage.pid)}
    calls = lab.size(1_000_000, 20_000)

    def measure():
        # What is set aside once stays: it is filled before it is looked at.
        stage.crowd(64, lab.size(20_000, 5_000), get_token())
        sizes = [memory(stage.pid, "RssAnon")]
        made = 0
        for _half in range(2):
            made += stage.crowd(64, calls // 2, get_token())["n"]
            sizes.append(memory(stage.pid, "RssAnon"))
        found["growth"] = max(0, sizes[-1] - sizes[0])
        found["late"] = max(0, sizes[-1] - sizes[1])
        found["calls"] = made
        if lab.goa:
            stage.bus.call(*peers.GOA_CALL[:4])
            found["goa"] = private_dirty(stage.bus.process_of(peers.GOA_NAME))
        return found
    yield measure


@row("idle", "Doing nothing",
     at_most("wake-ups", "wake-ups in 30 s", 0, exact=True),
     at_least("leaves", "leaves when nobody needs it (IdleTimeout)", 1, exact=True),
     at_least("same", "comes back by activation with the same token", 1, exact=True), once=True)
def idle(lab):
    stage = lab.stage()
    token = stage.broker.token("a0")

    def measure():
        # A new one, for what it did before is still to be written to its files for a minute.
        stage.end_broker()
        pid = stage.pid
        settle(pid)
        before = wake_ups(pid)
        time.sleep(lab.size(30, 3))
        found = {"wake-ups": count_since(before, wake_ups(pid))}
        stage.end_broker()
        configuration = stage.session.root / "config/tidio-auth/tidio-auth.conf"
        configuration.write_text("[Broker]\nIdleTimeout=1\n")
        with contextlib.suppress(BusError):
            stage.broker.token("a0")
        found["leaves"] = int(leaves(stage))
        configuration.unlink()
        found["same"] = int(stage.broker.token("a0") == token)
        return found
    yield measure


def settle(pid):
    """Until what came before has come to its end: 16 seconds without a wake-up, for GLib keeps a
    thread that it does not need for 15. If there is no such time, that will show."""
    for _look in range(5):
        before = wake_ups(pid)
        time.sleep(16)
        if wake_ups(pid) == before:
            break


def leaves(stage):
    try:
        stage.bus.wait_for(lambda: not stage.bus.owner(NAME), 10, "the broker to leave", poll=True)
    except TimeoutError:
        stage.end_broker()
        return False
    return True
