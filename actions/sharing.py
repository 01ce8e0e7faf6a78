"""Share a security device: with whom and which one, a request that the portal finishes, and how it stands.

The device owner's credentials and the response code belong to the portal; nothing here asks for them.
"""

from __future__ import annotations

from actions import guide, linking
from actions.backend import Backend, BackendError, ErrorKind, Partner, SharingRequest
from actions.code_task import button, unavailable
from actions.offers import offer_return, offers
from actions.place import Place
from actions.tasks import Task
from actions.turn import Button, Turn

# The topic that explains a reason further, where there is one.
_MORE = {
    "different_identification": "share_error_identification",
    "ib_key": "ibkey_add_user",
    "no_device": "ibkey_activate",
    "already_shared": "share_undo",
}
_STATES = {"awaiting_portal", "pending_compliance", "approved", "expired"}
# The partners are chosen by their place in the list that was shown.
_CHOICE = "partner_"


class ShareDevice(Task):
    """The task behind `share_device`. Its states: partner -> confirm. The portal's steps are that topic's guide."""

    topic = "share_device"
    place = "sharing"

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def begin(self, turn: Turn) -> None:
        partners = await linking.ask_or_guide(turn, self, self._backend.partners)
        if partners is None:
            return
        if not partners:
            turn.say("sharing__nobody", [turn.topic_button(t) for t in ("share_other_person", "share_rules")])
            offer_return(turn)
        elif len(partners) == 1:
            self._judge(turn, partners[0])
        else:
            choices = [{"id": partner.id, "name": partner.username_masked} for partner in partners]
            data = {"partners": choices, "request": turn.message_id}
            turn.places.open(Place(self.place, "partner", data=data))
            self.show(turn)

    async def proceed(self, turn: Turn) -> None:
        place = turn.places.current
        assert place is not None
        wish = turn.entities.get("task") or turn.entities.get("walk") or ""
        if wish in {"leave", "stop"} or turn.intent == "deny":
            self._leave(turn)
        elif wish == "how":
            turn.places.close()
            guide.begin(turn, self.topic)
        elif place.at == "partner" and wish.startswith(_CHOICE):
            await self._chosen(turn, place, wish.removeprefix(_CHOICE))
        elif place.at == "confirm" and turn.intent in {"affirm", "step_done"} and not place.paused:
            await self._start(turn, place)
        else:
            self.show(turn)

    def show(self, turn: Turn) -> None:
        place = turn.places.update(paused=False)
        if place.at == "partner":
            names = [
                Button(partner["name"], f'/inform{{"task": "{_CHOICE}{number}"}}')
                for number, partner in enumerate(place.data["partners"])
            ]
            turn.say("sharing__which_partner", [*names, button(turn, "leave")])
            return
        if place.data["equal"]:
            turn.say("sharing__equal")
        buttons = [
            turn.topic_button("affirm"),
            turn.text_button(self.place, "by_myself", '/inform{"task": "how"}'),
            button(turn, "leave"),
        ]
        turn.say(
            f"sharing__confirm_{place.data['owner']}",
            buttons,
            name=place.data["name"],
            device=turn.knowledge.text(self.place, place.data["device"], turn.language),
        )

    async def _chosen(self, turn: Turn, place: Place, number: str) -> None:
        choices = place.data["partners"]
        wanted = choices[int(number)]["id"] if number.isdigit() and int(number) < len(choices) else ""
        try:
            # Asked anew: what was true when the list was shown may have changed.
            partners = await self._backend.partners(turn.client)
        except BackendError as error:
            self._refused(turn, error)
            return
        partner = next((partner for partner in partners if partner.id == wanted), None)
        if partner is None:
            self.show(turn)
            return
        turn.places.close()
        self._judge(turn, partner)

    def _judge(self, turn: Turn, partner: Partner) -> None:
        if not partner.eligible:
            self._say_why_not(turn, partner)
            return
        data = {
            "partner": partner.id,
            "name": partner.username_masked,
            "device": partner.device,
            "owner": partner.owner,
            "equal": partner.equal,
            "request": turn.message_id,
        }
        turn.places.open(Place(self.place, "confirm", data=data))
        self.show(turn)

    def _say_why_not(self, turn: Turn, partner: Partner) -> None:
        turn.say("sharing__not_eligible", name=partner.username_masked)
        known: list[str] = [
            reason for reason in partner.reasons if reason in _MORE or reason == "temporary_device"
        ]
        for reason in known or ["other"]:
            turn.say(f"sharing__reason_{reason}")
        more = [turn.topic_button(_MORE[reason]) for reason in known if reason in _MORE]
        turn.say("sharing__what_next", [*more, turn.topic_button("human")])
        offer_return(turn)

    async def _start(self, turn: Turn, place: Place) -> None:
        key = f"{place.data['request']}:share"
        try:
            request = await self._backend.start_sharing(turn.client, place.data["partner"], key)
        except BackendError as error:
            self._refused(turn, error)
            return
        turn.trouble.over(self.topic)
        turn.places.close()
        say_state(turn, request)
        guide.begin(turn, self.topic, {"requesting_device": "own"} if place.data["equal"] else None)

    def _refused(self, turn: Turn, error: BackendError) -> None:
        turn.failed(self.topic, error, self.place)
        if error.kind is ErrorKind.REQUEST_OPEN:
            self._end(turn, "sharing__request_open", turn.topic_button("share_status"))
        elif error.kind in {ErrorKind.NOT_ELIGIBLE, ErrorKind.NOT_FOUND}:
            self._end(turn, "sharing__changed", turn.topic_button(self.topic), turn.topic_button("human"))
        elif error.kind is ErrorKind.NOT_LINKED:
            self._end(turn, "linking__not_linked", turn.topic_button("linking"))
        else:
            unavailable(turn)

    def _leave(self, turn: Turn) -> None:
        self._end(turn, "codes__cancelled", *offers(turn, turn.knowledge.topics["capabilities"]))

    def _end(self, turn: Turn, text: str, *buttons: Button) -> None:
        turn.places.close()
        turn.say(text, buttons)
        offer_return(turn)


class ShareStatus(Task):
    """The task behind `share_status`: one question to the backend, nothing stays open."""

    topic = place = "share_status"

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def begin(self, turn: Turn) -> None:
        related = offers(turn, turn.knowledge.topics[self.topic])
        try:
            requests = await self._backend.sharing_requests(turn.client)
        except BackendError as error:
            turn.failed(self.topic, error, self.place)
            if error.kind is ErrorKind.NOT_LINKED:
                turn.say(self.topic, related)
                linking.invite(turn)
            else:
                turn.say("linking__cannot_ask")
                turn.say(self.topic, related)
            offer_return(turn)
            return
        turn.trouble.over(self.topic)
        if requests:
            say_state(turn, requests[0], related)
            _call_about_compliance(turn, requests[0])
        else:
            turn.say("sharing__no_requests", [turn.topic_button("share_device")])
        offer_return(turn)

    async def proceed(self, turn: Turn) -> None:
        await self.begin(turn)

    def show(self, turn: Turn) -> None:
        turn.say(self.topic)


def _call_about_compliance(turn: Turn, request: SharingRequest) -> None:
    """What lies with Compliance is a person's matter: one is called, once for each word of theirs."""
    said = "compliance" if request.reason == "compliance" else request.state
    if said in {"compliance", "pending_compliance"} and turn.trouble.first_time(f"{request.id} {said}"):
        errors = [{"code": said, "request_id": request.id}]
        turn.hand_over("compliance", topic=ShareDevice.topic, step=request.state, errors=errors)


def say_state(turn: Turn, request: SharingRequest, buttons: list[Button] | None = None) -> None:
    """How a request stands."""
    name = request.username_masked
    if request.state == "awaiting_portal":
        turn.say("sharing__awaiting_portal", buttons or (), name=name, address=request.portal_url)
    elif request.state == "approved":
        turn.say("sharing__approved", buttons or (), name=name, receipt=request.receipt)
    elif request.state in _STATES:
        turn.say(f"sharing__{request.state}", buttons or (), name=name)
    else:
        turn.say(f"sharing__refused_{request.reason}", buttons or (), name=name)
