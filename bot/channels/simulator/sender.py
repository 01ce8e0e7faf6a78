"""Delivers to simulated phones, as a platform would to real ones."""

from __future__ import annotations

import asyncio
from typing import cast

from bot.channels.render import BY_KIND, Rendered, render
from bot.channels.simulator.phone import Origin, Phones
from bot.messages.claims import Outgoing
from bot.messages.dispatch import Receipt
from bot.messages.outbox import REQUEST_CONTACT
from knowledge import Knowledge


class SimulatorSender:
    """A channel's sender (see bot.messages.sender) whose platform is the file of simulated phones."""

    gap_seconds = 0.0

    def __init__(self, phones: Phones, knowledge: Knowledge) -> None:
        self._phones = phones
        self._knowledge = knowledge

    def parts(self, outgoing: Outgoing) -> list[Rendered]:
        """The message as the phone shows it; a simulated phone has no number of its own to share."""
        buttons = [button for button in outgoing.buttons if button.get("kind") != REQUEST_CONTACT]
        language = self._knowledge.languages[outgoing.language]
        return render(outgoing.text, buttons, BY_KIND[outgoing.address.kind], language)

    async def send(self, outgoing: Outgoing, part: Rendered) -> Receipt:
        """Put the part on the client's phone, once however often it is tried."""
        # A phone knows three senders; what the gateway says by itself comes from the assistant.
        origin = "bot" if outgoing.origin in {"assistant", "system"} else outgoing.origin
        message_id = await asyncio.to_thread(
            self._phones.deliver,
            outgoing.address.kind,
            outgoing.address.peer,
            cast(Origin, origin),
            part.text,
            part.entities,
            part.buttons,
            f"{outgoing.key}-{outgoing.parts_sent}" if outgoing.parts_sent else outgoing.key,
        )
        return Receipt(str(message_id))

    async def resolve(self, outgoing: Outgoing, part: Rendered) -> None:
        """A phone knows the message by its key, so it may always be sent again."""
