"""Link a chat to a user: a token from the portal, or a code to the number on record; status and end of the link."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar, TypeVar

from actions import guide, numbers
from actions.backend import BackendError, ErrorKind, Link
from actions.code_task import CodeTask, button, unavailable
from actions.offers import offer_return
from actions.place import Place
from actions.tasks import Task
from actions.turn import Button, Turn

Asked = TypeVar("Asked")


class Linking(CodeTask):
    """The task `linking`. Its states: offer -> code (by SMS), unlink."""

    topic = place = "linking"
    over: ClassVar[Mapping[ErrorKind, str]] = {
        **CodeTask.over,
        ErrorKind.ALREADY_LINKED: "linking__already_linked",
    }

    async def begin(self, turn: Turn) -> None:
        if "link" in turn.entities:
            await self._redeem_token(turn)
            return
        try:
            link = await self.backend.link(turn.client)
        except BackendError as error:
            turn.failed(self.topic, error, self.place)
            unavailable(turn)
            return
        if link.linked and turn.entities.get("task") == "unlink":
            turn.places.open(Place(self.place, "unlink", data={"request": turn.message_id}))
            self.show(turn)
        elif link.linked:
            turn.say("linking__linked", [self._unlink_button(turn)], name=link.username_masked)
            offer_return(turn)
        elif link.state == "pending":
            turn.say("linking__pending")
            offer_return(turn)
        elif turn.entities.get("task") == "unlink":
            turn.say("linking__not_linked", [turn.topic_button(self.topic)])
            offer_return(turn)
        else:
            self._how(turn, link)

    async def proceed(self, turn: Turn) -> None:
        place = turn.places.current
        assert place is not None
        wish = turn.entities.get("task") or turn.entities.get("walk")
        yes = turn.intent in {"affirm", "step_done"} and not place.paused
        if wish in {"leave", "stop"} or (turn.intent == "deny" and place.at != "code"):
            self.leave(turn)
        elif place.at == "code":
            await self.at_code(turn, place)
        elif place.at == "unlink" and yes:
            await self._unlink(turn, place)
        elif place.at == "offer" and yes:
            await self._send_code(turn, place)
        else:
            self.show(turn)

    def show(self, turn: Turn) -> None:
        place = turn.places.update(paused=False)
        if place.at == "code":
            self.show_code(turn, place)
            return
        text = "linking__unlink_confirm" if place.at == "unlink" else "linking__offer_code"
        turn.say(text, [turn.topic_button("affirm"), button(turn, "leave")])

    async def send_again(self, turn: Turn, place: Place) -> None:
        await self.backend.resend_link_code(turn.client, place.data["id"], f"{turn.message_id}:resend")

    async def redeem(self, turn: Turn, place: Place, code: str) -> None:
        key = f"{turn.message_id}:check"
        link = await self.backend.check_link_code(turn.client, place.data["id"], code, key)
        self.close(turn)
        if link.linked:
            turn.say("linking__linked_now", [self._unlink_button(turn)], name=link.username_masked)
        else:
            turn.say("linking__not_linked", [turn.topic_button("human")])
        offer_return(turn)

    async def missing(self, turn: Turn) -> None:
        # What became of it is not told: it would tell whether the number is on record.
        turn.places.update(paused=False)
        self.wait_for_code(turn, "linking__code_missing")

    def _how(self, turn: Turn, link: Link) -> None:
        if link.ended in {"expired", "declined"}:
            turn.say(f"linking__{link.ended}")
        number = numbers.own(turn.client)
        if number is None:
            turn.say("linking__how")
            offer_return(turn)
            return
        data = {"number": number.e164, "request": turn.message_id}
        turn.places.open(Place(self.place, "offer", data=data))
        self.show(turn)

    async def _redeem_token(self, turn: Turn) -> None:
        token = await self._vault.open(turn.entities["link"])
        if token is None:
            turn.say("linking__token_invalid")
            offer_return(turn)
            return
        try:
            await self.backend.redeem(turn.client, token, f"{turn.message_id}:link")
        except BackendError as error:
            turn.failed(self.topic, error, self.place)
            if error.kind is ErrorKind.LINK_TOKEN_INVALID:
                # Used up perhaps by this very chat, when nobody heard the answer.
                turn.say("linking__pending" if await self._is_pending(turn) else "linking__token_invalid")
            elif error.kind is ErrorKind.ALREADY_LINKED:
                turn.say("linking__already_linked", [self._unlink_button(turn)])
            else:
                turn.say("linking__token_again", [turn.topic_button("human")])
        else:
            turn.say("linking__confirm_in_portal")
        offer_return(turn)

    async def _is_pending(self, turn: Turn) -> bool:
        try:
            return (await self.backend.link(turn.client)).state == "pending"
        except BackendError:
            return False

    async def _send_code(self, turn: Turn, place: Place) -> None:
        try:
            challenge = await self.backend.send_link_code(
                turn.client, place.data["number"], f"{place.data['request']}:start"
            )
        except BackendError as error:
            if error.kind is ErrorKind.NUMBER_INVALID:
                turn.failed(self.topic, error, self.place)
                self.end(turn, "linking__how")
            else:
                self.refused(turn, error)
            return
        turn.places.update(data={"id": challenge.id})
        self.wait_for_code(turn, "linking__sent")

    async def _unlink(self, turn: Turn, place: Place) -> None:
        try:
            await self.backend.unlink(turn.client, f"{place.data['request']}:unlink")
        except BackendError as error:
            if error.kind is not ErrorKind.NOT_LINKED:
                turn.failed(self.topic, error, self.place)
                unavailable(turn)
                return
        self.end(turn, "linking__unlinked", turn.topic_button("capabilities"))

    def _unlink_button(self, turn: Turn) -> Button:
        return turn.text_button(self.place, "unlink", '/linking{"task": "unlink"}')


async def ask_or_guide(turn: Turn, task: Task, ask: Callable[[str], Awaitable[Asked]]) -> Asked | None:
    """How a task begins that is there for linked clients: what the backend says about them, by `ask`.

    None when the turn is answered without it: the task was open and shows where it stands, or the backend does not
    know the client or says nothing, and the guide of the same topic leads instead.
    """
    if turn.places.raise_to_top(lambda place: place.topic == task.place):
        task.show(turn)
        return None
    try:
        return await ask(turn.client)
    except BackendError as error:
        turn.failed(task.topic, error, task.place)
        if error.kind is ErrorKind.NOT_LINKED:
            invite(turn)
        else:
            turn.say("linking__cannot_ask")
        guide.begin(turn, task.topic)
        return None


def invite(turn: Turn) -> None:
    """Say that the assistant could do this itself if the chat were linked."""
    turn.say("linking__invite", [turn.topic_button("linking")])
