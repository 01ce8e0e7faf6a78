"""How one setting is read: from the environment or the file `.env`, parsed, and refused in one line."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from starlette.config import Config

T = TypeVar("T")
Parser = Callable[[str], T]

ENV_FILE = Path(".env")
LEAST_TOKEN_LENGTH = 32


class SettingsError(Exception):
    """A setting is missing or wrong; the message is one line, fit to be shown as it is."""


class Reader:
    """Reads one setting after the other and turns what is wrong into a SettingsError."""

    def __init__(self, environ: Mapping[str, str] | None, env_file: Path) -> None:
        try:
            self.config = Config(
                env_file if env_file.is_file() else None, os.environ if environ is None else environ
            )
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{env_file} cannot be read: {error}") from error

    def __call__(self, name: str, parse: Parser[T], default: T) -> T:
        text = self.config(name, default="").strip()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            raise SettingsError(f"{name} must be {error}") from None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# Each parser's ValueError finishes the sentence "NAME must be ...".


def port_number(text: str) -> int:
    """A TCP port from 1 to 65535; ValueError otherwise."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise ValueError(f"a port from 1 to 65535, not {text!r}")
    return int(text)


def on_or_off(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError(f"on or off, not {text!r}")
    return text == "on"


def host(text: str) -> str:
    if any(sign in text for sign in " /@[]"):
        raise ValueError(f"a host name or an address without a port, not {text!r}")
    return text


def http_url(text: str) -> str:
    return _url(text, ("http", "https"), "an http:// or https:// address")


def public_url(text: str) -> str:
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
    wanted = "sqlite:///FILE or postgresql://..."
    file = text.removeprefix("sqlite:///")
    if file == text and text.startswith("postgresql://") and len(text) > len("postgresql://"):
        return text
    if file == text:
        # The rest of the address may hold a password.
        raise ValueError(f"{wanted}, not {text.split(':', 1)[0]}:...")
    if not file or file.startswith(":memory:"):
        raise ValueError(f"{wanted}: a database in memory would lose every message at a stop")
    return text


def token(text: str) -> str:
    if len(text) < LEAST_TOKEN_LENGTH:
        raise ValueError(f"at least {LEAST_TOKEN_LENGTH} characters long, not {len(text)}")
    return text


def fernet_key(text: str) -> str:
    try:
        valid = len(base64.b64decode(text, altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        valid = False
    if not valid:
        raise ValueError("a Fernet key: 32 bytes in URL-safe base64")
    return text


def positive_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1_000_000_000):
        raise ValueError(f"a whole number from 1 on, not {text!r}")
    return int(text)


def numbers(text: str) -> frozenset[str]:
    found = frozenset(number.strip() for number in text.split(","))
    if not all(re.fullmatch(r"\+[1-9]\d{6,14}", number) for number in found):
        raise ValueError("mobile numbers like +15550101234, with commas between them")
    return found


def webhook_secret(text: str) -> str:
    """A Standard Webhooks secret: 24 to 64 bytes in base64, with or without "whsec_" before it."""
    try:
        valid = 24 <= len(base64.b64decode(text.removeprefix("whsec_"), validate=True)) <= 64
    except (binascii.Error, ValueError):
        valid = False
    if not valid or not text.startswith("whsec_"):
        raise ValueError("whsec_ and 24 to 64 bytes in base64")
    return text
