"""Which folders and files belong under data/topics/."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from knowledge.data_problems import Problem
from knowledge.example_files import example_file_name

NAMING = "small letters, digits and _, a letter first"
NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
"""The names of topics and groups: topics are intents, and names in Python."""
_EXAMPLES = re.compile(r"examples\.(.+)\.txt\Z")


def topic_folders(root: Path) -> list[Path]:
    """Return every topics/<group>/<topic> of the data folder `root`, sorted."""
    topics = root / "topics"
    groups = [path for path in _entries(topics) if path.is_dir()] if topics.is_dir() else []
    return [path for group in groups for path in _entries(group) if path.is_dir()]


def shown_path(path: Path, root: Path) -> str:
    """Return how problems name `path`, such as data/topics/x/y/en.yml."""
    return f"{root.name}/{path.relative_to(root).as_posix()}"


def unexpected_files(root: Path, languages: Collection[str] | None) -> Iterator[Problem]:
    """Yield files and folders that do not belong here. Where `languages` is None (not known), any code may be one."""
    topics = root / "topics"
    if not topics.is_dir():
        yield Problem(f"{root.name}/topics", 1, "the folder is missing")
        return
    first: dict[str, str] = {}
    for group in _entries(topics):
        yield from _folder_problems(group, root, "a group", "the folder of a group")
        for topic in _entries(group) if group.is_dir() else ():
            yield from _folder_problems(topic, root, "a topic", "the folder of a topic")
            if not topic.is_dir():
                continue
            shown = shown_path(topic, root)
            if topic.name in first:
                message = f"there is another topic of this name, {first[topic.name]}"
                yield Problem(f"{shown}/topic.yml", 1, message)
            first.setdefault(topic.name, shown)
            for path in _entries(topic):
                if path.is_dir() or not _is_topic_file(path, languages):
                    yield Problem(shown_path(path, root), 1, _reason(path, languages))


def _entries(folder: Path) -> list[Path]:
    """Return the sorted entries of a folder without hidden files such as .DS_Store."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _language_of(path: Path) -> str | None:
    """Return the language that a file's name states: of en.yml and of examples.en.txt."""
    if found := _EXAMPLES.match(path.name):
        return found[1]
    return path.stem if path.suffix == ".yml" else None


def _is_topic_file(path: Path, languages: Collection[str] | None) -> bool:
    if path.name == "topic.yml":
        return True
    language = _language_of(path)
    return language is not None and (languages is None or language in languages)


def _reason(path: Path, languages: Collection[str] | None) -> str:
    language = _language_of(path)
    if language is not None and path.is_file():
        return f"`{language}` is no language of languages.yml"
    names = ", ".join(f"{code}.yml, {example_file_name(code)}" for code in languages or ["<language>"])
    return f"this does not belong here; a topic has topic.yml, {names}"


def _folder_problems(path: Path, root: Path, what: str, instead: str) -> Iterator[Problem]:
    if not path.is_dir():
        yield Problem(shown_path(path, root), 1, f"this does not belong here; {instead} is expected")
    elif not NAME.match(path.name):
        yield Problem(shown_path(path, root), 1, f"`{path.name}` is no name for {what} ({NAMING})")
    elif not _entries(path):
        yield Problem(shown_path(path, root), 1, "the folder is empty")
