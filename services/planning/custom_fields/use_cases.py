"""Custom fields: defined, changed and removed; tasks get their values, and formulas follow.

Whoever writes holds the lock of the project's plan, so no formula is computed from what somebody else is changing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from services.kernel.access import require_authority, require_member, require_scope
from services.kernel.events import FactType
from services.kernel.ids import new_id
from services.kernel.problems import Forbidden, NotFound, ValidationFailed, error_at
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.planning.custom_fields.computation import MEMBERS, Field, types_of, users_of
from services.planning.custom_fields.custom_field import (
    MAXIMUM_FIELDS,
    CustomField,
    FieldIsUsed,
    FieldKeyTaken,
    FieldType,
    NotOfThisType,
    OptionIsUsed,
    TooManyFields,
)
from services.planning.custom_fields.events import (
    FIELD_ADDED,
    FIELD_CHANGED,
    FIELD_REMOVED,
    TENANT_FIELD_ADDED,
    TENANT_FIELD_CHANGED,
    TENANT_FIELD_REMOVED,
    VALUES_SET,
)
from services.planning.custom_fields.formula import WORDS, Value
from services.planning.custom_fields.recomputing import recompute, shown, tell_computed
from services.planning.custom_fields.repository import (
    CUSTOM_FIELDS,
    TENANT_FIELDS,
    all_fields,
    count_tenant_fields,
    count_with,
    fields_of,
    load_field,
    lock_keys,
    lock_project,
    options_of,
    people_among,
    project_of,
    store_types,
    store_values,
    those_of,
)
from services.planning.custom_fields.schemas import (
    CustomFieldPatch,
    CustomValuesBatch,
    CustomValuesPatch,
    NewCustomField,
    NewTenantField,
    TenantFieldPatch,
)
from services.planning.decisions.use_cases import record_acceptance

_NUMBER: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,10})?", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

# Fields


async def define_field(session: WriteSession, project_id: UUID, new: NewCustomField) -> CustomField:
    """The tasks of the project have one more field; a formula is computed for all of them.

    Raises FieldKeyTaken, TooManyFields, NotOfThisType, FormulaRefused, FormulaCycle.
    """
    await require_member(session, session.principal, project_id)
    await lock_project(session, project_id)
    await lock_keys(session)
    fields = await fields_of(session, project_id)
    if new.key in MEMBERS or new.key in WORDS or any(field.key == new.key for field in fields):
        raise FieldKeyTaken(key=new.key)
    if len(fields) >= MAXIMUM_FIELDS:
        raise TooManyFields(limit=MAXIMUM_FIELDS)
    field = CustomField(
        project_id=project_id,
        key=new.key,
        name=new.name,
        description=new.description,
        field_type=new.field_type.value,
        options=new.options,
        formula=new.formula,
    )
    _require_of_type(field)
    session.add(field)
    await _settle_types(session, project_id, field, fields)
    await _settle(session, project_id, field, f"Do the tasks have a field {field.name}?", "defined")
    _tell(session, FIELD_ADDED, field)
    if field.formula is not None:
        tell_computed(session, project_id, await recompute(session, project_id))
    return field


async def change_field(
    session: WriteSession, field_id: UUID, expected_version: int, patch: CustomFieldPatch
) -> CustomField:
    """It is called otherwise, has other options or another formula.

    Raises NotOfThisType, OptionIsUsed, FormulaRefused, FormulaCycle.
    """
    field, project_id = await _load(session, field_id, expected_version)
    values, before = merged(patch), field.formula
    others = [each for each in await fields_of(session, project_id) if each.id != field.id]
    await _refuse_lost_options(session, field, values)
    for name, value in values.items():
        setattr(field, name, value)
    _require_of_type(field)
    if field.formula != before:
        await _settle_types(session, project_id, field, others)
    await session.flush()
    await _settle(session, project_id, field, f"Is the field {field.name} another?", "changed")
    if field.version != expected_version:
        _tell(session, FIELD_CHANGED, field)
    if field.formula != before:
        tell_computed(session, project_id, await recompute(session, project_id))
    return field


async def remove_field(session: WriteSession, field_id: UUID, expected_version: int) -> None:
    """It is gone, with its values. Raises FieldIsUsed."""
    field, project_id = await _load(session, field_id, expected_version)
    users = users_of(field.key, await fields_of(session, project_id))
    if users:
        raise FieldIsUsed(keys=users)
    await session.delete(field)
    await session.flush()
    await _settle(session, project_id, field, f"May the field {field.name} be removed?", "removed")
    _tell(session, FIELD_REMOVED, field)


async def _load(session: WriteSession, field_id: UUID, expected_version: int) -> tuple[CustomField, UUID]:
    """A field behind the locks that a change of it takes, and its project. Raises NotFound, Stale."""
    found = await load_field(session, field_id)
    project_id = found.project_id
    if project_id is None:
        raise NotFound
    await require_member(session, session.principal, project_id)
    await lock_project(session, project_id)
    await lock_keys(session)
    field = await load_field(session, field_id, again=True)
    await CUSTOM_FIELDS.check_version(session, field.id, field.version, expected_version)
    return field, project_id


async def _refuse_lost_options(session: WriteSession, field: CustomField, values: Mapping[str, Any]) -> None:
    """Raise OptionIsUsed where tasks have an option that would go."""
    lost = [option for option in field.options if option not in values.get("options", field.options)]
    tasks = await count_with(session, field.id, lost) if lost else 0
    if tasks:
        raise OptionIsUsed(tasks=tasks)


def _require_of_type(field: CustomField) -> None:
    """Raise NotOfThisType where a field has what its type has not, or lacks what it has."""
    if (field.field_type == FieldType.CHOICE) != bool(field.options):
        raise NotOfThisType("options", "a choice has options, and nothing else has")
    if len({option.lower() for option in field.options}) != len(field.options):
        raise NotOfThisType("options", "each option stands once")
    if (field.field_type == FieldType.FORMULA) != (field.formula is not None):
        raise NotOfThisType("formula", "a formula has one, and nothing else has")


async def _settle_types(session: WriteSession, project_id: UUID, field: CustomField, others: list[Field]) -> None:
    """Check all formulas, since another one may need what this one yields, and write what each of them yields."""
    known = Field(new_id(), field.key, FieldType(field.field_type), field.formula)
    types = types_of([*others, known])
    found = types.pop(field.key, None)
    field.result_type = found.value if found is not None else None
    await store_types(session, project_id, types)


async def _settle(session: WriteSession, project_id: UUID, field: CustomField, question: str, chosen: str) -> None:
    await require_authority(session, project_id, ["field.define"])
    await record_acceptance(
        session,
        project_id=project_id,
        kind="field.define",
        question=question,
        chosen=chosen,
        subject_type="custom_field",
        subject_id=field.id,
    )


def _row(field: CustomField) -> dict[str, Any]:
    return {
        "key": field.key,
        "name": field.name,
        "field_type": field.field_type,
        "options": field.options,
        "formula": field.formula,
        "result_type": field.result_type,
    }


def _tell(session: WriteSession, fact_type: FactType, field: CustomField) -> None:
    session.record(fact_type, "custom_field", field.id, _row(field), project_id=field.project_id)


# Fields of all projects


def _require_administrator(session: WriteSession) -> None:
    """What all projects have in common is the tenant's, so its administrators keep it. Raises Forbidden."""
    require_scope(session.principal, "planning:decide")
    if session.principal.tenant_role != "admin":
        raise Forbidden


async def define_tenant_field(session: WriteSession, new: NewTenantField) -> CustomField:
    """The tasks of all projects have one more field. Raises FieldKeyTaken, TooManyFields, NotOfThisType."""
    _require_administrator(session)
    await lock_keys(session)
    fields = await all_fields(session)
    if new.key in MEMBERS or new.key in WORDS or any(field.key == new.key for field in fields):
        raise FieldKeyTaken(key=new.key)
    if await count_tenant_fields(session) >= MAXIMUM_FIELDS:
        raise TooManyFields(limit=MAXIMUM_FIELDS)
    field = CustomField(project_id=None, **new.model_dump())
    _require_of_type(field)
    session.add(field)
    await session.flush()
    _tell_tenant(session, TENANT_FIELD_ADDED, field)
    return field


async def change_tenant_field(
    session: WriteSession, field_id: UUID, expected_version: int, patch: TenantFieldPatch
) -> CustomField:
    """It is called otherwise, or has other options. Raises NotOfThisType, OptionIsUsed."""
    field = await _load_tenant_field(session, field_id, expected_version)
    values = merged(patch)
    await _refuse_lost_options(session, field, values)
    for name, value in values.items():
        setattr(field, name, value)
    _require_of_type(field)
    await session.flush()
    if field.version != expected_version:
        _tell_tenant(session, TENANT_FIELD_CHANGED, field)
    return field


async def remove_tenant_field(session: WriteSession, field_id: UUID, expected_version: int) -> None:
    """It is gone, with its values in all projects. Raises FieldIsUsed."""
    field = await _load_tenant_field(session, field_id, expected_version)
    users = users_of(field.key, await all_fields(session))
    if users:
        raise FieldIsUsed(keys=sorted(set(users)))
    await session.delete(field)
    await session.flush()
    _tell_tenant(session, TENANT_FIELD_REMOVED, field)


async def _load_tenant_field(session: WriteSession, field_id: UUID, expected_version: int) -> CustomField:
    await load_field(session, field_id, of_project=False)
    await TENANT_FIELDS.require_visible(session, field_id, session.principal.person_id)
    _require_administrator(session)
    await lock_keys(session)
    field = await load_field(session, field_id, of_project=False, again=True)
    await TENANT_FIELDS.check_version(session, field.id, field.version, expected_version)
    return field


def _tell_tenant(session: WriteSession, fact_type: FactType, field: CustomField) -> None:
    session.record(fact_type, "tenant_field", field.id, _row(field), project_id=None, audience="tenant")


# Values


async def fill_in(session: WriteSession, task_id: UUID, patch: CustomValuesPatch) -> None:
    """Give a task values of the fields that are named, and compute what follows. Raises ValidationFailed with places."""
    project_id = await project_of(session, task_id)
    await require_member(session, session.principal, project_id)
    await _fill(session, project_id, [Filling("/values", task_id, patch.values)])


async def fill_in_many(session: WriteSession, project_id: UUID, batch: CustomValuesBatch) -> None:
    """The same of up to a thousand tasks, all or none. Raises ValidationFailed with places."""
    await require_member(session, session.principal, project_id)
    tasks = await those_of(session, project_id, {row.task_id for row in batch.tasks})
    unknown = [number for number, row in enumerate(batch.tasks) if row.task_id not in tasks]
    if unknown:
        places = [f"/tasks/{number}/task_id" for number in unknown]
        raise ValidationFailed(errors=[_refers_to_nothing(place) for place in places])
    await _fill(
        session,
        project_id,
        [Filling(f"/tasks/{number}/values", row.task_id, row.values) for number, row in enumerate(batch.tasks)],
    )


@dataclass(frozen=True, slots=True)
class Filling:
    """The values that a task is to get by the keys of their fields, and where they stand in the body."""

    place: str
    task_id: UUID
    values: Mapping[str, bool | int | str | None]


async def _fill(session: WriteSession, project_id: UUID, fillings: Sequence[Filling]) -> None:
    """Store the values of tasks, the last of one field counting, and compute what follows."""
    await lock_project(session, project_id)
    fields = {field.key: field for field in await fields_of(session, project_id)}
    given = await _read_values(session, project_id, fields, fillings)
    await store_values(
        session,
        {(task_id, fields[key].id): value for task_id, values in given.items() for key, value in values.items()},
    )
    changed = await recompute(session, project_id, given)
    subject = {"type": "task", "id": str(fillings[0].task_id)} if len(fillings) == 1 else {"type": "project"}
    await require_authority(session, project_id, ["field.fill"], {}, {"subject": {"id": str(project_id)} | subject})
    for task_id, values in given.items():
        data = {"values": shown(values), "computed": shown(changed.get(task_id, {}))}
        session.record(VALUES_SET, "task", task_id, data, project_id=project_id)
    first = next(iter(given.items()), None)
    alone = first is not None and len(given) == 1
    await record_acceptance(
        session,
        project_id=project_id,
        kind="field.fill",
        question="Does the task have these values?" if alone else "Do the tasks have these values?",
        chosen=_in_words(first[1]) if alone and first is not None else f"{len(given)} tasks",
        subject_type="task" if alone else "project",
        subject_id=first[0] if alone and first is not None else project_id,
    )


def _in_words(values: Mapping[str, Value | UUID]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in shown(values).items())[:2_000] or "as it is"


def _refers_to_nothing(place: str) -> dict[str, str]:
    return error_at(place, "unknown_reference", "refers to nothing that you can see")


async def _read_values(
    session: WriteSession, project_id: UUID, fields: Mapping[str, Field], fillings: Sequence[Filling]
) -> dict[UUID, dict[str, Value | UUID]]:
    """The values by task and key, read as their fields want them. Raises ValidationFailed with every place that is wrong."""
    options = await options_of(session, project_id)
    read: dict[UUID, dict[str, Value | UUID]] = {}
    people: dict[str, UUID] = {}
    errors = []
    for filling in fillings:
        values = read.setdefault(filling.task_id, {})
        for key, raw in filling.values.items():
            place = f"{filling.place}/{key}"
            try:
                if key not in fields:
                    raise ValueError("is no field of the project")
                values[key] = value = _read(fields[key], raw, options.get(key, []))
            except ValueError as error:
                errors.append(error_at(place, "invalid_value", str(error)))
            else:
                if isinstance(value, UUID):
                    people[place] = value
    known = await people_among(session, project_id, people.values()) if people else set()
    errors += [_refers_to_nothing(place) for place, person_id in people.items() if person_id not in known]
    if errors:
        raise ValidationFailed(errors=errors[:100])
    return read


def _read(field: Field, raw: bool | int | str | None, options: list[str]) -> Value | UUID:
    """A value as its field's type wants it. Raises ValueError with the reason."""
    if field.field_type == FieldType.FORMULA:
        raise ValueError("is computed")
    if raw is None:
        return None
    match field.field_type:
        case FieldType.FLAG if isinstance(raw, bool):
            return raw
        case FieldType.NUMBER if not isinstance(raw, bool) and _NUMBER.fullmatch(str(raw)):
            return Decimal(raw)
        case FieldType.DAY if isinstance(raw, str) and _DAY.fullmatch(raw):
            day = date.fromisoformat(raw)
            if not 1970 < day.year < 2200:
                raise ValueError("lies outside the years 1971 to 2199")
            return day
        case FieldType.TEXT if isinstance(raw, str):
            return raw or None
        case FieldType.CHOICE if isinstance(raw, str) and raw in options:
            return raw
        case FieldType.PERSON if isinstance(raw, str):
            return UUID(raw)
    raise ValueError(_WANTED[field.field_type])


_WANTED: Final = {
    FieldType.FLAG: "is true or false",
    FieldType.NUMBER: "is a number such as 12 or a decimal string such as 12.5",
    FieldType.DAY: "is a day such as 2026-03-31",
    FieldType.TEXT: "is a text",
    FieldType.CHOICE: "is one of the field's options",
    FieldType.PERSON: "is the id of a person",
}
