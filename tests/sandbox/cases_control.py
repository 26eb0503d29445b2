# SPDX-License-Identifier: LGPL-2.1-or-later
"""Failures, delays and /control."""

import concurrent.futures
import socket
import time

from words import FORM, JSON, Sandbox, case, refused, same


@case
def failures_are_counted_down():
    with Sandbox("--fail", "token=503:2", "--fail", "api=429:1", "--fail", "revoke=500") as sandbox:
        code = sandbox.code()
        for _ in range(2):
            answer = sandbox.exchange(code)
            same((answer.status, answer.headers["Content-Type"]), (503, "text/html"))
        token = sandbox.exchange(code).json["access_token"]
        answer = sandbox.api(token)
        same((answer.status, answer.json["errors"][0]["code"]), (429, "too_many_requests"))
        same((answer.headers["retry-after"], answer.headers["x-ratelimit-remaining"]), ("1", "0"))
        same(sandbox.api(token).status, 200)
        same([sandbox.revoke(token).status for _ in range(3)], [500] * 3)
        sandbox.wait_line("POST /oauth/token authorization_code 503")


@case
def failures_look_like_the_real_ones():
    with Sandbox() as sandbox:
        tokens = sandbox.sign_in()
        for endpoint, status, error, ask in (
                ("token", 400, "invalid_grant", sandbox.refresh),
                ("token", 401, "invalid_client", sandbox.refresh),
                ("revoke", 400, "invalid_grant", sandbox.revoke)):
            sandbox.control(fail={"endpoint": endpoint, "status": status, "count": 1})
            answer = ask(tokens["refresh_token"])
            refused(answer, status, error)
        sandbox.control(fail={"endpoint": "api", "status": 401})
        for _ in range(2):
            answer = sandbox.api(tokens["access_token"])
            same((answer.status, answer.headers["WWW-Authenticate"]),
                 (401, 'Bearer error="invalid_token"'))
        sandbox.control(fail={"endpoint": "api", "status": 403})
        same(sandbox.api(tokens["access_token"]).json["errors"][0]["code"], "failure")
        sandbox.control(fail={"endpoint": "api", "status": 502})
        assert "<h1>502 Bad Gateway</h1>" in sandbox.api(tokens["access_token"]).text
        sandbox.control(fail={"endpoint": "api", "count": 0})
        same(sandbox.api(tokens["access_token"]).status, 200)


@case
def a_failure_may_say_anything():
    with Sandbox() as sandbox:
        sandbox.control(fail={"endpoint": "token", "status": 200, "body": "{not json"})
        answer = sandbox.refresh("x")
        same((answer.status, answer.data, answer.headers["Content-Type"]),
             (200, b"{not json", JSON))
        sandbox.control(fail={"endpoint": "token", "status": 503, "body": "",
                              "headers": {"Retry-After": "2", "Content-Type": "text/x"}})
        answer = sandbox.refresh("x")
        same((answer.status, answer.data), (503, b""))
        same((answer.headers["Retry-After"], answer.headers["Content-Type"]), ("2", "text/x"))
        sandbox.control(fail={"endpoint": "api", "status": 429,
                              "headers": {"X-RateLimit-Remaining": "5"}})
        same(sandbox.api("x").headers.get_all("x-ratelimit-remaining"), ["5"])


@case
def a_delay_holds_token_and_api_answers_back():
    with Sandbox("--delay", "1000") as sandbox:
        started = time.monotonic()
        token = sandbox.sign_in()["access_token"]
        assert time.monotonic() - started >= 1
        started = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            same([a.status for a in pool.map(lambda _: sandbox.api(token), range(8))], [200] * 8)
        assert 1 <= time.monotonic() - started < 8, "held back one after the other"
        sandbox.control(delay=60000)
        late = socket.create_connection(("127.0.0.1", sandbox.port))
        late.sendall(b"GET /v1/operators HTTP/1.1\r\nHost: localhost\r\n\r\n")
        sandbox.wait_line("GET /v1/operators")
        late.close()
        sandbox.control(delay=0)
        same(sandbox.api(token).status, 200)


@case
def a_client_that_leaves_a_held_answer_does_no_harm():
    with Sandbox("--delay", "200") as sandbox:
        for _ in range(5):
            after = len(sandbox.lines)
            late = socket.create_connection(("127.0.0.1", sandbox.port))
            late.sendall(b"GET /v1/operators HTTP/1.1\r\nHost: localhost\r\n\r\n")
            sandbox.wait_line("GET /v1/operators", after)
            late.close()
        same([sandbox.api("x").status for _ in range(2)], [401] * 2)


@case
def control_counts():
    names = ["authorize", "token", "code_exchanges", "refreshes", "reuse", "api", "revocations",
             "grants"]
    with Sandbox() as sandbox:
        same(list(sandbox.counters().items()), [(name, 0) for name in names])
        sandbox.authorize()
        tokens = sandbox.sign_in()
        tokens = sandbox.refresh(tokens["refresh_token"]).json
        sandbox.refresh("unknown")
        sandbox.api(tokens["access_token"])
        sandbox.api("wrong")
        sandbox.revoke("unknown")
        same(list(sandbox.counters().values()), [1, 3, 1, 1, 0, 2, 1, 1])
        same(list(sandbox.control(reset_counters=True).values()), [0] * 7 + [1])
        sandbox.control(reset_counters=False)


@case
def control_expires_and_revokes():
    with Sandbox() as sandbox:
        one, two = sandbox.sign_in(), sandbox.sign_in()
        sandbox.control(expire_access_tokens=True)
        same([sandbox.api(t["access_token"]).status for t in (one, two)], [401, 401])
        one = sandbox.refresh(one["refresh_token"]).json
        same(sandbox.api(one["access_token"]).status, 200)
        same(sandbox.control(revoke_grants=True)["grants"], 0)
        refused(sandbox.refresh(one["refresh_token"]), 400, "invalid_grant")
        same(sandbox.api(one["access_token"]).status, 401)
        same(sandbox.control(lifetime=5)["grants"], 0)
        same(sandbox.sign_in()["expires_in"], 5)


@case
def control_refuses_what_it_does_not_know_and_then_does_nothing():
    with Sandbox() as sandbox:
        for changes, word in (
                ({"lifetime": 1, "nonsense": 1}, "nonsense"), ({"lifetime": -1}, "lifetime"),
                ({"lifetime": "x"}, "lifetime"), ({"rotation": "off"}, "rotation"),
                ({"rotation": 1}, "rotation"), ({"rotation": None}, "rotation"),
                ({"deny": 1}, "deny"),
                ({"delay": 600001}, "delay"), ({"revoke_grants": 1}, "revoke_grants"),
                ({"auto_allow": None}, "auto_allow"), ({"fail": "token"}, "fail"),
                ({"fail": {}}, "endpoint"),
                ({"fail": {"endpoint": "x", "status": 500}}, "endpoint"),
                ({"fail": {"endpoint": "api"}}, "status"),
                ({"fail": {"endpoint": "api", "status": 100}}, "status"),
                ({"fail": {"endpoint": "api", "status": 500, "count": -1}}, "count"),
                ({"fail": {"endpoint": "api", "status": 500, "body": 1}}, "body"),
                ({"fail": {"endpoint": "api", "status": 500, "other": 1}}, "other"),
                ({"fail": {"endpoint": "api", "status": 500, "headers": {"A": "b\r\nC: d"}}},
                 "headers"),
                ({"fail": {"endpoint": "api", "status": 500, "headers": {"A:": "b"}}}, "headers"),
                ({"fail": {"endpoint": "api", "status": 500, "headers": {"A": 1}}}, "headers"),
                ({"fail": {"endpoint": "api", "status": 500, "headers": {"Content-Length": "1"}}},
                 "headers"),
                ({"fail": {"endpoint": "api", "status": 500, "headers": []}}, "headers")):
            answer = sandbox.post("/control", {"expire_access_tokens": False, **changes})
            same((changes, answer.status), (changes, 400))
            assert word in answer.json["error"], answer.json
        same(sandbox.sign_in()["expires_in"], 3600)
        for body in ("", "[]", "{", "1"):
            same(sandbox.request("POST", "/control", body, {"Content-Type": JSON}).status, 400)


@case
def no_web_page_can_use_control():
    with Sandbox() as sandbox:
        for content_type in (FORM, "text/plain", "multipart/form-data", "application/jsonx"):
            answer = sandbox.request("POST", "/control", '{"deny":true}',
                                     {"Content-Type": content_type})
            same(answer.status, 415)
        for host, status in (("evil.example", 403), ("localhost.evil.example", 403),
                             ("127.0.0.1.x", 403), ("localhost@evil.example", 403),
                             ("localhost", 200), ("[::1]:80", 200)):
            same((host, sandbox.request("GET", "/control", headers={"Host": host}).status),
                 (host, status))
        answer = sandbox.request("OPTIONS", "/control", headers={"Origin": "http://evil.example"})
        same((answer.status, answer.headers["Access-Control-Allow-Origin"]), (405, None))
        same(sandbox.request("GET", "/control").headers["Access-Control-Allow-Origin"], None)
        assert "code" in sandbox.decide().redirect[1]


@case
def broken_http_does_not_stop_it():
    with Sandbox() as sandbox:
        for data in (b"\0\xff\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                     b"GET / HTTP/1.1\r\n\r\n",
                     b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
                     b"GET " + b"/" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET /\x1b[31m HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", sandbox.port)) as connection:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(20)
                try:
                    connection.recv(65536)
                except ConnectionResetError:
                    pass
        same(sandbox.request("GET", "/control").status, 200)
        assert all(line.isprintable() for line in sandbox.lines), sandbox.lines
