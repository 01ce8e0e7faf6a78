"""Labelled messages become examples: all of them or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge import KnowledgeError, load
from knowledge.labelled import Labelled, add_examples
from tests.support.small_repository import Repository


def examples(root: Path, topic: str, language: str) -> tuple[str, ...]:
    return tuple(load(root).topics[topic].languages[language].examples)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def test_labelled_messages_stand_behind_the_examples_and_nothing_else_moves(repository: Repository) -> None:
    before = examples(repository.data, "pin", "en")
    page = repository.data / "topics/trouble/pin/en.yml"
    lines = page.read_text(encoding="utf-8").splitlines()
    odd = 'what: "is" my {pin} # now?'
    assert add_examples(repository.data, [Labelled("pin", "en", odd), Labelled("pin", "ja", "ピンは？")]) == 2
    assert examples(repository.data, "pin", "en") == (*before, odd)
    assert examples(repository.data, "pin", "ja")[-1] == "ピンは？"
    after = page.read_text(encoding="utf-8").splitlines()
    assert len(after) == len(lines)
    assert [line for line in after if "examples:" not in line] == [
        line for line in lines if "examples:" not in line
    ]


def test_a_list_of_lines_grows_by_lines(repository: Repository) -> None:
    page = repository.data / "topics/trouble/pin/en.yml"
    text = page.read_text(encoding="utf-8")
    listed = "examples:\n  # how people ask\n  - I forgot my PIN\n  - lost\n    pin code\n\n"
    page.write_text(
        text.replace(next(line for line in text.splitlines(True) if "examples:" in line), listed),
        encoding="utf-8",
    )
    assert add_examples(repository.data, [Labelled("pin", "en", "one more")]) == 1
    assert examples(repository.data, "pin", "en") == ("I forgot my PIN", "lost pin code", "one more")
    assert '  - lost\n    pin code\n  - "one more"\n\n' in page.read_text(encoding="utf-8")


def test_what_is_an_example_already_is_not_added_again(repository: Repository) -> None:
    known = examples(repository.data, "pin", "en")[0]
    assert add_examples(repository.data, [Labelled("pin", "en", known.upper() + "!")]) == 0
    assert len(examples(repository.data, "pin", "en")) == len(set(examples(repository.data, "pin", "en")))


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (Labelled("unknown", "en", "x"), "there is no topic `unknown`"),
        (Labelled("pin", "fr", "x"), "has no language `fr`"),
        (Labelled("pin", "en", "my pin is ⟦secret:pin⟧"), "cannot be an example"),
        (Labelled("pin", "en", "Hello there"), "is already an example of `hello`"),
    ],
)
def test_one_bad_label_and_nothing_is_written(repository: Repository, bad: Labelled, told: str) -> None:
    before = examples(repository.data, "pin", "en")
    with pytest.raises(KnowledgeError, match=told):
        add_examples(repository.data, [Labelled("pin", "en", "quite new"), bad])
    assert examples(repository.data, "pin", "en") == before
