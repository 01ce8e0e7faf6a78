"""No example stands twice in a language: in two topics it teaches nothing, in one it counts double."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.draft import Draft
from knowledge.problems import Problem
from knowledge.reading import Document
from knowledge.wording import plain


def check(drafts: Sequence[Draft]) -> Iterator[Problem]:
    first: dict[tuple[str, str], tuple[Document, int]] = {}
    for draft in drafts:
        for page in draft.pages.values():
            for position, example in enumerate(page.texts.examples):
                document, where = page.document, ("examples", position)
                if not example.strip():
                    yield document.problem("this is blank", *where)
                    continue
                if "TODO" in example:
                    yield document.problem("TODO: this is still to be written", *where)
                key = (page.language, plain(example))
                if key in first:
                    other, there = first[key]
                    message = f"the example `{example}` is already in {other.place('examples', there)}"
                    yield document.problem(message, *where)
                else:
                    first[key] = document, position
