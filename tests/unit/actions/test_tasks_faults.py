"""Every fault of the backend at every step: nothing is claimed that it did not confirm, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.action_turn import TurnResult
from tests.support.task_client import WAYS, TaskClient

Step = Callable[[TaskClient], Awaitable[TurnResult]]
FAULTS = [("500", "before"), ("500", "after"), ("reset", "before"), ("reset", "after"), ("429", "before")]
# Said where the backend gave no answer.
HONEST = {"guide/backend_down", "linking/cannot_ask", "linking/token_again"}
RESUME = '/inform{"guide_command": "resume"}'


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


def says(intent: str, **entities: Any) -> Step:
    return lambda client: client.chat.say(intent, **entities)


async def yes(client: TaskClient) -> TurnResult:
    return await client.chat.say("affirm")


async def code(client: TaskClient) -> TurnResult:
    sent = client.sandbox.phone
    if not hasattr(client, "code"):
        client.code = sent.next_code()  # type: ignore[attr-defined]
    return await client.type_code(client.code)  # type: ignore[attr-defined]


async def token(client: TaskClient) -> TurnResult:
    if not hasattr(client, "token"):
        client.token = client.sandbox.link_token("hanako01")  # type: ignore[attr-defined]
    return await client.open_link(client.token)  # type: ignore[attr-defined]


FLOWS = [
    Flow(
        "verify",
        "rio13",
        (
            (says("verify_phone", phone_number="+819012345613"), "verify_phone/confirm_number"),
            (yes, "verify_phone/sent"),
            (code, "verify_phone/verified_enrolled"),
        ),
        "verify_phone/verified_before",
        {"verifications": 1, "sms": 1},
    ),
    Flow(
        "opt in",
        "hanako01",
        ((says("sls_opt_in"), "opting_in/confirm"), (yes, "opting_in/sent"), (code, "opting_in/done")),
        "opting_in/already_enrolled",
        {"opt_ins": 1, "sms": 1},
    ),
    Flow(
        "share",
        "hanako01",
        ((says("share_device"), "sharing/confirm_self"), (yes, "sharing/awaiting_portal")),
        "sharing/awaiting_portal",
        {"sharing": 1},
    ),
    Flow(
        "status",
        "hanako01",
        ((says("share_status"), "sharing/no_requests"),),
        "sharing/no_requests",
        {"sharing": 0},
    ),
    Flow("token", None, ((token, "linking/confirm_in_portal"),), "linking/pending", {"links": 1}),
    Flow(
        "link by SMS",
        None,
        (
            (says("linking"), "linking/offer_code"),
            (yes, "linking/sent"),
            (code, "linking/linked_now"),
        ),
        "linking/already_linked",
        {"links": 1, "link_codes": 1, "sms": 1},
    ),
    Flow(
        "unlink",
        "hanako01",
        ((says("linking", task_command="unlink"), "linking/unlink_confirm"), (yes, "linking/unlinked")),
        "linking/unlinked",
        {"links": 1},
    ),
]
STEPS = [(flow, number) for flow in FLOWS for number in range(len(flow.steps))]
SMS_WAYS = [way for way in WAYS if ".sms:" in way[1]]


def way(flow: Flow, turn: int) -> tuple[str, str]:
    """A language and channel, another one at each turn."""
    ways = SMS_WAYS if flow.name == "link by SMS" else WAYS
    return ways[turn % len(ways)]


# Every fault at every step, each of them in every language and on every channel, though not all with all.
CASES = [
    (flow, number, fault, way(flow, i + j))
    for i, (flow, number) in enumerate(STEPS)
    for j, fault in enumerate(FAULTS)
]


def name(value: Any) -> str:
    return (
        value.name
        if isinstance(value, Flow)
        else "-".join(map(str, value))
        if isinstance(value, tuple)
        else str(value)
    )


def switch_on(client: TaskClient, fault: tuple[str, str], times: int) -> None:
    kind, when = fault
    client.sandbox.faults({"kind": kind, "when": when, "times": times})


async def said_by(client: TaskClient, step: Step) -> set[str]:
    """The names of the texts that the step brought, each of which the client's channel can show."""
    said = (await step(client)).said
    assert all(rendered.text for rendered in client.chat.shown)
    return set(said)


async def come_to(client: TaskClient, flow: Flow, number: int) -> None:
    if flow.username:
        client.link(flow.username)
    for step, wanted in flow.steps[:number]:
        assert wanted in await said_by(client, step)


@pytest.mark.long
@pytest.mark.parametrize(("flow", "number", "fault", "everywhere"), CASES, ids=name, indirect=["everywhere"])
async def test_a_fault_that_passes_is_not_noticed(
    everywhere: TaskClient, flow: Flow, number: int, fault: tuple[str, str]
) -> None:
    await come_to(everywhere, flow, number)
    switch_on(everywhere, fault, 1)
    for step, wanted in flow.steps[number:]:
        assert wanted in await said_by(everywhere, step)
    ledger = everywhere.sandbox.ledger()
    assert {what: len(ledger[what]) for what in flow.done} == flow.done


@pytest.mark.long
@pytest.mark.parametrize(("flow", "number", "fault", "everywhere"), CASES, ids=name, indirect=["everywhere"])
async def test_a_fault_that_stays_is_told_and_the_step_can_be_taken_again(
    everywhere: TaskClient, flow: Flow, number: int, fault: tuple[str, str]
) -> None:
    await fails_and_goes_on(everywhere, flow, number, fault)


@pytest.mark.parametrize(
    ("flow", "everywhere"),
    [(flow, way(flow, turn)) for turn, flow in enumerate(FLOWS)],
    ids=name,
    indirect=["everywhere"],
)
async def test_a_last_step_whose_answer_is_lost_is_not_called_done_and_not_done_twice(
    everywhere: TaskClient, flow: Flow
) -> None:
    await fails_and_goes_on(everywhere, flow, len(flow.steps) - 1, ("reset", "after"))


async def fails_and_goes_on(client: TaskClient, flow: Flow, number: int, fault: tuple[str, str]) -> None:
    """Take a step while the backend fails, then again once it works, and go on to the end."""
    await come_to(client, flow, number)
    step, wanted = flow.steps[number]
    switch_on(client, fault, 50)
    failed = await said_by(client, step)
    # The number is asked for without the backend; everything else needs it.
    if wanted != "verify_phone/confirm_number":
        assert wanted not in failed
        assert HONEST & failed
    client.sandbox.faults()
    if client.chat.frames and client.chat.frames[-1]["step_id"] in {"confirm", "offer", "unlink"} and number:
        await client.chat.say("inform", guide_command="resume")
    last = number == len(flow.steps) - 1
    said = await said_by(client, step)
    assert said & ({wanted, flow.late} if last else {wanted})
    for later, brings in flow.steps[number + 1 :]:
        assert brings in await said_by(client, later)
    ledger = client.sandbox.ledger()
    assert {what: len(ledger[what]) for what in flow.done} == flow.done


@pytest.mark.long
async def test_a_backend_that_is_slow_to_answer_has_its_write_done_once(by_sms: TaskClient) -> None:
    flow = FLOWS[1]
    await come_to(by_sms, flow, 1)
    by_sms.sandbox.faults({"kind": "slow", "when": "after", "seconds": 5.5, "method": "POST"})
    assert (await yes(by_sms)).said == ["opting_in/sent"]
    assert len(by_sms.sandbox.ledger()["sms"]) == 1


def test_every_step_meets_every_fault_and_both_meet_every_language_and_channel() -> None:
    assert len({(flow.name, number, fault) for flow, number, fault, _ in CASES}) == 15 * 5
    for flow, number in STEPS:
        met = {way for of, at, _, way in CASES if (of, at) == (flow, number)}
        assert met == set(SMS_WAYS if flow.name == "link by SMS" else WAYS)
    for fault in FAULTS:
        assert {way for _, _, of, way in CASES if of == fault} == set(WAYS)
