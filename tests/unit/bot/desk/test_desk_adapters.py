"""One suite for every desk's five calls: what is told comes once and in order, and so does what agents do."""

from __future__ import annotations

import pytest

from bot.desk.adapters.desk_adapter import CLAIM, REPLY, RESOLVE, DeskAdapter, Entry
from bot.domain import Epoch
from tests.support.desk_places import Place


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
    await place.takes()
    first, cursor = await kinds(place.desk, external_id)
    assert first == [(CLAIM, "")]
    await place.replies("one")
    await place.replies("two")
    await place.resolves()
    then, cursor = await kinds(place.desk, external_id, cursor)
    assert then == [(REPLY, "one"), (REPLY, "two"), (RESOLVE, "")]
    assert (await kinds(place.desk, external_id, cursor))[0] == []


async def test_the_same_place_asked_again_tells_the_same_with_the_same_ids(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.takes()
    await place.replies("one")
    assert await place.desk.poll(external_id, "") == await place.desk.poll(external_id, "")
    acts, _ = await place.desk.poll(external_id, "")
    assert len({act.id for act in acts}) == len(acts)


async def test_what_is_noted_is_no_reply(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.desk.note(external_id, "for colleagues")
    assert (await kinds(place.desk, external_id))[0] == []


async def test_what_the_client_wrote_is_no_act_of_an_agent(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.desk.append(external_id, [Entry(1, "hello", 0.0)], 0, Epoch(1))
    assert (await kinds(place.desk, external_id))[0] == []


async def test_a_closed_case_can_be_closed_again(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.desk.close(external_id, Epoch(2))
    await place.desk.close(external_id, Epoch(2))


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
    await place.takes()
    await place.replies(text)
    assert (await kinds(place.desk, external_id))[0] == [(CLAIM, ""), (REPLY, text)]


async def test_the_same_words_said_twice_are_two_replies(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.takes()
    for _ in range(2):
        await place.replies("Please try again")
    acts, _ = await place.desk.poll(external_id, "")
    assert [act.text for act in acts if act.kind == REPLY] == ["Please try again"] * 2
    assert len({act.id for act in acts}) == len(acts)


async def test_each_act_says_whose_it_is(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.takes()
    await place.replies("one")
    acts, _ = await place.desk.poll(external_id, "")
    assert {act.agent for act in acts} <= {"Anna", "Emi"}
    assert len({act.agent for act in acts}) == 1


async def test_an_agents_private_note_is_no_reply(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.takes()
    _, cursor = await kinds(place.desk, external_id)
    await place.notes("looks like a new SIM card")
    assert (await kinds(place.desk, external_id, cursor))[0] == []


async def test_a_reply_without_a_claim_is_heard_as_well(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.replies("Good morning")
    acts = (await kinds(place.desk, external_id))[0]
    assert [act for act in acts if act[0] != CLAIM] == [(REPLY, "Good morning")]


async def test_replies_that_are_asked_for_one_by_one_come_one_by_one(place: Place) -> None:
    external_id = await place.desk.open(await place.case())
    await place.takes()
    _, cursor = await kinds(place.desk, external_id)
    for text in ("one", "two", "three"):
        await place.replies(text)
        told, cursor = await kinds(place.desk, external_id, cursor)
        assert told == [(REPLY, text)]


async def test_another_process_goes_on_where_the_last_one_was(place: Place) -> None:
    case = await place.case()
    external_id = await place.desk.open(case)
    await place.takes()
    _, cursor = await kinds(place.desk, external_id)
    await place.replies("said while nobody listened")
    place.again()
    assert await place.desk.open(case) == external_id
    told, cursor = await kinds(place.desk, external_id, cursor)
    assert told == [(REPLY, "said while nobody listened")]
    assert (await kinds(place.desk, external_id, cursor))[0] == []


async def test_two_clients_cases_are_two_and_do_not_mix(place: Place) -> None:
    one = await place.desk.open(await place.case())
    two = await place.desk.open(await place.case("4712"))
    assert one != two
    await place.replies("for the first")
    await place.replies("for the second", peer="4712")
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
        await place.desk.append(external_id, [], 0, Epoch(epoch))
    assert (await kinds(place.desk, external_id))[0] == []


async def test_a_case_that_was_closed_can_be_opened_again(place: Place) -> None:
    case = await place.case()
    external_id = await place.desk.open(case)
    await place.takes()
    _, cursor = await kinds(place.desk, external_id)
    await place.desk.close(external_id, Epoch(2))
    assert await place.desk.open(case) == external_id
    assert [kind for kind, _ in (await kinds(place.desk, external_id, cursor))[0]] == []
