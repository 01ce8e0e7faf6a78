"""`assistant link`: a token of the running sandbox, or one clear line if there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.link_command import link
from bot.settings import SettingsError
from tests.support.sandbox import RunningSandbox, running_sandbox


@pytest.fixture
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.delenv("AUTH_BACKEND_URL", raising=False)
    return tmp_path


def running(sandbox: RunningSandbox, state_dir: Path) -> None:
    (state_dir / "sandbox.url").write_text(sandbox.url + "\n", encoding="utf-8")


def test_the_token_that_is_printed_links_a_chat_once_it_is_confirmed(
    state_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_sandbox(state_dir / "s") as sandbox:
        running(sandbox, state_dir)
        assert link("hanako01", confirm=False) == 0
        printed = capsys.readouterr()
        token = printed.out.strip()
        assert "--confirm" in printed.err
        assert sandbox.write("/links", {"token": token}).status_code == 201
        assert link("hanako01", confirm=True) == 0
        assert sandbox.read("/link").json()["state"] == "linked"
        assert link("hanako01", confirm=True) == 1
        assert "no chat waits" in capsys.readouterr().err


def test_an_unknown_user_is_reported(state_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running_sandbox(state_dir / "s") as sandbox:
        running(sandbox, state_dir)
        assert link("nobody", confirm=False) == 1
    assert "no user called 'nobody'" in capsys.readouterr().err


@pytest.mark.parametrize("file", [None, "http://127.0.0.1:9\n", "nonsense\n"])
def test_without_a_sandbox_the_line_says_what_to_start(
    state_dir: Path, capsys: pytest.CaptureFixture[str], file: str | None
) -> None:
    if file:
        (state_dir / "sandbox.url").write_text(file, encoding="utf-8")
    assert link("hanako01", confirm=False) == 1
    assert "assistant up" in capsys.readouterr().err


def test_with_a_real_backend_tokens_come_from_its_portal(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH_BACKEND_URL", "https://backend.example")
    monkeypatch.setenv("AUTH_BACKEND_TOKEN", "t")
    with pytest.raises(SettingsError, match="portal"):
        link("hanako01", confirm=False)
