"""Messages that were not clear, recorded so that people can see where understanding is weak."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import func, select, update

from bot.domain import ConversationId, InboundId, InboundKind
from bot.messages.conversations import Conversation
from bot.storage import clarification as table
from bot.storage import inbound
from bot.storage.database import insert_if_new
from bot.storage.transaction import Transaction
from bot.telemetry import clarification_choice_total, clarification_total
from contracts.directives import RecordClarification
from contracts.enums import ClarificationKind
from contracts.payloads import Payload

NONE_OF_THEM = "out_of_scope"
_RANKS = ("first", "second")
MAX_NAME_CHARACTERS = 64


@dataclass(frozen=True)
class Clarification:
    """A message without a label, redacted as it was stored."""

    id: int
    language: str
    text: str
    candidates: tuple[str, ...]
    chosen: str | None


class PairCount(NamedTuple):
    """How often clients were asked about two topics, and what they chose; `second` is "" where there was only one."""

    first: str
    second: str
    asked: int
    first_chosen: int
    second_chosen: int
    neither: int


def record(
    tx: Transaction, conversation: Conversation, directive: RecordClarification, *, inbound_id: InboundId
) -> None:
    """Record that a message was not clear, once for each message."""
    new = insert_if_new(
        tx,
        table,
        {
            "conversation_id": conversation.id,
            "inbound_id": inbound_id,
            "kind": directive.kind,
            "candidates": [name[:MAX_NAME_CHARACTERS] for name in directive.candidates],
            "language": conversation.language,
            "created_at": tx.now,
        },
    )
    if new:
        clarification_total.labels(directive.kind.value).inc()


def note_choice(tx: Transaction, conversation_id: ConversationId, payload: str) -> None:
    """Record which candidate of the latest question the client chose, if `payload` is one of them."""
    row = tx.execute(
        select(table.c.id, table.c.candidates).where(
            table.c.id
            == select(func.max(table.c.id))
            .where(table.c.conversation_id == conversation_id)
            .scalar_subquery(),
            table.c.kind == ClarificationKind.ASKED,
            table.c.chosen.is_(None),
        )
    ).first()
    chosen = _intent(payload)
    if row is None or chosen not in {*row.candidates, NONE_OF_THEM}:
        return
    tx.execute(update(table).where(table.c.id == row.id).values(chosen=chosen))
    rank = row.candidates.index(chosen) if chosen in row.candidates else len(_RANKS)
    clarification_choice_total.labels(_RANKS[rank] if rank < len(_RANKS) else "none").inc()


def list_unlabelled(tx: Transaction, limit: int) -> list[Clarification]:
    """Return the latest messages without a label; only texts, no buttons."""
    rows = tx.execute(
        select(table, inbound.c.content)
        .join(inbound, inbound.c.id == table.c.inbound_id)
        .where(table.c.labelled_at.is_(None), inbound.c.kind == InboundKind.TEXT)
        .order_by(table.c.id.desc())
        .limit(limit)
    ).all()
    return [
        Clarification(row.id, row.language, row.content, tuple(row.candidates), row.chosen) for row in rows
    ]


def count_pairs(tx: Transaction) -> list[PairCount]:
    """Count the choices for each pair of candidates, the pair most often asked about first."""
    asked: Counter[tuple[str, str]] = Counter()
    chosen: Counter[tuple[str, str, str]] = Counter()
    query = select(table.c.candidates, table.c.chosen).where(table.c.kind == ClarificationKind.ASKED)
    for row in tx.execute(query).all():
        pair = (row.candidates[0], row.candidates[1]) if len(row.candidates) > 1 else (row.candidates[0], "")
        asked[pair] += 1
        if row.chosen:
            chosen[(pair[0], pair[1], row.chosen)] += 1
    return [
        PairCount(
            one, two, count, chosen[one, two, one], chosen[one, two, two], chosen[one, two, NONE_OF_THEM]
        )
        for (one, two), count in asked.most_common()
    ]


def mark_labelled(tx: Transaction, ids: Iterable[int]) -> None:
    """Mark messages as labelled."""
    tx.execute(update(table).where(table.c.id.in_(list(ids))).values(labelled_at=tx.now))


def _intent(payload: str) -> str | None:
    try:
        return Payload.parse(payload).intent
    except ValueError:
        return None
