"""What becomes of a message to Telegram: sent as it should look, tried again, or given up with the right reason."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from telegram import InlineKeyboardMarkup

from bot.channels.telegram.client import TelegramClient
from bot.channels.telegram.rate_limiter import CALLS_PER_SECOND, RateLimiter
from bot.channels.telegram.sender import TelegramSender, keyboard
from bot.domain import ConversationId, OutboundId
from bot.messages.conversations import Address
from bot.messages.outbound_queue import OutboundMessage, Receipt
from bot.messages.outbox import MessageButton
from bot.messages.sender import SendDeferredError, SendRejectedError, SendUnconfirmedError, SendUnknownError
from bot.settings import TelegramMode, TelegramSettings
from tests.support.fake_telegram import BLOCKED, BOT_TOKEN, FakeTelegram, refusal, too_many
from tests.support.gateway import ManualClock
from tests.support.knowledge import KNOWLEDGE

MENU = [MessageButton("iPhone", "t1"), MessageButton("Android", "t2")]
CONTACT = MessageButton("Share my number", "t3", "request_contact")


@pytest.fixture(scope="module")
def api() -> Iterator[FakeTelegram]:
    with FakeTelegram() as running:
        yield running


@pytest.fixture
def telegram(api: FakeTelegram) -> Iterator[FakeTelegram]:
    api.calls.clear()
    api.chats.clear()
    yield api
    assert api.wrong == []


def settings(url: str, token: str = BOT_TOKEN) -> TelegramSettings:
    return TelegramSettings(token, TelegramMode.POLLING, "", "", url)


@pytest.fixture
async def sender(telegram: FakeTelegram, clock: ManualClock) -> AsyncIterator[TelegramSender]:
    async with TelegramClient(settings(telegram.url)) as bot:
        yield TelegramSender(bot, KNOWLEDGE, RateLimiter(clock, _no_sleep))


async def _no_sleep(_: float) -> None:
    return


def message(text: str = "Tap **Next** 🙂", chat: int = 5, **more: Any) -> OutboundMessage:
    given: dict[str, Any] = {"origin": "assistant", "language": "en", "buttons": [], "attempts": 1} | more
    return OutboundMessage(
        id=OutboundId(1),
        key="c-1",
        conversation_id=ConversationId(1),
        address=Address("telegram", str(chat)),
        text=text,
        **given,
    )


async def send(sender: TelegramSender, outgoing: OutboundMessage) -> Receipt:
    return await sender.send(outgoing, sender.parts(outgoing)[outgoing.parts_sent])


async def test_a_message_arrives_with_its_bold_words_and_its_buttons(
    sender: TelegramSender, telegram: FakeTelegram
) -> None:
    receipt = await send(sender, message(buttons=MENU))
    (shown,) = telegram.chats[5]
    assert (shown["text"], shown["entities"]) == (
        "Tap Next 🙂",
        [{"type": "bold", "offset": 4, "length": 4}],
    )
    assert telegram.keyboard(5) == {"iPhone": "t1", "Android": "t2"}
    assert receipt.provider_id == str(shown["message_id"])


async def test_a_long_message_arrives_in_parts_with_the_buttons_below_the_last(
    sender: TelegramSender, telegram: FakeTelegram
) -> None:
    text = "\n\n".join("x" * 1500 for _ in range(4))
    for part in range(2):
        await send(sender, message(text, buttons=MENU, parts_sent=part))
    assert "\n\n".join(telegram.texts(5)) == text
    assert [bool(shown["reply_markup"]) for shown in telegram.chats[5]] == [False, True]


async def test_a_contact_is_asked_for_by_a_keyboard_that_is_taken_away_later(
    sender: TelegramSender, telegram: FakeTelegram
) -> None:
    await send(sender, message("Which number?", buttons=[CONTACT, *MENU[:1]]))
    await send(sender, message("Thank you", clears_keyboard=True))
    asked, cleared = (call["reply_markup"] for call in telegram.called("sendMessage"))
    assert asked["keyboard"] == [[{"text": "Share my number", "request_contact": True}], [{"text": "iPhone"}]]
    assert (asked["one_time_keyboard"], asked["resize_keyboard"]) == (True, True)
    assert cleared == {"remove_keyboard": True}


def test_short_labels_share_a_row_and_long_ones_do_not() -> None:
    labels = ["Next", "Back", "It doesn't work", "次へ進む手順を見る", "前へ"]
    shown = keyboard([MessageButton(label, "t") for label in labels])
    assert isinstance(shown, InlineKeyboardMarkup)
    rows = [
        [button.text for button in row]
        for row in shown.to_dict()["inline_keyboard"] and shown.inline_keyboard
    ]
    assert rows == [["Next", "Back", "It doesn't work"], ["次へ進む手順を見る", "前へ"]]


@pytest.mark.parametrize(
    ("answer", "error", "reach"),
    [
        (BLOCKED, "blocked", "blocked"),
        (refusal(403, "Forbidden: user is deactivated"), "blocked", "blocked"),
        (refusal(400, "Bad Request: chat not found"), "unusable", "unusable"),
        (refusal(400, "Bad Request: message is too long"), "too_long", None),
        (refusal(400, "Bad Request: BUTTON_DATA_INVALID"), "refused", None),
        (
            refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1001),
            "refused",
            None,
        ),
    ],
)
async def test_a_refusal_for_good_has_its_reason(
    sender: TelegramSender, telegram: FakeTelegram, answer: object, error: str, reach: str | None
) -> None:
    telegram.faults["sendMessage"].append(answer)
    with pytest.raises(SendRejectedError) as refused:
        await send(sender, message("hello"))
    assert (refused.value.error, refused.value.unreachable) == (error, reach)


@pytest.mark.parametrize(
    ("answer", "error", "seconds"),
    [
        (too_many(7), "rate_limited", 7.0),
        (refusal(500, "Internal Server Error"), "provider_down", None),
        (refusal(502, "Bad Gateway"), "provider_down", None),
        (refusal(401, "Unauthorized"), "not_set_up", None),
        (refusal(404, "Not Found"), "not_set_up", None),
    ],
)
async def test_a_passing_refusal_is_for_later(
    sender: TelegramSender, telegram: FakeTelegram, answer: object, error: str, seconds: float | None
) -> None:
    telegram.faults["sendMessage"].append(answer)
    with pytest.raises(SendDeferredError) as later:
        await send(sender, message("hello"))
    assert (later.value.error, later.value.seconds) == (error, seconds)


async def test_no_telegram_at_all_is_for_later(clock: ManualClock) -> None:
    async with TelegramClient(settings("http://127.0.0.1:1")) as bot:
        with pytest.raises(SendDeferredError, match="provider_down"):
            await send(TelegramSender(bot, KNOWLEDGE, RateLimiter(clock, _no_sleep)), message())


@pytest.mark.parametrize("fault", ["drop", "lost", "garbage"])
async def test_a_lost_answer_is_a_doubt(sender: TelegramSender, telegram: FakeTelegram, fault: str) -> None:
    telegram.faults["sendMessage"].append(fault)
    with pytest.raises(SendUnconfirmedError):
        await send(sender, message("hello"))


async def test_silence_is_a_doubt(
    telegram: FakeTelegram, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.client.ANSWER_SECONDS", 0.1)
    telegram.faults["sendMessage"].append("hang")
    async with TelegramClient(settings(telegram.url)) as bot:
        with pytest.raises(SendUnconfirmedError):
            await send(TelegramSender(bot, KNOWLEDGE, RateLimiter(clock, _no_sleep)), message())


async def test_in_doubt_an_answer_is_repeated_a_few_times_and_a_notice_never(sender: TelegramSender) -> None:
    for origin in ("assistant", "agent", "backend"):
        doubtful = message(origin=origin, unconfirmed_attempts=1)
        await sender.resolve(doubtful, sender.parts(doubtful)[0])
    for given in (
        message(origin="system", unconfirmed_attempts=1),
        message(origin="assistant", unconfirmed_attempts=3),
    ):
        with pytest.raises(SendUnknownError):
            await sender.resolve(given, sender.parts(message())[0])


async def test_words_that_telegram_cannot_make_bold_go_out_plain(
    sender: TelegramSender, telegram: FakeTelegram
) -> None:
    telegram.faults["sendMessage"].append(refusal(400, "Bad Request: can't parse entities"))
    await send(sender, message("Tap **Next**"))
    (shown,) = telegram.chats[5]
    assert (shown["text"], shown["entities"]) == ("Tap Next", [])


async def test_a_group_is_left_after_it_was_told_why(sender: TelegramSender, telegram: FakeTelegram) -> None:
    await send(sender, message("I only talk in private", chat=-100200))
    assert [call["chat_id"] for call in telegram.called("leaveChat")] == ["-100200"]


async def test_one_chats_flood_is_its_own_and_a_second_ones_spares_all(clock: ManualClock) -> None:
    rate_limiter = RateLimiter(clock, _no_sleep)
    rate_limiter.back_off("a", 30)
    assert rate_limiter.remaining_pause() == 0
    rate_limiter.back_off("b", 5)
    assert rate_limiter.remaining_pause() == 30
    clock.advance(30)
    assert rate_limiter.remaining_pause() == 0
    rate_limiter.back_off("b", 5)
    assert rate_limiter.remaining_pause() == 0


async def test_all_chats_together_get_thirty_a_second(clock: ManualClock) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    rate_limiter = RateLimiter(clock, sleep)
    for _ in range(61):
        await rate_limiter.acquire()
    assert max(waited) == pytest.approx(60 / CALLS_PER_SECOND)
    assert CALLS_PER_SECOND == 30
