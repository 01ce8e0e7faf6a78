"""The options of `assistant desk`, apart from its commands: help must not wait for the import of a database driver."""

from __future__ import annotations

import argparse

from bot.domain import Role


def add_desk_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of `assistant desk` with their options."""
    parser = commands.add_parser("desk", help="support agents' accounts and the desk's audit trail")
    subcommands = parser.add_subparsers(dest="desk_command", required=True, metavar="COMMAND")
    add = subcommands.add_parser("add-agent", help="create an account for an agent, with a second factor")
    add.add_argument("name", metavar="NAME", help="the agent's log-in name: lower-case letters and digits")
    add.add_argument("--shown-as", default="", help="the name that clients see (default: NAME)")
    add.add_argument(
        "--role", choices=[role.value for role in Role], default=Role.AGENT.value, help="default: agent"
    )
    reset = subcommands.add_parser("reset-agent", help="create a new password and a new second factor")
    reset.add_argument("name", metavar="NAME")
    remove = subcommands.add_parser("remove-agent", help="stop an agent from logging in")
    remove.add_argument("name", metavar="NAME")
    for subcommand in (add, reset):
        subcommand.add_argument(
            "--ask-password", action="store_true", help="type a password instead of getting a random one"
        )
    subcommands.add_parser("agents", help="list all accounts")
    subcommands.add_parser("verify-audit", help="check that no row of the audit trail was changed")
