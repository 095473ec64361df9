"""HTTP of this area: path, status, one call."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.collection import whole_list
from services.kernel.language import Language
from services.kernel.requests import Read, Reading, context_of
from services.kernel.schemas import Listing
from services.planning.exports import use_cases
from services.planning.exports.calendar_feed import write_calendar
from services.planning.exports.csv_writer import write_csv
from services.planning.exports.export_format import (
    CSV,
    GANTT_PDF,
    GANTT_SVG,
    ICALENDAR,
    MSPDI,
    TANDEM_JSON,
    XLSX,
    ExportFormat,
)
from services.planning.exports.gantt import write_gantt
from services.planning.exports.mspdi_writer import write_mspdi
from services.planning.exports.project_json import write_project_json
from services.planning.exports.schemas import ExportShape
from services.planning.exports.sheets import SheetName, sheets_of
from services.planning.exports.workbook import write_workbook
from services.planning.imports.tandem_json import TandemDocument

router = area_router("exports")
_Answers = dict[int | str, dict[str, Any]]


def _file(chosen: ExportFormat, description: str) -> _Answers:
    content = {chosen.media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {200: {"content": content, "description": description}}


@router.get("/v1/projects/{project_id}/exports", response_model=Listing[ExportShape])
async def list_exports(project_id: UUID, read: Reading) -> Response:
    """The formats in which the project can be had, each with what of this project it has no place for."""
    return whole_list(read, await use_cases.list_formats(read, project_id))


@router.get(
    "/v1/projects/{project_id}/exports/mspdi",
    response_class=Response,
    responses=_file(MSPDI, "Microsoft Project's XML; an import of it makes the same plan."),
)
async def export_mspdi(project_id: UUID, read: Reading) -> Response:
    """The plan as Microsoft Project's XML. With If-None-Match it is only sent when it has changed."""
    etag, contents = await use_cases.open_export(read, project_id, MSPDI)
    return use_cases.answer(MSPDI, etag, contents, write_mspdi(contents) if contents is not None else ())


@router.get("/v1/projects/{project_id}/exports/tandem-json", response_model=TandemDocument)
async def export_tandem_json(project_id: UUID, read: Reading) -> Response:
    """The plan as JSON that an import takes over into another project, also of another installation."""
    etag, contents = await use_cases.open_export(read, project_id, TANDEM_JSON)
    return use_cases.answer(TANDEM_JSON, etag, contents, write_project_json(contents) if contents is not None else ())


@router.get(
    "/v1/projects/{project_id}/exports/csv",
    response_class=Response,
    responses=_file(CSV, "One table, UTF-8, with the codes of its columns in the first line."),
)
async def export_csv(
    project_id: UUID,
    read: Reading,
    sheet: Annotated[SheetName, Query(description="Which table.")] = SheetName.TASKS,
) -> Response:
    """One table of the plan as CSV. A text that a spreadsheet would take for a formula begins with an apostrophe."""
    etag, contents = await use_cases.open_export(read, project_id, CSV, sheet)
    parts = write_csv(sheets_of(contents)[sheet]) if contents is not None else ()
    return use_cases.answer(CSV, etag, contents, parts, f"-{sheet}")


@router.get(
    "/v1/projects/{project_id}/exports/xlsx",
    response_class=Response,
    responses=_file(XLSX, "Tasks, dependencies, resources, assignments and a Gantt chart in cells."),
)
async def export_xlsx(project_id: UUID, read: Reading) -> Response:
    """The plan as a workbook in the reader's language, with a chart of coloured cells by day, week or month."""
    language = Language(read.context.language)
    etag, contents = await use_cases.open_export(read, project_id, XLSX, language)
    return use_cases.answer(XLSX, etag, contents, write_workbook(contents, language) if contents is not None else ())


@router.get(
    "/v1/projects/{project_id}/exports/icalendar",
    response_class=Response,
    responses=_file(ICALENDAR, "Milestones as whole days, and tasks, in UTC."),
)
async def export_icalendar(
    project_id: UUID,
    read: Reading,
    milestones_only: Annotated[bool, Query(description="Without the other tasks.")] = False,
) -> Response:
    """The plan as a calendar to subscribe to; with If-None-Match it is only sent when it has changed."""
    etag, contents = await use_cases.open_export(read, project_id, ICALENDAR, str(milestones_only))
    parts = write_calendar(contents, milestones_only=milestones_only) if contents is not None else ()
    return use_cases.answer(ICALENDAR, etag, contents, parts)


@router.get(
    "/v1/projects/{project_id}/exports/gantt-svg",
    response_class=Response,
    responses=_file(GANTT_SVG, "One drawing of the whole plan, without scripts and references."),
)
async def export_gantt_svg(project_id: UUID, read: Reading) -> Response:
    """The plan as a Gantt chart, with the last baseline, in the reader's language."""
    language = Language(read.context.language)
    etag, contents = await use_cases.open_export(read, project_id, GANTT_SVG, language)
    return use_cases.answer(GANTT_SVG, etag, contents, write_gantt(contents, language) if contents is not None else ())


@router.get(
    "/v1/projects/{project_id}/exports/gantt-pdf",
    response_class=Response,
    responses=_file(GANTT_PDF, "The chart on pages in landscape."),
)
async def export_gantt_pdf(
    project_id: UUID,
    request: Request,
    paper: Annotated[Literal["a4", "a3"], Query(description="Its size, in landscape.")] = "a4",
) -> Response:
    """The Gantt chart for print; a large plan goes on over pages, each with the head and the legend."""
    context = context_of(request)
    language = Language(context.language)
    await context.service.catch_up(request, context.principal)
    # Setting takes seconds, and no connection waits for it.
    async with context.service.database.read(context.principal.tenant_id) as session:
        read = Read(request, context, session)
        etag, contents = await use_cases.open_export(read, project_id, GANTT_PDF, language, paper)
    pdf = await use_cases.set_chart(contents, paper, language) if contents is not None else b""
    return use_cases.answer(GANTT_PDF, etag, contents, [pdf])
