"""A status report as one HTML page that needs nothing else: no script, no style sheet, font or picture from outside.

Every text is escaped and stands in its own bidirectional isolate; the charts are SVG with escaped texts.
"""

from html import escape
from pathlib import Path
from typing import Final

from services.kernel.language import Language
from services.reporting.status_reports.rendering.contents import Block, Cell, Contents, Section, Table, Tiles, compose
from services.reporting.status_reports.rendering.figures import StatusReportFigures

_STYLE: Final = (Path(__file__).parent / "status_report.css").read_text(encoding="utf-8")

# The page is complete in itself; whatever else a hostile text might achieve, the browser fetches and runs nothing.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def render_html(figures: StatusReportFigures, language: Language) -> str:
    """Return the report as an HTML document; the same figures and language give the same characters."""
    contents = compose(figures, language)
    sections = "\n".join(_section(section, contents) for section in contents.sections)
    return (
        f'<!DOCTYPE html>\n<html lang="{contents.language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{_text(contents.project)} – {_text(contents.title)}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n"
        f"<main>\n{_masthead(contents)}\n{_tiles(contents.highlights, contents, 'highlights')}\n{sections}\n"
        f"{_signature(contents)}\n{_sources(contents)}\n</main>\n</body>\n</html>\n"
    )


def _text(words: str) -> str:
    return escape(words)


def _isolated(words: str) -> str:
    return f"<bdi>{escape(words)}</bdi>"


def _masthead(contents: Contents) -> str:
    facts = "".join(f"<div><dt>{_text(label)}</dt><dd>{_isolated(value)}</dd></div>" for label, value in contents.facts)
    state = "signed" if contents.is_signed else "unsigned"
    return (
        f'<header>\n<p class="kicker">{_text(contents.title)} <span>{_isolated(contents.key)}</span></p>\n'
        f'<h1>{_isolated(contents.project)}</h1>\n<dl class="facts">{facts}</dl>\n'
        f'<p class="{state}">{_isolated(contents.signed)}</p>\n</header>'
    )


def _cell(cell: Cell, contents: Contents) -> str:
    words = _isolated(cell.text)
    if cell.adverse:
        words = f'<span class="adverse">{words}</span>'
    return words + _citations(cell.sources, contents)


def _citations(sources: tuple[int, ...], contents: Contents) -> str:
    return "".join(
        f'<sup><a href="#source-{n}" title="{_text(contents.citations[n - 1])}">{n}</a></sup>' for n in sources
    )


def _section(section: Section, contents: Contents) -> str:
    kind = ' class="own-page"' if section.own_page else ""
    blocks = "\n".join(_block(block, contents) for block in section.blocks)
    if all(block.kind == "texts" for block in section.blocks):
        blocks = f'<div class="texts">\n{blocks}\n</div>'
    return f"<section{kind}>\n<h2>{_text(section.heading)}</h2>\n{blocks}\n</section>"


def _block(block: Block, contents: Contents) -> str:
    match block.kind:
        case "texts":
            words = "".join(f'<p dir="auto">{_text(paragraph)}</p>' for paragraph in block.paragraphs)
            kind = "emphasised" if block.emphasised else "plain"
            return f'<article class="{kind}"><h3>{_text(block.heading)}</h3>{words}</article>'
        case "tiles":
            return _tiles(block, contents, "figures")
        case "table":
            return _table(block, contents)
        case "chart":
            note = f"<span>{_text(block.note)}</span> " if block.note else ""
            cited = _citations(block.sources, contents)
            caption = f"<figcaption>{note}{_text(block.caption)}{cited}</figcaption>"
            return f"<figure>{block.svg}{caption}</figure>"


def _tiles(block: Tiles, contents: Contents, kind: str) -> str:
    tiles = []
    for tile in block.tiles:
        detail = f'<dd class="detail">{_text(tile.detail)}</dd>' if tile.detail else ""
        tiles.append(f"<div><dt>{_text(tile.label)}</dt><dd>{_cell(tile.value, contents)}</dd>{detail}</div>")
    return f'<dl class="{kind}">{"".join(tiles)}</dl>'


def _table(table: Table, contents: Contents, anchor: str = "") -> str:
    if not table.rows:
        return f'<p class="none">{_text(table.empty)}</p>'
    total = sum(column.share for column in table.columns)
    columns = "".join(f'<col style="width:{100 * column.share / total:.1f}%">' for column in table.columns)
    kinds = [' class="number"' if column.numeric else "" for column in table.columns]
    heading = "".join(
        f'<th scope="col"{kind}>{_text(column.heading)}</th>' for column, kind in zip(table.columns, kinds, strict=True)
    )
    rows = []
    for n, row in enumerate(table.rows, start=1):
        cells = "".join(f"<td{kind}>{_cell(cell, contents)}</td>" for cell, kind in zip(row, kinds, strict=True))
        rows.append(f'<tr id="{anchor}-{n}">{cells}</tr>' if anchor else f"<tr>{cells}</tr>")
    body = "\n".join(rows)
    return (
        f'<div class="wide"><table><colgroup>{columns}</colgroup>\n<thead><tr>{heading}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _signature(contents: Contents) -> str:
    lines = "".join(
        f"<div><dt>{_text(label)}</dt><dd>{_isolated(value)}</dd></div>" for label, value in contents.signature
    )
    listed = f"<dl>{lines}</dl>" if lines else ""
    return (
        f'<section class="signature">\n<h2>{_text(contents.signature_heading)}</h2>\n{listed}'
        f'<p class="note">{_text(contents.signature_note)}</p>\n</section>'
    )


def _sources(contents: Contents) -> str:
    return (
        f'<section class="sources">\n<h2>{_text(contents.sources_heading)}</h2>\n'
        f'<p class="note">{_text(contents.sources_note)}</p>\n{_table(contents.sources, contents, "source")}\n</section>'
    )
