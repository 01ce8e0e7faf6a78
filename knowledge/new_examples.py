"""Adds messages that a person has assigned to topics to the files of examples: all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.data_problems import KnowledgeError, Problem
from knowledge.example_files import example_file_name
from knowledge.loading import load
from knowledge.markup import normalized
from knowledge.model import Knowledge, TopicKind

_REDACTION_MARK = "⟦"
# How problems name the list of new examples, which may come from anywhere.
_LIST = "labels"


@dataclass(frozen=True)
class NewExample:
    """A message, and the topic that a person says it is about."""

    topic: str
    language: str
    text: str


def add_examples(root: Path, new: Sequence[NewExample]) -> int:
    """Append each message to the examples of its topic in its language. Return how many were added.

    A message that is an example already is left out. Raises KnowledgeError, with nothing written, when a topic or
    language is unknown, a message has a redacted part, or is an example of another topic.
    """
    knowledge = load(root)
    problems: list[Problem] = []
    by_file: dict[Path, list[str]] = {}
    for number, one in enumerate(new, start=1):
        problem = _problem(knowledge, one)
        if problem:
            problems.append(Problem(_LIST, number, problem))
            continue
        topic = knowledge.topics[one.topic]
        known = {normalized(example) for example in topic.languages[one.language].examples}
        path = root / "topics" / topic.group / topic.id / example_file_name(one.language)
        texts = by_file.setdefault(path, [])
        if normalized(one.text) not in known | set(map(normalized, texts)):
            texts.append(" ".join(one.text.split()))
    if problems:
        raise KnowledgeError(problems)
    _append(root, by_file)
    return sum(map(len, by_file.values()))


def _append(root: Path, by_file: dict[Path, list[str]]) -> None:
    """Append the lines and check the data; put the files back when anything is wrong."""
    before = {path: path.read_bytes() if path.exists() else None for path in by_file}
    try:
        for path, texts in by_file.items():
            content = before[path] or b""
            if content and not content.endswith(b"\n"):
                content += b"\n"
            path.write_bytes(content + "".join(f"{text}\n" for text in texts).encode())
        load(root)
    except BaseException:
        for path, content_before in before.items():
            if content_before is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content_before)
        raise


def _problem(knowledge: Knowledge, one: NewExample) -> str | None:
    topic = knowledge.topics.get(one.topic)
    if topic is None or topic.kind == TopicKind.TEXTS:
        return f"there is no topic `{one.topic}`"
    if one.language not in topic.languages:
        return f"the topic `{one.topic}` has no language `{one.language}`"
    if _REDACTION_MARK in one.text or not one.text.strip():
        return f"`{one.text}` cannot be an example"
    for other in knowledge.topics.values():
        page = other.languages.get(one.language)
        if other is not topic and page and normalized(one.text) in set(map(normalized, page.examples)):
            return f"`{one.text}` is already an example of `{other.id}`"
    return None
