"""The register of facts: the problems reported when a text loses a fact."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge import KnowledgeError
from knowledge.__main__ import main
from knowledge.fact_register import load_facts

FACTS = """\
    facts:
      A1.1:
        source: [KB2260, How to get help]
        fact: Help is
          under Help.
        texts: [pin/answer]
        must_contain: {en: [open help], ja: [ヘルプを開き]}
      A1.2:
        fact: It is under Storage.
        source: [KB2745]
        texts: [cache/clear, cache/clear/help]
        must_contain: {en: [storage], ja: [ストレージ]}
    must_not_contain:
      ja: [倉庫]
    """
PIN, CACHE = "topics/trouble/pin/", "topics/trouble/cache/"


@pytest.fixture
def registered(tree: Any) -> Any:
    tree.write("facts.yml", FACTS)
    return tree


def reported(tree: Any, capsys: Any) -> list[str]:
    """Return the lines that the check prints when it fails."""
    assert main(["check", "--root", str(tree.root)]) == 1
    return str(capsys.readouterr().out).splitlines()


def test_facts_that_are_carried_are_no_problem(registered: Any, capsys: Any) -> None:
    assert main(["check", "--root", str(registered.root)]) == 0


def test_the_register_is_read_as_written(registered: Any) -> None:
    first, second = load_facts(registered.root).facts
    assert (first.id, first.statement, first.source) == (
        "A1.1",
        "Help is under Help.",
        ("KB2260", "How to get help"),
    )
    assert second.texts == ("cache/clear", "cache/clear/help")


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        (PIN + "ja.yml", "ヘルプ", "サポート", "2: A1.1 in ja: `ヘルプを開き` is not said on telegram"),
        (CACHE + "en.yml", "**Storage**", "**Memory**", "8: A1.2 in en: `storage` is not said on telegram"),
        ("facts.yml", "[pin/answer]", "[pin/reply]", "2: A1.1 in en: there is no text pin/reply"),
        ("facts.yml", "[pin/answer]", "[pins/answer]", "2: A1.1 in en: there is no text pins/answer"),
        ("facts.yml", "clear/help", "again/help", "8: A1.2 in ja: there is no text cache/again/help"),
        ("facts.yml", "ja: [ヘルプを開き]", "de: [x]", "2: A1.1 in ja: it has no words to be recognised by"),
    ],
)
def test_a_fact_that_a_text_has_lost_is_reported(
    registered: Any, capsys: Any, path: str, old: str, new: str, expected: str
) -> None:
    registered.change(path, old, new)
    assert f"data/facts.yml:{expected}" in reported(registered, capsys)


def test_a_fact_that_is_lost_by_sms_alone_is_reported(registered: Any, capsys: Any) -> None:
    short = "answer: {text: 'Open **Help** and type {code}.', sms: 'Type {code}.'}"
    registered.change(PIN + "en.yml", "answer: Open **Help** and type {code}.", short)
    assert reported(registered, capsys) == ["data/facts.yml:2: A1.1 in en: `open help` is not said on sms"]


def test_an_error_of_the_source_is_not_repeated(registered: Any, capsys: Any) -> None:
    registered.change(CACHE + "ja.yml", "消去します。", "倉庫を消去します。")
    (line,) = reported(registered, capsys)
    assert "cache/clear in ja says `倉庫`" in line


def test_a_fact_register_of_the_wrong_shape_is_reported_with_its_line(registered: Any, capsys: Any) -> None:
    registered.change("facts.yml", "texts: [pin/answer]", "text: [pin/answer]")
    with pytest.raises(KnowledgeError):
        load_facts(registered.root)
    lines = reported(registered, capsys)
    assert "data/facts.yml:2: `texts` is missing" in lines


def test_the_report_names_lost_facts_and_their_texts(registered: Any, capsys: Any) -> None:
    registered.change(PIN + "ja.yml", "ヘルプ", "サポート")
    assert main(["report", "--root", str(registered.root)]) == 1
    head, first, second, total = capsys.readouterr().out.splitlines()
    assert head.split("\t")[0] == "id in the ledger"
    assert first == "A1.1\ten ok, ja LOST\tpin/answer\tHelp is under Help."
    assert second.startswith("A1.2\ten ok, ja ok\tcache/clear, cache/clear/help\t")
    assert total == "2 facts: en 2/2 (100%), ja 1/2 (50%)"


def test_a_language_is_checked_from_the_first_fact_that_has_words_in_it(registered: Any, capsys: Any) -> None:
    registered.change("facts.yml", ", ja: [ヘルプを開き]", "")
    assert reported(registered, capsys) == [
        "data/facts.yml:2: A1.1 in ja: it has no words to be recognised by"
    ]
    registered.change("facts.yml", ", ja: [ストレージ]", "")
    assert main(["check", "--root", str(registered.root)]) == 0
