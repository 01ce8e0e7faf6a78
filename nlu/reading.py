"""A trained model that reads messages without a conversation, for measurements."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from nlu.text import readable


def open_model(path: Path) -> Any:
    """Rasa's agent with the model at `path`."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from rasa.core.agent import Agent
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(40)  # errors only: its debug lines would hold every message
    return Agent.load(str(path))


def known_intents(agent: Any) -> set[str]:
    """The topics that the model knows."""
    return set(agent.domain.intents)


async def parse(agent: Any, text: str) -> dict[str, Any]:
    """What the graph says of a message that a client typed."""
    parsed: dict[str, Any] = await agent.parse_message(readable(text))
    return parsed
