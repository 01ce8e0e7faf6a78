"""What the backend answers, read strictly: an answer out of the contract is no answer.

The readers raise KeyError, TypeError or ValueError. Of a word that is newer than this version nothing is made up:
an unknown reason becomes "unknown" and has a text; an unknown state is no answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from urllib.parse import urlsplit

Answered: TypeAlias = Mapping[str, object]

UNKNOWN = "unknown"
PARTNER_REASONS = ("different_identification", "temporary_device", "ib_key", "no_device", "already_shared")
LOGIN_REASONS = (
    "already_enrolled",
    "not_primary_user",
    "no_active_device",
    "no_verified_number",
    "portal_only",
)
UNDELIVERED = ("carrier_refused", "do_not_call", "unreachable", "cannot_receive")
REFUSALS = ("less_secure_device", "different_identification", "compliance")
SHAREABLE = ("dsc_plus", "security_code_card")


@dataclass(frozen=True)
class Link:
    """Whether a chat speaks for a user. `username_masked` only when it does; `ended` is how the last link ended."""

    state: str
    username_masked: str | None
    ended: str | None

    @property
    def linked(self) -> bool:
        """Whether what belongs to the user may be told and changed."""
        return self.state == "linked"

    @classmethod
    def read(cls, answered: Answered) -> Link:
        """From the contract's Link."""
        state = _one_of(answered["state"], ("none", "pending", "linked"))
        name = _text(answered["username_masked"]) if state == "linked" else None
        ended = answered.get("ended")
        return cls(state, name, ended if ended in {"unlinked", "declined", "expired"} else None)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Challenge:
    """A code under way. The number is masked; the times are in UTC."""

    id: str
    number_masked: str
    expires_at: datetime
    resend_after: datetime
    checks_left: int
    sends_left: int

    @classmethod
    def read(cls, answered: Answered) -> Challenge:
        """From the contract's Challenge."""
        return cls(
            id=_text(answered["id"]),
            number_masked=_text(answered["number_masked"]),
            expires_at=_time(answered["expires_at"]),
            resend_after=_time(answered["resend_after"]),
            checks_left=_count(answered["checks_left"]),
            sends_left=_count(answered["sends_left"]),
        )


@dataclass(frozen=True)
class Verified:
    """The backend's word that a number is verified: nothing else may be called done.

    `in_force`: for the user whom the chat is linked to. `sms_two_factor`: enrolling (log-in by SMS code is being
    switched on as a consequence, KB3196), unchanged, or undisclosed (the chat is not linked).
    """

    receipt: str
    in_force: bool
    sms_two_factor: str

    @classmethod
    def read(cls, answered: Answered) -> Verified:
        """From the answer to the right confirm code."""
        _one_of(answered["status"], ("verified",))
        two_factor = answered.get("sms_two_factor")
        # Of a word that we do not know nothing is said to the client: the number is verified all the same.
        known = two_factor if two_factor in {"enrolling", "unchanged"} else "undisclosed"
        return cls(_text(answered["receipt"]), answered.get("standing") == "in_force", str(known))


@dataclass(frozen=True)
class OptedIn:
    """The backend's word that the user is back in the Secure Login System."""

    receipt: str

    @classmethod
    def read(cls, answered: Answered) -> OptedIn:
        """From the answer to the right code."""
        _one_of(answered["status"], ("opted_in",))
        return cls(_text(answered["receipt"]))


@dataclass(frozen=True)
class SecureLogin:
    """Whether and where a user can opt back in: `next` is here, portal or nothing; `reasons` say why not here."""

    enrolled: bool
    next: str
    reasons: tuple[str, ...]
    primary_masked: str | None
    number_masked: str | None

    @classmethod
    def read(cls, answered: Answered) -> SecureLogin:
        """From the contract's SecureLogin."""
        where = _one_of(answered["next"], ("here", "portal", "nothing"))
        return cls(
            enrolled=_one_of(answered["state"], ("enrolled", "opted_out")) == "enrolled",
            next=where,
            reasons=_reasons(answered["reasons"], LOGIN_REASONS),
            primary_masked=_text_or_none(answered.get("primary_masked")),
            number_masked=_text(answered["number_masked"]) if where == "here" else None,
        )


@dataclass(frozen=True)
class SecurityStatus:
    """How a user is protected: numbers (masked, and whether verified) and devices (kind and state).

    `secure_login`: enrolled or opted_out; `ib_key` and a device's state: active or not.
    """

    username_masked: str
    numbers: tuple[tuple[str, bool], ...]
    primary: bool
    secure_login: str
    ib_key: str
    devices: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, answered: Answered) -> SecurityStatus:
        """From the contract's SecurityStatus."""
        numbers = [(_text(n["number_masked"]), n["verified"] is True) for n in _objects(answered["numbers"])]
        devices = [(_text(d["kind"]), _text(d["state"])) for d in _objects(answered["devices"])]
        return cls(
            username_masked=_text(answered["username_masked"]),
            numbers=tuple(numbers),
            primary=answered["primary"] is True,
            secure_login=_one_of(answered["secure_login"], ("enrolled", "opted_out")),
            ib_key=_one_of(answered["ib_key"], ("active", "none")),
            devices=tuple(devices),
        )


@dataclass(frozen=True)
class Partner:
    """Another user of the account. `device` is the one to share, `owner` whose it is: self or partner."""

    id: str
    username_masked: str
    eligible: bool
    reasons: tuple[str, ...]
    device: str | None
    owner: str | None
    equal: bool

    @classmethod
    def read_all(cls, answered: Answered) -> tuple[Partner, ...]:
        """From the answer that lists the partners."""
        return tuple(cls._read(partner) for partner in _objects(answered["partners"]))

    @classmethod
    def _read(cls, answered: Answered) -> Partner:
        eligible = answered["eligible"] is True
        return cls(
            id=_text(answered["id"]),
            username_masked=_text(answered["username_masked"]),
            eligible=eligible,
            reasons=_reasons(answered["reasons"], PARTNER_REASONS),
            device=_one_of(answered["device"], SHAREABLE) if eligible else None,
            owner=_one_of(answered["owner"], ("self", "partner")) if eligible else None,
            equal=answered.get("equal") is True,
        )


@dataclass(frozen=True)
class SharingRequest:
    """A request to share a device, as it stands. `portal_url` while it waits to be finished there."""

    id: str
    state: str
    reason: str | None
    username_masked: str
    device: str
    owner: str
    portal_url: str | None
    receipt: str | None

    @classmethod
    def read_all(cls, answered: Answered) -> tuple[SharingRequest, ...]:
        """From the answer that lists the requests."""
        return tuple(cls.read(request) for request in _objects(answered["requests"]))

    @classmethod
    def read(cls, answered: Answered) -> SharingRequest:
        """From the contract's SharingRequest."""
        states = ("awaiting_portal", "pending_compliance", "approved", "refused", "expired")
        state = _one_of(answered["state"], states)
        reason = answered.get("reason")
        return cls(
            id=_text(answered["id"]),
            state=state,
            reason=(reason if reason in REFUSALS else UNKNOWN) if state == "refused" else None,  # type: ignore[arg-type]
            username_masked=_text(answered["username_masked"]),
            device=_one_of(answered["device"], SHAREABLE),
            owner=_one_of(answered["owner"], ("self", "partner")),
            portal_url=_address(answered["portal_url"]) if state == "awaiting_portal" else None,
            # Approved is said only with a receipt.
            receipt=_text(answered["receipt"]) if state == "approved" else None,
        )


@dataclass(frozen=True)
class Delivery:
    """What became of a text message: queued, sent, delivered, or undelivered with a reason."""

    state: str
    reason: str | None
    number_masked: str | None = None

    @classmethod
    def read_newest(cls, answered: Answered) -> Delivery:
        """From the answer that lists the deliveries, the newest first."""
        return cls.read(_objects(answered["deliveries"])[0])

    @classmethod
    def read(cls, answered: Answered) -> Delivery:
        """From the contract's Delivery."""
        state = _one_of(answered["state"], ("queued", "sent", "delivered", "undelivered"))
        reason = answered.get("reason")
        known = reason if reason in UNDELIVERED else UNKNOWN
        number = _text_or_none(answered.get("number_masked"))
        return cls(state, str(known) if state == "undelivered" else None, number)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _one_of(value: object, known: Sequence[str]) -> str:
    if value not in known:
        raise ValueError
    return str(value)


def _reasons(value: object, known: Sequence[str]) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(reason if reason in known else UNKNOWN for reason in value)


def _objects(value: object) -> list[Answered]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise TypeError
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _address(value: object) -> str:
    address = _text(value)
    if urlsplit(address).scheme not in {"http", "https"}:
        raise ValueError
    return address


def _time(value: object) -> datetime:
    # Python before 3.11 does not read the Z of RFC 3339.
    moment = datetime.fromisoformat(_text(value).replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError
    return moment
