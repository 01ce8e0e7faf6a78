"""One unit of work on the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from sqlalchemy.engine import Connection
from sqlalchemy.sql import Executable, Insert

if TYPE_CHECKING:
    from sqlalchemy.engine import CursorResult
    from sqlalchemy.sql.selectable import TypedReturnsRows
    from typing_extensions import TypeVarTuple, Unpack

    Ts = TypeVarTuple("Ts")
    Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


@dataclass(frozen=True)
class Transaction:
    """One transaction: the connection that it runs on, and its one time (`now`, UTC seconds since 1970)."""

    connection: Connection
    now: float

    @overload
    def execute(
        self, statement: TypedReturnsRows[Unpack[Ts]], parameters: Parameters = None
    ) -> CursorResult[Unpack[Ts]]: ...
    @overload
    def execute(  # type: ignore[overload-cannot-match]  # Both are Any with SQLAlchemy 1.4.
        self, statement: Executable, parameters: Parameters = None
    ) -> CursorResult[Unpack[tuple[Any, ...]]]: ...
    def execute(self, statement: Executable, parameters: Parameters = None) -> CursorResult[Any]:
        """Execute one statement."""
        if parameters is None:
            return self.connection.execute(statement)
        return self.connection.execute(statement, parameters)

    def insert(self, statement: Insert) -> int:
        """Insert one row and return its id."""
        key = self.execute(statement).inserted_primary_key
        assert key is not None, "the table has no id"
        return int(key[0])

    @contextmanager
    def begin_nested(self) -> Iterator[None]:
        """Begin a savepoint: an error inside it undoes no more than what is inside it."""
        with self.connection.begin_nested():
            yield

    @property
    def dialect(self) -> str:
        """The database's name, `sqlite` or `postgresql`."""
        return str(self.connection.dialect.name)
