"""A trained model that parses messages without a conversation, for measurements."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from nlu.text import clean_input


class TrainedModel:
    """Rasa's agent with the model at `path`. Call `nlu.tensorflow_stub.stub_tensorflow` first."""

    def __init__(self, path: Path) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        from rasa.core.agent import Agent
        from rasa.utils.log_utils import configure_structlog

        # Rasa's debug lines would hold every message.
        configure_structlog(logging.ERROR)
        self._agent = Agent.load(str(path))

    @property
    def intents(self) -> frozenset[str]:
        """The topics that the model knows."""
        return frozenset(self._agent.domain.intents)

    async def parse(self, text: str) -> dict[str, Any]:
        """Return Rasa's parse of a message that a client typed."""
        parsed: dict[str, Any] = await self._agent.parse_message(clean_input(text))
        return parsed
