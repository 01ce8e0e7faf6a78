"""What an incoming message is: a text, a code, a button, a command, or something that is only recorded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain import Notice
from bot.messages import notices, reachability
from bot.messages.commands import Command, Commands
from bot.messages.conversations import Address, Conversation
from bot.messages.link_tokens import find_link_token
from bot.messages.outbox import Choice
from bot.privacy.codes import find_code
from bot.privacy.redaction import redact
from bot.privacy.vault import Vault
from bot.storage.transaction import Transaction
from bot.telemetry import unusual_text_total
from knowledge import Knowledge

TEXT_LIMIT = 4_096
# What happens in a chat without being said, and the notice that answers it, if any.
EVENTS: dict[str, Notice | None] = {
    "blocked": None,
    "unblocked": None,
    "foreign_contact": Notice.FOREIGN_CONTACT,
    "media": Notice.MEDIA,
    "group": Notice.PRIVATE_ONLY,
}
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Message:
    """What a channel hands over, verified and parsed.

    `content` is the text, a button's token or one of EVENTS; `kind` is text, button, edit (an earlier text as it
    reads now: recorded, not answered) or event. `keyword` is the provider's own finding that the text is a wish
    to stop, start or be helped. `answered_elsewhere`: the provider has confirmed that wish itself. `telegram`: the bot
    that answers there too, for clients whom this channel may not reach.
    """

    address: Address
    external_id: str
    kind: str
    content: str
    language_hint: str | None = None
    keyword: str | None = None
    answered_elsewhere: bool = False
    telegram: str = ""


@dataclass(frozen=True)
class PendingNotice:
    """One of the gateway's own notices, to be given at once."""

    notice: Notice
    bypass_opt_out: bool = False
    choices: tuple[Choice, ...] = ()
    values: Mapping[str, str] = notices.NO_VALUES


@dataclass
class Reading:
    """What is to be stored of a message, and what follows from it at once.

    `answered`: nothing is left for the worker to do. `reach`: stop, blocked or regain, if it changes.
    """

    kind: str
    content: str
    redacted: tuple[str, ...] = ()
    notices: list[PendingNotice] = field(default_factory=list)
    answered: bool = False
    reach: str | None = None


class Reader:
    """Reads incoming messages. What is a secret never leaves this class."""

    def __init__(self, knowledge: Knowledge, vault: Vault) -> None:
        self._knowledge = knowledge
        self._vault = vault
        self._commands = Commands(knowledge)

    def read(self, tx: Transaction, message: Message, conversation: Conversation) -> Reading:
        """What `message` is, as a part of `conversation`."""
        stopped = conversation.unreachable == reachability.STOPPED
        if message.kind == "event":
            reading = _event(message.content)
        elif message.kind == "button":
            # What is no token of ours is nobody's button; it may hold anything, so it is not kept.
            reading = Reading("button", message.content if _TOKEN.fullmatch(message.content) else "")
        elif message.kind == "edit":
            reading = self._edit(message.content)
        elif token := find_link_token(message.content):
            return self._link(tx, token, conversation)
        else:
            command = (
                Command(message.keyword)
                if message.keyword
                else self._commands.read(message.content, message.address.kind, stopped=stopped)
            )
            if command:
                return self._command(command, conversation, message, stopped=stopped)
            reading = self._text(tx, message.content, conversation)
        if stopped:
            # Nothing is said to a client who has stopped messages, so nothing is done for them unseen either.
            reading.answered, reading.notices, reading.reach = True, [], None
        elif conversation.unreachable and reading.reach is None:
            # Whoever writes can be written to.
            reading.reach = "regain"
        return reading

    def _text(self, tx: Transaction, given: str, conversation: Conversation) -> Reading:
        content = _storable(given[:TEXT_LIMIT])
        redacted = redact(content)
        reading = Reading("text", redacted.text, tuple(redacted.kinds))
        # What is called a PIN is never passed on as a code, also where a code is expected.
        code = None if redacted.kinds else find_code(content, conversation.expects(tx.now))
        if code is not None:
            reading.kind, reading.content = "code", self._vault.seal(tx, conversation.id, code)
        if content.lstrip().startswith(("/", "／")):
            # No command of ours: it goes on as the text that it is, and never as an intent.
            unusual_text_total.labels(conversation.address.channel, "slash").inc()
        if len(given) > TEXT_LIMIT:
            unusual_text_total.labels(conversation.address.channel, "too_long").inc()
            reading.notices.append(PendingNotice(Notice.TOO_LONG))
        if redacted.kinds:
            reading.notices.append(PendingNotice(Notice.SECRET_REMOVED))
        return reading

    def _link(self, tx: Transaction, token: str, conversation: Conversation) -> Reading:
        """`/start TOKEN`: a start like any other, whose token goes into the vault and into no table."""
        reading = Reading("link", self._vault.seal(tx, conversation.id, token))
        if conversation.unreachable:
            reading.reach = "regain"
        if conversation.unreachable == reachability.STOPPED:
            reading.notices.append(PendingNotice(Notice.STARTED))
        return reading

    def _edit(self, given: str) -> Reading:
        content = _storable(given[:TEXT_LIMIT])
        redacted = redact(content)
        reading = Reading("edit", redacted.text, tuple(redacted.kinds), answered=True)
        if redacted.kinds:
            reading.notices.append(PendingNotice(Notice.SECRET_REMOVED))
        # A code that was typed, and then corrected by an edit, is still a code.
        elif find_code(content, "code") is not None:
            reading.content = ""
        return reading

    def _command(
        self, command: Command, conversation: Conversation, message: Message, *, stopped: bool
    ) -> Reading:
        reading = Reading("command", command.name)
        kind = conversation.address.kind
        if command.name == "stop":
            reading.answered, reading.reach = True, "stop"
            if not stopped and not message.answered_elsewhere:
                reading.notices.append(PendingNotice(Notice.STOPPED, bypass_opt_out=True))
        elif command.name == "help" and kind == "sms":
            reading.answered = True
            if not message.answered_elsewhere:
                reading.notices.append(PendingNotice(Notice.HELP, bypass_opt_out=True))
        elif command.name == "start":
            reading.reach = "regain" if conversation.unreachable else None
            if stopped:
                reading.notices.append(PendingNotice(Notice.STARTED))
        elif stopped:
            reading.answered = True
        elif command.name == "language":
            code = self._commands.language(command.argument)
            if code:
                reading.content = f"language {code}"
            else:
                reading.answered = True
                reading.notices.append(PendingNotice(Notice.LANGUAGE, choices=self._languages()))
        return reading

    def _languages(self) -> tuple[Choice, ...]:
        return tuple(
            Choice(language.name, f"/{language.chosen_by}")
            for language in self._knowledge.languages.values()
            if language.chosen_by
        )


def _event(name: str) -> Reading:
    reading = Reading("event", name, answered=True)
    notice = EVENTS[name]
    if notice:
        reading.notices.append(PendingNotice(notice))
    reading.reach = {"blocked": "blocked", "unblocked": "regain"}.get(name)
    return reading


def _storable(text: str) -> str:
    """`text` without null characters and lone surrogates, which cannot be stored or sent."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()
