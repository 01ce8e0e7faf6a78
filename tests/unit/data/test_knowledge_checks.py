"""The rules between files of the right shape."""

from __future__ import annotations

from typing import Any

import pytest

PIN = "topics/trouble/pin/"
CACHE = "topics/trouble/cache/"
ENGLISH = "topics/talk/english/"


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        # required by the kind
        (PIN + "ja.yml", "title: PINを忘れた\n", "", "ja.yml:1: the title is missing"),
        (PIN + "ja.yml", "title: PINを忘れた", "title: ''", "ja.yml:1: the title is missing"),
        (PIN + "examples.ja.txt", "PINを忘れました", " ", "examples.ja.txt:1: there are no examples"),
        (CACHE + "examples.en.txt", "clear the cache", "", "examples.en.txt:1: there are no examples"),
        (PIN + "ja.yml", "  answer:", "  reply:", "ja.yml:2: the text `answer` is missing"),
        # what another language has
        (PIN + "ja.yml", "  other:", "  another:", "ja.yml:2: the text `other` is missing; en.yml has it"),
        (PIN + "ja.yml", "  other:", "  another:", "en.yml:2: the text `another` is missing; ja.yml has it"),
        (ENGLISH + "examples.ja.txt", "英語でお願いします", "", "ja.txt:1: there are no examples; examples.en.txt has"),
        (CACHE + "ja.yml", 'help: "**ストレージ**を見ます。"', "", "ja.yml:8: `clear` has no `help`"),
        # what the guide of topic.yml has
        (CACHE + "ja.yml", "  again:", "  retry:", "ja.yml:2: the step `again` of topic.yml is missing"),
        (CACHE + "ja.yml", "  again:", "  retry:", "ja.yml:11: `retry` is no item of the guide"),
        (CACHE + "ja.yml", "      iphone: iPhone\n", "", "ja.yml:5: the choice `iphone` of topic.yml has no"),
        (CACHE + "ja.yml", "android: And", "pixel: And", "ja.yml:7: `pixel` is no choice of `platform`"),
        (CACHE + "topic.yml", "- question: platform", "- question: phone", "en.yml:2: the question `phone` of"),
        # placeholders
        (PIN + "ja.yml", "{code}を", "番号を", "ja.yml:3: placeholders none here, but {code} in en.yml"),
        (PIN + "ja.yml", "{name}さん", "{nama}さん", "ja.yml:4: placeholders {nama} here, but {name} in"),
        (PIN + "en.yml", "sms: Short.", 'sms: "{when}"', "en.yml:4: the sms variant has {when}, which"),
        (PIN + "en.yml", "type {code}.", "type {code}.}", "en.yml:3: a { or } belongs to no {placeholder}"),
        # markup
        (PIN + "en.yml", "**Help**", "**Help", "en.yml:3: a ** opens or closes no **label**"),
        (PIN + "en.yml", "**Help**", "**He** l**p", "en.yml:3: a ** opens or closes no **label**"),
        (CACHE + "ja.yml", '"**ストレージ**', '"ストレージ**', "ja.yml:10: a ** opens or closes no"),
        (CACHE + "en.yml", "title: Clear the cache", "title: '**Clear**'", "en.yml:1: a label is plain"),
        # blanks and limits
        (CACHE + "en.yml", "text: Clear it.", "text: ' '", "en.yml:10: this is blank"),
        (PIN + "en.yml", "sms: Short.", "sms: ''", "en.yml:4: this is blank"),
        (CACHE + "en.yml", "android: Android", "android:", "en.yml:8: this is blank"),
        (PIN + "en.yml", "[Android]", "['']", "en.yml:6: this is blank"),
        (CACHE + "en.yml", "text: Clear it.", "text: " + "x" * 1601, "en.yml:10: by SMS the text has 1601"),
        (PIN + "en.yml", "sms: Short.", "sms: " + "x" * 1601, "en.yml:4: by SMS the text has 1601"),
        (PIN + "en.yml", "Long words", "x" * 4097, "en.yml:4: the text has 4106 characters, 4096 fit"),
        (PIN + "en.yml", "title: Forgotten PIN", "title: " + "x" * 31, "en.yml:1: the title has 31"),
        # conditions and next topics
        (PIN + "topic.yml", "next_topics: [cache]", "next_topics:\n- cache\n- x", "5: next_topics names the unknown"),
        (CACHE + "topic.yml", "when: {platform: android}", "when: {phone: x}", "topic.yml:6: `when` names"),
        (CACHE + "topic.yml", "{platform: android}", "{platform: nokia}", "`nokia`, which is no choice of"),
        (CACHE + "topic.yml", "platform: [iphone, android]", "clear: [x]", "topic.yml:9: `when` names"),
        (CACHE + "topic.yml", "- step: clear", "- step: again", "topic.yml:7: the guide has two items"),
        (CACHE + "ja.yml", "guide:", "texts: {again: また}\nguide:", "ja.yml:2: `again` is also an item of"),
        (PIN + "topic.yml", "next_topics: [cache]", "urgent: 'true'", "topic.yml:3: an urgent topic must have `human`"),
        (PIN + "topic.yml", "next_topics: [cache]", "urgent: perhaps", "topic.yml:3: `perhaps` is none of true, false"),
        # languages
        ("languages.yml", "chosen_by: english", "chosen_by: anglais", "languages.yml:4: chosen_by names the"),
        ("languages.yml", "default: en", "default: de", "languages.yml:2: the default `de` is none of"),
        ("languages.yml", "codes: []", 'codes: ["81"]', "languages.yml:5: the calling code 81 already"),
        # terms
        (PIN + "en.yml", "[Android]", "[Android, IOS]", "en.yml:6: `IOS` already names the value `iphone`"),
        (PIN + "en.yml", "android: [Android]", "nokia: [Nokia]", "en.yml:6: `nokia` is no choice of any"),
        # unfinished
        (PIN + "en.yml", "Open **Help**", "TODO", "en.yml:3: TODO: this is still to be written"),
        (PIN + "en.yml", "title: Forgotten PIN", "title: TODO", "en.yml:1: TODO: this is still to be"),
        (PIN + "examples.en.txt", "lost the pin", "TODO pin", "en.txt:2: TODO: this is still to be written"),
        (CACHE + "en.yml", "Look under", "TODO Look", "en.yml:11: TODO: this is still to be written"),
        (CACHE + "en.yml", "android: Android", "android: TODO", "en.yml:8: TODO: this is still to be"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_broken_rule_is_reported_with_file_and_line(
    tree: Any, path: str, old: str, new: str, expected: str
) -> None:
    tree.change(path, old, new)
    problems = tree.problems()
    assert any(expected in problem for problem in problems), problems
    assert all(problem.startswith("data/") for problem in problems)


def test_a_navigation_topic_may_go_without_examples_in_every_language(tree: Any) -> None:
    for language in ("en", "ja"):
        (tree.root / ENGLISH / f"examples.{language}.txt").unlink()
    assert tree.problems() == []


def test_an_answer_with_questions_needs_no_text_called_answer(tree: Any) -> None:
    tree.change(CACHE + "topic.yml", "kind: guide", "kind: answer")
    assert tree.problems() == []


def test_the_sms_variant_may_leave_placeholders_out(tree: Any) -> None:
    tree.change(PIN + "en.yml", "sms: Short.", 'sms: "Hi"')
    assert tree.problems() == []


def test_a_long_text_is_fine_when_sms_gets_a_shorter_one(tree: Any) -> None:
    tree.change(PIN + "en.yml", "Long words", "x" * 3000)
    assert tree.problems() == []


def test_examples_of_a_topic_of_texts_would_teach_nothing_and_are_reported(tree: Any) -> None:
    tree.write("topics/talk/notices/topic.yml", "kind: texts\n")
    tree.write("topics/talk/notices/en.yml", "texts: {late: Late.}\n")
    tree.write("topics/talk/notices/examples.en.txt", "it is late\n")
    tree.write("topics/talk/notices/ja.yml", "texts: {late: 遅い。}\n")
    tree.change(PIN + "topic.yml", "[cache]", "[notices]")
    assert tree.problems() == [
        "data/topics/talk/notices/examples.en.txt:1: a topic of kind texts has no examples",
        "data/topics/trouble/pin/topic.yml:3: next_topics names `notices`, which is of kind texts and has no button",
    ]


@pytest.mark.parametrize("twin", ["I forgot my PIN", "i FORGOT  my pin?!", "Ｉ forgot my ＰＩＮ。"])
def test_an_example_twice_in_a_topic_names_both_places(tree: Any, twin: str) -> None:
    tree.change(PIN + "examples.en.txt", "lost the pin", twin)
    assert tree.problems() == [
        f"data/topics/trouble/pin/examples.en.txt:2: the example `{twin}` is already in "
        "data/topics/trouble/pin/examples.en.txt:1"
    ]


def test_an_example_in_two_topics_names_both_places(tree: Any) -> None:
    tree.change(CACHE + "examples.ja.txt", "キャッシュを消したい", "PINを忘れました。")
    assert tree.problems() == [
        "data/topics/trouble/pin/examples.ja.txt:1: the example `PINを忘れました` is already in "
        "data/topics/trouble/cache/examples.ja.txt:1"
    ]


def test_two_languages_may_share_an_example(tree: Any) -> None:
    tree.change(CACHE + "examples.ja.txt", "キャッシュを消したい", "clear the cache")
    assert tree.problems() == []


@pytest.mark.parametrize(
    "word", ["STOP", "stop!", "Yes", "Cancel", "end", "Help", "INFO", "start", "停止", "解除", "ヘルプ"]
)
def test_a_word_that_carriers_act_on_is_no_label_that_clients_type(tree: Any, word: str) -> None:
    tree.change(CACHE + "en.yml", "title: Clear the cache", f"title: '{word}'")
    tree.change(CACHE + "en.yml", "android: Android", f"android: '{word}'")
    tree.change(PIN + "en.yml", "title: Forgotten PIN", f"title: '{word}'")
    message = f"`{word}` is a word that SMS carriers act on; clients cannot answer with it"
    assert tree.problems() == [
        f"data/topics/trouble/cache/en.yml:1: {message}",
        f"data/topics/trouble/cache/en.yml:8: {message}",
    ], "the topic that no other names may be called so"


def test_a_file_of_the_wrong_shape_does_not_hide_problems_elsewhere(tree: Any) -> None:
    tree.change(PIN + "en.yml", "title: Forgotten PIN", "title: [Forgotten]")
    tree.change(PIN + "ja.yml", "**ヘルプ**", "**ヘルプ")
    tree.change(CACHE + "topic.yml", "kind: guide", "kind: walk")
    tree.change(CACHE + "ja.yml", "もう一度", "TODO")
    assert [problem.split(": ")[0] for problem in tree.problems()] == [
        "data/topics/trouble/cache/ja.yml:11",
        "data/topics/trouble/cache/topic.yml:1",
        "data/topics/trouble/pin/en.yml:1",
        "data/topics/trouble/pin/ja.yml:3",
    ]
