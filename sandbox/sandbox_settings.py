"""What the sandbox reads from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class SandboxSettingsError(Exception):
    """A setting is missing or wrong. The message is one line that names it."""


@dataclass(frozen=True)
class SandboxSettings:
    """The sandbox's settings.

    `port` is the loopback port to listen on, 0 for any free one. Text messages and notices are posted to
    `gateway_port`; notices need a `webhook_secret`. Messages to `real_numbers` alone go to a real phone. `controls`
    adds the routes under /sandbox, which only tests need.
    """

    state_dir: Path
    port: int
    gateway_port: int
    backend_token: str = field(repr=False)
    internal_token: str = field(repr=False)
    webhook_secret: str = field(repr=False, default="")
    controls: bool = False
    real_numbers: frozenset[str] = frozenset()

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.state_dir / "sandbox.db"

    @property
    def address_file(self) -> Path:
        """Holds the address that the service listens on, for `assistant link`."""
        return self.state_dir / "sandbox.url"

    @property
    def key_file(self) -> Path:
        """Holds the server key."""
        return self.state_dir / "sandbox.key"


def read_settings(environment: Mapping[str, str]) -> SandboxSettings:
    """Read the settings. Raises SandboxSettingsError if one is missing or wrong."""
    required = ("AUTH_BACKEND_TOKEN", "INTERNAL_TOKEN", "SANDBOX_PORT", "GATEWAY_PORT")
    missing = [name for name in required if not environment.get(name, "").strip()]
    if missing:
        raise SandboxSettingsError(f"{' and '.join(missing)} must be set")
    controls = environment.get("SANDBOX_CONTROLS", "off").strip().lower() or "off"
    if controls not in {"on", "off"}:
        raise SandboxSettingsError("SANDBOX_CONTROLS must be on or off")
    return SandboxSettings(
        state_dir=Path(environment.get("STATE_DIR", "").strip() or "var"),
        port=_port(environment, "SANDBOX_PORT"),
        gateway_port=_port(environment, "GATEWAY_PORT"),
        backend_token=environment["AUTH_BACKEND_TOKEN"].strip(),
        internal_token=environment["INTERNAL_TOKEN"].strip(),
        webhook_secret=environment.get("AUTH_BACKEND_WEBHOOK_SECRET", "").strip(),
        controls=controls == "on",
        # The gateway validates them.
        real_numbers=frozenset(
            number.strip() for number in environment.get("SANDBOX_SMS_TO", "").split(",") if number.strip()
        ),
    )


def _port(environment: Mapping[str, str], name: str) -> int:
    text = environment[name].strip()
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise SandboxSettingsError(f"{name} must be a port number, 0 to 65535")
    return int(text)
