"""The document, the sandbox and the client of the actions agree; and the sandbox stands what anybody may send it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from actions.backend import answers
from actions.backend.errors import RULES
from sandbox.app import create_app
from sandbox.problems import PROBLEMS
from tests.support.contract import document, resolved
from tests.support.sandbox import BACKEND_TOKEN, RunningSandbox, running_sandbox

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    ignored_auth,
    unsupported_method,
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with running_sandbox(tmp_path_factory.mktemp("contract")) as running:
        running.link("hanako01", "c")
        yield running


@pytest.fixture(scope="module")
def api(shared: RunningSandbox) -> Any:
    return schemathesis.openapi.from_url(f"{shared.url}/openapi.json")


schema = schemathesis.pytest.from_fixture("api")


@pytest.mark.long
@schema.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_the_answer_is_one_of_the_contract(case: Case, shared: RunningSandbox) -> None:
    case.call_and_validate(
        base_url=shared.url, headers={"Authorization": f"Bearer {BACKEND_TOKEN}"}, checks=CHECKS
    )


def operations() -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, methods in document()["paths"].items() for method in methods}


def test_the_sandbox_has_the_calls_of_the_document_and_no_others(sandbox: RunningSandbox) -> None:
    served = {
        (method.upper(), path)
        for path, methods in create_app(sandbox.settings).openapi()["paths"].items()
        if path.startswith("/v1/")
        for method in methods
    }
    assert served == operations()


def test_every_write_of_the_document_has_an_idempotency_key_and_every_call_a_chat() -> None:
    for methods in document()["paths"].values():
        for method, operation in methods.items():
            names = {resolved(parameter)["name"] for parameter in operation["parameters"]}
            assert "Client-Reference" in names
            assert ("Idempotency-Key" in names) == (method != "get")


def test_every_refusal_of_the_sandbox_is_in_the_document() -> None:
    assert set(document()["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]) == set(PROBLEMS)


def test_the_client_knows_the_words_of_the_document() -> None:
    schemas = document()["components"]["schemas"]
    codes = set(schemas["Problem"]["properties"]["code"]["enum"])
    assert set(RULES) <= codes
    reasons = schemas["Partner"]["properties"]["reasons"]["items"]["enum"]
    assert set(answers.PARTNER_REASONS) == set(reasons)
    assert set(answers.LOGIN_REASONS) == set(schemas["SecureLogin"]["properties"]["reasons"]["items"]["enum"])
    undelivered = set(schemas["Delivery"]["properties"]["reason"]["enum"]) - {None, answers.UNKNOWN}
    assert set(answers.UNDELIVERED) == undelivered
    assert set(answers.REFUSALS) == set(schemas["SharingRequest"]["properties"]["reason"]["enum"]) - {None}


def test_the_document_is_of_openapi_3_and_has_a_version() -> None:
    assert document()["openapi"].startswith("3.")
    assert document()["info"]["version"].startswith("1.")
    assert {scheme["type"] for scheme in document()["components"]["securitySchemes"].values()} == {
        "http",
        "mutualTLS",
    }
    assert "notice" in document()["webhooks"]
