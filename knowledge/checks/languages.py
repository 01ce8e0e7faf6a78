"""languages.yml: what it names exists, and no two languages claim the same clients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.data_problems import Problem
from knowledge.topic_files import LanguageRegistry, TopicFiles


def check(registry: LanguageRegistry, all_files: Sequence[TopicFiles]) -> Iterator[Problem]:
    """Yield unknown defaults and topics, and calling codes and topics that two languages claim."""
    document = registry.document
    if registry.default not in registry.languages:
        yield document.problem(f"the default `{registry.default}` is none of the languages", "default")
    topics = {files.id for files in all_files}
    claimed_by: dict[str, str] = {}
    for code, language in registry.languages.items():
        if language.chosen_by is not None and language.chosen_by not in topics:
            message = f"chosen_by names the unknown topic `{language.chosen_by}`"
            yield document.problem(message, "languages", code, "chosen_by")
        claims = [f"calling code {number}" for number in language.calling_codes]
        claims += [f"topic {language.chosen_by}"] if language.chosen_by else []
        for claim in claims:
            if claimed_by.setdefault(claim, code) != code:
                message = f"the {claim} already chooses `{claimed_by[claim]}`"
                yield document.problem(message, "languages", code)
