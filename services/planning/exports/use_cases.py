"""What exporting means: a member reads the plan as far as they may see it, and whoever has the file already is told so."""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from starlette.responses import Response, StreamingResponse

from services.kernel.access import require_member
from services.kernel.downloads import download_headers
from services.kernel.font_metrics import FONT_FAMILY
from services.kernel.language import Language, format_date
from services.kernel.requests import Read
from services.planning.exports.export_format import FORMATS, ExportFormat
from services.planning.exports.gantt import gantt_pages
from services.planning.exports.labels import LABELS
from services.planning.exports.pdf_worker import GanttWorker
from services.planning.exports.plan_contents import PlanContents
from services.planning.exports.repository import load_contents, stamp_of

CHARTS = GanttWorker()


async def list_formats(read: Read, project_id: UUID) -> list[dict[str, Any]]:
    """Every format with what of this project it has no place for. Raises NotFound."""
    await require_member(read.session, read.principal, project_id)
    contents = await load_contents(read.session, project_id, read.principal.person_id)
    return [
        {
            "type": "export",
            "format": each.name,
            "media_type": each.media_type,
            "url": f"/v1/projects/{project_id}/exports/{each.name}",
            "losses": [asdict(loss) for loss in each.losses(contents)],
        }
        for each in FORMATS
    ]


async def open_export(
    read: Read, project_id: UUID, chosen: ExportFormat, *variant: str
) -> tuple[str, PlanContents | None]:
    """The ETag of the file in this variant, and what to write; None where the reader has it already. Raises NotFound."""
    await require_member(read.session, read.principal, project_id)
    person_id = read.principal.person_id
    stamp = await stamp_of(read.session, project_id, person_id)
    # Why somebody is away is not for everybody, so nobody has the file that another one has.
    told = "|".join((chosen.name, *variant, stamp, str(person_id)))
    etag = f'"{hashlib.sha256(told.encode()).hexdigest()[:24]}"'
    known = read.request.headers.get("if-none-match", "")
    if known.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return etag, None
    return etag, await load_contents(read.session, project_id, person_id)


async def set_chart(contents: PlanContents, paper: str, language: Language) -> bytes:
    """The chart as a PDF. Raises ExportTookTooLong."""
    # Drawing ten thousand rows takes seconds, and requests are answered by the same loop.
    pages = await asyncio.to_thread(gantt_pages, contents, paper, language)
    status = contents.project.status_date
    return await CHARTS.render(
        {
            "title": contents.project.name,
            "subtitle": ""
            if status is None
            else LABELS.text("gantt.status_date", language, date=format_date(status.date(), language)),
            "font": FONT_FAMILY,
            "language": language.value,
            "paper": paper,
            "page": LABELS.text("gantt.page", language, page="{page}", pages="{pages}"),
            "pages": pages,
        }
    )


def answer(
    chosen: ExportFormat, etag: str, contents: PlanContents | None, parts: Iterable[bytes] = (), suffix: str = ""
) -> Response:
    """The file, streamed; or 304 without contents. It is saved and never shown, whatever somebody wrote into the plan."""
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if contents is None:
        return Response(b"", 304, headers)
    name = f"{contents.project.key}{suffix}.{chosen.ending}"
    headers |= download_headers(name, chosen.media_type) | {"Content-Type": chosen.media_type}
    return StreamingResponse(parts, 200, headers)
