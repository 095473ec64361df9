"""The plan as a Gantt chart in SVG: bars with their progress over the baseline, milestones, dependencies, the critical tasks.

Drawn as one long picture, or as pages of so many rows each, all of them on one axis of time.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from services.kernel.font_metrics import regular_font
from services.kernel.language import Language, format_date
from services.kernel.working_time import NoWorkingTime, day_number
from services.planning.exports import svg
from services.planning.exports.labels import LABELS
from services.planning.exports.loss import Loss, counted
from services.planning.exports.plan_contents import BaselineRow, ExportedTask, PlanContents
from services.planning.exports.time_axis import Tick, TimeAxis
from services.planning.schedule.plan_rows import PlanLink

_ROWS_AT_ONCE: Final = 100
_ROW: Final = 13.0
_HEAD: Final = 34.0
_FOOT: Final = 24.0
_SIZE: Final = 7.5
_SMALL: Final = 6.5
_GAP: Final = 6.0
_WBS: Final = 38.0
_DATE: Final = 46.0
_INDENT: Final = 6.0
_DEEPEST: Final = 8
# Room at the right for what stands behind the last bar.
_MARGIN: Final = 14.0
# So many days and no more show which of them are free.
_MOST_FREE: Final = 200
# A chart with more links than rows by this factor is a thicket; then none is drawn.
_THICKET: Final = 6


@dataclass(frozen=True, slots=True)
class Page:
    """The width of a drawing and the height that its pages may have."""

    width: float
    height: float

    @property
    def rows(self) -> int:
        """How many rows a page holds."""
        return int((self.height - _HEAD - _FOOT) // _ROW)


PAPERS: Final = {"a4": Page(786, 536), "a3": Page(1135, 784)}


def gantt_losses(contents: PlanContents) -> list[Loss]:
    """What a picture does not show."""
    found: Counter[tuple[str, str]] = Counter()
    found["resource", "a chart shows tasks, dependencies and the last baseline"] = len(contents.resources)
    found["calendar", "a chart shows tasks, dependencies and the last baseline"] = len(contents.calendars)
    found["baseline", "the last one alone"] = max(len(contents.baselines) - 1, 0)
    return counted(found)


def write_gantt(contents: PlanContents, language: Language) -> Iterator[bytes]:
    """The whole plan as one picture, in pieces."""
    chart = _Chart(contents, PAPERS["a3"].width, language)
    for part in chart.picture(contents.tasks):
        yield part.encode()


def gantt_pages(contents: PlanContents, paper: str, language: Language) -> list[str]:
    """The plan as a picture for each page of that paper, in landscape."""
    page = PAPERS[paper]
    chart = _Chart(contents, page.width, language)
    tasks = contents.tasks
    slices = [tasks[at : at + page.rows] for at in range(0, len(tasks), page.rows)] or [[]]
    return ["".join(chart.picture(each)) for each in slices]


class _Chart:
    def __init__(self, contents: PlanContents, width: float, language: Language) -> None:
        self.contents = contents
        self.width = width
        self.language = language
        self.font = regular_font()
        last = contents.baselines[-1].rows if contents.baselines else ()
        self.baseline: dict[UUID, BaselineRow] = {row.task_id: row for row in last}
        self.name = LABELS.text("gantt.title", language, name=contents.project.name)
        # The chart takes the larger part, and the titles what is left.
        self.left = round(width * 0.42)
        self.axis = self._axis()
        self.heads = self._heads()

    def _axis(self) -> TimeAxis:
        tasks = self.contents.tasks
        moments = [task.start for task in tasks] + [task.finish for task in tasks]
        for row in self.baseline.values():
            moments += (row.start, row.finish)
        first, last = (min(moments).date(), max(moments).date()) if moments else (date(2000, 1, 3), date(2000, 1, 7))
        return TimeAxis(first, last, self.left, self.width - self.left - _MARGIN)

    def picture(self, tasks: Sequence[ExportedTask]) -> Iterator[str]:
        """The drawing of these rows, in parts."""
        bottom = _HEAD + _ROW * max(len(tasks), 1)
        yield svg.opened(self.width, bottom + _FOOT, self.name)
        yield svg.rectangle(0, 0, self.width, bottom + _FOOT, "#ffffff")
        yield from self._background(bottom)
        yield self.heads
        if not tasks:
            yield svg.text(LABELS.text("gantt.empty", self.language), 0, _HEAD + 9, _SIZE, fill=svg.MUTED)
        gathered = []
        for number, task in enumerate(tasks):
            gathered.append(self._row(task, _HEAD + _ROW * number))
            if len(gathered) == _ROWS_AT_ONCE:
                yield "".join(gathered)
                gathered.clear()
        yield "".join(gathered)
        yield from self._links(tasks)
        yield self._legend(bottom)
        yield "</svg>"

    # Head and background

    def _heads(self) -> str:
        parts = [svg.line(0, _HEAD, self.width, _HEAD, stroke=svg.PLAN, width=0.8)]
        at = 0.0
        dates = self.left - _GAP - 2 * _DATE
        for code, x in (("wbs_code", at), ("title", _WBS), ("start", dates), ("finish", dates + _DATE)):
            words = LABELS.text(f"column.{code}", self.language)
            parts.append(svg.text(words, x, _HEAD - 6, _SMALL, fill=svg.MUTED, font_weight=700))
        for tick in self.axis.coarser(self.language):
            parts.append(svg.line(tick.x, 4, tick.x, _HEAD, stroke=svg.PLAN))
            if self.font.width(tick.label, _SIZE) * 1.1 + 5 < tick.end - tick.x:
                parts.append(svg.text(tick.label, tick.x + 3, 13, _SIZE, font_weight=700))
        finer = self.axis.finer(self.language)
        parts += [svg.line(tick.x, 18, tick.x, _HEAD) for tick in finer]
        parts += [svg.text(tick.label, tick.x + 2, _HEAD - 6, _SMALL, fill=svg.MUTED) for tick in self._legible(finer)]
        return "".join(parts)

    def _legible(self, ticks: Sequence[Tick]) -> Sequence[Tick]:
        """Every n-th tick, so that labels do not touch; none that the edge cuts to less than its label."""
        if not ticks:
            return ticks
        widest = max(self.font.width(tick.label, _SMALL) for tick in ticks) + 4
        spacing = max((ticks[-1].x - ticks[0].x) / max(len(ticks) - 1, 1), 0.01)
        stride = 1
        while spacing * stride < widest and stride < len(ticks):
            stride += 1
        chosen = ticks[::stride]
        return [
            tick
            for number, tick in enumerate(chosen)
            if (chosen[number + 1].x if number + 1 < len(chosen) else self.width) - tick.x >= widest
        ]

    def _background(self, bottom: float) -> Iterator[str]:
        """The days on which the project does not work, the divisions of the axis, the status date."""
        axis, time = self.axis, self.contents.working_times.get("project")
        if time is not None and axis.days <= _MOST_FREE:
            for number in range(axis.days):
                day = axis.first + timedelta(days=number)
                try:
                    works = bool(time.periods(day_number(day), day_number(day) + 1))
                except NoWorkingTime:
                    break
                if not works:
                    x = axis.of_day(day)
                    yield svg.rectangle(x, _HEAD, axis.of_day(day + timedelta(days=1)) - x, bottom - _HEAD, svg.FREE)
        for tick in axis.finer(self.language):
            yield svg.line(tick.x, _HEAD, tick.x, bottom, width=0.4)
        status = self.contents.project.status_date
        if status is not None and axis.first <= status.date() <= axis.last:
            x = axis.x(status)
            yield svg.line(x, _HEAD - 3, x, bottom, stroke=svg.ADVERSE, width=0.8, dash="3 2")

    # Rows

    def _row(self, task: ExportedTask, top: float) -> str:
        parts = [svg.line(0, top + _ROW, self.width, top + _ROW, width=0.3)]
        base = top + 9
        weight: dict[str, str | float] = {"font_weight": 700} if task.summary else {}
        fill = svg.ADVERSE if task.critical and not task.summary else svg.INK if task.active else svg.MUTED
        indent = _WBS + _INDENT * min(task.outline_level - 1, _DEEPEST)
        dates = self.left - _GAP - 2 * _DATE
        # Bold runs about a tenth wider than the regular weight that is measured here.
        room = (dates - 4 - indent) / (1.1 if task.summary else 1.0)
        wbs = self.font.clipped(svg.one_line(task.wbs_code), _SMALL, _WBS - 3)
        parts.append(svg.text(wbs, 0, base, _SMALL, fill=svg.MUTED))
        title = self.font.clipped(svg.one_line(task.title), _SIZE, room)
        parts.append(svg.text(title, indent, base, _SIZE, **{"fill": fill, **weight}))
        for number, moment in enumerate((task.start, task.finish)):
            written = format_date(moment.date(), self.language)
            parts.append(svg.text(written, dates + _DATE * number, base, _SMALL, fill=svg.MUTED))
        return "".join((*parts, *self._bar(task, top)))

    def _bar(self, task: ExportedTask, top: float) -> Iterator[str]:
        axis, baseline = self.axis, self.baseline.get(task.id)
        left, right = axis.x(task.start), axis.x(max(task.finish, task.start))
        if task.milestone:
            if baseline is not None and abs(axis.x(baseline.finish) - right) > 1:
                yield svg.diamond(axis.x(baseline.finish), top + 6.5, 3.2, "#ffffff", svg.PLAN)
            yield svg.diamond(right, top + 6.5, 4, svg.ADVERSE if task.critical else svg.INK)
            return
        if baseline is not None and not task.summary:
            start = axis.x(baseline.start)
            yield svg.rectangle(start, top + 10, max(axis.x(baseline.finish) - start, 1), 1.5, svg.PLAN)
        width = max(right - left, 1.2)
        if task.summary:
            yield svg.rectangle(left, top + 3.5, width, 3.4, svg.INK)
            corner = min(2.6, width / 2)
            for x, towards in ((left, corner), (left + width, -corner)):
                yield svg.polygon([(x, top + 3.5), (x, top + 9.5), (x + towards, top + 6.9)], svg.INK)
            return
        light, full = (svg.ADVERSE_LIGHT, svg.ADVERSE) if task.critical else (svg.TASK, svg.ACCENT)
        if not task.active:
            light = full = svg.RULE
        yield svg.rectangle(left, top + 3, width, 6.2, light, radius=1)
        if task.percent_complete:
            yield svg.rectangle(left, top + 3, width * task.percent_complete / 100, 6.2, full, radius=1)

    # Links

    def _links(self, tasks: Sequence[ExportedTask]) -> Iterator[str]:
        """The links between rows of this drawing, unless they are so many that nobody could follow them."""
        place = {task.id: number for number, task in enumerate(tasks)}
        found = [
            (link, place[link.predecessor_id], place[task.id])
            for task in tasks
            for link in self.contents.links_by_successor.get(task.id, ())
            if link.predecessor_id in place
        ]
        if len(found) > _THICKET * max(len(tasks), 1):
            return
        gathered = []
        for link, above, below in found:
            gathered.append(self._link(link, tasks[above], tasks[below], above, below))
            if len(gathered) == _ROWS_AT_ONCE:
                yield "".join(gathered)
                gathered.clear()
        yield "".join(gathered)

    def _link(self, link: PlanLink, predecessor: ExportedTask, successor: ExportedTask, above: int, below: int) -> str:
        """An angled line from the end that drives to the end that is driven, with an arrow's head."""
        from_finish, to_start = link.dependency_type.startswith("finish"), link.dependency_type.endswith("start")
        x1 = self.axis.x(predecessor.finish if from_finish else predecessor.start)
        x2 = self.axis.x(successor.start if to_start else successor.finish)
        if successor.milestone:
            x2 += -4 if to_start else 4
        y1, y2 = _HEAD + _ROW * above + 6.2, _HEAD + _ROW * below + 6.2
        both = predecessor.critical and successor.critical
        stroke = svg.ADVERSE if both else svg.PLAN
        out, back = (3.0 if from_finish else -3.0), (-3.0 if to_start else 3.0)
        straight = to_start and from_finish and x2 - x1 >= 5
        if straight:
            # Down from above the bar's beginning, as far as the row of the other.
            turn = min(x1 + out, x2 - 3)
            points = [(x1, y1), (turn, y1), (turn, y2), (x2, y2)]
        else:
            half = y2 - (_ROW / 2 if y2 > y1 else -_ROW / 2)
            points = [(x1, y1), (x1 + out, y1), (x1 + out, half), (x2 + back, half), (x2 + back, y2), (x2, y2)]
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        head = -2.2 if to_start else 2.2
        return svg.element(
            "polyline", points=drawn, fill="none", stroke=stroke, stroke_width=0.5, stroke_opacity=0.8
        ) + svg.polygon([(x2, y2), (x2 + head, y2 - 1.4), (x2 + head, y2 + 1.4)], stroke)

    # Legend

    def _legend(self, bottom: float) -> str:
        y, x = bottom + 14, 0.0
        parts: list[str] = []

        def caption(code: str, drawn: str, room: float, **values: object) -> None:
            nonlocal x
            words = LABELS.text(code, self.language, **values)
            parts.extend((drawn, svg.text(words, x + room, y, _SMALL, fill=svg.MUTED)))
            x += room + self.font.width(words, _SMALL) + 14

        for code, fill in (("gantt.task", svg.TASK), ("gantt.done", svg.ACCENT), ("gantt.critical", svg.ADVERSE)):
            caption(code, svg.rectangle(x, y - 5, 12, 5, fill, radius=1), 16)
        caption("gantt.summary", svg.rectangle(x, y - 4, 12, 3, svg.INK), 16)
        caption("gantt.milestone", svg.diamond(x + 4, y - 2.4, 3.4, svg.INK), 11)
        if self.baseline:
            caption("gantt.baseline", svg.rectangle(x, y - 3, 12, 1.5, svg.PLAN), 16)
        status = self.contents.project.status_date
        if status is not None:
            drawn = svg.line(x + 3, y - 7, x + 3, y + 1, stroke=svg.ADVERSE, width=0.8, dash="3 2")
            caption("gantt.status_date", drawn, 8, date=format_date(status.date(), self.language))
        return "".join(parts)
