"""When the assistant asks back or refuses instead of guessing."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.rasa

SUBJECTS = {"pin_rules", "pin_tips"}
OTHERS = SUBJECTS | {"phone_lost"}


@pytest.mark.parametrize(
    ("ranking", "why"),
    [
        ([("pin_rules", 0.9), ("pin_tips", 0.05)], None),
        ([("pin_rules", 0.45), ("pin_tips", 0.4)], "close"),
        # Urgent topics do not wait for a question, but may be what is asked about.
        ([("phone_lost", 0.45), ("pin_tips", 0.4)], None),
        ([("pin_tips", 0.45), ("phone_lost", 0.4)], "close"),
        # Small talk is not worth a question.
        ([("affirm", 0.45), ("step_done", 0.4)], None),
        ([("pin_rules", 0.45), ("thanks", 0.4)], None),
        ([("pin_rules", 0.1), ("pin_tips", 0.01)], "refused"),
        ([("pin_rules", 0.9)], None),
        ([], "refused"),
    ],
)
def test_only_close_problems_are_asked_about(ranking: list[tuple[str, float]], why: str | None) -> None:
    from nlu.unclear import unclear

    found = unclear(ranking, refuse_below=0.15, ask_within=1.5, subjects=SUBJECTS, others=OTHERS)
    assert found == why


def test_the_candidates_stay_in_the_ranking_and_standings_live_in_the_model(graph: Any) -> None:
    from rasa.shared.nlu.training_data.message import Message
    from rasa.shared.nlu.training_data.training_data import TrainingData

    from nlu.unclear import UnclearClassifier

    data = [
        Message.build(name, name, example_metadata={"standing": "subject"})
        for name in ("pin_rules", "pin_tips")
    ]
    UnclearClassifier.create({"refuse_below": 0.1, "ask_within": 2}, *graph).train(TrainingData(data))
    loaded = UnclearClassifier.load({"refuse_below": 0.1, "ask_within": 2}, *graph)
    ranking = [{"name": "pin_rules", "confidence": 0.5}, {"name": "pin_tips", "confidence": 0.4}]
    (message,) = loaded.process([Message({"intent": ranking[0], "intent_ranking": ranking})])
    assert message.get("unclear") == "close"
    assert message.get("intent")["name"] == "nlu_fallback"
    assert [one["name"] for one in message.get("intent_ranking")] == ["nlu_fallback", "pin_rules", "pin_tips"]
