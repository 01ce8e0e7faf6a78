"""Taking a message in: stored once, as far as it can be stored, and told what was left out."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bot.messages.parsing import MAX_TEXT_CHARACTERS
from bot.privacy.redaction import Redacted, redact
from bot.storage import conversation, inbound, outbound
from tests.support.gateway import ENGLISH_NUMBER, Parts, rows


async def contents(parts: Parts) -> list[str]:
    return [row["content"] for row in await rows(parts.database, inbound)]


async def notices(parts: Parts) -> list[str]:
    """The names of the gateway's own notices so far, found by their texts."""
    told = []
    for row in await rows(parts.database, outbound, origin="system"):
        texts = parts.knowledge.topics["notices"].languages[row["language"]].texts
        told.append(next(name for name, text in texts.items() if row["text"] in {text.text, text.sms}))
    return told


async def test_a_message_is_stored_with_its_time_and_the_worker_is_woken(parts: Parts) -> None:
    accepted = await parts.receive("hello", external_id="SM1")

    assert not accepted.duplicate
    (row,) = await rows(parts.database, inbound)
    assert (row["id"], row["kind"], row["content"], row["state"]) == (accepted.id, "text", "hello", "queued")
    assert row["received_at"] == row["due_at"] == parts.clock()
    assert not row["redacted"]
    assert parts.woken == 1


async def test_a_repeated_delivery_gives_the_first_id_and_changes_nothing(parts: Parts) -> None:
    first = await parts.receive("hello", external_id="SM1")
    parts.clock.advance(60)
    again = await parts.receive("hello, in other words", external_id="SM1")

    assert (again.id, again.duplicate) == (first.id, True)
    assert await contents(parts) == ["hello"]


async def test_a_repeated_delivery_says_its_notice_once(parts: Parts) -> None:
    for _ in range(3):
        await parts.receive("my password is hunter2", external_id="SM1")

    assert await notices(parts) == ["secret_removed"]


async def test_twenty_deliveries_at_once_are_one_message(parts: Parts) -> None:
    accepted = await asyncio.gather(*(parts.receive("hello", external_id="SM1") for _ in range(20)))

    assert len({one.id for one in accepted}) == 1
    assert sorted(one.duplicate for one in accepted) == [False] + [True] * 19
    assert await contents(parts) == ["hello"]
    assert len(await rows(parts.database, conversation)) == 1


async def test_twenty_first_messages_at_once_are_one_conversation(parts: Parts) -> None:
    await asyncio.gather(*(parts.receive(str(n)) for n in range(20)))

    assert sorted(await contents(parts), key=int) == [str(n) for n in range(20)]
    assert len(await rows(parts.database, conversation)) == 1


async def test_the_same_id_from_another_client_or_channel_is_another_message(parts: Parts) -> None:
    accepted = [
        await parts.receive("a", external_id="1"),
        await parts.receive("b", external_id="1", peer=ENGLISH_NUMBER),
        await parts.receive("c", external_id="1", channel="simulator.telegram"),
    ]

    assert [one.duplicate for one in accepted] == [False] * 3
    assert await contents(parts) == ["a", "b", "c"]


async def test_a_text_of_the_limit_is_kept_whole_and_one_more_is_cut_with_a_notice(parts: Parts) -> None:
    await parts.receive("あ" * MAX_TEXT_CHARACTERS)
    assert await notices(parts) == []

    await parts.receive("い" * (MAX_TEXT_CHARACTERS + 1))
    assert await contents(parts) == ["あ" * MAX_TEXT_CHARACTERS, "い" * MAX_TEXT_CHARACTERS]
    assert await notices(parts) == ["too_long"]
    assert MAX_TEXT_CHARACTERS == 4096


async def test_a_secret_in_what_is_cut_is_taken_out_too(parts: Parts) -> None:
    await parts.receive("a " * 2000 + "my password is Hunter2x " + "b" * 400)

    (content,) = await contents(parts)
    assert "Hunter2x" not in content
    assert sorted(await notices(parts)) == ["secret_removed", "too_long"]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("a\x00b", "ab"),
        ("a\ud800b", "ab"),
        ("\udfff\x00", ""),
        ("a👍🏽b", "a👍🏽b"),
        ("e\u0301\u200d\u202e\n\t\x07", "e\u0301\u200d\u202e\n\t\x07"),
        ("'; DROP TABLE inbound; --", "'; DROP TABLE inbound; --"),
        ("%s %(x)s :name ? {}", "%s %(x)s :name ? {}"),
    ],
    ids=["null", "lone surrogate", "nothing left", "emoji", "marks", "sql", "placeholders"],
)
async def test_any_text_is_stored_without_what_cannot_be(parts: Parts, sent: str, stored: str) -> None:
    await parts.receive(sent)
    assert await contents(parts) == [stored]


@pytest.mark.parametrize(
    "token",
    ["a\x00b", "\ud800", "my password is hunter2", "x" * 5000, ""],
    ids=["null", "lone surrogate", "words", "long", "empty"],
)
async def test_what_is_no_token_is_taken_as_a_button_that_nobody_knows(parts: Parts, token: str) -> None:
    await parts.receive(token, kind="button")

    assert await contents(parts) == [""]
    assert await notices(parts) == []


async def test_a_secret_is_taken_out_before_it_is_stored_and_the_client_is_told(parts: Parts) -> None:
    await parts.receive("暗証番号は1234です")

    (row,) = await rows(parts.database, inbound)
    assert row["content"] == "暗証番号は⟦secret:pin⟧です"
    assert row["redacted"]
    assert await notices(parts) == ["secret_removed"]
    (notice,) = await rows(parts.database, outbound)
    assert (notice["language"], notice["inbound_id"], notice["epoch"]) == ("ja", row["id"], 0)
    # By SMS its shorter variant.
    assert notice["text"] == parts.knowledge.text("notices", "secret_removed", "ja", "sms")


async def test_a_text_is_redacted_before_the_transaction_and_not_in_the_databases_thread(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that takes long to redact must not hold up everybody else's transactions."""
    threads: list[str] = []

    def watched(text: str) -> Redacted:
        threads.append(threading.current_thread().name)
        return redact(text)

    monkeypatch.setattr("bot.messages.parsing.redact", watched)
    await parts.receive(("pw-" * 1400)[:MAX_TEXT_CHARACTERS])
    assert len(threads) == 1
    assert not threads[0].startswith("database")


async def test_a_code_goes_into_the_vault_and_only_its_reference_into_the_inbox(parts: Parts) -> None:
    await parts.receive("１２３ ４５６")

    (row,) = await rows(parts.database, inbound)
    assert row["kind"] == "code"
    assert "123" not in row["content"]
    assert await parts.database.run(parts.vault.open, row["content"]) == "123456"


@pytest.mark.parametrize(
    ("expected_input", "seconds", "kind"),
    [("code", 60, "code"), ("code", 0, "text"), ("phone_number", 60, "text"), (None, 60, "text")],
)
async def test_a_code_in_a_sentence_is_one_only_while_it_is_expected(
    parts: Parts, expected_input: str | None, seconds: float, kind: str
) -> None:
    await parts.conversation()
    await parts.change(expected_input=expected_input, expected_input_until=parts.clock() + seconds)

    await parts.receive("the code is 123456")

    assert [row["kind"] for row in await rows(parts.database, inbound)] == [kind]


async def test_a_phone_number_stays_a_text_while_one_is_expected(parts: Parts) -> None:
    await parts.conversation()
    await parts.change(expected_input="phone_number", expected_input_until=parts.clock() + 60)

    await parts.receive("55501234")

    assert await contents(parts) == ["55501234"]


async def test_what_is_called_a_pin_is_never_passed_on_as_the_expected_code(parts: Parts) -> None:
    await parts.conversation()
    await parts.change(expected_input="code", expected_input_until=parts.clock() + 60)

    await parts.receive("my PIN is 123456")

    assert [(row["kind"], row["content"]) for row in await rows(parts.database, inbound)] == [
        ("text", "my PIN is ⟦secret:pin⟧")
    ]


async def test_a_conversation_keeps_its_language_whatever_later_messages_hint(parts: Parts) -> None:
    await parts.receive("こんにちは", hint="ja")
    await parts.receive("hello", hint="en")

    assert [row["language"] for row in await rows(parts.database, conversation)] == ["ja"]
