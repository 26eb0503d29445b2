#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many at once, and for long: one refresh for all, one prompt for all, and no login lost."""

import collections
import pathlib
import random
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness import tap
from harness.broker import DEADLINE, NAME, SLOW, expect_error
from harness.second_bus import SecondBroker
from rows import ACCOUNT, TOKEN, FaultWorld

CALLERS = 200
WAITERS = 256
CONNECTIONS = 10
CYCLES = 1000
DAY = 86400
# Longer than a token lives.
LIFETIME = 4000
# After SIGTERM.
END = 5.0 * SLOW


class Crowd:
    """Callers on several connections."""

    def __init__(self, world):
        self.callers = [world.broker.other_caller() for _ in range(CONNECTIONS)]

    def start(self, count, method, *arguments, **wishes):
        """So many calls at once."""
        return [getattr(self.callers[number % CONNECTIONS], method)(
            *arguments, account=ACCOUNT, deadline=110.0, **wishes) for number in range(count)]

    def arrive(self):
        """All calls are with the broker once it has answered what was asked after them."""
        for caller in self.callers:
            caller.get("Version")


def start_tokens(world, count, **wishes):
    return Crowd(world).start(count, "start_get_token", **wishes)


@tap.case("ON-01", f"{CALLERS} callers at expiry: one refresh, one token", clocks=True)
def at_expiry(world):
    world.clocks.shift(real=DAY)
    pending = start_tokens(world, CALLERS)
    tokens = {one.result(110)[0] for one in pending}
    tap.equal(len(tokens), 1, "different tokens")
    tap.check(world.old not in tokens, "another token than the expired one")
    tap.equal(world.server_saw(), "1 refresh", "what the server saw")


@tap.case("ON-02", f"{CALLERS} API calls to which the API says 401: one refresh, all get 200")
def storm_of_401(world):
    world.server.control(expire_access_tokens=True)
    pending = Crowd(world).start(CALLERS, "start_call_api", "GET", "operators")
    statuses = [one.result(110)[0] for one in pending]
    tap.equal(set(statuses), {200}, "statuses")
    counters = world.server.counters()
    tap.equal((counters["token"], counters["refreshes"], counters["reuse"]), (1, 1, 0),
              "token requests, refreshes, reuse")


@tap.case("ON-03", f"{CALLERS} callers to whom the token was refused: one refresh, one token")
def all_refused(world):
    pending = start_tokens(world, CALLERS, rejected=world.old)
    tap.equal(len({one.result(110)[0] for one in pending}), 1, "different tokens")
    tap.equal(world.server_saw(), "1 refresh", "what the server saw")


@tap.case("ON-04", f"{CALLERS} callers and no network: one request, the same error for all")
def all_fail(world):
    order = world.peer.plan(TOKEN, "stall")
    crowd = Crowd(world)
    pending = crowd.start(CALLERS, "start_get_token", rejected=world.old)
    crowd.arrive()
    order.wait().release(False)
    tap.equal({world.seen(one) for one in pending}, {"Network"}, "what they saw")
    tap.equal(world.server_saw(), "1 request, none served", "what the server saw")
    world.heal()
    world.prove_kept()


@tap.case("ON-10", f"{WAITERS} callers may wait for a refresh, one more is told Busy at once")
def one_too_many(world):
    order = world.peer.plan(TOKEN, "stall")
    crowd = Crowd(world)
    pending = crowd.start(WAITERS + 1, "start_get_token", rejected=world.old)
    crowd.arrive()
    world.bus.wait_for(lambda: any(one.done for one in pending), DEADLINE, "the one told Busy",
                       poll=True)
    tap.equal([world.seen(one) for one in pending if one.done], ["Busy"], "who is answered first")
    order.wait().release()
    tap.equal(collections.Counter(world.seen(one) for one in pending),
              {"a new token": WAITERS, "Busy": 1}, "what they saw")
    tap.equal(world.server_saw(), "1 refresh", "what the server saw")


@tap.case("ON-05", "50 interactive callers, keyring locked, prompt dismissed: one prompt")
def dismissed_once(world):
    world.keyring.set_prompts("ignore")
    world.keyring.lock()
    world.keyring.plan("Prompt", "note")
    crowd = Crowd(world)
    pending = crowd.start(50, "start_get_token", rejected=world.old, interactive=True)
    crowd.arrive()
    world.keyring.wait_for_reached()
    world.keyring.set_prompts("dismiss")
    saw = {world.seen(one) for one in pending}
    tap.equal(saw, {"StorageLocked"}, "what they saw")
    tap.equal(world.outcome(interactive=True), "StorageLocked", "what one who comes later saw")
    tap.equal(world.keyring.count("Prompt"), 1, "prompts")
    tap.equal(world.server_saw(), "nothing", "what the server saw")
    world.heal()
    world.prove_kept()


@tap.case("ON-06", "50 interactive callers, keyring locked, prompt answered: one prompt, one "
          "refresh")
def answered_once(world):
    world.keyring.lock()
    pending = start_tokens(world, 50, rejected=world.old, interactive=True)
    tap.equal({world.seen(one) for one in pending}, {"a new token"}, "what they saw")
    tap.equal(world.keyring.count("Prompt"), 1, "prompts")
    tap.equal(world.server_saw(), "1 refresh", "what the server saw")


@tap.case("ON-07", "two brokers on two buses with one keyring, at expiry: one refresh each time",
          keyring="unlocked", clocks=True)
def two_brokers(world):
    second = SecondBroker(world.session, world.broker.environment)
    second.start()
    tap.equal(second.token(ACCOUNT), world.old, "the token in the keyring")
    old = world.old
    for number in range(1, 11):
        world.clocks.shift(real=number * DAY)
        pending = [broker.start_get_token(ACCOUNT) for broker in (world.broker, second)]
        tokens = {one.result(60)[0] for one in pending}
        tap.equal(len(tokens), 1, f"different tokens in round {number}")
        tap.check(old not in tokens, "another token than the expired one")
        old = tokens.pop()
        counters = world.server.counters()
        tap.equal((counters["refreshes"], counters["reuse"]), (number, 0), "refreshes and reuse")
    second.stop()


@tap.case("ON-08", "two brokers, one of them killed in the middle of a refresh: the other goes on",
          rotation="grace")
def killed_partner(world):
    second = SecondBroker(world.session, world.broker.environment)
    second.start()
    order = world.peer.plan(TOKEN, "hold")
    second.start_get_token(ACCOUNT, rejected=world.old)
    second.bus.connection.flush_sync(None)
    order.wait()
    pending = world.ask()
    second.kill()
    order.release(False)
    tap.equal(world.seen(pending), "a new token", "what the caller of the other one saw")
    world.prove_kept()


@tap.case("ON-11", "two brokers, one cannot store what it was given: the other spends no old token")
def unsaved_elsewhere(world):
    second = SecondBroker(world.session, world.broker.environment)
    second.start()
    tap.equal(second.token(ACCOUNT), world.old, "the token in the keyring")
    world.keyring.plan("SetSecret", "fail", 2, 0)
    fresh = world.broker.token(ACCOUNT, rejected=world.old)
    tap.equal(world.broker.state(ACCOUNT), "unsaved", "state of the first")
    message = expect_error("Busy", second.token, ACCOUNT, rejected=world.old)
    tap.contains(message, "see to the keyring", "message")
    tap.equal(second.token(ACCOUNT), world.old, "a token without a refresh")
    tap.equal(world.server_saw(), "1 refresh", "what the server saw")
    pending = second.start_get_token(ACCOUNT, rejected=world.old)
    world.keyring.heal()
    tap.equal(pending.result(60)[0], fresh, "the token of the second, once it was stored")
    tap.equal(world.server_saw(), "1 refresh", "what the server saw")
    second.stop()
    world.prove_kept()


@tap.case("ON-12", "SIGTERM while a token is unsaved: stored, and then another broker may begin")
def unsaved_at_end(world):
    second = SecondBroker(world.session, world.broker.environment)
    second.start()
    process = world.broker.process
    # The intent; the result; it once more.
    world.keyring.plan("SetSecret", "fail", 2)
    world.keyring.plan("SetSecret", "stall", 3)
    fresh = world.broker.token(ACCOUNT, rejected=world.old)
    pending = second.start_get_token(ACCOUNT, rejected=world.old)
    process.send_signal(signal.SIGTERM)
    world.keyring.wait_for_reached(2)
    expect_error("Busy", world.broker.token, ACCOUNT)
    tap.equal(world.bus.process_of(NAME), process.pid, "who has the name meanwhile")
    tap.check(not pending.done, "the other broker waits")
    world.keyring.release()
    tap.equal(process.wait(END), 0, "exit status")
    world.broker.process = None
    tap.equal(world.newest_record()["access_token"], fresh, "what is stored")
    tap.equal(pending.result(60)[0], fresh, "the token of the other broker")
    tap.equal(world.server_saw(), "1 refresh", "what the server saw")
    second.stop()
    world.broker.start()
    world.prove_kept()


@tap.case("ON-09", f"{CYCLES} refreshes with rotation, kill -9 at random between: no reuse",
          keyring="unlocked", clocks=True)
def cycles(world):
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"# seed {seed}", flush=True)
    chance = random.Random(seed)
    # The broker on its own: without what stands between it and the server.
    world.forget_servers()
    world.server.write_provider()
    token = world.old
    kills = 0
    for number in range(1, CYCLES + 1):
        world.clocks.shift(real=number * LIFETIME, boot=number * LIFETIME)
        token = world.broker.token(ACCOUNT)
        if chance.random() < 0.05:
            kills += 1
            world.broker.kill()
            world.broker.start()
    print(f"# {kills} times killed", flush=True)
    counters = world.server.counters()
    tap.equal((counters["refreshes"], counters["reuse"], counters["code_exchanges"]),
              (CYCLES, 0, 0), "refreshes, reuse, sign-ins")
    tap.equal(world.newest_record()["access_token"], token, "what is stored")
    world.prove_kept()


@tap.case("ON-13", "a caller that rejects each token: a few refreshes, then Busy; others are served",
          clocks=True)
def rejects_all(world):
    text = world.old
    for _ in range(5):
        text = world.broker.token(ACCOUNT, rejected=text)
    message = expect_error("Busy", world.broker.token, ACCOUNT, rejected=text)
    tap.contains(message, "try again in", "message")
    again, _expires_at, details = world.broker.get_token(ACCOUNT, min_validity=86400)
    tap.equal((again, details["degraded"]), (text, True), "a token that is to live for longer")
    tap.equal(world.broker.token(ACCOUNT), text, "the token of who has nothing against it")
    tap.equal(world.server_saw(), "5 refreshes", "what the server saw")
    world.server.control(expire_access_tokens=True)
    tap.equal(world.broker.call_api("GET", "operators", account=ACCOUNT)[0], 401, "status")
    world.clocks.shift(real=31, boot=31)
    tap.check(world.broker.token(ACCOUNT, rejected=text) != text, "another one after half a minute")
    expect_error("Busy", world.broker.token, ACCOUNT,
                 rejected=world.broker.token(ACCOUNT))
    world.clocks.shift(real=DAY, boot=DAY)
    tap.check(world.broker.token(ACCOUNT) != text, "another one once it is over")
    tap.equal(world.server_saw(), "7 refreshes, 1 API call", "what the server saw")
    world.prove_kept()


@tap.case("CL-03", "tokens of one second: few refreshes when asked for, none while nobody asks")
def short_lived(world):
    world.server.control(lifetime=1)
    world.outcome()
    world.forget()
    start = time.monotonic()
    for _ in range(1000):
        world.broker.token(ACCOUNT)
    seconds = time.monotonic() - start
    refreshes = world.server.counters()["refreshes"]
    tap.check(refreshes <= 4 + 4 * seconds, f"few refreshes in {seconds:.1f} s, not {refreshes}")
    world.forget()
    used = world.broker.cpu_seconds()
    world.bus.settle(2)
    tap.equal(world.server_saw(), "nothing", "what the server saw while nobody asked")
    tap.check(world.broker.cpu_seconds() - used < 1, "no busy loop while nobody asked")
    world.server.control(lifetime=3600)
    world.prove_kept()


tap.main(FaultWorld)
