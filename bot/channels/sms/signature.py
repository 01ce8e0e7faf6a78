"""Verify Twilio's signature, which covers the public URL and every form field."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from twilio.request_validator import RequestValidator

from bot.channels.http import read_body
from bot.telemetry import rejected_request_total

SIGNATURE_HEADER = "X-Twilio-Signature"
MAX_FIELDS = 300
_SIGNATURE_LENGTH = 28

Form = ImmutableMultiDict[str, str]


class SignatureVerifier:
    """Reads signed forms. The URL is the configured one, since a proxy changes that of the request."""

    def __init__(self, auth_token: str) -> None:
        self._validator = RequestValidator(auth_token)

    async def read(self, request: Request, public_url: str) -> Form:
        """Return the form of a request that Twilio signed for `public_url`.

        Raises HTTPException: 403 without a valid signature, 413 for a body above 64 KB.
        """
        given = request.headers.get(SIGNATURE_HEADER, "")
        # Checked before the body is read.
        if len(given) != _SIGNATURE_LENGTH:
            raise _refusal("unsigned")
        try:
            form = parse(await read_body(request))
        except ValueError:
            raise _refusal("malformed") from None
        except HTTPException:
            rejected_request_total.labels("sms", "too_large").inc()
            raise
        query = request.url.query
        if not self._validator.validate(f"{public_url}?{query}" if query else public_url, form, given):
            raise _refusal("signature")
        return form


def parse(body: bytes) -> Form:
    """Parse the fields, blank ones included, since they are signed too. Raises ValueError for too many."""
    return Form(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS))


def _refusal(reason: str) -> HTTPException:
    rejected_request_total.labels("sms", reason).inc()
    return HTTPException(403, "not from Twilio")
