"""The gateway's parts on a real database, with a manual clock and a scripted dialogue engine."""

from __future__ import annotations

import asyncio
import base64
import itertools
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.conversation.engine import Engine
from bot.conversation.pipeline import Pipeline
from bot.conversation.worker import Worker
from bot.domain import InboundKind
from bot.handoff.handoff_service import HandoffService
from bot.messages import conversations, inbound_queue, outbound_queue
from bot.messages.conversations import Address, Conversation
from bot.messages.inbound_queue import ClaimedMessage
from bot.messages.inbox import Accepted, Inbox
from bot.messages.outbound_queue import OutboundMessage, Receipt
from bot.messages.parsing import InboundMessage
from bot.privacy.vault import Vault
from bot.settings.desk_settings import DeskSettings
from bot.storage import Database, conversation, inbound, outbound
from tests.support.asgi_server import AsgiServer
from tests.support.knowledge import KNOWLEDGE

VAULT_KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
TOKEN = "t" * 32
NUMBER = "+819012345678"
ENGLISH_NUMBER = "+15550101234"

_ids = itertools.count(1)


class ManualClock:
    """A clock that moves only on demand. UTC seconds since 1970."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.now += seconds


class Parts:
    """Inbox, outbox and vault on one database."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.knowledge = KNOWLEDGE
        self.woken = 0
        self.answered = 0
        self.vault = Vault(VAULT_KEY)
        self.inbox = Inbox(database, self.knowledge, self.vault, self._wake)
        self.handoffs = HandoffService(self.knowledge, DeskSettings())
        self.pipeline = Pipeline(self.vault, self.knowledge, self.handoffs)

    def _wake(self) -> None:
        self.woken += 1

    def _answered(self) -> None:
        self.answered += 1

    def worker(self, engine: Engine) -> Worker:
        """Return a worker on these parts; it is not started."""
        return Worker(self.database, engine, self.pipeline, self.clock, self._answered)

    async def claim_outbound(self, limit: int = 16) -> list[OutboundMessage]:
        """Claim outbound messages as the sender does."""
        return await self.database.run(outbound_queue.claim, limit)

    async def claim_inbound(self, limit: int = 8) -> list[ClaimedMessage]:
        """Claim inbound messages as the worker does."""
        return await self.database.run(inbound_queue.QUEUE.claim, limit)

    async def mark_sent(self, message: OutboundMessage, receipt: Receipt, *, is_last: bool = True) -> None:
        """Record that the channel accepted the next part."""
        await self.database.run(outbound_queue.mark_sent, message, receipt, is_last=is_last)

    async def restart(self) -> None:
        """Release all claimed messages, as the only gateway on a database does when it starts."""
        for queue in (inbound_queue.QUEUE, outbound_queue.QUEUE):
            await self.database.run(queue.release_all)

    async def work_off(self, worker: Worker) -> None:
        """Answer the messages that are due now, and return when that is done."""
        await asyncio.gather(*(worker.work(item) for item in await worker.claim(8)))

    async def texts(self, origin: str | None = None) -> list[str]:
        """Return the stored outbound texts in order, of all origins or of one."""
        where = {"origin": origin} if origin else {}
        return [row["text"] for row in await rows(self.database, outbound, **where)]

    async def states(self) -> list[str]:
        """Return the states of the stored messages in order: queued, done or dead."""
        return [row["state"] for row in await rows(self.database, inbound)]

    def notice(self, name: str, language: str = "en", channel: str = "sms") -> str:
        """Return one of the gateway's notices, as a client reads it."""
        return self.knowledge.text("notices", name, language, channel)

    async def receive(
        self,
        content: str,
        *,
        peer: str = NUMBER,
        channel: str = "simulator.sms",
        kind: str = InboundKind.TEXT,
        external_id: str | None = None,
        hint: str | None = None,
    ) -> Accepted:
        """Accept one message, with a new id unless one is given."""
        external_id = external_id or f"m{next(_ids)}"
        return await self.inbox.accept(
            InboundMessage(Address(channel, peer), external_id, InboundKind(kind), content, hint)
        )

    async def conversation(self, peer: str = NUMBER, channel: str = "simulator.sms") -> Conversation:
        """Return the conversation with `peer`, created if there is none."""
        address = Address(channel, peer)
        language = conversations.first_language(self.knowledge, address, None)
        return await self.database.run(conversations.open_at, address, language)

    async def change(self, peer: str = NUMBER, **values: Any) -> None:
        """Set columns of the conversation with `peer`."""
        await self.database.run(
            lambda tx: tx.execute(sa.update(conversation).where(conversation.c.peer == peer).values(**values))
        )


async def rows(database: Database, table: sa.Table, **where: Any) -> list[dict[str, Any]]:
    """Return the rows of `table` with these values, in the order of their primary key."""
    query = sa.select(table).order_by(*table.primary_key.columns)
    for name, value in where.items():
        query = query.where(table.c[name] == value)
    return await database.run(lambda tx: [dict(row._mapping) for row in tx.execute(query).all()])


def reply(
    *texts: str, choices: Sequence[tuple[str, str]] = (), language: str = "en", **more: Any
) -> dict[str, Any]:
    """Return an engine's answer: `texts`, the last with `choices` (title, payload), and `more` such as directives."""
    replies: list[dict[str, Any]] = [{"text": text, "buttons": []} for text in texts]
    if replies:
        replies[-1]["buttons"] = [{"title": title, "payload": payload} for title, payload in choices]
    return {"replies": replies, "directives": [], "language": language, **more}


def request_handoff(reason: str = "asked", priority: str = "normal", **context: Any) -> dict[str, Any]:
    """Return the directive to hand over as the engine sends it; `context` are fields of HandoffContext."""
    return {"type": "handoff", "reason": reason, "priority": priority, "context": context}


class FakeEngine:
    """The dialogue engine's end of the gateway's contract, on a loopback port, in its own thread.

    Each turn is answered by the next of `answers`, or by an echo in the turn's language when there is none: a dict
    is sent as JSON with status 200, bytes as they are with status 200, a number as a status without a body.
    `turns` holds the requests, `turn_seconds` is how long a turn takes.
    """

    def __init__(self) -> None:
        self.turns: list[dict[str, Any]] = []
        self.answers: deque[dict[str, Any] | bytes | int] = deque()
        self.turn_seconds = 0.0
        self._asked = threading.Semaphore(0)
        self._free = threading.Event()
        self._free.set()
        self._app = Starlette(
            routes=[
                Route("/webhooks/gateway/turns", self._turn, methods=["POST"]),
                Route("/livez", self._livez),
            ]
        )
        self._gone = False
        self._server = AsgiServer(self._app)
        self.port = self._server.port
        self.url = self._server.url

    def client(self) -> Engine:
        """Return the gateway's client of this engine."""
        return Engine(self.url, TOKEN)

    def forget(self) -> None:
        """Reset the engine: it listens, has no turns, and answers with echoes."""
        self.release()
        if self._gone:
            self.come_back()
        self.turns.clear()
        self.answers.clear()
        self._asked = threading.Semaphore(0)

    def hold(self) -> None:
        """Answer no turn until `release`."""
        self._free.clear()

    def release(self) -> None:
        """Answer the held turns."""
        self._free.set()

    async def asked(self, turns: int = 1) -> None:
        """Wait until this many more turns have been requested."""
        for _ in range(turns):
            assert await asyncio.to_thread(self._asked.acquire, timeout=20), "the engine was not asked"

    def go(self) -> None:
        """Refuse connections from now on."""
        self._server.stop()
        # Bound again at once, so that no other process gets the port.
        self._server = AsgiServer(self._app, self.port)
        self._gone = True

    def come_back(self) -> None:
        """Listen again, on the same port."""
        self._server.start()
        self._gone = False

    def __enter__(self) -> FakeEngine:
        self._server.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.release()
        if not self._gone:
            self._server.stop()

    async def _turn(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"error": "unauthorized"}, status_code=401)
        turn = await request.json()
        fields = {
            name: turn.get(name) for name in ("conversation", "message", "channel", "language", "client")
        }
        content = turn.get("payload"), turn.get("text")
        if not all(isinstance(field, str) and field for field in fields.values()) or content == (None, None):
            return JSONResponse({"error": "malformed"}, status_code=400)
        self.turns.append(turn)
        self._asked.release()
        # Chosen before the wait, so that an aborted turn does not use the answer of a later one.
        answer = self.answers.popleft() if self.answers else self._echo(turn)
        await asyncio.sleep(self.turn_seconds)
        await asyncio.to_thread(self._free.wait, 20)
        if isinstance(answer, int):
            return Response(status_code=answer)
        if isinstance(answer, bytes):
            return Response(answer)
        return JSONResponse(answer)

    def _echo(self, turn: dict[str, Any]) -> dict[str, Any]:
        return reply(f"you said {turn.get('text') or turn.get('payload')}", language=turn["language"])

    async def _livez(self, _: Request) -> Response:
        return PlainTextResponse("ok")
