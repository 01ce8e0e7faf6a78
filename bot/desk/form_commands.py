"""Execute the forms that agents send: each once, in one transaction with its row in the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, update

from bot.clock import Clock
from bot.desk.outgoing import refusal
from bot.domain import AGENT_OUTCOMES, AgentId, ConversationId, Epoch, Outcome, Role, TicketStatus
from bot.handoff import tickets
from bot.handoff.agent_commands import Agent, AgentCommands, NotAllowedError, add_note, find_agent
from bot.messages.conversations import Conversation
from bot.messages.parsing import MAX_TEXT_CHARACTERS
from bot.privacy.audit import AuditTrail
from bot.privacy.redaction import redact
from bot.storage.database import insert_if_new
from bot.storage.desk_tables import desk_request, presence, ticket
from bot.storage.transaction import Transaction

KEPT_SECONDS = 24 * 3600.0


class FormError(Exception):
    """A form cannot be executed. The message is the name of the text that explains it."""


@dataclass(frozen=True)
class Form:
    """A submitted form: the conversation as the page showed it, and the fields."""

    key: str
    conversation_id: ConversationId
    epoch: Epoch
    seen: int
    fields: dict[str, str]

    def text(self, name: str) -> str:
        """Return a field that is not empty and has at most MAX_TEXT_CHARACTERS. Raises FormError."""
        text = self.fields.get(name, "").replace("\r\n", "\n").strip()
        if not text:
            raise FormError("error_empty")
        if len(text) > MAX_TEXT_CHARACTERS:
            raise FormError("error_too_long")
        return text.encode("utf-8", "ignore").decode()


class FormCommands:
    """Executes forms. Every command is recorded in the audit trail, a refused one too."""

    def __init__(
        self, agents: AgentCommands, audit: AuditTrail, clock: Clock, reviewed: frozenset[str]
    ) -> None:
        self._agents = agents
        self._audit = audit
        self._clock = clock
        # Canned replies were reviewed, so they may be sent as they are.
        self._reviewed = reviewed
        self._all: dict[str, Callable[[Transaction, Agent, Form], object]] = {
            "take": self._take,
            "reply": self._reply,
            "note": self._note,
            "transfer": self._transfer,
            "resolve": self._resolve,
            "give_back": self._give_back,
            "block": self._block,
            "unblock": self._unblock,
            "close_ticket": self._close_ticket,
        }

    @property
    def names(self) -> list[str]:
        """The names of the commands, as forms and routes use them."""
        return list(self._all)

    def execute(self, tx: Transaction, what: str, by: Agent, form: Form) -> None:
        """Execute the form, unless it was executed before.

        Raises FormError, StaleEpochError, NotAllowedError or UnseenMessagesError.
        """
        tx.execute(delete(desk_request).where(desk_request.c.at < tx.now - KEPT_SECONDS))
        if not insert_if_new(tx, desk_request, {"key": form.key, "at": tx.now}):
            return
        after = self._all[what](tx, by, form)
        detail = {name: form.fields[name] for name in ("outcome", "to") if form.fields.get(name)}
        self._audit.append(
            tx,
            by.actor,
            what,
            conversation_id=form.conversation_id,
            epoch=after.epoch if isinstance(after, Conversation) else None,
            detail=detail,
        )

    def record_refusal(self, tx: Transaction, what: str, by: Agent, form: Form, why: str) -> None:
        """Record a refused form in the audit trail."""
        self._audit.append(
            tx,
            by.actor,
            f"{what}_refused"[:32],
            conversation_id=form.conversation_id,
            detail={"why": why},
        )

    def _take(self, tx: Transaction, by: Agent, form: Form) -> object:
        return self._agents.claim(tx, form.conversation_id, by, form.epoch)

    def _reply(self, tx: Transaction, by: Agent, form: Form) -> object:
        text = form.text("text")
        if text not in self._reviewed and (why := refusal(text)):
            raise FormError(f"error_{why}")
        _stop_writing(tx, form.conversation_id, by.id)
        return self._agents.reply(tx, form.conversation_id, by, form.epoch, text)

    def _note(self, tx: Transaction, by: Agent, form: Form) -> object:
        # A note needs no right epoch: it changes nothing and is never too late.
        add_note(tx, form.conversation_id, by.id, redact(form.text("text")).text)
        return None

    def _transfer(self, tx: Transaction, by: Agent, form: Form) -> object:
        why = redact(form.text("why")).text
        wanted = form.fields.get("to", "")
        to = find_agent(tx, AgentId(int(wanted))) if wanted.isdigit() else None
        if wanted.isdigit() and (to is None or to.id == by.id):
            raise FormError("error_no_such_agent")
        return self._agents.transfer(tx, form.conversation_id, by, form.epoch, to, why)

    def _resolve(self, tx: Transaction, by: Agent, form: Form) -> object:
        outcome = form.fields.get("outcome", "")
        if outcome not in AGENT_OUTCOMES:
            raise FormError("error_no_outcome")
        summary = redact(form.fields.get("summary", "").strip()[:1000]).text
        return self._agents.resolve(
            tx, form.conversation_id, by, form.epoch, form.seen, Outcome(outcome), summary
        )

    def _give_back(self, tx: Transaction, by: Agent, form: Form) -> object:
        return self._agents.give_back(tx, form.conversation_id, by, form.epoch, form.seen)

    def _block(self, tx: Transaction, by: Agent, form: Form) -> object:
        _lead(by)
        return self._agents.block(tx, form.conversation_id, by, form.epoch)

    def _unblock(self, tx: Transaction, by: Agent, form: Form) -> object:
        _lead(by)
        return self._agents.unblock(tx, form.conversation_id, by, form.epoch)

    def _close_ticket(self, tx: Transaction, by: Agent, form: Form) -> object:
        """Close the ticket as dealt with elsewhere, for instance by phone; the note tells how."""
        add_note(tx, form.conversation_id, by.id, redact(form.text("text")).text)
        case = tickets.find_open_case(tx, form.conversation_id)
        tickets.end_case(tx, case, Outcome.CLOSED_ELSEWHERE)
        return tx.execute(
            update(ticket)
            .where(ticket.c.handoff_id == case, ticket.c.state == TicketStatus.OPEN)
            .values(state=TicketStatus.DONE, closed_at=tx.now, agent_id=by.id)
        )


def note_presence(
    tx: Transaction, conversation_id: ConversationId, agent_id: AgentId, *, writing: bool
) -> None:
    """Note that the agent has the conversation open, and whether they are writing."""
    values = {"conversation_id": conversation_id, "agent_id": agent_id, "seen_at": tx.now}
    insert_if_new(tx, presence, values)
    changed: dict[str, float] = {"seen_at": tx.now} | ({"writing_at": tx.now} if writing else {})
    tx.execute(
        update(presence)
        .where(presence.c.conversation_id == conversation_id, presence.c.agent_id == agent_id)
        .values(**changed)
    )


def _stop_writing(tx: Transaction, conversation_id: ConversationId, agent_id: AgentId) -> None:
    tx.execute(
        update(presence)
        .where(presence.c.conversation_id == conversation_id, presence.c.agent_id == agent_id)
        .values(writing_at=None)
    )


def _lead(by: Agent) -> None:
    if by.role != Role.LEAD:
        raise NotAllowedError("only a lead may do that")
