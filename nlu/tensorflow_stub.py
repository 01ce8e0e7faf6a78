"""Lets Rasa be imported without TensorFlow, which no component of this project uses.

Rasa's modules import TensorFlow whether or not the pipeline has a neural component, at the cost of 400 MB of memory
and several seconds per start. A process that calls `stub_tensorflow` before it imports Rasa gets empty modules
instead. Rasa's classes that derive from TensorFlow's exist but cannot be instantiated: a configuration that names a
neural component fails at training or loading.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_STUBBED_PACKAGES = frozenset(
    {"keras", "tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text"}
)


class _StubType(type):
    """The type of all attributes of the stub modules: annotations, base classes and decorators."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _make_stub(f"{cls.__name__}.{name}")

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        if cls.__dict__.get("_is_stub"):
            # As a decorator, plain or with arguments, a stub returns the decorated object unchanged.
            return arguments[0] if len(arguments) == 1 and callable(arguments[0]) else cls
        raise RuntimeError(f"{cls.__name__} needs TensorFlow, which this process has left out")


def _make_stub(name: str) -> Any:
    return _StubType(name, (), {"_is_stub": True})


class _StubModule(ModuleType):
    """A module that has every attribute and every submodule."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []  # marks it as a package

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _make_stub(name)


class _StubFinder(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        stubbed = fullname.partition(".")[0] in _STUBBED_PACKAGES
        return ModuleSpec(fullname, self, is_package=True) if stubbed else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StubModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def stub_tensorflow() -> None:
    """Replace TensorFlow by stubs in this process. Does nothing if it is imported already."""
    if "tensorflow" not in sys.modules and not any(
        isinstance(finder, _StubFinder) for finder in sys.meta_path
    ):
        sys.meta_path.insert(0, _StubFinder())
