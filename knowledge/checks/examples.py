"""No example stands twice in a language: in two topics it teaches nothing, in one it counts double."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.data_problems import Problem
from knowledge.markup import normalized
from knowledge.topic_files import TopicFiles


def check(all_files: Sequence[TopicFiles]) -> Iterator[Problem]:
    """Yield examples that are not written yet, and repeated ones with the position of the first."""
    first: dict[tuple[str, str], str] = {}
    for topic_files in all_files:
        for language, files in topic_files.languages.items():
            for index, example in enumerate(files.examples.examples):
                if "TODO" in example:
                    yield files.examples.problem("TODO: this is still to be written", index)
                key = (language, normalized(example))
                if key in first:
                    message = f"the example `{example}` is already in {first[key]}"
                    yield files.examples.problem(message, index)
                else:
                    first[key] = files.examples.position(index)
