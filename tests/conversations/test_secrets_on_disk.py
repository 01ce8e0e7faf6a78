"""Secrets that clients type unasked, and the codes they are asked for, are stored in no file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.conversation import Conversation
from tests.support.sandbox import other_than
from tests.support.script import CHANNELS, new_client, new_number
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.rasa]

SECRETS = {
    "en": {
        "Tr0ub4dor&3x": "my password is Tr0ub4dor&3x",
        "hunter2-PLUS": "password: hunter2-PLUS and it still does not work",
        "correcthorse7": "I typed my pass word correcthorse7 and nothing happens",
        "73519": "the PIN is 73519",
        "Kx8841": "pin=Kx8841",
        "9942-1187": "the response string is 9942-1187",
    },
    "ja": {
        "Sakura!2024x": "パスワードはSakura!2024xです",
        "Fuji-san#77": "ログインパスワード：Fuji-san#77",
        "58204": "暗証番号は58204です",
        "Ume9Take": "ピンコードが Ume9Take",
        "hirameki42": "パスワードはｈｉｒａｍｅｋｉ４２",
        "6618-3307": "レスポンスコードは6618-3307です",
    },
}
# Digits alone are read as a code. These are long, so that no file contains them by chance.
UNASKED = {"en": "90417365", "ja": "８２６１９０５３"}
FULL_WIDTH = str.maketrans({chr(sign): chr(sign + 0xFEE0) for sign in range(0x21, 0x7F)})


def files(folder: Path) -> Iterator[Path]:
    """Yield every file of the stack: databases, their write-ahead logs, keys and logs."""
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file())


def holds(content: bytes, secret: str) -> bool:
    """Return whether the bytes hold the secret: as typed, in full width, or escaped as in JSON or UTF-16."""
    if secret.isdigit():
        # Not as part of a longer number or a fraction, since timestamps contain many digits.
        return re.search(rb"(?<![\d.+])" + secret.encode() + rb"(?!\d)", content) is not None
    wide = secret.translate(FULL_WIDTH)
    encodings = [secret.encode(), wide.encode(), secret.encode("utf-16-le"), wide.encode("unicode_escape")]
    return any(form in content for form in encodings)


def assert_nowhere(stack: Stack, secrets: list[str], *, but: str = "") -> None:
    searched = []
    for path in files(stack.state_dir):
        if but and path.name.startswith(but):
            continue
        content = path.read_bytes()
        searched.append(path.name)
        found = [secret for secret in secrets if holds(content, secret)]
        assert not found, f"{path.name} holds {found}"
    assert {"assistant.db", "tracker.db", "sandbox.db", "stack.log"} <= set(searched)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_passwords_and_pins_are_in_no_file_and_no_log(stack: Stack, channel: str, language: str) -> None:
    client = new_client(stack, channel, language)
    for secret, message in SECRETS[language].items():
        client.say(message)
        assert client.replies, f"{message} got no reply"
        assert secret not in client.transcript
    client.say(UNASKED[language])
    assert client.replies
    assert_nowhere(stack, [*SECRETS[language], UNASKED["en"], "82619053"])


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_codes_are_in_no_file_but_the_clients_own_phone(stack: Stack, channel: str, language: str) -> None:
    client = new_client(stack, channel, language)
    words = {"en": ("please verify my number {}", "Right"), "ja": ("携帯番号を確認してください {}", "はい")}
    ask, yes = words[language]
    client.say(ask.format(new_number())).press(yes)
    code = client.code()
    wrong = other_than(code)
    client.say(f"my code is {wrong}" if language == "en" else f"コードは{wrong}です")
    client.say(f"{code[:3]} {code[3:]}")
    assert "PV-" in client.text
    client.say(code)
    # The simulated phones are the client's side, where the SMS itself is stored.
    assert_nowhere(stack, [code, wrong], but="simulator.db")


def test_the_search_finds_a_stored_message(stack: Stack) -> None:
    client: Conversation = new_client(stack, "telegram", "en").say(
        "xylophone-4711 is not a secret of anybody"
    )
    assert client.replies
    # The message is no secret, so the gateway's and Rasa's database must contain it.
    found = {path.name for path in files(stack.state_dir) if holds(path.read_bytes(), "xylophone-4711")}
    assert {name.partition("-")[0] for name in found} >= {"assistant.db", "tracker.db"}
