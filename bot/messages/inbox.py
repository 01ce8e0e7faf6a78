"""The inbox: parse, then de-duplicate, decide and store in one transaction, and only then acknowledge."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import OperationalError

from bot.domain import Consumer, ConversationId, InboundId, InboundKind, InboundStatus, Notice
from bot.messages import conversations, notices, reachability
from bot.messages.conversations import Conversation
from bot.messages.intake import IntakeDecision, IntakeRules, PendingNotice
from bot.messages.parsing import InboundMessage, InboundParser, ParsedMessage
from bot.privacy.vault import Vault
from bot.storage import Database, inbound
from bot.storage.transaction import Transaction
from bot.telemetry import inbound_total, redacted_total, unusual_text_total
from knowledge import Knowledge

# Messages that share one commit.
MAX_BATCH = 50
MAX_EXTERNAL_ID_CHARACTERS = 200


@dataclass(frozen=True)
class Accepted:
    """The stored message's id, and how it was stored."""

    id: int
    duplicate: bool
    """The channel had delivered it before."""
    secret: bool = False
    """It held a password or the like, which was not stored."""


class Inbox:
    """Stores what comes in, once, and answers at once what needs no dialogue engine."""

    def __init__(
        self,
        database: Database,
        knowledge: Knowledge,
        vault: Vault,
        on_message_stored: Callable[[], None],
    ) -> None:
        self._database = database
        self._knowledge = knowledge
        self._vault = vault
        self._parser = InboundParser(knowledge)
        self._rules = IntakeRules(knowledge)
        self._on_message_stored = on_message_stored
        self._waiting: deque[tuple[ParsedMessage, asyncio.Future[Accepted]]] = deque()
        self._storing: asyncio.Task[None] | None = None

    async def accept(self, message: InboundMessage) -> Accepted:
        """Store `message`. When this returns it will be answered, whatever fails meanwhile."""
        parsed = self.parse(message)
        stored: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self._waiting.append((parsed, stored))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store_waiting())
        accepted = await stored
        outcome = "duplicate" if accepted.duplicate else "accepted"
        inbound_total.labels(message.address.channel, outcome).inc()
        self._on_message_stored()
        return accepted

    def parse(self, message: InboundMessage) -> ParsedMessage:
        """Parse `message`, outside any transaction."""
        return self._parser.parse(message)

    def store(self, tx: Transaction, parsed: ParsedMessage) -> Accepted:
        """Store a parsed message, and what follows from it at once."""
        conversation = self._open_conversation(tx, parsed.message)
        duplicate = _find_duplicate(tx, parsed.message)
        if duplicate is not None:
            return duplicate
        decision = self._rules.decide(parsed, conversation, tx.now)
        message_id = self._insert(tx, conversation, parsed, decision)
        reachability.apply(tx, conversation.id, decision.reachability)
        self._add_notices(tx, conversation, message_id, parsed.message, decision)
        _count(parsed, decision)
        return Accepted(message_id, duplicate=False, secret=bool(decision.redacted))

    def _open_conversation(self, tx: Transaction, message: InboundMessage) -> Conversation:
        language = conversations.first_language(self._knowledge, message.address, message.language_hint)
        return conversations.open_at(tx, message.address, language)

    def _insert(
        self, tx: Transaction, conversation: Conversation, parsed: ParsedMessage, decision: IntakeDecision
    ) -> InboundId:
        content = decision.content
        if decision.secret is not None:
            content = self._vault.seal(tx, conversation.id, decision.secret)
        is_for_desk = conversation.state in conversations.READ_BY_PEOPLE
        message_id = tx.insert(
            insert(inbound).values(
                conversation_id=conversation.id,
                external_id=_external_id(parsed.message),
                kind=decision.kind,
                content=content,
                consumer=Consumer.DESK if is_for_desk else Consumer.ASSISTANT,
                redacted=bool(decision.redacted),
                state=InboundStatus.DONE if decision.is_answered else InboundStatus.QUEUED,
                due_at=tx.now,
                received_at=tx.now,
            )
        )
        return InboundId(message_id)

    def _add_notices(
        self,
        tx: Transaction,
        conversation: Conversation,
        message_id: InboundId,
        message: InboundMessage,
        decision: IntakeDecision,
    ) -> None:
        about_delivery = [] if decision.is_answered else _delivery_notices(tx, conversation, message)
        for pending in (*about_delivery, *decision.notices):
            notices.add(
                tx,
                self._knowledge,
                conversation,
                pending.notice,
                message_id,
                choices=pending.choices,
                bypass_opt_out=pending.bypass_opt_out,
                values=pending.values,
            )

    async def _store_waiting(self) -> None:
        """Store all messages that wait: those that came during one commit share the next."""
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
            # Always in the same order, so that two gateways cannot wait for each other's conversations.
            batch.sort(key=lambda each: (each[0].message.address.channel, each[0].message.address.peer))
            results: Sequence[Accepted | Exception]
            try:
                results = await self._database.run_first(self._store_all, [parsed for parsed, _ in batch])
            except Exception as error:
                results = [error] * len(batch)
            for (_, stored), result in zip(batch, results, strict=True):
                if stored.done():
                    # The request was cancelled; the platform will deliver again.
                    continue
                if isinstance(result, Exception):
                    stored.set_exception(result)
                else:
                    stored.set_result(result)

    def _store_all(self, tx: Transaction, batch: Sequence[ParsedMessage]) -> list[Accepted | Exception]:
        """Store each message in a savepoint: one that cannot be stored fails alone."""
        results: list[Accepted | Exception] = []
        for parsed in batch:
            try:
                with tx.begin_nested():
                    results.append(self.store(tx, parsed))
            except OperationalError:
                # The connection failed, not the message: the whole batch is tried again.
                raise
            except Exception as error:
                results.append(error)
        return results


def leave_to_people(tx: Transaction, conversation_id: ConversationId) -> None:
    """Leave the conversation's unanswered messages to people: the assistant never answers them."""
    tx.execute(
        update(inbound)
        .where(inbound.c.conversation_id == conversation_id, inbound.c.state == InboundStatus.QUEUED)
        .values(consumer=Consumer.DESK, due_at=tx.now)
    )


def record_topic(tx: Transaction, message_id: InboundId, topic: str) -> None:
    """Record which topic the assistant recognised in a message."""
    tx.execute(update(inbound).where(inbound.c.id == message_id).values(topic=topic))


def newest(tx: Transaction, conversation_id: ConversationId) -> int:
    """Return the id of the client's newest message; 0 when there is none."""
    query = select(func.max(inbound.c.id)).where(inbound.c.conversation_id == conversation_id)
    return int(tx.execute(query).scalar() or 0)


def has_written(tx: Transaction, conversation_id: ConversationId, since: float) -> bool:
    """Return whether the client has written after that time."""
    query = select(inbound.c.id).where(
        inbound.c.conversation_id == conversation_id, inbound.c.received_at > since
    )
    return tx.execute(query.limit(1)).first() is not None


def has_later_message(tx: Transaction, conversation_id: ConversationId, message_id: InboundId) -> bool:
    """Return whether the client has written after that message."""
    query = select(inbound.c.id).where(
        inbound.c.conversation_id == conversation_id, inbound.c.id > message_id
    )
    return tx.execute(query.limit(1)).first() is not None


def is_open(tx: Transaction, conversation_id: ConversationId) -> bool:
    """Return whether a message of the conversation still waits for its answer."""
    query = select(inbound.c.id).where(
        inbound.c.conversation_id == conversation_id, inbound.c.state == InboundStatus.QUEUED
    )
    return tx.execute(query.limit(1)).first() is not None


def _external_id(message: InboundMessage) -> str:
    address = message.address
    return f"{address.channel}:{address.peer}:{message.external_id}"[:MAX_EXTERNAL_ID_CHARACTERS]


def _find_duplicate(tx: Transaction, message: InboundMessage) -> Accepted | None:
    query = select(inbound.c.id, inbound.c.redacted)
    row = tx.execute(query.where(inbound.c.external_id == _external_id(message))).first()
    return None if row is None else Accepted(int(row.id), duplicate=True, secret=bool(row.redacted))


def _delivery_notices(tx: Transaction, to: Conversation, message: InboundMessage) -> list[PendingNotice]:
    """Return what a client must know of messages that did not arrive, or may not: the latter once."""
    missed = notices.missed_by(tx, to)
    found = [PendingNotice(missed)] if missed else []
    is_unreliable = missed or to.address.peer.startswith(tuple(notices.SEND_ONLY))
    if message.telegram and is_unreliable and not notices.was_given(tx, to, Notice.TELEGRAM_INSTEAD):
        found.append(PendingNotice(Notice.TELEGRAM_INSTEAD, values={"bot": message.telegram}))
    return found


def _count(parsed: ParsedMessage, decision: IntakeDecision) -> None:
    for kind in decision.redacted:
        redacted_total.labels(kind).inc()
    if decision.kind not in {InboundKind.TEXT, InboundKind.CODE}:
        return
    channel = parsed.message.address.channel
    if parsed.is_slash_text:
        unusual_text_total.labels(channel, "slash").inc()
    if parsed.is_too_long:
        unusual_text_total.labels(channel, "too_long").inc()
