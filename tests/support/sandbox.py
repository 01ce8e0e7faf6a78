"""A running sandbox backend with a phone that receives its text messages."""

from __future__ import annotations

import base64
import re
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.app import create_app
from sandbox.controls import ledger
from sandbox.settings import Settings
from tests.support.asgi_server import AsgiServer
from tests.support.contract import check_answer

BACKEND_TOKEN = "backend-token-of-the-tests"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"w" * 32).decode()
INTERNAL_TOKEN = "internal-token-of-the-tests"
NUMBER = "+819012345678"
OTHER_NUMBER = "+819087654321"
CLIENT = "simulator.sms:+819012345678"


class Phone:
    """Receives POST /simulator/sms like the gateway's simulator does, and the backend's notices.

    `received` holds every message as it came, repeats included. `status` is what the next ones are
    answered with (202 takes them); `keep` says whether they are kept even so. `real` holds what was meant for a real
    phone.
    """

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.real: list[dict[str, Any]] = []
        self.status = 202
        self.keep = True
        self.tries = 0
        self._read = 0
        self._changed = threading.Condition()
        self.notices: list[dict[str, Any]] = []
        routes = [
            Route("/simulator/sms", self._receive, methods=["POST"]),
            Route("/internal/sms", self._receive_real, methods=["POST"]),
            Route("/webhooks/backend", self._notice, methods=["POST"]),
        ]
        self.server = AsgiServer(Starlette(routes=routes))

    def refuse(self) -> None:
        """Be broken: answer 503 and keep nothing."""
        self.status, self.keep = 503, False

    def take(self) -> None:
        """Work again."""
        self.status, self.keep = 202, True

    def forget(self) -> None:
        """Be a new phone."""
        with self._changed:
            self.received, self.notices = [], []
            self.tries = self._read = 0

    def next_sms(self, seconds: float = 10) -> dict[str, Any]:
        """Wait for the next message that was not read yet; repeats count."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.received) > self._read, seconds):
                raise AssertionError("no text message came")
            self._read += 1
            return self.received[self._read - 1]

    def next_code(self, seconds: float = 10) -> str:
        """Wait for the next message and read the code in it."""
        found = re.search(r"\b\d{6}\b", self.next_sms(seconds)["text"])
        assert found is not None
        return found.group()

    def wait_for_tries(self, tries: int, seconds: float = 10) -> None:
        """Wait until so many messages were handed in, taken or not."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.tries >= tries, seconds), "nobody tried"

    def wait_for_notices(self, count: int, seconds: float = 10) -> list[dict[str, Any]]:
        """Wait until so many notices have come; all of them."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.notices) >= count, seconds), "too few notices came"
            return list(self.notices)

    async def _notice(self, request: Request) -> Response:
        body = await request.body()
        notice = Webhook(WEBHOOK_SECRET).verify(body, dict(request.headers))
        with self._changed:
            self.notices.append({"id": request.headers["webhook-id"], **notice})
            self._changed.notify_all()
        return Response(status_code=202)

    async def _receive_real(self, request: Request) -> Response:
        message = await request.json()
        with self._changed:
            self.real.append(message)
            self._changed.notify_all()
        return Response(status_code=202)

    async def _receive(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {INTERNAL_TOKEN}":
            return Response(status_code=401)
        message = await request.json()
        with self._changed:
            self.tries += 1
            status = self.status
            if self.keep:
                self.received.append(message)
            self._changed.notify_all()
        return Response(status_code=status)


class RunningSandbox:
    """The sandbox's HTTP service with its phone, and short ways to call it."""

    def __init__(self, state_dir: Path, controls: bool = True, real_numbers: Iterable[str] = ()) -> None:
        self.phone = Phone()
        self.token = BACKEND_TOKEN
        self.settings = Settings(
            state_dir=state_dir,
            port=0,
            gateway_port=self.phone.server.port,
            backend_token=self.token,
            internal_token=INTERNAL_TOKEN,
            webhook_secret=WEBHOOK_SECRET,
            controls=controls,
            real_numbers=frozenset(real_numbers),
        )
        self._serve()

    def _serve(self, port: int = 0) -> None:
        app = create_app(self.settings)
        self._storage = app.state.storage
        self._server = AsgiServer(app, port)
        self._open_http()

    @property
    def url(self) -> str:
        return self._server.url

    def _open_http(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        # Whatever a test asks, the answer must be the one that the contract promises.
        hooks = {"response": [check_answer]}
        self.http = httpx.Client(
            base_url=self.url, headers=headers, trust_env=False, timeout=20, event_hooks=hooks, verify=False
        )

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self.http.close()
        self._server.stop()

    def restart(self) -> None:
        """Stop, and start again on the same database, at the same address."""
        port = self._server.port
        self.stop()
        self._serve(port)
        self.start()

    def begin_anew(self) -> None:
        """Forget everything, once nothing is left to deliver that could come into the next test."""
        self.phone.take()
        end = time.monotonic() + 10
        while any(m["state"] == "queued" for kind in ("sms", "notices") for m in self.ledger()[kind]):
            assert time.monotonic() < end, "something cannot be delivered"
            self.advance(60)
        self.http.post("/sandbox/reset").raise_for_status()
        self.phone.forget()

    def write(
        self,
        path: str,
        body: dict[str, Any] | None = None,
        key: str | None = None,
        client: str = CLIENT,
        method: str = "POST",
    ) -> httpx.Response:
        """A write of the contract for a chat; under a new Idempotency-Key if none is given."""
        headers = {"Idempotency-Key": key or uuid.uuid4().hex, "Client-Reference": client}
        return self.http.request(method, f"/v1{path}", json=body, headers=headers)

    def read(self, path: str, client: str = CLIENT) -> httpx.Response:
        """A read of the contract for a chat."""
        return self.http.get(f"/v1{path}", headers={"Client-Reference": client})

    def begin(self, client: str = CLIENT, number: str = NUMBER, key: str | None = None) -> httpx.Response:
        return self.write("/phone-verifications", {"number": number}, key, client)

    def resend(self, id: str, key: str | None = None, client: str = CLIENT) -> httpx.Response:
        return self.write(f"/phone-verifications/{id}/resend", None, key, client)

    def check(self, id: str, code: str, key: str | None = None, client: str = CLIENT) -> httpx.Response:
        return self.write(f"/phone-verifications/{id}/check", {"code": code}, key, client)

    def begun(self, number: str = NUMBER) -> tuple[str, str]:
        """Begin a verification; its id and the code that came on the phone."""
        id: str = self.begin(number=number).json()["id"]
        return id, self.phone.next_code()

    def portal(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """What a user does in the portal."""
        # By the open connection, whose token the portal does not ask for.
        return self.http.post(f"/portal{path}", json=body)

    def link_token(self, username: str) -> str:
        """A new linking token for the user."""
        token: str = self.portal("/link-tokens", {"username": username}).raise_for_status().json()["token"]
        return token

    def confirm(self, word: str = "confirm", client: str = CLIENT) -> httpx.Response:
        """The user's word in the portal on the chat's last link."""
        last = [link["id"] for link in self.ledger()["links"] if link["client"] == client][-1]
        return self.portal(f"/links/{last}/{word}")

    def link(self, username: str, client: str = CLIENT) -> None:
        """Link the chat to the user, as they would."""
        self.write("/links", {"token": self.link_token(username)}, client=client).raise_for_status()
        assert self.confirm(client=client).status_code == 303

    def faults(self, *faults: dict[str, Any]) -> None:
        """Switch these faults on, and all others off."""
        self.http.post("/sandbox/faults", json={"faults": list(faults)}).raise_for_status()

    def wait_for_sms(self, state: str, seconds: float = 10) -> None:
        """Wait until the sandbox has noted that the last text message is `state`."""
        end = time.monotonic() + seconds
        while self.ledger()["sms"][-1]["state"] != state:
            assert time.monotonic() < end, f"the last text message is not {state}"
            time.sleep(0.01)

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock into the future."""
        answer = self.http.post("/sandbox/clock", json={"advance_seconds": seconds})
        answer.raise_for_status()

    def ledger(self) -> dict[str, Any]:
        """All that was done, as GET /sandbox/ledger has it; not by HTTP, since some tests ask after every message."""
        return ledger(self._storage)


def other_than(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06}"


@contextmanager
def running_sandbox(
    state_dir: Path, controls: bool = True, real_numbers: Iterable[str] = ()
) -> Iterator[RunningSandbox]:
    """Run a sandbox whose database lies in the folder, and its phone, for the length of the context."""
    sandbox = RunningSandbox(state_dir, controls, real_numbers)
    with sandbox.phone.server:
        sandbox.start()
        try:
            yield sandbox
        finally:
            sandbox.phone.server.ask_to_stop()
            sandbox.stop()
