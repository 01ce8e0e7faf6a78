"""Every fact of the ledger is registered, and every registered fact is in the texts, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from knowledge import Knowledge
from knowledge.fact_register import FactRegister, check, load_facts, missing_claims, report
from tests.support.knowledge import KNOWLEDGE

# Every value is read as text, since steps have names like 1a and 2.
LEDGER = yaml.load(
    (Path(__file__).parent / "registers" / "ledger.yml").read_text(encoding="utf-8"),
    Loader=yaml.BaseLoader,
)


@pytest.fixture(scope="module")
def register() -> FactRegister:
    return load_facts()


@pytest.fixture(scope="module")
def registered(register: FactRegister) -> set[str]:
    return {fact.id for fact in register.facts}


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return KNOWLEDGE


def lines(ranges: list[str]) -> set[int]:
    """Return the lines in ["53-55", "60"]."""
    found: set[int] = set()
    for part in ranges:
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def test_every_numbered_fact_of_the_ledger_is_registered(registered: set[str]) -> None:
    numbered = set(LEDGER["numbered_facts"])
    assert len([id for id in numbered if id.startswith("A7.F")]) == 12
    assert {id for id in numbered if id.startswith("A4.c")} == {"A4.c.E1", "A4.c.E2"}
    assert numbered - registered == set()


@pytest.mark.parametrize(
    ("procedure", "count"),
    [
        ("A2", 6),
        ("A3", 8),
        ("A4", 10),
        ("A5.activation", 9),
        ("A5.response", 7),
        ("A6.activation", 8),
        ("A6.response", 6),
    ],
)
def test_every_step_of_a_procedure_is_registered(registered: set[str], procedure: str, count: int) -> None:
    steps = LEDGER["procedures"][procedure]
    assert len(steps) == len(set(steps)) == count
    assert {f"{procedure}.{step}" for step in steps} - registered == set()


def test_every_cited_line_of_the_source_is_registered(registered: set[str]) -> None:
    cited = lines(LEDGER["cited_lines"])
    assert len(cited) == 474
    stated = set().union(*(lines(ranges) for id, ranges in LEDGER["facts"].items() if id in registered))
    assert sorted(cited - stated) == []


def test_every_number_and_limit_is_registered(registered: set[str]) -> None:
    limits = LEDGER["limits"]
    assert len(limits) == len([id for id in registered if id.startswith("B4.")]) == 11
    assert set(limits) - registered == set()
    for id in limits:
        assert lines(LEDGER["facts"][id]), id


def test_every_fact_of_the_ledger_is_registered(registered: set[str]) -> None:
    assert set(LEDGER["facts"]) - registered == set()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_fact_is_in_the_texts(register: FactRegister, knowledge: Knowledge, language: str) -> None:
    gaps = {fact.id: missing_claims(fact, knowledge, language) for fact in register.facts}
    assert {id: missing for id, missing in gaps.items() if missing} == {}


def test_no_text_repeats_an_error_of_the_source(register: FactRegister, knowledge: Knowledge) -> None:
    assert list(check(register, knowledge)) == []


def test_the_report_names_every_fact_and_the_coverage(register: FactRegister, knowledge: Knowledge) -> None:
    *rows, total = report(register, knowledge)
    assert [row.split("\t")[0] for row in rows] == [fact.id for fact in register.facts]
    count = len(register.facts)
    assert total == f"{count} facts: en {count}/{count} (100%), ja {count}/{count} (100%)"


def test_every_subject_topic_states_a_fact(register: FactRegister, knowledge: Knowledge) -> None:
    stating = {text.split("/")[0] for fact in register.facts for text in fact.texts}
    # The texts of the tasks state what the backend does, not facts of the articles.
    subjects = {t.id for t in knowledge.topics.values() if t.group not in {"conversation", "tasks"}}
    assert subjects - stating == set()
