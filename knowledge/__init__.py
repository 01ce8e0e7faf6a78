"""The typed reader of the content in data/.

>>> from knowledge import load
>>> knowledge = load()
>>> knowledge.label("pin_forgotten", "en")
'Forgotten IB Key PIN'
"""

from __future__ import annotations

from knowledge.data_problems import KnowledgeError, Problem
from knowledge.loading import DATA, load
from knowledge.model import (
    GuideItem,
    ItemKind,
    ItemTexts,
    Knowledge,
    Language,
    OnNo,
    OtherLanguage,
    Text,
    Topic,
    TopicKind,
    TopicTexts,
)
from knowledge.rendering import MissingValueError, TextId, as_plain, render
from knowledge.sms_segments import count_segments

__all__ = [
    "DATA",
    "GuideItem",
    "ItemKind",
    "ItemTexts",
    "Knowledge",
    "KnowledgeError",
    "Language",
    "MissingValueError",
    "OnNo",
    "OtherLanguage",
    "Problem",
    "Text",
    "TextId",
    "Topic",
    "TopicKind",
    "TopicTexts",
    "as_plain",
    "count_segments",
    "load",
    "render",
]
