"""What agents do: exactly one owner, nothing said by the bot meanwhile, nothing that the client wrote overlooked."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from bot.handoff import handoff_notices
from bot.handoff.agent_commands import (
    Agent,
    AgentCommands,
    NotAllowedError,
    StaleEpochError,
    UnseenMessagesError,
)
from bot.messages.conversations import Conversation
from bot.messages.outbound_queue import Receipt
from bot.storage import conversation, handoff, inbound, outbound
from bot.storage.desk_tables import note
from contracts.enums import HandoffReason, Priority
from tests.support.gateway import Parts, reply, rows
from tests.support.hand_off import ANNA, KEN, HandOffStory, add_agents


async def test_of_several_agents_who_claim_at_once_one_gets_it(parts: Parts) -> None:
    """On PostgreSQL they really come at the same time."""
    await parts.database.run(add_agents)
    accepted = await parts.receive("?", peer="a")
    who = await parts.conversation("a")
    requested = await parts.database.run(
        parts.handoffs.request,
        who,
        reason=HandoffReason.ASKED,
        priority=Priority.NORMAL,
        inbound_id=accepted.id,
    )
    assert requested is not None
    who = requested.conversation

    async def claim(by: Agent) -> Conversation | StaleEpochError:
        try:
            return await parts.database.run(AgentCommands(parts.handoffs).claim, who.id, by, who.epoch)
        except StaleEpochError as moved:
            return moved

    results = await asyncio.gather(*(claim(by) for by in (ANNA, KEN, ANNA, KEN)))
    won = [result for result in results if isinstance(result, Conversation)]
    assert len(won) == 1
    (row,) = await rows(parts.database, conversation)
    assert (row["state"], row["agent_id"], row["epoch"]) == ("ASSIGNED", won[0].agent_id, who.epoch + 1)


async def test_the_first_reply_tells_the_client_with_whom_they_are(story: HandOffStory) -> None:
    await story.asks()
    await story.does("claim", ANNA)
    await story.does("reply", ANNA, "Good morning")
    await story.does("reply", ANNA, "How can I help?")

    assert await story.state() == "HUMAN"
    texts = await story.parts.texts()
    assert texts[-3:] == [story.notice("with_agent", agent="Anna"), "Good morning", "How can I help?"]


async def test_a_reply_takes_the_conversation_from_the_bot_and_its_answer_is_never_said(
    story: HandOffStory,
) -> None:
    story.engine.answers.append(reply("the bot's answer, stored and not yet sent"))
    await story.writes("hello")
    await story.does("reply", ANNA, "I take over here")

    assert await story.state() == "HUMAN"
    sent = []
    while taken := await story.parts.claim_outbound(5):
        for outgoing in taken:
            sent.append(outgoing.text)
            await story.parts.mark_sent(outgoing, Receipt("x"))
    assert sent == [story.notice("with_agent", agent="Anna"), "I take over here"]


async def test_an_answer_that_comes_after_a_take_over_is_not_stored_and_the_agent_has_the_message(
    story: HandOffStory,
) -> None:
    story.engine.hold()
    await story.parts.receive("hello", peer="4711", channel="simulator.telegram", hint="en")
    turn = asyncio.create_task(story.parts.work_off(story.worker))
    await story.engine.asked()
    await story.does("reply", ANNA, "I take over here")
    story.engine.release()
    await turn
    await story.parts.work_off(story.worker)

    assert "you said hello" not in await story.parts.texts()
    (row,) = await rows(story.parts.database, inbound)
    assert (row["consumer"], row["state"]) == ("desk", "done")
    assert len(story.engine.turns) == 1


@pytest.mark.parametrize("text", ["hello?", "/restart", '/affirm{"verified": "yes"}', "1"])
async def test_what_is_written_to_an_agent_never_reaches_the_bot(story: HandOffStory, text: str) -> None:
    await story.asks()
    await story.does("reply", ANNA, "Hello")
    asked = len(story.engine.turns)
    await story.writes(text)
    await story.does("give_back", ANNA)
    await story.parts.work_off(story.worker)

    assert len(story.engine.turns) == asked
    assert (await rows(story.parts.database, inbound))[-1]["consumer"] == "desk"
    await story.writes("and now to the bot")
    assert len(story.engine.turns) == asked + 1


async def test_who_looks_at_what_is_no_longer_so_changes_nothing(story: HandOffStory) -> None:
    await story.asks()
    old = await story.who()
    await story.does("claim", ANNA)
    for work, values in (("claim", ()), ("reply", ("Hello",)), ("block", ())):
        with pytest.raises(StaleEpochError):
            await story.parts.database.run(getattr(story.agents, work), old.id, KEN, old.epoch, *values)
    assert (await story.who()).agent_id == ANNA.id
    assert await story.sent_by_agents() == []


async def test_nobody_resolves_over_a_message_that_they_have_not_seen(story: HandOffStory) -> None:
    await story.asks()
    who = await story.does("reply", ANNA, "Is that all?")
    await story.writes("One more thing")
    for work, values in (("resolve", (1, "solved", "")), ("give_back", (1,))):
        with pytest.raises(UnseenMessagesError):
            await story.parts.database.run(getattr(story.agents, work), who.id, ANNA, who.epoch, *values)
    assert await story.state() == "HUMAN"


async def test_only_the_owner_passes_on_and_ends(story: HandOffStory) -> None:
    await story.asks()
    await story.does("claim", ANNA)
    for work, values in (("resolve", ("solved", "")), ("give_back", ()), ("transfer", (None, "please"))):
        with pytest.raises(NotAllowedError):
            await story.does(work, KEN, *values)


async def test_a_transfer_carries_its_reason_as_a_private_note(story: HandOffStory) -> None:
    await story.asks()
    await story.does("reply", ANNA, "One moment")
    who = await story.does("transfer", ANNA, KEN, "speaks Japanese")
    assert (who.state, who.agent_id) == ("ASSIGNED", KEN.id)
    assert [row["text"] for row in await rows(story.parts.database, note)] == ["speaks Japanese"]
    assert "speaks Japanese" not in "".join(await story.parts.texts())
    assert await story.last_told() == story.notice("transferred")


async def test_who_is_passed_back_into_the_queue_comes_before_the_others(story: HandOffStory) -> None:
    await story.asks("early")
    await story.asks()
    await story.does("claim", ANNA)
    await story.does("transfer", ANNA, None, "not my field")
    assert await story.state() == "QUEUED"
    await story.passes(60)
    assert story.notice("still_waiting", position=1, minutes=1, number=2) in await story.told()


async def test_a_resolve_asks_for_a_score_and_the_score_ends_it(story: HandOffStory) -> None:
    await story.asks()
    await story.does("reply", ANNA, "Done")
    await story.does("resolve", ANNA, "solved", "PIN set anew")
    assert (await story.state(), await story.last_told()) == ("WRAPUP", story.notice("resolved"))

    await story.taps(f"{handoff_notices.SCORE}1:4")
    case = await story.case()
    assert (case["score"], case["outcome"], case["summary"]) == (4, "solved", "PIN set anew")
    assert await story.state() == "ASSISTANT"
    assert await story.last_told() == story.notice("score_thanks")


async def test_a_score_is_given_once_and_also_late(story: HandOffStory) -> None:
    await story.asks()
    await story.does("reply", ANNA, "Done")
    await story.does("resolve", ANNA, "solved", "")
    await story.passes(601)
    assert await story.state() == "ASSISTANT"
    asked = len(story.engine.turns)
    await story.writes("5")
    assert (await story.case())["score"] == 5
    assert len(story.engine.turns) == asked


async def test_an_afterthought_goes_to_the_agent_and_a_later_one_to_the_bot(story: HandOffStory) -> None:
    await story.asks()
    await story.does("reply", ANNA, "Done")
    await story.does("resolve", ANNA, "solved", "")
    await story.passes(100)
    asked = len(story.engine.turns)
    await story.writes("Wait, one more thing")
    who = await story.who()
    assert (who.state, who.agent_id, len(story.engine.turns)) == ("HUMAN", ANNA.id, asked)
    assert (await story.case())["outcome"] is None

    await story.does("resolve", ANNA, "solved", "")
    await story.passes(180)
    await story.writes("Something else")
    assert (await story.state(), len(story.engine.turns)) == ("ASSISTANT", asked + 1)


async def test_an_agent_who_never_answers_loses_the_client_to_the_queue(story: HandOffStory) -> None:
    await story.asks()
    await story.does("claim", ANNA)
    await story.passes(300)
    assert await story.state() == "QUEUED"
    assert (await story.case())["rank"] == 1
    assert await story.last_told() == story.notice("requeued")


async def test_an_agent_who_is_silent_is_nudged_and_then_relieved(story: HandOffStory) -> None:
    await story.asks()
    await story.does("reply", ANNA, "Hello")
    await story.writes("Are you there?")
    await story.passes(600)
    assert (await story.events())[-1] == "nudged"
    await story.passes(1200)
    assert await story.state() == "QUEUED"


async def test_an_agent_who_is_gone_is_relieved_after_two_minutes(story: HandOffStory) -> None:
    await story.asks()
    await story.does("reply", ANNA, "Hello")
    await story.writes("Are you there?")
    await story.passes(180, there=False)
    assert (await story.state(), (await story.events())[-1]) == ("QUEUED", "agent_gone")


async def test_a_client_who_is_silent_is_asked_and_then_let_go(story: HandOffStory) -> None:
    await story.asks()
    await story.does("reply", ANNA, "Anything else?")
    await story.passes(900)
    assert await story.last_told() == story.notice("still_there")
    await story.passes(2700)
    assert await story.state() == "WRAPUP"
    await story.passes(600)
    assert await story.state() == "ASSISTANT"


async def test_no_case_lasts_longer_than_a_day(story: HandOffStory) -> None:
    await story.asks()
    # Of a day of talking the last two hours are enough to see.
    began = story.parts.clock() - 22 * 3600
    await story.parts.database.run(lambda tx: tx.execute(update(handoff).values(created_at=began)))
    while not await story.tickets():
        await story.does("reply", ANNA, "Still here")
        await story.writes("Me too")
        await story.passes(1500)
        assert story.parts.clock() - began < 25 * 3600
    assert [row["reason"] for row in await story.tickets()] == ["too_long"]


async def test_an_answered_ticket_is_done_when_it_is_resolved(story: HandOffStory) -> None:
    await story.asks()
    await story.passes(600)
    await story.taps(handoff_notices.LEAVE_MESSAGE)
    await story.passes(700)
    assert await story.state() == "ASSISTANT"

    await story.does("reply", ANNA, "I call you back as promised")
    assert (await story.who()).handoff_id == (await story.tickets())[0]["handoff_id"]
    await story.does("resolve", ANNA, "solved", "")
    assert [row["state"] for row in await story.tickets()] == ["done"]


async def test_who_is_blocked_is_heard_and_not_answered_for_a_day(story: HandOffStory) -> None:
    await story.writes("abuse")
    await story.does("block", KEN)
    asked = len(story.engine.turns)
    await story.writes("more abuse")
    assert len(story.engine.turns) == asked
    with pytest.raises(NotAllowedError):
        await story.does("reply", ANNA, "Hello")
    await story.passes(24 * 3600)
    assert await story.state() == "ASSISTANT"


async def test_the_lead_can_lift_a_block(story: HandOffStory) -> None:
    await story.writes("abuse")
    await story.does("block", KEN)
    await story.does("unblock", KEN)
    assert await story.state() == "ASSISTANT"


async def test_agents_replies_are_sent_although_the_conversation_has_moved_on(story: HandOffStory) -> None:
    await story.asks()
    await story.does("reply", ANNA, "Goodbye")
    await story.does("resolve", ANNA, "solved", "")
    assert await rows(story.parts.database, outbound, state="dropped") == []
