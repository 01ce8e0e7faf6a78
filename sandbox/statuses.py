"""The states, purposes and decisions that the database holds, as enums."""

from __future__ import annotations

import enum


class ChatLinkStatus(str, enum.Enum):
    """The state of a chat's link to a user."""

    PENDING = "pending"
    """The user has yet to confirm in the portal."""
    LINKED = "linked"
    """The chat speaks for the user."""
    UNLINKED = "unlinked"
    """The client or the user ended it."""
    DECLINED = "declined"
    """The user declined it in the portal."""
    EXPIRED = "expired"
    """It was not confirmed in time, or not used for too long."""


LIVE_LINKS = (ChatLinkStatus.PENDING, ChatLinkStatus.LINKED)


class CodePurpose(str, enum.Enum):
    """What a text message with a code is for."""

    PHONE_VERIFICATION = "phone_verification"
    LINK = "link"
    OPT_IN = "opt_in"
    LOG_IN = "log_in"
    """Made-up users have one from the beginning; the sandbox sends none."""


class QueueStatus(str, enum.Enum):
    """The state of a text message or a notice."""

    QUEUED = "queued"
    """Not delivered yet."""
    DELIVERED = "delivered"
    """The gateway has it."""
    UNDELIVERED = "undelivered"
    """The carrier refused it, with a reason. Text messages only."""
    GIVEN_UP = "given_up"
    """The gateway did not accept it in time."""
    WITHHELD = "withheld"
    """Never sent: it counts for the limits alone. Text messages only."""


class SharingStatus(str, enum.Enum):
    """The state of a request to share a device."""

    AWAITING_PORTAL = "awaiting_portal"
    """The user has yet to finish it in the portal."""
    PENDING_COMPLIANCE = "pending_compliance"
    """The compliance department has yet to decide."""
    APPROVED = "approved"
    """The device is shared."""
    REFUSED = "refused"
    """It is not shared; the row has the reason."""
    EXPIRED = "expired"
    """It was not finished in time. Computed, never stored."""


OPEN_REQUESTS = (SharingStatus.AWAITING_PORTAL, SharingStatus.PENDING_COMPLIANCE)


class SharingDecision(str, enum.Enum):
    """What a user or the compliance department decides about a request. A refusal's value is its reason."""

    FINISHED = "finished"
    """The user finished it in the portal."""
    APPROVED = "approved"
    """The compliance department approved it."""
    COMPLIANCE = "compliance"
    """The compliance department refused it."""
    LESS_SECURE_DEVICE = "less_secure_device"
    """Refused: the device was the less secure one of the two users'."""
    DIFFERENT_IDENTIFICATION = "different_identification"
    """Refused: the identification data of the two users differ."""
