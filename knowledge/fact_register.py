"""The register of facts (data/facts.yml): each fact of the source articles, and the texts that carry it.

A text carries a fact when it contains, in each language and on each channel, the words that stand for the fact. So no
change of a text loses a fact unnoticed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.enums import ChannelKind
from knowledge.data_problems import KnowledgeError, Problem
from knowledge.loading import DATA, read_valid
from knowledge.model import Knowledge
from knowledge.text_names import find_raw_text, named_texts
from knowledge.yaml_files import YamlFile

FILE = "facts.yml"


@dataclass(frozen=True)
class Fact:
    """One fact, in our own words."""

    id: str
    """As in the ledger of facts, such as A4.b."""
    statement: str
    source: tuple[str, ...]
    """The articles that state it: their numbers, such as KB2260, or the title of one without a number."""
    texts: tuple[str, ...]
    """The names of the texts that carry it (see `text_names`)."""
    must_contain: Mapping[str, tuple[str, ...]]
    """By language: words that these texts must contain."""


@dataclass(frozen=True)
class FactRegister:
    """facts.yml."""

    document: YamlFile
    facts: tuple[Fact, ...]
    must_not_contain: Mapping[str, tuple[str, ...]]
    """By language: errors of the source that no text may repeat."""

    def languages(self, knowledge: Knowledge) -> list[str]:
        """Return the served languages with facts: a new one counts as soon as one fact has words in it."""
        return [code for code in knowledge.languages if any(code in fact.must_contain for fact in self.facts)]


def load_facts(root: Path = DATA) -> FactRegister:
    """Read facts.yml of the data folder `root`. Raises KnowledgeError when its shape is wrong."""
    problems: list[Problem] = []
    document = read_valid(root / FILE, root, "facts", problems)
    if problems or document is None:
        raise KnowledgeError(problems)
    value = document.value
    facts = tuple(
        Fact(
            id=id,
            statement=" ".join(entry["fact"].split()),
            source=tuple(entry["source"]),
            texts=tuple(entry["texts"]),
            must_contain={code: tuple(words) for code, words in entry["must_contain"].items()},
        )
        for id, entry in value["facts"].items()
    )
    return FactRegister(
        document, facts, {code: tuple(words) for code, words in value["must_not_contain"].items()}
    )


def missing_claims(fact: Fact, knowledge: Knowledge, language: str) -> list[str]:
    """Return what of `fact` a client of `language` does not get, one line each; empty when nothing is missing."""
    found = {
        name: text for name in fact.texts if (text := find_raw_text(knowledge, name, language)) is not None
    }
    gaps = [f"there is no text {name}" for name in fact.texts if name not in found]
    words = fact.must_contain.get(language, ())
    if not words:
        gaps.append("it has no words to be recognised by")
    for channel in ChannelKind:
        content = _folded(" ".join(text.on(channel) for text in found.values()))
        gaps += [f"`{word}` is not said on {channel}" for word in words if _folded(word) not in content]
    return gaps


def check(register: FactRegister, knowledge: Knowledge) -> Iterator[Problem]:
    """Yield facts that a language or channel lacks, and words that no text may contain."""
    for fact in register.facts:
        for code in register.languages(knowledge):
            for gap in missing_claims(fact, knowledge, code):
                yield register.document.problem(f"{fact.id} in {code}: {gap}", "facts", fact.id)
    for code, words in register.must_not_contain.items():
        if code not in knowledge.languages:
            continue
        for name, text in named_texts(knowledge, code):
            for word in words:
                if _folded(word) in _folded(text.text + " " + (text.sms or "")):
                    message = f"{name} in {code} says `{word}`, which is wrong in the source"
                    yield register.document.problem(message, "must_not_contain", code)


def report(register: FactRegister, knowledge: Knowledge) -> Iterator[str]:
    """Yield a line for each fact (id, languages, texts, statement; divided by tabs), then one with the totals."""
    carried = dict.fromkeys(register.languages(knowledge), 0)
    for fact in register.facts:
        marks = []
        for code in carried:
            is_carried = not missing_claims(fact, knowledge, code)
            carried[code] += is_carried
            marks.append(f"{code} {'ok' if is_carried else 'LOST'}")
        yield f"{fact.id}\t{', '.join(marks)}\t{', '.join(fact.texts)}\t{fact.statement}"
    total = len(register.facts)
    sums = ", ".join(f"{code} {count}/{total} ({count / total:.0%})" for code, count in carried.items())
    yield f"{total} facts: {sums}"


def _folded(text: str) -> str:
    """Return `text` without differences of width, case and white space, and without the marks of labels."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("**", "").casefold().split())
