"""The backend's answers, read strictly: an answer outside the contract is no answer.

Members that this version does not know are ignored. An unknown reason becomes UNKNOWN, for which there is a text; an
unknown state is an error. A member that has a meaning only in one state is required there and None elsewhere.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field
from msgspec.structs import force_setattr

from actions.backend.vocabulary import (
    SHAREABLE_DEVICES,
    DeviceKind,
    DeviceOwner,
    IbKeyState,
    IneligibilityReason,
    LinkEnd,
    LinkState,
    NumberStanding,
    OptInPath,
    OptInReason,
    SecureLoginState,
    SharingRefusal,
    SharingState,
    SmsState,
    SmsTwoFactor,
    UndeliveredReason,
)

Text = Annotated[str, Meta(min_length=1)]
Time = Annotated[datetime, Meta(tz=True)]


class Link(Struct, frozen=True):
    """Whether a chat speaks for a user. `username_masked` only when it does; `ended` is how the last link ended."""

    state: LinkState
    username_masked: str | None = None
    ended: LinkEnd | None = None

    def __post_init__(self) -> None:
        _require_only_if(self, self.linked, "username_masked")
        if self.ended is LinkEnd.UNKNOWN:
            force_setattr(self, "ended", None)

    @property
    def linked(self) -> bool:
        """Whether the chat may see and change what belongs to the user."""
        return self.state is LinkState.LINKED


class Challenge(Struct, frozen=True):
    """A code that was sent and not yet checked. The number is masked; the times are in UTC."""

    id: Text
    number_masked: Text
    expires_at: Time
    resend_after: Time
    checks_left: int
    sends_left: int


class Verified(Struct, frozen=True):
    """The backend's confirmation that a number is verified. Without it the assistant never says "done"."""

    status: Literal["verified"]
    receipt: Text
    standing: NumberStanding | None = None
    two_factor: SmsTwoFactor | None = field(name="sms_two_factor", default=None)

    @property
    def in_force(self) -> bool:
        """Whether the number is verified on the record of the user whom the chat is linked to."""
        return self.standing is NumberStanding.IN_FORCE

    @property
    def sms_two_factor(self) -> SmsTwoFactor:
        """What follows for log-in by SMS (KB3196)."""
        return self.two_factor or SmsTwoFactor.UNDISCLOSED


class OptedIn(Struct, frozen=True):
    """The backend's confirmation that the user is back in the Secure Login System."""

    status: Literal["opted_in"]
    receipt: Text


class SecureLogin(Struct, frozen=True):
    """Whether and where a user can opt back in. `reasons` say why not by the assistant."""

    state: SecureLoginState
    next: OptInPath
    reasons: tuple[OptInReason, ...]
    primary_masked: Text | None = None
    number_masked: str | None = None

    def __post_init__(self) -> None:
        _require_only_if(self, self.next is OptInPath.HERE, "number_masked")

    @property
    def enrolled(self) -> bool:
        """Whether the user is in the Secure Login System."""
        return self.state is SecureLoginState.ENROLLED


class NumberOnRecord(Struct, frozen=True):
    """A number of the user."""

    number_masked: Text
    verified: bool


class DeviceOnRecord(Struct, frozen=True):
    """A device of the user. People at the desk read `kind` and `state` as the backend wrote them."""

    kind: Text
    state: Text


class SecurityStatus(Struct, frozen=True):
    """How a user is protected."""

    username_masked: Text
    primary: bool
    secure_login: SecureLoginState
    ib_key: IbKeyState
    numbers_on_record: tuple[NumberOnRecord, ...] = field(name="numbers")
    devices_on_record: tuple[DeviceOnRecord, ...] = field(name="devices")

    @property
    def numbers(self) -> tuple[tuple[str, bool], ...]:
        """Each number, masked, and whether it is verified."""
        return tuple((number.number_masked, number.verified) for number in self.numbers_on_record)

    @property
    def devices(self) -> tuple[tuple[str, str], ...]:
        """The kind and the state of each device."""
        return tuple((device.kind, device.state) for device in self.devices_on_record)


class Partner(Struct, frozen=True):
    """Another user of the account. `device` is the one to share, `owner` whose it is; `equal`: both have one."""

    id: Text
    username_masked: Text
    eligible: bool
    reasons: tuple[IneligibilityReason, ...]
    device: DeviceKind | None = None
    owner: DeviceOwner | None = None
    equal: bool = False

    def __post_init__(self) -> None:
        _require_only_if(self, self.eligible, "device", "owner")
        if self.eligible:
            _check_sharing(self.device, self.owner)


class Partners(Struct, frozen=True):
    """The answer that lists the other users of the account."""

    partners: tuple[Partner, ...]


class SharingRequest(Struct, frozen=True):
    """A request to share a device. It has a `portal_url` while it waits there, and a `receipt` once it is approved."""

    id: Text
    state: SharingState
    username_masked: Text
    device: DeviceKind
    owner: DeviceOwner
    reason: SharingRefusal | None = None
    portal_url: str | None = None
    receipt: str | None = None

    def __post_init__(self) -> None:
        _check_sharing(self.device, self.owner)
        refused = self.state is SharingState.REFUSED
        force_setattr(self, "reason", (self.reason or SharingRefusal.UNKNOWN) if refused else None)
        _require_only_if(self, self.state is SharingState.AWAITING_PORTAL, "portal_url")
        _require_only_if(self, self.state is SharingState.APPROVED, "receipt")
        if self.portal_url and urlsplit(self.portal_url).scheme not in {"http", "https"}:
            raise ValueError("not an address of the web")


class SharingRequests(Struct, frozen=True):
    """The answer that lists the user's requests, the newest first."""

    requests: tuple[SharingRequest, ...]


class Delivery(Struct, frozen=True):
    """How far a text message has come. An undelivered one has a `reason`."""

    state: SmsState
    reason: UndeliveredReason | None = None
    number_masked: Text | None = None

    def __post_init__(self) -> None:
        undelivered = self.state is SmsState.UNDELIVERED
        force_setattr(self, "reason", (self.reason or UndeliveredReason.UNKNOWN) if undelivered else None)


class Deliveries(Struct, frozen=True):
    """The answer that lists the text messages of a verification, the newest first."""

    deliveries: Annotated[tuple[Delivery, ...], Meta(min_length=1)]


def _require_only_if(answer: Struct, condition: bool, *members: str) -> None:
    for name in members:
        if not condition:
            force_setattr(answer, name, None)
        elif not getattr(answer, name):
            raise ValueError(f"{name} is missing")


def _check_sharing(device: DeviceKind | None, owner: DeviceOwner | None) -> None:
    if device not in SHAREABLE_DEVICES or owner is DeviceOwner.UNKNOWN:
        raise ValueError("not a device that can be shared")
