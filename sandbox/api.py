"""The contract over HTTP, version 1: openapi.yaml says what each call means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request
from pydantic import BaseModel, Field, StrictStr
from sqlalchemy.engine import Connection
from starlette.responses import JSONResponse

from sandbox import links, phone_verifications, secure_login, sharing, text_messages
from sandbox.challenges import Challenges
from sandbox.clock import Clock
from sandbox.idempotency import answer_once
from sandbox.keys import Keys
from sandbox.problems import Answer, RefusalError, respond
from sandbox.storage import Storage

VISIBLE = "^[!-~]+$"
Client = Annotated[str, Header(alias="Client-Reference", min_length=1, max_length=200, pattern=VISIBLE)]
IdempotencyKey = Annotated[
    str, Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern=VISIBLE)
]
Id = Annotated[str, Path(min_length=1, max_length=64, pattern="^[A-Za-z0-9_-]+$")]
Step = Callable[[Connection], Answer]
CheckCode = Callable[[Connection, Challenges, Clock, str, str, str], Answer]


class NumberRequest(BaseModel, extra="forbid"):
    number: Annotated[StrictStr, Field(max_length=20)]


class CodeRequest(BaseModel, extra="forbid"):
    code: Annotated[StrictStr, Field(min_length=1, max_length=20)]


class TokenRequest(BaseModel, extra="forbid"):
    token: Annotated[StrictStr, Field(min_length=16, max_length=64)]


class PartnerRequest(BaseModel, extra="forbid"):
    partner: Annotated[StrictStr, Field(min_length=1, max_length=64)]


@dataclass(frozen=True)
class Write:
    """Who wants something done, under which key."""

    request: Request
    client: str
    key: str


async def _write(request: Request, client: Client, key: IdempotencyKey) -> Write:
    return Write(request, client, key)


Writing = Annotated[Write, Depends(_write)]


class Door:
    """Takes a call to the rules: in one transaction, writes once for each key."""

    def __init__(self, storage: Storage, keys: Keys, clock: Clock, after_write: Callable[[], None]) -> None:
        self._storage = storage
        self._keys = keys
        self._clock = clock
        self._after_write = after_write

    def read(self, step: Step) -> JSONResponse:
        """Answer a question."""
        with self._storage.transaction() as tx:
            try:
                answer = step(tx)
            except RefusalError as refusal:
                answer = refusal.answer
        return respond(answer)

    def write(self, call: Write, step: Step, body: BaseModel | None = None) -> JSONResponse:
        """Do something once. `body` is what the request holds, to know its repetition by."""
        request = call.request
        about = {"client": call.client, **(vars(body) if body else {})}
        digest = self._keys.request_digest(request.method, request.url.path, about)
        with self._storage.transaction() as tx:
            answer, repeated = answer_once(tx, call.key, digest, self._clock.now(), lambda: step(tx))
        self._after_write()
        return respond(answer, {"Idempotent-Replayed": "true"} if repeated else None)


def contract(
    storage: Storage, keys: Keys, clock: Clock, codes: Challenges, after_write: Callable[[], None]
) -> APIRouter:
    """The routes of the contract. `after_write` is called, from any thread, after each commit."""
    router = APIRouter(prefix="/v1")
    door = Door(storage, keys, clock, after_write)
    _linking(router, door, clock, codes)
    _phone_verification(router, door, clock, codes)
    _secure_login(router, door, clock, codes)
    _device_sharing(router, door, clock)

    @router.get("/text-messages/last")
    def last_text_message(client: Client) -> JSONResponse:
        return door.read(lambda tx: text_messages.last(tx, clock, client))

    return router


def _linking(router: APIRouter, door: Door, clock: Clock, codes: Challenges) -> None:
    @router.get("/link")
    def get_link(client: Client) -> JSONResponse:
        return door.read(lambda tx: links.status(tx, client, clock.now()))

    @router.delete("/link")
    def end_link(call: Writing) -> JSONResponse:
        return door.write(call, lambda tx: links.end(tx, clock, call.client))

    @router.post("/links")
    def redeem(body: TokenRequest, call: Writing) -> JSONResponse:
        return door.write(call, lambda tx: links.redeem(tx, clock, call.client, body.token), body)

    @router.post("/link-codes")
    def send_code(body: NumberRequest, call: Writing) -> JSONResponse:
        return door.write(call, lambda tx: links.send_code(tx, codes, clock, call.client, body.number), body)

    _code(router, door, clock, codes, "/link-codes", links.PURPOSE, links.check_code)


def _phone_verification(router: APIRouter, door: Door, clock: Clock, codes: Challenges) -> None:
    @router.post("/phone-verifications")
    def start(body: NumberRequest, call: Writing) -> JSONResponse:
        return door.write(
            call, lambda tx: phone_verifications.start(tx, codes, clock, call.client, body.number), body
        )

    _code(
        router,
        door,
        clock,
        codes,
        "/phone-verifications",
        phone_verifications.PURPOSE,
        phone_verifications.check,
    )

    @router.get("/phone-verifications/{id}/deliveries")
    def deliveries(id: Id, client: Client) -> JSONResponse:
        return door.read(lambda tx: text_messages.deliveries(tx, codes, client, id))


def _secure_login(router: APIRouter, door: Door, clock: Clock, codes: Challenges) -> None:
    @router.get("/security-status")
    def security_status(client: Client) -> JSONResponse:
        return door.read(lambda tx: secure_login.security_status(tx, clock, client))

    @router.get("/secure-login")
    def eligibility(client: Client) -> JSONResponse:
        return door.read(lambda tx: secure_login.eligibility(tx, clock, client))

    @router.post("/secure-login/opt-ins")
    def start(call: Writing) -> JSONResponse:
        return door.write(call, lambda tx: secure_login.start(tx, codes, clock, call.client))

    _code(router, door, clock, codes, "/secure-login/opt-ins", secure_login.PURPOSE, secure_login.check)


def _device_sharing(router: APIRouter, door: Door, clock: Clock) -> None:
    def page(request: Request) -> Callable[[str], str]:
        return lambda id: f"{str(request.base_url).rstrip('/')}/portal#{id}"

    @router.get("/device-sharing")
    def eligibility(client: Client) -> JSONResponse:
        return door.read(lambda tx: sharing.eligibility(tx, clock, client))

    @router.get("/device-sharing/requests")
    def listed(client: Client, request: Request) -> JSONResponse:
        return door.read(lambda tx: sharing.listed(tx, clock, client, page(request)))

    @router.get("/device-sharing/requests/{id}")
    def one(id: Id, client: Client, request: Request) -> JSONResponse:
        return door.read(lambda tx: sharing.one(tx, clock, client, id, page(request)))

    @router.post("/device-sharing/requests")
    def start(body: PartnerRequest, call: Writing) -> JSONResponse:
        address = page(call.request)
        return door.write(call, lambda tx: sharing.start(tx, clock, call.client, body.partner, address), body)


def _code(
    router: APIRouter,
    door: Door,
    clock: Clock,
    codes: Challenges,
    path: str,
    purpose: str,
    check_code: CheckCode,
) -> None:
    """What can be done with a code that was sent: have it sent again, and hand it in."""

    @router.post(f"{path}/{{id}}/resend")
    def resend(id: Id, call: Writing) -> JSONResponse:
        return door.write(call, lambda tx: Answer(200, codes.resend(tx, purpose, id, call.client)))

    @router.post(f"{path}/{{id}}/check")
    def check(id: Id, body: CodeRequest, call: Writing) -> JSONResponse:
        return door.write(call, lambda tx: check_code(tx, codes, clock, call.client, id, body.code), body)
