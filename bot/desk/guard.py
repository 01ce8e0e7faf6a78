"""The checks of every desk page: the session, the role's rights, and the origin of forms."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from bot.channels.http import read_body
from bot.clock import Clock
from bot.desk import sessions
from bot.desk.sessions import Session
from bot.domain import WORKING_ROLES, Role
from bot.storage import Database

COOKIE = "desk"
MAX_FORM_FIELDS = 40
# Nothing is loaded from elsewhere, nothing inline runs, and no other page may show the desk in a frame.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

# What each role may do. An auditor sees everything and touches nothing.
WORK = frozenset(WORKING_ROLES)
SUPERVISE = frozenset({Role.LEAD, Role.AUDITOR})
LEAD = frozenset({Role.LEAD})
ANYBODY = frozenset(Role)

_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")


class NotLoggedInError(Exception):
    """The request has no session."""


class Guard:
    """Finds the session of a request and checks its rights."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def session(self, request: Request, roles: frozenset[str] = ANYBODY) -> Session:
        """Return the session. Raises NotLoggedInError, or HTTPException 403 when the role lacks the right."""
        token = request.cookies.get(COOKIE, "")
        found = await self._database.run(sessions.find, token) if token else None
        if found is None:
            raise NotLoggedInError
        if found.agent.role not in roles:
            raise HTTPException(403, "your role may not do that")
        return found

    async def form(self, request: Request, session: Session) -> dict[str, str]:
        """Return the fields of a form that a page of this session sent. Raises HTTPException 403 otherwise."""
        self.same_site(request)
        fields = await read_form(request)
        if not session.is_theirs(fields.get("csrf", "")):
            raise HTTPException(403, "the form is not from this session")
        return fields

    def same_site(self, request: Request) -> None:
        """Raise HTTPException 403 when the browser names another site as the sender."""
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            raise HTTPException(403, "only from the desk's own pages")
        origin = request.headers.get("origin")
        if origin and urlsplit(origin).netloc != request.headers.get("host", ""):
            raise HTTPException(403, "only from the desk's own pages")


async def read_form(request: Request) -> dict[str, str]:
    """Return a form's fields, the first of each name.

    Raises HTTPException: 413 as `read_body` does, 400 for a malformed form.
    """
    body = await read_body(request)
    try:
        read = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
    except (UnicodeDecodeError, ValueError):
        raise HTTPException(400, "the form cannot be read") from None
    return {name: values[0].replace("\0", "") for name, values in read.items()}


def request_key(fields: dict[str, str]) -> str:
    """Return the key that identifies a repeated form. Raises HTTPException 400 without one."""
    key = fields.get("key", "")
    if not _KEY.fullmatch(key):
        raise HTTPException(400, "the form has no key")
    return key


def address_of(request: Request) -> str:
    """Return the address that failed log-ins are counted by."""
    return (request.client.host if request.client else "?")[:64]


def is_secure(request: Request, public_url: str | None) -> bool:
    """Whether cookies can be restricted to https."""
    return request.url.scheme == "https" or (
        public_url is not None and urlsplit(public_url).netloc == request.headers.get("host", "")
    )


def number(text: str, otherwise: int = -1) -> int:
    """Parse a whole number from a form or a URL."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else otherwise
