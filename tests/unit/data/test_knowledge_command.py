"""python -m knowledge: what the commands print and return."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from knowledge.__main__ import main


def test_check_counts_topics_languages_and_examples_and_ends_with_0(tree: Any, capsys: Any) -> None:
    assert main(["check", "--root", str(tree.root)]) == 0
    assert capsys.readouterr().out == "3 topics, 2 languages, 7 examples: no problems\n"


def test_check_prints_each_problem_in_a_line_and_ends_with_1(tree: Any, capsys: Any) -> None:
    tree.change("topics/trouble/pin/examples.en.txt", "lost the pin", "TODO")
    tree.change("topics/trouble/pin/topic.yml", "cache", "cash")
    assert main(["check", "--root", str(tree.root)]) == 1
    assert capsys.readouterr().out == (
        "data/topics/trouble/pin/examples.en.txt:2: TODO: this is still to be written\n"
        "data/topics/trouble/pin/topic.yml:3: next_topics names the unknown topic `cash`\n"
    )


@pytest.mark.parametrize("module", ["rasa", "rasa_sdk", "bot", "actions", "nlu", "sandbox"])
def test_the_reader_needs_none_of_the_rooms(module: str) -> None:
    program = f"import sys, knowledge.__main__; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
