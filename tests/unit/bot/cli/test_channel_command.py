"""`assistant channel`: halts sending on a running gateway, resumes it without loss, and shows dead letters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.main import HALT_CHOICES, main
from bot.messages import halts
from tests.support.fake_telegram import Person
from tests.support.gateway import FakeEngine
from tests.support.live_gateway import LiveGateway, live_gateway
from tests.support.stack import folder_in_memory


@pytest.fixture(scope="module")
def live() -> Iterator[LiveGateway]:
    with (
        folder_in_memory() as folder,
        FakeEngine() as engine,
        live_gateway(folder, engine.port) as gateway,
    ):
        yield gateway


@pytest.fixture(autouse=True)
def _settings(live: LiveGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIR", str(live.folder))
    for name in ("DATABASE_URL", "DESK_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_every_channel_can_be_halted() -> None:
    assert [*halts.CHANNELS, "all"] == HALT_CHOICES


def test_a_halted_channel_is_silent_the_others_go_on_and_nothing_is_lost(
    live: LiveGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    client, number = Person(8_001), "+15550600001"
    assert main(["channel", "halt", "telegram"]) == 0
    live.update(client.text("first"))
    live.update(client.text("second"))
    live.sms(number, "hello")
    live.twilio.wait_for(lambda: live.twilio.bodies(number))
    live.running.drained()
    assert live.telegram.texts(client.chat) == []
    assert 'assistant_sending_halted{channel="telegram"} 1.0' in live.http.get("/metrics").text

    capsys.readouterr()
    main(["channel", "status"])
    shown = capsys.readouterr().out
    assert "telegram             halted at 20" in shown
    assert "UTC; 2 to be sent" in shown
    assert "sms                  sends; 0 to be sent" in shown

    assert main(["channel", "resume", "telegram"]) == 0
    live.telegram.wait_for(lambda: live.telegram.texts(client.chat) == ["you said first", "you said second"])
    assert 'assistant_sending_halted{channel="telegram"} 0.0' in live.http.get("/metrics").text


def test_all_channels_are_halted_and_resumed_at_once_and_the_audit_trail_records_it(
    live: LiveGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    for command, again in (("halt", "was halted before"), ("resume", "was not halted")):
        main(["channel", command, "all"])
        assert len(capsys.readouterr().out.splitlines()) == 4
        main(["channel", command, "sms"])
        assert again in capsys.readouterr().out
    assert main(["desk", "verify-audit"]) == 0


def test_the_doctor_reports_a_halt(live: LiveGateway, capsys: pytest.CaptureFixture[str]) -> None:
    main(["channel", "halt", "sms"])
    capsys.readouterr()
    main(["doctor"])
    assert "nothing is sent on sms: an operator halted it at" in capsys.readouterr().out
    main(["channel", "resume", "sms"])
    capsys.readouterr()
    main(["doctor"])
    assert "halted" not in capsys.readouterr().out


def test_dead_letters_are_listed(live: LiveGateway, capsys: pytest.CaptureFixture[str]) -> None:
    live.update({"update_id": 3, "message": {"odd": "123456"}})
    live.sms("IBKR", "a notice of the carrier")
    main(["channel", "dead-letters"])
    shown = capsys.readouterr().out
    assert '"odd": "######"' in shown
    assert "a notice of the carrier" in shown
    assert "123456" not in shown


def test_without_dead_letters_nothing_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "new"))
    main(["channel", "dead-letters"])
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("DATABASE_URL", "sqlite:////dev/null/assistant.db")
    assert main(["channel", "status"]) == 1
    assert "the database cannot be used" in capsys.readouterr().err
