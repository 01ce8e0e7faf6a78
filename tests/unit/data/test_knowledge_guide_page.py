"""docs/adding-a-topic.md shows files that work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[3] / "docs" / "adding-a-topic.md"
FILE = re.compile(r"<!-- file: (\S+) -->\n```yaml\n(.*?)```", re.DOTALL)


def test_the_example_of_the_page_passes_the_check(tree: Any) -> None:
    shown = FILE.findall(PAGE.read_text(encoding="utf-8"))
    assert [path.rsplit("/", 1)[1] for path, _ in shown] == ["topic.yml", "en.yml"]
    for path, text in shown:
        tree.write(path, text)
    tree.write("topics/trouble/app_crashes/ja.yml", dict(shown)["topics/trouble/app_crashes/en.yml"])
    tree.change("topics/trouble/app_crashes/topic.yml", "offers: [human]", "offers: [cache]")
    assert tree.problems() == []
    topic = tree.load().topics["app_crashes"]
    assert [item.name for item in topic.guide] == ["platform", "restart", "clear_cache"]
