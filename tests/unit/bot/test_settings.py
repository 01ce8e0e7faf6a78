"""Settings: valid values are parsed, and an invalid one raises one clear line."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from bot.settings import (
    Settings,
    SettingsError,
    TelegramMode,
    TelegramSettings,
    env_file_values,
    list_warnings,
)

NO_FILE = Path("no-such-file.env")
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
TOKEN = "t" * 32
STACK = {"INTERNAL_TOKEN": TOKEN, "VAULT_KEY": KEY, "RASA_PORT": "5005", "ACTIONS_PORT": "5055"}


def read(**environ: str) -> Settings:
    return Settings.read(environ, NO_FILE)


def test_without_any_setting_everything_has_a_default() -> None:
    assert read() == Settings(
        state_dir=Path("var"),
        database_url="sqlite:///var/assistant.db",
        public_url=None,
        simulator=True,
        auth_backend_url=None,
        auth_backend_token="",
        auth_backend_webhook_secret="",
        host="127.0.0.1",
        gateway_port=8080,
        rasa_port=0,
        actions_port=0,
        sandbox_port=0,
        internal_token="",
        vault_key="",
    )


def test_an_empty_value_counts_as_not_set() -> None:
    names = ["DATABASE_URL", "STATE_DIR", "PUBLIC_URL", "SIMULATOR", "HOST", "GATEWAY_PORT", "VAULT_KEY"]
    assert Settings.read(dict.fromkeys(names, " "), NO_FILE) == read()


@pytest.mark.parametrize(
    ("name", "value", "field", "read_as"),
    [
        ("DATABASE_URL", "sqlite:////data/a.db", "database_url", "sqlite:////data/a.db"),
        ("DATABASE_URL", "postgresql://u:p@db/x", "database_url", "postgresql://u:p@db/x"),
        ("STATE_DIR", "/data", "database_url", "sqlite:////data/assistant.db"),
        ("STATE_DIR", "/data", "state_dir", Path("/data")),
        ("PUBLIC_URL", "https://help.example.com/", "public_url", "https://help.example.com"),
        ("PUBLIC_URL", "https://help.example.com", "simulator", False),
        ("HOST", "0.0.0.0", "simulator", False),
        ("HOST", "::1", "simulator", True),
        ("HOST", "localhost", "simulator", True),
        ("SIMULATOR", "off", "simulator", False),
        ("GATEWAY_PORT", "65535", "gateway_port", 65535),
        ("RASA_PORT", "1", "rasa_port", 1),
        ("INTERNAL_TOKEN", TOKEN, "internal_token", TOKEN),
        ("VAULT_KEY", KEY, "vault_key", KEY),
    ],
)
def test_a_valid_value_is_parsed(name: str, value: str, field: str, read_as: object) -> None:
    assert getattr(Settings.read({name: value}, NO_FILE), field) == read_as


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({"SIMULATOR": "maybe"}, "SIMULATOR must be on or off, not 'maybe'"),
        (
            {"SIMULATOR": "on", "HOST": "0.0.0.0"},
            "SIMULATOR must be off when HOST is not on loopback, and HOST is '0.0.0.0'",
        ),
        ({"GATEWAY_PORT": "0"}, "GATEWAY_PORT must be a port from 1 to 65535, not '0'"),
        ({"RASA_PORT": "65536"}, "RASA_PORT must be a port from 1 to 65535, not '65536'"),
        ({"ACTIONS_PORT": "80a"}, "ACTIONS_PORT must be a port from 1 to 65535, not '80a'"),
        ({"SANDBOX_PORT": "²"}, "SANDBOX_PORT must be a port from 1 to 65535, not '²'"),
        (
            {"PUBLIC_URL": "http://a.example"},
            "PUBLIC_URL must be an https:// address, not 'http://a.example'",
        ),
        ({"PUBLIC_URL": "https://"}, "PUBLIC_URL must be an https:// address, not 'https://'"),
        ({"PUBLIC_URL": "https://a:b"}, "PUBLIC_URL must be an https:// address, not 'https://a:b'"),
        ({"PUBLIC_URL": "https://a/?b"}, "PUBLIC_URL must be an https:// address, not 'https://a/?b'"),
        (
            {"AUTH_BACKEND_URL": "https://b.example"},
            "AUTH_BACKEND_TOKEN must be set when AUTH_BACKEND_URL is set",
        ),
        ({"AUTH_BACKEND_TOKEN": "x"}, "AUTH_BACKEND_URL must be set when AUTH_BACKEND_TOKEN is set"),
        (
            {"AUTH_BACKEND_URL": "ftp://b", "AUTH_BACKEND_TOKEN": "x"},
            "AUTH_BACKEND_URL must be an http:// or https:// address, not 'ftp://b'",
        ),
        (
            {"HOST": "0.0.0.0:80/x"},
            "HOST must be a host name or an address without a port, not '0.0.0.0:80/x'",
        ),
        (
            {"DATABASE_URL": "sqlite://"},
            "DATABASE_URL must be sqlite:///FILE or postgresql://..., not sqlite:...",
        ),
        (
            {"DATABASE_URL": "postgresql://"},
            "DATABASE_URL must be sqlite:///FILE or postgresql://..., not postgresql:...",
        ),
        (
            {"DATABASE_URL": "sqlite:///:memory:"},
            "DATABASE_URL must be sqlite:///FILE or postgresql://...: "
            "a database in memory would lose every message at a stop",
        ),
    ],
)
def test_an_invalid_value_is_one_line_that_names_the_setting(environ: dict[str, str], line: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.read(environ, NO_FILE)
    assert str(raised.value) == line


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        (
            {"DATABASE_URL": "mysql://u:hunter2@db/x"},
            "DATABASE_URL must be sqlite:///FILE or postgresql://...",
        ),
        ({"INTERNAL_TOKEN": "hunter2"}, "INTERNAL_TOKEN must be at least 32 characters long, not 7"),
        ({"VAULT_KEY": "hunter2"}, "VAULT_KEY must be a Fernet key: 32 bytes in URL-safe base64"),
        ({"VAULT_KEY": "hunter2" + "é" * 37}, "VAULT_KEY must be a Fernet key: 32 bytes in URL-safe base64"),
        (
            {"AUTH_BACKEND_URL": "https://u:hunter2@b", "AUTH_BACKEND_TOKEN": "x"},
            "AUTH_BACKEND_URL must be an http:// or https:// address without a user name or a password in it",
        ),
    ],
)
def test_an_invalid_secret_is_never_repeated(environ: dict[str, str], line: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.read(environ, NO_FILE)
    assert str(raised.value).startswith(line)
    assert "hunter2" not in str(raised.value)


def test_secrets_do_not_appear_in_repr() -> None:
    settings = read(
        **STACK,
        DATABASE_URL="postgresql://u:hunter2@db/x",
        AUTH_BACKEND_URL="https://b.example",
        AUTH_BACKEND_TOKEN="backend-secret",
    )
    shown = repr(settings)
    assert "https://b.example" in shown
    for secret in ("hunter2", "backend-secret", TOKEN, KEY):
        assert secret not in shown


def test_the_environment_takes_precedence_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text('# ports\nGATEWAY_PORT=9000\nHOST="127.0.0.2"\nSANDBOX_CONTROLS=on\n', encoding="utf-8")
    settings = Settings.read({"GATEWAY_PORT": "9001"}, file)
    assert (settings.gateway_port, settings.host) == (9001, "127.0.0.2")
    assert env_file_values(file)["SANDBOX_CONTROLS"] == "on"


def test_a_file_that_is_not_text_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"HOST=\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read") as raised:
        Settings.read({}, file)
    assert "\n" not in str(raised.value)


def test_a_gateway_started_without_the_stack_names_the_missing_setting() -> None:
    assert read(**STACK).in_stack().rasa_port == 5005
    for name in STACK:
        rest = {key: value for key, value in STACK.items() if key != name}
        with pytest.raises(SettingsError, match=f"^{name} is not set"):
            read(**rest).in_stack()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("::1", "http://[::1]:8080"),
    ],
)
def test_the_address_of_the_gateway_is_reachable_from_this_machine(host: str, url: str) -> None:
    assert read(HOST=host).gateway_url == url


TELEGRAM = {"TELEGRAM_BOT_TOKEN": "42:hunter2_token"}
SMS = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "hunter2",
    "TWILIO_FROM": "+1 (555) 010-1234",
    "PUBLIC_URL": "https://a.example/bot/",
}


def test_telegram_needs_only_a_token_and_then_polls() -> None:
    assert read().telegram is None
    telegram = read(**TELEGRAM).telegram
    assert telegram == TelegramSettings(
        "42:hunter2_token", TelegramMode.POLLING, "", "", "https://api.telegram.org"
    )


def test_telegram_uses_the_webhook_with_a_public_address() -> None:
    telegram = read(
        **TELEGRAM,
        PUBLIC_URL="https://a.example/",
        TELEGRAM_WEBHOOK_SECRET="hunter2-secret",
        TELEGRAM_API_BASE_URL="http://127.0.0.1:8081/",
    ).telegram
    assert telegram == TelegramSettings(
        "42:hunter2_token",
        TelegramMode.WEBHOOK,
        "https://a.example/webhooks/telegram",
        "hunter2-secret",
        "http://127.0.0.1:8081",
    )
    polling = read(**TELEGRAM, PUBLIC_URL="https://a.example", TELEGRAM_MODE="polling").telegram
    assert polling is not None
    assert (polling.mode, polling.webhook_url) == (TelegramMode.POLLING, "")


def test_sms_is_called_at_the_public_address() -> None:
    assert read().sms is None
    sms = read(**SMS).sms
    assert sms is not None
    assert (sms.sender, sms.webhook_url, sms.status_url, sms.api_base_url) == (
        "+15550101234",
        "https://a.example/bot/webhooks/sms",
        "https://a.example/bot/webhooks/sms/status",
        "https://api.twilio.com",
    )


def test_the_sandbox_may_send_codes_to_the_listed_numbers_only() -> None:
    sms = read(**SMS).sms
    assert sms is not None
    assert sms.sandbox_numbers == frozenset()
    named = read(**SMS, SANDBOX_SMS_TO="+15550101234, +819012345678").sms
    assert named is not None
    assert named.sandbox_numbers == {"+15550101234", "+819012345678"}


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        (
            {**TELEGRAM, "TELEGRAM_MODE": "webhook"},
            "PUBLIC_URL must be set for Telegram's webhook, or TELEGRAM_MODE to polling",
        ),
        (
            {**TELEGRAM, "PUBLIC_URL": "https://a.example"},
            "TELEGRAM_WEBHOOK_SECRET must be set for Telegram's webhook, or TELEGRAM_MODE to polling",
        ),
        ({"TELEGRAM_MODE": "push"}, "TELEGRAM_MODE must be polling or webhook, not 'push'"),
        (
            {"TELEGRAM_BOT_TOKEN": "hunter2"},
            "TELEGRAM_BOT_TOKEN must be the token that BotFather gave: digits, a colon, letters and digits",
        ),
        (
            {"TELEGRAM_WEBHOOK_SECRET": "hunter2 é"},
            "TELEGRAM_WEBHOOK_SECRET must be 1 to 256 characters out of A-Z, a-z, 0-9, _ and -",
        ),
        (
            {**SMS, "PUBLIC_URL": ""},
            "PUBLIC_URL must be set when TWILIO_ACCOUNT_SID is set",
        ),
        (
            {**SMS, "TWILIO_AUTH_TOKEN": ""},
            "TWILIO_AUTH_TOKEN must be set when TWILIO_ACCOUNT_SID is set",
        ),
        (
            {**SMS, "TWILIO_FROM": ""},
            "either TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID must be set when TWILIO_ACCOUNT_SID is set, "
            "and not both",
        ),
        (
            {**SMS, "TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 32},
            "either TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID must be set when TWILIO_ACCOUNT_SID is set, "
            "and not both",
        ),
        (
            {"TWILIO_FROM": "IBKR"},
            "TWILIO_FROM must be a number like +15550101234 or a short code, which clients can answer",
        ),
        (
            {"SANDBOX_SMS_TO": "+15550101234, 0901"},
            "SANDBOX_SMS_TO must be mobile numbers like +15550101234, with commas between them",
        ),
        (
            {"TWILIO_ACCOUNT_SID": "hunter2"},
            "TWILIO_ACCOUNT_SID must be AC and 32 letters and digits, as Twilio's console shows it",
        ),
    ],
)
def test_an_invalid_set_up_of_a_channel_is_one_line(environ: dict[str, str], line: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(**environ)
    assert str(raised.value) == line
    assert "hunter2" not in str(raised.value)


def test_the_secrets_of_the_channels_do_not_appear_in_repr() -> None:
    shown = repr(read(**TELEGRAM, **SMS, TELEGRAM_WEBHOOK_SECRET="hunter2-secret"))
    assert "AC000" in shown
    assert "hunter2" not in shown


def test_a_secret_of_a_channel_that_is_not_connected_gives_a_warning() -> None:
    assert list_warnings({}, NO_FILE) == []
    assert list_warnings({"TWILIO_AUTH_TOKEN": "x"}, NO_FILE) == [
        "TWILIO_AUTH_TOKEN is set, but TWILIO_ACCOUNT_SID is not, so that channel is not connected"
    ]
    assert list_warnings({**TELEGRAM, **SMS}, NO_FILE) == []


def test_a_simulator_behind_a_public_address_gives_a_warning() -> None:
    assert len(list_warnings({"SIMULATOR": "on", "PUBLIC_URL": "https://a.example"}, NO_FILE)) == 1
    assert list_warnings({"PUBLIC_URL": "https://a.example"}, NO_FILE) == []


def test_an_unknown_setting_is_not_an_error() -> None:
    assert read(NO_SUCH_SETTING="x") == read()
