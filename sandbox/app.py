"""Puts the sandbox together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.api import contract
from sandbox.clock import Clock
from sandbox.controls import controls
from sandbox.courier import Courier, GatewaySms
from sandbox.edge import BearerToken, RequestId
from sandbox.keys import load_keys
from sandbox.phone_verifications import PhoneVerifications
from sandbox.problems import problem, respond
from sandbox.settings import Settings
from sandbox.storage import Storage


def create_app(settings: Settings) -> FastAPI:
    """The service as an ASGI application.

    Opens the database and the server key at once; delivers text messages while its lifespan runs.
    Raises OSError or ValueError when the key, SQLAlchemy's DatabaseError when the database cannot be opened.
    """
    keys = load_keys(settings.key_file)
    storage = Storage(settings.database)
    clock = Clock(storage.clock_offset())
    sender = GatewaySms(settings.gateway_port, settings.internal_token)
    courier = Courier(storage, keys, clock, sender)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        delivery = asyncio.create_task(courier.run())
        yield
        delivery.cancel()
        await asyncio.gather(delivery, return_exceptions=True)
        await sender.close()
        storage.close()

    app = FastAPI(
        title="Sandbox auth backend",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        middleware=[Middleware(RequestId), Middleware(BearerToken, token=settings.backend_token)],
    )
    _answer_errors_as_problems(app)

    @app.get("/livez", include_in_schema=False)
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    # Only for the OpenAPI document: the middleware has checked the token by then.
    stated = [Depends(HTTPBearer(auto_error=False))]
    rules = PhoneVerifications(keys, clock)
    app.include_router(contract(storage, keys, clock, rules, courier.wake), dependencies=stated)
    if settings.controls:
        app.include_router(controls(storage, clock, courier.wake), dependencies=stated)
    return app


def _answer_errors_as_problems(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        # FastAPI's own answer repeats the input, which may hold a code.
        missing_key = any(found["loc"][0] == "header" for found in error.errors())
        return respond(problem("idempotency_key_missing" if missing_key else "body_invalid"))

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
