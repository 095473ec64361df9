"""Every SQL statement of this area."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from services.kernel.problems import NotFound
from services.kernel.session import Reader
from services.planning.lint.ground import AssignmentRow, BaselineDates, Ground, ResourceRow
from services.planning.readiness.look_ahead import MissingCode
from services.planning.readiness.repository import unmet_needs, waiting_of
from services.planning.schedule.repository.loading import load_ledger, load_plan


async def load_ground(reader: Reader, project_id: UUID) -> Ground:
    """What the rules look at, of a project. Raises NotFound."""
    arguments = (reader.tenant_id, project_id)
    plan = await load_plan(reader, project_id)
    version = await reader.value("select version from projects where tenant_id = $1 and id = $2", *arguments)
    if version is None:
        raise NotFound
    links = await reader.rows(
        "select id, version from dependencies where tenant_id = $1 and project_id = $2", *arguments
    )
    agreed = await reader.rows(
        """select task_id, start, finish from baseline_tasks where tenant_id = $1 and baseline_id =
             (select id from baselines where tenant_id = $1 and project_id = $2 order by number desc limit 1)""",
        *arguments,
    )
    resources = await reader.rows(
        """select id, version, name, resource_type, standard_rate, person_id from resources
           where tenant_id = $1 and project_id = $2 order by name, id""",
        *arguments,
    )
    assignments = await reader.rows(
        """select id, version, task_id, resource_id, work from assignments
           where tenant_id = $1 and project_id = $2 order by id""",
        *arguments,
    )
    members = await reader.rows(
        """select m.person_id from memberships m join people p on p.tenant_id = m.tenant_id and p.id = m.person_id
           where m.tenant_id = $1 and m.project_id = $2 and m.role <> 'guest' and p.active
             and (m.expires_at is null or m.expires_at > now())
           order by m.role <> 'manager', m.person_id""",
        *arguments,
    )
    cost_code_id = await reader.value(
        "select id from cost_codes where tenant_id = $1 and project_id = $2 order by code limit 1", *arguments
    )
    ledger = await load_ledger(reader, project_id)
    seen_to = {
        (task_id, need.remedies, need.remedies_id)
        for task_id, needs in (await unmet_needs(reader, project_id)).items()
        for need in needs
    }
    waiting = {
        task_id: [each for each in people if (task_id, MissingCode.ACKNOWLEDGEMENT, each) not in seen_to]
        for task_id, people in (await waiting_of(reader, project_id)).items()
    }
    today = datetime.now(UTC).astimezone(ZoneInfo(plan.time_zone)).replace(tzinfo=None, second=0, microsecond=0)
    return Ground(
        plan,
        version,
        plan.status_date or today,
        today,
        {row["id"]: row["version"] for row in links},
        {row["task_id"]: BaselineDates(row["start"], row["finish"]) for row in agreed} or None,
        [ResourceRow(*row) for row in resources],
        [AssignmentRow(*row) for row in assignments],
        [row["person_id"] for row in members],
        ledger.budget,
        ledger.spent,
        cost_code_id,
        waiting,
    )
