"""What the backend tells the assistant by itself: queued with what it is about, signed, delivered in the background."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping

from sqlalchemy import insert
from sqlalchemy.engine import Connection

from sandbox.storage import notices


def put(tx: Connection, type: str, client: str, data: Mapping[str, object], now: float) -> None:
    """Queue a notice for a chat, in the transaction of what it is about."""
    tx.execute(
        insert(notices).values(
            id=f"nt_{secrets.token_urlsafe(16)}",
            client=client,
            body=json.dumps({"type": type, "client": client, "data": dict(data)}),
            state="queued",
            tries=0,
            created_at=now,
            next_try_at=now,
        )
    )
