"""Which nouns other systems feed, and how a body says which of them it is about."""

from collections.abc import Mapping
from typing import Final

from services.kernel.schemas import ExternalRef
from services.kernel.session import WriteSession
from services.planning.budget.use_cases import (
    ACTUAL_UPSERT,
    BUDGET_LINE_UPSERT,
    COMMITMENT_UPSERT,
    COST_CODE_UPSERT,
)
from services.planning.external_refs.upsert import Upserted, Upserting
from services.planning.resources.use_cases import RESOURCE_UPSERT
from services.planning.risks.use_cases import RISK_UPSERT
from services.planning.schedule.use_cases.tasks import TASK_UPSERT
from services.planning.upserts.schemas import AnyUpsert

UPSERTS: Final[Mapping[str, Upserting]] = {
    each.collection.noun: each
    for each in (
        TASK_UPSERT,
        RESOURCE_UPSERT,
        COST_CODE_UPSERT,
        BUDGET_LINE_UPSERT,
        COMMITMENT_UPSERT,
        ACTUAL_UPSERT,
        RISK_UPSERT,
    )
}
# What the body says beside the noun's own members.
_NOT_MEMBERS: Final = frozenset({"type", "project_id", "external_url"})


async def upsert(session: WriteSession, ref: ExternalRef, body: AnyUpsert, expected_version: int | None) -> Upserted:
    """Create what another system calls so, or change it, through the use cases of its ordinary routes."""
    values = {name: getattr(body, name) for name in body.model_fields_set - _NOT_MEMBERS}
    return await UPSERTS[body.type].put(session, body.project_id, ref, values, expected_version)
