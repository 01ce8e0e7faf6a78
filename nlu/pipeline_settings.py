"""The part of config.yml that the measurements need, without Rasa."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import yaml

from nlu.intent_model import SimilaritySettings


@dataclass(frozen=True)
class PipelineSettings:
    """The settings of SentenceFeaturizer and TopicClassifier."""

    encoders: tuple[str, ...]
    """Dotted paths of the encoder classes."""
    ridge: float
    out_of_scope: str | None
    """The intent whose examples belong to no topic."""
    similarity: SimilaritySettings

    @classmethod
    def from_file(cls, path: Path) -> PipelineSettings:
        """Read the settings from the config.yml at `path`."""
        pipeline = yaml.safe_load(path.read_text(encoding="utf-8"))["pipeline"]
        sections = {section["name"].rpartition(".")[2]: section for section in pipeline}
        classifier = sections["TopicClassifier"]
        return cls(
            tuple(sections["SentenceFeaturizer"]["encoders"]),
            classifier["ridge"],
            classifier["out_of_scope_intent"],
            SimilaritySettings(
                **{field.name: classifier[field.name] for field in fields(SimilaritySettings)}
            ),
        )
