"""The worker: takes stored messages up, one at a time in each conversation, and stores what is answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from bot.clock import Clock
from bot.conversation import choices, clarifications, directives
from bot.conversation.engine import Engine, EngineDown, EngineFailed, Turn
from bot.domain import Notice
from bot.handoff.notices import PREFIX as CHOICE_PREFIX
from bot.handoff.service import HandoffService
from bot.messages import conversations, inbox, notices, outbox
from bot.messages.commands import Commands
from bot.messages.conversations import Conversation
from bot.messages.inbox import LEASE_SECONDS, Inbox, Taken
from bot.messages.loop import Loop
from bot.privacy.vault import Vault
from bot.storage import Database
from bot.storage.transaction import Transaction
from bot.telemetry import turn_seconds
from knowledge import Knowledge

logger = logging.getLogger(__name__)

# A message that the engine answers with an error is given up after this many tries.
MAX_FAILURES = 5
# After so long the client is handed to a person instead.
OUTAGE_SECONDS = 300.0
# A shorter outage is not worth a word: the answer comes before the client has wondered.
PATIENCE_SECONDS = 3.0
RETRY_SECONDS = (0.3, 0.7, 1.0, 2.0)
LONGEST_WAIT_SECONDS = 3.0
# What a message whose content lies in the vault means to the engine, by its kind; %s is the reference.
SEALED = {"code": '/inform{"code": "%s"}', "link": '/linking{"link": "%s"}'}


class Worker(Loop):
    """Answers stored messages: in order within a conversation, several conversations at once."""

    def __init__(
        self,
        database: Database,
        the_inbox: Inbox,
        engine: Engine,
        vault: Vault,
        knowledge: Knowledge,
        handoffs: HandoffService,
        clock: Clock,
        answered: Callable[[], None],
        at_once: int = 8,
    ) -> None:
        super().__init__("worker", clock, at_once)
        self._database = database
        self._inbox = the_inbox
        self._engine = engine
        self._vault = vault
        self._knowledge = knowledge
        self._handoffs = handoffs
        self._answered = answered
        self._commands = Commands(knowledge)

    async def take(self, limit: int) -> list[Taken]:
        return await self._inbox.take(limit)

    async def next_due(self) -> float | None:
        return await self._inbox.next_due()

    async def work(self, item: Taken) -> None:
        began = self.clock()
        lease = asyncio.create_task(self._keep_lease(item.id))
        try:
            outcome = await self._answer(item)
        finally:
            lease.cancel()
            with suppress(asyncio.CancelledError):
                await lease
        turn_seconds.labels(outcome).observe(max(0.0, self.clock() - began))
        self._answered()

    async def _answer(self, item: Taken) -> str:
        """Answer one message; gives back how it went: answered, to_desk, overtaken, retried, given_up or the
        notice given."""
        read = await self._database.run(self._read, item)
        if read is None:
            return "to_desk"
        conversation, content, notice = read
        if notice:
            await self._database.run(self._close_with_notice, item, notice, "done")
            return notice.value
        try:
            turn = await self._engine.turn(
                conversation=conversation.name,
                message_key=item.key,
                content=content,
                channel=conversation.address.kind,
                language=conversation.language,
                client=conversation.address.client,
            )
        except EngineDown as down:
            logger.warning("message %d waits: %s", item.id, down)
            await self._database.run(self._wait_for_engine, item)
            return "retried"
        except EngineFailed as failure:
            logger.error("message %d failed in the engine (try %d): %s", item.id, item.attempts, failure)
            return await self._try_again(item)
        try:
            stored = await self._database.run(
                self._store, item, turn, conversation.epoch, content.get("payload")
            )
        except (KeyError, TypeError, ValueError):
            logger.exception("what the engine answered to message %d cannot be stored", item.id)
            return await self._try_again(item)
        return "answered" if stored else "overtaken"

    async def _try_again(self, item: Taken) -> str:
        if item.attempts >= MAX_FAILURES:
            await self._database.run(self._close_with_notice, item, Notice.MESSAGE_FAILED, "dead")
            return "given_up"
        await self._inbox.release(item.id, self.clock() + RETRY_SECONDS[item.attempts - 1])
        return "retried"

    def _read(
        self, tx: Transaction, item: Taken
    ) -> tuple[Conversation, dict[str, str], Notice | None] | None:
        """Return the conversation, what to ask the engine, and the notice that answers the message by itself, if any.

        None when the message is not the bot's to answer: people read it, or the gateway has carried out the choice
        that it made. It is closed then.
        """
        self._vault.sweep(tx)
        conversation = conversations.find(tx, item.conversation_id, lock=True)
        content, notice = self._content(tx, conversation, item)
        payload = content.get("payload")
        if payload and (item.consumer == "desk" or payload.startswith(CHOICE_PREFIX)):
            # Before it is carried out, for that may offer the next menu.
            choices.close_menus(tx, conversation.id)
        if self._handoffs.client_wrote(tx, conversation, item, payload):
            inbox.finish(tx, item.id)
            if item.kind in SEALED:
                self._vault.destroy(tx, item.content)
            return None
        # As it is after the message: it may have ended a stretch with people.
        return conversations.find(tx, conversation.id), content, notice

    def _content(
        self, tx: Transaction, conversation: Conversation, item: Taken
    ) -> tuple[dict[str, str], Notice | None]:
        """What to ask the engine, and the notice that answers the message by itself (None if none does)."""
        if item.kind in SEALED:
            return {"payload": SEALED[item.kind] % item.content}, None
        if item.kind == "button":
            payload = choices.tapped(tx, conversation.id, item.content)
            return {"payload": payload or ""}, None if payload else Notice.OLD_BUTTON
        if item.kind == "command":
            return {"payload": self._commands.payload(item.content)}, None
        payload = choices.typed(tx, conversation.id, item.content)
        if payload:
            return {"payload": payload}, None
        if choices.misses(tx, conversation.id, item.content):
            return {}, Notice.NO_SUCH_CHOICE
        return {"text": item.content}, None if item.content.strip() else Notice.EMPTY

    def _store(self, tx: Transaction, item: Taken, turn: Turn, epoch: int, chosen: str | None) -> bool:
        """Store the replies and close the message: both or neither, and only once.

        False when the conversation has a new owner since the turn began, in `epoch`: nothing is said then, and the
        message is looked at again.
        """
        conversation = conversations.find(tx, item.conversation_id, lock=True)
        if conversation.epoch != epoch:
            inbox.set_due(tx, item.id, tx.now)
            return False
        if not inbox.finish(tx, item.id):
            return True
        # The importer gives every text a language that we speak; anything else would make each later notice fail.
        language = turn.language if turn.language in self._knowledge.languages else conversation.language
        if chosen:
            clarifications.note_choice(tx, conversation.id, chosen)
        if chosen or any(reply.choices for reply in turn.replies):
            # One choice from a menu, and only from the newest; what is typed in between leaves it open.
            choices.close_menus(tx, conversation.id)
        for seq, reply in enumerate(turn.replies):
            outbox.add(
                tx,
                conversation,
                origin="assistant",
                text=reply.text,
                choices=reply.choices,
                language=language,
                inbound_id=item.id,
                seq=seq,
            )
        conversations.change(tx, conversation.id, language=language, outage_notified_at=None)
        if turn.topic is not None and turn.topic in self._knowledge.topics:
            inbox.understood_as(tx, item.id, turn.topic)
        directives.carry_out(
            tx,
            self._handoffs,
            replace(conversation, language=language),
            turn.directives,
            inbound_id=item.id,
        )
        if item.kind in SEALED:
            self._vault.destroy(tx, item.content)
        return True

    def _wait_for_engine(self, tx: Transaction, item: Taken) -> None:
        """Give the message back, and tell the client once that the answer will be late."""
        waited = tx.now - item.received_at
        inbox.put_back(tx, item.id, tx.now + min(LONGEST_WAIT_SECONDS, 0.3 + waited / 4))
        conversation = conversations.find(tx, item.conversation_id, lock=True)
        if conversation.outage_notified_at is None and waited >= PATIENCE_SECONDS:
            notices.add(tx, self._knowledge, conversation, Notice.ENGINE_DOWN, item.id)
            conversations.change(tx, conversation.id, outage_notified_at=tx.now)
        if waited >= OUTAGE_SECONDS:
            self._handoffs.request(tx, conversation, reason="outage", priority="normal", inbound_id=item.id)

    def _close_with_notice(self, tx: Transaction, item: Taken, notice: Notice, state: str) -> None:
        if inbox.finish(tx, item.id, state):
            if item.kind in SEALED:
                self._vault.destroy(tx, item.content)
            conversation = conversations.find(tx, item.conversation_id, lock=True)
            notices.add(tx, self._knowledge, conversation, notice, item.id)

    async def _keep_lease(self, message_id: int) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            await self._inbox.release(message_id, self.clock() + LEASE_SECONDS)
