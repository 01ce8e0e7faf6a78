"""The files of a new topic or a new language, full of TODO, so that the check says what is left to write."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from knowledge.folders import NAME, NAMING, topic_folders
from knowledge.problems import Problem
from knowledge.reading import Document, read
from knowledge.wording import plain

_NEXT = "Then see what is left: .venv/bin/python -m knowledge check"
_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
_TOPIC = """\
kind: answer
# source: [KB1234]         the articles that it is taken from
# offers: [human]          topics to offer as buttons after the answer
"""
_PAGE = """\
title: "TODO {id}"
examples:
  - "TODO what a client writes about {id}"
  - "TODO another way to say it, {id}"
texts:
  answer: TODO
"""


class ScaffoldError(Exception):
    """The request is refused, in one line; nothing was written."""


def add_topic(root: Path, path: str) -> list[str]:
    """Writes topics/<group>/<name>/ for `path` "group/name" and returns what to do next, in two lines.

    Raises ScaffoldError when a name is not usable or the topic exists in any group.
    """
    group, _, name = path.partition("/")
    for part in (group, name):
        if not NAME.match(part):
            raise ScaffoldError(f"`{part}` cannot be a name ({NAMING}); wanted: GROUP/NAME")
    _refuse_existing(root, name)
    registry = _registry(root)
    folder = root / "topics" / group / name
    _write(folder / "topic.yml", _TOPIC)
    for code in registry.value["languages"]:
        _write(folder / f"{code}.yml", _PAGE.format(id=name))
    return [
        f"Replace each TODO in {_shown(folder, root)}/; topic.yml says what the languages share.",
        _NEXT,
    ]


def add_language(root: Path, code: str, name: str) -> list[str]:
    """Writes <code>.yml beside each file of the default language, and the entry in languages.yml.

    `name` is the language's name in itself. Where the default language has a topic by which clients choose
    it, the new one gets such a topic too. Returns what to do next, in two lines. Raises ScaffoldError when
    the language exists or a file of the default language cannot be read.
    """
    registry = _registry(root)
    languages, default = registry.value["languages"], registry.value["default"]
    if not _CODE.match(code):
        raise ScaffoldError(f"`{code}` is no language code such as ko or pt-BR")
    if code in languages:
        raise ScaffoldError(f"`{code}` is already a language ({registry.place('languages', code)})")
    chooser = languages.get(default, {}).get("chosen_by")
    chosen_by = f"language_{code.lower().replace('-', '_')}" if chooser else None
    if chosen_by:
        _refuse_existing(root, chosen_by)

    writer = _PageWriter()
    pages: dict[Path, str] = {}
    for folder in topic_folders(root):
        page = _must_read(folder / f"{default}.yml", root)
        pages[folder / f"{code}.yml"] = writer.page(page.value, folder.name)
        if chosen_by and folder.name == chooser:
            twin = folder.parent / chosen_by
            pages[twin / "topic.yml"] = (folder / "topic.yml").read_text(encoding="utf-8")
            for other in (*languages, code):
                source = _must_read(folder / f"{other}.yml", root) if other in languages else page
                pages[twin / f"{other}.yml"] = writer.page(source.value, chosen_by)
    begun = next((path for path in pages if path.exists()), None)
    if begun:
        raise ScaffoldError(f"{_shown(begun, root)} exists already; it would be overwritten")
    entry = _with_language(registry, code, name, chosen_by)

    for path, text in pages.items():
        _write(path, text)
    _write(registry.path, entry)
    return [
        f"Replace each TODO in the files {code}.yml and fill in calling_codes in {registry.file}.",
        _NEXT,
    ]


class _PageWriter:
    """Language files that still have to be translated: the same keys, TODO before each text."""

    def __init__(self) -> None:
        self._examples: set[str] = set()

    def page(self, value: dict[str, Any], topic: str) -> str:
        page = {key: self._todo(part) for key, part in value.items()}
        if page.get("examples"):
            page["examples"] = [self._example(str(page.get("title", f"TODO: {topic}")), topic)]
        return yaml.dump(page, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)

    def _todo(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._todo(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self._todo(part) for part in value]
        return f"TODO: {value.strip()}"

    def _example(self, title: str, topic: str) -> str:
        """One that no other topic has, although titles may be alike."""
        example = title if plain(title) not in self._examples else f"{title} ({topic})"
        self._examples.add(plain(example))
        return example


class _Dumper(yaml.SafeDumper):
    """Paragraphs as block text, lists indented under their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def represent_text(self, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)


def _with_language(registry: Document, code: str, name: str, chosen_by: str | None) -> str:
    """languages.yml with one more entry at the end of `languages`; comments and order stay."""
    entries = next(value for key, value in registry.node.value if key.value == "languages")
    if entries.flow_style:
        raise ScaffoldError(f"{registry.file}: write `languages` with one language a line, not in braces")
    lines = registry.path.read_text(encoding="utf-8-sig").splitlines()
    last = entries.value[-1][1]
    end = last.end_mark.line + (1 if last.end_mark.column else 0)
    while not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#"):
        end -= 1
    fields = [f"name: {_quoted(name)}", "calling_codes: []", "quotes: ['\"', '\"']"]
    if chosen_by:
        fields.insert(2, f"chosen_by: {chosen_by}")
    indent = " " * entries.value[0][0].start_mark.column
    lines[end:end] = [f"{indent}{code}:", *(f"{indent}  {field}" for field in fields)]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _registry(root: Path) -> Document:
    registry = _must_read(root / "languages.yml", root)
    value = registry.value
    if not isinstance(value, dict) or not isinstance(value.get("languages"), dict) or "default" not in value:
        raise ScaffoldError(f"{registry.file} has no default and languages")
    return registry


def _must_read(path: Path, root: Path) -> Document:
    document, problems = read(path, _shown(path, root))
    if document is None:
        raise ScaffoldError(str(problems[0]))
    if not isinstance(document.value, dict):
        raise ScaffoldError(str(Problem(document.file, 1, "this should be a mapping (key: value)")))
    return document


def _refuse_existing(root: Path, topic: str) -> None:
    for folder in topic_folders(root):
        if folder.name == topic:
            raise ScaffoldError(f"there is a topic of this name: {_shown(folder, root)}")


def _shown(path: Path, root: Path) -> str:
    return f"{root.name}/{path.relative_to(root).as_posix()}"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
