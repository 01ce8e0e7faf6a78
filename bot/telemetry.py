"""Counters for operators (Prometheus) and logs that never hold what a client wrote."""

from __future__ import annotations

import logging
import sys

from prometheus_client import Counter, Gauge, Histogram

inbound_total = Counter("assistant_inbound_total", "Messages received", ["channel", "outcome"])
redacted_total = Counter("assistant_redacted_total", "Secrets taken out of messages", ["kind"])
turn_seconds = Histogram(
    "assistant_turn_seconds",
    "From taking a message up to its stored replies",
    ["outcome"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
outbound_total = Counter("assistant_outbound_total", "Messages sent", ["channel", "outcome"])
handoff_total = Counter("assistant_handoff_total", "Hand-offs recorded", ["reason"])
score_total = Counter("assistant_csat_total", "Scores given after a hand-off, 1 to 5", ["score"])
owner_total = Counter(
    "assistant_owner_total", "Changes of a conversation's owner", ["from_state", "to_state"]
)
backlog = Gauge("assistant_inbound_backlog", "Messages stored and not yet answered")


def configure_logging(level: int = logging.INFO) -> None:
    """Plain lines on standard output; the supervisor adds the part's name."""
    logging.basicConfig(
        stream=sys.stdout, level=level, format="%(levelname)s %(name)s: %(message)s", force=True
    )
    # httpx logs every request's address at INFO.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
