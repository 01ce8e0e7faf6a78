"""Messages that were not clear: kept once, with what was chosen, until a person has labelled them."""

from __future__ import annotations

from bot.conversation import clarifications, directives
from contracts.directives import RecordClarification
from contracts.enums import ClarificationKind
from tests.support.gateway import Parts

ASKED = RecordClarification(ClarificationKind.ASKED, ("pin_rules", "pin_tips"))
REFUSED = RecordClarification(ClarificationKind.REFUSED)


async def told(parts: Parts, text: str, *asked: RecordClarification) -> None:
    accepted = await parts.receive(text, peer="a")
    owner = await parts.conversation("a")
    for _ in range(2):  # a turn may be stored again
        await parts.database.run(directives.apply, owner, asked, inbound_id=accepted.id)


async def chosen(parts: Parts, payload: str) -> None:
    owner = await parts.conversation("a")
    await parts.database.run(clarifications.note_choice, owner.id, payload)


async def waiting(parts: Parts) -> list[clarifications.Clarification]:
    return await parts.database.run(clarifications.list_unlabelled, 10)


async def test_an_unclear_message_waits_once_for_its_label_with_its_text(parts: Parts) -> None:
    await told(parts, "which pin", ASKED)
    await told(parts, "blah", REFUSED)
    found = await waiting(parts)
    assert [(one.text, one.candidates) for one in found] == [
        ("blah", ()),
        ("which pin", ("pin_rules", "pin_tips")),
    ]


async def test_what_the_client_chose_is_noted_once(parts: Parts) -> None:
    await told(parts, "which pin", ASKED)
    await chosen(parts, "/human")
    assert [one.chosen for one in await waiting(parts)] == [None]
    await chosen(parts, "/pin_tips")
    await chosen(parts, "/pin_rules")
    assert [one.chosen for one in await waiting(parts)] == ["pin_tips"]
    assert await parts.database.run(clarifications.count_pairs) == [("pin_rules", "pin_tips", 1, 0, 1, 0)]


async def test_none_of_them_is_a_choice_too(parts: Parts) -> None:
    await told(parts, "which pin", ASKED)
    await chosen(parts, "/out_of_scope")
    assert await parts.database.run(clarifications.count_pairs) == [("pin_rules", "pin_tips", 1, 0, 0, 1)]


async def test_a_labelled_message_is_listed_no_more(parts: Parts) -> None:
    await told(parts, "which pin", ASKED)
    (one,) = await waiting(parts)
    await parts.database.run(clarifications.mark_labelled, [one.id])
    assert await waiting(parts) == []
