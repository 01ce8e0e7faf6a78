"""What every task with a code has in common: the code awaited, typed, wrong, expired, locked, sent again, missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from actions import deliveries, guide
from actions.backend import Backend, BackendError, Delivery, ErrorKind
from actions.offers import offer_return, offers
from actions.place import Place
from actions.tasks import WAITS_FOR_CODE, Task
from actions.turn import Button, Turn
from actions.vault import Vault

CODE_SECONDS = 600
REMIND_SECONDS = 180


class CodeTask(Task):
    """A task in which a code is sent and typed back. Its place's `data` has the `id` of what the code is for.

    Subclasses say how a code is sent again, and what the right one brings; `over` names the text for each refusal
    that ends the task. What is said about the code itself is in the topic `codes`.
    """

    over: ClassVar[Mapping[ErrorKind, str]] = {
        ErrorKind.LOCKED: "codes__locked",
        ErrorKind.TOO_MANY_SENDS: "codes__too_many_sends",
        ErrorKind.TOO_MANY_REQUESTS: "codes__too_many_requests",
        ErrorKind.NOT_FOUND: "codes__expired_for_good",
        ErrorKind.ALREADY_VERIFIED: "codes__expired_for_good",
    }

    def __init__(self, backend: Backend, vault: Vault) -> None:
        self.backend = backend
        self._vault = vault

    async def send_again(self, turn: Turn, place: Place) -> None:
        """Have a new code sent. Raises BackendError."""
        raise NotImplementedError

    async def redeem(self, turn: Turn, place: Place, code: str) -> None:
        """Hand the code in, close the task and say what it brought. Raises BackendError."""
        raise NotImplementedError

    async def delivery(self, turn: Turn, place: Place) -> Delivery:
        """What became of the code that was sent last. Raises BackendError."""
        return await self.backend.last_text_message(turn.client)

    async def missing(self, turn: Turn) -> None:
        """Say what became of the code, and look for the cause with the client."""
        place = turn.places.update(paused=False)
        try:
            delivery = await self.delivery(turn, place)
        except BackendError:
            # The way to look for the cause is good without knowing.
            pass
        else:
            turn.say(deliveries.text(delivery))
        turn.direct("expect", what="code", seconds=CODE_SECONDS)
        guide.begin(turn, "sms_missing", {"which_sms": "confirm"})

    async def at_code(self, turn: Turn, place: Place) -> None:
        """Go on while a code is awaited."""
        wish = turn.entities.get("task")
        asked = place.data.get("asked") == "resend"
        if "code" in turn.entities:
            await self._check(turn, place)
        elif wish == "resend" or (turn.intent == "affirm" and asked and not place.paused):
            await self._resend(turn, place)
        elif wish == "missing" or turn.intent == "step_stuck":
            await self.missing(turn)
        elif turn.intent == "deny" and (place.paused or asked):
            self.leave(turn)
        else:
            self.show_code(turn, place)

    def show_code(self, turn: Turn, place: Place) -> None:
        """Say again that a code is awaited."""
        if place.data.get("asked") == "resend":
            self._expired(turn)
        else:
            self.wait_for_code(turn, "codes__waiting_code")

    def wait_for_code(self, turn: Turn, text: str, **values: object) -> None:
        """Say `text` and wait for the code, with a reminder if nothing comes."""
        place = turn.places.current
        assert place is not None
        data = {name: value for name, value in place.data.items() if name != "asked"}
        turn.places.update(at=WAITS_FOR_CODE, data=data, paused=False)
        turn.direct("expect", what="code", seconds=CODE_SECONDS)
        turn.direct(
            "remind",
            seconds=REMIND_SECONDS,
            topic="codes",
            text="reminder",
            choices=[{"text": wish, "payload": _payload(wish)} for wish in ("missing", "resend", "leave")],
        )
        turn.say(text, self.code_buttons(turn), **values)

    def code_buttons(self, turn: Turn) -> list[Button]:
        """What can be chosen while a code is awaited."""
        return [button(turn, wish) for wish in ("missing", "resend", "leave")]

    def refused(self, turn: Turn, error: BackendError) -> None:
        """Say what the backend refused, in our words, and stay or end accordingly."""
        turn.failed(self.topic, error, self.place)
        details = error.details
        if error.kind is ErrorKind.WRONG_CODE:
            self.wait_for_code(turn, "codes__wrong_code", left=details.get("checks_left", 0))
        elif error.kind is ErrorKind.RESEND_TOO_EARLY:
            self.wait_for_code(turn, "codes__resend_too_early", seconds=details.get("retry_after", 120))
        elif error.kind is ErrorKind.EXPIRED:
            self._expired(turn)
        elif error.kind in self.over:
            self.end(turn, self.over[error.kind])
        else:
            unavailable(turn)

    def end(self, turn: Turn, text: str, *buttons: Button, **values: object) -> None:
        """Close the task, say `text` and offer a person (or `buttons`)."""
        self.close(turn)
        turn.say(text, buttons or [turn.topic_button("human")], **values)
        offer_return(turn)

    def leave(self, turn: Turn) -> None:
        """Close the task as the client wishes."""
        self.close(turn)
        turn.say("codes__cancelled", offers(turn, turn.knowledge.topics["capabilities"]))
        offer_return(turn)

    def close(self, turn: Turn) -> None:
        """End the task, and with it the help with a code that nobody waits for any more."""
        turn.places.drop(lambda place: place.topic == self.place)
        turn.places.drop(lambda p: p.topic == "sms_missing" and p.answers.get("which_sms") == "confirm")
        if turn.places.current is not None:
            turn.places.update(paused=True)
        turn.direct("expect", what="nothing")

    async def _resend(self, turn: Turn, place: Place) -> None:
        try:
            await self.send_again(turn, place)
        except BackendError as error:
            self.refused(turn, error)
        else:
            self.wait_for_code(turn, "codes__resent")

    async def _check(self, turn: Turn, place: Place) -> None:
        code = await self._vault.open(turn.entities["code"])
        if code is None:
            self.wait_for_code(turn, "codes__code_again")
            return
        try:
            await self.redeem(turn, place, code)
        except BackendError as error:
            self.refused(turn, error)
        else:
            turn.trouble.over(self.topic)

    def _expired(self, turn: Turn) -> None:
        place = turn.places.current
        assert place is not None
        turn.places.update(data={**place.data, "asked": "resend"}, paused=False)
        turn.direct("expect", what="code", seconds=CODE_SECONDS)
        turn.say("codes__expired", [button(turn, "resend"), button(turn, "leave")])


def unavailable(turn: Turn, buttons: Sequence[Button] = ()) -> None:
    """The backend gave no answer that can be used: nothing is claimed, and what is open stays."""
    turn.say("guide__backend_down", [*buttons, turn.topic_button("human")])
    offer_return(turn)


def button(turn: Turn, wish: str) -> Button:
    """A button for a wish that every task with a code knows."""
    return turn.text_button("codes", wish, _payload(wish))


def _payload(wish: str) -> str:
    return f'/inform{{"task": "{wish}"}}'
