"""Ranks: words whose alphabetical order is the order of things, so that one thing is moved without touching the others.

A rank is a place of six digits to the base 36, and behind it more digits where something stands between two places.
"""

from typing import Final

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_BASE: Final = len(_DIGITS)
_WIDTH: Final = 6
_FIRST: Final = _BASE**_WIDTH // 2 + 1
# Beyond this the things of a list are given new ranks.
MAXIMUM_LENGTH: Final = 40


def between(lower: str | None, upper: str | None) -> str:
    """A rank behind `lower` and before `upper`; None is the list's beginning or end. No rank ends in 0, since nothing
    could stand right before such a one.

    Raises ValueError where `upper` is not behind `lower`.
    """
    if lower is not None and upper is not None and not lower < upper:
        raise ValueError(f"nothing stands between {lower} and {upper}")
    if lower is None and upper is None:
        return _place(_FIRST)
    if upper is None and lower is not None:
        place = int(lower[:_WIDTH].ljust(_WIDTH, "0"), _BASE) + 1
        place += place % _BASE == 0
        return _place(place) if place < _BASE**_WIDTH else _middle(lower, None)
    if lower is None and upper is not None:
        place = int(upper[:_WIDTH].ljust(_WIDTH, "0"), _BASE) - 1
        place -= place % _BASE == 0
        return _place(place) if place > 0 else _middle("", upper)
    return _middle(lower or "", upper)


def spread(count: int) -> list[str]:
    """Ranks for a whole list, with room between them."""
    return [_place(_FIRST + number * _BASE) for number in range(count)]


def _place(number: int) -> str:
    digits = ""
    for _ in range(_WIDTH):
        number, digit = divmod(number, _BASE)
        digits = _DIGITS[digit] + digits
    return digits


def _middle(lower: str, upper: str | None) -> str:
    """A word between two, as short as it can be; `lower` may be empty, None is behind everything."""
    common = 0
    if upper is not None:
        while (lower[common] if common < len(lower) else "0") == upper[common]:
            common += 1
    begun = upper[:common] if upper is not None else ""
    lower, upper = lower[common:], upper[common:] if upper is not None else None
    low = _DIGITS.index(lower[0]) if lower else 0
    high = _DIGITS.index(upper[0]) if upper is not None else _BASE
    if high - low > 1:
        return begun + _DIGITS[(low + high) // 2]
    if upper is not None and len(upper) > 1:
        return begun + upper[0]
    return begun + _DIGITS[low] + _middle(lower[1:], None)
