"""Messages that a person assigned to a topic become examples: all of them or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge import KnowledgeError, load
from knowledge.new_examples import NewExample, add_examples
from tests.support.small_repository import Repository

ENGLISH = "topics/trouble/pin/examples.en.txt"


def examples(root: Path, topic: str, language: str) -> tuple[str, ...]:
    return load(root).topics[topic].languages[language].examples


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def test_new_examples_stand_behind_the_others_and_nothing_else_moves(repository: Repository) -> None:
    files = [path for path in repository.data.rglob("*") if path.is_file()]
    before = {path: path.read_text(encoding="utf-8") for path in files}
    odd = 'what: "is" my {pin} # now?'
    new = [NewExample("pin", "en", odd), NewExample("pin", "ja", "ピンは？")]
    assert add_examples(repository.data, new) == 2
    after = {path: path.read_text(encoding="utf-8") for path in files}
    changed = {
        path.name: text.removeprefix(before[path]) for path, text in after.items() if text != before[path]
    }
    assert changed == {"examples.en.txt": f"{odd}\n", "examples.ja.txt": "ピンは？\n"}
    assert examples(repository.data, "pin", "en")[-1] == odd
    assert examples(repository.data, "pin", "ja")[-1] == "ピンは？"


def test_a_file_without_a_line_end_at_its_end_keeps_its_last_example(repository: Repository) -> None:
    (repository.data / ENGLISH).write_text("I forgot my PIN\n\n  lost pin code", encoding="utf-8")
    assert add_examples(repository.data, [NewExample("pin", "en", "one\nmore")]) == 1
    assert examples(repository.data, "pin", "en") == ("I forgot my PIN", "lost pin code", "one more")


def test_a_topic_without_examples_gets_its_first(repository: Repository) -> None:
    for language in ("en", "ja"):
        (repository.data / f"topics/talk/restart/examples.{language}.txt").unlink()
    new = [NewExample("restart", "en", "from the start"), NewExample("restart", "ja", "最初から")]
    assert add_examples(repository.data, new) == 2
    assert examples(repository.data, "restart", "en") == ("from the start",)


def test_an_example_is_not_added_twice(repository: Repository) -> None:
    known = examples(repository.data, "pin", "en")[0]
    assert add_examples(repository.data, [NewExample("pin", "en", known.upper() + "!")]) == 0
    assert len(examples(repository.data, "pin", "en")) == len(set(examples(repository.data, "pin", "en")))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (NewExample("unknown", "en", "x"), "there is no topic `unknown`"),
        (NewExample("guide", "en", "x"), "there is no topic `guide`"),
        (NewExample("pin", "fr", "x"), "has no language `fr`"),
        (NewExample("pin", "en", "my pin is ⟦secret:pin⟧"), "cannot be an example"),
        (NewExample("pin", "en", "Hello there"), "is already an example of `hello`"),
    ],
)
def test_one_bad_example_and_nothing_is_written(
    repository: Repository, bad: NewExample, message: str
) -> None:
    before = examples(repository.data, "pin", "en")
    with pytest.raises(KnowledgeError, match=message):
        add_examples(repository.data, [NewExample("pin", "en", "quite new"), bad])
    assert examples(repository.data, "pin", "en") == before


def test_an_addition_that_breaks_a_rule_leaves_the_files_as_they_were(repository: Repository) -> None:
    before = (repository.data / ENGLISH).read_bytes()
    with pytest.raises(KnowledgeError, match="still to be written"):
        add_examples(repository.data, [NewExample("pin", "en", "TODO")])
    assert (repository.data / ENGLISH).read_bytes() == before
