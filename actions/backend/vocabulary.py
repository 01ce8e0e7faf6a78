"""The words of the contract (sandbox/openapi.yaml): states, reasons, kinds and outcomes.

An enum that derives from OpenEnum reads a word that is newer than this version as UNKNOWN; any other refuses it.
"""

from __future__ import annotations

from contracts.enums import StrEnum


class OpenEnum(StrEnum):
    """An enum whose member UNKNOWN stands for words that it does not have."""

    @classmethod
    def _missing_(cls, value: object) -> OpenEnum | None:
        return cls.__members__["UNKNOWN"] if isinstance(value, str) else None


class LinkState(StrEnum):
    """Whether a chat speaks for a user."""

    NONE = "none"
    """It does not."""
    PENDING = "pending"
    """The user has yet to confirm in the portal."""
    LINKED = "linked"
    """It does."""


class LinkEnd(OpenEnum):
    """How a link ended."""

    UNLINKED = "unlinked"
    """The client or the user ended it."""
    DECLINED = "declined"
    """The user declined it in the portal."""
    EXPIRED = "expired"
    """It was not confirmed in time, or not used for too long."""
    UNKNOWN = "unknown"
    """By a way that is newer than this version."""


class NumberStanding(OpenEnum):
    """What a verified number is good for."""

    IN_FORCE = "in_force"
    """The number on record of the linked user is verified."""
    PORTAL = "portal"
    """The client has the phone; the user puts the number in force in the portal."""
    UNKNOWN = "unknown"
    """A word that is newer than this version: not in force."""


class SmsTwoFactor(StrEnum):
    """What a verified number means for log-in by SMS code (KB3196)."""

    ENROLLING = "enrolling"
    """It is being switched on."""
    UNCHANGED = "unchanged"
    """It stays as it was."""
    UNDISCLOSED = "undisclosed"
    """The chat is not linked, or the word is newer than this version: the client is told nothing of it."""

    @classmethod
    def _missing_(cls, value: object) -> SmsTwoFactor | None:
        # The number is verified all the same.
        return cls.UNDISCLOSED if isinstance(value, str) else None


class SecureLoginState(StrEnum):
    """Whether a user is in the Secure Login System."""

    ENROLLED = "enrolled"
    """The user is in it."""
    OPTED_OUT = "opted_out"
    """The user has left it."""


class OptInPath(StrEnum):
    """Where a user can opt back in."""

    HERE = "here"
    """By the assistant."""
    PORTAL = "portal"
    """In the portal alone."""
    NOTHING = "nothing"
    """Nowhere: this user cannot, or need not."""


class OptInReason(OpenEnum):
    """Why a user cannot opt back in by the assistant."""

    ALREADY_ENROLLED = "already_enrolled"
    """The user is in the Secure Login System."""
    NOT_PRIMARY_USER = "not_primary_user"
    """The primary user of the account decides."""
    NO_ACTIVE_DEVICE = "no_active_device"
    """The user has nothing to log in with."""
    NO_VERIFIED_NUMBER = "no_verified_number"
    """There is no number to send a code to."""
    PORTAL_ONLY = "portal_only"
    """The backend leaves it to the portal."""
    UNKNOWN = "unknown"
    """A reason that is newer than this version."""


class IbKeyState(StrEnum):
    """Whether a user has IB Key."""

    ACTIVE = "active"
    """It is set up."""
    NONE = "none"
    """It is not."""


class DeviceKind(OpenEnum):
    """A security device."""

    DSC_PLUS = "dsc_plus"
    """Digital Security Card+."""
    SECURITY_CODE_CARD = "security_code_card"
    """Security Code Card."""
    IB_KEY = "ib_key"
    """IB Key on a phone."""
    SMS = "sms"
    """Log-in by SMS code."""
    TEMPORARY_CODE = "temporary_code"
    """A temporary code."""
    ONLINE_CARD = "online_card"
    """An online security code card, also temporary."""
    UNKNOWN = "unknown"
    """A device that is newer than this version."""


SHAREABLE_DEVICES = frozenset({DeviceKind.DSC_PLUS, DeviceKind.SECURITY_CODE_CARD})


class DeviceOwner(OpenEnum):
    """Whose device is shared."""

    SELF = "self"
    """The linked user's."""
    PARTNER = "partner"
    """The other user's."""
    UNKNOWN = "unknown"
    """A word that is newer than this version."""


class IneligibilityReason(OpenEnum):
    """Why two users cannot share a device."""

    DIFFERENT_IDENTIFICATION = "different_identification"
    """Their identification data differ."""
    TEMPORARY_DEVICE = "temporary_device"
    """One of them has a temporary device."""
    IB_KEY = "ib_key"
    """One of them has IB Key."""
    NO_DEVICE = "no_device"
    """Neither has a device that can be shared."""
    ALREADY_SHARED = "already_shared"
    """They share one."""
    UNKNOWN = "unknown"
    """A reason that is newer than this version."""


class SharingState(StrEnum):
    """How far a request to share a device has come."""

    AWAITING_PORTAL = "awaiting_portal"
    """The user has yet to finish it in the portal."""
    PENDING_COMPLIANCE = "pending_compliance"
    """The compliance department decides."""
    APPROVED = "approved"
    """The device is shared."""
    REFUSED = "refused"
    """It is not shared; the reason says why."""
    EXPIRED = "expired"
    """It was not finished in time."""


class SharingRefusal(OpenEnum):
    """Why a request to share a device was refused."""

    LESS_SECURE_DEVICE = "less_secure_device"
    """The device was the less secure one of the two users'."""
    DIFFERENT_IDENTIFICATION = "different_identification"
    """The identification data of the two users differ."""
    COMPLIANCE = "compliance"
    """The compliance department refused it."""
    UNKNOWN = "unknown"
    """A reason that is newer than this version, or none was given."""


class SmsState(StrEnum):
    """How far a text message has come."""

    QUEUED = "queued"
    """The backend has it."""
    SENT = "sent"
    """The carrier has it."""
    DELIVERED = "delivered"
    """The phone has it."""
    UNDELIVERED = "undelivered"
    """It will not arrive; the reason says why."""


class UndeliveredReason(OpenEnum):
    """Why a text message will not arrive."""

    CARRIER_REFUSED = "carrier_refused"
    """The carrier does not pass it on."""
    DO_NOT_CALL = "do_not_call"
    """The number is on a register such as India's DND."""
    UNREACHABLE = "unreachable"
    """The phone is off or out of reach."""
    CANNOT_RECEIVE = "cannot_receive"
    """The number takes no text messages."""
    UNKNOWN = "unknown"
    """The reason was not given, or is newer than this version."""
