"""A PostgreSQL for the tests: TEST_DATABASE_URL, else a server on the standard port of this machine."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

STANDARD = "postgresql://127.0.0.1:5432/test"


@lru_cache(maxsize=1)
def server() -> Engine | None:
    """An engine on the tests' database; None where there is none and none was promised.

    A TEST_DATABASE_URL that does not answer is an error: whoever sets it wants these tests to run.
    """
    promised = os.environ.get("TEST_DATABASE_URL")
    engine = sa.create_engine(
        make_url(promised or STANDARD).set(drivername="postgresql+psycopg2"),
        poolclass=NullPool,
        connect_args={"connect_timeout": 2},
    )
    try:
        with engine.connect():
            return engine
    except OperationalError:
        if promised:
            raise
        return None


@contextmanager
def own_schema() -> Iterator[str]:
    """The URL of an empty schema that is gone afterwards; skips the test where there is no PostgreSQL."""
    engine = server()
    if engine is None:
        pytest.skip(f"no PostgreSQL: TEST_DATABASE_URL is not set and {STANDARD} does not answer")
    schema = f"test_{uuid.uuid4().hex}"
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    try:
        yield _in_schema(engine.url, schema).render_as_string(hide_password=False)
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))


def delete_rows(url: str, metadata: sa.MetaData) -> None:
    """Leave the tables of `metadata` in the schema of `url` without rows, and count them from 1 again."""
    # SQLAlchemy 2.1 takes another driver for postgresql:// than the gateway does.
    chosen = make_url(url)
    if chosen.get_backend_name() == "postgresql":
        chosen = chosen.set(drivername="postgresql+psycopg2")
    engine = sa.create_engine(chosen, poolclass=NullPool)
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        if chosen.get_backend_name() == "postgresql":
            connection.execute(
                sa.text(
                    "SELECT setval(c.oid, 1, false) FROM pg_class c WHERE relkind = 'S' AND relnamespace ="
                    " current_schema()::regnamespace"
                )
            )


def _in_schema(url: URL, schema: str) -> URL:
    # Milliseconds: a test that waits for a lock for ever should say so.
    options = f"-csearch_path={schema} -clock_timeout=20000"
    return url.set(drivername="postgresql").update_query_dict({"options": options})
