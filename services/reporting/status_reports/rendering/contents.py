"""What a status report says, section by section, in one language: the one source of the HTML page and the PDF.

Every text here is plain; the renderers escape it in their own way. Citations are numbered in order of appearance.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from services.kernel.language import (
    ABSENT,
    NO_BREAK_SPACE,
    Language,
    format_date,
    format_instant,
    format_money,
    format_number,
    format_percent,
)
from services.kernel.money import MINOR_UNITS, Money
from services.reporting.status_reports.rendering.figures import (
    COUNT,
    DAYS,
    PERCENT,
    RATIO,
    WEEKS,
    WORKING_DAYS,
    Citation,
    Cost,
    Figure,
    Phase,
    StatusReportFigures,
    Wording,
)
from services.reporting.status_reports.rendering.gantt import gantt_svg, shown_rows
from services.reporting.status_reports.rendering.labels import LABELS
from services.reporting.status_reports.rendering.plain_text import one_line, paragraphs
from services.reporting.status_reports.rendering.s_curve import s_curve_svg


@dataclass(frozen=True, slots=True)
class Cell:
    """A text with the numbers of its sources; `adverse` marks what is worse than planned."""

    text: str
    sources: tuple[int, ...] = ()
    adverse: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    """A labelled figure with a word of context."""

    label: str
    value: Cell
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading, its share of the width, and whether it holds numbers."""

    heading: str
    share: float
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Texts:
    """What a person wrote, by paragraph, under its own small heading."""

    heading: str
    paragraphs: list[str]
    emphasised: bool = False
    kind: Literal["texts"] = "texts"


@dataclass(frozen=True, slots=True)
class Tiles:
    """Figures side by side."""

    tiles: list[Tile]
    kind: Literal["tiles"] = "tiles"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; without rows, `empty` stands in their place."""

    columns: list[Column]
    rows: list[list[Cell]]
    empty: str
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing in SVG, with a label for those who cannot see it and a caption that names its source."""

    svg: str
    label: str
    caption: str
    sources: tuple[int, ...]
    note: str = ""
    kind: Literal["chart"] = "chart"


Block = Texts | Tiles | Table | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it; `own_page` asks print for a new page."""

    heading: str
    blocks: list[Block]
    own_page: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """The whole report in reading order; `citations` holds a hover text for each source number, from 1."""

    language: str
    title: str
    project: str
    key: str
    facts: list[tuple[str, str]]
    signed: str
    is_signed: bool
    highlights: Tiles
    sections: list[Section]
    signature: list[tuple[str, str]]
    signature_heading: str
    signature_note: str
    sources_heading: str
    sources_note: str
    sources: Table
    citations: list[str]
    page: str


def shown(figure: Figure, language: Language, *, signed: bool = False, whole: bool = False) -> str:
    """Write a figure as its unit asks: a day, money, percent, an index to two decimals, a count of days or weeks.

    `signed` puts a plus before what is above zero, `whole` leaves the minor units of a thousand and more out.
    """
    if figure.day is not None:
        return format_date(figure.day, language)
    number = figure.number
    if number is None:
        return ABSENT
    plus = "+" if signed and number > 0 else ""
    unit = figure.unit
    if unit in MINOR_UNITS:
        written = format_money(Money.rounded(number, unit), language, whole=whole and abs(number) >= 1000)
        return written.replace(NO_BREAK_SPACE, NO_BREAK_SPACE + plus, 1)
    if unit == PERCENT:
        return plus + format_percent(number, language, min(_decimals(number), 2))
    if unit == RATIO:
        return plus + format_number(number, language, 2)
    written = plus + format_number(number, language, min(_decimals(number), 3))
    if unit == COUNT:
        return written
    if unit in {WORKING_DAYS, DAYS, WEEKS}:
        code = "working_day" if unit == WORKING_DAYS and abs(number) == 1 else unit
        return LABELS.text(f"unit.{code}", language, number=written).replace(" ", NO_BREAK_SPACE)
    return f"{written}{NO_BREAK_SPACE}{one_line(unit, 24)}".rstrip()


def _visible(text: str) -> bool:
    return any(character.isprintable() and not character.isspace() for character in one_line(text))


def _decimals(number: Decimal) -> int:
    """Return how many decimals a number needs: none for 12.00, one for 12.50."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


class _Sources:
    """Numbers the places that figures came from in order of appearance, and remembers what each was used for."""

    def __init__(self) -> None:
        self._cited: dict[tuple[str, int], tuple[int, list[str]]] = {}

    def cite(self, cited: Figure | Citation, use: str) -> tuple[int, ...]:
        """Return the number of the figure's place, as a cell's sources."""
        place = (cited.source, cited.position)
        number, uses = self._cited.setdefault(place, (len(self._cited) + 1, []))
        if use not in uses:
            uses.append(use)
        return (number,)

    def places(self) -> Iterator[tuple[str, int, list[str]]]:
        """Yield source, position and uses of number 1, 2, …"""
        for (source, position), (_, uses) in self._cited.items():
            yield source, position, uses


class _Composer:
    """One composition: the figures, the language, and the sources met so far."""

    def __init__(self, figures: StatusReportFigures, language: Language) -> None:
        self.figures = figures
        self.language = language
        self.sources = _Sources()

    def tell(self, code: str, **values: object) -> str:
        return LABELS.text(code, self.language, **values)

    def tile(
        self, code: str, figure: Figure, *, use: str = "", signed: bool = False, adverse: bool = False, detail: str = ""
    ) -> Tile:
        """Return a figure under its label; `use` is the label the list of sources gives it."""
        text = shown(figure, self.language, signed=signed, whole=True)
        cell = Cell(text, self.sources.cite(figure, self.tell(use or code)), adverse)
        return Tile(self.tell(code), cell, detail)

    def row(self, use: str, *contents: str | Figure, late: int | None = None) -> list[Cell]:
        """Return a table's row. A citation stands once, at the first of neighbouring figures from the same place.

        `late` is the cell whose number is a delay: signed, and adverse above zero.
        """
        cells: list[Cell] = []
        before: tuple[int, ...] = ()
        for n, content in enumerate(contents):
            if isinstance(content, str):
                cells.append(Cell(one_line(content)))
                continue
            cited = self.sources.cite(content, self.tell(use))
            text = shown(content, self.language, signed=n == late, whole=True)
            cells.append(Cell(text, cited if cited != before else (), n == late and (content.number or 0) > 0))
            before = cited
        return cells

    def table(self, columns: Sequence[Column], rows: list[list[Cell]]) -> Table:
        named = [Column(self.tell(column.heading), column.share, column.numeric) for column in columns]
        return Table(named, rows, self.tell("report.none"))

    def chart(self, drawn: str, title: str, cited: Citation, note: str = "") -> Chart:
        source = self.tell("sources.citation", service=self._service(cited.source), position=cited.position)
        return Chart(drawn, title, self.tell("sources.caption", source=source), self.sources.cite(cited, title), note)

    def highlights(self) -> Tiles:
        """Return the handful of figures that a reader with ten seconds takes away."""
        schedule, cost = self.figures.schedule, self.figures.cost
        slip = schedule.finish_variance.number
        against = ""
        if slip is not None:
            variance = shown(schedule.finish_variance, self.language, signed=True)
            against = (
                self.tell("schedule.against_baseline", variance=variance) if slip else self.tell("schedule.on_baseline")
            )
        tiles = [
            self.tile("schedule.percent_complete", schedule.percent_complete),
            self.tile("schedule.forecast_finish", schedule.forecast_finish, adverse=(slip or 0) > 0, detail=against),
        ]
        if cost is None:
            return Tiles([*tiles, self.tile("schedule.critical_tasks", schedule.critical_tasks)])
        margin = cost.variance_at_completion.number
        detail = ""
        if margin is not None:
            # VAC is what is left of the budget; a reader expects the forecast's distance from the budget instead.
            excess = Figure(format(-margin, "f"), cost.variance_at_completion.unit, "", 0)
            variance = shown(excess, self.language, signed=True, whole=True)
            detail = self.tell("cost.against_budget", variance=variance)
        eac = cost.estimate_at_completion
        return Tiles(
            [
                *tiles,
                self._index("cost.spi_t_short", "cost.spi_t", cost.schedule_performance_index_time),
                self._index("cost.cpi_short", "cost.cpi", cost.cost_performance_index),
                self.tile("cost.eac_short", eac, use="cost.eac", adverse=(margin or 0) < 0, detail=detail),
            ]
        )

    def _index(self, code: str, use: str, figure: Figure) -> Tile:
        number = figure.number
        poor = number is not None and number < 1
        detail = "" if number is None else self.tell("cost.index_poor" if poor else "cost.index_good")
        return self.tile(code, figure, use=use, adverse=poor, detail=detail)

    def summary(self) -> Section:
        written = self.figures.summary
        nothing = [self.tell("report.nothing_written")]
        return Section(
            self.tell("summary.title"),
            [
                Texts(self.tell("summary.progress"), paragraphs(written.progress) or nothing),
                Texts(self.tell("summary.challenges"), paragraphs(written.challenges) or nothing),
                Texts(self.tell("summary.decisions_needed"), paragraphs(written.decisions_needed) or nothing, True),
            ],
        )

    def schedule(self) -> Section:
        schedule = self.figures.schedule
        late = (schedule.finish_variance.number or 0) > 0
        blocks: list[Block] = [
            Tiles(
                [
                    self.tile("schedule.baseline_finish", schedule.baseline_finish),
                    self.tile("schedule.forecast_finish", schedule.forecast_finish),
                    self.tile("schedule.finish_variance", schedule.finish_variance, signed=True, adverse=late),
                    self.tile("schedule.percent_complete", schedule.percent_complete),
                    self.tile("schedule.critical_tasks", schedule.critical_tasks),
                ]
            )
        ]
        if self.figures.phase is not None:
            blocks.append(self.phase(self.figures.phase))
        if self.figures.milestones is not None:
            columns = [
                Column("milestone.name", 4),
                Column("milestone.baseline", 1.6, True),
                Column("milestone.forecast", 1.6, True),
                Column("milestone.variance", 1.9, True),
            ]
            rows = [
                self.row("milestones.title", row.name, row.baseline, row.forecast, row.variance, late=3)
                for row in self.figures.milestones
            ]
            blocks.append(self.table(columns, rows))
        return Section(self.tell("schedule.title"), blocks)

    def phase(self, phase: Phase) -> Table:
        """Return the row that says where the project stands between its gates."""
        use, gate = self.tell("phase.title"), phase.next_gate
        columns = [
            Column("phase.current", 2),
            Column("phase.next_gate", 4),
            Column("phase.planned", 1.6, True),
            Column("phase.days_until", 1.5, True),
            Column("phase.passed", 1.5, True),
        ]
        present = self.worded(phase.current) if phase.current is not None else self.tell("phase.before")
        stands = [
            self.tell("phase.stopped") if phase.stopped else present,
            f"{gate.code} {self.worded(gate.title)}" if gate is not None else self.tell("phase.no_gate"),
            *((gate.planned, gate.days_until) if gate is not None else (ABSENT, ABSENT)),
        ]
        passed = self.tell(
            "phase.of", passed=shown(phase.gates_passed, self.language), gates=shown(phase.gates, self.language)
        )
        row = self.row("phase.title", *stands)
        return self.table(columns, [[*row, Cell(passed, self.sources.cite(phase.gates, use))]])

    def worded(self, wording: Wording) -> str:
        """Return what something is called in the report's language."""
        return wording.nb if self.language == Language.NORWEGIAN else wording.en

    def cost(self, cost: Cost) -> Section:
        def below(figure: Figure, limit: int) -> bool:
            return figure.number is not None and figure.number < limit

        cpi, spi, spi_time = (
            cost.cost_performance_index,
            cost.schedule_performance_index,
            cost.schedule_performance_index_time,
        )
        vac = cost.variance_at_completion
        blocks: list[Block] = [
            Tiles(
                [
                    self.tile("cost.bac", cost.budget_at_completion),
                    self.tile("cost.pv", cost.planned_value),
                    self.tile("cost.ev", cost.earned_value),
                    self.tile("cost.ac", cost.actual_cost),
                    self.tile("cost.cpi", cpi, adverse=below(cpi, 1)),
                    self.tile("cost.eac", cost.estimate_at_completion),
                    self.tile("cost.vac", vac, signed=True, adverse=below(vac, 0)),
                    self.tile("cost.es", cost.earned_schedule),
                    self.tile("cost.spi", spi, adverse=below(spi, 1)),
                    self.tile("cost.spi_t", spi_time, adverse=below(spi_time, 1)),
                ]
            )
        ]
        curve = self.figures.curve
        if curve is not None and curve.points:
            title = self.tell("curve.title")
            drawn = s_curve_svg(curve.points, curve.unit, self.figures.status_date, self.language)
            blocks.append(self.chart(drawn, title, curve.cited))
        return Section(self.tell("cost.title"), blocks)

    def registers(self) -> Iterator[Section]:
        """Yield the lists of risks, proposals, decisions, actions and goals that belong to the report."""
        figures = self.figures
        if figures.decisions is not None:
            columns = [
                Column("decision.question", 2.8),
                Column("decision.chosen", 2.8),
                Column("decision.by", 2),
                Column("decision.date", 1.3, True),
                Column("decision.impact", 2.2),
            ]
            use = self.tell("decisions.title")
            rows = [
                [
                    Cell(one_line(row.question), self.sources.cite(row.cited, use)),
                    Cell(one_line(row.chosen)),
                    Cell(one_line(row.decided_by)),
                    Cell(format_date(row.decided_date, self.language)),
                    Cell(one_line(row.impact)),
                ]
                for row in figures.decisions
            ]
            yield Section(use, [self.table(columns, rows)])
        if figures.proposals is not None:
            columns = [
                Column("proposal.title", 3.4),
                Column("proposal.proposer", 1.8),
                Column("proposal.age", 0.8, True),
                Column("proposal.impact", 2.6),
                Column("proposal.decidable_by", 2),
            ]
            rows = [
                self.row("proposals.title", row.title, row.proposer, row.age, row.impact, row.decidable_by)
                for row in figures.proposals
            ]
            yield Section(self.tell("proposals.title"), [self.table(columns, rows)])
        if figures.risks is not None:
            columns = [
                Column("risk.title", 3.2),
                Column("risk.probability", 1.3, True),
                Column("risk.impact", 1.6, True),
                Column("risk.exposure", 1.6, True),
                Column("risk.response", 3),
                Column("risk.owner", 1.5),
            ]
            rows = [
                self.row("risks.title", row.title, row.probability, row.impact, row.exposure, row.response, row.owner)
                for row in figures.risks
            ]
            yield Section(self.tell("risks.title"), [self.table(columns, rows)])
        if figures.overdue_actions is not None:
            columns = [
                Column("action.title", 5),
                Column("action.owner", 2.4),
                Column("action.due", 1.5, True),
                Column("action.late", 1.1, True),
            ]
            rows = [
                self.row("actions.title", row.title, row.owner, format_date(row.due_date, self.language), row.days_late)
                for row in figures.overdue_actions
            ]
            yield Section(self.tell("actions.title"), [self.table(columns, rows)])
        if figures.goals is not None:
            columns = [Column("goal.name", 5), Column("goal.target", 2, True), Column("goal.current", 2, True)]
            rows = [self.row("goals.title", row.name, row.target, row.current) for row in figures.goals]
            yield Section(self.tell("goals.title"), [self.table(columns, rows)])

    def plan(self) -> Iterator[Section]:
        gantt = self.figures.gantt
        if gantt is None or not gantt.rows:
            return
        rows, title = shown_rows(gantt.rows), self.tell("gantt.title")
        note = "" if len(rows) == len(gantt.rows) else self.tell("gantt.cut", total=len(gantt.rows), shown=len(rows))
        drawn = gantt_svg(rows, self.figures.status_date, self.language)
        yield Section(title, [self.chart(drawn, title, gantt.cited, note)], own_page=True)

    def source_table(self) -> Table:
        columns = [
            Column("sources.number", 0.6),
            Column("sources.service", 1.6),
            Column("sources.position", 2.2, True),
            Column("sources.figures", 6),
        ]
        rows = [
            [Cell(str(n)), Cell(self._service(source)), Cell(str(position)), Cell("; ".join(uses))]
            for n, (source, position, uses) in enumerate(self.sources.places(), start=1)
        ]
        return self.table(columns, rows)

    def citations(self) -> list[str]:
        return [
            self.tell("sources.citation", service=self._service(source), position=position)
            for source, position, _ in self.sources.places()
        ]

    def _service(self, source: str) -> str:
        code = f"service.{source}"
        return self.tell(code) if code in LABELS else one_line(source, 60)

    def front_matter(self) -> list[tuple[str, str]]:
        """Return what identifies the report: manager, period, status date, and the share of stale facts if known."""
        figures = self.figures
        start, finish = (
            format_date(day, self.language) for day in (figures.period.start_date, figures.period.finish_date)
        )
        lines = [
            (self.tell("report.manager"), one_line(figures.project.manager)),
            (self.tell("report.period"), self.tell("report.span", start=start, finish=finish)),
            (self.tell("report.status_date"), format_date(figures.status_date, self.language)),
        ]
        if figures.stale_share is not None:
            lines.append((self.tell("report.stale"), shown(figures.stale_share, self.language)))
        return lines

    def signature(self) -> list[tuple[str, str]]:
        signed = self.figures.signature
        if signed is None:
            return []
        return [
            (self.tell("signature.by"), one_line(signed.signed_by)),
            (self.tell("signature.at"), format_instant(signed.signed_at, self.language)),
            (self.tell("signature.hash"), one_line(signed.content_hash)),
        ]


def compose(figures: StatusReportFigures, language: Language) -> Contents:
    """Return the report's contents in reading order: the summary first, the plan and the sources last."""
    composer = _Composer(figures, language)
    tell, signed = composer.tell, figures.signature
    highlights = composer.highlights()
    sections = [composer.summary(), composer.schedule()]
    if figures.cost is not None:
        sections.append(composer.cost(figures.cost))
    sections += [*composer.registers(), *composer.plan()]
    if figures.stale_share is not None:
        composer.sources.cite(figures.stale_share, tell("report.stale"))
    unsigned = tell("report.unsigned")
    return Contents(
        language=language.value,
        title=tell("report.title"),
        # A heading without a word in it is none: PDF/UA refuses it, and so would a reader.
        project=one_line(figures.project.name) if _visible(figures.project.name) else ABSENT,
        key=one_line(figures.project.key, 40),
        facts=composer.front_matter(),
        signed=unsigned
        if signed is None
        else tell("report.signed", name=one_line(signed.signed_by), at=format_instant(signed.signed_at, language)),
        is_signed=signed is not None,
        highlights=highlights,
        sections=sections,
        signature=composer.signature(),
        signature_heading=tell("signature.title"),
        signature_note=unsigned if signed is None else tell("signature.note"),
        sources_heading=tell("sources.title"),
        sources_note=tell("sources.note"),
        sources=composer.source_table(),
        citations=composer.citations(),
        page=tell("report.page"),
    )
