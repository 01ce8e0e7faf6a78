"""A small data folder without problems, for tests to change."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from knowledge import Knowledge, KnowledgeError, load

LANGUAGES = """\
    # Who speaks what.
    default: en
    languages:
      en: {name: English, calling_codes: [], chosen_by: english, quotes: ['"', '"']}
      ja: {name: 日本語, calling_codes: ["81"], quotes: ["「", "」"]}   # Japan
    """
FILES = {
    "languages.yml": LANGUAGES,
    "topics/talk/english/topic.yml": """\
        kind: navigation
        action: action_language
        """,
    "topics/talk/english/en.yml": """\
        title: English
        texts:
          now: I will write English.
        """,
    "topics/talk/english/examples.en.txt": """\
        English please
        """,
    "topics/talk/english/ja.yml": """\
        title: 英語
        texts:
          now: 英語で書きます。
        """,
    "topics/talk/english/examples.ja.txt": """\
        英語でお願いします
        """,
    "topics/trouble/pin/topic.yml": """\
        kind: answer
        source: [KB2260]
        next_topics: [cache]
        """,
    "topics/trouble/pin/en.yml": """\
        title: Forgotten PIN
        texts:
          answer: Open **Help** and type {code}.
          other: {text: "Long words, {name}.", sms: Short.}
        terms:
          platform: {iphone: [iPhone, iOS], android: [Android]}
        """,
    "topics/trouble/pin/examples.en.txt": """\
        I forgot my PIN
        lost the pin
        """,
    "topics/trouble/pin/ja.yml": """\
        title: PINを忘れた
        texts:
          answer: "**ヘルプ**を開き、{code}を入力します。"
          other: "{name}さん、長い文です。"
        terms:
          platform: {iphone: [アイフォン], android: [アンドロイド]}
        """,
    "topics/trouble/pin/examples.ja.txt": """\
        PINを忘れました
        """,
    "topics/trouble/cache/topic.yml": """\
        kind: guide
        guide:
          - question: platform
            choices: [iphone, android]
          - step: clear
            when: {platform: android}
          - step: again
            when:
              platform: [iphone, android]
        """,
    "topics/trouble/cache/en.yml": """\
        title: Clear the cache
        guide:
          platform:
            text: Which phone?
            sms: Phone?
            choices:
              iphone: iPhone
              android: Android
          clear:
            text: Clear it.
            help: Look under **Storage**.
          again: {text: Open it again.}
        """,
    "topics/trouble/cache/examples.en.txt": """\
        clear the cache
        """,
    "topics/trouble/cache/ja.yml": """\
        title: キャッシュの消去
        guide:
          platform:
            text: どの電話ですか。
            choices:
              iphone: iPhone
              android: Android
          clear:
            text: 消去します。
            help: "**ストレージ**を見ます。"
          again: {text: もう一度開きます。}
        """,
    "topics/trouble/cache/examples.ja.txt": """\
        キャッシュを消したい
        """,
}


class Tree:
    """The folder, with short ways to change it, load it and list its problems."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for path, text in FILES.items():
            self.write(path, text)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def change(self, path: str, old: str, new: str) -> None:
        text = self.read(path)
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {path}"
        (self.root / path).write_text(text.replace(old, new), encoding="utf-8")

    def add(self, path: str, text: str) -> None:
        (self.root / path).write_text(self.read(path) + text, encoding="utf-8")

    def load(self) -> Knowledge:
        return load(self.root)

    def problems(self) -> list[str]:
        """Return the problems as printed."""
        try:
            load(self.root)
        except KnowledgeError as error:
            return [str(problem) for problem in error.problems]
        return []


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "data")
