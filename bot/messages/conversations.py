"""Conversations: one for each client on each channel."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, update

from bot.domain import (
    AgentId,
    Awaiting,
    ConversationId,
    ConversationState,
    Epoch,
    HandoffId,
    UnreachableReason,
)
from bot.storage import conversation
from bot.storage.database import insert_if_new
from bot.storage.transaction import Transaction
from contracts.enums import ChannelKind, ExpectedInput
from knowledge import Knowledge

# In these states inbound messages are for people.
READ_BY_PEOPLE = frozenset(
    {
        ConversationState.QUEUED,
        ConversationState.ASSIGNED,
        ConversationState.HUMAN,
        ConversationState.AFTER_HOURS,
        ConversationState.BLOCKED,
    }
)

# Built once: no query is more frequent.
_BY_ID = select(conversation).where(conversation.c.id == bindparam("which"))
_BY_ID_LOCKED = _BY_ID.with_for_update()
_BY_ADDRESS = select(conversation).where(
    conversation.c.channel == bindparam("channel"), conversation.c.peer == bindparam("peer")
)
_BY_ADDRESS_LOCKED = _BY_ADDRESS.with_for_update()


@dataclass(frozen=True)
class Address:
    """Where a client is reached: `channel` (`simulator.sms`, ...) and `peer` (a chat id, a number)."""

    channel: str
    peer: str

    @property
    def kind(self) -> str:
        """Return what the client holds in hand, also where it is simulated: a value of ChannelKind."""
        return self.channel.rpartition(".")[2]

    @property
    def client(self) -> str:
        """Return the reference by which the auth backend knows this chat."""
        return f"{self.channel}:{self.peer}"


@dataclass(frozen=True)
class Conversation:
    """A conversation as its row was when it was read."""

    id: ConversationId
    name: str
    address: Address
    language: str
    state: ConversationState
    epoch: Epoch
    expected_input: ExpectedInput | None
    expected_input_until: float
    outage_notified_at: float | None
    unreachable: UnreachableReason | None = None
    agent_id: AgentId | None = None
    handoff_id: HandoffId | None = None
    awaiting: Awaiting | None = None
    state_since: float = 0.0
    deadline_index: int = 0
    deadline_at: float | None = None

    def expects(self, now: float) -> ExpectedInput | None:
        """Return what the next message is expected to hold, or None."""
        return self.expected_input if now < self.expected_input_until else None


def find(tx: Transaction, conversation_id: ConversationId, *, lock: bool = False) -> Conversation:
    """Return the conversation with that id. With `lock` nobody else changes it until the transaction ends."""
    query = _BY_ID_LOCKED if lock else _BY_ID
    return _from_row(tx.execute(query, {"which": conversation_id}).one())


def find_by_address(tx: Transaction, address: Address) -> Conversation | None:
    """Return the conversation at `address`, or None when that client has never written."""
    row = tx.execute(_BY_ADDRESS, vars(address)).first()
    return _from_row(row) if row else None


def open_at(tx: Transaction, address: Address, language: str) -> Conversation:
    """Return the conversation at `address`, begun in `language` if it is new; locked, to keep messages in order."""
    row = tx.execute(_BY_ADDRESS_LOCKED, vars(address)).first()
    if row:
        return _from_row(row)
    insert_if_new(
        tx,
        conversation,
        {
            "name": secrets.token_hex(12),
            "channel": address.channel,
            "peer": address.peer,
            "language": language,
            "state": ConversationState.ASSISTANT,
            "epoch": 0,
            "created_at": tx.now,
        },
    )
    return _from_row(tx.execute(_BY_ADDRESS_LOCKED, vars(address)).one())


def change(tx: Transaction, conversation_id: ConversationId, **values: Any) -> None:
    """Set columns of a conversation."""
    tx.execute(update(conversation).where(conversation.c.id == conversation_id).values(**values))


def first_language(knowledge: Knowledge, address: Address, hint: str | None) -> str:
    """Return the language to begin in: the device's, else that of the number's country, else the default."""
    code = (hint or "").replace("_", "-").split("-")[0].lower()
    if code in knowledge.languages:
        return code
    if address.kind == ChannelKind.SMS:
        for language in knowledge.languages.values():
            if any(address.peer.startswith(f"+{prefix}") for prefix in language.calling_codes):
                return language.code
    return knowledge.default_language


def _from_row(row: Any) -> Conversation:
    return Conversation(
        id=row.id,
        name=row.name,
        address=Address(row.channel, row.peer),
        language=row.language,
        state=row.state,
        epoch=row.epoch,
        expected_input=row.expected_input,
        expected_input_until=row.expected_input_until or 0.0,
        outage_notified_at=row.outage_notified_at,
        unreachable=row.unreachable,
        agent_id=row.agent_id,
        handoff_id=row.handoff_id,
        awaiting=row.awaiting,
        state_since=row.state_since or 0.0,
        deadline_index=row.deadline_index,
        deadline_at=row.deadline_at,
    )
