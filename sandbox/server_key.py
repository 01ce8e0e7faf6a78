"""The server key. Codes and request bodies are stored as keyed digests, queued text messages encrypted."""

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


class ServerKey:
    """Digests and encryption under one key of 32 bytes. Raises ValueError for a key of another length."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the server key must be {KEY_BYTES} bytes long")
        self._key = key
        self._fernet = Fernet(base64.urlsafe_b64encode(self._mac("text message", b"")))

    def code_digest(self, challenge: str, code: str) -> str:
        """Return the digest of a code, bound to its challenge.

        It is keyed because a bare hash of six digits is inverted in well under a second.
        """
        return self._mac("code", f"{challenge} {code}".encode(errors="surrogatepass")).hex()

    def request_digest(self, method: str, path: str, content: Mapping[str, object]) -> str:
        """Return the digest by which a repeated request is recognised.

        It is keyed for the same reason: the content of a check is a code.
        """
        text = json.dumps([method, path, dict(content)], sort_keys=True)
        return self._mac("request", text.encode()).hex()

    def seal(self, text: str) -> bytes:
        """Encrypt a text."""
        return self._fernet.encrypt(text.encode())

    def unseal(self, sealed: bytes) -> str:
        """Decrypt what `seal` returned. Raises UnreadableTextError."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise UnreadableTextError from None

    def _mac(self, purpose: str, content: bytes) -> bytes:
        return hmac.new(self._key, purpose.encode() + b"\0" + content, hashlib.sha256).digest()


def load_server_key(path: Path) -> ServerKey:
    """Read the server key; create it at the first start, readable by its owner only.

    It is stored beside the database and not in it, so that a copy of the database alone reveals no code. Raises
    ValueError if the file does not hold a key, OSError if it cannot be read or created.
    """
    if not path.exists():
        _create_key(path)
    return ServerKey(path.read_bytes())


def _create_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        # The rename is atomic: an interrupted start leaves no partial key.
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
