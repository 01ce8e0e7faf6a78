"""Every fact of the ledger is in the register, and every fact of the register is said, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from knowledge import Knowledge
from knowledge.facts import Register, check, load_register, lost, report
from tests.support.knowledge import KNOWLEDGE

LEDGER = Path(__file__).parents[3] / "shared" / "knowledge" / "ledger.md"
# "l.53–55", "l.267/479/769": lines of the source document that the ledger cites.
CITED = re.compile(r"l\.(\d+(?:[–/-]\d+| / \d+(?:[–-]\d+)?|, \d+(?:[–-]\d+)?)*)")
# The procedures whose steps stand in one paragraph, by the mark before it, and the register's name for them.
PROCEDURES = {
    "P-ACT-IOS": ("A5.activation", {"1a", "1b", "1c", "2", "3", "4", "5", "6", "7"}),
    "P-CR-IOS": ("A5.response", {"1", "2", "3", "4", "5", "6", "7"}),
    "P-ACT-AND": ("A6.activation", {"1a", "1b", "1c", "2", "3", "4", "5", "6"}),
    "P-CR-AND": ("A6.response", {"1", "2", "3", "4", "5", "6"}),
}


@pytest.fixture(scope="module")
def ledger() -> str:
    """The parts B.3 and B.4 of the ledger."""
    whole = LEDGER.read_text(encoding="utf-8")
    return whole[whole.index("## B.3") : whole.index("## B.5")]


@pytest.fixture(scope="module")
def register() -> Register:
    return load_register()


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return KNOWLEDGE


def section(ledger: str, article: str) -> str:
    """The ledger's words about one article, A1 to A8, or about the numbers, B.4."""
    begin = re.search(rf"^##+ {re.escape(article)} ", ledger, re.MULTILINE)
    assert begin is not None, article
    end = re.search(r"^##", ledger[begin.end() :], re.MULTILINE)
    return ledger[begin.end() : begin.end() + end.start()] if end else ledger[begin.end() :]


def steps(text: str) -> set[str]:
    """The numbers of the steps in a text such as "1. a. 5a. b" or "1.a first; 2 then"."""
    found = re.findall(r"(?:^|(?<=[.:;)] )|(?<=\] )|(?<=\" ))[ ]*(\d)(?:\.?([abc]))?\.? ", text, re.MULTILINE)
    return {number + letter for number, letter in found}


def test_every_id_that_the_ledger_gives_is_registered(ledger: str, register: Register) -> None:
    given = set(re.findall(r"\b(A\d\.(?:\d+|note|[abc]))\b", ledger))
    questions = {f"A7.{number}" for number in re.findall(r"^- (F\d+) ", section(ledger, "A7"), re.MULTILINE)}
    errors = {f"A4.c.{number}" for number in re.findall(r"error (E\d)", section(ledger, "A4"))}
    assert len(questions) == 12
    assert errors == {"A4.c.E1", "A4.c.E2"}
    known = {fact.id for fact in register.facts}
    missing = {id for id in (given | questions | errors) if id not in known and f"{id}.E1" not in known}
    assert missing == set()


@pytest.mark.parametrize(("article", "count"), [("A2", 6), ("A3", 8), ("A4", 10)])
def test_every_step_of_the_portals_procedures_is_registered(
    ledger: str, register: Register, article: str, count: int
) -> None:
    text = section(ledger, article)
    wanted = steps(text[text.index("1. ") :])
    wanted -= {"5"} if "5a" in wanted else set()
    assert len(wanted) == count, wanted
    assert {f"{article}.{step}" for step in wanted} <= {fact.id for fact in register.facts}


@pytest.mark.parametrize("mark", list(PROCEDURES))
def test_every_step_of_the_apps_procedures_is_registered(ledger: str, register: Register, mark: str) -> None:
    name, expected = PROCEDURES[mark]
    begin = ledger.index(mark)
    text = ledger[begin : ledger.index("\n- ", begin)]
    found = steps(text) - ({"1"} if "1a" in expected else set())
    assert found == expected
    assert {f"{name}.{step}" for step in expected} <= {fact.id for fact in register.facts}


def numbers(ranges: str) -> set[int]:
    """The lines in "53–55" or "53-55, 60"."""
    lines: set[int] = set()
    for part in re.split(r"[/,]", ranges):
        first, _, last = part.strip().replace("–", "-").partition("-")
        lines |= set(range(int(first), int(last or first) + 1))
    return lines


def test_every_line_of_the_source_that_the_ledger_cites_is_registered(
    ledger: str, register: Register
) -> None:
    # Neither headings, which name whole articles, nor the lists of references state a fact.
    facts = [line for line in ledger.splitlines() if not line.startswith(("#", "- References"))]
    cited = set().union(*(numbers(found) for found in CITED.findall("\n".join(facts))))
    assert len(cited) > 200
    registered = set().union(*(numbers(part) for fact in register.facts for part in fact.lines))
    assert sorted(cited - registered) == []


def test_every_number_and_limit_is_registered(ledger: str, register: Register) -> None:
    rows = [line for line in section(ledger, "B.4").splitlines() if line.startswith("| ")][1:]
    limits = [fact for fact in register.facts if fact.id.startswith("B4.")]
    assert len(rows) == len(limits) == 11
    for row in rows:
        lines = set().union(*(numbers(found) for found in CITED.findall(row)))
        if lines:
            assert any(lines & numbers(part) for fact in limits for part in fact.lines), row


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_fact_is_said(register: Register, knowledge: Knowledge, language: str) -> None:
    assert {fact.id: gaps for fact in register.facts if (gaps := lost(fact, knowledge, language))} == {}


def test_nothing_is_said_that_the_source_has_wrong(register: Register, knowledge: Knowledge) -> None:
    assert list(check(register, knowledge)) == []


def test_the_report_names_every_fact_and_the_coverage(register: Register, knowledge: Knowledge) -> None:
    *lines, total = report(register, knowledge)
    assert [line.split("\t")[0] for line in lines] == [fact.id for fact in register.facts]
    count = len(register.facts)
    assert total == f"{count} facts: en {count}/{count} (100%), ja {count}/{count} (100%)"


def test_every_subject_topic_carries_a_fact(register: Register, knowledge: Knowledge) -> None:
    carrying = {text.split("/")[0] for fact in register.facts for text in fact.texts}
    # What the tasks say is of the backend and not of the articles.
    subjects = {t.id for t in knowledge.topics.values() if t.group not in {"conversation", "tasks"}}
    assert subjects - carrying == set()
