"""The owner of a conversation: changed by one compare-and-set, with its event, in the caller's transaction.

The epoch is a fencing token: it grows with each change, and what the bot says carries the epoch in which its turn
began. Whoever acts on a conversation says in which epoch they saw it; a later one refuses them (`Moved`).
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import insert, select, update

from bot.domain import Awaiting, ConversationState
from bot.handoff import notices
from bot.handoff.states import ASSISTANT as ASSISTANT_STATE
from bot.handoff.states import AT_REST, BY_AGENT, IN_CASE, LONGEST_CASE_SECONDS, WRAPUP, steps
from bot.messages import conversations, inbox
from bot.messages.conversations import Conversation
from bot.storage.desk_tables import handoff, handoff_event
from bot.storage.tables import conversation
from bot.storage.transaction import Transaction
from bot.telemetry import transition_total

CLIENT, ASSISTANT, TIMER = "client", "assistant", "timer"


class Moved(Exception):
    """Somebody else has changed the conversation since it was looked at."""


def move(
    tx: Transaction,
    who: Conversation,
    to: str,
    *,
    event: str,
    actor: str,
    handoff_id: int | None = None,
    agent_id: int | None = None,
    awaiting: str | None = None,
) -> Conversation:
    """Give the conversation a new owner and give it back as it is then. Raises Moved when `who` is out of date.

    `handoff_id` is that of a case which begins; the one that is open is kept otherwise, and forgotten at
    ASSISTANT. Coming from the assistant, what it has not answered yet is from now on for people to read.
    """
    case = None if to in AT_REST else handoff_id or who.handoff_id
    owner = agent_id if to in BY_AGENT else None
    changed = replace(
        who,
        state=ConversationState(to),
        epoch=who.epoch + 1,
        agent_id=owner,
        handoff_id=case,
        awaiting=Awaiting(awaiting) if awaiting else None,
        state_since=tx.now,
        deadline_index=0,
        deadline_at=_deadline(tx, to, awaiting, case, since=tx.now, deadline_index=0),
    )
    _write(tx, who, changed)
    notices.close_choices(tx, who.id)
    if who.state in {ASSISTANT_STATE, WRAPUP} and to not in {ASSISTANT_STATE, WRAPUP}:
        inbox.leave_to_people(tx, who.id)
        conversations.change(tx, who.id, expected_input=None, expected_input_until=None)
    record(tx, changed, event=event, actor=actor, came_from=who.state)
    transition_total.labels(who.state, to).inc()
    return changed


def wait_for(tx: Transaction, who: Conversation, whom: str | None) -> Conversation:
    """The same owner, but it is now `whom` that the conversation waits for; their deadlines begin anew."""
    deadline = _deadline(tx, who.state, whom, who.handoff_id, since=tx.now, deadline_index=0)
    changed = replace(
        who,
        awaiting=Awaiting(whom) if whom else None,
        state_since=tx.now,
        deadline_index=0,
        deadline_at=deadline,
    )
    _write(tx, who, changed)
    return changed


def at_deadline(
    tx: Transaction, who: Conversation, deadline_index: int, since: float | None = None
) -> Conversation:
    """The same owner; `deadline_index` of the state's deadlines are over. A new `since` counts them from there."""
    since = who.state_since if since is None else since
    deadline = _deadline(
        tx, who.state, who.awaiting, who.handoff_id, since=since, deadline_index=deadline_index
    )
    changed = replace(who, deadline_index=deadline_index, state_since=since, deadline_at=deadline)
    _write(tx, who, changed)
    return changed


def look_again(tx: Transaction, who: Conversation, at: float) -> None:
    """Carry the present deadline out later, at `at`."""
    _write(tx, who, replace(who, deadline_at=at))


def record(
    tx: Transaction, who: Conversation, *, event: str, actor: str, came_from: str | None = None
) -> None:
    """Write down what happened to the conversation, as it is after that."""
    tx.execute(
        insert(handoff_event).values(
            conversation_id=who.id,
            handoff_id=who.handoff_id,
            epoch=who.epoch,
            event=event,
            from_state=came_from or who.state,
            to_state=who.state,
            actor=actor,
            agent_id=who.agent_id,
            at=tx.now,
        )
    )


def must_be(who: Conversation, epoch: int) -> None:
    """Raises Moved unless the conversation is still in `epoch`."""
    if who.epoch != epoch:
        raise Moved(f"epoch {who.epoch}, not {epoch}")


def _write(tx: Transaction, before: Conversation, after: Conversation) -> None:
    done = tx.execute(
        update(conversation)
        .where(
            conversation.c.id == before.id,
            conversation.c.state == before.state,
            conversation.c.epoch == before.epoch,
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
        raise Moved(f"not {before.state} in epoch {before.epoch} any more")


def _deadline(
    tx: Transaction, state: str, awaiting: str | None, case: int | None, *, since: float, deadline_index: int
) -> float | None:
    """When the next of the state's deadlines is due: at the latest when the case has lasted a day."""
    if state in AT_REST:
        return None
    planned = steps(state, awaiting)
    due = since + planned[min(deadline_index, len(planned) - 1)].after
    if case is None or state not in IN_CASE:
        return due
    began = tx.execute(select(handoff.c.created_at).where(handoff.c.id == case)).scalar_one()
    return min(due, float(began) + LONGEST_CASE_SECONDS)
