"""Metrics for operators (Prometheus), and logs, which never contain texts of clients."""

from __future__ import annotations

import logging
import sys

from prometheus_client import Counter, Gauge, Histogram

inbound_total = Counter("assistant_inbound_total", "Messages received", ["channel", "outcome"])
redacted_total = Counter("assistant_redacted_total", "Secrets removed from messages", ["kind"])
turn_seconds = Histogram(
    "assistant_turn_seconds",
    "From the claim of a message to its stored replies",
    ["outcome"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
outbound_total = Counter("assistant_outbound_total", "Messages sent", ["channel", "outcome"])
segments_total = Counter("assistant_segments_total", "Parts sent, which are segments for SMS", ["channel"])
ignored_total = Counter(
    "assistant_ignored_total", "Updates and posts that are not messages", ["channel", "reason"]
)
unusual_text_total = Counter("assistant_odd_total", "Texts of an unusual kind", ["channel", "kind"])
rejected_request_total = Counter("assistant_refused_total", "Rejected requests", ["channel", "reason"])
delivery_total = Counter("assistant_delivery_total", "Delivery reports", ["channel", "status", "applied"])
telegram_pending_updates = Gauge("assistant_telegram_pending_updates", "Updates that wait at Telegram")
handoff_total = Counter("assistant_handoff_total", "Hand-offs recorded", ["reason"])
clarification_total = Counter(
    "assistant_clarification_total", "Clarifications: messages asked about or refused", ["kind"]
)
clarification_choice_total = Counter(
    "assistant_clarification_choice_total", "Choices of clients in clarifications", ["choice"]
)
satisfaction_total = Counter("assistant_csat_total", "Scores given after a hand-off, 1 to 5", ["score"])
transition_total = Counter("assistant_owner_total", "Transitions of ownership", ["from_state", "to_state"])
sending_halted = Gauge("assistant_sending_halted", "1 while sending is halted", ["channel"])
inbound_backlog = Gauge("assistant_inbound_backlog", "Inbound messages that wait for an answer")


def configure_logging(level: int = logging.INFO) -> None:
    """Log plain lines to standard output; the supervisor adds the name of the process."""
    logging.basicConfig(
        stream=sys.stdout, level=level, format="%(levelname)s %(name)s: %(message)s", force=True
    )
    # At INFO, httpx logs the address of every request.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
