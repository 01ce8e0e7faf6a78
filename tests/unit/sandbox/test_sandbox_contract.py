"""The contract, the sandbox and the backend client agree, and the sandbox survives any request."""

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

from actions.backend.errors import KINDS_BY_CODE
from actions.backend.vocabulary import (
    DeviceKind,
    DeviceOwner,
    IbKeyState,
    IneligibilityReason,
    LinkEnd,
    LinkState,
    NumberStanding,
    OptInPath,
    OptInReason,
    SecureLoginState,
    SharingRefusal,
    SharingState,
    SmsState,
    SmsTwoFactor,
    UndeliveredReason,
)
from sandbox.asgi import create_app
from sandbox.problem_details import PROBLEMS
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
def test_every_answer_to_a_generated_request_fits_the_contract(
    case: Case[Any], shared: RunningSandbox
) -> None:
    case.call_and_validate(
        base_url=shared.url, headers={"Authorization": f"Bearer {BACKEND_TOKEN}"}, checks=CHECKS
    )


def operations() -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, methods in document()["paths"].items() for method in methods}


def test_the_sandbox_serves_exactly_the_operations_of_the_contract(sandbox: RunningSandbox) -> None:
    served = {
        (method.upper(), path)
        for path, methods in create_app(sandbox.settings).openapi()["paths"].items()
        if path.startswith("/v1/")
        for method in methods
    }
    assert served == operations()


def test_every_operation_takes_a_client_reference_and_every_write_an_idempotency_key() -> None:
    for methods in document()["paths"].values():
        for method, operation in methods.items():
            names = {resolved(parameter)["name"] for parameter in operation["parameters"]}
            assert "Client-Reference" in names
            assert ("Idempotency-Key" in names) == (method != "get")


def test_the_sandbox_has_exactly_the_problem_codes_of_the_contract() -> None:
    assert set(document()["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]) == set(PROBLEMS)


def test_the_client_has_exactly_the_states_and_reasons_of_the_contract() -> None:
    schemas = document()["components"]["schemas"]
    codes = set(schemas["Problem"]["properties"]["code"]["enum"])
    assert set(KINDS_BY_CODE) <= codes
    two_factor = operation_schema("/v1/phone-verifications/{id}/check")["properties"]
    for words, listed in (
        (LinkState, schemas["Link"]["properties"]["state"]),
        (LinkEnd, schemas["Link"]["properties"]["ended"]),
        (NumberStanding, two_factor["standing"]),
        (SmsTwoFactor, two_factor["sms_two_factor"]),
        (SecureLoginState, schemas["SecureLogin"]["properties"]["state"]),
        (SecureLoginState, schemas["SecurityStatus"]["properties"]["secure_login"]),
        (IbKeyState, schemas["SecurityStatus"]["properties"]["ib_key"]),
        (OptInPath, schemas["SecureLogin"]["properties"]["next"]),
        (OptInReason, schemas["SecureLogin"]["properties"]["reasons"]["items"]),
        (DeviceKind, schemas["Device"]),
        (DeviceOwner, schemas["Partner"]["properties"]["owner"]),
        (DeviceOwner, schemas["SharingRequest"]["properties"]["owner"]),
        (IneligibilityReason, schemas["Partner"]["properties"]["reasons"]["items"]),
        (SharingState, schemas["SharingRequest"]["properties"]["state"]),
        (SharingRefusal, schemas["SharingRequest"]["properties"]["reason"]),
        (SmsState, schemas["Delivery"]["properties"]["state"]),
        (UndeliveredReason, schemas["Delivery"]["properties"]["reason"]),
    ):
        assert set(words) - {"unknown"} == set(listed["enum"]) - {None, "unknown"}, words


def operation_schema(path: str) -> Any:
    """Return the schema of the answer 200 to POST."""
    return document()["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["schema"]


def test_the_contract_is_openapi_3_and_has_a_version() -> None:
    assert document()["openapi"].startswith("3.")
    assert document()["info"]["version"].startswith("1.")
    assert {scheme["type"] for scheme in document()["components"]["securitySchemes"].values()} == {
        "http",
        "mutualTLS",
    }
    assert "notice" in document()["webhooks"]
