"""The client of the auth backend, through which alone actions change anything."""

from __future__ import annotations

from actions.backend.answers import (
    Challenge,
    Delivery,
    Link,
    OptedIn,
    Partner,
    SecureLogin,
    SecurityStatus,
    SharingRequest,
    Verified,
)
from actions.backend.breaker import Breaker
from actions.backend.client import Backend
from actions.backend.errors import BackendError, ErrorKind
from actions.backend.transport import FULL_JITTER, Timeouts

__all__ = [
    "FULL_JITTER",
    "Backend",
    "BackendError",
    "Breaker",
    "Challenge",
    "Delivery",
    "ErrorKind",
    "Link",
    "OptedIn",
    "Partner",
    "SecureLogin",
    "SecurityStatus",
    "SharingRequest",
    "Timeouts",
    "Verified",
]
