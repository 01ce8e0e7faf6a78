"""Settings of the stack, read once from the environment or from a file `.env`; the environment wins.

An empty value counts as not set. Whatever is missing or wrong raises `SettingsError` with one line that
names the setting; values of secrets are never repeated in it.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from starlette.config import Config

T = TypeVar("T")

ENV_FILE = Path(".env")
LEAST_TOKEN_LENGTH = 32
NOT_CONNECTED_YET = {"TELEGRAM_BOT_TOKEN": "Telegram", "TWILIO_ACCOUNT_SID": "Twilio"}


class SettingsError(Exception):
    """A setting is missing or wrong; the message is one line, fit to be shown as it is."""


@dataclass(frozen=True)
class Settings:
    """All settings, checked. Ports are TCP ports; 0 and "" stand for "not chosen yet" (see `in_stack`)."""

    state_dir: Path
    database_url: str = field(repr=False)
    public_url: str | None
    simulator: bool
    auth_backend_url: str | None
    auth_backend_token: str = field(repr=False)
    host: str
    gateway_port: int
    rasa_port: int
    actions_port: int
    sandbox_port: int
    internal_token: str = field(repr=False)
    vault_key: str = field(repr=False)

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None, env_file: Path = ENV_FILE) -> Settings:
        """The settings as they are now in `environ` (default: the process's) and `env_file`.

        Raises SettingsError.
        """
        value = _Reader(environ, env_file)
        state_dir = Path(value("STATE_DIR", str, "var"))
        public_url = value("PUBLIC_URL", _public_url, None)
        host = value("HOST", _host, "127.0.0.1")
        # Whoever reaches the simulator can speak as any client, so it never listens to the outside.
        simulator = value("SIMULATOR", _on_or_off, public_url is None and is_loopback(host))
        if simulator and not is_loopback(host):
            raise SettingsError(f"SIMULATOR must be off when HOST is not on loopback, and HOST is {host!r}")
        backend_url = value("AUTH_BACKEND_URL", _http_url, None)
        backend_token = value("AUTH_BACKEND_TOKEN", str, "")
        if bool(backend_url) != bool(backend_token):
            given, missing = ("URL", "TOKEN") if backend_url else ("TOKEN", "URL")
            raise SettingsError(f"AUTH_BACKEND_{missing} must be set when AUTH_BACKEND_{given} is set")
        return cls(
            state_dir=state_dir,
            database_url=value("DATABASE_URL", _database_url, f"sqlite:///{state_dir / 'assistant.db'}"),
            public_url=public_url,
            simulator=simulator,
            auth_backend_url=backend_url,
            auth_backend_token=backend_token,
            host=host,
            gateway_port=value("GATEWAY_PORT", port_number, 8080),
            rasa_port=value("RASA_PORT", port_number, 0),
            actions_port=value("ACTIONS_PORT", port_number, 0),
            sandbox_port=value("SANDBOX_PORT", port_number, 0),
            internal_token=value("INTERNAL_TOKEN", _token, ""),
            vault_key=value("VAULT_KEY", _fernet_key, ""),
        )

    def in_stack(self) -> Settings:
        """These settings, if they hold what only `assistant up` hands out; else SettingsError."""
        handed_out = {
            "INTERNAL_TOKEN": self.internal_token,
            "VAULT_KEY": self.vault_key,
            "RASA_PORT": self.rasa_port,
            "ACTIONS_PORT": self.actions_port,
        }
        for name, value in handed_out.items():
            if not value:
                raise SettingsError(f"{name} is not set: `assistant up` sets it and starts every part")
        return self

    @property
    def gateway_url(self) -> str:
        """Where this machine reaches the gateway, without a slash at the end."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.gateway_port}"


def warnings(environ: Mapping[str, str] | None = None, env_file: Path = ENV_FILE) -> list[str]:
    """One line for each setting that is allowed but will not do what its owner may expect."""
    value = _Reader(environ, env_file)
    lines = [
        f"{name} is set, but this version does not connect to {channel} yet"
        for name, channel in NOT_CONNECTED_YET.items()
        if value(name, str, "")
    ]
    if value("PUBLIC_URL", str, "") and value("SIMULATOR", str, "") == "on":
        lines.append("SIMULATOR is on although PUBLIC_URL is set: keep the proxy from passing /simulator on")
    return lines


def env_file_values(env_file: Path = ENV_FILE) -> dict[str, str]:
    """Every name and value in `env_file`, unchecked; {} when there is no such file."""
    return _Reader({}, env_file).config.file_values


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Reader:
    """Reads one setting after the other and turns what is wrong into a SettingsError."""

    def __init__(self, environ: Mapping[str, str] | None, env_file: Path) -> None:
        try:
            self.config = Config(
                env_file if env_file.is_file() else None, os.environ if environ is None else environ
            )
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{env_file} cannot be read: {error}") from error

    def __call__(self, name: str, parse: Callable[[str], T], default: T) -> T:
        text = self.config(name, default="").strip()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            raise SettingsError(f"{name} must be {error}") from None


# Each parser's ValueError finishes the sentence "NAME must be ...".


def port_number(text: str) -> int:
    """A TCP port from 1 to 65535; ValueError otherwise."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise ValueError(f"a port from 1 to 65535, not {text!r}")
    return int(text)


def _on_or_off(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError(f"on or off, not {text!r}")
    return text == "on"


def _host(text: str) -> str:
    if any(sign in text for sign in " /@[]"):
        raise ValueError(f"a host name or an address without a port, not {text!r}")
    return text


def _http_url(text: str) -> str:
    return _url(text, ("http", "https"), "an http:// or https:// address")


def _public_url(text: str) -> str:
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


def _database_url(text: str) -> str:
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


def _token(text: str) -> str:
    if len(text) < LEAST_TOKEN_LENGTH:
        raise ValueError(f"at least {LEAST_TOKEN_LENGTH} characters long, not {len(text)}")
    return text


def _fernet_key(text: str) -> str:
    try:
        valid = len(base64.b64decode(text, altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        valid = False
    if not valid:
        raise ValueError("a Fernet key: 32 bytes in URL-safe base64")
    return text
