"""How a setting is declared, and how its value is read from the environment or the file `.env`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from starlette.config import Config

T = TypeVar("T")
Parser = Callable[[str], T]

ENV_FILE = Path(".env")


class SettingsError(Exception):
    """A setting is missing or invalid. The message is one line and names the setting."""


@dataclass(frozen=True)
class Setting(Generic[T]):
    """One setting: its name in the environment, its parser, its default, and what it is for.

    `parse` raises ValueError with the end of the sentence "NAME must be ...". `default_text` describes a default
    that depends on other settings.
    """

    name: str
    parse: Parser[T]
    default: T
    summary: str
    default_text: str = ""


class SettingsSource:
    """The environment and the file `.env`. The environment takes precedence."""

    def __init__(self, environ: Mapping[str, str] | None, env_file: Path) -> None:
        try:
            self._config = Config(
                env_file if env_file.is_file() else None, os.environ if environ is None else environ
            )
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{env_file} cannot be read: {error}") from error

    @property
    def file_values(self) -> dict[str, str]:
        """Every name and value in the file, unchecked."""
        return self._config.file_values

    def text(self, setting: Setting[Any]) -> str:
        """Return the value as it was written, without surrounding space; "" if it is not set."""
        return str(self._config(setting.name, default="")).strip()

    def read(self, setting: Setting[T]) -> T:
        """Return the parsed value, or the default if it is not set. Raise SettingsError if it is invalid."""
        text = self.text(setting)
        if not text:
            return setting.default
        try:
            return setting.parse(text)
        except ValueError as error:
            raise SettingsError(f"{setting.name} must be {error}") from None


def require(setting: Setting[Any], value: object, condition: str) -> None:
    """Raise SettingsError if `value` is empty although `condition` holds, such as "PUBLIC_URL is set"."""
    if not value:
        raise SettingsError(f"{setting.name} must be set when {condition}")


def require_both(source: SettingsSource, first: Setting[Any], second: Setting[Any]) -> None:
    """Raise SettingsError if only one of the two settings is set."""
    for given, missing in ((first, second), (second, first)):
        if source.text(given):
            require(missing, source.text(missing), f"{given.name} is set")


def declared_in(namespace: Mapping[str, object]) -> Iterable[Setting[Any]]:
    """List the settings among the values of `namespace`, such as `vars(module)`, in order of declaration."""
    return [value for value in namespace.values() if isinstance(value, Setting)]
