"""Codes of the sandbox backend on real phones: nobody is texted whom the operator has not named."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from bot.cli.main import main
from tests.support.fake_twilio import refusal
from tests.support.gateway import TOKEN, FakeEngine
from tests.support.live_gateway import LiveGateway, live_gateway
from tests.support.stack import folder_in_memory

OWN, STRANGERS = "+15550401111", "+15550402222"
TEXT = "123456 is your confirm code."


@pytest.fixture(scope="module")
def live(shared_engine: FakeEngine) -> Iterator[LiveGateway]:
    named = f"{OWN}, +15550403333"
    with (
        folder_in_memory() as folder,
        live_gateway(folder, shared_engine.port, SANDBOX_SMS_TO=named) as gateway,
    ):
        yield gateway


def hand_in(live: LiveGateway, to: str, text: str = TEXT, token: str = TOKEN) -> httpx.Response:
    body = {"id": "SM1", "client": f"sms:{to}", "to": to, "text": text}
    return live.http.post("/internal/sms", json=body, headers={"Authorization": f"Bearer {token}"})


def test_a_named_number_gets_the_message_once_however_often_it_is_handed_in(live: LiveGateway) -> None:
    for _ in range(3):
        assert hand_in(live, OWN).status_code == 202
    assert live.twilio.bodies(OWN) == [TEXT]
    assert hand_in(live, OWN, "654321 is your confirm code.").status_code == 202
    assert len(live.twilio.bodies(OWN)) == 2


def test_nothing_of_it_is_written_down(live: LiveGateway) -> None:
    text = "777333 is your confirm code."
    assert hand_in(live, OWN, text).status_code == 202
    assert live.twilio.bodies(OWN)[-1] == text
    assert live.stored() == []
    assert all(b"777333" not in file.read_bytes() for file in live.folder.glob("*.db*"))


def test_nobody_else_is_texted(live: LiveGateway) -> None:
    assert hand_in(live, STRANGERS).status_code == 403
    assert live.twilio.bodies(STRANGERS) == []


def test_whoever_has_said_stop_is_not_texted(live: LiveGateway, shared_engine: FakeEngine) -> None:
    number = "+15550403333"
    live.sms(number, "STOP")
    live.running.drained()
    before = live.twilio.bodies(number)
    assert hand_in(live, number).status_code == 403
    assert live.twilio.bodies(number) == before


def test_a_halt_holds_here_too_until_it_is_over(live: LiveGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIR", str(live.folder))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    text, before = "888444 is your confirm code.", live.twilio.bodies(OWN)
    main(["channel", "halt", "sms"])
    assert hand_in(live, OWN, text).status_code == 503
    assert live.twilio.bodies(OWN) == before
    main(["channel", "resume", "sms"])
    assert hand_in(live, OWN, text).status_code == 202
    assert live.twilio.bodies(OWN) == [*before, text]


def test_only_the_sandbox_may_ask(live: LiveGateway) -> None:
    assert hand_in(live, OWN, "1", token="wrong").status_code == 401
    forwarded = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "1.2.3.4"}
    assert live.http.post("/internal/sms", json={}, headers=forwarded).status_code == 403


@pytest.mark.parametrize("fault", [refusal(500, 20500), "drop", "lost"])
def test_what_twilio_has_not_confirmed_is_to_be_handed_in_again_and_is_sent_once(
    live: LiveGateway, fault: object
) -> None:
    text = f"{fault} is your confirm code."
    live.twilio.faults["POST Messages"].append(fault)
    assert hand_in(live, OWN, text).status_code == 503
    assert hand_in(live, OWN, text).status_code == 202
    assert live.twilio.bodies(OWN).count(text) == 1


def test_without_the_setting_nobody_is_texted(
    tmp_path_factory: pytest.TempPathFactory, shared_engine: FakeEngine
) -> None:
    with live_gateway(tmp_path_factory.mktemp("unnamed"), shared_engine.port) as gateway:
        assert hand_in(gateway, OWN).status_code == 403
        assert gateway.twilio.messages == []
