"""What formulas come to, written where something that they are made of has changed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from services.kernel.session import WriteSession
from services.planning.custom_fields.computation import Field, compute, in_order
from services.planning.custom_fields.events import ROWS_IN_A_PART, VALUES_COMPUTED
from services.planning.custom_fields.formula import Failure, Value, text_of
from services.planning.custom_fields.repository import fields_of, members_of, store_values, tasks_of, values_of

_TASKS_AT_ONCE: Final = 5_000
Results = dict[UUID, dict[str, Value]]


async def recompute(session: WriteSession, project_id: UUID, task_ids: Iterable[UUID] | None = None) -> Results:
    """Compute the formulas of these tasks, or of all, and write what is another. Returns that, by task and key.

    The caller holds the lock of the project's plan.
    """
    fields = await fields_of(session, project_id)
    ordered = in_order(fields)
    if not ordered:
        return {}
    wanted = list(task_ids) if task_ids is not None else await tasks_of(session, project_id)
    changed: Results = {}
    for start in range(0, len(wanted), _TASKS_AT_ONCE):
        changed |= await _recompute(session, fields, ordered, wanted[start : start + _TASKS_AT_ONCE])
    return changed


async def _recompute(
    session: WriteSession, fields: Sequence[Field], ordered: Sequence[Field], task_ids: Sequence[UUID]
) -> Results:
    members = await members_of(session, task_ids)
    stored = await values_of(session, task_ids)
    keys = {field.id: field.key for field in fields}
    computed_ids = {field.key: field.id for field in ordered}
    changed: Results = {}
    written: dict[tuple[UUID, UUID], Value | UUID] = {}
    for task_id, own in members.items():
        known = stored.get(task_id, {})
        given = {
            keys[field_id]: value
            for field_id, value in known.items()
            if field_id in keys and not isinstance(value, UUID)
        }
        for key, value in compute(ordered, own | given).items():
            # Not by equality alone, since a flag that is true equals the number 1.
            if given.get(key) != value or type(given.get(key)) is not type(value):
                changed.setdefault(task_id, {})[key] = value
                written[task_id, computed_ids[key]] = value
    if written:
        await store_values(session, written)
    return changed


async def follow_plan(session: WriteSession, project_id: UUID, task_ids: Iterable[UUID]) -> None:
    """Compute the formulas of tasks that a change of the plan has touched, and tell what has become of them."""
    tell_computed(session, project_id, await recompute(session, project_id, task_ids))


def tell_computed(session: WriteSession, project_id: UUID, changed: Results) -> None:
    """Record what formulas have come to, in parts."""
    rows = [{"task_id": str(task_id), "values": shown(values)} for task_id, values in changed.items()]
    parts = [rows[start : start + ROWS_IN_A_PART] for start in range(0, len(rows), ROWS_IN_A_PART)]
    for number, part in enumerate(parts, 1):
        data = {"tasks": part, "part": number, "parts": len(parts)}
        session.record(VALUES_COMPUTED, "project", project_id, data, project_id=project_id)


def shown(values: Mapping[str, Value | UUID]) -> dict[str, Any]:
    """Values as readers and facts see them."""
    return {key: _shown(value) for key, value in values.items()}


def _shown(value: Value | UUID) -> Any:
    if isinstance(value, Failure):
        return {"error": value.value}
    if value is None or isinstance(value, bool):
        return value
    return text_of(value) if not isinstance(value, UUID) else str(value)
