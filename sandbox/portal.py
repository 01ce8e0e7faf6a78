"""A stand-in for the brokerage's portal: one page on which a made-up user confirms links and finishes sharings.

It asks for no password: a person at this machine acts as any of the made-up users. It answers only direct requests from
this machine, and accepts forms only from its own page.
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

from sandbox import chat_links, device_sharing, users
from sandbox.adjustable_clock import AdjustableClock, to_rfc3339
from sandbox.problem_details import problem, respond
from sandbox.schema import links, sharing_requests
from sandbox.schema import users as users_table
from sandbox.sqlite_storage import SqliteStorage
from sandbox.statuses import LIVE_LINKS, OPEN_REQUESTS, ChatLinkStatus, SharingDecision

LOCAL_HOSTS = {"127.0.0.1", "::1", "localhost"}
PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LINK_DECISIONS = {
    "confirm": ChatLinkStatus.LINKED,
    "decline": ChatLinkStatus.DECLINED,
    "end": ChatLinkStatus.UNLINKED,
}
SHARING_DECISIONS = {
    "finish": SharingDecision.FINISHED,
    "approve": SharingDecision.APPROVED,
    "refuse": SharingDecision.COMPLIANCE,
    "less-secure-device": SharingDecision.LESS_SECURE_DEVICE,
    "different-identification": SharingDecision.DIFFERENT_IDENTIFICATION,
}
_templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape())


class LinkTokenRequest(BaseModel, extra="forbid"):
    """The user whom a linking token is for."""

    username: str


def create_portal(
    storage: SqliteStorage, clock: AdjustableClock, on_decision: Callable[[], None]
) -> APIRouter:
    """Return the routes under /portal. `on_decision` is called after each decision, from any thread."""
    router = APIRouter(prefix="/portal")

    @router.get("")
    def show_page(request: Request) -> Response:
        """Show what waits for a decision."""
        _require_this_machine(request)
        with storage.transaction() as tx:
            live = select(links).where(links.c.state.in_(LIVE_LINKS)).order_by(links.c.sequence)
            pending = select(sharing_requests).where(sharing_requests.c.state.in_(OPEN_REQUESTS))
            page = _templates.get_template("portal.html").render(
                links=tx.execute(live).mappings().all(),
                requests=tx.execute(pending.order_by(sharing_requests.c.sequence)).mappings().all(),
                users=tx.execute(select(users_table).order_by(users_table.c.username)).mappings().all(),
            )
        return HTMLResponse(page, headers=SECURITY_HEADERS)

    @router.post("/link-tokens")
    def create_link_token(body: LinkTokenRequest, request: Request) -> Response:
        """Create the one-time token of a user's deep link."""
        _require_this_machine(request)
        with storage.transaction() as tx:
            if users.find(tx, body.username) is None:
                return respond(problem("not_found"))
            now = clock.now()
            token = chat_links.create_token(tx, body.username, now)
        return JSONResponse(
            {"token": token, "expires_at": to_rfc3339(now + chat_links.TOKEN_LIFETIME_SECONDS)}, 201
        )

    @router.post("/users/{username}/confirmed-link")
    def confirm_newest_link(username: str, request: Request) -> Response:
        """Confirm the newest link that waits for this user."""
        _require_this_machine(request)
        with storage.transaction() as tx:
            found = select(links).where(links.c.username == username, links.c.state == ChatLinkStatus.PENDING)
            link = tx.execute(found.order_by(links.c.sequence.desc()).limit(1)).mappings().first()
            if link is None or not chat_links.settle(tx, link["id"], ChatLinkStatus.LINKED, clock.now()):
                return respond(problem("not_found"))
        on_decision()
        return JSONResponse({"client": link["client"]})

    @router.post("/links/{id}/{decision}")
    def settle_link(id: str, decision: str, request: Request) -> Response:
        """Confirm, decline or end a link."""
        _require_this_machine(request)
        if decision not in LINK_DECISIONS:
            return respond(problem("not_found"))
        with storage.transaction() as tx:
            settled = chat_links.settle(tx, id, LINK_DECISIONS[decision], clock.now())
        return _redirect(settled, on_decision)

    @router.post("/sharing-requests/{id}/{decision}")
    def settle_sharing(id: str, decision: str, request: Request) -> Response:
        """Finish a sharing as its user, or decide on it as Compliance."""
        _require_this_machine(request)
        if decision not in SHARING_DECISIONS:
            return respond(problem("not_found"))
        with storage.transaction() as tx:
            settled = device_sharing.settle(tx, id, SHARING_DECISIONS[decision], clock.now())
        return _redirect(settled, on_decision)

    return router


def _redirect(settled: bool, on_decision: Callable[[], None]) -> Response:
    if not settled:
        return respond(problem("not_found"))
    on_decision()
    return RedirectResponse("/portal", 303)


def _require_this_machine(request: Request) -> None:
    """Answer 404 to a proxy's request, to another host's name (DNS rebinding), and to a form of another page."""
    host = request.headers.get("host", "")
    origin = request.headers.get("origin")
    direct = not any(name in request.headers for name in PROXY_HEADERS)
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        name = None
    if name not in LOCAL_HOSTS or not direct or (origin and origin != f"http://{host}"):
        raise HTTPException(404)
