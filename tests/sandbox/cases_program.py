# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program itself: options, output, end."""

import configparser
import os
import re
import signal
import socket
import subprocess

from words import ENVIRONMENT, PROGRAM, Sandbox, VERIFIER, case, challenge, run_program, same


@case
def help_and_version_print_and_end():
    shown = run_program("--help")
    same(shown.returncode, 0)
    for option in ("--port", "--lifetime", "--rotation", "--deny", "--auto-allow", "--delay",
                   "--fail"):
        assert option in shown.stdout, option
    shown = run_program("--version")
    same(shown.returncode, 0)
    assert re.fullmatch(r"tidio-auth-sandbox \d+\.\d+\.\d+\n", shown.stdout), shown.stdout


@case
def wrong_arguments_end_with_2_and_a_sentence():
    for arguments in (["--nonsense"], ["word"], ["--port", "65536"], ["--port", "-1"],
                      ["--port", "x"], ["--lifetime", "-1"], ["--delay", "600001"],
                      ["--rotation", "yes"], ["--deny", "--auto-allow"], ["--fail", "token"],
                      ["--fail", "token=503:"], ["--fail", "token=99"], ["--fail", "other=503"],
                      ["--fail", "token:503"], ["--fail", "token=503:1:1"],
                      ["--fail", "api=503:-1"]):
        ended = run_program(*arguments)
        same((arguments, ended.returncode, ended.stdout), (arguments, 2, ""))
        assert ended.stderr.startswith("tidio-auth-sandbox: "), ended.stderr
        same(ended.stderr.count("\n"), 1)


@case
def a_taken_port_ends_with_1_and_names_the_port():
    with Sandbox() as sandbox:
        ended = run_program("--port", str(sandbox.port))
        same(ended.returncode, 1)
        start = f"tidio-auth-sandbox: Port {sandbox.port} is taken"
        assert ended.stderr.startswith(start), ended.stderr


@case
def int_and_term_end_it_cleanly_even_with_an_answer_held_back():
    for number in (signal.SIGINT, signal.SIGTERM):
        with Sandbox("--delay", "60000") as sandbox:
            late = socket.create_connection(("127.0.0.1", sandbox.port))
            late.sendall(b"GET /v1/operators HTTP/1.1\r\nHost: localhost\r\n\r\n")
            sandbox.wait_line("GET /v1/operators 401")
            sandbox.process.send_signal(number)
            same(sandbox.process.wait(20), 0)
            late.close()


@case
def it_prints_the_provider_file_with_its_port():
    with Sandbox() as sandbox:
        sandbox.counters()
        sandbox.wait_line("GET /control")
        start = sandbox.lines.index("[Provider]")
        end = sandbox.lines.index("", sandbox.lines.index("[Api]"))
        parser = configparser.ConfigParser()
        parser.optionxform = str
        parser.read_string("\n".join(sandbox.lines[start:end]))
        origin = f"http://127.0.0.1:{sandbox.port}"
        same(dict(parser["Provider"]), {
            "Name": "Tidio sandbox", "AuthorizationEndpoint": origin + "/oauth/authorize",
            "TokenEndpoint": origin + "/oauth/token",
            "RevocationEndpoint": origin + "/oauth/revoke",
            "RedirectUri": "http://127.0.0.1:0/callback", "TokenRequestFormat": "json",
            "ClientAuthentication": "none", "Pkce": "S256", "ClientId": "sandbox-public"})
        same(dict(parser["Api"]), {"BaseUri": origin + "/v1/", "Authentication": "bearer",
                                   "Accept": "application/json"})


@case
def it_listens_on_loopback_only():
    with Sandbox() as sandbox:
        rows = []
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            if os.path.exists(table):
                with open(table) as lines:
                    rows += [line.split() for line in lines.readlines()[1:]]
        port = f"{sandbox.port:04X}"
        listening = {row[1].split(":")[0] for row in rows
                     if row[3] == "0A" and row[1].split(":")[1] == port}
        assert listening <= {"0100007F", "00000000000000000000000001000000"}, listening
        assert "0100007F" in listening
        for host in ("127.0.0.1", "::1")[:len(listening)]:
            same(sandbox.request("GET", "/control", host=host).status, 200)


@case
def one_plain_line_per_request_and_no_secret_in_it():
    with Sandbox() as sandbox:
        code = sandbox.code(state="topsecretstate", code_challenge=challenge(VERIFIER),
                            code_challenge_method="S256")
        tokens = sandbox.exchange(code, code_verifier=VERIFIER).json
        again = sandbox.refresh(tokens["refresh_token"]).json
        sandbox.api(again["access_token"], "/v1/contacts?limit=2")
        sandbox.post("/oauth/token", {"grant_type": tokens["refresh_token"]})
        sandbox.revoke(again["refresh_token"])
        sandbox.request("GET", "/" + "x" * 200)
        sandbox.wait_line("GET /xxx")
        first = next(i for i, line in enumerate(sandbox.lines) if line.startswith("POST "))
        same(sandbox.lines[first:], [
            "POST /oauth/authorize allow 302", "POST /oauth/token authorization_code 200",
            "POST /oauth/token refresh_token 200", "GET /v1/contacts 200", "POST /oauth/token 401",
            "POST /oauth/revoke 200", "GET /" + "x" * 79 + " 404"])


@case
def it_outlives_a_reader_that_goes():
    with Sandbox() as sandbox:
        quiet = subprocess.Popen([PROGRAM, "--port", "0"], stdout=subprocess.PIPE, text=True,
                                 env=ENVIRONMENT)
        port = int(re.search(r":(\d+)/$", quiet.stdout.readline())[1])
        quiet.stdout.close()
        sandbox.port, kept = port, sandbox.port
        same([sandbox.request("GET", "/control").status for _ in range(3)], [200] * 3)
        sandbox.port = kept
        quiet.terminate()
        same(quiet.wait(20), 0)
