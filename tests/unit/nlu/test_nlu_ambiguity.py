"""When the assistant asks a question or refuses instead of guessing."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.rasa

NORMAL = {"pin_rules", "pin_tips"}
PROBLEMS = NORMAL | {"phone_lost"}


@pytest.mark.parametrize(
    ("ranking", "kind"),
    [
        ([("pin_rules", 0.9), ("pin_tips", 0.05)], None),
        ([("pin_rules", 0.45), ("pin_tips", 0.4)], "close_topics"),
        # Urgent topics do not wait for a question, but may be what is asked about.
        ([("phone_lost", 0.45), ("pin_tips", 0.4)], None),
        ([("pin_tips", 0.45), ("phone_lost", 0.4)], "close_topics"),
        # Small talk is not worth a question.
        ([("affirm", 0.45), ("step_done", 0.4)], None),
        ([("pin_rules", 0.45), ("thanks", 0.4)], None),
        ([("pin_rules", 0.1), ("pin_tips", 0.01)], "no_topic"),
        ([("pin_rules", 0.9)], None),
        ([], "no_topic"),
    ],
)
def test_only_close_problems_are_asked_about(ranking: list[tuple[str, float]], kind: str | None) -> None:
    from nlu.ambiguity import find_ambiguity

    found = find_ambiguity(
        ranking, min_confidence=0.15, min_ratio=1.5, normal_topics=NORMAL, problem_topics=PROBLEMS
    )
    assert found == kind


def test_the_candidates_stay_in_the_ranking_and_the_model_stores_the_priorities(graph: Any) -> None:
    from rasa.shared.nlu.training_data.message import Message
    from rasa.shared.nlu.training_data.training_data import TrainingData

    from nlu.ambiguity import AmbiguityClassifier

    config = {"min_confidence": 0.1, "min_ratio": 2}
    data = [
        Message.build(name, name, example_metadata={"topic_priority": "normal"})
        for name in ("pin_rules", "pin_tips")
    ]
    AmbiguityClassifier.create(config, *graph).train(TrainingData(data))
    loaded = AmbiguityClassifier.load(config, *graph)
    ranking = [{"name": "pin_rules", "confidence": 0.5}, {"name": "pin_tips", "confidence": 0.4}]
    (message,) = loaded.process([Message({"intent": ranking[0], "intent_ranking": ranking})])
    assert message.get("ambiguity") == "close_topics"
    assert message.get("intent")["name"] == "nlu_fallback"
    assert [one["name"] for one in message.get("intent_ranking")] == ["nlu_fallback", "pin_rules", "pin_tips"]
