"""The preview shows a topic as its clients see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.enums import ChannelKind
from knowledge import TopicKind, load
from knowledge.__main__ import main
from knowledge.preview import preview, previewed_branches
from tests.support.knowledge import KNOWLEDGE
from tests.support.small_repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def test_a_guide_is_shown_branch_by_branch_on_both_channels_in_both_languages(repository: Repository) -> None:
    lines = list(preview(load(repository.data), "cache"))
    headings = [line for line in lines if line.startswith("=")]
    assert headings == [
        "===== en, telegram: Clear the cache =====",
        "===== en, sms: Clear the cache =====",
        "===== ja, telegram: キャッシュの消去 =====",
        "===== ja, sms: キャッシュの消去 =====",
    ]
    telegram = "\n".join(lines[: lines.index(headings[1])])
    assert (
        "----- platform: iphone -----\n\nquestion platform:\n    Which phone?\n    [ iPhone ]  [ Android ]"
        in telegram
    )
    assert "step clear:\n    Step 1 of 2\n    Clear it." in telegram
    assert "help clear:\n    Look under **Storage**." in telegram
    assert "step again:\n    Step 2 of 2\n    Open it again." in telegram
    assert "end:\n    That was all.\n\n    Source: KB2745" in telegram
    assert telegram.count("Which phone?") == 1, "what was shown in an earlier branch is only named"
    assert "    (as above: question platform)" in telegram


def test_by_sms_choices_are_numbered_labels_quoted_and_segments_counted(repository: Repository) -> None:
    text = "\n".join(preview(load(repository.data), "cache"))
    assert "question platform (1 segment):\n    Which phone?\n    1 iPhone\n    2 Android" in text
    assert 'help clear (1 segment):\n    Look under "Storage".' in text
    assert "1/2\n    Clear it." in text


def test_an_answer_is_shown_with_its_source_and_other_texts(repository: Repository) -> None:
    text = "\n".join(preview(load(repository.data), "pin"))
    assert "text answer:\n    Open **Help** and type {code}.\n\n    Source: KB2260, KB70" in text
    assert "text other:\n    Long words." in text


def test_labels_are_bold_on_a_terminal(repository: Repository) -> None:
    assert "Open \x1b[1mHelp\x1b[0m and" in "\n".join(preview(load(repository.data), "pin", bold=True))


@pytest.mark.parametrize("topic", [t.id for t in KNOWLEDGE.topics.values() if t.kind != TopicKind.TEXTS])
def test_every_text_of_every_topic_is_shown(topic: str) -> None:
    page = KNOWLEDGE.topics[topic].languages["en"]
    branches = previewed_branches(KNOWLEDGE, KNOWLEDGE.topics[topic], "en", ChannelKind.TELEGRAM)
    shown = {message.heading.partition(" ")[2] for _, messages in branches for message in messages}
    assert set(page.texts) | set(page.guide) <= shown


def test_the_command_refuses_a_topic_that_does_not_exist(repository: Repository, capsys: Any) -> None:
    root = ["--root", str(repository.data)]
    assert main(["preview", "trouble/cache", *root]) == 0
    assert "===== ja, sms" in capsys.readouterr().out
    assert main(["preview", "talk/cache", *root]) == 2
    assert "there is no topic `talk/cache`" in capsys.readouterr().err
