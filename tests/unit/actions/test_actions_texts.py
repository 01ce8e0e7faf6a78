"""What the sources of the actions name must be in data/, also where no other test walks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import actions
from actions.numbers import Flaw
from actions.verify_phone import _OVER
from data.knowledge import Knowledge
from nlu.responses import responses

SOURCES = sorted(Path(actions.__file__).parent.glob("*.py"))
TASK = Path(actions.__file__).parent / "verify_phone.py"


def calls(path: Path, *methods: str) -> Iterator[str]:
    """The strings written out as arguments of the calls of these methods in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods:
            for argument in node.args:
                yield from written_out(argument)


def written_out(argument: ast.expr) -> list[str]:
    """The string or strings that an argument is; none when it is put together."""
    if isinstance(argument, ast.IfExp):
        return written_out(argument.body) + written_out(argument.orelse)
    is_text = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    return [argument.value] if is_text else []  # type: ignore[attr-defined]


def of_the_task() -> set[str]:
    """The names of the texts that the task `verify_phone` says or has as labels."""
    named = set(calls(TASK, "_ask_number", "_wait_for_code", "_end", "_button"))
    literal = {
        text.removeprefix("verify_phone__")
        for text in calls(TASK, "say")
        if text.startswith("verify_phone__")
    }
    return named | literal | {"ask_number"} | {flaw.value for flaw in Flaw} | set(_OVER.values())


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_text_that_an_action_says_is_written_in_every_language(
    path: Path, knowledge: Knowledge
) -> None:
    known = responses(knowledge)
    for text in calls(path, "say"):
        languages = {variation["condition"][0]["value"] for variation in known[f"utter_{text}"]}
        assert languages == set(knowledge.languages), text


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_label_is_written_in_every_language(path: Path, knowledge: Knowledge) -> None:
    for language in knowledge.languages:
        assert all(knowledge.text("guide", text, language) for text in calls(path, "guide_label"))
        assert all(knowledge.label(topic, language) for topic in calls(path, "topic_button"))


def test_the_scan_finds_what_it_looks_for() -> None:
    found = {text for path in SOURCES for text in calls(path, "say")}
    assert {"guide__failed", "guide__resume", "human", "verify_phone__verified"} <= found
    assert {"number_not_mobile", "locked", "resend", "verified_before"} <= of_the_task()


def test_every_text_of_the_task_exists_and_is_used(knowledge: Knowledge) -> None:
    for page in knowledge.topics["verify_phone"].languages.values():
        assert of_the_task() == set(page.texts) - {"unexpected_code"}


def test_the_labels_of_a_menu_can_be_told_apart(knowledge: Knowledge) -> None:
    for code in knowledge.languages:
        labels = [topic.languages[code].title for topic in knowledge.topics.values() if topic.kind != "texts"]
        # The two languages are chosen by their own names, whatever the language of the menu.
        assert len(labels) == len(set(labels)), sorted(labels)
