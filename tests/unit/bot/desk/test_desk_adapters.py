"""One suite for every desk: what is told arrives once and in order, what agents do comes back once and in order."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable

import pytest

from bot.desk.adapters.base import CLAIM, REPLY, RESOLVE, AgentAct, Case, DeskAdapter, DeskUnreachable, Entry
from bot.desk.adapters.bridge import NOT_SENT, TOO_LATE, Bridge
from bot.desk.adapters.builtin import BuiltInDesk
from bot.desk.adapters.chatwoot import is_genuine
from bot.handoff.agents import Agents, add_note
from bot.messages.signal import Signal
from bot.privacy.audit import AuditTrail
from bot.storage import outbound
from tests.support.fake_chatwoot import SETTINGS, FakeChatwoot
from tests.support.gateway import rows
from tests.support.hand_off import ANNA, PEER, HandOffStory


class AtTheBuiltInDesk:
    """A case at the built-in desk, and what an agent does there."""

    def __init__(self, story: HandOffStory) -> None:
        self.story = story
        self.desk: DeskAdapter = BuiltInDesk(story.parts.database, Signal(), story.parts.clock)

    def again(self) -> None:
        """Another process takes over: nothing that was in memory is left."""
        self.desk = BuiltInDesk(self.story.parts.database, Signal(), self.story.parts.clock)

    async def case(self, peer: str = PEER) -> Case:
        await self.story.asks(peer)
        who = await self.story.who(peer)
        return Case(who.handoff_id or 0, who.id, who.name, who.epoch, "+81 ••• 78", "telegram", "en", {}, ())

    async def takes(self, external_id: str) -> None:
        await self.story.does("take", ANNA)

    async def replies(self, external_id: str, text: str, peer: str = PEER) -> None:
        await self.story.does("reply", ANNA, text, peer=peer)

    async def notes(self, external_id: str, text: str) -> None:
        await self.story.parts.database.run(
            add_note, int(external_id), ANNA.id, text, self.story.parts.clock()
        )

    async def resolves(self, external_id: str) -> None:
        await self.story.does("resolve", ANNA, "solved", "")


class AtChatwoot:
    """A case at Chatwoot, and what an agent does there."""

    def __init__(self, story: HandOffStory) -> None:
        self.story = story
        self.chatwoot = FakeChatwoot()
        self.desk: DeskAdapter = self.chatwoot.adapter()

    def again(self) -> None:
        """Another process takes over: nothing that was in memory is left."""
        self.desk = self.chatwoot.adapter()

    case = AtTheBuiltInDesk.case

    async def takes(self, external_id: str) -> None:
        self.chatwoot.agent_takes(int(external_id))

    async def replies(self, external_id: str, text: str, peer: str = PEER) -> None:
        self.chatwoot.agent_writes(int(external_id), text)

    async def notes(self, external_id: str, text: str) -> None:
        self.chatwoot.agent_writes(int(external_id), text, private=True)

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


@pytest.mark.parametrize(
    "text",
    [
        "お待たせしました。佐藤と申します。",
        "one\n\ntwo",
        "<script>alert(1)</script> & {{ 7 * 7 }}",
        "👍🏽 café",
        "x" * 4096,
    ],
    ids=["japanese", "lines", "markup", "signs", "longest"],
)
async def test_a_reply_comes_as_it_was_written(place: Place, text: str) -> None:
    external_id = await place.desk.open(await place.case())
    await place.takes(external_id)
    await place.replies(external_id, text)
    assert (await kinds(place.desk, external_id))[0] == [(CLAIM, ""), (REPLY, text)]


async def test_the_same_words_said_twice_are_two_replies(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.takes(external_id)
    for _ in range(2):
        await place.replies(external_id, "Please try again")
    acts, _ = await place.desk.poll(external_id, "")
    assert [act.text for act in acts if act.kind == REPLY] == ["Please try again"] * 2
    assert len({act.id for act in acts}) == len(acts)


async def test_each_act_says_whose_it_is(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.takes(external_id)
    await place.replies(external_id, "one")
    acts, _ = await place.desk.poll(external_id, "")
    assert {act.agent for act in acts} <= {"Anna", "Emi"}
    assert len({act.agent for act in acts}) == 1


async def test_an_agents_private_note_is_no_reply(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.takes(external_id)
    _, cursor = await kinds(place.desk, external_id)
    await place.notes(external_id, "looks like a new SIM card")
    assert (await kinds(place.desk, external_id, cursor))[0] == []


async def test_a_reply_without_a_claim_is_heard_as_well(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.replies(external_id, "Good morning")
    acts = (await kinds(place.desk, external_id))[0]
    assert [act for act in acts if act[0] != CLAIM] == [(REPLY, "Good morning")]


async def test_replies_that_are_asked_for_one_by_one_come_one_by_one(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.takes(external_id)
    _, cursor = await kinds(place.desk, external_id)
    for text in ("one", "two", "three"):
        await place.replies(external_id, text)
        told, cursor = await kinds(place.desk, external_id, cursor)
        assert told == [(REPLY, text)]


async def test_another_process_goes_on_where_the_last_one_was(place: Place) -> None:
    case = await place.case()
    external_id = await place.desk.open(case)
    await place.takes(external_id)
    _, cursor = await kinds(place.desk, external_id)
    await place.replies(external_id, "said while nobody listened")
    place.again()
    assert await place.desk.open(case) == external_id
    told, cursor = await kinds(place.desk, external_id, cursor)
    assert told == [(REPLY, "said while nobody listened")]
    assert (await kinds(place.desk, external_id, cursor))[0] == []


async def test_two_clients_cases_are_two_and_do_not_mix(place: Place) -> None:
    one = await place.desk.open(await place.case())
    two = await place.desk.open(await place.case("4712"))
    assert one != two
    await place.replies(one, "for the first")
    await place.replies(two, "for the second", peer="4712")
    for external_id, text in ((one, "for the first"), (two, "for the second")):
        acts = (await kinds(place.desk, external_id))[0]
        assert [act[1] for act in acts if act[0] == REPLY] == [text]


async def test_what_the_assistant_and_the_gateway_say_is_no_act_of_an_agent(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.story.passes(300)
    assert len(await place.story.told()) > 1
    assert (await kinds(place.desk, external_id))[0] == []


async def test_a_new_epoch_alone_can_be_told(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    for epoch in (2, 3, 3):
        await place.desk.append(external_id, [], 0, epoch)
    assert (await kinds(place.desk, external_id))[0] == []


async def test_a_case_that_was_closed_can_be_opened_again(place: Place) -> None:
    case = await place.case()
    external_id = await place.desk.open(case)
    await place.takes(external_id)
    _, cursor = await kinds(place.desk, external_id)
    await place.desk.close(external_id, 2)
    assert await place.desk.open(case) == external_id
    assert [kind for kind, _ in (await kinds(place.desk, external_id, cursor))[0]] == []


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


async def test_a_wish_that_is_taken_back_ends_there_too(elsewhere: AtChatwoot, bridge: Bridge) -> None:
    await elsewhere.story.asks()
    await bridge.synchronise()
    there = the_conversation(elsewhere)
    await elsewhere.story.writes("cancel")
    await bridge.synchronise()
    assert elsewhere.chatwoot.conversations[there]["status"] == "resolved"
    assert await elsewhere.story.state() == "BOT"


async def test_who_answers_there_when_it_is_over_hears_that_it_was_too_late(
    elsewhere: AtChatwoot, bridge: Bridge
) -> None:
    await elsewhere.story.asks()
    await bridge.synchronise()
    there = the_conversation(elsewhere)
    await elsewhere.story.writes("cancel")
    elsewhere.chatwoot.agent_writes(there, "Hello, am I too late?")
    for _ in range(2):
        await bridge.synchronise()
    assert await elsewhere.story.sent_by_agents() == []
    assert elsewhere.chatwoot.shown(there, private=True).count(TOO_LATE) == 1
    assert await elsewhere.story.state() == "BOT"


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
