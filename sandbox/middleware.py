"""Middleware that every request passes before a route: a request id, and the bearer token."""

from __future__ import annotations

import hmac
import re
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.problem_details import problem, respond

PUBLIC_PATHS = frozenset({"/livez", "/openapi.json"})
# The portal needs no token: it stands for a page that the user is logged in to (see portal.py).
PORTAL_PATH = re.compile(r"/portal(?:/.*)?")
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class RequestIdMiddleware:
    """Returns the caller's X-Request-Id, or a new one if there is none that is fit to log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        await self._app(scope, receive, send_with_id)


class BearerTokenMiddleware:
    """Answers 401 to requests without the token.

    It runs before the routes because FastAPI validates a body before it runs a route's dependencies: without the
    token a caller could learn from the answers what a body must look like.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope.get("path", "")
        if scope["type"] != "http" or path in PUBLIC_PATHS or PORTAL_PATH.fullmatch(path):
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if hmac.compare_digest(given, self._expected):
            await self._app(scope, receive, send)
        else:
            await respond(problem("unauthorized"))(scope, receive, send)
