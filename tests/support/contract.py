"""The backend's contract, held against real answers."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from sandbox.app import contract_document


@cache
def document() -> dict[str, Any]:
    """The document as it is kept in the repository."""
    return contract_document()


@cache
def _paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    return [
        (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), operations)
        for path, operations in document()["paths"].items()
    ]


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """`part`, or what it points to."""
    while "$ref" in part:
        found: Any = document()
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def validate(value: Any, schema: dict[str, Any]) -> None:
    """Raises jsonschema's ValidationError when `value` does not fit."""
    # Beside the document's own parts, so that its references lead somewhere.
    Draft202012Validator({"components": document()["components"], "allOf": [schema]}).validate(value)


def check_answer(answer: httpx.Response) -> None:
    """AssertionError or ValidationError when an answer of the contract's paths is not what the document says."""
    path = answer.request.url.path
    operations = next((ops for pattern, ops in _paths() if pattern.fullmatch(path)), None)
    if operations is None or answer.request.method.lower() not in operations:
        return
    answer.read()
    responses = operations[answer.request.method.lower()]["responses"]
    status = str(answer.status_code)
    said = responses.get(status) or responses.get(f"{status[0]}XX")
    assert said is not None, f"{answer.request.method} {path} is not said to answer {status}"
    content = resolved(said)["content"]
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in content, f"{path} answered with {kind}"
    validate(json.loads(answer.content), content[kind]["schema"])
