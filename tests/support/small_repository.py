"""A small made-up repository: a data folder with a few topics in two languages."""

from __future__ import annotations

import textwrap
from pathlib import Path

FILES = {
    "languages.yml": """\
        default: en
        languages:
          en: {name: English, calling_codes: [], chosen_by: hello, quotes: ['"', '"']}
          ja: {name: 日本語, calling_codes: ["81"], quotes: ["「", "」"]}
        """,
    "topics/talk/hello/topic.yml": """\
        kind: navigation
        action: action_language
        """,
    "topics/talk/hello/en.yml": """\
        title: Hello
        """,
    "topics/talk/hello/examples.en.txt": """\
        hello there
        good morning
        /hello
        """,
    "topics/talk/hello/ja.yml": """\
        title: こんにちは
        """,
    "topics/talk/hello/examples.ja.txt": """\
        こんにちは
        おはようございます
        """,
    "topics/talk/restart/topic.yml": """\
        kind: navigation
        action: action_begin_again
        """,
    "topics/talk/restart/en.yml": """\
        title: Start over
        """,
    "topics/talk/restart/examples.en.txt": """\
        start over
        begin again
        OK
        """,
    "topics/talk/restart/ja.yml": """\
        title: 最初から
        """,
    "topics/talk/restart/examples.ja.txt": """\
        最初からお願いします
        やり直したい
        OK
        """,
    "topics/talk/guide/topic.yml": "kind: texts\n",
    "topics/talk/guide/en.yml": """\
        texts:
          progress: {text: "Step {step} of {steps}", sms: "{step}/{steps}"}
          source: "Source: {articles}"
          finished: "That was all."
        """,
    "topics/talk/guide/ja.yml": """\
        texts:
          progress: "手順 {step}/{steps}"
          source: "出典: {articles}"
          finished: "以上です。"
        """,
    "topics/trouble/pin/topic.yml": """\
        kind: answer
        source: [KB2260, KB70]
        """,
    "topics/trouble/pin/en.yml": """\
        title: Forgotten PIN
        texts:
          answer: {text: "Open **Help** and type {code}.", sms: "Help, {code}."}
          other: "Long words."
        terms:
          platform: {iphone: [iPhone, iOS], android: [Android, Samsung Galaxy]}
        """,
    "topics/trouble/pin/examples.en.txt": """\
        I forgot my PIN
        I cannot remember the pin
        lost pin code
        """,
    "topics/trouble/pin/ja.yml": """\
        title: PINを忘れた
        texts:
          answer: "**ヘルプ**を開き、{code}を入力します。"
          other: "長い文です。"
        terms:
          platform: {iphone: [アイフォン], android: [アンドロイド, ギャラクシー]}
        """,
    "topics/trouble/pin/examples.ja.txt": """\
        PINを忘れました
        暗証番号がわからない
        """,
    "topics/trouble/cache/topic.yml": """\
        kind: guide
        source: [KB2745]
        guide:
          - question: platform
            choices: [iphone, android]
          - step: clear
            when: {platform: android}
          - step: again
        """,
    "topics/trouble/cache/en.yml": """\
        title: Clear the cache
        guide:
          platform: {text: "Which phone?", choices: {iphone: iPhone, android: Android}}
          clear: {text: "Clear it.", help: "Look under **Storage**."}
          again: {text: "Open it again."}
        """,
    "topics/trouble/cache/examples.en.txt": """\
        clear the cache
        the app is slow
        """,
    "topics/trouble/cache/ja.yml": """\
        title: キャッシュの消去
        guide:
          platform: {text: "どの電話ですか。", choices: {iphone: iPhone, android: Android}}
          clear: {text: "消去します。", help: "**ストレージ**を見ます。"}
          again: {text: "もう一度開きます。"}
        """,
    "topics/trouble/cache/examples.ja.txt": """\
        キャッシュを消したい
        アプリが遅い
        """,
}


class Repository:
    """A repository folder with data/, whose files are written in the order of `paths`."""

    def __init__(self, root: Path, paths: list[str] | None = None) -> None:
        self.root = root
        for path in paths or list(FILES):
            self.write(path, FILES[path])

    @property
    def data(self) -> Path:
        return self.root / "data"

    def write(self, path: str, text: str) -> None:
        file = self.data / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")

    def change(self, path: str, old: str, new: str) -> None:
        text = (self.data / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {path}"
        (self.data / path).write_text(text.replace(old, new), encoding="utf-8")
