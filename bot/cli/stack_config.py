"""The parts of a stack: the settings chosen for one run, and the processes with their environments."""

from __future__ import annotations

import base64
import secrets
import sys
from collections.abc import Mapping
from dataclasses import replace

from bot.cli.ports import LOOPBACK, free_ports
from bot.cli.supervisor import ProcessSpec
from bot.settings import Settings
from contracts.enums import StrEnum


class StackProcess(StrEnum):
    """The processes of a stack, in the order of their start; the value is the name in the log."""

    SANDBOX = "sandbox"
    """The stand-in auth backend."""
    ACTIONS = "actions"
    """The action server."""
    RASA = "rasa"
    """The Rasa server."""
    GATEWAY = "gateway"
    """The gateway."""


MODULES = {
    StackProcess.SANDBOX: "sandbox.server",
    StackProcess.ACTIONS: "actions.server",
    StackProcess.RASA: "nlu.server",
    StackProcess.GATEWAY: "bot.app",
}
COMMON_ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # With a buffer, the last lines of a killed process would be lost.
    "PYTHONUNBUFFERED": "1",
}
# Rasa's arrays are small: with a thread per core its threads only wait for each other and for the gateway.
RASA_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}
# Secrets, and the processes that get them.
SECRET_READERS = {
    "VAULT_KEY": {StackProcess.GATEWAY},
    "DATABASE_URL": {StackProcess.GATEWAY},
    "AUTH_BACKEND_URL": {StackProcess.ACTIONS, StackProcess.SANDBOX},
    "AUTH_BACKEND_TOKEN": {StackProcess.ACTIONS, StackProcess.SANDBOX},
    "AUTH_BACKEND_WEBHOOK_SECRET": {StackProcess.GATEWAY, StackProcess.SANDBOX},
}
GATEWAY_ONLY_PREFIXES = ("TELEGRAM_", "TWILIO_", "DESK_", "CHATWOOT_")


def has_sandbox(settings: Settings) -> bool:
    """Return whether the stack needs the sandbox because no auth backend is set."""
    return settings.auth_backend_url is None


def complete_settings(settings: Settings) -> Settings:
    """Return the settings with free ports, random secrets and the auth backend where they were not set."""
    set_ports = (settings.gateway_port, settings.rasa_port, settings.actions_port, settings.sandbox_port)
    rasa_port, actions_port, sandbox_port = free_ports(3, excluded=set_ports)
    sandbox_port = settings.sandbox_port or sandbox_port
    return replace(
        settings,
        rasa_port=settings.rasa_port or rasa_port,
        actions_port=settings.actions_port or actions_port,
        sandbox_port=sandbox_port,
        # Random for each run and never stored, so that a copy of the disk does not open the vault.
        internal_token=settings.internal_token or secrets.token_urlsafe(32),
        vault_key=settings.vault_key or base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        auth_backend_url=settings.auth_backend_url or f"http://{LOOPBACK}:{sandbox_port}",
        auth_backend_token=settings.auth_backend_token or secrets.token_urlsafe(32),
        auth_backend_webhook_secret=settings.auth_backend_webhook_secret or _webhook_secret(settings),
    )


def _webhook_secret(settings: Settings) -> str:
    """Return a random secret for the sandbox; "" for a real backend, whose notices are then not accepted."""
    if not has_sandbox(settings):
        return ""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def stack_environment(settings: Settings, model: str, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the stack: `inherited` (the caller's and `.env`) and the completed settings."""
    chosen = {
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
    return {**inherited, **chosen, **COMMON_ENVIRONMENT}


def process_specs(env: Mapping[str, str], *, sandbox: bool) -> list[ProcessSpec]:
    """Return the processes of a stack, each with its part of `env`."""
    return [
        ProcessSpec(
            process,
            [sys.executable, "-m", module],
            {**_visible_to(process, env), **(RASA_ENVIRONMENT if process is StackProcess.RASA else {})},
        )
        for process, module in MODULES.items()
        if process is not StackProcess.SANDBOX or sandbox
    ]


def _visible_to(process: StackProcess, env: Mapping[str, str]) -> dict[str, str]:
    """Return `env` without the secrets that the process does not need; Rasa gets the fewest."""
    return {
        name: value
        for name, value in env.items()
        if process in SECRET_READERS.get(name, {process})
        and (process is StackProcess.GATEWAY or not name.startswith(GATEWAY_ONLY_PREFIXES))
    }
