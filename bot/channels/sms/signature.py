"""Whether a request comes from Twilio: its signature over the public address and every field of the form."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from twilio.request_validator import RequestValidator

from bot.channels.http import read_body
from bot.telemetry import refused_total

SIGNATURE_HEADER = "X-Twilio-Signature"
MOST_FIELDS = 300
_SIGNATURE_LENGTH = 28

Form = ImmutableMultiDict[str, str]


class Signature:
    """Reads signed forms. The address is the configured one: behind a proxy the request itself has another."""

    def __init__(self, auth_token: str) -> None:
        self._validator = RequestValidator(auth_token)

    async def read(self, request: Request, public_url: str) -> Form:
        """The form of a request that Twilio has signed for `public_url`.

        Raises HTTPException: 403 when it has not, 413 for a body above 64 KB.
        """
        given = request.headers.get(SIGNATURE_HEADER, "")
        # Before the body: whoever does not even claim to be Twilio is not read.
        if len(given) != _SIGNATURE_LENGTH:
            raise _refusal("unsigned")
        try:
            form = parse(await read_body(request))
        except ValueError:
            raise _refusal("malformed") from None
        except HTTPException:
            refused_total.labels("sms", "too_large").inc()
            raise
        query = request.url.query
        if not self._validator.validate(f"{public_url}?{query}" if query else public_url, form, given):
            raise _refusal("signature")
        return form


def parse(body: bytes) -> Form:
    """The fields as they were sent, blank ones too: they are signed like all others. ValueError for too many."""
    return Form(
        parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    )


def _refusal(reason: str) -> HTTPException:
    refused_total.labels("sms", reason).inc()
    return HTTPException(403, "not from Twilio")
