"""One JSON line a message on standard output; values are cut and control characters escaped by the JSON itself."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

from services.kernel.settings import Settings

LONGEST_VALUE = 2000


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
            structlog.processors.JSONRenderer(serializer=lambda value, **_: orjson.dumps(value, default=str).decode()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )


def _cut(logger: Any, name: str, values: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in values.items():
        if isinstance(value, str) and len(value) > LONGEST_VALUE and key != "exception":
            values[key] = value[:LONGEST_VALUE] + "…"
    return values
