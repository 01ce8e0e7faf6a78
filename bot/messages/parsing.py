"""Parse inbound messages, before any transaction: what a message is, apart from its conversation, and without secrets.

A hostile text may take long to redact, and must not hold the database's thread meanwhile. What depends on the
conversation is decided later: see intake.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain import InboundKind
from bot.messages.chat_commands import ChatCommand, ChatCommands, TypedCommand
from bot.messages.conversations import Address
from bot.messages.link_tokens import find_link_token
from bot.privacy.codes import find_code
from bot.privacy.redaction import redact
from contracts.enums import ExpectedInput
from knowledge import Knowledge

MAX_TEXT_CHARACTERS = 4_096
_BUTTON_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SLASHES = ("/", "／")


@dataclass(frozen=True)
class InboundMessage:
    """What a channel hands over, verified and parsed."""

    address: Address
    external_id: str
    kind: InboundKind
    """TEXT, BUTTON, EDIT or EVENT; the inbox finds the others among the texts."""
    content: str
    """The text, a button's token, or the name of a ChatEvent."""
    language_hint: str | None = None
    """The language of the client's device, such as `ja-JP`."""
    keyword: ChatCommand | None = None
    """The command that the provider itself found in the text: stop, start or help."""
    answered_elsewhere: bool = False
    """Whether the provider has confirmed that command itself."""
    telegram: str = ""
    """The assistant's name on Telegram, for clients whom this channel may not reach."""


@dataclass(frozen=True)
class ParsedMessage:
    """A message without its secrets, apart from a code or a link token, which goes into the vault."""

    message: InboundMessage
    content: str
    """What may be stored: the redacted text, a token of ours, or the event."""
    redacted: tuple[str, ...] = ()
    """The kinds of secrets that were removed."""
    codes: Mapping[ExpectedInput | None, str | None] = field(default_factory=dict)
    """The code in the text, by what the conversation may expect."""
    link_token: str | None = None
    command: TypedCommand | None = None
    command_when_opted_out: TypedCommand | None = None
    """The command of a client who has opted out: more words mean `start` then."""
    is_too_long: bool = False
    is_slash_text: bool = False
    """Whether it begins like a command and is none: it stays a text, and is never an intent."""


class InboundParser:
    """Parses inbound messages."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._commands = ChatCommands(knowledge)

    def parse(self, message: InboundMessage) -> ParsedMessage:
        """Return what `message` is."""
        match message.kind:
            case InboundKind.EVENT:
                return ParsedMessage(message, message.content)
            case InboundKind.BUTTON:
                # Anything but a token of ours may hold a secret, and is not kept.
                is_token = _BUTTON_TOKEN.fullmatch(message.content)
                return ParsedMessage(message, message.content if is_token else "")
            case InboundKind.EDIT:
                return self._parse_text(message)
            case _:
                link_token = find_link_token(message.content)
                if link_token:
                    return ParsedMessage(message, "", link_token=link_token)
                return self._parse_text(message)

    def _parse_text(self, message: InboundMessage) -> ParsedMessage:
        text = _storable(message.content[:MAX_TEXT_CHARACTERS])
        redaction = redact(text)
        # What the client calls a PIN is never passed on as a code, also where a code is expected.
        codes = {} if redaction.kinds else {each: find_code(text, each) for each in (None, *ExpectedInput)}
        is_text = message.kind is InboundKind.TEXT
        return ParsedMessage(
            message,
            redaction.text,
            redacted=tuple(redaction.kinds),
            codes=codes,
            command=self._find_command(message, opted_out=False) if is_text else None,
            command_when_opted_out=self._find_command(message, opted_out=True) if is_text else None,
            is_too_long=len(message.content) > MAX_TEXT_CHARACTERS,
            is_slash_text=text.lstrip().startswith(_SLASHES),
        )

    def _find_command(self, message: InboundMessage, *, opted_out: bool) -> TypedCommand | None:
        if message.keyword:
            return TypedCommand(message.keyword)
        return self._commands.find(message.content, message.address.kind, opted_out=opted_out)


def _storable(text: str) -> str:
    """Return `text` without null characters and lone surrogates, which cannot be stored or sent."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()
