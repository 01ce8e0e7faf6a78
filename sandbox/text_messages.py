"""What became of the text messages with codes."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.engine import Connection, RowMapping

from sandbox import links
from sandbox.challenges import Challenges
from sandbox.clock import Clock, iso
from sandbox.numbers import mask
from sandbox.phone_verifications import PURPOSE
from sandbox.problems import Answer, RefusalError
from sandbox.storage import sms


def deliveries(tx: Connection, codes: Challenges, client: str, id: str) -> Answer:
    """Each code that was sent for a verification, the newest first."""
    codes.find(tx, PURPOSE, id, client)
    found = select(sms).where(sms.c.challenge == id).order_by(sms.c.sequence.desc())
    return Answer(200, {"deliveries": [_shown(row) for row in tx.execute(found).mappings()]})


def last(tx: Connection, clock: Clock, client: str) -> Answer:
    """The last message to the linked user; to a stranger the last one that this chat asked for."""
    username = links.user_of(tx, client, clock.now())
    if username is not None:
        # Codes for linking were the chat's affair, not the user's.
        found = select(sms).where(sms.c.username == username, sms.c.purpose != "link")
    else:
        found = select(sms).where(sms.c.client == client, sms.c.purpose == PURPOSE)
    row = (
        tx.execute(found.order_by(sms.c.created_at.desc(), sms.c.sequence.desc()).limit(1)).mappings().first()
    )
    if row is None:
        raise RefusalError("not_found")
    return Answer(200, {**_shown(row), "purpose": row["purpose"], "number_masked": mask(row["number"])})


def _shown(row: RowMapping) -> dict[str, object]:
    # Given up: for two minutes nobody took it, and nobody said why.
    given_up = row["state"] == "given_up"
    return {
        "state": "undelivered" if given_up else row["state"],
        "reason": "unknown" if given_up else row["reason"],
        "sent_at": iso(row["created_at"]),
    }
