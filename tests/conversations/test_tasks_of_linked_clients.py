"""Linked clients on the whole stack, in each language and on each channel: link, opt back in, share a device."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from knowledge import Knowledge
from tests.support.portal import WORDS, Portal, shown, told
from tests.support.script import new_client
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.rasa]

CHANNELS_AND_LANGUAGES = [("telegram", "en"), ("telegram", "ja"), ("sms", "en"), ("sms", "ja")]


def last_case(stack: Stack) -> dict[str, Any]:
    """Return the newest case in the stack's database."""
    with closing(sqlite3.connect(stack.state_dir / "assistant.db")) as connection:
        reason, context = connection.execute(
            "SELECT reason, context FROM handoff ORDER BY id DESC LIMIT 1"
        ).fetchone()
    return {"reason": reason, **json.loads(context)}


@pytest.mark.parametrize(
    ("number", "channel", "language"),
    [(n, *channel_and_language) for n, channel_and_language in enumerate(CHANNELS_AND_LANGUAGES, 1)],
)
def test_a_client_links_the_chat_opts_back_in_and_shares_a_device(
    stack: Stack, knowledge: Knowledge, number: int, channel: str, language: str
) -> None:
    client = new_client(stack, channel, language)
    portal = Portal(stack, f"aya3{number}")

    def text(topic: str, name: str) -> str:
        return shown(knowledge, topic, name, language, channel)

    def label(topic: str) -> str:
        return knowledge.label(topic, language)

    token = portal.token()
    assert text("linking", "confirm_in_portal") in client.say(f"/start {token}").text
    portal.confirm()
    told(client, text("backend_notices", "link_confirmed"))

    client.say(WORDS[language]["opt in"])
    assert text("opting_in", "confirm") in client.text
    client.press(label("affirm"))
    assert text("opting_in", "sent") in client.text
    client.say(client.code())
    assert text("opting_in", "done") in client.text
    assert stack.ledger()["secure_login"][f"aya3{number}"] == "enrolled"

    client.say(WORDS[language]["share"])
    assert text("sharing", "confirm_self") in client.text
    client.press(label("affirm"))
    assert text("sharing", "awaiting_portal") in client.text
    portal.finish_sharing()
    told(client, text("backend_notices", "device_sharing_approved"))

    log = stack.log
    for file in stack.state_dir.glob("*.db*"):
        assert token.encode() not in file.read_bytes(), file.name
    assert token not in log


def test_a_request_at_compliance_reaches_an_agent_with_its_context(
    stack: Stack, knowledge: Knowledge
) -> None:
    for channel, language in (("telegram", "en"), ("sms", "ja")):
        client = new_client(stack, channel, language)
        portal = Portal(stack, "noa12")
        client.say(f"/start {portal.token()}")
        portal.confirm()
        told(client, knowledge.text("backend_notices", "link_confirmed", language).partition("{")[0])
        if language == "en":
            client.say(WORDS[language]["share"])
            client.press(knowledge.label("affirm", language))
            request = portal.finish_sharing()
        client.say(WORDS[language]["status"])
        assert knowledge.text("human", "compliance", language) in client.text
        case = last_case(stack)
        assert (case["reason"], case["linked"]) == ("compliance", "yes")
        assert case["errors"] == [{"code": "pending_compliance", "request_id": request}]
        assert {"what": "user", "name": "no***12", "state": "primary"} in case["account"]
        assert case["sources"]


@pytest.mark.parametrize(
    ("number", "channel", "language"),
    [(n, *channel_and_language) for n, channel_and_language in enumerate(CHANNELS_AND_LANGUAGES, 1)],
)
def test_a_notice_that_a_request_is_at_compliance_offers_a_person(
    stack: Stack, knowledge: Knowledge, number: int, channel: str, language: str
) -> None:
    client = new_client(stack, channel, language)
    portal = Portal(stack, f"noa3{number}")
    client.say(f"/start {portal.token()}")
    portal.confirm()
    told(client, shown(knowledge, "backend_notices", "link_confirmed", language, channel))
    client.say(WORDS[language]["share"])
    client.press(knowledge.label("affirm", language))
    portal.finish_sharing()
    pending = told(client, shown(knowledge, "backend_notices", "device_sharing_pending", language, channel))
    # The client has just written and a question is open, so its choices stay and the offer is a sentence.
    person = knowledge.label("human", language)
    assert person in pending
    client.say(person)
    assert shown(knowledge, "handoff", "queued_nobody_there", language, channel) in client.text
    assert last_case(stack)["linked"] == "yes"
