"""How a call to the auth backend can fail, in terms that an action can answer."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from contracts.enums import StrEnum


class ErrorKind(StrEnum):
    """Why a call failed: one of the backend's rules, or one of the two kinds that are ours."""

    UNAVAILABLE = "unavailable"
    """Ours: no usable answer after all retries. The backend may have done the write; the same key finds out."""
    REFUSED = "refused"
    """Ours: an answer that no client can do anything about, such as a wrong token in our settings."""
    WRONG_CODE = "wrong_code"
    """The code is wrong; `checks_left` says how many more may be typed."""
    EXPIRED = "expired"
    """The code is too old; another can be sent."""
    LOCKED = "locked"
    """Too many wrong codes."""
    RESEND_TOO_EARLY = "resend_too_early"
    """The next code cannot be sent yet; `retry_after` says when."""
    TOO_MANY_SENDS = "too_many_sends"
    """No more codes can be sent for this request."""
    TOO_MANY_REQUESTS = "too_many_requests"
    """Too many codes were sent, or too many wrong ones typed; `retry_after` says when it can go on."""
    NUMBER_INVALID = "number_invalid"
    """The number cannot receive text messages."""
    NOT_FOUND = "not_found"
    """This chat has no such thing."""
    ALREADY_VERIFIED = "already_verified"
    """The code was used before."""
    NOT_LINKED = "not_linked"
    """The chat is not linked to a user."""
    ALREADY_LINKED = "already_linked"
    """The chat is linked to a user."""
    LINK_TOKEN_INVALID = "link_token_invalid"  # noqa: S105 (a kind, no token)
    """The linking token is unknown, used or too old."""
    NOT_ELIGIBLE = "not_eligible"
    """The user cannot do this."""
    REQUEST_OPEN = "request_open"
    """The two users have an open request."""


# The backend's codes are spelled like the kinds. Our own two are no codes of the backend.
KINDS_BY_CODE = {
    kind.value: kind for kind in ErrorKind if kind not in {ErrorKind.UNAVAILABLE, ErrorKind.REFUSED}
}

# The members of a problem that a text for the client may need. Its words are dropped: they are the backend's, in one
# language, and nobody here has checked them.
DETAIL_NAMES = ("checks_left", "sends_left", "retry_after")


class BackendError(Exception):
    """A call to the auth backend failed.

    `details` holds at most checks_left, sends_left (counts) and retry_after (seconds). `request_id` identifies the call
    in the backend's log.
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


def read_problem(answer: httpx.Response) -> tuple[ErrorKind, dict[str, int | str]] | None:
    """Return the rule that a problem answer names, and its details; None if it names none that we know."""
    if not answer.is_client_error:
        return None
    problem = _json_object(answer)
    kind = KINDS_BY_CODE.get(str(problem.get("code")))
    if kind is None:
        return None
    details: dict[str, int | str] = {}
    for name in DETAIL_NAMES:
        value = problem.get(name)
        # bool is an int in Python, and no number to show.
        if isinstance(value, int) and not isinstance(value, bool):
            details[name] = value
    return kind, details


def _json_object(answer: httpx.Response) -> dict[str, object]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
