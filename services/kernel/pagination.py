"""Keyset paging: opaque cursors, signed, and bound to the tenant, the collection, the filters and the sorting."""

import base64
import hashlib
import hmac
from typing import Any

import orjson

from services.kernel.problems import CursorMismatch, InvalidCursor, InvalidLimit

DEFAULT_LIMIT = 50
MAXIMUM_LIMIT = 200
_TAG_BYTES = 16


def parse_limit(text: str | None) -> int:
    """The `limit` parameter; raises InvalidLimit outside 1-200."""
    if text is None:
        return DEFAULT_LIMIT
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= MAXIMUM_LIMIT:
        raise InvalidLimit
    return int(text)


class CursorSigner:
    """Writes and reads cursors. `binding` is any text that must be the same when the list goes on."""

    def __init__(self, key: str) -> None:
        self._key = hashlib.sha256(key.encode()).digest()

    def write(self, sort_values: list[str | None], binding: str) -> str:
        payload = orjson.dumps([_digest(binding), sort_values])
        return base64.urlsafe_b64encode(self._tag(payload) + payload).rstrip(b"=").decode()

    def read(self, cursor: str, binding: str, length: int) -> list[str | None]:
        """The sort values that the page before ended with. Raises InvalidCursor or CursorMismatch."""
        try:
            raw = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            tag, payload = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
            if not hmac.compare_digest(tag, self._tag(payload)):
                raise InvalidCursor
            bound, values = orjson.loads(payload)
        except ValueError as error:
            raise InvalidCursor from error
        if bound != _digest(binding) or len(values) != length:
            raise CursorMismatch
        result: list[str | None] = values
        return result

    def _tag(self, payload: bytes) -> bytes:
        # Keyed BLAKE2 is a MAC of its own (RFC 7693, 2.9) and, over so short a text, far cheaper than HMAC.
        return hashlib.blake2b(payload, key=self._key, digest_size=_TAG_BYTES).digest()


def _digest(binding: str) -> str:
    return hashlib.sha256(binding.encode()).hexdigest()[:16]


def page_of(data: bytes, next_cursor: str | None, limit: int, total: int | None = None) -> bytes:
    """The list envelope of C3 around an array that PostgreSQL has already written as JSON."""
    page: dict[str, Any] = {"next_cursor": next_cursor, "limit": limit}
    if total is not None:
        page["total"] = total
    return b"".join((b'{"data":', data, b',"page":', orjson.dumps(page), b"}"))
