"""Messages that were not clear, written down so that people can see where understanding is weak."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update

from bot.messages.conversations import Conversation
from bot.storage import clarification as table
from bot.storage import inbound
from bot.storage.database import insert_if_new
from bot.storage.transaction import Transaction
from bot.telemetry import clarification_choice_total, clarification_total

NONE_OF_THEM = "out_of_scope"
_CHOICES = ("first", "second")


@dataclass(frozen=True)
class Clarification:
    """A message that nobody has labelled yet, redacted as it was stored."""

    id: int
    language: str
    text: str
    candidates: tuple[str, ...]
    chosen: str | None


def record(
    tx: Transaction, conversation: Conversation, directive: Mapping[str, Any], *, inbound_id: int
) -> None:
    """Record a `clarification` directive {why: asked | refused, candidates}, once for each message."""
    kind = "asked" if directive.get("why") == "asked" else "refused"
    new = insert_if_new(
        tx,
        table,
        {
            "conversation_id": conversation.id,
            "inbound_id": inbound_id,
            "kind": kind,
            "candidates": [str(name)[:64] for name in directive.get("candidates", ())],
            "language": conversation.language,
            "created_at": tx.now,
        },
    )
    if new:
        clarification_total.labels(kind).inc()


def note_choice(tx: Transaction, conversation_id: int, payload: str) -> None:
    """Note which of the candidates the client chose, if `payload` is one of those of the latest question."""
    row = tx.execute(
        select(table.c.id, table.c.candidates).where(
            table.c.id
            == select(func.max(table.c.id))
            .where(table.c.conversation_id == conversation_id)
            .scalar_subquery(),
            table.c.kind == "asked",
            table.c.chosen.is_(None),
        )
    ).first()
    chosen = payload.lstrip("/").partition("{")[0]
    if row is None or chosen not in {*row.candidates, NONE_OF_THEM}:
        return
    tx.execute(update(table).where(table.c.id == row.id).values(chosen=chosen))
    place = row.candidates.index(chosen) if chosen in row.candidates else len(_CHOICES)
    clarification_choice_total.labels(_CHOICES[place] if place < len(_CHOICES) else "none").inc()


def unlabelled(tx: Transaction, limit: int) -> list[Clarification]:
    """The latest messages that are waiting for a label. What was no text (a button) is left out."""
    rows = tx.execute(
        select(table, inbound.c.content)
        .join(inbound, inbound.c.id == table.c.inbound_id)
        .where(table.c.labelled_at.is_(None), inbound.c.kind == "text")
        .order_by(table.c.id.desc())
        .limit(limit)
    ).all()
    return [
        Clarification(row.id, row.language, row.content, tuple(row.candidates), row.chosen) for row in rows
    ]


def pairs(tx: Transaction) -> list[tuple[str, str, int, int, int, int]]:
    """(first, second, asked, first chosen, second chosen, neither), the pair most often asked about first."""
    asked: Counter[tuple[str, str]] = Counter()
    chosen: Counter[tuple[str, str, str]] = Counter()
    for row in tx.execute(select(table.c.candidates, table.c.chosen).where(table.c.kind == "asked")).all():
        pair = (row.candidates[0], row.candidates[1]) if len(row.candidates) > 1 else (row.candidates[0], "")
        asked[pair] += 1
        if row.chosen:
            chosen[(pair[0], pair[1], row.chosen)] += 1
    return [
        (one, two, count, chosen[one, two, one], chosen[one, two, two], chosen[one, two, NONE_OF_THEM])
        for (one, two), count in asked.most_common()
    ]


def close(tx: Transaction, numbers: Iterable[int]) -> None:
    """Mark messages as labelled."""
    wanted: Sequence[int] = list(numbers)
    tx.execute(update(table).where(table.c.id.in_(wanted)).values(labelled_at=tx.now))
