"""Settings of the stack, read once from the environment or from a file `.env`; the environment wins.

An empty value counts as not set. Whatever is missing or wrong raises `SettingsError` with one line that
names the setting; values of secrets are never repeated in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.settings import reader as read
from bot.settings.desk import DeskSettings
from bot.settings.reader import ENV_FILE, Reader, SettingsError, is_loopback, port_number
from bot.settings.sms import SmsSettings
from bot.settings.telegram import TelegramSettings

__all__ = [
    "Settings",
    "SettingsError",
    "SmsSettings",
    "TelegramSettings",
    "env_file_values",
    "is_loopback",
    "port_number",
    "warnings",
]


@dataclass(frozen=True)
class Settings:
    """All settings, checked. Ports are TCP ports; 0 and "" stand for "not chosen yet" (see `in_stack`)."""

    state_dir: Path
    database_url: str = field(repr=False)
    public_url: str | None
    simulator: bool
    auth_backend_url: str | None
    auth_backend_token: str = field(repr=False)
    auth_backend_webhook_secret: str = field(repr=False)
    host: str
    gateway_port: int
    rasa_port: int
    actions_port: int
    sandbox_port: int
    internal_token: str = field(repr=False)
    vault_key: str = field(repr=False)
    telegram: TelegramSettings | None = None
    sms: SmsSettings | None = None
    desk: DeskSettings = field(default_factory=DeskSettings)

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None, env_file: Path = ENV_FILE) -> Settings:
        """The settings as they are now in `environ` (default: the process's) and `env_file`.

        Raises SettingsError.
        """
        value = Reader(environ, env_file)
        state_dir = Path(value("STATE_DIR", str, "var"))
        public_url = value("PUBLIC_URL", read.public_url, None)
        host = value("HOST", read.host, "127.0.0.1")
        # Whoever reaches the simulator can speak as any client, so it never listens to the outside.
        simulator = value("SIMULATOR", read.on_or_off, public_url is None and is_loopback(host))
        if simulator and not is_loopback(host):
            raise SettingsError(f"SIMULATOR must be off when HOST is not on loopback, and HOST is {host!r}")
        backend_url = value("AUTH_BACKEND_URL", read.http_url, None)
        backend_token = value("AUTH_BACKEND_TOKEN", str, "")
        if bool(backend_url) != bool(backend_token):
            given, missing = ("URL", "TOKEN") if backend_url else ("TOKEN", "URL")
            raise SettingsError(f"AUTH_BACKEND_{missing} must be set when AUTH_BACKEND_{given} is set")
        return cls(
            state_dir=state_dir,
            database_url=value("DATABASE_URL", read.database_url, f"sqlite:///{state_dir / 'assistant.db'}"),
            public_url=public_url,
            simulator=simulator,
            auth_backend_url=backend_url,
            auth_backend_token=backend_token,
            auth_backend_webhook_secret=value("AUTH_BACKEND_WEBHOOK_SECRET", read.webhook_secret, ""),
            host=host,
            gateway_port=value("GATEWAY_PORT", port_number, 8080),
            rasa_port=value("RASA_PORT", port_number, 0),
            actions_port=value("ACTIONS_PORT", port_number, 0),
            sandbox_port=value("SANDBOX_PORT", port_number, 0),
            internal_token=value("INTERNAL_TOKEN", read.token, ""),
            vault_key=value("VAULT_KEY", read.fernet_key, ""),
            telegram=TelegramSettings.read(value, public_url),
            sms=SmsSettings.read(value, public_url),
            desk=DeskSettings.read(value),
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
    value = Reader(environ, env_file)
    lines = []
    for name, needs in (
        ("TELEGRAM_WEBHOOK_SECRET", "TELEGRAM_BOT_TOKEN"),
        ("TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID"),
        ("SANDBOX_SMS_TO", "TWILIO_ACCOUNT_SID"),
    ):
        if value(name, str, "") and not value(needs, str, ""):
            lines.append(f"{name} is set, but {needs} is not, so that channel is not connected")
    if value("PUBLIC_URL", str, "") and value("SIMULATOR", str, "") == "on":
        lines.append("SIMULATOR is on although PUBLIC_URL is set: keep the proxy from passing /simulator on")
    return lines


def env_file_values(env_file: Path = ENV_FILE) -> dict[str, str]:
    """Every name and value in `env_file`, unchecked; {} when there is no such file."""
    return Reader({}, env_file).config.file_values
