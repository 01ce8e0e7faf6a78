"""What nobody could read is kept: once, bounded, and without what may be secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.messages import dead_letters
from bot.messages.dead_letters import MAX_CHARACTERS, DeadLetter, DeadLetters
from tests.support.gateway import Parts


async def kept(parts: Parts, what: Any, reason: str = "unreadable", channel: str = "telegram") -> None:
    await DeadLetters(parts.database, parts.clock).keep(channel, reason, what)


async def newest(parts: Parts, limit: int = 1_000) -> list[DeadLetter]:
    return await parts.database.run(dead_letters.newest, limit)


async def test_a_dead_letter_says_what_came_when_and_why(parts: Parts) -> None:
    await kept(parts, {"update_id": 7, "message": [True, None, 1.5, "hello"]})
    (letter,) = await newest(parts)
    assert json.loads(letter.content) == {"update_id": 7, "message": [True, None, 1.5, "hello"]}
    assert (letter.channel, letter.reason) == ("telegram", "unreadable")
    assert letter.received_at == parts.clock()


async def test_it_does_not_say_who_wrote_it(sqlite_parts: Parts) -> None:
    await kept(sqlite_parts, {"update_id": 7, "from": {"id": 55_512_345, "phone_number": "+819012345678"}})
    (letter,) = await newest(sqlite_parts)
    assert json.loads(letter.content)["from"] == {"id": 0, "phone_number": "+############"}


async def test_the_same_delivered_again_is_kept_once(parts: Parts) -> None:
    for update in (1, 1, 2, 1):
        await kept(parts, {"update_id": update})
    assert len(await newest(parts)) == 2


@pytest.mark.parametrize(
    "text", ["my password is Hunter2x", "暗証番号は9982です", "123456", "１２３４５６", "12-34-56"]
)
async def test_nothing_in_it_is_a_secret_or_a_code(sqlite_parts: Parts, text: str) -> None:
    await kept(sqlite_parts, {"a": {text: [text]}})
    (letter,) = await newest(sqlite_parts)
    content = str(json.loads(letter.content))
    assert "Hunter2x" not in content
    assert not any(sign.isdigit() for sign in content.replace("⟦", ""))


async def test_the_newest_of_each_channel_are_kept(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.messages.dead_letters.MAX_LETTERS", 3)
    await kept(parts, {"n": 0}, channel="sms")
    for n in range(6):
        await kept(parts, {"n": n})
    assert [(letter.channel, json.loads(letter.content)["n"]) for letter in await newest(parts)] == [
        ("sms", 0),
        ("telegram", 3),
        ("telegram", 4),
        ("telegram", 5),
    ]
    assert len(await newest(parts, 2)) == 2


@pytest.mark.parametrize(
    "what",
    [
        {"text": "あ" * 500_000},
        {"texts": ["x"] * 200_000},
        {str(n): "x" for n in range(100_000)},
        {"deep": json.loads("[" * 900 + "]" * 900)},
        {"\ud800": "\0\ud800", "n": 10**4000, "x": float("inf")},
    ],
)
async def test_whatever_it_is_it_takes_little_room(parts: Parts, what: dict[str, Any]) -> None:
    await kept(parts, what)
    (letter,) = await newest(parts)
    assert len(letter.content) <= 8 * MAX_CHARACTERS
