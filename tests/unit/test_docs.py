"""The pages name only what exists: links and their headings, files in backticks, settings, tables and metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import telemetry
from bot.storage import tables

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "models" / "README.md"]
    # What was decided or done stays as it was written.
    if "adr" not in path.parts and path.name != "CHANGELOG.md"
)
# The environment, what is created at run time, and the topic that a reader is told to create.
NOT_IN_THE_TREE = (".venv", ".env", "var/", "/", "data/topics/trouble/app_crashes/")

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)+/?|[\w-]+\.py")


def _prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = _HEADING.findall(_prose(page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _module_names() -> set[str]:
    """Return the file names of all modules."""
    folders = (
        "actions",
        "bench",
        "bot",
        "contracts",
        "data",
        "deploy",
        "knowledge",
        "nlu",
        "sandbox",
        "tests",
    )
    return {path.name for folder in folders for path in (ROOT / folder).rglob("*.py")}


def _broken_links(page: Path) -> Iterator[str]:
    for link in _LINK.findall(_prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            yield link


def _missing_files(page: Path) -> Iterator[str]:
    names = _module_names()
    for code in _CODE.findall(_prose(page)):
        if not _FILE.fullmatch(code) or code.startswith(NOT_IN_THE_TREE):
            continue
        first = code.split("/")[0]
        if "/" not in code:
            if code not in names:
                yield code
        elif (ROOT / first).is_dir() and not (ROOT / code).exists() and not (page.parent / code).exists():
            yield code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_resolves(page: Path) -> None:
    assert list(_broken_links(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    assert list(_missing_files(page)) == []


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {str(path.relative_to(ROOT / "docs")) for path in PAGES if (ROOT / "docs") in path.parents}
    assert {page for page in pages - {"README.md"} if f"({page})" not in index} == set()


def test_the_reference_names_every_table() -> None:
    page = (REFERENCE / "database.md").read_text(encoding="utf-8")
    assert {name for name in tables.metadata.tables if f"`{name}`" not in page} == set()


def test_the_reference_names_every_setting() -> None:
    page = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    settings = set(re.findall(r"^#? ?([A-Z_]+)=", example, re.MULTILINE))
    assert {name for name in settings if f"`{name}`" not in page} == set()


def test_the_reference_names_every_metric_with_its_labels() -> None:
    page = (REFERENCE / "metrics.md").read_text(encoding="utf-8")
    rows = {row.split("`")[1]: row for row in page.splitlines() if row.startswith("| `")}
    metrics = [value for value in vars(telemetry).values() if hasattr(value, "_labelnames")]
    described = {
        metric._name + ("_total" if metric._type == "counter" else ""): metric._labelnames
        for metric in metrics
    }
    assert set(rows) == set(described)
    assert {
        name for name, labels in described.items() if any(f"`{each}`" not in rows[name] for each in labels)
    } == set()


def test_the_overview_is_short() -> None:
    words = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split()
    assert len(words) <= 1500
