"""The register of screen labels (data/labels.yml), and whether the texts name each label as the register does.

A language names a label as its clients see it, or in English with the meaning behind it: Print（印刷）. The meaning
stands at the first mention in a text; an SMS may leave it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.data_problems import KnowledgeError, Problem
from knowledge.loading import DATA, read_valid
from knowledge.markup import LABEL
from knowledge.model import Knowledge
from knowledge.text_names import named_texts
from knowledge.yaml_files import YamlFile, read_yaml

FILE = "labels.yml"
_MEANING = re.compile(r"（([^（）]*)）")
_WITH_MEANING = re.compile(r"(.+)（([^（）]*)）")


@dataclass(frozen=True)
class LabelForm:
    """How a language names a label."""

    name: str
    meaning: str | None = None
    """What stands behind it, where the name is English."""


@dataclass(frozen=True)
class LabelRegister:
    """labels.yml."""

    document: YamlFile
    forms: Mapping[str, tuple[LabelForm, ...]]
    """How each language names every label; only languages with labels of their own, and the default one."""


def load_labels(knowledge: Knowledge, root: Path = DATA) -> LabelRegister:
    """Read labels.yml of the data folder `root`. Raises KnowledgeError when its shape is wrong."""
    problems: list[Problem] = []
    document = read_valid(root / FILE, root, "labels", problems)
    if problems or document is None:
        raise KnowledgeError(problems)
    entries = [(name, entry) for screen in document.value.values() for name, entry in screen.items()]
    listed = {code for _, entry in entries for code in entry} & set(knowledge.languages)
    codes = [code for code in knowledge.languages if code in listed | {knowledge.default_language}]
    forms = {code: tuple(_form(entry.get(code, name)) for name, entry in entries) for code in codes}
    return LabelRegister(document, forms)


def _form(written: str) -> LabelForm:
    found = _WITH_MEANING.fullmatch(written)
    return LabelForm(found[1], found[2]) if found else LabelForm(written)


def check(register: LabelRegister, knowledge: Knowledge) -> Iterator[Problem]:
    """Yield labels that are not in the register, or that a text names in another form."""
    for code, forms in register.forms.items():
        own = {topic.languages[code].title for topic in knowledge.topics.values()}
        for name, text in named_texts(knowledge, code):
            for message in misnamed_labels(text.text, forms, own):
                yield _problem(register, knowledge, code, name, message)
            for message in misnamed_labels(text.sms or "", forms, own, is_sms=True):
                yield _problem(register, knowledge, code, name, f"by SMS {message}")


def _problem(register: LabelRegister, knowledge: Knowledge, code: str, name: str, message: str) -> Problem:
    topic, item, *rest = name.split("/")
    page = f"topics/{knowledge.topics[topic].group}/{topic}/{code}.yml"
    root = register.document.path.parent
    document, problems = read_yaml(root / page, f"{root.name}/{page}")
    if document is None:
        return problems[0]
    section = "texts" if item in knowledge.topics[topic].languages[code].texts else "guide"
    return document.problem(message, section, item, *rest)


def misnamed_labels(
    text: str, forms: tuple[LabelForm, ...], own: set[str], *, is_sms: bool = False
) -> Iterator[str]:
    """Yield a message for each label that `text` names in none of `forms`; `own` are the assistant's own buttons.

    An SMS may leave out the meaning, and the ** as well.
    """
    names = {form.name for form in forms}
    meanings: dict[str, set[str]] = {}
    for form in forms:
        if form.meaning:
            meanings.setdefault(form.name, set()).add(form.meaning)
    mentioned: set[str] = set()
    for label in LABEL.finditer(text):
        if label[1] not in names | own:
            yield f"`{label[1]}` is no label of {FILE}"
        behind = _MEANING.match(text, label.end())
        wanted = meanings.get(label[1], set())
        may_lack_meaning = is_sms or label[1] in mentioned
        if wanted and not (behind and behind[1] in wanted) and (behind or not may_lack_meaning):
            yield f"`{label[1]}` should be followed by （{' or '.join(sorted(wanted))}）"
        mentioned.add(label[1])
    for meaning in set().union(*meanings.values()) - names:
        if re.search(rf"＞{meaning}|(?<!（){meaning}＞|「{meaning}」", text):
            yield f"`{meaning}` is what a label means; the label itself is English"
    if is_sms:
        for step in re.findall(r"([A-Z][\w ()'/&.+-]*)(?=＞)|(?<=＞)([A-Z][\w ()'/&.+-]*)", text, re.ASCII):
            if (name := (step[0] or step[1]).strip()) not in names:
                yield f"`{name}` is no label of {FILE}"
