"""A client of the tasks: the actions with the real sandbox and a vault server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tenacity import wait_none

from actions.backend import Backend, Timeouts
from actions.vault_client import VaultClient
from knowledge import Knowledge
from tests.support.action_turn import ActionChat, TurnResult
from tests.support.asgi_server import AsgiServer
from tests.support.sandbox import NUMBER, RunningSandbox

VAULT_TOKEN = "vault-token-of-the-tests"
# The time limits of production, without the pauses between retries.
TIMEOUTS = Timeouts(connect=0.5, total=5.0, budget=6.0)

# One client for each language and channel. Both numbers are registered for a user.
WAYS = [
    ("en", "simulator.telegram:person-1"),
    ("ja", "simulator.telegram:person-1"),
    ("en", "simulator.sms:+447400123403"),
    ("ja", "simulator.sms:+819012345601"),
]


class FakeVault:
    """A real HTTP server with the one route of the gateway that actions call."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self.opened: list[str] = []
        routes = [Route("/internal/vault/redeem", self._redeem, methods=["POST"])]
        self.server = AsgiServer(Starlette(routes=routes))

    def seal(self, code: str) -> str:
        """Store a code and return a new reference."""
        reference = f"ref-{len(self._codes) + 1}"
        self._codes[reference] = code
        return reference

    async def _redeem(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {VAULT_TOKEN}":
            return Response(status_code=401)
        reference = (await request.json())["reference"]
        self.opened.append(reference)
        code = self._codes.get(reference)
        return JSONResponse({"secret": code}) if code else Response(status_code=404)


@contextmanager
def fake_vault() -> Iterator[FakeVault]:
    """Run a vault server for the block."""
    vault = FakeVault()
    with vault.server:
        yield vault


class TaskClient:
    """One client of the actions, with the sandbox and the vault that they use."""

    def __init__(self, chat: ActionChat, sandbox: RunningSandbox, vault: FakeVault) -> None:
        self.chat = chat
        self.sandbox = sandbox
        self.vault = vault

    @property
    def state(self) -> str | None:
        """The step of the task `verify_phone`; None when it is not on top."""
        topic, step = self.chat.position or ("", None)
        return step if topic == "verify_phone" else None

    def link(self, username: str) -> None:
        """Link the chat to a user, outside the conversation."""
        self.sandbox.link(username, self.chat.client)

    async def open_link(self, token: str, message: str | None = None) -> TurnResult:
        """Open a deep link: store its token in the vault and send the reference, as the gateway does."""
        return await self.chat.say("linking", message=message, link=self.vault.seal(token))

    async def name_number(self, number: str = NUMBER) -> TurnResult:
        """Send a number, up to the question whether to send a code to it."""
        return await self.chat.say("verify_phone", phone_number=number)

    async def get_code(self, number: str = NUMBER) -> str:
        """Let a code be sent, and return it."""
        await self.name_number(number)
        await self.chat.press("/affirm")
        return self.sandbox.phone.next_code()

    async def type_code(self, code: str, message: str | None = None) -> TurnResult:
        """Type a code: store it in the vault and send the reference, as the gateway does."""
        return await self.chat.say("inform", message=message, code=self.vault.seal(code))


@asynccontextmanager
async def open_task_client(
    knowledge: Knowledge,
    sandbox: RunningSandbox,
    vault: FakeVault,
    *,
    language: str = "en",
    client: str = "simulator.telegram:person-1",
) -> AsyncIterator[TaskClient]:
    """Yield a client on a running sandbox and vault."""
    opener = VaultClient(vault.server.url, VAULT_TOKEN)
    async with Backend(sandbox.url, sandbox.token, timeouts=TIMEOUTS, wait=wait_none()) as backend:
        chat = ActionChat(knowledge, backend, opener, language=language, client=client)
        yield TaskClient(chat, sandbox, vault)
    await opener.aclose()
