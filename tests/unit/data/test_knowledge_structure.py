"""Files that cannot be read or have the wrong shape."""

from __future__ import annotations

from typing import Any

import pytest

PIN = "topics/trouble/pin/"
CACHE = "topics/trouble/cache/"


def test_a_file_that_is_not_yaml_is_reported_with_its_line(tree: Any) -> None:
    tree.change(PIN + "en.yml", "sms: Short.", "sms: 'Short.")
    (problem,) = tree.problems()
    assert problem.startswith("data/topics/trouble/pin/en.yml:")
    assert "this is not YAML" in problem


def test_a_tab_is_reported_with_its_line(tree: Any) -> None:
    tree.change(PIN + "topic.yml", "next_topics: [cache]", "\tnext_topics: [cache]")
    (problem,) = tree.problems()
    assert problem.startswith("data/topics/trouble/pin/topic.yml:3: this is not YAML")


@pytest.mark.parametrize("texts", ["&a {answer: *a}", "{? [a] : b}", "{answer: *gone}"])
def test_yaml_without_a_value_is_reported_and_never_hangs(tree: Any, texts: str) -> None:
    tree.write(PIN + "en.yml", f"title: PIN\ntexts: {texts}\n")
    (problem,) = tree.problems()
    assert problem.startswith("data/topics/trouble/pin/en.yml:2: this is not YAML")


def test_a_file_in_another_encoding_is_reported_with_its_line(tree: Any) -> None:
    (tree.root / PIN / "ja.yml").write_bytes("title: PIN\ntexts: {answer: 忘れた}\n".encode("shift_jis"))
    assert tree.problems() == ["data/topics/trouble/pin/ja.yml:2: this is not UTF-8"]


def test_an_empty_file_and_a_missing_file_are_reported(tree: Any) -> None:
    tree.write(PIN + "ja.yml", "# later\n")
    (tree.root / CACHE / "ja.yml").unlink()
    assert tree.problems() == [
        "data/topics/trouble/cache/ja.yml:1: the file is missing",
        "data/topics/trouble/pin/ja.yml:1: the file is empty",
    ]


def test_a_topic_without_topic_yml_is_reported(tree: Any) -> None:
    (tree.root / "topics/talk/english/topic.yml").unlink()
    assert tree.problems() == ["data/topics/talk/english/topic.yml:1: the file is missing"]


def test_a_missing_languages_yml_is_reported_and_the_topics_are_checked_all_the_same(tree: Any) -> None:
    (tree.root / "languages.yml").unlink()
    tree.change(PIN + "examples.en.txt", "lost the pin", "TODO")
    assert tree.problems() == [
        "data/languages.yml:1: the file is missing",
        "data/topics/trouble/pin/examples.en.txt:2: TODO: this is still to be written",
    ]


def test_a_repeated_key_is_reported_at_its_second_line(tree: Any) -> None:
    tree.add(PIN + "en.yml", "title: Lost PIN\n")
    assert tree.problems() == ["data/topics/trouble/pin/en.yml:7: `title` is already in line 1"]


def test_a_repeated_choice_is_reported_deep_inside(tree: Any) -> None:
    tree.change(CACHE + "en.yml", "      android: Android", "      android: Android\n      iphone: Apple")
    assert tree.problems() == ["data/topics/trouble/cache/en.yml:9: `iphone` is already in line 7"]


@pytest.mark.parametrize(
    ("path", "old", "new", "line", "message"),
    [
        (PIN + "topic.yml", "source:", "sources:", 2, "unknown key `sources`"),
        (PIN + "topic.yml", "kind: answer", "kind: reply", 1, "`reply` is none of answer, guide, task"),
        (PIN + "topic.yml", "[cache]", "cache", 3, "`cache` should be a list"),
        (PIN + "topic.yml", "[cache]", "[cache, cache]", 3, "something stands here twice"),
        (PIN + "topic.yml", "[cache]", "[The Cache]", 3, "`The Cache` is not valid here"),
        ("topics/talk/english/topic.yml", "action: action_language", "", 1, "`action` is missing"),
        (CACHE + "topic.yml", "kind: guide", "kind: guide\nsteps: []", 2, "unknown key `steps`"),
        (CACHE + "topic.yml", "choices: [iphone, android]", "choices: []", 4, "needs at least 1"),
        (CACHE + "topic.yml", "when: {platform: android}", "choices: [a]", 5, "only a question"),
        (CACHE + "topic.yml", "- step: clear\n    when", "- when", 5, "exactly one of `question`, `step`"),
        (CACHE + "topic.yml", "when: {platform: android}", "when: android", 6, "should be a mapping"),
        (CACHE + "en.yml", "help: Look under", "hint: Look under", 11, "unknown key `hint`"),
        (CACHE + "en.yml", "again: {text: Open it again.}", "again: Open it.", 12, "should be a mapping"),
        (CACHE + "en.yml", "text: Which phone?", "", 3, "`text` is missing"),
        (PIN + "en.yml", "  other: {text:", "  other: {long:", 4, "unknown key `long`"),
        (PIN + "en.yml", "  other:", "  Other:", 4, "`Other` is not valid here"),
        (PIN + "en.yml", "title: Forgotten PIN", "title: [Forgotten]", 1, "a list should be text"),
        ("languages.yml", "default: en", "", 3, "`default` is missing"),
        ("languages.yml", "quotes: [\"「\", \"」\"]", "quotes: [「]", 5, "needs at least 2"),
        ("languages.yml", '["81"]', '["+81"]', 5, "`+81` is not valid here"),
        ("languages.yml", "  ja:", "  Japanese:", 5, "`Japanese` is not valid here"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_wrong_shape_is_reported_in_plain_words_with_its_line(
    tree: Any, path: str, old: str, new: str, line: int, message: str
) -> None:
    tree.change(path, old, new)
    found = [problem for problem in tree.problems() if message in problem]
    assert [problem.split(": ")[0] for problem in found] == [f"data/{path}:{line}"]


def test_a_topic_of_kind_guide_without_a_guide_is_reported(tree: Any) -> None:
    tree.write(CACHE + "topic.yml", "kind: guide\n")
    assert "data/topics/trouble/cache/topic.yml:1: `guide` is missing" in tree.problems()


def test_a_file_of_an_unknown_language_is_reported(tree: Any) -> None:
    tree.write(PIN + "fr.yml", "title: PIN\n")
    assert tree.problems() == ["data/topics/trouble/pin/fr.yml:1: `fr` is no language of languages.yml"]


def test_files_and_folders_that_do_not_belong_are_reported(tree: Any) -> None:
    tree.write("topics/notes.txt", "")
    tree.write("topics/trouble/en.yml", "")
    tree.write(PIN + "en.yaml", "")
    tree.write("topics/Mixed Case/pin2/topic.yml", "kind: texts\n")
    (tree.root / "topics/empty").mkdir()
    found = dict(problem.split(": ", 1) for problem in tree.problems())
    assert "the folder of a group is expected" in found["data/topics/notes.txt:1"]
    assert "the folder of a topic is expected" in found["data/topics/trouble/en.yml:1"]
    assert (
        "a topic has topic.yml, en.yml, examples.en.txt, ja.yml, examples.ja.txt"
        in found["data/topics/trouble/pin/en.yaml:1"]
    )
    assert "is no name for a group" in found["data/topics/Mixed Case:1"]
    assert found["data/topics/empty:1"] == "the folder is empty"


def test_hidden_files_are_passed_over(tree: Any) -> None:
    tree.write(PIN + ".DS_Store", "")
    assert tree.problems() == []


def test_a_missing_topics_folder_is_reported(tree: Any) -> None:
    (tree.root / "topics").rename(tree.root / "topic")
    assert "data/topics:1: the folder is missing" in tree.problems()


def test_the_same_topic_in_two_groups_is_reported(tree: Any) -> None:
    for name in ("topic.yml", "en.yml", "ja.yml", "examples.en.txt", "examples.ja.txt"):
        tree.write(f"topics/zoo/english/{name}", tree.read(f"topics/talk/english/{name}"))
    assert (
        "data/topics/zoo/english/topic.yml:1: there is another topic of this name, data/topics/talk/english"
        in tree.problems()
    )
