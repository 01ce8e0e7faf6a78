"""The way of an inbound message from the inbox to its replies, as two lists of named stages.

Before: a channel verifies and parses a request; the inbox parses the message (messages/parsing.py), decides what
follows from it at once (messages/intake.py), stores it, and the channel acknowledges it.

Here: the worker claims it. PREPARE runs in one transaction, the dialogue engine is asked outside of any, and COMMIT
runs in another: all of it or nothing. A stage that sets an outcome is the last one.

After: the sender claims the replies (messages/outbound_queue.py) and the channel sends them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.conversation import choices, clarifications, directives
from bot.domain import ConversationId, InboundKind, InboundStatus, Notice, Origin, TurnOutcome
from bot.handoff.client_messages import ClientMessages
from bot.handoff.handoff_notices import PREFIX as HANDOFF_PREFIX
from bot.handoff.handoff_service import HandoffService, RequestedHandoff
from bot.messages import conversations, inbound_queue, inbox, notices, outbox
from bot.messages.chat_commands import ChatCommands
from bot.messages.conversations import Conversation
from bot.messages.inbound_queue import ClaimedMessage
from bot.messages.outbox import Choice
from bot.privacy.vault import Vault
from bot.storage.transaction import Transaction
from contracts.enums import ChannelKind, HandoffReason, Priority
from contracts.payloads import Payload
from contracts.turns import TurnRequest, TurnResponse
from knowledge import Knowledge

# How long the engine may be away: no word before the first, and a person after the second.
NOTICE_AFTER_SECONDS = 3.0
HANDOFF_AFTER_SECONDS = 300.0
FIRST_OUTAGE_PAUSE_SECONDS = 0.3
MAX_OUTAGE_PAUSE_SECONDS = 3.0


@dataclass
class TurnContext:
    """One claimed message on its way to its replies; each stage fills in its part."""

    message: ClaimedMessage
    conversation: Conversation
    text: str | None = None
    """What to ask the engine: a text as it was typed, or else a payload."""
    payload: str | None = None
    notice: Notice | None = None
    """The notice that answers the message without the engine."""
    response: TurnResponse | None = None
    handoff: RequestedHandoff | None = None
    outcome: TurnOutcome | None = None

    @property
    def label(self) -> str:
        """Return the outcome as the metrics name it; a notice by its own name."""
        label = self.notice or self.outcome or TurnOutcome.RETRIED
        return str(label)

    def request(self) -> TurnRequest:
        """Return the question to the engine."""
        return TurnRequest(
            conversation=self.conversation.name,
            message=self.message.key,
            channel=ChannelKind(self.conversation.address.kind),
            language=self.conversation.language,
            client=self.conversation.address.client,
            text=self.text,
            payload=self.payload,
        )


Stage = Callable[[Transaction, TurnContext], None]


class Pipeline:
    """The stages, each inside the caller's transaction."""

    def __init__(self, vault: Vault, knowledge: Knowledge, handoffs: HandoffService) -> None:
        self._vault = vault
        self._knowledge = knowledge
        self._handoffs = handoffs
        self._client_messages = ClientMessages(handoffs)
        self._commands = ChatCommands(knowledge)
        self._prepare: Sequence[Stage] = (
            self._interpret,
            self._close_chosen_menu,
            self._route_to_people,
            self._answer_with_notice,
        )
        self._commit: Sequence[Stage] = (
            self._check_owner,
            self._close_message,
            self._set_language,
            self._record_choice,
            self._record_topic,
            self._hand_over,
            self._store_replies,
            self._apply_directives,
            self._announce_handoff,
            self._destroy_secret,
        )

    def prepare(self, tx: Transaction, message: ClaimedMessage) -> TurnContext:
        """Find out what to ask the engine. With an outcome there is nothing to ask, and the message is closed."""
        self._vault.sweep(tx)
        turn = TurnContext(message, conversations.find(tx, message.conversation_id, lock=True))
        return _run(self._prepare, tx, turn)

    def commit(self, tx: Transaction, turn: TurnContext, response: TurnResponse) -> TurnOutcome:
        """Store the replies and close the message: both or neither, and only once."""
        # A copy, since the transaction may be tried again.
        return _run(self._commit, tx, replace(turn, response=response)).outcome or TurnOutcome.ANSWERED

    def postpone(self, tx: Transaction, message: ClaimedMessage) -> None:
        """Release a message while the engine is unavailable; tell the client once, and hand over in the end."""
        waited = tx.now - message.received_at
        pause = min(MAX_OUTAGE_PAUSE_SECONDS, FIRST_OUTAGE_PAUSE_SECONDS + waited / 4)
        inbound_queue.QUEUE.release(tx, message.id, tx.now + pause)
        conversation = conversations.find(tx, message.conversation_id, lock=True)
        if conversation.outage_notified_at is None and waited >= NOTICE_AFTER_SECONDS:
            notices.add(tx, self._knowledge, conversation, Notice.ENGINE_DOWN, message.id)
            conversations.change(tx, conversation.id, outage_notified_at=tx.now)
        if waited >= HANDOFF_AFTER_SECONDS:
            handoff = self._handoffs.request(
                tx,
                conversation,
                reason=HandoffReason.OUTAGE,
                priority=Priority.NORMAL,
                inbound_id=message.id,
            )
            if handoff is not None:
                self._handoffs.announce(tx, handoff)

    def give_up(self, tx: Transaction, message: ClaimedMessage) -> None:
        """Close a message that the engine could not answer, and tell the client."""
        conversation = conversations.find(tx, message.conversation_id, lock=True)
        if inbound_queue.finish(tx, message.id, InboundStatus.DEAD):
            turn = TurnContext(message, conversation)
            self._destroy_secret(tx, turn)
            notices.add(tx, self._knowledge, conversation, Notice.MESSAGE_FAILED, message.id)

    # The stages of PREPARE.

    def _interpret(self, tx: Transaction, turn: TurnContext) -> None:
        """Turn the stored content into a text, a payload, or the notice that answers it."""
        message, conversation_id = turn.message, turn.conversation.id
        match message.kind:
            case InboundKind.CODE:
                turn.payload = Payload.answer(code=message.content).encode()
            case InboundKind.LINK:
                turn.payload = Payload("linking", {"link": message.content}).encode()
            case InboundKind.COMMAND:
                turn.payload = self._commands.payload(message.content)
            case InboundKind.BUTTON:
                turn.payload = choices.find_by_token(tx, conversation_id, message.content)
                turn.notice = None if turn.payload else Notice.OLD_BUTTON
            case _:
                turn.payload = choices.find_by_text(tx, conversation_id, message.content)
                turn.text = None if turn.payload else message.content
                if turn.payload is None:
                    turn.notice = self._notice_for_text(tx, conversation_id, message.content)

    def _notice_for_text(self, tx: Transaction, conversation_id: ConversationId, text: str) -> Notice | None:
        if choices.is_unknown_number(tx, conversation_id, text):
            return Notice.NO_SUCH_CHOICE
        return None if text.strip() else Notice.EMPTY

    def _close_chosen_menu(self, tx: Transaction, turn: TurnContext) -> None:
        """Close the menu before the gateway carries out the choice, since that may offer the next one."""
        payload = turn.payload
        if payload and (turn.message.is_for_desk or payload.startswith(HANDOFF_PREFIX)):
            choices.close_menus(tx, turn.conversation.id)

    def _route_to_people(self, tx: Transaction, turn: TurnContext) -> None:
        """Close the message when people read it, or when the gateway carries out the choice that it made."""
        is_routed = self._client_messages.route(tx, turn.conversation, turn.message, turn.payload)
        if is_routed:
            inbound_queue.finish(tx, turn.message.id)
            self._destroy_secret(tx, turn)
            turn.notice, turn.outcome = None, TurnOutcome.TO_DESK
        else:
            # The message may have ended a case.
            turn.conversation = conversations.find(tx, turn.conversation.id)

    def _answer_with_notice(self, tx: Transaction, turn: TurnContext) -> None:
        """Answer with a notice where the engine is not needed."""
        if turn.notice is None:
            return
        turn.outcome = TurnOutcome.NOTICE
        if inbound_queue.finish(tx, turn.message.id):
            self._destroy_secret(tx, turn)
            notices.add(tx, self._knowledge, turn.conversation, turn.notice, turn.message.id)

    # The stages of COMMIT.

    def _check_owner(self, tx: Transaction, turn: TurnContext) -> None:
        """Say nothing for an earlier owner; the message is looked at again."""
        current = conversations.find(tx, turn.conversation.id, lock=True)
        if current.epoch != turn.conversation.epoch:
            inbound_queue.QUEUE.retry(tx, turn.message.id, tx.now)
            turn.outcome = TurnOutcome.OVERTAKEN
        turn.conversation = current

    def _close_message(self, tx: Transaction, turn: TurnContext) -> None:
        if not inbound_queue.finish(tx, turn.message.id):
            # Another worker has answered it.
            turn.outcome = TurnOutcome.ANSWERED

    def _set_language(self, tx: Transaction, turn: TurnContext) -> None:
        """Go on in the language of the response, where it is one that clients can choose."""
        language = _response(turn).language
        if language in self._knowledge.languages:
            turn.conversation = replace(turn.conversation, language=str(language))
        conversations.change(
            tx, turn.conversation.id, language=turn.conversation.language, outage_notified_at=None
        )

    def _record_choice(self, tx: Transaction, turn: TurnContext) -> None:
        """Close menus: one choice is made from a menu, and only from the newest. A text leaves it open."""
        if turn.payload:
            clarifications.note_choice(tx, turn.conversation.id, turn.payload)
        if turn.payload or any(reply.buttons for reply in _response(turn).replies):
            choices.close_menus(tx, turn.conversation.id)

    def _record_topic(self, tx: Transaction, turn: TurnContext) -> None:
        topic = _response(turn).topic
        if topic is not None and topic in self._knowledge.topics:
            inbox.record_topic(tx, turn.message.id, topic)

    def _hand_over(self, tx: Transaction, turn: TurnContext) -> None:
        """Hand over before the replies are stored, so that they belong to the epoch in which they are sent."""
        directive = directives.find_handoff(_response(turn).directives)
        if directive is None:
            return
        turn.handoff = self._handoffs.request(
            tx,
            turn.conversation,
            reason=directive.reason,
            priority=directive.priority,
            inbound_id=turn.message.id,
            context=directive.context,
        )
        if turn.handoff is not None:
            turn.conversation = turn.handoff.conversation

    def _store_replies(self, tx: Transaction, turn: TurnContext) -> None:
        for seq, reply in enumerate(_response(turn).replies):
            outbox.add(
                tx,
                turn.conversation,
                origin=Origin.ASSISTANT,
                text=reply.text,
                choices=[Choice(button.title, button.payload) for button in reply.buttons],
                inbound_id=turn.message.id,
                seq=seq,
            )

    def _apply_directives(self, tx: Transaction, turn: TurnContext) -> None:
        directives.apply(tx, turn.conversation, _response(turn).directives, inbound_id=turn.message.id)

    def _announce_handoff(self, tx: Transaction, turn: TurnContext) -> None:
        if turn.handoff is not None:
            self._handoffs.announce(tx, turn.handoff)

    def _destroy_secret(self, tx: Transaction, turn: TurnContext) -> None:
        if turn.message.is_sealed:
            self._vault.destroy(tx, turn.message.content)


def _run(stages: Sequence[Stage], tx: Transaction, turn: TurnContext) -> TurnContext:
    for stage in stages:
        stage(tx, turn)
        if turn.outcome is not None:
            break
    return turn


def _response(turn: TurnContext) -> TurnResponse:
    assert turn.response is not None
    return turn.response
