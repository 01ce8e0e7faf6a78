"""Puts the desk together for the gateway: its pages, and what it tells others."""

from __future__ import annotations

from collections.abc import Callable

from bot.clock import Clock
from bot.desk.keys import audit_key, desk_key
from bot.desk.web import Desk, DeskParts
from bot.handoff.service import HandoffService
from bot.messages.signal import Signal
from bot.privacy.audit import AuditTrail
from bot.settings import Settings
from bot.storage import Database


def desk(
    database: Database,
    handoffs: HandoffService,
    settings: Settings,
    changed: Signal,
    clock: Clock,
    acted: Callable[[], None],
) -> Desk:
    """The desk on the gateway's parts; `acted` is called when an agent has done something."""
    key = desk_key(settings)
    return Desk(
        DeskParts(
            database=database,
            handoffs=handoffs,
            settings=settings,
            key=key,
            audit=AuditTrail(audit_key(key)),
            changed=changed,
            clock=clock,
            acted=acted,
        )
    )
