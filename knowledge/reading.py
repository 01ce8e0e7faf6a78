"""YAML with the line of everything in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from knowledge.problems import Problem

# The base loader reads each scalar as text: a choice called `no` or a calling code 81 stays what was
# typed instead of becoming False or a number.
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

Location = tuple[str | int, ...]
"""The keys and positions that lead to a value: ("guide", "platform", "choices", "iphone")."""


@dataclass(frozen=True)
class Document:
    """A YAML file that could be read: its value, and the nodes that know their lines."""

    path: Path
    file: str
    """The file's name as problems show it."""
    value: Any
    node: yaml.Node

    def line(self, location: Location = ()) -> int:
        """The line of the key or list item at `location`, or of the nearest thing around it that exists."""
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

    def place(self, *location: str | int) -> str:
        """file:line, to name one place in a problem of another."""
        return f"{self.file}:{self.line(location)}"

    def problem(self, message: str, *location: str | int) -> Problem:
        return Problem(self.file, self.line(location), message)


def read(path: Path, file: str) -> tuple[Document | None, list[Problem]]:
    """Reads `path`. No document when it is missing, empty or no YAML; the problems say why.

    A key that stands twice in a mapping is a problem too, but the document is there (the last one wins).
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None, [Problem(file, 1, "the file is missing")]
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return None, [Problem(file, line, "this is not UTF-8")]
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, [Problem(file, 1, "the file is empty")]
        document = Document(path, file, loader.construct_document(node), node)
    except yaml.YAMLError as error:
        return None, [_syntax(error, file)]
    finally:
        loader.dispose()
    return document, list(_repeated_keys(node, file))


def _syntax(error: yaml.YAMLError, file: str) -> Problem:
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
