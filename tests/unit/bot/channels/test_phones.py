"""The simulated phones' memory: in order, once each, and still there after a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.channels.simulator.phones import RETENTION_DAYS, SECONDS_A_DAY, PhoneMessage, Phones

NUMBER = "+819012345678"


@pytest.fixture
def phones() -> Iterator[Phones]:
    opened = Phones(None)
    yield opened
    opened.close()


def deliver(
    phones: Phones, key: str, *, channel: str = "sms", peer: str = NUMBER, text: str = "Hello"
) -> int:
    return phones.deliver(channel, peer, "bot", text, [], [], key)


def test_a_delivered_message_is_on_the_phone_as_it_was_sent(phones: Phones) -> None:
    bold = [{"type": "bold", "offset": 4, "length": 2}]
    choices = [{"title": "はい", "token": "t1"}]

    given = phones.deliver("telegram", "person-1", "agent", "押す 次へ 🙂", bold, choices, "out-1")

    assert phones.messages("telegram", "person-1", after=0) == [
        PhoneMessage(given, "agent", "押す 次へ 🙂", bold, choices)
    ]


def test_the_json_of_a_message_is_what_the_page_reads(phones: Phones) -> None:
    message = PhoneMessage(7, "backend", "Your code is 123456", [], [])

    assert message.as_json() == {
        "id": 7,
        "from": "backend",
        "text": "Your code is 123456",
        "entities": [],
        "buttons": [],
    }


def test_a_repeated_delivery_returns_the_first_id_and_changes_nothing(phones: Phones) -> None:
    first = deliver(phones, "out-1", text="once")
    between = deliver(phones, "out-2", text="another")

    assert deliver(phones, "out-1", text="twice") == first
    assert [(m.id, m.text) for m in phones.messages("sms", NUMBER, after=0)] == [
        (first, "once"),
        (between, "another"),
    ]


def test_a_phone_shows_only_its_own_messages(phones: Phones) -> None:
    deliver(phones, "a", peer=NUMBER, text="mine")
    deliver(phones, "b", peer="+819087654321", text="another number")
    deliver(phones, "c", channel="telegram", peer=NUMBER, text="another channel")

    assert [m.text for m in phones.messages("sms", NUMBER, after=0)] == ["mine"]


def test_ids_grow_over_all_phones(phones: Phones) -> None:
    ids = [deliver(phones, f"out-{n}", peer=f"+8190123456{n:02}") for n in range(5)]

    assert ids == sorted(set(ids))
    assert phones.last_id() == ids[-1]


def test_after_and_limit_page_through_a_long_conversation_oldest_first(phones: Phones) -> None:
    for n in range(7):
        deliver(phones, f"out-{n}", text=str(n))

    pages: list[list[str]] = []
    after = 0
    while page := phones.messages("sms", NUMBER, after, limit=3):
        pages.append([m.text for m in page])
        after = page[-1].id

    assert pages == [["0", "1", "2"], ["3", "4", "5"], ["6"]]


def test_the_last_id_taken_as_after_leaves_only_what_comes_next(phones: Phones) -> None:
    assert phones.last_id() == 0
    deliver(phones, "old")
    now = phones.last_id()
    deliver(phones, "new", text="next")

    assert [m.text for m in phones.messages("sms", NUMBER, now)] == ["next"]


def test_an_unknown_origin_is_refused(phones: Phones) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        phones.deliver("sms", NUMBER, "stranger", "Hello", [], [], "out-1")  # type: ignore[arg-type]
    assert phones.messages("sms", NUMBER, after=0) == []


def test_a_reopened_file_shows_the_same_conversation_and_knows_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "state" / "simulator.db"
    before = Phones(path)
    first = deliver(before, "out-1", text="before the restart")
    before.close()

    after = Phones(path)
    assert deliver(after, "out-1", text="sent again") == first
    assert deliver(after, "out-2") > first
    assert [m.text for m in after.messages("sms", NUMBER, after=0)] == ["before the restart", "Hello"]
    after.close()


def test_a_delivery_is_in_the_file_even_if_the_phones_are_never_closed(tmp_path: Path) -> None:
    abandoned = Phones(tmp_path / "simulator.db")
    deliver(abandoned, "out-1", text="on disk")

    second = Phones(tmp_path / "simulator.db")
    assert [m.text for m in second.messages("sms", NUMBER, after=0)] == ["on disk"]
    second.close()
    abandoned.close()


def test_messages_older_than_thirty_days_are_dropped_at_start_and_their_ids_not_given_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "simulator.db"
    now = 1_000_000_000.0
    old = Phones(path, clock=lambda: now)
    deliver(old, "old", text="old")
    old.close()
    recent = Phones(path, clock=lambda: now + SECONDS_A_DAY)
    last = deliver(recent, "recent", text="recent")
    recent.close()

    reopened = Phones(path, clock=lambda: now + RETENTION_DAYS * SECONDS_A_DAY + 1)
    assert [m.text for m in reopened.messages("sms", NUMBER, after=0)] == ["recent"]
    reopened.close()

    emptied = Phones(path, clock=lambda: now + 100 * SECONDS_A_DAY)
    assert emptied.messages("sms", NUMBER, after=0) == []
    assert deliver(emptied, "new") > last
    emptied.close()


def test_threads_that_deliver_the_same_keys_at_once_get_the_same_ids(tmp_path: Path) -> None:
    phones = Phones(tmp_path / "simulator.db")
    keys = [f"out-{n}" for n in range(40)]

    def deliver_all(_: int) -> list[int]:
        return [deliver(phones, key) for key in keys]

    with ThreadPoolExecutor(max_workers=2) as pool:
        one, other = pool.map(deliver_all, range(2))

    assert one == other
    assert len(set(one)) == len(keys)
    assert [m.id for m in phones.messages("sms", NUMBER, after=0)] == sorted(one)
    phones.close()


def test_a_reader_in_another_thread_never_misses_or_reorders_a_message(tmp_path: Path) -> None:
    phones = Phones(tmp_path / "simulator.db")
    total = 60

    def read_all() -> list[str]:
        seen: list[PhoneMessage] = []
        while len(seen) < total:
            seen += phones.messages("sms", NUMBER, seen[-1].id if seen else 0)
        return [m.text for m in seen]

    with ThreadPoolExecutor(max_workers=2) as pool:
        reading = pool.submit(read_all)
        pool.submit(lambda: [deliver(phones, f"out-{n}", text=str(n)) for n in range(total)]).result()
        assert reading.result(timeout=20) == [str(n) for n in range(total)]
    phones.close()
