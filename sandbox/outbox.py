"""Text messages that wait for delivery, oldest first for each client."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, fields

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from sandbox.keys import Keys
from sandbox.storage import sms

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
GIVE_UP_AFTER = 120.0


@dataclass(frozen=True)
class WaitingSms:
    """A message to deliver. `id` stays the same over all tries, so that the receiver can drop repeats."""

    id: str
    client: str
    number: str
    tries: int
    created_at: float
    next_try_at: float
    sealed_text: bytes = field(repr=False)


def put(tx: Connection, keys: Keys, *, client: str, number: str, text: str, now: float) -> None:
    """Queue a message, in the transaction of what it is about."""
    tx.execute(
        insert(sms).values(
            id=f"SM{secrets.token_hex(16)}",
            client=client,
            number=number,
            sealed_text=keys.seal(text),
            state="queued",
            tries=0,
            created_at=now,
            next_try_at=now,
        )
    )


def next_of_each_client(tx: Connection) -> list[WaitingSms]:
    """The oldest queued message of each client, due or not: the ones behind it must wait for it."""
    rows = tx.execute(select(sms).where(sms.c.state == "queued").order_by(sms.c.sequence)).mappings()
    heads: dict[str, WaitingSms] = {}
    for row in rows:
        if row["client"] not in heads:
            heads[row["client"]] = WaitingSms(**{each.name: row[each.name] for each in fields(WaitingSms)})
    return list(heads.values())


def mark_done(tx: Connection, message: WaitingSms, state: str) -> None:
    """Take the message off the queue as "delivered" or "given_up", and forget its text."""
    done = {"state": state, "tries": message.tries + 1, "sealed_text": None}
    tx.execute(update(sms).where(sms.c.id == message.id).values(**done))


def mark_failed(tx: Connection, message: WaitingSms, now: float) -> bool:
    """Note a failed try: the next one comes after 0.2 s, then twice that, up to 5 s.

    Returns False when the message was given up instead, two minutes after it was queued.
    """
    if now - message.created_at >= GIVE_UP_AFTER:
        mark_done(tx, message, "given_up")
        return False
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(message.tries, 10))
    again = {"tries": message.tries + 1, "next_try_at": now + pause}
    tx.execute(update(sms).where(sms.c.id == message.id).values(**again))
    return True
