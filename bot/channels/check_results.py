"""The results of the checks of `assistant doctor`."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.enums import StrEnum


class CheckLevel(StrEnum):
    """How serious a result is."""

    OK = "ok"
    """It works as intended."""
    NOTE = "note"
    """It works and could be better."""
    ERROR = "error"
    """It keeps the channel from working, or from being safe."""


@dataclass(frozen=True)
class CheckResult:
    """What a check found. `hint` says how to fix it; it is "" if there is nothing to fix."""

    level: CheckLevel
    message: str
    hint: str = ""

    @classmethod
    def ok(cls, message: str) -> CheckResult:
        """Return a result of level OK."""
        return cls(CheckLevel.OK, message)

    @classmethod
    def note(cls, message: str, hint: str) -> CheckResult:
        """Return a result of level NOTE."""
        return cls(CheckLevel.NOTE, message, hint)

    @classmethod
    def error(cls, message: str, hint: str) -> CheckResult:
        """Return a result of level ERROR."""
        return cls(CheckLevel.ERROR, message, hint)
