"""From files to Knowledge."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from knowledge import GuideItem, ItemKind, KnowledgeError, Language, Problem, Text


def test_data_without_problems_loads(tree: Any) -> None:
    assert tree.problems() == []


def test_languages_come_in_their_order_with_all_that_is_known_of_them(tree: Any) -> None:
    knowledge = tree.load()
    assert knowledge.default_language == "en"
    assert list(knowledge.languages.values()) == [
        Language("en", "English", (), "english", ('"', '"')),
        Language("ja", "日本語", ("81",), None, ("「", "」")),
    ]


def test_topics_come_sorted_by_group_and_name(tree: Any) -> None:
    topics = tree.load().topics
    assert [(topic.group, topic.id) for topic in topics.values()] == [
        ("talk", "english"),
        ("trouble", "cache"),
        ("trouble", "pin"),
    ]


@pytest.mark.parametrize(
    ("topic", "action"),
    [("english", "action_language"), ("pin", "action_answer"), ("cache", "action_guide")],
)
def test_each_kind_has_its_default_action(tree: Any, topic: str, action: str) -> None:
    assert tree.load().topics[topic].action == action


def test_a_task_is_done_by_an_action_of_its_name(tree: Any) -> None:
    tree.change("topics/trouble/pin/topic.yml", "kind: answer", "kind: task")
    assert tree.load().topics["pin"].action == "action_pin"


def test_a_topic_of_texts_needs_no_title_no_examples_and_has_no_action(tree: Any) -> None:
    tree.write("topics/talk/notices/topic.yml", "kind: texts\n")
    for language in ("en", "ja"):
        tree.write(f"topics/talk/notices/{language}.yml", "texts: {late: It is late.}\n")
    topic = tree.load().topics["notices"]
    assert topic.action is None
    assert topic.languages["en"].title == ""


def test_a_guide_keeps_order_choices_and_conditions(tree: Any) -> None:
    assert tree.load().topics["cache"].guide == (
        GuideItem("platform", ItemKind.QUESTION, ("iphone", "android"), {}),
        GuideItem("clear", ItemKind.STEP, (), {"platform": ("android",)}),
        GuideItem("again", ItemKind.STEP, (), {"platform": ("iphone", "android")}),
    )


def test_the_sms_variant_is_given_to_sms_alone_and_only_where_there_is_one(tree: Any) -> None:
    knowledge = tree.load()
    assert knowledge.text("pin", "other", "en", "sms") == "Short."
    assert knowledge.text("pin", "other", "en", "telegram") == "Long words, {name}."
    assert knowledge.text("pin", "other", "ja", "sms") == "{name}さん、長い文です。"
    assert knowledge.item_text("cache", "platform", "en", "sms") == "Phone?"


def test_labels_are_found_by_language(tree: Any) -> None:
    knowledge = tree.load()
    assert knowledge.label("pin", "ja") == "PINを忘れた"
    assert knowledge.choice_label("cache", "platform", "iphone", "ja") == "iPhone"


def test_a_step_can_have_help_for_those_who_are_stuck(tree: Any) -> None:
    guide = tree.load().topics["cache"].languages["en"].guide
    assert guide["clear"].help == Text("Look under **Storage**.")
    assert guide["again"].help is None


def test_terms_are_merged_from_all_topics(tree: Any) -> None:
    tree.add("topics/trouble/cache/en.yml", "terms: {platform: {iphone: [iPad, iOS]}}\n")
    knowledge = tree.load()
    assert knowledge.terms("platform") == {
        "iphone": {"en": ["iPad", "iOS", "iPhone"], "ja": ["アイフォン"]},
        "android": {"en": ["Android"], "ja": ["アンドロイド"]},
    }
    assert knowledge.entities() == ("platform",)
    assert knowledge.terms("weather") == {}


def test_scalars_stay_text_and_never_become_booleans_or_numbers(tree: Any) -> None:
    for path in ("topic.yml", "en.yml", "ja.yml"):
        text = tree.read(f"topics/trouble/cache/{path}").replace("iphone", "no").replace("android", "on")
        tree.write(f"topics/trouble/cache/{path}", text)
    for language in ("en", "ja"):
        text = tree.read(f"topics/trouble/pin/{language}.yml").replace("iphone:", "no:")
        tree.write(f"topics/trouble/pin/{language}.yml", text.replace("android:", "on:"))
    tree.change("topics/trouble/pin/en.yml", "title: Forgotten PIN", "title: 404")
    knowledge = tree.load()
    assert knowledge.topics["cache"].guide[0].choices == ("no", "on")
    assert knowledge.label("pin", "en") == "404"


def test_text_in_a_block_loses_the_line_break_at_its_end(tree: Any) -> None:
    tree.change(
        "topics/trouble/pin/en.yml",
        "answer: Open **Help** and type {code}.",
        "answer: |\n    Open **Help**.\n\n    Type {code}.\n",
    )
    assert tree.load().text("pin", "answer", "en") == "Open **Help**.\n\nType {code}."


def test_knowledge_cannot_be_changed_by_those_who_read_it(tree: Any) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        tree.load().topics["pin"].kind = "task"


def test_the_error_carries_every_problem_and_prints_them_one_a_line(tree: Any) -> None:
    tree.change("topics/talk/english/en.yml", "title: English", "titel: English")
    tree.change("topics/trouble/pin/topic.yml", "cache", "cash")
    with pytest.raises(KnowledgeError) as caught:
        tree.load()
    assert caught.value.problems == (
        Problem("data/topics/talk/english/en.yml", 1, "the title is missing"),
        Problem(
            "data/topics/talk/english/en.yml",
            1,
            "unknown key `titel` (possible: title, texts, guide, terms)",
        ),
        Problem("data/topics/trouble/pin/topic.yml", 3, "next_topics names the unknown topic `cash`"),
    )
    assert str(caught.value).splitlines() == [
        "data/topics/talk/english/en.yml:1: the title is missing",
        "data/topics/talk/english/en.yml:1: unknown key `titel` (possible: title, texts, guide, terms)",
        "data/topics/trouble/pin/topic.yml:3: next_topics names the unknown topic `cash`",
    ]


def test_a_language_that_is_only_recognised_has_a_sentence_and_one_mark(tree: Any) -> None:
    tree.add("languages.yml", "others:\n  ko: {name: 한국어, script: HANGUL, sentence: 죄송합니다.}\n")
    (korean,) = tree.load().others
    assert (korean.code, korean.script, korean.sentence) == ("ko", "HANGUL", "죄송합니다.")
    tree.change("languages.yml", "script: HANGUL, ", "")
    assert tree.problems() != []


def test_a_language_that_is_served_is_not_only_recognised(tree: Any) -> None:
    tree.add("languages.yml", "others:\n  ja: {name: 日本語, script: HIRAGANA, sentence: はい。}\n")
    assert tree.load().others == ()


def test_a_topic_may_be_urgent(tree: Any) -> None:
    assert not tree.load().topics["cache"].urgent
    tree.write("topics/talk/human/topic.yml", "kind: navigation\naction: action_human\n")
    tree.write("topics/talk/human/en.yml", "title: A person\n")
    tree.write("topics/talk/human/ja.yml", "title: 担当者\n")
    tree.change(
        "topics/trouble/pin/topic.yml", "next_topics: [cache]", "urgent: true\nnext_topics: [cache, human]"
    )
    assert tree.load().topics["pin"].urgent
