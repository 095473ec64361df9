"""A status report as PDF/A-2b (archiving) and PDF/UA-1 (accessible), set by typst from the same contents as the HTML page.

The contents travel to the template as JSON, so nothing that a person wrote is ever read as markup. Typst knows no time
limit: call this in a worker process that has one.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import typst

from services.kernel.font_metrics import FONT_FAMILY, FONT_FOLDER, regular_font
from services.kernel.language import Language
from services.reporting.status_reports.rendering.contents import compose
from services.reporting.status_reports.rendering.figures import StatusReportFigures
from services.reporting.status_reports.rendering.labels import LABELS
from services.reporting.status_reports.rendering.plain_text import breakable, stand_in

_TEMPLATE: Final = Path(__file__).parent / "status_report.typ"

# What typst's own fonts add to ours: Hebrew, Armenian, Georgian, the letters and digits of Arabic and Persian, arrows,
# mathematical and technical signs, box drawing, geometric shapes and check marks. A test sets every one of them.
_TYPST_SHOWS: Final = re.compile(
    "[\u0531-\u0556\u0561-\u0587\u0591-\u05c7\u05d0-\u05ea\u0621-\u063a\u0640-\u0652\u0660-\u066c\u067e\u0686\u0698"
    "\u06a9\u06af\u06cc\u06f0-\u06f9\u10d0-\u10ff\u2190-\u23ff\u2500-\u25ff\u260e\u2611\u2612\u26a0\u2709\u270e\u2713\u2714"
    "\u2717\u2718\u2726\u2794]"
)


def render_pdf(figures: StatusReportFigures, language: Language) -> bytes:
    """Return the report as a PDF file after PDF/A-2b and PDF/UA-1; the same figures and language give the same bytes.

    PDF/A forbids missing glyphs, so a symbol that no font here has is shown by its name in brackets and any other such
    character as U+FFFD; a note with the sources says so. Raises `typst.TypstError` if the template is broken.
    """
    try:
        return _set(figures, figures, language)
    except typst.TypstError:
        # In drawings typst loses track of some letters that carry marks or come from several fonts, and PDF/UA forbids
        # that. Which these are it does not say; in names of single signs of one font there are none.
        if figures.gantt is None:
            raise
        rows = tuple(replace(row, name=_in_one_font(row.name)) for row in figures.gantt.rows)
        return _set(replace(figures, gantt=replace(figures.gantt, rows=rows)), figures, language)


def _set(figures: StatusReportFigures, original: StatusReportFigures, language: Language) -> bytes:
    document = figures.to_json()
    showable = _each_text(document, _showable)
    contents = asdict(compose(StatusReportFigures.from_json(showable), language))
    if showable != original.to_json():
        contents["sources_note"] += " " + LABELS.text("pdf.stand_ins", language, sign="\N{REPLACEMENT CHARACTER}")
    signature = figures.signature
    dated = figures.status_date if signature is None else signature.signed_at
    contents["date"] = {"year": dated.year, "month": dated.month, "day": dated.day}
    contents["font"] = FONT_FAMILY
    return typst.compile(
        _TEMPLATE,
        root=_TEMPLATE.parent,
        font_paths=[FONT_FOLDER],
        ignore_system_fonts=True,
        sys_inputs={"contents": json.dumps(_each_text(contents, breakable), ensure_ascii=False)},
        format="pdf",
        pdf_standards=["a-2b", "ua-1"],
    )


def _each_text(node: Any, change: Callable[[str], str]) -> Any:
    """Return the JSON document with each text changed, but for drawings, which hold their texts as markup."""
    if isinstance(node, dict):
        return {key: part if key == "svg" else _each_text(part, change) for key, part in node.items()}
    if isinstance(node, list | tuple):
        return [_each_text(part, change) for part in node]
    return change(node) if isinstance(node, str) else node


def _in_one_font(text: str) -> str:
    """Return the text composed, without the marks that are left, and with stand-ins for what our own font lacks."""
    font = regular_font()
    single = (sign for sign in unicodedata.normalize("NFC", text) if not unicodedata.category(sign).startswith("M"))
    return "".join(sign if font.covers(sign) or sign.isspace() else stand_in(sign) for sign in single)


def _showable(text: str) -> str:
    """Return the text with stand-ins for what no font at hand can show; line breaks and tabs stay."""
    font = regular_font()
    return "".join(
        character
        if character in "\n\r\t" or font.covers(character) or _TYPST_SHOWS.match(character)
        else stand_in(character)
        for character in text
    )
