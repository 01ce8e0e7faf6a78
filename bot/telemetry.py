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
segments_total = Counter(
    "assistant_segments_total", "Parts that were paid for or sent one by one", ["channel"]
)
ignored_total = Counter(
    "assistant_ignored_total", "Updates and posts that are nobody's message", ["channel", "reason"]
)
odd_total = Counter("assistant_odd_total", "Texts that are no ordinary ones", ["channel", "kind"])
refused_total = Counter("assistant_refused_total", "Requests turned away", ["channel", "reason"])
delivery_total = Counter("assistant_delivery_total", "Delivery reports", ["channel", "status", "applied"])
webhook_pending = Gauge("assistant_telegram_pending_updates", "Updates that Telegram still holds back")
handoff_total = Counter("assistant_handoff_total", "Hand-offs recorded", ["reason"])
clarification_total = Counter(
    "assistant_clarification_total", "Messages asked back about or refused", ["kind"]
)
clarification_choice_total = Counter(
    "assistant_clarification_choice_total", "What clients chose when they were asked back", ["choice"]
)
score_total = Counter("assistant_csat_total", "Scores given after a hand-off, 1 to 5", ["score"])
owner_total = Counter(
    "assistant_owner_total", "Changes of a conversation's owner", ["from_state", "to_state"]
)
halted = Gauge("assistant_sending_halted", "1 while an operator has halted sending", ["channel"])
backlog = Gauge("assistant_inbound_backlog", "Messages stored and not yet answered")


def configure_logging(level: int = logging.INFO) -> None:
    """Plain lines on standard output; the supervisor adds the part's name."""
    logging.basicConfig(
        stream=sys.stdout, level=level, format="%(levelname)s %(name)s: %(message)s", force=True
    )
    # httpx logs every request's address at INFO.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
