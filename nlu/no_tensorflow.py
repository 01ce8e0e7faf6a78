"""Lets Rasa be imported without TensorFlow, which no component of ours uses.

Rasa's modules import it whether or not the pipeline has a neural component: 400 MB of memory and several
seconds of every start. Until Rasa imports it on demand, modules without content stand in its place, in the
processes that call `leave_out` before they import Rasa. Rasa's classes that derive from its classes are there
and cannot be made: a configuration that names a neural component fails when its model is trained or loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_LEFT_OUT = frozenset({"keras", "tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text"})


class _Anything(type):
    """The type of names that are only mentioned: in annotations, as base classes, as decorators."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _named(f"{cls.__name__}.{name}")

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        if cls.__dict__.get("_stands_in"):
            # As a decorator, plain or with arguments, it leaves what it decorates as it is.
            return arguments[0] if len(arguments) == 1 and callable(arguments[0]) else cls
        raise RuntimeError(f"{cls.__name__} needs TensorFlow, which this process has left out")


def _named(name: str) -> Any:
    return _Anything(name, (), {"_stands_in": True})


class _Empty(ModuleType):
    """A module that has every name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []  # a package: it has every submodule too

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _named(name)


class _Finder(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        left_out = fullname.partition(".")[0] in _LEFT_OUT
        return ModuleSpec(fullname, self, is_package=True) if left_out else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Empty(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def leave_out() -> None:
    """From now on TensorFlow is not imported in this process. Does nothing where it is there already."""
    if "tensorflow" not in sys.modules and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
