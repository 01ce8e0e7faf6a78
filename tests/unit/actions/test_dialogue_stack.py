from __future__ import annotations

import json

import pytest

from actions.backend.vocabulary import DeviceKind, DeviceOwner
from actions.dialogue_stack import MAX_FRAMES, DialogueStack, Frame
from actions.flow_states import (
    CodeEntry,
    LinkOffer,
    NumberConfirmation,
    NumberQuestion,
    OptInConfirmation,
    PartnerOption,
    PartnerQuestion,
    RegionQuestion,
    SharingConfirmation,
    TaskState,
    UnlinkConfirmation,
)
from knowledge import Knowledge
from tests.support.action_turn import ActionChat

STATES: list[TaskState] = [
    NumberQuestion(),
    RegionQuestion("09012345678"),
    NumberConfirmation("+819012345678", "m1"),
    OptInConfirmation("+81******5601", "m1"),
    LinkOffer("+819012345678", "m1"),
    UnlinkConfirmation("m1"),
    PartnerQuestion((PartnerOption("u1", "ha***11"),)),
    SharingConfirmation("u1", "ha***11", DeviceKind.DSC_PLUS, DeviceOwner.SELF, False, "m1"),
    CodeEntry("pv_1", is_resend_offered=True),
]


def topics_of(stack: DialogueStack) -> list[str]:
    return [frame.topic for frame in stack.frames]


def stack_of(*topics: str) -> DialogueStack:
    stack = DialogueStack()
    for topic in topics:
        stack.push(Frame(topic, "somewhere"))
    return stack


def test_nothing_is_open_at_first() -> None:
    assert DialogueStack().current is None
    assert DialogueStack().to_slot() == []


def test_what_is_opened_last_is_on_top() -> None:
    stack = stack_of("setup", "pair")
    assert stack.current == Frame("pair", "somewhere")


def test_opening_what_lies_below_moves_it_to_the_top_and_starts_it_anew() -> None:
    stack = stack_of("setup", "pair")
    stack.push(Frame("setup", "elsewhere"))
    assert topics_of(stack) == ["pair", "setup"]
    assert stack.current == Frame("setup", "elsewhere")


def test_the_oldest_is_let_go_when_too_much_is_open() -> None:
    stack = stack_of("a", "b", "c", "d")
    assert topics_of(stack) == ["b", "c", "d"]
    assert len(topics_of(stack)) == MAX_FRAMES


def test_moving_to_the_top_lets_nothing_go() -> None:
    stack = stack_of("a", "b", "c")
    assert stack.bring_to_front(lambda frame: frame.topic == "a") == Frame("a", "somewhere")
    assert topics_of(stack) == ["b", "c", "a"]


def test_nothing_moves_when_nothing_is_wanted() -> None:
    stack = stack_of("a", "b")
    assert stack.bring_to_front(lambda frame: frame.topic == "c") is None
    assert topics_of(stack) == ["a", "b"]


def test_what_lies_below_is_paused_once_the_top_is_closed() -> None:
    stack = stack_of("a", "b")
    stack.pop()
    assert stack.current == Frame("a", "somewhere", paused=True)


def test_closing_when_nothing_is_open_changes_nothing() -> None:
    stack = DialogueStack()
    stack.pop()
    assert stack.current is None


def test_clearing_closes_everything() -> None:
    stack = stack_of("a", "b", "c")
    stack.clear()
    assert stack.current is None


def test_an_update_touches_only_the_top() -> None:
    stack = stack_of("a", "b")
    assert stack.update(step_id="there", answers={"platform": "iphone"}).step_id == "there"
    assert stack.frames[0].step_id == "somewhere"


def test_the_newest_answer_to_a_question_counts() -> None:
    stack = DialogueStack(
        [
            Frame("a", "x", answers={"platform": "iphone", "colour": "red"}),
            Frame("b", "x", answers={"platform": "android"}),
        ]
    )
    assert stack.find_answer("platform") == "android"
    assert stack.find_answer("colour") == "red"
    assert stack.find_answer("size") is None


def test_frames_survive_the_way_through_the_tracker(knowledge: Knowledge) -> None:
    stack = DialogueStack(
        [
            Frame("setup", "open", answers={"platform": "iphone"}),
            Frame("verify_phone", "code", state=CodeEntry("pv_1"), paused=True),
        ]
    )
    kept = json.loads(json.dumps(stack.to_slot()))
    assert DialogueStack.from_slot(kept, knowledge.topics).to_slot() == stack.to_slot()


def test_an_empty_slot_is_an_empty_stack(knowledge: Knowledge) -> None:
    assert DialogueStack.from_slot(None, knowledge.topics).current is None
    assert DialogueStack.from_slot([], knowledge.topics).current is None


def test_a_frame_of_a_topic_that_is_gone_is_left_out(knowledge: Knowledge) -> None:
    kept = stack_of("gone").to_slot() + DialogueStack([Frame("setup", "open")]).to_slot()
    assert topics_of(DialogueStack.from_slot(kept, knowledge.topics)) == ["setup"]


def test_a_frame_at_a_step_that_is_gone_is_left_out(knowledge: Knowledge) -> None:
    kept = DialogueStack([Frame("setup", "open"), Frame("pair", "a step of last year")]).to_slot()
    assert topics_of(DialogueStack.from_slot(kept, knowledge.topics)) == ["setup"]


def test_a_task_may_stand_at_any_of_its_states(knowledge: Knowledge) -> None:
    kept = DialogueStack([Frame.of_task("verify_phone", CodeEntry("pv_1"))]).to_slot()
    assert topics_of(DialogueStack.from_slot(kept, knowledge.topics)) == ["verify_phone"]


@pytest.mark.parametrize(
    "unreadable",
    [
        "a text",
        {"topic": "setup"},
        # As the version before this one wrote it.
        [{"topic": "verify_phone", "at": "code", "answers": {}, "data": {"id": "pv_1"}, "paused": False}],
        [{"topic": "verify_phone", "step_id": "code", "state": {"type": "no_such_state"}}],
        [{"topic": "verify_phone", "step_id": "code"}],
        [
            {
                "topic": "verify_phone",
                "step_id": "number",
                "state": {"type": "code_entry", "challenge_id": "x"},
            }
        ],
        [None, 4711],
    ],
    ids=["text", "mapping", "former shape", "unknown state", "no state", "another step's state", "no frames"],
)
def test_a_stack_that_cannot_be_read_is_dropped(unreadable: object, knowledge: Knowledge) -> None:
    assert DialogueStack.from_slot(unreadable, knowledge.topics).frames == ()


def test_what_can_be_read_beside_it_is_kept(knowledge: Knowledge) -> None:
    kept = [{"topic": "pair", "at": "pair_iphone"}, *DialogueStack([Frame("setup", "open")]).to_slot()]
    assert topics_of(DialogueStack.from_slot(kept, knowledge.topics)) == ["setup"]


async def test_a_conversation_with_an_unreadable_stack_goes_on(chat: ActionChat) -> None:
    chat.slots["dialogue_stack"] = [{"topic": "setup", "at": "open"}]
    chat.slots["failure_log"] = {"errors": "none"}
    assert (await chat.say("affirm")).said == ["affirm/answer"]
    assert (await chat.say("setup")).said == ["setup/platform"]


@pytest.mark.parametrize("state", STATES, ids=lambda state: type(state).__name__)
def test_every_state_survives_the_way_through_the_tracker(state: TaskState, knowledge: Knowledge) -> None:
    frame = Frame.of_task("verify_phone", state)
    kept = json.loads(json.dumps(DialogueStack([frame]).to_slot()))
    assert DialogueStack.from_slot(kept, knowledge.topics).frames == (frame,)
