"""What every request must have, and what the sandbox answers to one that has not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.asgi import contract_document
from sandbox.problem_details import PROBLEMS
from tests.support.sandbox import NUMBER, RunningSandbox, running_sandbox

ROUTES = [
    ("POST", "/v1/phone-verifications"),
    ("POST", "/v1/phone-verifications/pv_x/resend"),
    ("POST", "/v1/phone-verifications/pv_x/check"),
    ("GET", "/v1/link"),
    ("POST", "/v1/links"),
    ("GET", "/v1/security-status"),
    ("POST", "/v1/secure-login/opt-ins"),
    ("POST", "/sandbox/clock"),
    ("POST", "/sandbox/faults"),
    ("GET", "/sandbox/ledger"),
    ("GET", "/no-such-route"),
]


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer wrong", "Basic dXNlcjpwYXNz", "tokën"])
def test_without_the_right_token_every_route_answers_401(sandbox: RunningSandbox, given: str | None) -> None:
    headers = [] if given is None else [(b"Authorization", given.encode())]
    with httpx.Client(base_url=sandbox.url, headers=headers, trust_env=False) as http:
        for method, path in ROUTES:
            answer = http.request(method, path, content=b"{")
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert answer.json()["code"] == "unauthorized"
    assert sandbox.ledger()["writes"] == 0


def test_livez_and_the_contract_need_no_token(sandbox: RunningSandbox) -> None:
    with httpx.Client(base_url=sandbox.url, trust_env=False) as http:
        assert http.get("/livez").status_code == 200
        assert http.get("/openapi.json").json() == contract_document()


def test_a_refusal_is_problem_json_with_a_code(sandbox: RunningSandbox) -> None:
    answer = sandbox.check("pv_unknown", "123456")
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (body["status"], body["code"]) == (404, "not_found")
    assert body["type"] == "urn:problem:not_found"
    assert body["title"] == PROBLEMS["not_found"][1]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {},
        {"client": "a"},
        {"number": 5},
        {"number": "+" + "8" * 20},
        {"number": NUMBER, "verified": True},
    ],
)
def test_a_body_outside_the_contract_is_refused_and_changes_nothing(
    sandbox: RunningSandbox, body: Any
) -> None:
    answer = sandbox.write("/phone-verifications", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "body_invalid")
    ledger = sandbox.ledger()
    assert (ledger["verifications"], ledger["sms"], ledger["writes"]) == ([], [], 0)


@pytest.mark.parametrize("client", [None, "", "c" * 201])
def test_every_call_needs_a_client_reference(sandbox: RunningSandbox, client: str | None) -> None:
    headers = {"Idempotency-Key": "k"} | ({} if client is None else {"Client-Reference": client})
    for method, path in (("GET", "/v1/link"), ("DELETE", "/v1/link"), ("POST", "/v1/secure-login/opt-ins")):
        answer = sandbox.http.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "client_missing")


@pytest.mark.parametrize("body", [b"{", b'{"number": "\\ud800"}', b"\xff"])
def test_broken_json_is_refused(sandbox: RunningSandbox, body: bytes) -> None:
    headers = {"Idempotency-Key": "k", "Client-Reference": "c", "Content-Type": "application/json"}
    answer = sandbox.http.post("/v1/phone-verifications", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["code"] in {"body_invalid", "number_invalid"}


def test_a_refused_body_is_not_repeated_in_the_answer(sandbox: RunningSandbox) -> None:
    answer = sandbox.write("/phone-verifications/pv_x/check", {"code": "482913", "more": "482913"})
    assert answer.status_code == 422
    assert "482913" not in answer.text


def test_unknown_paths_and_methods_are_problems_too(sandbox: RunningSandbox) -> None:
    unknown_path = sandbox.http.get("/v2/phone-verifications")
    wrong_method = sandbox.http.get("/v1/phone-verifications")
    assert (unknown_path.status_code, unknown_path.json()["code"]) == (404, "route_not_found")
    assert (wrong_method.status_code, wrong_method.json()["code"]) == (405, "method_not_allowed")
    assert wrong_method.headers["Allow"] == "POST"


def test_the_callers_request_id_is_returned(sandbox: RunningSandbox) -> None:
    assert sandbox.http.get("/livez", headers={"X-Request-Id": "r-1"}).headers["X-Request-Id"] == "r-1"
    unfit = sandbox.http.get("/livez", headers={"X-Request-Id": "a b"}).headers["X-Request-Id"]
    assert len(unfit) == 32


def test_without_controls_there_are_no_debug_routes(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, controls=False) as sandbox:
        assert sandbox.http.post("/sandbox/clock", json={"advance_seconds": 1}).status_code == 404
        assert sandbox.http.get("/sandbox/ledger").status_code == 404
        assert sandbox.http.post("/sandbox/faults", json={"faults": []}).status_code == 404


@pytest.mark.parametrize("seconds", [-1, "long", None, 1e12])
def test_the_clock_moves_forward_only(sandbox: RunningSandbox, seconds: Any) -> None:
    answer = sandbox.http.post("/sandbox/clock", json={"advance_seconds": seconds})
    assert (answer.status_code, answer.json()["code"]) == (422, "body_invalid")
