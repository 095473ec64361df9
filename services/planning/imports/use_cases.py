"""Importing a plan: asked for with a file, carried out by a job whose last transaction creates everything or nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from services.kernel.access import require_authority, require_member
from services.kernel.database import is_passing
from services.kernel.ids import new_id
from services.kernel.jobs import JobCancelled, JobRun, enqueue_job
from services.kernel.problems import Problem
from services.kernel.session import WriteSession
from services.kernel.storage import Storage, StoredObject
from services.kernel.stored_files import keep_file, release_file
from services.planning.decisions.decision import Decision
from services.planning.decisions.use_cases import record_acceptance, record_decision
from services.planning.external_refs.repository import Key, owners
from services.planning.imports.events import PLAN_IMPORTED
from services.planning.imports.file_plan import FilePlan, Reading
from services.planning.imports.mspdi import MspdiPlan
from services.planning.imports.mspdi_plan import to_plan
from services.planning.imports.plan_import import Import, PlanAlreadyImported, StoreNotConfigured
from services.planning.imports.repository import (
    IMPORTS,
    import_of_file,
    import_of_object,
    import_of_plan,
    insert_baseline_tasks,
    insert_rows,
    keep_import,
    keep_items,
    known_resources,
    people_of,
    project_frame,
    set_project_frame,
    stored_object,
)
from services.planning.imports.taking_beside import rows_of_baseline, take_beside
from services.planning.imports.taking_over import (
    Known,
    TakenOver,
    baselines_of,
    frame_of,
    options_of,
    reference_of,
    take_over,
)
from services.planning.imports.tandem_json import Beside
from services.planning.imports.upload import PlanFile, read_stored
from services.planning.schedule.baseline import Baseline
from services.planning.schedule.impact import impact_of, measures_of
from services.planning.schedule.network import Plan
from services.planning.schedule.plan_rows import task_row
from services.planning.schedule.repository.loading import (
    baseline_numbers,
    last_baseline_finish,
    load_ledger,
    load_plan,
    lock_plan,
)
from services.planning.schedule.repository.storing import store_plan
from services.planning.schedule.use_cases.baselines import baseline_impact, tell_baseline
from services.planning.schedule.use_cases.plan_changes import parts_of, plan_dates, tell_rest
from services.planning.schedule.working_plan import WorkingPlan

Rows = Sequence[tuple[Any, ...]]

JOB = "import_plan"
# Microsoft Project keeps eleven.
_BASELINE_NUMBERS = range(11)


async def ask_for_import(session: WriteSession, project_id: UUID, file: PlanFile) -> UUID:
    """Enqueue the job. Raises PlanAlreadyImported when the project has taken over the same file before."""
    await require_member(session, session.principal, project_id)
    await require_authority(session, project_id, ["import.plan"])
    await _refuse_known_file(session, project_id, file.stored.sha256)
    arguments = {"project_id": str(project_id), "filename": file.filename, "reading": asdict(file.reading)}
    job_id = await enqueue_job(session, JOB, arguments | asdict(file.stored), project_id)
    await keep_file(session, file.stored, job_id)
    return job_id


async def try_import(session: WriteSession, project_id: UUID, file: PlanFile) -> dict[str, Any]:
    """What the import would make, in a transaction that is not kept: the report, the persons, the first rows."""
    await require_member(session, session.principal, project_id)
    await require_authority(session, project_id, ["import.plan"])
    assert file.plan is not None, "a dry run has read its file"
    source = await asyncio.to_thread(to_plan, file.plan.plan)
    record = await _take_over(session, project_id, file.plan, source, file.filename, file.stored, new_id())
    document: dict[str, Any] = orjson.loads(await IMPORTS.represent(session, record.id))
    shown = ("project_id", "filename", "format", "size", "sha256", "counts", "report")
    return {name: document[name] for name in shown} | {
        "type": "import_preview",
        "people": await people_of(session, record.id),
        "rows": file.plan.rows,
    }


async def import_plan(run: JobRun) -> None:
    """Read, take over, schedule, store. A refusal of any kind leaves nothing behind, the file included."""
    storage: Storage | None = run.resources
    if storage is None:
        raise StoreNotConfigured
    arguments = run.arguments
    stored = stored_object(arguments)
    try:
        await run.report(5, "reading the file")
        lib = run.database.settings.mpxj_lib
        file = await read_stored(storage, stored, arguments["filename"], Reading(**arguments["reading"]), lib)
        source = await asyncio.to_thread(to_plan, file.plan)
        await run.report(40, "scheduling")
        async with run.write() as session:
            project_id = UUID(arguments["project_id"])
            record = await _take_over(session, project_id, file, source, arguments["filename"], stored, run.id)
            result = {"import_id": str(record.id), "counts": record.counts}
            await run.succeed(session, f"/v1/imports/{record.id}", result)
    except (Problem, JobCancelled) as refusal:
        # A job that waits for the store or the database is begun again, and needs its file then.
        if not is_passing(refusal):
            async with run.write() as session:
                await release_file(session, arguments["key"])
            await storage.discard(arguments["key"])
        raise


async def _refuse_known_file(session: WriteSession, project_id: UUID, sha256: str) -> None:
    known = await import_of_file(session, project_id, sha256)
    if known is not None:
        raise PlanAlreadyImported(import_id=str(known))


async def _take_over(
    session: WriteSession,
    project_id: UUID,
    file: FilePlan,
    source: Plan,
    filename: str,
    stored: StoredObject,
    job_id: UUID,
) -> Import:
    """Everything that the file holds and the project does not have, in one transaction with the import's record."""
    mspdi = file.plan
    await require_member(session, session.principal, project_id)
    await lock_plan(session, project_id)
    await _refuse_known_file(session, project_id, stored.sha256)
    if file.frame:
        known_plan = await import_of_plan(session, project_id, mspdi.project.guid)
        if known_plan is not None:
            raise PlanAlreadyImported(import_id=str(known_plan))
    plan = await load_plan(session, project_id)
    was_empty = not plan.tasks
    known = await _known(session, plan, file)
    taken = take_over(plan, source, mspdi, file, known)
    if file.beside is not None:
        take_beside(plan, taken, file.beside)
    if taken.task_ids and not taken.texts:
        made_by = await import_of_object(session, list(taken.task_ids.values()))
        raise PlanAlreadyImported(import_id=made_by and str(made_by))
    frames: dict[str, Any] = {}
    if was_empty and file.frame:
        frames["frame_before"] = await project_frame(session, project_id)
        await insert_rows(session, "calendars", project_id, taken.calendars)
        await _set_frame(session, plan, source, file, taken)
        frames["frame_after"] = await project_frame(session, project_id)
    else:
        await insert_rows(session, "calendars", project_id, taken.calendars)
        if file.frame:
            taken.altered("Project", "dropped", "the project has tasks already and keeps its start, calendar and rules")
    plan.reschedule()
    impact = impact_of(plan, await load_ledger(session, project_id), session.author_id)
    found: dict[int, Rows] = dict(baselines_of(mspdi, plan, taken))
    if file.beside is not None:
        found = {number: rows_of_baseline(number, rows, taken, file.beside) for number, rows in found.items()}
    kinds = ["import.plan", *["baseline.set"] * bool(found)]
    await require_authority(session, project_id, kinds, measures_of(impact), impact)
    await insert_rows(session, "resources", project_id, taken.resources)
    await insert_rows(session, "absences", project_id, taken.absences)
    await store_plan(session, plan, taken.texts)
    await insert_rows(session, "dependencies", project_id, taken.dependencies)
    await insert_rows(session, "assignments", project_id, taken.assignments)
    record = Import(
        id=new_id(),
        project_id=project_id,
        job_id=job_id,
        filename=filename,
        format=file.format,
        storage_key=stored.key,
        size=stored.size,
        sha256=stored.sha256,
        source_guid=mspdi.project.guid,
        counts={
            "tasks": len(taken.texts),
            "dependencies": len(taken.dependencies),
            "resources": len(taken.resources),
            "assignments": len(taken.assignments),
            "calendars": len(taken.calendars),
            "baselines": len(found),
        },
        report=_report(mspdi, taken),
        **frames,
    )
    await keep_file(session, stored)
    await keep_import(session, record)
    await keep_items(session, record.id, taken.made)
    before = await last_baseline_finish(session, project_id)
    known_numbers = await baseline_numbers(session, project_id)
    baselines = _number(session, project_id, found, known_numbers, record.filename, file.beside)
    decision = await _record_decision(session, record, baselines, before, impact)
    _tell(session, plan, record)
    for baseline, rows in baselines:
        baseline.decision_id = decision.id if decision is not None else None
        await _keep_baseline(session, baseline, rows)
    return record


async def _known(session: WriteSession, plan: WorkingPlan, file: FilePlan) -> Known:
    """What of the file the project has already, by external ids, and for persons by their address or else their name."""
    if file.frame:
        return Known()
    references = {uid: found for uid in file.origins if (found := reference_of(file, uid)) is not None}
    keys = sorted(set(references.values()))
    owned: dict[Key, UUID] = {}
    for start in range(0, len(keys), 10_000):
        owned |= await owners(session, keys[start : start + 10_000])
    tasks = {uid: owned[key] for uid, key in references.items() if owned.get(key) in plan.tasks}
    refused = frozenset(uid for uid, key in references.items() if key in owned and uid not in tasks)
    by_address: dict[str, Mapping[str, Any]] = {}
    by_name: dict[str, Mapping[str, Any]] = {}
    if file.plan.resources:
        for row in await known_resources(session, plan.project_id):
            by_address.setdefault((row["email"] or "").lower(), row)
            by_name.setdefault(row["name"], row)
    resources = {}
    for each in file.plan.resources:
        row = by_address.get(each.email.lower()) if each.email else by_name.get(" ".join(each.name.split()))
        if row is not None:
            resources[each.uid] = row
    return Known(tasks, resources, refused)


async def _set_frame(session: WriteSession, plan: WorkingPlan, source: Plan, file: FilePlan, taken: TakenOver) -> None:
    """An empty project takes the file's start, status date, calendar and rules for its own."""
    frame = frame_of(source, file.plan, taken.project_calendar_id) | (
        file.beside.frame if file.beside is not None else {}
    )
    plan.options = options_of(source)
    await set_project_frame(session, plan.project_id, frame | asdict(plan.options))
    plan.start, plan.status_date = frame["start"], frame["status_date"]
    plan.minutes_per_day, plan.critical_float_minutes = frame["minutes_per_day"], frame["critical_float_minutes"]
    plan.calendars["project"] = source.calendars[source.calendar]


def _number(
    session: WriteSession,
    project_id: UUID,
    found: Mapping[int, Rows],
    known: set[int],
    filename: str,
    beside: Beside | None,
) -> list[tuple[Baseline, Rows]]:
    """The file's baselines under their own numbers, or the next where the project has that one already."""
    numbered = []
    taken = set(known)
    for number, rows in sorted(found.items()):
        free = number in _BASELINE_NUMBERS and number not in taken
        own = number if free else max(taken, default=-1) + 1
        taken.add(own)
        name, reason = (beside.baselines if beside is not None else {}).get(
            number, (f"Baseline {number}", f"Imported from {filename}")
        )
        baseline = Baseline(
            id=new_id(),
            project_id=project_id,
            number=own,
            name=name,
            reason=reason,
            set_at=session.now,
            start=min(row[3] for row in rows),
            finish=max(row[4] for row in rows),
        )
        numbered.append((baseline, rows))
    return numbered


async def _record_decision(
    session: WriteSession,
    record: Import,
    baselines: Sequence[tuple[Baseline, Rows]],
    before: datetime | None,
    impact: dict[str, Any],
) -> Decision | None:
    """Others agreed upon the file's baselines; that the project holds to them is decided by whoever imports.

    Without baselines an import is operational, and a decision only where it accepts a proposal.
    """
    question = f"Shall the plan in {record.filename} be taken over?"
    chosen = f"{record.counts['tasks']} tasks taken over"
    record_it = record_acceptance
    if baselines:
        baseline, rows = baselines[-1]
        impact = impact | baseline_impact(baseline.number, len(rows), before, baseline.finish)
        chosen += ", with baseline " + ", ".join(str(each.number) for each, _ in baselines)
        record_it = record_decision
    return await record_it(
        session,
        project_id=record.project_id,
        kind="import.plan",
        question=question,
        chosen=chosen,
        impact=impact,
        subject_type="import",
        subject_id=record.id,
    )


async def _keep_baseline(session: WriteSession, baseline: Baseline, rows: Rows) -> None:
    session.add(baseline)
    await session.flush()
    await insert_baseline_tasks(session, [(baseline.id, *row) for row in rows])
    tell_baseline(session, baseline, [(row[0], *row[3:]) for row in rows])


def _report(mspdi: MspdiPlan, taken: TakenOver) -> list[dict[str, Any]]:
    findings = [asdict(finding) for finding in mspdi.report]
    findings += [
        {"path": path, "count": count, "disposition": disposition, "reason": reason, "examples": []}
        for (path, disposition, reason), count in sorted(taken.alterations.items())
    ]
    return findings


def _tell(session: WriteSession, plan: WorkingPlan, record: Import) -> None:
    parts = parts_of([task for task in plan.tasks.values() if task.id in plan.added])
    for number, part in enumerate(parts, 1):
        data = {
            "import_id": str(record.id),
            "filename": record.filename,
            "tasks": [task_row(task) for task in part],
            "plan": plan_dates(plan.start, plan.finish),
            "part": number,
            "parts": len(parts),
        }
        session.record(PLAN_IMPORTED, "import", record.id, data, project_id=plan.project_id)
    tell_rest(session, plan, "import", skip=0)


JOB_FUNCTIONS = {JOB: import_plan}


def accepted(job_id: UUID) -> bytes:
    """The answer while the job waits."""
    return orjson.dumps({"type": "job", "id": str(job_id), "state": "queued"})
