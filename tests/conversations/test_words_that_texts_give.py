"""A phrase that a text suggests, or a button shows, leads to the topic it names."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge import Knowledge, load
from knowledge.text_names import named_texts
from tests.support.stack import ROOT, Stack

PROMISED = {
    "en": {
        "I lost my card": "card_lost",
        "I lost my phone": "phone_lost",
        "activate IB Key": "ibkey_activate",
        "add user": "ibkey_add_user",
        "app frozen": "app_cache",
        "challenge code": "challenge_response",
        "different identification information": "share_error_identification",
        "forgot PIN": "pin_forgotten",
        "forgot my PIN": "pin_forgotten",
        "install the app": "ibkey_install",
        "less secure device": "share_error_less_secure",
        "login failed": "login_failed",
        "new phone": "phone_new",
        "no SMS": "sms_missing",
        "no notification": "notification_missing",
        "reinstalled": "phone_new",
        "reinstalled app": "phone_new",
        "set up IB Key": "ibkey_activate",
        "share a device": "share_device",
    },
    "ja": {
        "IB Keyを有効化したい": "ibkey_activate",
        "IB Keyを設定したい": "ibkey_activate",
        "Less secure device": "share_error_less_secure",
        "PINを忘れた": "pin_forgotten",
        "SMSが届かない": "sms_missing",
        "アプリが固まる": "app_cache",
        "アプリを入れたい": "ibkey_install",
        "アプリを入れ直した": "phone_new",
        "カードをなくした": "card_lost",
        "スマホをなくした": "phone_lost",
        "チャレンジコード": "challenge_response",
        "デバイスを共有したい": "share_device",
        "ユーザーを追加": "ibkey_add_user",
        "ログインできない": "login_failed",
        "再インストールした": "phone_new",
        "機種変更": "phone_new",
        "通知が来ない": "notification_missing",
    },
}
# Recognised by the terms of `linking`, whatever its intent.
BY_TERMS = {"en": {"unlink this chat"}, "ja": {"連携を解除"}}
SUGGESTION = {
    "en": re.compile(r'\bwrite:? ((?:"[^"]+"(?:,? or )?)+)', re.IGNORECASE),
    "ja": re.compile(r"((?:「[^」]+」[^「」。]*)+)(?:お送り|送信)"),
}
QUOTED = {"en": re.compile(r'"([^"]+)"'), "ja": re.compile(r"「([^」]+)」")}
STEP_TOPICS = ("step_done", "step_back", "step_stuck")


def suggested_phrases(knowledge: Knowledge, language: str) -> set[str]:
    """Return every phrase that a text tells the client to write."""
    found = set()
    for _, text in named_texts(knowledge, language):
        for variant in filter(None, (text.text, text.sms)):
            for words in SUGGESTION[language].findall(variant):
                found.update(QUOTED[language].findall(words))
    return found


@pytest.mark.parametrize("language", PROMISED)
def test_every_phrase_that_a_text_suggests_has_an_expected_topic(language: str) -> None:
    assert suggested_phrases(load(), language) == PROMISED[language].keys() | BY_TERMS[language]


def topic_buttons(knowledge: Knowledge) -> Iterator[tuple[str, str, str]]:
    """Yield every topic's button: its label, its topic and the language."""
    offered = {offer for topic in knowledge.topics.values() for offer in topic.next_topics}
    for language in knowledge.languages:
        for topic in sorted(offered.union(STEP_TOPICS)):
            yield knowledge.label(topic, language), topic, language


@pytest.mark.stack
@pytest.mark.rasa
def test_suggested_phrases_and_button_labels_are_recognised(
    stack: Stack, knowledge: Knowledge, tmp_path: Path
) -> None:
    rows = [*topic_buttons(knowledge)]
    rows += [(words, topic, code) for code, by in PROMISED.items() for words, topic in by.items()]
    file = tmp_path / "words.tsv"
    file.write_text(
        "\n".join("\t".join(row) for row in [("text", "intent", "lang"), *rows]), encoding="utf-8"
    )
    command = [sys.executable, "-m", "bot.cli.main", "nlu", "evaluate", str(file), "--json"]
    done = subprocess.run(command, cwd=ROOT, check=True, timeout=200, capture_output=True, text=True)
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["messages"] == len(rows)
    assert report["wrong"] == []
    for code, phrases in BY_TERMS.items():
        words = knowledge.terms("task_command")["unlink"][code]
        assert phrases <= set(words)
