"""The audit trail: who did what to whom, in rows that each seal the one before, so that no row can be changed unseen.

It never holds a message's text. The seal is an HMAC: who cannot read the key cannot make a chain that fits.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, insert, select

from bot.storage.desk_tables import audit
from bot.storage.transaction import Transaction

GENESIS = "0" * 64
# Any number, as long as nobody else on the PostgreSQL server takes it.
CHAIN_LOCK = 7_305_116_043


class AuditTrail:
    """Appends to the trail and checks it; `key` is the desk's."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def append(
        self,
        tx: Transaction,
        actor: str,
        action: str,
        *,
        conversation_id: int | None = None,
        epoch: int | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a row, in the transaction of what it tells of."""
        if tx.dialect == "postgresql":
            # One successor for each row: whoever comes second waits for the first to commit.
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
        """The id of the first row that does not fit the one before it; None when the whole trail holds."""
        previous = GENESIS
        for row in tx.execute(select(audit).order_by(audit.c.id)):
            values = {name: getattr(row, name) for name in _SEALED}
            if row.previous != previous or not hmac.compare_digest(row.digest, self._digest(values)):
                return int(row.id)
            previous = row.digest
        return None

    def _digest(self, row: Mapping[str, Any]) -> str:
        told = json.dumps([row[name] for name in _SEALED], sort_keys=True, ensure_ascii=False)
        return hmac.new(self._key, told.encode(), hashlib.sha256).hexdigest()


_SEALED = ("at", "actor", "action", "conversation_id", "epoch", "detail", "previous")
