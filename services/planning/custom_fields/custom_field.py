"""A custom field: something that a project wants to know of its tasks besides, and the values that its tasks have."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKeyConstraint, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated, error_at
from services.planning.base import Base

MAXIMUM_FIELDS = 100


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    FLAG = "flag"
    CHOICE = "choice"
    PERSON = "person"
    FORMULA = "formula"


class FieldKeyTaken(Conflict):
    code = "field_key_taken"
    title = {"en": "That key means something already", "nb": "Den nøkkelen betyr noe fra før"}
    detail = {"en": "{key} is a field, a member of tasks or a word of formulas.", "nb": "{key} er i bruk."}


class TooManyFields(RuleViolated):
    code = "too_many_fields"
    title = {"en": "There are too many fields", "nb": "Det er for mange felter"}
    detail = {"en": "A project has at most {limit}.", "nb": "Et prosjekt har høyst {limit}."}
    members = ("limit",)


class FormulaRefused(RuleViolated):
    """`position` is the character of the formula, counted from 1; `field` the key of the field whose formula it is."""

    code = "formula_refused"
    title = {"en": "The formula cannot be computed", "nb": "Formelen kan ikke beregnes"}
    detail = {
        "en": "The formula of {field} {reason} (character {position}).",
        "nb": "Formelen til {field}: {reason} (tegn {position}).",
    }
    members = ("field", "position")

    def __init__(self, field: str, reason: str, position: int) -> None:
        super().__init__(
            errors=[error_at("/formula", "formula_refused", reason)], field=field, reason=reason, position=position
        )


class FormulaCycle(RuleViolated):
    code = "formula_cycle"
    title = {"en": "The formula depends on itself", "nb": "Formelen avhenger av seg selv"}
    detail = {"en": "It goes in a circle: {keys}.", "nb": "Den går i ring: {keys}."}
    members = ("keys",)

    def __init__(self, keys: list[str]) -> None:
        super().__init__(errors=[error_at("/formula", "formula_cycle", "depends on itself")], keys=keys)


class FieldIsUsed(Conflict):
    code = "field_is_used"
    title = {"en": "Formulas use the field", "nb": "Formler bruker feltet"}
    detail = {"en": "Change these first: {keys}.", "nb": "Endre disse først: {keys}."}
    members = ("keys",)


class OptionIsUsed(Conflict):
    code = "option_is_used"
    title = {"en": "Tasks have an option that would go", "nb": "Oppgaver har et valg som ville falle bort"}
    detail = {"en": "{tasks} tasks have it.", "nb": "{tasks} oppgaver har det."}
    members = ("tasks",)


class NotOfThisType(RuleViolated):
    code = "not_of_this_type"
    title = {"en": "A field of this type has none of that", "nb": "Et felt av denne typen har ikke det"}
    detail = {"en": "{reason}", "nb": "{reason}"}

    def __init__(self, member: str, reason: str) -> None:
        super().__init__(errors=[error_at(f"/{member}", "not_of_this_type", reason)], reason=reason)


class CustomField(Entity, Base):
    """`key` names it in formulas, filters and values and stays; so does its type. `options` are those of a choice.

    `result_type` is what a formula yields: text, number, day or flag. Without a project it is a field of all projects of the
    tenant; no project has another one of its key.
    """

    __tablename__ = "custom_fields"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        Index("ix_custom_fields_project", "tenant_id", "project_id", "id"),
        Index("uq_custom_fields_key", "tenant_id", "project_id", "key", unique=True),
        Index(
            "uq_custom_fields_tenant_key", "tenant_id", "key", unique=True, postgresql_where=text("project_id is null")
        ),
        # Whether a plan has formulas is asked with every change of it.
        Index("ix_custom_fields_formulas", "tenant_id", "project_id", postgresql_where=text("formula is not null")),
        CheckConstraint("field_type in ('text','number','day','flag','choice','person','formula')", name="field_type"),
        CheckConstraint("(field_type = 'formula') = (formula is not null)", name="formula"),
        CheckConstraint("(formula is null) = (result_type is null)", name="result_type"),
        CheckConstraint("formula is null or project_id is not null", name="formula_of_a_project"),
    )

    project_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    key: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    field_type: Mapped[str] = mapped_column(Text)
    options: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    formula: Mapped[str | None] = mapped_column(Text)
    result_type: Mapped[str | None] = mapped_column(Text)


class CustomValue(Base):
    """A task's value of a field, in the column of its type; without a row it has none. `error` is why a formula has none.

    One column for each type, so that a filter on any field of any project is answered by one of these indexes.
    """

    __tablename__ = "custom_values"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "task_id"], ["tasks.tenant_id", "tasks.id"], name="fk_custom_values_task", ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "field_id"],
            ["custom_fields.tenant_id", "custom_fields.id"],
            name="fk_custom_values_field",
            ondelete="CASCADE",
        ),
        *(
            Index(
                f"ix_custom_values_{name}",
                *("tenant_id", "field_id", name, "task_id"),
                postgresql_where=text(f"{name} is not null"),
            )
            for name in ("text_value", "number_value", "day_value", "flag_value", "person_id")
        ),
        Index("ix_custom_values_task", "tenant_id", "task_id"),
        CheckConstraint(
            "num_nonnulls(text_value, number_value, day_value, flag_value, person_id, error) = 1", name="one_value"
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    field_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    task_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    text_value: Mapped[str | None] = mapped_column(Text)
    number_value: Mapped[Decimal | None] = mapped_column(Numeric(30, 10))
    day_value: Mapped[date | None] = mapped_column(Date)
    flag_value: Mapped[bool | None] = mapped_column(Boolean)
    person_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    error: Mapped[str | None] = mapped_column(Text)
