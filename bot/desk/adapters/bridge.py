"""Keeps a desk elsewhere and ours the same: tells it of cases and of what clients write, carries out what agents do.

The gateway stays the owner: an agent's reply there is a reply here, in the epoch of now, and leaves by our outbox.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from bot.clock import Clock
from bot.desk.adapters.base import CLAIM, REPLY, RESOLVE, AgentAct, Case, DeskAdapter, DeskUnreachable, Entry
from bot.desk.masking import masked, masked_peer
from bot.desk.outgoing import refusal
from bot.handoff import states
from bot.handoff.agents import Agent, Agents, NotAllowed
from bot.messages import conversations, inbox
from bot.messages.loop import Loop
from bot.privacy.audit import AuditTrail
from bot.storage import Database
from bot.storage.database import insert_if_new
from bot.storage.desk_tables import agent, desk_link, desk_request, handoff
from bot.storage.tables import conversation, inbound, outbound

logger = logging.getLogger(__name__)

POLL_SECONDS = 20.0
TOLD = 20
# Not sent, because it asked a client for a secret; the agent is told so by a note.
NOT_SENT = (
    "Not sent: the text reads like a question for a secret, or holds one. We never ask clients for one."
)
TOO_LATE = "Not sent: this request is over. The client is with the assistant again, or with somebody else."


@dataclass(frozen=True)
class _Work:
    """A case as it is now, its place at the other desk, and what the client wrote since."""

    case: Case
    external_id: str | None
    cursor: str
    entries: list[Entry]
    delivered: int
    over: bool
    epoch_told: int


class Bridge(Loop):
    """Goes through the open cases every POLL_SECONDS, and at once when a webhook hints at something."""

    def __init__(
        self,
        database: Database,
        desk: DeskAdapter,
        agents: Agents,
        audit: AuditTrail,
        clock: Clock,
        acted: Callable[[], None],
    ) -> None:
        super().__init__("desk bridge", clock, at_once=1)
        self._database = database
        self._desk = desk
        self._agents = agents
        self._audit = audit
        self._acted = acted
        self._next = 0.0

    def hint(self) -> None:
        """Something may have happened at the other desk."""
        self._next = 0.0
        self.wake()

    async def take(self, limit: int) -> list[int]:
        if self.clock() < self._next:
            return []
        self._next = self.clock() + POLL_SECONDS
        return [0]

    async def next_due(self) -> float | None:
        return self._next

    async def work(self, item: int) -> None:
        await self.synchronise()

    async def synchronise(self) -> None:
        """Bring every case that is open, or was at the last time, up to date on both sides."""
        for handoff_id in await self._database.run(_open_cases):
            try:
                await self._one(handoff_id)
            except DeskUnreachable as error:
                logger.warning("the desk does not answer: %s", error)

    async def _one(self, handoff_id: int) -> None:
        work = await self._database.run(_work, handoff_id)
        external_id = work.external_id
        if external_id is None:
            external_id = await self._desk.open(work.case)
            await self._database.run(_link, work.case, external_id)
        if work.entries or work.case.epoch != work.epoch_told:
            await self._desk.append(external_id, work.entries, work.delivered, work.case.epoch)
            await self._database.run(_delivered, work)
        # Also when it is over: who has answered at the last moment hears that it was too late.
        acts, cursor = await self._desk.poll(external_id, work.cursor)
        for note in await self._database.run(self._carry_out, work.case, acts, cursor, work.over):
            await self._desk.note(external_id, note)
        if acts:
            self._acted()
        work = await self._database.run(_work, handoff_id)
        if work.over:
            await self._desk.close(external_id, work.case.epoch)
            await self._database.run(_close, handoff_id, self.clock())

    def _carry_out(
        self, connection: Connection, case: Case, acts: list[AgentAct], cursor: str, over: bool = False
    ) -> list[str]:
        """Do here what was done there, each act once; gives back what is to be noted there.

        Of a case that is `over` nothing is done any more.
        """
        now = self.clock()
        notes: list[str] = []
        for act in acts:
            if not insert_if_new(connection, desk_request, {"key": f"there-{act.id}"[:64], "at": now}):
                continue
            by = _agent_from_elsewhere(connection, act.agent, now)
            who = conversations.find(connection, case.conversation_id, lock=True)
            try:
                if over:
                    notes += [TOO_LATE] if act.kind == REPLY else []
                    continue
                if act.kind == CLAIM and who.state == states.QUEUED:
                    self._agents.take(connection, who.id, by, who.epoch, now)
                elif act.kind == REPLY and refusal(act.text):
                    notes.append(NOT_SENT)
                    self._audit.append(connection, by.actor, "reply_refused", now, conversation_id=who.id)
                    continue
                elif act.kind == REPLY:
                    self._agents.reply(connection, who.id, by, who.epoch, act.text, now)
                elif act.kind == RESOLVE and who.state in {states.ASSIGNED, states.HUMAN}:
                    owner = Agent(who.agent_id or by.id, by.name, by.shown_as, by.role)
                    seen = inbox.newest(connection, who.id)
                    self._agents.resolve(connection, who.id, owner, who.epoch, seen, "solved", "", now)
            except NotAllowed:
                logger.warning("an agent's %s came when it was not possible", act.kind)
                continue
            self._audit.append(connection, by.actor, act.kind, now, conversation_id=who.id)
        connection.execute(
            update(desk_link).where(desk_link.c.handoff_id == case.handoff_id).values(cursor=cursor)
        )
        return notes


def _open_cases(connection: Connection) -> list[int]:
    opened = (
        select(handoff.c.id)
        .join(conversation, conversation.c.handoff_id == handoff.c.id)
        .where(conversation.c.state.in_(sorted(states.IN_CASE)))
    )
    linked = select(desk_link.c.handoff_id).where(desk_link.c.closed_at.is_(None))
    found = {int(row[0]) for query in (opened, linked) for row in connection.execute(query)}
    return sorted(found)


def _work(connection: Connection, handoff_id: int) -> _Work:
    case_row = connection.execute(select(handoff).where(handoff.c.id == handoff_id)).one()
    who = conversations.find(connection, case_row.conversation_id)
    link = connection.execute(select(desk_link).where(desk_link.c.handoff_id == handoff_id)).first()
    since = link.inbound_id if link else (case_row.inbound_id or 0)
    rows = connection.execute(
        select(inbound)
        .where(inbound.c.conversation_id == who.id, inbound.c.id > since, inbound.c.consumer == "desk")
        .order_by(inbound.c.id)
    )
    entries = [Entry(row.id, _readable(row), row.received_at) for row in rows]
    case = Case(
        handoff_id=handoff_id,
        conversation_id=who.id,
        conversation=who.name,
        epoch=who.epoch,
        client=masked_peer(who.address.peer),
        channel=who.address.kind,
        language=who.language,
        packet={"reason": case_row.reason, **dict(case_row.packet or {})},
        told=_told(connection, who.id, case_row.created_at),
    )
    over = who.handoff_id != handoff_id or who.state not in states.IN_CASE
    return _Work(
        case,
        link.external_id if link else None,
        link.cursor if link else "",
        entries,
        link.delivered if link else 0,
        over,
        link.epoch if link else who.epoch,
    )


def _told(connection: Connection, conversation_id: int, until: float) -> list[str]:
    """The last turns before the hand-off, without secrets, each line with who said it."""
    lines: list[tuple[float, str]] = []
    for table, by, text, at in (
        (inbound, "client", inbound.c.content, inbound.c.received_at),
        (outbound, "assistant", outbound.c.text, outbound.c.created_at),
    ):
        query = select(text.label("text"), at.label("at")).where(
            table.c.conversation_id == conversation_id, at <= until
        )
        if table is inbound:
            query = query.where(inbound.c.kind == "text")
        rows = connection.execute(query.order_by(table.c.id.desc()).limit(TOLD))
        lines += [(row.at, f"{by}: {masked(row.text)}") for row in rows]
    return [line for _, line in sorted(lines)[-TOLD:]]


def _readable(row: Any) -> str:
    return masked(row.content) if row.kind == "text" else f"({row.kind})"


def _link(connection: Connection, case: Case, external_id: str) -> None:
    first = connection.execute(select(handoff.c.inbound_id).where(handoff.c.id == case.handoff_id)).scalar()
    insert_if_new(
        connection,
        desk_link,
        {
            "handoff_id": case.handoff_id,
            "conversation_id": case.conversation_id,
            "external_id": external_id,
            "inbound_id": first or 0,
            "delivered": 0,
            "cursor": "",
            "epoch": case.epoch,
        },
    )


def _delivered(connection: Connection, work: _Work) -> None:
    values = {"epoch": work.case.epoch, "delivered": desk_link.c.delivered + len(work.entries)}
    if work.entries:
        values["inbound_id"] = work.entries[-1].id
    connection.execute(
        update(desk_link).where(desk_link.c.handoff_id == work.case.handoff_id).values(**values)
    )


def _close(connection: Connection, handoff_id: int, now: float) -> None:
    connection.execute(update(desk_link).where(desk_link.c.handoff_id == handoff_id).values(closed_at=now))


def _agent_from_elsewhere(connection: Connection, name: str, now: float) -> Agent:
    """The row that stands for an agent of another desk; nobody can log in with it."""
    shown = (name or "agent")[:40]
    key = f"elsewhere/{shown}"
    if connection.execute(select(agent.c.id).where(agent.c.name == key)).first() is None:
        connection.execute(
            insert(agent).values(
                name=key,
                shown_as=shown,
                role="agent",
                password_hash="",
                totp_sealed="",
                totp_step=0,
                active=False,
                created_at=now,
            )
        )
    # Working there is being at the desk here.
    connection.execute(update(agent).where(agent.c.name == key).values(seen_at=now))
    row = connection.execute(select(agent).where(agent.c.name == key)).one()
    return Agent(row.id, row.name, row.shown_as, row.role)
