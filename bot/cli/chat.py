"""`assistant chat`: a conversation from the terminal or from lines on standard input."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from bot.cli.chat_api import WAIT_SECONDS, ChatApi, RefusedError, ServerLostError
from bot.cli.chat_screen import HumanScreen, JsonScreen, Screen
from bot.cli.chat_stack import StackError, running_stack
from bot.cli.logs import say
from bot.settings import Settings

SILENCE_SECONDS = 180.0
LEAST_POLL_SECONDS = 0.1


def chat(channel: str, peer: str | None, language: str | None, port: int | None, *, as_json: bool) -> int:
    """Talks until standard input ends; returns the exit code (1: the server went away)."""
    settings = Settings.read()
    settings = replace(settings, gateway_port=port or settings.gateway_port)
    os.umask(0o077)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    for number in (signal.SIGTERM, signal.SIGHUP):
        # An exception instead of sudden death, so that a stack of our own is stopped in an orderly way.
        signal.signal(number, lambda got, _: sys.exit(128 + got))
    screen = JsonScreen(sys.stdout) if as_json else HumanScreen(sys.stdout)
    try:
        with running_stack(settings) as url:
            api = ChatApi(url, channel, peer or new_peer(channel), language=language, complain=_complain)
            with contextlib.closing(api):
                _begin(api)
                talk(api, screen, at_prompt=sys.stdin.isatty(), prompt="" if as_json else "you> ")
    except StackError as error:
        _complain(str(error))
        return error.code
    except ServerLostError as error:
        _complain(str(error))
        return 1
    return 0


def new_peer(channel: str) -> str:
    """A client nobody has met: a Japanese mobile number for sms, such as chat-ab12cd34 for telegram."""
    return f"+8190{secrets.randbelow(10**8):08d}" if channel == "sms" else f"chat-{secrets.token_hex(4)}"


def talk(api: ChatApi, screen: Screen, *, at_prompt: bool, prompt: str) -> None:
    """Sends line after line and shows what comes back. Raises ServerLostError."""
    for line in _typed(prompt) if at_prompt else _piped():
        try:
            if at_prompt and not line.strip():
                # Enter alone looks for news, such as an agent's answer.
                _show_replies(api, screen, wait=0)
                continue
            token = screen.pressed(line)
            if token is None:
                api.send_text(line)
            else:
                api.press(token)
            _show_replies(api, screen)
        except RefusedError as error:
            _complain(str(error))
        finally:
            screen.end_of_turn()


def _begin(api: ChatApi) -> None:
    try:
        api.skip_history()
    except RefusedError as error:
        if error.status == 404:
            raise StackError("the stack has no simulator (SIMULATOR is off), which a chat needs") from error
        raise StackError(str(error)) from error


def _show_replies(api: ChatApi, screen: Screen, wait: int = WAIT_SECONDS) -> None:
    news_at = time.monotonic()
    while True:
        asked_at = time.monotonic()
        messages, idle = api.receive(wait)
        for message in messages:
            screen.show(message)
        if idle or not wait:
            return
        now = time.monotonic()
        if messages:
            news_at = now
        elif now - news_at > SILENCE_SECONDS:
            raise ServerLostError(f"no answer within {SILENCE_SECONDS:.0f} s")
        elif now - asked_at < LEAST_POLL_SECONDS:
            time.sleep(LEAST_POLL_SECONDS)


def _piped() -> Iterator[str]:
    for line in sys.stdin.buffer:
        yield line.rstrip(b"\r\n").decode("utf-8", "replace")


def _typed(prompt: str) -> Iterator[str]:
    with contextlib.suppress(ImportError):
        # input() becomes editable, with a history, by this import alone.
        import readline  # noqa: F401
    while True:
        try:
            yield input(prompt)
        except EOFError:
            print()
            return


def _complain(line: str) -> None:
    say(sys.stderr, line)
