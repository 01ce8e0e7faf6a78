"""What must hold between the files, beyond the shape of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.checks import examples, languages, parity, segments, texts, topics
from knowledge.draft import Draft, Registry
from knowledge.problems import Problem


def check_all(registry: Registry | None, drafts: Sequence[Draft]) -> Iterator[Problem]:
    """Every problem between and inside the files that could be read."""
    if registry is not None:
        yield from languages.check(registry, drafts)
    yield from topics.check(drafts)
    yield from parity.check(drafts, registry.default if registry else "en")
    yield from texts.check(drafts)
    yield from examples.check(drafts)
    if registry is not None:
        yield from segments.check(registry, drafts)
