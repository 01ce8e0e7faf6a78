"""What waits for delivery, text messages and notices alike: oldest first for each client, tried again until taken."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import Table, insert, select, update
from sqlalchemy.engine import Connection, RowMapping

from sandbox.keys import Keys
from sandbox.storage import sms

FIRST_PAUSE = 0.2


@dataclass(frozen=True)
class Patience:
    """Seconds: the longest pause between two tries, and when a message is given up."""

    longest_pause: float
    give_up_after: float


FOR_SMS = Patience(5.0, 120.0)
FOR_NOTICES = Patience(60.0, 3 * 86_400.0)


def put(
    tx: Connection,
    keys: Keys,
    *,
    challenge: str,
    purpose: str,
    username: str | None,
    client: str,
    number: str,
    text: str,
    now: float,
    withheld: bool = False,
) -> None:
    """Queue a text message, in the transaction of what it is about. A withheld one only counts for the limits."""
    tx.execute(
        insert(sms).values(
            id=f"SM{secrets.token_hex(16)}",
            challenge=challenge,
            purpose=purpose,
            username=username,
            client=client,
            number=number,
            sealed_text=None if withheld else keys.seal(text),
            state="withheld" if withheld else "queued",
            tries=0,
            created_at=now,
            next_try_at=now,
        )
    )


def next_of_each_client(tx: Connection, table: Table) -> list[RowMapping]:
    """The oldest queued message of each client, due or not: the ones behind it must wait for it."""
    rows = tx.execute(select(table).where(table.c.state == "queued").order_by(table.c.sequence)).mappings()
    heads: dict[str, RowMapping] = {}
    for row in rows:
        heads.setdefault(row["client"], row)
    return list(heads.values())


def mark_done(
    tx: Connection, table: Table, message: RowMapping, state: str, reason: str | None = None
) -> None:
    """Take the message off the queue as delivered, undelivered or given_up; of a text message the text is forgotten."""
    done: dict[str, object] = {"state": state, "tries": message["tries"] + 1}
    if table is sms:
        done |= {"sealed_text": None, "reason": reason}
    tx.execute(update(table).where(table.c.id == message["id"]).values(**done))


def mark_failed(tx: Connection, table: Table, message: RowMapping, now: float, patience: Patience) -> bool:
    """Note a failed try: the next one comes after 0.2 s, then twice that, up to the longest pause.

    Returns False when the message was given up instead.
    """
    if now - message["created_at"] >= patience.give_up_after:
        mark_done(tx, table, message, "given_up")
        return False
    pause = min(patience.longest_pause, FIRST_PAUSE * 2 ** min(message["tries"], 20))
    again = {"tries": message["tries"] + 1, "next_try_at": now + pause}
    tx.execute(update(table).where(table.c.id == message["id"]).values(**again))
    return True
