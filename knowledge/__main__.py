"""python -m knowledge check | report | topic GROUP/NAME | language CODE [--name NAME]"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from knowledge import facts, labels
from knowledge.loading import DATA, load
from knowledge.problems import KnowledgeError, Problem
from knowledge.scaffold import ScaffoldError, add_language, add_topic


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when all is well, 1 when the data has problems, 2 when the request is refused."""
    options = _parser().parse_args(arguments)
    if options.command == "check":
        return _check(options.root)
    if options.command == "report":
        return _report(options.root)
    try:
        if options.command == "topic":
            lines = add_topic(options.root, options.topic)
        else:
            lines = add_language(options.root, options.code, options.name)
    except ScaffoldError as refusal:
        print(refusal, file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


def _check(root: Path) -> int:
    try:
        knowledge = load(root)
        problems: list[Problem] = []
        if (root / facts.FILE).exists():
            problems += facts.check(facts.load_register(root), knowledge)
        if (root / labels.FILE).exists():
            problems += labels.check(labels.load_labels(knowledge, root), knowledge)
        if problems:
            raise KnowledgeError(problems)
    except KnowledgeError as error:
        print(error)
        return 1
    examples = sum(
        len(texts.examples) for topic in knowledge.topics.values() for texts in topic.languages.values()
    )
    counts = (len(knowledge.topics), "topic"), (len(knowledge.languages), "language"), (examples, "example")
    print(", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts) + ": no problems")
    return 0


def _report(root: Path) -> int:
    try:
        register, knowledge = facts.load_register(root), load(root)
    except KnowledgeError as error:
        print(error)
        return 1
    print("id in the ledger", "carried", "by topic/text or topic/step", "fact", sep="\t")
    for line in facts.report(register, knowledge):
        print(line)
    return 1 if any(facts.check(register, knowledge)) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m knowledge", description="Check what the assistant knows, or begin something new."
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--root", type=Path, default=DATA, help="the data folder (default: the repository's)")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", parents=[common], help="print every problem, one a line")
    commands.add_parser("report", parents=[common], help="print which texts carry each fact of the source")
    topic = commands.add_parser("topic", parents=[common], help="write the files of a new topic")
    topic.add_argument("topic", metavar="GROUP/NAME", help="such as trouble/app_crashes")
    language = commands.add_parser("language", parents=[common], help="write the files of a new language")
    language.add_argument("code", metavar="CODE", help="ISO 639 code, such as ko")
    language.add_argument("--name", default="TODO", help="its name in the language itself, such as 한국어")
    return parser


if __name__ == "__main__":
    sys.exit(main())
