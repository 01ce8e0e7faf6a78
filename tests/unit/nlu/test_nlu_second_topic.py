"""Two problems in one message: where it is split, and which of the two comes first."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.second_topic import ClauseSplitter, SecondTopicDetector, split_clauses
from nlu.training_data import PRIORITY_METADATA, TopicPriority

pytestmark = pytest.mark.rasa

CONFIG = {"min_confidence": 0.6, "min_confidence_unannounced": 0.95}
PRIORITIES = {
    "pin": TopicPriority.NORMAL,
    "card": TopicPriority.NORMAL,
    "lost": TopicPriority.URGENT,
}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("I forgot my PIN. How do I return the card?", ["I forgot my PIN.", "How do I return the card?"]),
        ("I forgot my PIN and the code does not come", ["I forgot my PIN", "the code does not come"]),
        ("PINを忘れました。コードも届きません。", ["PINを忘れました。", "コードも届きません。"]),
        ("PINを忘れたのと、出金の上限を知りたいです", ["PINを忘れたの", "出金の上限を知りたいです"]),
        ("I forgot my PIN", []),
        ("ok. yes.", []),
        ("", []),
        ("One thing here. Two things here. Three things. Four things. Five things.", []),
    ],
)
def test_a_message_is_split_where_it_says_two_things(text: str, parts: list[str]) -> None:
    assert [clause for clause, _ in split_clauses(text, 4)] == parts


@pytest.mark.parametrize(
    "text",
    [
        "I forgot my PIN, and also how do I return the card",
        "I forgot my PIN. Also, how do I return the card",
        "IB KeyのPINを忘れました。あと、カードの返却方法は",
        "IB KeyのPINを忘れました。それと、カードの返却方法は",
        "PINを忘れたのと、出金の上限を知りたいです",
    ],
)
def test_words_that_announce_another_matter_are_recognised(text: str) -> None:
    assert [announced for _, announced in split_clauses(text, 4)] == [False, True]


def test_a_condition_announces_nothing() -> None:
    assert [
        announced for _, announced in split_clauses("アプリを起動すると、画面が固まってしまいます", 4)
    ] in (
        [],
        [False, False],
    )


def detector(graph: Any) -> SecondTopicDetector:
    component = SecondTopicDetector(CONFIG, *graph[:2])
    component.priorities = PRIORITIES
    return component


def understood(text: str, name: str, confidence: float) -> Message:
    return Message({TEXT: text, INTENT: {"name": name, "confidence": confidence}, INTENT_RANKING_KEY: []})


def decided(graph: Any, whole: tuple[str, float], *parts: tuple[str, float, bool]) -> tuple[str, str | None]:
    """Return the first and the second topic of a message that is read as `whole`, and its clauses as `parts`."""
    component = detector(graph)
    messages = [understood("whole", *whole)]
    for name, confidence, announced in parts:
        clause = understood("clause", name, confidence)
        clause.set("clause", announced)
        messages.append(clause)
    (message,) = component.process(messages)
    assert message.get(INTENT_RANKING_KEY)[:1] in ([], [message.get(INTENT)])
    return message.get(INTENT)["name"], (message.get("second_topic") or {}).get("name")


@pytest.mark.parametrize("announced", [True, False])
def test_whether_another_matter_was_announced_is_passed_on(graph: Any, announced: bool) -> None:
    component = detector(graph)
    messages = [understood("whole", "pin", 0.9), understood("a", "pin", 0.97), understood("b", "card", 0.97)]
    messages[1].set("clause", False)
    messages[2].set("clause", announced)
    (message,) = component.process(messages)
    assert message.get("second_topic") == {"name": "card", "confidence": 0.97, "announced": announced}


def test_the_first_of_two_announced_matters_comes_first(graph: Any) -> None:
    assert decided(graph, ("card", 0.9), ("pin", 0.9, False), ("card", 0.9, True)) == ("pin", "card")


def test_for_sentences_that_explain_each_other_the_whole_message_decides(graph: Any) -> None:
    assert decided(graph, ("card", 0.9), ("pin", 0.97, False), ("card", 0.97, False)) == ("card", "pin")


def test_a_clause_of_a_message_that_is_understood_needs_a_high_confidence(graph: Any) -> None:
    assert decided(graph, ("card", 0.9), ("card", 0.97, False), ("pin", 0.9, False)) == ("card", None)
    assert decided(graph, ("card", 0.9), ("card", 0.97, False), ("lost", 0.9, False)) == ("card", None)
    assert decided(graph, ("card", 0.9), ("card", 0.97, False), ("lost", 0.97, False)) == ("lost", "card")
    assert decided(graph, ("card", 0.3), ("card", 0.9, False), ("pin", 0.9, False)) == ("card", "pin")


def test_an_urgent_topic_comes_first_wherever_it_stands(graph: Any) -> None:
    assert decided(graph, ("pin", 0.9), ("pin", 0.9, False), ("lost", 0.7, True)) == ("lost", "pin")
    assert decided(graph, ("lost", 0.9), ("pin", 0.9, False), ("card", 0.9, True)) == ("lost", "pin")


def test_an_urgent_clause_counts_in_a_message_about_nothing(graph: Any) -> None:
    assert decided(graph, ("greet", 0.3), ("greet", 0.9, False), ("lost", 0.8, False)) == ("lost", None)


def test_a_clause_of_low_confidence_is_no_second_problem(graph: Any) -> None:
    assert decided(graph, ("card", 0.9), ("pin", 0.5, False), ("card", 0.9, True)) == ("card", None)


def test_small_talk_is_no_second_problem(graph: Any) -> None:
    assert decided(graph, ("card", 0.9), ("greet", 0.99, False), ("card", 0.9, True)) == ("card", None)


def test_a_message_without_clauses_is_unchanged(graph: Any) -> None:
    assert decided(graph, ("card", 0.9)) == ("card", None)


def test_the_splitter_ignores_payloads_and_puts_clauses_behind_their_message() -> None:
    splitter = ClauseSplitter(4)
    payload, text = (
        Message({TEXT: '/inform{"a": "x. y."}'}),
        Message({TEXT: "The PIN is gone. The card too, I fear."}),
    )
    assert [m.get(TEXT) for m in splitter.process([payload, text])] == [
        payload.get(TEXT),
        text.get(TEXT),
        "The PIN is gone.",
        "The card too, I fear.",
    ]


def test_priorities_come_with_the_examples_and_are_stored_in_the_model(graph: Any) -> None:
    examples = [
        Message.build(
            "gone", "lost", example_metadata={"language": "en", PRIORITY_METADATA: TopicPriority.URGENT.value}
        ),
        Message.build("hello", "greet", example_metadata={"language": "en"}),
    ]
    trained = SecondTopicDetector.create(CONFIG, *graph)
    trained.train(TrainingData(examples))
    assert SecondTopicDetector.load(CONFIG, *graph).priorities == {"lost": TopicPriority.URGENT}
