"""What must hold between files of the right shape."""

from __future__ import annotations

from typing import Any

import pytest

PIN = "topics/trouble/pin/"
CACHE = "topics/trouble/cache/"
ENGLISH = "topics/talk/english/"


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        # what the kind demands
        (PIN + "ja.yml", "title: PINを忘れた\n", "", "ja.yml:1: the title is missing"),
        (PIN + "ja.yml", "title: PINを忘れた", "title: ''", "ja.yml:1: the title is missing"),
        (PIN + "ja.yml", "examples:\n  - PINを忘れました", "examples: []", "ja.yml:2: there are no examples"),
        (CACHE + "en.yml", "examples: [clear the cache]", "", "en.yml:1: there are no examples"),
        (PIN + "ja.yml", "  answer:", "  reply:", "ja.yml:4: the text `answer` is missing"),
        # what another language has
        (PIN + "ja.yml", "  other:", "  another:", "ja.yml:4: the text `other` is missing; en.yml has it"),
        (PIN + "ja.yml", "  other:", "  another:", "en.yml:5: the text `another` is missing; ja.yml has it"),
        (ENGLISH + "ja.yml", "examples: [英語でお願いします]\n", "", "ja.yml:1: there are no examples"),
        (CACHE + "ja.yml", 'stuck: "**ストレージ**を見ます。"', "", "ja.yml:9: `clear` has no `stuck`"),
        # what the guide of topic.yml has
        (CACHE + "ja.yml", "  again:", "  retry:", "ja.yml:3: the step `again` of topic.yml is missing"),
        (CACHE + "ja.yml", "  again:", "  retry:", "ja.yml:12: `retry` is no item of the guide"),
        (CACHE + "ja.yml", "      iphone: iPhone\n", "", "ja.yml:6: the choice `iphone` of topic.yml has no"),
        (CACHE + "ja.yml", "android: And", "pixel: And", "ja.yml:8: `pixel` is no choice of `platform`"),
        (CACHE + "topic.yml", "- ask: platform", "- ask: phone", "en.yml:3: the question `phone` of"),
        # placeholders
        (PIN + "ja.yml", "{code}を", "番号を", "ja.yml:5: placeholders none here, but {code} in en.yml"),
        (PIN + "ja.yml", "{name}さん", "{nama}さん", "ja.yml:6: placeholders {nama} here, but {name} in"),
        (PIN + "en.yml", "sms: Short.", 'sms: "{when}"', "en.yml:7: the sms variant has {when}, which"),
        (PIN + "en.yml", "type {code}.", "type {code}.}", "en.yml:6: a { or } belongs to no {placeholder}"),
        # markup
        (PIN + "en.yml", "**Help**", "**Help", "en.yml:6: a ** opens or closes no **label**"),
        (PIN + "en.yml", "**Help**", "**He** l**p", "en.yml:6: a ** opens or closes no **label**"),
        (CACHE + "ja.yml", '"**ストレージ**', '"ストレージ**', "ja.yml:11: a ** opens or closes no"),
        (CACHE + "en.yml", "title: Clear the cache", "title: '**Clear**'", "en.yml:1: a label is plain"),
        # blanks and limits
        (CACHE + "en.yml", "text: Clear it.", "text: ' '", "en.yml:11: this is blank"),
        (PIN + "en.yml", "sms: Short.", "sms: ''", "en.yml:7: this is blank"),
        (PIN + "en.yml", "- lost the pin", "-", "en.yml:4: this is blank"),
        (CACHE + "en.yml", "android: Android", "android:", "en.yml:9: this is blank"),
        (PIN + "en.yml", "[Android]", "['']", "en.yml:9: this is blank"),
        (CACHE + "en.yml", "text: Clear it.", "text: " + "x" * 1601, "en.yml:11: by SMS the text has 1601"),
        (PIN + "en.yml", "sms: Short.", "sms: " + "x" * 1601, "en.yml:7: by SMS the text has 1601"),
        (PIN + "en.yml", "Long words", "x" * 4097, "en.yml:7: the text has 4106 characters, 4096 fit"),
        (PIN + "en.yml", "title: Forgotten PIN", "title: " + "x" * 31, "en.yml:1: the title has 31"),
        # conditions and offers
        (PIN + "topic.yml", "offers: [cache]", "offers:\n- cache\n- cash", "topic.yml:5: offers the unknown"),
        (CACHE + "topic.yml", "when: {platform: android}", "when: {phone: x}", "topic.yml:6: `when` names"),
        (CACHE + "topic.yml", "{platform: android}", "{platform: nokia}", "`nokia`, which is no choice of"),
        (CACHE + "topic.yml", "platform: [iphone, android]", "clear: [x]", "topic.yml:9: `when` names"),
        (CACHE + "topic.yml", "- step: clear", "- step: again", "topic.yml:7: the guide has two items"),
        (CACHE + "ja.yml", "guide:", "texts: {again: また}\nguide:", "ja.yml:3: `again` is also an item of"),
        (PIN + "topic.yml", "offers: [cache]", "urgent: 'true'", "topic.yml:3: an urgent topic offers a person"),
        (PIN + "topic.yml", "offers: [cache]", "urgent: perhaps", "topic.yml:3: `perhaps` is none of true, false"),
        # languages
        ("languages.yml", "chosen_by: english", "chosen_by: anglais", "languages.yml:4: chosen_by names the"),
        ("languages.yml", "default: en", "default: de", "languages.yml:2: the default `de` is none of"),
        ("languages.yml", "codes: []", 'codes: ["81"]', "languages.yml:5: the calling code 81 already"),
        # terms
        (PIN + "en.yml", "[Android]", "[Android, IOS]", "en.yml:9: `IOS` already names the value `iphone`"),
        (PIN + "en.yml", "android: [Android]", "nokia: [Nokia]", "en.yml:9: `nokia` is no choice of any"),
        # unfinished
        (PIN + "en.yml", "Open **Help**", "TODO", "en.yml:6: TODO: this is still to be written"),
        (PIN + "en.yml", "title: Forgotten PIN", "title: TODO", "en.yml:1: TODO: this is still to be"),
        (PIN + "en.yml", "lost the pin", "TODO pin", "en.yml:4: TODO: this is still to be written"),
        (CACHE + "en.yml", "Look under", "TODO Look", "en.yml:12: TODO: this is still to be written"),
        (CACHE + "en.yml", "android: Android", "android: TODO", "en.yml:9: TODO: this is still to be"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_break_of_the_rules_is_told_with_file_and_line(
    tree: Any, path: str, old: str, new: str, expected: str
) -> None:
    tree.change(path, old, new)
    problems = tree.problems()
    assert any(expected in problem for problem in problems), problems
    assert all(problem.startswith("data/") for problem in problems)


def test_a_control_topic_may_go_without_examples_in_every_language(tree: Any) -> None:
    tree.change(ENGLISH + "en.yml", "examples: [English please]\n", "")
    tree.change(ENGLISH + "ja.yml", "examples: [英語でお願いします]\n", "")
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


def test_examples_of_a_topic_of_texts_would_teach_nothing_and_are_told(tree: Any) -> None:
    tree.write("topics/talk/notices/topic.yml", "kind: texts\n")
    tree.write("topics/talk/notices/en.yml", "texts: {late: Late.}\nexamples: [it is late]\n")
    tree.write("topics/talk/notices/ja.yml", "texts: {late: 遅い。}\n")
    tree.change(PIN + "topic.yml", "[cache]", "[notices]")
    assert tree.problems() == [
        "data/topics/talk/notices/en.yml:2: a topic of kind texts has no examples",
        "data/topics/trouble/pin/topic.yml:3: offers `notices`, which is of kind texts and has no button",
    ]


@pytest.mark.parametrize("twin", ["I forgot my PIN", "i FORGOT  my pin?!", "Ｉ forgot my ＰＩＮ。"])
def test_an_example_twice_in_a_topic_names_both_places(tree: Any, twin: str) -> None:
    tree.change(PIN + "en.yml", "- lost the pin", f"- '{twin}'")
    assert tree.problems() == [
        f"data/topics/trouble/pin/en.yml:4: the example `{twin}` is already in "
        "data/topics/trouble/pin/en.yml:3"
    ]


def test_an_example_in_two_topics_names_both_places(tree: Any) -> None:
    tree.change(CACHE + "ja.yml", "[キャッシュを消したい]", "[PINを忘れました。]")
    assert tree.problems() == [
        "data/topics/trouble/pin/ja.yml:3: the example `PINを忘れました` is already in "
        "data/topics/trouble/cache/ja.yml:2"
    ]


def test_two_languages_may_share_an_example(tree: Any) -> None:
    tree.change(CACHE + "ja.yml", "[キャッシュを消したい]", "[clear the cache]")
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
        f"data/topics/trouble/cache/en.yml:9: {message}",
    ], "the topic that nothing offers may be called so"


def test_a_file_of_the_wrong_shape_does_not_hide_problems_elsewhere(tree: Any) -> None:
    tree.change(PIN + "en.yml", "title: Forgotten PIN", "title: [Forgotten]")
    tree.change(PIN + "ja.yml", "**ヘルプ**", "**ヘルプ")
    tree.change(CACHE + "topic.yml", "kind: guide", "kind: walk")
    tree.change(CACHE + "ja.yml", "もう一度", "TODO")
    assert [problem.split(": ")[0] for problem in tree.problems()] == [
        "data/topics/trouble/cache/ja.yml:12",
        "data/topics/trouble/cache/topic.yml:1",
        "data/topics/trouble/pin/en.yml:1",
        "data/topics/trouble/pin/ja.yml:5",
    ]
