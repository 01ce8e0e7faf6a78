"""The options of `assistant desk`, apart from what carries them out: help must not wait for a database driver."""

from __future__ import annotations

import argparse

# Those of bot.desk.accounts, which is not imported for a help text.
ROLES = ("agent", "lead", "auditor")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands with their options."""
    top = commands.add_parser("desk", help="support agents' accounts and the desk's audit trail")
    inside = top.add_subparsers(dest="desk_command", required=True, metavar="COMMAND")
    add = inside.add_parser("add-agent", help="make an account for an agent, with a second factor")
    add.add_argument("name", metavar="NAME", help="what the agent logs in with: small letters and digits")
    add.add_argument("--shown-as", default="", help="what clients are told (default: NAME)")
    add.add_argument("--role", choices=ROLES, default="agent", help="default: agent")
    reset = inside.add_parser("reset-agent", help="a new password and a new second factor")
    reset.add_argument("name", metavar="NAME")
    remove = inside.add_parser("remove-agent", help="let an agent log in no more")
    remove.add_argument("name", metavar="NAME")
    for one in (add, reset):
        one.add_argument(
            "--ask-password", action="store_true", help="type a password instead of having one made up"
        )
    inside.add_parser("agents", help="list all accounts")
    inside.add_parser("verify-audit", help="check that no row of the audit trail has been changed")
