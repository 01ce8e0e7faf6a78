"""A queue in a table: due rows are claimed under a lease, and then retried, released or finished.

A table of a queue has `due_at`. A claim moves it to the end of the lease, so a row whose claimer died becomes due
again by itself. Where the table has `state`, its rows wait as `queued` and keep their last state; where it has none,
a finished row is deleted. Where it has `attempts`, each claim counts one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Table, and_, bindparam, case, delete, func, select, true, update
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import FromClause

from bot.storage.transaction import Transaction

Row = TypeVar("Row")

QUEUED = "queued"


class Queue(Generic[Row]):
    """The rows of one table that wait to be worked on. All statements are built once: that costs more than they do."""

    def __init__(
        self,
        table: Table,
        read: Callable[[Any], Row],
        *,
        lease_seconds: float,
        fifo_by: Sequence[Column[Any]] | None = None,
        source: FromClause | None = None,
        columns: Sequence[ColumnElement[Any]] = (),
        conditions: Sequence[ColumnElement[bool]] = (),
        not_before: ColumnElement[float] | None = None,
        on_claim: Mapping[str, ColumnElement[Any]] | None = None,
    ) -> None:
        """`read` turns a row, as it was before the claim, into what the claimer gets.

        `fifo_by`: of the rows that agree in these columns only the oldest queued one may be claimed; an empty sequence
        orders the whole table, None nothing. `source` joins other tables, for more `columns` to read, `conditions`
        that a row must meet to be claimed, and a second time that must have come (`not_before`). `on_claim`: columns
        that a claim sets besides the lease; the parameter `now` is its time.
        """
        self._read = read
        self._lease_seconds = lease_seconds
        self._table = table
        (self._key, *_) = table.primary_key.columns
        self._has_state = "state" in table.c
        self._attempts = table.c.get("attempts")
        queued = table.c.state == QUEUED if self._has_state else true()
        eligible = and_(queued, *self._order(fifo_by), *conditions)
        due = table.c.due_at <= bindparam("now")
        due_at: ColumnElement[float] = table.c.due_at
        if not_before is not None:
            due = due & (not_before <= bindparam("now"))
            due_at = case((table.c.due_at > not_before, table.c.due_at), else_=not_before)
        origin = table if source is None else source
        self._due = (
            select(table, *columns)
            .select_from(origin)
            .where(eligible, due)
            .order_by(self._key if fifo_by is not None else table.c.due_at)
            .limit(bindparam("row_limit"))
            .with_for_update(skip_locked=True, of=table)
        )
        self._next_due = select(func.min(due_at)).select_from(origin).where(eligible)
        counted = {} if self._attempts is None else {"attempts": self._attempts + 1}
        self._lease = (
            update(table)
            .where(self._key.in_(bindparam("keys", expanding=True)))
            .values(due_at=bindparam("lease_end"), **counted, **(on_claim or {}))
        )
        self._queued = queued
        self._count = select(func.count()).select_from(table).where(queued)
        self._needs_now = bool(on_claim)

    def claim(self, tx: Transaction, limit: int) -> list[Row]:
        """Return at most `limit` due rows, leased to the caller."""
        rows = tx.execute(self._due, {"now": tx.now, "row_limit": limit}).all()
        if rows:
            values = {
                "keys": [getattr(row, self._key.name) for row in rows],
                "lease_end": tx.now + self._lease_seconds,
            }
            tx.execute(self._lease, values | ({"now": tx.now} if self._needs_now else {}))
        return [self._read(row) for row in rows]

    def next_due(self, tx: Transaction) -> float | None:
        """Return when the next row can be claimed (UTC seconds), or None when none waits."""
        due: float | None = tx.execute(self._next_due).scalar()
        return due

    def count(self, tx: Transaction) -> int:
        """Return how many rows wait."""
        return int(tx.execute(self._count).scalar_one())

    def retry(self, tx: Transaction, key: int, due_at: float, **values: Any) -> None:
        """Return a claimed row to the queue, to be claimed from `due_at`; `values` are other columns to set."""
        tx.execute(update(self._table).where(*self._is_queued(key)).values(due_at=due_at, **values))

    def release(self, tx: Transaction, key: int, due_at: float) -> None:
        """Return a claimed row without counting the attempt: the failure was not the row's."""
        counted = {} if self._attempts is None else {"attempts": self._attempts - 1}
        self.retry(tx, key, due_at, **counted)

    def extend_lease(self, tx: Transaction, key: int, seconds: float | None = None) -> None:
        """Keep a claimed row for another lease, of the queue's own length unless `seconds` says otherwise."""
        self.retry(tx, key, tx.now + (self._lease_seconds if seconds is None else seconds))

    def release_all(self, tx: Transaction) -> None:
        """Make every waiting row due, when the only gateway on a database starts."""
        tx.execute(update(self._table).where(self._queued).values(due_at=tx.now))

    def finish(self, tx: Transaction, key: int, *conditions: ColumnElement[bool], **values: Any) -> bool:
        """Take a row out of the queue, once: set its `state` and other `values`, or delete it.

        False when it was finished before, or does not meet the `conditions`.
        """
        where = (*self._is_queued(key), *conditions)
        statement = update(self._table).values(**values) if self._has_state else delete(self._table)
        return bool(tx.execute(statement.where(*where)).rowcount)

    def _is_queued(self, key: int) -> tuple[ColumnElement[bool], ...]:
        return (self._key == key, self._queued)

    def _order(self, fifo_by: Sequence[Column[Any]] | None) -> tuple[ColumnElement[bool], ...]:
        """Return the condition that no older row waits."""
        if fifo_by is None:
            return ()
        older = self._table.alias()
        same = (older.c[column.name] == column for column in fifo_by)
        older_key = older.c[self._key.name]
        waits = select(older_key).where(*same, older_key < self._key, older.c.state == QUEUED)
        return (~waits.exists(),)
