"""The audit trail: what agents and operators did. Each row's digest covers the row before, so a change shows.

It never holds a message's text. The digest is an HMAC: nobody can forge a chain without the key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, insert, select

from bot.domain import ConversationId, Epoch
from bot.storage.desk_tables import audit
from bot.storage.transaction import Transaction

GENESIS = "0" * 64
# Any number that nothing else on the PostgreSQL server uses.
CHAIN_LOCK = 7_305_116_043


class AuditTrail:
    """Appends to the trail and verifies it."""

    def __init__(self, key: bytes) -> None:
        """`key` is the desk's audit key."""
        self._key = key

    def append(
        self,
        tx: Transaction,
        actor: str,
        action: str,
        *,
        conversation_id: ConversationId | None = None,
        epoch: Epoch | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Append a row, in the transaction of the action that it records."""
        if tx.dialect == "postgresql":
            # Each row has one successor: a second transaction waits until the first has committed.
            tx.execute(select(func.pg_advisory_xact_lock(CHAIN_LOCK)))
        last = tx.execute(select(audit.c.digest).order_by(audit.c.id.desc()).limit(1)).scalar()
        row = {
            "at": tx.now,
            "actor": actor,
            "action": action,
            "conversation_id": conversation_id,
            "epoch": epoch,
            "detail": dict(detail or {}),
            "previous": str(last or GENESIS),
        }
        tx.execute(insert(audit).values(**row, digest=self._digest(row)))

    def first_broken(self, tx: Transaction) -> int | None:
        """Return the id of the first row that does not match the one before it; None when the trail is intact."""
        previous = GENESIS
        for row in tx.execute(select(audit).order_by(audit.c.id)):
            values = {name: getattr(row, name) for name in _COVERED}
            if row.previous != previous or not hmac.compare_digest(row.digest, self._digest(values)):
                return int(row.id)
            previous = row.digest
        return None

    def _digest(self, row: Mapping[str, Any]) -> str:
        text = json.dumps([row[name] for name in _COVERED], sort_keys=True, ensure_ascii=False)
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


_COVERED = ("at", "actor", "action", "conversation_id", "epoch", "detail", "previous")
