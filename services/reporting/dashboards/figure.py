"""A number that explains itself: its value, its unit, and the place in a service's log that it was computed from.

Rounding happens here and nowhere before: money to the currency's minor unit, percent to two decimals, indices to four.
"""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from services.kernel.money import MINOR_UNITS

_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is a decimal string, an ISO 8601 day for the unit `date`, and None where the figure is undefined.

    `position` is the highest number among the facts of `source` that entered the value.
    """

    value: str | None
    unit: str
    source: str
    position: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def money(value: Decimal | None, currency: str, position: int, source: str = "planning") -> Figure:
    return Figure(_text(value, MINOR_UNITS.get(currency, 2)), currency, source, position)


def ratio(value: Decimal | None, position: int, source: str = "planning") -> Figure:
    return Figure(_text(value, 4), "ratio", source, position)


def percent(value: Decimal | None, position: int, source: str = "planning") -> Figure:
    return Figure(_text(value, 2), "percent", source, position)


def weeks(value: Decimal | None, position: int, source: str = "planning") -> Figure:
    return Figure(_text(value, 4), "weeks", source, position)


def days(value: int | None, position: int, source: str = "planning") -> Figure:
    """Calendar days; the reporting service knows no working calendar."""
    return Figure(None if value is None else str(value), "days", source, position)


def count(value: int, position: int, source: str = "planning") -> Figure:
    return Figure(str(value), "count", source, position)


def minutes(value: Decimal | None, position: int, source: str = "planning") -> Figure:
    """Working minutes."""
    return Figure(_text(value, 0), "minutes", source, position)


def day(value: date | None, position: int, source: str = "planning") -> Figure:
    return Figure(None if value is None else value.isoformat(), "date", source, position)


def _text(value: Decimal | None, decimals: int) -> str | None:
    """The value with so many decimals, rounded half even; nothing that rounds to zero keeps a minus."""
    if value is None:
        return None
    rounded = _CONTEXT.quantize(value, Decimal(1).scaleb(-decimals))
    return format(rounded or abs(rounded), "f")
