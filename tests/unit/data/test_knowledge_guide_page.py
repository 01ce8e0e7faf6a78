"""docs/adding-a-topic.md shows files that work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[3] / "docs" / "adding-a-topic.md"
FILE = re.compile(r"<!-- file: (\S+) -->\n```(?:yaml|text)\n(.*?)```", re.DOTALL)
FOLDER = "topics/trouble/app_crashes/"


def test_the_example_of_the_page_passes_the_check(tree: Any) -> None:
    shown = dict(FILE.findall(PAGE.read_text(encoding="utf-8")))
    assert list(shown) == [FOLDER + name for name in ("topic.yml", "en.yml", "examples.en.txt")]
    for path, text in shown.items():
        tree.write(path, text)
    for name in ("en.yml", "examples.en.txt"):
        tree.write(FOLDER + name.replace("en.", "ja."), shown[FOLDER + name])
    tree.change(FOLDER + "topic.yml", "next_topics: [human]", "next_topics: [cache]")
    assert tree.problems() == []
    topic = tree.load().topics["app_crashes"]
    assert [item.name for item in topic.guide] == ["platform", "restart", "clear_cache"]
    assert len(topic.languages["en"].examples) == 2


def test_every_problem_that_the_page_shows_is_one_that_the_check_reports(tree: Any) -> None:
    shown = dict(FILE.findall(PAGE.read_text(encoding="utf-8")))
    for path, text in shown.items():
        tree.write(path, text)
        tree.write(path.replace("en.", "ja."), text)
    tree.write("topics/trouble/app_cache/topic.yml", tree.read("topics/trouble/cache/topic.yml"))
    for code in ("en", "ja"):
        tree.write(f"topics/trouble/app_cache/{code}.yml", tree.read(f"topics/trouble/cache/{code}.yml"))
        tree.write(f"topics/trouble/app_cache/examples.{code}.txt", "a\nb\nc\nd\ne\nthe app keeps crashing\n")
    tree.write(FOLDER + "examples.en.txt", "App keeps crashing!\nit closes")
    tree.change("topics/trouble/app_cache/examples.en.txt", "the app", "app")
    tree.change(FOLDER + "topic.yml", "[human]", "[humann]")
    tree.change(FOLDER + "en.yml", "Hold the", "{name}, hold the")
    page = tree.read(FOLDER + "ja.yml")
    tree.write(FOLDER + "ja.yml", page.replace("  clear_cache:", "  clear:"))
    reported = set(tree.problems())
    told = re.findall(r"^(data/topics/\S+?:)\d+(: .*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(told) == 4
    for file, message in told:
        assert any(line.startswith(file) and line.endswith(message) for line in reported), (message, reported)
