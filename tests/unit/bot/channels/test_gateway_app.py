"""The gateway put together: its health, its figures, the vault's door, and what a stop in mid-turn leaves."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from tests.support.gateway import TOKEN, FakeEngine
from tests.support.gateway_app import RunningGateway, running_gateway

INTERNAL = {"Authorization": f"Bearer {TOKEN}"}


def test_it_is_alive_and_ready_while_every_part_answers(gateway: RunningGateway) -> None:
    assert (gateway.http.get("/livez").status_code, gateway.http.get("/livez").text) == (200, "ok")
    ready = gateway.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (
        200,
        {"ready": True, "parts": {"database": True, "rasa": True, "actions": True}},
    )


def test_it_is_alive_but_not_ready_without_the_engine(tmp_path: Path, engine: FakeEngine) -> None:
    with running_gateway(tmp_path, engine.port) as gateway:
        engine.go()
        ready = gateway.http.get("/readyz")
        assert ready.status_code == 503
        assert ready.json() == {
            "ready": False,
            "parts": {"database": True, "rasa": False, "actions": False},
        }
        assert gateway.http.get("/livez").status_code == 200

        engine.come_back()
        assert gateway.http.get("/readyz").status_code == 200


def test_the_figures_have_their_names_and_tell_nothing_of_the_clients(
    gateway: RunningGateway, peer: str
) -> None:
    gateway.send("my password is Hunter2x", peer)
    gateway.send("hello figures", peer)
    gateway.settled(peer)

    answer = gateway.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    figures = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    assert float(figures['assistant_inbound_total{channel="simulator.sms",outcome="accepted"}']) >= 2
    assert float(figures['assistant_outbound_total{channel="simulator.sms",outcome="sent"}']) >= 3
    assert float(figures['assistant_redacted_total{kind="password"}']) >= 1
    assert float(figures['assistant_turn_seconds_count{outcome="answered"}']) >= 2
    assert {"assistant_handoff_total", "assistant_inbound_backlog"} <= set(
        re.findall(r"^# TYPE (\S+)", answer.text, re.MULTILINE)
    ) | set(figures)
    assert peer not in answer.text
    assert "Hunter2x" not in answer.text
    assert "hello figures" not in answer.text


async def test_the_backlog_is_what_waits_for_an_answer(
    gateway: RunningGateway, shared_engine: FakeEngine, peer: str
) -> None:
    def backlog() -> float:
        text = gateway.http.get("/metrics").text
        return float(re.findall(r"^assistant_inbound_backlog (\S+)$", text, re.MULTILINE)[0])

    assert backlog() == 0
    shared_engine.hold()
    for _ in range(3):
        gateway.send("hello", peer)
    assert backlog() == 3
    shared_engine.release()
    gateway.settled(peer)
    assert backlog() == 0


async def test_a_code_is_redeemed_during_its_turn_by_the_stack_alone(
    gateway: RunningGateway, shared_engine: FakeEngine, peer: str
) -> None:
    def redeem(headers: dict[str, str] = INTERNAL) -> tuple[int, object]:
        answer = gateway.post("/internal/vault/redeem", {"reference": reference}, headers=headers)
        return answer.status_code, answer.json()

    shared_engine.hold()
    before = len(shared_engine.turns)
    gateway.send("739182", peer)
    while len(shared_engine.turns) == before:
        await shared_engine.asked()
    payload = shared_engine.turns[-1]["payload"]
    reference = payload.removeprefix('/inform{"code": "').removesuffix('"}')

    assert redeem({}) == (401, {"error": "unauthorized"})
    assert redeem({"Authorization": "Bearer wrong"})[0] == 401
    assert redeem() == (200, {"secret": "739182"})
    # The action server may have died and ask again.
    assert redeem() == (200, {"secret": "739182"})

    shared_engine.release()
    gateway.settled(peer)
    assert redeem()[0] == 404


@pytest.mark.parametrize(
    "body", [{}, {"reference": None}, {"reference": ["x"]}, {"reference": ""}, {"reference": "a\x00"}]
)
def test_no_reference_opens_nothing(gateway: RunningGateway, body: object) -> None:
    assert gateway.post("/internal/vault/redeem", body, headers=INTERNAL).status_code == 404


async def test_a_gateway_stopped_in_mid_turn_answers_once_after_its_restart(
    tmp_path: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.messages.loop.STOP_SECONDS", 0.05)
    engine.hold()
    with running_gateway(tmp_path, engine.port) as gateway:
        for text in ("first", "second"):
            gateway.send(text)
        await engine.asked()
    engine.release()

    with running_gateway(tmp_path, engine.port) as gateway:
        messages = gateway.settled()

    assert [message["text"] for message in messages] == ["you said first", "you said second"]
    assert [turn["text"] for turn in engine.turns] == ["first", "first", "second"]
    assert engine.turns[0]["message"] == engine.turns[1]["message"]


async def test_a_turn_that_can_still_end_is_waited_for_at_a_stop(tmp_path: Path, engine: FakeEngine) -> None:
    engine.hold()
    with running_gateway(tmp_path, engine.port) as gateway:
        gateway.send("hello")
        await engine.asked()
        engine.release()

    with running_gateway(tmp_path, engine.port) as gateway:
        assert [message["text"] for message in gateway.settled()] == ["you said hello"]
    assert len(engine.turns) == 1


def test_the_log_holds_nothing_that_a_client_wrote(
    tmp_path: Path, engine: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    unstorable = (
        b'{"replies": [{"text": "zanzibar \\ud800", "buttons": []}], "directives": [], "language": "en"}'
    )
    engine.answers.extend([503, unstorable])
    peer = "+15550107777"
    with caplog.at_level(logging.DEBUG), running_gateway(tmp_path, engine.port) as gateway:
        gateway.send("zanzibar 739182", peer)
        gateway.send("my password is Hunter2x", peer)
        assert len(gateway.settled(peer)) == 3

    # The other lines are those of the test's own client.
    logged = [caplog.handler.format(record) for record in caplog.records if record.name.startswith("bot.")]
    assert any("wrong shape" in line for line in logged)
    for written in ("zanzibar", "739182", "Hunter2x", peer):
        assert written not in "".join(logged)
