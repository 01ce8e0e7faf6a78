"""The calls of the contract (sandbox/openapi.yaml), one method each."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import quote, urlsplit

from tenacity.wait import wait_base

from actions.backend.answers import (
    Answered,
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
from actions.backend.transport import FULL_JITTER, Call, Timeouts, Transport

Made = TypeVar("Made")
PATIENCE = Timeouts()


class Backend:
    """Calls the auth backend. Use one for the life of an event loop, and close it.

    `client` is the reference of the chat that asks. Every write takes `key`, its Idempotency-Key: 1 to 200 visible
    ASCII characters that belong to the client's message and the step, so that a turn which is run twice writes
    once; it stays the same over all tries. All methods raise BackendError, and are done with after
    `timeouts.budget` seconds. What needs a linked chat raises NOT_LINKED where it is not.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeouts: Timeouts = PATIENCE,
        wait: wait_base = FULL_JITTER,
        breaker: Breaker | None = None,
    ) -> None:
        self._transport = Transport(url, token, timeouts, wait, breaker or Breaker())

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Backend:
        """The backend that AUTH_BACKEND_URL and AUTH_BACKEND_TOKEN name.

        Raises ValueError, with one line that says which, when one is missing or wrong.
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
        """Whether the chat is linked."""
        return await self._get("/v1/link", client, Link.read)

    async def redeem(self, client: str, token: str, key: str) -> Link:
        """Redeem a deep link's token. Kinds: LINK_TOKEN_INVALID, ALREADY_LINKED."""
        return await self._post("/v1/links", client, key, Link.read, {"token": token})

    async def unlink(self, client: str, key: str) -> Link:
        """End the chat's link. Kinds: NOT_LINKED."""
        return await self._transport.call(Call("DELETE", "/v1/link", client, key), Link.read)

    async def send_link_code(self, client: str, number: str, key: str) -> Challenge:
        """Have a code sent to a number (E.164), if it is on record.

        Kinds: ALREADY_LINKED, NUMBER_INVALID, TOO_MANY_REQUESTS (retry_after).
        """
        return await self._post("/v1/link-codes", client, key, Challenge.read, {"number": number})

    async def resend_link_code(self, client: str, id: str, key: str) -> Challenge:
        """As `resend`."""
        return await self._post(f"/v1/link-codes/{_part(id)}/resend", client, key, Challenge.read)

    async def check_link_code(self, client: str, id: str, code: str, key: str) -> Link:
        """Link the chat by the right code. Kinds: as `check`, ALREADY_LINKED."""
        path = f"/v1/link-codes/{_part(id)}/check"
        return await self._post(path, client, key, Link.read, {"code": code})

    async def security_status(self, client: str) -> SecurityStatus:
        """How the linked user is protected. Tried once: it is told beside what was asked for."""
        call = Call("GET", "/v1/security-status", client, tries=1)
        return await self._transport.call(call, SecurityStatus.read)

    # A mobile number

    async def start_verification(self, client: str, number: str, key: str) -> Challenge:
        """Have a code sent to a number (E.164), also for a chat that is not linked.

        Kinds: NUMBER_INVALID, TOO_MANY_REQUESTS (retry_after).
        """
        return await self._post("/v1/phone-verifications", client, key, Challenge.read, {"number": number})

    async def resend(self, client: str, id: str, key: str) -> Challenge:
        """Have a new code sent; the one before it is dead from then on.

        Kinds: RESEND_TOO_EARLY (retry_after), TOO_MANY_SENDS, TOO_MANY_REQUESTS (retry_after), LOCKED,
        ALREADY_VERIFIED, NOT_FOUND.
        """
        return await self._post(f"/v1/phone-verifications/{_part(id)}/resend", client, key, Challenge.read)

    async def check(self, client: str, id: str, code: str, key: str) -> Verified:
        """Check the code that the client received.

        Kinds: WRONG_CODE (checks_left), EXPIRED, LOCKED, ALREADY_VERIFIED, NOT_FOUND.
        """
        path = f"/v1/phone-verifications/{_part(id)}/check"
        return await self._post(path, client, key, Verified.read, {"code": code})

    async def delivery(self, client: str, id: str) -> Delivery:
        """What became of the newest code of a verification. Kinds: NOT_FOUND."""
        path = f"/v1/phone-verifications/{_part(id)}/deliveries"
        return await self._get(path, client, Delivery.read_newest)

    async def last_text_message(self, client: str) -> Delivery:
        """What became of the last text message with a code. Tried once, as `security_status`. Kinds: NOT_FOUND."""
        call = Call("GET", "/v1/text-messages/last", client, tries=1)
        return await self._transport.call(call, Delivery.read)

    # The Secure Login System

    async def secure_login(self, client: str) -> SecureLogin:
        """Whether and where the linked user can opt back in."""
        return await self._get("/v1/secure-login", client, SecureLogin.read)

    async def start_opt_in(self, client: str, key: str) -> Challenge:
        """Ask to opt back in; a code goes to the number on record. Kinds: NOT_ELIGIBLE, TOO_MANY_REQUESTS."""
        return await self._post("/v1/secure-login/opt-ins", client, key, Challenge.read)

    async def resend_opt_in_code(self, client: str, id: str, key: str) -> Challenge:
        """As `resend`."""
        return await self._post(f"/v1/secure-login/opt-ins/{_part(id)}/resend", client, key, Challenge.read)

    async def check_opt_in_code(self, client: str, id: str, code: str, key: str) -> OptedIn:
        """Opt back in by the right code. Kinds: as `check`, NOT_ELIGIBLE."""
        path = f"/v1/secure-login/opt-ins/{_part(id)}/check"
        return await self._post(path, client, key, OptedIn.read, {"code": code})

    # Device sharing

    async def partners(self, client: str) -> tuple[Partner, ...]:
        """With whom the linked user can share a device, and which."""
        return await self._get("/v1/device-sharing", client, Partner.read_all)

    async def start_sharing(self, client: str, partner: str, key: str) -> SharingRequest:
        """Prepare a sharing that is finished in the portal. Kinds: NOT_ELIGIBLE, NOT_FOUND, REQUEST_OPEN."""
        path = "/v1/device-sharing/requests"
        return await self._post(path, client, key, SharingRequest.read, {"partner": partner})

    async def sharing_requests(self, client: str) -> tuple[SharingRequest, ...]:
        """The linked user's requests, the newest first."""
        return await self._get("/v1/device-sharing/requests", client, SharingRequest.read_all)

    async def _get(self, path: str, client: str, read: Callable[[Answered], Made]) -> Made:
        return await self._transport.call(Call("GET", path, client), read)

    async def _post(
        self,
        path: str,
        client: str,
        key: str,
        read: Callable[[Answered], Made],
        body: Mapping[str, str] | None = None,
    ) -> Made:
        return await self._transport.call(Call("POST", path, client, key, body), read)


def _part(id: str) -> str:
    """An id as a part of a path: a slash in it leads nowhere else."""
    return quote(id, safe="")
