from __future__ import annotations

import pytest

from actions import guide
from knowledge import GuideItem, ItemKind, Knowledge, Topic

IPHONE = {"platform": "iphone"}
FACE = {"platform": "iphone", "lock": "face"}
TOUCH = {"platform": "iphone", "lock": "touch"}
ANDROID = {"platform": "android"}


@pytest.fixture
def setup(knowledge: Knowledge) -> Topic:
    return knowledge.topics["setup"]


@pytest.fixture
def pair(knowledge: Knowledge) -> Topic:
    return knowledge.topics["pair"]


def name(item: GuideItem | None) -> str | None:
    return item.name if item else None


def test_an_item_without_a_condition_always_applies(setup: Topic) -> None:
    assert guide.applies(setup.item("open"), {})


def test_an_item_applies_only_for_its_answers(setup: Topic) -> None:
    assert guide.applies(setup.item("scan_iphone"), IPHONE)
    assert not guide.applies(setup.item("scan_iphone"), ANDROID)
    assert not guide.applies(setup.item("scan_iphone"), {})


def test_all_conditions_of_an_item_must_match() -> None:
    item = GuideItem("x", ItemKind.STEP, when={"platform": ("iphone", "ipad"), "lock": ("face",)})
    assert guide.applies(item, {"platform": "ipad", "lock": "face"})
    assert not guide.applies(item, {"platform": "ipad", "lock": "touch"})


def test_a_walk_begins_with_its_first_question(setup: Topic) -> None:
    assert name(guide.first_item(setup, {})) == "platform"


def test_what_is_known_is_not_asked(setup: Topic) -> None:
    assert name(guide.first_item(setup, IPHONE)) == "lock"
    assert name(guide.first_item(setup, FACE)) == "open"


def test_a_question_of_the_other_branch_is_not_asked(setup: Topic) -> None:
    assert name(guide.item_after(setup, "platform", ANDROID)) == "open"


@pytest.mark.parametrize(
    ("answers", "steps"),
    [
        (FACE, ["open", "scan_iphone", "look", "close"]),
        (TOUCH, ["open", "scan_iphone", "close"]),
        (ANDROID, ["open", "scan_android", "close"]),
    ],
)
def test_each_branch_has_its_own_steps_in_order(
    setup: Topic, answers: dict[str, str], steps: list[str]
) -> None:
    assert list(guide.step_names(setup, answers)) == steps
    walked = [guide.first_item(setup, answers)]
    while walked[-1] is not None:
        walked.append(guide.item_after(setup, walked[-1].name, answers))
    assert [name(item) for item in walked] == [*steps, None]


def test_back_skips_questions_and_the_other_branch(setup: Topic) -> None:
    assert name(guide.step_before(setup, "close", ANDROID)) == "scan_android"
    assert name(guide.step_before(setup, "scan_iphone", FACE)) == "open"
    assert guide.step_before(setup, "open", FACE) is None


def test_only_a_choice_answers_a_question(setup: Topic) -> None:
    platform = setup.item("platform")
    assert guide.answer_to(platform, {"platform": "iphone"}) == "iphone"
    assert guide.answer_to(platform, {"platform": "fridge"}) is None
    assert guide.answer_to(platform, {"lock": "face"}) is None


def test_a_question_without_choices_takes_any_answer() -> None:
    free = GuideItem("country", ItemKind.QUESTION)
    assert guide.answer_to(free, {"country": "India"}) == "India"
    assert not guide.answer_to(free, {"country": ""})


def test_a_message_may_answer_several_questions(setup: Topic) -> None:
    assert guide.answers_in(setup, {**FACE, "number": "1"}) == FACE
    assert guide.answers_in(setup, {"platform": "fridge"}) == {}


def corrected(topic: Topic, at: str, before: dict[str, str], answers: dict[str, str]) -> str | None:
    return name(guide.item_after_correction(topic, at, before, answers))


def test_a_correction_leaves_a_step_that_both_walks_have(setup: Topic) -> None:
    assert corrected(setup, "close", TOUCH, ANDROID) == "close"


@pytest.mark.parametrize(
    ("before", "answers", "at", "then"),
    [(TOUCH, ANDROID, "scan_iphone", "scan_android"), (ANDROID, TOUCH, "scan_android", "scan_iphone")],
)
def test_a_correction_goes_to_the_same_step_of_the_other_branch(
    setup: Topic, before: dict[str, str], answers: dict[str, str], at: str, then: str
) -> None:
    assert corrected(setup, at, before, answers) == then


@pytest.mark.parametrize(
    ("before", "answers", "at", "then"),
    [(IPHONE, ANDROID, "pair_iphone", "pair_android"), (ANDROID, IPHONE, "pair_android", "pair_iphone")],
)
def test_a_correction_at_the_first_step_skips_nothing(
    pair: Topic, before: dict[str, str], answers: dict[str, str], at: str, then: str
) -> None:
    assert corrected(pair, at, before, answers) == then


def test_a_question_that_comes_up_by_a_correction_is_asked(setup: Topic) -> None:
    assert corrected(setup, "close", ANDROID, IPHONE) == "lock"


def test_a_question_that_falls_away_by_a_correction_is_not_asked_again(setup: Topic) -> None:
    assert corrected(setup, "lock", IPHONE, ANDROID) == "open"
