"""The repository's data passes the check, and both scaffolds work on it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from knowledge import DATA, KnowledgeError, load
from knowledge.__main__ import main


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    shutil.copytree(DATA / "topics", root / "topics")
    shutil.copy(DATA / "languages.yml", root)
    return root


def problems(root: Path) -> list[str]:
    try:
        load(root)
    except KnowledgeError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_the_check_finds_no_problems() -> None:
    assert problems(DATA) == []


def test_a_check_takes_less_than_a_second_of_processor_time() -> None:
    load()
    begin = time.process_time()
    load()
    assert time.process_time() - begin < 1


def test_a_scaffolded_language_lacks_only_its_translation(copy: Path) -> None:
    assert main(["language", "xx", "--name", "Xx", "--root", str(copy)]) == 0
    found = problems(copy)
    assert len(found) > 100
    assert [problem for problem in found if not problem.endswith("TODO: this is still to be written")] == []
    for path in (*copy.glob("topics/**/*.yml"), *copy.glob("topics/**/*.txt")):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("TODO: ", ""), encoding="utf-8")
    # The scaffolded language topic is a copy, so its examples may repeat those of the original.
    left = [problem for problem in problems(copy) if "/language_xx/" not in problem]
    assert left == []


def test_a_scaffolded_topic_lacks_only_its_texts(copy: Path) -> None:
    assert main(["topic", "trouble/made_up", "--root", str(copy)]) == 0
    found = problems(copy)
    assert {problem.split(":")[0] for problem in found} == {
        f"data/topics/trouble/made_up/{name}"
        for language in load().languages
        for name in (f"{language}.yml", f"examples.{language}.txt")
    }
    assert all(problem.endswith("TODO: this is still to be written") for problem in found)
