"""The strict reader and the writer of every shape in this package."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


# Such as "Invalid enum value 'abc' - at `$.reason`": the value may be a client's.
_QUOTED_VALUE = re.compile(r"value .*?(?= - at|$)", re.DOTALL)


class ContractError(ValueError):
    """The data has another shape than agreed. The text names the place, never a value."""


def decode(body: bytes | str, shape: type[T]) -> T:
    """Read JSON as `shape`. Raises ContractError for anything else, unknown fields included."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _contract_error(error) from error


def convert(value: object, shape: Any) -> Any:
    """Read builtins (the result of a JSON parser) as `shape`, such as the union Directive. Raises ContractError."""
    try:
        return msgspec.convert(value, type=shape)
    except msgspec.ValidationError as error:
        raise _contract_error(error) from error


def encode(value: msgspec.Struct) -> bytes:
    """Write JSON."""
    return msgspec.json.encode(value)


def to_builtins(value: msgspec.Struct) -> Any:
    """Write dictionaries and lists, for carriers that hold builtins only (Rasa's `custom` payload, a JSON column)."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _contract_error(error: Exception) -> ContractError:
    return ContractError(_QUOTED_VALUE.sub("value", str(error)))
