"""Dead letters: updates that could not be parsed or stored, kept for the operator, short and without secrets.

They are acknowledged all the same: delivered again they would fail again, and hold up what comes after them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from bot.clock import Clock
from bot.privacy.redaction import redact
from bot.storage import Database
from bot.storage import dead_letter as table
from bot.storage.database import insert_if_new
from bot.storage.transaction import Transaction

# Per channel.
MAX_LETTERS = 500
# Per letter.
MAX_CHARACTERS = 8_000
MAX_DEPTH = 12
MAX_REASON_CHARACTERS = 64
# Larger numbers are ids, which tell who wrote.
MAX_NUMBER = 9_999
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class DeadLetter:
    """`reason` says in a few words why it was not stored; `content` is JSON of the same shape, shortened."""

    id: int
    channel: str
    reason: str
    content: str
    received_at: float


class DeadLetters:
    """Keeps dead letters."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def keep(self, channel: str, reason: str, update: Mapping[str, Any]) -> None:
        """Keep `update`, unless the same is kept already. When this returns it may be acknowledged."""
        await self._database.run(keep, channel, reason, update)


def keep(tx: Transaction, channel: str, reason: str, update: Mapping[str, Any]) -> None:
    """Keep one, as DeadLetters.keep does, and delete the oldest above MAX_LETTERS."""
    content = json.dumps(_Outline().of(update))
    values = {
        "channel": channel,
        "digest": hashlib.sha256(f"{channel} {_whole(update, content)}".encode()).hexdigest(),
        "reason": reason[:MAX_REASON_CHARACTERS],
        "content": content,
        "received_at": tx.now,
    }
    if insert_if_new(tx, table, values):
        of_channel = table.c.channel == channel
        kept = select(table.c.id).where(of_channel).order_by(table.c.id.desc())
        oldest = kept.offset(MAX_LETTERS - 1).limit(1).scalar_subquery()
        tx.execute(delete(table).where(of_channel, table.c.id < oldest))


def newest(tx: Transaction, limit: int) -> list[DeadLetter]:
    """Return the newest of all channels, in order."""
    rows = tx.execute(select(table).order_by(table.c.id.desc()).limit(limit)).all()
    return [
        DeadLetter(row.id, row.channel, row.reason, row.content, row.received_at) for row in reversed(rows)
    ]


def _whole(update: Mapping[str, Any], outline: str) -> str:
    try:
        return json.dumps(update, sort_keys=True)
    except RecursionError:
        return outline


class _Outline:
    """Copies a value as far as there is room, without secrets, without digits (they may be a code's) and ids."""

    def __init__(self) -> None:
        self._room = MAX_CHARACTERS

    def of(self, value: Any, depth: int = 0) -> Any:
        self._room -= 2
        if self._room <= 0 or depth > MAX_DEPTH:
            return "..."
        if isinstance(value, Mapping):
            return {self._text(str(name)): self.of(one, depth + 1) for name, one in self._few(value.items())}
        if isinstance(value, list | tuple):
            return [self.of(one, depth + 1) for one in self._few(value)]
        if isinstance(value, str):
            return self._text(value)
        return 0 if isinstance(value, int | float) and abs(value) > MAX_NUMBER else value

    def _few(self, items: Any) -> Any:
        for item in items:
            if self._room <= 0:
                return
            yield item

    def _text(self, text: str) -> str:
        short = text[: max(0, self._room)]
        self._room -= len(short)
        return _DIGIT.sub("#", redact(short).text)
