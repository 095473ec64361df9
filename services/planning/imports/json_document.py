"""A JSON file from somebody else as plain values, within bounds that are checked before it is parsed."""

from __future__ import annotations

import json
from typing import Any, BinaryIO, Final, NoReturn

from services.planning.imports.record_stream import UnreadableFile

# Each value is behind a bracket, a comma or a colon, and takes about a hundred bytes of memory at most beside its text.
_MOST_VALUES: Final = 6_000_000
MOST_DEPTH: Final = 60


def read_json(stream: BinaryIO, max_bytes: int) -> Any:
    """The document. Raises UnreadableFile `too_large`, `not_json` with the line, or `too_deep`.

    A byte-order mark is tolerated; NaN, Infinity and numbers of thousands of digits are not.
    """
    content = stream.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise UnreadableFile("too_large", f"the file is larger than {max_bytes} bytes", 1)
    if sum(content.count(mark) for mark in (b"[", b"{", b",")) > _MOST_VALUES:
        raise UnreadableFile("too_many_records", f"the file holds more than {_MOST_VALUES} values", 1)
    try:
        document = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnreadableFile("not_json", "the text is not UTF-8", line) from error
    except json.JSONDecodeError as error:
        raise UnreadableFile("not_json", error.msg, error.lineno) from error
    except RecursionError as error:
        raise UnreadableFile("too_deep", "the document nests too deeply", 1) from error
    except ValueError as error:
        raise UnreadableFile("not_json", str(error)[:200], 1) from error
    _refuse_depth(document)
    return document


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _refuse_depth(document: Any) -> None:
    level = [document]
    for _ in range(MOST_DEPTH + 1):
        containers = [each for each in level if isinstance(each, dict | list)]
        if not containers:
            return
        level = [part for each in containers for part in (each.values() if isinstance(each, dict) else each)]
    raise UnreadableFile("too_deep", f"the document nests deeper than {MOST_DEPTH}", 1)


def objects(value: Any, place: str) -> list[dict[str, Any]]:
    """A list of objects; nothing is an empty one. Raises UnreadableFile with the place of what is neither."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise UnreadableFile("not_this_format", "a list is expected here", 1, place=place)
    for number, each in enumerate(value):
        if not isinstance(each, dict):
            raise UnreadableFile("not_this_format", "an object is expected here", 1, place=f"{place}[{number}]")
    return value


def inner(value: Any) -> dict[str, Any]:
    """An object within another, an empty one where there is none."""
    return value if isinstance(value, dict) else {}
