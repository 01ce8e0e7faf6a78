"""Actions of the assistant, clients, agents, deadlines and crashes in any order (see ownership_machine.py)."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.ownership_machine import OwnerMachine
from tests.support.ownership_promises import Bench

# Each generated example is one interleaving; a long run is this many of them.
INTERLEAVINGS = 10_000
PARTS = 8


def run(examples: int, steps: int) -> int:
    """How many interleavings were gone through."""
    OwnerMachine.bench = Bench()
    try:
        run_state_machine_as_test(
            OwnerMachine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        OwnerMachine.bench.close()
    return OwnerMachine.bench.examples


def test_a_few_interleavings_keep_every_promise() -> None:
    run(examples=25, steps=30)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_ten_thousand_interleavings_keep_every_promise() -> None:
    """On all processors; each part generates other examples, since none of them knows what the others did."""
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=spawning) as processes:
        parts = [processes.submit(run, INTERLEAVINGS // PARTS, 15) for _ in range(PARTS)]
        done = sum(part.result() for part in parts)
    assert done >= INTERLEAVINGS
    print(f"{done} interleavings")
