# SPDX-License-Identifier: LGPL-2.1-or-later
"""The API."""

import json
import re
import time

from words import JSON, Sandbox, case, same


@case
def the_api_wants_a_good_bearer_token():
    with Sandbox() as sandbox:
        token = sandbox.sign_in()["access_token"]
        same(sandbox.api("x", headers={"Authorization": "bearer " + token}).status, 200)
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer"},
                        {"Authorization": "Bearer " + token + "x"},
                        {"Authorization": "Basic " + token}):
            answer = sandbox.request("GET", "/v1/contacts", headers=headers)
            same((answer.status, answer.headers["WWW-Authenticate"]),
                 (401, 'Bearer error="invalid_token"'))
            same(list(answer.json["errors"][0]), ["code", "message"])


@case
def contacts_and_operators_look_like_tidios():
    with Sandbox() as sandbox:
        token = sandbox.sign_in()["access_token"]
        answer = sandbox.api(token)
        same(answer.headers["Content-Type"], "application/json")
        page = answer.json
        same(page["meta"], {"cursor": None, "limit": 100})
        for contact in page["contacts"]:
            assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", contact["id"])
            assert contact["email"].endswith("@example.com")
            assert {"distinct_id", "first_name", "last_name", "phone"} <= contact.keys()
        one = page["contacts"][1]
        same(sandbox.api(token, "/v1/contacts/" + one["id"]).json, one)
        operators = sandbox.api(token, "/v1/operators").json["operators"]
        assert operators
        for operator in operators:
            same(operator.keys(), {"id", "email", "name", "picture", "role", "last_seen"})


@case
def contacts_come_in_pages():
    with Sandbox() as sandbox:
        token = sandbox.sign_in()["access_token"]
        everyone = sandbox.api(token).json["contacts"]
        collected, cursor = [], ""
        while cursor is not None:
            page = sandbox.api(token, "/v1/contacts?limit=2&cursor=" + cursor).json
            assert 0 < len(page["contacts"]) <= 2
            collected += page["contacts"]
            cursor = page["meta"]["cursor"]
        same(collected, everyone)
        for query in ("limit=0", "limit=101", "limit=x", "limit=-1", "cursor=x", "limit=%zz"):
            same(sandbox.api(token, "/v1/contacts?" + query).status, 400)


@case
def a_new_contact_gets_an_id():
    with Sandbox() as sandbox:
        token = sandbox.sign_in()["access_token"]
        contact = {"id": "mine", "email": "new@example.com",
                   "properties": [{"name": "a", "value": "é"}]}
        answer = sandbox.api(token, method="POST", body=json.dumps(contact),
                             headers={"Content-Type": JSON})
        same(answer.status, 201)
        made = answer.json
        assert made["id"] != "mine"
        same(made, {**contact, "id": made["id"]})
        same(sandbox.api(token, "/v1/contacts/" + made["id"]).json, made)
        assert made in sandbox.api(token).json["contacts"]
        for body, content_type, status in (("{", JSON, 400), ("[]", JSON, 400),
                                           ("{}", "text/plain", 415)):
            answer = sandbox.api(token, method="POST", body=body,
                                 headers={"Content-Type": content_type})
            same(answer.status, status)


@case
def what_is_not_there_is_404_or_405():
    with Sandbox() as sandbox:
        token = sandbox.sign_in()["access_token"]
        for path in ("/v1/", "/v1/nothing", "/v1/contacts/nobody", "/v1/contactsx",
                     "/v1/sandbox/x"):
            answer = sandbox.api(token, path)
            same((path, answer.status), (path, 404))
            assert answer.json["errors"][0]["code"]
        for path in ("/v1/contacts", "/v1/contacts/x", "/v1/operators"):
            answer = sandbox.api(token, path, "DELETE")
            same(answer.status, 405)
            assert "GET" in answer.headers["Allow"]
        same(sandbox.request("GET", "/").status, 404)
        same(sandbox.request("GET", "/oauth/token/").status, 404)
        head = sandbox.api(token, "/v1/operators", "HEAD")
        same((head.status, head.data), (200, b""))


@case
def each_api_answer_has_rate_limit_headers():
    with Sandbox() as sandbox:
        token = sandbox.sign_in()["access_token"]
        for answer in (sandbox.api(token), sandbox.api("wrong"), sandbox.api(token, "/v1/nothing")):
            for name in ("x-ratelimit-limit", "x-ratelimit-remaining"):
                assert answer.headers[name].isdigit()


@case
def there_are_paths_to_try_a_client_with():
    with Sandbox() as sandbox:
        token = sandbox.sign_in()["access_token"]
        answer = sandbox.api(token, "/v1/sandbox/binary")
        same(answer.headers["Content-Type"], "application/octet-stream")
        try:
            answer.data.decode()
            raise AssertionError("the binary body is text")
        except UnicodeDecodeError:
            pass
        for size in (0, 1, 262143, 262144, 262145, 5000000):
            answer = sandbox.api(token, f"/v1/sandbox/large?bytes={size}")
            same((answer.status, len(answer.data)), (200, size))
            assert answer.data.isascii()
        started = time.monotonic()
        same(sandbox.api(token, "/v1/sandbox/slow?ms=300").status, 200)
        assert time.monotonic() - started >= 0.3
        for target in ("large", "large?bytes=x", "large?bytes=1073741825", "slow?ms=-1",
                       "slow?ms=600001"):
            same(sandbox.api(token, "/v1/sandbox/" + target).status, 400)


@case
def echo_tells_what_was_sent_but_not_the_token():
    with Sandbox() as sandbox:
        token = sandbox.sign_in()["access_token"]
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            body = "h\u00e9llo" if method != "GET" else ""
            answer = sandbox.api(token, "/v1/sandbox/echo?a=1&b=%20", method, body.encode(),
                                 {"Content-Type": "text/plain", "X-Request-Id": "7", "Cookie": "c"})
            same(answer.status, 200)
            echo = answer.json
            same((echo["method"], echo["query"], echo["body"]), (method, "a=1&b=%20", body))
            same((echo["headers"]["x-request-id"], echo["headers"]["content-type"]),
                 ("7", "text/plain"))
            assert token not in answer.text and "cookie" not in echo["headers"]
        echo = sandbox.api(token, "/v1/sandbox/echo", "POST", b"a\xff\0b").json
        same(echo["body"], "a\ufffd\ufffdb")
