"""The command line of the assistant. Each command's module is imported only when the command runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.cli import desk_options

ROOT = Path(__file__).resolve().parents[2]
USAGE_ERROR = 2
CLIENT_DATA = (
    "What the assistant keeps of a client: see docs/security.md. What the brokerage keeps is not here."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 failed, 2 wrong usage or settings."""
    options = parser().parse_args(argv)
    # config.yml, data/, .env and a relative STATE_DIR belong to the repository, wherever one stands.
    os.chdir(ROOT)
    from bot.settings import SettingsError

    try:
        return COMMANDS[options.command](options)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    top = argparse.ArgumentParser(prog="assistant", description="The Secure Login Assistant.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start the whole stack on this machine")
    up.add_argument("--port", type=_port, help="where the gateway listens (default: GATEWAY_PORT or 8080)")

    chat = commands.add_parser(
        "chat",
        help="talk to the assistant from the terminal or from lines on standard input",
        description="Talks to the stack on --port; starts one, for as long as the chat lasts, if none runs.",
    )
    chat.add_argument("--channel", choices=["telegram", "sms"], default="telegram", help="default: telegram")
    chat.add_argument(
        "--peer", type=_peer, help="continue this client's conversation (default: a new client)"
    )
    chat.add_argument(
        "--language", type=_name, metavar="CODE", help="the client's language, such as en or ja"
    )
    chat.add_argument("--json", action="store_true", help="one JSON object a line, for programs")
    chat.add_argument("--port", type=_port, help="of a stack that runs (default: GATEWAY_PORT or 8080)")

    link = commands.add_parser(
        "link",
        help="a one-time token that links a chat to a user of the sandbox",
        description="Prints a token to write in a chat: /start TOKEN. The link must then be confirmed.",
    )
    link.add_argument("username", type=_peer, help="such as hanako01; the sandbox's portal lists them all")
    link.add_argument("--confirm", action="store_true", help="confirm the link that waits, as in the portal")

    export = commands.add_parser(
        "export", help="print all that is kept of one client, as JSON", description=CLIENT_DATA
    )
    erase = commands.add_parser(
        "erase", help="delete all that is kept of one client", description=CLIENT_DATA
    )
    for one in (export, erase):
        one.add_argument(
            "peer", metavar="PEER", help="such as +819012345678, or telegram:12345 for one channel"
        )
    erase.add_argument("--yes", action="store_true", help="do not ask first")

    train = commands.add_parser("train", help="train the model unless there is one that matches the data")
    train.add_argument("--force", action="store_true", help="train in any case")

    commands.add_parser("doctor", help="check how Telegram and SMS are set up, and say how to mend it")
    _add_nlu(commands)
    _add_channel(commands)
    desk_options.add_parser(commands)
    return top


def _add_nlu(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    nlu = commands.add_parser("nlu", help="how well messages are read, and what was not clear")
    parts = nlu.add_subparsers(dest="part", required=True, metavar="PART")
    evaluate = parts.add_parser("evaluate", help="score the model on messages labelled by others")
    evaluate.add_argument("file", type=_file, metavar="FILE.tsv", help="columns text, intent, and lang")
    evaluate.add_argument("--json", action="store_true", help="one JSON object, for programs")
    review = parts.add_parser(
        "review", help="list messages that were asked back about or refused, for labelling"
    )
    review.add_argument("--limit", type=int, default=200, metavar="N", help="the latest N (default: 200)")
    review.add_argument("--pairs", action="store_true", help="count between which topics was asked instead")
    label = parts.add_parser("label", help="add reviewed messages to their topics' examples")
    label.add_argument(
        "file", type=_file, metavar="FILE.tsv", help="from `review`, with the intents filled in"
    )


def _add_channel(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    top = commands.add_parser("channel", help="halt and resume sending, and see what could not be read")
    inside = top.add_subparsers(dest="channel_command", required=True, metavar="COMMAND")
    inside.add_parser("status", help="which channels send, and how much waits")
    halt = inside.add_parser("halt", help="send nothing more on a channel; what is to be said waits")
    resume = inside.add_parser("resume", help="send again, beginning with what has waited")
    for one in (halt, resume):
        # Those of bot.messages.halts, which is not imported for a help text.
        one.add_argument("channel", choices=["telegram", "sms", "simulator.telegram", "simulator.sms", "all"])
    letters = inside.add_parser("dead-letters", help="what a platform has sent and nobody could read")
    letters.add_argument("--limit", type=int, default=20, metavar="N", help="the newest N (default: 20)")


def _up(options: argparse.Namespace) -> int:
    from bot.cli.up import up

    return up(options.port)


def _chat(options: argparse.Namespace) -> int:
    from bot.cli.chat import chat

    return chat(options.channel, options.peer, options.language, options.port, as_json=options.json)


def _link(options: argparse.Namespace) -> int:
    from bot.cli.link import link

    return link(options.username, confirm=options.confirm)


def _export(options: argparse.Namespace) -> int:
    from bot.cli.client_data import export

    return export(options.peer)


def _erase(options: argparse.Namespace) -> int:
    from bot.cli.client_data import erase

    return erase(options.peer, ask=not options.yes)


def _train(options: argparse.Namespace) -> int:
    from bot.cli.train import train

    return train(force=options.force)


def _doctor(_: argparse.Namespace) -> int:
    from bot.cli.doctor import doctor

    return doctor()


def _nlu(options: argparse.Namespace) -> int:
    from bot.cli import nlu

    if options.part == "evaluate":
        return nlu.evaluate(options.file, as_json=options.json)
    if options.part == "label":
        return nlu.label(options.file)
    return nlu.review(options.limit, pairs=options.pairs, output=sys.stdout)


def _desk(options: argparse.Namespace) -> int:
    from bot.cli.desk import desk

    return desk(options)


def _channel(options: argparse.Namespace) -> int:
    from bot.cli.channel import channel

    return channel(options)


COMMANDS = {
    "up": _up,
    "chat": _chat,
    "link": _link,
    "export": _export,
    "erase": _erase,
    "train": _train,
    "doctor": _doctor,
    "nlu": _nlu,
    "desk": _desk,
    "channel": _channel,
}


def _port(text: str) -> int:
    from bot.settings import port_number

    try:
        return port_number(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be {error}") from None


def _name(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("must not be empty")
    return text.strip()


def _file(text: str) -> Path:
    # Before main leaves the caller's folder.
    return Path(text).absolute()


def _peer(text: str) -> str:
    if "/" in text:
        raise argparse.ArgumentTypeError("must not contain a slash")
    return _name(text)


if __name__ == "__main__":
    sys.exit(main())
