"""Delivers to simulated phones, as a platform would to real ones."""

from __future__ import annotations

import asyncio
from typing import cast

from bot.channels.render import BY_KIND, render
from bot.channels.simulator.phone import Origin, Phones
from bot.messages.outbox import Outgoing
from data.knowledge import Knowledge


class SimulatorSender:
    """A channel's sender (see bot.messages.sender) whose platform is the file of simulated phones."""

    def __init__(self, phones: Phones, knowledge: Knowledge) -> None:
        self._phones = phones
        self._knowledge = knowledge

    async def send(self, outgoing: Outgoing) -> str:
        """Put the message on the client's phone, once however often it is tried."""
        kind = outgoing.address.kind
        shown = render(
            outgoing.text, outgoing.buttons, BY_KIND[kind], self._knowledge.languages[outgoing.language]
        )
        # A phone knows three senders; what the gateway says by itself comes from the assistant.
        origin = "bot" if outgoing.origin == "system" else outgoing.origin
        message_id = await asyncio.to_thread(
            self._phones.deliver,
            kind,
            outgoing.address.peer,
            cast(Origin, origin),
            shown.text,
            shown.entities,
            shown.buttons,
            outgoing.key,
        )
        return str(message_id)
