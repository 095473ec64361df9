"""One JSON line a message on standard output; values are cut, and nothing that somebody sent can end a line."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

from services.kernel.settings import Settings

LONGEST_VALUE = 2000
# A trace is longer; its end says what went wrong, unless that repeats a value that somebody sent.
LONGEST_TRACE = 20_000
# JSON lets these stand in a string, but readers and terminals take them for the end of a line, or turn words around.
_ESCAPED = {
    number: f"\\u{number:04x}" for span in ((0x7F, 0xA0), (0x2028, 0x202F), (0x2066, 0x206A)) for number in range(*span)
}


def configure_logs(settings: Settings) -> None:
    """Set up structlog once for the process; a second call changes nothing."""
    if structlog.is_configured():
        return
    level = logging.INFO if settings.environment != "test" else logging.WARNING
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _cut,
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )


def _line(values: Any, **_: Any) -> str:
    return orjson.dumps(values, default=str).decode().translate(_ESCAPED)


def _cut(logger: Any, name: str, values: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in values.items():
        longest = LONGEST_TRACE if key == "exception" else LONGEST_VALUE
        if isinstance(value, str) and len(value) > longest:
            values[key] = value[:longest] + "…"
    return values
