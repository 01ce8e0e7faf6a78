"""Sharing a device: who with whom, which device, the portal's part of it, and how a request stands."""

from __future__ import annotations

import pytest

from tests.support.action_turn import TurnResult
from tests.support.task_client import TaskClient

HOW = '/inform{"task_command": "how"}'
GUIDE = ["share_device/answer", "share_device/requesting_device"]


async def begin(client: TaskClient, username: str) -> TurnResult:
    client.link(username)
    return await client.chat.say("share_device")


def settle(client: TaskClient, word: str) -> None:
    """What happens in the portal, or at Compliance, to the last request."""
    last = client.sandbox.ledger()["sharing"][-1]["id"]
    assert client.sandbox.portal(f"/sharing-requests/{last}/{word}").status_code == 303


async def test_a_device_is_shared_through_the_portal_and_its_approval_is_told(everywhere: TaskClient) -> None:
    answered = await begin(everywhere, "hanako01")
    assert answered.values("sharing/confirm_self") == {"name": "ha***11", "device": "DSC+"}
    answered = await everywhere.chat.press("/affirm")
    assert answered.said == ["sharing/awaiting_portal", *GUIDE]
    assert answered.values("sharing/awaiting_portal")["address"].startswith(everywhere.sandbox.url)
    settle(everywhere, "finish")
    notice = everywhere.sandbox.phone.wait_for_notices(2)[1]
    receipt = everywhere.sandbox.ledger()["sharing"][0]["receipt"]
    assert notice["data"] == {"username_masked": "ha***11", "receipt": receipt}
    answered = await everywhere.chat.say("share_status")
    assert answered.values("sharing/approved") == {"name": "ha***11", "receipt": receipt}


@pytest.mark.parametrize(
    ("username", "text", "values"),
    [
        ("hanako11", "sharing/confirm_partner", {"name": "ha***01", "device": "DSC+"}),
        ("taro07", "sharing/confirm_partner", {"name": "ta***17", "device": "DSC+"}),
        ("taro17", "sharing/confirm_self", {"name": "ta***07", "device": "DSC+"}),
        ("noa12", "sharing/confirm_partner", {"name": "no***22", "device": "Security Code Card"}),
    ],
)
async def test_the_device_with_the_highest_protection_is_the_one_to_share(
    task_client: TaskClient, username: str, text: str, values: dict[str, str]
) -> None:
    assert (await begin(task_client, username)).values(text) == values


async def test_of_equal_devices_either_may_be_shared(task_client: TaskClient) -> None:
    assert (await begin(task_client, "yuki08")).said == ["sharing/equal", "sharing/confirm_self"]
    answered = await task_client.chat.press("/affirm")
    # Both have one, so that question of the guide is answered.
    assert answered.said == ["sharing/awaiting_portal", "share_device/answer", "share_device/owner"]


@pytest.mark.parametrize(
    ("username", "reason", "more"),
    [
        ("leo09", "temporary_device", None),
        ("mia10", "different_identification", "/share_error_identification"),
        ("sam06", "ib_key", "/ibkey_add_user"),
        ("ken15", "no_device", "/ibkey_activate"),
    ],
)
async def test_who_may_not_is_told_why(
    task_client: TaskClient, username: str, reason: str, more: str | None
) -> None:
    answered = await begin(task_client, username)
    assert answered.said == ["sharing/not_eligible", f"sharing/reason_{reason}", "sharing/what_next"]
    assert more is None or more in answered.payloads
    assert task_client.sandbox.ledger()["sharing"] == []


async def test_who_shares_already_is_told_so(task_client: TaskClient) -> None:
    await begin(task_client, "hanako01")
    await task_client.chat.press("/affirm")
    settle(task_client, "finish")
    assert "sharing/reason_already_shared" in (await task_client.chat.say("share_device")).said


async def test_who_has_no_other_user_is_told_so(task_client: TaskClient) -> None:
    assert (await begin(task_client, "emma05")).said == ["sharing/nobody"]


async def test_who_is_not_linked_gets_the_guide_and_the_answer(everywhere: TaskClient) -> None:
    assert (await everywhere.chat.say("share_device")).said == ["linking/invite", *GUIDE]
    await everywhere.chat.say("inform", guide_command="stop")
    answered = await everywhere.chat.say("share_status")
    assert answered.said == ["share_status/answer", "linking/invite"]
    assert "/linking" in answered.payloads


async def test_compliance_keeps_it_pending_and_its_word_is_told(task_client: TaskClient) -> None:
    await begin(task_client, "noa12")
    await task_client.chat.press("/affirm")
    settle(task_client, "finish")
    assert (await task_client.chat.say("share_status")).said[0] == "sharing/pending_compliance"
    settle(task_client, "approve")
    assert (await task_client.chat.say("share_status")).said[0] == "sharing/approved"
    told = [notice["type"] for notice in task_client.sandbox.phone.wait_for_notices(3)]
    assert told[1:] == ["device_sharing.pending", "device_sharing.approved"]


@pytest.mark.parametrize("reason", ["less-secure-device", "different-identification"])
async def test_both_errors_are_explained(task_client: TaskClient, reason: str) -> None:
    await begin(task_client, "hanako01")
    await task_client.chat.press("/affirm")
    settle(task_client, reason)
    wanted = f"sharing/refused_{reason.replace('-', '_')}"
    if reason == "different-identification":
        wanted = "sharing/refused_different_identification"
    assert (await task_client.chat.say("share_status")).said[0] == wanted


async def test_what_compliance_refused_is_told(task_client: TaskClient) -> None:
    await begin(task_client, "noa12")
    await task_client.chat.press("/affirm")
    settle(task_client, "finish")
    settle(task_client, "refuse")
    assert (await task_client.chat.say("share_status")).said[0] == "sharing/refused_compliance"


async def test_a_request_that_nobody_finishes_ends(task_client: TaskClient) -> None:
    await begin(task_client, "hanako01")
    await task_client.chat.press("/affirm")
    task_client.sandbox.advance(7 * 86_400)
    assert (await task_client.chat.say("share_status")).said[0] == "sharing/expired"


async def test_no_request_is_told_as_none(task_client: TaskClient) -> None:
    task_client.link("hanako01")
    assert (await task_client.chat.say("share_status")).said == ["sharing/no_requests"]


async def test_there_is_one_request_for_two_users(task_client: TaskClient) -> None:
    await begin(task_client, "hanako01")
    await task_client.chat.press("/affirm")
    await task_client.chat.say("inform", guide_command="stop")
    await task_client.chat.say("share_device")
    assert (await task_client.chat.press("/affirm")).said == ["sharing/request_open"]
    assert len(task_client.sandbox.ledger()["sharing"]) == 1


async def test_no_prepares_nothing(task_client: TaskClient) -> None:
    await begin(task_client, "hanako01")
    assert (await task_client.chat.say("deny")).said == ["codes/cancelled"]
    assert task_client.sandbox.ledger()["sharing"] == []


async def test_a_client_who_prefers_the_portal_is_guided_there(task_client: TaskClient) -> None:
    await begin(task_client, "hanako01")
    assert (await task_client.chat.press(HOW)).said == GUIDE


async def test_another_question_and_another_language_in_between_change_nothing(
    task_client: TaskClient,
) -> None:
    await begin(task_client, "hanako01")
    await task_client.chat.say("pin_rules")
    assert (await task_client.chat.say("affirm")).said == ["sharing/confirm_self"]
    answered = await task_client.chat.say("language_japanese")
    assert answered.said == ["language_japanese/answer", "sharing/confirm_self"]
    assert (await task_client.chat.press("/affirm")).said[0] == "sharing/awaiting_portal"


async def test_the_other_user_sees_the_request_too(task_client: TaskClient) -> None:
    await begin(task_client, "hanako01")
    await task_client.chat.press("/affirm")
    task_client.chat.client = "simulator.telegram:person-2"
    task_client.link("hanako11")
    answered = await task_client.chat.say("share_status")
    assert answered.values("sharing/awaiting_portal")["name"] == "ha***01"
