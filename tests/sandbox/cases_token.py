# SPDX-License-Identifier: LGPL-2.1-or-later
"""The token and the revocation endpoint."""

import base64
import json
import re
import time
import urllib.parse

from words import FORM, JSON, REDIRECT, Sandbox, VERIFIER, case, challenge, refused, same


@case
def a_code_becomes_tokens():
    with Sandbox("--lifetime", "77") as sandbox:
        for as_json in (True, False):
            answer = sandbox.exchange(sandbox.code(scope="a b"), as_json)
            same(answer.status, 200)
            same(answer.headers["Cache-Control"], "no-store")
            tokens = answer.json
            same((tokens["token_type"], tokens["expires_in"], tokens["scope"]),
                 ("Bearer", 77, "a b"))
            for kind in ("access", "refresh"):
                assert re.fullmatch(rf"sandbox_{kind}_[A-Za-z0-9_-]{{43}}", tokens[f"{kind}_token"])
            same(sandbox.api(tokens["access_token"]).status, 200)
        assert "scope" not in sandbox.sign_in()


@case
def lifetime_0_leaves_expires_in_out():
    with Sandbox("--lifetime", "0") as sandbox:
        tokens = sandbox.sign_in()
        assert "expires_in" not in tokens
        same(sandbox.api(tokens["access_token"]).status, 200)


@case
def a_short_lifetime_passes():
    with Sandbox("--lifetime", "1") as sandbox:
        started = time.monotonic()
        token = sandbox.sign_in()["access_token"]
        while sandbox.api(token).status == 200:
            assert time.monotonic() - started < 20
        assert time.monotonic() - started >= 1


@case
def a_code_used_twice_kills_its_tokens():
    with Sandbox() as sandbox:
        code = sandbox.code()
        tokens = sandbox.exchange(code).json
        other = sandbox.sign_in()
        same(sandbox.counters()["grants"], 2)
        refused(sandbox.exchange(code), 400, "invalid_grant")
        same(sandbox.api(tokens["access_token"]).status, 401)
        refused(sandbox.refresh(tokens["refresh_token"]), 400, "invalid_grant")
        same(sandbox.api(other["access_token"]).status, 200)
        counters = sandbox.counters()
        same((counters["grants"], counters["reuse"]), (1, 1))


@case
def a_code_fits_one_client_one_redirect_uri_one_verifier():
    with Sandbox() as sandbox:
        pkce = {"code_challenge": challenge(VERIFIER), "code_challenge_method": "S256"}
        refused(sandbox.exchange(sandbox.code(), redirect_uri=REDIRECT + "/"), 400, "invalid_grant")
        refused(sandbox.exchange(sandbox.code(), redirect_uri=None), 400, "invalid_request")
        refused(sandbox.exchange("unknown"), 400, "invalid_grant")
        refused(sandbox.exchange(sandbox.code(**pkce)), 400, "invalid_grant")
        refused(sandbox.exchange(sandbox.code(**pkce), code_verifier="x" * 43), 400,
                "invalid_grant")
        refused(sandbox.exchange(sandbox.code(code_challenge=challenge("short"),
                                              code_challenge_method="S256"),
                                 code_verifier="short"), 400, "invalid_grant")
        refused(sandbox.exchange(sandbox.code(), code_verifier=VERIFIER), 400, "invalid_grant")
        same(sandbox.exchange(sandbox.code(**pkce), code_verifier=VERIFIER).status, 200)
        code = sandbox.code(client_id="sandbox-public", **pkce)
        refused(sandbox.exchange(code, code_verifier=VERIFIER), 400, "invalid_grant")
        same(sandbox.exchange(code, code_verifier=VERIFIER, client_id="sandbox-public",
                              client_secret=None).status, 200)
        code = sandbox.code(**pkce)
        refused(sandbox.exchange(code, code_verifier="y" * 43), 400, "invalid_grant")
        refused(sandbox.exchange(code, code_verifier=VERIFIER), 400, "invalid_grant")


@case
def clients_authenticate_by_body_or_basic_not_both():
    def basic(client_id, secret):
        pair = urllib.parse.quote(client_id) + ":" + urllib.parse.quote(secret)
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

    with Sandbox() as sandbox:
        alone = {"client_id": None, "client_secret": None}
        encoded = base64.b64encode(b"sandbox%2Dclient:sandbox%2dsecret").decode()
        for headers, changes in ((basic("sandbox-client", "sandbox-secret"), alone),
                                 (basic("sandbox-client", "sandbox-secret"),
                                  {"client_secret": None}),
                                 ({"Authorization": "basic " + encoded}, alone)):
            same(sandbox.exchange(sandbox.code(), headers=headers, **changes).status, 200)
        code = sandbox.code()
        refused(sandbox.exchange(code, headers=basic("sandbox-client", "sandbox-secret")), 400,
                "invalid_request")
        refused(sandbox.exchange(code, headers=basic("sandbox-client", "sandbox-secret"),
                                 client_id="sandbox-public", client_secret=None), 400,
                                 "invalid_request")
        for headers, changes in (
                ({}, {"client_secret": "wrong"}), ({}, {"client_secret": None}),
                ({}, {"client_id": "nobody"}), ({}, alone),
                ({}, {"client_id": "sandbox-public"}),
                (basic("sandbox-client", "wrong"), alone), ({"Authorization": "Bearer x"}, alone),
                ({"Authorization": "Basic !!!"}, alone), ({"Authorization": "Basic "}, alone),
                ({"Authorization": "Basic " + base64.b64encode(b"no colon").decode()}, alone),
                ({"Authorization": "Basic " + base64.b64encode(b"%zz:%zz").decode()}, alone)):
            answer = sandbox.exchange(code, headers=headers, **changes)
            refused(answer, 401, "invalid_client")
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        same(sandbox.exchange(code).status, 200)


@case
def refresh_tokens_rotate_and_a_superseded_one_kills_the_grant():
    with Sandbox() as sandbox:
        first = sandbox.sign_in(scope="a b")
        second = sandbox.refresh(first["refresh_token"], as_json=False).json
        assert second["refresh_token"] != first["refresh_token"]
        same(second["scope"], "a b")
        same(sandbox.api(second["access_token"]).status, 200)
        same(sandbox.api(first["access_token"]).status, 200)
        refused(sandbox.refresh(first["refresh_token"]), 400, "invalid_grant")
        refused(sandbox.refresh(second["refresh_token"]), 400, "invalid_grant")
        same(sandbox.api(second["access_token"]).status, 401)
        counters = sandbox.counters()
        same((counters["grants"], counters["reuse"], counters["refreshes"]), (0, 1, 1))


@case
def without_rotation_a_refresh_token_stays():
    with Sandbox("--rotation", "off") as sandbox:
        tokens = sandbox.sign_in()
        for _ in range(2):
            again = sandbox.refresh(tokens["refresh_token"]).json
            assert "refresh_token" not in again
            same(sandbox.api(again["access_token"]).status, 200)
        sandbox.control(rotation=True)
        assert "refresh_token" in sandbox.refresh(tokens["refresh_token"]).json
        refused(sandbox.refresh(tokens["refresh_token"]), 400, "invalid_grant")


@case
def with_grace_the_old_refresh_token_works_until_the_new_one_is_used():
    with Sandbox("--rotation", "grace") as sandbox:
        first = sandbox.sign_in()["refresh_token"]
        lost = sandbox.refresh(first).json["refresh_token"]
        second = sandbox.refresh(first).json["refresh_token"]
        same(len({first, lost, second}), 3)
        third = sandbox.refresh(second).json["refresh_token"]
        same(sandbox.counters()["reuse"], 0)
        refused(sandbox.refresh(first), 400, "invalid_grant")
        refused(sandbox.refresh(third), 400, "invalid_grant")
        same(sandbox.counters()["reuse"], 1)


@case
def grace_can_be_turned_on_and_off_while_it_runs():
    with Sandbox() as sandbox:
        first = sandbox.sign_in()["refresh_token"]
        sandbox.control(rotation="grace")
        sandbox.refresh(first)
        same(sandbox.refresh(first).status, 200)
        sandbox.control(rotation=True)
        refused(sandbox.refresh(first), 400, "invalid_grant")
        same(sandbox.counters()["reuse"], 1)


@case
def a_refresh_cannot_widen_the_scope_nor_change_the_client():
    with Sandbox() as sandbox:
        token = sandbox.sign_in(scope="a b")["refresh_token"]
        refused(sandbox.refresh(token, scope="a c"), 400, "invalid_scope")
        refused(sandbox.refresh(token, client_id="sandbox-public", client_secret=None), 400,
                "invalid_grant")
        refused(sandbox.refresh("unknown"), 400, "invalid_grant")
        refused(sandbox.refresh(None), 400, "invalid_request")
        same(sandbox.refresh(token, scope="b").json["scope"], "b")


@case
def bad_token_requests_are_refused():
    with Sandbox() as sandbox:
        def post(body, content_type=JSON):
            return sandbox.request("POST", "/oauth/token", body, {"Content-Type": content_type})

        client = '"client_id":"sandbox-client","client_secret":"sandbox-secret"'
        for body in ("", "[]", "null", "{", "{}x", '{"grant_type":1}',
                     '{"grant_type":"a","grant_type":"b"}',
                     '{"a":' * 100000 + "1" + "}" * 100000, "[" * 100000, b'{"a":"\xff"}',
                     "x" * 100,
                     "{" + client + "}"):
            refused(post(body), 400, "invalid_request")
        for body in ("%zz=1", "a=%ff", "grant_type=a&grant_type=b", "a=\0"):
            refused(post(body, FORM), 400, "invalid_request")
        refused(post("grant_type=refresh_token", "text/plain"), 400, "invalid_request")
        refused(sandbox.request("POST", "/oauth/token"), 400, "invalid_request")
        refused(post('{"grant_type":"password",' + client + "}"), 400, "unsupported_grant_type")
        answer = sandbox.request("GET", "/oauth/token")
        same((answer.status, answer.headers["Allow"]), (405, "POST"))


@case
def a_body_over_1_mib_is_refused():
    with Sandbox() as sandbox:
        fits = json.dumps({"padding": "x" * (1024 * 1024 - 15)})
        same(len(fits), 1024 * 1024)
        refused(sandbox.request("POST", "/oauth/token", fits, {"Content-Type": JSON}), 401,
                "invalid_client")
        answer = sandbox.request("POST", "/oauth/token", fits + " ", {"Content-Type": JSON})
        same(answer.status, 413)
        pieces = iter([b"x" * 65536] * 64)
        same(sandbox.request("POST", "/oauth/token", pieces, {"Content-Type": JSON}).status, 413)
        same(sandbox.counters()["token"], 1)


@case
def revocation_takes_the_grant_or_one_token():
    with Sandbox() as sandbox:
        for as_json in (True, False):
            tokens = sandbox.sign_in()
            again = sandbox.refresh(tokens["refresh_token"]).json
            same(sandbox.revoke(again["access_token"], as_json).status, 200)
            same(sandbox.api(again["access_token"]).status, 401)
            same(sandbox.api(tokens["access_token"]).status, 200)
            same(sandbox.revoke(again["refresh_token"], as_json).status, 200)
            same(sandbox.api(tokens["access_token"]).status, 401)
            refused(sandbox.refresh(again["refresh_token"]), 400, "invalid_grant")
        same(sandbox.revoke("unknown").status, 200)
        refused(sandbox.revoke("x", client_secret="wrong"), 401, "invalid_client")
        refused(sandbox.revoke(""), 400, "invalid_request")
        token = sandbox.sign_in()["refresh_token"]
        answer = sandbox.post("/oauth/revoke", {"client_id": "sandbox-public", "token": token})
        refused(answer, 400, "unauthorized_client")
        same(sandbox.refresh(token).status, 200)
        same(sandbox.request("GET", "/oauth/revoke").status, 405)
        same(sandbox.counters()["revocations"], 8)
