"""Each write is done once, however often it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from sandbox.problems import Answer, RefusalError
from sandbox.storage import answers


def answer_once(
    tx: Connection, key: str, request_digest: str, now: float, write: Callable[[], Answer]
) -> tuple[Answer, bool]:
    """Do the write and keep its answer under the key; or give the kept answer again.

    A refusal is an answer like any other: a wrong code that is sent twice under one key counts once.
    Returns the answer and whether it is a kept one. A key that was used for another request is answered
    with idempotency_key_reused.
    """
    row = tx.execute(select(answers).where(answers.c.idempotency_key == key)).mappings().first()
    if row is not None:
        if row["request_digest"] != request_digest:
            return RefusalError("idempotency_key_reused").answer, False
        return Answer(row["status"], json.loads(row["body"])), True
    try:
        answer = write()
    except RefusalError as refusal:
        answer = refusal.answer
    tx.execute(
        insert(answers).values(
            idempotency_key=key,
            request_digest=request_digest,
            status=answer.status,
            body=json.dumps(dict(answer.body)),
            answered_at=now,
        )
    )
    return answer, False
