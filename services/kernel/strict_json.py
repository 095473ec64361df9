"""JSON as RFC 8259 means it, and a little stricter, so that nothing odd gets past the edge.

Refused: bytes that are no UTF-8, a byte-order mark, NaN and Infinity, duplicate member names, lone surrogates, NUL
characters, numbers beyond what a database column could hold, and nesting deeper than 100.
"""

import json
from typing import Any, NoReturn

from fastapi.exceptions import RequestValidationError

MAXIMUM_DEPTH = 100
MAXIMUM_DIGITS = 40


def strict_loads(body: bytes) -> Any:
    """The parsed body. Raises RequestValidationError of type `json_invalid`, which is answered as 400."""
    try:
        text = body.decode("utf-8")
        if text.count("[") + text.count("{") > MAXIMUM_DEPTH and _too_deep(text):
            raise ValueError("nested too deeply")
        if "\\u" in text or "\x00" in text:
            _refuse_unstorable(text)
        return json.loads(
            text,
            object_pairs_hook=_unique_members,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_number,
        )
    except (ValueError, RecursionError) as error:
        raise RequestValidationError([{"type": "json_invalid", "loc": ("body",), "msg": str(error)[:200]}]) from error


def _too_deep(text: str) -> bool:
    depth, inside, escaped = 0, False, False
    for character in text:
        if inside:
            inside = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            if depth > MAXIMUM_DEPTH:
                return True
        elif character in "]}":
            depth -= 1
    return False


def _refuse_unstorable(text: str) -> None:
    def check(value: str) -> None:
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError("a NUL character or half a surrogate pair stands in a string")

    def walk(value: Any) -> None:
        if isinstance(value, str):
            check(value)
        elif isinstance(value, dict):
            for name, member in value.items():
                check(name)
                walk(member)
        elif isinstance(value, list):
            for member in value:
                walk(member)

    walk(json.loads(text, parse_constant=_refuse_constant))


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member name stands twice in one object")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _integer(digits: str) -> int:
    if len(digits) > MAXIMUM_DIGITS:
        raise ValueError("a number has too many digits")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if len(digits) > MAXIMUM_DIGITS or value in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return value
