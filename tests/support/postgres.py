"""A PostgreSQL for the tests: TEST_DATABASE_URL, or a server on the standard port of this machine."""

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

DEFAULT_URL = "postgresql://127.0.0.1:5432/test"


@lru_cache(maxsize=1)
def server() -> Engine | None:
    """Return an engine for the tests' database, or None if there is no server.

    A TEST_DATABASE_URL that does not answer is an error, because it asks for these tests to run.
    """
    configured_url = os.environ.get("TEST_DATABASE_URL")
    engine = sa.create_engine(
        make_url(configured_url or DEFAULT_URL).set(drivername="postgresql+psycopg2"),
        poolclass=NullPool,
        connect_args={"connect_timeout": 2},
    )
    try:
        with engine.connect():
            return engine
    except OperationalError:
        if configured_url:
            raise
        return None


@contextmanager
def own_schema() -> Iterator[str]:
    """Yield the URL of an empty schema and drop it afterwards. Skip the test if there is no PostgreSQL."""
    engine = server()
    if engine is None:
        pytest.skip(f"no PostgreSQL: TEST_DATABASE_URL is not set and {DEFAULT_URL} does not answer")
    schema = f"test_{uuid.uuid4().hex}"
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    try:
        yield _in_schema(engine.url, schema).render_as_string(hide_password=False)
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))


def delete_rows(url: str, metadata: sa.MetaData) -> None:
    """Delete all rows of the tables of `metadata` in the schema of `url`, and reset their ids to 1."""
    # For postgresql:// SQLAlchemy 2.1 chooses another driver than the gateway.
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg2")
    engine = sa.create_engine(parsed, poolclass=NullPool)
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        if parsed.get_backend_name() == "postgresql":
            connection.execute(
                sa.text(
                    "SELECT setval(c.oid, 1, false) FROM pg_class c WHERE relkind = 'S' AND relnamespace ="
                    " current_schema()::regnamespace"
                )
            )


def _in_schema(url: URL, schema: str) -> URL:
    # In milliseconds, so that a test that waits for a lock fails and does not hang.
    options = f"-csearch_path={schema} -clock_timeout=20000"
    return url.set(drivername="postgresql").update_query_dict({"options": options})
