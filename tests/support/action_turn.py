"""Talks to the actions as Rasa does, without Rasa: an intent in, names of texts, buttons and events out."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from rasa_sdk.executor import ActionExecutor
from tenacity import wait_none

from actions.backend import Backend
from actions.server import all_actions
from actions.vault import Vault
from bot.channels.render import BY_KIND, RenderedPart, render
from knowledge import Knowledge
from nlu.responses import responses

# Nothing listens there: for conversations that must not reach the outside.
NOWHERE = "http://127.0.0.1:9"
# What rasa_sdk puts into a message beside the values of placeholders.
_OF_RASA = {"text", "buttons", "elements", "custom", "template", "response", "image", "attachment"}
_PAYLOAD = re.compile(r"/(\w+)(\{.*\})?")


@dataclass(frozen=True)
class Answered:
    """What one turn gave: the messages as Rasa gets them, and the events."""

    messages: list[dict[str, Any]]
    events: list[dict[str, Any]]

    @property
    def said(self) -> list[str]:
        """The names of the texts, in order, without "utter_"."""
        return [m["response"].removeprefix("utter_") for m in self.messages if m["response"]]

    @property
    def buttons(self) -> dict[str, str]:
        """Title -> payload of the turn's menu; a turn may have one at most."""
        menus = [m["buttons"] for m in self.messages if m["buttons"]]
        assert len(menus) <= 1, "only the last of several menus can be used"
        return {button["title"]: button["payload"] for menu in menus for button in menu}

    @property
    def payloads(self) -> list[str]:
        """The payloads of the turn's menu."""
        return list(self.buttons.values())

    @property
    def directives(self) -> list[dict[str, Any]]:
        """What the gateway is asked to do."""
        return [m["custom"]["directive"] for m in self.messages if m["custom"]]

    def values(self, name: str) -> dict[str, Any]:
        """The values given to the placeholders of the text called `name`."""
        message = next(m for m in self.messages if m["response"] == f"utter_{name}")
        return {key: value for key, value in message.items() if key not in _OF_RASA}

    @property
    def expects(self) -> str | None:
        """What the gateway is told to expect next; None when nothing was said about it."""
        return next((d["what"] for d in reversed(self.directives) if d["type"] == "expect"), None)


# The last one alone: the tests of a file use one.
_built: list[tuple[Knowledge, dict[str, Any]]] = []


def _texts(knowledge: Knowledge) -> dict[str, Any]:
    if not _built or _built[0][0] is not knowledge:
        _built[:] = [(knowledge, responses(knowledge))]
    return _built[0][1]


class ActionChat:
    """One conversation with the actions, which keeps the slots from turn to turn.

    Every text that is said must exist in all languages and channels, with exactly the placeholders that
    the action fills.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        backend: Backend | None = None,
        vault: Vault | None = None,
        *,
        language: str = "en",
        client: str = "simulator.telegram:person-1",
    ) -> None:
        self.knowledge = knowledge
        self.client = client
        self.slots: dict[str, Any] = {
            "language": language,
            "place": None,
            "misses": 0,
            "trouble": None,
            "other_language": None,
        }
        self.last = Answered([], [])
        self._ids = itertools.count(1)
        self._texts = _texts(knowledge)
        self._executor = ActionExecutor()
        backend = backend or Backend(NOWHERE, "token", wait=wait_none())
        for action in all_actions(knowledge, backend, vault or Vault(NOWHERE, "token")):
            self._executor.register_action(action)

    @property
    def places(self) -> list[dict[str, Any]]:
        """What is open, the current place last."""
        return list(self.slots["place"] or [])

    @property
    def at(self) -> tuple[str, str] | None:
        """The topic and the item or state of the current place; None when nothing is open."""
        return (self.places[-1]["topic"], self.places[-1]["at"]) if self.places else None

    async def say(
        self,
        intent: str,
        text: str = "",
        *,
        ranking: Iterable[Mapping[str, Any]] = (),
        message: str | None = None,
        second: str | None = None,
        announced: bool = True,
        written_in: str | None = None,
        **entities: str,
    ) -> Answered:
        """Send what Rasa would make of a message.

        `message` is its id, a new one if none is given; `second` the other topic that it is about, and `announced`
        whether its words said that another matter follows; `written_in` its language, if Rasa's end can tell.
        """
        action = "action_fallback" if intent == "nlu_fallback" else self.knowledge.topics[intent].action
        assert action is not None, f"{intent} is no intent"
        user: dict[str, Any] = {
            "text": text,
            "intent": {"name": intent, "confidence": 1.0},
            "intent_ranking": list(ranking),
            "entities": [{"entity": name, "value": value} for name, value in entities.items()],
            "message_id": message or f"m{next(self._ids)}",
            "metadata": {"client": self.client, "language": self.slots["language"]},
        }
        if second:
            user["second_topic"] = {"name": second, "confidence": 0.9, "announced": announced}
        if written_in:
            user["language"] = written_in
        self.last = await self.run(action, user)
        self._check_texts(self.last)
        return self.last

    async def press(self, what: str) -> Answered:
        """Press the button of the last answer with the title or payload `what`."""
        payload = self.last.buttons.get(what, what)
        assert payload in self.last.payloads, f"there is no button {what} in {self.last.buttons}"
        found = _PAYLOAD.fullmatch(payload)
        assert found is not None, payload
        return await self.say(found[1], payload, **json.loads(found[2] or "{}"))

    async def run(self, action: str, user: Mapping[str, Any]) -> Answered:
        """Run one action by its name, as Rasa's call to the action server would."""
        channel = self.channel
        tracker = {
            "sender_id": "c1",
            "slots": dict(self.slots),
            "latest_message": dict(user),
            "events": [{"event": "user", "input_channel": channel, **user}],
            "paused": False,
            "followup_action": None,
            "active_loop": {},
            "latest_action_name": "action_listen",
        }
        answer = await self._executor.run(
            {"next_action": action, "sender_id": "c1", "tracker": tracker, "domain": {}}
        )
        assert answer is not None
        # Over the wire all of it is JSON: a slot that could not be written must not pass here.
        answered = json.loads(json.dumps(dict(answer)))
        for event in answered["events"]:
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
        return Answered(answered["responses"], answered["events"])

    @property
    def shown(self) -> list[RenderedPart]:
        """The last answer as the client's channel shows it: the texts that Rasa would pick, filled in and rendered."""
        language = self.slots["language"]
        rendered = []
        for message in self.last.messages:
            if not message["response"]:
                continue
            variations = [
                v for v in self._texts[message["response"]] if v["condition"][0]["value"] == language
            ]
            own = [v for v in variations if v.get("channel") == self.channel]
            text = (own or [v for v in variations if "channel" not in v])[0]["text"]
            values = {key: value for key, value in message.items() if key not in _OF_RASA}
            rendered.extend(
                render(
                    text.format(**values),
                    message["buttons"],
                    BY_KIND[self.channel],
                    self.knowledge.languages[language],
                )
            )
        return rendered

    @property
    def channel(self) -> str:
        """The client's channel."""
        return self.client.removeprefix("simulator.").partition(":")[0]

    def _check_texts(self, answered: Answered) -> None:
        for name in answered.said:
            variations = self._texts[f"utter_{name}"]
            assert {v["condition"][0]["value"] for v in variations} == set(self.knowledge.languages)
            for variation in variations:
                wanted = {field for _, field, _, _ in Formatter().parse(variation["text"]) if field}
                assert wanted == set(answered.values(name)), f"{name}: {variation}"
