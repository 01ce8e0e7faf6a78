"""Writes the next migration from what changed in bot/storage/tables.py: python -m bot.storage.migrations "MESSAGE"."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

from bot.storage.database import MIGRATIONS, Database


def main() -> None:
    """Compare the tables with what the migrations so far make, on a database thrown away afterwards."""
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        print('usage: python -m bot.storage.migrations "what changes, in a few words"', file=sys.stderr)
        raise SystemExit(2)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    number = 1 + sum(1 for _ in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'migrated.db'}")
        database.migrate()
        with database.connect() as connection:
            config.attributes["connection"] = connection
            command.revision(config, sys.argv[1], autogenerate=True, rev_id=f"{number:04d}")


if __name__ == "__main__":
    main()
