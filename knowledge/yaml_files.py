"""YAML files that know the line of everything in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from knowledge.data_problems import Problem

# The base loader reads each scalar as text: a choice called `no` or a calling code 81 stays what was typed.
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

Location = tuple[str | int, ...]
"""The keys and positions that lead to a value: ("guide", "platform", "choices", "iphone")."""


@dataclass(frozen=True)
class YamlFile:
    """A YAML file that could be read: its value, and the nodes that know their lines."""

    path: Path
    file: str
    """The file's name as problems show it."""
    value: Any
    """Mappings, lists and strings only; its shape is checked by `schema_check`."""
    node: yaml.Node

    def line(self, location: Location = ()) -> int:
        """Return the line of the key or list item at `location`, or of its nearest existing parent."""
        node, line = self.node, self.node.start_mark.line + 1
        for key in location:
            if isinstance(node, yaml.MappingNode):
                found = next(((k, v) for k, v in node.value if k.value == key), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
                node = node.value[key]
                line = node.start_mark.line + 1
            else:
                break
        return line

    def position(self, *location: str | int) -> str:
        """Return file:line, for the message of another problem."""
        return f"{self.file}:{self.line(location)}"

    def problem(self, message: str, *location: str | int) -> Problem:
        """Return a problem at the line of `location`."""
        return Problem(self.file, self.line(location), message)


def read_text(path: Path, file: str) -> str | Problem:
    """Return the text of `path`, or the problem that keeps it from being read. `file` is its name in problems."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Problem(file, 1, "the file is missing")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return Problem(file, line, "this is not UTF-8")


def read_yaml(path: Path, file: str) -> tuple[YamlFile | None, list[Problem]]:
    """Read `path`. Return None when it is missing, empty or not YAML; the problems say why.

    A key that stands twice in a mapping is a problem too, but the file is returned with the last value.
    """
    text = read_text(path, file)
    if isinstance(text, Problem):
        return None, [text]
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, [Problem(file, 1, "the file is empty")]
        document = YamlFile(path, file, loader.construct_document(node), node)
    except yaml.YAMLError as error:
        return None, [_syntax_problem(error, file)]
    finally:
        loader.dispose()
    return document, list(_repeated_keys(node, file))


def _syntax_problem(error: yaml.YAMLError, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    return Problem(file, mark.line + 1 if mark else 1, f"this is not YAML: {what}")


def _repeated_keys(node: yaml.Node, file: str) -> Iterator[Problem]:
    if isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in first:
                yield Problem(file, line, f"`{key.value}` is already in line {first[key.value]}")
            else:
                first[key.value] = line
            yield from _repeated_keys(value, file)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if not isinstance(item, yaml.ScalarNode):
                yield from _repeated_keys(item, file)
