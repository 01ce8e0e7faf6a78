"""One unit of work on the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection, Result
from sqlalchemy.sql import Executable


@dataclass(frozen=True)
class Transaction:
    """One transaction: the connection that it runs on, and its one time (`now`, UTC seconds since 1970)."""

    connection: Connection
    now: float

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> Result[Any]:
        """Execute one statement."""
        if parameters is None:
            return self.connection.execute(statement)
        return self.connection.execute(statement, parameters)

    @contextmanager
    def begin_nested(self) -> Iterator[None]:
        """Begin a savepoint: an error inside it undoes no more than what is inside it."""
        with self.connection.begin_nested():
            yield

    @property
    def dialect(self) -> str:
        """The database's name, `sqlite` or `postgresql`."""
        return str(self.connection.dialect.name)
