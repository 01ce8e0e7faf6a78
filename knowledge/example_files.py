"""Files of examples: one example a line. Blank lines are ignored; there are no comments and no quotes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from knowledge.data_problems import Problem
from knowledge.yaml_files import read_text


def example_file_name(language: str) -> str:
    """Return the name of the file with a topic's examples in `language`."""
    return f"examples.{language}.txt"


@dataclass(frozen=True)
class ExampleFile:
    """The examples of a topic in one language, each with its line."""

    path: Path
    file: str
    """The file's name as problems show it."""
    examples: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()

    def position(self, index: int) -> str:
        """Return file:line of the example with that index, for the message of another problem."""
        return f"{self.file}:{self.lines[index]}"

    def problem(self, message: str, index: int | None = None) -> Problem:
        """Return a problem at the line of an example, or at the file's first line."""
        return Problem(self.file, 1 if index is None else self.lines[index], message)


def read_examples(path: Path, file: str) -> ExampleFile | Problem:
    """Return the examples of `path`, none when there is no such file; a problem when it cannot be read."""
    if not path.exists():
        return ExampleFile(path, file)
    text = read_text(path, file)
    if isinstance(text, Problem):
        return text
    # Only line feeds divide: a client may have typed one of the separators that str.splitlines() knows.
    numbered = enumerate(text.split("\n"), start=1)
    found = [(number, line.strip()) for number, line in numbered if line.strip()]
    return ExampleFile(path, file, tuple(e for _, e in found), tuple(number for number, _ in found))
