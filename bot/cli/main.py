"""The command line of the assistant. Each command's module is imported only when the command runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.cli.desk_options import add_desk_parser
from contracts.enums import ChannelKind

ROOT = Path(__file__).resolve().parents[2]
USAGE_ERROR = 2
INTERRUPTED = 130
CHANNEL_KINDS = [kind.value for kind in ChannelKind]
# The channels of bot.messages.halts, which imports a database driver.
HALT_CHOICES = [*CHANNEL_KINDS, *(f"simulator.{kind}" for kind in CHANNEL_KINDS), "all"]
CLIENT_DATA = "Covers the data that the assistant keeps (docs/security.md), not that of the brokerage."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 invalid usage or settings."""
    options = parser().parse_args(argv)
    # Paths such as config.yml, data/, .env and STATE_DIR are relative to the repository, not to the caller.
    os.chdir(ROOT)
    from bot.settings import SettingsError

    try:
        return COMMANDS[options.command](options)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top_parser = argparse.ArgumentParser(prog="assistant", description="The Secure Login Assistant.")
    commands = top_parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start the whole stack on this machine")
    up.add_argument("--port", type=_port, help="where the gateway listens (default: GATEWAY_PORT or 8080)")

    chat = commands.add_parser(
        "chat",
        help="talk to the assistant from the terminal or from lines on standard input",
        description="Talk to the stack on --port. If none runs, start one for as long as the chat lasts.",
    )
    chat.add_argument("--channel", choices=CHANNEL_KINDS, default="telegram", help="default: telegram")
    chat.add_argument(
        "--peer", type=_peer, help="continue this client's conversation (default: a new client)"
    )
    chat.add_argument(
        "--language", type=_name, metavar="CODE", help="the client's language, such as en or ja"
    )
    chat.add_argument("--json", action="store_true", help="one JSON object a line, for programs")
    chat.add_argument("--port", type=_port, help="port of a running stack (default: GATEWAY_PORT or 8080)")

    link = commands.add_parser(
        "link",
        help="create a one-time token that links a chat to a user of the sandbox",
        description="Print a token to write in a chat: /start TOKEN. Then confirm the link.",
    )
    link.add_argument("username", type=_peer, help="such as hanako01; the sandbox's portal lists all users")
    link.add_argument("--confirm", action="store_true", help="confirm the pending link, as the portal does")

    export = commands.add_parser(
        "export", help="print the data of one client, as JSON", description=CLIENT_DATA
    )
    erase = commands.add_parser("erase", help="delete the data of one client", description=CLIENT_DATA)
    for subcommand in (export, erase):
        subcommand.add_argument(
            "peer", metavar="PEER", help="such as +819012345678, or telegram:12345 for one channel"
        )
    erase.add_argument("--yes", action="store_true", help="do not ask first")

    train = commands.add_parser("train", help="train the model, unless one matches the data")
    train.add_argument("--force", action="store_true", help="train even if a model matches")

    commands.add_parser("doctor", help="check the set-up of Telegram and SMS, and say how to fix it")
    _add_nlu(commands)
    _add_channel(commands)
    add_desk_parser(commands)
    return top_parser


def _add_nlu(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    nlu = commands.add_parser("nlu", help="measure understanding, and label messages that were not clear")
    parts = nlu.add_subparsers(dest="part", required=True, metavar="PART")
    evaluate = parts.add_parser("evaluate", help="score the model on labelled messages")
    evaluate.add_argument("file", type=_file, metavar="FILE.tsv", help="columns text, intent, and lang")
    evaluate.add_argument("--json", action="store_true", help="one JSON object, for programs")
    review = parts.add_parser("review", help="list messages that were asked about or refused, for labelling")
    review.add_argument("--limit", type=int, default=200, metavar="N", help="the latest N (default: 200)")
    review.add_argument(
        "--pairs", action="store_true", help="count instead between which topics the assistant asked"
    )
    label = parts.add_parser("label", help="add labelled messages to the examples of their topics")
    label.add_argument(
        "file", type=_file, metavar="FILE.tsv", help="from `review`, with the intents filled in"
    )


def _add_channel(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    channel = commands.add_parser("channel", help="halt and resume sending, and show dead letters")
    subcommands = channel.add_subparsers(dest="channel_command", required=True, metavar="COMMAND")
    subcommands.add_parser("status", help="show which channels send, and how many messages wait")
    halt = subcommands.add_parser("halt", help="stop sending on a channel; messages wait")
    resume = subcommands.add_parser("resume", help="send again, oldest messages first")
    for subcommand in (halt, resume):
        subcommand.add_argument("channel", choices=HALT_CHOICES)
    letters = subcommands.add_parser("dead-letters", help="list updates that could not be read or stored")
    letters.add_argument("--limit", type=int, default=20, metavar="N", help="the newest N (default: 20)")


def _up(options: argparse.Namespace) -> int:
    from bot.cli.up_command import up

    return up(options.port)


def _chat(options: argparse.Namespace) -> int:
    from bot.cli.chat_command import chat

    channel = ChannelKind(options.channel)
    return chat(channel, options.peer, options.language, options.port, as_json=options.json)


def _link(options: argparse.Namespace) -> int:
    from bot.cli.link_command import link

    return link(options.username, confirm=options.confirm)


def _export(options: argparse.Namespace) -> int:
    from bot.cli.client_data_command import export

    return export(options.peer)


def _erase(options: argparse.Namespace) -> int:
    from bot.cli.client_data_command import erase

    return erase(options.peer, ask=not options.yes)


def _train(options: argparse.Namespace) -> int:
    from bot.cli.train_command import train

    return train(force=options.force)


def _doctor(_: argparse.Namespace) -> int:
    from bot.cli.doctor_command import doctor

    return doctor()


def _nlu(options: argparse.Namespace) -> int:
    from bot.cli.nlu_command import evaluate, label, review

    if options.part == "evaluate":
        return evaluate(options.file, as_json=options.json)
    if options.part == "label":
        return label(options.file)
    return review(options.limit, pairs=options.pairs, output=sys.stdout)


def _desk(options: argparse.Namespace) -> int:
    from bot.cli.desk_command import desk

    return desk(options)


def _channel(options: argparse.Namespace) -> int:
    from bot.cli.channel_command import channel

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
    # Resolved before main changes the working directory.
    return Path(text).absolute()


def _peer(text: str) -> str:
    if "/" in text:
        raise argparse.ArgumentTypeError("must not contain a slash")
    return _name(text)


if __name__ == "__main__":
    sys.exit(main())
