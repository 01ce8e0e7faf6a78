"""The desk's key, which seals second factors and the audit trail: DESK_KEY, else a file that is created once."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path

from bot.settings import Settings

FILE = "desk.key"


def desk_key(settings: Settings) -> str:
    """Return the Fernet key. Several machines must share one DESK_KEY."""
    if settings.desk.key:
        return settings.desk.key
    file = settings.state_dir / FILE
    if not file.exists():
        _make(file)
    return file.read_text(encoding="ascii").strip()


def audit_key(key: str) -> bytes:
    """Return the key of the audit trail, derived from the desk's key."""
    return hashlib.sha256(b"audit trail " + key.encode()).digest()


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    own = file.with_name(f"{FILE}.{secrets.token_hex(8)}")
    descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as new:
        new.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        new.flush()
        os.fsync(new.fileno())
    try:
        # Whole or not at all, and of several that start together the first one's.
        os.link(own, file)
    except FileExistsError:
        return
    finally:
        own.unlink()
