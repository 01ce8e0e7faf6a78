"""The supervisor's figures: waiting times, outcomes, scores, and topics that end with a person."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from bot.desk.context_words import reason_name
from bot.domain import ConversationState, TicketStatus
from bot.handoff import waiting_queue
from bot.storage.desk_tables import handoff, ticket
from bot.storage.tables import conversation, inbound
from bot.storage.transaction import Transaction

DAY_SECONDS = 86_400.0
# A rate of fewer openings says nothing.
FEWEST_OPENINGS = 1
TOPICS = 10


@dataclass(frozen=True)
class TopicRate:
    """How often a topic was opened, and how often it ended with a person."""

    topic: str
    opened: int
    handed_over: int

    @property
    def rate(self) -> float:
        """The share of openings that ended with a person."""
        return min(1.0, self.handed_over / max(1, self.opened))


@dataclass(frozen=True)
class Overview:
    """Figures of the last `days`. Times in seconds, None where there is nothing to measure yet."""

    days: int
    in_queue: int
    longest_wait: float | None
    with_agents: int
    at_desk: int
    open_tickets: int
    cases: int
    wait_median: float | None
    wait_90: float | None
    answer_median: float | None
    answer_90: float | None
    score_mean: float | None
    scores: dict[int, int]
    by_day: list[tuple[float, int]]
    wait_by_day: list[tuple[float, float]]
    reasons: list[tuple[str, int]]
    topics: list[TopicRate]


def overview(tx: Transaction, days: int = 7) -> Overview:
    """Return the figures as of now."""
    since = tx.now - days * DAY_SECONDS
    cases = tx.execute(
        select(handoff).where(handoff.c.created_at >= since, handoff.c.created_at <= tx.now)
    ).all()
    asked = [case for case in cases if case.inbound_id is not None]
    waits = [case.claimed_at - case.created_at for case in asked if case.claimed_at]
    answers = [case.answered_at - case.created_at for case in asked if case.answered_at]
    scores = Counter(case.score for case in cases if case.score)
    oldest = tx.execute(
        select(func.min(handoff.c.created_at))
        .join(conversation, conversation.c.handoff_id == handoff.c.id)
        .where(conversation.c.state == ConversationState.QUEUED)
    ).scalar()
    first_day = tx.now - (days - 1) * DAY_SECONDS
    return Overview(
        days=days,
        in_queue=waiting_queue.queue_length(tx),
        longest_wait=tx.now - oldest if oldest else None,
        with_agents=waiting_queue.count_conversations(
            tx, conversation.c.state.in_((ConversationState.ASSIGNED, ConversationState.HUMAN))
        ),
        at_desk=len(waiting_queue.at_desk(tx)),
        open_tickets=int(
            tx.execute(
                select(func.count()).select_from(ticket).where(ticket.c.state == TicketStatus.OPEN)
            ).scalar_one()
        ),
        cases=len(cases),
        wait_median=_quantile(waits, 0.5),
        wait_90=_quantile(waits, 0.9),
        answer_median=_quantile(answers, 0.5),
        answer_90=_quantile(answers, 0.9),
        score_mean=statistics.fmean(scores.elements()) if scores else None,
        scores={score: scores.get(score, 0) for score in range(1, 6)},
        by_day=[
            (day, sum(1 for case in cases if _day(case.created_at) == _day(day)))
            for day in _days(first_day, days)
        ],
        wait_by_day=[
            (day, median)
            for day in _days(first_day, days)
            if (
                median := _quantile(
                    [
                        case.claimed_at - case.created_at
                        for case in asked
                        if case.claimed_at and _day(case.created_at) == _day(day)
                    ],
                    0.5,
                )
            )
            is not None
        ],
        reasons=Counter(reason_name(case.reason, case.topic) for case in cases).most_common(8),
        topics=_rates(tx, since, Counter(case.topic for case in cases if case.topic)),
    )


def _rates(tx: Transaction, since: float, handed_over: Counter[str]) -> list[TopicRate]:
    rows = tx.execute(
        select(inbound.c.topic, func.count().label("opened"))
        .where(inbound.c.topic.is_not(None), inbound.c.received_at >= since)
        .group_by(inbound.c.topic)
    )
    opened = {str(row.topic): int(row.opened) for row in rows}
    rates = [
        TopicRate(topic, max(opened.get(topic, 0), count), count)
        for topic, count in handed_over.items()
        if max(opened.get(topic, 0), count) >= FEWEST_OPENINGS
    ]
    return sorted(rates, key=lambda one: (-one.rate, -one.handed_over, one.topic))[:TOPICS]


def _days(first: float, count: int) -> list[float]:
    return [first + ahead * DAY_SECONDS for ahead in range(count)]


def _day(at: float) -> int:
    return int(at // DAY_SECONDS)


def _quantile(values: Iterable[float], part: float) -> float | None:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else None
