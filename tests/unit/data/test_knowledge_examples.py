"""Files of examples: one example a line, read as it stands."""

from __future__ import annotations

from typing import Any

PIN = "topics/trouble/pin/examples.en.txt"


def test_blank_lines_and_spaces_around_an_example_are_ignored(tree: Any) -> None:
    tree.write(PIN, "\n  I forgot my PIN\t\n\n\nlost the pin\n\n")
    assert tree.load().topics["pin"].languages["en"].examples == ("I forgot my PIN", "lost the pin")


def test_nothing_in_a_line_has_a_meaning_of_its_own(tree: Any) -> None:
    odd = ("# 1 fan", '"quoted"', "- listed", "key: value", "yes", "{name}", "a\u2028b")
    (tree.root / PIN).write_text("\ufeff" + "\r\n".join(odd), encoding="utf-8")
    assert tree.load().topics["pin"].languages["en"].examples == odd


def test_a_file_in_another_encoding_is_reported_with_its_line(tree: Any) -> None:
    (tree.root / PIN).write_bytes("I forgot\n忘れた\n".encode("shift_jis"))
    assert tree.problems() == ["data/topics/trouble/pin/examples.en.txt:2: this is not UTF-8"]


def test_examples_of_a_language_that_is_not_served_are_reported(tree: Any) -> None:
    tree.write("topics/trouble/pin/examples.fr.txt", "PIN oublié\n")
    assert tree.problems() == [
        "data/topics/trouble/pin/examples.fr.txt:1: `fr` is no language of languages.yml"
    ]
