"""The rendering of a status report: the same content as HTML and as PDF, whatever people wrote into it."""

import copy
import io
import re
import time
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import defusedxml.ElementTree as SafeTree
import pytest
import typst
from pydantic import ValidationError
from pypdf import PdfReader

from services.kernel.font_metrics import FONT_FOLDER, regular_font
from services.kernel.language import Language
from services.reporting.status_reports.rendering import pdf
from services.reporting.status_reports.rendering.contents import Chart, Table, compose, shown
from services.reporting.status_reports.rendering.figures import CurvePoint, Figure, GanttRow, StatusReportFigures
from services.reporting.status_reports.rendering.gantt import MOST_ROWS, gantt_svg, shown_rows
from services.reporting.status_reports.rendering.html import render_html
from services.reporting.status_reports.rendering.labels import LABELS
from services.reporting.status_reports.rendering.pdf import render_pdf
from services.reporting.status_reports.rendering.plain_text import breakable, one_line, paragraphs, printable, stand_in
from services.reporting.status_reports.rendering.s_curve import divisions, s_curve_svg
from services.reporting.status_reports.rendering.time_scale import TimeScale

EN, NB = Language.ENGLISH, Language.NORWEGIAN
STATUS_DATE = date(2026, 9, 25)


def figure(value: str | None, unit: str, source: str = "planning", position: int = 204) -> dict[str, Any]:
    return {"value": value, "unit": unit, "source": source, "position": position}


def make_document(text: str = "Switchgear") -> dict[str, Any]:
    """Return a report with every part in it and `text` wherever a person writes."""

    def money(amount: str) -> dict[str, Any]:
        return figure(amount, "NOK", "reporting", 1187)

    def ratio(value: str | None) -> dict[str, Any]:
        return figure(value, "ratio", "reporting", 1187)

    row = {"wbs": "1.1", "name": text, "level": 2, "start": "2026-03-02", "finish": "2026-10-30"}
    return {
        "project": {"name": text, "key": "LIA-27", "manager": text},
        "period": {"start_date": "2026-08-29", "finish_date": "2026-09-25"},
        "status_date": "2026-09-25",
        "summary": {"progress": f"{text}\nSecond paragraph.", "challenges": text, "decisions_needed": text},
        "schedule": {
            "baseline_finish": figure("2027-04-30", "date"),
            "forecast_finish": figure("2027-05-21", "date"),
            "finish_variance": figure("12", "working_days"),
            "percent_complete": figure("52.4", "percent"),
            "critical_tasks": figure("14", "count"),
        },
        "phase": {
            "current": {"en": "Planning", "nb": "Planlegging"},
            "next_gate": {
                "code": "BP3",
                "title": {"en": text, "nb": text},
                "planned": figure("2026-11-02", "date"),
                "days_until": figure("38", "days"),
            },
            "stopped": False,
            "gates_passed": figure("2", "count"),
            "gates": figure("6", "count"),
        },
        "cost": {
            "budget_at_completion": money("48600000.00"),
            "planned_value": money("27450000.00"),
            "earned_value": money("25466400.00"),
            "actual_cost": money("27017500.00"),
            "cost_performance_index": ratio("0.9426"),
            "schedule_performance_index": ratio(None),
            "estimate_at_completion": money("51560140.00"),
            "variance_at_completion": money("-2960140.00"),
            "earned_schedule": figure("34.6", "weeks", "reporting", 1187),
            "schedule_performance_index_time": ratio("0.9351"),
        },
        "curve": {
            "points": [
                {"day": "2026-03-08", "planned": "1000000.00", "earned": "900000.00", "actual": "950000.00"},
                {"day": "2026-09-25", "planned": "9000000.00", "earned": "8000000.00", "actual": "8500000.00"},
                {"day": "2027-05-21", "planned": "48600000.00", "forecast": "51560140.00"},
            ],
            "unit": "NOK",
            "cited": {"source": "reporting", "position": 1187},
        },
        "gantt": {
            "rows": [
                {**row, "wbs": "1", "level": 1, "summary": True, "percent": "40"},
                {**row, "percent": "60", "baseline_start": "2026-03-02", "baseline_finish": "2026-10-16"},
                {**row, "critical": True, "percent": "10"},
                {**row, "start": "2026-10-30", "milestone": True, "baseline_finish": "2026-10-16"},
            ],
            "cited": {"source": "planning", "position": 204},
        },
        "milestones": [
            {
                "name": text,
                "baseline": figure("2026-11-20", "date"),
                "forecast": figure("2026-12-08", "date"),
                "variance": figure("12", "working_days"),
            }
        ],
        "risks": [
            {
                "title": text,
                "probability": figure("35", "percent", position=198),
                "impact": figure("3200000", "NOK", position=198),
                "exposure": figure("1120000", "NOK", position=199),
                "response": text,
                "owner": text,
            }
        ],
        "proposals": [
            {
                "title": text,
                "proposer": text,
                "age": figure("9", "days", "coordination", 51),
                "impact": text,
                "decidable_by": text,
            }
        ],
        "decisions": [
            {
                "question": text,
                "chosen": text,
                "decided_by": text,
                "decided_date": "2026-09-03",
                "impact": text,
                "cited": {"source": "coordination", "position": 47},
            }
        ],
        "overdue_actions": [
            {
                "title": text,
                "owner": text,
                "due_date": "2026-09-18",
                "days_late": figure("7", "days", "coordination", 51),
            }
        ],
        "goals": [{"name": text, "target": figure("95", text), "current": figure("99.95", "percent", "finance", 12)}],
        "stale_share": figure("4", "percent", "reporting", 1187),
        "signature": {"signed_by": text, "signed_at": "2026-09-28T07:42:11Z", "content_hash": "sha256:9f2c4be07d"},
    }


def make_figures(text: str = "Switchgear", **changes: Any) -> StatusReportFigures:
    return StatusReportFigures.from_json({**make_document(text), **changes})


def pdf_text(document: bytes) -> str:
    """Return the PDF's words with one space between them, without the places where a long word may break."""
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages)
    return " ".join(text.replace("\u200b", "").split())


class Page(HTMLParser):
    """Collects the tags, the attributes and the visible text of an HTML page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "xlink:href"}]

    def handle_data(self, data: str) -> None:
        self.text += data


HOSTILE = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)><base href=//evil>",
    "attribute": "\"' onmouseover=alert(1) x='",
    "svg": "</text></svg><svg onload=alert(1)>",
    "typst": '#eval("1+1") #read("/etc/passwd") $x^2$ *b* _i_ `raw` @ref <label> = h // c \\ #pagebreak()',
    "json": '"},"injected":{"a":"',
    "templates": "{0.__class__} {{7*7}} %n %s ${jndi:ldap://x} {{constructor}}",
    "markdown": "[x](javascript:alert(1)) ![y](data:text/html,z)",
    "crlf": "first\r\nsecond\r\n\r\nthird",
    "controls": "nul\x00 bell\x07 escape\x1b[31m delete\x7f del\x9b surrogate\ud800 end\uffff",
    "right to left": "שלום עולם مرحبا",
    "override": "invoice\u202efdp.exe\u2066x",
    "emoji": "Rocket 🚀 family 👩‍👩‍👧 flag 🇳🇴 warning ⚠️",
    "asian": "中文标题 日本語 한국어",
    "combining": "Z" + "\u0301\u0302\u0303" * 200,
    "css": "</style><style>*{display:none}",
    "blank": " \t ",
    "empty": "",
    "invisible": "\u200b\u200d\u2060\ufeff\ufe0f",
    "byte-order mark": "\ufeffbegun and \ufeffended",
    "unbroken": "W" * 3000,
    "long": "word " * 12_000,
    "many lines": "line\n" * 3000,
}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_is_shown_literally_and_breaks_nothing(text: str, language: Language) -> None:
    hostile = make_figures(text)
    started = time.perf_counter()
    page = Page(render_html(hostile, language))
    assert time.perf_counter() - started < 1
    allowed = Page(render_html(make_figures(), language))
    assert page.tags <= allowed.tags
    assert page.attributes <= allowed.attributes
    assert all(re.fullmatch(r"#source-\d+", link) for link in page.links)
    assert one_line(hostile.project.name) in page.text

    document_bytes = render_pdf(hostile, language)
    assert document_bytes.startswith(b"%PDF-1.7")
    reader = PdfReader(io.BytesIO(document_bytes))
    assert not any("/Annots" in page for page in reader.pages)


@pytest.mark.parametrize("name", ["html", "typst", "templates", "json", "markdown", "css"])
def test_the_pdf_shows_markup_as_it_was_written(name: str) -> None:
    shown_text = pdf_text(render_pdf(make_figures(HOSTILE[name]), EN))
    assert re.sub(r"\s", "", HOSTILE[name]) in re.sub(r"\s", "", shown_text)


@pytest.mark.parametrize("title", ["Å\u030asen", "u\u0308\u0302", "e\u05ae", "\u2337 \u022c", "≠ ≯", "Z\u0488"])
def test_no_title_in_the_chart_keeps_the_pdf_from_being_set(title: str) -> None:
    figures = make_figures()
    assert figures.gantt is not None
    rows = (replace(figures.gantt.rows[0], name=title), replace(figures.gantt.rows[0], name="Gjøre på ny"))
    shown_text = pdf_text(render_pdf(replace(figures, gantt=replace(figures.gantt, rows=rows)), EN))
    assert "Gjøre på ny" in shown_text


def test_the_pdf_names_a_symbol_its_font_lacks_and_says_so() -> None:
    text = pdf_text(render_pdf(make_figures("Launch 🚀 in 中"), EN))
    assert "Launch [rocket] in \ufffd" in text
    assert LABELS.text("pdf.stand_ins", EN, sign="\ufffd") in text
    assert "not in this document's font" not in pdf_text(render_pdf(make_figures("Launch"), EN))


def test_the_html_page_needs_and_runs_nothing() -> None:
    page = render_html(make_figures(), NB)
    assert not Page(page).tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    assert "url(" not in page
    assert "@import" not in page
    assert [match for match in re.findall(r"https?://[^\"' ]+", page) if match != "http://www.w3.org/2000/svg"] == []
    assert "default-src 'none'" in page


@pytest.mark.parametrize("language", list(Language))
def test_the_same_figures_give_the_same_bytes(language: Language) -> None:
    figures = make_figures()
    again = StatusReportFigures.from_json(copy.deepcopy(figures.to_json()))
    assert render_html(figures, language) == render_html(again, language)
    assert render_pdf(figures, language) == render_pdf(again, language)


@pytest.mark.parametrize("language", list(Language))
def test_both_forms_say_everything_in_the_readers_language(language: Language) -> None:
    figures = make_figures()
    page, printed = Page(render_html(figures, language)).text, pdf_text(render_pdf(figures, language))
    composed = compose(figures, language)
    expected = [composed.title, composed.signature_heading, composed.sources_heading]
    for section in composed.sections:
        expected.append(section.heading)
        for block in section.blocks:
            if isinstance(block, Table):
                expected += [column.heading for column in block.columns]
                expected += [cell.text for row in block.rows for cell in row]
    for words in expected:
        plain = " ".join(words.split())
        assert plain in " ".join(page.split())
        assert plain in printed
    other = NB if language is EN else EN
    for code in ("schedule.baseline_finish", "risks.title", "decisions.title", "sources.title", "signature.by"):
        assert LABELS.text(code, other) not in page


def test_every_label_is_in_the_shipped_font() -> None:
    for code in LABELS:
        for language in Language:
            assert all(regular_font().covers(character) for character in _unfilled(code, language))


def _unfilled(code: str, language: Language) -> str:
    names = ("start", "finish", "share", "name", "at", "variance", "total", "shown", "number", "service", "position")
    more = ("source", "week", "quarter", "date", "unit", "sign", "passed", "gates")
    return LABELS.text(code, language, **dict.fromkeys((*names, *more), "x"))


def test_figures_are_written_as_their_unit_and_language_ask() -> None:
    def written(value: str | None, unit: str, language: Language = EN, *, signed: bool = False) -> str:
        return shown(Figure(value, unit, "planning", 1), language, signed=signed).replace("\u00a0", " ")

    assert written("1250000.5", "NOK") == "NOK 1,250,000.50"
    assert written("1250000.5", "NOK", NB, signed=True) == "NOK +1 250 000,50"
    assert written("2026-03-05", "date", NB) == "05.03.2026"
    assert written("99.95", "percent") == "99.95%"
    assert written("60.00", "percent", NB) == "60 %"
    assert written("0.94261", "ratio", NB) == "0,94"
    assert written("12", "working_days", signed=True) == "+12 working days"
    assert written("-1", "working_days", NB) == "\u22121 arbeidsdag"
    assert written("95", "kWh/m²") == "95 kWh/m²"
    assert written(None, "ratio") == "–"


@pytest.mark.parametrize(
    "wrong",
    [
        figure("12,5", "percent"),
        figure("NaN", "ratio"),
        figure("1e9", "NOK"),
        figure("30.04.2027", "date"),
        figure("1", "count", position=-1),
    ],
)
def test_a_figure_that_its_unit_cannot_have_is_refused(wrong: dict[str, Any]) -> None:
    document = make_document()
    document["schedule"]["percent_complete"] = wrong
    with pytest.raises(ValidationError):
        StatusReportFigures.from_json(document)


def test_a_member_nobody_would_see_cannot_be_signed() -> None:
    with pytest.raises(ValidationError):
        make_figures(footnote="hidden")


def test_the_document_survives_a_round_trip() -> None:
    figures = make_figures("Ål < Øl")
    assert StatusReportFigures.from_json(figures.to_json()) == figures
    assert figures.to_json() == StatusReportFigures.from_json(figures.to_json()).to_json()


def test_every_figure_names_its_place_in_the_event_log() -> None:
    composed = compose(make_figures(), EN)
    listed = [tuple(cell.text for cell in row[1:3]) for row in composed.sources.rows]
    assert set(listed) == {
        ("Planning", "204"), ("Reporting", "1187"), ("Coordination", "47"), ("Coordination", "51"),
        ("Planning", "198"), ("Planning", "199"), ("finance", "12"),
    }  # fmt: skip
    assert len(listed) == len(set(listed)) == len(composed.citations)
    tiles = [
        tile
        for section in composed.sections
        for block in section.blocks
        if block.kind == "tiles"
        for tile in block.tiles
    ]
    assert len(tiles) == 15
    assert all(tile.value.sources for tile in [*composed.highlights.tiles, *tiles])
    assert 'title="Planning, position 204"' in render_html(make_figures(), EN)


def test_a_part_of_another_audience_is_left_out_and_an_empty_one_says_none() -> None:
    composed = compose(make_figures(cost=None, curve=None, gantt=None, risks=None, decisions=[]), EN)
    headings = [section.heading for section in composed.sections]
    assert "Top risks" not in headings
    assert "Cost and earned value" not in headings
    page = Page(render_html(make_figures(cost=None, curve=None, gantt=None, risks=None, decisions=[]), EN)).text
    assert "None in this period." in page
    assert "NOK" not in page


@pytest.mark.parametrize(
    ("members", "row"),
    [
        ({}, ["Planlegging", "BP3 Bryter", "02.11.2026", "38 d", "2 av 6"]),
        ({"current": None}, ["Før første port", "BP3 Bryter", "02.11.2026", "38 d", "2 av 6"]),
        ({"next_gate": None}, ["Planlegging", "Ingen port gjenstår", "–", "–", "2 av 6"]),
        ({"next_gate": None, "stopped": True}, ["Stanset", "Ingen port gjenstår", "–", "–", "2 av 6"]),
    ],
)
def test_where_the_project_stands_between_its_gates_is_a_row_of_the_schedule(
    members: dict[str, Any], row: list[str]
) -> None:
    phase = make_document("Bryter")["phase"]
    schedule = compose(make_figures("Bryter", phase=phase | members), NB).sections[1]
    table = schedule.blocks[1]
    assert isinstance(table, Table)
    assert [column.heading for column in table.columns][:2] == ["Fase", "Neste port"]
    assert [cell.text.replace("\u00a0", " ") for cell in table.rows[0]] == row
    assert len(compose(make_figures(phase=None), NB).sections[1].blocks) == len(schedule.blocks) - 1


def test_an_unsigned_report_says_that_it_is_a_draft() -> None:
    draft = make_figures(signature=None)
    assert "Utkast, ikke signert" in Page(render_html(draft, NB)).text
    assert "Draft, not signed" in pdf_text(render_pdf(draft, EN))


def test_the_pdf_is_archivable_and_carries_its_fonts() -> None:
    document = render_pdf(make_figures(), NB)
    reader = PdfReader(io.BytesIO(document))
    assert b"pdfaid:part>2<" in document
    assert b"pdfuaid:part>1<" in document
    assert reader.metadata is not None
    assert reader.metadata.title == "Switchgear – Statusrapport"
    fonts = {font for page in reader.pages for font in page["/Resources"]["/Font"].values()}  # type: ignore[index]
    assert {"NotoSans" in font.get_object()["/BaseFont"] for font in fonts} == {True}


def test_what_typst_is_said_to_show_it_shows() -> None:
    characters = [chr(code) for code in range(0x530, 0x2800) if pdf._TYPST_SHOWS.match(chr(code))]
    assert len(characters) > 1000
    typst.compile(  # type: ignore[call-overload]  # the stub wants the fonts' paths to be of the source's type
        b'#set text(font: "Noto Sans")\n#sys.inputs.text',
        font_paths=[str(FONT_FOLDER)],
        ignore_system_fonts=True,
        sys_inputs={"text": " ".join(characters)},
        pdf_standards="a-2b",
    )


def make_row(number: int, **changes: Any) -> GanttRow:
    start = date(2026, 3, 2) + timedelta(days=number)
    row: dict[str, Any] = {"wbs": str(number), "name": f"Task {number}", "level": 2, "start": start, "finish": start}
    return GanttRow(**{**row, **changes})


def test_a_long_plan_is_cut_to_what_tells_most_and_says_so() -> None:
    rows = [make_row(n, summary=n % 20 == 0, milestone=n % 20 == 5, critical=n % 20 == 7) for n in range(140)]
    kept = shown_rows(rows)
    assert all(row.summary or row.milestone or row.critical for row in kept)
    assert len(kept) == 21
    assert [row.wbs for row in kept] == sorted((row.wbs for row in kept), key=int)
    figures = make_figures(
        gantt={
            "rows": [
                {
                    "wbs": str(n),
                    "name": f"Row {n}",
                    "level": 1,
                    "start": "2026-03-02",
                    "finish": "2026-03-05",
                    "critical": n < 3,
                }
                for n in range(140)
            ],
            "cited": {"source": "planning", "position": 204},
        }
    )
    assert "3 of the plan's 140 rows are shown" in pdf_text(render_pdf(figures, EN))
    assert "3 av planens 140 rader er vist" in render_html(figures, NB)


def test_a_plan_of_critical_tasks_alone_still_fits_a_page() -> None:
    rows = [make_row(n, critical=True, summary=n == 450, level=1 if n == 450 else 3) for n in range(500)]
    kept = shown_rows(rows)
    assert len(kept) == MOST_ROWS
    assert any(row.summary for row in kept)


def test_a_plan_that_fits_is_shown_whole() -> None:
    rows = [make_row(n) for n in range(MOST_ROWS)]
    assert shown_rows(rows) == rows


def test_a_title_is_clipped_to_its_column() -> None:
    drawn = gantt_svg([make_row(1, name="W" * 500)], STATUS_DATE, EN)
    words = re.findall(r">(W+…)<", drawn)
    assert len(words) == 1
    assert regular_font().width(words[0], 8.5) < 200


@pytest.mark.parametrize("days", [0, 1, 20, 124, 125, 400, 920, 2000, 2950, 3000, 40_000, 2_900_000])
@pytest.mark.parametrize("language", list(Language))
def test_the_axis_has_a_readable_number_of_ticks_for_any_span(days: int, language: Language) -> None:
    scale = TimeScale(date(2026, 1, 29), date.fromordinal(date(2026, 1, 29).toordinal() + days), 0, 700)
    ticks = scale.minor(language)
    assert 1 <= len(ticks) <= 33
    assert all(0 <= tick.x <= tick.end <= 700 for tick in ticks)
    assert ticks[-1].end == 700


def test_the_axis_reaches_both_ends_of_the_calendar() -> None:
    for first, last in (
        (date.min, date.max),
        (date.min, date.min),
        (date.max, date.max),
        (date(9999, 11, 3), date.max),
    ):
        scale = TimeScale(first, last, 0, 700)
        assert scale.minor(EN)
        scale.major(NB)


@pytest.mark.parametrize("language", list(Language))
def test_charts_are_well_formed_and_speak_the_language(language: Language) -> None:
    composed = compose(make_figures(), language)
    charts = [block for section in composed.sections for block in section.blocks if isinstance(block, Chart)]
    assert len(charts) == 2
    for chart in charts:
        root = SafeTree.fromstring(chart.svg)
        assert root.get("aria-label") == chart.label
        words = "".join(root.itertext())
        assert LABELS.text("axis.status_date", language, date="").strip() in words
    assert ("mill. NOK" if language is NB else "NOK million") in charts[0].svg


@pytest.mark.parametrize("amounts", [("0", "0"), ("0.01", "0.02"), ("999999999999999999.99", "1"), ("-5", "10")])
def test_an_s_curve_of_any_size_can_be_drawn(amounts: tuple[str, str]) -> None:
    points = tuple(
        CurvePoint(day=STATUS_DATE + timedelta(days=7 * n), planned=Decimal(amount)) for n, amount in enumerate(amounts)
    )
    drawn = SafeTree.fromstring(s_curve_svg(points, "NOK", STATUS_DATE, EN))
    heights = [float(each.get("cy", "0")) for each in drawn.iter() if each.tag.endswith("circle")]
    assert all(each >= 0 for each in heights), heights


@pytest.mark.parametrize("highest", ["1.01", "9.7", "12", "999.99", "1234567.89"])
def test_the_axis_of_an_s_curve_reaches_above_its_highest_amount(highest: str) -> None:
    step, top = divisions(Decimal(highest))
    assert top >= Decimal(highest) > top - step


def test_texts_are_made_fit_for_a_page() -> None:
    assert printable("a\x00b\x1bc\u202ed\ne") == "abcd\ne"
    assert one_line("  a\r\n\tb  ") == "a b"
    assert one_line("x" * 500) == "x" * 240 + "…"
    assert paragraphs("one\r\n\r\n two  words \n") == ["one", "two words"]
    assert breakable("a" * 50).replace("\u200b", "") == "a" * 50
    assert max(map(len, breakable("a" * 500).split("\u200b"))) == 24
    assert breakable("word " * 50) == "word " * 50
    assert (stand_in("\U0001f680"), stand_in("\ufe0f"), stand_in("中")) == ("[rocket]", "", "\ufffd")


def test_texts_are_measured_with_the_shipped_font() -> None:
    font = regular_font()
    assert font.width("ii", 10) < font.width("WW", 10)
    assert font.clipped("short", 8, 100) == "short"
    assert font.width(font.clipped("a long title that does not fit", 8, 60), 8) <= 60
    assert not font.covers("\U0001f680")
