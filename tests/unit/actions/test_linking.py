"""Linking: a token from the portal, a code to the number on record, what is told to whom, and how it ends."""

from __future__ import annotations

import pytest

from tests.support.sandbox import other_than
from tests.support.task_client import TaskClient

UNLINK = '/linking{"task_command": "unlink"}'
LEAVE = '/inform{"task_command": "leave"}'


def link_state(client: TaskClient) -> str:
    return str(client.sandbox.read("/link", client.chat.client).json()["state"])


async def test_a_token_and_the_users_word_in_the_portal_link_the_chat(everywhere: TaskClient) -> None:
    answered = await everywhere.open_link(everywhere.sandbox.link_token("hanako01"))
    assert answered.said == ["linking/confirm_in_portal"]
    assert link_state(everywhere) == "pending"
    assert (await everywhere.chat.say("linking")).said == ["linking/pending"]
    everywhere.sandbox.confirm(client=everywhere.chat.client)
    answered = await everywhere.chat.say("linking")
    assert answered.values("linking/linked") == {"name": "ha***01"}
    notice = everywhere.sandbox.phone.wait_for_notices(1)[0]
    assert (notice["type"], notice["client"]) == ("link.confirmed", everywhere.chat.client)


async def test_until_then_nothing_of_the_user_is_told(task_client: TaskClient) -> None:
    await task_client.open_link(task_client.sandbox.link_token("hanako01"))
    for intent in ("linking", "sls_opt_in", "share_device", "share_status", "verify_phone"):
        assert "ha***01" not in str(await task_client.chat.say(intent))


async def test_a_declined_link_is_none(task_client: TaskClient) -> None:
    await task_client.open_link(task_client.sandbox.link_token("hanako01"))
    task_client.sandbox.confirm("decline", task_client.chat.client)
    assert (await task_client.chat.say("linking")).said == ["linking/declined", "linking/how"]
    assert task_client.sandbox.phone.wait_for_notices(1)[0]["data"] == {}


@pytest.mark.parametrize("how", ["used", "old", "made up", "of another chat"])
async def test_a_token_works_once_and_for_ten_minutes(task_client: TaskClient, how: str) -> None:
    token = task_client.sandbox.link_token("hanako01")
    if how == "used":
        await task_client.open_link(token)
    elif how == "old":
        task_client.sandbox.advance(600)
    elif how == "of another chat":
        task_client.sandbox.write("/links", {"token": token}, client="telegram:somebody").raise_for_status()
    else:
        token = "A" * 43
    answered = await task_client.open_link(token)
    # Opened twice in the same chat it still waits for the portal.
    assert answered.said == ["linking/pending" if how == "used" else "linking/token_invalid"]
    assert len(task_client.sandbox.ledger()["links"]) <= 1


async def test_the_portal_takes_the_users_word_for_ten_minutes(task_client: TaskClient) -> None:
    await task_client.open_link(task_client.sandbox.link_token("hanako01"))
    task_client.sandbox.advance(600)
    assert task_client.sandbox.confirm(client=task_client.chat.client).status_code == 404
    assert link_state(task_client) == "none"


async def test_a_linked_chat_is_not_taken_over_by_another_token(task_client: TaskClient) -> None:
    task_client.link("emma05")
    answered = await task_client.open_link(task_client.sandbox.link_token("hanako01"))
    assert answered.said == ["linking/already_linked"]
    assert (await task_client.chat.say("linking")).values("linking/linked") == {"name": "em***05"}


async def test_a_token_that_the_gateway_has_forgotten_is_told_as_invalid(task_client: TaskClient) -> None:
    assert (await task_client.chat.say("linking", link="ref-gone")).said == ["linking/token_invalid"]


async def test_the_same_token_run_twice_links_once(task_client: TaskClient) -> None:
    token = task_client.sandbox.link_token("hanako01")
    for _ in range(2):
        assert (await task_client.open_link(token, "9")).said == ["linking/confirm_in_portal"]
    assert len(task_client.sandbox.ledger()["links"]) == 1


async def test_a_code_to_the_number_on_record_links_an_sms_chat(by_sms: TaskClient) -> None:
    assert (await by_sms.chat.say("linking")).said == ["linking/offer_code"]
    answered = await by_sms.chat.press("/affirm")
    assert answered.said == ["linking/sent"]
    assert answered.expects == "code"
    code = by_sms.sandbox.phone.next_code()
    assert (await by_sms.type_code(other_than(code))).said == ["codes/wrong_code"]
    answered = await by_sms.type_code(code)
    assert answered.values("linking/linked_now") == {"name": "ha***01"}
    assert by_sms.chat.frames == []


async def test_a_number_that_is_on_no_record_looks_the_same(by_sms: TaskClient) -> None:
    by_sms.chat.client = "simulator.sms:+819099998888"
    said = [(await by_sms.chat.say("linking")).said, (await by_sms.chat.press("/affirm")).said]
    said += [(await by_sms.type_code("123456")).said for _ in range(5)]
    assert said == [
        ["linking/offer_code"],
        ["linking/sent"],
        *[["codes/wrong_code"]] * 4,
        ["codes/locked"],
    ]
    assert by_sms.sandbox.phone.received == []
    assert link_state(by_sms) == "none"


async def test_whether_a_code_was_sent_is_not_told(by_sms: TaskClient) -> None:
    await by_sms.chat.say("linking")
    await by_sms.chat.press("/affirm")
    assert (await by_sms.chat.say("inform", task_command="missing_code")).said == ["linking/code_missing"]


async def test_an_unlinked_chat_on_telegram_is_shown_the_way(task_client: TaskClient) -> None:
    answered = await task_client.chat.say("linking")
    assert answered.said == ["linking/how"]
    assert task_client.chat.frames == []


@pytest.mark.parametrize("words", ["nlu_fallback", "out_of_scope", "sms_missing"])
async def test_the_wish_is_heard_whatever_its_words_were_taken_for(
    task_client: TaskClient, words: str
) -> None:
    assert (await task_client.chat.say(words, task_command="link")).said == ["linking/how"]


async def test_a_link_is_ended_on_a_word_and_a_yes(everywhere: TaskClient) -> None:
    everywhere.link("hanako01")
    await everywhere.chat.say("linking")
    assert (await everywhere.chat.press(UNLINK)).said == ["linking/unlink_confirm"]
    assert link_state(everywhere) == "linked"
    assert (await everywhere.chat.press("/affirm")).said == ["linking/unlinked"]
    assert link_state(everywhere) == "none"
    assert "linking/not_linked" in (await everywhere.chat.say("linking", task_command="unlink")).said


async def test_no_leaves_the_link(task_client: TaskClient) -> None:
    task_client.link("hanako01")
    await task_client.chat.say("linking", task_command="unlink")
    assert (await task_client.chat.say("deny")).said == ["codes/cancelled"]
    assert link_state(task_client) == "linked"


async def test_a_link_that_nobody_uses_ends_after_180_days(task_client: TaskClient) -> None:
    task_client.link("hanako01")
    task_client.sandbox.advance(170 * 86_400)
    assert (await task_client.chat.say("sls_opt_in")).said == ["opting_in/confirm"]
    task_client.sandbox.advance(170 * 86_400)
    assert link_state(task_client) == "linked"
    task_client.sandbox.advance(180 * 86_400 + 60)
    assert (await task_client.chat.say("linking")).said[0] == "linking/expired"


async def test_the_portal_ends_a_link_too(task_client: TaskClient) -> None:
    task_client.link("hanako01")
    task_client.sandbox.confirm("end", task_client.chat.client)
    assert [n["type"] for n in task_client.sandbox.phone.wait_for_notices(2)] == [
        "link.confirmed",
        "link.ended",
    ]
    assert (await task_client.chat.say("linking")).said[-1] == "linking/how"


async def test_a_chat_is_linked_by_itself_and_not_by_its_neighbour(task_client: TaskClient) -> None:
    task_client.link("hanako01")
    task_client.chat.client = "simulator.telegram:person-2"
    assert (await task_client.chat.say("linking")).said == ["linking/how"]
