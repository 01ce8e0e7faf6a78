"""A client's case at either desk and the actions of an agent, with the same calls, so that tests run on both."""

from __future__ import annotations

import itertools

from bot.desk import desk_texts
from bot.desk.adapters.bridge import Bridge
from bot.desk.adapters.desk_adapter import Case, DeskAdapter
from bot.desk.context_words import ContextWords
from bot.desk.form_commands import Form, FormCommands, FormError
from bot.desk.thread import thread
from bot.domain import Epoch, HandoffId
from bot.handoff.agent_commands import AgentCommands, NotAllowedError, StaleEpochError, UnseenMessagesError
from bot.messages import inbox
from bot.messages.signal import Signal
from bot.privacy.audit import AuditTrail
from tests.support.builtin_desk import BuiltInDesk
from tests.support.fake_chatwoot import FakeChatwoot
from tests.support.hand_off import ANNA, PEER, HandOffStory
from tests.support.knowledge import KNOWLEDGE

FACTS = ContextWords(KNOWLEDGE, desk_texts.load())
_keys = itertools.count(1)


class AtTheBuiltInDesk:
    """Anna works on the built-in desk, whose forms act at once."""

    agent = "Anna"

    def __init__(self, story: HandOffStory) -> None:
        self.story = story
        self.refusals: list[str] = []
        self._page: tuple[int, int] | None = None
        self._acts = FormCommands(
            AgentCommands(story.parts.handoffs), AuditTrail(b"key"), story.parts.clock, frozenset()
        )
        self.again()

    def again(self) -> None:
        """Start anew, as another process does, with nothing in memory."""
        self.desk: DeskAdapter = BuiltInDesk(self.story.parts.database, Signal(), self.story.parts.clock)

    async def case(self: AtTheBuiltInDesk | AtChatwoot, peer: str = PEER) -> Case:
        await self.story.asks(peer)
        conversation = await self.story.who(peer)
        return Case(
            conversation.handoff_id or HandoffId(0),
            conversation.id,
            conversation.name,
            conversation.epoch,
            "+81 ••• 78",
            "telegram",
            "en",
        )

    async def settles(self) -> None:
        """Synchronise the gateway and the desk."""

    async def looks(self, peer: str = PEER) -> None:
        """Open the page; the next form is sent from it, however old it is then."""
        conversation = await self.story.who(peer)
        self._page = (conversation.epoch, await self.story.parts.database.run(inbox.newest, conversation.id))

    async def takes(self, peer: str = PEER) -> None:
        await self._act("take", peer)

    async def replies(self, text: str, peer: str = PEER) -> None:
        await self._act("reply", peer, text=text)

    async def notes(self, text: str, peer: str = PEER) -> None:
        await self._act("note", peer, text=text)

    async def resolves(self, peer: str = PEER) -> None:
        await self._act("resolve", peer, outcome="solved")

    async def sees(self, peer: str = PEER) -> list[str]:
        """Return the client's messages that the agent sees, without the request for a person."""
        lines = await self._lines(peer)
        return [line for kind, line in lines if kind == "client"][1:]

    async def is_told(self, peer: str = PEER) -> list[str]:
        """Return the reports to the agent about replies that were not sent."""
        return self.refusals

    async def everything(self, peer: str = PEER) -> str:
        """Return everything that the agent can read."""
        return "\n".join(line for _, line in await self._lines(peer))

    async def _lines(self, peer: str) -> list[tuple[str, str]]:
        conversation = await self.story.who(peer)
        shown = await self.story.parts.database.run(
            thread, conversation.id, ANNA.id, revealed=False, earlier=True
        )
        assert shown is not None
        return [(line.kind, line.text) for line in shown.lines]

    async def _act(self, what: str, peer: str, **fields: str) -> None:
        conversation = await self.story.who(peer)
        epoch, seen = self._page or (
            conversation.epoch,
            await self.story.parts.database.run(inbox.newest, conversation.id),
        )
        self._page = None
        form = Form(f"form-{next(_keys)}", conversation.id, Epoch(epoch), seen, fields)
        try:
            await self.story.parts.database.run(self._acts.execute, what, ANNA, form)
        except (FormError, StaleEpochError, NotAllowedError, UnseenMessagesError) as error:
            self.refusals.append(type(error).__name__)


class AtChatwoot:
    """Emi works in Chatwoot, whose events reach the gateway when both are synchronised."""

    agent = "Emi"

    def __init__(self, story: HandOffStory) -> None:
        self.story = story
        self.chatwoot = FakeChatwoot()
        self.again()

    def again(self) -> None:
        """Start anew, as another process does, with nothing in memory."""
        self.desk: DeskAdapter = self.chatwoot.adapter()
        parts = self.story.parts
        self.bridge = Bridge(
            parts.database,
            self.desk,
            AgentCommands(parts.handoffs),
            FACTS,
            AuditTrail(b"key"),
            parts.clock,
            lambda: None,
        )

    case = AtTheBuiltInDesk.case

    async def settles(self) -> None:
        """Synchronise the gateway and the desk."""
        await self.bridge.synchronise()

    async def looks(self, peer: str = PEER) -> None:
        """Do nothing: Chatwoot's page has no epoch, and is as old as the last synchronisation."""

    async def takes(self, peer: str = PEER) -> None:
        self.chatwoot.agent_takes(await self.there(peer))

    async def replies(self, text: str, peer: str = PEER) -> None:
        self.chatwoot.agent_writes(await self.there(peer), text)

    async def notes(self, text: str, peer: str = PEER) -> None:
        self.chatwoot.agent_writes(await self.there(peer), text, private=True)

    async def resolves(self, peer: str = PEER) -> None:
        self.chatwoot.agent_resolves(await self.there(peer))

    async def sees(self, peer: str = PEER) -> list[str]:
        """Return the client's messages that the agent sees, without the request for a person."""
        return self.chatwoot.shown(await self.there(peer))

    async def is_told(self, peer: str = PEER) -> list[str]:
        """Return the reports to the agent about replies that were not sent."""
        notes = self.chatwoot.shown(await self.there(peer), private=True)
        return [note for note in notes[1:] if note.startswith("Not sent")]

    async def everything(self, peer: str = PEER) -> str:
        """Return everything that the agent can read."""
        return "\n".join(str(one["content"]) for one in self.chatwoot.messages[await self.there(peer)])

    async def there(self, peer: str = PEER) -> int:
        """Return the id of the client's newest conversation in Chatwoot."""
        name = (await self.story.who(peer)).name
        (contact,) = (one["id"] for one in self.chatwoot.contacts.values() if one["identifier"] == name)
        return max(
            number for number, one in self.chatwoot.conversations.items() if one["contact_id"] == contact
        )


Place = AtTheBuiltInDesk | AtChatwoot
