"""Puts the sandbox together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox import users
from sandbox.api import contract
from sandbox.challenges import Challenges
from sandbox.clock import Clock
from sandbox.controls import controls
from sandbox.courier import Courier, Errand, Gateway, Notices, TextMessages
from sandbox.edge import BearerToken, RequestId
from sandbox.faults import Faults, Switchboard
from sandbox.keys import load_keys
from sandbox.portal import portal
from sandbox.problems import problem, respond
from sandbox.settings import Settings
from sandbox.storage import Storage

CONTRACT = Path(__file__).with_name("openapi.yaml")


def create_app(settings: Settings) -> FastAPI:
    """The service as an ASGI application.

    Opens the database and the server key at once; delivers text messages while its lifespan runs.
    Raises OSError or ValueError when the key, SQLAlchemy's DatabaseError when the database cannot be opened.
    """
    keys = load_keys(settings.key_file)
    storage = Storage(settings.database)
    clock = Clock(storage.clock_offset())
    if storage.new:
        with storage.transaction() as tx:
            users.seed(tx, clock.now())
    gateway = Gateway(settings.gateway_port, settings.internal_token)
    errands: list[Errand] = [TextMessages(gateway, keys, users.carriers(), settings.real_numbers)]
    if settings.webhook_secret:
        errands.append(Notices(gateway, settings.webhook_secret))
    courier = Courier(storage, clock, errands)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        delivery = asyncio.create_task(courier.run())
        yield
        delivery.cancel()
        await asyncio.gather(delivery, return_exceptions=True)
        await gateway.close()
        storage.close()

    switchboard = Switchboard()
    app = FastAPI(
        title="Sandbox auth backend",
        lifespan=lifespan,
        openapi_url=None,
        middleware=[
            Middleware(RequestId),
            Middleware(BearerToken, token=settings.backend_token),
            Middleware(Faults, switchboard=switchboard),
        ],
    )
    app.state.storage = storage
    _answer_errors_as_problems(app)
    document = contract_document()

    @app.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/openapi.json")
    async def openapi() -> dict[str, Any]:
        return document

    codes = Challenges(keys, clock)
    app.include_router(contract(storage, keys, clock, codes, courier.wake))
    app.include_router(portal(storage, clock, courier.wake))
    if settings.controls:
        app.include_router(controls(storage, clock, switchboard, courier.wake))
    return app


@cache
def contract_document() -> dict[str, Any]:
    """The contract that this service keeps, as openapi.yaml has it."""
    document: dict[str, Any] = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    return document


def _answer_errors_as_problems(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        # FastAPI's own answer repeats the input, which may hold a code.
        where = {str(part).lower() for found in error.errors() for part in found["loc"][:2]}
        if "client-reference" in where:
            return respond(problem("client_missing"))
        if "path" in where:
            return respond(problem("not_found"))
        return respond(problem("idempotency_key_missing" if "header" in where else "body_invalid"))

    @app.exception_handler(UnicodeEncodeError)
    async def not_text(_request: Request, _error: UnicodeEncodeError) -> JSONResponse:
        # JSON can write half a character ("\\ud800"), which no database can keep.
        return respond(problem("body_invalid"))

    @app.exception_handler(HTTPException)
    async def not_routed(_request: Request, error: HTTPException) -> JSONResponse:
        by_status = {404: "route_not_found", 405: "method_not_allowed"}
        return respond(problem(by_status.get(error.status_code, "body_invalid")), error.headers)

    @app.exception_handler(OperationalError)
    async def storage_unavailable(_request: Request, _error: OperationalError) -> JSONResponse:
        return respond(problem("storage_unavailable"))

    @app.exception_handler(Exception)
    async def failed(_request: Request, _error: Exception) -> JSONResponse:
        return respond(problem("internal"))
