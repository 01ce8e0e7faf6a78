"""What the sources of the actions name must be in data/, also where no other test comes by."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import actions
from actions.backend import Backend
from actions.backend.vocabulary import SHAREABLE_DEVICES, DeviceOwner, IneligibilityReason, SharingRefusal
from actions.linking import Linking
from actions.opt_in import OptIn
from actions.phone_numbers import NumberProblem
from actions.vault_client import VaultClient
from actions.verify_phone import REGIONS, VerifyPhone
from contracts.enums import ChannelKind
from knowledge import Knowledge, TopicKind
from knowledge.markup import placeholders
from knowledge.rendering import ANSWER, TextId, find_text
from tests.support.action_turn import NOWHERE

SOURCES = sorted(Path(actions.__file__).parent.glob("*.py"))


@dataclass(frozen=True)
class Call:
    """A call in the sources, as far as it is written out."""

    arguments: tuple[tuple[str, ...], ...]
    """The strings that each argument may be; none where it is computed."""
    keywords: frozenset[str]


def calls(path: Path, *names: str) -> Iterator[Call]:
    """The calls of functions or methods of these names in the file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {"ANSWER": ANSWER} | {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in names:
            arguments = tuple(tuple(written_out(argument, constants)) for argument in node.args)
            yield Call(arguments, frozenset(str(keyword.arg) for keyword in node.keywords))


def written_out(argument: ast.expr, constants: dict[str, str]) -> list[str]:
    """The string or strings that an argument is; none when it is computed."""
    if isinstance(argument, ast.IfExp):
        return written_out(argument.body, constants) + written_out(argument.orelse, constants)
    if isinstance(argument, ast.Name) and argument.id in constants:
        return [constants[argument.id]]
    is_text = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    return [argument.value] if is_text else []  # type: ignore[attr-defined]


def said_texts(path: Path) -> Iterator[tuple[TextId, frozenset[str]]]:
    """Every text that `Turn.say` is called with in the file, and the names of the values given to it."""
    for call in calls(path, "say"):
        topics, *rest = call.arguments
        names = rest[0] if rest else (ANSWER,)
        yield from ((TextId(topic, name), call.keywords) for topic in topics for name in names)


def strings_in_sources() -> set[str]:
    """Whatever is written out in the sources, and the names of texts that are put together there."""
    named: set[str] = {problem.value for problem in NumberProblem}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.add(node.value)
    named |= {f"region_{region}" for region in REGIONS}
    return named | set(SHAREABLE_DEVICES)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_text_that_an_action_says_exists_and_gets_the_values_that_it_needs(
    path: Path, knowledge: Knowledge
) -> None:
    for text_id, values in said_texts(path):
        for language in knowledge.languages:
            text = find_text(knowledge, text_id, language)
            wanted = {name for channel in ChannelKind for name in placeholders(text.on(channel))}
            assert wanted == values, f"{text_id} in {language}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_label_is_written_in_every_language(path: Path, knowledge: Knowledge) -> None:
    for language in knowledge.languages:
        for call in calls(path, "TextId"):
            topics, names = call.arguments[:2]
            assert all(find_text(knowledge, TextId(t, n), language) for t in topics for n in names)
        for call in calls(path, "TextLabel", "task_button"):
            topics, names = call.arguments[:2]
            assert all(knowledge.text(topic, name, language) for topic in topics for name in names)
        for call in calls(path, "guide_button"):
            assert all(knowledge.text("guide", name, language) for name in call.arguments[0])
        for call in calls(path, "topic_button", "TopicTitle"):
            assert all(knowledge.label(topic, language) for topic in call.arguments[0])


def test_the_scan_finds_what_it_looks_for() -> None:
    found = {str(text_id) for path in SOURCES for text_id, _ in said_texts(path)}
    assert {"guide/failed", "guide/resume", "human/answer", "linking/pending"} <= found
    assert {"number_landline", "locked", "resend", "verified_before"} <= strings_in_sources()


@pytest.mark.parametrize("topic", ["verify_phone", "codes", "linking", "opting_in", "sharing"])
def test_no_text_of_a_task_is_without_use(topic: str, knowledge: Knowledge) -> None:
    for page in knowledge.topics[topic].languages.values():
        assert set(page.texts) <= strings_in_sources()


@pytest.mark.parametrize("task", [VerifyPhone, OptIn, Linking])
def test_every_end_of_a_task_has_its_text(
    task: type[VerifyPhone | OptIn | Linking], knowledge: Knowledge
) -> None:
    step = task(Backend(NOWHERE, "token"), VaultClient(NOWHERE, "token")).code_step
    assert step is not None
    for end in step.ends.values():
        assert all(find_text(knowledge, end.text, language) for language in knowledge.languages)


def test_the_labels_of_a_menu_can_be_told_apart(knowledge: Knowledge) -> None:
    for code in knowledge.languages:
        labels = [
            topic.languages[code].title
            for topic in knowledge.topics.values()
            if topic.kind is not TopicKind.TEXTS
        ]
        # The two languages are chosen by their own names, whatever the language of the menu.
        assert len(labels) == len(set(labels)), sorted(labels)


def test_every_reason_of_the_backend_has_its_text(knowledge: Knowledge) -> None:
    reasons = set(IneligibilityReason) - {IneligibilityReason.UNKNOWN}
    owners = set(DeviceOwner) - {DeviceOwner.UNKNOWN}
    names = [
        *(f"reason_{reason}" for reason in (*reasons, "other")),
        *(f"refused_{reason}" for reason in SharingRefusal),
        *(f"confirm_{owner}" for owner in owners),
        *SHAREABLE_DEVICES,
    ]
    assert set(names) <= strings_in_sources()
    for language in knowledge.languages:
        assert all(knowledge.text("sharing", name, language) for name in names)
