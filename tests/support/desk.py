"""The desk as agents use it: accounts with known secrets, log-in over HTTP, and its pages in a browser."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pyotp
from argon2 import PasswordHasher

from bot.desk.accounts import Accounts
from bot.desk.desk_keys import desk_key
from bot.settings import Settings
from bot.storage import Database

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

PASSWORD = "correct-horse-battery"
# The fastest parameters of argon2id, since no test depends on the cost of guessing.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass(frozen=True)
class Login:
    """The credentials of one agent."""

    name: str
    shown_as: str
    role: str
    totp_secret: str

    def code(self, ahead: int = 0) -> str:
        """Return the code of the authenticator app, now or `ahead` half minutes later."""
        return pyotp.TOTP(self.totp_secret).at(time.time() + 30 * ahead)


def add_agent(folder: Path, name: str, shown_as: str, role: str = "agent", **environ: str) -> Login:
    """Create an account in the gateway's database in `folder`, as `assistant desk add-agent` does."""
    settings = Settings.read({"STATE_DIR": str(folder)} | environ, folder / "no-such-file.env")
    database = Database(settings.database_url)
    try:
        accounts = Accounts(desk_key(settings), QUICK)
        new = database.transact(accounts.add, name, shown_as, role, PASSWORD)
    finally:
        database._engine.dispose()
    return Login(name, shown_as, role, new.totp_secret)


class DeskClient:
    """An HTTP client that sends the desk's forms with its cookies."""

    def __init__(self, url: str, **headers: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=20, trust_env=False, headers=headers)

    def log_in(self, login: Login, password: str = PASSWORD, code: str | None = None) -> httpx.Response:
        fields = {"name": login.name, "password": password, "code": login.code() if code is None else code}
        return self.http.post("/desk/login", data=fields)

    def page(self, path: str = "/desk/", **more: Any) -> str:
        answer = self.http.get(path, **more)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def fields(self, conversation: int) -> dict[str, str]:
        """Return the hidden fields of the forms on the conversation's page."""
        html = self.page(f"/desk/conversations/{conversation}")
        found = {
            name: re.search(rf'name="{name}" value="([^"]*)"', html)
            for name in ("csrf", "epoch", "seen", "key")
        }
        return {name: match[1] for name, match in found.items() if match}

    def act(self, conversation: int, what: str, **fields: str) -> httpx.Response:
        """Send one of the conversation's forms with its current hidden fields."""
        data = {**self.fields(conversation), **fields}
        return self.http.post(f"/desk/conversations/{conversation}/{what}", data=data)

    def close(self) -> None:
        self.http.close()


class DeskPage:
    """One agent's browser."""

    def __init__(self, page: Page, home: str) -> None:
        self.page = page
        self.home = home

    async def log_in(self, login: Login) -> None:
        await self.page.goto(f"{self.home}/desk/")
        await self.page.locator('input[name="name"]').fill(login.name)
        await self.page.locator('input[name="password"]').fill(PASSWORD)
        await self.page.locator('input[name="code"]').fill(login.code())
        await self.page.locator("button.main").click()
        await self.page.locator("#queue").wait_for()

    async def open(self, path: str = "/desk/") -> None:
        await self.page.goto(f"{self.home}{path}")

    def rows(self) -> Locator:
        return self.page.locator("[data-row]")

    def said(self, kind: str | None = None) -> Locator:
        """Return the entries of the conversation, or only those of one kind."""
        return self.page.locator(".said" if kind is None else f".said.{kind}")

    async def reply(self, text: str) -> None:
        await self.page.locator("#text").fill(text)
        await self.page.locator("#send-button button").click()

    async def sideways(self) -> int:
        """Return by how many pixels the page is wider than the screen."""
        return int(
            await self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )
