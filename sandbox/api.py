"""The routes of the contract, version 1. openapi.yaml says what each call means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request
from pydantic import BaseModel, Field, StrictStr
from sqlalchemy.engine import Connection
from starlette.responses import JSONResponse

from sandbox import chat_links, device_sharing, phone_verifications, secure_login, text_messages
from sandbox.adjustable_clock import AdjustableClock
from sandbox.challenges import ChallengeService
from sandbox.idempotency import write_once
from sandbox.problem_details import ApiResult, RefusalError, respond
from sandbox.server_key import ServerKey
from sandbox.sqlite_storage import SqliteStorage
from sandbox.statuses import CodePurpose

VISIBLE_ASCII = "^[!-~]+$"
Client = Annotated[str, Header(alias="Client-Reference", min_length=1, max_length=200, pattern=VISIBLE_ASCII)]
IdempotencyKey = Annotated[
    str, Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern=VISIBLE_ASCII)
]
Id = Annotated[str, Path(min_length=1, max_length=64, pattern="^[A-Za-z0-9_-]+$")]
Operation = Callable[[Connection], ApiResult]
CheckCode = Callable[[Connection, ChallengeService, AdjustableClock, str, str, str], ApiResult]


class NumberRequest(BaseModel, extra="forbid"):
    """A number to send a code to."""

    number: Annotated[StrictStr, Field(max_length=20)]


class CodeRequest(BaseModel, extra="forbid"):
    """A code as the client typed it."""

    code: Annotated[StrictStr, Field(min_length=1, max_length=20)]


class TokenRequest(BaseModel, extra="forbid"):
    """A linking token."""

    token: Annotated[StrictStr, Field(min_length=16, max_length=64)]


class PartnerRequest(BaseModel, extra="forbid"):
    """The reference of the user to share a device with."""

    partner: Annotated[StrictStr, Field(min_length=1, max_length=64)]


@dataclass(frozen=True)
class WriteCall:
    """A write: the request, the chat that it is for, and its Idempotency-Key."""

    request: Request
    client: str
    key: str


async def _write_call(request: Request, client: Client, key: IdempotencyKey) -> WriteCall:
    return WriteCall(request, client, key)


Write = Annotated[WriteCall, Depends(_write_call)]


class Endpoint:
    """Runs an operation in one transaction, a write once per Idempotency-Key."""

    def __init__(
        self,
        storage: SqliteStorage,
        key: ServerKey,
        clock: AdjustableClock,
        on_write: Callable[[], None],
    ) -> None:
        self._storage = storage
        self._key = key
        self._clock = clock
        self._on_write = on_write

    def read(self, operation: Operation) -> JSONResponse:
        """Run a read."""
        with self._storage.transaction() as tx:
            try:
                result = operation(tx)
            except RefusalError as refusal:
                result = refusal.result
        return respond(result)

    def write(self, call: WriteCall, operation: Operation, body: BaseModel | None = None) -> JSONResponse:
        """Run a write. The chat, the path and the body identify its repetition."""
        request = call.request
        content = {"client": call.client, **(vars(body) if body else {})}
        digest = self._key.request_digest(request.method, request.url.path, content)
        with self._storage.transaction() as tx:
            result, replayed = write_once(tx, call.key, digest, self._clock.now(), lambda: operation(tx))
        self._on_write()
        return respond(result, {"Idempotent-Replayed": "true"} if replayed else None)


def create_api(
    storage: SqliteStorage,
    key: ServerKey,
    clock: AdjustableClock,
    codes: ChallengeService,
    on_write: Callable[[], None],
) -> APIRouter:
    """Return the routes of the contract. `on_write` is called after each commit, from any thread."""
    router = APIRouter(prefix="/v1")
    endpoint = Endpoint(storage, key, clock, on_write)
    _add_linking(router, endpoint, clock, codes)
    _add_phone_verification(router, endpoint, clock, codes)
    _add_secure_login(router, endpoint, clock, codes)
    _add_device_sharing(router, endpoint, clock)

    @router.get("/text-messages/last")
    def get_last_text_message(client: Client) -> JSONResponse:
        return endpoint.read(lambda tx: text_messages.get_last(tx, clock, client))

    return router


def _add_linking(
    router: APIRouter, endpoint: Endpoint, clock: AdjustableClock, codes: ChallengeService
) -> None:
    @router.get("/link")
    def get_link(client: Client) -> JSONResponse:
        return endpoint.read(lambda tx: chat_links.get_link(tx, client, clock.now()))

    @router.delete("/link")
    def end_link(call: Write) -> JSONResponse:
        return endpoint.write(call, lambda tx: chat_links.end(tx, clock, call.client))

    @router.post("/links")
    def redeem(body: TokenRequest, call: Write) -> JSONResponse:
        return endpoint.write(call, lambda tx: chat_links.redeem(tx, clock, call.client, body.token), body)

    @router.post("/link-codes")
    def send_code(body: NumberRequest, call: Write) -> JSONResponse:
        return endpoint.write(
            call, lambda tx: chat_links.send_code(tx, codes, clock, call.client, body.number), body
        )

    _add_code(router, endpoint, clock, codes, "/link-codes", chat_links.PURPOSE, chat_links.check_code)


def _add_phone_verification(
    router: APIRouter, endpoint: Endpoint, clock: AdjustableClock, codes: ChallengeService
) -> None:
    path = "/phone-verifications"

    @router.post(path)
    def start(body: NumberRequest, call: Write) -> JSONResponse:
        return endpoint.write(
            call, lambda tx: phone_verifications.start(tx, codes, clock, call.client, body.number), body
        )

    _add_code(router, endpoint, clock, codes, path, phone_verifications.PURPOSE, phone_verifications.check)

    @router.get(f"{path}/{{id}}/deliveries")
    def list_deliveries(id: Id, client: Client) -> JSONResponse:
        return endpoint.read(lambda tx: text_messages.list_deliveries(tx, codes, client, id))


def _add_secure_login(
    router: APIRouter, endpoint: Endpoint, clock: AdjustableClock, codes: ChallengeService
) -> None:
    @router.get("/security-status")
    def get_security_status(client: Client) -> JSONResponse:
        return endpoint.read(lambda tx: secure_login.get_security_status(tx, clock, client))

    @router.get("/secure-login")
    def get_eligibility(client: Client) -> JSONResponse:
        return endpoint.read(lambda tx: secure_login.get_eligibility(tx, clock, client))

    @router.post("/secure-login/opt-ins")
    def start(call: Write) -> JSONResponse:
        return endpoint.write(call, lambda tx: secure_login.start(tx, codes, clock, call.client))

    _add_code(
        router, endpoint, clock, codes, "/secure-login/opt-ins", secure_login.PURPOSE, secure_login.check
    )


def _add_device_sharing(router: APIRouter, endpoint: Endpoint, clock: AdjustableClock) -> None:
    def page_address(request: Request) -> device_sharing.PageAddress:
        return lambda id: f"{str(request.base_url).rstrip('/')}/portal#{id}"

    @router.get("/device-sharing")
    def list_partners(client: Client) -> JSONResponse:
        return endpoint.read(lambda tx: device_sharing.list_partners(tx, clock, client))

    @router.get("/device-sharing/requests")
    def list_requests(client: Client, request: Request) -> JSONResponse:
        address = page_address(request)
        return endpoint.read(lambda tx: device_sharing.list_requests(tx, clock, client, address))

    @router.get("/device-sharing/requests/{id}")
    def get_request(id: Id, client: Client, request: Request) -> JSONResponse:
        address = page_address(request)
        return endpoint.read(lambda tx: device_sharing.get_request(tx, clock, client, id, address))

    @router.post("/device-sharing/requests")
    def start(body: PartnerRequest, call: Write) -> JSONResponse:
        address = page_address(call.request)
        return endpoint.write(
            call, lambda tx: device_sharing.start(tx, clock, call.client, body.partner, address), body
        )


def _add_code(
    router: APIRouter,
    endpoint: Endpoint,
    clock: AdjustableClock,
    codes: ChallengeService,
    path: str,
    purpose: CodePurpose,
    check_code: CheckCode,
) -> None:
    """Add the routes that resend and check a code."""

    @router.post(f"{path}/{{id}}/resend")
    def resend(id: Id, call: Write) -> JSONResponse:
        return endpoint.write(call, lambda tx: ApiResult(200, codes.resend(tx, purpose, id, call.client)))

    @router.post(f"{path}/{{id}}/check")
    def check(id: Id, body: CodeRequest, call: Write) -> JSONResponse:
        return endpoint.write(call, lambda tx: check_code(tx, codes, clock, call.client, id, body.code), body)
