"""Idempotent writes: each is done once, however often it is requested."""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from sandbox.problem_details import ApiResult, RefusalError
from sandbox.schema import answers


def write_once(
    tx: Connection, key: str, request_digest: str, now: float, write: Callable[[], ApiResult]
) -> tuple[ApiResult, bool]:
    """Do the write and store its result under the key, or return the stored result and True.

    A refusal is stored like any other result: a wrong code that is sent twice under one key counts once. A key that was
    used for another request results in idempotency_key_reused.
    """
    row = tx.execute(select(answers).where(answers.c.idempotency_key == key)).mappings().first()
    if row is not None:
        if row["request_digest"] != request_digest:
            return RefusalError("idempotency_key_reused").result, False
        return ApiResult(row["status"], json.loads(row["body"])), True
    try:
        result = write()
    except RefusalError as refusal:
        result = refusal.result
    tx.execute(
        insert(answers).values(
            idempotency_key=key,
            request_digest=request_digest,
            status=result.status,
            body=json.dumps(dict(result.body)),
            answered_at=now,
        )
    )
    return result, False
