"""The contract over HTTP, version 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, Field, StrictStr
from sqlalchemy.engine import Connection
from starlette.responses import JSONResponse

from sandbox.clock import Clock
from sandbox.idempotency import answer_once
from sandbox.keys import Keys
from sandbox.phone_verifications import PhoneVerifications
from sandbox.problems import PROBLEM_JSON, PROBLEMS, Answer, respond
from sandbox.storage import Storage

IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


class StartRequest(BaseModel, extra="forbid"):
    client: Annotated[StrictStr, Field(min_length=1, max_length=200)]
    number: Annotated[StrictStr, Field(max_length=20)]


class CheckRequest(BaseModel, extra="forbid"):
    code: Annotated[StrictStr, Field(min_length=1, max_length=20)]


class PhoneVerification(BaseModel):
    """`expires_at` and `resend_after` are RFC 3339 times in UTC."""

    id: str
    number_masked: str
    expires_at: str
    resend_after: str
    checks_left: int
    sends_left: int


class Verified(BaseModel):
    status: Literal["verified"]
    receipt: str
    sms_two_factor: Literal["enrolling", "unchanged"]


PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; `retry_after` is in seconds.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": sorted(PROBLEMS)},
        "checks_left": {"type": "integer"},
        "retry_after": {"type": "integer"},
    },
}
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    wide: {"description": said, "content": {PROBLEM_JSON: {"schema": PROBLEM_SCHEMA}}}
    for wide, said in (("4XX", "Refused; the code says why"), ("5XX", "Failed; may be sent again"))
}


def contract(
    storage: Storage, keys: Keys, clock: Clock, rules: PhoneVerifications, after_write: Callable[[], None]
) -> APIRouter:
    """The routes of the contract. `after_write` is called, from any thread, after each commit."""
    router = APIRouter(prefix="/v1/phone-verifications", responses=PROBLEM_RESPONSES)

    def once(
        request: Request, key: str, content: dict[str, object], write: Callable[[Connection], Answer]
    ) -> JSONResponse:
        digest = keys.request_digest(request.method, request.url.path, content)
        with storage.transaction() as tx:
            answer, repeated = answer_once(tx, key, digest, clock.now(), lambda: write(tx))
        after_write()
        return respond(answer, {"Idempotent-Replayed": "true"} if repeated else None)

    @router.post("", status_code=201, response_model=PhoneVerification)
    def start(body: StartRequest, request: Request, key: IdempotencyKey) -> JSONResponse:
        """Send a code to a number. `client` is an opaque reference to the chat that asks."""
        content: dict[str, object] = {"client": body.client, "number": body.number}
        return once(request, key, content, lambda tx: rules.start(tx, body.client, body.number))

    @router.post("/{id}/resend", response_model=PhoneVerification)
    def resend(id: str, request: Request, key: IdempotencyKey) -> JSONResponse:
        """Send a new code; the old one is dead from then on. Failed checks stay counted."""
        return once(request, key, {}, lambda tx: rules.resend(tx, id))

    @router.post("/{id}/check", response_model=Verified)
    def check(id: str, body: CheckRequest, request: Request, key: IdempotencyKey) -> JSONResponse:
        """Check the code that the client received."""
        return once(request, key, {"code": body.code}, lambda tx: rules.check(tx, id, body.code))

    return router
