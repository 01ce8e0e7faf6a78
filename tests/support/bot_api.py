"""Checks calls of the Bot API against the API's own description: names, types, what is required, at any depth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.support.shared_data import api_description

_PLAIN = {
    "Integer": int,
    "Float": (int, float),
    "Boolean": bool,
    "True": bool,
    "String": str,
}


def violations(method: str, form: dict[str, str]) -> list[str]:
    """What is wrong with a call whose form is `form`; [] when it is as the description wants it."""
    description = api_description("tg_api.json")
    if method not in description["methods"]:
        return [f"there is no method {method}"]
    fields = description["methods"][method].get("fields", [])
    values = {name: _parsed(text, _types(fields, name)) for name, text in form.items()}
    return [*_object(description, method, fields, values), *_limits(method, values)]


def _types(fields: list[dict[str, Any]], name: str) -> list[str]:
    return next((field["types"] for field in fields if field["name"] == name), [])


def _parsed(text: str, types: list[str]) -> Any:
    """A form's field is text; everything but a string is JSON in it."""
    if "String" in types:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _object(description: Any, where: str, fields: list[dict[str, Any]], values: Any) -> Iterator[str]:
    if not isinstance(values, dict):
        yield f"{where} is no object"
        return
    known = {field["name"] for field in fields}
    for name in values.keys() - known:
        yield f"{where} has no field {name}"
    for field in fields:
        if field["name"] in values:
            yield from _value(description, f"{where}.{field['name']}", field["types"], values[field["name"]])
        elif field["required"]:
            yield f"{where}.{field['name']} is missing"


def _value(description: Any, where: str, types: list[str], value: Any) -> Iterator[str]:
    found = [list(_of_type(description, where, one, value)) for one in types]
    if not any(problems == [] for problems in found):
        yield min(found, key=len)[0]


def _of_type(description: Any, where: str, name: str, value: Any) -> Iterator[str]:
    if name.startswith("Array of "):
        if not isinstance(value, list):
            yield f"{where} is no list"
            return
        for index, item in enumerate(value):
            yield from _value(description, f"{where}[{index}]", [name.removeprefix("Array of ")], item)
    elif name in _PLAIN:
        right = isinstance(value, _PLAIN[name]) and isinstance(value, bool) == (name in {"Boolean", "True"})
        if not right:
            yield f"{where} is no {name}"
    else:
        kind = description["types"][name]
        if "subtypes" in kind and not kind.get("fields"):
            yield from _value(description, where, kind["subtypes"], value)
        else:
            yield from _object(description, where, kind.get("fields", []), value)


def _limits(method: str, values: dict[str, Any]) -> Iterator[str]:
    """The limits that the description has in words only."""
    text = values.get("text")
    if method == "sendMessage" and isinstance(text, str):
        units = len(text.encode("utf-16-le")) // 2
        if not 1 <= units <= 4096 or not text.strip():
            yield f"a text of {units} units"
        for entity in values.get("entities") or []:
            if entity["offset"] + entity["length"] > units or entity["length"] < 1:
                yield "an entity beyond the text"
    for row in (values.get("reply_markup") or {}).get("inline_keyboard") or []:
        if not 1 <= len(row) <= 8:
            yield f"a row of {len(row)} buttons"
        for button in row:
            if not 1 <= len(button.get("callback_data", "x").encode()) <= 64:
                yield "callback_data of more than 64 bytes"
