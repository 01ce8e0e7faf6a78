"""What the sandbox does with its server key: codes and request bodies are kept only as keyed digests,
and the text of a waiting text message only encrypted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

KEY_BYTES = 32


class UnreadableTextError(Exception):
    """A sealed text was made with another key, or is damaged."""


class Keys:
    """Digests and sealing under one server key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the server key must be {KEY_BYTES} bytes long")
        self._key = key
        self._fernet = Fernet(base64.urlsafe_b64encode(self._mac("text message", b"")))

    def code_digest(self, verification: str, code: str) -> str:
        """Digest a code for the verification that it was made for.

        Keyed, because a bare hash of six digits is undone in well under a second.
        """
        return self._mac("code", f"{verification} {code}".encode(errors="surrogatepass")).hex()

    def request_digest(self, method: str, path: str, content: Mapping[str, object]) -> str:
        """Digest a request, to recognise its repetition.

        Keyed for the same reason: the content of a check is a code.
        """
        text = json.dumps([method, path, dict(content)], sort_keys=True)
        return self._mac("request", text.encode()).hex()

    def seal(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def unseal(self, sealed: bytes) -> str:
        """Open what `seal` made. Raises UnreadableTextError."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise UnreadableTextError from None

    def _mac(self, purpose: str, content: bytes) -> bytes:
        return hmac.new(self._key, purpose.encode() + b"\0" + content, hashlib.sha256).digest()


def load_keys(path: Path) -> Keys:
    """Read the server key, making it at the first start, readable by its owner only.

    It lies beside the database, not in it, so that a copy of the database alone tells no code.
    Raises ValueError when the file does not hold a key, OSError when it cannot be read or made.
    """
    if not path.exists():
        _make_key(path)
    return Keys(path.read_bytes())


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        # A rename puts the whole key in place or nothing: a start that was cut short leaves no half key.
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
