"""The two ends of Rasa's channel: a turn request becomes Rasa's message, a tracker becomes a turn response."""

from __future__ import annotations

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from contracts.codec import ContractError, decode, to_builtins
from contracts.directives import ExpectInput, RequestHandoff
from contracts.enums import ChannelKind, ExpectedInput, HandoffReason
from contracts.handoff import HandoffContext
from contracts.turns import Button, Reply, TurnRequest
from nlu.agent import find_response
from nlu.gateway_input import user_message

pytestmark = pytest.mark.rasa

REQUEST = TurnRequest("c1", "m1", ChannelKind.SMS, "ja", "sms:+819012345678", text="hello")


def test_a_typed_message_keeps_its_words_and_tells_the_actions_whose_it_is() -> None:
    message = user_message(REQUEST)
    assert (message.text, message.sender_id, message.message_id) == ("hello", "c1", "m1")
    assert message.metadata == {"channel": "sms", "language": "ja", "client": "sms:+819012345678"}


def test_a_slash_that_a_client_types_names_no_intent() -> None:
    typed = TurnRequest("c1", "m1", ChannelKind.SMS, "ja", "sms:+81", text="/restart")
    assert not user_message(typed).text.startswith("/")


def test_a_payload_is_taken_as_it_is() -> None:
    request = TurnRequest("c1", "m1", ChannelKind.TELEGRAM, "en", "telegram:1", payload="/affirm")
    assert user_message(request).text == "/affirm"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"conversation": "c1"}',
        b'{"conversation": "", "message": "m", "channel": "sms", "language": "en", "client": "x", "text": "a"}',
        b'{"conversation": "c", "message": "m", "channel": "fax", "language": "en", "client": "x", "text": "a"}',
        b'{"conversation": "c", "message": "m", "channel": "sms", "language": "en", "client": "x"}',
        b'{"conversation": "c", "message": "m", "channel": "sms", "language": "en", "client": "x", "text": 5}',
    ],
)
def test_a_malformed_request_is_refused(body: bytes) -> None:
    with pytest.raises(ContractError):
        user_message(decode(body, TurnRequest))


def tracker_of(*events: Event) -> DialogueStateTracker:
    domain = Domain.from_dict({"slots": {"language": {"type": "any", "mappings": [{"type": "custom"}]}}})
    return DialogueStateTracker.from_events("c1", list(events), slots=domain.slots)


def asked(message_id: str, intent: str = "greet") -> UserUttered:
    return UserUttered("hello", {"name": intent, "confidence": 1.0}, message_id=message_id)


def test_the_response_is_what_was_said_and_directed_after_the_message() -> None:
    handoff = RequestHandoff(HandoffReason.URGENT, context=HandoffContext(topic="phone_lost"))
    tracker = tracker_of(
        asked("m0"),
        BotUttered("before"),
        asked("m1"),
        SlotSet("language", "ja"),
        ActionExecuted("action_answer"),
        BotUttered("first"),
        BotUttered("second", {"buttons": [{"title": "Yes", "payload": "/affirm"}]}),
        BotUttered(None, {"custom": {"directive": to_builtins(ExpectInput(ExpectedInput.CODE))}}),
        BotUttered(None, {"custom": {"directive": to_builtins(handoff)}}),
        asked("m2"),
        BotUttered("after"),
    )
    response = find_response(tracker, "m1")
    assert response is not None
    assert response.replies == (Reply("first"), Reply("second", (Button("Yes", "/affirm"),)))
    assert response.directives == (ExpectInput(ExpectedInput.CODE), handoff)
    assert (response.language, response.topic) == ("ja", "greet")


def test_a_message_that_was_never_handled_has_no_response() -> None:
    assert find_response(tracker_of(asked("m0")), "m1") is None


def test_a_directive_of_an_unknown_shape_is_dropped_and_the_replies_are_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    former = {"type": "handoff", "reason": "phone_lost", "linked": "yes"}
    tracker = tracker_of(asked("m1"), BotUttered("said"), BotUttered(None, {"custom": {"directive": former}}))
    response = find_response(tracker, "m1")
    assert response is not None
    assert (response.replies, response.directives) == ((Reply("said"),), ())
    assert "unreadable directive" in caplog.text
