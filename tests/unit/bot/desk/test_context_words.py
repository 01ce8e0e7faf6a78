"""What the bot knew of a conversation stands on the desk in words, in the agent's language, and never by name alone."""

from __future__ import annotations

from typing import Any

import pytest

from actions.backend.errors import ErrorKind
from bot.desk import desk_texts
from bot.desk.context_words import ContextWords, WordedContext, reason_name
from bot.desk.masking import shortened
from bot.domain import ConversationState, Outcome, OwnershipEvent, TicketReason
from bot.handoff.context import read_context
from contracts.enums import HandoffReason, LinkStatus, StrEnum
from contracts.handoff import AccountFact, BackendFailure, HandoffContext
from tests.support.knowledge import KNOWLEDGE

TEXTS = desk_texts.load()


def in_words(language: str = "en", **context: Any) -> WordedContext:
    return ContextWords(KNOWLEDGE, TEXTS).in_words(HandoffContext(**context), language)


@pytest.mark.parametrize(("language", "label"), [("en", "iPhone"), ("ja", "iPhone")])
def test_an_answer_is_the_label_that_the_client_chose(language: str, label: str) -> None:
    assert in_words(language, topic="pin_forgotten", answers=("platform: iphone",)).answers == [label]


def test_an_answer_of_another_topic_than_the_case_is_about_is_known_too() -> None:
    assert in_words(topic="human", answers=("platform: android",)).answers == ["Android"]
    assert in_words(answers=("platform: android",)).answers == ["Android"]


def test_what_was_typed_freely_stays_as_it_is() -> None:
    assert in_words(topic="pin_forgotten", answers=("platform: a Nokia",)).answers == ["platform: a Nokia"]


@pytest.mark.parametrize("language", TEXTS.languages)
def test_a_step_of_a_guide_is_told_by_how_it_begins(language: str) -> None:
    said = KNOWLEDGE.item_text("pin_forgotten", "uninstall", language)
    shown = in_words(language, topic="pin_forgotten", step="uninstall").step
    assert said.replace("**", "").startswith(shown.rstrip("…"))
    assert 8 < len(shown) <= 90


def test_a_step_of_a_task_has_words_and_an_unknown_one_is_shown_as_it_is() -> None:
    assert in_words("ja", topic="verify_phone", step="code").step == "コードの入力待ち"
    assert in_words(topic="no_such_topic", step="somewhere").step == "somewhere"
    assert in_words() == WordedContext("", [], [])


@pytest.mark.parametrize("language", TEXTS.languages)
@pytest.mark.parametrize("code", [kind.value for kind in ErrorKind])
def test_whatever_the_backend_says_has_words_beside_its_code(code: str, language: str) -> None:
    ((words, shown, request_id),) = in_words(language, errors=(BackendFailure(code, "r-1"),)).errors
    assert (shown, request_id) == (code, "r-1")
    assert words != code


def test_what_is_cut_ends_with_an_ellipsis_and_never_within_a_mark() -> None:
    assert shortened("short", 10) == "short"
    assert shortened("a long sentence", 10) == "a long se…"
    assert shortened("my PIN is ⟦secret:pin⟧ ok", 16) == "my PIN is…"


def test_an_urgent_topic_is_the_reason_that_agents_read() -> None:
    assert reason_name(HandoffReason.URGENT, "phone_lost") == "phone_lost"
    assert reason_name(HandoffReason.URGENT, None) == "urgent"
    assert reason_name(HandoffReason.ASKED, "phone_lost") == "asked"


@pytest.mark.parametrize("language", TEXTS.languages)
@pytest.mark.parametrize("reason", [reason for reason in HandoffReason if reason is not HandoffReason.URGENT])
def test_every_reason_has_words(reason: HandoffReason, language: str) -> None:
    assert TEXTS.say(language, f"reason_{reason}")


@pytest.mark.parametrize("language", TEXTS.languages)
def test_every_urgent_topic_has_words_as_a_reason(language: str) -> None:
    for topic in KNOWLEDGE.topics.values():
        assert not topic.urgent or TEXTS.say(language, f"reason_{topic.id}")


@pytest.mark.parametrize("language", TEXTS.languages)
@pytest.mark.parametrize(
    ("prefix", "members"),
    [("ticket", TicketReason), ("event", OwnershipEvent), ("outcome", Outcome), ("state", ConversationState)],
)
def test_every_member_has_words(prefix: str, members: type[StrEnum], language: str) -> None:
    for member in members:
        assert TEXTS.say(language, f"{prefix}_{member}"), member


def test_a_context_of_an_earlier_version_is_read_as_far_as_it_can_be() -> None:
    stored = {
        "topic": "pin_forgotten",
        "linked": "no",
        "account": [{"what": "ib_key", "name": "", "state": "active"}],
        "errors": "odd",
        "unknown_field": 1,
    }
    assert read_context(stored) == HandoffContext(
        topic="pin_forgotten", linked=LinkStatus.NOT_LINKED, account=(AccountFact("ib_key", "", "active"),)
    )
    assert read_context(None) == HandoffContext()
