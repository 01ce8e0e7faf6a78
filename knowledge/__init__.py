"""The typed reader of what the assistant knows (data/languages.yml and data/topics/).

>>> from knowledge import load
>>> knowledge = load()
>>> knowledge.label("pin_forgotten", "en")
'Forgotten IB Key PIN'
"""

from __future__ import annotations

from knowledge.composition import as_plain, composed_texts
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
from knowledge.sms_segments import count_segments

__all__ = [
    "DATA",
    "GuideItem",
    "ItemKind",
    "ItemTexts",
    "Knowledge",
    "KnowledgeError",
    "Language",
    "OnNo",
    "OtherLanguage",
    "Problem",
    "Text",
    "Topic",
    "TopicKind",
    "TopicTexts",
    "as_plain",
    "composed_texts",
    "count_segments",
    "load",
]
