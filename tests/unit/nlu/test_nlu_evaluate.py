"""Scoring messages that others have labelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlu.evaluate import Labelled, Reading, UnusableFile, lines, read, reading, score


def test_quoted_fields_and_columns_in_any_order_are_read(tmp_path: Path) -> None:
    file = tmp_path / "messages.tsv"
    file.write_text(
        '\ufefflang\tintent\ttext\nen\tgreet\thello "you"\n\nja\taffirm\t"""はい"" です"\n', encoding="utf-8"
    )
    assert read(file) == [
        Labelled('hello "you"', "greet", "en"),
        Labelled('"はい" です', "affirm", "ja"),
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", ":1: the first line must name"),
        ("hello\tgreet\n", ":1: the first line must name"),
        ("text\tintent\n", "there are no messages"),
        ("text\tintent\nhello\n", ":2: there is no intent"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "messages.tsv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(UnusableFile, match=told):
        read(file)


def test_a_missing_file_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="cannot be read"):
        read(tmp_path / "none.tsv")


def test_refused_is_out_of_scope_and_asked_is_the_likelier_topic() -> None:
    ranking = [
        {"name": "nlu_fallback", "confidence": 0.15},
        {"name": "pin_rules", "confidence": 0.5},
        {"name": "pin_tips", "confidence": 0.4},
    ]
    unclear = {"intent": ranking[0], "intent_ranking": ranking}
    assert reading({**unclear, "unclear": "refused"}, 1.0) == Reading("out_of_scope", 0.5, (), 1.0)
    asked = Reading("pin_rules", 0.5, ("pin_rules", "pin_tips"), 1.0)
    assert reading({**unclear, "unclear": "close"}, 1.0) == asked
    # A clause that was clear has made the message clear.
    clear = {"intent": ranking[1], "intent_ranking": ranking, "unclear": "close"}
    assert reading(clear, 1.0) == Reading("pin_rules", 0.5, (), 1.0)


def test_the_report_has_every_share_of_the_right_messages() -> None:
    messages = [
        Labelled("a", "greet", "en"),
        Labelled("b", "pin_rules", "en"),
        Labelled("c", "pin_rules", "ja"),
        Labelled("d", "out_of_scope", "ja"),
        Labelled("e", "out_of_scope", "ja"),
    ]
    readings = [
        Reading("greet", 0.9, (), 1.0),
        Reading("pin_tips", 0.5, ("pin_tips", "pin_rules"), 2.0),
        Reading("out_of_scope", 0.1, (), 3.0),
        Reading("out_of_scope", 0.1, (), 4.0),
        Reading("greet", 0.8, (), 5.0),
    ]
    report = score(messages, readings)
    assert report["messages"] == 5
    assert report["accuracy"] == 0.4
    assert report["by_language"] == {"en": 0.5, "ja": 0.3333}
    assert report["out_of_scope_recall"] == 0.5
    assert report["false_refusals"] == 0.3333
    assert report["asked_back"] == 0.2
    assert report["asked_back_right"] == 1.0
    assert report["p50_ms"] == 3.0
    assert [one["text"] for one in report["wrong"]] == ["b", "c", "e"]
    assert "pin_rules read as pin_tips (0.50): b" in lines(report)


def test_without_messages_of_a_kind_its_share_is_none() -> None:
    report = score([Labelled("a", "greet", None)], [Reading("greet", 0.9, (), 1.0)])
    assert report["out_of_scope_recall"] is None
    assert report["by_language"] == {}
