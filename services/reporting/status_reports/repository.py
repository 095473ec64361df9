"""Every SQL statement of this area."""

from collections.abc import Collection as AnyOf
from uuid import UUID

import asyncpg
from sqlalchemy import select

from services.kernel.access import knows_project, sees_costs, sees_project
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.reporting.status_reports.status_report import StatusReport


def sees_report(project_column: str, person_parameter: str) -> str:
    """SQL: what was published was decided to be told: to everybody but guests, and for the client to guests, too.

    A report that is not published yet tells of money, so it is for those who see costs.
    """
    shared = f"t.state = 'published' and t.audience = 'client' and {knows_project(project_column, person_parameter)}"
    team = f"t.state = 'published' and {sees_project(project_column, person_parameter)}"
    return f"({sees_costs(project_column, person_parameter)} or ({team}) or ({shared}))"


REPORTS = Collection(
    noun="status_report",
    source="status_reports t",
    visible=sees_report,
    list_visible=knows_project,
    columns=object_columns("status_report")
    | {
        name: f"t.{name}"
        for name in (
            "project_id", "number", "state", "audience", "period_start", "period_end", "progress", "challenges",
            "decisions_needed", "figures", "positions", "sha256", "signed_by_id", "signed_at", "published_at",
        )
    },
    filters={
        "state": Filter("t.state", "text", ("draft", "signed", "published")),
        "audience": Filter("t.audience", "text", ("team", "client")),
        "number": Filter("t.number", "integer"),
        "period_start": Filter("t.period_start", "date"),
        "period_end": Filter("t.period_end", "date"),
        "created_at": Filter("t.created_at", "instant"),
    },
    sorts={
        "created_at": Sort("t.created_at", "instant", nullable=False),
        "number": Sort("t.number", "integer", nullable=False),
        "period_end": Sort("t.period_end", "date", nullable=False),
    },
    default_sort="-number",
    searched=("t.progress", "t.challenges", "t.decisions_needed"),
    viewer_kinds={"update": "status_report.draft", "sign": "status_report.sign", "publish": "status_report.publish"},
)  # fmt: skip


async def load_report(session: WriteSession, report_id: UUID) -> StatusReport:
    """The report, locked for a change. Raises NotFound."""
    report = await session.scalar(
        select(StatusReport)
        .where(StatusReport.tenant_id == session.tenant_id, StatusReport.id == report_id)
        .with_for_update()
    )
    if report is None:
        raise NotFound
    return report


async def next_number(session: WriteSession, project_id: UUID) -> int:
    """The project's next report number; who asks at the same time waits until this transaction has ended."""
    await session.value("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"status_reports {project_id}")
    number: int = await session.value(
        "select coalesce(max(number), 0) + 1 from status_reports where tenant_id = $1 and project_id = $2",
        session.tenant_id,
        project_id,
    )
    return number


async def hold_read_tables(session: WriteSession) -> None:
    """Keep facts from being applied until this transaction ends, so that all figures show one state."""
    await session.rows(
        "select number from inbox_cursors where tenant_id = $1 order by source for share", session.tenant_id
    )


async def names_of(reader: Reader, people: AnyOf[UUID]) -> dict[UUID, str]:
    rows = await reader.rows(
        "select id, name from people where tenant_id = $1 and id = any($2)", reader.tenant_id, list(people)
    )
    return {row["id"]: row["name"] for row in rows}


async def manager_of(reader: Reader, project_id: UUID) -> UUID | None:
    """The project's manager, who is the longest serving where there are several."""
    person_id: UUID | None = await reader.value(
        """select person_id from memberships where tenant_id = $1 and project_id = $2 and role = 'manager'
           order by created_at, person_id limit 1""",
        reader.tenant_id,
        project_id,
    )
    return person_id


async def readable_report(reader: Reader, report_id: UUID, person_id: UUID) -> asyncpg.Record:
    """What a rendering needs of a report that the person may see. Raises NotFound."""
    row = await reader.row(
        f"""select t.id, t.number, t.state, t.version, t.figures::text as figures, t.sha256, t.signed_at, t.signed_by_name,
              t.signed_document
            from status_reports t where t.tenant_id = $1 and t.id = $2 and {sees_report("t.project_id", "$3")}""",
        reader.tenant_id,
        report_id,
        person_id,
    )
    if row is None:
        raise NotFound
    return row


async def kept_pdf(reader: Reader, report_id: UUID, language: str) -> bytes | None:
    pdf: bytes | None = await reader.value(
        "select pdf from renderings where tenant_id = $1 and report_id = $2 and language = $3",
        reader.tenant_id,
        report_id,
        language,
    )
    return pdf


async def keep_pdf(session: WriteSession, report_id: UUID, language: str, pdf: bytes) -> None:
    """Keep the first rendering of a report; whoever set the same one at the same time loses nothing."""
    await session.rows(
        """insert into renderings (tenant_id, report_id, language, pdf) values ($1, $2, $3, $4)
           on conflict do nothing returning true""",
        session.tenant_id,
        report_id,
        language,
        pdf,
    )
