"""The objects that the desk's pages share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.clock import Clock
from bot.handoff.handoff_service import HandoffService
from bot.messages.signal import Signal
from bot.privacy.audit import AuditTrail
from bot.settings import Settings
from bot.storage import Database


@dataclass(frozen=True)
class DeskContext:
    """The objects that the desk's pages share."""

    database: Database
    handoffs: HandoffService
    settings: Settings
    key: str
    audit: AuditTrail
    changed: Signal
    clock: Clock
    acted: Callable[[], None]
