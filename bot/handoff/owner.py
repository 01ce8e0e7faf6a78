"""The owner of a conversation: changed by one compare-and-set, with its event, in the caller's transaction.

The epoch is a fencing token: it grows with each change, and what the bot says carries the epoch in which its turn
began. Whoever acts on a conversation says in which epoch they saw it; a later one refuses them (`Moved`).
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from bot.handoff import notices
from bot.handoff.states import AT_REST, BOT, BY_AGENT, IN_CASE, LONGEST_CASE_SECONDS, WRAPUP, steps
from bot.messages import conversations, inbox
from bot.messages.conversations import Conversation
from bot.storage.desk_tables import handoff, handoff_event
from bot.storage.tables import conversation
from bot.telemetry import owner_total

CLIENT, BOT_ITSELF, TIMER = "client", "bot", "timer"


class Moved(Exception):
    """Somebody else has changed the conversation since it was looked at."""


def move(
    connection: Connection,
    who: Conversation,
    to: str,
    *,
    event: str,
    actor: str,
    now: float,
    handoff_id: int | None = None,
    agent_id: int | None = None,
    awaiting: str | None = None,
) -> Conversation:
    """Give the conversation a new owner and give it back as it is then. Raises Moved when `who` is out of date.

    `handoff_id` is that of a case which begins; the one that is open is kept otherwise, and forgotten at BOT. Coming
    from the bot, what it has not answered yet is from now on for people to read.
    """
    case = None if to in AT_REST else handoff_id or who.handoff_id
    owner = agent_id if to in BY_AGENT else None
    changed = replace(
        who,
        state=to,
        epoch=who.epoch + 1,
        agent_id=owner,
        handoff_id=case,
        awaiting=awaiting,
        since=now,
        stage=0,
        deadline_at=_deadline(connection, to, awaiting, case, since=now, stage=0),
    )
    _write(connection, who, changed)
    notices.close_choices(connection, who.id, now)
    if who.state in {BOT, WRAPUP} and to not in {BOT, WRAPUP}:
        inbox.leave_to_people(connection, who.id, now)
        conversations.change(connection, who.id, expecting=None, expecting_until=None)
    record(connection, changed, event=event, actor=actor, now=now, came_from=who.state)
    owner_total.labels(who.state, to).inc()
    return changed


def wait_for(connection: Connection, who: Conversation, whom: str | None, now: float) -> Conversation:
    """The same owner, but it is now `whom` that the conversation waits for; their deadlines begin anew."""
    deadline = _deadline(connection, who.state, whom, who.handoff_id, since=now, stage=0)
    changed = replace(who, awaiting=whom, since=now, stage=0, deadline_at=deadline)
    _write(connection, who, changed)
    return changed


def at_stage(
    connection: Connection, who: Conversation, stage: int, since: float | None = None
) -> Conversation:
    """The same owner; `stage` of the state's deadlines are over. A new `since` counts them from there."""
    since = who.since if since is None else since
    deadline = _deadline(connection, who.state, who.awaiting, who.handoff_id, since=since, stage=stage)
    changed = replace(who, stage=stage, since=since, deadline_at=deadline)
    _write(connection, who, changed)
    return changed


def look_again(connection: Connection, who: Conversation, at: float) -> None:
    """Carry the present deadline out later, at `at`."""
    _write(connection, who, replace(who, deadline_at=at))


def record(
    connection: Connection,
    who: Conversation,
    *,
    event: str,
    actor: str,
    now: float,
    came_from: str | None = None,
) -> None:
    """Write down what happened to the conversation, as it is after that."""
    connection.execute(
        insert(handoff_event).values(
            conversation_id=who.id,
            handoff_id=who.handoff_id,
            epoch=who.epoch,
            event=event,
            from_state=came_from or who.state,
            to_state=who.state,
            actor=actor,
            agent_id=who.agent_id,
            at=now,
        )
    )


def must_be(who: Conversation, epoch: int) -> None:
    """Raises Moved unless the conversation is still in `epoch`."""
    if who.epoch != epoch:
        raise Moved(f"epoch {who.epoch}, not {epoch}")


def _write(connection: Connection, before: Conversation, after: Conversation) -> None:
    done = connection.execute(
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
            since=after.since,
            stage=after.stage,
            deadline_at=after.deadline_at,
        )
    )
    if done.rowcount != 1:
        raise Moved(f"not {before.state} in epoch {before.epoch} any more")


def _deadline(
    connection: Connection, state: str, awaiting: str | None, case: int | None, *, since: float, stage: int
) -> float | None:
    """When the next of the state's deadlines is due: at the latest when the case has lasted a day."""
    if state in AT_REST:
        return None
    planned = steps(state, awaiting)
    due = since + planned[min(stage, len(planned) - 1)].after
    if case is None or state not in IN_CASE:
        return due
    began = connection.execute(select(handoff.c.created_at).where(handoff.c.id == case)).scalar_one()
    return min(due, float(began) + LONGEST_CASE_SECONDS)
