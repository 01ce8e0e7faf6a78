"""What a check of the set-up finds, in plain words for whoever operates the assistant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True)
class Finding:
    """`what` is the case; `mend` says how to change it ("" where there is nothing to change)."""

    level: Level
    what: str
    mend: str = ""


def ok(what: str) -> Finding:
    """Something is as it should be."""
    return Finding("ok", what)


def note(what: str, mend: str) -> Finding:
    """Something works, and could be better."""
    return Finding("note", what, mend)


def wrong(what: str, mend: str) -> Finding:
    """Something keeps the channel from working, or from being safe."""
    return Finding("wrong", what, mend)
