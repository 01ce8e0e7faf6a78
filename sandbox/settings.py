"""What the sandbox reads from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class SettingsError(Exception):
    """A setting is missing or wrong; the message is one line that says which."""


@dataclass(frozen=True)
class Settings:
    """The sandbox's settings.

    `port` is the loopback port to listen on, 0 for any free one. `gateway_port` is where text messages and notices
    are handed in; notices are sent where there is a `webhook_secret` to sign them with. `real_numbers` are the only
    ones whose messages go to a real phone. `controls` opens the routes under /sandbox that only tests need.
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
        return self.state_dir / "sandbox.db"

    @property
    def address_file(self) -> Path:
        """Where the address that the service listens on is written down, for `assistant link`."""
        return self.state_dir / "sandbox.url"

    @property
    def key_file(self) -> Path:
        return self.state_dir / "sandbox.key"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises SettingsError when one is missing or wrong.
    """
    needed = ("AUTH_BACKEND_TOKEN", "INTERNAL_TOKEN", "SANDBOX_PORT", "GATEWAY_PORT")
    missing = [name for name in needed if not environment.get(name, "").strip()]
    if missing:
        raise SettingsError(f"{' and '.join(missing)} must be set")
    controls = environment.get("SANDBOX_CONTROLS", "off").strip().lower() or "off"
    if controls not in {"on", "off"}:
        raise SettingsError("SANDBOX_CONTROLS must be on or off")
    return Settings(
        state_dir=Path(environment.get("STATE_DIR", "").strip() or "var"),
        port=_port(environment, "SANDBOX_PORT"),
        gateway_port=_port(environment, "GATEWAY_PORT"),
        backend_token=environment["AUTH_BACKEND_TOKEN"].strip(),
        internal_token=environment["INTERNAL_TOKEN"].strip(),
        webhook_secret=environment.get("AUTH_BACKEND_WEBHOOK_SECRET", "").strip(),
        controls=controls == "on",
        # The gateway checks them, and that they are numbers.
        real_numbers=frozenset(
            number.strip() for number in environment.get("SANDBOX_SMS_TO", "").split(",") if number.strip()
        ),
    )


def _port(environment: Mapping[str, str], name: str) -> int:
    text = environment[name].strip()
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise SettingsError(f"{name} must be a port number, 0 to 65535")
    return int(text)
