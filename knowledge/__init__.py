"""The typed reader of what the assistant knows (data/languages.yml and data/topics/).

>>> from knowledge import load
>>> knowledge = load()
>>> knowledge.label("pin_forgotten", "en")
'Forgotten IB Key PIN'
"""

from __future__ import annotations

from knowledge.framing import as_plain, framed
from knowledge.loading import DATA, load
from knowledge.model import (
    GuideItem,
    ItemTexts,
    Knowledge,
    Language,
    OtherLanguage,
    Text,
    Topic,
    TopicTexts,
)
from knowledge.problems import KnowledgeError, Problem
from knowledge.segments import segments

__all__ = [
    "DATA",
    "GuideItem",
    "ItemTexts",
    "Knowledge",
    "KnowledgeError",
    "Language",
    "OtherLanguage",
    "Problem",
    "Text",
    "Topic",
    "TopicTexts",
    "as_plain",
    "framed",
    "load",
    "segments",
]
