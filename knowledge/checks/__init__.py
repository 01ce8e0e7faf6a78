"""The rules between and inside the files, beyond the shape of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.checks import examples, languages, parity, sms_budget, topics, wording
from knowledge.data_problems import Problem
from knowledge.topic_files import LanguageRegistry, TopicFiles


def check_all(registry: LanguageRegistry | None, all_files: Sequence[TopicFiles]) -> Iterator[Problem]:
    """Yield every problem of the files that could be read."""
    if registry is not None:
        yield from languages.check(registry, all_files)
    yield from topics.check(all_files)
    yield from parity.check(all_files, registry.default if registry else "en")
    yield from wording.check(all_files)
    yield from examples.check(all_files)
    if registry is not None:
        yield from sms_budget.check(registry, all_files)
