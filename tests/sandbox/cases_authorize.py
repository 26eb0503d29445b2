# SPDX-License-Identifier: LGPL-2.1-or-later
"""The authorization endpoint and its page."""

import base64
import hashlib
import re
import urllib.parse

from words import FORM, Page, REDIRECT, Sandbox, VERIFIER, case, challenge, same


@case
def the_page_says_who_asks_for_what():
    with Sandbox() as sandbox:
        answer = sandbox.authorize(scope="contacts:read operators:read",
                                   redirect_uri=REDIRECT + "?keep=1")
        same(answer.status, 200)
        same(answer.headers["Content-Type"], "text/html; charset=utf-8")
        page = Page(answer.text)
        words = " ".join(" ".join(page.words).split())
        for part in ("not Tidio", "sandbox-client", "contacts:read", "operators:read", REDIRECT):
            assert part in words, part
        assert "keep" not in words
        same(page.attributes[0], ("html", {"lang": "en"}))
        same(page.tags.count("h1"), 1)
        same([a for t, a in page.attributes if t == "form"][0]["method"], "post")
        buttons = [a for t, a in page.attributes if t == "button"]
        same(sorted((b["name"], b["value"]) for b in buttons),
             [("decision", "allow"), ("decision", "deny")])
        for forbidden in ("script", "link", "img", "iframe"):
            assert forbidden not in page.tags, forbidden
        same([a for _, a in page.attributes if "style" in a or "src" in a], [])


@case
def the_pages_policy_allows_its_own_style_alone():
    with Sandbox() as sandbox:
        for answer in (sandbox.authorize(), sandbox.authorize(client_id="nobody")):
            style = re.search("<style>(.*?)</style>", answer.text, re.S)[1]
            digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
            policy = answer.headers["Content-Security-Policy"]
            assert f"style-src 'sha256-{digest}'" in policy, policy
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
            assert "form-action" not in policy
            same(answer.headers["Cache-Control"], "no-store")


@case
def allow_and_deny_go_back_with_the_state():
    with Sandbox() as sandbox:
        state = "a&b=c#d %+é\"<"
        answer = sandbox.decide(state=state, redirect_uri=REDIRECT + "/x?keep=1&two=%20")
        same(answer.status, 302)
        uri, query = answer.redirect
        same(uri, REDIRECT + "/x")
        code = query.pop("code")
        assert re.fullmatch(r"sandbox_code_[A-Za-z0-9_-]{43}", code)
        same(query, {"keep": "1", "two": " ", "state": state})
        uri, query = sandbox.decide("deny", state=state).redirect
        same((uri, query["error"], query["state"]), (REDIRECT, "access_denied", state))
        assert "code" not in query
        assert "state" not in sandbox.decide(state=None).redirect[1]


@case
def a_wrong_client_or_redirect_uri_is_never_redirected():
    with Sandbox() as sandbox:
        wrong = [{"client_id": "nobody"}, {"client_id": None}, {"client_id": ""}]
        wrong += [{"redirect_uri": uri} for uri in (
            None, "", "https://127.0.0.1/callback", "http://example.com/callback",
            "http://127.0.0.1.example.com/callback", "http://localhost@example.com/callback",
            "http://user@localhost/callback", "http://localhost:1/callback#part",
            "http://localhost:1/callbackx", "http://localhost:1/", "http://localhost:x/callback",
            "http://127.0.0.2/callback", "http://[::2]/callback", "javascript:alert(1)",
            "/callback",
            "http://localhost/callback\r\nX: y", "http://localhost/call back",
            "http://localhost\\@x/callback")]
        for changes in wrong:
            for answer in (sandbox.authorize(**changes), sandbox.decide(**changes)):
                same((changes, answer.status, answer.headers["Location"]), (changes, 400, None))
                assert "cannot go on" in answer.text
        for uri in ("http://localhost:3000/callback", "http://[::1]:1/callback",
                    "http://127.0.0.1/callback"):
            same(sandbox.decide(redirect_uri=uri).redirect[0], uri)


@case
def other_errors_are_redirected_with_the_state():
    with Sandbox() as sandbox:
        good = challenge(VERIFIER)
        for changes, error in (
                ({"response_type": "token"}, "unsupported_response_type"),
                ({"response_type": None}, "invalid_request"),
                ({"scope": 'a"b'}, "invalid_scope"), ({"scope": "a\nb"}, "invalid_scope"),
                ({"scope": "é"}, "invalid_scope"),
                ({"code_challenge": good}, "invalid_request"),
                ({"code_challenge": good, "code_challenge_method": "plain"}, "invalid_request"),
                ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
                ({"code_challenge_method": "S256"}, "invalid_request"),
                ({"client_id": "sandbox-public"}, "invalid_request")):
            for answer in (sandbox.authorize(**changes), sandbox.decide(**changes)):
                uri, query = answer.redirect
                same((changes, uri, query["error"], query["state"]),
                     (changes, REDIRECT, error, "a state"))


@case
def repeated_parameters_are_refused():
    with Sandbox() as sandbox:
        start = ("/oauth/authorize?client_id=sandbox-client&response_type=code&redirect_uri="
                 + urllib.parse.quote(REDIRECT, safe=""))
        for extra in ("&client_id=sandbox-public", "&redirect_uri=http://localhost/callback"):
            same(sandbox.request("GET", start + extra).status, 400)
        for extra in ("&response_type=code", "&scope=a&scope=b",
                      "&code_challenge=a&code_challenge=a"):
            same(sandbox.request("GET", start + extra + "&state=s").redirect[1]["error"],
                 "invalid_request")
        query = sandbox.request("GET", start + "&state=a&state=b").redirect[1]
        same((query["error"], query.get("state")), ("invalid_request", None))
        same(sandbox.request("GET", start + "&resource=a&resource=b").status, 200)
        for bad in ("&state=%zz", "&state=%00", "&scope=%ff"):
            same(sandbox.request("GET", start + bad).status, 400)


@case
def inserted_text_is_escaped():
    with Sandbox() as sandbox:
        evil = "<script>alert(1)</script>{{style}}"
        for answer in (sandbox.authorize(scope=evil, state=evil),
                       sandbox.authorize(client_id=evil), sandbox.authorize(redirect_uri=evil),
                       sandbox.authorize(redirect_uri=REDIRECT + "/'&amp;")):
            page = Page(answer.text)
            assert "script" not in page.tags
            same(answer.text.count(":root {"), 2)
        assert "&lt;script&gt;" in sandbox.authorize(scope=evil).text


@case
def deny_and_auto_allow_show_no_page():
    with Sandbox("--deny") as sandbox:
        same(sandbox.authorize().redirect[1]["error"], "access_denied")
        sandbox.control(deny=False, auto_allow=True)
        assert "code" in sandbox.authorize().redirect[1]
    with Sandbox("--auto-allow") as sandbox:
        query = sandbox.authorize().redirect[1]
        same(sandbox.exchange(query["code"]).status, 200)


@case
def a_decision_must_come_from_the_page():
    with Sandbox() as sandbox:
        same(sandbox.decide("perhaps").status, 400)
        same(sandbox.authorize("POST").status, 400)
        for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 302)):
            answer = sandbox.authorize("POST", "decision=allow",
                                       {"Content-Type": FORM, "Sec-Fetch-Site": site})
            same(answer.status, status)
        same(sandbox.authorize("PUT").status, 405)
