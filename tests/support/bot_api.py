"""Check calls of the Bot API against an excerpt of its description: names, types, lengths, required fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.public_data import TELEGRAM, excerpt

_SIMPLE_TYPES: dict[str, type | tuple[type, ...]] = {
    "Integer": int,
    "Float": (int, float),
    "Boolean": bool,
    "True": bool,
    "String": str,
}
_LIST = "Array of "
MAX_ROW_BUTTONS = 8

Field = Mapping[str, Any]
"""`types`, `required` and, of some strings, `length`: the minimum and maximum."""


def violations(method: str, form: dict[str, str]) -> list[str]:
    """Return the violations of the description by a call with this form, [] when there are none."""
    methods = excerpt(TELEGRAM)["methods"]
    if method not in methods:
        return [f"there is no method {method}"]
    fields: Mapping[str, Field] = methods[method]
    values = {name: _parsed(text, fields.get(name, {}).get("types", [])) for name, text in form.items()}
    return list(_object_violations(method, fields, values)) or list(_limit_violations(method, values))


def _parsed(text: str, types: list[str]) -> Any:
    """Return the value of a form field, which is JSON unless it is a string."""
    if "String" in types:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _object_violations(where: str, fields: Mapping[str, Field], values: Any) -> Iterator[str]:
    if not isinstance(values, dict):
        yield f"{where} is no object"
        return
    for name in values.keys() - fields.keys():
        yield f"{where} has no field {name}"
    for name, field in fields.items():
        if name in values:
            yield from _value_violations(f"{where}.{name}", field["types"], values[name])
            yield from _length_violations(f"{where}.{name}", field, values[name])
        elif field["required"]:
            yield f"{where}.{name} is missing"


def _value_violations(where: str, types: list[str], value: Any) -> Iterator[str]:
    found = [list(_type_violations(where, one, value)) for one in types]
    if not any(problems == [] for problems in found):
        yield min(found, key=len)[0]


def _type_violations(where: str, name: str, value: Any) -> Iterator[str]:
    if name.startswith(_LIST):
        if not isinstance(value, list):
            yield f"{where} is no list"
            return
        for index, item in enumerate(value):
            yield from _value_violations(f"{where}[{index}]", [name.removeprefix(_LIST)], item)
    elif name in _SIMPLE_TYPES:
        is_bool = name in {"Boolean", "True"}
        if not isinstance(value, _SIMPLE_TYPES[name]) or isinstance(value, bool) != is_bool:
            yield f"{where} is no {name}"
    else:
        yield from _object_violations(where, excerpt(TELEGRAM)["types"][name], value)


def _length_violations(where: str, field: Field, value: Any) -> Iterator[str]:
    if "length" not in field or not isinstance(value, str):
        return
    minimum, maximum = field["length"]
    # callback_data is counted in bytes, texts in UTF-16 units.
    length = len(value.encode()) if where.endswith(".callback_data") else _utf16_units(value)
    if not minimum <= length <= maximum:
        yield f"{where} has a length of {length}"


def _limit_violations(method: str, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield violations of limits that the description states only in prose."""
    text = values.get("text")
    if method == "sendMessage" and isinstance(text, str):
        if not text.strip():
            yield "a blank text"
        for entity in values.get("entities") or []:
            if entity["offset"] + entity["length"] > _utf16_units(text) or entity["length"] < 1:
                yield "an entity beyond the text"
    for row in (values.get("reply_markup") or {}).get("inline_keyboard") or []:
        if not 1 <= len(row) <= MAX_ROW_BUTTONS:
            yield f"a row of {len(row)} buttons"


def _utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
