"""The plan as a Gantt chart in SVG: bars with their progress over the baseline, milestones, the critical tasks."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from services.kernel.font_metrics import regular_font
from services.kernel.language import Language, format_date, format_percent
from services.reporting.status_reports.rendering import svg
from services.reporting.status_reports.rendering.figures import GanttRow
from services.reporting.status_reports.rendering.labels import LABELS
from services.reporting.status_reports.rendering.plain_text import one_line
from services.reporting.status_reports.rendering.time_scale import Tick, TimeScale

MOST_ROWS: Final = 60
"""Rows that stay readable on one printed page."""

_WIDTH: Final = 720.0
_LEFT: Final = 236.0
_ROW: Final = 15.0
_HEAD: Final = 32.0
_FOOT: Final = 24.0
_SIZE: Final = 8.5


def shown_rows(rows: Sequence[GanttRow]) -> Sequence[GanttRow]:
    """Return all rows of a plan that fits, else summaries, milestones and critical tasks, the outermost first.

    When even those are more than `MOST_ROWS`, milestones and outer summaries win over deeper summaries and tasks; the
    order of the plan is kept.
    """
    if len(rows) <= MOST_ROWS:
        return rows
    telling = [n for n, row in enumerate(rows) if row.summary or row.milestone or row.critical]
    telling.sort(key=lambda n: (not (rows[n].summary and rows[n].level == 1), not rows[n].milestone, rows[n].level, n))
    return [rows[n] for n in sorted(telling[:MOST_ROWS])]


def gantt_svg(rows: Sequence[GanttRow], status_date: date, language: Language) -> str:
    """Draw the rows given, all of them, on an axis from their first to their last day."""
    if not rows:
        return svg.picture(_WIDTH, 4, LABELS.text("gantt.title", language), [])
    first = min(min(row.start, row.baseline_start or row.start) for row in rows)
    last = max(max(row.finish, row.baseline_finish or row.finish, row.start) for row in rows)
    # A milestone's label stands to the right of it, so the last day is not the last of the axis.
    scale = TimeScale(first, last, _LEFT, _WIDTH - _LEFT - 30)
    bottom = _HEAD + _ROW * len(rows)
    parts = [*_axis(scale, bottom, language)]
    if scale.first <= status_date <= scale.last:
        x = scale.end(status_date)
        parts.append(svg.line(x, _HEAD - 3, x, bottom, stroke=svg.ADVERSE, width=0.9, dash="3 2"))
    for n, row in enumerate(rows):
        top = _HEAD + _ROW * n
        parts += [
            svg.line(0, top + _ROW, _WIDTH, top + _ROW, width=0.4),
            *_title(row, top),
            *_bar(row, top, scale, language),
        ]
    parts += _legend(bottom, status_date, language)
    return svg.picture(_WIDTH, bottom + _FOOT, LABELS.text("gantt.title", language), parts)


def _axis(scale: TimeScale, bottom: float, language: Language) -> list[str]:
    parts = []
    font = regular_font()
    for tick in scale.major(language):
        parts.append(svg.line(tick.x, 2, tick.x, _HEAD, stroke=svg.PLAN, width=0.5))
        if font.width(tick.label, _SIZE) + 6 < tick.end - tick.x:
            parts.append(svg.text(tick.label, tick.x + 3, 11, _SIZE, font_weight=700))
    minor = scale.minor(language)
    parts += [svg.line(tick.x, 16, tick.x, bottom, width=0.5) for tick in minor]
    parts += [svg.text(tick.label, tick.x + 3, 26, 7.5, fill=svg.MUTED) for tick in _legible(minor, 7.5)]
    parts.append(svg.line(0, _HEAD, _WIDTH, _HEAD, stroke=svg.PLAN, width=0.8))
    return parts


def _legible(ticks: Sequence[Tick], size: float) -> Sequence[Tick]:
    """Return every n-th tick such that their labels do not touch."""
    if not ticks:
        return ticks
    widest = max(regular_font().width(tick.label, size) for tick in ticks) + 6
    spacing = (ticks[-1].x - ticks[0].x) / max(len(ticks) - 1, 1)
    stride = 1
    while spacing * stride < widest and stride < len(ticks):
        stride += 1
    chosen = ticks[::stride]
    # The first division may be cut by the chart's edge to less than its label.
    return chosen[1:] if len(chosen) > 1 and chosen[1].x - chosen[0].x < widest else chosen


def _title(row: GanttRow, top: float) -> list[str]:
    font = regular_font()
    indent = 38 + 7 * min(row.level - 1, 6)
    # Bold runs about a tenth wider than the regular weight that is measured here.
    room = (_LEFT - 8 - indent) / (1.1 if row.summary else 1.0)
    weight = {"font_weight": 700} if row.summary else {}
    fill = svg.ADVERSE if row.critical and not row.summary else svg.INK
    return [
        svg.text(font.clipped(one_line(row.wbs), 7.5, 34), 0, top + 10.5, 7.5, fill=svg.MUTED),
        svg.text(font.clipped(one_line(row.name), _SIZE, room), indent, top + 10.5, _SIZE, fill=fill, **weight),
    ]


def _bar(row: GanttRow, top: float, scale: TimeScale, language: Language) -> list[str]:
    parts = []
    left, right = scale.x(row.start), scale.end(max(row.finish, row.start))
    baseline = row.baseline_finish or row.baseline_start
    if row.milestone:
        x = scale.end(row.finish)
        if baseline is not None and baseline != row.finish:
            parts.append(svg.diamond(scale.end(baseline), top + 7.5, 3.6, "#ffffff", svg.PLAN))
        parts.append(svg.diamond(x, top + 7.5, 4.6, svg.ADVERSE if row.critical else svg.INK))
        label = _short_date(row.finish, language)
        if x + 8 + regular_font().width(label, 7) <= _WIDTH:
            parts.append(svg.over(label, x + 8, top + 10, 7, fill=svg.MUTED))
        return parts
    if row.baseline_start is not None and row.baseline_finish is not None:
        start, end = scale.x(row.baseline_start), scale.end(row.baseline_finish)
        parts.append(svg.rectangle(start, top + 11.2, max(end - start, 1), 1.8, svg.PLAN))
    width = max(right - left, 1.5)
    if row.summary:
        parts.append(svg.rectangle(left, top + 3.4, width, 4.2, svg.INK))
        for x, towards in ((left, 3.5), (left + width, -3.5)):
            corner = f"{x:.2f},{top + 3.4:.2f} {x:.2f},{top + 10.2:.2f} {x + towards:.2f},{top + 7.4:.2f}"
            parts.append(svg.element("polygon", points=corner, fill=svg.INK))
    else:
        light, full = (svg.ADVERSE_LIGHT, svg.ADVERSE) if row.critical else (svg.TASK, svg.ACCENT)
        parts.append(svg.rectangle(left, top + 3, width, 7, light, radius=1))
        parts.append(svg.rectangle(left, top + 3, width * float(row.percent) / 100, 7, full, radius=1))
    if row.percent > 0 and not row.summary and row.percent < 100:
        label = format_percent(row.percent, language)
        if left + width + 4 + regular_font().width(label, 7) <= _WIDTH:
            parts.append(svg.over(label, left + width + 4, top + 10, 7, fill=svg.MUTED))
    return parts


def _short_date(day: date, language: Language) -> str:
    """Return day and month alone: the axis tells the year."""
    if language is Language.NORWEGIAN:
        return format_date(day, language)[:6]
    return format_date(day, language).rsplit("\N{NO-BREAK SPACE}", 1)[0]


def _legend(bottom: float, status_date: date, language: Language) -> list[str]:
    y, x = bottom + 14, 0.0
    bars = (("gantt.task", svg.TASK), ("gantt.done", svg.ACCENT), ("gantt.critical", svg.ADVERSE))
    parts = []
    font = regular_font()

    def caption(code: str, **values: object) -> None:
        nonlocal x
        words = LABELS.text(code, language, **values)
        parts.append(svg.text(words, x, y, 7.5, fill=svg.MUTED))
        x += font.width(words, 7.5) + 14

    for code, fill in bars:
        parts.append(svg.rectangle(x, y - 6, 14, 6, fill, radius=1))
        x += 18
        caption(code)
    parts.append(svg.rectangle(x, y - 3.6, 14, 1.8, svg.PLAN))
    x += 18
    caption("gantt.baseline")
    parts.append(svg.diamond(x + 4, y - 3, 4, svg.INK))
    x += 12
    caption("gantt.milestone")
    parts.append(svg.diamond(x + 4, y - 3, 3.6, "#ffffff", svg.PLAN))
    x += 12
    caption("gantt.milestone_baseline")
    parts.append(svg.line(x + 3, y - 8, x + 3, y + 1, stroke=svg.ADVERSE, width=0.9, dash="3 2"))
    x += 9
    caption("axis.status_date", date=format_date(status_date, language))
    return parts
