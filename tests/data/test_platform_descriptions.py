"""The excerpts of the platforms' API descriptions reject wrong calls and match the published ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.bot_api import violations
from tests.support.public_data import TELEGRAM, TWILIO, excerpt, full_description

TELEGRAM_DESCRIPTION = full_description("tg_api.json")
TWILIO_DESCRIPTION = full_description("twilio_api_v2010.json")
# Parts of an OpenAPI document that the excerpt leaves out everywhere.
LEFT_OUT = {"description", "summary", "tags", "x-twilio", "examples"}


def keyboard(*rows: list[dict[str, Any]]) -> str:
    return json.dumps({"inline_keyboard": rows})


@pytest.mark.parametrize(
    ("form", "violation"),
    [
        ({"chat_id": "1", "text": "hello"}, None),
        (
            {
                "chat_id": "1",
                "text": "hello",
                "reply_markup": keyboard([{"text": "a", "callback_data": "x" * 64}]),
            },
            None,
        ),
        ({"text": "hello"}, "sendMessage.chat_id is missing"),
        ({"chat_id": "1", "text": "hello", "parse": "x"}, "sendMessage has no field parse"),
        ({"chat_id": "1", "text": ""}, "sendMessage.text has a length of 0"),
        ({"chat_id": "1", "text": " "}, "a blank text"),
        ({"chat_id": "1", "text": "😀" * 2049}, "sendMessage.text has a length of 4098"),
        ({"chat_id": "1", "text": "a", "entities": "[1]"}, "sendMessage.entities[0] is no object"),
        (
            {"chat_id": "1", "text": "a", "entities": '[{"type": "bold", "offset": 0, "length": 2}]'},
            "an entity beyond the text",
        ),
        ({"chat_id": "1", "text": "a", "reply_markup": keyboard([{"text": "a"}] * 9)}, "a row of 9 buttons"),
        (
            {
                "chat_id": "1",
                "text": "a",
                "reply_markup": keyboard([{"text": "a", "callback_data": "あ" * 22}]),
            },
            "callback_data has a length of 66",
        ),
        ({"chat_id": "1", "text": "a", "reply_markup": "[]"}, "sendMessage.reply_markup is no object"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_call_of_the_bot_api_is_rejected(form: dict[str, str], violation: str | None) -> None:
    found = violations("sendMessage", form)
    assert any(violation in one for one in found) if violation else found == []


def test_a_method_missing_from_the_excerpt_is_rejected() -> None:
    assert violations("sendPhoto", {}) == ["there is no method sendPhoto"]


# Without PUBLIC_DATA these tests are not collected, so that they do not count as skipped.
if TELEGRAM_DESCRIPTION is not None:
    TELEGRAM_PARTS = [(kind, name) for kind in ("methods", "types") for name in excerpt(TELEGRAM)[kind]]

    @pytest.mark.parametrize(("kind", "name"), TELEGRAM_PARTS)
    def test_the_excerpt_of_the_bot_api_matches_the_published_one(kind: str, name: str) -> None:
        assert TELEGRAM_DESCRIPTION is not None
        published = {field["name"]: field for field in TELEGRAM_DESCRIPTION[kind][name].get("fields", [])}
        ours = excerpt(TELEGRAM)[kind][name]
        assert {field for field, entry in published.items() if entry["required"]} <= set(ours)
        for field, entry in ours.items():
            assert set(entry["types"]) <= set(published[field]["types"]), field
            assert entry["required"] == published[field]["required"], field
            if "length" in entry:
                minimum, maximum = entry["length"]
                assert f"{minimum}-{maximum}" in published[field]["description"], field


if TWILIO_DESCRIPTION is not None:

    def test_the_excerpt_of_twilios_api_matches_the_published_one() -> None:
        assert TWILIO_DESCRIPTION is not None
        assert list(differences(excerpt(TWILIO)["paths"], TWILIO_DESCRIPTION["paths"])) == []
        assert list(differences(excerpt(TWILIO)["components"], TWILIO_DESCRIPTION["components"])) == []


def differences(ours: Any, published: Any, where: str = "") -> Iterator[str]:
    """Yield each path at which `ours` differs from `published` or lacks a required parameter."""
    if isinstance(ours, dict) and isinstance(published, dict):
        has_names = where.endswith(("/properties", "/schemas"))
        for key in ours:
            if has_names or key not in LEFT_OUT:
                yield from differences(ours[key], published.get(key), f"{where}/{key}")
    elif isinstance(ours, list) and isinstance(published, list) and where.endswith("/parameters"):
        by_name = {one["name"]: one for one in published}
        required = {name for name, one in by_name.items() if one.get("required")}
        yield from (f"{where}/{name}" for name in required - {one["name"] for one in ours})
        for one in ours:
            yield from differences(one, by_name.get(one["name"]), f"{where}/{one['name']}")
    elif ours != published:
        yield where
