"""The calls of the contract (sandbox/openapi.yaml), one method each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from tenacity.wait import wait_base

from actions.backend.answers import (
    Challenge,
    Deliveries,
    Delivery,
    Link,
    OptedIn,
    Partner,
    Partners,
    SecureLogin,
    SecurityStatus,
    SharingRequest,
    SharingRequests,
    Verified,
)
from actions.backend.breaker import Breaker
from actions.backend.transport import FULL_JITTER, BackendCall, Shape, Timeouts, Transport

DEFAULT_TIMEOUTS = Timeouts()


class Backend:
    """Calls the auth backend. Create one per event loop, and close it.

    `client` is the reference of the chat that asks. Every write takes `key`, its Idempotency-Key: 1 to 200 visible
    ASCII characters, made from the client's message and the step, so that a turn which runs twice writes once. All
    attempts of a call share the key. Every method raises BackendError and takes at most `timeouts.budget` seconds; one
    that needs a linked chat raises NOT_LINKED without it. "Kinds" lists what a method raises besides UNAVAILABLE and
    REFUSED.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        wait: wait_base = FULL_JITTER,
        breaker: Breaker | None = None,
    ) -> None:
        self._transport = Transport(url, token, timeouts, wait, breaker or Breaker())

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Backend:
        """Return a client of the backend that AUTH_BACKEND_URL and AUTH_BACKEND_TOKEN name.

        Raises ValueError, whose one line names the setting, if one is missing or wrong.
        """
        url = environment.get("AUTH_BACKEND_URL", "").strip()
        token = environment.get("AUTH_BACKEND_TOKEN", "").strip()
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise ValueError("AUTH_BACKEND_URL must be set to the http(s) address of the auth backend")
        if not token:
            raise ValueError("AUTH_BACKEND_TOKEN must be set")
        return cls(url, token)

    async def __aenter__(self) -> Backend:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.close()

    # Linking

    async def link(self, client: str) -> Link:
        """Return whether the chat is linked, and to whom."""
        return await self._get("/v1/link", client, Link)

    async def redeem(self, client: str, token: str, key: str) -> Link:
        """Redeem a deep link's token. Kinds: LINK_TOKEN_INVALID, ALREADY_LINKED."""
        return await self._post("/v1/links", client, key, Link, {"token": token})

    async def unlink(self, client: str, key: str) -> Link:
        """End the chat's link. Kinds: NOT_LINKED."""
        return await self._transport.call(BackendCall("DELETE", "/v1/link", client, key), Link)

    async def send_link_code(self, client: str, number: str, key: str) -> Challenge:
        """Send a code to a number (E.164) if it is on record.

        Kinds: ALREADY_LINKED, NUMBER_INVALID, TOO_MANY_REQUESTS (retry_after).
        """
        return await self._post("/v1/link-codes", client, key, Challenge, {"number": number})

    async def resend_link_code(self, client: str, id: str, key: str) -> Challenge:
        """Send a new code, as `resend` does."""
        return await self._post(f"/v1/link-codes/{_quote(id)}/resend", client, key, Challenge)

    async def check_link_code(self, client: str, id: str, code: str, key: str) -> Link:
        """Link the chat by the right code. Kinds: as `check`, ALREADY_LINKED."""
        path = f"/v1/link-codes/{_quote(id)}/check"
        return await self._post(path, client, key, Link, {"code": code})

    async def security_status(self, client: str) -> SecurityStatus:
        """Return how the linked user is protected. One attempt: no client waits for this alone."""
        call = BackendCall("GET", "/v1/security-status", client, max_attempts=1)
        return await self._transport.call(call, SecurityStatus)

    # A mobile number

    async def start_verification(self, client: str, number: str, key: str) -> Challenge:
        """Send a code to a number (E.164), also for a chat that is not linked.

        Kinds: NUMBER_INVALID, TOO_MANY_REQUESTS (retry_after).
        """
        return await self._post("/v1/phone-verifications", client, key, Challenge, {"number": number})

    async def resend(self, client: str, id: str, key: str) -> Challenge:
        """Send a new code, which replaces the one before it.

        Kinds: RESEND_TOO_EARLY (retry_after), TOO_MANY_SENDS, TOO_MANY_REQUESTS (retry_after), LOCKED,
        ALREADY_VERIFIED, NOT_FOUND.
        """
        return await self._post(f"/v1/phone-verifications/{_quote(id)}/resend", client, key, Challenge)

    async def check(self, client: str, id: str, code: str, key: str) -> Verified:
        """Check the code that the client received.

        Kinds: WRONG_CODE (checks_left), EXPIRED, LOCKED, ALREADY_VERIFIED, NOT_FOUND.
        """
        path = f"/v1/phone-verifications/{_quote(id)}/check"
        return await self._post(path, client, key, Verified, {"code": code})

    async def delivery(self, client: str, id: str) -> Delivery:
        """Return how far the newest code of a verification has come. Kinds: NOT_FOUND."""
        path = f"/v1/phone-verifications/{_quote(id)}/deliveries"
        return (await self._get(path, client, Deliveries)).deliveries[0]

    async def last_text_message(self, client: str) -> Delivery:
        """Return how far the last text message with a code has come. One attempt. Kinds: NOT_FOUND."""
        call = BackendCall("GET", "/v1/text-messages/last", client, max_attempts=1)
        return await self._transport.call(call, Delivery)

    # The Secure Login System

    async def secure_login(self, client: str) -> SecureLogin:
        """Return whether and where the linked user can opt back in."""
        return await self._get("/v1/secure-login", client, SecureLogin)

    async def start_opt_in(self, client: str, key: str) -> Challenge:
        """Send a code for opting back in to the number on record. Kinds: NOT_ELIGIBLE, TOO_MANY_REQUESTS."""
        return await self._post("/v1/secure-login/opt-ins", client, key, Challenge)

    async def resend_opt_in_code(self, client: str, id: str, key: str) -> Challenge:
        """Send a new code, as `resend` does."""
        return await self._post(f"/v1/secure-login/opt-ins/{_quote(id)}/resend", client, key, Challenge)

    async def check_opt_in_code(self, client: str, id: str, code: str, key: str) -> OptedIn:
        """Opt back in by the right code. Kinds: as `check`, NOT_ELIGIBLE."""
        path = f"/v1/secure-login/opt-ins/{_quote(id)}/check"
        return await self._post(path, client, key, OptedIn, {"code": code})

    # Device sharing

    async def partners(self, client: str) -> tuple[Partner, ...]:
        """Return with whom the linked user can share a device, and which."""
        return (await self._get("/v1/device-sharing", client, Partners)).partners

    async def start_sharing(self, client: str, partner: str, key: str) -> SharingRequest:
        """Open a request that the user finishes in the portal. Kinds: NOT_ELIGIBLE, NOT_FOUND, REQUEST_OPEN."""
        path = "/v1/device-sharing/requests"
        return await self._post(path, client, key, SharingRequest, {"partner": partner})

    async def sharing_requests(self, client: str) -> tuple[SharingRequest, ...]:
        """Return the linked user's requests, the newest first."""
        return (await self._get("/v1/device-sharing/requests", client, SharingRequests)).requests

    async def _get(self, path: str, client: str, shape: type[Shape]) -> Shape:
        return await self._transport.call(BackendCall("GET", path, client), shape)

    async def _post(
        self,
        path: str,
        client: str,
        key: str,
        shape: type[Shape],
        body: Mapping[str, str] | None = None,
    ) -> Shape:
        return await self._transport.call(BackendCall("POST", path, client, key, body), shape)


def _quote(id: str) -> str:
    """Quote an id as one part of a path, slashes included."""
    return quote(id, safe="")
