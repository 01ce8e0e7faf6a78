"""The vault: a typed code waits here, sealed, for the one turn that it belongs to.

The key lives in the processes' memory alone (VAULT_KEY), so the database file by itself gives no code away,
and a restarted gateway can still open what it sealed. A turn that was cut off may open its code again; the end
of the turn, or KEPT_SECONDS, destroys it.
"""

from __future__ import annotations

import secrets

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import delete, insert, select

from bot.clock import Clock
from bot.storage import vault
from bot.storage.transaction import Transaction

KEPT_SECONDS = 120


class Vault:
    """Seals, opens and destroys, each inside the caller's transaction."""

    def __init__(self, key: str, clock: Clock) -> None:
        self._fernet = Fernet(key)
        self._clock = clock

    def seal(self, tx: Transaction, conversation_id: int, secret: str) -> str:
        """Put `secret` away for KEPT_SECONDS and give back its reference."""
        reference = secrets.token_urlsafe(16)
        tx.execute(
            insert(vault).values(
                reference=reference,
                conversation_id=conversation_id,
                sealed=self._fernet.encrypt(secret.encode()).decode(),
                expires_at=tx.now + KEPT_SECONDS,
            )
        )
        return reference

    def open(self, tx: Transaction, reference: str) -> str | None:
        """The secret behind `reference`; None when it is unknown, destroyed, expired or sealed by another key."""
        row = tx.execute(select(vault).where(vault.c.reference == reference)).first()
        if row is None or row.expires_at <= tx.now:
            return None
        try:
            return self._fernet.decrypt(row.sealed.encode()).decode()
        except InvalidToken:
            return None

    def destroy(self, tx: Transaction, reference: str) -> None:
        """Forget the secret behind `reference`."""
        tx.execute(delete(vault).where(vault.c.reference == reference))

    def sweep(self, tx: Transaction) -> None:
        """Forget everything whose time is over."""
        tx.execute(delete(vault).where(vault.c.expires_at <= tx.now))
