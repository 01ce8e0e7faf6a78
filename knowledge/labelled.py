"""Examples that a person has labelled, written into their topics' files. All of them or none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.loading import load
from knowledge.model import Knowledge
from knowledge.problems import KnowledgeError, Problem
from knowledge.reading import read
from knowledge.wording import plain

_TAKEN_OUT = "⟦"
_LABELS = "labels"


@dataclass(frozen=True)
class Labelled:
    """A message and the topic that a person says it is about."""

    topic: str
    language: str
    text: str


def add_examples(root: Path, labelled: Sequence[Labelled]) -> int:
    """Append each text to the examples of its topic in its language; how many were added.

    One that stands there already is left out. Raises KnowledgeError, with nothing written, when a topic or
    language is unknown, a text holds what the gateway has taken out, or is an example of another topic.
    """
    knowledge = load(root)
    problems: list[Problem] = []
    by_file: dict[Path, list[str]] = {}
    for number, one in enumerate(labelled, start=1):
        problem = _problem(knowledge, one)
        if problem:
            problems.append(Problem(_LABELS, number, problem))
            continue
        topic = knowledge.topics[one.topic]
        known = {plain(example) for example in topic.languages[one.language].examples}
        new = by_file.setdefault(root / "topics" / topic.group / topic.id / f"{one.language}.yml", [])
        if plain(one.text) not in known | set(map(plain, new)):
            new.append(one.text)
    if problems:
        raise KnowledgeError(problems)
    before = {path: path.read_text(encoding="utf-8") for path in by_file}
    try:
        for path, texts in by_file.items():
            path.write_text(_with(path, before[path], texts), encoding="utf-8")
        load(root)
    except BaseException:
        for path, text in before.items():
            path.write_text(text, encoding="utf-8")
        raise
    return sum(map(len, by_file.values()))


def _problem(knowledge: Knowledge, one: Labelled) -> str | None:
    topic = knowledge.topics.get(one.topic)
    if topic is None or topic.kind == "texts":
        return f"there is no topic `{one.topic}`"
    if one.language not in topic.languages:
        return f"the topic `{one.topic}` has no language `{one.language}`"
    if _TAKEN_OUT in one.text or not one.text.strip():
        return f"`{one.text}` cannot be an example"
    for other in knowledge.topics.values():
        page = other.languages.get(one.language)
        if other is not topic and page and plain(one.text) in set(map(plain, page.examples)):
            return f"`{one.text}` is already an example of `{other.id}`"
    return None


def _with(path: Path, text: str, new: Sequence[str]) -> str:
    """The page with `new` behind its last example, written as the others are: in a list or in brackets."""
    document, problems = read(path, path.name)
    if document is None:
        raise KnowledgeError(problems)
    examples = next(value for key, value in document.node.value if key.value == "examples")
    # JSON's strings are YAML's, whatever is in them.
    quoted = [json.dumps(example, ensure_ascii=False) for example in new]
    if examples.flow_style:
        bracket = examples.end_mark.index - 1
        return "".join([text[:bracket], *(f", {example}" for example in quoted), text[bracket:]])
    indent = " " * examples.start_mark.column
    end = examples.value[-1].end_mark.index
    return "".join([text[:end], *(f"\n{indent}- {example}" for example in quoted), text[end:]])
