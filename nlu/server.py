"""Rasa on loopback, with nothing but the gateway's channel: `python -m nlu.server`.

Started without Rasa's command line, which imports all of Rasa's tools, and without Rasa's HTTP API.
Environment: RASA_PORT, MODEL (path of the trained model), INTERNAL_TOKEN, ACTIONS_PORT, STATE_DIR.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings

from nlu.tensorflow_stub import stub_tensorflow


def main() -> None:
    """Serve until stopped. Exit code 2 with one line when a variable is missing."""
    missing = [
        name
        for name in ("RASA_PORT", "MODEL", "INTERNAL_TOKEN", "ACTIONS_PORT", "STATE_DIR")
        if not os.environ.get(name)
    ]
    if missing:
        print(f"nlu.server: {', '.join(missing)} must be set", file=sys.stderr)
        raise SystemExit(2)
    # Sanic switches deprecation warnings back on at import; none of them is ours to fix.
    warnings.showwarning = lambda *_args, **_kwargs: None
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")

    stub_tensorflow()
    from rasa.core.run import configure_app, create_http_input_channels
    from rasa.core.tracker_store import TrackerStore
    from rasa.core.utils import AvailableEndpoints
    from rasa.utils.log_utils import configure_structlog
    from sanic import Sanic
    from sanic.response import text

    from knowledge import load
    from nlu.agent import ActionEndpoint, AssistantAgent

    configure_structlog(logging.WARNING)
    endpoints = AvailableEndpoints.read_endpoints("endpoints.yml")
    app = configure_app(create_http_input_channels(None, "credentials.yml"), enable_api=False)

    async def load_agent(running: Sanic, _: object) -> None:
        running.ctx.agent = AssistantAgent(
            knowledge=load(),
            tracker_store=TrackerStore.create(endpoints.tracker_store),
            action_endpoint=ActionEndpoint(
                url=endpoints.action.url, headers=endpoints.action.headers, **endpoints.action.kwargs
            ),
        )
        running.ctx.agent.load_model(os.environ["MODEL"])
        logging.getLogger("rasa").setLevel(logging.WARNING)

    app.register_listener(load_agent, "before_server_start")
    app.add_route(lambda _: text("ok"), "/livez", name="livez")
    app.run(host="127.0.0.1", port=int(os.environ["RASA_PORT"]), access_log=False, motd=False)


if __name__ == "__main__":
    main()
