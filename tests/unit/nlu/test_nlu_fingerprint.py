"""Which changes need another model, and which do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge import load
from nlu import fingerprint as fingerprint_module
from nlu.fingerprint import fingerprint, model_path
from tests.support.small_repository import Repository


def of(repository: Repository) -> str:
    return fingerprint(load(repository.data), repository.root)


def test_the_same_data_has_the_same_fingerprint(repository: Repository, tmp_path: Path) -> None:
    assert of(repository) == of(Repository(tmp_path / "elsewhere"))


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("topics/trouble/pin/examples.en.txt", "lost pin code", "lost pin codes"),
        ("topics/trouble/pin/ja.yml", "[アイフォン]", "[アイフォン, アイホン]"),
        ("topics/talk/restart/topic.yml", "action_begin_again", "action_start_over"),
        ("languages.yml", "default: en", "default: ja"),
    ],
    ids=["example", "term", "action", "language"],
)
def test_what_understanding_depends_on_gives_another_model(
    repository: Repository, path: str, old: str, new: str
) -> None:
    before = of(repository)
    repository.change(path, old, new)
    assert of(repository) != before


def test_a_topic_that_counts_otherwise_gives_another_model(repository: Repository) -> None:
    before = of(repository)
    small_talk = repository.data / "topics" / "conversation"
    small_talk.mkdir()
    (repository.data / "topics" / "trouble" / "pin").rename(small_talk / "pin")
    assert of(repository) != before


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("topics/trouble/pin/en.yml", "Long words.", "Other words."),
        ("topics/trouble/pin/en.yml", "Help, {code}.", "Help: {code}."),
        ("topics/trouble/cache/ja.yml", "消去します。", "消します。"),
        ("topics/trouble/cache/en.yml", "Look under **Storage**.", "Look elsewhere."),
        ("topics/trouble/cache/en.yml", "title: Clear the cache", "title: Empty the cache"),
        ("topics/talk/guide/en.yml", "That was all.", "That is all."),
    ],
    ids=["reply", "sms", "step", "help", "title", "frame"],
)
def test_a_changed_wording_needs_no_training(repository: Repository, path: str, old: str, new: str) -> None:
    before = of(repository)
    repository.change(path, old, new)
    assert of(repository) == before


def test_a_new_topic_and_another_configuration_give_another_model(repository: Repository) -> None:
    names = {model_path(load(repository.data), repository.root).name}
    repository.write("topics/trouble/new/topic.yml", "kind: navigation\naction: action_answer\n")
    for code in ("en", "ja"):
        repository.write(f"topics/trouble/new/{code}.yml", f"title: New {code}\n")
    names.add(model_path(load(repository.data), repository.root).name)
    (repository.root / "config.yml").write_text("recipe: default.v1\n", encoding="utf-8")
    names.add(model_path(load(repository.data), repository.root).name)
    assert len(names) == 3


def test_other_versions_of_what_it_stands_on_give_another_model(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = of(repository)
    monkeypatch.setattr(fingerprint_module, "_version", lambda package: f"another {package}")
    assert of(repository) != before


def test_what_is_no_part_of_the_model_changes_nothing(repository: Repository) -> None:
    before = of(repository)
    (repository.root / "notes.txt").write_text("", encoding="utf-8")
    assert of(repository) == before
