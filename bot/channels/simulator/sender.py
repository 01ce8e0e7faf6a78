"""Deliver outbound messages to the simulated phones."""

from __future__ import annotations

import asyncio
from typing import cast

from bot.channels.render import BY_KIND, RenderedPart, render
from bot.channels.simulator.phones import Phones, PhoneSender
from bot.domain import Origin
from bot.messages.outbound_queue import OutboundMessage, Receipt
from contracts.codec import to_builtins
from contracts.payloads import REQUEST_CONTACT
from knowledge import Knowledge


class SimulatorSender:
    """The ChannelSender of the simulated channels."""

    gap_seconds = 0.0

    def __init__(self, phones: Phones, knowledge: Knowledge) -> None:
        self._phones = phones
        self._knowledge = knowledge

    def parts(self, outgoing: OutboundMessage) -> list[RenderedPart]:
        """Render the message as the phone shows it. A simulated phone has no number to share."""
        buttons = [button for button in outgoing.buttons if button.kind != REQUEST_CONTACT]
        language = self._knowledge.languages[outgoing.language]
        return render(outgoing.text, buttons, BY_KIND[outgoing.address.kind], language)

    async def send(self, outgoing: OutboundMessage, part: RenderedPart) -> Receipt:
        """Put the part on the client's phone. A retry changes nothing."""
        # A phone shows three senders; "bot" is the assistant's name on the simulator's interface.
        by_assistant = outgoing.origin in {Origin.ASSISTANT, Origin.SYSTEM}
        sender = "bot" if by_assistant else str(outgoing.origin)
        message_id = await asyncio.to_thread(
            self._phones.deliver,
            outgoing.address.kind,
            outgoing.address.peer,
            cast(PhoneSender, sender),
            part.text,
            part.entities,
            [to_builtins(button) for button in part.buttons],
            f"{outgoing.key}-{outgoing.parts_sent}" if outgoing.parts_sent else outgoing.key,
        )
        return Receipt(str(message_id))

    async def resolve(self, outgoing: OutboundMessage, part: RenderedPart) -> None:
        """Return None: a phone recognises a repeated message by its key."""
