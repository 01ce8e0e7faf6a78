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

from bot.cli.chat_api import MAX_WAIT_SECONDS, ChatApi, RequestRejectedError, ServerUnavailableError
from bot.cli.chat_display import ChatDisplay, JsonDisplay, TerminalDisplay
from bot.cli.chat_stack import StackError, ready_stack
from bot.cli.log_output import print_line
from bot.settings import Settings
from contracts.enums import ChannelKind

MAX_SILENCE_SECONDS = 180.0
MIN_POLL_SECONDS = 0.1


def chat(
    channel: ChannelKind, peer: str | None, language: str | None, port: int | None, *, as_json: bool
) -> int:
    """Send lines until standard input ends. Return the exit code; 1 means that the server became unavailable."""
    settings = Settings.read()
    settings = replace(settings, gateway_port=port or settings.gateway_port)
    os.umask(0o077)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    for number in (signal.SIGTERM, signal.SIGHUP):
        # The default action would skip the clean-up that stops a stack of our own.
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    display = JsonDisplay(sys.stdout) if as_json else TerminalDisplay(sys.stdout)
    try:
        with ready_stack(settings) as url:
            api = ChatApi(url, channel, peer or new_peer(channel), language=language, on_retry=_print_error)
            with contextlib.closing(api):
                _start(api)
                talk(api, display, interactive=sys.stdin.isatty(), prompt="" if as_json else "you> ")
    except StackError as error:
        _print_error(str(error))
        return error.exit_code
    except ServerUnavailableError as error:
        _print_error(str(error))
        return 1
    return 0


def new_peer(channel: ChannelKind) -> str:
    """Return the address of a new client: a Japanese mobile number for SMS, else such as chat-ab12cd34."""
    if channel is ChannelKind.SMS:
        return f"+8190{secrets.randbelow(10**8):08d}"
    return f"chat-{secrets.token_hex(4)}"


def talk(api: ChatApi, display: ChatDisplay, *, interactive: bool, prompt: str) -> None:
    """Send each line and show the replies. Raise ServerUnavailableError."""
    for line in _prompted_lines(prompt) if interactive else _piped_lines():
        try:
            if interactive and not line.strip():
                # Enter alone looks for new messages, such as an agent's answer.
                _show_replies(api, display, wait_seconds=0)
                continue
            token = display.find_token(line)
            if token is None:
                api.send_text(line)
            else:
                api.press(token)
            _show_replies(api, display)
        except RequestRejectedError as error:
            _print_error(str(error))
        finally:
            display.end_turn()


def _start(api: ChatApi) -> None:
    try:
        api.skip_history()
    except RequestRejectedError as error:
        if error.status == 404:
            raise StackError("the stack has no simulator (SIMULATOR is off), which a chat needs") from error
        raise StackError(str(error)) from error


def _show_replies(api: ChatApi, display: ChatDisplay, wait_seconds: int = MAX_WAIT_SECONDS) -> None:
    received_at = time.monotonic()
    while True:
        requested_at = time.monotonic()
        messages, idle = api.receive(wait_seconds)
        for message in messages:
            display.show(message)
        if idle or not wait_seconds:
            return
        now = time.monotonic()
        if messages:
            received_at = now
        elif now - received_at > MAX_SILENCE_SECONDS:
            raise ServerUnavailableError(f"no answer within {MAX_SILENCE_SECONDS:.0f} s")
        elif now - requested_at < MIN_POLL_SECONDS:
            time.sleep(MIN_POLL_SECONDS)


def _piped_lines() -> Iterator[str]:
    for line in sys.stdin.buffer:
        yield line.rstrip(b"\r\n").decode("utf-8", "replace")


def _prompted_lines(prompt: str) -> Iterator[str]:
    with contextlib.suppress(ImportError):
        # The import alone gives input() line editing and a history.
        import readline  # noqa: F401
    while True:
        try:
            yield input(prompt)
        except EOFError:
            print()
            return


def _print_error(line: str) -> None:
    print_line(sys.stderr, line)
