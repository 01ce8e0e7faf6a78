"""The command line: check | report | preview GROUP/NAME | topic GROUP/NAME | language CODE [--name NAME]."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from knowledge import fact_register, label_register
from knowledge.data_problems import KnowledgeError, Problem
from knowledge.loading import DATA, load
from knowledge.preview import preview
from knowledge.scaffold import ScaffoldError, add_language, add_topic


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Return 0 when all is well, 1 when the data has problems, 2 when the request is refused."""
    options = _parser().parse_args(arguments)
    try:
        match options.command:
            case "check":
                return _check(options.root)
            case "report":
                return _report(options.root)
            case "preview":
                return _preview(options.root, options.topic)
            case "topic":
                lines = add_topic(options.root, options.topic)
            case _:
                lines = add_language(options.root, options.code, options.name)
    except KnowledgeError as error:
        print(error)
        return 1
    except ScaffoldError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


def _check(root: Path) -> int:
    knowledge = load(root)
    problems: list[Problem] = []
    if (root / fact_register.FILE).exists():
        problems += fact_register.check(fact_register.load_facts(root), knowledge)
    if (root / label_register.FILE).exists():
        problems += label_register.check(label_register.load_labels(knowledge, root), knowledge)
    if problems:
        raise KnowledgeError(problems)
    examples = sum(
        len(texts.examples) for topic in knowledge.topics.values() for texts in topic.languages.values()
    )
    counts = (len(knowledge.topics), "topic"), (len(knowledge.languages), "language"), (examples, "example")
    print(", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts) + ": no problems")
    return 0


def _report(root: Path) -> int:
    register, knowledge = fact_register.load_facts(root), load(root)
    print("id in the ledger", "carried", "by topic/text or topic/step", "fact", sep="\t")
    for line in fact_register.report(register, knowledge):
        print(line)
    return 1 if any(fact_register.check(register, knowledge)) else 0


def _preview(root: Path, path: str) -> int:
    knowledge = load(root)
    group, _, name = path.rpartition("/")
    topic = knowledge.topics.get(name)
    if topic is None or group not in {"", topic.group}:
        print(
            f"there is no topic `{path}`; wanted: GROUP/NAME, such as trouble/pin_forgotten", file=sys.stderr
        )
        return 2
    for line in preview(knowledge, topic.id, bold=sys.stdout.isatty()):
        print(line)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m knowledge",
        description="Check and show what the assistant knows, or begin something new.",
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--root", type=Path, default=DATA, help="the data folder (default: the repository's)")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", parents=[common], help="print every problem, one a line")
    commands.add_parser("report", parents=[common], help="print which texts carry each fact of the source")
    shown = commands.add_parser("preview", parents=[common], help="print a topic as clients see it")
    shown.add_argument("topic", metavar="GROUP/NAME", help="such as trouble/pin_forgotten")
    topic = commands.add_parser("topic", parents=[common], help="write the files of a new topic")
    topic.add_argument("topic", metavar="GROUP/NAME", help="such as trouble/app_crashes")
    language = commands.add_parser("language", parents=[common], help="write the files of a new language")
    language.add_argument("code", metavar="CODE", help="ISO 639 code, such as ko")
    language.add_argument("--name", default="TODO", help="its name in the language itself, such as 한국어")
    return parser


if __name__ == "__main__":
    sys.exit(main())
