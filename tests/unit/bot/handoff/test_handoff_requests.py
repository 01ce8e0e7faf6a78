"""A wish for a person: into the queue with an honest promise, or a call-back ticket where none can be made."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.handoff import handoff_notices
from bot.handoff.handoff_service import OFFERED
from bot.settings.desk_settings import DeskSettings
from bot.settings.hours import Hours
from bot.storage import outbound
from tests.support.gateway import rows
from tests.support.hand_off import ANNA, PEER, HandOffStory

TOKYO = ZoneInfo("Asia/Tokyo")


async def test_who_asks_is_queued_and_told_place_wait_and_way_back(story: HandOffStory) -> None:
    await story.asks("b")
    await story.asks()

    assert await story.state() == "QUEUED"
    assert await story.last_told() == story.notice("queued", position=2, minutes=1, number=2)
    stored = (await rows(story.parts.database, outbound))[-1]
    assert [button["title"] for button in stored["buttons"]] == [story.notice("choice_stop_waiting")]


async def test_the_wait_grows_with_the_queue_and_shrinks_with_the_agents(story: HandOffStory) -> None:
    for peer in "abcdef":
        await story.asks(peer)
    # Two agents are free for the first two; the sixth waits for four cases of six minutes, shared by two.
    assert await story.last_told() == story.notice("queued", position=6, minutes=12, number=6)


async def test_nobody_is_promised_where_nobody_is(story: HandOffStory) -> None:
    story.parts.clock.advance(1000)
    await story.asks()
    assert await story.last_told() == story.notice("queued_nobody_there", position=1, number=1)


async def test_what_the_bot_said_in_the_turn_that_hands_over_is_still_sent(story: HandOffStory) -> None:
    await story.asks()
    assert [outgoing.text for outgoing in await story.parts.claim_outbound(5)] == ["One moment."]


async def test_urgent_wishes_come_first(story: HandOffStory) -> None:
    await story.asks("a")
    await story.asks("b", reason="urgent", priority="urgent", topic="phone_lost")
    assert story.notice("queued", position=1, minutes=1, number=2) == await story.last_told()


async def test_a_wish_outside_the_hours_becomes_a_ticket_with_the_time_of_opening(
    story: HandOffStory, office_hours: Hours
) -> None:
    story.parts.clock.now = datetime(2026, 11, 21, 20, 0, tzinfo=TOKYO).timestamp()  # a Saturday
    await story.asks()

    assert await story.state() == "AFTER_HOURS"
    opening = story.notice("opening", day="Monday", date="11/23", time="09:00", zone="JST")
    assert await story.last_told() == story.notice("ticket_closed", opening=opening, number=1)
    assert [row["reason"] for row in await story.tickets()] == ["closed"]


async def test_a_full_queue_makes_a_ticket(story: HandOffStory) -> None:
    story.parts.handoffs.settings = DeskSettings(queue_limit=1)
    await story.asks("a")
    await story.asks("b")
    assert (await story.state("a"), await story.state("b")) == ("QUEUED", "AFTER_HOURS")
    assert [row["reason"] for row in await story.tickets()] == ["busy"]


async def test_what_is_written_to_a_ticket_is_taken_down_and_not_given_to_the_bot(
    story: HandOffStory, office_hours: Hours
) -> None:
    story.parts.clock.now = datetime(2026, 11, 21, 20, 0, tzinfo=TOKYO).timestamp()
    await story.asks()
    asked = len(story.engine.turns)
    await story.writes("My phone is gone")
    await story.writes("and /restart does nothing")

    assert len(story.engine.turns) == asked
    assert (await story.told()).count(story.notice("message_taken")) == 1

    await story.passes(121)
    assert await story.state() == "ASSISTANT"
    assert await story.last_told() == story.notice("with_assistant")
    assert (await story.tickets())[0]["state"] == "open"


async def test_the_client_can_take_the_wish_back_by_button(story: HandOffStory) -> None:
    await story.asks()
    await story.taps(handoff_notices.STOP_WAITING)
    assert await story.state() == "ASSISTANT"
    assert (await story.case())["outcome"] == "cancelled"
    assert await story.last_told() == story.notice("with_assistant")


@pytest.mark.parametrize(("words", "language"), [("Never mind.", "en"), ("やっぱりいいです", "ja")])
async def test_the_client_can_take_the_wish_back_in_words(
    story: HandOffStory, words: str, language: str
) -> None:
    await story.asks(hint=language)
    asked = len(story.engine.turns)
    await story.writes(words)
    assert await story.state() == "ASSISTANT"
    assert len(story.engine.turns) == asked


async def test_a_choice_of_an_earlier_state_is_over(story: HandOffStory) -> None:
    await story.asks()
    await story.does("reply", ANNA, "Hello")
    asked = len(story.engine.turns)
    await story.writes("1")
    assert (await story.state(), len(story.engine.turns)) == ("HUMAN", asked)


async def test_who_waits_is_reminded_after_one_and_five_minutes_and_offered_a_ticket_after_ten(
    story: HandOffStory,
) -> None:
    await story.asks()
    told = len(await story.told())
    waiting = story.notice("still_waiting", position=1, minutes=1, number=1)

    await story.passes(60)
    assert (await story.told())[told:] == [waiting]
    await story.passes(239)
    assert len(await story.told()) == told + 1
    await story.passes(1)
    assert (await story.told())[told:] == [waiting, waiting]
    await story.passes(300)
    assert await story.last_told() == story.notice("offer_ticket")
    assert (await story.who()).deadline_index == OFFERED


async def test_who_goes_on_waiting_is_offered_the_ticket_again(story: HandOffStory) -> None:
    await story.asks()
    await story.passes(600)
    await story.taps(handoff_notices.KEEP_WAITING)
    await story.passes(599)
    assert await story.state() == "QUEUED"
    await story.passes(61)
    assert await story.last_told() == story.notice("offer_ticket")


async def test_who_does_not_answer_the_offer_gets_the_ticket_and_then_the_bot(story: HandOffStory) -> None:
    await story.asks()
    await story.passes(1200)
    assert await story.state() == "AFTER_HOURS"
    assert [row["reason"] for row in await story.tickets()] == ["nobody_came"]
    await story.passes(600)
    assert await story.state() == "ASSISTANT"


async def test_a_ticket_can_be_chosen(story: HandOffStory) -> None:
    await story.asks()
    await story.passes(600)
    await story.taps(handoff_notices.LEAVE_MESSAGE)
    assert await story.last_told() == story.notice("ticket_asked_for", number=1)
    await story.taps(handoff_notices.TO_ASSISTANT)
    assert await story.state() == "ASSISTANT"
    assert [row["state"] for row in await story.tickets()] == ["open"]


async def test_the_desk_that_closes_makes_tickets_of_its_queue(
    story: HandOffStory, office_hours: Hours
) -> None:
    story.parts.clock.now = datetime(2026, 11, 20, 17, 59, 30, tzinfo=TOKYO).timestamp()
    await story.asks()
    assert await story.state() == "QUEUED"
    await story.passes(60)
    assert await story.state() == "AFTER_HOURS"
    assert [row["reason"] for row in await story.tickets()] == ["closed"]


async def test_an_outage_of_the_engine_hands_over_what_nobody_answered(story: HandOffStory) -> None:
    story.engine.answers.extend([503] * 40)
    await story.writes("is anybody there")
    for _ in range(30):
        story.parts.clock.advance(20)
        await story.parts.work_off(story.worker)

    assert await story.state(PEER) == "QUEUED"
    assert (await story.case())["reason"] == "outage"
    story.engine.answers.clear()
    asked = len(story.engine.turns)
    await story.parts.work_off(story.worker)
    assert len(story.engine.turns) == asked
    assert await story.parts.states() == ["done"]
