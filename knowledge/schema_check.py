"""Checks the shape of each file against the JSON Schema documents in schemas/, with problems in plain words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from knowledge.data_problems import Problem
from knowledge.yaml_files import YamlFile

_SCHEMAS = Path(__file__).parent / "schemas"
_TYPES = {"object": "a mapping (key: value)", "array": "a list", "string": "text"}
_SENTENCES = {
    "type": "{found} should be {wanted}",
    "enum": "{found} is none of {wanted}",
    "pattern": "{found} is not valid here (it must match {wanted})",
    "minItems": "this needs at least {wanted}",
    "maxItems": "this takes at most {wanted}",
    "minProperties": "this needs at least {wanted}",
    "uniqueItems": "something stands here twice",
    "oneOf": "this needs exactly one of {wanted}",
    "dependencies": "only a question has `choices`, only a step has `on_no`",
}


def _items(validator: Any, items: Any, found: Any, schema: Any) -> Iterator[ValidationError]:
    """Check the items as Draft 7 does, with a short cut for lists of strings, which are by far the longest."""
    if items == {"type": "string"} and isinstance(found, list) and all(type(item) is str for item in found):
        return
    yield from Draft7Validator.VALIDATORS["items"](validator, items, found, schema)


_Validator: Any = extend(Draft7Validator, {"items": _items})  # type: ignore[no-untyped-call]


@cache
def _validator(schema: str) -> Any:
    return _Validator(json.loads((_SCHEMAS / f"{schema}.schema.json").read_text(encoding="utf-8")))


def schema_errors(document: YamlFile, schema: str) -> tuple[list[Problem], bool]:
    """Return where `document` breaks schemas/<schema>.schema.json, and whether it can be used all the same.

    Unknown keys alone leave a file usable, so that the other checks go on.
    """
    problems: list[Problem] = []
    usable = True
    for error in _validator(schema).iter_errors(document.value):
        usable = usable and error.validator == "additionalProperties"
        problems.extend(_problems(error, document))
    return problems, usable


def _problems(error: ValidationError, document: YamlFile) -> Iterator[Problem]:
    where = tuple(error.absolute_path)
    found: Any = error.instance
    wanted: Any = error.validator_value
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        for key in found:
            if key not in known:
                yield document.problem(f"unknown key `{key}` (possible: {', '.join(known)})", *where, key)
    elif error.validator == "required":
        for key in wanted:
            if key not in found:
                yield document.problem(f"`{key}` is missing", *where)
    elif "propertyNames" in error.absolute_schema_path:
        yield document.problem(_sentence(error, found, wanted), *where, found)
    else:
        yield document.problem(_sentence(error, found, wanted), *where)


def _sentence(error: ValidationError, found: Any, wanted: Any) -> str:
    if error.validator == "type":
        wanted = _TYPES.get(wanted, wanted)
    elif error.validator == "enum":
        # Editors read true as a boolean, so the schema has both.
        wanted = ", ".join(value for value in wanted if isinstance(value, str))
    elif error.validator == "oneOf":
        wanted = ", ".join(f"`{name}`" for option in wanted for name in option["required"])
    sentence = _SENTENCES.get(str(error.validator))
    return sentence.format(found=_shown(found), wanted=wanted) if sentence else error.message


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f"`{value}`" if value else "nothing"
    return "a list" if isinstance(value, list) else "a mapping"
