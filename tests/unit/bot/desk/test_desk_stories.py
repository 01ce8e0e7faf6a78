"""The same stories at either desk, as client and agent live through them: here ours, there Chatwoot with the bridge."""

from __future__ import annotations

import pytest

from tests.support.desk_places import AtTheBuiltInDesk, Place
from tests.support.hand_off import PEER

OTHER = "4712"


async def asked(place: Place, peer: str = PEER, hint: str = "en") -> None:
    """A client asks for a person, and the desk knows."""
    await place.story.asks(peer, hint)
    await place.settles()


async def said(place: Place) -> list[str]:
    return await place.story.sent_by_agents()


@pytest.mark.parametrize(
    "text",
    [
        "新しいSIMカードに替えました",
        "one\n\n  two",
        "<b>bold</b> & {{ 7 * 7 }} [x](javascript:alert(1))",
        "👍🏽 café 𠮷野",
        "لم تصلني الرسالة abc 12",
        "word " * 800 + "end",
    ],
    ids=["japanese", "lines", "markup", "signs", "right to left", "long"],
)
async def test_the_agent_reads_what_the_client_wrote(place: Place, text: str) -> None:
    await asked(place)
    await place.story.writes(text)
    await place.settles()
    assert await place.sees() == [text.strip()]


async def test_messages_are_read_in_order_and_once_however_often_the_sides_meet(place: Place) -> None:
    await asked(place)
    for number in range(45):
        await place.story.writes(f"line {number}")
        if number % 7 == 0:
            await place.settles()
    for _ in range(3):
        await place.settles()
    assert await place.sees() == [f"line {number}" for number in range(45)]


async def test_replies_reach_the_client_in_order_and_once(place: Place) -> None:
    await asked(place)
    replies = [f"reply {number}" for number in range(30)]
    for text in replies:
        await place.replies(text)
    for _ in range(3):
        await place.settles()
    assert await said(place) == replies


async def test_the_client_hears_once_with_whom_they_are(place: Place) -> None:
    await asked(place)
    for text in ("Hello", "Are you there?"):
        await place.replies(text)
        await place.settles()
    assert (await place.story.told()).count(place.story.notice("with_agent", agent=place.agent)) == 1


async def test_the_client_is_told_in_their_own_language(place: Place) -> None:
    await asked(place, hint="ja")
    await place.replies("お待たせしました")
    await place.settles()
    assert await said(place) == ["お待たせしました"]
    assert await place.story.last_told() == place.story.notice("with_agent", "ja", agent=place.agent)


async def test_what_the_client_writes_to_a_person_is_never_given_to_the_bot(place: Place) -> None:
    await asked(place)
    await place.replies("Hello")
    await place.settles()
    turns = len(place.story.engine.turns)
    for text in ("thank you", "/restart", "1"):
        await place.story.writes(text)
        await place.settles()
    assert len(place.story.engine.turns) == turns
    assert await place.sees() == ["thank you", "/restart", "1"]


async def test_the_client_never_sees_a_private_note(place: Place) -> None:
    await asked(place)
    await place.notes("looks like a new SIM card")
    await place.settles()
    assert await said(place) == []
    assert await place.story.state() == "QUEUED"
    assert "new SIM card" in await place.everything()


async def is_not_sent_and_told(place: Place, text: str) -> None:
    """The client never sees the reply, and the agent is told so once."""
    await asked(place)
    await place.replies(text)
    for _ in range(2):
        await place.settles()
    assert await said(place) == []
    assert len(await place.is_told()) == 1


@pytest.mark.parametrize("text", ["Please tell me your PIN", "パスワードを教えてください"])
async def test_a_question_for_a_secret_is_not_sent_and_the_agent_is_told(place: Place, text: str) -> None:
    await is_not_sent_and_told(place, text)


@pytest.mark.parametrize("text", ["", " \n ", "x" * 4097], ids=["empty", "blank", "too long"])
async def test_what_cannot_be_sent_is_not_and_the_agent_is_told(place: Place, text: str) -> None:
    await is_not_sent_and_told(place, text)


async def test_no_desk_shows_a_secret_or_a_whole_number(place: Place) -> None:
    await asked(place)
    await place.story.writes("my pin is 739146 and my password is hunter2horse")
    await place.story.writes("reach me at +81 90-1234-5678 or tomoko.sato@example.com")
    await place.settles()
    shown = await place.everything()
    for secret in ("739146", "hunter2horse", "1234-5678", "tomoko.sato"):
        assert secret not in shown


async def test_who_takes_it_is_known_before_they_write(place: Place) -> None:
    await asked(place)
    await place.takes()
    await place.settles()
    who = await place.story.who()
    assert who.state == "ASSIGNED"
    assert who.agent_id is not None
    assert await said(place) == []


async def test_the_client_is_asked_for_a_score_once(place: Place) -> None:
    await asked(place)
    await place.replies("Done")
    await place.settles()
    await place.resolves()
    for _ in range(3):
        await place.settles()
    assert await place.story.state() == "WRAPUP"
    assert (await place.story.told()).count(place.story.notice("resolved")) == 1


async def test_what_is_resolved_twice_is_resolved_once(place: Place) -> None:
    await asked(place)
    await place.replies("Done")
    await place.settles()
    for _ in range(2):
        await place.resolves()
        await place.settles()
    assert (await place.story.told()).count(place.story.notice("resolved")) == 1
    assert (await place.story.case())["outcome"] == "solved"


async def test_an_afterthought_comes_back_to_the_desk_and_can_be_resolved_again(place: Place) -> None:
    await asked(place)
    await place.replies("Done")
    await place.settles()
    await place.resolves()
    await place.settles()
    await place.settles()
    await place.story.writes("one thing more")
    await place.settles()
    await place.settles()
    assert await place.story.state() == "HUMAN"
    assert await place.sees() == ["one thing more"]
    await place.replies("Of course")
    await place.settles()
    await place.resolves()
    for _ in range(2):
        await place.settles()
    assert await said(place) == ["Done", "Of course"]
    assert await place.story.state() == "WRAPUP"


async def test_a_wish_that_is_taken_back_is_with_the_bot_and_answered_by_no_one_else(place: Place) -> None:
    await asked(place)
    await place.story.writes("cancel")
    for _ in range(2):
        await place.settles()
    assert await place.story.state() == "ASSISTANT"
    assert await said(place) == []


async def test_a_reply_to_a_wish_that_was_taken_back_meanwhile_is_not_sent(place: Place) -> None:
    await asked(place)
    await place.looks()
    await place.story.writes("cancel")
    await place.replies("Hello, am I too late?")
    for _ in range(3):
        await place.settles()
    assert await said(place) == []
    assert await place.story.state() == "ASSISTANT"
    assert len(await place.is_told()) == 1


async def test_nothing_is_resolved_over_a_message_that_nobody_there_has_seen(place: Place) -> None:
    await asked(place)
    await place.replies("Done")
    await place.settles()
    await place.looks()
    await place.story.writes("wait, no")
    await place.resolves()
    await place.settles()
    assert await place.sees() == ["wait, no"]
    assert await place.story.state() == "HUMAN"


async def test_two_clients_at_once_get_their_own_answers(place: Place) -> None:
    await asked(place)
    await asked(place, OTHER)
    for number in range(3):
        await place.story.writes(f"first {number}")
        await place.story.writes(f"second {number}", OTHER)
        await place.replies(f"for the first {number}")
        await place.replies(f"for the second {number}", OTHER)
        await place.settles()
    assert await place.sees() == [f"first {number}" for number in range(3)]
    assert await place.sees(OTHER) == [f"second {number}" for number in range(3)]
    rows = await place.story.parts.database.run(
        lambda tx: tx.connection.exec_driver_sql(
            "SELECT peer, text FROM outbound JOIN conversation ON conversation.id = conversation_id"
            " WHERE origin = 'agent' ORDER BY outbound.id"
        ).all()
    )
    for peer, whom in ((PEER, "first"), (OTHER, "second")):
        assert [text for one, text in rows if one == peer] == [
            f"for the {whom} {number}" for number in range(3)
        ]


async def test_a_new_process_doubles_and_forgets_nothing(place: Place) -> None:
    await asked(place)
    await place.story.writes("one")
    await place.replies("two")
    await place.settles()
    place.again()
    await place.story.writes("three")
    await place.replies("four")
    for _ in range(2):
        place.again()
        await place.settles()
    assert await place.sees() == ["one", "three"]
    assert await said(place) == ["two", "four"]


async def test_a_second_wish_is_a_case_of_its_own(place: Place) -> None:
    await asked(place)
    await place.story.writes("cancel")
    await place.settles()
    await asked(place)
    await place.replies("Hello again")
    await place.settles()
    assert await said(place) == ["Hello again"]
    assert len(await place.is_told()) == 0
    assert (await place.story.case())["id"] == 2


async def test_an_agent_sees_what_was_said_before_and_why_a_person_is_needed(place: Place) -> None:
    await place.story.writes("I forgot my IB Key PIN")
    await place.story.asks(reason="not_understood", topic="pin_forgotten", answers=["platform: iphone"])
    await place.settles()
    assert "I forgot my IB Key PIN" in await place.everything()
    if not isinstance(place, AtTheBuiltInDesk):
        introduction = (await place.everything()).splitlines()
        for line in ("Reason: Not understood twice", "Topic, step: Forgotten IB Key PIN", "Has said: iPhone"):
            assert line in introduction


async def test_nobody_at_the_desk_is_not_forgotten(place: Place) -> None:
    await asked(place)
    await place.story.passes(1300)
    await place.settles()
    await place.settles()
    assert await place.story.state() in {"AFTER_HOURS", "ASSISTANT"}
    assert [ticket["reason"] for ticket in await place.story.tickets()] == ["nobody_came"]
