"""WBS masks: what a code looks like on each level, and which typed codes fit."""

import pytest

from services.planning.scope.wbs_mask import CodeKind, MaskLevel, WbsMask


@pytest.mark.parametrize(
    ("level", "numbers", "parts"),
    [
        (MaskLevel(), (1, 10), ("1", "10")),
        (MaskLevel(CodeKind.NUMBER, 3), (1, 42, 1000), ("001", "042", "1000")),
        (MaskLevel(CodeKind.UPPER), (1, 26, 27, 52, 53, 702, 703), ("A", "Z", "AA", "AZ", "BA", "ZZ", "AAA")),
        (MaskLevel(CodeKind.UPPER, 2), (1, 26, 27, 676, 677), ("AA", "AZ", "BA", "ZZ", "BAA")),
        (MaskLevel(CodeKind.LOWER, 1), (1, 26), ("a", "z")),
        (MaskLevel(CodeKind.ANY, 2), (7,), ("07",)),
    ],
)
def test_the_nth_sibling_gets_its_part(level: MaskLevel, numbers: tuple[int, ...], parts: tuple[str, ...]) -> None:
    assert tuple(level.part(number) for number in numbers) == parts
    assert len({level.part(number) for number in range(1, 2_000)}) == 1_999


@pytest.mark.parametrize(
    ("level", "fitting", "off"),
    [
        (MaskLevel(), ("7", "007"), ("", "A", "1.2", "٣", "-1")),
        (MaskLevel(CodeKind.NUMBER, 2), ("07",), ("7", "007")),
        (MaskLevel(CodeKind.UPPER), ("A", "ABC"), ("a", "A1", "Æ", "")),
        (MaskLevel(CodeKind.LOWER, 1), ("b",), ("B", "bb")),
        (MaskLevel(CodeKind.ANY), ("x7", "Ås"), ("x.7", "x-7", "")),
    ],
)
def test_a_typed_part_fits_or_not(level: MaskLevel, fitting: tuple[str, ...], off: tuple[str, ...]) -> None:
    assert all(level.fits(part) for part in fitting)
    assert not any(level.fits(part) for part in off)


def test_codes_begin_with_the_prefix_and_go_on_with_the_parents() -> None:
    mask = WbsMask("BRO-", (MaskLevel(CodeKind.UPPER), MaskLevel(CodeKind.NUMBER, 2, "-")))
    assert mask.code(1, "", 2) == "BRO-B"
    assert mask.code(2, "BRO-B", 3) == "BRO-B-03"
    assert mask.code(3, "BRO-B-03", 4) == "BRO-B-03.4"
    assert mask.fits(2, "BRO-B", "BRO-B-17")
    assert not mask.fits(2, "BRO-B", "BRO-C-17")
    assert not mask.fits(1, "", "B")
    assert WbsMask().usual
    assert not WbsMask(unique=True).usual
