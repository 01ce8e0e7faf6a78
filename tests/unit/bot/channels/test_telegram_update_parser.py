"""What each kind of Telegram's updates says, and that none of them can do harm."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.telegram.update_parser import ParsedUpdate, UnreadableUpdateError, parse_update
from tests.support.fake_telegram import Person

GROUP = {"id": -100200300, "type": "supergroup", "title": "A group"}
CHANNEL = {"id": -100200301, "type": "channel", "title": "A channel"}
PHOTO = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
VOICE = {"file_id": "f", "file_unique_id": "u", "duration": 1}
STICKER = {
    "file_id": "f",
    "file_unique_id": "u",
    "width": 1,
    "height": 1,
    "is_animated": False,
    "is_video": False,
    "type": "regular",
}


@pytest.fixture
def client() -> Person:
    return Person(77, "ja-JP")


def said(parsed: ParsedUpdate) -> list[tuple[str, str]]:
    return [(message.kind, message.content) for message in parsed.messages]


def test_a_text_is_heard_with_who_wrote_it_and_in_which_language(client: Person) -> None:
    update = client.text("hello /bot https://x.io/bottles")
    (message,) = parse_update(update).messages
    assert (message.address.channel, message.address.peer) == ("telegram", "77")
    assert (message.kind, message.content) == ("text", "hello /bot https://x.io/bottles")
    assert (message.external_id, message.language_hint) == (str(update["update_id"]), "ja-JP")


def test_an_edit_is_only_recorded(client: Person) -> None:
    assert said(parse_update(client.edit("hello again"))) == [("edit", "hello again")]


@pytest.mark.parametrize(
    "number", ["819012345678", "+819012345678", "+81 90-1234-5678", "0081 90 1234 5678".replace("00", "+")]
)
def test_the_clients_own_contact_is_the_number_as_if_typed(client: Person, number: str) -> None:
    assert said(parse_update(client.contact(number))) == [("text", "+819012345678")]


@pytest.mark.parametrize("owner", [78, 0, -77])
def test_somebody_elses_contact_is_not_used(client: Person, owner: int) -> None:
    assert said(parse_update(client.contact("+819012345678", owner))) == [("event", "foreign_contact")]


def test_a_contact_that_belongs_to_nobody_is_not_used(client: Person) -> None:
    update = client.message(contact={"phone_number": "+819012345678", "first_name": "x"})
    assert said(parse_update(update)) == [("event", "foreign_contact")]


@pytest.mark.parametrize(
    "content",
    [
        {"photo": PHOTO},
        {"voice": VOICE},
        {"sticker": STICKER},
        {"video_note": {**VOICE, "length": 1}},
        {"document": {"file_id": "f", "file_unique_id": "u"}},
        {"location": {"latitude": 35.6, "longitude": 139.7}},
        {"dice": {"emoji": "🎲", "value": 3}},
    ],
)
def test_what_is_not_words_is_declined_and_its_caption_heard(client: Person, content: dict[str, Any]) -> None:
    assert said(parse_update(client.message(**content))) == [("event", "media")]
    update = client.message(**content, caption="what is this?")
    parsed = parse_update(update)
    assert said(parsed) == [("event", "media"), ("text", "what is this?")]
    assert len({message.external_id for message in parsed.messages}) == 2


def test_a_tap_is_answered_and_its_keyboard_taken_away(client: Person) -> None:
    parsed = parse_update(client.tap("token", 5))
    assert said(parsed) == [("button", "token")]
    assert (parsed.chat_id, parsed.keyboard_message_id) == (77, 5)
    assert parsed.callback_query_id


def test_a_tap_without_its_message_or_without_data_is_answered_too(client: Person) -> None:
    without = parse_update(client.tap("token", None))
    assert (said(without), without.chat_id, without.keyboard_message_id) == ([("button", "token")], 77, None)
    assert said(parse_update(client.tap(None))) == [("button", "")]
    old = client.tap("token")
    old["callback_query"]["message"]["date"] = 0
    assert said(parse_update(old)) == [("button", "token")]


@pytest.mark.parametrize(
    ("status", "event"), [("kicked", "blocked"), ("left", "blocked"), ("member", "unblocked")]
)
def test_a_client_who_blocks_or_unblocks_is_known(client: Person, status: str, event: str) -> None:
    assert said(parse_update(client.member(status))) == [("event", event)]


def test_a_group_is_told_and_a_channel_is_left(client: Person) -> None:
    parsed = parse_update(client.member("member", **GROUP))
    assert (said(parsed), parsed.messages[0].address.peer) == ([("event", "group")], "-100200300")
    parsed = parse_update(client.member("administrator", **CHANNEL))
    assert (said(parsed), parsed.leave_chat, parsed.chat_id) == ([], True, -100200301)
    assert parse_update(client.member("left", **GROUP)).ignored == "group"


def test_what_is_said_in_a_group_is_nobodys_message(client: Person) -> None:
    update = client.text("/start")
    update["message"]["chat"] = GROUP
    parsed = parse_update(update)
    assert (parsed.messages, parsed.leave_chat) == ((), True)
    tap = client.tap("token")
    tap["callback_query"]["message"]["chat"] = GROUP
    assert (parse_update(tap).messages, bool(parse_update(tap).callback_query_id)) == ((), True)


@pytest.mark.parametrize(
    "content",
    [
        {"new_chat_members": [{"id": 1, "is_bot": False, "first_name": "x"}]},
        {"migrate_to_chat_id": -100200300},
        {"message_auto_delete_timer_changed": {"message_auto_delete_time": 1}},
        {"users_shared": {"request_id": 1, "users": []}},
    ],
)
def test_service_messages_are_ignored(client: Person, content: dict[str, Any]) -> None:
    assert parse_update(client.message(**content)).ignored == "service"


def test_another_bot_is_not_answered(client: Person) -> None:
    update = client.text("hello")
    update["message"]["from"] = {"id": 5, "is_bot": True, "first_name": "Bot"}
    assert parse_update(update).ignored == "bot"


@pytest.mark.parametrize(
    "kind",
    [
        "inline_query",
        "channel_post",
        "message_reaction",
        "poll",
        "poll_answer",
        "chat_join_request",
        "not_yet_known",
    ],
)
def test_no_other_kind_of_update_is_anybodys_message(client: Person, kind: str) -> None:
    message = client.text("x")["message"]
    shapes: dict[str, Any] = {
        "inline_query": {"id": "1", "from": client.user, "query": "x", "offset": ""},
        "channel_post": {**message, "chat": CHANNEL},
        "message_reaction": {
            "chat": message["chat"],
            "message_id": 1,
            "date": 1,
            "old_reaction": [],
            "new_reaction": [],
        },
        "poll": {
            "id": "1",
            "question": "?",
            "options": [],
            "total_voter_count": 0,
            "is_closed": True,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
        },
        "poll_answer": {"poll_id": "1", "option_ids": []},
        "chat_join_request": {"chat": GROUP, "from": client.user, "user_chat_id": 1, "date": 1},
        "not_yet_known": {"x": 1},
    }
    try:
        parsed = parse_update(client.update(**{kind: shapes[kind]}))
    except UnreadableUpdateError:
        return
    assert (parsed.messages, parsed.ignored) == ((), "kind")


@pytest.mark.parametrize(
    "odd",
    [{"photo": [{"no": "photo"}], "caption": "hello"}, {"text": "hello", "reply_to_message": {"odd": 1}}],
)
def test_a_part_of_a_shape_that_nobody_knows_does_not_make_a_client_unheard(
    client: Person, odd: dict[str, Any]
) -> None:
    parsed = parse_update(client.message(**odd))
    assert odd.get("text") is None or said(parsed) == [("text", "hello")]
    assert parsed.messages or parsed.ignored


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_field_of_any_shape_is_read_or_unreadable(data: st.DataObject) -> None:
    client = Person(77)
    update = data.draw(
        st.sampled_from(
            [
                client.text("x"),
                client.tap("t"),
                client.contact("+81"),
                client.member("member"),
                client.edit("y"),
            ]
        )
    )
    where = update
    for _ in range(data.draw(st.integers(0, 3))):
        inner = [value for value in where.values() if isinstance(value, dict)]
        where = data.draw(st.sampled_from(inner)) if inner else where
    where[data.draw(st.sampled_from([*where, "new"]))] = data.draw(JSON)
    try:
        parsed = parse_update(update)
    except UnreadableUpdateError:
        return
    for message in parsed.messages:
        assert isinstance(message.content, str)
        assert len(message.address.peer) < 20


@pytest.mark.parametrize("update_id", [None, "7", True, 2**60, 1.5, [1]])
def test_an_update_without_a_usable_id_is_unreadable(client: Person, update_id: object) -> None:
    with pytest.raises(UnreadableUpdateError):
        parse_update({**client.text("x"), "update_id": update_id})
