"""The knowledge of this repository, read once for all tests of a process."""

from __future__ import annotations

from data.knowledge import load

KNOWLEDGE = load()
