"""The calibration: medians of how far predictions were off, by kind."""

from decimal import Decimal

from services.planning.reviews.calibration import Accuracy, Judged, calibrate


def test_nothing_reviewed_is_nothing_known() -> None:
    overall, kinds = calibrate([])
    assert (overall.reviewed, overall.finish, overall.cost, kinds) == (0, Accuracy(0, None, None), overall.finish, {})


def test_the_median_tells_the_bias_and_that_of_the_sizes_the_distance() -> None:
    reviews = [Judged("schedule.dates", minutes, None) for minutes in (-900, -450, 0, 450, 9000)]
    overall, kinds = calibrate([*reviews, Judged("budget.line", None, Decimal("-100.50"))])
    assert overall.finish == Accuracy(5, Decimal(0), Decimal(450))
    assert list(kinds) == ["budget.line", "schedule.dates"]
    assert kinds["budget.line"].cost == Accuracy(1, Decimal("-100.50"), Decimal("100.50"))
    assert kinds["schedule.dates"].cost == Accuracy(0, None, None)


def test_of_an_even_number_the_two_in_the_middle_are_averaged() -> None:
    overall, _ = calibrate([Judged("schedule.dates", minutes, None) for minutes in (100, 201)])
    assert overall.finish == Accuracy(2, Decimal("150.5"), Decimal("150.5"))
