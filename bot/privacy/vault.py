"""The vault: keeps a code or link token, sealed, for the one turn to which it belongs.

The key (VAULT_KEY) is in the memory of the processes alone, so the database by itself gives no secret away, and a
restarted gateway can still open what it sealed. An interrupted turn may open its secret again; the end of the turn
destroys it, or else the end of LIFETIME_SECONDS.
"""

from __future__ import annotations

import secrets

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import delete, insert, select

from bot.domain import ConversationId
from bot.storage import vault
from bot.storage.transaction import Transaction

LIFETIME_SECONDS = 120


class Vault:
    """Seals, opens and destroys, each inside the caller's transaction."""

    def __init__(self, key: str) -> None:
        self._fernet = Fernet(key)

    def seal(self, tx: Transaction, conversation_id: ConversationId, secret: str) -> str:
        """Seal `secret` for LIFETIME_SECONDS, and return its reference."""
        reference = secrets.token_urlsafe(16)
        tx.execute(
            insert(vault).values(
                reference=reference,
                conversation_id=conversation_id,
                sealed=self._fernet.encrypt(secret.encode()).decode(),
                expires_at=tx.now + LIFETIME_SECONDS,
            )
        )
        return reference

    def open(self, tx: Transaction, reference: str) -> str | None:
        """Return the secret behind `reference`; None when it is unknown, expired or sealed by another key."""
        row = tx.execute(select(vault).where(vault.c.reference == reference)).first()
        if row is None or row.expires_at <= tx.now:
            return None
        try:
            return self._fernet.decrypt(row.sealed.encode()).decode()
        except InvalidToken:
            return None

    def destroy(self, tx: Transaction, reference: str) -> None:
        """Delete the secret behind `reference`."""
        tx.execute(delete(vault).where(vault.c.reference == reference))

    def sweep(self, tx: Transaction) -> None:
        """Delete all expired secrets."""
        tx.execute(delete(vault).where(vault.c.expires_at <= tx.now))
