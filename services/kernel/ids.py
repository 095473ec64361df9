"""Ids are UUIDv7 (RFC 9562, 5.7), made by us: ordered by time, so that they index well, and never reused.

They are no secret: whoever must not find a thing is kept out by the read check, not by its id.
"""

import os
import time
from uuid import UUID


def new_id(at_milliseconds: int | None = None) -> UUID:
    """A new UUIDv7; `at_milliseconds` since 1970 replaces the clock in tests."""
    milliseconds = time.time_ns() // 1_000_000 if at_milliseconds is None else at_milliseconds
    random = int.from_bytes(os.urandom(10), "big")
    value = (
        (milliseconds & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | (random >> 68) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    )
    return UUID(int=value)
