"""The knowledge of this repository, read once for all tests of a process."""

from __future__ import annotations

from knowledge import load

KNOWLEDGE = load()
