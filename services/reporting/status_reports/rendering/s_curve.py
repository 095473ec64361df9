"""The S-curve in SVG: planned value, earned value and actual cost to date, and the forecast to the end."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Final

from services.kernel.font_metrics import regular_font
from services.kernel.language import Language, format_date, format_number
from services.reporting.status_reports.rendering import svg
from services.reporting.status_reports.rendering.figures import CurvePoint
from services.reporting.status_reports.rendering.labels import LABELS
from services.reporting.status_reports.rendering.plain_text import one_line
from services.reporting.status_reports.rendering.time_scale import TimeScale

_WIDTH: Final = 720.0
_HEIGHT: Final = 214.0
_LEFT: Final = 52.0
_RIGHT: Final = 86.0
_TOP: Final = 26.0
_BOTTOM: Final = 170.0

_Line = tuple[str, str, float, str, Callable[[CurvePoint], Decimal | None]]
_LINES: Final[tuple[_Line, ...]] = (
    # Each line differs in dash and weight as well as in colour: many reports are printed in grey.
    ("curve.planned", svg.PLAN, 1.8, "", lambda point: point.planned),
    ("curve.forecast", svg.ADVERSE, 1.3, "4 3", lambda point: point.forecast),
    ("curve.actual", svg.ADVERSE, 1.8, "", lambda point: point.actual),
    ("curve.earned", svg.ACCENT, 2.4, "", lambda point: point.earned),
)


def s_curve_svg(points: tuple[CurvePoint, ...], unit: str, status_date: date, language: Language) -> str:
    """Draw the lines over the points' days; amounts in thousands or millions of the unit as their size asks."""
    title = LABELS.text("curve.title", language)
    amounts = [amount for point in points for *_, read in _LINES if (amount := read(point)) is not None]
    if not amounts:
        return svg.picture(_WIDTH, 4, title, [])
    days = [point.day for point in points]
    scale = TimeScale(min(days), max(days), _LEFT, _WIDTH - _LEFT - _RIGHT)
    step, top = divisions(max(amounts))

    def y(amount: Decimal) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * float(min(max(amount, Decimal(0)), top) / top)

    parts = [*_amount_axis(step, top, unit, y, language), *_time_axis(scale, language)]
    if scale.first <= status_date <= scale.last:
        x = scale.end(status_date)
        parts.append(svg.line(x, _TOP - 6, x, _BOTTOM, stroke=svg.MUTED, width=0.8, dash="3 2"))
    ends = []
    for code, colour, width, dash, read in _LINES:
        line = [(scale.end(point.day), y(amount), amount) for point in points if (amount := read(point)) is not None]
        if not line:
            continue
        dashes = {"stroke_dasharray": dash} if dash else {}
        path = " ".join(f"{x:.2f},{height:.2f}" for x, height, _ in line)
        parts.append(
            svg.element(
                "polyline",
                points=path,
                fill="none",
                stroke=colour,
                stroke_width=width,
                stroke_linejoin="round",
                **dashes,
            )
        )
        ends.append((line[-1][0], line[-1][1], colour, code))
        if code != "curve.forecast":
            parts.append(svg.element("circle", cx=line[-1][0], cy=line[-1][1], r=2.2, fill=colour))
    parts += _end_labels(ends, language)
    parts += _legend({code for *_, code in ends}, status_date, language)
    return svg.picture(_WIDTH, _HEIGHT, title, parts)


def divisions(highest: Decimal) -> tuple[Decimal, Decimal]:
    """Return a round step and its smallest multiple not below the highest amount: four to eight divisions."""
    highest = max(highest, Decimal(1))
    magnitude = Decimal(1).scaleb(highest.adjusted())
    step = next(
        step for part in ("0.1", "0.2", "0.25", "0.5", "1", "2") if highest / (step := magnitude * Decimal(part)) <= 6
    )
    # Decimal's own // cuts off, and the axis would end below its curve.
    return step, (highest / step).to_integral_value(ROUND_CEILING) * step


def _amount_axis(
    step: Decimal, top: Decimal, unit: str, y: Callable[[Decimal], float], language: Language
) -> Iterator[str]:
    size, code = next(
        (size, code)
        for size, code in ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"), (1, "one"))
        if step * 4 >= size or size == 1
    )
    decimals = max(0, -(step / size).normalize().adjusted(), _places(step / size))
    # The unit is a currency code or what a configuration calls it, so it is clipped like any text.
    words = LABELS.text(f"axis.{code}", language, unit=one_line(unit, 16))
    yield svg.text(words, _LEFT - 6, 14, 7.5, fill=svg.MUTED, text_anchor="start" if len(words) > 9 else "end")
    amount = Decimal(0)
    while amount <= top:
        height = y(amount)
        yield svg.line(_LEFT, height, _WIDTH - _RIGHT, height, stroke=svg.PLAN if not amount else svg.RULE)
        label = format_number(amount / size, language, decimals)
        yield svg.text(label, _LEFT - 6, height + 2.6, 7.5, fill=svg.MUTED, text_anchor="end")
        amount += step


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _time_axis(scale: TimeScale, language: Language) -> Iterator[str]:
    font = regular_font()
    free = 0.0
    for tick in scale.minor(language):
        yield svg.line(tick.x, _BOTTOM, tick.x, _BOTTOM + 3, stroke=svg.PLAN)
        if tick.x >= free and tick.x + font.width(tick.label, 7.5) <= _WIDTH:
            yield svg.text(tick.label, tick.x + 2, _BOTTOM + 11, 7.5, fill=svg.MUTED)
            free = tick.x + font.width(tick.label, 7.5) + 6
    for tick in scale.major(language):
        if font.width(tick.label, 7.5) + 4 < tick.end - tick.x:
            yield svg.text(tick.label, tick.x + 2, _BOTTOM + 22, 7.5, font_weight=700)


def _end_labels(ends: list[tuple[float, float, str, str]], language: Language) -> Iterator[str]:
    """Name each line at its end, pushed apart where lines end close to each other."""
    taken: list[tuple[float, float]] = []
    for x, y, colour, code in sorted(ends, key=lambda end: end[1]):
        words = LABELS.text(f"{code}.short", language)
        width = regular_font().width(words, 8) * 1.1
        place = y + 3
        while any(abs(place - other) < 9.5 and abs(x - left) < width + 8 for left, other in taken):
            place += 1
        taken.append((x, place))
        yield svg.over(words, x + 5, place, 8, fill=colour, font_weight=700)


def _legend(codes: set[str], status_date: date, language: Language) -> Iterator[str]:
    x, y = _LEFT, _HEIGHT - 6
    font = regular_font()
    for code, colour, width, dash, _ in _LINES:
        if code in codes:
            yield svg.line(x, y - 3, x + 18, y - 3, stroke=colour, width=width, dash=dash)
            words = LABELS.text(code, language)
            yield svg.text(words, x + 22, y, 7.5, fill=svg.MUTED)
            x += 22 + font.width(words, 7.5) + 16
    yield svg.line(x + 3, y - 8, x + 3, y + 1, stroke=svg.MUTED, width=0.8, dash="3 2")
    yield svg.text(
        LABELS.text("axis.status_date", language, date=format_date(status_date, language)),
        x + 9,
        y,
        7.5,
        fill=svg.MUTED,
    )
