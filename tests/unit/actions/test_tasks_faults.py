"""Every fault of the backend at every step: nothing is claimed that it did not confirm, and nothing is done twice."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.action_turn import Answered
from tests.support.verifying import Verifying

Step = Callable[[Verifying], Awaitable[Answered]]
FAULTS = [("500", "before"), ("500", "after"), ("reset", "before"), ("reset", "after"), ("429", "before")]
# Said where the backend gave no answer.
HONEST = {"guide__backend_down", "linking__cannot_ask", "linking__token_again"}
RESUME = '/inform{"walk": "resume"}'


@dataclass(frozen=True)
class Flow:
    """A task from its beginning to its end: what the client does, and what each step brings.

    `username` is whom the chat is linked to at first. `late` is said where the last step was done although its answer
    got lost, and is taken again; `done` counts what the backend may have done by the end.
    """

    name: str
    username: str | None
    steps: tuple[tuple[Step, str], ...]
    late: str
    done: dict[str, int]


def says(intent: str, **entities: str) -> Step:
    return lambda client: client.chat.say(intent, **entities)


async def yes(client: Verifying) -> Answered:
    return await client.chat.say("affirm")


async def code(client: Verifying) -> Answered:
    sent = client.sandbox.phone
    if not hasattr(client, "code"):
        client.code = sent.next_code()  # type: ignore[attr-defined]
    return await client.types(client.code)  # type: ignore[attr-defined]


async def token(client: Verifying) -> Answered:
    if not hasattr(client, "token"):
        client.token = client.sandbox.link_token("hanako01")  # type: ignore[attr-defined]
    return await client.opens_link(client.token)  # type: ignore[attr-defined]


FLOWS = [
    Flow(
        "verify",
        "rio13",
        (
            (says("verify_phone", phone_number="+819012345613"), "verify_phone__confirm_number"),
            (yes, "verify_phone__sent"),
            (code, "verify_phone__verified_enrolled"),
        ),
        "verify_phone__verified_before",
        {"verifications": 1, "sms": 1},
    ),
    Flow(
        "opt in",
        "hanako01",
        ((says("sls_opt_in"), "opting_in__confirm"), (yes, "opting_in__sent"), (code, "opting_in__done")),
        "opting_in__already_enrolled",
        {"opt_ins": 1, "sms": 1},
    ),
    Flow(
        "share",
        "hanako01",
        ((says("share_device"), "sharing__confirm_self"), (yes, "sharing__awaiting_portal")),
        "sharing__awaiting_portal",
        {"sharing": 1},
    ),
    Flow(
        "status",
        "hanako01",
        ((says("share_status"), "sharing__no_requests"),),
        "sharing__no_requests",
        {"sharing": 0},
    ),
    Flow("token", None, ((token, "linking__confirm_in_portal"),), "linking__pending", {"links": 1}),
    Flow(
        "link by SMS",
        None,
        (
            (says("linking"), "linking__offer_code"),
            (yes, "linking__sent"),
            (code, "linking__linked_now"),
        ),
        "linking__already_linked",
        {"links": 1, "link_codes": 1, "sms": 1},
    ),
    Flow(
        "unlink",
        "hanako01",
        ((says("linking", task="unlink"), "linking__unlink_confirm"), (yes, "linking__unlinked")),
        "linking__unlinked",
        {"links": 1},
    ),
]
STEPS = [(flow, number) for flow in FLOWS for number in range(len(flow.steps))]


def name(value: Any) -> str:
    return (
        value.name
        if isinstance(value, Flow)
        else "-".join(map(str, value))
        if isinstance(value, tuple)
        else str(value)
    )


def switch_on(client: Verifying, fault: tuple[str, str], times: int) -> None:
    kind, when = fault
    client.sandbox.faults({"kind": kind, "when": when, "times": times})


async def come_to(client: Verifying, flow: Flow, number: int) -> None:
    if flow.username:
        client.link(flow.username)
    for step, wanted in flow.steps[:number]:
        assert wanted in (await step(client)).said


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS, ids=name)
@pytest.mark.parametrize(("flow", "number"), STEPS, ids=name)
async def test_a_fault_that_passes_is_not_noticed(
    by_sms: Verifying, flow: Flow, number: int, fault: tuple[str, str]
) -> None:
    await come_to(by_sms, flow, number)
    switch_on(by_sms, fault, 1)
    for step, wanted in flow.steps[number:]:
        assert wanted in (await step(by_sms)).said
    ledger = by_sms.sandbox.ledger()
    assert {what: len(ledger[what]) for what in flow.done} == flow.done


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS, ids=name)
@pytest.mark.parametrize(("flow", "number"), STEPS, ids=name)
async def test_a_fault_that_stays_is_told_and_the_step_can_be_taken_again(
    by_sms: Verifying, flow: Flow, number: int, fault: tuple[str, str]
) -> None:
    await fails_and_goes_on(by_sms, flow, number, fault)


@pytest.mark.parametrize("flow", FLOWS, ids=name)
async def test_a_last_step_whose_answer_is_lost_is_not_called_done_and_not_done_twice(
    by_sms: Verifying, flow: Flow
) -> None:
    await fails_and_goes_on(by_sms, flow, len(flow.steps) - 1, ("reset", "after"))


async def fails_and_goes_on(by_sms: Verifying, flow: Flow, number: int, fault: tuple[str, str]) -> None:
    """Take a step while the backend fails, then again once it works, and go on to the end."""
    await come_to(by_sms, flow, number)
    step, wanted = flow.steps[number]
    switch_on(by_sms, fault, 50)
    failed = await step(by_sms)
    # The number is asked for without the backend; everything else needs it.
    if wanted != "verify_phone__confirm_number":
        assert wanted not in failed.said
        assert HONEST & set(failed.said)
    by_sms.sandbox.faults()
    if by_sms.chat.places and by_sms.chat.places[-1]["at"] in {"confirm", "offer", "unlink"} and number:
        await by_sms.chat.say("inform", walk="resume")
    last = number == len(flow.steps) - 1
    said = set((await step(by_sms)).said)
    assert said & ({wanted, flow.late} if last else {wanted})
    for later, brings in flow.steps[number + 1 :]:
        assert brings in (await later(by_sms)).said
    ledger = by_sms.sandbox.ledger()
    assert {what: len(ledger[what]) for what in flow.done} == flow.done


@pytest.mark.long
async def test_a_backend_that_is_slow_to_answer_has_its_write_done_once(by_sms: Verifying) -> None:
    flow = FLOWS[1]
    await come_to(by_sms, flow, 1)
    by_sms.sandbox.faults({"kind": "slow", "when": "after", "seconds": 5.5, "method": "POST"})
    assert (await yes(by_sms)).said == ["opting_in__sent"]
    assert len(by_sms.sandbox.ledger()["sms"]) == 1


def test_every_flow_and_step_is_here_with_every_fault() -> None:
    assert len(list(itertools.product(STEPS, FAULTS))) == 15 * 5
