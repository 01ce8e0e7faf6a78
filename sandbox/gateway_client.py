"""The HTTP client of the assistant's gateway, over loopback."""

from __future__ import annotations

from typing import Any

import httpx

TIMEOUT_SECONDS = 3.0


class GatewayClient:
    """Posts to the gateway. Close it at the end."""

    def __init__(self, port: int, token: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_SECONDS,
            # A proxy that is set for the outside must not be asked for a loopback address.
            trust_env=False,
            # Plain HTTP: there are no certificates to read.
            verify=False,  # noqa: S501
        )

    async def post(self, path: str, **request: Any) -> bool:
        """Post, and return whether the gateway certainly accepted it. `request` goes to httpx."""
        try:
            return (await self._http.post(path, **request)).is_success
        except httpx.HTTPError:
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
