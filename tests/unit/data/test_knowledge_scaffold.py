"""A new topic or language fails the check by its TODOs alone, and passes once they are replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from knowledge.__main__ import main


def run(tree: Any, *arguments: str) -> int:
    return main([*arguments, "--root", str(tree.root)])


def fill_in(root: Path) -> None:
    """Replace each TODO, as a writer would."""
    for path in (*root.glob("topics/**/*.yml"), *root.glob("topics/**/*.txt")):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("TODO: ", "").replace("TODO", "Done"), encoding="utf-8")


def files(tree: Any) -> dict[str, str]:
    return {str(path): path.read_text(encoding="utf-8") for path in tree.root.rglob("*.*")}


def test_a_new_topic_fails_by_its_todos_until_they_are_filled_in(tree: Any) -> None:
    assert run(tree, "topic", "billing/refund") == 0
    problems = tree.problems()
    assert {problem.split(":")[0] for problem in problems} == {
        f"data/topics/billing/refund/{name}"
        for name in ("en.yml", "examples.en.txt", "ja.yml", "examples.ja.txt")
    }
    assert all(problem.endswith("TODO: this is still to be written") for problem in problems)
    fill_in(tree.root)
    assert tree.problems() == []
    assert tree.load().topics["refund"].group == "billing"


def test_a_new_topic_prints_what_to_do_next_in_two_lines(tree: Any, capsys: Any) -> None:
    run(tree, "topic", "trouble/refund")
    first, second = capsys.readouterr().out.splitlines()
    assert "data/topics/trouble/refund/" in first
    assert "python -m knowledge check" in second


@pytest.mark.parametrize(
    "name", ["refund", "billing/Refund", "billing/2fa", "../refund", "billing/a-b", "a/b/c"]
)
def test_a_name_that_cannot_be_an_intent_is_refused_and_nothing_is_written(
    tree: Any, capsys: Any, name: str
) -> None:
    before = files(tree)
    assert run(tree, "topic", name) == 2
    assert "cannot be a name" in capsys.readouterr().err
    assert files(tree) == before


def test_a_topic_that_exists_in_any_group_is_refused(tree: Any, capsys: Any) -> None:
    assert run(tree, "topic", "billing/pin") == 2
    assert "data/topics/trouble/pin" in capsys.readouterr().err


def test_a_new_language_fails_by_its_todos_until_they_are_filled_in(tree: Any) -> None:
    assert run(tree, "language", "ko", "--name", "한국어") == 0
    problems = tree.problems()
    assert problems
    assert all(problem.endswith("TODO: this is still to be written") for problem in problems)
    fill_in(tree.root)
    assert tree.problems() == []


def test_a_new_language_has_the_keys_and_placeholders_of_the_default_one(tree: Any) -> None:
    run(tree, "language", "ko", "--name", "한국어")
    fill_in(tree.root)
    topics = tree.load().topics
    assert topics["pin"].languages["ko"].texts == topics["pin"].languages["en"].texts
    assert topics["cache"].languages["ko"].guide == topics["cache"].languages["en"].guide
    assert topics["pin"].languages["ko"].terms == topics["pin"].languages["en"].terms


def test_a_new_language_shows_the_default_languages_text_as_a_hint(tree: Any) -> None:
    run(tree, "language", "ko", "--name", "한국어")
    page = tree.read("topics/trouble/pin/ko.yml")
    assert "answer: 'TODO: Open **Help** and type {code}.'" in page
    examples = tree.read("topics/trouble/pin/examples.ko.txt")
    assert examples == "TODO: Forgotten PIN\n", "examples are not translated one by one but thought of anew"


def test_paragraphs_stay_readable_in_a_new_language(tree: Any) -> None:
    tree.change(
        "topics/trouble/pin/en.yml",
        "answer: Open **Help** and type {code}.",
        "answer: |\n    Open **Help**.\n\n    Type {code}.\n",
    )
    run(tree, "language", "ko", "--name", "한국어")
    assert "  answer: |-\n    TODO: Open **Help**.\n\n    Type {code}.\n" in tree.read(
        "topics/trouble/pin/ko.yml"
    )


def test_titles_that_are_alike_give_examples_that_are_not(tree: Any) -> None:
    tree.change("topics/trouble/cache/en.yml", "title: Clear the cache", "title: Forgotten PIN")
    run(tree, "language", "ko", "--name", "한국어")
    assert not [problem for problem in tree.problems() if "is already in" in problem]


def test_a_new_language_gets_its_entry_and_languages_yml_keeps_its_comments(tree: Any) -> None:
    before = tree.read("languages.yml")
    tree.add("languages.yml", "# the end\n")
    run(tree, "language", "ko", "--name", "한국어's")
    added = "  ko:\n    name: '한국어''s'\n    calling_codes: []\n    chosen_by: language_ko\n"
    assert tree.read("languages.yml") == f"{before}{added}    quotes: ['\"', '\"']\n# the end\n"
    fill_in(tree.root)
    assert tree.load().languages["ko"].name == "한국어's"


def test_the_entry_goes_among_the_languages_when_something_follows_them(tree: Any) -> None:
    tree.write(
        "languages.yml",
        """\
        languages:
          en:
            name: English
            calling_codes: []
            quotes: ['"', '"']

          ja:
            name: 日本語
            calling_codes:
              - "81"
            quotes: ["「", "」"]

        # What a stranger gets.
        default: en
        """,
    )
    run(tree, "language", "pt-BR", "--name", "Português")
    fill_in(tree.root)
    knowledge = tree.load()
    assert list(knowledge.languages) == ["en", "ja", "pt-BR"]
    assert knowledge.languages["pt-BR"].chosen_by is None, "English has no topic that chooses it either"
    assert "\n\n# What a stranger gets.\ndefault: en\n" in tree.read("languages.yml")


def test_clients_can_choose_a_new_language_by_a_topic_of_its_own(tree: Any) -> None:
    run(tree, "language", "pt-BR", "--name", "Português")
    fill_in(tree.root)
    knowledge = tree.load()
    assert knowledge.languages["pt-BR"].chosen_by == "language_pt_br"
    topic = knowledge.topics["language_pt_br"]
    assert (topic.group, topic.kind, topic.action) == ("talk", "navigation", "action_language")
    assert set(topic.languages) == {"en", "ja", "pt-BR"}


@pytest.mark.parametrize(
    ("code", "reason"),
    [("ja", "already a language"), ("Korean", "no language code"), ("../x", "no language")],
)
def test_a_language_that_exists_or_is_no_code_is_refused(
    tree: Any, capsys: Any, code: str, reason: str
) -> None:
    before = files(tree)
    assert run(tree, "language", code, "--name", "X") == 2
    assert reason in capsys.readouterr().err
    assert files(tree) == before


def test_a_translation_that_was_begun_is_never_overwritten(tree: Any, capsys: Any) -> None:
    tree.write("topics/trouble/pin/ko.yml", "title: PIN 분실\n")
    before = files(tree)
    assert run(tree, "language", "ko", "--name", "한국어") == 2
    assert "data/topics/trouble/pin/ko.yml exists already" in capsys.readouterr().err
    assert files(tree) == before


def test_a_file_that_cannot_be_read_stops_a_new_language_before_anything_is_written(
    tree: Any, capsys: Any
) -> None:
    tree.change("topics/trouble/pin/en.yml", "sms: Short.", "sms: 'Short.")
    before = files(tree)
    assert run(tree, "language", "ko", "--name", "한국어") == 2
    assert "data/topics/trouble/pin/en.yml:" in capsys.readouterr().err
    assert files(tree) == before


def test_languages_written_in_one_line_cannot_be_added_to(tree: Any, capsys: Any) -> None:
    tree.write(
        "languages.yml",
        "default: en\nlanguages: {en: {name: E, calling_codes: [], quotes: [a, b]}}\n",
    )
    assert run(tree, "language", "ko", "--name", "한국어") == 2
    assert "one language a line" in capsys.readouterr().err
