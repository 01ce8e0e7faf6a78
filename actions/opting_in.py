"""Opt back into the Secure Login System: who may, an explicit yes, a code, the backend's receipt; else the guide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from actions import guide, linking
from actions.backend import BackendError, ErrorKind, SecureLogin
from actions.code_task import CodeTask, button
from actions.offers import offer_return, offers
from actions.place import Place
from actions.turn import Turn


class OptIn(CodeTask):
    """The task behind `sls_opt_in`. Its states: confirm -> code. What is asked of the portal is that topic's guide."""

    topic = "sls_opt_in"
    place = "opting_in"
    over: ClassVar[Mapping[ErrorKind, str]] = {
        **CodeTask.over,
        ErrorKind.NOT_ELIGIBLE: "opting_in__not_eligible",
        # The code was right, and only the answer got lost.
        ErrorKind.ALREADY_VERIFIED: "opting_in__already_enrolled",
    }

    async def begin(self, turn: Turn) -> None:
        login = await linking.ask_or_guide(turn, self, self.backend.secure_login)
        if login is None:
            return
        if login.next == "here":
            data = {"number": login.number_masked, "request": turn.message_id}
            turn.places.open(Place(self.place, "confirm", data=data))
            self.show(turn)
        elif login.next == "portal":
            turn.say("opting_in__portal")
            guide.begin(turn, self.topic)
        else:
            self._say_why_not(turn, login)

    async def proceed(self, turn: Turn) -> None:
        place = turn.places.current
        assert place is not None
        wish = turn.entities.get("task") or turn.entities.get("walk")
        if wish in {"leave", "stop"} or (turn.intent == "deny" and place.at == "confirm"):
            self.leave(turn)
        elif wish == "how":
            self.close(turn)
            guide.begin(turn, self.topic)
        elif place.at == "code":
            await self.at_code(turn, place)
        elif turn.intent in {"affirm", "step_done"} and not place.paused:
            await self._start(turn, place)
        else:
            # Also after a question in between: "yes" was then said to "shall we go on".
            self.show(turn)

    def show(self, turn: Turn) -> None:
        place = turn.places.update(paused=False)
        if place.at == "code":
            self.show_code(turn, place)
            return
        buttons = [
            turn.topic_button("affirm"),
            turn.text_button(self.place, "by_myself", '/inform{"task": "how"}'),
            button(turn, "leave"),
        ]
        turn.say("opting_in__confirm", buttons, number=place.data["number"])

    async def send_again(self, turn: Turn, place: Place) -> None:
        await self.backend.resend_opt_in_code(turn.client, place.data["id"], f"{turn.message_id}:resend")

    async def redeem(self, turn: Turn, place: Place, code: str) -> None:
        key = f"{turn.message_id}:check"
        done = await self.backend.check_opt_in_code(turn.client, place.data["id"], code, key)
        self.close(turn)
        turn.say("opting_in__done", [turn.topic_button("ibkey_activate")], receipt=done.receipt)
        offer_return(turn)

    async def _start(self, turn: Turn, place: Place) -> None:
        try:
            challenge = await self.backend.start_opt_in(turn.client, f"{place.data['request']}:start")
        except BackendError as error:
            self.refused(turn, error)
            return
        turn.places.update(data={"id": challenge.id})
        self.wait_for_code(turn, "opting_in__sent", number=challenge.number_masked)

    def refused(self, turn: Turn, error: BackendError) -> None:
        if error.kind is ErrorKind.NOT_LINKED:
            self.end(turn, "linking__not_linked", turn.topic_button("linking"))
        else:
            super().refused(turn, error)

    def _say_why_not(self, turn: Turn, login: SecureLogin) -> None:
        reason = next(iter(login.reasons), "")
        related = offers(turn, turn.knowledge.topics[self.topic])
        if reason == "already_enrolled":
            turn.say("opting_in__already_enrolled", related)
        elif reason == "not_primary_user" and login.primary_masked:
            turn.say("opting_in__not_primary_user", [turn.topic_button("human")], name=login.primary_masked)
        elif reason == "no_active_device":
            turn.say("opting_in__no_active_device", related)
        else:
            turn.say("opting_in__not_eligible", [turn.topic_button("human")])
        offer_return(turn)
