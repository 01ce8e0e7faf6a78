"""What a desk elsewhere can do wrong, and that nothing is lost, doubled or said to the wrong person because of it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.desk.adapters.desk_adapter import CLAIM, REPLY, AgentAct, Case, DeskUnavailableError, Entry
from bot.domain import Epoch
from bot.storage.desk_tables import desk_link
from tests.support.desk_places import FACTS, AtChatwoot
from tests.support.gateway import rows

# Whatever may come back instead of an answer.
FAULTS = ("401", "403", "404", "422", "429", "500", "503", "timeout", "lose", "page", "list", "empty")
# More calls than one meeting of both sides needs.
CALLS = 12


async def told(elsewhere: AtChatwoot) -> list[str]:
    return await elsewhere.story.sent_by_agents()


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_call_fails_nothing_is_lost_or_doubled_once_it_answers_again(
    elsewhere: AtChatwoot, fault: str
) -> None:
    for call in range(CALLS):
        peer = f"48{call:02}"
        await elsewhere.story.asks(peer)
        await elsewhere.story.writes("one", peer)
        elsewhere.chatwoot.faults.extend(["ok"] * call + [fault])
        await elsewhere.settles()
        elsewhere.chatwoot.faults.clear()
        await elsewhere.settles()
        await elsewhere.replies(f"hello {call}", peer)
        await elsewhere.story.writes("two", peer)
        elsewhere.chatwoot.faults.extend(["ok"] * call + [fault])
        for _ in range(3):
            await elsewhere.settles()
            elsewhere.chatwoot.faults.clear()
        assert await elsewhere.sees(peer) == ["one", "two"], call
        assert await told(elsewhere) == [f"hello {each}" for each in range(call + 1)]
        introductions = elsewhere.chatwoot.shown(await elsewhere.there(peer), private=True)
        assert [note for note in introductions if note.startswith("Request")] == introductions[:1]
        assert len(introductions) == 1, call
        await elsewhere.resolves(peer)
        await elsewhere.settles()
        assert await elsewhere.story.state(peer) == "WRAPUP"


async def test_a_desk_that_is_down_for_long_loses_nothing(elsewhere: AtChatwoot) -> None:
    await elsewhere.story.asks()
    elsewhere.chatwoot.faults.extend(["503"] * 3)
    for _ in range(3):
        await elsewhere.settles()
    await elsewhere.story.writes("still here")
    await elsewhere.settles()
    assert await elsewhere.sees() == ["still here"]


async def test_one_case_that_cannot_be_told_does_not_keep_back_the_others(elsewhere: AtChatwoot) -> None:
    await elsewhere.story.asks()
    await elsewhere.story.asks("4712")
    elsewhere.chatwoot.faults.append("empty")
    await elsewhere.settles()
    assert len(elsewhere.chatwoot.conversations) == 1
    await elsewhere.there("4712")


async def test_a_case_that_was_deleted_there_is_opened_anew(elsewhere: AtChatwoot) -> None:
    await elsewhere.story.asks()
    await elsewhere.story.writes("one")
    await elsewhere.settles()
    elsewhere.chatwoot.somebody_deletes(await elsewhere.there())
    for _ in range(2):
        await elsewhere.settles()
    assert await elsewhere.sees() == ["one"]
    await elsewhere.replies("Hello")
    await elsewhere.settles()
    assert await told(elsewhere) == ["Hello"]


async def test_a_case_that_was_deleted_there_and_is_over_is_forgotten(elsewhere: AtChatwoot) -> None:
    await elsewhere.story.asks()
    await elsewhere.settles()
    elsewhere.chatwoot.somebody_deletes(await elsewhere.there())
    await elsewhere.story.writes("cancel")
    await elsewhere.settles()
    assert await rows(elsewhere.story.parts.database, desk_link) == []
    assert elsewhere.chatwoot.conversations == {}


async def test_who_is_not_told_why_a_reply_was_not_sent_is_told_the_next_time(elsewhere: AtChatwoot) -> None:
    await elsewhere.story.asks()
    await elsewhere.settles()
    await elsewhere.replies("Please tell me your PIN")
    await elsewhere.replies("Hello")
    elsewhere.chatwoot.faults.extend(["ok", "ok", "ok", "503"])
    for _ in range(3):
        await elsewhere.settles()
    assert await elsewhere.is_told() == [FACTS.say("elsewhere_secret")]
    assert await told(elsewhere) == ["Hello"]


async def test_a_file_does_not_reach_the_client_and_the_agent_hears_so(elsewhere: AtChatwoot) -> None:
    await elsewhere.story.asks()
    await elsewhere.settles()
    elsewhere.chatwoot.agent_sends_a_file(await elsewhere.there())
    await elsewhere.settles()
    assert await told(elsewhere) == []
    assert await elsewhere.is_told() == [FACTS.say("elsewhere_no_text")]


async def test_half_a_sign_is_left_out(elsewhere: AtChatwoot) -> None:
    await elsewhere.story.asks()
    await elsewhere.settles()
    await elsewhere.replies("Hello \ud83d there")
    await elsewhere.settles()
    assert await told(elsewhere) == ["Hello  there"]


async def test_what_the_client_writes_while_it_is_being_resolved_there_keeps_it_open(
    elsewhere: AtChatwoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    await elsewhere.story.asks()
    await elsewhere.settles()
    await elsewhere.replies("Done")
    await elsewhere.settles()
    await elsewhere.resolves()
    poll = elsewhere.desk.poll

    async def meanwhile(external_id: str, after: str) -> Any:
        monkeypatch.undo()
        await elsewhere.story.writes("wait, no")
        return await poll(external_id, after)

    monkeypatch.setattr(elsewhere.desk, "poll", meanwhile)
    for _ in range(2):
        await elsewhere.settles()
    assert await elsewhere.story.state() == "HUMAN"
    assert await elsewhere.sees() == ["wait, no"]
    assert elsewhere.chatwoot.conversations[await elsewhere.there()]["status"] == "open"


async def test_what_ends_here_ends_there_too_also_the_second_time(elsewhere: AtChatwoot) -> None:
    await elsewhere.story.asks()
    await elsewhere.settles()
    await elsewhere.replies("Done")
    await elsewhere.settles()
    for afterthought in ("one thing more", "and another"):
        await elsewhere.resolves()
        await elsewhere.settles()
        assert elsewhere.chatwoot.conversations[await elsewhere.there()]["status"] == "resolved"
        await elsewhere.story.writes(afterthought)
        await elsewhere.settles()
        assert elsewhere.chatwoot.conversations[await elsewhere.there()]["status"] == "open"
    await elsewhere.story.passes(4000)
    await elsewhere.settles()
    assert elsewhere.chatwoot.conversations[await elsewhere.there()]["status"] == "resolved"


async def test_a_wish_that_is_taken_back_ends_there_too(elsewhere: AtChatwoot) -> None:
    await elsewhere.story.asks()
    await elsewhere.settles()
    await elsewhere.story.writes("cancel")
    await elsewhere.settles()
    assert elsewhere.chatwoot.conversations[await elsewhere.there()]["status"] == "resolved"


async def test_an_act_is_carried_out_once_however_often_it_is_told(elsewhere: AtChatwoot) -> None:
    await elsewhere.story.asks()
    await elsewhere.settles()
    case, who = await elsewhere.story.case(), await elsewhere.story.who()
    about = Case(case["id"], who.id, who.name, who.epoch, "", "telegram", "en")
    acts = [AgentAct("x-0", CLAIM, "Emi"), AgentAct("x-1", REPLY, "Emi", "Hello")]
    for _ in range(3):
        await elsewhere.story.parts.database.run(elsewhere.bridge._execute_acts, about, acts, 10**9)
    assert await told(elsewhere) == ["Hello"]


async def test_messages_whose_answer_was_lost_are_not_appended_twice(elsewhere: AtChatwoot) -> None:
    external_id = await elsewhere.desk.open(await elsewhere.case())
    entries = [Entry(1, "ok", 0.0), Entry(2, "ok", 1.0), Entry(3, "ok?", 2.0)]
    elsewhere.chatwoot.faults.append("lose")
    with pytest.raises(DeskUnavailableError):
        await elsewhere.desk.append(external_id, entries, 0, Epoch(1))
    await elsewhere.desk.append(external_id, entries, 0, Epoch(1))
    assert await elsewhere.sees() == ["ok", "ok", "ok?"]
    await elsewhere.desk.append(external_id, [Entry(4, "ok", 3.0)], 3, Epoch(1))
    assert await elsewhere.sees() == ["ok", "ok", "ok?", "ok"]


async def test_messages_told_twice_and_backwards_come_once_and_in_order(elsewhere: AtChatwoot) -> None:
    external_id = await elsewhere.desk.open(await elsewhere.case())
    for text in ("one", "two", "three"):
        await elsewhere.replies(text)
    elsewhere.chatwoot.faults.append("double")
    acts, _ = await elsewhere.desk.poll(external_id, "")
    assert [act.text for act in acts] == ["one", "two", "three"]


async def test_the_agents_there_see_the_context_and_the_epoch(elsewhere: AtChatwoot) -> None:
    await elsewhere.story.asks(linked="yes", errors=[{"code": "locked", "request_id": "r-77"}])
    await elsewhere.settles()
    (introduction,) = elsewhere.chatwoot.shown(await elsewhere.there(), private=True)
    lines = introduction.splitlines()
    assert lines[0] == "Request 1 (telegram, en)"
    assert "Backend said: Locked after too many wrong codes locked r-77" in lines
    assert "Identity: Chat linked to a user" in lines
    await elsewhere.replies("Hello")
    for _ in range(2):
        await elsewhere.settles()
    attributes = elsewhere.chatwoot.conversations[await elsewhere.there()]["custom_attributes"]
    assert attributes == {"handoff": 1, "epoch": (await elsewhere.story.who()).epoch}
