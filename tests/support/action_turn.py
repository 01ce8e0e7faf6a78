"""Call the actions as Rasa does, without Rasa: from an intent to rendered texts, buttons and events."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rasa_sdk.executor import ActionExecutor
from tenacity import wait_none

from actions.backend import Backend
from actions.server import all_actions
from actions.vault_client import VaultClient
from bot.channels.render import BY_KIND, RenderedPart, render
from bot.messages.outbox import MessageButton
from contracts.codec import convert, to_builtins
from contracts.directives import Directive, ExpectInput, RequestHandoff
from contracts.enums import ChannelKind, ExpectedInput
from contracts.payloads import REQUEST_CONTACT, Payload
from contracts.turns import MessageMetadata
from knowledge import Knowledge
from knowledge.markup import placeholders
from knowledge.rendering import TextId, find_text

# A closed port, for conversations that must not call the backend or the vault.
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class TurnResult:
    """The messages of one turn as Rasa gets them, and its events."""

    messages: list[dict[str, Any]]
    events: list[dict[str, Any]]
    knowledge: Knowledge
    language: str
    channel: ChannelKind

    @property
    def said(self) -> list[str]:
        """The ids of the texts, in order: topic/name, topic/step/help."""
        return [m["text_id"] for m in self.messages if m["text"]]

    @property
    def buttons(self) -> dict[str, str]:
        """The turn's menu, title -> payload. A turn has at most one menu."""
        menus = [m["buttons"] for m in self.messages if m["buttons"]]
        assert len(menus) <= 1, "only the last of several menus can be used"
        return {button["title"]: button["payload"] for menu in menus for button in menu}

    @property
    def payloads(self) -> list[str]:
        """The payloads of the turn's menu."""
        return list(self.buttons.values())

    @property
    def directives(self) -> list[Directive]:
        """The directives, decoded as strictly as by the gateway."""
        return [convert(m["custom"]["directive"], Directive) for m in self.messages if m["custom"]]

    @property
    def handoff(self) -> RequestHandoff | None:
        """The directive to hand over, which must be the last of its turn; None when there is none."""
        requests = [d for d in self.directives if isinstance(d, RequestHandoff)]
        assert requests in ([], self.directives[-1:]), (
            "a directive follows the hand-off, and would have no effect"
        )
        return requests[0] if requests else None

    def values(self, name: str) -> dict[str, str]:
        """Return the values of the placeholders of the text called `name`, read from the message."""
        message = next(m for m in self.messages if m.get("text_id") == name)
        return read_values(self.template(name), message["text"])

    def template(self, name: str, language: str | None = None, channel: ChannelKind | None = None) -> str:
        """Return the text called `name` with its placeholders."""
        text = find_text(self.knowledge, text_id(name), language or self.language)
        return text.on(channel or self.channel)

    @property
    def expects(self) -> ExpectedInput | str | None:
        """The last `expect` directive's input, "nothing" for none; None when there was no such directive."""
        expected = [d.what or "nothing" for d in self.directives if isinstance(d, ExpectInput)]
        return expected[-1] if expected else None


def text_id(name: str) -> TextId:
    """Return the id that is written as `name`."""
    topic, text, *help_part = name.split("/")
    return TextId(topic, text, is_help=bool(help_part))


def read_values(template: str, text: str) -> dict[str, str]:
    """Return the values with which `template` becomes `text`; raise AssertionError when there are none."""
    pattern, known = "", set()
    for part in re.split(r"(\{\w+\})", template):
        name = part[1:-1]
        if not re.fullmatch(r"\{\w+\}", part):
            pattern += re.escape(part)
        elif name in known:
            pattern += f"(?P={name})"
        else:
            pattern += f"(?P<{name}>.+?)"
            known.add(name)
    found = re.fullmatch(pattern, text, re.DOTALL)
    assert found is not None, f"{text!r} is not {template!r}"
    return found.groupdict()


class ActionChat:
    """One conversation with the actions, which keeps the slots from turn to turn.

    Every reply must be a text of data/ in the client's language, for the client's channel, and must exist
    in all languages with the same placeholders.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        backend: Backend | None = None,
        vault: VaultClient | None = None,
        *,
        language: str = "en",
        client: str = "simulator.telegram:person-1",
    ) -> None:
        self.knowledge = knowledge
        self.client = client
        self.slots: dict[str, Any] = {
            "language": language,
            "dialogue_stack": None,
            "misses": 0,
            "failure_log": None,
            "other_language": None,
        }
        self.last = self._answered([], [])
        self._ids = itertools.count(1)
        self._executor = ActionExecutor()
        backend = backend or Backend(NOWHERE, "token", wait=wait_none())
        for action in all_actions(knowledge, backend, vault or VaultClient(NOWHERE, "token")):
            self._executor.register_action(action)

    @property
    def frames(self) -> list[dict[str, Any]]:
        """The dialogue stack, the current frame last."""
        return list(self.slots["dialogue_stack"] or [])

    @property
    def position(self) -> tuple[str, str] | None:
        """The topic and the step of the current frame; None when nothing is open."""
        return (self.frames[-1]["topic"], self.frames[-1]["step_id"]) if self.frames else None

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
    ) -> TurnResult:
        """Run the action for a message that Rasa has parsed.

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
            "metadata": to_builtins(
                MessageMetadata(self.channel, self.slots.get("language") or "en", self.client)
            ),
        }
        if second:
            user["second_topic"] = {"name": second, "confidence": 0.9, "announced": announced}
        if written_in:
            user["language"] = written_in
        self.last = await self.run(action, user)
        self._check_texts(self.last)
        return self.last

    async def press(self, what: str) -> TurnResult:
        """Press the button of the last answer with the title or payload `what`."""
        payload = self.last.buttons.get(what, what)
        assert payload in self.last.payloads, f"there is no button {what} in {self.last.buttons}"
        assert payload != REQUEST_CONTACT, "no payload of Rasa's"
        pressed = Payload.parse(payload)
        entities: dict[str, Any] = dict(pressed.entities)
        return await self.say(pressed.intent, payload, **entities)

    async def run(self, action: str, user: Mapping[str, Any]) -> TurnResult:
        """Run one action by its name, as Rasa's call to the action server would."""
        tracker = {
            "sender_id": "c1",
            "slots": dict(self.slots),
            "latest_message": dict(user),
            "events": [{"event": "user", "input_channel": "gateway", **user}],
            "paused": False,
            "followup_action": None,
            "active_loop": {},
            "latest_action_name": "action_listen",
        }
        answer = await self._executor.run(
            {"next_action": action, "sender_id": "c1", "tracker": tracker, "domain": {}}
        )
        assert answer is not None
        # The action server answers with JSON, so a slot that cannot be encoded must fail here.
        answered = json.loads(json.dumps(dict(answer)))
        for event in answered["events"]:
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
        return self._answered(answered["responses"], answered["events"])

    @property
    def shown(self) -> list[RenderedPart]:
        """The last answer as the client's channel shows it."""
        language = self.knowledge.languages[self.slots["language"]]
        return [
            rendered
            for message in self.last.messages
            if message["text"]
            for rendered in render(
                message["text"], _buttons(message["buttons"]), BY_KIND[self.channel], language
            )
        ]

    @property
    def channel(self) -> ChannelKind:
        """The client's channel."""
        return ChannelKind(self.client.removeprefix("simulator.").partition(":")[0])

    def _answered(self, messages: list[dict[str, Any]], events: list[dict[str, Any]]) -> TurnResult:
        return TurnResult(messages, events, self.knowledge, self.slots.get("language") or "en", self.channel)

    def _check_texts(self, answered: TurnResult) -> None:
        for name in answered.said:
            filled = set(answered.values(name))
            for language in self.knowledge.languages:
                wanted = {p for c in ChannelKind for p in placeholders(answered.template(name, language, c))}
                assert wanted == filled or name.startswith("guide/more"), f"{name} in {language}: {wanted}"


def _buttons(buttons: Iterable[Mapping[str, str]]) -> list[MessageButton]:
    """Convert Rasa's buttons to the gateway's, with payloads as tokens."""
    return [MessageButton(button["title"], button["payload"]) for button in buttons]
