"""Which folders and files belong under data/topics/, and what does not belong there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from knowledge.problems import Problem

NAMING = "small letters, digits and _, a letter first"
NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
"""What topics and groups may be called: topics are intents, and names in Python."""


def _entries(folder: Path) -> list[Path]:
    """Sorted, without hidden files such as .DS_Store."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def topic_folders(root: Path) -> list[Path]:
    """Every topics/<group>/<topic> of the data folder `root`, sorted."""
    topics = root / "topics"
    groups = [path for path in _entries(topics) if path.is_dir()] if topics.is_dir() else []
    return [path for group in groups for path in _entries(group) if path.is_dir()]


def unexpected(root: Path, languages: Collection[str] | None) -> Iterator[Problem]:
    """What stands where it does not belong. Where `languages` is None (not known), any x.yml may be one."""
    topics = root / "topics"
    if not topics.is_dir():
        yield Problem(f"{root.name}/topics", 1, "the folder is missing")
        return
    first: dict[str, str] = {}
    for group in _entries(topics):
        yield from _misplaced(group, root, "a group", "the folder of a group")
        for topic in _entries(group) if group.is_dir() else ():
            yield from _misplaced(topic, root, "a topic", "the folder of a topic")
            if not topic.is_dir():
                continue
            shown = _shown(topic, root)
            if topic.name in first:
                message = f"there is another topic of this name, {first[topic.name]}"
                yield Problem(f"{shown}/topic.yml", 1, message)
            first.setdefault(topic.name, shown)
            for path in _entries(topic):
                if path.is_dir() or not _is_topic_file(path, languages):
                    yield Problem(_shown(path, root), 1, _why(path, languages))


def _is_topic_file(path: Path, languages: Collection[str] | None) -> bool:
    return path.suffix == ".yml" and (path.stem == "topic" or languages is None or path.stem in languages)


def _why(path: Path, languages: Collection[str] | None) -> str:
    if path.suffix == ".yml" and path.is_file():
        return f"`{path.stem}` is no language of languages.yml"
    names = ", ".join(f"{code}.yml" for code in languages or ["<language>"])
    return f"this does not belong here; a topic has topic.yml, {names}"


def _misplaced(path: Path, root: Path, what: str, instead: str) -> Iterator[Problem]:
    if not path.is_dir():
        yield Problem(_shown(path, root), 1, f"this does not belong here; {instead} is expected")
    elif not NAME.match(path.name):
        yield Problem(_shown(path, root), 1, f"`{path.name}` is no name for {what} ({NAMING})")
    elif not _entries(path):
        yield Problem(_shown(path, root), 1, "the folder is empty")


def _shown(path: Path, root: Path) -> str:
    return f"{root.name}/{path.relative_to(root).as_posix()}"
