"""The command line itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.cli.main import main
from bot.cli.reaper import ROOT


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["fly"], "argument COMMAND: invalid choice: 'fly'"),
        (["up", "--port", "0"], "argument --port: must be a port from 1 to 65535, not '0'"),
        (["up", "now"], "unrecognized arguments: now"),
        (["chat", "--channel", "fax"], "argument --channel: invalid choice: 'fax'"),
        (["chat", "--peer", " "], "argument --peer: must not be empty"),
        (["chat", "--peer", "a/b"], "argument --peer: must not contain a slash"),
    ],
)
def test_invalid_usage_is_reported_with_exit_code_2(
    argv: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        main(argv)
    assert raised.value.code == 2
    assert line in capsys.readouterr().err


def test_help_lists_the_commands_and_imports_nothing_heavy() -> None:
    code = "import sys; from bot.cli.main import main\ntry: main(['--help'])\nfinally: print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout
    for command in ("up", "chat", "train"):
        assert f"    {command} " in shown
    modules = shown.splitlines()[-1].split()
    assert "bot.cli.main" in modules
    assert not {"httpx", "starlette", "asyncio", "bot.settings"} & set(modules)
