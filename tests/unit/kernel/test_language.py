"""Language: chosen by the reader's header, numbers and days as each language writes them, complete catalogues."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from services.kernel.language import (
    Catalogue,
    IncompleteCatalogue,
    Language,
    choose_language,
    format_date,
    format_instant,
    format_money,
    format_number,
    format_percent,
    month_name,
)
from services.kernel.money import Money

EN, NB = Language.ENGLISH, Language.NORWEGIAN


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, EN),
        ("", EN),
        ("nb", NB),
        ("nn-NO", NB),
        ("no", NB),
        ("NB-no", NB),
        ("en-GB,nb;q=0.9", EN),
        ("de, nb;q=0.7, en;q=0.3", NB),
        ("en;q=0.5, nb; q=0.8", NB),
        ("en;q=0.8, nb;q=0.8", EN),
        ("nb;q=0.8, en;q=0.8", NB),
        ("nb;q=0", EN),
        ("*", EN),
        ("sv, fi", EN),
        ("nb;q=2", EN),
        ("nb;q=nan", EN),
        (";;;,,,", EN),
        ("nbx", EN),
    ],
)
def test_the_header_chooses_the_language(header: str | None, language: Language) -> None:
    assert choose_language(header) is language


def test_a_huge_header_is_read_no_further_than_it_deserves() -> None:
    assert choose_language("x," * 500_000 + "nb") is EN


def test_numbers_are_grouped_and_pointed_as_the_language_does() -> None:
    assert format_number(Decimal("1234.5"), EN, 2) == "1,234.50"
    assert format_number(Decimal("1234.5"), NB, 2) == "1\u00a0234,50"
    assert format_number(Decimal(-1234567), EN) == "\u22121,234,567"
    assert format_number(Decimal("-0.001"), NB, 2) == "0,00"
    assert format_number(Decimal("0.125"), EN, 2) == "0.12"
    assert format_number(7, NB) == "7"


def test_percent_has_a_gap_in_norwegian_only() -> None:
    assert format_percent(Decimal("12.5"), EN, 1) == "12.5%"
    assert format_percent(Decimal("12.5"), NB, 1) == "12,5\u00a0%"


def test_money_keeps_its_currencys_decimals() -> None:
    assert format_money(Money.of("1250000", "NOK"), EN) == "NOK\u00a01,250,000.00"
    assert format_money(Money.of("1250000", "NOK"), NB) == "NOK\u00a01\u00a0250\u00a0000,00"
    assert format_money(Money.of("1250000", "JPY"), EN) == "JPY\u00a01,250,000"
    assert format_money(Money.of("-1250000.50", "NOK"), NB, whole=True) == "NOK\u00a0\u22121\u00a0250\u00a0000"


def test_days_and_instants() -> None:
    assert format_date(date(2026, 3, 5), EN) == "5\u00a0Mar\u00a02026"
    assert format_date(date(2026, 3, 5), NB) == "05.03.2026"
    assert format_instant(datetime(2026, 3, 5, 9, 7, tzinfo=UTC), NB) == "05.03.2026 09:07\u00a0UTC"
    assert (month_name(5, EN), month_name(5, NB)) == ("May", "mai")
    with pytest.raises(ValueError):
        format_instant(datetime(2026, 3, 5, 9, 7), EN)  # noqa: DTZ001 - the naive instant is the point


def test_a_text_is_looked_up_and_filled() -> None:
    catalogue = Catalogue({"late": {"en": "{count} days late", "nb": "{count} dager forsinket"}})
    assert catalogue.text("late", NB, count=3) == "3 dager forsinket"
    assert "late" in catalogue
    with pytest.raises(KeyError):
        catalogue.text("late", EN)
    with pytest.raises(KeyError):
        catalogue.text("early", EN)


@pytest.mark.parametrize("value", ["{count}", "{0.__class__}", "{{7*7}}", "%n", "${jndi:ldap://x}", "\\1", "\\g<0>"])
def test_a_value_that_looks_like_a_template_stays_as_written(value: str) -> None:
    catalogue = Catalogue({"greeting": {"en": "Hello {name}, {count}", "nb": "Hei {name}, {count}"}})
    assert catalogue.text("greeting", EN, name=value, count=1) == f"Hello {value}, 1"


@pytest.mark.parametrize(
    "texts",
    [
        {"en": "Only English"},
        {"en": "Empty", "nb": " "},
        {"en": "{a}", "nb": "{b}"},
        {"en": "{a}", "nb": "none"},
        {"en": "{A}", "nb": "{A}"},
        {"en": "{a.b}", "nb": "{a.b}"},
        {"en": "English", "nb": "Norsk", "de": "Deutsch"},
    ],
)
def test_a_catalogue_with_a_gap_cannot_be_built(texts: dict[str, str]) -> None:
    with pytest.raises(IncompleteCatalogue):
        Catalogue({"code": texts})
