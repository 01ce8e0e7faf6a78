"""The texts of the desk's pages: one file per language in data/desk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from knowledge import DATA

FOLDER = DATA / "desk"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class TextsError(Exception):
    """The languages do not have the same texts or placeholders."""


class Texts:
    """All texts in all languages. `load` checks that none is missing."""

    def __init__(self, languages: Mapping[str, Mapping[str, str]], default: str) -> None:
        self._languages = languages
        self.default = default

    @property
    def languages(self) -> list[str]:
        """The codes of all languages."""
        return sorted(self._languages)

    def choose(self, chosen: str | None, accepted: str) -> str:
        """Return the agent's chosen language, else the first of the browser's languages that is served."""
        wanted = [chosen or "", *(part.partition(";")[0].strip()[:2].lower() for part in accepted.split(","))]
        return next((code for code in wanted if code in self._languages), self.default)

    def say(self, language: str, name: str, **values: object) -> str:
        """Return a text with its {placeholders} filled. Raises KeyError for an unknown text."""
        text = self._languages[language][name]
        return text.format(**values) if values else text

    def find(self, language: str, name: str, otherwise: str) -> str:
        """Return a text that may be missing, or `default`."""
        return self._languages[language].get(name, otherwise)


def load(folder: Path = FOLDER, default: str = "en") -> Texts:
    """Read every language. Raises TextsError when a language lacks a text or a placeholder of another."""
    languages: dict[str, dict[str, str]] = {}
    for file in sorted(folder.glob("*.yml")):
        read = yaml.safe_load(file.read_text(encoding="utf-8"))
        languages[file.stem] = {str(name): str(text) for name, text in read.items()}
    first = languages[default]
    for code, texts in languages.items():
        if different := set(first) ^ set(texts):
            raise TextsError(
                f"data/desk/{code}.yml and {default}.yml differ in {', '.join(sorted(different))}"
            )
        for name, text in texts.items():
            if set(_PLACEHOLDER.findall(text)) != set(_PLACEHOLDER.findall(first[name])):
                raise TextsError(f"data/desk/{code}.yml: {name} has other placeholders than in {default}.yml")
    return Texts(languages, default)
