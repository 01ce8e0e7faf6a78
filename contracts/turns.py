"""One turn between the gateway and Rasa's channel: `POST /webhooks/gateway/turns`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from contracts.directives import Directive
from contracts.enums import ChannelKind

Name = Annotated[str, Meta(min_length=1)]


class TurnRequest(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One message for the dialogue engine: either `text`, as typed, or a `payload` that the gateway vouches for."""

    conversation: Name
    """The conversation's random name: the sender in Rasa's tracker."""
    message: Name
    """The message's key; the same key gets the same replies."""
    channel: ChannelKind
    language: Name
    """The conversation's language so far."""
    client: Name
    """`<channel>:<peer>`: how the auth backend knows the chat."""
    text: str | None = None
    payload: str | None = None


class MessageMetadata(Struct, frozen=True, forbid_unknown_fields=True):
    """What Rasa's channel passes to the actions with each message, as the message's metadata."""

    channel: ChannelKind
    language: str
    """The conversation's language before the message."""
    client: str
    """`<channel>:<peer>`: how the auth backend knows the chat."""


class Button(Struct, frozen=True, forbid_unknown_fields=True):
    """A choice offered with a reply: its label and its payload."""

    title: str
    payload: str


class Reply(Struct, frozen=True, forbid_unknown_fields=True):
    """One message to the client."""

    text: str
    buttons: tuple[Button, ...] = ()


class TurnResponse(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said to one message, and what the gateway is asked to do."""

    replies: tuple[Reply, ...]
    directives: tuple[Directive, ...] = ()
    language: str | None = None
    """The language in use after the turn."""
    topic: str | None = None
    """What the message was taken for."""


class RedeemRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /internal/vault/redeem`: the reference under which the vault keeps a code."""

    reference: str


class RedeemResponse(Struct, frozen=True, forbid_unknown_fields=True):
    """The secret behind a reference, for this turn only."""

    secret: str
