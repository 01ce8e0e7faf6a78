"""Settings of the stack as a whole: addresses, the database, the auth backend, ports and internal secrets."""

from __future__ import annotations

from bot.settings import parsers
from bot.settings.declaration import Setting

GATEWAY_PORT = Setting(
    "GATEWAY_PORT",
    parsers.port_number,
    8080,
    "Port of the gateway. `assistant up --port` takes precedence.",
)
HOST = Setting("HOST", parsers.host, "127.0.0.1", "Address on which the gateway listens.")
PUBLIC_URL: Setting[str | None] = Setting(
    "PUBLIC_URL", parsers.https_url, None, "The https address at which Telegram and Twilio reach the gateway."
)
SIMULATOR: Setting[bool | None] = Setting(
    "SIMULATOR",
    parsers.on_or_off,
    None,
    "The simulator's page, `on` or `off`. Anyone who reaches it can write as any simulated client.",
    default_text="on, if HOST is on loopback and PUBLIC_URL is not set",
)
STATE_DIR = Setting("STATE_DIR", str, "var", "Folder of all databases and keys. One stack uses it at a time.")
DATABASE_URL: Setting[str | None] = Setting(
    "DATABASE_URL",
    parsers.database_url,
    None,
    "Database of the gateway: sqlite:///FILE or postgresql://...",
    default_text="SQLite in STATE_DIR",
)
AUTH_BACKEND_URL: Setting[str | None] = Setting(
    "AUTH_BACKEND_URL",
    parsers.http_url,
    None,
    "The brokerage's auth backend. Set both URL and token, or neither.",
    default_text="the sandbox",
)
AUTH_BACKEND_TOKEN = Setting("AUTH_BACKEND_TOKEN", str, "", "Token for the auth backend.")
AUTH_BACKEND_WEBHOOK_SECRET = Setting(
    "AUTH_BACKEND_WEBHOOK_SECRET",
    parsers.webhook_secret,
    "",
    "whsec_..., with which the auth backend signs its notices. Without it no notice is accepted.",
    default_text="random for the sandbox",
)
RASA_PORT = Setting(
    "RASA_PORT", parsers.port_number, 0, "Port of Rasa, on 127.0.0.1.", default_text="a free port"
)
ACTIONS_PORT = Setting(
    "ACTIONS_PORT",
    parsers.port_number,
    0,
    "Port of the action server, on 127.0.0.1.",
    default_text="a free port",
)
SANDBOX_PORT = Setting(
    "SANDBOX_PORT", parsers.port_number, 0, "Port of the sandbox, on 127.0.0.1.", default_text="a free port"
)
SANDBOX_CONTROLS = Setting(
    "SANDBOX_CONTROLS",
    parsers.on_or_off,
    False,
    "Controls of the sandbox for tests, `on` or `off`. Only the sandbox reads it.",
    default_text="off",
)
INTERNAL_TOKEN = Setting(
    "INTERNAL_TOKEN",
    parsers.token,
    "",
    "Secret between the processes. Leave it unset.",
    default_text="random at each start",
)
VAULT_KEY = Setting(
    "VAULT_KEY",
    parsers.fernet_key,
    "",
    "Key that seals codes for minutes. Leave it unset.",
    default_text="random at each start",
)
