"""The refusals of the sandbox: RFC 9457 problem details with a stable `code`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import JSONResponse

PROBLEM_JSON = "application/problem+json"

PROBLEMS: Mapping[str, tuple[int, str]] = {
    "idempotency_key_missing": (400, "A write needs an Idempotency-Key of 1 to 200 characters"),
    "client_missing": (400, "A call needs a Client-Reference of 1 to 200 characters"),
    "unauthorized": (401, "The bearer token is missing or wrong"),
    "not_linked": (403, "The chat is not linked to a user"),
    "not_found": (404, "There is no such thing for this chat"),
    "route_not_found": (404, "There is nothing at this address"),
    "method_not_allowed": (405, "This address does not take this method"),
    "already_verified": (409, "The code has been used already"),
    "already_linked": (409, "The chat is linked already; the link must be ended first"),
    "not_eligible": (409, "This user cannot do that; the eligibility says why"),
    "request_open": (409, "There is an open request for these two users"),
    "expired": (410, "The code has expired"),
    "body_invalid": (422, "The body does not have the fields that the contract asks for"),
    "idempotency_key_reused": (422, "The Idempotency-Key was used for another request"),
    "number_invalid": (422, "Not a number, in E.164 form, that can receive text messages"),
    "link_token_invalid": (422, "The token is unknown, used or too old"),
    "wrong_code": (422, "The code is wrong"),
    "locked": (423, "Too many wrong codes"),
    "resend_too_early": (429, "The next code cannot be sent yet"),
    "too_many_sends": (429, "No more codes can be sent for this request"),
    "too_many_requests": (429, "Too many codes were sent, or too many wrong ones typed"),
    "overloaded": (429, "Too many calls at the moment"),
    "internal": (500, "The service failed"),
    "storage_unavailable": (503, "The database is busy or cannot be written"),
}


@dataclass(frozen=True)
class ApiResult:
    """The result of a call: a status and a JSON object, which holds problem details from status 400 on."""

    status: int
    body: Mapping[str, object]


class RefusalError(Exception):
    """A rule of the service refuses a call. `details` are further members of the problem, such as checks_left."""

    def __init__(self, code: str, **details: int) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    @property
    def result(self) -> ApiResult:
        """The refusal as the result of a call."""
        return problem(self.code, **self.details)


def problem(code: str, **details: int) -> ApiResult:
    """Return the problem details of a code of PROBLEMS."""
    status, title = PROBLEMS[code]
    head = {"type": f"urn:problem:{code}", "title": title, "status": status, "code": code}
    return ApiResult(status, {**head, **details})


def respond(result: ApiResult, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the result as an HTTP response."""
    sent = dict(headers or {})
    if result.status < 400:
        return JSONResponse(dict(result.body), result.status, sent)
    if "retry_after" in result.body:
        sent["Retry-After"] = str(result.body["retry_after"])
    if result.status == 401:
        sent["WWW-Authenticate"] = "Bearer"
    return JSONResponse(dict(result.body), result.status, sent, media_type=PROBLEM_JSON)
