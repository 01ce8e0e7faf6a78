"""Check real answers against the backend's contract."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from sandbox.asgi import contract_document


@cache
def document() -> dict[str, Any]:
    """Return the contract, sandbox/openapi.yaml."""
    return contract_document()


@cache
def _paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    return [
        (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), operations)
        for path, operations in document()["paths"].items()
    ]


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Return `part`, or the part that its reference points to."""
    while "$ref" in part:
        found: Any = document()
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def validate(value: Any, schema: dict[str, Any]) -> None:
    """Validate `value`. Raises jsonschema's ValidationError."""
    # With the document's components, so that references resolve.
    Draft202012Validator({"components": document()["components"], "allOf": [schema]}).validate(value)


def check_answer(answer: httpx.Response) -> None:
    """Check an answer to a path of the contract. Raises AssertionError or ValidationError."""
    path = answer.request.url.path
    operations = next((ops for pattern, ops in _paths() if pattern.fullmatch(path)), None)
    if operations is None or answer.request.method.lower() not in operations:
        return
    answer.read()
    responses = operations[answer.request.method.lower()]["responses"]
    status = str(answer.status_code)
    response = responses.get(status) or responses.get(f"{status[0]}XX")
    assert response is not None, f"the contract has no answer {status} for {answer.request.method} {path}"
    content = resolved(response)["content"]
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in content, f"{path} answered with {kind}"
    validate(json.loads(answer.content), content[kind]["schema"])
