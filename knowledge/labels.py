"""The list of screen labels (data/labels.yml), and whether the texts name each label as the list has it.

A language names a label as its clients see it, or in English with the meaning behind it: Print（印刷）. The meaning
stands at the first mention in a text; an SMS has no room for it and may leave it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.facts import all_texts
from knowledge.loading import DATA
from knowledge.model import Knowledge
from knowledge.problems import KnowledgeError, Problem
from knowledge.reading import Document, read
from knowledge.structure import misfits
from knowledge.wording import LABEL

FILE = "labels.yml"
_MEANING = re.compile(r"（([^（）]*)）")
_WITH_MEANING = re.compile(r"(.+)（([^（）]*)）")


@dataclass(frozen=True)
class Form:
    """How a language names a label."""

    name: str
    meaning: str | None = None
    """What stands behind it, where the name is English."""


@dataclass(frozen=True)
class Labels:
    """labels.yml."""

    document: Document
    forms: Mapping[str, tuple[Form, ...]]
    """By language: how it names every label. Only languages in which labels are listed."""


def load_labels(knowledge: Knowledge, root: Path = DATA) -> Labels:
    """Reads labels.yml of the data folder `root`. Raises KnowledgeError when its shape is wrong."""
    document, problems = read(root / FILE, f"{root.name}/{FILE}")
    if document is not None:
        problems += misfits(document, "labels")[0]
    if problems or document is None:
        raise KnowledgeError(problems)
    entries = [(name, entry) for screen in document.value.values() for name, entry in screen.items()]
    listed = {code for _, entry in entries for code in entry} & set(knowledge.languages)
    codes = [code for code in knowledge.languages if code in listed | {knowledge.default_language}]
    return Labels(
        document, {code: tuple(_form(entry.get(code, name)) for name, entry in entries) for code in codes}
    )


def _form(written: str) -> Form:
    found = _WITH_MEANING.fullmatch(written)
    return Form(found[1], found[2]) if found else Form(written)


def check(labels: Labels, knowledge: Knowledge) -> Iterator[Problem]:
    """Labels that are not in the list, or that a text names in another form."""
    for code, forms in labels.forms.items():
        own = {topic.languages[code].title for topic in knowledge.topics.values()}
        for name, text in all_texts(knowledge, code):
            for wrong in misnamed(text.text, forms, own):
                yield _problem(labels, knowledge, code, name, wrong)
            for wrong in misnamed(text.sms or "", forms, own, brief=True):
                yield _problem(labels, knowledge, code, name, f"by SMS {wrong}")


def _problem(labels: Labels, knowledge: Knowledge, code: str, name: str, message: str) -> Problem:
    topic, item, *stuck = name.split("/")
    page = f"topics/{knowledge.topics[topic].group}/{topic}/{code}.yml"
    root = labels.document.path.parent
    document, problems = read(root / page, f"{root.name}/{page}")
    if document is None:
        return problems[0]
    kind = "texts" if item in knowledge.topics[topic].languages[code].texts else "guide"
    return document.problem(message, kind, item, *stuck)


def misnamed(text: str, forms: tuple[Form, ...], own: set[str], *, brief: bool = False) -> Iterator[str]:
    """What `text` names otherwise than in one of `forms`; `own` are the assistant's own buttons.

    One that is `brief` may leave out the meaning, and the ** as well.
    """
    names = {form.name for form in forms}
    meanings: dict[str, set[str]] = {}
    for form in forms:
        if form.meaning:
            meanings.setdefault(form.name, set()).add(form.meaning)
    told: set[str] = set()
    for label in LABEL.finditer(text):
        if label[1] not in names | own:
            yield f"`{label[1]}` is no label of {FILE}"
        behind = _MEANING.match(text, label.end())
        wanted = meanings.get(label[1], set())
        if wanted and not (behind and behind[1] in wanted) and (behind or not brief | (label[1] in told)):
            yield f"`{label[1]}` should be followed by （{' or '.join(sorted(wanted))}）"
        told.add(label[1])
    for meaning in set().union(*meanings.values()) - names:
        if re.search(rf"＞{meaning}|(?<!（){meaning}＞|「{meaning}」", text):
            yield f"`{meaning}` is what a label means; the label itself is English"
    if brief:
        for step in re.findall(r"([A-Z][\w ()'/&.+-]*)(?=＞)|(?<=＞)([A-Z][\w ()'/&.+-]*)", text, re.ASCII):
            if (name := (step[0] or step[1]).strip()) not in names:
                yield f"`{name}` is no label of {FILE}"
