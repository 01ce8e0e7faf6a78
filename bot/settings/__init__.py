"""The settings of the stack, read once from the environment or from a file `.env`.

The environment takes precedence, and an empty value counts as not set. A missing or invalid setting raises
`SettingsError` with one line that names it and never repeats a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.settings import general, sms_settings, telegram_settings
from bot.settings.declaration import ENV_FILE, Setting, SettingsError, SettingsSource, require_both
from bot.settings.desk_settings import DeskSettings
from bot.settings.parsers import is_loopback, port_number
from bot.settings.sms_settings import SmsSettings
from bot.settings.telegram_settings import TelegramMode, TelegramSettings

__all__ = [
    "Settings",
    "SettingsError",
    "SmsSettings",
    "TelegramMode",
    "TelegramSettings",
    "env_file_values",
    "is_loopback",
    "list_warnings",
    "port_number",
]


@dataclass(frozen=True)
class Settings:
    """All settings, checked. A port of 0 and a secret of "" are not chosen yet (see `in_stack`)."""

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
        """Read the settings from `environ` (default: that of this process) and `env_file`.

        Raise SettingsError.
        """
        source = SettingsSource(environ, env_file)
        state_dir = Path(source.read(general.STATE_DIR))
        public_url = source.read(general.PUBLIC_URL)
        host = source.read(general.HOST)
        simulator = source.read(general.SIMULATOR)
        if simulator is None:
            simulator = public_url is None and is_loopback(host)
        # Anyone who reaches the simulator can write as any client.
        if simulator and not is_loopback(host):
            raise SettingsError(f"SIMULATOR must be off when HOST is not on loopback, and HOST is {host!r}")
        auth_backend_url = source.read(general.AUTH_BACKEND_URL)
        require_both(source, general.AUTH_BACKEND_URL, general.AUTH_BACKEND_TOKEN)
        return cls(
            state_dir=state_dir,
            database_url=source.read(general.DATABASE_URL) or f"sqlite:///{state_dir / 'assistant.db'}",
            public_url=public_url,
            simulator=simulator,
            auth_backend_url=auth_backend_url,
            auth_backend_token=source.read(general.AUTH_BACKEND_TOKEN),
            auth_backend_webhook_secret=source.read(general.AUTH_BACKEND_WEBHOOK_SECRET),
            host=host,
            gateway_port=source.read(general.GATEWAY_PORT),
            rasa_port=source.read(general.RASA_PORT),
            actions_port=source.read(general.ACTIONS_PORT),
            sandbox_port=source.read(general.SANDBOX_PORT),
            internal_token=source.read(general.INTERNAL_TOKEN),
            vault_key=source.read(general.VAULT_KEY),
            telegram=TelegramSettings.read(source, public_url),
            sms=SmsSettings.read(source, public_url),
            desk=DeskSettings.read(source),
        )

    def in_stack(self) -> Settings:
        """Return these settings. Raise SettingsError if a value that `assistant up` chooses is missing."""
        chosen: list[tuple[Setting[str] | Setting[int], str | int]] = [
            (general.INTERNAL_TOKEN, self.internal_token),
            (general.VAULT_KEY, self.vault_key),
            (general.RASA_PORT, self.rasa_port),
            (general.ACTIONS_PORT, self.actions_port),
        ]
        for setting, value in chosen:
            if not value:
                raise SettingsError(
                    f"{setting.name} is not set: `assistant up` sets it and starts every process"
                )
        return self

    @property
    def gateway_url(self) -> str:
        """The address of the gateway on this machine, without a slash at the end."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.gateway_port}"


def list_warnings(environ: Mapping[str, str] | None = None, env_file: Path = ENV_FILE) -> list[str]:
    """Return one line for each setting that is valid but may not do what its owner expects."""
    source = SettingsSource(environ, env_file)
    warnings = [
        f"{setting.name} is set, but {required.name} is not, so that channel is not connected"
        for setting, required in (
            (telegram_settings.WEBHOOK_SECRET, telegram_settings.BOT_TOKEN),
            (sms_settings.AUTH_TOKEN, sms_settings.ACCOUNT_SID),
            (sms_settings.SANDBOX_SMS_TO, sms_settings.ACCOUNT_SID),
        )
        if source.text(setting) and not source.text(required)
    ]
    if source.text(general.PUBLIC_URL) and source.text(general.SIMULATOR) == "on":
        warnings.append(
            "SIMULATOR is on although PUBLIC_URL is set: keep the proxy from passing /simulator on"
        )
    return warnings


def env_file_values(env_file: Path = ENV_FILE) -> dict[str, str]:
    """Return every name and value in `env_file`, unchecked; {} if there is no such file."""
    return SettingsSource({}, env_file).file_values
