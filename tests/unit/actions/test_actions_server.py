from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from actions.backend import Backend
from actions.dialogue_stack import DialogueStack, Frame
from actions.flow_states import CodeEntry
from actions.server import all_actions, application
from actions.vault_client import VaultClient
from knowledge import Knowledge
from tests.support.action_turn import NOWHERE

ROOT = Path(__file__).parents[3]
TOKEN = "token-of-the-stack"
METADATA = {"channel": "telegram", "language": "en", "client": "simulator.telegram:person-1"}
GREETING = {
    "next_action": "action_answer",
    "sender_id": "c1",
    "tracker": {
        "sender_id": "c1",
        "slots": {"language": "en"},
        "latest_message": {
            "text": "hi",
            "intent": {"name": "greet"},
            "entities": [],
            "metadata": METADATA,
        },
        "events": [],
    },
    "domain": {},
}
WAITING = Frame.of_task("verify_phone", CodeEntry("pv_1"))


@pytest.fixture
async def server(real_knowledge: Knowledge) -> AsyncIterator[httpx.AsyncClient]:
    app = application(real_knowledge, Backend(NOWHERE, "token"), VaultClient(NOWHERE, "token"), TOKEN)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://actions"
    ) as client:
        yield client


def with_token(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_it_says_that_it_lives(server: httpx.AsyncClient) -> None:
    assert (await server.get("/livez")).status_code == 200


async def test_an_action_runs_for_who_has_the_token(server: httpx.AsyncClient) -> None:
    answer = await server.post("/webhook", json=GREETING, headers=with_token(TOKEN))
    assert answer.status_code == 200
    assert [message["text_id"] for message in answer.json()["responses"]] == ["greet/answer"]


@pytest.mark.parametrize("headers", [{}, with_token("another"), {"Authorization": TOKEN}])
async def test_nobody_else_may_run_an_action(server: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await server.post("/webhook", json=GREETING, headers=headers)
    assert answer.status_code == 401
    assert "responses" not in answer.json()


async def test_a_call_that_names_no_action_does_nothing(server: httpx.AsyncClient) -> None:
    answer = await server.post("/webhook", json={}, headers=with_token(TOKEN))
    assert (answer.status_code, answer.json()) == (200, {})


async def test_a_turn_that_must_wait_is_no_answer(server: httpx.AsyncClient) -> None:
    tracker = {
        "sender_id": "c1",
        "slots": {"language": "en", "dialogue_stack": DialogueStack([WAITING]).to_slot()},
        "latest_message": {
            "intent": {"name": "inform"},
            "entities": [{"entity": "code", "value": "ref"}],
            "metadata": METADATA,
        },
        "events": [],
    }
    call = {**GREETING, "next_action": "action_continue", "tracker": tracker}
    answer = await server.post("/webhook", json=call, headers=with_token(TOKEN))
    assert answer.status_code == 500


async def test_an_unknown_action_is_named_in_the_answer(server: httpx.AsyncClient) -> None:
    call = {**GREETING, "next_action": "action_unknown"}
    answer = await server.post("/webhook", json=call, headers=with_token(TOKEN))
    assert answer.status_code == 404
    assert answer.json()["action_name"] == "action_unknown"


def test_every_action_that_a_topic_names_is_served(real_knowledge: Knowledge) -> None:
    served = {
        action.name()
        for action in all_actions(real_knowledge, Backend(NOWHERE, "token"), VaultClient(NOWHERE, "token"))
    }
    named = {topic.action for topic in real_knowledge.topics.values() if topic.action}
    assert named | {"action_fallback", "action_session_start"} <= served


@pytest.mark.parametrize(
    ("missing", "line"),
    [
        ("ACTIONS_PORT", "actions.server: ACTIONS_PORT must be set\n"),
        ("AUTH_BACKEND_TOKEN", "actions.server: AUTH_BACKEND_TOKEN must be set\n"),
    ],
)
def test_a_missing_setting_is_one_clear_line(missing: str, line: str) -> None:
    environment = {
        **os.environ,
        "ACTIONS_PORT": "1",
        "GATEWAY_PORT": "1",
        "INTERNAL_TOKEN": "x" * 32,
        "AUTH_BACKEND_URL": NOWHERE,
        "AUTH_BACKEND_TOKEN": "x",
    }
    del environment[missing]
    ended = subprocess.run(
        [sys.executable, "-m", "actions.server"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (2, line)
