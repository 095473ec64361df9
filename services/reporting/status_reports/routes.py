"""HTTP of this area: path, status, one call."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import orjson
from fastapi import Query, Request
from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.downloads import download_headers
from services.kernel.language import Language
from services.kernel.problems import NotFound
from services.kernel.requests import Reading, RequestContext, context_of
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing
from services.reporting.status_reports import use_cases
from services.reporting.status_reports.kinds import STATUS_REPORT_DRAFT, STATUS_REPORT_PUBLISH, STATUS_REPORT_SIGN
from services.reporting.status_reports.pdf_worker import PdfWorker
from services.reporting.status_reports.rendering.figures import Signature, StatusReportFigures
from services.reporting.status_reports.rendering.html import render_html
from services.reporting.status_reports.repository import REPORTS, keep_pdf, kept_pdf, readable_report
from services.reporting.status_reports.schemas import NewStatusReport, StatusReportPatch, StatusReportShape
from services.reporting.status_reports.status_report import ReportState

router = area_router("status reports")

# The page runs nothing and fetches nothing, whatever somebody wrote into a report.
_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_Answers = dict[int | str, dict[str, Any]]
LanguageChoice = Annotated[Language | None, Query(description="Instead of Accept-Language.")]
_PAGE: _Answers = {
    200: {"content": {"text/html": {"schema": {"type": "string"}}}, "description": "The report as one page."}
}
_PDF: _Answers = {
    200: {
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        "description": "PDF/A-2b.",
    }
}
_DOCUMENT: _Answers = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}, "description": "What was signed."}
}


@router.get(
    "/v1/projects/{project_id}/status-reports",
    response_model=Listing[StatusReportShape],
    openapi_extra={"parameters": REPORTS.list_parameters()},
)
async def list_status_reports(project_id: UUID, read: Reading) -> Response:
    """The project's reports, the newest first; a guest sees those published for the client."""
    return await REPORTS.page(read, project_id)


@router.post("/v1/projects/{project_id}/status-reports/searches", response_model=Listing[StatusReportShape])
async def search_status_reports(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The same list by a combination of conditions."""
    return await REPORTS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/status-reports", status_code=201, response_model=StatusReportShape)
@acts(STATUS_REPORT_DRAFT)
async def draft_status_report(project_id: UUID, new: NewStatusReport, write: Writing) -> Response:
    """Draft a report: people write its texts, its figures are computed from the project's facts."""
    report = await use_cases.draft_report(write.session, project_id, new)
    body = await REPORTS.represent(write.session, report.id)
    return await write.answer(body, status=201, version=report.version, location=f"/v1/status-reports/{report.id}")


@router.get(
    "/v1/status-reports/{report_id}",
    response_model=StatusReportShape,
    openapi_extra={"parameters": REPORTS.object_parameters()},
)
async def get_status_report(report_id: UUID, read: Reading) -> Response:
    """One report with its figures."""
    return await REPORTS.one(read, report_id)


@router.patch("/v1/status-reports/{report_id}", response_model=StatusReportShape)
@acts(STATUS_REPORT_DRAFT)
async def change_status_report(report_id: UUID, patch: StatusReportPatch, write: Writing) -> Response:
    """Change a draft; its figures are computed again."""
    report = await use_cases.change_report(write.session, report_id, write.expected_version, patch)
    return await write.answer(await REPORTS.represent(write.session, report_id), version=report.version)


@router.post("/v1/status-reports/{report_id}/signature", response_model=StatusReportShape)
@acts(STATUS_REPORT_SIGN)
async def sign_status_report(report_id: UUID, write: KeyedWriting) -> Response:
    """Sign: the figures are computed once more, frozen with the texts, and hashed."""
    report = await use_cases.sign_report(write.session, report_id)
    return await write.answer(await REPORTS.represent(write.session, report_id), version=report.version)


@router.post("/v1/status-reports/{report_id}/publication", response_model=StatusReportShape)
@acts(STATUS_REPORT_PUBLISH)
async def publish_status_report(report_id: UUID, write: KeyedWriting) -> Response:
    """Show a signed report to its audience."""
    report = await use_cases.publish_report(write.session, report_id)
    return await write.answer(await REPORTS.represent(write.session, report_id), version=report.version)


@router.get("/v1/status-reports/{report_id}/document", response_class=Response, responses=_DOCUMENT)
async def get_signed_document(report_id: UUID, read: Reading) -> Response:
    """The very bytes that were signed: their SHA-256 is the report's `sha256`."""
    row = await readable_report(read.session, report_id, read.principal.person_id)
    if row["signed_document"] is None:
        raise NotFound
    return Response(
        row["signed_document"].encode(), media_type="application/json", headers={"ETag": f'"{row["sha256"]}"'}
    )


@router.get("/v1/status-reports/{report_id}/page", response_class=Response, responses=_PAGE)
async def get_page(report_id: UUID, read: Reading, language: LanguageChoice = None) -> Response:
    """The report as a page that needs nothing else; a draft says that it is one."""
    chosen = _choose(read.context, language)
    row = await readable_report(read.session, report_id, read.principal.person_id)
    etag = _etag(row, chosen)
    if read.request.headers.get("if-none-match") == etag:
        return Response(b"", 304, {"ETag": etag})
    page = render_html(_signed_figures(row), chosen)
    return Response(page, headers=_PAGE_HEADERS | {"ETag": etag}, media_type="text/html")


@router.get("/v1/status-reports/{report_id}/pdf", response_class=Response, responses=_PDF)
async def get_pdf(report_id: UUID, request: Request, language: LanguageChoice = None) -> Response:
    """The report for the archive. A signed one is set once in each language and kept."""
    context = context_of(request)
    principal, database = context.principal, context.service.database
    chosen = _choose(context, language)
    await context.service.catch_up(request, principal)
    # Setting takes seconds, and no connection waits for it.
    async with database.read(principal.tenant_id) as session:
        row = await readable_report(session, report_id, principal.person_id)
        etag = _etag(row, chosen)
        if request.headers.get("if-none-match") == etag:
            return Response(b"", 304, {"ETag": etag})
        pdf = await kept_pdf(session, report_id, chosen)
    if pdf is None:
        worker: PdfWorker = context.service.resources
        pdf = await worker.render(_signed_figures(row), chosen)
        if row["state"] != ReportState.DRAFT:
            async with database.write(principal) as kept:
                await keep_pdf(kept, report_id, chosen, pdf)
                await kept.commit()
    headers = download_headers(f"status-report-{row['number']}-{chosen}.pdf", "application/pdf")
    return Response(pdf, headers=headers | {"ETag": etag})


def _choose(context: RequestContext, language: Language | None) -> Language:
    """The language asked for, which the answer's Content-Language then names."""
    chosen = language or Language(context.language)
    context.language = chosen.value
    return chosen


def _etag(row: asyncpg.Record, language: Language) -> str:
    return f'"{row["version"]}-{language}"'


def _signed_figures(row: asyncpg.Record) -> StatusReportFigures:
    """The stored figures, under their signature if there is one."""
    figures = StatusReportFigures.from_json(orjson.loads(row["figures"]))
    if row["state"] == ReportState.DRAFT:
        return figures
    signature = Signature(row["signed_by_name"], row["signed_at"], f"sha256:{row['sha256']}")
    return replace(figures, signature=signature)
