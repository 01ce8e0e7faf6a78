"""Verify a mobile number: the number, a confirm code by SMS, the code typed back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from actions import numbers
from actions.backend import BackendError, Delivery, ErrorKind, Verified
from actions.code_task import CODE_SECONDS, CodeTask, button
from actions.numbers import REGION, Flaw, Number
from actions.offers import offer_return, offers
from actions.place import Place
from actions.turn import Button, Turn

# Countries offered when the number does not say its own; any other is named in words or by its code.
REGIONS = ("jp", "gb", "us", "in", "hk", "sg")
# What Telegram shows as a button that sends the client's own number (bot/channels).
REQUEST_CONTACT = "request_contact"


class VerifyPhone(CodeTask):
    """The task `verify_phone`. Its states: number (-> region) -> confirm -> code."""

    topic = place = "verify_phone"
    over: ClassVar[Mapping[ErrorKind, str]] = {
        **CodeTask.over,
        ErrorKind.LOCKED: "verify_phone__locked",
        ErrorKind.TOO_MANY_SENDS: "verify_phone__too_many_sends",
        ErrorKind.ALREADY_VERIFIED: "verify_phone__verified_before",
    }

    async def begin(self, turn: Turn) -> None:
        place = turn.places.raise_to_top(lambda place: place.topic == self.place)
        if place is None:
            turn.places.open(Place(self.place, "number"))
        if place is not None and "task" in turn.entities:
            await self.proceed(turn)
        elif turn.entities.get("walk") == "all":
            await self.list_steps(turn)
        elif place is not None and not self._names_a_number(turn, place):
            # A code that is on its way must not be forgotten because the client asks for the same thing again.
            self.show(turn)
        elif numbers.written(turn.entities) is not None:
            self._take_number(turn)
        else:
            await self._say_numbers_on_record(turn)
            self._ask_number(turn)

    async def proceed(self, turn: Turn) -> None:
        place = turn.places.current
        assert place is not None
        wish = turn.entities.get("task") or turn.entities.get("walk")
        if wish in {"leave", "stop"}:
            self.leave(turn)
        elif wish == "how":
            await self.list_steps(turn)
        elif wish == "change_number" or self._names_a_number(turn, place):
            self._take_number(turn)
        elif place.at == "region":
            self._at_region(turn, place)
        elif place.at == "confirm":
            await self._at_confirm(turn, place)
        elif place.at == "code":
            await self.at_code(turn, place)
        else:
            self._at_number(turn)

    def show(self, turn: Turn) -> None:
        place = turn.places.current
        assert place is not None
        if place.at == "region":
            self._ask_region(turn, place.data["number"])
        elif place.at == "confirm":
            self._confirm(turn, Number(place.data["number"]))
        elif place.at == "code":
            self.show_code(turn, place)
        else:
            self._ask_number(turn)

    async def list_steps(self, turn: Turn) -> None:
        turn.say("verify_phone__how")
        self.show(turn)

    async def delivery(self, turn: Turn, place: Place) -> Delivery:
        return await self.backend.delivery(turn.client, place.data["id"])

    async def send_again(self, turn: Turn, place: Place) -> None:
        await self.backend.resend(turn.client, place.data["id"], f"{turn.message_id}:resend")

    async def redeem(self, turn: Turn, place: Place, code: str) -> None:
        verified = await self.backend.check(turn.client, place.data["id"], code, f"{turn.message_id}:check")
        self.close(turn)
        turn.say(
            f"verify_phone__{_verified(verified)}",
            offers(turn, turn.knowledge.topics[self.topic]),
            receipt=verified.receipt,
        )
        offer_return(turn)

    def code_buttons(self, turn: Turn) -> list[Button]:
        change = self._button(turn, "change_number")
        return [button(turn, "missing"), button(turn, "resend"), change, button(turn, "leave")]

    async def _say_numbers_on_record(self, turn: Turn) -> None:
        """A linked client hears which numbers are on record; for anybody else there is nothing to say."""
        try:
            status = await self.backend.security_status(turn.client)
        except BackendError:
            return
        for masked, verified in status.numbers:
            said = "on_record_verified" if verified else "on_record_unverified"
            turn.say(f"verify_phone__{said}", number=masked)

    def _names_a_number(self, turn: Turn, place: Place) -> bool:
        """Whether the message has a number to start with; while a code is awaited, only a usable one counts."""
        number = numbers.written(turn.entities)
        if number is None or place.at != "code":
            return number is not None
        return isinstance(numbers.read(number, turn.client), Number)

    def _at_number(self, turn: Turn) -> None:
        if turn.intent == "deny":
            self.leave(turn)
        elif "code" in turn.entities:
            self._ask_number(turn, "number_invalid")
        else:
            self._ask_number(turn)

    def _at_region(self, turn: Turn, place: Place) -> None:
        if turn.intent == "deny":
            self.leave(turn)
        elif turn.intent == "step_back" or place.paused:
            self._ask_number(turn)
        elif REGION in turn.entities:
            self._take(turn, place.data["number"], turn.entities[REGION])
        else:
            self._ask_region(turn, place.data["number"])

    async def _at_confirm(self, turn: Turn, place: Place) -> None:
        if turn.intent == "deny" and place.paused:
            self.leave(turn)
        elif turn.intent in {"deny", "step_back"}:
            self._ask_number(turn)
        elif turn.intent in {"affirm", "step_done"} and not place.paused:
            await self._send(turn, place)
        else:
            # Also after a question in between: "yes" was then said to "shall we go on".
            self.show(turn)

    def _take_number(self, turn: Turn) -> None:
        number = numbers.written(turn.entities)
        if number is None:
            self._ask_number(turn)
        else:
            self._take(turn, number, turn.entities.get(REGION))

    def _take(self, turn: Turn, number: str, region: str | None) -> None:
        found = numbers.read(number, turn.client, region)
        if found is Flaw.NO_COUNTRY:
            self._ask_region(turn, number)
        elif isinstance(found, Flaw):
            self._ask_number(turn, found.value)
        else:
            if found.trunk_prefix_in(number if region else turn.text):
                turn.say("verify_phone__trunk_prefix")
            self._confirm(turn, found)

    def _ask_number(self, turn: Turn, text: str = "ask_number") -> None:
        turn.places.update(at="number", data={}, paused=False)
        turn.direct("expect", what="phone_number", seconds=CODE_SECONDS)
        buttons = [self._button(turn, "by_myself", "how"), button(turn, "leave")]
        if turn.client.startswith("telegram:"):
            # A simulated phone has no number of its own to share.
            buttons.insert(0, turn.text_button(self.topic, "share_contact", REQUEST_CONTACT))
        turn.say(f"verify_phone__{text}", buttons)

    def _ask_region(self, turn: Turn, number: str) -> None:
        turn.places.update(at="region", data={"number": number}, paused=False)
        turn.direct("expect", what="phone_number", seconds=CODE_SECONDS)
        choices = [
            turn.text_button(self.topic, f"region_{region}", f'/inform{{"{REGION}": "{region}"}}')
            for region in REGIONS
        ]
        turn.say("verify_phone__ask_region", [*choices, button(turn, "leave")])

    def _confirm(self, turn: Turn, number: Number) -> None:
        place = turn.places.current
        known = place.data if place and place.at == "confirm" and place.data["number"] == number.e164 else {}
        # However often the client has to say yes, it is one request, and the backend does it once.
        request = known.get("request", turn.message_id)
        turn.places.update(at="confirm", data={"number": number.e164, "request": request}, paused=False)
        turn.direct("expect", what="phone_number", seconds=CODE_SECONDS)
        turn.say(
            "verify_phone__confirm_number",
            [turn.topic_button("affirm"), self._button(turn, "change_number"), button(turn, "leave")],
            number=number.masked,
        )

    async def _send(self, turn: Turn, place: Place) -> None:
        number = Number(place.data["number"])
        try:
            challenge = await self.backend.start_verification(
                turn.client, number.e164, f"{place.data['request']}:start"
            )
        except BackendError as error:
            if error.kind is ErrorKind.NUMBER_INVALID:
                turn.failed(self.topic, error, self.place)
                self._ask_number(turn, "number_invalid")
            else:
                self.refused(turn, error)
            return
        turn.places.update(data={"id": challenge.id})
        self.wait_for_code(turn, "verify_phone__sent", number=number.masked)

    def _button(self, turn: Turn, label: str, wish: str | None = None) -> Button:
        """A button of this task; `label` names its text, and the wish behind it where that has another name."""
        return turn.text_button(self.topic, label, f'/inform{{"task": "{wish or label}"}}')


def _verified(verified: Verified) -> str:
    """Which text says what the verification brought."""
    if not verified.in_force:
        return "verified_portal"
    return "verified_enrolled" if verified.sms_two_factor == "enrolling" else "verified"
