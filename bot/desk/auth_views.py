"""Log-in, log-out, and the agent's choice of a language."""

from __future__ import annotations

from sqlalchemy import update
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.desk import guard, sessions
from bot.desk.accounts import Accounts, TooManyFailuresError
from bot.desk.desk_context import DeskContext
from bot.desk.guard import COOKIE, Guard
from bot.desk.pages import Pages
from bot.storage.desk_tables import agent as agent_table
from bot.storage.transaction import Transaction


class AuthViews:
    """The pages that need no session."""

    def __init__(self, parts: DeskContext, checks: Guard, pages: Pages) -> None:
        self._parts = parts
        self._database = parts.database
        self._guard = checks
        self._pages = pages
        self._accounts = Accounts(parts.key)

    async def login(self, request: Request) -> Response:
        """Show the log-in form, or check name, password and code without telling which was wrong."""
        then = request.query_params.get("then", "/desk/")
        if request.method == "GET":
            return self._pages.login(request, then=then, over="over" in request.query_params)
        self._guard.same_site(request)
        fields = await guard.read_form(request)
        then = fields.get("then", "/desk/")
        name = fields.get("name", "")
        try:
            token = await self._database.run(self._log_in, fields, guard.address_of(request))
        except TooManyFailuresError:
            return self._pages.login(request, then=then, name=name, error="login_too_often", status=429)
        if token is None:
            return self._pages.login(request, then=then, name=name, error="login_wrong", status=403)
        response = RedirectResponse(then if _is_ours(then) else "/desk/", status_code=303)
        response.set_cookie(
            COOKIE,
            token,
            max_age=int(sessions.MAX_SESSION_SECONDS),
            path="/desk",
            httponly=True,
            samesite="strict",
            secure=guard.is_secure(request, self._parts.settings.public_url),
        )
        return response

    def _log_in(self, tx: Transaction, fields: dict[str, str], address: str) -> str | None:
        found = self._accounts.log_in(
            tx,
            fields.get("name", ""),
            fields.get("password", ""),
            fields.get("code", ""),
            address,
        )
        if found is None:
            self._parts.audit.append(
                tx, "nobody", "login_failed", detail={"name": fields.get("name", "")[:64]}
            )
            return None
        self._parts.audit.append(tx, found.actor, "login")
        return sessions.begin(tx, found)

    async def logout(self, request: Request) -> Response:
        """End the session, in the browser and in the database."""
        session = await self._guard.session(request)
        await self._guard.form(request, session)

        def work(tx: Transaction) -> None:
            sessions.end(tx, session)
            self._parts.audit.append(tx, session.agent.actor, "logout")

        await self._database.run(work)
        response = RedirectResponse("/desk/login", status_code=303)
        response.delete_cookie(COOKIE, path="/desk")
        return response

    async def language(self, request: Request) -> Response:
        """Set the language of the agent's interface."""
        session = await self._guard.session(request)
        fields = await self._guard.form(request, session)
        chosen = fields.get("language", "")
        if chosen in self._pages.texts.languages:
            await self._database.run(
                lambda tx: tx.execute(
                    update(agent_table).where(agent_table.c.id == session.agent.id).values(language=chosen)
                )
            )
        then = fields.get("then", "/desk/")
        return RedirectResponse(then if _is_ours(then) else "/desk/", status_code=303)


def _is_ours(path: str) -> bool:
    """Whether a redirect target is a page of the desk."""
    return path.startswith("/desk/") and "//" not in path and "\\" not in path and path.isprintable()
