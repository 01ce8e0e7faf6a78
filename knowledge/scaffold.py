"""The files of a new topic or a new language, full of TODO, so that the check lists what is left to write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from knowledge.data_problems import Problem
from knowledge.example_files import example_file_name
from knowledge.folders import NAME, NAMING, shown_path, topic_folders
from knowledge.markup import normalized
from knowledge.yaml_files import YamlFile, read_yaml

_NEXT = "Then see what is left: .venv/bin/python -m knowledge check"
_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
_TOPIC = """\
kind: answer
# source: [KB1234]         the articles that it is taken from
# next_topics: [human]     topics to offer as buttons after the answer
"""
_TEXTS = """\
title: "TODO {id}"
texts:
  answer: "TODO"
"""
_EXAMPLES = """\
TODO what a client writes about {id}
TODO another way to say it, {id}
"""


class ScaffoldError(Exception):
    """The request is refused; the text says why in one line. Nothing was written."""


def add_topic(root: Path, path: str) -> list[str]:
    """Write topics/<group>/<name>/ for `path` "group/name". Return what to do next, in two lines.

    Raises ScaffoldError when a name cannot be used or the topic exists in any group.
    """
    group, _, name = path.partition("/")
    for part in (group, name):
        if not NAME.match(part):
            raise ScaffoldError(f"`{part}` cannot be a name ({NAMING}); wanted: GROUP/NAME")
    _refuse_existing(root, name)
    registry = _read_registry(root)
    folder = root / "topics" / group / name
    _write(folder / "topic.yml", _TOPIC)
    for code in registry.value["languages"]:
        _write(folder / f"{code}.yml", _TEXTS.format(id=name))
        _write(folder / example_file_name(code), _EXAMPLES.format(id=name))
    return [
        f"Replace each TODO in {shown_path(folder, root)}/; topic.yml says what the languages share.",
        _NEXT,
    ]


def add_language(root: Path, code: str, name: str) -> list[str]:
    """Write the files of the language `code` in each topic, and its entry in languages.yml.

    `name` is the language's name in itself. Where the default language has a topic by which clients choose it, the new
    language gets one too. Return what to do next, in two lines. Raises ScaffoldError when the language exists or a file
    of the default language cannot be read.
    """
    registry = _read_registry(root)
    languages, default = registry.value["languages"], registry.value["default"]
    if not _CODE.match(code):
        raise ScaffoldError(f"`{code}` is no language code such as ko or pt-BR")
    if code in languages:
        raise ScaffoldError(f"`{code}` is already a language ({registry.position('languages', code)})")
    chooser = languages.get(default, {}).get("chosen_by")
    chosen_by = f"language_{code.lower().replace('-', '_')}" if chooser else None
    if chosen_by:
        _refuse_existing(root, chosen_by)

    drafts = _DraftWriter(root, default)
    for folder in topic_folders(root):
        drafts.add(folder, folder, code)
        if chosen_by and folder.name == chooser:
            twin = folder.parent / chosen_by
            drafts.files[twin / "topic.yml"] = (folder / "topic.yml").read_text(encoding="utf-8")
            for other in (*languages, code):
                drafts.add(folder, twin, other, source=other if other in languages else default)
    existing = next((path for path in drafts.files if path.exists()), None)
    if existing:
        raise ScaffoldError(f"{shown_path(existing, root)} exists already; it would be overwritten")
    entry = _with_language(registry, code, name, chosen_by)

    for path, text in drafts.files.items():
        _write(path, text)
    _write(registry.path, entry)
    return [
        f"Replace each TODO in the files of {code} and fill in calling_codes in {registry.file}.",
        _NEXT,
    ]


class _DraftWriter:
    """The files of a language that still have to be translated: the same keys, TODO before each text."""

    def __init__(self, root: Path, default: str) -> None:
        self.files: dict[Path, str] = {}
        self._root = root
        self._default = default
        self._examples: set[str] = set()

    def add(self, folder: Path, target: Path, code: str, source: str | None = None) -> None:
        """Draft the files of `code` in the folder `target` from those that `folder` has in the language `source`."""
        path = folder / f"{source or self._default}.yml"
        value = _read_mapping(path, self._root).value
        page = {key: self._todo(part) for key, part in value.items()}
        text = yaml.dump(page, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
        self.files[target / f"{code}.yml"] = text
        examples = folder / example_file_name(source or self._default)
        if examples.exists() and examples.read_text(encoding="utf-8").strip():
            title = str(page.get("title", f"TODO: {target.name}"))
            self.files[target / example_file_name(code)] = self._example(title, target.name) + "\n"

    def _todo(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._todo(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self._todo(part) for part in value]
        return f"TODO: {value.strip()}"

    def _example(self, title: str, topic: str) -> str:
        """Return an example that no other topic has, although titles may be alike."""
        example = title if normalized(title) not in self._examples else f"{title} ({topic})"
        self._examples.add(normalized(example))
        return example


class _Dumper(yaml.SafeDumper):
    """Paragraphs as block text, lists indented under their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def represent_text(self, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)


def _with_language(registry: YamlFile, code: str, name: str, chosen_by: str | None) -> str:
    """Return languages.yml with one more entry at the end of `languages`; comments and order stay."""
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


def _read_registry(root: Path) -> YamlFile:
    registry = _read_mapping(root / "languages.yml", root)
    value: Mapping[str, Any] = registry.value
    if not isinstance(value.get("languages"), dict) or "default" not in value:
        raise ScaffoldError(f"{registry.file} has no default and languages")
    return registry


def _read_mapping(path: Path, root: Path) -> YamlFile:
    document, problems = read_yaml(path, shown_path(path, root))
    if document is None:
        raise ScaffoldError(str(problems[0]))
    if not isinstance(document.value, dict):
        raise ScaffoldError(str(Problem(document.file, 1, "this should be a mapping (key: value)")))
    return document


def _refuse_existing(root: Path, topic: str) -> None:
    for folder in topic_folders(root):
        if folder.name == topic:
            raise ScaffoldError(f"there is a topic of this name: {shown_path(folder, root)}")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
