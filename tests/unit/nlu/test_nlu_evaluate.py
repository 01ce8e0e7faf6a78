"""The evaluation on messages labelled by others."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlu.evaluate import (
    LabelledFileError,
    LabelledMessage,
    Prediction,
    format_report,
    prediction_from,
    read_messages,
    score,
)


def test_quoted_fields_and_columns_in_any_order_are_read(tmp_path: Path) -> None:
    file = tmp_path / "messages.tsv"
    file.write_text(
        '\ufefflang\tintent\ttext\nen\tgreet\thello "you"\n\nja\taffirm\t"""はい"" です"\n', encoding="utf-8"
    )
    assert read_messages(file) == [
        LabelledMessage('hello "you"', "greet", "en"),
        LabelledMessage('"はい" です', "affirm", "ja"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", ":1: the first line must name"),
        ("hello\tgreet\n", ":1: the first line must name"),
        ("text\tintent\n", "there are no messages"),
        ("text\tintent\nhello\n", ":2: there is no intent"),
    ],
)
def test_an_unusable_file_is_named_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "messages.tsv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(LabelledFileError, match=message):
        read_messages(file)


def test_a_missing_file_is_reported_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(LabelledFileError, match="cannot be read"):
        read_messages(tmp_path / "none.tsv")


def test_refused_is_out_of_scope_and_asked_is_the_likelier_topic() -> None:
    ranking = [
        {"name": "nlu_fallback", "confidence": 0.15},
        {"name": "pin_rules", "confidence": 0.5},
        {"name": "pin_tips", "confidence": 0.4},
    ]
    ambiguous = {"intent": ranking[0], "intent_ranking": ranking}
    assert prediction_from({**ambiguous, "ambiguity": "no_topic"}, 1.0) == Prediction(
        "out_of_scope", 0.5, (), 1.0
    )
    asked = Prediction("pin_rules", 0.5, ("pin_rules", "pin_tips"), 1.0)
    assert prediction_from({**ambiguous, "ambiguity": "close_topics"}, 1.0) == asked
    # A clear clause has made the message clear.
    clear = {"intent": ranking[1], "intent_ranking": ranking, "ambiguity": "close_topics"}
    assert prediction_from(clear, 1.0) == Prediction("pin_rules", 0.5, (), 1.0)


def test_the_report_has_every_share_of_the_right_messages() -> None:
    messages = [
        LabelledMessage("a", "greet", "en"),
        LabelledMessage("b", "pin_rules", "en"),
        LabelledMessage("c", "pin_rules", "ja"),
        LabelledMessage("d", "out_of_scope", "ja"),
        LabelledMessage("e", "out_of_scope", "ja"),
    ]
    predictions = [
        Prediction("greet", 0.9, (), 1.0),
        Prediction("pin_tips", 0.5, ("pin_tips", "pin_rules"), 2.0),
        Prediction("out_of_scope", 0.1, (), 3.0),
        Prediction("out_of_scope", 0.1, (), 4.0),
        Prediction("greet", 0.8, (), 5.0),
    ]
    report = score(messages, predictions)
    assert report.messages == 5
    assert report.accuracy == 0.4
    assert report.by_language == {"en": 0.5, "ja": 0.3333}
    assert report.out_of_scope_recall == 0.5
    assert report.false_refusals == 0.3333
    assert report.asked_back == 0.2
    assert report.asked_back_right == 1.0
    assert report.p50_ms == 3.0
    assert [one.text for one in report.wrong] == ["b", "c", "e"]
    assert "pin_rules read as pin_tips (0.50): b" in format_report(report)


def test_a_share_of_no_messages_is_none() -> None:
    report = score([LabelledMessage("a", "greet", None)], [Prediction("greet", 0.9, (), 1.0)])
    assert report.out_of_scope_recall is None
    assert report.by_language == {}
