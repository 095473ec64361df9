"""What people do with status reports. Each function loads, decides, records the fact and leaves the commit to the kernel."""

from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.reporting.status_reports.events import REPORT_DRAFTED, REPORT_PUBLISHED, REPORT_SIGNED, report_data
from services.reporting.status_reports.figures import Evidence, build_figures, read_evidence
from services.reporting.status_reports.repository import REPORTS, hold_read_tables, load_report, names_of, next_number
from services.reporting.status_reports.schemas import NewStatusReport, StatusReportPatch
from services.reporting.status_reports.status_report import Audience, StatusReport


async def draft_report(session: WriteSession, project_id: UUID, new: NewStatusReport) -> StatusReport:
    """A draft over the figures as they are now. Raises PeriodReversed."""
    await require_member(session, session.principal, project_id)
    evidence = await _evidence(session, project_id, new.audience)
    report = StatusReport(
        project_id=project_id,
        state="draft",
        number=await next_number(session, project_id),
        audience=new.audience,
        progress=new.progress,
        challenges=new.challenges,
        decisions_needed=new.decisions_needed,
    )
    report.set_period(new.period_start, new.period_end)
    report.show(build_figures(report, evidence), evidence.registers.positions)
    session.add(report)
    await session.flush()
    await require_authority(session, project_id, ["status_report.draft"])
    session.record(REPORT_DRAFTED, "status_report", report.id, report_data(report), project_id=project_id)
    return report


async def change_report(
    session: WriteSession, report_id: UUID, expected_version: int, patch: StatusReportPatch
) -> StatusReport:
    """Change a draft's words; its figures are computed again. Raises ReportSigned, PeriodReversed."""
    report = await _own(session, report_id)
    await REPORTS.check_version(session, report.id, report.version, expected_version)
    report.require_draft()
    changes = merged(patch)
    # Read before anything changes: every statement flushes, and a version counts one write.
    evidence = await _evidence(session, report.project_id, changes.get("audience", report.audience))
    report.set_period(changes.pop("period_start", report.period_start), changes.pop("period_end", report.period_end))
    for name, value in changes.items():
        setattr(report, name, value)
    report.show(build_figures(report, evidence), evidence.registers.positions)
    await session.flush()
    await require_authority(session, report.project_id, ["status_report.draft"])
    session.record(REPORT_DRAFTED, "status_report", report.id, report_data(report), project_id=report.project_id)
    return report


async def sign_report(session: WriteSession, report_id: UUID) -> StatusReport:
    """Freeze the figures as of now, with the texts, under the signer's name. Raises ReportSigned the second time."""
    report = await _own(session, report_id)
    report.require_draft()
    evidence = await _evidence(session, report.project_id, report.audience)
    signer_id = session.principal.person_id
    names = await names_of(session, [signer_id])
    report.show(build_figures(report, evidence), evidence.registers.positions)
    report.sign(signer_id, names.get(signer_id, ""), session.now)
    await session.flush()
    await require_authority(session, report.project_id, ["status_report.sign"])
    session.record(REPORT_SIGNED, "status_report", report.id, report_data(report), project_id=report.project_id)
    return report


async def publish_report(session: WriteSession, report_id: UUID) -> StatusReport:
    """Show a signed report to its audience. Raises ReportNotSigned, ReportPublished."""
    report = await _own(session, report_id)
    report.publish(session.principal.person_id, session.now)
    await session.flush()
    await require_authority(session, report.project_id, ["status_report.publish"])
    session.record(
        REPORT_PUBLISHED,
        "status_report",
        report.id,
        report_data(report),
        project_id=report.project_id,
        audience="guests" if report.audience == Audience.CLIENT else "members",
    )
    return report


async def _own(session: WriteSession, report_id: UUID) -> StatusReport:
    """The report, for somebody who sees it and is on its project as more than a guest."""
    report = await load_report(session, report_id)
    await REPORTS.require_visible(session, report.id, session.principal.person_id)
    await require_member(session, session.principal, report.project_id)
    return report


async def _evidence(session: WriteSession, project_id: UUID, audience: str) -> Evidence:
    """One state of the read tables, and it holds until this transaction ends."""
    await hold_read_tables(session)
    return await read_evidence(session, project_id, audience, session.now)
