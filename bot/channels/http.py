"""Checks and readers that the gateway's routes share."""

from __future__ import annotations

import hmac
import json
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

MAX_BODY_BYTES = 64 * 1024
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


async def read_body(request: Request, limit: int = MAX_BODY_BYTES) -> bytes:
    """Return the body. Raises HTTPException 413 above `limit` bytes."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(413, f"a body may have at most {limit} bytes")
    return body


async def read_json(request: Request, limit: int = MAX_BODY_BYTES) -> dict[str, Any]:
    """Return the body as a JSON object. Raises HTTPException: 413 above `limit` bytes, 400 for anything else."""
    return json_object(await read_body(request, limit))


def json_object(body: bytes) -> dict[str, Any]:
    """Parse `body` as a JSON object. Raises HTTPException 400."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400, "the body must be a JSON object in UTF-8") from None
    if not isinstance(value, dict):
        raise HTTPException(400, "the body must be a JSON object")
    return value


def require_loopback(request: Request) -> None:
    """Raise HTTPException 403 unless the caller is on this machine, without a proxy and by a loopback name.

    A proxy's requests come from loopback too, and a foreign page may point its own host name here.
    """
    client = request.client.host if request.client else ""
    direct = not any(header in request.headers for header in _FORWARDED)
    # Not request.url: with a malformed Host header it has the server's own address.
    host = request.headers.get("host", "")
    if client not in _LOOPBACK or _name(host) not in _LOOPBACK or not direct:
        raise HTTPException(403, "only from this machine")
    origin = request.headers.get("origin")
    if origin and origin != f"{request.url.scheme}://{host}":
        raise HTTPException(403, "only from this page")


def _name(host: str) -> str | None:
    """Return a Host header without its port; None when it is malformed."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def require_token(request: Request, token: str) -> None:
    """Raise HTTPException 401 unless the request carries the stack's internal token."""
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise HTTPException(401, "unauthorized")
