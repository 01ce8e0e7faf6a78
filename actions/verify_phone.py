"""Verify a mobile number: the number, a confirm code by SMS, the code typed back."""

from __future__ import annotations

from actions import guide, numbers
from actions.backend import Backend, BackendError, ErrorKind, Verified
from actions.numbers import Flaw, Number
from actions.offers import offer_return, offers
from actions.place import Place
from actions.tasks import Task
from actions.turn import Button, Turn
from actions.vault import Vault

CODE_SECONDS = 600

# After these the task is over; every other refusal leaves it where it stood.
_OVER = {
    ErrorKind.LOCKED: "locked",
    ErrorKind.TOO_MANY_SENDS: "too_many_sends",
    ErrorKind.TOO_MANY_REQUESTS: "too_many_requests",
    ErrorKind.NOT_FOUND: "expired_for_good",
}


class VerifyPhone(Task):
    """The task `verify_phone`. Its states: number -> confirm -> code."""

    topic = "verify_phone"

    def __init__(self, backend: Backend, vault: Vault) -> None:
        self._backend = backend
        self._vault = vault

    async def begin(self, turn: Turn) -> None:
        place = turn.places.raise_to_top(lambda place: place.topic == self.topic)
        if place is None:
            turn.places.open(Place(self.topic, "number"))
        if place is not None and "task" in turn.entities:
            await self.proceed(turn)
        elif place is None or self._names_a_number(turn, place):
            self._take_number(turn)
        else:
            # A code that is on its way must not be forgotten because the client asks for the same thing again.
            self.show(turn)

    async def proceed(self, turn: Turn) -> None:
        place = turn.places.current
        assert place is not None
        wish = turn.entities.get("task") or turn.entities.get("walk")
        if wish in {"leave", "stop"}:
            self._leave(turn)
        elif wish == "how":
            turn.say("verify_phone__how")
            self.show(turn)
        elif wish == "change_number" or self._names_a_number(turn, place):
            self._take_number(turn)
        elif place.at == "number":
            self._at_number(turn)
        elif place.at == "confirm":
            await self._at_confirm(turn, place)
        else:
            await self._at_code(turn, place, wish)

    def show(self, turn: Turn) -> None:
        place = turn.places.current
        assert place is not None
        if place.at == "number":
            self._ask_number(turn)
        elif place.at == "confirm":
            self._confirm(turn, Number(place.data["number"]))
        elif place.data.get("asked") == "resend":
            self._expired(turn)
        else:
            self._wait_for_code(turn, "waiting_code")

    def _names_a_number(self, turn: Turn, place: Place) -> bool:
        """Whether the message has a number to start with; while a code is awaited, only a usable one counts."""
        found = numbers.in_message(turn.entities, turn.client)
        return isinstance(found, Number) if place.at == "code" else found is not None

    def _at_number(self, turn: Turn) -> None:
        if turn.intent == "deny":
            self._leave(turn)
        elif "code" in turn.entities:
            self._ask_number(turn, "number_invalid")
        else:
            self._ask_number(turn)

    async def _at_confirm(self, turn: Turn, place: Place) -> None:
        if turn.intent == "deny" and place.paused:
            self._leave(turn)
        elif turn.intent in {"deny", "step_back"}:
            self._ask_number(turn)
        elif turn.intent in {"affirm", "step_done"} and not place.paused:
            await self._send(turn, place)
        else:
            # Also after a question in between: "yes" was then said to "shall we go on".
            self.show(turn)

    async def _at_code(self, turn: Turn, place: Place, wish: str | None) -> None:
        if "code" in turn.entities:
            await self._check(turn, place)
        elif wish == "resend" or (
            turn.intent == "affirm" and place.data.get("asked") == "resend" and not place.paused
        ):
            await self._resend(turn, place)
        elif turn.intent == "step_stuck":
            guide.begin(turn, "sms_missing", {"which_sms": "confirm"})
        elif turn.intent == "deny" and (place.paused or place.data.get("asked") == "resend"):
            self._leave(turn)
        else:
            self.show(turn)

    def _take_number(self, turn: Turn) -> None:
        found = numbers.in_message(turn.entities, turn.client)
        if found is None:
            self._ask_number(turn)
        elif isinstance(found, Flaw):
            self._ask_number(turn, found.value)
        else:
            self._confirm(turn, found)

    def _ask_number(self, turn: Turn, text: str = "ask_number") -> None:
        turn.places.update(at="number", data={}, paused=False)
        turn.direct("expect", what="phone_number", seconds=CODE_SECONDS)
        turn.say(
            f"verify_phone__{text}", [self._button(turn, "by_myself", "how"), self._button(turn, "leave")]
        )

    def _confirm(self, turn: Turn, number: Number) -> None:
        place = turn.places.current
        known = place.data if place and place.at == "confirm" and place.data["number"] == number.e164 else {}
        # However often the client has to say yes, it is one request, and the backend does it once.
        request = known.get("request", turn.message_id)
        turn.places.update(at="confirm", data={"number": number.e164, "request": request}, paused=False)
        turn.direct("expect", what="phone_number", seconds=CODE_SECONDS)
        turn.say(
            "verify_phone__confirm_number",
            [turn.topic_button("affirm"), self._button(turn, "change_number"), self._button(turn, "leave")],
            number=number.readable,
        )

    async def _send(self, turn: Turn, place: Place) -> None:
        number = Number(place.data["number"])
        try:
            verification = await self._backend.start_verification(
                turn.client, number.e164, f"{place.data['request']}:start"
            )
        except BackendError as error:
            if error.kind is ErrorKind.NUMBER_INVALID:
                self._ask_number(turn, "number_invalid")
            else:
                self._refused(turn, error)
            return
        turn.places.update(at="code", data={"number": number.e164, "id": verification.id}, paused=False)
        self._wait_for_code(turn, "sent", number=number.masked)

    async def _resend(self, turn: Turn, place: Place) -> None:
        try:
            await self._backend.resend(turn.client, place.data["id"], f"{turn.message_id}:resend")
        except BackendError as error:
            self._refused(turn, error)
            return
        self._wait_for_code(turn, "resent", number=Number(place.data["number"]).masked)

    async def _check(self, turn: Turn, place: Place) -> None:
        code = await self._vault.open(turn.entities["code"])
        if code is None:
            self._wait_for_code(turn, "code_again")
            return
        try:
            verified = await self._backend.check(
                turn.client, place.data["id"], code, f"{turn.message_id}:check"
            )
        except BackendError as error:
            self._refused(turn, error)
            return
        self._close(turn)
        turn.say(
            f"verify_phone__{_verified(verified)}",
            offers(turn, turn.knowledge.topics[self.topic]),
            receipt=verified.receipt,
        )
        offer_return(turn)

    def _refused(self, turn: Turn, error: BackendError) -> None:
        """Say what the backend refused, in our words, and stay or end accordingly."""
        details = error.details
        if error.kind is ErrorKind.WRONG_CODE:
            self._wait_for_code(turn, "wrong_code", left=details.get("checks_left", 0))
        elif error.kind is ErrorKind.RESEND_TOO_EARLY:
            self._wait_for_code(turn, "resend_too_early", seconds=details.get("retry_after", 120))
        elif error.kind is ErrorKind.EXPIRED:
            self._expired(turn)
        elif error.kind is ErrorKind.ALREADY_VERIFIED:
            self._end(turn, "verified_before")
        elif error.kind in _OVER:
            self._end(turn, _OVER[error.kind])
        else:
            turn.say("guide__backend_down", [turn.topic_button("human")])
            offer_return(turn)

    def _expired(self, turn: Turn) -> None:
        place = turn.places.current
        assert place is not None
        turn.places.update(data={**place.data, "asked": "resend"}, paused=False)
        turn.direct("expect", what="code", seconds=CODE_SECONDS)
        turn.say("verify_phone__expired", [self._button(turn, "resend"), self._button(turn, "leave")])

    def _end(self, turn: Turn, text: str) -> None:
        self._close(turn)
        turn.say(f"verify_phone__{text}", [turn.topic_button("human")])
        offer_return(turn)

    def _leave(self, turn: Turn) -> None:
        self._close(turn)
        turn.say("verify_phone__cancelled", offers(turn, turn.knowledge.topics["capabilities"]))
        offer_return(turn)

    def _close(self, turn: Turn) -> None:
        """End the task, and with it the help with a code that nobody waits for any more."""
        turn.places.close()
        turn.places.drop(lambda p: p.topic == "sms_missing" and p.answers.get("which_sms") == "confirm")
        turn.direct("expect", what="nothing")

    def _wait_for_code(self, turn: Turn, text: str, **values: object) -> None:
        place = turn.places.current
        assert place is not None
        data = {name: value for name, value in place.data.items() if name != "asked"}
        turn.places.update(data=data, paused=False)
        turn.direct("expect", what="code", seconds=CODE_SECONDS)
        turn.say(
            f"verify_phone__{text}",
            [self._button(turn, "resend"), self._button(turn, "change_number"), self._button(turn, "leave")],
            **values,
        )

    def _button(self, turn: Turn, label: str, wish: str | None = None) -> Button:
        """A button of this task; `label` names its text, and the wish behind it where that has another name."""
        text = turn.knowledge.text(self.topic, label, turn.language)
        return Button(text, f'/inform{{"task": "{wish or label}"}}')


def _verified(verified: Verified) -> str:
    if not verified.in_force:
        return "verified_portal"
    return "verified_enrolled" if verified.sms_two_factor == "enrolling" else "verified"
