"""What the assistant knows of a conversation when it hands over to a person."""

from __future__ import annotations

from msgspec import Struct

from contracts.enums import LinkStatus


class AccountFact(Struct, frozen=True, forbid_unknown_fields=True):
    """One fact about the user's protection, as the backend gave it: `what` it is about, its `name`, its `state`."""

    what: str
    name: str = ""
    state: str = ""


class BackendFailure(Struct, frozen=True, forbid_unknown_fields=True):
    """A refusal or failure of the auth backend: its code, and the id of the request for the backend's own log."""

    code: str
    request_id: str = ""


class HandoffContext(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an agent has to know at one look. Never a message's text and never a secret."""

    topic: str | None = None
    """The topic that was open, or that led to the hand-off."""
    step: str | None = None
    """The guide's step or the task's state."""
    linked: LinkStatus | None = None
    account: tuple[AccountFact, ...] = ()
    tried: tuple[str, ...] = ()
    """The topics of what was tried."""
    answers: tuple[str, ...] = ()
    """What the client has answered, each as `question: answer`."""
    errors: tuple[BackendFailure, ...] = ()
    sources: tuple[str, ...] = ()
    """The topic's source articles."""
