"""The action server on loopback: `python -m actions.server`.

rasa_sdk's own server listens on all addresses and authenticates nobody; its executor is used without it.
Environment: ACTIONS_PORT, GATEWAY_PORT, INTERNAL_TOKEN, AUTH_BACKEND_URL, AUTH_BACKEND_TOKEN.
"""

from __future__ import annotations

import hmac
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from rasa_sdk import Action
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionNotFoundException
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from actions.backend import Backend
from actions.fallback import ActionFallback
from actions.flow_router import FlowRouter
from actions.linking import Linking
from actions.opt_in import OptIn
from actions.session_start import ActionSessionStart
from actions.share_device import ShareDevice, ShareStatus
from actions.task import Task
from actions.topic_actions import (
    ActionAnswer,
    ActionContinue,
    ActionGuide,
    ActionHuman,
    ActionRestartConversation,
    ActionTask,
)
from actions.vault_client import VaultClient
from actions.verify_phone import VerifyPhone
from knowledge import Knowledge, load


def all_actions(knowledge: Knowledge, backend: Backend, vault: VaultClient) -> list[Action]:
    """Return every action that the domain names."""
    tasks: list[Task] = [
        VerifyPhone(backend, vault),
        OptIn(backend, vault),
        ShareDevice(backend),
        ShareStatus(backend),
        Linking(backend, vault),
    ]
    router = FlowRouter(tasks, backend)
    return [
        ActionSessionStart(),
        ActionAnswer(knowledge, backend, router),
        ActionGuide(knowledge, backend, router),
        ActionContinue(knowledge, backend, router),
        ActionFallback(knowledge, backend, router),
        ActionHuman(knowledge, backend),
        ActionRestartConversation(knowledge, backend),
        *(ActionTask(knowledge, backend, task) for task in tasks),
    ]


def application(knowledge: Knowledge, backend: Backend, vault: VaultClient, token: str) -> Starlette:
    """Return the ASGI application; `token` is the stack's own, which Rasa sends with every call."""
    executor = ActionExecutor()
    for action in all_actions(knowledge, backend, vault):
        executor.register_action(action)

    async def webhook(request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return JSONResponse({"error": "unauthorized"}, status_code=401)
        call = await request.json()
        try:
            answered = await executor.run(call)
        except ActionNotFoundException as unknown:
            return JSONResponse(
                {"error": str(unknown), "action_name": call.get("next_action")}, status_code=404
            )
        # A mapping in the SDK's version 3.6, a model in later ones; None for a call that names no action.
        return JSONResponse(dict(answered or {}))

    async def livez(_: Request) -> Response:
        return PlainTextResponse("ok")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await backend.aclose()
        await vault.aclose()

    return Starlette(
        routes=[Route("/webhook", webhook, methods=["POST"]), Route("/livez", livez)], lifespan=lifespan
    )


def main() -> None:
    """Serve until stopped. Exit code 2 with one line when a variable is missing."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(name)s: %(message)s")
    for verbose in ("httpx", "rasa_sdk"):
        logging.getLogger(verbose).setLevel(logging.WARNING)
    missing = [
        name for name in ("ACTIONS_PORT", "GATEWAY_PORT", "INTERNAL_TOKEN") if not os.environ.get(name)
    ]
    try:
        if missing:
            raise ValueError(f"{', '.join(missing)} must be set")
        backend = Backend.from_environment()
    except ValueError as error:
        print(f"actions.server: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    app = application(load(), backend, VaultClient.from_environment(), os.environ["INTERNAL_TOKEN"])
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["ACTIONS_PORT"]),
        access_log=False,
        ws="none",
        log_config=None,
        timeout_graceful_shutdown=8,
    )


if __name__ == "__main__":
    main()
