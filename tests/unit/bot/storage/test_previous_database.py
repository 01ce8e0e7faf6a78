"""A database of the version before starts under this one, and everything in it means what it meant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.conversation import choices, clarifications, reminders
from bot.conversation.clarifications import PairCount
from bot.desk import event_webhook
from bot.domain import Awaiting, Consumer, ConversationState, Notice, Origin, UnreachableReason
from bot.handoff import tickets
from bot.messages import conversations, halts, inbound_queue, notices, outbound_queue
from bot.storage import Database, metadata, outbound
from bot.storage.desk_tables import handoff, handoff_event
from contracts.codec import convert
from contracts.directives import ReminderChoice
from contracts.enums import ExpectedInput, HandoffReason, LinkStatus, Priority
from contracts.handoff import BackendFailure, HandoffContext
from tests.support.gateway import ManualClock, Parts, rows
from tests.support.previous_database import NOW, ROWS, make_previous_database


@pytest.fixture
async def migrated(empty_url: str, clock: ManualClock) -> AsyncIterator[Database]:
    """The database of the version before, opened by this one."""
    tables = make_previous_database(empty_url)
    assert tables == set(ROWS), "each of its tables has rows"
    clock.now = NOW + 1
    opened = Database(empty_url, clock)
    opened.migrate()
    yield opened
    await opened.close()


async def test_every_row_is_still_there_and_can_be_read(migrated: Database) -> None:
    for table in metadata.sorted_tables:
        before = "unclear" if table.name == "clarification" else table.name
        assert len(await rows(migrated, table)) == len(ROWS[before]), table.name


async def test_conversations_have_the_same_owners_deadlines_and_expectations(migrated: Database) -> None:
    first, second, third, fourth = [
        await migrated.run(conversations.find, conversation_id) for conversation_id in (1, 2, 3, 4)
    ]
    assert first.state is ConversationState.ASSISTANT
    assert first.expects(NOW) is ExpectedInput.CODE
    assert first.outage_notified_at == NOW
    assert (second.state, second.epoch, second.handoff_id) == (ConversationState.QUEUED, 1, 1)
    assert (second.state_since, second.deadline_index, second.deadline_at) == (NOW, 1, NOW + 300)
    assert (third.agent_id, third.awaiting) == (1, Awaiting.AGENT)
    assert fourth.unreachable is UnreachableReason.OPTED_OUT


async def test_what_waits_is_claimed_for_the_same_reader(migrated: Database) -> None:
    claimed = await migrated.run(inbound_queue.QUEUE.claim, 10)
    assert [(message.id, message.consumer) for message in claimed] == [
        (2, Consumer.ASSISTANT),
        (3, Consumer.DESK),
    ]


async def test_what_is_to_be_sent_is_sent_and_the_rest_dropped(migrated: Database) -> None:
    claimed = await migrated.run(outbound_queue.claim, 10)
    assert [(message.id, message.origin, message.unconfirmed_attempts) for message in claimed] == [
        (5, Origin.ASSISTANT, 2),
        (6, Origin.AGENT, 0),
    ]
    # In conversation 3 an agent has taken over; conversation 4 is left alone for some seconds.
    states = {row["id"]: row["state"] for row in await rows(migrated, outbound)}
    assert (states[7], states[8]) == ("dropped", "queued")


async def test_notices_are_known_by_their_names(migrated: Database) -> None:
    names = {row["id"]: row["notice"] for row in await rows(migrated, outbound) if row["notice"]}
    assert names == {2: Notice.SECRET_REMOVED, 3: Notice.TELEGRAM_INSTEAD, 4: Notice.MISSED}
    to = await migrated.run(conversations.find, 1)
    assert await migrated.run(notices.was_given, to, Notice.TELEGRAM_INSTEAD)
    assert not await migrated.run(notices.was_given, to, Notice.MEDIA)


async def test_a_notice_to_an_old_message_is_stored_beside_the_old_ones(
    migrated: Database, clock: ManualClock
) -> None:
    knowledge = Parts(migrated, clock).knowledge
    to = await migrated.run(conversations.find, 1)
    await migrated.run(notices.add, knowledge, to, Notice.ENGINE_DOWN, 1)
    stored = [row["notice"] for row in await rows(migrated, outbound, inbound_id=1, origin=Origin.SYSTEM)]
    assert stored == [Notice.SECRET_REMOVED, Notice.TELEGRAM_INSTEAD, Notice.ENGINE_DOWN]


async def test_hand_offs_have_their_reasons_and_contexts(migrated: Database) -> None:
    """An urgent topic was the reason itself; now the reason is `urgent`, and the context names the topic."""
    stored = await rows(migrated, handoff)
    assert [row["reason"] for row in stored] == [
        HandoffReason.URGENT,
        HandoffReason.ASKED,
        HandoffReason.OUTAGE,
    ]
    assert stored[0]["priority"] is Priority.URGENT
    contexts = [convert(row["context"] or {}, HandoffContext) for row in stored]
    assert contexts == [
        HandoffContext(topic="phone_lost", linked=LinkStatus.NOT_LINKED),
        HandoffContext(topic="pin_forgotten", errors=(BackendFailure("locked"),)),
        HandoffContext(),
    ]
    assert [row["topic"] for row in stored] == ["phone_lost", "pin_forgotten", None]


async def test_events_name_the_assistant(migrated: Database) -> None:
    events = await rows(migrated, handoff_event)
    assert [(row["from_state"], row["to_state"], row["actor"]) for row in events] == [
        ("ASSISTANT", "QUEUED", "assistant"),
        ("AFTER_HOURS", "ASSISTANT", "timer"),
    ]


async def test_an_open_ticket_stays_open(migrated: Database) -> None:
    assert await migrated.run(tickets.find_open_case, 4) == 3


async def test_reminders_menus_and_webhooks_go_on(migrated: Database) -> None:
    (due,) = await migrated.run(reminders.QUEUE.claim, 10)
    assert (due.topic, due.text) == ("codes", "reminder")
    assert due.choices == (ReminderChoice("resend", '/inform{"task": "resend"}'),)
    assert await migrated.run(choices.find_by_text, 1, "はい") == '/inform{"answer": "yes"}'
    assert await migrated.run(event_webhook.QUEUE.claim, 10) == [event_webhook.WebhookDelivery(2, 4)]


async def test_clarifications_and_halts_go_on(migrated: Database) -> None:
    waiting = await migrated.run(clarifications.list_unlabelled, 10)
    assert [(each.id, each.chosen) for each in waiting] == [(7, None), (1, "pin_tips")]
    assert await migrated.run(clarifications.count_pairs) == [PairCount("pin_rules", "pin_tips", 1, 0, 1, 0)]
    assert await migrated.run(halts.list_halted) == {"simulator.sms": NOW}


async def test_new_rows_get_new_ids(migrated: Database, clock: ManualClock) -> None:
    parts = Parts(migrated, clock)
    accepted = await parts.receive("hello", peer="+819000000099")
    known: dict[str, Any] = {row["external_id"]: row["id"] for row in ROWS["inbound"]}
    assert accepted.id not in known.values()
