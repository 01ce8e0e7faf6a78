"""`assistant nlu label`: labels become examples, or one line says why not."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from bot.cli import nlu_command
from bot.storage import Database


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'assistant.db'}"
    monkeypatch.setenv("DATABASE_URL", url)
    Database(url).migrate()
    return url


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        ("", ":1: the first line must be that of"),
        ("id\tintent\tlang\ttext\ncat\tgreet\ten\thi\n", ":2: 'cat' is no id"),
        ("id\tintent\tlang\ttext\n1\tunknown\ten\thi\n", "there is no topic `unknown`"),
    ],
)
def test_invalid_labels_are_reported_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, told: str
) -> None:
    file = tmp_path / "labels.tsv"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert nlu_command.label(file) == 1
    assert told in capsys.readouterr().err


def test_dropped_and_unlabelled_rows_change_no_topic(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "labels.tsv"
    file.write_text("id\tintent\tlang\ttext\n1\t-\ten\thi\n2\t\ten\tho\n", encoding="utf-8")
    assert nlu_command.label(file) == 0
    assert "0 examples added, 1 messages done" in capsys.readouterr().out


def test_without_clarifications_there_is_only_the_heading() -> None:
    output = io.StringIO()
    assert nlu_command.review(10, pairs=False, output=output) == 0
    assert output.getvalue() == "id\tintent\tlang\ttext\tcandidates\n"
