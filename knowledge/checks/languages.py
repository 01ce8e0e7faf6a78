"""languages.yml: what it names exists, and no two languages want the same clients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.draft import Draft, Registry
from knowledge.problems import Problem


def check(registry: Registry, drafts: Sequence[Draft]) -> Iterator[Problem]:
    document = registry.document
    if registry.default not in registry.languages:
        yield document.problem(f"the default `{registry.default}` is none of the languages", "default")
    topics = {draft.id for draft in drafts}
    taken: dict[str, str] = {}
    for code, language in registry.languages.items():
        if language.chosen_by is not None and language.chosen_by not in topics:
            message = f"chosen_by names the unknown topic `{language.chosen_by}`"
            yield document.problem(message, "languages", code, "chosen_by")
        wanted = [f"calling code {number}" for number in language.calling_codes]
        wanted += [f"topic {language.chosen_by}"] if language.chosen_by else []
        for thing in wanted:
            if taken.setdefault(thing, code) != code:
                message = f"the {thing} already chooses `{taken[thing]}`"
                yield document.problem(message, "languages", code)
