"""A tiny stand-in for the brokerage's portal: what a logged-in user would do there, on one page.

It asks nobody for a password, since nothing here is anybody's: whoever is on this machine is every made-up user.
Only direct requests from this machine are answered, and forms only from its own page.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, select_autoescape
from pydantic import BaseModel
from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from sandbox import links, sharing, users
from sandbox.clock import Clock, iso
from sandbox.problems import problem, respond
from sandbox.storage import Storage, sharing_requests
from sandbox.storage import links as links_table
from sandbox.storage import users as users_table

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
OF_LINKS = {"confirm": "linked", "decline": "declined", "end": "unlinked"}
OF_SHARING = {
    "finish": "finished",
    "approve": "approved",
    "refuse": "compliance",
    "less-secure-device": "less_secure_device",
    "different-identification": "different_identification",
}
_pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape())


class TokenFor(BaseModel, extra="forbid"):
    username: str


def portal(storage: Storage, clock: Clock, changed: Callable[[], None]) -> APIRouter:
    """The routes under /portal. `changed` is called, from any thread, after something was settled."""
    router = APIRouter(prefix="/portal")

    @router.get("")
    def page(request: Request) -> Response:
        """What waits for the word of a user."""
        _require_this_machine(request)
        with storage.transaction() as tx:
            linking = select(links_table).where(links_table.c.state.in_(links.LIVE))
            sharings = select(sharing_requests).where(sharing_requests.c.state.in_(sharing.OPEN))
            shown = _pages.get_template("portal.html").render(
                links=tx.execute(linking.order_by(links_table.c.sequence)).mappings().all(),
                requests=tx.execute(sharings.order_by(sharing_requests.c.sequence)).mappings().all(),
                users=tx.execute(select(users_table).order_by(users_table.c.username)).mappings().all(),
            )
        return HTMLResponse(shown, headers=SECURITY_HEADERS)

    @router.post("/link-tokens")
    def link_token(body: TokenFor, request: Request) -> Response:
        """A one-time token for a user's deep link."""
        _require_this_machine(request)
        with storage.transaction() as tx:
            if users.find(tx, body.username) is None:
                return respond(problem("not_found"))
            now = clock.now()
            token = links.new_token(tx, body.username, now)
        return JSONResponse({"token": token, "expires_at": iso(now + links.TOKEN_LIFE)}, 201)

    @router.post("/users/{username}/confirmed-link")
    def confirm_last(username: str, request: Request) -> Response:
        """Confirm the newest link that waits for this user's word."""
        _require_this_machine(request)
        with storage.transaction() as tx:
            found = select(links_table).where(
                links_table.c.username == username, links_table.c.state == "pending"
            )
            link = tx.execute(found.order_by(links_table.c.sequence.desc()).limit(1)).mappings().first()
            if link is None or not links.settle(tx, link["id"], "linked", clock.now()):
                return respond(problem("not_found"))
        changed()
        return JSONResponse({"client": link["client"]})

    @router.post("/links/{id}/{word}")
    def settle_link(id: str, word: str, request: Request) -> Response:
        """Confirm, decline or end a link."""
        _require_this_machine(request)
        if word not in OF_LINKS:
            return respond(problem("not_found"))
        with storage.transaction() as tx:
            done = links.settle(tx, id, OF_LINKS[word], clock.now())
        return _done(done, changed)

    @router.post("/sharing-requests/{id}/{word}")
    def settle_sharing(id: str, word: str, request: Request) -> Response:
        """Finish a sharing as its user, or decide it as Compliance."""
        _require_this_machine(request)
        if word not in OF_SHARING:
            return respond(problem("not_found"))
        with storage.transaction() as tx:
            done = sharing.settle(tx, id, OF_SHARING[word], clock.now())
        return _done(done, changed)

    return router


def _done(done: bool, changed: Callable[[], None]) -> Response:
    if not done:
        return respond(problem("not_found"))
    changed()
    return RedirectResponse("/portal", 303)


def _require_this_machine(request: Request) -> None:
    """404 for a proxy's request, one by another host's name (DNS rebinding), or a form of another page."""
    host = request.headers.get("host", "")
    origin = request.headers.get("origin")
    direct = not any(name in request.headers for name in FORWARDED)
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        name = None
    if name not in LOOPBACK or not direct or (origin and origin != f"http://{host}"):
        raise HTTPException(404)
