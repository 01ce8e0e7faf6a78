"""Routes for tests, there only where SANDBOX_CONTROLS is on. None of them knows a code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import func, select

from sandbox.clock import Clock, iso
from sandbox.numbers import mask
from sandbox.phone_verifications import MAX_CHECKS
from sandbox.storage import Storage, answers, sms, verifications

LONGEST_JUMP = 10 * 365 * 86_400


class ClockRequest(BaseModel, extra="forbid"):
    advance_seconds: Annotated[float, Field(ge=0, le=LONGEST_JUMP)]


def controls(storage: Storage, clock: Clock, clock_moved: Callable[[], None]) -> APIRouter:
    """The routes under /sandbox. `clock_moved` is called, from any thread, after a jump."""
    router = APIRouter(prefix="/sandbox")

    @router.post("/clock")
    def advance(body: ClockRequest) -> dict[str, Any]:
        """Move the sandbox's clock into the future, for good."""
        offset = clock.offset_seconds + body.advance_seconds
        storage.keep_clock_offset(offset)
        clock.move_to_offset(offset)
        clock_moved()
        return {"now": iso(clock.now())}

    @router.get("/ledger")
    def ledger() -> dict[str, Any]:
        """What has been done so far. `writes` counts the writes carried out, repetitions left out."""
        with storage.transaction() as tx:
            done = tx.execute(select(verifications).order_by(verifications.c.created_at)).mappings().all()
            sent = tx.execute(select(sms).order_by(sms.c.sequence)).mappings().all()
            writes = tx.execute(select(func.count()).select_from(answers)).scalar_one()
        return {
            "verifications": [_verification(row) for row in done],
            "sms": [_sms(row) for row in sent],
            "writes": writes,
        }

    return router


def _verification(row: Any) -> dict[str, Any]:
    if row["verified_at"] is not None:
        state = "verified"
    else:
        state = "locked" if row["failures"] >= MAX_CHECKS else "open"
    shown = {name: row[name] for name in ("id", "client", "failures", "sends", "receipt")}
    return {**shown, "number_masked": mask(row["number"]), "state": state}


def _sms(row: Any) -> dict[str, Any]:
    shown = {name: row[name] for name in ("id", "client", "state", "tries")}
    return {**shown, "number_masked": mask(row["number"])}
