"""What a platform has sent and nobody could read or store: kept for the operator, short, nameless, without secrets.

It is acknowledged all the same. Delivered again it would be no better, and would hold up what comes after it.
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

# Of each channel.
MOST_KEPT = 500
# Of one: so many characters, and so many levels.
LONGEST = 8_000
DEEPEST = 12
LARGEST = 9_999
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class DeadLetter:
    """`reason` says in a word or two why it was not taken; `content` is JSON of the same shape, shortened."""

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

    async def keep(self, channel: str, reason: str, what: Mapping[str, Any]) -> None:
        """Keep `what`, unless the same is there already. When this returns it may be acknowledged."""
        await self._database.run(keep, channel, reason, what)


def keep(tx: Transaction, channel: str, reason: str, what: Mapping[str, Any]) -> None:
    """As DeadLetters.keep; the oldest above MOST_KEPT are forgotten."""
    content = json.dumps(_Outline().of(what))
    values = {
        "channel": channel,
        "digest": hashlib.sha256(f"{channel} {_whole(what, content)}".encode()).hexdigest(),
        "reason": reason[:64],
        "content": content,
        "received_at": tx.now,
    }
    if insert_if_new(tx, table, values):
        of_channel = table.c.channel == channel
        kept = select(table.c.id).where(of_channel).order_by(table.c.id.desc())
        oldest = kept.offset(MOST_KEPT - 1).limit(1).scalar_subquery()
        tx.execute(delete(table).where(of_channel, table.c.id < oldest))


def newest(tx: Transaction, limit: int) -> list[DeadLetter]:
    """The newest of all channels, the oldest of them first."""
    rows = tx.execute(select(table).order_by(table.c.id.desc()).limit(limit)).all()
    return [
        DeadLetter(row.id, row.channel, row.reason, row.content, row.received_at) for row in reversed(rows)
    ]


def _whole(what: Mapping[str, Any], outline: str) -> str:
    try:
        return json.dumps(what, sort_keys=True)
    except RecursionError:
        return outline


class _Outline:
    """Copies a value as far as there is room. No text keeps what was called a secret, nor any digit (it may
    be a code's), and no number says who wrote."""

    def __init__(self) -> None:
        self._room = LONGEST

    def of(self, value: Any, depth: int = 0) -> Any:
        self._room -= 2
        if self._room <= 0 or depth > DEEPEST:
            return "..."
        if isinstance(value, Mapping):
            return {self._text(str(name)): self.of(one, depth + 1) for name, one in self._few(value.items())}
        if isinstance(value, list | tuple):
            return [self.of(one, depth + 1) for one in self._few(value)]
        if isinstance(value, str):
            return self._text(value)
        # An id would tell whose it is.
        return 0 if isinstance(value, int | float) and abs(value) > LARGEST else value

    def _few(self, items: Any) -> Any:
        for item in items:
            if self._room <= 0:
                return
            yield item

    def _text(self, text: str) -> str:
        short = text[: max(0, self._room)]
        self._room -= len(short)
        return _DIGIT.sub("#", redact(short).text)
