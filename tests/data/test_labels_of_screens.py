"""Labels of screens stand in one form: as the client sees them, or in English with the meaning behind."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from knowledge import load
from knowledge.facts import all_texts
from knowledge.labels import check, load_labels

SOURCES = Path(__file__).parents[3] / "shared" / "knowledge"
KNOWLEDGE = load()
LABELS = load_labels(KNOWLEDGE)
ENTRIES: list[tuple[str, dict[str, Any]]] = [
    entry for screen in LABELS.document.value.values() for entry in screen.items()
]


def test_every_text_names_labels_as_the_list_has_them() -> None:
    assert [str(problem) for problem in check(LABELS, KNOWLEDGE)] == []


@pytest.mark.parametrize("code", LABELS.forms)
def test_no_label_is_listed_that_no_text_names(code: str) -> None:
    said = "\n".join(text.text for _, text in all_texts(KNOWLEDGE, code)).casefold()
    assert {form.name for form in LABELS.forms[code] if form.name.casefold() not in said} == set()


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("’", "'")


def test_a_line_that_is_cited_has_the_label() -> None:
    lines = folded((SOURCES / "source.txt").read_text(encoding="utf-8")).split("\n")
    cited = 0
    for name, entry in ENTRIES:
        if line := re.fullmatch(r"l\.(\d+)", entry["source"]):
            cited += 1
            label = entry.get("ja", name)
            assert folded(name if "（" in label else label) in lines[int(line[1]) - 1], (name, entry)
    assert cited > 50


def test_what_the_glossary_has_in_japanese_is_named_in_japanese() -> None:
    ledger = (SOURCES / "ledger.md").read_text(encoding="utf-8")
    glossary = ledger[ledger.index("## B.2") : ledger.index("| English-only in the source document")]
    listed: dict[str, set[str]] = {}
    for name, entry in ENTRIES:
        listed.setdefault(name.casefold(), set()).add(entry.get("ja", name))
    pairs = 0
    for row in re.findall(r'^\| "([^"]+)"[^|/,]*\| "([^"]+)"', glossary, re.MULTILINE):
        if row[0].casefold() in listed:
            pairs += 1
            assert row[1] in listed[row[0].casefold()], row
    assert pairs >= 15
