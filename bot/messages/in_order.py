"""What keeps the messages of one conversation in order, on the way in and on the way out."""

from __future__ import annotations

from sqlalchemy import Table, select
from sqlalchemy.sql.elements import ColumnElement


def oldest_queued(table: Table) -> ColumnElement[bool]:
    """The oldest queued row of each conversation in `table` (inbound or outbound): the only one that may be taken."""
    earlier = table.alias()
    return (table.c.state == "queued") & ~(
        select(earlier.c.id)
        .where(
            earlier.c.conversation_id == table.c.conversation_id,
            earlier.c.id < table.c.id,
            earlier.c.state == "queued",
        )
        .exists()
    )
