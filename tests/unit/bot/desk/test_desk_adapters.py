"""One suite for every desk: what is told arrives once and in order, what agents do comes back once and in order."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable

import pytest

from bot.desk.adapters.base import CLAIM, REPLY, RESOLVE, AgentAct, Case, DeskAdapter, DeskUnreachable, Entry
from bot.desk.adapters.bridge import NOT_SENT, Bridge
from bot.desk.adapters.builtin import BuiltInDesk
from bot.desk.adapters.chatwoot import is_genuine
from bot.handoff.agents import Agents
from bot.messages.signal import Signal
from bot.privacy.audit import AuditTrail
from bot.storage import outbound
from tests.support.fake_chatwoot import SETTINGS, FakeChatwoot
from tests.support.gateway import rows
from tests.support.hand_off import ANNA, HandOffStory


class AtTheBuiltInDesk:
    """A case at the built-in desk, and what an agent does there."""

    def __init__(self, story: HandOffStory) -> None:
        self.story = story
        self.desk: DeskAdapter = BuiltInDesk(story.parts.database, Signal(), story.parts.clock)

    async def case(self) -> Case:
        await self.story.asks()
        who = await self.story.who()
        return Case(who.handoff_id or 0, who.id, who.name, who.epoch, "+81 ••• 78", "telegram", "en", {}, ())

    async def takes(self, external_id: str) -> None:
        await self.story.does("take", ANNA)

    async def replies(self, external_id: str, text: str) -> None:
        await self.story.does("reply", ANNA, text)

    async def resolves(self, external_id: str) -> None:
        await self.story.does("resolve", ANNA, "solved", "")


class AtChatwoot:
    """A case at Chatwoot, and what an agent does there."""

    def __init__(self, story: HandOffStory) -> None:
        self.story = story
        self.chatwoot = FakeChatwoot()
        self.desk: DeskAdapter = self.chatwoot.adapter()

    case = AtTheBuiltInDesk.case

    async def takes(self, external_id: str) -> None:
        self.chatwoot.agent_takes(int(external_id))

    async def replies(self, external_id: str, text: str) -> None:
        self.chatwoot.agent_writes(int(external_id), text)

    async def resolves(self, external_id: str) -> None:
        self.chatwoot.agent_resolves(int(external_id))


Place = AtTheBuiltInDesk | AtChatwoot


@pytest.fixture(params=[AtTheBuiltInDesk, AtChatwoot])
def place(request: pytest.FixtureRequest, story: HandOffStory) -> Place:
    make: Callable[[HandOffStory], Place] = request.param
    return make(story)


async def kinds(desk: DeskAdapter, external_id: str, after: str = "") -> tuple[list[tuple[str, str]], str]:
    acts, cursor = await desk.poll(external_id, after)
    return [(act.kind, act.text) for act in acts], cursor


async def test_a_case_that_is_opened_twice_is_one(place: Place) -> None:
    case = await place.case()
    assert await place.desk.open(case) == await place.desk.open(case)


async def test_nothing_has_happened_at_first(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    assert (await kinds(place.desk, external_id))[0] == []


async def test_claim_replies_and_resolve_come_once_and_in_order(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.takes(external_id)
    first, cursor = await kinds(place.desk, external_id)
    assert first == [(CLAIM, "")]
    await place.replies(external_id, "one")
    await place.replies(external_id, "two")
    await place.resolves(external_id)
    then, cursor = await kinds(place.desk, external_id, cursor)
    assert then == [(REPLY, "one"), (REPLY, "two"), (RESOLVE, "")]
    assert (await kinds(place.desk, external_id, cursor))[0] == []


async def test_the_same_place_asked_again_tells_the_same_with_the_same_ids(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.takes(external_id)
    await place.replies(external_id, "one")
    assert await place.desk.poll(external_id, "") == await place.desk.poll(external_id, "")
    acts, _ = await place.desk.poll(external_id, "")
    assert len({act.id for act in acts}) == len(acts)


async def test_what_is_noted_is_no_reply(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.desk.note(external_id, "for colleagues")
    assert (await kinds(place.desk, external_id))[0] == []


async def test_what_the_client_wrote_is_no_act_of_an_agent(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.desk.append(external_id, [Entry(1, "hello", 0.0)], 0, 1)
    assert (await kinds(place.desk, external_id))[0] == []


async def test_a_closed_case_can_be_closed_again(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.desk.close(external_id, 2)
    await place.desk.close(external_id, 2)


@pytest.fixture
def elsewhere(story: HandOffStory) -> AtChatwoot:
    return AtChatwoot(story)


async def test_messages_whose_answer_was_lost_are_not_appended_twice(elsewhere: AtChatwoot) -> None:
    external_id = await elsewhere.desk.open(await elsewhere.case())
    entries = [Entry(1, "ok", 0.0), Entry(2, "ok", 1.0), Entry(3, "ok?", 2.0)]
    elsewhere.chatwoot.faults.append("lose")
    with pytest.raises(DeskUnreachable):
        await elsewhere.desk.append(external_id, entries, 0, 1)
    await elsewhere.desk.append(external_id, entries, 0, 1)
    assert elsewhere.chatwoot.shown(int(external_id)) == ["ok", "ok", "ok?"]
    await elsewhere.desk.append(external_id, [Entry(4, "ok", 3.0)], 3, 1)
    assert elsewhere.chatwoot.shown(int(external_id)) == ["ok", "ok", "ok?", "ok"]


async def test_messages_told_twice_and_backwards_come_once_and_in_order(elsewhere: AtChatwoot) -> None:
    external_id = await elsewhere.desk.open(await elsewhere.case())
    for text in ("one", "two", "three"):
        await elsewhere.replies(external_id, text)
    elsewhere.chatwoot.faults.append("double")
    assert (await kinds(elsewhere.desk, external_id))[0] == [(REPLY, "one"), (REPLY, "two"), (REPLY, "three")]


async def test_the_agents_there_see_the_context_and_the_epoch(elsewhere: AtChatwoot) -> None:
    external_id = await elsewhere.desk.open(await elsewhere.case())
    (introduction,) = elsewhere.chatwoot.shown(int(external_id), private=True)
    assert introduction.startswith("Request 1 (telegram, en)")
    await elsewhere.desk.append(external_id, [], 0, 8)
    assert elsewhere.chatwoot.conversations[int(external_id)]["custom_attributes"] == {
        "handoff": 1,
        "epoch": 8,
    }


@pytest.fixture
def bridge(elsewhere: AtChatwoot) -> Bridge:
    parts = elsewhere.story.parts
    return Bridge(
        parts.database,
        elsewhere.desk,
        Agents(parts.handoffs),
        AuditTrail(b"key"),
        parts.clock,
        lambda: None,
    )


def the_conversation(elsewhere: AtChatwoot) -> int:
    (only,) = elsewhere.chatwoot.conversations
    return only


async def test_the_whole_story_at_a_desk_elsewhere(elsewhere: AtChatwoot, bridge: Bridge) -> None:
    story, chatwoot = elsewhere.story, elsewhere.chatwoot
    await story.asks()
    await story.writes("my PIN is gone")
    await bridge.synchronise()
    there = the_conversation(elsewhere)
    assert chatwoot.shown(there) == ["my PIN is gone"]

    chatwoot.agent_writes(there, "Hello, this is Emi")
    await bridge.synchronise()
    await bridge.synchronise()
    assert await story.state() == "HUMAN"
    assert await story.sent_by_agents() == ["Hello, this is Emi"]
    assert story.notice("with_agent", agent="Emi") in await story.told()

    asked = len(story.engine.turns)
    await story.writes("thank you")
    await bridge.synchronise()
    assert chatwoot.shown(there) == ["my PIN is gone", "thank you"]
    assert len(story.engine.turns) == asked

    chatwoot.agent_resolves(there)
    await bridge.synchronise()
    assert (await story.state(), await story.last_told()) == ("WRAPUP", story.notice("resolved"))
    who = await story.who()
    assert chatwoot.conversations[there]["custom_attributes"]["epoch"] == who.epoch


async def test_a_question_for_a_secret_is_not_sent_from_elsewhere_either(
    elsewhere: AtChatwoot, bridge: Bridge
) -> None:
    await elsewhere.story.asks()
    await bridge.synchronise()
    there = the_conversation(elsewhere)
    elsewhere.chatwoot.agent_writes(there, "Please tell me your PIN")
    await bridge.synchronise()
    assert await elsewhere.story.sent_by_agents() == []
    assert elsewhere.chatwoot.shown(there, private=True)[-1] == NOT_SENT


async def test_a_desk_that_is_down_loses_nothing(elsewhere: AtChatwoot, bridge: Bridge) -> None:
    await elsewhere.story.asks()
    elsewhere.chatwoot.faults.extend(["down"] * 3)
    for _ in range(3):
        await bridge.synchronise()
    await elsewhere.story.writes("still here")
    await bridge.synchronise()
    assert elsewhere.chatwoot.shown(the_conversation(elsewhere)) == ["still here"]


async def test_an_act_is_carried_out_once_however_often_it_is_told(
    elsewhere: AtChatwoot, bridge: Bridge
) -> None:
    await elsewhere.story.asks()
    await bridge.synchronise()
    case = await elsewhere.story.case()
    who = await elsewhere.story.who()
    told = Case(case["id"], who.id, who.name, who.epoch, "", "telegram", "en")
    for _ in range(3):
        await elsewhere.story.parts.database.run(
            bridge._carry_out, told, [AgentAct("x-1", REPLY, "Emi", "Hello")], ""
        )
    assert [row["text"] for row in await rows(elsewhere.story.parts.database, outbound, origin="agent")] == [
        "Hello"
    ]


def test_only_a_fresh_webhook_with_the_right_signature_is_genuine() -> None:

    body = json.dumps({"event": "message_created"}).encode()

    def signed(secret: str, stamp: str) -> str:
        return "sha256=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()

    secret = SETTINGS.webhook_secret
    assert is_genuine(secret, "1000", body, signed(secret, "1000"), 1100.0)
    assert not is_genuine(secret, "1000", body, signed(secret, "1000"), 1301.0)
    assert not is_genuine(secret, "1000", body + b" ", signed(secret, "1000"), 1100.0)
    assert not is_genuine(secret, "1001", body, signed(secret, "1000"), 1100.0)
    assert not is_genuine(secret, "1000", body, signed("another", "1000"), 1100.0)
    assert not is_genuine(secret, "", body, "", 1100.0)
    assert not is_genuine("", "1000", body, signed("", "1000"), 1100.0)
