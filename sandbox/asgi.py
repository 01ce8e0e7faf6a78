"""The sandbox as an ASGI application."""

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
from sandbox.adjustable_clock import AdjustableClock
from sandbox.api import create_api
from sandbox.challenges import ChallengeService
from sandbox.debug_routes import create_debug_routes
from sandbox.delivery_loop import DeliveryLoop
from sandbox.delivery_queue import DeliveryQueue
from sandbox.faults import FaultMiddleware, FaultRegistry
from sandbox.gateway_client import GatewayClient
from sandbox.middleware import BearerTokenMiddleware, RequestIdMiddleware
from sandbox.notice_queue import NoticeQueue
from sandbox.portal import create_portal
from sandbox.problem_details import problem, respond
from sandbox.sandbox_settings import SandboxSettings
from sandbox.server_key import load_server_key
from sandbox.sms_queue import SmsQueue
from sandbox.sqlite_storage import SqliteStorage

CONTRACT_FILE = Path(__file__).with_name("openapi.yaml")


def create_app(settings: SandboxSettings) -> FastAPI:
    """Open the server key and the database, and return the application. It delivers messages during its lifespan.

    Raises OSError or ValueError if the key cannot be opened, SQLAlchemy's DatabaseError if the database cannot.
    """
    key = load_server_key(settings.key_file)
    storage = SqliteStorage(settings.database)
    clock = AdjustableClock(storage.read_clock_offset())
    if storage.created:
        with storage.transaction() as tx:
            users.seed(tx, clock.now())
    gateway = GatewayClient(settings.gateway_port, settings.internal_token)
    queues: list[DeliveryQueue] = [SmsQueue(gateway, key, users.list_undeliverable(), settings.real_numbers)]
    if settings.webhook_secret:
        queues.append(NoticeQueue(gateway, settings.webhook_secret))
    delivery_loop = DeliveryLoop(storage, clock, queues)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(delivery_loop.run())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await gateway.close()
        storage.close()

    faults = FaultRegistry()
    app = FastAPI(
        title="Sandbox auth backend",
        lifespan=lifespan,
        openapi_url=None,
        middleware=[
            Middleware(RequestIdMiddleware),
            Middleware(BearerTokenMiddleware, token=settings.backend_token),
            Middleware(FaultMiddleware, registry=faults),
        ],
    )
    app.state.storage = storage
    _add_error_handlers(app)
    document = contract_document()

    @app.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/openapi.json")
    async def openapi() -> dict[str, Any]:
        return document

    codes = ChallengeService(key, clock)
    app.include_router(create_api(storage, key, clock, codes, delivery_loop.wake))
    app.include_router(create_portal(storage, clock, delivery_loop.wake))
    if settings.controls:
        app.include_router(create_debug_routes(storage, clock, faults, delivery_loop.wake))
    return app


@cache
def contract_document() -> dict[str, Any]:
    """Return the contract, read from openapi.yaml."""
    document: dict[str, Any] = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))
    return document


def _add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        # FastAPI's own answer repeats the input, which may hold a code.
        places = {str(part).lower() for found in error.errors() for part in found["loc"][:2]}
        if "client-reference" in places:
            return respond(problem("client_missing"))
        if "path" in places:
            return respond(problem("not_found"))
        return respond(problem("idempotency_key_missing" if "header" in places else "body_invalid"))

    @app.exception_handler(UnicodeEncodeError)
    async def not_text(_request: Request, _error: UnicodeEncodeError) -> JSONResponse:
        # JSON can write half a character ("\\ud800"), which no database can store.
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
