"""The operator's entries in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping

from bot.desk.desk_keys import audit_key, desk_key
from bot.domain import ConversationId
from bot.privacy.audit import AuditTrail
from bot.settings import Settings
from bot.storage.transaction import Transaction
from contracts.enums import StrEnum

OPERATOR = "operator"


class OperatorAction(StrEnum):
    """An operator's action on the command line."""

    SENDING_HALTED = "sending_halted"
    """Halted sending on a channel."""
    SENDING_RESUMED = "sending_resumed"
    """Resumed sending on a channel."""
    CLIENT_EXPORTED = "client_exported"
    """Exported the data of a client."""
    CLIENT_ERASED = "client_erased"
    """Erased the data of a client."""
    AGENT_ADDED = "agent_added"
    """Added an agent's account."""
    AGENT_RESET = "agent_reset"
    """Gave an account a new password and a new second factor."""
    AGENT_REMOVED = "agent_removed"
    """Removed an agent's account."""


def record_action(
    tx: Transaction,
    settings: Settings,
    action: OperatorAction,
    *,
    conversation_id: ConversationId | None = None,
    detail: Mapping[str, str] | None = None,
) -> None:
    """Append an action of the operator to the audit trail, in the transaction of what it describes."""
    trail = AuditTrail(audit_key(desk_key(settings)))
    trail.append(tx, OPERATOR, action.value, conversation_id=conversation_id, detail=detail)
