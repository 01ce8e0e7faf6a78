"""Every label has one form: as the screen shows it, or in English followed by its meaning."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
import yaml

from knowledge.label_register import check, load_labels
from knowledge.text_names import named_texts
from tests.support.knowledge import KNOWLEDGE

LABELS = load_labels(KNOWLEDGE)
ENTRIES: list[tuple[str, dict[str, str]]] = [
    entry for screen in LABELS.document.value.values() for entry in screen.items()
]
SOURCE = yaml.safe_load((Path(__file__).parent / "registers" / "labels.yml").read_text(encoding="utf-8"))


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("’", "'")


def test_every_text_writes_labels_as_registered() -> None:
    assert [str(problem) for problem in check(LABELS, KNOWLEDGE)] == []


@pytest.mark.parametrize("code", LABELS.forms)
def test_every_registered_label_is_used_by_a_text(code: str) -> None:
    texts = "\n".join(text.text for _, text in named_texts(KNOWLEDGE, code)).casefold()
    assert {form.name for form in LABELS.forms[code] if form.name.casefold() not in texts} == set()


def test_a_label_is_spelled_as_in_its_article() -> None:
    printed = {article: set(map(folded, labels)) for article, labels in SOURCE["printed"].items()}
    checked = 0
    for name, entry in ENTRIES:
        if entry["source"] in printed:
            checked += 1
            label = entry.get("ja", name)
            assert folded(name if "（" in label else label) in printed[entry["source"]], (name, entry)
    assert checked > 50


def test_a_label_with_a_known_japanese_form_is_named_in_japanese() -> None:
    registered: dict[str, set[str]] = {}
    for name, entry in ENTRIES:
        registered.setdefault(name.casefold(), set()).add(entry.get("ja", name))
    pairs = {en: ja for en, ja in SOURCE["japanese"].items() if en.casefold() in registered}
    assert len(pairs) >= 15
    for english, japanese in pairs.items():
        assert japanese in registered[english.casefold()], english
