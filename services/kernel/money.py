"""Money as an exact decimal amount in an ISO 4217 currency, for arithmetic, columns and JSON alike.

The JSON form is `{"amount": "1250000.00", "currency": "NOK"}`: a decimal string, because a JSON number would pass
through a binary float in half of the world's clients.
"""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

MAXIMUM_DIGITS: Final = 18
"""Digits an amount may have before and after the point together; it fits `numeric(18, …)` and a 64-bit integer."""

_TWO_DECIMALS = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK
DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD
KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP
PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"

MINOR_UNITS: Final[dict[str, int]] = {
    **dict.fromkeys(_TWO_DECIMALS.split(), 2),
    **dict.fromkeys(_NO_DECIMALS.split(), 0),
    **dict.fromkeys(_THREE_DECIMALS.split(), 3),
}
"""Decimals of each ISO 4217 currency that is legal tender; funds codes and metals are left out on purpose."""

_DECIMAL_STRING = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)

# One context of our own: a caller's thread may have a shorter precision or other rounding, and a sum must not depend
# on it. Twice the digits of an amount hold any product with a rate before it is rounded.
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def money_json(amount: str, currency: str) -> str:
    """SQL: the JSON form of an amount column and its currency column, with the currency's own decimals; null for null."""
    fewer, more = (
        ", ".join(f"'{code}'" for code, units in MINOR_UNITS.items() if units == decimals) for decimals in (0, 3)
    )
    decimals = f"case when {currency} in ({fewer}) then 0 when {currency} in ({more}) then 3 else 2 end"
    built = f"json_build_object('amount', round({amount}, {decimals})::text, 'currency', {currency})"
    return f"case when {amount} is not null then {built} end"


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were added, subtracted or compared; convert one with a rate first."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"amounts in {left} and {right} cannot be combined without a rate")


def _decimal_amount(value: object) -> Decimal:
    """Accept a Decimal or a plain decimal string; refuse floats, exponents, NaN and infinities."""
    if isinstance(value, str):
        if _DECIMAL_STRING.fullmatch(value) is None:
            raise ValueError("an amount is a decimal string such as 1250000.00")
        return Decimal(value)
    if not isinstance(value, Decimal):
        # A ValueError, since pydantic turns only those into a validation error.
        raise ValueError(  # noqa: TRY004
            "an amount is a decimal string, never a number: a binary float loses cents"
        )
    if not value.is_finite():
        raise ValueError("an amount is finite")
    return value


def _known_currency(code: str) -> str:
    if code not in MINOR_UNITS:
        raise ValueError("not an ISO 4217 currency code")
    return code


Amount = Annotated[
    Decimal,
    BeforeValidator(_decimal_amount),
    PlainSerializer(lambda amount: format(amount, "f"), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]{1,18}(\.[0-9]{1,3})?$", "examples": ["1250000.00"]}),
]
Currency = Annotated[
    str,
    AfterValidator(_known_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["NOK"]}),
]


class Money(BaseModel):
    """An immutable amount in one currency, held with exactly the currency's decimals.

    Build it in code with `Money.of("1250.5", "NOK")` (exact, refuses a fraction of the minor unit) or
    `Money.rounded(value, "NOK")` (half even, for results of rates and shares). Raises pydantic's `ValidationError`,
    a `ValueError`, for what is no amount.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Amount
    currency: Currency

    @model_validator(mode="after")
    def _hold_the_minor_units(self) -> Self:
        quantum = Decimal(1).scaleb(-MINOR_UNITS[self.currency])
        if self.amount.adjusted() >= MAXIMUM_DIGITS:
            raise ValueError(f"an amount has at most {MAXIMUM_DIGITS} digits")
        held = self.amount.quantize(quantum, context=_EXACT)
        if held != self.amount:
            raise ValueError(f"{self.currency} has {MINOR_UNITS[self.currency]} decimals")
        if len(held.as_tuple().digits) > MAXIMUM_DIGITS:
            raise ValueError(f"an amount has at most {MAXIMUM_DIGITS} digits")
        # Frozen for everybody else; here the value is brought to its one canonical form, minus zero included.
        object.__setattr__(self, "amount", held or held.copy_abs())
        return self

    @classmethod
    def of(cls, amount: Decimal | str, currency: str) -> Self:
        """Return the exact amount; raises `ValidationError` for a fraction of the currency's minor unit."""
        return cls.model_validate({"amount": amount, "currency": currency})

    @classmethod
    def rounded(cls, value: Decimal, currency: str) -> Self:
        """Return `value` rounded half even to the currency's minor unit."""
        exact, code = _decimal_amount(value), _known_currency(currency)
        if exact.adjusted() >= MAXIMUM_DIGITS:
            raise ValueError(f"an amount has at most {MAXIMUM_DIGITS} digits")
        return cls.of(exact.quantize(Decimal(1).scaleb(-MINOR_UNITS[code]), context=_EXACT), code)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Return nothing at all, in the given currency; the start of a sum."""
        return cls.of(Decimal(0), currency)

    def to_json(self) -> dict[str, str]:
        """Return the JSON form, `{"amount": "1250000.00", "currency": "NOK"}`."""
        return {"amount": format(self.amount, "f"), "currency": self.currency}

    def times(self, factor: Decimal) -> Self:
        """Return the product with a plain ratio, rounded half even to the minor unit."""
        return self.rounded(_EXACT.multiply(self.amount, _decimal_amount(factor)), self.currency)

    def converted(self, rate: Decimal, currency: str) -> Self:
        """Return the amount in another currency at `rate` units of it for one unit of this one."""
        return self.rounded(_EXACT.multiply(self.amount, _decimal_amount(rate)), currency)

    def __add__(self, other: Self) -> Self:
        return self.of(_EXACT.add(self.amount, self._same_currency(other)), self.currency)

    def __sub__(self, other: Self) -> Self:
        return self.of(_EXACT.subtract(self.amount, self._same_currency(other)), self.currency)

    def __neg__(self) -> Self:
        return self.of(self.amount.copy_negate(), self.currency)

    def __lt__(self, other: Self) -> bool:
        return self.amount < self._same_currency(other)

    def __le__(self, other: Self) -> bool:
        return self.amount <= self._same_currency(other)

    def __gt__(self, other: Self) -> bool:
        return self.amount > self._same_currency(other)

    def __ge__(self, other: Self) -> bool:
        return self.amount >= self._same_currency(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def _same_currency(self, other: Any) -> Decimal:
        """Return the other's amount; raises `CurrencyMismatch`, or `TypeError` for what is no money."""
        if not isinstance(other, Money):
            raise TypeError("money combines with money only")
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other.amount
