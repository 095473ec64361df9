"""Every SQL statement of this area."""

from uuid import UUID

from sqlalchemy import select

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.money import money_json
from services.kernel.problems import NotFound
from services.kernel.session import WriteSession
from services.planning.risks.risk import Risk, RiskStatus
from services.planning.risks.risk_response import RiskResponse, Strategy

_CREATED = Sort("t.created_at", "instant", nullable=False)
_COSTS = ", ".join(f"'{point}', {money_json(f't.cost_{point}', 't.currency')}" for point in ("low", "likely", "high"))

# What somebody has estimated themselves is no secret to them.
_MAY_SEE_COSTS = "($costs or t.created_by_id = $person)"

RISKS = Collection(
    noun="risk",
    source="risks t",
    columns=object_columns("risk")
    | {
        "project_id": "t.project_id",
        "title": "t.title",
        "cause": "t.cause",
        "event": "t.event",
        "effect": "t.effect",
        "probability": "t.probability::text",
        "schedule_impact_minutes": (
            "json_build_object('low', t.minutes_low, 'likely', t.minutes_likely, 'high', t.minutes_high)"
        ),
        "cost_impact": f"case when {_MAY_SEE_COSTS} then json_build_object({_COSTS}) end",
        "expected_minutes": "t.expected_minutes",
        "expected_cost": f"case when {_MAY_SEE_COSTS} then {money_json('t.expected_cost', 't.currency')} end",
        "trigger_date": "t.trigger_date",
        "owner_id": "t.owner_id",
        "goal_id": "t.goal_id",
        "status": "t.status",
        "external_refs": "t.external_refs",
    },
    filters={
        "status": Filter("t.status", "text", tuple(RiskStatus)),
        "title": Filter("t.title", "text"),
        "probability": Filter("t.probability", "decimal"),
        "expected_minutes": Filter("t.expected_minutes", "integer"),
        "expected_cost": Filter(f"case when {_MAY_SEE_COSTS} then t.expected_cost end", "decimal"),
        "trigger_date": Filter("t.trigger_date", "date"),
        "owner_id": Filter("t.owner_id", "uuid"),
        "goal_id": Filter("t.goal_id", "uuid"),
    },
    sorts={
        "created_at": _CREATED,
        "title": Sort("t.title", "text", nullable=False, by_language=True),
        "probability": Sort("t.probability", "decimal", nullable=False),
        "expected_minutes": Sort("t.expected_minutes", "integer", nullable=False),
        "expected_cost": Sort(f"case when {_MAY_SEE_COSTS} then t.expected_cost end", "decimal"),
        "trigger_date": Sort("t.trigger_date", "date"),
    },
    searched=("t.title", "t.cause", "t.event", "t.effect"),
    viewer_kinds={"update": "risk.record", "respond": "risk.response"},
)
RISK_RESPONSES = Collection(
    noun="risk_response",
    source="risk_responses t",
    columns=object_columns("risk_response")
    | {
        "project_id": "t.project_id",
        "risk_id": "t.risk_id",
        "strategy": "t.strategy",
        "description": "t.description",
        "task_id": "t.task_id",
        "owner_id": "t.owner_id",
    },
    filters={
        "risk_id": Filter("t.risk_id", "uuid"),
        "strategy": Filter("t.strategy", "text", tuple(Strategy)),
        "task_id": Filter("t.task_id", "uuid"),
        "owner_id": Filter("t.owner_id", "uuid"),
    },
    sorts={"created_at": _CREATED},
    searched=("t.description",),
    viewer_kinds={"update": "risk.response"},
)


async def load_risk(session: WriteSession, risk_id: UUID) -> Risk:
    """The risk for a change. Raises NotFound."""
    risk = await session.scalar(select(Risk).where(Risk.tenant_id == session.tenant_id, Risk.id == risk_id))
    if risk is None:
        raise NotFound
    return risk


async def load_risk_response(session: WriteSession, response_id: UUID) -> RiskResponse:
    """The response for a change. Raises NotFound."""
    statement = select(RiskResponse).where(RiskResponse.tenant_id == session.tenant_id, RiskResponse.id == response_id)
    response = await session.scalar(statement)
    if response is None:
        raise NotFound
    return response
