"""Render the desk's pages as HTML, in the agent's language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.clock import Clock
from bot.desk import canned, charts, desk_texts, guard
from bot.desk.context_words import ContextWords
from bot.desk.lists import Found, Waiting
from bot.desk.sessions import Session
from bot.desk.statistics import Overview
from bot.desk.thread import Thread
from bot.domain import AGENT_OUTCOMES, ConversationState
from bot.settings.hours import Hours
from knowledge import Knowledge

_LABEL = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_PLACED = re.compile(r"⟦secret:(\w+)⟧")
# Pages on which somebody works; the others are read.
_NAVIGATION = ("queue", "tickets", "search", "overview", "audit")


class Pages:
    """Renders every page. A request with the header X-Part gets the page without its frame."""

    def __init__(self, knowledge: Knowledge, hours: Hours, clock: Clock) -> None:
        self.texts = desk_texts.load()
        self._facts = ContextWords(knowledge, self.texts)
        self._knowledge = knowledge
        self._hours = hours
        self._clock = clock
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def login(
        self,
        request: Request,
        *,
        then: str,
        name: str = "",
        error: str = "",
        over: bool = False,
        status: int = 200,
    ) -> Response:
        """Render the log-in page; `over` tells that the session has ended."""
        return self._render(request, None, "login.html", status, then=then, name=name, error=error, over=over)

    def problem(self, request: Request, session: Session, status: int) -> Response:
        """Render a page that names the problem with a request."""
        known = {403: "problem_403", 404: "problem_404", 413: "problem_413"}
        text = known.get(status, "problem_400")
        return self._render(request, session, "problem.html", status, text=text)

    def queue(self, request: Request, session: Session, rows: Sequence[Waiting], language: str) -> Response:
        """Render the queue, and the conversations with agents."""
        shown = [row for row in rows if not language or row.language == language]
        return self._render(
            request,
            session,
            "queue.html",
            waiting=[row for row in shown if row.state == ConversationState.QUEUED],
            mine=[row for row in shown if row.agent_id == session.agent.id],
            others=[
                row
                for row in shown
                if row.state != ConversationState.QUEUED and row.agent_id != session.agent.id
            ],
            chosen=language,
            codes=sorted(self._knowledge.languages),
            is_open=self._hours.is_open(self._clock()),
        )

    def tickets(self, request: Request, session: Session, rows: Sequence[Found]) -> Response:
        """Render the open tickets."""
        return self._render(request, session, "tickets.html", rows=rows)

    def search(
        self, request: Request, session: Session, words: str, rows: Sequence[Found] | None
    ) -> Response:
        """Render the results of a search."""
        return self._render(request, session, "search.html", words=words, rows=rows)

    def conversation(
        self,
        request: Request,
        session: Session,
        shown: Thread,
        *,
        colleagues: Sequence[tuple[int, str, bool]],
        replies_of: str,
        revealed: bool,
        error: str,
        draft: Mapping[str, str],
        key: str,
        status: int,
    ) -> Response:
        """Render one conversation."""
        return self._render(
            request,
            session,
            "conversation.html",
            status,
            shown=shown,
            facts=self._facts.in_words(shown.context, self._language(request, session)),
            mine=shown.conversation.agent_id == session.agent.id
            and shown.conversation.state in {ConversationState.ASSIGNED, ConversationState.HUMAN},
            may_work=session.agent.role in guard.WORK,
            colleagues=colleagues,
            outcomes=AGENT_OUTCOMES,
            revealed=revealed,
            error=error,
            draft=draft,
            key=key,
            **self._canned(shown, replies_of),
        )

    def canned(self, request: Request, session: Session, shown: Thread, topic: str) -> Response:
        """Render the canned replies of one topic."""
        return self._render(request, session, "canned.html", shown=shown, **self._canned(shown, topic))

    def overview(self, request: Request, session: Session, figures: Overview) -> Response:
        """Render the supervisor's figures."""
        say = self._say(self._language(request, session))
        day: Callable[[float], str] = lambda at: f"{self._hours.local(at):%-m/%-d}"  # noqa: E731
        waits = {day(at): seconds / 60 for at, seconds in figures.wait_by_day}
        days = [(day(at), count) for at, count in figures.by_day]
        every = max(1, len(days) // 7)
        labelled = [(label if place % every == 0 else "", count) for place, (label, count) in enumerate(days)]
        title = self._topic(self._language(request, session))
        return self._render(
            request,
            session,
            "overview.html",
            figures=figures,
            by_day=charts.bars(labelled, say("chart_by_day")),
            wait_by_day=charts.line(
                [
                    (label if place % every == 0 else "", waits.get(label))
                    for place, (label, _) in enumerate(days)
                ],
                say("chart_wait"),
            ),
            scores=charts.bars(
                [(str(score), count) for score, count in figures.scores.items()], say("chart_scores")
            ),
            topics=charts.shares(
                [
                    (title(one.topic), one.rate, f"{one.rate:.0%} ({one.handed_over}/{one.opened})")
                    for one in figures.topics
                ],
                say("chart_topics"),
            ),
            reasons=charts.shares(
                [
                    (self._reason(request, session, reason), count / max(1, figures.cases), str(count))
                    for reason, count in figures.reasons
                ],
                say("chart_reasons"),
            ),
        )

    def audit(
        self,
        request: Request,
        session: Session,
        rows: Sequence[Any],
        broken: int | None,
        names: Mapping[str, str],
    ) -> Response:
        """Render the audit trail."""
        return self._render(request, session, "audit.html", rows=rows, broken=broken, names=names)

    def _canned(self, shown: Thread, chosen: str) -> dict[str, Any]:
        language = shown.conversation.language
        known = canned.topics(self._knowledge, language)
        ids = [topic for topic, _ in known]
        topic = next((one for one in (chosen, shown.context.topic) if one in ids), ids[0] if ids else "")
        replies = (
            canned.replies(self._knowledge.topics[topic], language, shown.conversation.address.kind)
            if topic
            else []
        )
        return {"canned_topics": known, "canned_topic": topic, "canned_replies": replies}

    def _render(
        self, request: Request, session: Session | None, template: str, status: int = 200, **values: Any
    ) -> Response:
        language = self._language(request, session)
        part = bool(request.headers.get("x-part"))
        html = self._environment.get_template(template).render(
            say=self._say(language),
            find=lambda name, otherwise="": self.texts.find(language, name, otherwise or name),
            language=language,
            languages=self.texts.languages,
            language_names={
                code: self._knowledge.languages[code].name
                for code in self.texts.languages
                if code in self._knowledge.languages
            },
            session=session,
            path=request.url.path,
            frame="part.html" if part else "page.html",
            navigation=[
                name
                for name in _NAVIGATION
                if name not in {"overview", "audit"} or (session and session.agent.role in guard.SUPERVISE)
            ],
            topic=self._topic(language),
            age=lambda since: self._age(language, since),
            seconds=lambda long: self._long(language, long),
            clock_time=lambda at: f"{self._hours.local(at):%H:%M}",
            full_time=lambda at: f"{self._hours.local(at):%Y-%m-%d %H:%M}",
            iso=lambda at: self._hours.local(at).isoformat(timespec="seconds"),
            marked=self._marked(language),
            now=self._clock(),
            **values,
        )
        return HTMLResponse(html, status_code=status, headers=guard.SECURITY_HEADERS)

    def _language(self, request: Request, session: Session | None) -> str:
        asked = request.query_params.get("lang") if session is None else session.language
        return self.texts.choose(asked, request.headers.get("accept-language", ""))

    def _say(self, language: str) -> Callable[..., str]:
        return lambda name, **values: self.texts.say(language, name, **values)

    def _reason(self, request: Request, session: Session, reason: str) -> str:
        return self.texts.find(self._language(request, session), f"reason_{reason}", reason)

    def _topic(self, language: str) -> Callable[[str | None], str]:
        def title(topic: str | None) -> str:
            if topic is None or topic not in self._knowledge.topics:
                return topic or ""
            pages = self._knowledge.topics[topic].languages
            return pages.get(language, next(iter(pages.values()))).title or topic

        return title

    def _age(self, language: str, since: float) -> str:
        return self._long(language, self._clock() - since)

    def _long(self, language: str, seconds: float | None) -> str:
        if seconds is None:
            return "–"
        for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
            if seconds >= size:
                return self.texts.say(language, f"age_{unit}", number=int(seconds // size))
        return self.texts.say(language, "age_seconds", number=max(0, int(seconds)))

    def _marked(self, language: str) -> Callable[[str], Markup]:
        """Return a message as HTML, with its **labels** bold and its redacted secrets named."""

        def html(text: str) -> Markup:
            shown = _LABEL.sub(r"<b>\1</b>", str(escape(text)))
            shown = _PLACED.sub(
                lambda found: (
                    f'<span class="removed">{escape(self.texts.find(language, f"removed_{found[1]}", found[1]))}</span>'
                ),
                shown,
            )
            return Markup(shown)  # noqa: S704 - escaped above; the marks are ours

        return html
