"""The two languages people read Tandem in: the choice between them, numbers, days and money written for people,
and the catalogues that texts are looked up in.

Nothing here touches codes, enum values or what users wrote; those are never translated.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final

from services.kernel.money import MINOR_UNITS, Money

NO_BREAK_SPACE: Final = "\N{NO-BREAK SPACE}"
MINUS: Final = "\N{MINUS SIGN}"
ABSENT: Final = "\N{EN DASH}"
"""What stands where a value is undefined, such as an index divided by zero."""

_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS_NB = ("jan", "feb", "mar", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "des")
_LONGEST_HEADER = 1000
_QUALITY = re.compile(r"q=(0(?:\.[0-9]{1,3})?|1(?:\.0{1,3})?)", re.ASCII | re.IGNORECASE)
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


class Language(StrEnum):
    """A language of the catalogues, named by its BCP 47 tag."""

    ENGLISH = "en"
    NORWEGIAN = "nb"


_TAGS: Final = {
    "en": Language.ENGLISH,
    "nb": Language.NORWEGIAN,
    "nn": Language.NORWEGIAN,
    "no": Language.NORWEGIAN,
}


@lru_cache(maxsize=256)
def choose_language(accept_language: str | None) -> Language:
    """Return the language an `Accept-Language` header prefers (RFC 9110, 12.5.4), English when it names neither.

    The highest q-value wins, the first of equals; q=0 excludes. A malformed part is passed over, since a header that
    the reader cannot see must not cost them the page.
    """
    best, best_quality = Language.ENGLISH, Decimal(0)
    for part in (accept_language or "")[:_LONGEST_HEADER].split(","):
        tag, _, parameters = part.partition(";")
        language = _TAGS.get(tag.strip().lower().partition("-")[0])
        if language is None:
            continue
        quality = Decimal(1)
        if parameters.strip():
            match = _QUALITY.fullmatch(parameters.strip())
            if match is None:
                continue
            quality = Decimal(match.group(1))
        if quality > best_quality:
            best, best_quality = language, quality
    return best


def format_number(value: Decimal | int, language: Language, decimals: int = 0) -> str:
    """Write a number with grouped thousands: `1,234.50` in English, `1 234,50` (no-break space) in Norwegian.

    Rounds half even to `decimals`. The minus is the typographic one, and nothing that rounds to zero keeps it.
    """
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), context=_WIDE)
    text = f"{abs(rounded):,.{decimals}f}"
    if language is Language.NORWEGIAN:
        text = text.replace(",", NO_BREAK_SPACE).replace(".", ",")
    return f"{MINUS}{text}" if rounded < 0 else text


def format_percent(value: Decimal | int, language: Language, decimals: int = 0) -> str:
    """Write a value that already counts percent: 12.5 is `12.5%` in English, `12,5 %` in Norwegian."""
    gap = NO_BREAK_SPACE if language is Language.NORWEGIAN else ""
    return f"{format_number(value, language, decimals)}{gap}%"


def format_money(money: Money, language: Language, *, whole: bool = False) -> str:
    """Write `NOK 1,250,000.00`, or `NOK 1 250 000,00` in Norwegian; `whole` leaves the minor units out."""
    decimals = 0 if whole else MINOR_UNITS[money.currency]
    return f"{money.currency}{NO_BREAK_SPACE}{format_number(money.amount, language, decimals)}"


def format_date(day: date, language: Language) -> str:
    """Write a day: `5 Mar 2026` in English, `05.03.2026` in Norwegian."""
    if language is Language.NORWEGIAN:
        return f"{day.day:02d}.{day.month:02d}.{day.year:04d}"
    return f"{day.day}{NO_BREAK_SPACE}{_MONTHS_EN[day.month - 1]}{NO_BREAK_SPACE}{day.year}"


def format_instant(instant: datetime, language: Language) -> str:
    """Write an instant to the minute in its own time zone, with the zone's name; raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant has a time zone")
    return f"{format_date(instant.date(), language)} {instant:%H:%M}{NO_BREAK_SPACE}{instant.tzname()}"


def month_name(month: int, language: Language) -> str:
    """Return the short name of month 1 to 12, as axis labels use it."""
    return (_MONTHS_NB if language is Language.NORWEGIAN else _MONTHS_EN)[month - 1]


_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}", re.ASCII)


class IncompleteCatalogue(ValueError):
    """A text lacks a language, or its languages ask for different values."""


class Catalogue:
    """Texts by code, each in every language: `Catalogue({"risk.top": {"en": "Top risks", "nb": "Største risikoer"}})`.

    A text may hold placeholders, `{name}`; they are replaced once, literally, so a value that looks like a placeholder
    or a format specification stays what its author wrote. Raises `IncompleteCatalogue` when built from texts that
    lack a language or differ in their placeholders, so a gap is met at import, not by a Norwegian reader.
    """

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        self._texts: dict[str, dict[Language, str]] = {}
        for code, by_language in texts.items():
            if set(by_language) != set(Language):
                raise IncompleteCatalogue(f"{code} needs exactly the languages {', '.join(Language)}")
            if not all(text.strip() for text in by_language.values()):
                raise IncompleteCatalogue(f"{code} is empty in a language")
            if len({placeholders(text) for text in by_language.values()}) != 1:
                raise IncompleteCatalogue(f"{code} has different placeholders in its languages")
            if any("{" in rest or "}" in rest for rest in (_PLACEHOLDER.sub("", t) for t in by_language.values())):
                raise IncompleteCatalogue(f"{code} has a brace that belongs to no placeholder")
            self._texts[code] = {Language(tag): text for tag, text in by_language.items()}

    def text(self, code: str, language: Language, **values: object) -> str:
        """Return the text with its placeholders filled; raises KeyError for an unknown code or a missing value."""
        return _PLACEHOLDER.sub(lambda match: str(values[match.group(1)]), self._texts[code][language])

    def __contains__(self, code: object) -> bool:
        return code in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def placeholders(text: str) -> frozenset[str]:
    """Return the names of the values a text asks for."""
    return frozenset(_PLACEHOLDER.findall(text))
