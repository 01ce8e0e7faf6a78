"""How a call to the auth backend can fail, in terms that an action can answer to."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import httpx


class ErrorKind(str, Enum):
    """Why a call failed.

    UNAVAILABLE: no usable answer, also after repeated tries; whether the backend did the write is not
    known, and the same call under the same key finds out. REFUSED: an answer that no client can do
    anything about, such as a wrong token of ours. The others are the backend's rules.
    """

    UNAVAILABLE = "unavailable"
    WRONG_CODE = "wrong_code"
    EXPIRED = "expired"
    LOCKED = "locked"
    RESEND_TOO_EARLY = "resend_too_early"
    TOO_MANY_SENDS = "too_many_sends"
    TOO_MANY_REQUESTS = "too_many_requests"
    NUMBER_INVALID = "number_invalid"
    NOT_FOUND = "not_found"
    ALREADY_VERIFIED = "already_verified"
    NOT_LINKED = "not_linked"
    ALREADY_LINKED = "already_linked"
    LINK_TOKEN_INVALID = "link_token_invalid"  # noqa: S105 (a kind, no token)
    NOT_ELIGIBLE = "not_eligible"
    REQUEST_OPEN = "request_open"
    REFUSED = "refused"


# The backend's codes are spelled like the kinds; these two are ours and no code of the backend's.
RULES = {kind.value: kind for kind in ErrorKind if kind not in {ErrorKind.UNAVAILABLE, ErrorKind.REFUSED}}

# The numbers in a problem that a text for the client may need. Nothing else of it is kept: its words are
# the backend's, in one language, and not checked by us.
NUMBERS = ("checks_left", "sends_left", "retry_after")


class BackendError(Exception):
    """A call to the auth backend failed.

    `details` holds at most checks_left, sends_left (counts) and retry_after (seconds). `request_id` is
    what the backend's log knows the call by.
    """

    def __init__(
        self, kind: ErrorKind, details: Mapping[str, int | str] | None = None, request_id: str = ""
    ) -> None:
        super().__init__(kind, dict(details or {}), request_id)
        self.kind = kind
        self.details: dict[str, int | str] = dict(details or {})
        self.request_id = request_id

    def __str__(self) -> str:
        return f"{self.kind.value} {self.details} (request {self.request_id})"


def rule_broken(answer: httpx.Response) -> tuple[ErrorKind, dict[str, int | str]] | None:
    """Which of the backend's rules a problem answer names; None when it names none that we know."""
    if not answer.is_client_error:
        return None
    problem = json_object(answer)
    kind = RULES.get(str(problem.get("code")))
    if kind is None:
        return None
    numbers: dict[str, int | str] = {}
    for name in NUMBERS:
        value = problem.get(name)
        # bool is an int in Python, and no number to show.
        if isinstance(value, int) and not isinstance(value, bool):
            numbers[name] = value
    return kind, numbers


def json_object(answer: httpx.Response) -> dict[str, object]:
    """The answer's JSON object; an empty one when it holds none."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
