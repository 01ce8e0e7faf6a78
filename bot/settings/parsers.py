"""Parsers of settings. The message of each ValueError ends the sentence "NAME must be ..."."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from urllib.parse import urlsplit

MIN_TOKEN_CHARACTERS = 32
MAX_NUMBER = 1_000_000_000


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server that listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def port_number(text: str) -> int:
    """Parse a TCP port from 1 to 65535."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise ValueError(f"a port from 1 to 65535, not {text!r}")
    return int(text)


def on_or_off(text: str) -> bool:
    """Parse `on` or `off`."""
    if text not in ("on", "off"):
        raise ValueError(f"on or off, not {text!r}")
    return text == "on"


def host(text: str) -> str:
    """Parse a host name or an address without a port."""
    if any(sign in text for sign in " /@[]"):
        raise ValueError(f"a host name or an address without a port, not {text!r}")
    return text


def http_url(text: str) -> str:
    """Parse an http or https address; remove a slash at the end."""
    return _url(text, ("http", "https"), "an http:// or https:// address")


def https_url(text: str) -> str:
    """Parse an https address; remove a slash at the end."""
    return _url(text, ("https",), "an https:// address")


def _url(text: str, schemes: tuple[str, ...], wanted: str) -> str:
    try:
        parts = urlsplit(text)
        valid = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    else:
        if "@" in parts.netloc:
            raise ValueError(f"{wanted} without a user name or a password in it")
        valid = valid and not (parts.query or parts.fragment or any(sign.isspace() for sign in text))
    if not valid:
        raise ValueError(f"{wanted}, not {text!r}")
    return text.rstrip("/")


def database_url(text: str) -> str:
    """Parse the address of a SQLite file or of a PostgreSQL database."""
    wanted = "sqlite:///FILE or postgresql://..."
    file = text.removeprefix("sqlite:///")
    if file == text and text.startswith("postgresql://") and len(text) > len("postgresql://"):
        return text
    if file == text:
        # The rest of the address may contain a password.
        raise ValueError(f"{wanted}, not {text.split(':', 1)[0]}:...")
    if not file or file.startswith(":memory:"):
        raise ValueError(f"{wanted}: a database in memory would lose every message at a stop")
    return text


def token(text: str) -> str:
    """Parse a secret of at least MIN_TOKEN_CHARACTERS characters."""
    if len(text) < MIN_TOKEN_CHARACTERS:
        raise ValueError(f"at least {MIN_TOKEN_CHARACTERS} characters long, not {len(text)}")
    return text


def fernet_key(text: str) -> str:
    """Parse a Fernet key: 32 bytes in URL-safe base64."""
    try:
        valid = len(base64.b64decode(text, altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        valid = False
    if not valid:
        raise ValueError("a Fernet key: 32 bytes in URL-safe base64")
    return text


def positive_number(text: str) -> int:
    """Parse a whole number from 1 to MAX_NUMBER."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_NUMBER):
        raise ValueError(f"a whole number from 1 on, not {text!r}")
    return int(text)


def mobile_numbers(text: str) -> frozenset[str]:
    """Parse mobile numbers in E.164 form, separated by commas."""
    parsed = frozenset(number.strip() for number in text.split(","))
    if not all(re.fullmatch(r"\+[1-9]\d{6,14}", number) for number in parsed):
        raise ValueError("mobile numbers like +15550101234, with commas between them")
    return parsed


def webhook_secret(text: str) -> str:
    """Parse a secret of Standard Webhooks: whsec_ and 24 to 64 bytes in base64."""
    try:
        valid = 24 <= len(base64.b64decode(text.removeprefix("whsec_"), validate=True)) <= 64
    except (binascii.Error, ValueError):
        valid = False
    if not valid or not text.startswith("whsec_"):
        raise ValueError("whsec_ and 24 to 64 bytes in base64")
    return text
