"""The routes under /desk/: queue, conversations, tickets, search, overview, audit trail."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.desk import canned, guard, lists, statistics, thread
from bot.desk.auth_views import AuthViews
from bot.desk.desk_context import DeskContext
from bot.desk.event_stream import Live
from bot.desk.form_commands import Form, FormCommands, FormError, note_presence
from bot.desk.guard import COOKIE, SUPERVISE, WORK, Guard, NotLoggedInError, number
from bot.desk.pages import Pages
from bot.desk.sessions import Session
from bot.domain import WORKING_ROLES, ConversationId, Epoch
from bot.handoff.agent_commands import AgentCommands, NotAllowedError, StaleEpochError, UnseenMessagesError
from bot.handoff.schedule import OFFLINE_SECONDS
from bot.storage.desk_tables import agent as agent_table
from bot.storage.desk_tables import audit as audit_table
from bot.storage.transaction import Transaction

AUDIT_ROWS = 200
Handler = Callable[[Request], Awaitable[Response]]


class Desk:
    """The desk's pages. Every page but the log-in needs a session; every form is checked and audited."""

    def __init__(self, parts: DeskContext) -> None:
        self._database = parts.database
        self._parts = parts
        self._guard = Guard(parts.database, parts.clock)
        reviewed = canned.all_texts(parts.handoffs.knowledge)
        self._acts = FormCommands(AgentCommands(parts.handoffs), parts.audit, parts.clock, reviewed)
        self._live = Live(parts.database, parts.changed, parts.clock)
        self._pages = Pages(parts.handoffs.knowledge, parts.handoffs.settings.hours, parts.clock)
        self._auth_views = AuthViews(parts, self._guard, self._pages)

    def routes(self) -> list[BaseRoute]:
        """Return all routes below /desk."""
        here = "/desk/conversations/{id:int}"
        return [
            Route("/desk", _to_the_desk),
            Route("/desk/", self._page(self.queue)),
            Route("/desk/login", self._auth_views.login, methods=["GET", "POST"]),
            Route("/desk/logout", self._page(self._auth_views.logout), methods=["POST"]),
            Route("/desk/language", self._page(self._auth_views.language), methods=["POST"]),
            Route(here, self._page(self.conversation)),
            Route(f"{here}/writing", self._page(self.writing), methods=["POST"]),
            Route(f"{here}/reveal", self._page(self.reveal), methods=["POST"]),
            Route(f"{here}/canned", self._page(self.canned)),
            Route(f"{here}/{{act}}", self._page(self.act), methods=["POST"]),
            Route("/desk/tickets", self._page(self.tickets)),
            Route("/desk/search", self._page(self.search)),
            Route("/desk/overview", self._page(self.overview)),
            Route("/desk/audit", self._page(self.audit)),
            Route("/desk/events", self._page(self.events)),
            Mount("/desk/static", StaticFiles(directory=Path(__file__).parent / "static")),
            Route("/desk/{rest:path}", self._page(self.nowhere)),
        ]

    def _page(self, handler: Handler) -> Handler:
        """Wrap `handler` so that a request without a session gets the log-in page."""

        async def guarded(request: Request) -> Response:
            try:
                return await handler(request)
            except NotLoggedInError:
                if request.headers.get("x-part") or request.url.path == "/desk/events":
                    return Response(status_code=401, headers=guard.SECURITY_HEADERS)
                then = request.url.path if request.method == "GET" else "/desk/"
                over = "&over=1" if COOKIE in request.cookies else ""
                return RedirectResponse(f"/desk/login?then={quote(then)}{over}", status_code=303)
            except HTTPException as error:
                session = await self._guard.session(request)
                return self._pages.problem(request, session, error.status_code)

        return guarded

    async def nowhere(self, request: Request) -> Response:
        """Answer 404 for any other path below /desk/."""
        await self._guard.session(request)
        raise HTTPException(404)

    # Looking.

    async def queue(self, request: Request) -> Response:
        """Show the queue."""
        session = await self._guard.session(request)
        rows = await self._database.run(lists.queue)
        language = request.query_params.get("language", "")
        return self._pages.queue(request, session, rows, language)

    async def conversation(self, request: Request) -> Response:
        """Show one conversation."""
        session = await self._guard.session(request)
        return await self._show(request, session)

    async def reveal(self, request: Request) -> Response:
        """Show the conversation once with numbers and addresses in full, and record it in the audit trail."""
        session = await self._guard.session(request, WORK)
        await self._guard.form(request, session)

        def write(tx: Transaction) -> None:
            self._parts.audit.append(
                tx,
                session.agent.actor,
                "reveal",
                conversation_id=request.path_params["id"],
            )

        await self._database.run(write)
        return await self._show(request, session, revealed=True)

    async def tickets(self, request: Request) -> Response:
        """Show the open tickets."""
        session = await self._guard.session(request)
        return self._pages.tickets(request, session, await self._database.run(lists.open_tickets))

    async def search(self, request: Request) -> Response:
        """Search conversations."""
        session = await self._guard.session(request)
        words = request.query_params.get("q", "").strip()[:100]
        found = await self._database.run(lists.search, words) if words else None
        return self._pages.search(request, session, words, found)

    async def overview(self, request: Request) -> Response:
        """Show the supervisor's figures."""
        session = await self._guard.session(request, SUPERVISE)
        days = {"1": 1, "30": 30}.get(request.query_params.get("days", ""), 7)
        figures = await self._database.run(statistics.overview, days)
        return self._pages.overview(request, session, figures)

    async def audit(self, request: Request) -> Response:
        """Show the audit trail."""
        session = await self._guard.session(request, SUPERVISE)

        def read(tx: Transaction) -> tuple[list[Any], int | None, dict[str, str]]:
            query = select(audit_table).order_by(audit_table.c.id.desc()).limit(AUDIT_ROWS)
            names = {
                f"agent:{row.id}": row.shown_as
                for row in tx.execute(select(agent_table.c.id, agent_table.c.shown_as))
            }
            return list(tx.execute(query)), self._parts.audit.first_broken(tx), names

        rows, broken, names = await self._database.run(read)
        return self._pages.audit(request, session, rows, broken, names)

    async def canned(self, request: Request) -> Response:
        """Show the canned replies of one topic, as a part of the conversation's page."""
        session = await self._guard.session(request, WORK)
        shown = await self._thread(request, session)
        return self._pages.canned(request, session, shown, request.query_params.get("topic", ""))

    async def events(self, request: Request) -> Response:
        """Stream changes to an open page (see bot/desk/event_stream.py)."""
        session = await self._guard.session(request)
        wanted = number(request.query_params.get("conversation", ""))
        stream = self._live.stream(
            request.cookies[COOKIE], session, ConversationId(wanted) if wanted > 0 else None
        )
        headers = {**guard.SECURITY_HEADERS, "X-Accel-Buffering": "no"}
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    # Acting.

    async def writing(self, request: Request) -> Response:
        """Note that the agent is writing, for the other viewers of the conversation."""
        session = await self._guard.session(request, WORK)
        await self._guard.form(request, session)
        await self._database.run(note_presence, request.path_params["id"], session.agent.id, writing=True)
        self._parts.changed.set()
        return Response(status_code=204)

    async def act(self, request: Request) -> Response:
        """Execute one of the forms of a conversation's page."""
        session = await self._guard.session(request, WORK)
        fields = await self._guard.form(request, session)
        what = request.path_params["act"].replace("-", "_")
        if what not in self._acts.names:
            raise HTTPException(404)
        form = Form(
            key=guard.request_key(fields),
            conversation_id=request.path_params["id"],
            epoch=Epoch(number(fields.get("epoch", ""))),
            seen=number(fields.get("seen", ""), 0),
            fields=fields,
        )
        await self._thread(request, session)
        error = ""
        try:
            await self._database.run(self._acts.execute, what, session.agent, form)
        except FormError as refused:
            error = str(refused)
            await self._database.run(self._acts.record_refusal, what, session.agent, form, error)
        except StaleEpochError:
            error = "error_moved"
        except UnseenMessagesError:
            error = "error_unread"
        except NotAllowedError:
            error = "error_not_allowed"
        self._parts.acted()
        if error:
            return await self._show(request, session, error=error, draft=fields, status=409)
        ends = what in {"resolve", "give_back"} or (what == "transfer")
        return RedirectResponse(
            "/desk/" if ends else f"/desk/conversations/{form.conversation_id}", status_code=303
        )

    async def _show(
        self,
        request: Request,
        session: Session,
        *,
        revealed: bool = False,
        error: str = "",
        draft: dict[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        shown = await self._thread(request, session, revealed=revealed)
        colleagues = await self._database.run(self._colleagues, session.agent.id)
        return self._pages.conversation(
            request,
            session,
            shown,
            colleagues=colleagues,
            replies_of=request.query_params.get("topic", ""),
            revealed=revealed,
            error=error,
            draft=draft or {},
            key=secrets.token_urlsafe(12),
            status=status,
        )

    async def _thread(self, request: Request, session: Session, *, revealed: bool = False) -> thread.Thread:
        shown = await self._database.run(
            thread.thread,
            request.path_params["id"],
            session.agent.id,
            revealed=revealed,
            earlier=request.query_params.get("earlier") == "all",
        )
        if shown is None:
            raise HTTPException(404)
        return shown

    def _colleagues(self, tx: Transaction, exclude_id: int) -> list[tuple[int, str, bool]]:
        there = tx.now - OFFLINE_SECONDS
        rows = tx.execute(
            select(agent_table)
            .where(
                agent_table.c.active, agent_table.c.role.in_(WORKING_ROLES), agent_table.c.id != exclude_id
            )
            .order_by(agent_table.c.shown_as)
        )
        return [(row.id, row.shown_as, (row.seen_at or 0) > there) for row in rows]


async def _to_the_desk(_: Request) -> Response:
    return RedirectResponse("/desk/", status_code=308)
