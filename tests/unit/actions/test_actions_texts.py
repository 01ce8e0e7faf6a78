"""What the sources of the actions name must be in data/, also where no other test walks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import actions
from actions.backend.vocabulary import SHAREABLE_DEVICES, IneligibilityReason, SharingRefusal
from actions.code_task import CodeTask
from actions.linking import Linking
from actions.numbers import Flaw
from actions.opting_in import OptIn
from actions.verify_phone import REGIONS, VerifyPhone
from knowledge import Knowledge
from nlu.responses import responses

SOURCES = sorted(Path(actions.__file__).parent.glob("*.py"))


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


def said_by_tasks() -> set[str]:
    """The names of all texts that the tasks say or have as labels: whatever is written out in their sources."""
    named: set[str] = {flaw.value for flaw in Flaw}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named |= {node.value, node.value.rpartition("__")[2]}
    named |= {f"region_{region}" for region in REGIONS}
    reasons = set(IneligibilityReason) - {IneligibilityReason.UNKNOWN}
    named |= {f"reason_{reason}" for reason in (*reasons, "other")}
    named |= {f"refused_{reason}" for reason in SharingRefusal}
    return named | {"confirm_self", "confirm_partner", *SHAREABLE_DEVICES}


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
    assert {"guide__failed", "guide__resume", "human", "linking__pending"} <= found
    assert {"number_landline", "locked", "resend", "verified_before"} <= said_by_tasks()


@pytest.mark.parametrize("topic", ["verify_phone", "codes", "linking", "opting_in", "sharing"])
def test_no_text_of_a_task_is_without_use(topic: str, knowledge: Knowledge) -> None:
    for page in knowledge.topics[topic].languages.values():
        assert set(page.texts) <= said_by_tasks()


@pytest.mark.parametrize("task", [VerifyPhone, OptIn, Linking])
def test_every_end_of_a_task_has_its_text(task: type[CodeTask], knowledge: Knowledge) -> None:
    assert all(f"utter_{text}" in responses(knowledge) for text in task.over.values())


def test_the_labels_of_a_menu_can_be_told_apart(knowledge: Knowledge) -> None:
    for code in knowledge.languages:
        labels = [topic.languages[code].title for topic in knowledge.topics.values() if topic.kind != "texts"]
        # The two languages are chosen by their own names, whatever the language of the menu.
        assert len(labels) == len(set(labels)), sorted(labels)
