"""What a stack consists of: the settings made up for one run, and the parts with their environment."""

from __future__ import annotations

import base64
import secrets
import sys
from collections.abc import Mapping
from dataclasses import replace

from bot.cli.ports import LOOPBACK, free_ports
from bot.cli.supervisor import Part
from bot.settings import Settings

MODULES = {
    "sandbox": "sandbox.server",
    "actions": "actions.server",
    "rasa": "nlu.server",
    "gateway": "bot.app",
}
FOR_EVERY_PROCESS = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # A log line that sits in a buffer is missing exactly when a part was killed.
    "PYTHONUNBUFFERED": "1",
}
# Rasa's arrays are small; a thread per core only makes its threads wait for each other and for the gateway.
# Secrets, and who needs them.
ONLY_FOR = {
    "VAULT_KEY": {"gateway"},
    "DATABASE_URL": {"gateway"},
    "AUTH_BACKEND_URL": {"actions", "sandbox"},
    "AUTH_BACKEND_TOKEN": {"actions", "sandbox"},
    "AUTH_BACKEND_WEBHOOK_SECRET": {"gateway", "sandbox"},
}
OF_THE_CHANNELS = ("TELEGRAM_", "TWILIO_", "DESK_", "CHATWOOT_")
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}


def has_sandbox(settings: Settings) -> bool:
    """Whether the stack needs the stand-in backend, because no backend is set."""
    return settings.auth_backend_url is None


def complete(settings: Settings) -> Settings:
    """The same settings with all chosen that was left open: free ports, random secrets, the backend."""
    chosen = (settings.gateway_port, settings.rasa_port, settings.actions_port, settings.sandbox_port)
    rasa, actions, sandbox = free_ports(3, taken=chosen)
    sandbox = settings.sandbox_port or sandbox
    return replace(
        settings,
        rasa_port=settings.rasa_port or rasa,
        actions_port=settings.actions_port or actions,
        sandbox_port=sandbox,
        # Random for each run and never written down: whoever copies the disk cannot open the vault.
        internal_token=settings.internal_token or secrets.token_urlsafe(32),
        vault_key=settings.vault_key or base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        auth_backend_url=settings.auth_backend_url or f"http://{LOOPBACK}:{sandbox}",
        auth_backend_token=settings.auth_backend_token or secrets.token_urlsafe(32),
        auth_backend_webhook_secret=settings.auth_backend_webhook_secret or _webhook_secret(settings),
    )


def _webhook_secret(settings: Settings) -> str:
    """One for the sandbox. A real backend's is its own: without it none of its notices is believed."""
    made = base64.b64encode(secrets.token_bytes(32)).decode()
    return f"whsec_{made}" if has_sandbox(settings) else ""


def environment(settings: Settings, model: str, outside: Mapping[str, str]) -> dict[str, str]:
    """What every part gets: `outside` (the caller's environment and `.env`) and the complete settings."""
    ours = {
        "STATE_DIR": str(settings.state_dir),
        "DATABASE_URL": settings.database_url,
        "PUBLIC_URL": settings.public_url or "",
        "SIMULATOR": "on" if settings.simulator else "off",
        "HOST": settings.host,
        "GATEWAY_PORT": str(settings.gateway_port),
        "RASA_PORT": str(settings.rasa_port),
        "ACTIONS_PORT": str(settings.actions_port),
        "SANDBOX_PORT": str(settings.sandbox_port),
        "INTERNAL_TOKEN": settings.internal_token,
        "VAULT_KEY": settings.vault_key,
        "AUTH_BACKEND_URL": settings.auth_backend_url or "",
        "AUTH_BACKEND_TOKEN": settings.auth_backend_token,
        "AUTH_BACKEND_WEBHOOK_SECRET": settings.auth_backend_webhook_secret,
        "MODEL": model,
    }
    return {**outside, **ours, **FOR_EVERY_PROCESS}


def parts(env: Mapping[str, str], *, sandbox: bool) -> list[Part]:
    """The processes of a stack, in the order of their names in the log."""
    return [
        Part(
            name,
            [sys.executable, "-m", module],
            {**_for(name, env), **(ONE_THREAD if name == "rasa" else {})},
        )
        for name, module in MODULES.items()
        if name != "sandbox" or sandbox
    ]


def _for(part: str, env: Mapping[str, str]) -> dict[str, str]:
    """What of the environment is that part's business; Rasa above all is told no secret that it does not need."""
    return {
        name: value
        for name, value in env.items()
        if part in ONLY_FOR.get(name, {part}) and (part == "gateway" or not name.startswith(OF_THE_CHANNELS))
    }
