"""Ownership of a conversation: one compare-and-set per transition, with its event, in the caller's transaction.

The epoch is a fencing token: it grows with each transition. A reply of the assistant carries the epoch in which its
turn began. A caller names the epoch that it has seen; a later one refuses it (StaleEpochError).
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import insert, select, update

from bot.domain import AgentId, Awaiting, ConversationState, Epoch, HandoffId, OwnershipEvent
from bot.handoff import handoff_notices
from bot.handoff.schedule import AT_REST, BY_AGENT, IN_CASE, MAX_CASE_SECONDS, deadlines_of
from bot.messages import conversations, inbox
from bot.messages.conversations import Conversation
from bot.storage.desk_tables import handoff, handoff_event
from bot.storage.tables import conversation as conversation_table
from bot.storage.transaction import Transaction
from bot.telemetry import transition_total

CLIENT, ASSISTANT, TIMER = "client", "assistant", "timer"


class StaleEpochError(Exception):
    """The ownership has changed since the caller looked at the conversation."""


def transition(
    tx: Transaction,
    conversation: Conversation,
    to: ConversationState,
    *,
    event: OwnershipEvent,
    actor: str,
    handoff_id: HandoffId | None = None,
    agent_id: AgentId | None = None,
    awaiting: Awaiting | None = None,
) -> Conversation:
    """Give the conversation a new owner and return it. Raises StaleEpochError when `conversation` is out of date.

    `handoff_id` is set when a case begins; otherwise the open case is kept, and dropped at ASSISTANT. When the
    assistant loses the conversation, its unanswered messages go to the desk.
    """
    case = None if to in AT_REST else handoff_id or conversation.handoff_id
    owner = agent_id if to in BY_AGENT else None
    changed = replace(
        conversation,
        state=to,
        epoch=Epoch(conversation.epoch + 1),
        agent_id=owner,
        handoff_id=case,
        awaiting=awaiting,
        state_since=tx.now,
        deadline_index=0,
        deadline_at=_deadline(tx, to, awaiting, case, since=tx.now, deadline_index=0),
    )
    _compare_and_set(tx, conversation, changed)
    handoff_notices.close_choices(tx, conversation.id)
    if conversation.state in {ConversationState.ASSISTANT, ConversationState.WRAPUP} and to not in {
        ConversationState.ASSISTANT,
        ConversationState.WRAPUP,
    }:
        inbox.leave_to_people(tx, conversation.id)
        conversations.change(tx, conversation.id, expected_input=None, expected_input_until=None)
    record_event(tx, changed, event=event, actor=actor, came_from=conversation.state)
    transition_total.labels(conversation.state, to).inc()
    return changed


def await_message(tx: Transaction, conversation: Conversation, whom: Awaiting | None) -> Conversation:
    """Keep the owner, and wait for `whom`; the deadlines start again."""
    deadline = _deadline(
        tx, conversation.state, whom, conversation.handoff_id, since=tx.now, deadline_index=0
    )
    changed = replace(
        conversation,
        awaiting=whom,
        state_since=tx.now,
        deadline_index=0,
        deadline_at=deadline,
    )
    _compare_and_set(tx, conversation, changed)
    return changed


def skip_to_deadline(
    tx: Transaction, conversation: Conversation, deadline_index: int, since: float | None = None
) -> Conversation:
    """Keep the owner, after `deadline_index` deadlines of its state. A new `since` restarts their clock."""
    since = conversation.state_since if since is None else since
    deadline = _deadline(
        tx,
        conversation.state,
        conversation.awaiting,
        conversation.handoff_id,
        since=since,
        deadline_index=deadline_index,
    )
    changed = replace(conversation, deadline_index=deadline_index, state_since=since, deadline_at=deadline)
    _compare_and_set(tx, conversation, changed)
    return changed


def postpone_deadline(tx: Transaction, conversation: Conversation, at: float) -> None:
    """Postpone the current deadline to `at`."""
    _compare_and_set(tx, conversation, replace(conversation, deadline_at=at))


def record_event(
    tx: Transaction,
    conversation: Conversation,
    *,
    event: OwnershipEvent,
    actor: str,
    came_from: ConversationState | None = None,
) -> None:
    """Record an event, with the conversation as it is after it."""
    tx.execute(
        insert(handoff_event).values(
            conversation_id=conversation.id,
            handoff_id=conversation.handoff_id,
            epoch=conversation.epoch,
            event=event,
            from_state=came_from or conversation.state,
            to_state=conversation.state,
            actor=actor,
            agent_id=conversation.agent_id,
            at=tx.now,
        )
    )


def require_epoch(conversation: Conversation, epoch: Epoch) -> None:
    """Raise StaleEpochError unless the conversation is still in `epoch`."""
    if conversation.epoch != epoch:
        raise StaleEpochError(f"epoch {conversation.epoch}, not {epoch}")


def _compare_and_set(tx: Transaction, before: Conversation, after: Conversation) -> None:
    done = tx.execute(
        update(conversation_table)
        .where(
            conversation_table.c.id == before.id,
            conversation_table.c.state == before.state,
            conversation_table.c.epoch == before.epoch,
        )
        .values(
            state=after.state,
            epoch=after.epoch,
            agent_id=after.agent_id,
            handoff_id=after.handoff_id,
            awaiting=after.awaiting,
            state_since=after.state_since,
            deadline_index=after.deadline_index,
            deadline_at=after.deadline_at,
        )
    )
    if done.rowcount != 1:
        raise StaleEpochError(f"not {before.state} in epoch {before.epoch} any more")


def _deadline(
    tx: Transaction,
    state: ConversationState,
    awaiting: Awaiting | None,
    case: int | None,
    *,
    since: float,
    deadline_index: int,
) -> float | None:
    """Return when the state's next deadline is due: at the latest when the case is a day old."""
    if state in AT_REST:
        return None
    planned = deadlines_of(state, awaiting)
    due = since + planned[min(deadline_index, len(planned) - 1)].after
    if case is None or state not in IN_CASE:
        return due
    began = tx.execute(select(handoff.c.created_at).where(handoff.c.id == case)).scalar_one()
    return min(due, float(began) + MAX_CASE_SECONDS)
