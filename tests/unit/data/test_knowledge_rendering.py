"""The right text in each language and on each channel, with the lines added to it and its values."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge import load
from knowledge.rendering import MissingValueError, TextId, find_text, render, text_ids
from tests.support.small_repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.mark.parametrize(
    ("text_id", "language", "channel", "text"),
    [
        (TextId("pin", "other"), "en", "telegram", "Long words."),
        (TextId("pin", "other"), "ja", "telegram", "長い文です。"),
        (TextId("pin", "other"), "ja", "sms", "長い文です。"),
        (TextId("pin"), "en", "telegram", "Open **Help** and type {code}.\n\nSource: KB2260, KB70"),
        (TextId("pin"), "en", "sms", "Help, {code}.\n\nSource: KB2260, KB70"),
        # No shorter Japanese variant: the English one for SMS must not come instead.
        (TextId("pin"), "ja", "sms", "**ヘルプ**を開き、{code}を入力します。\n\n出典: KB2260, KB70"),
        (TextId("cache", "platform"), "en", "telegram", "Which phone?"),
        (TextId("cache", "clear"), "en", "telegram", "Step {step} of {steps}\nClear it."),
        (TextId("cache", "clear"), "en", "sms", "{step}/{steps}\nClear it."),
        (TextId("cache", "again"), "ja", "telegram", "手順 {step}/{steps}\nもう一度開きます。"),
        (TextId("cache", "clear", is_help=True), "en", "telegram", "Look under **Storage**."),
        (TextId("cache", "finished"), "en", "telegram", "That was all.\n\nSource: KB2745"),
        (TextId("cache", "finished"), "ja", "sms", "以上です。\n\n出典: KB2745"),
        (TextId("guide", "finished"), "en", "telegram", "That was all."),
    ],
    ids=str,
)
def test_a_text_is_rendered_for_each_language_and_channel(
    repository: Repository, text_id: TextId, language: str, channel: str, text: str
) -> None:
    assert find_text(load(repository.data), text_id, language).on(channel) == text


def test_values_are_filled_in(repository: Repository) -> None:
    values = {"step": 1, "steps": 2}
    said = render(load(repository.data), TextId("cache", "clear"), "en", "sms", values)
    assert said == "1/2\nClear it."


def test_a_value_that_is_missing_is_an_error_that_names_it(repository: Repository) -> None:
    with pytest.raises(MissingValueError, match="cache/clear in en needs step"):
        render(load(repository.data), TextId("cache", "clear"), "en", "sms", {"steps": 2})


@pytest.mark.parametrize(
    "text_id",
    [
        TextId("none"),
        TextId("pin", "none"),
        TextId("pin", "finished"),
        TextId("cache", "again", is_help=True),
    ],
    ids=str,
)
def test_a_text_that_does_not_exist_is_an_error(repository: Repository, text_id: TextId) -> None:
    with pytest.raises(KeyError):
        render(load(repository.data), text_id, "en", "sms", {})


def test_a_guide_of_one_step_has_no_progress_line(repository: Repository) -> None:
    repository.change("topics/trouble/cache/topic.yml", "  - step: again\n", "")
    for code, text in (("en", "Open it again."), ("ja", "もう一度開きます。")):
        repository.change(f"topics/trouble/cache/{code}.yml", f'  again: {{text: "{text}"}}\n', "")
    assert find_text(load(repository.data), TextId("cache", "clear"), "en").text == "Clear it."


def test_every_text_that_is_listed_can_be_found(repository: Repository) -> None:
    knowledge = load(repository.data)
    listed = {str(text_id) for t in knowledge.topics.values() for text_id in text_ids(knowledge, t, "en")}
    assert {"pin/answer", "cache/clear/help", "cache/listed", "guide/progress"} - listed == {"cache/listed"}
    for topic in knowledge.topics.values():
        for text_id in text_ids(knowledge, topic, "ja"):
            assert find_text(knowledge, text_id, "ja").text
