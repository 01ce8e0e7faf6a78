"""The register of facts (data/facts.yml): each fact of the source articles, and the texts that carry it.

A fact is carried when its texts exist and, in each language and on each channel, hold the words by which it would
be recognised there. So a fact cannot fall out of a text without being noticed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.loading import DATA
from knowledge.model import Knowledge, Text
from knowledge.problems import KnowledgeError, Problem
from knowledge.reading import Document, read
from knowledge.structure import misfits

CHANNELS = ("telegram", "sms")
FILE = "facts.yml"


@dataclass(frozen=True)
class Fact:
    """One fact, in our own words."""

    id: str
    """As in the source's ledger, such as A4.b."""
    statement: str
    lines: tuple[str, ...]
    """The lines of the source document that state it: "12" or "12-15"."""
    texts: tuple[str, ...]
    """What carries it: topic/text, or topic/step/stuck for the help with a step."""
    says: Mapping[str, tuple[str, ...]]
    """By language: words that stand in these texts."""


@dataclass(frozen=True)
class Register:
    """facts.yml."""

    document: Document
    facts: tuple[Fact, ...]
    never: Mapping[str, tuple[str, ...]]
    """By language: words that no text holds, since the source has them wrong."""

    def languages(self, knowledge: Knowledge) -> list[str]:
        """The served languages in which facts are registered: a new one is, as soon as one fact has words in it."""
        return [code for code in knowledge.languages if any(code in fact.says for fact in self.facts)]


def load_register(root: Path = DATA) -> Register:
    """Reads facts.yml of the data folder `root`. Raises KnowledgeError when its shape is wrong."""
    document, problems = read(root / FILE, f"{root.name}/{FILE}")
    if document is not None:
        problems += misfits(document, "facts")[0]
    if problems or document is None:
        raise KnowledgeError(problems)
    value = document.value
    facts = tuple(
        Fact(
            id=id,
            statement=" ".join(entry["fact"].split()),
            lines=tuple(entry.get("lines", ())),
            texts=tuple(entry["in"]),
            says={code: tuple(words) for code, words in entry["says"].items()},
        )
        for id, entry in value["facts"].items()
    )
    return Register(document, facts, {code: tuple(words) for code, words in value["never"].items()})


def lost(fact: Fact, knowledge: Knowledge, language: str) -> list[str]:
    """What of `fact` a client of `language` does not get: one line each, empty when all of it is said."""
    found = {name: text for name in fact.texts if (text := text_at(knowledge, name, language)) is not None}
    gaps = [f"there is no text {name}" for name in fact.texts if name not in found]
    words = fact.says.get(language, ())
    if not words:
        gaps.append("it has no words to be recognised by")
    for channel in CHANNELS:
        said = _folded(" ".join(text.on(channel) for text in found.values()))
        gaps += [f"`{word}` is not said on {channel}" for word in words if _folded(word) not in said]
    return gaps


def check(register: Register, knowledge: Knowledge) -> Iterator[Problem]:
    """Facts that are not carried in every language and on every channel, and words that must never be said."""
    for fact in register.facts:
        for code in register.languages(knowledge):
            for gap in lost(fact, knowledge, code):
                yield register.document.problem(f"{fact.id} in {code}: {gap}", "facts", fact.id)
    for code, words in register.never.items():
        if code not in knowledge.languages:
            continue
        for name, text in all_texts(knowledge, code):
            for word in words:
                if _folded(word) in _folded(text.text + " " + (text.sms or "")):
                    message = f"{name} in {code} says `{word}`, which is wrong in the source"
                    yield register.document.problem(message, "never", code)


def report(register: Register, knowledge: Knowledge) -> Iterator[str]:
    """One line for each fact: its id, whether each language carries it, its texts and its statement; then the sums."""
    carried = dict.fromkeys(register.languages(knowledge), 0)
    for fact in register.facts:
        marks = []
        for code in carried:
            kept = not lost(fact, knowledge, code)
            carried[code] += kept
            marks.append(f"{code} {'ok' if kept else 'LOST'}")
        yield f"{fact.id}\t{', '.join(marks)}\t{', '.join(fact.texts)}\t{fact.statement}"
    total = len(register.facts)
    sums = ", ".join(f"{code} {count}/{total} ({count / total:.0%})" for code, count in carried.items())
    yield f"{total} facts: {sums}"


def text_at(knowledge: Knowledge, name: str, language: str) -> Text | None:
    """The text called topic/text or topic/step/stuck; None when there is none."""
    topic, _, rest = name.partition("/")
    if topic not in knowledge.topics:
        return None
    page = knowledge.topics[topic].languages[language]
    item, _, part = rest.partition("/")
    if part:
        return page.guide[item].stuck if part == "stuck" and item in page.guide else None
    return page.texts.get(item) or (page.guide[item].text if item in page.guide else None)


def all_texts(knowledge: Knowledge, language: str) -> Iterator[tuple[str, Text]]:
    """Every text of a language with its name."""
    for topic in knowledge.topics.values():
        page = topic.languages[language]
        for name, text in page.texts.items():
            yield f"{topic.id}/{name}", text
        for name, item in page.guide.items():
            yield f"{topic.id}/{name}", item.text
            if item.stuck is not None:
                yield f"{topic.id}/{name}/stuck", item.stuck


def _folded(text: str) -> str:
    """`text` as words are looked for in it: width, case, white space and the marks of labels do not matter."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("**", "").casefold().split())
