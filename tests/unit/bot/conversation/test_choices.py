"""The choice that a client made: a tap on the newest message, its number, or its label, however they type it."""

from __future__ import annotations

import pytest

from bot.conversation import choices
from bot.messages import outbox
from bot.messages.outbox import Choice
from bot.storage import button
from tests.support.gateway import Parts, rows

MENU = [
    Choice("It has not arrived", "/sms_missing"),
    Choice("次へ進む", "/step_done"),
    Choice("iPhone", "/iphone"),
]


async def offer(parts: Parts, menu: list[Choice], peer: str = "a") -> list[str]:
    """Offer a menu; gives back the buttons' tokens."""
    to = await parts.conversation(peer)
    message_id = await parts.database.run(outbox.add, to, origin="assistant", text="?", choices=menu)
    menu_rows = await rows(parts.database, button, outbound_id=message_id)
    return [row["token"] for row in sorted(menu_rows, key=lambda row: row["position"])]


async def typed(parts: Parts, text: str, peer: str = "a") -> str | None:
    return await parts.database.run(choices.find_by_text, (await parts.conversation(peer)).id, text)


async def tapped(parts: Parts, token: str, peer: str = "a") -> str | None:
    return await parts.database.run(choices.find_by_token, (await parts.conversation(peer)).id, token)


async def close(parts: Parts, peer: str = "a") -> None:
    owner = await parts.conversation(peer)
    await parts.database.run(choices.close_menus, owner.id)


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("1", "/sms_missing"),
        ("１", "/sms_missing"),
        ("①", "/sms_missing"),
        ("一", "/sms_missing"),
        ("1.", "/sms_missing"),
        ("1)", "/sms_missing"),
        ("(1)", "/sms_missing"),
        ("⑴", "/sms_missing"),
        ("1、", "/sms_missing"),
        ("「1」", "/sms_missing"),
        (" 1 ", "/sms_missing"),
        ("1!", "/sms_missing"),
        ("1\n", "/sms_missing"),
        ("2", "/step_done"),
        ("二", "/step_done"),
        ("３", "/iphone"),
        ("It has not arrived", "/sms_missing"),
        ("it has NOT arrived.", "/sms_missing"),
        ("  it  has not\narrived ", "/sms_missing"),
        ("Ｉｔ ｈａｓ ｎｏｔ ａｒｒｉｖｅｄ", "/sms_missing"),
        ("次へ進む", "/step_done"),
        ("「次へ進む」。", "/step_done"),
        ("iphone", "/iphone"),
        ("ＩＰＨＯＮＥ", "/iphone"),
        ("11", None),
        ("12", None),
        ("0", None),
        ("4", None),
        ("四", None),
        ("十", None),
        ("-1", None),
        ("1.5", None),
        ("1 2", None),
        ("one", None),
        ("it has arrived", None),
        ("it has not arrived yet", None),
        ("iphone and android", None),
        ("", None),
        (" ", None),
        (".", None),
        ("1" * 65, None),
        ("/sms_missing", None),
    ],
)
async def test_a_choice_is_known_however_it_is_typed(
    sqlite_parts: Parts, text: str, payload: str | None
) -> None:
    await offer(sqlite_parts, MENU)
    assert await typed(sqlite_parts, text) == payload


ANSWERS = [
    Choice("Number verification", '/inform{"which_sms": "confirm"}'),
    Choice("Log-in code", '/inform{"which_sms": "login"}'),
    Choice("Log-in page", '/inform{"which_sms": "page"}'),
    Choice("ログイン用のコード", '/inform{"which_sms": "ログイン"}'),
    Choice("New phone, reinstalled app", "/phone_new"),
]


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("number", ANSWERS[0].payload),
        ("log in code", ANSWERS[1].payload),
        ("LOGIN PAGE", ANSWERS[2].payload),
        ("ログイン用", ANSWERS[3].payload),
        ("login", None),  # of two
        ("code", None),  # not the beginning
        ("numb", None),  # not a word
        ("num", None),
        ("ロ", None),
        ("new phone", None),  # no answer to a question, but a topic
        ("number of shares", None),
    ],
)
async def test_the_beginning_of_one_answer_is_that_answer(
    sqlite_parts: Parts, text: str, payload: str | None
) -> None:
    await offer(sqlite_parts, ANSWERS)
    assert await typed(sqlite_parts, text) == payload


async def test_a_menu_of_eleven_tells_one_from_eleven(parts: Parts) -> None:
    await offer(parts, [Choice(f"choice {n}", f"/{n}") for n in range(1, 12)])
    assert [await typed(parts, text) for text in ("1", "11", "１１", "⑪", "10")] == [
        "/1",
        "/11",
        "/11",
        "/11",
        "/10",
    ]


async def test_a_number_means_nothing_where_no_menu_was_offered(parts: Parts) -> None:
    await offer(parts, MENU, "somebody else")
    assert await typed(parts, "1") is None


async def test_a_number_is_of_the_newest_menu(parts: Parts) -> None:
    await offer(parts, MENU)
    await offer(parts, [Choice("Yes", "/affirm")])

    assert await typed(parts, "1") == "/affirm"
    assert await typed(parts, "2") is None
    assert await typed(parts, "iPhone") is None


async def test_a_number_and_a_label_mean_nothing_once_the_choice_was_made(parts: Parts) -> None:
    await offer(parts, MENU)
    await close(parts)
    assert [await typed(parts, text) for text in ("1", "iPhone")] == [None, None]


async def test_each_client_chooses_from_their_own_menu(parts: Parts) -> None:
    await offer(parts, [Choice("A", "/a")], "a")
    await offer(parts, [Choice("B", "/b")], "b")
    assert [await typed(parts, "1", peer) for peer in "ab"] == ["/a", "/b"]


async def test_a_tap_on_the_newest_message_is_its_payload(parts: Parts) -> None:
    tokens = await offer(parts, MENU)
    assert [await tapped(parts, token) for token in tokens] == [choice.payload for choice in MENU]


async def test_a_button_works_until_one_choice_was_made(parts: Parts) -> None:
    first, second, _ = await offer(parts, MENU)
    assert await tapped(parts, first) == "/sms_missing"

    await close(parts)

    assert await tapped(parts, first) is None
    assert await tapped(parts, second) is None


async def test_a_button_of_an_older_message_does_nothing(parts: Parts) -> None:
    (old, *_), (new, *_) = await offer(parts, MENU), await offer(parts, MENU)
    assert await tapped(parts, old) is None
    assert await tapped(parts, new) == "/sms_missing"


async def test_the_token_of_another_client_does_nothing(parts: Parts) -> None:
    (mine, *_), (theirs, *_) = await offer(parts, MENU, "a"), await offer(parts, MENU, "b")
    assert await tapped(parts, theirs, "a") is None
    assert await tapped(parts, mine, "b") is None
    assert await tapped(parts, mine, "a") == "/sms_missing"


@pytest.mark.parametrize("token", ["", "1", "It has not arrived", "/sms_missing", "x" * 64])
async def test_what_is_no_token_does_nothing(parts: Parts, token: str) -> None:
    await offer(parts, MENU)
    assert await tapped(parts, token) is None


async def test_closing_the_menus_of_one_client_leaves_those_of_the_others(parts: Parts) -> None:
    (mine, *_), (theirs, *_) = await offer(parts, MENU, "a"), await offer(parts, MENU, "b")
    await close(parts, "a")
    assert await tapped(parts, mine, "a") is None
    assert await tapped(parts, theirs, "b") == "/sms_missing"
