"""The gateway's vault as an action sees it: a reference in, the code out, for this turn only."""

from __future__ import annotations

import os
from collections.abc import Mapping

import httpx

from actions.turn import TurnDeferredError
from contracts.codec import ContractError, decode, encode
from contracts.turns import RedeemRequest, RedeemResponse


class VaultClient:
    """Redeems codes over loopback. What it returns must reach nothing but the backend."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            timeout=httpx.Timeout(3.0, connect=1.0),
            trust_env=False,
            # Plain HTTP on loopback: there are no certificates to read.
            verify=False,  # noqa: S501
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> VaultClient:
        """Return the client of the gateway at GATEWAY_PORT on this machine."""
        return cls(f"http://127.0.0.1:{environment['GATEWAY_PORT']}", environment["INTERNAL_TOKEN"])

    async def redeem(self, reference: str) -> str | None:
        """Return the code behind `reference`, or None when it is gone (expired, or the gateway lost its key).

        Raises TurnDeferredError when the gateway cannot be reached: nothing was done, and the turn comes again.
        """
        try:
            response = await self._http.post(
                "/internal/vault/redeem", content=encode(RedeemRequest(reference))
            )
            if response.status_code == httpx.codes.NOT_FOUND:
                return None
            response.raise_for_status()
            return decode(response.content, RedeemResponse).secret
        except (httpx.HTTPError, ContractError) as error:
            raise TurnDeferredError(type(error).__name__) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()
